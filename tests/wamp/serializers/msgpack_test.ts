import { SerializationError, WampProtocolError } from "../../../wamp/errors.ts";
import { MSGPACK_FORMAT } from "../../../wamp/serializers/msgpack.ts";
import { MsgpackExtension } from "../../../wamp/serializers/msgpack_extension.ts";
import { Serializer } from "../../../wamp/serializers/serializer.ts";
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

testFormat(MSGPACK_FORMAT, { nonFinite: true, dates: true, bigints: [-(2n ** 63n), 2n ** 64n - 1n] });

const serializer = new Serializer(MSGPACK_FORMAT, 2, false);

/** A value and its shortest form (MessagePack specification, Formats). */
const SHORTEST: readonly (readonly [unknown, string])[] = [
  [null, "c0"],
  [false, "c2"],
  [true, "c3"],
  [0, "00"],
  [127, "7f"],
  [128, "cc80"],
  [255, "ccff"],
  [256, "cd0100"],
  [65535, "cdffff"],
  [65536, "ce00010000"],
  [4294967295, "ceffffffff"],
  [4294967296, "cf0000000100000000"],
  [2 ** 53, "cf0020000000000000"],
  [2n ** 53n + 1n, "cf0020000000000001"],
  [2n ** 64n - 1n, "cfffffffffffffffff"],
  [-1, "ff"],
  [-32, "e0"],
  [-33, "d0df"],
  [-128, "d080"],
  [-129, "d1ff7f"],
  [-32768, "d18000"],
  [-32769, "d2ffff7fff"],
  [-2147483648, "d280000000"],
  [-2147483649, "d3ffffffff7fffffff"],
  [-(2 ** 53), "d3ffe0000000000000"],
  [-(2n ** 53n) - 1n, "d3ffdfffffffffffff"],
  [-(2n ** 63n), "d38000000000000000"],
  [1.5, "cb3ff8000000000000"],
  [-0, "cb8000000000000000"],
  [2 ** 60, "cb43b0000000000000"],
  [Infinity, "cb7ff0000000000000"],
  ["", "a0"],
  ["a", "a161"],
  ["é", "a2c3a9"],
  ["x".repeat(31), `bf${"78".repeat(31)}`],
  ["x".repeat(32), `d920${"78".repeat(32)}`],
  ["é".repeat(20), `d928${"c3a9".repeat(20)}`],
  ["é".repeat(128), `da0100${"c3a9".repeat(128)}`],
  ["x".repeat(255), `d9ff${"78".repeat(255)}`],
  ["x".repeat(256), `da0100${"78".repeat(256)}`],
  ["x".repeat(65536), `db00010000${"78".repeat(65536)}`],
  [Uint8Array.of(), "c400"],
  [Uint8Array.of(1, 2), "c4020102"],
  [new Uint8Array(256), `c50100${"00".repeat(256)}`],
  [new Uint8Array(65536), `c600010000${"00".repeat(65536)}`],
  [[], "90"],
  [[1, [2]], "92019102"],
  [new Array(16).fill(0), `dc0010${"00".repeat(16)}`],
  [new Array(65536).fill(0), `dd00010000${"00".repeat(65536)}`],
  [{}, "80"],
  [{ a: 1, b: null }, "82a16101a162c0"],
  [
    Object.fromEntries(Array.from({ length: 16 }, (_, index) => [String.fromCharCode(97 + index), 0])),
    `de0010${Array.from({ length: 16 }, (_, index) => `a1${(97 + index).toString(16)}00`).join("")}`,
  ],
];

Deno.test("msgpack writes the shortest form (MessagePack specification, Formats)", () => {
  for (const [value, digits] of SHORTEST) assertWrites(MSGPACK_FORMAT, value, digits);
});

/** A form that another library may write, and what it is read as. */
const READABLE: readonly (readonly [string, unknown])[] = [
  ["ca3fc00000", 1.5],
  ["ca7f800000", Infinity],
  ["cb4014000000000000", 5],
  ["cc05", 5],
  ["cd0005", 5],
  ["ce00000005", 5],
  ["cf0000000000000005", 5],
  ["d005", 5],
  ["d0ff", -1],
  ["d1ffff", -1],
  ["d2ffffffff", -1],
  ["d3ffffffffffffffff", -1],
  ["d90161", "a"],
  ["da000161", "a"],
  ["db0000000161", "a"],
  ["c5000101", Uint8Array.of(1)],
  ["c60000000101", Uint8Array.of(1)],
  ["dc000101", [1]],
  ["dd0000000101", [1]],
  ["de0001a16101", { a: 1 }],
  ["df00000001a16101", { a: 1 }],
];

Deno.test("msgpack reads every form (MessagePack specification, Formats)", () => {
  for (const [digits, value] of READABLE) assertEquals(decodeDigits(MSGPACK_FORMAT, digits), value, digits);
});

/** The three forms of a timestamp (MessagePack specification, Timestamp extension type). */
const TIMESTAMPS: readonly (readonly [string, string])[] = [
  ["1970-01-01T00:00:00.000Z", "d6ff00000000"],
  ["2106-02-07T06:28:15.000Z", "d6ffffffffff"],
  ["2106-02-07T06:28:16.000Z", "d7ff0000000100000000"],
  ["1970-01-01T00:00:00.001Z", "d7ff003d090000000000"],
  ["2514-05-30T01:53:03.999Z", "d7ffee2e1f03ffffffff"],
  ["2514-05-30T01:53:04.000Z", "c70cff000000000000000400000000"],
  ["1969-12-31T23:59:59.999Z", "c70cff3b8b87c0ffffffffffffffff"],
];

Deno.test("msgpack writes dates as timestamps of 32, 64 and 96 bits (Timestamp extension type)", () => {
  for (const [text, digits] of TIMESTAMPS) assertWrites(MSGPACK_FORMAT, new Date(text), digits);
});

Deno.test("msgpack reads a timestamp of finer than a millisecond as the millisecond it lies in", () => {
  assertEquals(decodeDigits(MSGPACK_FORMAT, "d7ff0000000400000001"), new Date(1_000));
});

Deno.test("msgpack keeps a timestamp that no Date can hold as an extension", () => {
  for (const data of ["ffffffffff", "003b9aca000000000000000000", "0000000100ffffffffffffff", "00"]) {
    const bytes = decodeHex(data);
    const value = decodeDigits(MSGPACK_FORMAT, `c7${encodeHex(Uint8Array.of(bytes.length))}ff${data}`);
    assertEquals(value, new MsgpackExtension(-1, bytes));
  }
});

Deno.test("msgpack keeps values of extension types, and writes them as they came", () => {
  for (const length of [0, 1, 2, 3, 4, 8, 16, 17, 256, 65_536]) {
    const value = [new MsgpackExtension(5, new Uint8Array(length).fill(7)), 1];
    assertEquals(decode(MSGPACK_FORMAT, encode(MSGPACK_FORMAT, value)), value);
  }
  assertEquals(encodeHex(encode(MSGPACK_FORMAT, new MsgpackExtension(-128, Uint8Array.of(1)))), "d48001");
});

Deno.test("MsgpackExtension refuses a type that does not fit a byte", () => {
  for (const type of [-129, 128, 1.5]) assertThrows(() => new MsgpackExtension(type, new Uint8Array()), RangeError);
});

Deno.test("msgpack reads the undefined of libraries for JavaScript, an extension of type 0", () => {
  assertEquals(decodeDigits(MSGPACK_FORMAT, "d40000"), undefined);
  // [SUBSCRIBE, 1, {match: undefined}, "a"], as wampy sends it.
  const message = decodeMessage(serializer, decodeHex("94200181a56d61746368d40000a161"));
  assertEquals(listOf(message), [32, 1, {}, "a"]);
});

Deno.test("msgpack refuses what is not well-formed", () => {
  const malformed = [
    "c1",
    "91c1",
    "a1ff",
    "d901ff",
    "a2c328",
    "da0003eda080",
    "a161".slice(0, 2),
    "c7",
    "d4",
    "d400",
    "d800",
    "92",
    "9201",
    "81a161",
    "cb3ff8",
    "ca3f",
  ];
  for (const digits of malformed) assertMalformed(MSGPACK_FORMAT, digits);
});

Deno.test("msgpack refuses a length beyond the end before it takes memory for it", () => {
  for (const digits of ["ddffffffff00", "dfffffffff00", "dbffffffff00", "c6ffffffff00", "c9ffffffff0500", "dcffff00"]) {
    assertMalformed(MSGPACK_FORMAT, digits);
  }
  for (const digits of ["ddffffffff30", "9330"]) {
    assertThrows(() => decodeMessage(serializer, decodeHex(digits)), WampProtocolError);
  }
});

Deno.test("msgpack refuses 513 levels, without recursion while skipping", () => {
  assertMalformed(MSGPACK_FORMAT, `${"91".repeat(512)}90`);
  assertMalformed(MSGPACK_FORMAT, "91".repeat(100_000) + "00");
  assertMalformed(MSGPACK_FORMAT, "81a161".repeat(100_000) + "00");
});

Deno.test("msgpack takes a float with an integral value for an integer, and no other", () => {
  const subscribed = (id: string): string => `932101${id}`;
  for (const id of ["ca42f60000", "cb405ec00000000000"]) {
    assertEquals(listOf(decodeMessage(serializer, decodeHex(subscribed(id)))), [33, 1, 123]);
  }
  for (const id of ["cb3ff8000000000000", "ca7fc00000", "cb4340000000000001", "cf0020000000000001", "ff", "a161"]) {
    assertThrows(() => decodeMessage(serializer, decodeHex(subscribed(id))), WampProtocolError);
  }
});

Deno.test("msgpack refuses Options with a key twice or a key that is no string", () => {
  for (const options of ["82a16101a16102", "810102", "81c4016101", "81a16182a16201a16202", "81a1ff01"]) {
    const bytes = decodeHex(`942001${options}a161`);
    assertThrows(() => decodeMessage(serializer, bytes), WampProtocolError, undefined, options);
  }
});

Deno.test("msgpack turns keys of a payload into strings, and takes the last of equal ones", () => {
  assertEquals(decodeDigits(MSGPACK_FORMAT, "82a16101a16102"), { a: 2 });
  const keys = ["01", "c3", "c0", "ff", "cb3ff8000000000000", "cf0020000000000001", "c4020102", "9101", "81a27474c0"];
  const value = decodeDigits(MSGPACK_FORMAT, `89${keys.map((key) => `${key}c0`).join("")}`) as object;
  assertEquals(Object.keys(value), [
    "1",
    "true",
    "null",
    "-1",
    "1.5",
    "9007199254740993",
    "1,2",
    "[object Array]",
    "[object Object]",
  ]);
  assertEquals(decodeDigits(MSGPACK_FORMAT, "81d90161a162"), { a: "b" });
});

Deno.test("msgpack refuses a bigint beyond 64 bits", () => {
  for (const value of [2n ** 64n, -(2n ** 63n) - 1n, 2n ** 100n]) {
    const error = assertThrows(() => encode(MSGPACK_FORMAT, [value]), SerializationError, "bits in MessagePack");
    assert(error instanceof TypeError);
  }
});

Deno.test("msgpack's reader refuses a value of another type than asked for", () => {
  const reader = MSGPACK_FORMAT.createReader();
  const at = (digits: string): void => reader.reset(decodeHex(digits), 0, digits.length / 2);
  for (const method of ["enterList", "readInteger", "readString", "readUri", "readDict"] as const) {
    at("c0");
    const error = assertThrows(() => reader[method](), WampProtocolError);
    assertEquals(error.code, "invalid_message");
  }
});

Deno.test("msgpack's reader says what kind of value is next", () => {
  const reader = MSGPACK_FORMAT.createReader();
  const kinds = {
    integer: ["00", "e0", "ff", "cc00", "d3", "ca00000000", "cb4014000000000000"],
    string: ["a0", "bf", "d9", "da", "db"],
    list: ["90", "9f", "dc", "dd"],
    dict: ["80", "8f", "de", "df"],
    other: ["c0", "c2", "c4", "c7", "cb3ff8000000000000", "ca7fc00000", "d4"],
  };
  for (const [kind, samples] of Object.entries(kinds)) {
    for (const digits of samples) {
      reader.reset(decodeHex(digits), 0, digits.length / 2);
      assertEquals(reader.kind(), kind, digits);
      assertEquals(reader.position, 0);
    }
  }
});
