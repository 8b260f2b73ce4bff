/**
 * A clean machine, as far as a process can tell: an empty home, and no programs but Node's, git and the shell.
 *
 * @module
 */

import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { delimiter, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";

/** The programs that there are. */
const PROGRAMS: readonly string[] = ["node", "npm", "npx", "git", "sh"];
/** What tells of the network around the machine: proxies, certificate authorities, the registry. */
const NETWORK =
  /^(?:(?:https?|no|all)_proxy|npm_config_registry|node_extra_ca_certs|ssl_cert_(?:file|dir)|deno_cert)$/i;
/** What ends this program; the groups of the machine do not get it from the terminal. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** How long a process may take to end after Ctrl+C, in milliseconds. */
const GRACE = 15_000;

/** A command that was given. */
export class Command {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #listeners = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "close");
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface(stream).on("line", (line) => {
        this.lines.push(line);
        this.#listeners.forEach((look) => look());
      });
    }
  }

  /** Waits for a line that matches. */
  async line(pattern: RegExp, timeout: number): Promise<RegExpExecArray> {
    const found = Promise.withResolvers<RegExpExecArray>();
    const look = (): void => {
      const match = this.lines.map((line) => pattern.exec(line)).find((match) => match !== null);
      if (match !== undefined) found.resolve(match);
    };
    const timer = setTimeout(() => found.reject(this.#failure(`no line ${pattern} within ${timeout} ms`)), timeout);
    void this.#ended.then(() => found.reject(this.#failure(`ended without a line ${pattern}`)));
    this.#listeners.add(look);
    look();
    try {
      return await found.promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(look);
    }
  }

  /** Waits until it has ended by itself, and well. */
  async end(timeout: number): Promise<void> {
    const timer = setTimeout(() => this.kill(), timeout);
    await this.#ended;
    clearTimeout(timer);
    if (this.#child.exitCode !== 0) throw this.#failure(`ended with ${this.#child.exitCode ?? this.#child.signalCode}`);
  }

  /** Ends it and all that it has started as Ctrl+C in a terminal does, and by force after a while. */
  async interrupt(): Promise<void> {
    this.#signal("SIGINT");
    const timer = setTimeout(() => this.kill(), GRACE);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Ends it and all that it has started by force. */
  kill(): void {
    this.#signal("SIGKILL");
  }

  /** It leads a group of its own: what npx has started gets the signal too. */
  #signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
  }

  #failure(what: string): Error {
    return new Error(`${this.#child.spawnargs.at(-1)}: ${what}\n${this.lines.slice(-20).join("\n")}`);
  }
}

/** The machine; it lasts as long as its folder. */
export class Machine implements AsyncDisposable {
  /** Where the stranger works. */
  readonly folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #commands: Command[] = [];
  readonly #onSignal = (): void => this.#commands.forEach((command) => command.kill());

  private constructor(folder: string, environment: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.#environment = environment;
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#onSignal);
  }

  /** Sets one up in a temporary folder. */
  static async create(): Promise<Machine> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "viaduct-stranger-" }));
    const [bin, home, temporary] = ["bin", "home", "tmp"].map((name) => join(folder, name)) as [string, string, string];
    for (const path of [bin, home, temporary]) await Deno.mkdir(path);
    for (const name of PROGRAMS) await Deno.symlink(await findProgram(name), join(bin, name));
    const network = Object.entries(Deno.env.toObject()).filter(([name]) => NETWORK.test(name));
    const environment = { ...Object.fromEntries(network), HOME: home, PATH: bin, TMPDIR: temporary, NO_COLOR: "1" };
    return new Machine(folder, environment);
  }

  /** Types a command into a shell. */
  type(command: string, cwd: string): Command {
    const env = { ...this.#environment };
    const options: SpawnOptions = { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] };
    const child = spawn(join(this.folder, "bin", "sh"), ["-c", command], options);
    const given = new Command(child);
    this.#commands.push(given);
    return given;
  }

  /** Ends what still runs, and removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const command of this.#commands) await command.interrupt();
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#onSignal);
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function findProgram(name: string): Promise<string> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(delimiter)) {
    try {
      return await Deno.realPath(join(folder, name));
    } catch {
      // The next folder may have it.
    }
  }
  throw new Error(`${name} must be installed`);
}
