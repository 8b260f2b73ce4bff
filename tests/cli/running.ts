/**
 * Runs the command line in this process and takes what it writes.
 *
 * @module
 */

import { main } from "@viaduct/viaduct/cli";

/** What a finished command left. */
export interface CommandResult {
  /** The exit code. */
  readonly code: number;
  /** The lines for standard output. */
  readonly printed: readonly string[];
  /** The lines for standard error. */
  readonly reported: readonly string[];
}

/** Runs a command to its end. */
export async function runMain(args: readonly string[], signal?: AbortSignal): Promise<CommandResult> {
  const printed: string[] = [];
  const reported: string[] = [];
  const output = { print: (line: string) => printed.push(line), report: (line: string) => reported.push(line) };
  const code = await main(args, output, signal);
  return { code, printed, reported };
}

/** Runs a command that serves, and stops it after use. */
export async function withServer(
  args: readonly string[],
  use: (url: string) => Promise<void>,
): Promise<number> {
  const stop = new AbortController();
  const listening = Promise.withResolvers<string>();
  const report = (line: string): void => listening.reject(new Error(line));
  const print = (line: string): void => listening.resolve(line.replace(/^Listening on /, ""));
  const ended = main([...args, "--url", "ws://127.0.0.1:0"], { print, report }, stop.signal);
  try {
    await use(await listening.promise);
  } finally {
    stop.abort();
  }
  return await ended;
}
