import {
  encodeUnmaskedFrame,
  frameHeaderLength,
  headerLengthFrom,
  INVALID_LENGTH,
  readPayloadLength,
  readUint32,
  writeFrameHeader,
} from "../../websocket/frame.ts";
import { assertEquals } from "../std.ts";
import { hex, joined } from "./frames.ts";

const LENGTHS: readonly (readonly [number, string])[] = [
  [0, "00"],
  [1, "01"],
  [125, "7d"],
  [126, "7e 00 7e"],
  [127, "7e 00 7f"],
  [65535, "7e ff ff"],
  [65536, "7f 00 00 00 00 00 01 00 00"],
  [0x8000_0000, "7f 00 00 00 00 80 00 00 00"],
  [0xffff_ffff, "7f 00 00 00 00 ff ff ff ff"],
  [0x1_0000_0000, "7f 00 00 00 01 00 00 00 00"],
  [Number.MAX_SAFE_INTEGER, "7f 00 1f ff ff ff ff ff ff"],
];

Deno.test("writeFrameHeader takes the shortest length form (RFC 6455 §5.2)", () => {
  for (const [length, expected] of LENGTHS) {
    const out = new Uint8Array(20).fill(0x55);
    const end = writeFrameHeader(out, 3, 0x82, length, -1);
    assertEquals(out.subarray(3, end), joined(hex("82"), hex(expected)));
    assertEquals(end - 3, frameHeaderLength(length, false));
    assertEquals([out[2], out[end]], [0x55, 0x55], "bytes around the header are not touched");
  }
});

Deno.test("writeFrameHeader puts the mask bit and the masking key behind the length (RFC 6455 §5.3)", () => {
  for (const [length, expected] of LENGTHS) {
    const out = new Uint8Array(20);
    const end = writeFrameHeader(out, 0, 0x81, length, 0xf1020304);
    const form = hex(expected);
    form[0]! |= 0x80;
    assertEquals(out.subarray(0, end), joined(hex("81"), form, hex("f1 02 03 04")));
    assertEquals(end, frameHeaderLength(length, true));
  }
});

Deno.test("writeFrameHeader masks with the key 00000000 too: it is a key like any other (RFC 6455 §5.3)", () => {
  const out = new Uint8Array(6);
  assertEquals(writeFrameHeader(out, 0, 0x81, 1, 0), 6);
  assertEquals(out, hex("81 81 00 00 00 00"));
});

Deno.test("readPayloadLength reads what writeFrameHeader writes", () => {
  for (const [length, form] of LENGTHS) {
    const bytes = joined(hex("ee 82"), hex(form));
    assertEquals(readPayloadLength(bytes, 1), length);
    assertEquals(headerLengthFrom(bytes[2]!), bytes.length - 1);
    assertEquals(headerLengthFrom(bytes[2]! | 0x80), bytes.length + 3);
  }
});

Deno.test("readPayloadLength refuses a length that is not in its shortest form (RFC 6455 §5.2)", () => {
  for (const form of ["7e 00 00", "7e 00 7d", "7f 00 00 00 00 00 00 00 00", "7f 00 00 00 00 00 00 ff ff"]) {
    assertEquals(readPayloadLength(joined(hex("82"), hex(form)), 0), INVALID_LENGTH, form);
  }
});

Deno.test("readPayloadLength refuses a 64-bit length with its top bit set (RFC 6455 §5.2)", () => {
  for (const form of ["7f 80 00 00 00 00 00 00 00", "7f ff ff ff ff ff ff ff ff"]) {
    assertEquals(readPayloadLength(joined(hex("82"), hex(form)), 0), INVALID_LENGTH, form);
  }
});

Deno.test("readPayloadLength answers infinity from 2^53 on, where numbers are no longer exact", () => {
  assertEquals(readPayloadLength(hex("82 7f 00 20 00 00 00 00 00 00"), 0), Infinity);
  assertEquals(readPayloadLength(hex("82 7f 7f ff ff ff ff ff ff ff"), 0), Infinity);
});

Deno.test("readUint32 is unsigned and takes the first byte as the highest", () => {
  assertEquals(readUint32(hex("00 ff 02 03 04"), 1), 0xff020304);
});

Deno.test("encodeUnmaskedFrame gives the unmasked Hello of RFC 6455 §5.7", () => {
  assertEquals(encodeUnmaskedFrame(0x81, new TextEncoder().encode("Hello")), hex("81 05 48 65 6c 6c 6f"));
});
