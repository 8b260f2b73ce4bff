import { assert, assertEquals, assertMatch } from "../../std.ts";
import { RouterFixture, type ScriptedTransport, type WireMessage } from "./scripted_transport.ts";
import { OPEN_REALM } from "../open_realm.ts";

const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

let lastRequest = 100;

/** Calls a procedure and gives what the RESULT or ERROR holds. */
function call(
  client: ScriptedTransport,
  procedure: string,
  args: readonly unknown[] = [],
  kwargs: Record<string, unknown> = {},
): { readonly results?: unknown; readonly error?: unknown } {
  const request = ++lastRequest;
  client.deliver(48, request, {}, procedure, args, kwargs);
  const message = client.takeOne();
  if (message[0] === 50) {
    assertEquals(message.slice(0, 3), [50, request, {}]);
    return { results: message[3] ?? [] };
  }
  assertEquals(message.slice(0, 4), [8, 48, request, {}]);
  return { error: message[4] };
}

/** The one positional result. */
function result(client: ScriptedTransport, procedure: string, ...args: readonly unknown[]): unknown {
  const { results, error } = call(client, procedure, args);
  assertEquals([error, (results as unknown[]).length], [undefined, 1]);
  return (results as unknown[])[0];
}

function subscribe(client: ScriptedTransport, topic: string, options: Record<string, unknown> = {}): number {
  client.deliver(32, ++lastRequest, options, topic);
  return client.takeOne()[2] as number;
}

function register(client: ScriptedTransport, procedure: string, options: Record<string, unknown> = {}): number {
  client.deliver(64, ++lastRequest, options, procedure);
  return client.takeOne()[2] as number;
}

/** The topics and arguments of the events that came on pattern subscriptions. */
function events(client: ScriptedTransport): readonly WireMessage[] {
  return client.take().map(([type, , , details, args]) => {
    assertEquals(type, 36);
    return [(details as { topic: string }).topic, ...(args as unknown[])];
  });
}

/** A client that hears all meta events of a kind. */
function watcher(fixture: RouterFixture, kind: string): ScriptedTransport {
  const client = fixture.join();
  client.deliver(32, ++lastRequest, { match: "prefix" }, `wamp.${kind}.`);
  // The answer, and what the meta API tells of this subscription itself.
  client.take();
  return client;
}

Deno.test("wamp.session.count, list and get tell of sessions (WAMP, Session Meta API)", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const [one, two] = [fixture.join(), fixture.join()];
  assertEquals(result(one, "wamp.session.count"), 2);
  assertEquals(result(one, "wamp.session.count", ["anonymous", "other"]), 2);
  assertEquals(result(one, "wamp.session.count", ["other"]), 0);
  assertEquals(result(one, "wamp.session.count", null), 2);
  assertEquals(new Set(result(one, "wamp.session.list") as number[]), new Set([one.session, two.session]));
  assertEquals(result(one, "wamp.session.list", []), []);
  const { authid, ...details } = result(one, "wamp.session.get", two.session) as Record<string, unknown>;
  assertMatch(authid as string, /^[0-9a-z]+$/);
  assertEquals(details, {
    session: two.session,
    authrole: "anonymous",
    authmethod: "anonymous",
    authprovider: "static",
    transport: { type: "local", serializer: "json", secure: false },
  });
});

Deno.test("wamp.session.get tells what a session's program calls itself, in part where that is long", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const client = fixture.join();
  for (const [agent, told] of [["Example-1.0", "Example-1.0"], ["x".repeat(101), "x".repeat(100)]] as const) {
    const { session } = fixture.join({ agent });
    const { transport } = result(client, "wamp.session.get", session) as { transport: Record<string, unknown> };
    assertEquals(transport.agent, told);
  }
});

Deno.test("the session meta API refuses bad arguments, and sessions that are not there", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const client = fixture.join();
  const cases: readonly (readonly [string, readonly unknown[], string])[] = [
    ["wamp.session.count", ["anonymous"], "invalid_argument"],
    ["wamp.session.list", [[1]], "invalid_argument"],
    ["wamp.session.get", [], "invalid_argument"],
    ["wamp.session.get", ["1"], "invalid_argument"],
    ["wamp.session.get", [12345], "no_such_session"],
    ["wamp.session.kill", [12345], "no_such_session"],
    ["wamp.session.kill", [client.session], "no_such_session"],
    ["wamp.session.kill_by_authid", [], "invalid_argument"],
    ["wamp.session.kill_by_authrole", [7], "invalid_argument"],
  ];
  for (const [procedure, args, error] of cases) {
    assertEquals(call(client, procedure, args), { error: `wamp.error.${error}` }, procedure);
  }
  fixture.assertEmpty(1);
});

Deno.test("wamp.session.kill says GOODBYE with the reason and message given (WAMP, wamp.session.kill)", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const client = fixture.join();
  const [plain, named] = [fixture.join(), fixture.join()];
  assertEquals(call(client, "wamp.session.kill", [plain.session]), { results: [] });
  assertEquals(plain.takeOne(), [6, {}, "wamp.close.killed"]);
  const kwargs = { reason: "com.example.why", message: "Go away" };
  assertEquals(call(client, "wamp.session.kill", [named.session], kwargs), { results: [] });
  assertEquals(named.takeOne(), [6, { message: "Go away" }, "com.example.why"]);
  assertEquals(result(client, "wamp.session.count"), 1);
  named.deliver(6, {}, "wamp.close.goodbye_and_out");
  assertEquals(named.ending, "close");
});

Deno.test("a kill with a bad reason is refused with invalid_uri, a bad message with invalid_argument", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const [client, victim] = [fixture.join(), fixture.join()];
  for (const reason of ["", "a b", 7]) {
    const args: readonly (readonly [string, readonly unknown[]])[] = [
      ["kill", [victim.session]],
      ["kill_by_authid", ["x"]],
      ["kill_by_authrole", ["x"]],
      ["kill_all", []],
    ];
    for (const [name, list] of args) {
      assertEquals(call(client, `wamp.session.${name}`, list, { reason }), { error: "wamp.error.invalid_uri" });
    }
  }
  const answer = call(client, "wamp.session.kill", [victim.session], { message: 1 });
  assertEquals(answer, { error: "wamp.error.invalid_argument" });
  fixture.assertEmpty(2);
});

Deno.test("kill_by_authid, kill_by_authrole and kill_all spare their caller (WAMP, Session Meta API)", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const client = fixture.join();
  const victim = fixture.join();
  const { authid } = result(client, "wamp.session.get", victim.session) as { authid: string };
  assertEquals(result(client, "wamp.session.kill_by_authid", authid), [victim.session]);
  assertEquals(result(client, "wamp.session.kill_by_authid", authid), []);
  const others = [fixture.join(), fixture.join()];
  assertEquals(result(client, "wamp.session.kill_by_authrole", "anonymous"), 2);
  assertEquals(result(client, "wamp.session.kill_all"), 0);
  const last = fixture.join();
  assertEquals(result(client, "wamp.session.kill_all"), 1);
  for (const killed of [victim, ...others, last]) assertEquals(killed.takeOne(), [6, {}, "wamp.close.killed"]);
  fixture.assertEmpty(1);
});

Deno.test("on_join and on_leave tell of sessions, kill_all does not (WAMP, Session Meta API)", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const client = watcher(fixture, "session");
  const other = fixture.join();
  const [[topic, details] = []] = events(client);
  assertEquals(topic, "wamp.session.on_join");
  const { session, authid, authrole } = details as Record<string, unknown>;
  assertEquals([session, authrole], [other.session, "anonymous"]);
  other.deliver(6, {}, "wamp.close.normal");
  assertEquals(events(client), [["wamp.session.on_leave", other.session, authid, "anonymous"]]);
  const lost = fixture.join();
  client.take();
  lost.lose();
  assertEquals(events(client).map(([topic, session]) => [topic, session]), [["wamp.session.on_leave", lost.session]]);
  fixture.join();
  client.take();
  client.deliver(48, 1, {}, "wamp.session.kill_all");
  assertEquals(client.take(), [[50, 1, {}, [1]]]);
});

Deno.test("the subscription meta API tells of subscriptions (WAMP, Subscriptions Meta API)", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const [client, other] = [fixture.join(), fixture.join()];
  const exact = subscribe(client, "com.example.topic");
  assertEquals(subscribe(other, "com.example.topic"), exact);
  const prefix = subscribe(client, "com.example", { match: "prefix" });
  const wildcard = subscribe(client, "com..topic", { match: "wildcard" });
  const at = "wamp.subscription";
  assertEquals(result(client, `${at}.list`), { exact: [exact], prefix: [prefix], wildcard: [wildcard] });
  assertEquals(result(client, `${at}.lookup`, "com.example.topic"), exact);
  assertEquals(result(client, `${at}.lookup`, "com.example", { match: "prefix" }), prefix);
  assertEquals(result(client, `${at}.lookup`, "com..topic", { match: "wildcard" }), wildcard);
  assertEquals(result(client, `${at}.lookup`, "com.example"), null);
  assertEquals(
    new Set(result(client, `${at}.match`, "com.example.topic") as number[]),
    new Set([exact, prefix, wildcard]),
  );
  assertEquals(result(client, `${at}.match`, "net.other"), null);
  const { created, ...details } = result(client, `${at}.get`, wildcard) as Record<string, unknown>;
  assertEquals(details, { id: wildcard, uri: "com..topic", match: "wildcard" });
  assertMatch(created as string, ISO_8601);
  assertEquals(result(client, `${at}.list_subscribers`, exact), [client.session, other.session]);
  assertEquals(result(client, `${at}.count_subscribers`, exact), 2);
  for (const name of ["get", "list_subscribers", "count_subscribers"]) {
    assertEquals(call(client, `${at}.${name}`, [999]), { error: "wamp.error.no_such_subscription" });
    assertEquals(call(client, `${at}.${name}`, ["x"]), { error: "wamp.error.invalid_argument" });
  }
  for (const args of [[], ["a", 1], ["a", { match: "regex" }]]) {
    assertEquals(call(client, `${at}.lookup`, args), { error: "wamp.error.invalid_argument" });
  }
});

Deno.test("the registration meta API tells of registrations (WAMP, Registration Meta API)", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const [client, other] = [fixture.join(), fixture.join()];
  const exact = register(client, "com.example.do", { invoke: "roundrobin" });
  assertEquals(register(other, "com.example.do", { invoke: "roundrobin" }), exact);
  const prefix = register(client, "com.example", { match: "prefix" });
  const wildcard = register(client, "com..other", { match: "wildcard" });
  const at = "wamp.registration";
  assertEquals(result(client, `${at}.list`), { exact: [exact], prefix: [prefix], wildcard: [wildcard] });
  assertEquals(result(client, `${at}.lookup`, "com.example.do", {}), exact);
  assertEquals(result(client, `${at}.lookup`, "com.example", { match: "prefix" }), prefix);
  assertEquals(result(client, `${at}.lookup`, "com.nothing"), null);
  assertEquals(result(client, `${at}.match`, "com.example.do"), exact);
  assertEquals(result(client, `${at}.match`, "com.example.other"), prefix);
  assertEquals(result(client, `${at}.match`, "com.x.other"), wildcard);
  assertEquals(result(client, `${at}.match`, "net.other"), null);
  const { created, ...details } = result(client, `${at}.get`, exact) as Record<string, unknown>;
  assertEquals(details, { id: exact, uri: "com.example.do", match: "exact", invoke: "roundrobin" });
  assertMatch(created as string, ISO_8601);
  assertEquals(result(client, `${at}.list_callees`, exact), [client.session, other.session]);
  assertEquals(result(client, `${at}.count_callees`, exact), 2);
  for (const name of ["get", "list_callees", "count_callees"]) {
    assertEquals(call(client, `${at}.${name}`, [999]), { error: "wamp.error.no_such_registration" });
  }
});

Deno.test("subscriptions tell of their creation, subscribers and end (WAMP, Subscriptions Meta API)", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const client = watcher(fixture, "subscription");
  const other = fixture.join();
  const id = subscribe(other, "com.topic");
  const [create, join] = events(client);
  const [topic, session, details] = create as [string, number, Record<string, unknown>];
  assertEquals([topic, session], ["wamp.subscription.on_create", other.session]);
  assertMatch(details.created as string, ISO_8601);
  assertEquals({ ...details, created: "" }, { id, created: "", uri: "com.topic", match: "exact" });
  assertEquals(join, ["wamp.subscription.on_subscribe", other.session, id]);
  other.deliver(34, ++lastRequest, id);
  assertEquals(events(client), [
    ["wamp.subscription.on_unsubscribe", other.session, id],
    ["wamp.subscription.on_delete", other.session, id],
  ]);
});

Deno.test("registrations tell of their creation, callees and end, also when a callee vanishes", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const client = watcher(fixture, "registration");
  const other = fixture.join();
  const id = register(other, "com.do");
  const [create, add] = events(client);
  const [topic, session, details] = create as [string, number, Record<string, unknown>];
  assertEquals([topic, session], ["wamp.registration.on_create", other.session]);
  assertEquals({ ...details, created: "" }, { id, created: "", uri: "com.do", match: "exact", invoke: "single" });
  assertEquals(add, ["wamp.registration.on_register", other.session, id]);
  other.lose();
  assertEquals(events(client), [
    ["wamp.registration.on_unregister", other.session, id],
    ["wamp.registration.on_delete", other.session, id],
  ]);
});

Deno.test("a meta procedure that is not there is no procedure, whatever patterns are registered", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const [client, other] = [fixture.join(), fixture.join()];
  register(other, "w", { match: "prefix" });
  for (const procedure of ["wamp.session.nothing", "wamp.toString", "wamp.session"]) {
    assertEquals(call(client, procedure), { error: "wamp.error.no_such_procedure" });
  }
  assertEquals(other.take(), []);
});

Deno.test("arguments of a meta call that cannot be built are the caller's violation", async () => {
  await using fixture = new RouterFixture(OPEN_REALM);
  const client = fixture.join();
  assert(client.ending === undefined);
  client.deliver(48, 1, {}, "wamp.session.get", {});
  assertEquals([client.takeOne()[0], client.ending], [3, "fail"]);
});
