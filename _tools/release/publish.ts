/**
 * The steps that make the release: artifacts, commit and tag, push, and the word about it. A dry run shows what they
 * would do.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { composeAnnouncement } from "./announcement.ts";
import { buildArtifacts, describeArtifact } from "./artifacts.ts";
import { GateError } from "./gate.ts";
import { writeRecord } from "./record.ts";
import { type Release, tailOf } from "./release.ts";
import { type ReleaseTree, releaseTree } from "./tree.ts";

/** What CI does with a tag, from the root. */
const WORKFLOW = ".github/workflows/release.yml";
/** Generated text, of which the diff shows only how much changed. */
const GENERATED = ":(exclude)api/";

/** Packs what is published, the documentation and the reports. */
export async function packArtifacts(release: Release): Promise<string[]> {
  const { folder, date } = await releaseTree(release);
  return (await buildArtifacts(release, { tree: folder, date })).map(describeArtifact);
}

/** Writes the version, commits and tags; a dry run shows the commit. */
export async function writeVersion(release: Release): Promise<string[]> {
  await checkUnchanged(release);
  const tree = await releaseTree(release);
  const changed = `writes ${tree.changed.length === 0 ? "nothing new" : tree.changed.join(", ")}`;
  if (release.isDryRun) {
    const show = ["show", "--format=", "--stat", "--patch", "HEAD", "--", ".", GENERATED];
    const diff = await release.git.run("-C", tree.folder, ...show);
    release.say(diff.replace(/^/gm, "     | "));
    return [changed, `would commit "Release ${release.version}" and tag ${release.tag}`];
  }
  const message = join(release.folder, "tag.txt");
  await Deno.writeTextFile(message, await composeAnnouncement(release, tree.folder));
  const commit = await commitTree(release, tree);
  try {
    // Verbatim: headings of Markdown look like comments to git.
    await release.git.run("tag", "--annotate", "--cleanup=verbatim", "--file", message, release.tag, commit);
  } catch (error) {
    // A commit without its tag would let no further run begin.
    await release.git.run("reset", "--quiet", "--hard", release.record.commit);
    throw error;
  }
  await Deno.remove(message);
  release.record = { ...release.record, released: commit };
  await writeRecord(release.folder, release.record);
  return [changed, `commit ${commit.slice(0, 12)}, tag ${release.tag}`];
}

/** Pushes branch and tag, both or none; a dry run asks whether the branch could be pushed. */
export async function push(release: Release): Promise<string[]> {
  const { git, tag } = release;
  await listJobs(release);
  const [branch, remote] = [await git.branch(), await git.remote()];
  if (branch === undefined || remote === undefined) {
    throw new GateError("There is no branch or no remote to push to", "Check out main, and add the remote.");
  }
  if (release.isDryRun) {
    await git.run("push", "--quiet", "--dry-run", remote, `HEAD:refs/heads/${branch}`);
    return [`would push ${branch} and ${tag} to ${remote}`];
  }
  await git.run("push", "--quiet", "--atomic", remote, `HEAD:refs/heads/${branch}`, `refs/tags/${tag}`);
  return [`${branch} and ${tag} are on ${remote}`];
}

/** Says what CI does with the tag. */
export async function tellWorkflow(release: Release): Promise<string[]> {
  const jobs = await listJobs(release);
  return [`CI ${release.isDryRun ? "would run" : "runs"} ${WORKFLOW} on ${release.tag}:`, ...jobs];
}

/** Writes the announcement. */
export async function announce(release: Release): Promise<string[]> {
  const tree = release.record.released === undefined ? (await releaseTree(release)).folder : release.root;
  const path = join(release.folder, "announcement.md");
  await Deno.writeTextFile(path, await composeAnnouncement(release, tree));
  return [`reports/release/${release.version}/announcement.md`];
}

/** What is committed must be what the gates looked at. */
async function checkUnchanged({ git, record }: Release): Promise<void> {
  const changes = await git.changes();
  if (await git.commit() === record.commit && changes.length === 0) return;
  const problem = `The branch or its files changed while the gates were run\n${tailOf(changes)}`;
  throw new GateError(problem, "Run the release again from its first step.");
}

/** Takes the prepared files over and commits them; leaves the files as they were when that fails. */
async function commitTree({ git, root, version, record }: Release, tree: ReleaseTree): Promise<string> {
  try {
    for (const path of tree.changed) {
      await Deno.mkdir(dirname(join(root, path)), { recursive: true });
      await Deno.copyFile(join(tree.folder, path), join(root, path));
    }
    if (tree.changed.length > 0) await git.run("add", "--", ...tree.changed);
    await git.run("commit", "--quiet", "--allow-empty", "-m", `Release ${version}`);
  } catch (error) {
    await git.run("reset", "--quiet", "--hard", record.commit);
    throw error;
  }
  if (await git.run("rev-parse", "HEAD^{tree}") === tree.tree) return await git.commit();
  await git.run("reset", "--quiet", "--hard", record.commit);
  throw new GateError("The commit holds other files than the gates looked at", "See what your hooks of git change.");
}

/** The names of the workflow's jobs, in the order of the file. */
async function listJobs({ root }: Release): Promise<string[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(join(root, WORKFLOW));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new GateError(`${WORKFLOW} is missing: nobody would publish what is pushed`, "Restore it.", { cause: error });
  }
  const [, jobs = ""] = text.split(/^jobs:$/m);
  return [...jobs.matchAll(/^ {2}([\w-]+):\n(?: {4}name: (.+)\n)?/gm)].map(([, id, name]) => name ?? id ?? "");
}
