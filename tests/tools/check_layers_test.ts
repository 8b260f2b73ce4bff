import { assertEquals } from "../std.ts";
import { checkLayers, type Layer, LAYERS } from "../../_tools/check_layers.ts";

const TABLE: readonly Layer[] = [
  { name: "low", files: ["internal/*"] },
  { name: "core", files: ["websocket/core.ts", "websocket/pure.ts", "websocket/pure_too.ts"] },
  { name: "drivers", files: ["websocket/client.ts", "websocket/server.ts"] },
  { name: "entry", files: ["mod.ts", "websocket/sansio.ts"] },
  { name: "cli", files: ["cli/*"] },
];

function check(files: Readonly<Record<string, string>>): string[] {
  return checkLayers(new Map(Object.entries(files)), TABLE);
}

const PURE = "/**\n * Codec. Sans-I/O.\n *\n * @module\n */\n";
const EXPERIMENTAL = "/**\n * Core.\n *\n * @experimental\n * @module\n */\n";

const CLEAN: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["an import of a lower layer and of the own one", {
    "internal/a.ts": "export const a = 1;",
    "websocket/core.ts": 'import { a } from "../internal/a.ts";\nimport "./pure.ts";',
    "websocket/pure.ts": "",
  }],
  ["Deno in a driver and in cli/", { "websocket/server.ts": "Deno.listen", "cli/main.ts": "Deno.args" }],
  ["Deno, any and silencers in prose", {
    "websocket/core.ts": '// Deno.connect takes any address\nconst a = "Deno any";',
  }],
  ["words of promises, time and randomness in prose and as members", {
    "websocket/pure.ts": `${PURE}// await a Date\nconst a = { async: true, fetch: 1 };\nb.crypto; Math.max(1);`,
  }],
  ["a type of a built-in module", { "internal/a.ts": 'import type * as zlib from "node:zlib";' }],
  ["a built-in module in cli/", { "cli/main.ts": 'import process from "node:process";' }],
  ["a computed import where modules of a user's are loaded", { "cli/run.ts": "import(a);" }],
  ["AbortSignal.any", { "websocket/core.ts": "AbortSignal.any([])" }],
  ["a private file imported from its folder", {
    "internal/_a.ts": "",
    "internal/b.ts": 'import "./_a.ts";',
  }],
  ["an example that imports the package, itself and built-ins", {
    "examples/a.ts": 'import "@viaduct/viaduct";\nimport "./b.ts";\nimport "node:assert/strict";\nDeno.serve;',
    "examples/b.ts": 'import "@viaduct/viaduct/websocket";',
  }],
  ["an experimental module that imports another", {
    "websocket/core.ts": EXPERIMENTAL,
    "websocket/sansio.ts": `${EXPERIMENTAL}import "./core.ts";`,
  }],
];

for (const [name, files] of CLEAN) {
  Deno.test(`checkLayers allows ${name}`, () => assertEquals(check(files), []));
}

const BROKEN: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
  ["a file in no layer", { "websocket/new.ts": "" }, [
    "websocket/new.ts:1: stands in no layer: enter it in _tools/check_layers.ts",
  ]],
  ["an import of a higher layer, types too", {
    "websocket/core.ts": 'import type { C } from "./client.ts";',
    "websocket/client.ts": "",
  }, ["websocket/core.ts:1: imports websocket/client.ts: core must not know drivers"]],
  ["a cycle inside a layer", {
    "websocket/core.ts": 'import "./pure.ts";',
    "websocket/pure.ts": '\nexport { a } from "./pure_too.ts";',
    "websocket/pure_too.ts": 'const a = import("./core.ts");',
  }, [
    "websocket/core.ts:1: imports itself: " +
    "websocket/core.ts -> websocket/pure.ts -> websocket/pure_too.ts -> websocket/core.ts",
  ]],
  ["an import of what is not shipped", { "websocket/core.ts": 'import "../tests/std.ts";' }, [
    "websocket/core.ts:1: imports tests/std.ts, which is not shipped",
  ]],
  ["Deno in portable code", { "websocket/core.ts": "const a = 1;\nif (a) Deno.close();\nglobalThis.Deno;" }, [
    "websocket/core.ts:2: must run everywhere but uses Deno (Deno)",
    "websocket/core.ts:3: must run everywhere but uses Deno (globalThis.Deno)",
  ]],
  ["packages and addresses", {
    "websocket/core.ts":
      'import "npm:ws";\nimport "jsr:@std/assert";\nimport "https://example.com/a.ts";\nimport "ws";',
  }, [
    "websocket/core.ts:1: imports npm:ws: shipped code imports only itself",
    "websocket/core.ts:2: imports jsr:@std/assert: shipped code imports only itself",
    "websocket/core.ts:3: imports https://example.com/a.ts: shipped code imports only itself",
    "websocket/core.ts:4: imports ws: shipped code imports only itself",
  ]],
  ["a loaded built-in module", { "internal/a.ts": 'import { inflateRawSync } from "node:zlib";' }, [
    "internal/a.ts:1: imports node:zlib: built-ins come through internal/builtins.ts",
  ]],
  ["a computed import", { "internal/a.ts": "import(a);" }, ["internal/a.ts:1: imports what it computes"]],
  ["a private file imported from another folder", {
    "internal/_a.ts": "",
    "websocket/core.ts": 'import "../internal/_a.ts";',
  }, ["websocket/core.ts:1: imports internal/_a.ts, which is private to its folder"]],
  ["a stable module that imports an experimental one", {
    "websocket/core.ts": EXPERIMENTAL,
    "websocket/client.ts": 'import "./core.ts";',
  }, ["websocket/client.ts:1: imports websocket/core.ts, which is experimental, and is not experimental itself"]],
  ["an example that needs a package", { "examples/a.ts": 'import "npm:ws";' }, [
    "examples/a.ts:1: imports npm:ws: an example needs nothing but this package",
  ]],
  ["a file that is too long", { "internal/a.ts": "\n".repeat(601) }, [
    "internal/a.ts:601: has 601 lines: at most 600, split it along a seam",
  ]],
];

for (const [name, files, findings] of BROKEN) {
  Deno.test(`checkLayers rejects ${name}`, () => assertEquals(check(files), [...findings]));
}

const IMPURE: readonly (readonly [string, string])[] = [
  ["setTimeout(a)", "a timer (setTimeout)"],
  ["queueMicrotask(a)", "a timer (queueMicrotask)"],
  ["Date.now()", "the time (Date)"],
  ["performance.now()", "the time (performance)"],
  ["Math.random()", "randomness or crypto (Math.random)"],
  ["crypto.subtle", "randomness or crypto (crypto)"],
  ["async function a() {}", "a promise (async)"],
  ["Promise.resolve()", "a promise (Promise)"],
  ["console.log()", "the outside (console)"],
  ["fetch(a)", "the outside (fetch)"],
  ["globalThis.a", "the global object (globalThis)"],
];

for (const [code, what] of IMPURE) {
  Deno.test(`checkLayers rejects ${code} in a sans-I/O file and nowhere else`, () => {
    assertEquals(check({ "websocket/pure.ts": PURE + code }), [`websocket/pure.ts:6: is sans-I/O but uses ${what}`]);
    assertEquals(check({ "websocket/core.ts": code }), []);
  });
}

const FORBIDDEN: readonly (readonly [string, string])[] = [
  ["let a: any = 1;", "holds `any`: use `unknown` (any)"],
  ["f<any>();", "holds `any`: use `unknown` (any)"],
  ["a as unknown as B;", "holds `as unknown as`: say what it is (as unknown as)"],
  ["{ await using a = b; }", "holds `using`, which Node does not strip (await using a =)"],
  ["// @ts-ignore: no", "silences a check"],
  ["/* deno-lint-ignore */", "silences a check"],
];

for (const [code, what] of FORBIDDEN) {
  Deno.test(`checkLayers rejects ${code}`, () => {
    assertEquals(check({ "internal/a.ts": code }), [`internal/a.ts:1: ${what}`]);
  });
}

Deno.test("checkLayers rejects a re-export of everything", () => {
  const files = { "internal/a.ts": "", "mod.ts": 'export * from "./internal/a.ts";' };
  assertEquals(check(files), ["mod.ts:1: holds `export *`: list the names (export * from)"]);
});

Deno.test("LAYERS names each file once", () => {
  const files = LAYERS.flatMap((layer) => layer.files);
  assertEquals(new Set(files).size, files.length);
});
