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
/** How long a command may take to end after SIGTERM, in milliseconds. */
const GRACE = 3_000;
/** The longest line of a result, in characters. */
const MAX_LINE = 16 << 20;

/**
 * Runs a command for each invocation. The command reads one line,
 * `{"procedure": …, "args": […], "kwargs": {…}}`. Each line that it writes is a value: JSON where it is JSON, else a
 * string. All but the last go out as progressive results where the caller takes those; else they are all positional
 * results. An exit code other than 0 is answered with `wamp.error.runtime_error`. A call that is cancelled ends its
 * command by SIGTERM, and by SIGKILL where that does not help.
 *
 * @internal
 */
export class Executor {
  readonly #command: readonly string[];
  readonly #running: Set<Promise<unknown>> = new Set();

  /** A program and its arguments. */
  constructor(command: readonly string[]) {
    this.#command = command;
  }

  /** Answers an invocation. */
  readonly handler: InvocationHandler = async (invocation) => {
    const running = this.#run(invocation);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  };

  /** Resolves when no command runs. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #run(invocation: Invocation): Promise<Result> {
    const [program = "", ...args] = this.#command;
    const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
    const release = stopOnAbort(child, invocation.signal);
    // Another process that still holds the command's output must not keep a cancelled call alive.
    const options = { signal: invocation.signal };
    const results = readResults(child.stdout.pipeThrough(new TextDecoderStream(), options), invocation);
    const stderr = readTail(child.stderr.pipeThrough(new TextDecoderStream(), options));
    const ended = await Promise.allSettled([child.status, results, stderr, writeInput(child.stdin, invocation)]);
    release();
    const { success, code } = await child.status;
    if (success) return new Result(await results);
    const [, , said] = ended;
    const fields = { code, stderr: said.status === "fulfilled" ? said.value : "" };
    throw new ApplicationError(ERROR_URI.RUNTIME_ERROR, [`${program} ended with ${code}`], fields);
  }
}

/** Ends a child process when the signal is aborted; what it returns ends that. */
function stopOnAbort(child: Deno.ChildProcess, signal: AbortSignal): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => {
    stopChild(child, "SIGTERM");
    timer = setTimeout(() => stopChild(child, "SIGKILL"), GRACE);
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  };
}

function stopChild(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
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
async function readResults(stdout: ReadableStream<string>, invocation: Invocation): Promise<unknown[]> {
  const results: unknown[] = [];
  for await (const line of linesOf(stdout)) {
    if (invocation.receiveProgress && results.length > 0) await invocation.progress(results.splice(0));
    results.push(parseValue(line));
  }
  return results;
}

async function* linesOf(stream: ReadableStream<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE) throw new RangeError(`A line of a result must be at most ${MAX_LINE} characters`);
    yield* lines;
  }
  if (rest !== "") yield rest;
}

async function readTail(stream: ReadableStream<string>): Promise<string> {
  let tail = "";
  for await (const chunk of stream) tail = (tail + chunk).slice(-MAX_STDERR);
  return tail.trimEnd();
}
