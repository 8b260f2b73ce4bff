/**
 * Messages as Autobahn|Python takes them, which knows fewer and stricter options than a router has to accept: one of
 * each type at least, with each of their options.
 *
 * @module
 */

import { MESSAGE, type Message } from "../../../wamp/messages.ts";
import { Payload } from "../../../wamp/payload.ts";

const CLIENT_ROLES = {
  publisher: { features: { publisher_identification: true, subscriber_blackwhite_listing: true } },
  subscriber: { features: { pattern_based_subscription: true, publisher_identification: true } },
  caller: { features: { progressive_call_results: true, call_canceling: true } },
  callee: { features: { shared_registration: true, pattern_based_registration: true } },
};
const ROUTER_ROLES = {
  broker: { features: { pattern_based_subscription: true, publisher_exclusion: true } },
  dealer: { features: { call_canceling: true, progressive_call_results: true } },
};
const NONE = Payload.EMPTY;

/** The messages, with payloads of `payloads` in turn. */
export function* plainMessages(payloads: Iterator<Payload>): Generator<Message> {
  const next = (): Payload => payloads.next().value ?? NONE;
  yield { type: MESSAGE.HELLO, realm: "realm1", details: { roles: CLIENT_ROLES } };
  yield {
    type: MESSAGE.HELLO,
    realm: "com.example.realm",
    details: {
      roles: CLIENT_ROLES,
      authmethods: ["anonymous", "ticket"],
      authid: "joe",
      authrole: "user",
      authextra: { a: [1, "two", null, 3.5] },
      resumable: true,
    },
  };
  yield { type: MESSAGE.WELCOME, session: 2 ** 53, details: { roles: ROUTER_ROLES } };
  yield {
    type: MESSAGE.WELCOME,
    session: 1,
    details: {
      roles: ROUTER_ROLES,
      realm: "realm1",
      authid: "jürgen",
      authrole: "user",
      authmethod: "ticket",
      authprovider: "static",
      authextra: { x: 1 },
    },
  };
  yield { type: MESSAGE.ABORT, details: {}, reason: "wamp.error.no_such_realm", payload: NONE };
  yield { type: MESSAGE.ABORT, details: { message: "Not today" }, reason: "wamp.error.no_such_realm", payload: NONE };
  yield {
    type: MESSAGE.CHALLENGE,
    authmethod: "wampcra",
    extra: { challenge: '{"a":1}', salt: "s", iterations: 1000 },
  };
  yield { type: MESSAGE.AUTHENTICATE, signature: "gir1mSx+deCDUV7wRM5SGIn/+R/ClqLZuH4m7FJeBVI=", extra: {} };
  yield { type: MESSAGE.GOODBYE, details: {}, reason: "wamp.close.goodbye_and_out" };
  yield { type: MESSAGE.GOODBYE, details: { message: "Bye — au revoir" }, reason: "wamp.close.normal" };
  for (const requestType of [MESSAGE.SUBSCRIBE, MESSAGE.PUBLISH, MESSAGE.REGISTER, MESSAGE.CALL, MESSAGE.INVOCATION]) {
    yield {
      type: MESSAGE.ERROR,
      requestType,
      request: 70_000,
      details: {},
      error: "com.example.error",
      payload: next(),
    };
  }
  yield { type: MESSAGE.PUBLISH, request: 1, options: {}, topic: "com.example.topic", payload: next() };
  yield { type: MESSAGE.PUBLISH, request: 255, options: { acknowledge: true }, topic: "a.b", payload: next() };
  yield {
    type: MESSAGE.PUBLISH,
    request: 256,
    options: {
      acknowledge: true,
      exclude_me: false,
      exclude: [1, 2 ** 40],
      exclude_authid: ["a"],
      exclude_authrole: ["b"],
      eligible: [3],
      eligible_authid: ["c"],
      eligible_authrole: ["d"],
      retain: true,
    },
    topic: "com.example.topic",
    payload: next(),
  };
  yield { type: MESSAGE.PUBLISHED, request: 65_535, publication: 2 ** 52 + 1 };
  yield { type: MESSAGE.SUBSCRIBE, request: 65_536, options: {}, topic: "com.example.topic" };
  yield { type: MESSAGE.SUBSCRIBE, request: 2, options: { match: "prefix" }, topic: "com.example" };
  yield {
    type: MESSAGE.SUBSCRIBE,
    request: 3,
    options: { match: "wildcard", get_retained: true },
    topic: "com..topic",
  };
  yield { type: MESSAGE.SUBSCRIBED, request: 3, subscription: 2 ** 32 };
  yield { type: MESSAGE.UNSUBSCRIBE, request: 4, subscription: 2 ** 32 - 1 };
  yield { type: MESSAGE.UNSUBSCRIBED, request: 4 };
  yield { type: MESSAGE.UNSUBSCRIBED, request: 0, details: { subscription: 7, reason: "wamp.subscription.revoked" } };
  yield { type: MESSAGE.EVENT, subscription: 1, publication: 2, details: {}, payload: next() };
  yield {
    type: MESSAGE.EVENT,
    subscription: 1,
    publication: 2 ** 53 - 1,
    details: {
      topic: "com.example.topic",
      publisher: 23,
      publisher_authid: "joe",
      publisher_authrole: "user",
      retained: true,
    },
    payload: next(),
  };
  yield { type: MESSAGE.CALL, request: 24, options: {}, procedure: "com.example.add", payload: next() };
  yield {
    type: MESSAGE.CALL,
    request: 25,
    options: { timeout: 5_000, receive_progress: true },
    procedure: "com.example.add",
    payload: next(),
  };
  yield { type: MESSAGE.CANCEL, request: 25, options: {} };
  for (const mode of ["skip", "kill", "killnowait"] as const) {
    yield { type: MESSAGE.CANCEL, request: 25, options: { mode } };
  }
  yield { type: MESSAGE.RESULT, request: 25, details: {}, payload: next() };
  yield { type: MESSAGE.RESULT, request: 25, details: { progress: true }, payload: next() };
  yield { type: MESSAGE.REGISTER, request: 26, options: {}, procedure: "com.example.add" };
  for (const invoke of ["first", "last", "random", "roundrobin"] as const) {
    yield {
      type: MESSAGE.REGISTER,
      request: 27,
      options: { match: "prefix", invoke, concurrency: 10, force_reregister: true },
      procedure: "com.example",
    };
  }
  yield { type: MESSAGE.REGISTERED, request: 27, registration: 300 };
  yield { type: MESSAGE.UNREGISTER, request: 28, registration: 300 };
  yield { type: MESSAGE.UNREGISTERED, request: 28 };
  yield { type: MESSAGE.UNREGISTERED, request: 0, details: { registration: 5, reason: "wamp.registration.revoked" } };
  yield { type: MESSAGE.INVOCATION, request: 1, registration: 300, details: {}, payload: next() };
  yield {
    type: MESSAGE.INVOCATION,
    request: 2,
    registration: 300,
    details: {
      procedure: "com.example.add",
      caller: 2 ** 50,
      caller_authid: "joe",
      caller_authrole: "user",
      timeout: 100,
      receive_progress: true,
    },
    payload: next(),
  };
  yield { type: MESSAGE.INTERRUPT, request: 2, options: { mode: "kill" } };
  yield { type: MESSAGE.INTERRUPT, request: 2, options: { mode: "killnowait", reason: "wamp.error.canceled" } };
  yield { type: MESSAGE.YIELD, request: 2, options: {}, payload: next() };
  yield { type: MESSAGE.YIELD, request: 2, options: { progress: true }, payload: next() };
}
