import { readExports, ROOT } from "../../_tools/project.ts";
import type { CheckResult } from "../interop/cells.ts";
import { assert, assertEquals } from "../std.ts";
import { runSuite, SUITE_CHECKS } from "./suite.ts";

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A failsafe for a process that does not end by itself, in milliseconds. */
const LIMIT = 60_000;

/** Runs Deno to its end, with a program from standard input where one is given. */
async function runDeno(args: readonly string[], program = ""): Promise<Output> {
  const options = { cwd: ROOT, env: { NO_COLOR: "1" }, stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  const child = new Deno.Command(Deno.execPath(), { args: [...args], ...options }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

function assertSuite(results: readonly CheckResult[]): void {
  assertEquals(results.filter(({ error }) => error !== undefined), []);
  assertEquals(results.map(({ check }) => check), SUITE_CHECKS);
}

async function assertSuiteIn(args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await runDeno(["run", "--no-prompt", ...args]);
  assertEquals([code, stderr], [0, ""]);
  assertSuite(stdout.trimEnd().split("\n").map((line) => JSON.parse(line)));
}

/** A program that imports one file and prints the names that appear in global objects by that. */
function watchImport(file: string): string {
  return `
    const watched = { globalThis, Object, Array, Promise, Uint8Array, String, EventTarget, Request, Response };
    const namesOf = () => Object.entries(watched).flatMap(([name, value]) =>
      [value, value.prototype ?? {}].flatMap((owner) => Reflect.ownKeys(owner).map((key) => name + "." + String(key)))
    );
    // The first built-in module of Node's brings a global object of Deno's own.
    process.getBuiltinModule("node:zlib");
    const before = new Set(namesOf());
    await import(${JSON.stringify(`./${file}`)});
    for (const name of namesOf()) if (!before.has(name)) console.log(name);
  `;
}

Deno.test("The suite of all runtimes passes here and leaves nothing behind", async () => {
  assertSuite(await runSuite({ hasZlib: true, hasSockets: true }));
});

Deno.test("The suite of all runtimes needs no permission, and lets the process end", async () => {
  await assertSuiteIn(["tests/runtimes/main.ts"]);
});

Deno.test("The suite of all runtimes passes in a worker without permissions", async () => {
  await assertSuiteIn(["-A", "--unstable-worker-options", "tests/runtimes/deno_worker.ts"]);
});

Deno.test("Without built-in modules everything works but compression, which is neither offered nor accepted", async () => {
  await assertSuiteIn(["-A", "--unstable-worker-options", "tests/runtimes/deno_worker.ts", "bare"]);
});

Deno.test("Importing an entry point needs no permission, prints nothing and changes no global object", async (t) => {
  const files = [...(await readExports()).values()];
  assert(files.includes("websocket/sansio.ts"), "Entry points must be found");
  for (const file of files) {
    await t.step(file, async () => {
      assertEquals(await runDeno(["run", "--no-prompt", "-"], watchImport(file)), { code: 0, stdout: "", stderr: "" });
    });
  }
});
