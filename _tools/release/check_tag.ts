/**
 * What CI asks before it publishes a tag: whether it is a release that this tool made.
 *
 * @module
 */

import { join } from "node:path";
import { findSection, parseChangelog } from "../changelog.ts";
import { compareVersions, parseVersion, type Version } from "../semver.ts";
import { readPackage } from "./artifacts.ts";
import { GateError } from "./gate.ts";
import { Git } from "./git.ts";

const ADVICE = "Remove the tag, and make the release with deno task release.";

/** What CI has to know of a tag. */
export interface TagFindings {
  readonly version: string;
  /** Whether no release is above it: its documentation is the one to show. */
  readonly isNewest: boolean;
  /** Whether it comes before a release. */
  readonly isPrerelease: boolean;
}

/**
 * Looks at a tag that is checked out.
 *
 * @param root The project's folder.
 * @param tag The tag.
 * @returns What to publish it as.
 * @throws {GateError} When it is not the release that it says it is.
 */
export async function checkTag(root: string, tag: string): Promise<TagFindings> {
  const git = new Git(root);
  const { version } = await readPackage(root);
  if (tag !== `v${version}`) throw new GateError(`The tag is ${tag}, but deno.json says ${version}`, ADVICE);
  if (await git.ask("cat-file", "-t", `refs/tags/${tag}`) !== "tag") {
    throw new GateError(`${tag} is not an annotated tag`, ADVICE);
  }
  const commit = await git.commit();
  if (await git.commit(`refs/tags/${tag}`) !== commit) {
    throw new GateError(`${tag} is not the commit that is checked out`, "Check it out.");
  }
  const line = version.split(".").slice(0, 2).join(".");
  const remotes = await git.run("branch", "--remotes", "--contains", commit, "--format=%(refname)");
  const branches = remotes.split("\n").map((name) => name.split("/").slice(3).join("/"));
  if (!branches.includes("main") && !branches.includes(`release/${line}`)) {
    throw new GateError(`${tag} is neither on main nor on release/${line}`, ADVICE);
  }
  if (findSection(parseChangelog(await Deno.readTextFile(join(root, "CHANGELOG.md"))), version) === undefined) {
    throw new GateError(`The changelog has no section for ${version}`, ADVICE);
  }
  const own = parseVersion(version);
  const isNewest = (await releasesOf(git)).every((other) => compareVersions(other, own) <= 0);
  return { version, isNewest: isNewest && own.prerelease.length === 0, isPrerelease: own.prerelease.length > 0 };
}

/** All versions that were tagged, without those that come before a release. */
async function releasesOf(git: Git): Promise<Version[]> {
  const tags = (await git.tags("v*", false)).filter((tag) => /^v\d+\.\d+\.\d+$/.test(tag));
  return tags.map((tag) => parseVersion(tag.slice(1)));
}
