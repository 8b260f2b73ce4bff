import type { Authenticator } from "../../wamp/auth/authenticator.ts";
import { JoinError, SessionClosedError, TransportLostError, WampProtocolError } from "../../wamp/errors.ts";
import { MESSAGE } from "../../wamp/messages.ts";
import { Payload } from "../../wamp/payload.ts";
import { cbor, json, msgpack, ubjson } from "../../wamp/serializers/mod.ts";
import { openSession } from "../../wamp/session.ts";
import type { Invocation, SessionEvent } from "../../wamp/session_api.ts";
import { HIGH_WATER_MARK } from "../../wamp/transports/transport.ts";
import { withFakeClock } from "../fake_clock.ts";
import { assert, assertEquals, assertRejects } from "../std.ts";
import { scripted, ScriptedTransport, settled } from "./scripted_router.ts";

const WELCOME = { type: MESSAGE.WELCOME, session: 1, details: {} } as const;

Deno.test("Joining says HELLO and waits for WELCOME (WAMP, Session Establishment)", async () => {
  const transport = new ScriptedTransport();
  const opened = openSession(transport, { realm: "realm1", agent: "Test", authid: "joe", authextra: { a: 1 } });
  await settled();
  const [hello] = transport.sent;
  assert(hello?.type === MESSAGE.HELLO);
  const { agent, authid, authmethods, authextra } = hello.details;
  assertEquals([hello.realm, agent, authid, authmethods, authextra], ["realm1", "Test", "joe", ["anonymous"], {
    a: 1,
  }]);
  const details = { authid: "joe", authrole: "user", authmethod: "anonymous", authprovider: "static", realm: "realm2" };
  transport.deliver({ type: MESSAGE.WELCOME, session: 42, details });
  const session = await opened;
  assertEquals([session.id, session.realm, session.authid, session.authrole], [42, "realm2", "joe", "user"]);
  assertEquals([session.authmethod, session.authprovider, session.state], ["anonymous", "static", "open"]);
  assertEquals([session.details, session.roles], [details, {}]);
});

Deno.test("A refusal rejects with JoinError and closes the transport", async () => {
  const transport = new ScriptedTransport();
  const opened = openSession(transport, { realm: "realm1" });
  await settled();
  transport.deliver({
    ...{ type: MESSAGE.ABORT, details: { message: "Nothing here" }, reason: "wamp.error.no_such_realm" },
    payload: Payload.EMPTY,
  });
  const error = await assertRejects(() => opened, JoinError);
  assertEquals([error.reason, error.message], [
    "wamp.error.no_such_realm",
    "Cannot join: wamp.error.no_such_realm: Nothing here",
  ]);
  assertEquals(transport.ending, "close");
});

Deno.test("A transport that ends while joining rejects with TransportLostError", async () => {
  const transport = new ScriptedTransport();
  const opened = openSession(transport, { realm: "realm1" });
  await settled();
  transport.lose(new Error("Reset"));
  const error = await assertRejects(() => opened, TransportLostError);
  assertEquals([error.message, error.maybeExecuted], ["Cannot join: the transport was lost: Reset", false]);
});

Deno.test("Joining gives up after its timeout, or when its signal is aborted, and leaves nothing behind", async () => {
  await withFakeClock(async (clock) => {
    const transport = new ScriptedTransport();
    const failed = assertRejects(() => openSession(transport, { realm: "realm1", timeout: 50 }), DOMException);
    await clock.advance(100);
    assertEquals((await failed).name, "TimeoutError");
    assertEquals([transport.ending, clock.timers], ["fail", 0]);
  });
  const reason = new RangeError("Enough");
  const early = new ScriptedTransport();
  const options = { realm: "realm1", signal: AbortSignal.abort(reason) };
  await assertRejects(() => openSession(early, options), RangeError, "Enough");
  assertEquals(early.ending, "fail");
  const late = new AbortController();
  const transport = new ScriptedTransport();
  const failed = assertRejects(() => openSession(transport, { realm: "realm1", signal: late.signal }), RangeError);
  await settled();
  late.abort(reason);
  await failed;
  assertEquals(transport.sent.map(({ type }) => type), [MESSAGE.HELLO, MESSAGE.ABORT]);
});

Deno.test("A realm that is no URI is refused before anything is sent", async () => {
  const transport = new ScriptedTransport();
  await assertRejects(() => openSession(transport, { realm: "no realm" }), TypeError);
  assertEquals(transport.ending, "fail");
});

Deno.test("Challenges are answered by the authenticator of their method, which then checks the WELCOME", async () => {
  const transport = new ScriptedTransport();
  const seen: unknown[] = [];
  const opened = openSession(transport, {
    realm: "realm1",
    auth: [{
      method: "first",
      authid: "joe",
      hello: () => ({ key: "abc" }),
    }, {
      method: "second",
      answer: (challenge) => {
        seen.push(challenge);
        return Promise.resolve({ signature: "signed", extra: { b: 2 } });
      },
      verifyWelcome: (details) => {
        seen.push(details);
      },
    }],
  });
  await settled();
  const hello = transport.sent.shift();
  assert(hello?.type === MESSAGE.HELLO);
  const { authmethods, authid, authextra } = hello.details;
  assertEquals([authmethods, authid, authextra], [["first", "second"], "joe", { key: "abc" }]);
  transport.deliver({ type: MESSAGE.CHALLENGE, authmethod: "second", extra: { nonce: "1" } });
  await settled();
  assertEquals(transport.sent, [{ type: MESSAGE.AUTHENTICATE, signature: "signed", extra: { b: 2 } }]);
  transport.deliver({ type: MESSAGE.WELCOME, session: 1, details: { authid: "joe" } });
  await opened;
  assertEquals(seen, [{ method: "second", extra: { nonce: "1" } }, { authid: "joe" }]);
});

Deno.test("A challenge that nobody offered is answered with ABORT", async () => {
  const transport = new ScriptedTransport();
  const failed = assertRejects(() => openSession(transport, { realm: "realm1" }), WampProtocolError, "ticket");
  await settled();
  transport.deliver({ type: MESSAGE.CHALLENGE, authmethod: "ticket", extra: {} });
  await failed;
  const abort = transport.sent[1];
  assertEquals(abort?.type === MESSAGE.ABORT && abort.reason, "wamp.error.no_matching_auth_method");
});

Deno.test("What an authenticator throws ends the joining, and the router is told", async () => {
  const fail = (): never => {
    throw new RangeError("No key");
  };
  const told = async (one: Partial<Authenticator>): Promise<[unknown, ScriptedTransport]> => {
    const transport = new ScriptedTransport();
    const failed = openSession(transport, { realm: "realm1", auth: [{ method: "test", ...one }] }).catch((error) =>
      error
    );
    await settled();
    transport.deliver({ type: MESSAGE.CHALLENGE, authmethod: "test", extra: {} });
    await settled();
    transport.deliver(WELCOME);
    return [await failed, transport];
  };
  const [early, silent] = await told({ hello: fail });
  assert(early instanceof RangeError);
  assertEquals([silent.ending, early.message], ["fail", "No key"]);
  for (const one of [{ answer: fail }, { answer: () => ({ signature: "" }), verifyWelcome: fail }]) {
    const [error, transport] = await told(one);
    assert(error instanceof JoinError && error.cause instanceof RangeError);
    assertEquals(error.message, "Cannot join: wamp.error.authentication_failed: No key");
    const abort = transport.sent.at(-1);
    assert(abort?.type === MESSAGE.ABORT);
    assertEquals([abort.reason, abort.details.message], [error.reason, "No key"]);
    assertEquals(transport.ending, "fail");
  }
});

Deno.test("A router that does not challenge must still prove itself to a client that offers nothing else", async () => {
  const fail = (): never => {
    throw new TypeError("No proof");
  };
  const strict = { method: "strict", answer: () => ({ signature: "" }), verifyWelcome: fail };
  const welcomed = async (auth: readonly Authenticator[], authmethod: string | undefined): Promise<unknown> => {
    const transport = new ScriptedTransport();
    const opened = openSession(transport, { realm: "realm1", auth }).catch((error) => error);
    await settled();
    const details = authmethod === undefined ? {} : { authmethod };
    transport.deliver({ type: MESSAGE.WELCOME, session: 1, details });
    const session = await opened;
    return session instanceof JoinError ? session.reason : "joined";
  };
  for (const name of ["strict", "anonymous", undefined]) {
    assertEquals(await welcomed([strict], name), "wamp.error.authentication_failed");
  }
  assertEquals(await welcomed([strict, { method: "anonymous" }], "strict"), "wamp.error.authentication_failed");
  assertEquals(await welcomed([strict, { method: "anonymous" }], "anonymous"), "joined");
});

Deno.test("Leaving says GOODBYE, waits for the router's and closes the transport", async () => {
  const router = await scripted();
  const { session, transport } = router;
  const left = session.leave("com.example.reason", "bye");
  const { reason, details } = router.take(MESSAGE.GOODBYE);
  assertEquals([reason, details, session.state], ["com.example.reason", { message: "bye" }, "closing"]);
  // Nothing else counts any more.
  router.event(5, [1]);
  router.result(99);
  assertEquals(transport.ending, undefined);
  router.say({ type: MESSAGE.GOODBYE, details: { message: "so long" }, reason: "wamp.close.goodbye_and_out" });
  assertEquals(transport.ending, "close");
  assertEquals(await left, { reason: "com.example.reason", message: "so long", wasClean: true, by: "us" });
  assertEquals([await session.leave(), session.state], [await left, "closed"]);
});

Deno.test("A router that does not answer GOODBYE is cut off after goodbyeTimeout", async () => {
  await withFakeClock(async (clock) => {
    const transport = new ScriptedTransport();
    const opened = openSession(transport, { realm: "realm1", goodbyeTimeout: 100 });
    await clock.advance(1);
    transport.deliver(WELCOME);
    const left = (await opened).leave();
    await clock.advance(90);
    assertEquals(transport.ending, undefined);
    await clock.advance(50);
    assertEquals(transport.ending, "abort");
    const { wasClean, by, reason } = await left;
    assertEquals([wasClean, by, reason, clock.timers], [false, "us", "wamp.close.normal", 0]);
  });
});

Deno.test("A transport that ends while leaving is no loss", async () => {
  const { session, transport } = await scripted();
  const left = session.leave();
  transport.lose();
  assertEquals(await left, {
    ...{ reason: "wamp.close.normal", message: "", wasClean: false, by: "us", error: undefined },
  });
});

Deno.test("The router's GOODBYE is answered, and what waits fails with SessionClosedError", async () => {
  const router = await scripted();
  const call = assertRejects(() => router.session.call("com.example.add"), SessionClosedError, "system_shutdown");
  router.take(MESSAGE.CALL);
  router.say({ type: MESSAGE.GOODBYE, details: {}, reason: "wamp.close.system_shutdown" });
  assertEquals(router.take(MESSAGE.GOODBYE).reason, "wamp.close.goodbye_and_out");
  await call;
  const { reason, by, wasClean } = await router.session.closed;
  assertEquals([reason, by, wasClean], ["wamp.close.system_shutdown", "peer", true]);
  const late = await assertRejects(() => router.session.call("com.example.add"), SessionClosedError);
  assertEquals(late.reason, "wamp.close.system_shutdown");
  assert(router.isQuiet);
});

Deno.test("The router's ABORT ends the session without an answer", async () => {
  const router = await scripted();
  router.say({
    type: MESSAGE.ABORT,
    details: { message: "Bad" },
    reason: "wamp.error.protocol_violation",
    payload: Payload.EMPTY,
  });
  const { reason, by, wasClean, message } = await router.session.closed;
  assertEquals([reason, by, wasClean, message], ["wamp.error.protocol_violation", "peer", false, "Bad"]);
  assert(router.isQuiet);
});

Deno.test("A lost transport fails what waits: it may have been executed; what comes later was not", async () => {
  const { session, transport } = await scripted();
  const waiting = [
    session.call("com.example.add"),
    session.callProgressive("com.example.add").next(),
    session.register("com.example.add", () => {}),
    session.subscribe("com.example.topic", () => {}),
    session.publish("com.example.topic", [], { acknowledge: true }),
  ].map((promise) => assertRejects((): Promise<unknown> => promise, TransportLostError));
  transport.lose(new Error("Reset"));
  for (const error of await Promise.all(waiting)) assertEquals(error.maybeExecuted, true);
  const late = await assertRejects(() => session.call("com.example.add"), TransportLostError);
  assertEquals([late.maybeExecuted, late.cause], [false, new Error("Reset")]);
  const closed = await session.closed;
  assertEquals([closed.reason, closed.by, closed.message], ["wamp.error.network_failure", "transport", "Reset"]);
});

Deno.test("What the router does wrong is answered with ABORT, and ends the session (WAMP, Protocol Violations)", async () => {
  const wrong = [
    new TextEncoder().encode("garbage"),
    WELCOME,
    { type: MESSAGE.RESULT, request: 1, details: {}, payload: Payload.EMPTY },
  ] as const;
  for (const message of wrong) {
    const router = await scripted();
    router.transport.deliver(message);
    const abort = router.take(MESSAGE.ABORT);
    assertEquals(abort.reason, "wamp.error.protocol_violation");
    assert(typeof abort.details.message === "string" && abort.details.message.length > 0);
    const closed = await router.session.closed;
    assert(closed.error instanceof WampProtocolError);
    assertEquals([closed.by, closed.wasClean, router.transport.ending], ["us", false, "fail"]);
  }
});

Deno.test("A publication without acknowledgement waits for the transport above its mark only", async () => {
  const { session, transport } = await scripted();
  assertEquals(session.publish("com.example.topic"), session.publish("com.example.topic"));
  transport.bufferedAmount = HIGH_WATER_MARK + 1;
  let isReady = false;
  const ready = session.publish("com.example.topic").then(() => isReady = true);
  await settled();
  assertEquals(isReady, false);
  transport.drain();
  await ready;
  transport.bufferedAmount = HIGH_WATER_MARK + 1;
  const cut = session.publish("com.example.topic");
  transport.lose();
  await cut;
});

Deno.test("A publication that nobody awaits is never an unhandled rejection", async () => {
  const router = await scripted();
  void router.session.publish("com.example.topic", [() => {}]);
  void router.session.publish("white space");
  void router.session.publish("com.example.topic", [], { acknowledge: true });
  const { request } = router.take(MESSAGE.PUBLISH);
  router.error(MESSAGE.PUBLISH, request, "wamp.error.not_authorized");
  router.transport.lose();
  void router.session.publish("com.example.topic");
  await settled();
});

Deno.test("Options of a publication go on the wire as the specification spells them", async () => {
  const router = await scripted();
  void router.session.publish("com.example.topic", [1], {
    ...{ kwargs: { a: 1 }, excludeMe: false, discloseMe: true, exclude: [1], eligible: [2] },
    options: { retain: true },
  });
  const { options, payload } = router.take(MESSAGE.PUBLISH);
  assertEquals(options, { retain: true, exclude_me: false, disclose_me: true, exclude: [1], eligible: [2] });
  assertEquals([payload.args, payload.kwargs], [[1], { a: 1 }]);
  void router.session.publish("com.example.topic");
  assertEquals(router.take(MESSAGE.PUBLISH).options, {});
});

Deno.test("An id is taken only once its request was encoded, also where encoding makes a request of its own", async () => {
  const router = await scripted();
  const { session } = router;
  await assertRejects(() => session.call("com.example.add", [() => {}]), TypeError);
  const inner: Promise<unknown>[] = [];
  const argument = {
    toJSON: () => {
      if (inner.length === 0) inner.push(session.call("com.example.inner"));
      return "outer";
    },
  };
  const outer = session.call("com.example.outer", [argument]);
  const calls = [router.take(MESSAGE.CALL), router.take(MESSAGE.CALL)];
  if (inner.length === 1) {
    assertEquals(calls.map(({ request, procedure }) => [request, procedure]), [
      [1, "com.example.inner"],
      [2, "com.example.outer"],
    ]);
  }
  router.result(1, ["inner"]);
  router.result(2, ["outer"]);
  assertEquals([await inner[0], await outer], ["inner", "outer"]);
});

Deno.test("What a session keeps is its own in every format: the bytes it came in are overwritten", async () => {
  for (const serializer of [cbor, msgpack, json, ubjson]) {
    const router = await scripted(undefined, {}, serializer);
    const { session } = router;
    const kept: { readonly args: readonly unknown[]; readonly kwargs: object }[] = [];
    const keep = (one: SessionEvent | Invocation): void => void kept.push(one);
    const requests = [session.subscribe("com.example.topic", keep), session.register("com.example.work", keep)];
    router.subscribed(5);
    router.registered(6);
    await Promise.all(requests);
    const call = session.callResult("com.example.add");
    const { request } = router.take(MESSAGE.CALL);
    const args = [Uint8Array.of(1, 2, 3), "a text that is not short, with \u2603", [{ deep: [1.5, 2n ** 60n] }]];
    const payload = Payload.of(args, { key: ["value"] });
    router.say({ type: MESSAGE.EVENT, subscription: 5, publication: 1, details: {}, payload });
    router.say({ type: MESSAGE.INVOCATION, request: 1, registration: 6, details: {}, payload });
    router.say({ type: MESSAGE.RESULT, request, details: {}, payload });
    kept.push(await call);
    assertEquals(kept.map(({ args, kwargs }) => [args, kwargs]), [0, 1, 2].map(() => [args, { key: ["value"] }]));
  }
});
