import { assert, assertEquals } from "../std.ts";
import { join } from "node:path";
import {
  dropParameterNames,
  fitsFunction,
  fitsMember,
  fitsType,
  growsByWords,
  parseHeading,
  parseMember,
} from "../../_tools/api/signatures.ts";

const TYPES: readonly string[] = [
  ...[
    "unknown",
    "never",
    "undefined",
    "null",
    "void",
    "string",
    "number",
    "boolean",
    '"a"',
    '"b | c"',
    "1",
    "-2",
    "true",
  ],
  ...["`a${string}`", '"a" | "b | c"', "string | number", "(string | number)", "string | undefined", "Date", "URL"],
  ...["string[]", "readonly string[]", "(string | number)[]", "readonly (string | number)[]", "string[][]"],
  ...["Promise<string>", "Promise<string | number>", "string | Promise<string>"],
  ...["{}", "{ a: number }", "{ a?: number }", "{ readonly a: number }", "{ a: number | string }", "{ a: 1; b: 2 }"],
  ...["{ a: number; b?: string }", '{ "a-b": 1 }', "{ readonly [key: string]: number }", "{ m(a: string): void }"],
  ...[
    "{ m: (a: string) => void }",
    "{ m(): void }",
    "{ m(a?: string): void }",
    "{ a: 1 } | { b: 2 }",
    "{ b: 2 } | { a: 1 }",
  ],
  ...["() => void", "() => string", "(x: string) => void", "(x?: string) => void", "(x: string | number) => void"],
  ...["(x: string, y: number) => string", "(x: string, ...y: number[]) => string", "(...x: string[]) => void"],
  ...["(x: (y: string) => void) => void", "(x: () => void) => void", "(() => void) | string", "() => void | string"],
  ...["<T>(x: T) => T", "<T, U = T>(x: T) => T", "(x: unknown) => x is string", "new () => Date"],
  ...["[string, number]", "keyof Date", "Date & URL", 'Date["getTime"]', "string extends number ? 1 : 2"],
];

Deno.test("fitsType says of no type that it fits where TypeScript says that it does not", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const pairs = TYPES.flatMap((from) => TYPES.filter((to) => fitsType(from, to)).map((to) => [from, to] as const));
    assert(pairs.length > 2 * TYPES.length, "Hardly anything fits");
    const lines = pairs.map(([from, to], index) =>
      `export const c${index}: (value: ${from}) => ${/=>|extends/.test(to) ? `(${to})` : to} = (value) => value;`
    );
    await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify({ compilerOptions: { strict: true } }));
    await Deno.writeTextFile(join(folder, "pairs.ts"), `${lines.join("\n")}\n`);
    const options = { args: ["check", "pairs.ts"], cwd: folder, env: { NO_COLOR: "1" } };
    const { success, stderr } = await new Deno.Command(Deno.execPath(), options).output();
    assert(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const FITTING: readonly (readonly [from: string, to: string])[] = [
  ['"a"', '"b" | "a"'],
  ["string[]", "readonly string[]"],
  ["readonly string[]", "readonly (string | number)[]"],
  ["{ a: 1; b: 2 }", "{ a: number }"],
  ["{ a: { x: 1 }; b: 2 }", "{ a: { x?: number; y?: 1 } }"],
  ["() => string", "(x: number) => unknown"],
  ["(x: string | number) => void", "(x: string) => void"],
  ["(x: (y: string) => void) => void", "(x: () => void) => void"],
  ["(...x: string[]) => void", "(x: string, y: string) => void"],
  ["undefined", "void"],
];

const EQUAL: readonly (readonly [one: string, other: string])[] = [
  ["string | number", "number | string"],
  ['("a" | 1) | number', '"a" | (1 | number)'],
  ["{ m(a: string): void }", "{ m: (b: string) => void }"],
  ["{ m(a: string): void; m(a: number): void }", "{ m(a: number): void; m(a: string): void }"],
  ["{ readonly a: 1 }", "{ a: 1 }"],
];

for (const [from, to] of FITTING) {
  Deno.test(`fitsType: ${from} stands for ${to}, not the other way`, () => {
    assertEquals([fitsType(from, to), fitsType(to, from)], [true, false]);
  });
}

for (const [one, other] of EQUAL) {
  Deno.test(`fitsType: ${one} and ${other} stand for each other`, () => {
    assertEquals([fitsType(one, other), fitsType(other, one)], [true, true]);
  });
}

Deno.test("fitsFunction: what is called may not take fewer arguments, what is handed over may", () => {
  const [none, one] = ["(): void", "(x: string): void"];
  assertEquals([fitsFunction(none, one, true), fitsFunction(none, one, false)], [false, true]);
  assertEquals(fitsFunction("(x?: string): void", none, true), true);
  assertEquals(fitsFunction("(x: string): void", none, true), false);
  assertEquals(fitsFunction("<T, U = string>(x: T): U", "<T>(x: T): U", true), true);
  assertEquals(fitsFunction("nonsense", none, true), false);
});

Deno.test("parseMember tells modifiers, name and body apart, whatever the name is", () => {
  const keys = [
    ...[
      "readonly a?: string",
      "static readonly b: 1",
      "protected abstract c(): void",
      '"d-e"?: 1',
      "readonly: boolean",
    ],
    ...["[Symbol.iterator](): void", "readonly [Symbol.toStringTag]: string", "readonly [key: string]: 1", "(x: 1): 2"],
    ...["<T>(x: T): T", "constructor(a: string)", "new (a: string): C", "static(): void"],
  ].map((text) => parseMember(text)).map(({ key, body }) => `${key} ${body}`);
  assertEquals(keys, [
    ...["a : string", "static b : 1", "c (): void", '"d-e" : 1', "readonly : boolean", "[Symbol.iterator] (): void"],
    ...["[Symbol.toStringTag] : string", "[] [key: string]: 1", "() (x: 1): 2", "() <T>(x: T): T"],
    ...["constructor (a: string)", "new  (a: string): C", "static (): void"],
  ]);
  const { isReadonly, isOptional, isStatic } = parseMember("static readonly a?: string");
  assertEquals([isReadonly, isOptional, isStatic], [true, true, true]);
});

Deno.test("fitsMember: an index signature has to have the same key", () => {
  const [text, number] = [parseMember("[key: string]: unknown"), parseMember("[key: number]: unknown")];
  assertEquals([fitsMember(text, text, true), fitsMember(text, number, true)], [true, false]);
});

Deno.test("growsByWords takes words that are new, and nothing else", () => {
  assertEquals(growsByWords('"b" | "a" | "c"', '"a" | "b"'), true);
  assertEquals(growsByWords('"a" | 1', '"a"'), false);
  assertEquals(growsByWords('"a"', '"a" | "b"'), false);
});

Deno.test("parseHeading reads what stands on a symbol's own line", () => {
  assertEquals(parseHeading("<T, U = Map<T, 1>> extends A<T, U>, B implements C, D<{ a: 1, b: 2 }>"), {
    typeParams: "T, U = Map<T, 1>",
    bases: ["A<T, U>", "B"],
    promises: ["C", "D<{ a: 1, b: 2 }>"],
    type: "",
  });
  assertEquals(parseHeading("<T> = T extends string ? 1 : 2").type, "T extends string ? 1 : 2");
  assertEquals(parseHeading(": () => void"), { typeParams: "", bases: [], promises: [], type: "() => void" });
});

Deno.test("dropParameterNames leaves the names of members, also in text that is quoted", () => {
  assertEquals(
    dropParameterNames("f(a: { b: 1; c: 2 }, d?: (e: string) => void, ...rest: number[]): asserts x"),
    "f(_: { b: 1; c: 2 }, _?: (_: string) => void, ..._: number[]): asserts x",
  );
});
