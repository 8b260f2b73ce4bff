import { inflateRawSync } from "node:zlib";
import { SharedMessage } from "../../websocket/broadcast.ts";
import { assert, assertEquals, assertStrictEquals } from "../std.ts";
import { hex, joined, parseFrames, utf8 } from "./frames.ts";

const OPTIONS = { level: 6, memLevel: 8 };

Deno.test("SharedMessage encodes an unmasked frame once (RFC 6455 §5.1)", () => {
  const message = new SharedMessage(utf8("Hello"), true);
  assertEquals(message.plain.frame, hex("81 05 48 65 6c 6c 6f"));
  assertStrictEquals(message.plain, message.plain);
  assertEquals(new SharedMessage(Uint8Array.of(1), false).plain.frame, hex("82 01 01"));
});

Deno.test("SharedMessage compresses once for each window size, with RSV1 set (RFC 7692 §7.2.1)", () => {
  const payload = utf8("Hello ".repeat(100));
  const message = new SharedMessage(payload, true);
  const small = message.deflated(9, OPTIONS);
  assertStrictEquals(message.deflated(9, OPTIONS), small);
  assert(message.deflated(15, OPTIONS) !== small);
  const [frame] = parseFrames(small.frame);
  assertEquals([frame!.first, small.first], [0xc1, 0xc1]);
  assertEquals(frame!.payload, small.payload.slice());
  const inflated = inflateRawSync(joined(small.payload, hex("00 00 ff ff 03 00")));
  assertEquals(new Uint8Array(inflated), payload);
});

Deno.test("SharedMessage goes as it is where compression would make it longer", () => {
  const message = new SharedMessage(Uint8Array.from({ length: 64 }, (_, index) => index * 37), false);
  assertStrictEquals(message.deflated(15, OPTIONS), message.plain);
});
