import { ConnectionClosedError, HandshakeError, ProtocolError, SendBufferError } from "../../websocket/errors.ts";
import { assertEquals, assertInstanceOf, assertStrictEquals } from "../std.ts";

Deno.test("ProtocolError carries its name, stable code, close status and cause", () => {
  const cause = new Error("why");
  const error = new ProtocolError("invalid_deflate", 1007, "text", { cause });
  assertEquals([error.name, error.code, error.closeCode, error.message], [
    "ProtocolError",
    "invalid_deflate",
    1007,
    "text",
  ]);
  assertStrictEquals(error.cause, cause);
  assertInstanceOf(error, Error);
});

Deno.test("HandshakeError carries what the server answered, and empty values where nothing came", () => {
  const cause = new Error("why");
  const headers = new Headers({ "x-id": "1" });
  const error = new HandshakeError("unexpected_status", "text", { status: 401, headers, body: "no", cause });
  assertEquals([error.name, error.code, error.status, error.body], ["HandshakeError", "unexpected_status", 401, "no"]);
  assertStrictEquals(error.headers.get("x-id"), "1");
  assertStrictEquals(error.cause, cause);
  const silent = new HandshakeError("timeout", "text");
  assertEquals([silent.status, silent.body, [...silent.headers], "cause" in silent], [0, "", [], false]);
});

Deno.test("ConnectionClosedError gives the connection's error as its cause unless told another", () => {
  const lost = new Error("reset");
  const info = { code: 1006, reason: "", wasClean: false, error: lost };
  assertStrictEquals(new ConnectionClosedError("text", info).cause, lost);
  assertStrictEquals(new ConnectionClosedError("text", info).info, info);
  const other = new Error("other");
  assertStrictEquals(new ConnectionClosedError("text", info, { cause: other }).cause, other);
  const early = new ConnectionClosedError("text");
  assertEquals([early.name, early.code, early.info, "cause" in early], [
    "ConnectionClosedError",
    "connection_closed",
    undefined,
    false,
  ]);
});

Deno.test("SendBufferError is a RangeError with a stable code", () => {
  const error = new SendBufferError("text");
  assertInstanceOf(error, RangeError);
  assertEquals([error.name, error.code], ["SendBufferError", "send_buffer_full"]);
});
