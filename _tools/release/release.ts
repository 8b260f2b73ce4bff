/**
 * One run of the release: what its steps share.
 *
 * @module
 */

import { join } from "node:path";
import { ProcessGroup } from "../../tests/support/processes.ts";
import { denoEnvironment } from "../project.ts";
import { formatSummary, GateError, readSummary, type Summary } from "./gate.ts";
import { Git } from "./git.ts";
import type { ReleaseRecord } from "./record.ts";

/** How often a long task says that it still runs, in milliseconds. */
const PROGRESS_INTERVAL = 30_000;
/** How many lines of a task's output are kept to find its summary and its files in. */
const KEPT_LINES = 5_000;

/** What is released, and how. */
export interface ReleaseOptions {
  /** The project's folder. */
  readonly root: string;
  /** The version. */
  readonly version: string;
  /** Whether nothing is changed or pushed. */
  readonly isDryRun: boolean;
  /** Gets each line that the user shall see. @default {console.log} */
  readonly say?: (line: string) => void;
  /** The environment in which a token for GitHub is looked for. @default {Deno.env.toObject()} */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a command came to. */
export interface CommandResult {
  readonly isPassed: boolean;
  /** The last lines it printed. */
  readonly lines: readonly string[];
}

/** One run of the release. */
export class Release implements AsyncDisposable {
  readonly root: string;
  readonly version: string;
  readonly isDryRun: boolean;
  /** The tag. */
  readonly tag: string;
  /** Where artifacts, logs and the record go. */
  readonly folder: string;
  readonly git: Git;
  /** What is known so far; the steps add to it. */
  record: ReleaseRecord = { commit: "", facts: {} };
  readonly say: (line: string) => void;
  readonly env: Readonly<Record<string, string>>;
  readonly #processes: ProcessGroup = new ProcessGroup();
  readonly #folders: string[] = [];
  #isStopped = false;

  constructor({ root, version, isDryRun, say = console.log, env = Deno.env.toObject() }: ReleaseOptions) {
    this.root = root;
    this.version = version;
    this.isDryRun = isDryRun;
    this.tag = `v${version}`;
    this.folder = join(root, "reports", "release", version);
    this.git = new Git(root);
    this.say = say;
    this.env = env;
  }

  /** The day of the release, as `2026-11-22`. */
  readonly date: string = new Date().toISOString().slice(0, 10);

  /** Runs a task of the project to its end, saying now and then that it still runs. */
  async task(name: string, ...args: string[]): Promise<CommandResult> {
    return await this.deno(name, ["task", name, ...args], this.root);
  }

  /** Runs a task that ends in a summary; throws unless all of it passed. */
  async gateTask(name: string, ...args: string[]): Promise<Summary> {
    const { isPassed, lines } = await this.task(name, ...args);
    const summary = readSummary(lines);
    const advice = `Mend it, and see \`deno task ${name}\` pass. All it said is in ${this.logOf(name)}.`;
    if (!isPassed || summary === undefined || summary.failed > 0) {
      const found = summary === undefined ? "without a summary" : `with ${formatSummary(summary)}`;
      throw new GateError(`deno task ${name} ended ${isPassed ? "" : "badly, "}${found}\n${tailOf(lines)}`, advice);
    }
    if (summary.passed === 0) throw new GateError(`deno task ${name} passed nothing, so it proved nothing`, advice);
    return summary;
  }

  /** Runs Deno to its end; all that it prints goes into a log. */
  async deno(name: string, args: readonly string[], cwd: string): Promise<CommandResult> {
    const lines: string[] = [];
    const start = performance.now();
    const log = this.logOf(name);
    await Deno.mkdir(join(this.folder, "logs"), { recursive: true });
    await Deno.writeTextFile(log, "");
    const onLine = (line: string): void => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
    };
    const process = this.#processes.start(name, [Deno.execPath(), ...args], {
      cwd,
      env: denoEnvironment(),
      log,
      onLine,
    });
    const timer = setInterval(() => {
      const seconds = Math.round((performance.now() - start) / 1_000);
      this.say(
        `     ${name}, ${seconds} s: ${lines.findLast((line) => line.trim() !== "")?.trim() ?? "no output yet"}`,
      );
    }, PROGRESS_INTERVAL);
    const { success } = await process.status;
    clearInterval(timer);
    this.checkStopped();
    return { isPassed: success, lines };
  }

  /** The file with all that a command printed. */
  logOf(name: string): string {
    return join(this.folder, "logs", `${name}.log`);
  }

  /** Makes a folder that is removed when the run ends, however it ends. */
  async temporaryFolder(): Promise<string> {
    const folder = await Deno.makeTempDir({ prefix: "release_" });
    this.#folders.push(folder);
    return folder;
  }

  /** Ends the tasks that run; no step is begun afterwards. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#processes.stop();
  }

  /** Throws when the release was stopped. */
  checkStopped(): void {
    if (this.#isStopped) throw new GateError("The release was stopped", "Go on with --from and the step's name.");
  }

  /** Ends the tasks that run, and removes temporary folders. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processes.stop();
    for (const folder of this.#folders.splice(0)) await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Gives the end of an output, to be shown.
 *
 * @param lines What a command printed.
 * @returns The last lines, indented.
 */
export function tailOf(lines: readonly string[]): string {
  return lines.slice(-20).map((line) => `     | ${line}`).join("\n");
}
