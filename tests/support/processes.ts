/**
 * Child processes of the conformance and interoperability runners: started by command, stopped by their own id.
 *
 * @module
 */

/** How long a process may take to end by itself after SIGTERM, in milliseconds. */
const GRACE = 3_000;
/** How often a port is tried until it answers, in milliseconds. */
const RETRY = 50;
/** How many lines of output a failure shows. */
const TAIL = 30;

/** What a process is started with. */
export interface ProcessOptions {
  /** The working directory. @default {"."} */
  readonly cwd?: string;
  /** Environment variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** A file that gets everything the process prints. */
  readonly log?: string;
  /** Called for each line the process prints on either stream. */
  readonly onLine?: (line: string) => void;
}

/** A running child process. */
export class Process {
  /** What it is called in messages. */
  readonly name: string;
  /** Its exit status; never rejects. */
  readonly status: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #options: ProcessOptions;
  readonly #tail: string[] = [];
  readonly #listeners: Set<(line: string) => void> = new Set();
  readonly #output: Promise<unknown>;
  #ended = false;

  constructor(name: string, command: readonly string[], options: ProcessOptions = {}) {
    this.name = name;
    this.#options = options;
    const [program = "", ...args] = command;
    this.#child = new Deno.Command(program, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
    }).spawn();
    this.#output = Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)]);
    this.status = this.#end();
  }

  /** The process's id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Whether the process has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The last lines it printed. */
  get tail(): string {
    return this.#tail.join("\n");
  }

  /** Waits for a line that matches, printed before or after this call; rejects when the process ends without it. */
  line(pattern: RegExp, timeout: number): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        act();
      };
      const look = (line: string): void => {
        const match = pattern.exec(line);
        if (match !== null) settle(() => resolve(match));
      };
      const fail = (what: string): void => settle(() => reject(new Error(`${this.name} ${what}\n${this.tail}`)));
      const timer = setTimeout(() => fail(`did not print ${pattern} within ${timeout} ms`), timeout);
      this.#listeners.add(look);
      this.#tail.forEach(look);
      this.status.then((status) => fail(`ended with ${status.code} before it printed ${pattern}`));
    });
  }

  /** Ends the process: SIGTERM first, SIGKILL after a while. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), GRACE);
    await this.status;
    clearTimeout(timer);
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It may have ended between the question and the signal.
      if (!this.#ended && !(error instanceof TypeError)) throw error;
    }
  }

  async #end(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    this.#ended = true;
    await this.#output;
    return status;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const log = this.#options.log === undefined
      ? undefined
      : await Deno.open(this.#options.log, { create: true, append: true });
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      await log?.write(chunk);
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach((line) => this.#take(line));
    }
    if (rest !== "") this.#take(rest);
    log?.close();
  }

  #take(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > TAIL) this.#tail.shift();
    this.#options.onLine?.(line);
    this.#listeners.forEach((look) => look(line));
  }
}

/** All child processes of one runner; whatever happens, {@linkcode ProcessGroup.stop} ends each by its id. */
export class ProcessGroup implements AsyncDisposable {
  readonly #processes: Set<Process> = new Set();
  #stopped = false;

  /** Starts a process. */
  start(name: string, command: readonly string[], options: ProcessOptions = {}): Process {
    if (this.#stopped) throw new Error(`Cannot start ${name}: the run is being stopped`);
    const process = new Process(name, command, options);
    this.#processes.add(process);
    process.status.then(() => this.#processes.delete(process));
    return process;
  }

  /** Ends every process that still runs; none can be started afterwards. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#processes].map((process) => process.stop()));
  }

  /** Ends every process and then this one when the user interrupts the run. */
  stopOnSignals(): void {
    for (const [signal, number] of [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const) {
      Deno.addSignalListener(signal, () => void this.stop().finally(() => Deno.exit(128 + number)));
    }
  }

  /** Ends every process that still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** What a command is run with. */
export interface CommandOptions extends ProcessOptions {
  /** How long it may take, in milliseconds. @default {Infinity} */
  readonly timeout?: number;
}

/** Runs a command to its end; throws with its last lines when it fails. */
export async function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const lines: string[] = [];
  const { timeout, ...rest } = options;
  const process = new Process(command[0] ?? "", command, { ...rest, onLine: (line) => lines.push(line) });
  const timer = timeout === undefined ? undefined : setTimeout(() => void process.stop(), timeout);
  const status = await process.status;
  clearTimeout(timer);
  if (!status.success) throw new Error(`"${command.join(" ")}" failed with ${status.code}\n${process.tail}`);
  return lines.join("\n");
}

/** A TCP port on 127.0.0.1 that nobody listens on at this moment. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Waits until something accepts TCP connections on a port of 127.0.0.1, for as long as the process lives. */
export async function untilListening(port: number, process: Process, timeout: number): Promise<void> {
  const deadline = performance.now() + timeout;
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
    }
    if (process.ended) throw new Error(`${process.name} ended before it listened on port ${port}\n${process.tail}`);
    if (performance.now() > deadline) {
      throw new Error(`${process.name} does not listen on port ${port} after ${timeout} ms\n${process.tail}`);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
}
