import { assert, assertEquals, assertRejects, assertThrows } from "../std.ts";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readSurface, writeSurface } from "../../_tools/api/surface.ts";
import { documentFiles } from "../../_tools/doc_model.ts";
import { ROOT } from "../../_tools/project.ts";
import { withLevels, writeSurfaces } from "./api_support.ts";

interface Case {
  readonly name: string;
  readonly code: string;
  /** The lines, without the entry point and `@public`. */
  readonly lines: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: "a function has a line for each overload, and none for what implements them",
    code: `export function f<T extends object = Date>(x: T, y?: string, z = 1, ...rest: number[]): Promise<T>;
export function f(x: unknown): asserts x is string;
export function f(x: unknown): unknown { return x; }`,
    lines: [
      "function f(x: unknown): asserts x is string",
      "function f<T extends object = Date>(x: T, y?: string, z?: number, ...rest: number[]): Promise<T>",
    ],
  },
  {
    name: "what is taken apart has no name",
    code: 'export function f({ a }: { a: number }, [b]: number[], c: string = ""): void {}',
    lines: ["function f(options: { a: number }, items: number[], c?: string): void"],
  },
  {
    name: "a class has what a program sees of it",
    code: `export abstract class C<T> extends Map<string, T> implements Iterable<[string, T]> {
  static readonly x: number = 1;
  static #y = 2;
  private z: number = 1;
  protected q: number = 3;
  "quoted-name"?: number;
  constructor(readonly a: number, b?: string) { super(); }
  abstract m(): this;
  get read(): number { return 1; }
  get both(): number { return 1; }
  set both(value: number) {}
  set only(value: number) {}
  /** Hidden. @internal */
  hidden(): void {}
  /**
   * Hidden.
   *
   * @internal
   */
  alsoHidden(): void {}
  over(x: string): void;
  over(x: number): void;
  over(x: unknown): void {}
  async *gen(): AsyncGenerator<number> {}
  [Symbol.dispose](): void {}
}`,
    lines: [
      "abstract class C<T> extends Map<string, T> implements Iterable<[string, T]>",
      'abstract class C { "quoted-name"?: number }',
      "abstract class C { [Symbol.dispose](): void }",
      "abstract class C { abstract m(): this }",
      "abstract class C { both: number }",
      "abstract class C { constructor(a: number, b?: string) }",
      "abstract class C { gen(): AsyncGenerator<number> }",
      "abstract class C { only: number }",
      "abstract class C { over(x: number): void }",
      "abstract class C { over(x: string): void }",
      "abstract class C { protected q: number }",
      "abstract class C { readonly read: number }",
      "abstract class C { static readonly x: number }",
    ],
  },
  {
    name: "an interface has its signatures",
    code: `export interface I<T = string> extends AsyncIterable<T>, Disposable {
  (x: T): void;
  new (x: T): I<T>;
  readonly [key: string]: unknown;
  readonly a?: T;
  m?<U>(x: U): T;
  get g(): number;
}`,
    lines: [
      "interface I<T = string> extends AsyncIterable<T>, Disposable",
      "interface I { (x: T): void }",
      "interface I { m?<U>(x: U): T }",
      "interface I { new (x: T): I<T> }",
      "interface I { readonly [key: string]: unknown }",
      "interface I { readonly a?: T }",
      "interface I { readonly g: number }",
    ],
  },
  {
    name: "a type alias is what it stands for",
    code: `export type A<T> = T extends readonly (infer U extends string)[] ? U : never;
export type B = { readonly [K in "x" as \`y\${K}\`]?: K } | { -readonly [K in "x"]-?: K };
export type C = ((x: number) => string) | (new () => Date) | -1 | 1n | true | \`a\${string}\` | "q\\"";
export type D = keyof typeof f & symbol;
export type E = import("node:events").EventEmitter["on"];
export type F = [a: string, b: number];
declare function f(): void;`,
    lines: [
      "type A<T> = T extends readonly (infer U extends string)[] ? U : never",
      'type B = { readonly [K in "x" as `y${K}`]?: K } | { -readonly [K in "x"]-?: K }',
      'type C = ((x: number) => string) | (new () => Date) | -1 | 1n | true | `a${string}` | "q\\""',
      "type D = keyof typeof f & symbol",
      'type E = import("node:events").EventEmitter["on"]',
      "type F = [string, number]",
    ],
  },
  {
    name: "an object's type has lines for its members",
    code: `export type A = { readonly x: number; y?(): void };
export const c: { readonly X: 1000 } = { X: 1000 };
export const d: number = 1;
export let l: string = "";`,
    lines: [
      "type A = {…}",
      "type A { readonly x: number }",
      "type A { y?(): void }",
      "const c: {…}",
      "const c { readonly X: 1000 }",
      "const d: number",
      "let l: string",
    ],
  },
  {
    name: "an interface tells who makes its values",
    code: `export interface Given { readonly onDone?: (done: Done) => Answer; readonly inner: Inner }
export interface Inner { a: number }
export interface Done { b: number }
export interface Answer { c: number }
export interface Both { d: number }
export interface Unused { e: number }
export type Word = "a";
export function f(given: Given, words: readonly Word[]): Promise<Both> { return Promise.reject(given ?? words); }
export function g(both: Both): void {}`,
    lines: [
      "interface Answer (in)",
      "interface Answer { c: number }",
      "interface Both (in out)",
      "interface Both { d: number }",
      "interface Done (out)",
      "interface Done { b: number }",
      "interface Given (in)",
      "interface Given { readonly inner: Inner }",
      "interface Given { readonly onDone?: (done: Done) => Answer }",
      "interface Inner (in)",
      "interface Inner { a: number }",
      "interface Unused",
      "interface Unused { e: number }",
      'type Word (in) = "a"',
      "function f(given: Given, words: readonly Word[]): Promise<Both>",
      "function g(both: Both): void",
    ],
  },
  {
    name: "a method gives what it returns, and what a type argument stands for may go both ways",
    code: `export class Maker { make(by: By): Made { return by; } static of(x: Options): Maker { return new Maker(); } }
export interface Made { a?: number }
export interface By { a?: number }
export interface Options { box?: Box<Thing> }
export interface Box<T> { open(): T }
export interface Thing { a: number }`,
    lines: [
      "interface Box (in)<T>",
      "interface Box { open(): T }",
      "interface By (in)",
      "interface By { a?: number }",
      "interface Made (out)",
      "interface Made { a?: number }",
      "class Maker",
      "class Maker { make(by: By): Made }",
      "class Maker { static of(x: Options): Maker }",
      "interface Options (in)",
      "interface Options { box?: Box<Thing> }",
      "interface Thing (in out)",
      "interface Thing { a: number }",
    ],
  },
];

const surfaces = await writeSurfaces(CASES.map(({ code }) => withLevels(code)));

function linesOf(surface: string): string[] {
  return surface.trimEnd().split("\n").filter((line) => !line.startsWith("#"));
}

for (const [index, { name, lines }] of CASES.entries()) {
  Deno.test(`writeSurface: ${name}`, () => {
    // Lines go by the symbol's name, its own before those of its members.
    const key = (line: string): string => /(?:class|interface|type|const|let|function) ([\w$]+)/.exec(line)?.[1] ?? "";
    const byName = lines.toSorted((a, b) => key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
    assertEquals(linesOf(surfaces[index]!), byName.map((line) => `. @public ${line}`));
  });
}

Deno.test("readSurface reads every line that writeSurface writes", () => {
  for (const surface of surfaces) {
    const lines = readSurface(surface);
    assertEquals(lines.length, linesOf(surface).length);
    for (const [index, text] of linesOf(surface).entries()) {
      const { entry, level, kind, name, uses, member, tail } = lines[index]!;
      const rest = member === undefined ? `${uses.length > 0 ? ` (${uses.join(" ")})` : ""}${tail}` : ` { ${member} }`;
      assertEquals(`${entry} @${level} ${kind} ${name}${rest}`, text);
    }
  }
});

Deno.test("writeSurface says the level, and what is deprecated", async () => {
  const comment = (tags: string): string => `/**\n * It.\n *\n * ${tags}\n */\nexport const x: number = 1;`;
  const [experimental, deprecated] = await writeSurfaces([
    comment("@experimental"),
    comment("@deprecated Use y.\n * @public"),
  ]);
  assertEquals(linesOf(experimental!), [". @experimental const x: number"]);
  assertEquals(linesOf(deprecated!), [". @public @deprecated const x: number"]);
  assertEquals(readSurface(experimental!)[0]?.level, "experimental");
  assertEquals(readSurface(deprecated!)[0]?.isDeprecated, true);
});

Deno.test("writeSurface refuses what has no level or no type, an enum and a namespace", async () => {
  await assertRejects(() => writeSurfaces(["export const x: number = 1;"]), Error, "neither @public nor @experimental");
  for (const code of ["export enum E { A }", "export namespace N { export const x: number = 1; }"]) {
    await assertRejects(() => writeSurfaces([withLevels(code)]), Error, "has no form in the API surface");
  }
  for (const code of ["export class C { a = Infinity; }", "export const f = (x): void => {};"]) {
    await assertRejects(() => writeSurfaces([withLevels(code)]), Error, "has no type");
  }
});

Deno.test("writeSurface writes a symbol once, at the first entry point beside the root, and names the others", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const code = withLevels("export interface A { a: number }\nexport interface Own { o: number }");
    await Deno.writeTextFile(join(folder, "a.ts"), code);
    await Deno.writeTextFile(join(folder, "b.ts"), `export type { A } from "./a.ts";`);
    await Deno.writeTextFile(join(folder, "mod.ts"), `export type { A, Own } from "./a.ts";`);
    const docs = await documentFiles(["mod.ts", "b.ts", "a.ts"], folder);
    const address = (file: string): string => pathToFileURL(join(folder, file)).href;
    const surface = writeSurface(new Map([[".", address("mod.ts")], ["./b", address("b.ts")]]), docs);
    assertEquals(linesOf(surface), [
      ". exports A of ./b",
      ". @public interface Own",
      ". @public interface Own { o: number }",
      "./b @public interface A",
      "./b @public interface A { a: number }",
    ]);
    assertEquals(readSurface(surface).map(({ entry, name, member }) => [entry, name, member]), [
      [".", "Own", undefined],
      [".", "Own", "o: number"],
      ["./b", "A", undefined],
      ["./b", "A", "a: number"],
      [".", "A", undefined],
      [".", "A", "a: number"],
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readSurface refuses what it does not understand", () => {
  for (const text of ["nonsense", ". @internal const x: number", ". @public enum E", ". exports A of ./b"]) {
    assertThrows(() => readSurface(text), SyntaxError);
  }
});

Deno.test("the surface of this package is complete: each export of each entry point has a line", async () => {
  const lines = readSurface(await Deno.readTextFile(`${ROOT}api/current.txt`));
  const names = new Set(lines.filter(({ entry }) => entry === "./wamp/serializers").map(({ name }) => name));
  const exported = Object.keys(await import("../../wamp/serializers/mod.ts"));
  assert(exported.length > 0);
  assertEquals(exported.filter((name) => !names.has(name)), []);
});
