/**
 * Makes the branch on which a line is maintained, and names it in SECURITY.md.
 *
 * @module
 */

import { join } from "node:path";
import { compareVersions, formatVersion, parseVersion } from "../semver.ts";
import { countOf, GateError } from "./gate.ts";
import { Git } from "./git.ts";
import { addMaintainedLine } from "./supported_lines.ts";

const FILE = "SECURITY.md";

/** What {@linkcode maintain} is told. */
export interface MaintainOptions {
  /** The project's folder. */
  readonly root: string;
  /** The line, such as `0.1`. */
  readonly line: string;
  /** Whether nothing is changed or pushed. */
  readonly isDryRun: boolean;
  /** Gets each line that the user shall see. @default {console.log} */
  readonly say?: (line: string) => void;
}

/**
 * Makes `release/X.Y` at the last release of the line, enters it in SECURITY.md on `main`, and pushes both.
 *
 * @param options The line, and where.
 * @throws {GateError} When the line has no release or a branch already, or `main` is not as committed and pushed.
 */
export async function maintain({ root, line, isDryRun, say = console.log }: MaintainOptions): Promise<void> {
  const git = new Git(root);
  const branch = `release/${line}`;
  const remote = await checkMain(git);
  const tag = await lastTag(git, line);
  if (await git.ask("rev-parse", "--verify", "--quiet", branch, "--") !== undefined) throw isThere(branch);
  if (await git.ask("rev-parse", "--verify", "--quiet", `${remote}/${branch}`, "--") !== undefined) {
    throw isThere(`${remote}/${branch}`);
  }
  const path = join(root, FILE);
  const text = addMaintainedLine(await Deno.readTextFile(path), line);
  if (isDryRun) {
    say(`would make ${branch} at ${tag}, commit ${FILE} on main and push both to ${remote}:`);
    say(text);
    return;
  }
  const before = await git.commit();
  try {
    await Deno.writeTextFile(path, text);
    await git.run("commit", "--quiet", "-m", `Maintain ${line} on ${branch}`, "--", FILE);
    await git.run("branch", branch, tag);
    await git.run("push", "--quiet", "--atomic", remote, "HEAD:refs/heads/main", `${branch}:refs/heads/${branch}`);
  } catch (error) {
    // A branch that is here only would look as if nothing were left to do.
    await git.ask("branch", "--quiet", "--delete", "--force", branch);
    await git.run("reset", "--quiet", "--hard", before);
    throw error;
  }
  say(`${branch} stands at ${tag}, ${FILE} names it, and both are on ${remote}`);
}

/** `main` is checked out, as committed, and holds all that its remote has; gives the remote. */
async function checkMain(git: Git): Promise<string> {
  const [branch, remote] = [await git.branch(), await git.remote()];
  const advice = "Check out main, with nothing uncommitted: git switch main && git pull --ff-only.";
  if (branch !== "main") throw new GateError(`Lines are named on main, this is ${branch ?? "no branch"}`, advice);
  if ((await git.changes()).length > 0) throw new GateError("main differs from its commit", advice);
  if (remote === undefined) throw new GateError("main has no remote", "Add it: git remote add origin URL.");
  await git.run("fetch", "--quiet", "--tags", remote);
  const behind = await git.run("rev-list", "--count", `HEAD..${remote}/main`);
  if (behind !== "0") {
    throw new GateError(`main is ${countOf(Number(behind), "commit")} behind ${remote}/main`, advice);
  }
  return remote;
}

/** The tag of the line's last release. */
async function lastTag(git: Git, line: string): Promise<string> {
  const advice = "Name a line that was released, as X.Y.";
  if (!/^\d+\.\d+$/.test(line)) throw new GateError(`A line is X.Y, received ${line}`, advice);
  const versions = (await git.tags(`v${line}.*`, false)).map((tag) => parseVersion(tag.slice(1)));
  const last = versions.filter(({ prerelease }) => prerelease.length === 0).sort(compareVersions).at(-1);
  if (last === undefined) throw new GateError(`No version ${line}.Z was released`, advice);
  return `v${formatVersion(last)}`;
}

function isThere(branch: string): GateError {
  return new GateError(`${branch} is there already`, "Nothing is left to do.");
}
