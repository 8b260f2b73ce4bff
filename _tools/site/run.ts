/**
 * Runs this Deno for a step of the build.
 *
 * @module
 */

import { denoEnvironment } from "../project.ts";

/** Where a step runs. */
export interface RunOptions {
  /** The working directory. */
  readonly cwd: string;
}

/**
 * Runs Deno and waits for its end.
 *
 * @param args What to tell it.
 * @param options Where it runs.
 * @returns What it printed on standard output.
 * @throws {Error} It failed; the message has all that it printed.
 */
export async function runDeno(args: readonly string[], { cwd }: RunOptions): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: denoEnvironment(),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  // Who stops the build stops its steps; Windows knows no other signal that can be listened to.
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  const stop = (): void => {
    child.kill();
    Deno.exit(130);
  };
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  try {
    const { success, stdout, stderr } = await child.output();
    const [output, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    if (success) return output ?? "";
    throw new Error(`deno ${args.slice(0, 3).join(" ")} failed:\n${output}${errors}`.trimEnd());
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, stop);
  }
}
