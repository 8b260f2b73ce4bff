import { mask } from "../../websocket/mask.ts";
import { seededRandom } from "../cuts.ts";
import { assertEquals } from "../std.ts";

const MASKING_KEY = 0x37fa213d;
const KEY_BYTES = [0x37, 0xfa, 0x21, 0x3d] as const;

/** The transformation as RFC 6455 §5.3 writes it: octet i is XORed with octet (i modulo 4) of the key. */
function maskedByDefinition(payload: Uint8Array, key: readonly number[], offset: number): Uint8Array {
  return payload.map((byte, index) => byte ^ key[(index + offset) % 4]!);
}

function randomBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** Masks `length` bytes in the middle of a larger view and checks the neighbours too. */
function assertMasks(length: number, byteOffset: number, start: number, offset: number): void {
  const margin = 17;
  const original = randomBytes(byteOffset + start + length + margin, length + 1);
  const buffer = original.slice().buffer;
  mask(new Uint8Array(buffer, byteOffset), start, start + length, MASKING_KEY, offset);
  const first = byteOffset + start;
  const expected = original.slice();
  expected.set(maskedByDefinition(original.subarray(first, first + length), KEY_BYTES, offset), first);
  const where = `length ${length}, byteOffset ${byteOffset}, start ${start}, offset ${offset}`;
  assertEquals(new Uint8Array(buffer), expected, where);
}

Deno.test("mask gives the masked Hello of RFC 6455 §5.7", () => {
  const bytes = new TextEncoder().encode("Hello");
  mask(bytes, 0, bytes.length, MASKING_KEY, 0);
  assertEquals(bytes, Uint8Array.of(0x7f, 0x9f, 0x4d, 0x51, 0x58));
});

Deno.test("mask follows RFC 6455 §5.3 for every length from 0 to 300", () => {
  for (let length = 0; length <= 300; length++) assertMasks(length, 0, 0, 0);
});

for (const length of [0, 1, 3, 7, 8, 9, 16, 95, 96, 97, 103, 104, 128, 1000, 4099]) {
  Deno.test(`mask of ${length} B follows RFC 6455 §5.3 at every alignment and key offset`, () => {
    for (let byteOffset = 0; byteOffset < 8; byteOffset++) {
      for (let start = 0; start < 8; start++) {
        for (let offset = 0; offset < 4; offset++) assertMasks(length, byteOffset, start, offset);
      }
    }
  });
}

Deno.test("mask takes every key as unsigned, also with its top bit set", () => {
  const keys: readonly (readonly [number, readonly number[]])[] = [
    [0x00000000, [0, 0, 0, 0]],
    [0xffffffff, [0xff, 0xff, 0xff, 0xff]],
    [0x80000001, [0x80, 0, 0, 1]],
    [0xfedcba98, [0xfe, 0xdc, 0xba, 0x98]],
    // The same key as a signed integer, as bit operations leave it.
    [0xfedcba98 | 0, [0xfe, 0xdc, 0xba, 0x98]],
  ];
  for (const length of [5, 200]) {
    for (const [key, keyBytes] of keys) {
      const original = randomBytes(length, 7);
      const bytes = original.slice();
      mask(bytes, 0, length, key, 0);
      assertEquals(bytes, maskedByDefinition(original, keyBytes, 0), `key ${key}, length ${length}`);
    }
  }
});

Deno.test("mask in pieces at any cut equals mask of the whole, with offsets beyond 2^32", () => {
  const original = randomBytes(700, 3);
  const base = 2 ** 33 + 1;
  const expected = maskedByDefinition(original, KEY_BYTES, base);
  for (const seed of [1, 2, 3, 4, 5]) {
    const random = seededRandom(seed);
    const bytes = original.slice();
    for (let start = 0; start < bytes.length;) {
      const end = Math.min(bytes.length, start + 1 + Math.floor(random() * 250));
      mask(bytes, start, end, MASKING_KEY, base + start);
      start = end;
    }
    assertEquals(bytes, expected, `seed ${seed}`);
  }
});

Deno.test("mask twice gives the payload back", () => {
  const original = randomBytes(1025, 11);
  const bytes = original.slice();
  mask(bytes, 0, bytes.length, MASKING_KEY, 2);
  mask(bytes, 0, bytes.length, MASKING_KEY, 2);
  assertEquals(bytes, original);
});

Deno.test("mask works in a SharedArrayBuffer's view", () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(200), 3, 150);
  mask(bytes, 1, 149, MASKING_KEY, 0);
  assertEquals(bytes.slice(1, 149), maskedByDefinition(new Uint8Array(148), KEY_BYTES, 0));
  assertEquals([bytes[0], bytes[149]], [0, 0]);
});
