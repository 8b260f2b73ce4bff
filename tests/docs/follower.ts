/**
 * Follows a page of docs/getting_started/ to the letter, in a folder of its own: saves its files, gives its commands,
 * compares what they print. Two things differ from what the page says: ports are free ones, and the package is the one
 * of this clone.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import { ROOT } from "../support/folders.ts";
import { freePort, Process } from "../support/processes.ts";
import { assert, assertEquals } from "../std.ts";
import type { CommandStep, FileStep, OutputStep, Step } from "./instructions.ts";

/** A failsafe for what should take a second, in milliseconds. */
const LIMIT = 60_000;
/** The ports of the pages. */
const PORTS = /\b808\d\b/g;
const ADD = "deno add jsr:@viaduct/viaduct";

/** A command that was given. */
class Running {
  readonly command: string;
  readonly process: Process;
  readonly #lines: string[] = [];
  #listener: (() => void) | undefined;
  #shown = 0;

  constructor(command: string, cwd: string) {
    this.command = command;
    const { env, args } = readCommand(command);
    const onLine = (line: string): void => {
      this.#lines.push(line);
      this.#listener?.();
    };
    const options = { cwd, env: { NO_COLOR: "1", ...env }, onLine };
    this.process = new Process(command, [Deno.execPath(), ...args], options);
  }

  /** Waits until it has printed as many lines as are expected beyond those seen before, and compares them. */
  async expect(lines: readonly string[]): Promise<void> {
    const end = this.#shown + lines.length;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#listener = undefined;
        resolve();
      };
      const timer = setTimeout(finish, LIMIT);
      this.#listener = () => this.#lines.length >= end && finish();
      this.#listener();
      void this.process.status.then(finish);
    });
    assertEquals(this.#lines.slice(this.#shown, end), lines, `"${this.command}" must print what the page says`);
    this.#shown = end;
  }

  /** Waits until it has ended by itself. */
  async end(): Promise<void> {
    const timer = setTimeout(() => void this.process.stop(), LIMIT);
    const { code } = await this.process.status;
    clearTimeout(timer);
    assertEquals(code, 0, `"${this.command}" must end with 0:\n${this.process.tail}`);
  }

  /** Stops it as Ctrl+C does; Windows has no such signal: there it is ended. */
  async interrupt(): Promise<void> {
    if (Deno.build.os === "windows") return await this.process.stop();
    if (!this.process.ended) Deno.kill(this.process.pid, "SIGINT");
    await this.end();
  }

  /** What it printed beyond all that the page shows. */
  get rest(): readonly string[] {
    return this.#lines.slice(this.#shown);
  }
}

/** Reads a command as a shell would, as far as the pages go: variables before it, words, and words in quotes. */
export function readCommand(command: string): { env: Record<string, string>; args: string[] } {
  const words = [...command.matchAll(/'([^']*)'|[^\s']+/g)].map(([word, quoted]) => quoted ?? word);
  const at = words.indexOf("deno");
  assert(at >= 0, `Command must be one of Deno, received "${command}"`);
  const env = Object.fromEntries(
    words.slice(0, at).map((word) => {
      const [name, value, ...others] = word.split("=");
      assert(name !== undefined && value !== undefined && others.length === 0, `Cannot understand "${command}"`);
      return [name, value];
    }),
  );
  return { env, args: words.slice(at + 1) };
}

/** The reader of one page. */
class Follower implements AsyncDisposable {
  readonly #config: string;
  readonly #ports = new Map<string, string>();
  readonly #started: Running[] = [];
  /** Every program that was saved, also where another took its name later. */
  readonly #programs: string[] = [];
  #folder: string;
  #last: Running | undefined;

  constructor(folder: string, config: string) {
    this.#folder = folder;
    this.#config = config;
  }

  async follow(step: Step): Promise<void> {
    switch (step.kind) {
      case "file":
        return await this.#save(step);
      case "output":
        return await this.#expect(step);
      case "prepare":
        return await this.#prepare(step);
      default:
        for (const command of step.commands) await this.#give(command, step.kind);
    }
  }

  /** Stops what still runs, and sees that the page has shown all that was printed. */
  async finish(): Promise<void> {
    if (this.#last !== undefined) {
      assertEquals(this.#last.rest, [], `The page must show all of "${this.#last.command}"`);
    }
    for (const running of this.#started.splice(0).reverse()) await this.#stop(running);
    await this.#check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.#started) await process.stop();
  }

  async #save({ name, text }: FileStep): Promise<void> {
    assertEquals(basename(name), name);
    await Deno.writeTextFile(join(this.#folder, name), this.#withPorts(text));
    if (name.endsWith(".ts")) this.#programs.push(text);
  }

  /** Checks the types of all programs, since running them does not. */
  async #check(): Promise<void> {
    const names = this.#programs.map((_, index) => `program${index}.ts`);
    for (const [index, name] of names.entries()) {
      await Deno.writeTextFile(join(this.#folder, name), this.#programs[index] ?? "");
    }
    const options: Deno.CommandOptions = { args: ["check", "--quiet", ...names], cwd: this.#folder };
    const { success, stderr } = await new Deno.Command(Deno.execPath(), options).output();
    assert(success, `The page has wrong types:\n${new TextDecoder().decode(stderr)}`);
  }

  async #prepare({ commands }: CommandStep): Promise<void> {
    const [make = "", add, ...others] = commands;
    const [, name, again] = /^mkdir (\S+) && cd (\S+)$/.exec(make) ?? [];
    assert(name !== undefined && name === again, `Cannot understand "${make}"`);
    assertEquals([add, others], [ADD, []]);
    this.#folder = join(this.#folder, name);
    await Deno.mkdir(this.#folder);
    await Deno.writeTextFile(join(this.#folder, "deno.json"), this.#config);
  }

  async #give(command: string, kind: Exclude<CommandStep["kind"], "prepare">): Promise<void> {
    const last = this.#last;
    if (last !== undefined && !this.#started.includes(last)) {
      assertEquals(last.rest, [], `The page must show all that "${last.command}" prints`);
    }
    if (kind === "restart") {
      const first = this.#started.shift();
      assert(first !== undefined, `Nothing runs that could be stopped before "${command}"`);
      await this.#stop(first);
    }
    const running = new Running(this.#withPorts(command), this.#folder);
    this.#last = running;
    if (kind === "run") await running.end();
    else this.#started.push(running);
  }

  async #expect({ of, isLast = false, lines }: OutputStep): Promise<void> {
    const running = of === undefined
      ? this.#last
      : this.#started.find(({ command }) => command.split(" ").includes(of));
    assert(running !== undefined, `Nothing runs that could print ${JSON.stringify(lines)}`);
    if (isLast) {
      await running.interrupt();
      // Nothing has told it to say its last words.
      if (Deno.build.os === "windows") return;
    }
    await running.expect(lines.map((line) => this.#withPorts(line)));
  }

  async #stop(running: Running): Promise<void> {
    await running.interrupt();
    assertEquals(running.rest, [], `The page must show all that "${running.command}" prints`);
  }

  /** A text with free ports in place of the page's, the same for the same. */
  #withPorts(text: string): string {
    return text.replace(PORTS, (port) => {
      const free = this.#ports.get(port) ?? String(freePort());
      this.#ports.set(port, free);
      return free;
    });
  }
}

/**
 * The deno.json by which a page of the documentation uses a clone, for this clone.
 *
 * @param page The Markdown of docs/runtimes.md.
 * @returns The file's text.
 */
export function configOfClone(page: string): string {
  const [, text = ""] = /^## From a clone\n[^]*?^```json\n([^]*?)^```$/m.exec(page) ?? [];
  assert(text.includes('"../viaduct"'), "The page must say how a clone is used");
  return text.replace('"../viaduct"', JSON.stringify(dirname(join(ROOT, "deno.json"))));
}

/**
 * Follows steps in a new folder.
 *
 * @param steps The steps.
 * @param config The text of a deno.json that stands for what `deno add` would write.
 */
export async function followSteps(steps: readonly Step[], config: string): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "viaduct-page-" }));
  try {
    await using follower = new Follower(folder, config);
    for (const step of steps) await follower.follow(step);
    await follower.finish();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
