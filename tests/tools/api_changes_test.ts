import { assertEquals } from "../std.ts";
import { compareSurfaces, stepOf, type SurfaceChange } from "../../_tools/api/changes.ts";
import { withLevels, writeSurfaces } from "./api_support.ts";

interface Case {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** Each change: the symbol or its member, what happened, the step. */
  readonly changes: readonly string[];
}

/** Makes programs give, get, or give and get values of a type. */
const GIVEN = "export function give(value: T): void {}\n";
const GOT = "export declare function get(): T;\n";

const CASES: readonly Case[] = [
  {
    name: "nothing, where nothing but comments, order and bodies differ",
    before: "export const a: number = 1;\nexport class C { m(): void {} n(): void {} }",
    after: "export class C { n(): void {} m(): void { a; } }\nexport const a: number = 2;",
    changes: [],
  },
  {
    name: "a new symbol adds, its members are not told apart",
    before: "export const a: number = 1;",
    after: "export const a: number = 1;\nexport interface I { x: number }",
    changes: ["I added minor"],
  },
  {
    name: "a symbol that is gone breaks",
    before: "export const a: number = 1;\nexport interface I { x: number }",
    after: "export const a: number = 1;",
    changes: ["I removed major"],
  },
  {
    name: "another kind of symbol breaks",
    before: "export interface I { x: number }",
    after: "export class I { x: number = 1; }",
    changes: ["I changed major"],
  },
  {
    name: "a parameter that may be left out adds, one of another name does nothing, also both at once",
    before: `export declare function f(a: string): void;
export declare function g(a: string): void;
export declare function h(a: string): void;`,
    after: `export declare function f(a: string, b?: number): void;
export declare function g(other: string): void;
export declare function h(other: string, ...rest: number[]): void;`,
    changes: ["f changed minor", "g changed patch", "h changed minor"],
  },
  {
    name: "a parameter that must be given, one fewer, another order, another type break",
    before: `export declare function f(a: string): void;
export declare function g(a: string, b?: number): void;
export declare function h(a: string, b: number): void;
export declare function i(a: string | number): void;
export declare function j(a?: string): void;`,
    after: `export declare function f(a: string, b: number): void;
export declare function g(a: string): void;
export declare function h(b: number, a: string): void;
export declare function i(a: string): void;
export declare function j(a: string): void;`,
    changes: ["f", "g", "h", "i", "j"].map((name) => `${name} changed major`),
  },
  {
    name: "a function that takes more or gives less adds, one that gives more breaks",
    before: `export declare function f(a: string): string | undefined;
export declare function g(a: { x?: number }): string;
export declare function h(): string;`,
    after: `export declare function f(a: string | URL): string;
export declare function g(a: { x?: number; y?: number }): string;
export declare function h(): string | undefined;`,
    changes: ["f changed minor", "g changed minor", "h changed major"],
  },
  {
    name: "an overload that is new adds, one that is gone breaks",
    before: `export declare function f(a: string): void;
export declare function g(a: string): void;
export declare function g(a: number): void;`,
    after: `export declare function f(a: string): void;
export declare function f(a: number): void;
export declare function g(a: string): void;`,
    changes: ["f changed minor", "g changed major"],
  },
  {
    name: "a type parameter with a default adds, another one breaks",
    before: "export declare function f<T>(a: T): void;\nexport declare function g<T>(a: T): void;",
    after: "export declare function f<T, U = T>(a: T): void;\nexport declare function g<T, U>(a: T): void;",
    changes: ["f changed minor", "g changed major"],
  },
  {
    name: "what a program gives: a member that may be left out adds",
    before: `${GIVEN}export interface T { a: number }`,
    after: `${GIVEN}export interface T { a: number; b?: number; m?(): void }`,
    changes: ["T.b added minor", "T.m added minor"],
  },
  {
    name: "what a program gives: a member that must be given breaks",
    before: `${GIVEN}export interface T { a: number }`,
    after: `${GIVEN}export interface T { a: number; b: number; m(): void }`,
    changes: ["T.b added major", "T.m added major"],
  },
  {
    name: "what a program only gets: any new member adds",
    before: `${GOT}export interface T { a: number }`,
    after: `${GOT}export interface T { a: number; b: number; m(): void }`,
    changes: ["T.b added minor", "T.m added minor"],
  },
  {
    name: "what a program gives: a member that is gone breaks",
    before: `${GIVEN}export interface T { a?: number }`,
    after: `${GIVEN}export interface T {}`,
    changes: ["T.a removed major"],
  },
  {
    name: "what a program gives: wider types add, narrower ones break",
    before: `${GIVEN}export interface T { a: number; b?: string | number; c: number }`,
    after: `${GIVEN}export interface T { a: number | string; b?: string; c?: number }`,
    changes: ["T.a changed minor", "T.b changed major", "T.c changed minor"],
  },
  {
    name: "what a program only gets: narrower types add, wider ones break",
    before: `${GOT}export interface T { readonly a: number; readonly b?: string | number; readonly c: number }`,
    after: `${GOT}export interface T { readonly a: number | string; readonly b?: string; readonly c?: number }`,
    changes: ["T.a changed major", "T.b changed minor", "T.c changed major"],
  },
  {
    name: "what a program gives and gets: both ways break",
    before: `${GIVEN}${GOT}export interface T { readonly a: number; readonly b: string | number }`,
    after: `${GIVEN}${GOT}export interface T { readonly a: number | string; readonly b: string }`,
    changes: ["T.a changed major", "T.b changed major"],
  },
  {
    name: "what a program writes must stay writable, and take what it took",
    before: `${GOT}export interface T { a: number; b: string | number; readonly c: number }`,
    after: `${GOT}export interface T { readonly a: number; b: string; c: number }`,
    changes: ["T.a changed major", "T.b changed major", "T.c changed minor"],
  },
  {
    name: "a method that a program gives may be handed more, but not asked for more",
    before: `${GIVEN}export interface T { m(a: string): void; n(a: string): unknown; o(a: string): unknown }`,
    after:
      `${GIVEN}export interface T { m(a: string, b: number): void; n(a: string): string; o(a: string | URL): unknown }`,
    changes: ["T.m changed minor", "T.n changed major", "T.o changed major"],
  },
  {
    name: "a new overload of a method breaks those who give it, and adds for the others",
    before: `${GIVEN}export interface T { m(a: string): void }
export declare function getU(): U;
export interface U { m(a: string): void }`,
    after: `${GIVEN}export interface T { m(a: string): void; m(a: number): void }
export declare function getU(): U;
export interface U { m(a: string): void; m(a: number): void }`,
    changes: ["T.m changed major", "U.m changed minor"],
  },
  {
    name: "a callback's parameters are got, and what it returns is given",
    before: "export interface T { onDone?: (done: { a: number }) => number | undefined }\n" + GIVEN,
    after: "export interface T { onDone?: (done: { a: number; b: number }) => number | string | undefined }\n" + GIVEN,
    changes: ["T.onDone changed minor"],
  },
  {
    name: "what nothing leads to may be given and got",
    before: "export interface T { a: number }",
    after: "export interface T { a: number; b: number }",
    changes: ["T.b added major"],
  },
  {
    name: "a class: new members add, also protected and static ones; one that has to be written breaks",
    before: "export class C { a: () => void = () => {}; }\nexport abstract class D {}",
    after: `export class C { a(): void {} protected p: number = 1; static of(): C { return new C(); } }
export abstract class D { abstract m(): void }`,
    changes: ["C.a changed minor", "C.p added minor", "C.static of added minor", "D.m added major"],
  },
  {
    name: "a class: a constructor may take more that can be left out",
    before: "export class C { constructor(a: string) {} }\nexport class D { constructor(a: string) {} }",
    after:
      "export class C { constructor(a: string, b?: string) {} }\nexport class D { constructor(a: string, b: string) {} }",
    changes: ["C.constructor changed minor", "D.constructor changed major"],
  },
  {
    name: "a class that extends nothing more, or implements less, breaks; one that implements more adds",
    before: "export class C extends Error {}\nexport class D implements Disposable { [Symbol.dispose](): void {} }\n" +
      "export class E { [Symbol.dispose](): void {} }",
    after: "export class C {}\nexport class D { [Symbol.dispose](): void {} }\n" +
      "export class E implements Disposable { [Symbol.dispose](): void {} }",
    changes: ["C changed major", "D changed major", "E changed minor"],
  },
  {
    name: "a base that asks for nothing new may be added to what programs give; another one breaks",
    before: `${GIVEN}export interface T { a: number; u?: U; v?: V }
export interface U { a: number }
export interface V { a: number }`,
    after: `${GIVEN}export interface T extends Free { a: number; u?: U; v?: V }
export interface U extends Due { a: number }
export interface V extends Disposable { a: number }
export interface Free extends Freer { a: number; b?: string }
export interface Freer { c?: string }
export interface Due { b: string }`,
    changes: [
      ...["T changed minor", "U changed major", "V changed major"],
      ...["Due added minor", "Free added minor", "Freer added minor"],
    ],
  },
  {
    name: "what a router's configuration takes is given, what diagnostics tell is got",
    before:
      "export interface RouterConfig { a: A }\nexport interface A { x: string }\nexport interface ADiagnostics { x: 1 }",
    after: `export interface RouterConfig { a: A }
export interface A { x: string | number; y?: 1 }
export interface ADiagnostics { x: 1; y: 1 }`,
    changes: ["A.x changed minor", "A.y added minor", "ADiagnostics.y added minor"],
  },
  {
    name: "an object that the library alone makes may grow, and what programs alone write may be asked for more words",
    before: `export interface Session { close(session: Session): void }
export interface AuthMethod { decide(): Decision }
export type Decision = { a: 1 } | undefined;
export declare function accept(): AuthMethod;
export declare function join(): Session;
export declare function use(session: Session, method: AuthMethod): void;`,
    after: `export interface Session { close(session: Session): void; id: number }
export interface AuthMethod { decide(): Decision }
export type Decision = { a: 1 } | { b: 1 } | undefined;
export declare function accept(): AuthMethod;
export declare function join(): Session;
export declare function use(session: Session, method: AuthMethod): void;`,
    changes: ["Session.id added minor", "Decision changed minor"],
  },
  {
    name: "a member that moves to a base is still there",
    before: `${GOT}export interface T extends Base { a: number }\nexport interface Base { b: number }`,
    after: `${GOT}export interface T extends Base {}\nexport interface Base { a: number; b: number }`,
    changes: ["Base.a added minor"],
  },
  {
    name: "a union that programs give may lose nothing; words that are new in it add, other types break who gets it",
    before: `export type T = "a" | "b";
export type U = "a" | "b";
export type V = "a" | Date;
export declare function get(): V;
export declare function both(t: T, u: U): T;`,
    after: `export type T = "b" | "a" | "c";
export type U = "a";
export type V = "a" | Date | URL;
export declare function get(): V;
export declare function both(t: T, u: U): T;`,
    changes: ["T changed minor", "U changed major", "V changed major"],
  },
  {
    name: "a constant's object may get members, and lose none; its value's type may get narrower",
    before: "export declare const c: { readonly a: 1; readonly b: 2 };\nexport declare const d: string;",
    after: 'export declare const c: { readonly a: 1; readonly x: 2 };\nexport declare const d: "d";',
    changes: ["c.b removed major", "c.x added minor", "d changed minor"],
  },
  {
    name: "a symbol that is deprecated is told",
    before: "export declare const c: string;",
    after: "/**\n * It.\n *\n * @deprecated Use d.\n * @public\n */\nexport declare const c: string;",
    changes: ["c changed minor"],
  },
  {
    name: "what is experimental may do as it likes; becoming stable adds, the other way breaks",
    before: `/**
 * **UNSTABLE**: It.
 *
 * @experimental
 */
export interface A { a: number }
/**
 * **UNSTABLE**: It.
 *
 * @experimental
 */
export declare const b: number;
export declare const c: number;`,
    after: `/**
 * **UNSTABLE**: It.
 *
 * @experimental
 */
export interface A { b: number }
export declare const b: string;
/**
 * **UNSTABLE**: It.
 *
 * @experimental
 */
export declare const c: number;
/**
 * **UNSTABLE**: It.
 *
 * @experimental
 */
export declare const d: number;`,
    changes: ["A.a removed patch", "A.b added patch", "b changed minor", "c changed major", "d added patch"],
  },
];

const surfaces = await writeSurfaces(CASES.flatMap(({ before, after }) => [withLevels(before), withLevels(after)]));

function describe({ name, member, what, step }: SurfaceChange): string {
  return `${name}${member === undefined ? "" : `.${member}`} ${what} ${step}`;
}

for (const [index, { name, changes }] of CASES.entries()) {
  Deno.test(`compareSurfaces: ${name}`, () => {
    const [before, after] = [surfaces[2 * index]!, surfaces[2 * index + 1]!];
    assertEquals(compareSurfaces(before, after).map(describe).sort(), changes.toSorted());
    assertEquals(compareSurfaces(before, before), []);
  });
}

Deno.test("compareSurfaces tells a change of several entry points once, and what one of them loses", () => {
  const released = ". exports f of ./a\n./a @public function f(): void\n./b exports f of ./a\n";
  const current = ". exports f of ./a\n./a @public function f(x?: number): void\n";
  const changes = compareSurfaces(released, current);
  assertEquals(changes.map((change) => [describe(change), change.entries]), [
    ["f changed minor", [".", "./a"]],
    ["f removed major", ["./b"]],
  ]);
  assertEquals(changes[0]?.before, ["@public function f(): void"]);
  assertEquals(changes[0]?.after, ["@public function f(x?: number): void"]);
});

Deno.test("compareSurfaces does not mind at which entry point a symbol is written down", () => {
  const released = ". exports f of ./b\n./b @public function f(): void\n";
  const current = ". exports f of ./a\n./a @public function f(): void\n./b exports f of ./a\n";
  assertEquals(compareSurfaces(released, current).map((change) => [describe(change), change.entries]), [
    ["f added minor", ["./a"]],
  ]);
});

Deno.test("stepOf is the greatest step, and a patch where nothing has changed", () => {
  const change = compareSurfaces("", ". @public const c: number\n")[0]!;
  assertEquals(stepOf([]), "patch");
  assertEquals(stepOf([{ ...change, step: "patch" }, { ...change, step: "minor" }]), "minor");
  assertEquals(stepOf([{ ...change, step: "major" }, { ...change, step: "minor" }]), "major");
});
