import * as fallback from "./std_fallback.ts";
import { assertEquals, jsrStd, type Std } from "./std.ts";
import nodeAssert from "node:assert/strict";

const BYTES = new Uint8Array([0x00, 0x0f, 0xff]);

/** What passes, by the assertion's name. */
const PASSING: readonly (readonly [string, (std: Std) => unknown])[] = [
  ["assert", (std) => check(std).assert(1)],
  ["assertEquals of records", (std) => std.assertEquals({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })],
  ["assertEquals of bytes", (std) => std.assertEquals(new Uint8Array([1, 2]), new Uint8Array([1, 2]))],
  ["assertEquals of NaN", (std) => std.assertEquals(NaN, NaN)],
  ["assertEquals of maps", (std) => std.assertEquals(new Map([["a", [1]]]), new Map([["a", [1]]]))],
  ["assertNotEquals", (std) => std.assertNotEquals([1], [2])],
  ["assertStrictEquals", (std) => check(std).assertStrictEquals(NaN, NaN)],
  ["assertThrows", (std) => std.assertThrows(throwTypeError)],
  ["assertThrows with a class", (std) => std.assertThrows(throwTypeError, TypeError)],
  [
    "assertThrows with a superclass and a part of the message",
    (std) => std.assertThrows(throwTypeError, Error, "port"),
  ],
  ["assertRejects", (std) => std.assertRejects(reject)],
  ["assertRejects with a class and a part of the message", (std) => std.assertRejects(reject, RangeError, "length")],
  ["assertMatch", (std) => std.assertMatch("abc", /b/)],
  ["assertStringIncludes", (std) => std.assertStringIncludes("abc", "bc")],
  ["assertInstanceOf", (std) => check(std).assertInstanceOf(new TypeError(), Error)],
  ["assertExists", (std) => check(std).assertExists(0)],
  ["assertArrayIncludes", (std) => std.assertArrayIncludes([{ a: 1 }, { a: 2 }], [{ a: 2 }])],
  ["assertGreater", (std) => std.assertGreater(2, 1)],
  ["assertGreaterOrEqual", (std) => std.assertGreaterOrEqual(2, 2)],
  ["assertLess", (std) => std.assertLess(1, 2)],
  ["assertLessOrEqual", (std) => std.assertLessOrEqual(2, 2)],
];

/** What fails, by the assertion's name. */
const FAILING: readonly (readonly [string, (std: Std) => unknown])[] = [
  ["assert", (std) => check(std).assert("")],
  ["assertEquals of another property", (std) => std.assertEquals<object>({ a: 1 }, { b: 1 })],
  ["assertEquals of an undefined property", (std) => std.assertEquals<object>({ a: undefined }, {})],
  ["assertEquals of two classes", (std) => std.assertEquals<object>(new Uint8Array([1]), new Uint16Array([1]))],
  ["assertEquals of a number and its text", (std) => std.assertEquals<unknown>(1, "1")],
  ["assertNotEquals", (std) => std.assertNotEquals([1], [1])],
  ["assertStrictEquals", (std) => check(std).assertStrictEquals({}, {})],
  ["assertThrows of nothing", (std) => std.assertThrows(() => {})],
  ["assertThrows of another class", (std) => std.assertThrows(throwTypeError, RangeError)],
  ["assertThrows of another message", (std) => std.assertThrows(throwTypeError, TypeError, "path")],
  ["assertThrows of what is no error", (std) => std.assertThrows(throwText, Error)],
  ["assertRejects of nothing", (std) => std.assertRejects(() => Promise.resolve())],
  ["assertRejects of a synchronous throw", (std) => std.assertRejects(throwTypeError)],
  ["assertRejects of another class", (std) => std.assertRejects(reject, TypeError)],
  ["assertMatch", (std) => std.assertMatch("abc", /d/)],
  ["assertStringIncludes", (std) => std.assertStringIncludes("abc", "d")],
  ["assertInstanceOf", (std) => check(std).assertInstanceOf(new Error(), TypeError)],
  ["assertExists of null", (std) => check(std).assertExists(null)],
  ["assertExists of undefined", (std) => check(std).assertExists(undefined)],
  ["assertArrayIncludes", (std) => std.assertArrayIncludes([1, 2], [2, 3])],
  ["assertGreater", (std) => std.assertGreater(1, 1)],
  ["assertGreaterOrEqual", (std) => std.assertGreaterOrEqual(1, 2)],
  ["assertLess", (std) => std.assertLess(1, 1)],
  ["assertLessOrEqual", (std) => std.assertLessOrEqual(2, 1)],
  ["fail", (std) => check(std).fail()],
  ["unreachable", (std) => check(std).unreachable()],
];

/** What returns a value, and the value. */
const RETURNING: readonly (readonly [string, (std: Std) => unknown, unknown])[] = [
  ["assertThrows", (std) => std.assertThrows(throwTypeError, TypeError).message, "Invalid port"],
  ["assertRejects", async (std) => (await std.assertRejects(reject, RangeError)).message, "Invalid length"],
  ["concat", (std) => std.concat([BYTES, new Uint8Array(), BYTES]), new Uint8Array([0, 15, 255, 0, 15, 255])],
  ["concat of nothing", (std) => std.concat([]), new Uint8Array()],
  ["equals", (std) => std.equals(BYTES, BYTES.slice()), true],
  ["equals of another length", (std) => std.equals(BYTES, BYTES.subarray(1)), false],
  ["equals of another byte", (std) => std.equals(BYTES, new Uint8Array([0x00, 0x0f, 0xfe])), false],
  ["encodeHex", (std) => std.encodeHex(BYTES), "000fff"],
  ["encodeHex of a text", (std) => std.encodeHex("\u00e9"), "c3a9"],
  ["decodeHex", (std) => std.decodeHex("000fFF"), BYTES],
  ["encodeBase64", (std) => std.encodeBase64(BYTES.subarray(1)), "D/8="],
  ["encodeBase64 of a buffer", (std) => std.encodeBase64(BYTES.slice().buffer), "AA//"],
  ["decodeBase64", (std) => std.decodeBase64("D/8="), BYTES.subarray(1)],
];

/** Hands out the functions that assert or never return without their narrowing, which a table cannot use. */
function check(std: Std): {
  readonly assert: (value: unknown) => void;
  readonly assertStrictEquals: (actual: unknown, expected: unknown) => void;
  readonly assertInstanceOf: (actual: unknown, expected: ErrorConstructor) => void;
  readonly assertExists: (actual: unknown) => void;
  readonly fail: () => void;
  readonly unreachable: () => void;
} {
  return std;
}

function throwTypeError(): never {
  throw new TypeError("Invalid port");
}

/** Throws what is not an error: the value an abort was given. */
function throwText(): void {
  AbortSignal.abort("text").throwIfAborted();
}

function reject(): Promise<never> {
  return Promise.reject(new RangeError("Invalid length"));
}

async function checkTable(std: Std): Promise<void> {
  for (const [name, run] of PASSING) {
    await nodeAssert.doesNotReject(async () => await run(std), `${name} must pass`);
  }
  for (const [name, run] of FAILING) {
    await nodeAssert.rejects(async () => await run(std), { name: "AssertionError" }, `${name} must fail`);
  }
  for (const [name, run, expected] of RETURNING) {
    nodeAssert.deepStrictEqual(await run(std), expected, name);
  }
}

Deno.test("assertEquals tells where large byte arrays begin to differ", () => {
  const bytes = new Uint8Array(200_000).map((_, index) => index);
  const other = bytes.slice();
  other[150_000] = 1;
  assertEquals(bytes, bytes.slice());
  const failures: readonly (readonly [Uint8Array, string])[] = [
    [other, "Bytes differ: received 200000 bytes, expected 200000; byte 150000 is 1, expected 240"],
    [bytes.subarray(0, 9), "Bytes differ: received 9 bytes, expected 200000; byte 9 is undefined, expected 9"],
    [
      new Uint8Array([...bytes, 7]),
      "Bytes differ: received 200001 bytes, expected 200000; byte 200000 is 7, expected undefined",
    ],
  ];
  for (const [actual, message] of failures) {
    nodeAssert.throws(() => assertEquals(actual, bytes), { name: "AssertionError", message });
  }
  nodeAssert.throws(() => assertEquals<object>(new Uint16Array(5000), new Uint8Array(5000)), {
    name: "AssertionError",
  });
});

Deno.test("The fallback assertions agree with the table", () => checkTable(fallback));

Deno.test({
  name: jsrStd === undefined
    ? "JSR is out of reach: this run used tests/std_fallback.ts, the standard library was not compared with it"
    : "The standard library agrees with the table",
  ignore: jsrStd === undefined,
  fn: () => checkTable(jsrStd ?? fallback),
});
