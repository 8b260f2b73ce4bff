import { assert, assertEquals } from "../std.ts";
import { type HostileRow, ROWS } from "./rows.ts";

const TESTS = new URL("../", import.meta.url);

/** The names of rows that tests of this folder are registered under. */
async function registered(): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const { name } of Deno.readDir(new URL("hostile/", TESTS))) {
    if (!name.endsWith("_test.ts")) continue;
    const source = await Deno.readTextFile(new URL(`hostile/${name}`, TESTS));
    for (const [, row = ""] of source.matchAll(/\bhostile(?:Attack|Wamp)?\(\s*"([a-z0-9_]+)"/g)) names.add(row);
  }
  return names;
}

Deno.test("each row of hostile inputs has a test of its own or names one elsewhere", async () => {
  const names = await registered();
  const untested = Object.entries<HostileRow>(ROWS).filter(([name, row]) => {
    return !names.has(name) && row.elsewhere === undefined;
  });
  assertEquals(untested.map(([name]) => name), []);
  for (const name of names) assert(name in ROWS, name);
});

Deno.test("each test that a row names elsewhere is there", async () => {
  for (const [row, { elsewhere = [] }] of Object.entries<HostileRow>(ROWS)) {
    for (const [file, name] of elsewhere) {
      const source = await Deno.readTextFile(new URL(file, TESTS));
      const isThere = source.split("Deno.test(").slice(1).some((test) => test.split("\n", 3).join("\n").includes(name));
      assert(isThere, `${row}: no test in ${file} is named "… ${name} …"`);
    }
  }
});
