/**
 * Runs examples as their own headers say: as processes, with the permissions given there and no others.
 *
 * @module
 */

import { join } from "node:path";
import { ROOT } from "../support/folders.ts";
import { Process } from "../support/processes.ts";
import { assert } from "../std.ts";

/** A failsafe for what should take a second, in milliseconds. */
export const LIMIT = 60_000;

/** What a finished example left. */
export interface ExampleResult {
  /** The exit code. */
  readonly code: number;
  /** The lines of both outputs. */
  readonly lines: readonly string[];
}

/** The permissions that the command in an example's header gives. */
export async function readPermissions(path: string): Promise<string[]> {
  const source = await Deno.readTextFile(path);
  const command = /^ \* deno run (.*) examples\/\S+\.ts/m.exec(source);
  assert(command !== null, `${path} must say how it is run`);
  return command[1]!.split(" ");
}

/** Starts an example. */
export async function startExample(
  name: string,
  args: readonly string[] = [],
  onLine: (line: string) => void = () => {},
  env: Readonly<Record<string, string>> = {},
): Promise<Process> {
  const path = join(ROOT, "examples", name);
  const command = [Deno.execPath(), "run", "--no-prompt", ...await readPermissions(path), path, ...args];
  return new Process(name, command, { cwd: ROOT, env: { NO_COLOR: "1", ...env }, onLine });
}

/** Runs an example to its end, with variables of the environment where it needs them. */
export async function runExample(
  name: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ExampleResult> {
  const lines: string[] = [];
  const process = await startExample(name, args, (line) => lines.push(line), env);
  const timer = setTimeout(() => void process.stop(), LIMIT);
  const { code } = await process.status;
  clearTimeout(timer);
  return { code, lines };
}

/** Sends SIGINT, as Ctrl+C does, and gives the exit code. Windows has no such signal: there the process is ended, as if it were well. */
export async function interrupt(process: Process): Promise<number> {
  if (Deno.build.os === "windows") return await process.stop().then(() => 0);
  Deno.kill(process.pid, "SIGINT");
  return (await process.status).code;
}

/** A promise that fails where nothing has come for too long. */
export async function inTime<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing has come for ${LIMIT} ms`)), LIMIT);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
