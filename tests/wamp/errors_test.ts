import {
  ApplicationError,
  JoinError,
  SerializationError,
  SessionClosedError,
  TransportLostError,
  WampProtocolError,
} from "../../wamp/errors.ts";
import { assert, assertEquals } from "../std.ts";

const cause = new Error("cause");

Deno.test("ApplicationError has what an ERROR message has, and a message from its first argument", () => {
  const error = new ApplicationError("com.example.error", ["Too old", 130], { field: "age" }, {
    cause,
    details: { x: 1 },
  });
  assertEquals([error.name, error.code, error.uri], ["ApplicationError", "application_error", "com.example.error"]);
  assertEquals([error.args, error.kwargs, error.details], [["Too old", 130], { field: "age" }, { x: 1 }]);
  assertEquals(error.message, "com.example.error: Too old");
  assert(error.cause === cause && error instanceof Error);
});

Deno.test("ApplicationError without arguments has empty ones and its URI as message", () => {
  for (const error of [new ApplicationError("a.b"), new ApplicationError("a.b", [1])]) {
    assertEquals(error.message, "a.b");
    assertEquals([error.kwargs, error.details, error.cause], [{}, {}, undefined]);
  }
  assertEquals(new ApplicationError("a.b").args, []);
});

Deno.test("WampProtocolError is answered as a protocol violation unless it says otherwise", () => {
  const error = new WampProtocolError("invalid_id", "Unknown id 5", { cause });
  assertEquals([error.name, error.code, error.message], ["WampProtocolError", "invalid_id", "Unknown id 5"]);
  assertEquals(error.reason, "wamp.error.protocol_violation");
  assert(error.cause === cause);
  const other = new WampProtocolError("limit_exceeded", "Too long", { reason: "wamp.error.payload_size_exceeded" });
  assertEquals(other.reason, "wamp.error.payload_size_exceeded");
});

Deno.test("SerializationError is a TypeError: the caller's value was wrong", () => {
  const error = new SerializationError("Cannot write a function", { cause });
  assert(error instanceof TypeError && error.cause === cause);
  assertEquals([error.name, error.code], ["SerializationError", "not_serializable"]);
});

Deno.test("JoinError has the router's reason and its message", () => {
  const error = new JoinError("wamp.error.no_such_realm", { message: "No realm x", extra: 1 }, { cause });
  assertEquals([error.name, error.code], ["JoinError", "join_refused"]);
  assertEquals(error.message, "Cannot join: wamp.error.no_such_realm: No realm x");
  assertEquals([error.reason, error.details], ["wamp.error.no_such_realm", { message: "No realm x", extra: 1 }]);
  assert(error.cause === cause);
  const bare = new JoinError("a.b", { message: 5 });
  assertEquals(bare.message, "Cannot join: a.b");
  assertEquals(new JoinError("a.b").details, {});
});

Deno.test("SessionClosedError has the reason of the end", () => {
  const error = new SessionClosedError("wamp.close.normal", "Cannot call: the session is closed", { cause });
  assertEquals([error.name, error.code, error.reason], ["SessionClosedError", "session_closed", "wamp.close.normal"]);
  assertEquals(error.message, "Cannot call: the session is closed");
  assert(error.cause === cause);
});

Deno.test("TransportLostError says whether the request may have been executed", () => {
  for (const maybeExecuted of [true, false]) {
    const error = new TransportLostError("Lost while calling", maybeExecuted, { cause });
    assertEquals([error.name, error.code], ["TransportLostError", "transport_lost"]);
    assertEquals([error.message, error.maybeExecuted], ["Lost while calling", maybeExecuted]);
    assert(error.cause === cause);
  }
});
