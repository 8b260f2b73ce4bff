import { WampProtocolError } from "../../wamp/errors.ts";
import {
  type Interrupt,
  type InvocationMessage,
  MESSAGE,
  type Message,
  type MessageCode,
  type Result,
} from "../../wamp/messages.ts";
import { Payload } from "../../wamp/payload.ts";
import { ClientPeer, type OpenInvocation, type PendingRequest, type Reply } from "../../wamp/peer.ts";
import { assertEquals, assertThrows } from "../std.ts";

type Peer = ClientPeer<PendingRequest, OpenInvocation>;

const EMPTY = Payload.EMPTY;
const WELCOME: Message = { type: MESSAGE.WELCOME, session: 1, details: {} };
const HELLO = {
  realm: "realm1",
  agent: "test",
  authmethods: ["anonymous"],
  authid: undefined,
  authrole: undefined,
  authextra: undefined,
};

function joined(): Peer {
  const peer: Peer = new ClientPeer();
  assertEquals(peer.receive(WELCOME)?.kind, "welcome");
  return peer;
}

function begin(peer: Peer, type: MessageCode): PendingRequest {
  const request = { type, request: 0 };
  peer.begin(request);
  return request;
}

function result(request: number, details = {}): Result {
  return { type: MESSAGE.RESULT, request, details, payload: EMPTY };
}

function invocation(request: number, details = {}): InvocationMessage {
  return { type: MESSAGE.INVOCATION, request, registration: 5, details, payload: EMPTY };
}

function assertViolation(peer: Peer, message: Message, code: WampProtocolError["code"]): void {
  const error = assertThrows(() => peer.receive(message), WampProtocolError);
  assertEquals([error.code, error.reason], [code, "wamp.error.protocol_violation"]);
}

/** A message of each type, all with request id 1. */
const EVERY_MESSAGE: readonly Message[] = [
  { type: MESSAGE.HELLO, realm: "realm1", details: {} },
  WELCOME,
  { type: MESSAGE.ABORT, details: {}, reason: "com.example.reason", payload: EMPTY },
  { type: MESSAGE.CHALLENGE, authmethod: "ticket", extra: {} },
  { type: MESSAGE.AUTHENTICATE, signature: "", extra: {} },
  { type: MESSAGE.GOODBYE, details: {}, reason: "com.example.reason" },
  { type: MESSAGE.ERROR, requestType: MESSAGE.CALL, request: 1, details: {}, error: "com.example", payload: EMPTY },
  { type: MESSAGE.PUBLISH, request: 1, options: {}, topic: "com.example", payload: EMPTY },
  { type: MESSAGE.PUBLISHED, request: 1, publication: 1 },
  { type: MESSAGE.SUBSCRIBE, request: 1, options: {}, topic: "com.example" },
  { type: MESSAGE.SUBSCRIBED, request: 1, subscription: 1 },
  { type: MESSAGE.UNSUBSCRIBE, request: 1, subscription: 1 },
  { type: MESSAGE.UNSUBSCRIBED, request: 1 },
  { type: MESSAGE.EVENT, subscription: 1, publication: 1, details: {}, payload: EMPTY },
  { type: MESSAGE.CALL, request: 1, options: {}, procedure: "com.example", payload: EMPTY },
  { type: MESSAGE.CANCEL, request: 1, options: {} },
  result(1),
  { type: MESSAGE.REGISTER, request: 1, options: {}, procedure: "com.example" },
  { type: MESSAGE.REGISTERED, request: 1, registration: 1 },
  { type: MESSAGE.UNREGISTER, request: 1, registration: 1 },
  { type: MESSAGE.UNREGISTERED, request: 1 },
  invocation(1),
  { type: MESSAGE.INTERRUPT, request: 1, options: {} },
  { type: MESSAGE.YIELD, request: 1, options: {}, payload: EMPTY },
];

Deno.test("HELLO announces the client's roles, and leaves out what is not said", () => {
  const peer: Peer = new ClientPeer();
  const { details } = peer.hello(HELLO);
  assertEquals(Object.keys(details).sort(), ["agent", "authmethods", "roles"]);
  const said = peer.hello({ ...HELLO, authid: "joe", authrole: "user", authextra: { a: 1 } }).details;
  assertEquals([said.authid, said.authrole, said.authextra], ["joe", "user", { a: 1 }]);
});

Deno.test("Before WELCOME only WELCOME, CHALLENGE and ABORT may come (WAMP, Session Establishment)", () => {
  const allowed: readonly number[] = [MESSAGE.WELCOME, MESSAGE.CHALLENGE, MESSAGE.ABORT];
  for (const message of EVERY_MESSAGE) {
    const peer: Peer = new ClientPeer();
    if (allowed.includes(message.type)) peer.receive(message);
    else assertViolation(peer, message, "unexpected_message");
  }
});

Deno.test("What only a client says, a second WELCOME and a late CHALLENGE are violations (WAMP, Protocol Violations)", () => {
  const forbidden: readonly number[] = [
    ...[MESSAGE.HELLO, MESSAGE.WELCOME, MESSAGE.CHALLENGE, MESSAGE.AUTHENTICATE, MESSAGE.PUBLISH, MESSAGE.SUBSCRIBE],
    ...[MESSAGE.UNSUBSCRIBE, MESSAGE.CALL, MESSAGE.CANCEL, MESSAGE.REGISTER, MESSAGE.UNREGISTER, MESSAGE.YIELD],
  ];
  for (const message of EVERY_MESSAGE) {
    if (forbidden.includes(message.type)) assertViolation(joined(), message, "unexpected_message");
  }
});

Deno.test("A challenge is answered once, and a second one while it is open is a violation", () => {
  const peer: Peer = new ClientPeer();
  assertEquals(peer.authenticate("early", {}), undefined);
  const challenge: Message = { type: MESSAGE.CHALLENGE, authmethod: "ticket", extra: {} };
  assertEquals(peer.receive(challenge)?.kind, "challenge");
  assertViolation(peer, challenge, "unexpected_message");
  assertEquals(peer.authenticate("secret", { a: 1 }), {
    type: MESSAGE.AUTHENTICATE,
    signature: "secret",
    extra: { a: 1 },
  });
  assertEquals(peer.authenticate("again", {}), undefined);
  assertEquals(peer.receive(challenge)?.kind, "challenge");
  peer.receive(WELCOME);
  assertEquals(peer.authenticate("late", {}), undefined);
});

Deno.test("Request ids go up by one from 1, and only those begun are taken (WAMP, IDs)", () => {
  const peer = joined();
  assertEquals(peer.upcoming, 1);
  assertEquals(peer.upcoming, 1);
  assertEquals(begin(peer, MESSAGE.CALL).request, 1);
  peer.takeId();
  assertEquals(begin(peer, MESSAGE.REGISTER).request, 3);
  assertEquals([peer.upcoming, peer.abandon().requests.length], [4, 2]);
});

Deno.test("An answer finds its request, and a second answer is discarded", () => {
  const answers: readonly (readonly [MessageCode, (request: number) => Reply])[] = [
    [MESSAGE.CALL, (request) => result(request)],
    [MESSAGE.PUBLISH, (request) => ({ type: MESSAGE.PUBLISHED, request, publication: 9 })],
    [MESSAGE.SUBSCRIBE, (request) => ({ type: MESSAGE.SUBSCRIBED, request, subscription: 9 })],
    [MESSAGE.UNSUBSCRIBE, (request) => ({ type: MESSAGE.UNSUBSCRIBED, request })],
    [MESSAGE.REGISTER, (request) => ({ type: MESSAGE.REGISTERED, request, registration: 9 })],
    [MESSAGE.UNREGISTER, (request) => ({ type: MESSAGE.UNREGISTERED, request })],
  ];
  const peer = joined();
  for (const [type, answer] of answers) {
    const failure = (request: number): Reply => {
      return { type: MESSAGE.ERROR, requestType: type, request, details: {}, error: "com.example", payload: EMPTY };
    };
    for (const make of [answer, failure]) {
      const request = begin(peer, type);
      const message = make(request.request);
      assertEquals(peer.receive(message), { kind: "reply", request, message });
      assertEquals(peer.receive(message), undefined);
    }
  }
  assertEquals(peer.abandon().requests, []);
});

Deno.test("A progressive result leaves the call open (WAMP, Progressive Call Results)", () => {
  const peer = joined();
  const request = begin(peer, MESSAGE.CALL);
  for (let count = 0; count < 2; count++) assertEquals(peer.receive(result(1, { progress: true }))?.kind, "reply");
  assertEquals(peer.isPending(request), true);
  assertEquals(peer.receive(result(1))?.kind, "reply");
  assertEquals(peer.isPending(request), false);
});

Deno.test("An answer to a request never made, or of another type, is a violation", () => {
  const peer = joined();
  assertViolation(peer, result(1), "invalid_id");
  begin(peer, MESSAGE.REGISTER);
  assertViolation(peer, result(1), "invalid_id");
  assertViolation(peer, result(2), "invalid_id");
  const error: Message = {
    ...{ type: MESSAGE.ERROR, requestType: MESSAGE.CALL, request: 1, details: {}, error: "com.example" },
    payload: EMPTY,
  };
  assertViolation(peer, error, "invalid_id");
});

Deno.test("The answer to a forgotten request is discarded", () => {
  const peer = joined();
  const request = begin(peer, MESSAGE.CALL);
  peer.forget(request);
  assertEquals(peer.receive(result(1)), undefined);
});

Deno.test("UNSUBSCRIBED and UNREGISTERED for request 0 are revocations (WAMP, Registration Revocation)", () => {
  const peer = joined();
  for (const type of [MESSAGE.UNSUBSCRIBED, MESSAGE.UNREGISTERED] as const) {
    const message = { type, request: 0, details: {} };
    assertEquals(peer.receive(message), { kind: "revoked", message });
  }
});

Deno.test("An open invocation takes parts while some are due; its id is not used twice (WAMP, Progressive Call Invocations)", () => {
  const peer = joined();
  const first = invocation(7, { progress: true });
  assertEquals(peer.receive(first), { kind: "invocation", message: first });
  const open: OpenInvocation = { request: 7, expectsParts: true };
  peer.accept(open);
  assertEquals(peer.receive(first), { kind: "part", invocation: open, message: first });
  const last = invocation(7);
  assertEquals(peer.receive(last), { kind: "part", invocation: open, message: last });
  assertEquals(open.expectsParts, false);
  assertViolation(peer, last, "invalid_id");
  peer.finish(open);
  assertEquals(peer.isOpen(open), false);
  assertEquals(peer.receive(last)?.kind, "invocation");
});

Deno.test("Parts behind our answer are discarded, the last of them too (WAMP, Continuations on Completed Calls)", () => {
  const peer = joined();
  const open: OpenInvocation = { request: 7, expectsParts: true };
  peer.accept(open);
  peer.finish(open);
  assertEquals(peer.receive(invocation(7, { progress: true })), undefined);
  assertEquals(peer.receive(invocation(7)), undefined);
  // From then on the id is free.
  assertEquals(peer.receive(invocation(7))?.kind, "invocation");
});

Deno.test("At most 1,024 ids of abandoned invocations are kept, the latest", () => {
  const peer = joined();
  for (let request = 1; request <= 1_025; request++) {
    const open: OpenInvocation = { request, expectsParts: true };
    peer.accept(open);
    peer.finish(open);
  }
  assertEquals(peer.receive(invocation(1))?.kind, "invocation");
  assertEquals(peer.receive(invocation(2)), undefined);
  assertEquals(peer.receive(invocation(1_025)), undefined);
});

Deno.test("INTERRUPT finds an open invocation, and is ignored for another", () => {
  const peer = joined();
  const open: OpenInvocation = { request: 7, expectsParts: false };
  peer.accept(open);
  const message: Interrupt = { type: MESSAGE.INTERRUPT, request: 7, options: {} };
  assertEquals(peer.receive(message), { kind: "interrupt", invocation: open, message });
  peer.finish(open);
  assertEquals(peer.receive(message), undefined);
});

Deno.test("The router's GOODBYE is answered, and ends the session (WAMP, Session Closing)", () => {
  const peer = joined();
  const end = peer.receive({
    type: MESSAGE.GOODBYE,
    details: { message: "bye" },
    reason: "wamp.close.system_shutdown",
  });
  assertEquals(end, {
    kind: "end",
    reason: "wamp.close.system_shutdown",
    message: "bye",
    details: { message: "bye" },
    by: "peer",
    wasClean: true,
    isRefusal: false,
    answer: { type: MESSAGE.GOODBYE, details: {}, reason: "wamp.close.goodbye_and_out" },
  });
  assertEquals(peer.state, "closed");
});

Deno.test("After our GOODBYE everything but GOODBYE and ABORT is ignored (WAMP, Session Closing)", () => {
  for (const message of EVERY_MESSAGE) {
    const peer = joined();
    assertEquals(peer.goodbye("wamp.close.normal", "bye")?.details, { message: "bye" });
    assertEquals([peer.state, peer.goodbye("wamp.close.normal")], ["closing", undefined]);
    const effect = peer.receive(message);
    if (message.type === MESSAGE.GOODBYE) assertEquals(effect?.kind === "end" && effect.by === "us", true);
    else if (message.type === MESSAGE.ABORT) assertEquals(effect?.kind === "end" && !effect.wasClean, true);
    else assertEquals([effect, peer.state], [undefined, "closing"]);
  }
});

Deno.test("ABORT ends the session; before WELCOME it is a refusal (WAMP, ABORT)", () => {
  const abort: Message = {
    ...{ type: MESSAGE.ABORT, details: { message: "No" }, reason: "wamp.error.no_such_realm" },
    payload: EMPTY,
  };
  for (const [peer, isRefusal] of [[new ClientPeer() as Peer, true], [joined(), false]] as const) {
    const end = peer.receive(abort);
    assertEquals(end?.kind === "end" ? [end.reason, end.message, end.isRefusal, end.wasClean] : [], [
      ...["wamp.error.no_such_realm", "No", isRefusal, false],
    ]);
  }
});

Deno.test("A closed session ignores everything and says nothing more", () => {
  const peer = joined();
  assertEquals(peer.abort("wamp.error.protocol_violation", "why")?.details, { message: "why" });
  for (const message of EVERY_MESSAGE) assertEquals(peer.receive(message), undefined);
  assertEquals([peer.abort("again", ""), peer.goodbye("again")], [undefined, undefined]);
});

Deno.test("What waits when the session ends is given out once", () => {
  const peer = joined();
  const request = begin(peer, MESSAGE.CALL);
  const open: OpenInvocation = { request: 7, expectsParts: true };
  peer.accept(open);
  peer.lose();
  assertEquals(peer.state, "closed");
  assertEquals(peer.abandon(), { requests: [request], invocations: [open] });
  assertEquals(peer.abandon(), { requests: [], invocations: [] });
});
