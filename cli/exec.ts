/**
 * Answers an invocation by a command: arguments go to its standard input, results come from its standard output.
 *
 * @module
 */

import { ApplicationError } from "../wamp/errors.ts";
import { Result } from "../wamp/mod.ts";
import type { Invocation, InvocationHandler } from "../wamp/session_api.ts";
import { ERROR_URI } from "../wamp/uris.ts";
import { formatValue, parseValue } from "./values.ts";

/** How much of what a command says about its failure reaches the caller, in characters. */
const MAX_STDERR = 2_000;
/** The longest line of a result, in characters. */
const MAX_LINE = 16 << 20;

/**
 * Makes a handler that runs a command for each invocation. The command reads one line,
 * `{"procedure": …, "args": […], "kwargs": {…}}`. Each line that it writes is a value: JSON where it is JSON, else a
 * string. All but the last go out as progressive results where the caller takes those; else they are all positional
 * results. An exit code other than 0 is answered with `wamp.error.runtime_error`.
 *
 * @internal
 */
export function executing(command: readonly string[]): InvocationHandler {
  const [program = "", ...args] = command;
  return async (invocation) => {
    const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
    const stop = (): void => stopChild(child);
    invocation.signal.addEventListener("abort", stop, { once: true });
    if (invocation.signal.aborted) stop();
    try {
      const [, results, stderr, { success, code }] = await Promise.all([
        writeInput(child.stdin, invocation),
        readResults(child.stdout, invocation),
        readTail(child.stderr),
        child.status,
      ]);
      if (success) return new Result(results);
      throw new ApplicationError(ERROR_URI.RUNTIME_ERROR, [`${program} ended with ${code}`], { code, stderr });
    } finally {
      invocation.signal.removeEventListener("abort", stop);
      stop();
    }
  };
}

function stopChild(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch (error) {
    // It has ended already.
    if (!(error instanceof TypeError)) throw error;
  }
}

async function writeInput(
  stdin: WritableStream<Uint8Array>,
  { procedure, args, kwargs }: Invocation,
): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(`${formatValue({ procedure, args, kwargs })}\n`));
    await writer.close();
  } catch {
    // A command need not read its input.
    await writer.abort().catch(() => {});
  }
}

/** Reads all lines. The last one is held back: only the end tells that it is the last. */
async function readResults(stdout: ReadableStream<Uint8Array>, invocation: Invocation): Promise<unknown[]> {
  const results: unknown[] = [];
  for await (const line of linesOf(stdout)) {
    if (invocation.receiveProgress && results.length > 0) await invocation.progress(results.splice(0));
    results.push(parseValue(line));
  }
  return results;
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE) throw new RangeError(`A line of a result must be at most ${MAX_LINE} characters`);
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

async function readTail(stream: ReadableStream<Uint8Array>): Promise<string> {
  let tail = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) tail = (tail + decoder.decode(chunk, { stream: true })).slice(-MAX_STDERR);
  return tail.trimEnd();
}
