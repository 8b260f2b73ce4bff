/**
 * Makes a release, step by step: `deno task release`.
 *
 * @module
 */

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { failureMessage } from "../internal/log.ts";
import { findSection, parseChangelog } from "./changelog.ts";
import { ROOT } from "./project.ts";
import { buildArtifacts, describeArtifact, readPackage } from "./release/artifacts.ts";
import { checkTag } from "./release/check_tag.ts";
import { GateError } from "./release/gate.ts";
import { maintain } from "./release/maintain.ts";
import { Release } from "./release/release.ts";
import { runSteps, STEPS } from "./release/steps.ts";

const USAGE = `Usage: deno task release [options] VERSION
  --dry-run        run every gate, but change and push nothing; show what would be
  --from STEP      go on with this step; long gates must have passed on this very commit
  --list           list the steps
  --maintain X.Y   make the branch release/X.Y at the line's last release, and name it in SECURITY.md
  --check-tag TAG  say whether the tag that is checked out is a release (CI does)
  --artifacts      pack the artifacts of the version in deno.json from what is there (CI does)
  --root DIR       the project (this one)
  --help           show this text

exit codes: 0 done, 1 a gate stopped the release, 2 the arguments are wrong`;

/** What the command line asks for. */
type Command =
  | { readonly name: "help" | "list" }
  | { readonly name: "release"; readonly version: string; readonly isDryRun: boolean; readonly from?: string }
  | { readonly name: "maintain"; readonly line: string; readonly isDryRun: boolean }
  | { readonly name: "check-tag"; readonly tag: string }
  | { readonly name: "artifacts" };

/** Reads the command line; throws a TypeError where it cannot be understood. */
function readCommand(args: readonly string[]): { readonly root: string; readonly command: Command } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      "dry-run": { type: "boolean", default: false },
      from: { type: "string" },
      list: { type: "boolean", default: false },
      maintain: { type: "string" },
      "check-tag": { type: "string" },
      artifacts: { type: "boolean", default: false },
      root: { type: "string", default: ROOT },
      help: { type: "boolean", default: false },
    },
  });
  const root = resolve(values.root);
  const isDryRun = values["dry-run"];
  if (values.help) return { root, command: { name: "help" } };
  if (values.list) return { root, command: { name: "list" } };
  if (values.artifacts) return { root, command: { name: "artifacts" } };
  if (values["check-tag"] !== undefined) return { root, command: { name: "check-tag", tag: values["check-tag"] } };
  if (values.maintain !== undefined) return { root, command: { name: "maintain", line: values.maintain, isDryRun } };
  const [version] = positionals;
  if (version === undefined || positionals.length > 1) {
    throw new TypeError(`Expected one VERSION, received ${positionals.length}`);
  }
  const { from } = values;
  if (from === undefined) return { root, command: { name: "release", version, isDryRun } };
  if (STEPS.some(({ name }) => name === from)) return { root, command: { name: "release", version, isDryRun, from } };
  throw new TypeError(`--from must be one of ${STEPS.map(({ name }) => name).join(", ")}, received ${from}`);
}

/** Runs what was asked for; returns whether it was done. */
async function runCommand(root: string, command: Command): Promise<boolean> {
  switch (command.name) {
    case "help":
      console.log(USAGE);
      return true;
    case "list":
      STEPS.forEach(({ name, title }, index) => console.log(`${String(index + 1).padStart(2)} ${name}: ${title}`));
      return true;
    case "maintain":
      await maintain({ root, line: command.line, isDryRun: command.isDryRun });
      return true;
    case "check-tag":
      await tellTag(root, command.tag);
      return true;
    case "artifacts":
      await packHere(root);
      return true;
    case "release":
      return await makeRelease(root, command);
  }
}

async function makeRelease(root: string, command: Command & { readonly name: "release" }): Promise<boolean> {
  await using release = new Release({ root, version: command.version, isDryRun: command.isDryRun });
  const stop = (): void => {
    console.log("release: ends the tasks that run");
    void release.stop();
  };
  // Windows knows no other signal that can be listened to.
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  return await runSteps(release, command.from);
}

/** Says what CI has to know of a tag; also to the steps that follow. */
async function tellTag(root: string, tag: string): Promise<void> {
  const { version, isNewest, isPrerelease } = await checkTag(root, tag);
  const lines = `version=${version}\nnewest=${isNewest}\nprerelease=${isPrerelease}\n`;
  const output = Deno.env.get("GITHUB_OUTPUT");
  if (output !== undefined) await Deno.writeTextFile(output, lines, { append: true });
  console.log(lines.trimEnd());
}

/** Packs what stands here as released. */
async function packHere(root: string): Promise<void> {
  const { version } = await readPackage(root);
  const section = findSection(parseChangelog(await Deno.readTextFile(`${root}/CHANGELOG.md`)), version);
  if (section?.date === undefined) {
    throw new GateError(`The changelog has no section for ${version}`, "Make the release with deno task release.");
  }
  await using release = new Release({ root, version, isDryRun: false });
  const artifacts = await buildArtifacts(release, { tree: root, date: section.date });
  for (const artifact of artifacts) console.log(describeArtifact(artifact));
}

async function main(): Promise<number> {
  let read: ReturnType<typeof readCommand>;
  try {
    read = readCommand(Deno.args);
  } catch (error) {
    // parseArgs throws TypeErrors, too.
    if (!(error instanceof TypeError)) throw error;
    console.error(`${failureMessage(error)}\n\n${USAGE}`);
    return 2;
  }
  try {
    return await runCommand(read.root, read.command) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    console.error(`FAIL ${error.message}\n  -> ${error.advice}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main());
