import { MESSAGE, type Publish, type Subscribe } from "../../../wamp/messages.ts";
import { Payload } from "../../../wamp/payload.ts";
import { Broker, type BrokerOptions } from "../../../wamp/router/broker.ts";
import type { Effect, Grant, Member } from "../../../wamp/router/effects.ts";
import { CBOR_FORMAT } from "../../../wamp/serializers/cbor.ts";
import { assert, assertEquals } from "../../std.ts";
import { ARGS, counter, effectsOf, member, meta, sent, show } from "./core_fixture.ts";

const TIME = "2026-11-22T09:00:00.000Z";

function brokerOf(options: Partial<BrokerOptions> = {}): Broker {
  return new Broker({
    uriRules: "loose",
    maxSubscriptions: 100,
    nextSubscriptionId: counter(1),
    nextPublicationId: counter(1001),
    timestamp: () => TIME,
    ...options,
  });
}

function subscribe(broker: Broker, who: Member, topic: string, options: Subscribe["options"] = {}): string[] {
  const message = { type: MESSAGE.SUBSCRIBE, request: 1, options, topic };
  return sent(effectsOf((effects) => broker.subscribe(who, message, effects)));
}

function publishing(
  broker: Broker,
  who: Member,
  topic: string,
  options: Publish["options"] = {},
  grant?: Grant,
  payload = ARGS,
): Effect[] {
  const message = { type: MESSAGE.PUBLISH, request: 3, options, topic, payload };
  return effectsOf((effects) => broker.publish(who, message, effects, grant));
}

function publish(broker: Broker, who: Member, topic: string, options?: Publish["options"], grant?: Grant): string[] {
  return publishing(broker, who, topic, options, grant).map(show);
}

/** Publishes a retained event whose one argument is `value`. */
function retain(broker: Broker, who: Member, topic: string, value: unknown, options: Publish["options"] = {}): void {
  publishing(broker, who, topic, { retain: true, ...options }, undefined, Payload.of([value]));
}

/** What comes of subscribing for retained events, but for SUBSCRIBED. */
function retained(broker: Broker, who: Member, topic: string, options: Subscribe["options"] = {}): string[] {
  return subscribe(broker, who, topic, { ...options, get_retained: true }).slice(1);
}

/** The payload `[text]` as bytes that somebody else owns. */
function borrowed(text: string): { readonly payload: Payload; readonly bytes: Uint8Array } {
  const writer = CBOR_FORMAT.createWriter();
  writer.begin(0);
  writer.value([text]);
  const bytes = writer.finish().slice();
  return { payload: Payload.wire(CBOR_FORMAT, bytes, 1, 0, bytes.length, bytes.length), bytes };
}

const [ann, bob, cal, dan] = [1, 2, 3, 4].map((id) => member(id)) as [Member, Member, Member, Member];
const boss = member(5, { authid: "boss", authrole: "staff" });

Deno.test("Broker discloses the publisher as its permission says (WAMP, Publisher Identification)", () => {
  const broker = brokerOf();
  subscribe(broker, bob, "t");
  const disclosed = '{"publisher":1,"publisher_authid":"user1","publisher_authrole":"anonymous"}';
  assertEquals(publish(broker, ann, "t", {}, { disclose: true }), [`2 EVENT 1 1001 ${disclosed} [1]`]);
  assertEquals(publish(broker, ann, "t", {}, { disclose: false }), ["2 EVENT 1 1002 {} [1]"]);
  assertEquals(publish(broker, ann, "t", { disclose_me: true }, {}), [`2 EVENT 1 1003 ${disclosed} [1]`]);
  assertEquals(publish(broker, ann, "t", { disclose_me: true, acknowledge: true }, { disclose: false }), [
    "1 ERROR PUBLISH 3 wamp.error.option_disallowed.disclose_me",
  ]);
  assertEquals(publish(broker, ann, "t", { disclose_me: true }, { disclose: false }), [], "dropped without a word");
});

Deno.test("Broker tells how far a publication is trusted (WAMP, Publication Trust Levels)", () => {
  const broker = brokerOf();
  subscribe(broker, bob, "t");
  assertEquals(publish(broker, ann, "t", { trustlevel: 9 }, { trustlevel: 0 }), [
    '2 EVENT 1 1001 {"trustlevel":0} [1]',
  ]);
  assertEquals(publish(broker, ann, "t", {}, { trustlevel: 2 }), ['2 EVENT 1 1002 {"trustlevel":2} [1]']);
  assertEquals(publish(broker, ann, "t"), ["2 EVENT 1 1003 {} [1]"]);
});

Deno.test("Broker ends a publisher that passes payloads through unannounced (WAMP, Payload Passthru Mode)", () => {
  const broker = brokerOf();
  subscribe(broker, bob, "t");
  const plain = member(9, { features: { publisherPassthru: false } });
  assertEquals(publish(broker, plain, "t", { ppt_scheme: "x_a" }), ["9 ABORT unexpected_message"]);
  assertEquals(publish(broker, plain, "t", { ppt_scheme: "" }), ['2 EVENT 1 1001 {"ppt_scheme":""} [1]']);
  assertEquals(publish(broker, ann, "t", { ppt_scheme: "x_a" }), ['2 EVENT 1 1002 {"ppt_scheme":"x_a"} [1]']);
});

Deno.test("Broker revokes a subscription, with a word to who understands it (WAMP, Subscription Revocation)", () => {
  const broker = brokerOf();
  const plain = member(9, { features: { subscriberRevocation: false } });
  for (const who of [ann, plain]) subscribe(broker, who, "t");
  const revoke = (who: Member, id: number, reason?: string): Effect[] => {
    return effectsOf((effects) => broker.removeSubscriber(who, id, reason, effects));
  };
  assertEquals(revoke(ann, 1, "no longer authorized").map(show), [
    '1 UNSUBSCRIBED 0 {"subscription":1,"reason":"no longer authorized"}',
    "meta wamp.subscription.on_unsubscribe [1,1]",
  ]);
  assertEquals(revoke(ann, 1), [], "not in it any more");
  assertEquals(publish(broker, bob, "t"), ["9 EVENT 1 1001 {} [1]"]);
  assertEquals(revoke(plain, 1).map(show), [
    "meta wamp.subscription.on_unsubscribe [9,1]",
    "meta wamp.subscription.on_delete [9,1]",
  ]);
  assertEquals(effectsOf((effects) => assert(!broker.removeSubscriber(ann, 7, undefined, effects))), []);
  assertEquals(broker.tableSize, 0);
  subscribe(broker, ann, "t");
  assertEquals(sent(revoke(ann, 2)), ['1 UNSUBSCRIBED 0 {"subscription":2}']);
});

Deno.test("Broker gives the retained event to who asks for it (WAMP, Event Retention)", () => {
  const broker = brokerOf();
  retain(broker, ann, "t", "first");
  retain(broker, ann, "t", "second", { disclose_me: true });
  publish(broker, ann, "t");
  assertEquals(subscribe(broker, bob, "t"), ["2 SUBSCRIBED 1 1"], "unasked");
  const details = '{"publisher":1,"publisher_authid":"user1","publisher_authrole":"anonymous","retained":true}';
  assertEquals(retained(broker, bob, "t"), [`2 EVENT 1 1002 ${details} ["second"]`]);
  assertEquals(retained(broker, bob, "other"), []);
  assertEquals(broker.retained, 1);
});

Deno.test("Broker retains an event that nobody hears, and gives it after SUBSCRIBED (WAMP, Event Retention)", () => {
  const broker = brokerOf();
  assertEquals(publish(broker, ann, "t", { retain: true }), []);
  assertEquals(publish(broker, ann, "t", { retain: false }), []);
  assertEquals(subscribe(broker, bob, "t", { get_retained: true }), [
    "2 SUBSCRIBED 1 1",
    '2 EVENT 1 1001 {"retained":true} [1]',
  ]);
});

Deno.test("Broker keeps retained events from whom they were not meant for (WAMP, Event Retention)", () => {
  const broker = brokerOf();
  retain(broker, ann, "t", "for all");
  retain(broker, ann, "t", "for staff", { eligible_authrole: ["staff"] });
  retain(broker, ann, "t", "not for cal", { exclude: [3] });
  retain(broker, ann, "t", "for dan", { eligible_authid: ["user4"] });
  const args = (who: Member): string | undefined => retained(broker, who, "t")[0]?.split("} ")[1];
  assertEquals([bob, cal, dan, boss].map(args), ['["not for cal"]', '["for all"]', '["for dan"]', '["not for cal"]']);
  assertEquals(args(ann), undefined, "the publisher would have got none of them");
  retain(broker, ann, "t", "anew", { exclude_me: false });
  assertEquals([ann, cal, dan].map(args), ['["anew"]', '["anew"]', '["anew"]'], "one for all ends those before");
});

Deno.test("Broker gives a pattern the retained event of each topic that matches, and names it", () => {
  const broker = brokerOf();
  for (const topic of ["a.b", "a.c.d", "x.b"]) retain(broker, ann, topic, topic);
  assertEquals(retained(broker, bob, "a.", { match: "prefix" }), [
    '2 EVENT 1 1001 {"topic":"a.b","retained":true} ["a.b"]',
    '2 EVENT 1 1002 {"topic":"a.c.d","retained":true} ["a.c.d"]',
  ]);
  assertEquals(retained(broker, bob, ".b", { match: "wildcard" }), [
    '2 EVENT 2 1001 {"topic":"a.b","retained":true} ["a.b"]',
    '2 EVENT 2 1003 {"topic":"x.b","retained":true} ["x.b"]',
  ]);
});

Deno.test("Broker retains the payload beyond its message, and only as long as it is the latest", () => {
  const broker = brokerOf();
  const { payload, bytes } = borrowed("kept");
  publishing(broker, ann, "t", { retain: true }, undefined, payload);
  bytes.fill(0xff);
  assertEquals(retained(broker, bob, "t"), ['2 EVENT 1 1001 {"retained":true} ["kept"]']);
});

Deno.test("Broker holds so many bytes of retained events, and forgets the oldest beyond that", () => {
  const broker = brokerOf({ maxRetained: 10_000 });
  const fill = (topic: string, size: number): void => {
    publishing(broker, ann, topic, { retain: true }, undefined, borrowed("x".repeat(size)).payload);
  };
  for (let index = 0; index < 100; index++) fill(`t${index}`, 100);
  assert(broker.retained > 10 && broker.retained < 20, `${broker.retained} are held`);
  assertEquals(retained(broker, bob, "t0"), []);
  assertEquals(retained(broker, bob, "t99").length, 1);
  const before = broker.retained;
  fill("large", 10_000);
  assertEquals([broker.retained, retained(broker, bob, "large")], [before, []], "one that is too large moves no other");
  fill("big", 9_000);
  assertEquals([broker.retained, retained(broker, bob, "big").length], [1, 1]);
});

Deno.test("Broker keeps few retained events of limited distribution for a topic, and the one for all", () => {
  const broker = brokerOf({ maxRetained: 1 << 20 });
  retain(broker, ann, "t", "for all");
  for (let index = 0; index < 1_000; index++) retain(broker, ann, "t", index, { eligible: [100 + index] });
  const args = (id: number): string | undefined => retained(broker, member(id), "t")[0]?.split("} ")[1];
  assertEquals([args(1_099), args(100), args(2)], ["[999]", '["for all"]', '["for all"]']);
});

Deno.test("Broker begins with the subscriptions whose events are kept, and keeps them (WAMP, Event History)", () => {
  const broker = brokerOf({ eventStores: [{ uri: "log.", match: "prefix", limit: 10 }] });
  assertEquals(broker.list(), { exact: [], prefix: [1], wildcard: [] });
  assertEquals(publish(broker, ann, "log.a"), []);
  assertEquals(broker.history(1)?.history.size, 1);
  assertEquals(subscribe(broker, bob, "log.", { match: "prefix" }), ["2 SUBSCRIBED 1 1"]);
  assertEquals(effectsOf((effects) => broker.leave(bob, effects)).map(show), [
    "meta wamp.subscription.on_unsubscribe [2,1]",
  ]);
  assertEquals(meta(publishing(broker, ann, "log.b")), []);
  assertEquals(broker.history(1)?.history.size, 2);
});

Deno.test("Broker finds the history of an exact subscription in that of a pattern", () => {
  const broker = brokerOf({ eventStores: [{ uri: "log.", match: "prefix", limit: 10 }] });
  subscribe(broker, bob, "log.a");
  subscribe(broker, bob, "other");
  subscribe(broker, bob, "log.a", { match: "prefix" });
  assertEquals(broker.history(2)?.topic, "log.a");
  assertEquals(broker.history(3), undefined);
  assertEquals(broker.history(4), undefined, "another pattern has none");
  assertEquals(broker.history(99), undefined);
});

Deno.test("Broker keeps nothing that was meant for sessions by their ids (WAMP, Event History, Security Aspects)", () => {
  const broker = brokerOf({ eventStores: [{ uri: "t", limit: 10 }] });
  publish(broker, ann, "t", { exclude: [7] });
  publish(broker, ann, "t", { eligible: [7] });
  assertEquals(broker.history(1)?.history.size, 0);
  publish(broker, ann, "t", { eligible_authrole: ["staff"] });
  assertEquals(broker.history(1)?.history.size, 1);
});

Deno.test("Broker is told anew whose events it keeps: what stays keeps its events, and what goes is gone", () => {
  const broker = brokerOf({ eventStores: [{ uri: "a", limit: 10 }, { uri: "b", limit: 10 }, { uri: "c", limit: 10 }] });
  for (const topic of ["a", "a", "b", "c"]) publish(broker, ann, topic);
  subscribe(broker, bob, "c");
  subscribe(broker, bob, "d");
  broker.keep([{ uri: "a", limit: 1 }, { uri: "d", limit: 10 }]);
  assertEquals(broker.list().exact, [1, 3, 4]);
  assertEquals(broker.history(1)?.history.size, 1, "the oldest is forgotten");
  assertEquals(broker.history(3), undefined, "its subscriber stays");
  publish(broker, ann, "d");
  assertEquals(broker.history(4)?.history.size, 1);
  broker.keep([]);
  effectsOf((effects) => broker.leave(bob, effects));
  assertEquals(broker.tableSize, 0);
});

Deno.test("Broker charges the strings and lists that come with an event it keeps", () => {
  const long = "x".repeat(3_000);
  const cases: readonly Publish["options"][] = [
    { ppt_scheme: long },
    { exclude_authid: [long] },
    { eligible_authrole: ["a", long] },
    { exclude: Array.from({ length: 100 }, (_, index) => index + 10) },
  ];
  for (const options of cases) {
    const broker = brokerOf({ maxRetained: 5_000 });
    retain(broker, ann, "t", 1, options);
    assertEquals(broker.retained, 0, JSON.stringify(options).slice(0, 30));
    retain(broker, ann, "t", 1);
    assertEquals(broker.retained, 1);
  }
});
