import { assert, assertEquals, assertStrictEquals, assertThrows } from "../../std.ts";
import { cuttings } from "../../cuts.ts";
import { BufferPool } from "../../../internal/buffer_pool.ts";
import { WampProtocolError } from "../../../wamp/errors.ts";
import {
  announcedLength,
  decodeHandshake,
  encodeFrame,
  encodeHandshake,
  encodeRefusal,
  FRAME,
  FrameReader,
  REFUSAL,
  refusalText,
  writePrefix,
} from "../../../wamp/transports/rawsocket_frame.ts";

const CLAUSE = "(WAMP, RawSocket Transport)";

/** Everything that a reader makes of some chunks; each chunk is spoiled once it was read out. */
function readAll(reader: FrameReader, chunks: Iterable<Uint8Array>): [number, string][] {
  const frames: [number, string][] = [];
  for (const chunk of chunks) {
    reader.receive(chunk);
    for (let payload = reader.next(); payload !== undefined; payload = reader.next()) {
      frames.push([reader.type, new TextDecoder().decode(payload)]);
    }
    chunk.fill(0xaa);
  }
  return frames;
}

function frame(type: number, text: string): Uint8Array {
  const bytes = encodeFrame(new TextEncoder().encode(text));
  bytes[0] = type;
  return bytes;
}

Deno.test(`handshake octets are as specified ${CLAUSE}`, () => {
  assertEquals(encodeHandshake(1 << 24, 1), Uint8Array.of(0x7f, 0xf1, 0, 0));
  assertEquals(encodeHandshake(512, 3), Uint8Array.of(0x7f, 0x03, 0, 0));
  assertEquals(encodeRefusal(REFUSAL.SERIALIZER), Uint8Array.of(0x7f, 0x10, 0, 0));
  assertEquals(encodeRefusal(REFUSAL.CONNECTION_COUNT), Uint8Array.of(0x7f, 0x40, 0, 0));
  assertEquals(decodeHandshake(Uint8Array.of(0x7f, 0xf2, 0, 0)), {
    maxLength: 1 << 24,
    serializer: 2,
    refusal: 0,
    isPlain: true,
  });
  assertEquals(decodeHandshake(Uint8Array.of(0x7f, 0x20, 0, 1))?.refusal, REFUSAL.LENGTH);
  assertEquals(decodeHandshake(Uint8Array.of(0x7f, 0x20, 0, 1))?.isPlain, false);
  assertEquals(decodeHandshake(Uint8Array.of(0x7e, 0xf2, 0, 0)), undefined);
  assertEquals(decodeHandshake(Uint8Array.of(0x7f, 0xf2, 0)), undefined);
});

Deno.test(`announcedLength is the largest power of two within the limit ${CLAUSE}`, () => {
  assertEquals([512, 513, 1023, 1024, 16 << 20, 1 << 30].map(announcedLength), [
    512,
    512,
    512,
    1024,
    1 << 24,
    1 << 24,
  ]);
  assertThrows(() => announcedLength(511), RangeError, "received 511");
  assertThrows(() => announcedLength(NaN), RangeError);
});

Deno.test("refusalText names each error of the specification, and others by number", () => {
  assertEquals(refusalText(2), "maximum message length unacceptable");
  assertEquals(refusalText(7), "error 7");
});

Deno.test(`a prefix has 24 bits of length, and a 25th for 2^24 alone ${CLAUSE}`, () => {
  const buffer = new Uint8Array(5);
  writePrefix(buffer, 1, FRAME.PING, 0x01_02_03);
  assertEquals(buffer, Uint8Array.of(0, 1, 1, 2, 3));
  writePrefix(buffer, 1, FRAME.MESSAGE, (1 << 24) - 1);
  assertEquals(buffer, Uint8Array.of(0, 0, 0xff, 0xff, 0xff));
  writePrefix(buffer, 1, FRAME.MESSAGE, 1 << 24);
  assertEquals(buffer, Uint8Array.of(0, 8, 0, 0, 0));
});

Deno.test("FrameReader gives the same frames at every cut", () => {
  const expected: [number, string][] = [
    [FRAME.MESSAGE, ""],
    [FRAME.MESSAGE, "one"],
    [FRAME.PING, "ping"],
    [FRAME.PONG, ""],
    [FRAME.MESSAGE, "x".repeat(3_000)],
    [FRAME.MESSAGE, "y".repeat(70_000)],
    [FRAME.MESSAGE, "end"],
  ];
  const bytes = new Uint8Array(expected.flatMap(([type, text]) => [...frame(type, text)]));
  for (const chunks of cuttings(bytes)) {
    const reader = new FrameReader(new BufferPool(), 1 << 24);
    assertEquals(readAll(reader, chunks), expected);
    assertEquals(reader.isWithinFrame, false);
  }
});

Deno.test("FrameReader gives a frame that arrived whole as a view of the chunk", () => {
  const reader = new FrameReader(new BufferPool(), 1 << 24);
  const chunk = frame(0, "whole");
  reader.receive(chunk);
  assertStrictEquals(reader.next()?.buffer, chunk.buffer);
});

Deno.test("FrameReader knows whether it stands within a frame", () => {
  const reader = new FrameReader(new BufferPool(), 1 << 24);
  const bytes = frame(0, "ab");
  for (let end = 0; end <= bytes.length; end++) {
    if (end > 0) reader.receive(bytes.subarray(end - 1, end));
    const isWhole = reader.next() !== undefined;
    assertEquals([reader.isWithinFrame, isWhole], [end > 0 && end < bytes.length, end === bytes.length]);
  }
});

Deno.test("FrameReader holds what arrived, not what was declared, and gives its buffers back", () => {
  const pool = new BufferPool();
  const taken: number[] = [];
  const take = pool.take.bind(pool);
  pool.take = (size) => {
    const buffer = take(size);
    taken.push(buffer.length);
    return buffer;
  };
  const reader = new FrameReader(pool, 1 << 24);
  reader.receive(Uint8Array.of(0, 0xff, 0xff, 0xff, 1, 2, 3));
  assertEquals(reader.next(), undefined);
  assert(taken.every((size) => size <= 512), `took ${taken}`);
  reader.drop();
  assertEquals(pool.held, 512);
  const other = new FrameReader(pool, 1 << 24);
  const long = frame(0, "z".repeat(5_000));
  other.receive(long.subarray(0, 1_000));
  assertEquals(other.next(), undefined);
  other.receive(long.subarray(1_000));
  assertEquals(other.next()?.length, 5_000);
  assertEquals(other.next(), undefined);
  assert(pool.held >= 8_192);
});

Deno.test(`FrameReader takes 2^24 bytes by the 25th bit ${CLAUSE}`, () => {
  const reader = new FrameReader(new BufferPool(), 1 << 24);
  reader.receive(Uint8Array.of(8, 0, 0, 0));
  assertEquals(reader.next(), undefined);
  reader.receive(new Uint8Array(1 << 24));
  assertEquals(reader.next()?.length, 1 << 24);
});

for (
  const [what, octets, code] of [
    ["reserved bits", [0x10, 0, 0, 1], "invalid_encoding"],
    ["a reserved type", [3, 0, 0, 1], "invalid_encoding"],
    ["the 25th bit beside others", [8, 0, 0, 1], "invalid_encoding"],
    ["a length over the one negotiated", [0, 0, 4, 1], "limit_exceeded"],
    ["a PING over the one negotiated", [1, 0, 4, 1], "limit_exceeded"],
    ["the 25th bit over the one negotiated", [8, 0, 0, 0], "limit_exceeded"],
  ] as const
) {
  Deno.test(`FrameReader refuses ${what} ${CLAUSE}`, () => {
    for (const chunks of cuttings(Uint8Array.from(octets))) {
      const reader = new FrameReader(new BufferPool(), 1024);
      const error = assertThrows(() => readAll(reader, chunks), WampProtocolError);
      assertEquals(error.code, code);
    }
  });
}
