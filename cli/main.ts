/**
 * The command line: `viaduct COMMAND [OPTIONS]`.
 *
 * ```sh
 * deno run --allow-net jsr:@viaduct/viaduct/cli echo --url ws://127.0.0.1:9001
 * ```
 *
 * @module
 */

import process from "node:process";
import { failureMessage } from "../internal/log.ts";
import { type Command, type CommandOutput, formatHelp, runCommand, UsageError } from "./command.ts";
import { ECHO_COMMAND } from "./echo.ts";
import { TESTEE_COMMAND } from "./testee.ts";

const COMMANDS: readonly Command[] = [ECHO_COMMAND, TESTEE_COMMAND];

const OUTPUT: CommandOutput = {
  print: (line) => console.log(line),
  report: (line) => console.error(line),
};

const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** The exit code of a command that failed. */
const FAILED = 1;
/** The exit code of a command line that cannot be understood. */
const MISUSED = 2;

/**
 * Runs the command line.
 *
 * @param args The arguments, without the program's name.
 * @param output Where lines go. @default {console}
 * @param signal Stops a running command. @default {SIGINT and SIGTERM do}
 * @returns The exit code: 0 for success, 1 for failure, 2 for arguments that cannot be understood.
 *
 * @example Use
 * ```ts
 * import { main } from "@viaduct/viaduct/cli";
 * import assert from "node:assert/strict";
 *
 * const lines: string[] = [];
 * const output = { print: (line: string) => lines.push(line), report() {} };
 * assert.equal(await main(["--help"], output), 0);
 * assert.match(lines.join("\n"), /viaduct echo/);
 * ```
 *
 * @public
 */
export async function main(
  args: readonly string[],
  output: CommandOutput = OUTPUT,
  signal?: AbortSignal,
): Promise<number> {
  const [name = "--help", ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") {
    output.print(formatHelp(COMMANDS));
    return 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  try {
    if (command === undefined) {
      const names = COMMANDS.map((candidate) => candidate.name).join(", ");
      throw new UsageError(`Command must be one of ${names}, received ${JSON.stringify(name)}`);
    }
    if (signal === undefined) await untilStopped((stop) => runCommand(command, rest, { output, signal: stop }));
    else await runCommand(command, rest, { output, signal });
    return 0;
  } catch (error) {
    output.report(`viaduct: ${error instanceof UsageError ? error.message : failureMessage(error)}`);
    return error instanceof UsageError ? MISUSED : FAILED;
  }
}

/** Runs something that SIGINT and SIGTERM stop; a second one ends the process as usual. */
async function untilStopped(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = (name: string): void => controller.abort(new DOMException(`Stopped by ${name}`, "AbortError"));
  for (const name of STOP_SIGNALS) process.once(name, stop);
  try {
    await run(controller.signal);
  } finally {
    for (const name of STOP_SIGNALS) process.off(name, stop);
  }
}

export type { CommandOutput } from "./command.ts";

if (import.meta.main) process.exitCode = await main(Deno.args);
