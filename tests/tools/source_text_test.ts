import { assertEquals } from "../std.ts";
import { listImports, scanSource } from "../../_tools/source_text.ts";

const CASES: readonly (readonly [string, string, string])[] = [
  ["line comments", "a // b\nc", "a     \nc"],
  ["block comments", "a /* b\n */ c", "a     \n    c"],
  ["strings", `f("a", 'b')`, `f(" ", ' ')`],
  ["escaped quotes", String.raw`f("\"a") b`, `f("   ") b`],
  ["a comment's start in a string", `"//" a`, `"  " a`],
  ["a quote in a comment", `// it's\nb "c"`, `       \nb " "`],
  ["templates", "`a ${b + `c ${d}`} e` f", "`   {b + `   {d}`}  ` f"],
  ["braces in a template's expression", "`${ {a: {}} }x` y", "` { {a: {}} } ` y"],
  ["patterns", "x = /a'[/]b/g; y", "x = /      /g; y"],
  ["patterns after a word", "return /'/; b", "return / /; b"],
  ["divisions", "a / b / c 'd'", "a / b / c ' '"],
  ["divisions after a bracket", "(a) / b / c 'd'", "(a) / b / c ' '"],
];

for (const [name, text, code] of CASES) {
  Deno.test(`scanSource blanks ${name} and moves nothing`, () => {
    assertEquals(scanSource(text).code, code);
  });
}

Deno.test("scanSource hands out the comments", () => {
  assertEquals(scanSource("/** a */ b // c").comments, ["/** a */", "// c"]);
});

Deno.test("listImports finds every form of import, and no text that looks like one", () => {
  const text = `
import "./a.ts";
import b from "./b.ts";
import type { C } from "./c.ts";
import { type D,
  e } from './d.ts';
import * as f from "./f.ts";
export { g } from "./g.ts";
export type { H } from "./h.ts";
export * from "./i.ts";
const j = await import("./j.ts");
type K = import("./k.ts").K;
await import(l);
// import "./no.ts";
const text = 'import "./no.ts"';
export const from = "./no.ts";
`;
  const found = listImports(scanSource(text)).map(({ specifier, isType, line }) => `${line} ${specifier} ${isType}`);
  assertEquals(found, [
    "2 ./a.ts false",
    "3 ./b.ts false",
    "4 ./c.ts true",
    "5 ./d.ts false",
    "7 ./f.ts false",
    "8 ./g.ts false",
    "9 ./h.ts true",
    "10 ./i.ts false",
    "11 ./j.ts false",
    "12 ./k.ts false",
    "13 undefined false",
  ]);
});
