import { settled, withFakeClock } from "../../fake_clock.ts";
import { assert, assertEquals, assertMatch } from "../../std.ts";
import { ROLES, RouterFixture, type ScriptedTransport } from "./scripted_transport.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Asserts that the client got an ABORT with this reason, and how the transport ended. */
function assertAborted(client: ScriptedTransport, reason: string, ending: "close" | "fail"): string {
  const [type, details, uri, ...rest] = client.takeOne();
  assertEquals([type, uri, rest, client.ending], [3, reason, [], ending]);
  const { message } = details as { message: string };
  assert(message.length > 10, message);
  return message;
}

Deno.test("HELLO is answered by WELCOME with roles, realm and who one is (WAMP, WELCOME)", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.attach();
  client.deliver(1, "realm1", { roles: ROLES });
  const [type, session, details] = client.takeOne() as [number, number, Record<string, unknown>];
  assertEquals(type, 2);
  assert(Number.isSafeInteger(session) && session > 0);
  const { authid, roles, ...rest } = details;
  assertEquals(rest, {
    realm: "realm1",
    authrole: "anonymous",
    authmethod: "anonymous",
    authprovider: "static",
    agent: "Viaduct",
  });
  assertMatch(authid as string, /^[0-9a-z]+$/);
  const { broker, dealer } = roles as Record<string, { features: Record<string, boolean> }>;
  assertEquals([broker?.features.session_meta_api, dealer?.features.session_meta_api], [true, true]);
  assert(Object.values({ ...broker?.features, ...dealer?.features }).every((value) => value === true));
});

Deno.test("sessions get different ids and authids (WAMP, WELCOME: a randomly generated ID)", async () => {
  await using fixture = new RouterFixture();
  const ids = new Set([1, 2, 3, 4].map(() => fixture.join().session));
  assertEquals(ids.size, 4);
});

Deno.test("HELLO to a realm that is not there is aborted with no_such_realm (WAMP, ABORT)", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.attach();
  client.deliver(1, "nowhere", { roles: ROLES });
  assertMatch(assertAborted(client, "wamp.error.no_such_realm", "close"), /nowhere/);
});

Deno.test("HELLO without a role of a client is a protocol violation (WAMP, Client: Role and Feature Announcement)", async () => {
  await using fixture = new RouterFixture();
  for (const details of [{}, { roles: {} }, { roles: { broker: {} } }, { roles: { toString: {} } }]) {
    const client = fixture.attach();
    client.deliver(1, "realm1", details);
    assertAborted(client, "wamp.error.protocol_violation", "fail");
  }
  fixture.assertEmpty();
});

Deno.test("HELLO that offers other authentication methods only is aborted with no_matching_auth_method", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.attach();
  client.deliver(1, "realm1", { roles: ROLES, authmethods: ["ticket", "wampcra"] });
  assertMatch(assertAborted(client, "wamp.error.no_matching_auth_method", "close"), /ticket/);
  fixture.join({ authmethods: ["ticket", "anonymous"] });
  fixture.join({ authmethods: [] });
  fixture.assertEmpty(2);
});

Deno.test("HELLO to a full realm is aborted with unavailable", async () => {
  await using fixture = new RouterFixture({ limits: { maxSessions: 1 } });
  const first = fixture.join();
  const second = fixture.attach();
  second.deliver(1, "realm1", { roles: ROLES });
  assertAborted(second, "wamp.error.unavailable", "close");
  first.deliver(6, {}, "wamp.close.normal");
  fixture.join();
});

Deno.test("a message before HELLO is a protocol violation (WAMP, HELLO: the very first message)", async () => {
  await using fixture = new RouterFixture();
  for (const message of [[48, 1, {}, "com.a"], [6, {}, "wamp.close.normal"], [5, "sig", {}], [2, 1, {}], [70, 1, {}]]) {
    const client = fixture.attach();
    client.deliver(...message);
    assertMatch(assertAborted(client, "wamp.error.protocol_violation", "fail"), /before HELLO/);
  }
});

Deno.test("a second HELLO is a protocol violation, and the session is gone (WAMP, Session Establishment)", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.join();
  client.deliver(1, "realm1", { roles: ROLES });
  assertMatch(assertAborted(client, "wamp.error.protocol_violation", "fail"), /HELLO/);
  fixture.assertEmpty();
});

Deno.test("a message that only routers send is a protocol violation (WAMP, Message Codes and Direction)", async () => {
  await using fixture = new RouterFixture();
  const messages = [
    [2, 1, {}],
    [4, "ticket", {}],
    [17, 1, 1],
    [33, 1, 1],
    [35, 1],
    [36, 1, 1, {}],
    [50, 1, {}],
    [65, 1, 1],
    [67, 1],
    [68, 1, 1, {}],
    [69, 1, {}],
  ];
  for (const message of messages) {
    const client = fixture.join();
    client.deliver(...message);
    assertAborted(client, "wamp.error.protocol_violation", "fail");
  }
  fixture.assertEmpty();
});

Deno.test("bytes that are no message are a protocol violation, said in words", async () => {
  await using fixture = new RouterFixture();
  const inputs: readonly (readonly [string, RegExp])[] = [
    ["", /./],
    ["{}", /./],
    ["[", /./],
    ["[]", /message type/],
    ['["x"]', /integer/],
    ["[99, 1]", /99/],
    ["[48, 1]", /CALL/],
    ['[48, -1, {}, "a"]', /CALL\.request/],
    ['[48, 0, {}, "a"]', /CALL\.request/],
    ['[48, 1.5, {}, "a"]', /./],
    ['[48, 9007199254740993, {}, "a"]', /./],
    ['[48, 1, {}, "a", {}]', /Arguments/],
    ['[48, 1, {}, "a", [], []]', /ArgumentsKw/],
    ['[48, 1, {}, "a", [], {}, 1]', /./],
    ['[48, 1, {"timeout": "x"}, "a"]', /timeout/],
    ['[48, 1, {}, "a"] 1', /./],
  ];
  for (const [text, words] of inputs) {
    const client = fixture.join();
    client.deliverBytes(encode(text));
    assertMatch(assertAborted(client, "wamp.error.protocol_violation", "fail"), words);
    assert(client.failure.length > 0);
  }
  fixture.assertEmpty();
});

Deno.test("nothing behind a violation is handled", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.join();
  client.deliver(99);
  client.take();
  client.deliver(32, 1, {}, "com.topic");
  client.deliver(1, "realm1", { roles: ROLES });
  assertEquals(client.take(), []);
  fixture.assertEmpty();
});

Deno.test("GOODBYE is answered by goodbye_and_out, and the session is gone (WAMP, GOODBYE)", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.join();
  client.deliver(32, 1, {}, "com.topic");
  client.take();
  client.deliver(6, {}, "wamp.close.normal");
  assertEquals(client.takeOne(), [6, {}, "wamp.close.goodbye_and_out"]);
  assertEquals(client.ending, undefined);
  fixture.assertEmpty();
});

Deno.test("after GOODBYE another HELLO opens a new session on the same transport", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.join();
  const first = client.session;
  client.deliver(6, {}, "wamp.close.normal");
  client.take();
  client.join();
  assert(client.session !== first);
  fixture.assertEmpty(1);
});

Deno.test("what arrives late from a session that said GOODBYE is ignored", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.join();
  client.deliver(6, {}, "wamp.close.normal");
  client.take();
  client.deliver(16, 1, {}, "com.topic");
  client.deliver(6, {}, "wamp.close.goodbye_and_out");
  assertEquals([client.take(), client.ending], [[], undefined]);
  client.join();
});

Deno.test("a transport is closed where no HELLO follows a GOODBYE in time", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = new RouterFixture({}, { goodbyeTimeout: 2_000 });
    const client = fixture.join();
    client.deliver(6, {}, "wamp.close.normal");
    client.take();
    await clock.advance(1_900);
    assertEquals(client.ending, undefined);
    await clock.advance(200);
    assertEquals([client.ending, client.take()], ["close", []]);
    await settled();
  });
});

Deno.test("ABORT of a client ends its session without an answer (WAMP, ABORT)", async () => {
  await using fixture = new RouterFixture();
  const joined = fixture.join();
  const fresh = fixture.attach();
  for (const client of [joined, fresh]) {
    client.deliver(3, { message: "bye" }, "wamp.error.protocol_violation");
    assertEquals([client.take(), client.ending], [[], "close"]);
  }
  fixture.assertEmpty();
});

Deno.test("a transport that says no HELLO in time is aborted", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = new RouterFixture({}, { helloTimeout: 3_000 });
    const client = fixture.attach();
    await clock.advance(2_900);
    assertEquals(client.ending, undefined);
    await clock.advance(200);
    assertMatch(assertAborted(client, "wamp.error.timeout", "close"), /3000 ms/);
    await settled();
  });
});

Deno.test("an idle session costs no timer", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = new RouterFixture();
    fixture.join();
    await clock.advance(60_000);
    assertEquals(clock.timers, 0);
    fixture.assertEmpty(1);
  });
});

Deno.test("a session that the router dismisses is out of the tables at once, and its answer closes the transport", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.join();
  client.deliver(32, 1, {}, "com.topic");
  client.take();
  const removed = fixture.router.removeRealm("realm1");
  assertEquals(client.takeOne(), [6, {}, "wamp.close.close_realm"]);
  // WAMP, Session Closing: other messages are ignored, whatever they are.
  client.deliver(48, 1, {}, "com.procedure");
  client.deliver(1, "realm1", { roles: ROLES });
  client.deliverBytes(encode("nonsense"));
  assertEquals([client.take(), client.ending], [[], undefined]);
  client.deliver(6, {}, "wamp.close.goodbye_and_out");
  assertEquals(client.ending, "close");
  await removed;
});

Deno.test("a session that does not answer our GOODBYE is closed in time", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = new RouterFixture({}, { goodbyeTimeout: 1_000 });
    const client = fixture.join();
    const removed = fixture.router.removeRealm("realm1");
    await clock.advance(1_100);
    assertEquals(client.ending, "close");
    await removed;
  });
});

Deno.test("a lost transport takes its session along", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.join();
  client.deliver(32, 1, {}, "com.topic");
  client.lose();
  fixture.assertEmpty();
});

Deno.test("request ids: tolerant takes them in any order, strict in sequence only (WAMP, Session Scope IDs)", async () => {
  await using tolerant = new RouterFixture();
  const client = tolerant.join();
  for (const id of [7, 3, 9]) client.deliver(32, id, {}, `com.topic${id}`);
  assertEquals(client.take().map(([type, request]) => [type, request]), [[33, 7], [33, 3], [33, 9]]);
  await using strict = new RouterFixture({ requestIds: "strict" });
  const other = strict.join();
  other.deliver(32, 1, {}, "com.topic");
  other.deliver(16, 2, { acknowledge: true }, "com.topic");
  other.deliver(48, 3, {}, "wamp.session.count");
  assertEquals(other.take().map(([type, request]) => [type, request]), [[33, 1], [17, 2], [50, 3]]);
  other.deliver(34, 5, 1);
  assertMatch(assertAborted(other, "wamp.error.protocol_violation", "fail"), /expected 4, received 5/);
});
