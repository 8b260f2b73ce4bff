import { assertEquals, assertThrows } from "../std.ts";
import { UsageError } from "../../cli/command.ts";
import { formatValue, parseKeywords, parseValue } from "../../cli/values.ts";

const BOTH_WAYS: Readonly<Record<string, unknown>> = {
  "null": null,
  "true": true,
  "1": 1,
  "-1.5": -1.5,
  "9007199254740991": 9007199254740991,
  "12345678901234567890": 12345678901234567890n,
  "-9223372036854775808": -9223372036854775808n,
  '"text \\"quoted\\""': 'text "quoted"',
  '[1,[],{"a":{}}]': [1, [], { a: {} }],
  '{"$binary":"AP8="}': new Uint8Array([0, 255]),
  '[{"$binary":""}]': [new Uint8Array()],
};

Deno.test("formatValue and parseValue agree, with integers and bytes kept whole", () => {
  for (const [text, value] of Object.entries(BOTH_WAYS)) {
    assertEquals(parseValue(text), value, text);
    assertEquals(formatValue(value), text);
  }
});

Deno.test("parseValue takes what is not JSON as the string that it is", () => {
  for (const text of ["", "hello", "1.2.3", "{a}", "[1", "+1", "tru", '"open', "\ud83d\ude00"]) {
    assertEquals(parseValue(text), text);
  }
});

Deno.test("parseValue leaves alone what only looks like bytes", () => {
  for (const text of ['{"$binary":"~"}', '{"$binary":1}', '{"$binary":"AA==","x":1}']) {
    assertEquals(formatValue(parseValue(text)), text);
  }
});

Deno.test("parseValue makes __proto__ a member like any other", () => {
  const value = parseValue('{"__proto__":{"polluted":true}}');
  assertEquals(Object.keys(value as object), ["__proto__"]);
  assertEquals("polluted" in (value as object), false);
});

Deno.test("formatValue writes what JSON lacks as null, dates as text, and leaves undefined members out", () => {
  assertEquals(formatValue([undefined, NaN, Infinity, () => {}]), "[null,null,null,null]");
  assertEquals(formatValue({ at: new Date(0), gone: undefined }), '{"at":"1970-01-01T00:00:00.000Z"}');
});

Deno.test("formatValue stops at a depth that no router lets through", () => {
  let value: unknown = 1;
  for (let depth = 0; depth < 1_000; depth++) value = [value];
  assertThrows(() => formatValue(value), RangeError, "deeper than 600 levels");
});

Deno.test("parseKeywords reads name=value, the value as JSON where it is JSON", () => {
  assertEquals(parseKeywords(["a=1", "b=x=y", "c=", 'd={"e":[]}']), { a: 1, b: "x=y", c: "", d: { e: [] } });
  for (const text of ["", "a", "=1"]) {
    assertThrows(() => parseKeywords([text]), UsageError, `must be like name=value, received ${JSON.stringify(text)}`);
  }
});
