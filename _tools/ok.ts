/**
 * Runs every check that is not a test, several at once, and prints a line for each and the output of those that fail.
 *
 * @module
 */

import { availableParallelism } from "node:os";
import { denoEnvironment, readExports, readSources, ROOT } from "./project.ts";

/** One check: a name and what to tell Deno. */
interface Check {
  readonly name: string;
  readonly args: readonly string[];
}

/** What a check came to. */
interface Outcome {
  readonly isPassed: boolean;
  readonly output: string;
}

const SPELLING = [
  ...["run", "-A", "--no-lock", "npm:cspell@9.2.1", "--no-progress", "--no-summary", "--dot"],
  ...["--cache", "--cache-location", ".cache/spelling"],
];

const SOURCE_FOLDERS = ["internal", "websocket", "wamp", "testing", "cli", "examples", "bench", "tests", "_tools"];

async function listChecks(): Promise<Check[]> {
  const entries = [...(await readExports()).values()];
  const sources = await readSources(["mod.ts", ...SOURCE_FOLDERS]);
  // The slow ones come first, so that the quick ones fill the gaps.
  return [
    { name: "spelling", args: SPELLING },
    { name: "types", args: ["check", ...sources.keys()] },
    { name: "package", args: ["run", "-A", "_tools/check_package.ts"] },
    { name: "doc lint", args: ["doc", "--lint", ...entries] },
    { name: "check_docs", args: ["run", "-A", "_tools/check_docs.ts"] },
    { name: "figures", args: ["run", "-A", "bench/figures.ts", "--check"] },
    { name: "api", args: ["run", "-A", "_tools/api_surface.ts"] },
    { name: "check_layers", args: ["run", "-A", "_tools/check_layers.ts"] },
    { name: "lint", args: ["lint"] },
    { name: "format", args: ["fmt", "--check"] },
  ];
}

async function runCheck({ args }: Check): Promise<Outcome> {
  const options: Deno.CommandOptions = { args: [...args], cwd: ROOT, stdin: "null", env: denoEnvironment() };
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  // Deno names each file that it checks or downloads; only what is wrong matters here.
  return { isPassed: success, output: output.replace(/^(?:Check|Download) .*\n/gm, "").trimEnd() };
}

/** Takes checks from the front of a shared list until it is empty. */
async function work(checks: Check[], failed: string[]): Promise<void> {
  for (let check = checks.shift(); check !== undefined; check = checks.shift()) {
    const start = performance.now();
    const { isPassed, output } = await runCheck(check);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${isPassed ? "pass" : "FAIL"} ${check.name.padEnd(12)} ${seconds.padStart(5)} s`);
    if (isPassed) continue;
    failed.push(check.name);
    console.log(output.replace(/^/gm, "     "));
  }
}

const checks = await listChecks();
const total = checks.length;
const failed: string[] = [];
await Promise.all(Array.from({ length: Math.min(total, availableParallelism()) }, () => work(checks, failed)));
console.log(`ok: ${total - failed.length} passed, ${failed.length} failed`);
if (failed.length > 0) Deno.exitCode = 1;
