/**
 * The gates of a release: each looks at one thing, says what it found, and stops the release where that is wrong.
 *
 * @module
 */

import { join } from "node:path";
import { countCases } from "../../tests/autobahn/judge.ts";
import { remove } from "../../tests/support/folders.ts";
import { findSection, parseChangelog } from "../changelog.ts";
import { compareVersions, formatVersion, parseVersion, type Version } from "../semver.ts";
import { CONFORMANCE, publishedFiles, SITE } from "./artifacts.ts";
import { readCheckRuns } from "./check_runs.ts";
import { countOf, formatCount, formatSummary, GateError } from "./gate.ts";
import { type Release, tailOf } from "./release.ts";
import { checkApi, cloneWithVersion, lastLine, releaseTree } from "./tree.ts";

/** What the suite is expected to find, from the root. */
const EXPECTATIONS = "tests/autobahn/expected.json";
/** The conformance run takes both roles. */
const ROLES = 2;
/** The tool that looks at what is published, from the root. */
const PACKAGE_TOOL = "_tools/check_package.ts";
const MAINTENANCE = /^release\/(\d+\.\d+)$/;

/** The version is one, is new, follows the last one, and is step enough for what changed in the API. */
export async function checkVersion(release: Release): Promise<string[]> {
  const { git, tag } = release;
  const version = readVersion(release.version);
  const remote = await git.remote();
  if (remote !== undefined) await git.run("fetch", "--quiet", "--tags", remote);
  if ((await git.tags(tag, false)).length > 0) {
    const advice =
      "Choose the next version; what is published cannot be replaced. To go on after the tag: --from push.";
    throw new GateError(`${tag} is there already`, advice);
  }
  const last = await lastVersion(release);
  if (last !== undefined && compareVersions(version, last) <= 0) {
    const released = formatVersion(last);
    throw new GateError(
      `${release.version} is not above ${released}, the last release`,
      `Choose one above ${released}.`,
    );
  }
  const api = await checkApi(release, await cloneWithVersion(release));
  return [last === undefined ? "the first release" : `follows ${formatVersion(last)}`, api];
}

/** The branch is one that releases are made from, as committed, and not behind the one it follows. */
export async function checkBranch(release: Release): Promise<string[]> {
  const { git } = release;
  const branch = await git.branch();
  const line = MAINTENANCE.exec(branch ?? "")?.[1];
  if (branch === undefined || (branch !== "main" && line === undefined)) {
    const problem = `Releases are made from main or release/X.Y, this is ${branch ?? "no branch"}`;
    throw new GateError(problem, "Check out the branch: git switch main.");
  }
  if (line !== undefined && !release.version.startsWith(`${line}.`)) {
    throw new GateError(`${release.version} is not of the line ${line}`, `Choose ${line}.Z, or release from main.`);
  }
  const changes = await git.changes();
  if (changes.length > 0) {
    const problem = `${countOf(changes.length, "path")} not as committed\n${tailOf(changes)}`;
    throw new GateError(problem, "Commit or remove them.");
  }
  return [`${branch} at ${(await git.commit()).slice(0, 12)}`, await compareWithUpstream(release, branch)];
}

/** Tests, checks and interoperability pass here and, where that can be asked, so did all that ran for the commit. */
export async function checkCi(release: Release): Promise<string[]> {
  const facts: string[] = [];
  for (const name of ["test", "ok", "interop"]) {
    const start = performance.now();
    const summary = formatSummary(await release.gateTask(name));
    facts.push(`deno task ${name}: ${summary}`);
    release.say(`     deno task ${name}: ${summary}, ${Math.round((performance.now() - start) / 1_000)} s`);
  }
  facts.push(await readCheckRuns(release));
  return facts;
}

/** Every case of the AutobahnTestsuite passes in both roles, and none is left out. */
export async function checkConformance(release: Release): Promise<string[]> {
  // Reports of earlier runs, of some cases only, would be published with this one's.
  await remove(join(release.root, CONFORMANCE));
  const expected = ROLES * await readCaseCount(join(release.root, EXPECTATIONS));
  const { passed } = await release.gateTask("conformance");
  if (passed !== expected) {
    const problem = `The AutobahnTestsuite ran ${formatCount(passed)} cases, ${formatCount(expected)} are expected`;
    throw new GateError(problem, `See that deno task conformance runs all cases of ${EXPECTATIONS} in both roles.`);
  }
  return [`AutobahnTestsuite: ${formatCount(passed)} cases passed in both roles, 0 failed`];
}

/** The documentation builds, with the conformance reports, and is spelled right. */
export async function checkDocs(release: Release): Promise<string[]> {
  // The pages of an earlier build would be published as those of this one.
  await remove(join(release.root, SITE));
  const summary = await release.gateTask("docs", "--require-reports");
  const index = join(release.root, SITE, "index.html");
  if (!await isPresent(index)) {
    throw new GateError(`${SITE} has no index.html`, "See that deno task docs builds the site there.");
  }
  return [`deno task docs: ${formatSummary(summary)}`];
}

/** The changelog says what is new, under the version or as unreleased, not both. */
export async function checkChangelog(release: Release): Promise<string[]> {
  const sections = readSections(await Deno.readTextFile(join(release.root, "CHANGELOG.md")));
  const own = findSection(sections, release.version);
  const unreleased = findSection(sections, undefined);
  const advice = "Write what changed for users under ## [Unreleased] of CHANGELOG.md.";
  if (own === undefined && unreleased === undefined) {
    throw new GateError(`The changelog has neither [${release.version}] nor [Unreleased]`, advice);
  }
  const chosen = own ?? unreleased;
  const name = own === undefined ? "[Unreleased]" : `[${release.version}]`;
  if (chosen === undefined || chosen.groups.size === 0) {
    throw new GateError(`${name} of the changelog is empty`, advice);
  }
  if (own !== undefined && unreleased !== undefined && unreleased.groups.size > 0) {
    const problem = `The changelog has entries under both [${release.version}] and [Unreleased]`;
    throw new GateError(problem, "Move them into one of the two.");
  }
  return [`${name}: ${[...chosen.groups.keys()].join(", ")}`];
}

/** The package, as it will be released, can be published and holds only what it should. */
export async function checkPackage(release: Release): Promise<string[]> {
  const { folder } = await releaseTree(release);
  const { isPassed, lines } = await release.deno("package", ["run", "-A", PACKAGE_TOOL], folder);
  if (!isPassed) {
    const problem = `The package is not as it should be\n${tailOf(lines)}`;
    throw new GateError(problem, "See that `deno task ok` passes.");
  }
  await publishedFiles(release, folder);
  return [lastLine(lines).replace(/, 0 findings$/, "")];
}

function readVersion(text: string): Version {
  const advice = "Give a version as Semantic Versioning has it, such as 1.2.3 or 1.2.3-rc.1, without a v.";
  let version: Version;
  try {
    version = parseVersion(text);
  } catch (error) {
    throw new GateError(error instanceof Error ? error.message : String(error), advice, { cause: error });
  }
  if (version.build.length > 0) throw new GateError(`A release has no build, received ${text}`, advice);
  return version;
}

/** The highest version among the tags that lead to the commit. */
async function lastVersion({ git }: Release): Promise<Version | undefined> {
  const versions: Version[] = [];
  for (const tag of await git.tags("v*", true)) {
    try {
      versions.push(parseVersion(tag.slice(1)));
    } catch (error) {
      // A tag that begins with a v need not be a version's.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return versions.sort(compareVersions).at(-1);
}

async function compareWithUpstream({ git }: Release, branch: string): Promise<string> {
  const remote = await git.remote();
  if (remote === undefined) {
    throw new GateError(`${branch} has no remote to be pushed to`, "Add it: git remote add origin URL.");
  }
  await git.run("fetch", "--quiet", remote);
  const upstream = `${remote}/${branch}`;
  if (await git.ask("rev-parse", "--verify", "--quiet", upstream) === undefined) {
    throw new GateError(`${upstream} is not there`, `Push the branch: git push -u ${remote} ${branch}.`);
  }
  const counts = await git.run("rev-list", "--left-right", "--count", `HEAD...${upstream}`);
  const [ahead = 0, behind = 0] = counts.split("\t").map(Number);
  if (behind > 0) {
    throw new GateError(
      `${branch} is ${countOf(behind, "commit")} behind ${upstream}`,
      "Get them: git pull --ff-only.",
    );
  }
  return ahead === 0
    ? `the same as ${upstream}`
    : `${countOf(ahead, "commit")} ahead of ${upstream}, pushed with the release`;
}

async function readCaseCount(file: string): Promise<number> {
  const value: unknown = JSON.parse(await Deno.readTextFile(file));
  const groups = typeof value === "object" && value !== null && "groups" in value ? value.groups : undefined;
  if (!Array.isArray(groups)) throw new GateError(`${EXPECTATIONS} has no groups`, "Restore it.");
  return countCases({ groups });
}

function readSections(text: string): ReturnType<typeof parseChangelog> {
  try {
    return parseChangelog(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new GateError(error.message, "Mend the heading in CHANGELOG.md.", { cause: error });
  }
}

async function isPresent(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
