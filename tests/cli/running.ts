/**
 * Runs the command line in this process and takes what it writes.
 *
 * @module
 */

import { main } from "@viaduct/viaduct/cli";
import { assert } from "../std.ts";

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

/** A command that runs until it is stopped. */
export class Running {
  /** Its lines for standard output. */
  readonly printed: string[] = [];
  /** Its lines for standard error. */
  readonly reported: string[] = [];
  readonly #controller = new AbortController();
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<number>;

  /** Starts it. */
  constructor(args: readonly string[]) {
    const take = (lines: string[]) => (line: string): void => {
      lines.push(line);
      for (const look of this.#waiting) look();
    };
    const output = { print: take(this.printed), report: take(this.reported) };
    this.#ended = main(args, output, this.#controller.signal);
    void this.#ended.then(() => this.#waiting.forEach((look) => look()));
  }

  /** Waits for a line, printed before or after this call; fails where the command ends without it. */
  async line(lines: readonly string[], pattern: RegExp): Promise<RegExpExecArray> {
    let hasEnded = false;
    void this.#ended.then(() => hasEnded = true);
    for (;;) {
      const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null);
      if (found) return found;
      assert(!hasEnded, `Ended without ${pattern}: ${JSON.stringify([this.printed, this.reported])}`);
      await this.change();
    }
  }

  /** Waits for another line, or for its end. */
  change(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  /** Stops it, as Ctrl+C does, and gives its exit code. */
  stop(): Promise<number> {
    this.#controller.abort();
    return this.#ended;
  }

  /** Its exit code, once it has ended. */
  get code(): Promise<number> {
    return this.#ended;
  }
}
