import { encodeClientFrame, firstByteOf, FrameRing, headerLength } from "../../bench/load/frames.ts";
import { assertEquals, assertThrows } from "../std.ts";

Deno.test("firstByteOf sets FIN, RSV1 for compression, and the opcode (RFC 6455 §5.2)", () => {
  assertEquals(firstByteOf(false, false), 0x82);
  assertEquals(firstByteOf(true, false), 0x81);
  assertEquals(firstByteOf(true, true), 0xc1);
});

Deno.test("encodeClientFrame gives the masked text frame of RFC 6455 §5.7", () => {
  const frame = encodeClientFrame(0x81, new TextEncoder().encode("Hello"), 0x37fa213d);
  assertEquals(frame, Uint8Array.of(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58));
});

Deno.test("encodeClientFrame writes each length in its shortest form (RFC 6455 §5.2)", () => {
  const headOf = (
    length: number,
    count: number,
  ) => [...encodeClientFrame(0x82, new Uint8Array(length), 0).subarray(0, count)];
  assertEquals(headOf(0, 2), [0x82, 0x80]);
  assertEquals(headOf(125, 2), [0x82, 0xfd]);
  assertEquals(headOf(126, 4), [0x82, 0xfe, 0, 126]);
  assertEquals(headOf(0xffff, 4), [0x82, 0xfe, 0xff, 0xff]);
  assertEquals(headOf(0x10000, 10), [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]);
});

Deno.test("headerLength matches what encodeClientFrame writes beside the masking key", () => {
  for (const length of [0, 125, 126, 0xffff, 0x10000]) {
    assertEquals(encodeClientFrame(0x82, new Uint8Array(length), 0).length, headerLength(length) + 4 + length);
  }
});

Deno.test("FrameRing gives any run of frames as one view, past its end too", () => {
  const ring = new FrameRing([Uint8Array.of(1), Uint8Array.of(2, 2), Uint8Array.of(3)]);
  assertEquals([...ring.run(0, 3)], [1, 2, 2, 3]);
  assertEquals([...ring.run(2, 2)], [3, 1]);
  assertEquals([...ring.run(1, 3)], [2, 2, 3, 1]);
  assertEquals([...ring.run(1, 0)], []);
});

Deno.test("FrameRing refuses no frames, and a run longer than itself", () => {
  assertThrows(() => new FrameRing([]), RangeError, "at least 1");
  assertThrows(() => new FrameRing([Uint8Array.of(1)]).run(0, 2), RangeError, "at most 1, received 2");
});
