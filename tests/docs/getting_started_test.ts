import { join } from "node:path";
import { ROOT } from "../support/folders.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../std.ts";
import { configOfClone, followSteps, readCommand } from "./follower.ts";
import { readSteps } from "./instructions.ts";

const PAGES = join(ROOT, "docs", "getting_started");

async function readConfig(): Promise<string> {
  return configOfClone(await Deno.readTextFile(join(ROOT, "docs", "runtimes.md")));
}

for (const { name } of [...Deno.readDirSync(PAGES)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  Deno.test(`docs/getting_started/${name} does what it says, followed to the letter`, async () => {
    const steps = readSteps(await Deno.readTextFile(join(PAGES, name)));
    assert(steps.some(({ kind }) => kind === "file"), "A page must have files");
    for (const [index, { kind }] of steps.entries()) {
      if (kind !== "run" && kind !== "start" && kind !== "restart") continue;
      assertEquals(steps[index + 1]?.kind, "output", `Step ${index} (${kind}) must say what it prints`);
    }
    await followSteps(steps, await readConfig());
  });
}

const PAGE = `Save this as \`a.ts\`:

\`\`\`ts ignore
console.log("one");
console.log("two");
\`\`\`

It takes a second. Run
it:

\`\`\`sh
deno run a.ts
\`\`\`

It prints:

\`\`\`txt
one
two
\`\`\`
`;

Deno.test("a page's blocks are what the sentences before them say", () => {
  assertEquals(readSteps(PAGE), [
    { kind: "file", name: "a.ts", text: 'console.log("one");\nconsole.log("two");\n' },
    { kind: "run", commands: ["deno run a.ts"] },
    { kind: "output", lines: ["one", "two"] },
  ]);
  assertThrows(() => readSteps(PAGE.replace("Run\nit", "Do\nit")), SyntaxError, "Do it:");
  assertThrows(() => readSteps(PAGE.replace("Save", "Keep")), SyntaxError);
  assertThrows(() => readSteps(PAGE.replace("It prints", "Behold")), SyntaxError);
});

Deno.test("a command is read as a shell would", () => {
  assertEquals(readCommand("A=1 deno run x.ts '{\"two\": 2}' b"), {
    env: { A: "1" },
    args: ["run", "x.ts", '{"two": 2}', "b"],
  });
});

Deno.test("a page that shows other output, or not all of it, or wrong types, does not pass", async () => {
  const follow = (from: string, to: string) => followSteps(readSteps(PAGE.replace(from, to)), "{}");
  await follow("", "");
  await assertRejects(() => follow("one\ntwo\n", "one\nthree\n"), Error, "must print what the page says");
  await assertRejects(() => follow("one\ntwo\n", "one\n"), Error, "must show all");
  await assertRejects(() => follow("deno run a.ts", "deno run b.ts"), Error, "must end with 0");
  await assertRejects(() => follow('"two"', "(2 as string, 'two')"), Error, "wrong types");
});
