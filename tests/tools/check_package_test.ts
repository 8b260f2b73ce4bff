import { assertEquals } from "../std.ts";
import { checkFiles, checkScore, readDryRun, sumByFolder } from "../../_tools/check_package.ts";
import type { DocDeclaration, DocFiles } from "../../_tools/doc_model.ts";

const OUTPUT = `Checking for slow types in the public API...
Check mod.ts
warning[unanalyzable-dynamic-import]: unable to analyze dynamic import
  --> /project/cli/run.ts:46:27
   | 
46 |     module = await import(url);
   |                           ^^^ the unanalyzable dynamic import

  info: dynamic imports that can not be analyzed at publish time will not be rewritten automatically

error[missing-explicit-return-type]: missing explicit return type in the public API
 --> /project/mod.ts:3:17
  | 
3 | export function f(url: string) { return url; }
  |                 ^ this function is missing an explicit return type

error[missing-license]: missing license field or file

Simulating publish of @viaduct/viaduct@0.1.0 with files:
   file:///project/mod.ts (1.05KB)
   file:///project/LICENSE (103B)
   file:///project/cli/a%20file.ts (2KB)
Success Dry run complete
`;

Deno.test("readDryRun finds the files and every diagnostic with its place", () => {
  assertEquals(readDryRun(OUTPUT, "/project/"), {
    files: ["LICENSE", "cli/a file.ts", "mod.ts"],
    diagnostics: [
      "unanalyzable-dynamic-import at cli/run.ts: unable to analyze dynamic import",
      "missing-explicit-return-type at mod.ts: missing explicit return type in the public API",
      "missing-license at the package: missing license field or file",
    ],
  });
});

const NEEDED = [
  ...["CHANGELOG.md", "LICENSE", "README.md", "cli/console/page/console.css", "cli/console/page/index.html"],
  ...["cli/console/page/style.css", "deno.json", "mod.ts", "wamp/join.ts"],
];
const REACHED = new Set(["mod.ts", "wamp/join.ts"]);

Deno.test("checkFiles takes source that is reached, papers and the console's page", () => {
  assertEquals(checkFiles(NEEDED, REACHED), []);
});

for (
  const extra of [
    ...["docs/viaduct.schema.json", "wamp/join_test.ts", "_tools/ok.ts", "examples/demo/main.ts", "wamp/notes.md"],
    ...["cli/console/page/logo.png", "bench/wamp.ts", "internal/a.bench.ts", ".github/workflows/ci.yml"],
  ]
) {
  Deno.test(`checkFiles refuses ${extra}`, () => {
    assertEquals(checkFiles([...NEEDED, extra], REACHED), [
      `${extra}: is published, but is neither source nor a paper`,
    ]);
  });
}

Deno.test("checkFiles refuses source that nothing imports, and misses what is needed", () => {
  assertEquals(checkFiles([...NEEDED, "wamp/old.ts"], REACHED), [
    "wamp/old.ts: is published, but nothing that is exported imports it",
  ]);
  for (const file of NEEDED) {
    const rest = NEEDED.filter((other) => other !== file);
    assertEquals(checkFiles(rest, REACHED), [`${file}: is needed, but is not published`]);
  }
});

function documented(doc: string, kind = "function"): DocDeclaration {
  return { location: { filename: "a.ts", line: 0, col: 0 }, declarationKind: "export", kind, jsDoc: { doc } };
}

Deno.test("checkScore wants an example in the README, and a comment on each entry point and symbol", () => {
  const good: DocFiles = {
    "mod.ts": {
      module_doc: { doc: "It." },
      symbols: [{ name: "f", declarations: [documented("Does.")] }, {
        name: "g",
        declarations: [documented("", "reference")],
      }],
    },
  };
  assertEquals(checkScore(good, "```ts\n1;\n```"), []);
  assertEquals(checkScore(good, "Nothing"), ["README.md: has no example"]);
  const bad: DocFiles = { "mod.ts": { symbols: [{ name: "f", declarations: [documented(" ")] }] } };
  assertEquals(checkScore(bad, "```"), ["mod.ts: has no module comment", "mod.ts: f has no comment"]);
});

Deno.test("sumByFolder adds up files and bytes", () => {
  const sizes = new Map([["wamp/a.ts", 1], ["wamp/b/c.ts", 20], ["mod.ts", 300], ["LICENSE", 4]]);
  assertEquals([...sumByFolder(sizes)], [[".", { files: 2, bytes: 304 }], ["wamp", { files: 2, bytes: 21 }]]);
});
