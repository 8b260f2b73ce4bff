import { countBytes, decodeUtf8, isValidUtf8, utf8Length, Utf8Validator } from "../../internal/utf8.ts";
import { cuttings, seededRandom } from "../cuts.ts";
import { assert, assertEquals } from "../std.ts";

const encoder = new TextEncoder();

/** The bytes at the edges of every range in RFC 3629 §4. */
const EDGES = [
  ...[0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef],
  ...[0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xfb, 0xfc, 0xfd, 0xfe, 0xff],
];

/** Characters at the edges of every length, the mark, and U+FFFD itself. */
const TEXTS = [
  "",
  "a",
  "Hello, world",
  "\u0000\u007f\u0080\u07ff\u0800\ud7ff\ue000\ufffd\uffff\u{10000}\u{10ffff}",
  "\ufeffwith a mark",
  "κόσμε",
  "漢字".repeat(100),
  "😀".repeat(90),
  `${"a".repeat(300)}é${"b".repeat(300)}`,
  `é${"a".repeat(700)}\ufffd`,
  '{"city":"Köln","n":1}'.repeat(40),
];

/** The platform's decoder, as an oracle. */
function platformAccepts(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Gives the index of the first byte after which no continuation is valid, by the platform's incremental decoder. */
function platformFailsAt(bytes: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for (let index = 0; index < bytes.length; index++) {
      try {
        decoder.decode(bytes.subarray(index, index + 1), { stream: true });
      } catch {
        return index;
      }
    }
    return -1;
  } finally {
    try {
      decoder.decode();
    } catch {
      // The text was cut off or wrong: only the handle had to go.
    }
  }
}

function failsAt(bytes: Uint8Array): number {
  const validator = new Utf8Validator();
  for (let index = 0; index < bytes.length; index++) {
    if (!validator.push(bytes, index, index + 1)) return index;
  }
  return -1;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** Validates `chunks` in order, poisoning each as a reused read buffer would. */
function validates(chunks: Iterable<Uint8Array>): boolean {
  const validator = new Utf8Validator();
  for (const chunk of chunks) {
    if (!validator.push(chunk, 0, chunk.length)) return false;
    chunk.fill(0xff);
  }
  return validator.complete;
}

const IMPOSSIBLE: readonly (readonly [string, readonly number[]])[] = [
  ["a continuation byte at the start", [0x80]],
  ["the overlong lead C0", [0xc0]],
  ["the overlong lead C1", [0xc1]],
  ["an overlong character of three bytes", [0xe0, 0x80]],
  ["an overlong character of three bytes, last of its range", [0xe0, 0x9f]],
  ["a surrogate", [0xed, 0xa0]],
  ["the last surrogate", [0xed, 0xbf]],
  ["an overlong character of four bytes", [0xf0, 0x80]],
  ["an overlong character of four bytes, last of its range", [0xf0, 0x8f]],
  ["a character beyond U+10FFFF", [0xf4, 0x90]],
  ["the lead F5", [0xf5]],
  ["the lead FE", [0xfe]],
  ["the lead FF", [0xff]],
  ["ASCII in a character of two bytes", [0xc3, 0x41]],
  ["a lead in a character of three bytes", [0xe2, 0x82, 0xe2]],
  ["ASCII in a character of four bytes", [0xf0, 0x9f, 0x98, 0x20]],
];

for (const [what, bytes] of IMPOSSIBLE) {
  Deno.test(`Utf8Validator fails at ${what} and not before (RFC 3629 §4)`, () => {
    const last = bytes.length - 1;
    for (const before of ["", "x", "é", "ascii and more than eight", "é".repeat(300)]) {
      const prefix = encoder.encode(before);
      const all = Uint8Array.of(...prefix, ...bytes);
      assertEquals(failsAt(all), prefix.length + last, before);
      const whole = new Utf8Validator();
      assertEquals(whole.push(all, 0, all.length), false, before);
      const split = new Utf8Validator();
      assert(split.push(all, 0, all.length - 1), before);
      assertEquals(split.push(all, all.length - 1, all.length), false, before);
    }
  });
}

Deno.test("Utf8Validator agrees with the platform on every pair of bytes", () => {
  const bytes = new Uint8Array(2);
  for (let pair = 0; pair < 0x10000; pair++) {
    bytes[0] = pair >> 8;
    bytes[1] = pair;
    const validator = new Utf8Validator();
    const accepted = validator.push(bytes, 0, 2) && validator.complete;
    assert(accepted === platformAccepts(bytes), hex(bytes));
    assert(accepted === isValidUtf8(bytes), hex(bytes));
  }
});

Deno.test("Utf8Validator fails at the byte where the platform's decoder does, for all edges of three bytes", () => {
  for (const first of EDGES) {
    for (const second of EDGES) {
      for (const third of EDGES) {
        const bytes = Uint8Array.of(first, second, third);
        assertEquals(failsAt(bytes), platformFailsAt(bytes), hex(bytes));
        assertEquals(isValidUtf8(bytes), platformAccepts(bytes), hex(bytes));
      }
    }
  }
});

Deno.test("isValidUtf8 agrees with the platform on the edges of four bytes", () => {
  for (const first of [0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8]) {
    for (const second of EDGES) {
      for (const third of [0x7f, 0x80, 0xbf, 0xc0]) {
        for (const fourth of [0x7f, 0x80, 0xbf, 0xc0]) {
          const bytes = Uint8Array.of(first, second, third, fourth);
          assertEquals(isValidUtf8(bytes), platformAccepts(bytes), hex(bytes));
        }
      }
    }
  }
});

Deno.test("Utf8Validator accepts valid text at any cut", () => {
  for (const text of TEXTS) {
    for (const chunks of cuttings(encoder.encode(text), text.length)) assert(validates(chunks), text);
  }
});

Deno.test("Utf8Validator is incomplete while a character lacks bytes", () => {
  for (const character of ["é", "€", "😀"]) {
    const bytes = encoder.encode(character);
    for (const before of ["", "a".repeat(20), "a".repeat(400), "漢".repeat(200)]) {
      const all = Uint8Array.of(...encoder.encode(before), ...bytes);
      for (let missing = 1; missing < bytes.length; missing++) {
        const validator = new Utf8Validator();
        assert(validator.push(all, 0, all.length - missing));
        assertEquals(validator.complete, false);
        assertEquals(isValidUtf8(all, 0, all.length - missing), false);
        assert(validator.push(all, all.length - missing, all.length));
        assertEquals(validator.complete, true);
      }
    }
  }
});

Deno.test("Utf8Validator keeps the narrow range of a second byte over the cut", () => {
  for (const [lead, second] of [[0xe0, 0x9f], [0xed, 0xa0], [0xf0, 0x8f], [0xf4, 0x90]] as const) {
    const validator = new Utf8Validator();
    assert(validator.push(Uint8Array.of(lead), 0, 1));
    assert(validator.push(new Uint8Array(0), 0, 0), "an empty piece changes nothing");
    assertEquals(validator.push(Uint8Array.of(second), 0, 1), false);
  }
});

Deno.test("Utf8Validator starts anew after reset", () => {
  const validator = new Utf8Validator();
  assert(validator.push(Uint8Array.of(0xed), 0, 1));
  validator.reset();
  assert(validator.complete);
  assert(validator.push(Uint8Array.of(0xee, 0xbf, 0xbf), 0, 3), "the range of ED is forgotten");
  assert(validator.push(Uint8Array.of(0xf4), 0, 1));
  validator.reset();
  assertEquals(validator.push(Uint8Array.of(0x80), 0, 1), false);
});

Deno.test("isValidUtf8 finds one wrong byte at every place of a long text", () => {
  for (const text of ["a".repeat(600), "é".repeat(300), `漢\ufffd`.repeat(100)]) {
    const valid = encoder.encode(text);
    assert(isValidUtf8(valid));
    for (let index = 0; index < valid.length; index++) {
      const bytes = valid.slice();
      bytes[index] = 0xff;
      assertEquals(isValidUtf8(bytes), false, `index ${index}`);
      assertEquals(failsAt(bytes) <= index, true);
    }
  }
});

Deno.test("isValidUtf8 agrees with the platform on mutated text", () => {
  const random = seededRandom(20);
  for (let round = 0; round < 4000; round++) {
    const bytes = encoder.encode(TEXTS[round % TEXTS.length]);
    if (bytes.length === 0) continue;
    for (let change = round % 3; change > 0; change--) {
      bytes[Math.floor(random() * bytes.length)] = EDGES[Math.floor(random() * EDGES.length)]!;
    }
    const start = Math.floor(random() * 4);
    const end = Math.max(start, bytes.length - Math.floor(random() * 4));
    assertEquals(isValidUtf8(bytes, start, end), platformAccepts(bytes.subarray(start, end)), `round ${round}`);
  }
});

Deno.test("isValidUtf8 looks at nothing outside its range", () => {
  const bytes = Uint8Array.of(0xff, ...encoder.encode("€"), 0xff);
  assert(isValidUtf8(bytes, 1, 4));
  assertEquals(isValidUtf8(bytes, 1, 3), false);
  assertEquals(isValidUtf8(bytes, 2, 4), false);
  assert(isValidUtf8(bytes, 4, 4));
});

Deno.test("decodeUtf8 gives back every text, its byte order mark included", () => {
  for (const text of TEXTS) assertEquals(decodeUtf8(encoder.encode(text)), text);
  for (let length = 0; length <= 40; length++) {
    const ascii = "abcdefghijklmnopqrstuvwxyz0123456789+-*/".slice(0, length);
    assertEquals(decodeUtf8(encoder.encode(ascii)), ascii);
    assertEquals(decodeUtf8(encoder.encode(`\ufeff${ascii}é`)), `\ufeff${ascii}é`);
    assertEquals(decodeUtf8(encoder.encode(`${ascii}😀`)), `${ascii}😀`);
  }
});

Deno.test("utf8Length counts what TextEncoder writes, lone surrogates included", () => {
  const lone = ["\ud800", "\udc00", "a\ud800b", "\ude00\ud83d", "\ud800\ud800\udc00", "\udbff"];
  for (const text of [...TEXTS, ...lone]) {
    const expected = encoder.encode(text).length;
    assertEquals(utf8Length(text), expected, text);
    assertEquals(countBytes(text), expected, text);
  }
});
