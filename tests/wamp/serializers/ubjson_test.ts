import { WampProtocolError } from "../../../wamp/errors.ts";
import { MAX_DEPTH } from "../../../wamp/format.ts";
import type { Call, Message } from "../../../wamp/messages.ts";
import { Serializer } from "../../../wamp/serializers/serializer.ts";
import { UBJSON_FORMAT } from "../../../wamp/serializers/ubjson.ts";
import { assert, assertEquals, assertThrows, decodeHex, encodeHex } from "../../std.ts";
import {
  assertMalformed,
  assertWrites,
  decode,
  decodeDigits,
  decodeMessage,
  encode,
  testFormat,
} from "./format_checks.ts";
import { listOf } from "./samples.ts";

testFormat(UBJSON_FORMAT, { bigints: [-(10n ** 400n), 2n ** 64n] });

const serializer = new Serializer(UBJSON_FORMAT, 4, false);

/** Writes marks and text as they are, and `\xNN` as a byte. */
function digitsOf(text: string): string {
  return encodeHex(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}

function read(text: string): unknown {
  return decodeDigits(UBJSON_FORMAT, digitsOf(text));
}

function message(text: string): unknown[] {
  return listOf(decodeMessage(serializer, decodeHex(digitsOf(text))));
}

/** A value and its shortest form (UBJSON draft 12, Value Types, Container Types). */
const SHORTEST: readonly (readonly [unknown, string])[] = [
  [null, "Z"],
  [true, "T"],
  [false, "F"],
  [0, "U\x00"],
  [127, "U\x7f"],
  [255, "U\xff"],
  [256, "I\x01\x00"],
  [32767, "I\x7f\xff"],
  [32768, "l\x00\x00\x80\x00"],
  [2147483647, "l\x7f\xff\xff\xff"],
  [2147483648, "L\x00\x00\x00\x00\x80\x00\x00\x00"],
  [2 ** 53, "L\x00\x20\x00\x00\x00\x00\x00\x00"],
  [2n ** 53n + 1n, "L\x00\x20\x00\x00\x00\x00\x00\x01"],
  [2n ** 63n - 1n, "L\x7f\xff\xff\xff\xff\xff\xff\xff"],
  [2n ** 63n, "HU\x139223372036854775808"],
  [-1, "i\xff"],
  [-128, "i\x80"],
  [-129, "I\xff\x7f"],
  [-32768, "I\x80\x00"],
  [-32769, "l\xff\xff\x7f\xff"],
  [-2147483648, "l\x80\x00\x00\x00"],
  [-2147483649, "L\xff\xff\xff\xff\x7f\xff\xff\xff"],
  [-(2 ** 53), "L\xff\xe0\x00\x00\x00\x00\x00\x00"],
  [-(2n ** 53n) - 1n, "L\xff\xdf\xff\xff\xff\xff\xff\xff"],
  [-(2n ** 63n), "L\x80\x00\x00\x00\x00\x00\x00\x00"],
  [-(2n ** 63n) - 1n, "HU\x14-9223372036854775809"],
  [1.5, "d\x3f\xc0\x00\x00"],
  [-0, "d\x80\x00\x00\x00"],
  [0.1, "D\x3f\xb9\x99\x99\x99\x99\x99\x9a"],
  [2 ** 60, "d\x5d\x80\x00\x00"],
  ["", "SU\x00"],
  ["a", "SU\x01a"],
  ["é", "SU\x02\xc3\xa9"],
  ["x".repeat(300), `SI\x01\x2c${"x".repeat(300)}`],
  ["é".repeat(150), `SI\x01\x2c${"\xc3\xa9".repeat(150)}`],
  [Uint8Array.of(), "[$U#U\x00"],
  [Uint8Array.of(1, 2), "[$U#U\x02\x01\x02"],
  [[], "[]"],
  [[1, [null]], "[U\x01[Z]]"],
  [{}, "{}"],
  [{ a: 1, é: [] }, "{U\x01aU\x01U\x02\xc3\xa9[]}"],
];

Deno.test("ubjson writes the shortest form (UBJSON draft 12, Value Types)", () => {
  for (const [value, text] of SHORTEST) assertWrites(UBJSON_FORMAT, value, digitsOf(text));
});

Deno.test("ubjson writes NaN and infinities as null, a Date as its ISO string, a lone surrogate as U+FFFD", () => {
  assertEquals(decode(UBJSON_FORMAT, encode(UBJSON_FORMAT, [NaN, Infinity, -Infinity])), [null, null, null]);
  assertEquals(decode(UBJSON_FORMAT, encode(UBJSON_FORMAT, new Date(0))), "1970-01-01T00:00:00.000Z");
  assertEquals(decode(UBJSON_FORMAT, encode(UBJSON_FORMAT, "a\ud800")), "a\ufffd");
});

/** Other forms of values, as other writers choose them. */
const READ: readonly (readonly [string, unknown])[] = [
  ["i\x05", 5],
  ["L\x00\x00\x00\x00\x00\x00\x00\x05", 5],
  ["d\x40\xa0\x00\x00", 5],
  ["d\x7f\x80\x00\x00", Infinity],
  ["Ca", "a"],
  ["Si\x01a", "a"],
  ["SL\x00\x00\x00\x00\x00\x00\x00\x01a", "a"],
  ["Hi\x013", 3],
  ["HU\x041e20", 1e20],
  ["HU\x06-1.5e3", -1500],
  ["NNU\x01", 1],
  ["[N]", []],
  ["[NU\x01NN]", [1]],
  ["{N}", {}],
  ["{U\x01aNU\x01N}", { a: 1 }],
  ["[#U\x00", []],
  ["[#U\x02ZNT", [null, true]],
  ["[#i\x01[]", [[]]],
  ["[$i#i\x02\x01\xff", [1, -1]],
  ["[$I#i\x02\x01\x00\xff\xff", [256, -1]],
  ["[$l#i\x01\x00\x01\x00\x00", [65536]],
  ["[$L#i\x01\x00\x20\x00\x00\x00\x00\x00\x01", [2n ** 53n + 1n]],
  ["[$d#i\x01\x3f\xc0\x00\x00", [1.5]],
  ["[$D#i\x01\x3f\xf8\x00\x00\x00\x00\x00\x00", [1.5]],
  ["[$C#i\x02ab", ["a", "b"]],
  ["[$S#i\x02i\x01ai\x00", ["a", ""]],
  ["[$H#i\x01i\x013", [3]],
  ["[$Z#i\x03", [null, null, null]],
  ["[$T#i\x02", [true, true]],
  ["[$F#i\x00", []],
  ["[$[#i\x02]U\x01]", [[], [1]]],
  ["[$[#i\x01$U#i\x02\x07\x08", [Uint8Array.of(7, 8)]],
  ["[$[#i\x02#i\x01Z]", [[null], []]],
  ["[${#i\x02}U\x01aZ}", [{}, { a: null }]],
  ["[[$U#i\x01\x05]", [Uint8Array.of(5)]],
  ["{#i\x01U\x01aZ", { a: null }],
  ["{$U#i\x02U\x01a\x05U\x01b\x06", { a: 5, b: 6 }],
  ["{$T#i\x01U\x01a", { a: true }],
  ["{$[#i\x01U\x01aU\x01]", { a: [1] }],
  ["{U\x01aU\x01U\x01aU\x02}", { a: 2 }],
];

Deno.test("ubjson reads every form, counted and typed containers too (UBJSON draft 12, Optimized Format)", () => {
  for (const [text, value] of READ) assertEquals(read(text), value, text);
});

Deno.test("ubjson refuses what is malformed, whether it builds or skips", () => {
  const rows = [
    "",
    "N",
    "a",
    "]",
    "}",
    "$",
    "U",
    "I\x00",
    "l\x00\x00\x00",
    "L\x00\x00\x00\x00\x00\x00\x00",
    "d\x00",
    "D\x00\x00\x00\x00",
    "C",
    "C\x80",
    "S",
    "Sa",
    "Si\xffa",
    "SU\x02a",
    "SU\x01\xff",
    "SU\x02\xed\xa0",
    "SSU\x01a",
    "Sd\x3f\x80\x00\x00a",
    "SL\x7f\xff\xff\xff\xff\xff\xff\xff",
    "SL\xff\xff\xff\xff\xff\xff\xff\xff",
    "HU\x00",
    "HU\x0201",
    "HU\x01x",
    "HU\x03NaN",
    "HU\x02+1",
    "[",
    "[U\x01",
    "[}",
    "{",
    "{]",
    "{U\x01a}",
    "{U\x01\xffZ}",
    "{SU\x01aZ}",
    "[#",
    "[#i\xff",
    "[#U\x02Z",
    "[#Z",
    "[$",
    "[$U",
    "[$UU\x01\x00",
    "[$N#U\x01",
    "[$x#U\x01",
    "[$]#U\x01",
    "[$U#U\x02\x00",
    "[$U#L\x00\x00\x00\x01\x00\x00\x00\x00",
    "[$D#l\x7f\xff\xff\xff",
    "[$S#l\x7f\xff\xff\xffU\x00",
    "[$[#l\x7f\xff\xff\xff]",
    "[$C#U\x01\x80",
    "[#L\x7f\xff\xff\xff\xff\xff\xff\xffZ",
    "{$U#U\x01",
    "{$Z#L\x00\x00\x00\x01\x00\x00\x00\x00",
  ];
  for (const text of rows) assertMalformed(UBJSON_FORMAT, digitsOf(text));
});

Deno.test("ubjson allocates nothing by a declared size, and bounds values that take no byte", () => {
  assertEquals((read("[$Z#l\x00\x01\x00\x00") as unknown[]).length, 65536);
  for (
    const text of [
      "[$Z#l\x00\x01\x00\x01",
      "[$T#L\x00\x00\x00\x01\x00\x00\x00\x00",
      "[[$F#l\x00\x00\x80\x00[$F#l\x00\x00\x80\x01]",
      `[$[#U\xff${"$Z#I\x7f\xff".repeat(255)}`,
    ]
  ) {
    for (const method of ["skip", "readValue"] as const) {
      const reader = UBJSON_FORMAT.createReader();
      const bytes = decodeHex(digitsOf(text));
      reader.reset(bytes, 0, bytes.length);
      assertEquals(assertThrows(() => reader[method](), WampProtocolError).code, "limit_exceeded");
    }
  }
});

Deno.test(`ubjson skips ${MAX_DEPTH} levels and no more, in each form, without overflowing the stack`, () => {
  const head = "[U\x30U\x01{}SU\x01a";
  assertEquals(message(`${head}${"[".repeat(511)}${"]".repeat(511)}]`).length, 5);
  for (const opening of ["[", "[#U\x01", "[$[#U\x01"]) {
    for (const levels of [512, 200_000]) {
      const error = assertThrows(() => message(`${head}${opening.repeat(levels)}`), WampProtocolError, "512");
      assertEquals(error.code, "limit_exceeded");
    }
  }
  assertThrows(() => message(`${head}[${"{U\x01a".repeat(200_000)}`), WampProtocolError, "512");
});

Deno.test("ubjson reads a message in any form of its list and fields", () => {
  const expected = [48, 7, { timeout: 5 }, "com.a", [1]];
  const options = "{U\x07timeoutU\x05}";
  for (
    const text of [
      `[U\x30U\x07${options}SU\x05com.a[U\x01]]`,
      `[#U\x05U\x30U\x07${options}SU\x05com.a[U\x01]`,
      `NN[NU\x30NU\x07N${options}NSU\x05com.aN[NU\x01N]N]N`,
      `[i\x30L\x00\x00\x00\x00\x00\x00\x00\x07{$i#i\x01i\x07timeout\x05Si\x05com.a[#i\x01i\x01]`,
      `[d\x42\x40\x00\x00HU\x017${options}SU\x05com.a[$U#U\x01\x01]`,
      `[d\x42\x40\x00\x00HU\x017${options}SU\x05com.a[$i#U\x01\x01]`,
    ]
  ) {
    assertEquals(message(text), expected, text);
  }
  assertEquals(message("[$U#U\x03\x41\x07\x08"), [65, 7, 8]);
  assertEquals(message("[U\x30U\x07{}Ca]"), [48, 7, {}, "a"]);
});

Deno.test("ubjson refuses fields of another type (WAMP, Protocol Violations)", () => {
  const rows = [
    "Z",
    "{}",
    "[]",
    "[ZU\x01U\x02]",
    "[U\x41TU\x02]",
    "[U\x41d\x3f\xc0\x00\x00U\x02]",
    "[U\x41U\x00U\x02]",
    "[U\x41i\xffU\x02]",
    "[U\x41L\x00\x20\x00\x00\x00\x00\x00\x01U\x02]",
    "[U\x41SU\x017U\x02]",
    "[$Z#U\x03",
    "[U\x30U\x01ZSU\x01a]",
    "[U\x30U\x01[]SU\x01a]",
    "[U\x30U\x01{}Z]",
    "[U\x30U\x01{}U\x01]",
    "[U\x05ZSU\x01a{}]",
    "[U\x30U\x01{}SU\x01a{}]",
    "[U\x30U\x01{U\x01aZU\x01aZ}SU\x01a]",
    "[U\x30U\x01{}SU\x01a]x",
  ];
  for (const text of rows) assertThrows(() => message(text), WampProtocolError, undefined, text);
});

Deno.test("ubjson gives args as a list where a writer chose the form of bytes, and sends them on as they came", () => {
  const text = "[U\x30U\x07{}SU\x05com.a[$U#U\x03\x01\x02\x03]";
  const call = decodeMessage(serializer, decodeHex(digitsOf(text))) as Call;
  assertEquals(call.payload.args, [1, 2, 3]);
  const forwarded: Message = { type: 68, request: 9, registration: 8, details: {}, payload: call.payload };
  assertEquals(
    encodeHex(serializer.encode(forwarded)),
    digitsOf("[U\x44U\x09U\x08{}[$U#U\x03\x01\x02\x03]"),
  );
});

Deno.test("ubjson gives the same URI string again", () => {
  const reader = UBJSON_FORMAT.createReader();
  for (let round = 0; round < 2; round++) {
    for (const uri of ["a", "com.example.add", "com.ünï", `com.${"x".repeat(200)}`]) {
      const bytes = encode(UBJSON_FORMAT, uri);
      reader.reset(bytes, 0, bytes.length);
      assertEquals(reader.kind(), "string");
      assertEquals(reader.readUri(), uri);
      assert(reader.position === bytes.length);
    }
  }
});
