import { WampProtocolError } from "../../../wamp/errors.ts";
import { CBOR_FORMAT } from "../../../wamp/serializers/cbor.ts";
import { Serializer } from "../../../wamp/serializers/serializer.ts";
import { assertEquals, assertThrows, decodeHex, encodeHex } from "../../std.ts";
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

testFormat(CBOR_FORMAT, { nonFinite: true, dates: true, bigints: [-(2n ** 70n), 2n ** 64n] });

const serializer = new Serializer(CBOR_FORMAT, 3, false);

const LETTERS = { a: "A", b: "B", c: "C", d: "D", e: "E" };
const TO_25 = Array.from({ length: 25 }, (_, index) => index + 1);
const TO_25_DIGITS = "0102030405060708090a0b0c0d0e0f101112131415161718181819";

/** The examples of RFC 8949 appendix A that are written in the form given there. */
const WRITTEN: readonly (readonly [unknown, string])[] = [
  [0, "00"],
  [1, "01"],
  [10, "0a"],
  [23, "17"],
  [24, "1818"],
  [25, "1819"],
  [100, "1864"],
  [1000, "1903e8"],
  [1000000, "1a000f4240"],
  [1000000000000, "1b000000e8d4a51000"],
  [18446744073709551615n, "1bffffffffffffffff"],
  [18446744073709551616n, "c249010000000000000000"],
  [-18446744073709551616n, "3bffffffffffffffff"],
  [-18446744073709551617n, "c349010000000000000000"],
  [-1, "20"],
  [-10, "29"],
  [-100, "3863"],
  [-1000, "3903e7"],
  [-0, "fb8000000000000000"],
  [1.1, "fb3ff199999999999a"],
  [1.0e+300, "fb7e37e43c8800759c"],
  [-4.1, "fbc010666666666666"],
  [Infinity, "f97c00"],
  [NaN, "f97e00"],
  [-Infinity, "f9fc00"],
  [false, "f4"],
  [true, "f5"],
  [null, "f6"],
  [new Date("2013-03-21T20:04:00Z"), "c074323031332d30332d32315432303a30343a30305a"],
  [Uint8Array.of(), "40"],
  [Uint8Array.of(1, 2, 3, 4), "4401020304"],
  ["", "60"],
  ["a", "6161"],
  ["IETF", "6449455446"],
  ['"\\', "62225c"],
  ["\u00fc", "62c3bc"],
  ["\u6c34", "63e6b0b4"],
  ["\ud800\udd51", "64f0908591"],
  [[], "80"],
  [[1, 2, 3], "83010203"],
  [[1, [2, 3], [4, 5]], "8301820203820405"],
  [TO_25, `9819${TO_25_DIGITS}`],
  [{}, "a0"],
  [{ a: 1, b: [2, 3] }, "a26161016162820203"],
  [["a", { b: "c" }], "826161a161626163"],
  [LETTERS, "a56161614161626142616361436164614461656145"],
];

/** The others, which are read. */
const READ: readonly (readonly [string, unknown])[] = [
  ["f90000", 0],
  ["f98000", -0],
  ["f93c00", 1],
  ["f93e00", 1.5],
  ["f97bff", 65504],
  ["fa47c35000", 100000],
  ["fa7f7fffff", 3.4028234663852886e+38],
  ["f90001", 5.960464477539063e-8],
  ["f90400", 0.00006103515625],
  ["f9c400", -4],
  ["fa7f800000", Infinity],
  ["fa7fc00000", NaN],
  ["faff800000", -Infinity],
  ["fb7ff0000000000000", Infinity],
  ["fb7ff8000000000000", NaN],
  ["fbfff0000000000000", -Infinity],
  ["f7", undefined],
  ["f0", undefined],
  ["f8ff", undefined],
  ["c11a514b67b0", new Date("2013-03-21T20:04:00Z")],
  ["c1fb41d452d9ec200000", new Date("2013-03-21T20:04:00.500Z")],
  ["d74401020304", Uint8Array.of(1, 2, 3, 4)],
  ["d818456449455446", decodeHex("6449455446")],
  ["d82076687474703a2f2f7777772e6578616d706c652e636f6d", "http://www.example.com"],
  ["a201020304", { 1: 2, 3: 4 }],
  ["5f42010243030405ff", Uint8Array.of(1, 2, 3, 4, 5)],
  ["7f657374726561646d696e67ff", "streaming"],
  ["9fff", []],
  ["9f018202039f0405ffff", [1, [2, 3], [4, 5]]],
  ["9f01820203820405ff", [1, [2, 3], [4, 5]]],
  ["83018202039f0405ff", [1, [2, 3], [4, 5]]],
  ["83019f0203ff820405", [1, [2, 3], [4, 5]]],
  [`9f${TO_25_DIGITS}ff`, TO_25],
  ["bf61610161629f0203ffff", { a: 1, b: [2, 3] }],
  ["826161bf61626163ff", ["a", { b: "c" }]],
  ["bf6346756ef563416d7421ff", { Fun: true, Amt: -2 }],
];

Deno.test("cbor writes the examples in their shortest form (RFC 8949 appendix A)", () => {
  for (const [value, digits] of WRITTEN) assertWrites(CBOR_FORMAT, value, digits);
});

Deno.test("cbor reads the examples in their other forms (RFC 8949 appendix A)", () => {
  for (const [digits, value] of READ) assertEquals(decodeDigits(CBOR_FORMAT, digits), value, digits);
});

Deno.test("cbor reads integers, lengths and tags in longer forms than they need (RFC 8949 §4.1)", () => {
  const longer: readonly (readonly [string, unknown])[] = [
    ["1801", 1],
    ["190001", 1],
    ["1a00000001", 1],
    ["1b0000000000000001", 1],
    ["3800", -1],
    ["3b0000000000000000", -1],
    ["780161", "a"],
    ["7b000000000000000161", "a"],
    ["9b000000000000000101", [1]],
    ["bb0000000000000001616101", { a: 1 }],
    ["d90002420100", 256],
    ["db000000000000000242ffff", 65535],
  ];
  for (const [digits, value] of longer) assertEquals(decodeDigits(CBOR_FORMAT, digits), value, digits);
});

Deno.test("cbor tells integers that a number holds exactly from those beyond", () => {
  assertWrites(CBOR_FORMAT, 2 ** 53, "1b0020000000000000");
  assertWrites(CBOR_FORMAT, 2n ** 53n + 1n, "1b0020000000000001");
  assertWrites(CBOR_FORMAT, -(2 ** 53), "3b001fffffffffffff");
  assertWrites(CBOR_FORMAT, -(2n ** 53n) - 1n, "3b0020000000000000");
  assertWrites(CBOR_FORMAT, 2 ** 60, "fb43b0000000000000");
  assertEquals(encodeHex(encode(CBOR_FORMAT, 5n)), "05");
  assertEquals(encodeHex(encode(CBOR_FORMAT, -5n)), "24");
  assertWrites(CBOR_FORMAT, 2n ** 100n, "c24d10000000000000000000000000");
});

Deno.test("cbor reads a bignum as small as a number, and its bytes where it is huge (RFC 8949 §3.4.3)", () => {
  assertEquals(decodeDigits(CBOR_FORMAT, "c240"), 0);
  assertEquals(decodeDigits(CBOR_FORMAT, "c34105"), -6);
  assertEquals(decodeDigits(CBOR_FORMAT, "c25f42000142ff00ff"), 0x1ff00);
  const huge = new Uint8Array(65_537).fill(1);
  assertEquals(decode(CBOR_FORMAT, Uint8Array.of(0xc2, ...encode(CBOR_FORMAT, huge))), huge);
});

Deno.test("cbor passes over tags that it does not know, wherever they stand (RFC 8949 §3.4)", () => {
  assertEquals(decodeDigits(CBOR_FORMAT, "d9d9f7d820826161d8206162"), ["a", "b"]);
  assertEquals(decodeDigits(CBOR_FORMAT, "d9d9f7c11a514b67b0"), new Date("2013-03-21T20:04:00Z"));
  // Self-described: [PUBLISH, 1, {}, "a", [1], {"a": 2}], each element tagged.
  const tagged = "d9d9f786d82010d82001d820a0d8206161d8208101d820a1616102";
  assertEquals(listOf(decodeMessage(serializer, decodeHex(tagged))), [16, 1, {}, "a", [1], { a: 2 }]);
});

Deno.test("cbor keeps the content of a tag that does not fit it", () => {
  const unfit: readonly (readonly [string, unknown])[] = [
    ["c001", 1],
    ["c06161", "a"],
    ["c06131", "1"],
    ["c074323031332d31332d32315432303a30343a30305a", "2013-13-21T20:04:00Z"],
    ["c16161", "a"],
    ["c1fb7ff0000000000000", Infinity],
    ["c201", 1],
    ["c36161", "a"],
    ["c280", []],
  ];
  for (const [digits, value] of unfit) assertEquals(decodeDigits(CBOR_FORMAT, digits), value, digits);
});

Deno.test("cbor writes a date as text with the fraction it has, and one without such text as seconds", () => {
  const text = (value: string): string => encodeHex(new TextEncoder().encode(value));
  assertWrites(CBOR_FORMAT, new Date("2013-03-21T20:04:00.250Z"), `c07818${text("2013-03-21T20:04:00.250Z")}`);
  assertWrites(CBOR_FORMAT, new Date("0001-01-01T00:00:00Z"), `c074${text("0001-01-01T00:00:00Z")}`);
  assertWrites(CBOR_FORMAT, new Date("9999-12-31T23:59:59.999Z"), `c07818${text("9999-12-31T23:59:59.999Z")}`);
  assertWrites(CBOR_FORMAT, new Date(253_402_300_800_000), "c11b0000003afff44180");
  assertWrites(CBOR_FORMAT, new Date(253_402_300_800_500), "c1fb424d7ffa20c04000");
  assertEquals(
    decodeDigits(CBOR_FORMAT, `c07819${text("2013-03-21T22:04:00+02:00")}`),
    new Date("2013-03-21T20:04:00Z"),
  );
  assertEquals(
    decodeDigits(CBOR_FORMAT, `c0781b${text("2013-03-21T20:04:00.123456Z")}`),
    new Date("2013-03-21T20:04:00.123Z"),
  );
});

/** What is not well-formed (RFC 8949 appendix F), and text that is not UTF-8. */
const MALFORMED: readonly string[] = [
  // The input ends within a head, a string, a list, a dictionary, a tag.
  ...["18", "19", "1a", "1b", "1901", "1a0102", "1b01020304050607", "38", "58", "78", "98", "9a01ff00", "b8", "d8"],
  ...["f8", "f900", "fa0000", "fb000000", "41", "61", "5affffffff00", "5bffffffffffffffff010203", "7affffffff00"],
  ...["7b7fffffffffffffff010203", "81", "818181818181818181", "8200", "a1", "a20102", "a100", "a2000000", "c0"],
  ...[
    "5f4100",
    "7f6100",
    "9f",
    "9f0102",
    "bf",
    "bf01020102",
    "819f",
    "9f8000",
    "9f9f9f9f9fffffffff",
    "9f819f819f9fffffff",
  ],
  // Additional information that is reserved.
  ...["1c", "1d", "1e", "3c", "3d", "3e", "5c", "5d", "5e", "7c", "7d", "7e", "9c", "9d", "9e", "bc", "bd", "be"],
  ...["dc", "dd", "de", "fc", "fd", "fe"],
  // Simple values in two bytes that have a form in one.
  ...["f800", "f801", "f818", "f81f"],
  // Chunks of another type, and of indefinite length.
  ...["5f00ff", "5f21ff", "5f6100ff", "5f80ff", "5fa0ff", "5fc000ff", "5fe0ff", "7f4100ff", "5f5f4100ffff"],
  ...["7f7f6100ffff"],
  // Breaks where no end can be.
  ...["ff", "81ff", "8200ff", "a1ff", "a1ff00", "a100ff", "a20000ff", "9f81ff", "9f829f819f9fffffffff", "bf00ff"],
  ...["bf000000ff", "c1ff", "d820ff"],
  // No length where one is needed.
  ...["1f", "3f", "df"],
  // Text that is not UTF-8, also across chunks (RFC 8949 §3.2.3).
  ...["61ff", "62c328", "63eda080", "64f4908080", "7f61c361bcff"],
];

Deno.test("cbor refuses what is not well-formed (RFC 8949 appendix F)", () => {
  for (const digits of MALFORMED) assertMalformed(CBOR_FORMAT, digits);
});

Deno.test("cbor refuses a length beyond the end before it takes memory for it", () => {
  for (const digits of ["9affffffff00", "9bffffffffffffffff00", "baffffffff00", "bbffffffffffffffff", "991000"]) {
    assertMalformed(CBOR_FORMAT, digits);
  }
  for (const digits of ["9affffffff1830", "9bffffffffffffffff1830", "9f1830", "9c"]) {
    assertThrows(() => decodeMessage(serializer, decodeHex(digits)), WampProtocolError);
  }
});

Deno.test("cbor refuses 513 levels, without recursion while skipping", () => {
  assertMalformed(CBOR_FORMAT, `${"81".repeat(512)}80`);
  assertEquals((decodeDigits(CBOR_FORMAT, `${"9f".repeat(512)}${"ff".repeat(512)}`) as unknown[]).length, 1);
  for (const digits of ["81", "9f", "a16161", "bf6161", "c2", "c0"]) {
    assertMalformed(CBOR_FORMAT, `${digits.repeat(100_000)}00`);
  }
  // Tags that say nothing are no levels.
  assertEquals(decodeDigits(CBOR_FORMAT, `${"d820".repeat(100_000)}05`), 5);
});

Deno.test("cbor reads a message of indefinite lengths", () => {
  // [CALL, 1, {_ "progress": true}, (_ "com.", "add"), [_ 1, 2]], open at the end.
  const digits = "9f183001bf6870726f6772657373f5ff7f64636f6d2e63616464ff9f0102ffff";
  assertEquals(listOf(decodeMessage(serializer, decodeHex(digits))), [48, 1, { progress: true }, "com.add", [1, 2]]);
  const challenge = "9f047f61616162ffa0ff";
  assertEquals(listOf(decodeMessage(serializer, decodeHex(challenge))), [4, "ab", {}]);
});

Deno.test("cbor takes a float with an integral value for an integer, and no other", () => {
  for (const id of ["f957b0", "fa42f60000", "fb405ec00000000000", "1b000000000000007b"]) {
    assertEquals(listOf(decodeMessage(serializer, decodeHex(`83182101${id}`))), [33, 1, 123], id);
  }
  for (
    const id of ["f93e00", "f97e00", "fb4340000000000001", "1b0020000000000001", "20", "3903e7", "6161", "f6", "c2417b"]
  ) {
    assertThrows(() => decodeMessage(serializer, decodeHex(`83182101${id}`)), WampProtocolError, undefined, id);
  }
});

Deno.test("cbor refuses Options with a key twice or a key that is no string", () => {
  for (
    const options of [
      "a2616101616102",
      "a10102",
      "a1416101",
      "a16161a2616201616202",
      "bf616101616102ff",
      "a16161a10102",
    ]
  ) {
    const bytes = decodeHex(`84182001${options}6161`);
    assertThrows(() => decodeMessage(serializer, bytes), WampProtocolError, undefined, options);
  }
});

Deno.test("cbor reads undefined in Options as absent", () => {
  assertEquals(listOf(decodeMessage(serializer, decodeHex("84182001a1656d61746368f76161"))), [32, 1, {}, "a"]);
});

Deno.test("cbor turns keys of a payload into strings, and takes the last of equal ones", () => {
  assertEquals(decodeDigits(CBOR_FORMAT, "a2616101616102"), { a: 2 });
  const keys = ["01", "f5", "f6", "f7", "20", "f93e00", "1b0020000000000001", "420102", "8101", "a1627474f6"];
  const value = decodeDigits(CBOR_FORMAT, `aa${keys.map((key) => `${key}f6`).join("")}`) as object;
  assertEquals(Object.keys(value), [
    "1",
    "true",
    "null",
    "undefined",
    "-1",
    "1.5",
    "9007199254740993",
    "1,2",
    "[object Array]",
    "[object Object]",
  ]);
  assertEquals(decodeDigits(CBOR_FORMAT, "bf7f61616162ff01ff"), { ab: 1 });
});

Deno.test("cbor's reader refuses a value of another type than asked for", () => {
  const reader = CBOR_FORMAT.createReader();
  for (const method of ["enterList", "readInteger", "readString", "readUri", "readDict"] as const) {
    reader.reset(Uint8Array.of(0xf6), 0, 1);
    const error = assertThrows(() => reader[method](), WampProtocolError);
    assertEquals(error.code, "invalid_message");
  }
});

Deno.test("cbor's reader says what kind of value is next", () => {
  const reader = CBOR_FORMAT.createReader();
  const kinds = {
    integer: ["00", "17", "1b", "20", "3b", "f93c00", "fa42f60000", "fb4014000000000000"],
    string: ["60", "7b", "7f"],
    list: ["80", "9b", "9f"],
    dict: ["a0", "bb", "bf"],
    other: ["40", "5f", "c0", "f4", "f6", "f7", "f93e00", "fa7fc00000", "fb3ff8000000000000"],
  };
  for (const [kind, samples] of Object.entries(kinds)) {
    for (const digits of samples) {
      reader.reset(decodeHex(digits), 0, digits.length / 2);
      assertEquals(reader.kind(), kind, digits);
      assertEquals(reader.position, 0);
    }
  }
});
