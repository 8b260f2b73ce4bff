import { MESSAGE, type Publish } from "../../../wamp/messages.ts";
import { Broker, type BrokerOptions } from "../../../wamp/router/broker.ts";
import type { Effect, Member } from "../../../wamp/router/effects.ts";
import type { MatchPolicy } from "../../../wamp/uris.ts";
import { seededRandom } from "../../cuts.ts";
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

function subscribe(broker: Broker, who: Member, topic: string, match?: MatchPolicy, request = 1): Effect[] {
  const message = { type: MESSAGE.SUBSCRIBE, request, options: match === undefined ? {} : { match }, topic };
  return effectsOf((effects) => broker.subscribe(who, message, effects));
}

function unsubscribe(broker: Broker, who: Member, subscription: number): Effect[] {
  return effectsOf((effects) =>
    broker.unsubscribe(who, { type: MESSAGE.UNSUBSCRIBE, request: 2, subscription }, effects)
  );
}

function publish(broker: Broker, who: Member, topic: string, options: Publish["options"] = {}): Effect[] {
  const message = { type: MESSAGE.PUBLISH, request: 3, options, topic, payload: ARGS };
  return effectsOf((effects) => broker.publish(who, message, effects));
}

const [ann, bob, cal, dan] = [1, 2, 3, 4].map((id) => member(id)) as [Member, Member, Member, Member];

Deno.test("Broker gives one subscription to all sessions with the same URI and policy (WAMP, Subscribing)", () => {
  const broker = brokerOf();
  assertEquals(sent(subscribe(broker, ann, "a.b")), ["1 SUBSCRIBED 1 1"]);
  assertEquals(sent(subscribe(broker, bob, "a.b", "exact", 9)), ["2 SUBSCRIBED 9 1"]);
  assertEquals(sent(subscribe(broker, bob, "a.b", "prefix")), ["2 SUBSCRIBED 1 2"]);
  assertEquals(sent(subscribe(broker, bob, "a.b", "wildcard")), ["2 SUBSCRIBED 1 3"]);
  assertEquals(show(subscribe(broker, ann, "a.b", undefined, 5)[0]!), "1 SUBSCRIBED 5 1");
  assertEquals(broker.subscriptions, 3);
  assertEquals(broker.subscribers(1), [1, 2]);
});

Deno.test("Broker tells of subscriptions in the order and with the arguments of the Subscription Meta API", () => {
  const broker = brokerOf();
  const details = `{"id":1,"created":"${TIME}","uri":"a.b","match":"exact"}`;
  assertEquals(subscribe(broker, ann, "a.b").map(show), [
    "1 SUBSCRIBED 1 1",
    `meta wamp.subscription.on_create [1,${details}]`,
    "meta wamp.subscription.on_subscribe [1,1]",
  ]);
  assertEquals(meta(subscribe(broker, bob, "a.b")), ["meta wamp.subscription.on_subscribe [2,1]"]);
  assertEquals(meta(subscribe(broker, bob, "a.b")), [], "a second SUBSCRIBE changes nothing");
  assertEquals(unsubscribe(broker, ann, 1).map(show), [
    "1 UNSUBSCRIBED 2",
    "meta wamp.subscription.on_unsubscribe [1,1]",
  ]);
  assertEquals(effectsOf((effects) => broker.leave(bob, effects)).map(show), [
    "meta wamp.subscription.on_unsubscribe [2,1]",
    "meta wamp.subscription.on_delete [2,1]",
  ]);
  assertEquals(broker.tableSize, 0);
  assertEquals(effectsOf((effects) => broker.leave(bob, effects)), []);
});

Deno.test("Broker refuses to unsubscribe what the session has not (WAMP, Unsubscribe ERROR)", () => {
  const broker = brokerOf();
  subscribe(broker, ann, "a");
  const expected = (who: number) => [`${who} ERROR UNSUBSCRIBE 2 wamp.error.no_such_subscription`];
  assertEquals(unsubscribe(broker, bob, 1).map(show), expected(2));
  assertEquals(unsubscribe(broker, ann, 2).map(show), expected(1));
  unsubscribe(broker, ann, 1);
  assertEquals(unsubscribe(broker, ann, 1).map(show), expected(1));
});

Deno.test("Broker delivers an event once for each subscription that matches, under one publication id", () => {
  const broker = brokerOf();
  subscribe(broker, ann, "com.a.b");
  subscribe(broker, ann, "com.", "prefix");
  subscribe(broker, bob, "com..b", "wildcard");
  subscribe(broker, bob, "com.a", "prefix");
  subscribe(broker, cal, "com.other");
  // WAMP, Pattern-based Subscription, Concrete topic published to
  const topic = '{"topic":"com.a.b"}';
  assertEquals(publish(broker, dan, "com.a.b").map(show), [
    "1 EVENT 1 1001 {} [1]",
    `2 EVENT 4 1001 ${topic} [1]`,
    `1 EVENT 2 1001 ${topic} [1]`,
    `2 EVENT 3 1001 ${topic} [1]`,
  ]);
  assertEquals(broker.match("com.a.b"), [1, 4, 2, 3]);
  assertEquals(publish(broker, dan, "org.a"), []);
});

Deno.test("Broker passes on the payload it got and makes one message for all subscribers of a subscription", () => {
  const broker = brokerOf();
  for (const who of [ann, bob, cal]) subscribe(broker, who, "t");
  const [effect, ...more] = publish(broker, dan, "t");
  assertEquals(more, []);
  assert(effect?.kind === "event");
  assert(effect.message.payload === ARGS);
  assertEquals([effect.count, [...effect.to]], [3, [ann, bob, cal]]);
});

Deno.test("Broker leaves out the publisher unless exclude_me is false (WAMP, Publisher Exclusion)", () => {
  const broker = brokerOf();
  subscribe(broker, ann, "t");
  assertEquals(publish(broker, ann, "t"), [], "nobody is left");
  subscribe(broker, bob, "t");
  assertEquals(publish(broker, ann, "t").map(show), ["2 EVENT 1 1002 {} [1]"]);
  assertEquals(publish(broker, ann, "t", { exclude_me: true }).map(show), ["2 EVENT 1 1003 {} [1]"]);
  assertEquals(publish(broker, ann, "t", { exclude_me: false }).map(show), ["1,2 EVENT 1 1004 {} [1]"]);
});

Deno.test("Broker acknowledges with the event's publication id (WAMP, Publishing and Events)", () => {
  const broker = brokerOf();
  assertEquals(publish(broker, ann, "t", { acknowledge: true }).map(show), ["1 PUBLISHED 3 1001"]);
  assertEquals(publish(broker, ann, "t"), []);
  subscribe(broker, bob, "t");
  assertEquals(publish(broker, ann, "t", { acknowledge: true }).map(show), [
    "1 PUBLISHED 3 1002",
    "2 EVENT 1 1002 {} [1]",
  ]);
});

Deno.test("Broker obeys each black- and whitelist (WAMP, Subscriber Black- and Whitelisting)", () => {
  const broker = brokerOf();
  const staff = member(5, { authrole: "staff" });
  for (const who of [ann, bob, cal, staff]) subscribe(broker, who, "t");
  const receivers = (options: Publish["options"]) => show(publish(broker, dan, "t", options)[0]!).split(" ")[0];
  assertEquals(receivers({ eligible: [2, 3, 99] }), "2,3");
  assertEquals(receivers({ eligible_authid: ["user1", "user5"] }), "1,5");
  assertEquals(receivers({ eligible_authrole: ["staff"] }), "5");
  assertEquals(receivers({ exclude: [2, 3] }), "1,5");
  assertEquals(receivers({ exclude_authid: ["user1"] }), "2,3,5");
  assertEquals(receivers({ exclude_authrole: ["anonymous"] }), "5");
  // The specification's: eligible and exclude together.
  assertEquals(receivers({ eligible: [1, 2, 3], exclude: [1] }), "2,3");
  assertEquals(receivers({ eligible: [1, 5], eligible_authrole: ["anonymous"] }), "1");
  assertEquals(receivers({ eligible: [] }), "");
  assertEquals(receivers({ exclude: [] }), "1,2,3,5");
});

Deno.test("Broker discloses the publisher on request only, and believes no forged details (WAMP, Publisher Identification)", () => {
  const broker = brokerOf();
  subscribe(broker, bob, "t", "prefix");
  const forged = { publisher: 99, publisher_authid: "root", topic: "x", trustlevel: 9, timestamp: "now" };
  assertEquals(publish(broker, ann, "t", forged).map(show), ['2 EVENT 1 1001 {"topic":"t"} [1]']);
  assertEquals(publish(broker, ann, "t", { ...forged, disclose_me: true }).map(show), [
    '2 EVENT 1 1002 {"publisher":1,"publisher_authid":"user1","publisher_authrole":"anonymous","topic":"t"} [1]',
  ]);
});

Deno.test("Broker passes the ppt options on and no others (WAMP, Payload Passthru Mode)", () => {
  const broker = brokerOf();
  subscribe(broker, bob, "t");
  const ppt = { ppt_scheme: "x_custom", ppt_serializer: "cbor", ppt_cipher: "c", ppt_keyid: "k" };
  const [effect] = publish(broker, ann, "t", { ...ppt, x_other: 1, retain: true });
  assert(effect?.kind === "event");
  assertEquals(effect.message.details, ppt);
});

Deno.test("Broker refuses topics that are no URIs, with an answer only where one was asked for (WAMP, URIs)", () => {
  const broker = brokerOf();
  subscribe(broker, bob, "a", "prefix");
  for (const topic of ["a..b", "a b", "a.#", "", ".a", "a.", "a".repeat(4097)]) {
    assertEquals(publish(broker, ann, topic), []);
    assertEquals(publish(broker, ann, topic, { acknowledge: true }).map(show), [
      "1 ERROR PUBLISH 3 wamp.error.invalid_uri",
    ]);
  }
  const refused = ["1 ERROR SUBSCRIBE 1 wamp.error.invalid_uri"];
  for (const topic of ["a..b", "", "a b"]) assertEquals(subscribe(broker, ann, topic).map(show), refused);
  for (const topic of ["", "a b", "#", ".".repeat(5000), `${"a".repeat(200)} `]) {
    assertEquals(subscribe(broker, ann, topic, "wildcard").map(show), refused);
    assertEquals(subscribe(broker, ann, topic, "prefix").map(show), refused);
  }
  assertEquals(sent(subscribe(brokerOf({ uriRules: "strict" }), ann, "A.b")), refused);
});

Deno.test("Broker keeps wamp. to the router and the sessions it trusts (WAMP, Reserved URIs)", () => {
  const broker = brokerOf();
  const topic = "wamp.session.on_join";
  assertEquals(sent(subscribe(broker, bob, topic)), ["2 SUBSCRIBED 1 1"]);
  assertEquals(publish(broker, ann, topic), []);
  assertEquals(publish(broker, ann, topic, { acknowledge: true }).map(show), [
    "1 ERROR PUBLISH 3 wamp.error.invalid_uri",
  ]);
  const trusted = member(9, { isTrusted: true });
  assertEquals(publish(broker, trusted, topic).map(show), ["2 EVENT 1 1001 {} [1]"]);
  assertEquals(effectsOf((effects) => broker.publishMeta(topic, [7], effects)).map(show), ["2 EVENT 1 1002 {} [7]"]);
});

Deno.test("Broker publishes for the router to patterns too, and takes no id where nobody listens", () => {
  const broker = brokerOf();
  const publishMeta = () => effectsOf((effects) => broker.publishMeta("wamp.x", [], effects)).map(show);
  assertEquals(publishMeta(), []);
  subscribe(broker, ann, "wamp.", "prefix");
  assertEquals(publishMeta(), ['1 EVENT 1 1001 {"topic":"wamp.x"}']);
});

Deno.test("Broker refuses subscriptions over the limit of a session, not those it has", () => {
  const broker = brokerOf({ maxSubscriptions: 2 });
  subscribe(broker, ann, "a");
  subscribe(broker, ann, "b");
  subscribe(broker, bob, "c");
  const refused = ["1 ERROR SUBSCRIBE 1 wamp.error.unavailable"];
  assertEquals(subscribe(broker, ann, "c").map(show), refused);
  assertEquals(subscribe(broker, ann, "d").map(show), refused);
  assertEquals(broker.subscriptions, 3);
  assertEquals(subscribe(broker, ann, "b").map(show), ["1 SUBSCRIBED 1 2"]);
  unsubscribe(broker, ann, 1);
  assertEquals(sent(subscribe(broker, ann, "c")), ["1 SUBSCRIBED 1 3"]);
});

Deno.test("Broker answers the questions of the Subscription Meta API", () => {
  const broker = brokerOf();
  subscribe(broker, ann, "a.b");
  subscribe(broker, ann, "a.", "prefix");
  subscribe(broker, bob, "a.", "wildcard");
  assertEquals(broker.list(), { exact: [1], prefix: [2], wildcard: [3] });
  assertEquals(broker.lookup("a.", "wildcard"), 3);
  assertEquals(broker.lookup("a.b", "prefix"), undefined);
  assertEquals(broker.match("a.c"), [2, 3]);
  assertEquals(broker.match("b"), []);
  assertEquals(broker.get(3), { id: 3, created: TIME, uri: "a.", match: "wildcard" });
  assertEquals([broker.subscribers(1), broker.countSubscribers(1)], [[1], 1]);
  assertEquals([broker.get(4), broker.subscribers(4), broker.countSubscribers(4)], [undefined, undefined, undefined]);
});

Deno.test("Broker agrees with a naive list over thousands of operations and is empty in the end", () => {
  const random = seededRandom(44);
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
  const broker = brokerOf({ maxSubscriptions: 8 });
  const members = [11, 12, 13, 14, 15].map((id) => member(id));
  const uris = ["a", "a.b", "a.c", "a.b.c", "ab"];
  let held: { readonly who: Member; readonly uri: string; readonly match: MatchPolicy; readonly id: number }[] = [];
  for (let step = 0; step < 5000; step++) {
    const who = pick(members);
    const act = random();
    if (act < 0.3) {
      const match = pick<MatchPolicy>(["exact", "prefix", "wildcard"]);
      const uri = pick(uris);
      const [first] = sent(subscribe(broker, who, uri, match));
      const same = held.filter((one) => one.uri === uri && one.match === match);
      const isFull = held.filter((one) => one.who === who).length >= 8 && !same.some((one) => one.who === who);
      const id = Number(first?.split(" ")[3]);
      if (isFull) assertEquals(first, `${who.id} ERROR SUBSCRIBE 1 wamp.error.unavailable`);
      else if (same.length > 0) assertEquals(id, same[0]?.id);
      if (!isFull && !same.some((one) => one.who === who)) held.push({ who, uri, match, id });
    } else if (act < 0.5 && held.length > 0) {
      const gone = pick(held);
      assertEquals(sent(unsubscribe(broker, gone.who, gone.id)), [`${gone.who.id} UNSUBSCRIBED 2`]);
      held = held.filter((one) => one !== gone);
    } else if (act < 0.52) {
      broker.leave(who, []);
      held = held.filter((one) => one.who !== who);
    } else {
      const topic = pick(uris);
      const expected = held.filter(({ uri, match }) => match === "prefix" ? topic.startsWith(uri) : uri === topic)
        .filter((one) => one.who !== who).map((one) => `${one.who.id}:${one.id}`).sort();
      const got = sent(publish(broker, who, topic)).flatMap((line) => {
        const [to = "", , id] = line.split(" ");
        return to === "" ? [] : to.split(",").map((one) => `${one}:${id}`);
      }).sort();
      assertEquals(got, expected);
    }
    assertEquals(broker.subscriptions, new Set(held.map(({ id }) => id)).size);
  }
  for (const who of members) broker.leave(who, []);
  assertEquals(broker.tableSize, 0);
});
