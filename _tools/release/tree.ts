/**
 * The release as it will be committed, made in a clone first: dry runs show it, gates look at it, and a real run takes
 * over exactly its files.
 *
 * @module
 */

import { join } from "node:path";
import { findSection, parseChangelog, releaseChangelog } from "../changelog.ts";
import { parseVersion } from "../semver.ts";
import { GateError } from "./gate.ts";
import { Git } from "./git.ts";
import { type Release, tailOf } from "./release.ts";
import { nameMainLine } from "./supported_lines.ts";

/** The tool that knows the public API, from the root. */
const API_TOOL = "_tools/api_surface.ts";

/** The release as it will be committed. */
export interface ReleaseTree {
  /** The clone's folder. */
  readonly folder: string;
  /** The paths that differ, from the root. */
  readonly changed: readonly string[];
  /** The git object of all files. */
  readonly tree: string;
  /** The day in the changelog. */
  readonly date: string;
}

const trees = new WeakMap<Release, Promise<ReleaseTree>>();

/** The release as it will be committed; made once in a run. */
export function releaseTree(release: Release): Promise<ReleaseTree> {
  let tree = trees.get(release);
  if (tree === undefined) {
    tree = makeTree(release);
    trees.set(release, tree);
  }
  return tree;
}

/** Clones the commit that is checked out, and writes the version into the clone. */
export async function cloneWithVersion(release: Release): Promise<string> {
  const folder = await release.temporaryFolder();
  const commit = await release.git.commit();
  // What is packed shall not depend on how this machine ends lines.
  const options = ["--quiet", "--shared", "--no-checkout", "--config", "core.autocrlf=false"];
  await release.git.run("clone", ...options, release.root, folder);
  await new Git(folder).run("checkout", "--quiet", "--detach", commit);
  await edit(folder, "deno.json", (text) => setVersion(text, release.version));
  return folder;
}

/** Asks the tool for the public API whether the version in a tree's deno.json is step enough; gives its last line. */
export async function checkApi(release: Release, folder: string): Promise<string> {
  const { isPassed, lines } = await release.deno("api", ["run", "-A", API_TOOL], folder);
  if (isPassed) return lastLine(lines);
  const advice = "Choose the version it asks for, or mend the API or its entries in CHANGELOG.md.";
  throw new GateError(`${release.version} does not fit the changes of the public API\n${tailOf(lines)}`, advice);
}

/**
 * Writes the version into deno.json, which keeps its form.
 *
 * @param text The text of deno.json.
 * @param version The version.
 * @returns The new text.
 * @throws {GateError} When there is no version to replace.
 */
export function setVersion(text: string, version: string): string {
  const next = text.replace(/^( {2}"version": ")[^"]*"/m, `$1${version}"`);
  const config: unknown = JSON.parse(next);
  if (typeof config === "object" && config !== null && "version" in config && config.version === version) return next;
  throw new GateError("deno.json has no version to replace", 'Give it a line `  "version": "0.1.0",`.');
}

/** The last line that says something. */
export function lastLine(lines: readonly string[]): string {
  return lines.findLast((line) => line.trim() !== "")?.trim() ?? "";
}

async function makeTree(release: Release): Promise<ReleaseTree> {
  const folder = await cloneWithVersion(release);
  const date = await writeChangelog(release, folder);
  const isSupported = parseVersion(release.version).prerelease.length === 0;
  if (isSupported && await release.git.branch() === "main") await writeSupportedLine(release, folder);
  const { isPassed, lines } = await release.deno("api", ["run", "-A", API_TOOL, "--release", release.version], folder);
  if (!isPassed) {
    const problem = `Cannot write down the public API of ${release.version}\n${tailOf(lines)}`;
    throw new GateError(problem, "See that `deno task ok` passes.");
  }
  const git = new Git(folder);
  await git.run("add", "--all");
  const changed = (await git.run("diff", "--cached", "--name-only")).split("\n").filter((path) => path !== "");
  // What is published must be committed; the name does not matter, since nothing but the files leaves the clone.
  const name = ["-c", "user.name=release", "-c", "user.email=release@invalid", "-c", "commit.gpgSign=false"];
  await git.run(...name, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", `Release ${release.version}`);
  return { folder, changed, tree: await git.run("rev-parse", "HEAD^{tree}"), date };
}

/** Gives what is unreleased its version, unless the version has a section already; returns the section's day. */
async function writeChangelog({ version, date }: Release, folder: string): Promise<string> {
  let day = date;
  await edit(folder, "CHANGELOG.md", (text) => {
    const section = findSection(parseChangelog(text), version);
    if (section?.date === undefined) return releaseChangelog(text, version, date);
    day = section.date;
    return text;
  });
  return day;
}

async function writeSupportedLine({ version }: Release, folder: string): Promise<void> {
  await edit(folder, "SECURITY.md", (text) => nameMainLine(text, version.split(".").slice(0, 2).join(".")));
}

async function edit(folder: string, file: string, change: (text: string) => string): Promise<void> {
  const path = join(folder, file);
  await Deno.writeTextFile(path, change(await Deno.readTextFile(path)));
}
