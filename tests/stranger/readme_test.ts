import { join } from "node:path";
import { assertEquals, assertThrows } from "../std.ts";
import { ROOT } from "../support/folders.ts";
import { readFirstCommands } from "./readme.ts";

Deno.test("the README begins with the commands for the demo and the tests, which need Node alone", async () => {
  const { demo, test } = readFirstCommands(await Deno.readTextFile(join(ROOT, "README.md")));
  assertEquals([demo, test].map((command) => command.replace(/\d+\.\d+\.\d+/, "VERSION")), [
    "npx -y deno@VERSION task demo",
    "npx -y deno@VERSION task test",
  ]);
});

Deno.test("a README that begins with anything else is refused", () => {
  const block = (...lines: readonly string[]) => ["# X", "", "```sh", ...lines, "```", ""].join("\n");
  const [demo, test] = ["npx -y deno@2.9.6 task demo # a", "npx -y deno@2.9.6 task test"];
  assertEquals(readFirstCommands(block(demo, test)).demo, "npx -y deno@2.9.6 task demo");
  for (const readme of ["", block(demo), block(test, demo), block(demo, test, test), block("deno task demo", test)]) {
    assertThrows(() => readFirstCommands(readme), SyntaxError);
  }
});
