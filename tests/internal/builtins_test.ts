import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { channel } from "node:diagnostics_channel";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { inflateRawSync } from "node:zlib";
import { builtin } from "../../internal/builtins.ts";
import { assertEquals, assertStrictEquals } from "../std.ts";

/** Runs `body` with another `getBuiltinModule` in place of the runtime's. */
function withBuiltins(replacement: unknown, body: () => void): void {
  const host = (globalThis as { process?: object }).process ?? {};
  const original = Object.getOwnPropertyDescriptor(host, "getBuiltinModule");
  Object.defineProperty(host, "getBuiltinModule", { value: replacement, configurable: true, writable: true });
  try {
    body();
  } finally {
    if (original === undefined) Reflect.deleteProperty(host, "getBuiltinModule");
    else Object.defineProperty(host, "getBuiltinModule", original);
  }
}

Deno.test("builtin gives every module that its type names", () => {
  assertStrictEquals(builtin("node:buffer")?.Buffer, Buffer);
  assertStrictEquals(builtin("node:crypto")?.createHash, createHash);
  assertStrictEquals(builtin("node:diagnostics_channel")?.channel, channel);
  assertStrictEquals(builtin("node:net")?.connect, connect);
  assertStrictEquals(builtin("node:stream")?.Duplex, Duplex);
  assertStrictEquals(builtin("node:tls")?.TLSSocket, TLSSocket);
  assertStrictEquals(builtin("node:zlib")?.inflateRawSync, inflateRawSync);
});

Deno.test("builtin gives undefined where the runtime cannot give built-in modules", () => {
  withBuiltins(undefined, () => assertEquals(builtin("node:zlib"), undefined));
});

Deno.test("builtin gives undefined where the runtime has no such module", () => {
  withBuiltins(() => null, () => assertEquals(builtin("node:tls"), undefined));
});
