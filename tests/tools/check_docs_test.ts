import { assertEquals } from "../std.ts";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkDocs } from "../../_tools/check_docs.ts";
import { documentFiles } from "../../_tools/doc_model.ts";

const MODULE = "/**\n * A module.\n *\n * ```ts\n * 1;\n * ```\n *\n * @module\n */\n\n";
const EXAMPLE = ` * @example Use
 * \`\`\`ts
 * import { a } from "@viaduct/viaduct";
 * import assert from "node:assert/strict";
 *
 * assert(a);
 * \`\`\`
 *`;

interface Case {
  readonly name: string;
  /** What stands behind the module's comment. */
  readonly code: string;
  /** What is expected where an entry point exports it. */
  readonly asPublic?: readonly string[];
  /** What is expected where none does. */
  readonly asPrivate?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: "a documented function",
    code: `/**\n * Does.\n *\n * @param x It.\n * @returns That.\n *\n${EXAMPLE}\n * @public\n */
export function a(x: number): number { return x; }`,
    asPublic: [],
    asPrivate: ["a is @public but no entry point exports it"],
  },
  {
    name: "an internal function in one line",
    code: "/** Does. @internal */\nexport function a(x: number): number { return x; }",
    asPublic: [
      "a has no @example",
      "a has no @param x",
      "a has no @returns",
      "a is @internal but an entry point exports it",
      "a must have 1 @param, received 0",
    ],
    asPrivate: [],
  },
  {
    name: "no comment at all",
    code: "export const a = 1;",
    asPublic: [
      "a has no summary",
      "a must have one API level, @public or @experimental on a line of its own, received none",
    ],
    asPrivate: ["a has no summary", "a must have one API level, @internal on a line of its own, received none"],
  },
  {
    name: "a level inside the prose of a public symbol",
    code: "/** Is. @public */\nexport const a = 1;",
    asPublic: ["a must have one API level, @public or @experimental on a line of its own, received none"],
  },
  {
    name: "two levels",
    code: "/**\n * Is.\n *\n * @public\n * @experimental\n */\nexport const a = 1;",
    asPublic: [
      "a must have one API level, @public or @experimental on a line of its own, received @public and @experimental",
    ],
  },
  {
    name: "an experimental symbol that does not say so first",
    code: "/**\n * Is.\n *\n * @experimental\n */\nexport const a = 1;",
    asPublic: ["a is @experimental but its first word is not **UNSTABLE**"],
  },
  {
    name: "an experimental symbol that says so first",
    code: "/**\n * **UNSTABLE**: Is.\n *\n * @experimental\n */\nexport const a = 1;",
    asPublic: [],
  },
  {
    name: "a parameter of another name and a destructured one",
    code: `/**\n * Does.\n *\n * @param y It.\n *\n${EXAMPLE}\n * @public\n */
export function a(x: number, { z }: { z?: number } = {}): void { void [x, z]; }`,
    asPublic: ["a has no @param x", "a must have 2 @param, received 1"],
  },
  {
    name: "functions that return nothing worth a word",
    code: `/**\n * Does.\n *\n${EXAMPLE}\n * @public\n */\nexport async function a(): Promise<void> {}
/**\n * Does.\n *\n * @param x It.\n *\n${EXAMPLE}\n * @public\n */
export function b(x: unknown): asserts x { if (!x) throw new Error(); }`,
    asPublic: [],
  },
  {
    name: "a function that returns a promise of something",
    code: `/**\n * Does.\n *\n${EXAMPLE}\n * @public\n */\nexport async function a(): Promise<number> { return 1; }`,
    asPublic: ["a has no @returns"],
  },
  {
    name: "an example without a title, an assertion or the package",
    code: `/**
 * Does.
 *
 * @example
 * \`\`\`ts
 * 1;
 * \`\`\`
 * @example Use
 * \`\`\`ts
 * 1;
 * \`\`\`
 * @example Idle
 * \`\`\`ts
 * import assert from "node:assert/strict";
 * \`\`\`
 * @example Alone
 * \`\`\`ts
 * import assert from "node:assert/strict";
 * assert(1);
 * \`\`\`
 * @public
 */
export function a(): void {}`,
    asPublic: [
      'a has an @example "Alone" that does not import the package by name',
      'a has an @example "Idle" that asserts nothing',
      'a has an @example "Use" that does not use node:assert/strict',
      "a has an @example without a title",
    ],
  },
  {
    name: "a class with bare members",
    code: `/**\n * Is.\n *\n${EXAMPLE}\n * @public\n */\nexport class A {
  /** Size. */
  readonly size: number = 1;
  readonly bare: number = 1;
  #hidden = 1;
  private secret = 1;
  /** Makes. */
  constructor(size: number) { this.size = size + this.#hidden + this.secret; }
  /** Gets. */
  get(key: string): number { return key.length; }
  /** Is it? */
  get isOpen(): boolean { return true; }
  [Symbol.iterator](): number { return 1; }
}`,
    asPublic: [
      "A.bare has no summary",
      "A.constructor has no @param size",
      "A.constructor must have 1 @param, received 0",
      "A.get has no @param key",
      "A.get has no @returns",
      "A.get must have 1 @param, received 0",
    ],
  },
  {
    name: "type parameters with and without a word",
    code: `/**\n * Is.\n *\n * @typeParam T That.\n *\n * @public\n */\nexport interface A<T, U> {
  /** That. */
  t: T;
  /** The other. */
  u: U;
}`,
    asPublic: ["A has no @typeParam U"],
  },
  {
    name: "an internal member in one line, and one that documentation leaves out",
    code: `/**\n * Is.\n *\n${EXAMPLE}\n * @public\n */\nexport class A {
  /** Says. @internal */
  get said(): number { return 1; }
  /**
   * Leaves out.
   *
   * @internal
   */
  leaveOut(x: number): number { return x; }
}`,
    asPublic: ["A.said must have @internal on a line of its own"],
  },
  {
    name: "an interface with a bare member",
    code: "/**\n * Is.\n *\n * @public\n */\nexport interface A {\n  /** Size. */\n  size: number;\n  bare(): void;\n}",
    asPublic: ["A.bare has no summary"],
  },
];

Deno.test("checkDocs finds what a doc comment lacks, and nothing else", async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    await Promise.all(CASES.map(({ code }, index) => Deno.writeTextFile(join(folder, `c${index}.ts`), MODULE + code)));
    const docs = await documentFiles(CASES.map((_, index) => `c${index}.ts`), folder);
    for (const [index, { name, asPublic, asPrivate }] of CASES.entries()) {
      const [entry] = Object.entries(docs).filter(([address]) => address.endsWith(`/c${index}.ts`));
      const file = Object.fromEntries([entry ?? ["", {}]]);
      const root = pathToFileURL(folder).href;
      const strip = (finding: string): string => finding.replace(/^.*?:\d+: /, "");
      await t.step(name, () => {
        if (asPublic) assertEquals(checkDocs(file, file, root).map(strip).sort(), [...asPublic].sort());
        if (asPrivate) assertEquals(checkDocs({}, file, root).map(strip).sort(), [...asPrivate].sort());
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("checkDocs checks what is exported again where it is declared", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const head = MODULE.slice(0, -1);
    await Deno.writeTextFile(
      join(folder, "a.ts"),
      `${head}/** Is. @internal */\nexport const a = 1;\nexport const b = 2;\n`,
    );
    await Deno.writeTextFile(join(folder, "mod.ts"), `${head}export { a } from "./a.ts";\n`);
    const [entries, all] = await Promise.all([
      documentFiles(["mod.ts"], folder),
      documentFiles(["mod.ts", "a.ts"], folder),
    ]);
    assertEquals(checkDocs(entries, all, pathToFileURL(`${folder}/`).href), [
      "a.ts:11: a is @internal but an entry point exports it",
      "a.ts:12: b has no summary",
      "a.ts:12: b must have one API level, @internal on a line of its own, received none",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("checkDocs asks an entry point for a module comment with an example", () => {
  const address = "file:///mod.ts";
  assertEquals(checkDocs({ [address]: {} }, {}, "file:///"), [
    "mod.ts:1: has no @module",
    "mod.ts:1: has no example in its module comment",
    "mod.ts:1: has no module comment",
  ]);
  const doc = "A module.\n\n```ts\n1;\n```\n";
  assertEquals(checkDocs({ [address]: { module_doc: { doc, tags: [{ kind: "module" }] } } }, {}, "file:///"), []);
});
