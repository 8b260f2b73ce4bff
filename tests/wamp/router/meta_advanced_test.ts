import type { Dict } from "../../../wamp/errors.ts";
import { Payload } from "../../../wamp/payload.ts";
import { Broker } from "../../../wamp/router/broker.ts";
import { requirementOf } from "../../../wamp/router/meta_requirements.ts";
import { Testaments } from "../../../wamp/router/testaments.ts";
import { assert, assertEquals, assertThrows } from "../../std.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import { counter, effectsOf, member, show } from "./core_fixture.ts";
import { ROLES, RouterFixture, type ScriptedTransport, type WireMessage } from "./scripted_transport.ts";
import { OPEN_REALM } from "../open_realm.ts";

const REVOCABLE = {
  ...ROLES,
  subscriber: { features: { subscription_revocation: true } },
  callee: { features: { registration_revocation: true } },
};

let lastRequest = 100;

/** Calls a procedure, and gives the RESULT's arguments or the ERROR's URI. */
function call(client: ScriptedTransport, procedure: string, args: readonly unknown[] = [], kwargs: Dict = {}): unknown {
  const request = ++lastRequest;
  client.deliver(48, request, {}, procedure, args, kwargs);
  const [type, ...rest] = client.takeOne();
  if (type === 50) return rest[2] ?? [];
  assertEquals(rest.slice(0, 2), [48, request]);
  return rest[3];
}

function subscribe(client: ScriptedTransport, topic: string, options: Dict = {}): number {
  client.deliver(32, ++lastRequest, options, topic);
  return client.takeOne()[2] as number;
}

function publish(client: ScriptedTransport, topic: string, args: readonly unknown[] = [], options: Dict = {}): void {
  client.deliver(16, ++lastRequest, options, topic, args);
}

interface HistoryEvent {
  readonly timestamp: string;
  readonly subscription: number;
  readonly publication: number;
  readonly details: Dict;
  readonly args?: readonly unknown[];
  readonly kwargs?: Dict;
}

/** The events of a history. */
function events(client: ScriptedTransport, subscription: number, kwargs: Dict = {}): readonly HistoryEvent[] {
  const [found] = call(client, "wamp.subscription.get_events", [subscription], kwargs) as [readonly HistoryEvent[]];
  return found;
}

function argsOf(found: readonly HistoryEvent[]): unknown[] {
  return found.map(({ args }) => args?.[0]);
}

Deno.test("wamp.subscription.remove_subscriber ends a subscription (WAMP, Subscription Revocation)", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const [admin, client] = [fixture.join(), fixture.join({ roles: REVOCABLE })];
  const id = subscribe(client, "com.example.a");
  const name = "wamp.subscription.remove_subscriber";
  assertEquals(call(admin, name, [id, client.session, "no longer authorized"]), []);
  assertEquals(client.takeOne(), [35, 0, { subscription: id, reason: "no longer authorized" }]);
  assertEquals(call(admin, name, [id, client.session]), "wamp.error.no_such_subscription");
  const next = subscribe(client, "com.example.a");
  assertEquals(call(admin, name, [next, 7]), "wamp.error.no_such_session");
  assertEquals(call(admin, name, [next, admin.session]), "wamp.error.no_such_subscription");
  assertEquals(call(admin, name, [next]), "wamp.error.invalid_argument");
  assertEquals(call(admin, name, [next, client.session, 5]), "wamp.error.invalid_argument");
  assertEquals(call(admin, name, [next, client.session], { reason: "by keyword" }), []);
  assertEquals(client.takeOne(), [35, 0, { subscription: next, reason: "by keyword" }]);
});

Deno.test("wamp.registration.remove_callee ends a registration (WAMP, Registration Revocation)", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const [admin, callee] = [fixture.join(), fixture.join({ roles: REVOCABLE })];
  callee.deliver(64, 1, {}, "com.example.a");
  const id = callee.takeOne()[2];
  const name = "wamp.registration.remove_callee";
  assertEquals(call(admin, name, [id, admin.session]), "wamp.error.no_such_registration");
  assertEquals(call(admin, name, [id, 7]), "wamp.error.no_such_session");
  assertEquals(call(admin, name, [99, callee.session]), "wamp.error.no_such_registration");
  assertEquals(call(admin, name, [id, callee.session]), []);
  assertEquals(callee.takeOne(), [67, 0, { registration: id }]);
  assertEquals(call(admin, "com.example.a"), "wamp.error.no_such_procedure");
});

Deno.test("nobody is taken out of what is under wamp. but by who is trusted", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const [admin, client] = [fixture.join(), fixture.join()];
  const id = subscribe(client, "wamp.session.on_leave");
  const name = "wamp.subscription.remove_subscriber";
  assertEquals(call(admin, name, [id, client.session]), "wamp.error.not_authorized");
  const inside = await fixture.router.join("realm1");
  await inside.call(name, [id, client.session]);
  await inside.leave();
  assertEquals(client.take(), [], "it did not announce the feature");
});

Deno.test("wamp.subscription.get_events tells events as they were (WAMP, Event History)", async () => {
  await using fixture = new RouterFixture({ eventStores: [{ uri: "log.", match: "prefix", limit: 100 }] });
  const [client, other] = [fixture.join(), fixture.join()];
  const id = subscribe(client, "log.", { match: "prefix" });
  other.deliver(16, 1, { acknowledge: true, disclose_me: true }, "log.a", [1], { key: "value" });
  const publication = other.takeOne()[2];
  publish(other, "log.b", []);
  const [, , , details] = client.take()[0] as WireMessage;
  const [first, second] = events(client, id);
  assert(first !== undefined && second !== undefined);
  assertEquals({ ...first, timestamp: "" }, {
    timestamp: "",
    subscription: id,
    publication,
    details: details as Dict,
    args: [1],
    kwargs: { key: "value" },
  });
  assert(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(first.timestamp), first.timestamp);
  assertEquals([second.args, second.kwargs, second.details], [[], undefined, { topic: "log.b" }]);
});

Deno.test("wamp.subscription.get_events takes its conditions together (WAMP, Event History)", async () => {
  await using fixture = new RouterFixture({ eventStores: [{ uri: "log.", match: "prefix", limit: 4 }] });
  const client = fixture.join();
  const id = subscribe(client, "log.", { match: "prefix" });
  for (let index = 1; index <= 5; index++) publish(client, index % 2 === 0 ? "log.even" : "log.odd", [index]);
  const all = events(client, id);
  assertEquals(argsOf(all), [2, 3, 4, 5], "the oldest is forgotten");
  assertEquals(argsOf(events(client, id, { reverse: true, limit: 2 })), [5, 4]);
  const [positional] = call(client, "wamp.subscription.get_events", [id, 3]) as [readonly HistoryEvent[]];
  assertEquals(argsOf(positional), [2, 3, 4], "as clients of Crossbar.io ask");
  assertEquals(argsOf(events(client, id, { topic: "log.even" })), [2, 4]);
  const [, third, fourth] = all;
  assertEquals(argsOf(events(client, id, { from_publication: third?.publication, topic: "log.odd" })), [3, 5]);
  assertEquals(argsOf(events(client, id, { after_publication: third?.publication })), [4, 5]);
  assertEquals(argsOf(events(client, id, { before_publication: fourth?.publication, reverse: true })), [3, 2]);
  assertEquals(argsOf(events(client, id, { until_publication: fourth?.publication })), [2, 3, 4]);
  assertEquals(
    argsOf(events(client, id, { from_time: "2020-01-01T00:00:00Z", until_time: "2020-01-02T00:00:00+01:00" })),
    [],
  );
  assertEquals(
    events(client, id, { after_time: "2020-01-01T00:00:00.5Z", before_time: "9999-01-01T00:00:00Z" }).length,
    4,
  );
});

Deno.test("wamp.subscription.get_events refuses bad arguments, and subscriptions without a history", async () => {
  await using fixture = new RouterFixture({ eventStores: [{ uri: "log", limit: 4 }] });
  const client = fixture.join();
  const [id, without] = [subscribe(client, "log"), subscribe(client, "other")];
  const name = "wamp.subscription.get_events";
  assertEquals(call(client, name, [99]), "wamp.error.no_such_subscription");
  assertEquals(call(client, name, [without]), "wamp.error.history_unavailable");
  assertEquals(call(client, name, ["x"]), "wamp.error.invalid_argument");
  for (
    const kwargs of [
      { limit: 0 },
      { limit: 1.5 },
      { reverse: 1 },
      { topic: 1 },
      { from_time: "yesterday" },
      { after_time: "2026-11-22" },
      { before_time: 5 },
      { until_time: "2026-13-22T00:00:00Z" },
      { from_publication: "1" },
    ]
  ) {
    assertEquals(call(client, name, [id], kwargs), "wamp.error.invalid_argument", JSON.stringify(kwargs));
  }
  assertEquals(call(client, name, [id], { limit: null, from_time: null, topic: null, reverse: false }), [[]]);
});

Deno.test("wamp.subscription.get_events leaves out what the asker was not to get (WAMP, Event History)", async () => {
  await using fixture = new RouterFixture({ eventStores: [{ uri: "log.", match: "prefix", limit: 4 }] });
  const client = fixture.join();
  const id = subscribe(client, "log.a");
  publish(client, "log.a", ["for all"]);
  publish(client, "log.a", ["for staff"], { eligible_authrole: ["staff"] });
  publish(client, "log.b", ["elsewhere"]);
  assertEquals(argsOf(events(client, id)), ["for all"]);
  assertEquals(events(client, id, { topic: "log.b" }), []);
  const inside = await fixture.router.join("realm1", { authrole: "staff" });
  const found = await inside.call<readonly HistoryEvent[]>("wamp.subscription.get_events", [id]);
  await inside.leave();
  assertEquals(argsOf(found), ["for all", "for staff"]);
});

Deno.test("an event store must have a URI of its own and a positive limit", () => {
  const create = (...eventStores: readonly { readonly uri: string; readonly limit: number }[]): unknown => {
    return createRouter({ realms: [{ uri: "r", eventStores }] });
  };
  assertThrows(() => create({ uri: "a..b", limit: 1 }), TypeError, "uri of an event store");
  assertThrows(() => create({ uri: "a", limit: 0 }), RangeError, "limit of an event store");
  assertThrows(() => create({ uri: "a", limit: 1 }, { uri: "a", limit: 2 }), TypeError, "once");
});

Deno.test("testaments are published when their session ends, detached ones first (WAMP, Session Testament)", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const [client, watcher] = [fixture.join(), fixture.join()];
  subscribe(watcher, "com.example.", { match: "prefix" });
  const add = (topic: string, kwargs: Dict = {}): unknown => {
    return call(client, "wamp.session.add_testament", [topic, ["Seeya!"], { my_name: "app1" }], kwargs);
  };
  assertEquals(add("com.example.one"), []);
  assertEquals(
    add("com.example.two", { scope: "destroyed", publish_options: { acknowledge: true, disclose_me: true } }),
    [],
  );
  assertEquals(add("com.example.three", { scope: "detached" }), []);
  assertEquals(add("com.example.four", { publish_options: { exclude: [watcher.session] } }), []);
  client.lose();
  const disclosed = { publisher: client.session, publisher_authrole: "anonymous" };
  const told = watcher.take().map(([, , , details, args, kwargs]) => {
    const { publisher_authid: _, ...rest } = details as Dict;
    assertEquals([args, kwargs], [["Seeya!"], { my_name: "app1" }]);
    return rest;
  });
  assertEquals(told, [
    { topic: "com.example.three" },
    { topic: "com.example.one" },
    { ...disclosed, topic: "com.example.two" },
  ]);
  watcher.lose();
  fixture.assertEmpty();
});

Deno.test("wamp.session.flush_testaments removes those of a scope (WAMP, Session Testament)", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const [client, watcher] = [fixture.join(), fixture.join()];
  subscribe(watcher, "com.example.", { match: "prefix" });
  call(client, "wamp.session.add_testament", ["com.example.one", [], {}], { scope: "detached" });
  call(client, "wamp.session.add_testament", ["com.example.two", [], {}], { scope: "destroyed" });
  call(client, "wamp.session.add_testament", ["com.example.three", null]);
  assertEquals(call(client, "wamp.session.flush_testaments"), []);
  assertEquals(call(watcher, "wamp.session.flush_testaments", [], { scope: "detached" }), [], "its own only");
  client.deliver(6, {}, "wamp.close.normal");
  assertEquals(watcher.take().map(([, , , details]) => details), [{ topic: "com.example.one" }]);
});

Deno.test("wamp.session.add_testament refuses what could not be published", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const client = fixture.join();
  const add = (args: readonly unknown[], kwargs: Dict = {}): unknown => {
    return call(client, "wamp.session.add_testament", args, kwargs);
  };
  assertEquals(add([5]), "wamp.error.invalid_argument");
  assertEquals(add(["bad uri"]), "wamp.error.invalid_uri");
  assertEquals(add(["wamp.session.on_leave", [1]]), "wamp.error.invalid_uri");
  assertEquals(add(["t", {}]), "wamp.error.invalid_argument");
  assertEquals(add(["t", [], []]), "wamp.error.invalid_argument");
  assertEquals(add(["t"], { scope: "sometime" }), "wamp.error.invalid_argument");
  assertEquals(add(["t"], { publish_options: [] }), "wamp.error.invalid_argument");
  assertEquals(add(["t"], { publish_options: { exclude: ["a"] } }), "wamp.error.invalid_argument");
  assertEquals(add(["t"], { publish_options: { ppt_scheme: "x_a" } }), "wamp.error.invalid_argument");
  assertEquals(add(["t", ["x".repeat(2 << 20)]]), "wamp.error.unavailable");
  assertEquals(call(client, "wamp.session.flush_testaments", [], { scope: 5 }), "wamp.error.invalid_argument");
});

Deno.test("Testaments holds so many for a session, and nothing once they are flushed or published", () => {
  const testaments = new Testaments();
  const broker = new Broker({
    uriRules: "loose",
    maxSubscriptions: 1,
    nextSubscriptionId: counter(1),
    nextPublicationId: counter(1),
    timestamp: () => "",
  });
  const [ann, bob] = [member(1), member(2)];
  const message = { type: 16, request: 0, options: {}, topic: "t", payload: Payload.EMPTY } as const;
  const add = (size: number): boolean => testaments.add(ann, "destroyed", { message, grant: { trustlevel: 4 }, size });
  for (let index = 0; index < 1_000; index++) assert(add(0));
  assert(!add(0), "too many");
  testaments.flush(ann, "detached");
  assertEquals(testaments.size, 1);
  testaments.flush(ann, "destroyed");
  assertEquals(testaments.size, 0);
  assert(add(1 << 19) && !add(1 << 19), "too large");
  broker.subscribe(bob, { type: 32, request: 1, options: {}, topic: "t" }, []);
  assertEquals(effectsOf((effects) => testaments.publish(ann, broker, effects)).map(show), [
    '2 EVENT 1 1 {"trustlevel":4}',
  ]);
  assertEquals(testaments.size, 0);
});

Deno.test("requirementOf names what a meta call leads to", () => {
  const broker = new Broker({
    uriRules: "loose",
    maxSubscriptions: 1,
    nextSubscriptionId: counter(1),
    nextPublicationId: counter(1),
    timestamp: () => "",
    eventStores: [{ uri: "log.", match: "prefix", limit: 1 }],
  });
  const of = (procedure: string, args: readonly unknown[], kwargs: Dict = {}): unknown => {
    return requirementOf({ broker }, procedure, args, kwargs);
  };
  const publish_options = { retain: true };
  assertEquals(of("wamp.session.add_testament", ["t"], { publish_options }), {
    action: "publish",
    uri: "t",
    match: "exact",
    options: publish_options,
  });
  assertEquals(of("wamp.subscription.get_events", [1]), {
    action: "subscribe",
    uri: "log.",
    match: "prefix",
    options: {},
  });
  assertEquals(of("wamp.subscription.get_events", [2]), undefined);
  assertEquals(of("wamp.session.add_testament", []), undefined);
  assertEquals(of("wamp.session.count", []), undefined);
});
