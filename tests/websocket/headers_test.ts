import { CountingText, hostileLists } from "../counting_text.ts";
import {
  assertFieldName,
  assertFieldValue,
  HeaderList,
  isToken,
  listIncludes,
  splitList,
  trimWhitespace,
} from "../../websocket/headers.ts";
import { assert, assertEquals, assertLessOrEqual, assertStringIncludes, assertThrows } from "../std.ts";

Deno.test("HeaderList keeps order, case and duplicates, and compares names without case", () => {
  const list = new HeaderList([["Host", "a"], ["X-One", "1"], ["x-one", "2"]]);
  assertEquals([...list], [["Host", "a"], ["X-One", "1"], ["x-one", "2"]]);
  assertEquals(list.size, 3);
  assertEquals(list.get("HOST"), "a");
  assertEquals(list.get("X-ONE"), "1");
  assertEquals(list.getAll("x-ONE"), ["1", "2"]);
  assert(list.has("host"));
  assertEquals(list.toHeaders().get("x-one"), "1, 2");
});

Deno.test("HeaderList knows only the names it was given, prototypes aside", () => {
  const list = new HeaderList();
  for (const name of ["constructor", "__proto__", "toString"]) {
    assertEquals([list.get(name), list.getAll(name), list.has(name)], [undefined, [], false]);
  }
  list.append("__proto__", "own");
  assertEquals(list.get("__Proto__"), "own");
});

Deno.test("HeaderList.from takes what a caller may give as headers and trims the values", () => {
  const expected = [["x-a", "1"], ["x-b", "2"]];
  assertEquals([...HeaderList.from({ "x-a": " 1", "x-b": "2\t" })], expected);
  assertEquals([...HeaderList.from([["x-a", "1"], ["x-b", "2"]])], expected);
  assertEquals([...HeaderList.from(new Headers({ "X-B": "2", "X-A": "1" }))], expected);
});

Deno.test("HeaderList.from refuses CR, LF, NUL and other bytes not allowed (RFC 9110 §5.5)", () => {
  for (const value of ["a\rb", "a\nb", "a\0b", "a\x7fb", "a\x1bb", "\u0100", "a\r\nSet-Cookie: x"]) {
    const error = assertThrows(() => HeaderList.from({ "x-secret": value }), TypeError);
    assertStringIncludes(error.message, "x-secret");
  }
  for (const name of ["", "a b", "a:", "a\r\nb", "a\0", "\u00e9", "a\n"]) {
    assertThrows(() => HeaderList.from([[name, "1"]]), TypeError);
    assertThrows(() => assertFieldName(name), TypeError);
  }
});

Deno.test("assertFieldValue does not show the value, which may be a secret", () => {
  const error = assertThrows(() => assertFieldValue("authorization", "hunter2\r"), TypeError);
  assertEquals(
    error.message,
    "Cannot set header field authorization: value must be visible Latin-1, received U+000D at 7",
  );
});

Deno.test("isToken accepts tokens alone (RFC 9110 §5.6.2)", () => {
  for (const token of ["a", "!#$%&'*+-.^_`|~09azAZ", "constructor"]) assert(isToken(token), token);
  for (const text of ["", " a", "a,b", "a/b", 'a"', "a\0", "\u0141", "(", "\x7f"]) assert(!isToken(text), text);
});

Deno.test("splitList trims elements and leaves out empty ones (RFC 9110 §5.6.1)", () => {
  assertEquals(splitList(["a,b , \tc", ",, d,", "", " , "]), ["a", "b", "c", "d"]);
  assertEquals(splitList(["a b"]), ["a b"]);
  assert(listIncludes(["keep-alive, UPGRADE"], "upgrade"));
  assert(!listIncludes(["upgrades", "up grade"], "upgrade"));
});

Deno.test("splitList takes linear time on 100 KB of commas and spaces", () => {
  for (const list of hostileLists(100_000)) {
    const text = new CountingText(list);
    splitList([text]);
    assertLessOrEqual(text.steps, 4 * list.length);
  }
});

Deno.test("trimWhitespace removes spaces and tabs on both sides only", () => {
  assertEquals(trimWhitespace(" \ta \t b\t "), "a \t b");
  assertEquals(trimWhitespace(" \t "), "");
  assertEquals(trimWhitespace("\u00a0a"), "\u00a0a");
});
