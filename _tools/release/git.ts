/**
 * Git, as the release uses it.
 *
 * @module
 */

import { GateError } from "./gate.ts";

/** Variables that lead git elsewhere. */
const ELSEWHERE: readonly string[] = [
  ...["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE"],
  ...["GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"],
];

/** What a command came to. */
interface Output {
  readonly isPassed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** The git repository of one folder. */
export class Git {
  /** The folder. */
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Runs git and gives what it printed, trimmed; throws what it said when it fails. */
  async run(...args: string[]): Promise<string> {
    const { isPassed, stdout, stderr } = await this.#output(args);
    if (isPassed) return stdout.trim();
    const said = `${stderr}${stdout}`.trim();
    throw new GateError(`git ${args.join(" ")} failed: ${said}`, "Mend what git says, and run the release again.");
  }

  /** Runs git and gives what it printed, trimmed; undefined when it fails. */
  async ask(...args: string[]): Promise<string | undefined> {
    const { isPassed, stdout } = await this.#output(args);
    return isPassed ? stdout.trim() : undefined;
  }

  /** The commit that a name stands for. */
  async commit(name = "HEAD"): Promise<string> {
    return await this.run("rev-parse", "--verify", `${name}^{commit}`);
  }

  /** The branch that is checked out; undefined where none is. */
  async branch(): Promise<string | undefined> {
    return await this.ask("symbolic-ref", "--short", "--quiet", "HEAD");
  }

  /** What differs from the commit, a line for each path, new paths too. */
  async changes(): Promise<string[]> {
    return linesOf(await this.run("status", "--porcelain"));
  }

  /** The remote that the branch follows, `origin` where it follows none; undefined without such a remote. */
  async remote(): Promise<string | undefined> {
    const branch = await this.branch();
    const followed = branch === undefined ? undefined : await this.ask("config", `branch.${branch}.remote`);
    const name = followed ?? "origin";
    return linesOf(await this.run("remote")).includes(name) ? name : undefined;
  }

  /** Tags that match a pattern; with `isMerged`, only those of commits that lead to the one checked out. */
  async tags(pattern: string, isMerged: boolean): Promise<string[]> {
    return linesOf(await this.run("tag", "--list", pattern, ...(isMerged ? ["--merged", "HEAD"] : [])));
  }

  async #output(args: readonly string[]): Promise<Output> {
    const { success, stdout, stderr } = await new Deno.Command("git", {
      args: [...args],
      cwd: this.root,
      stdin: "null",
      clearEnv: true,
      // Git shall not wait for a password that nobody types.
      env: { ...gitEnvironment(), GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" },
    }).output();
    const decoder = new TextDecoder();
    return { isPassed: success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }
}

/**
 * The environment without what leads git to another repository than that of its folder, as within a hook.
 *
 * @returns Variables by name.
 */
export function gitEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !ELSEWHERE.includes(name)));
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
}
