/**
 * Holds the public API to a file, and changes of it to the version and the changelog:
 *
 * ```sh
 * deno run -A _tools/api_surface.ts                    # checks
 * deno run -A _tools/api_surface.ts --write            # writes api/current.txt
 * deno run -A _tools/api_surface.ts --release VERSION  # makes it api/released.txt
 * ```
 *
 * `api/current.txt` is the API of the code, `api/released.txt` that of the last release. What is between the two asks
 * for a step of the version in deno.json, and for its name in the changelog.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { compareSurfaces, stepOf, type SurfaceChange } from "./api/changes.ts";
import { writeSurface } from "./api/surface.ts";
import { type ChangeGroup, type ChangelogSection, parseChangelog } from "./changelog.ts";
import { documentFiles } from "./doc_model.ts";
import { readExports, report, ROOT } from "./project.ts";
import { compareVersions, formatVersion, parseVersion, requiredVersion, type Version } from "./semver.ts";

/** The API of the code. */
export const CURRENT_FILE = "api/current.txt";
/** The API of the last release. */
export const RELEASED_FILE = "api/released.txt";

const RELEASE_LINE = /^# Release (\S+)$/m;
/** Where the changelog names what programs may have to look at. */
const CHANGE_HEADINGS: readonly ChangeGroup[] = ["Changed", "Deprecated", "Removed", "Fixed", "Security"];

/**
 * Gives the version that a surface was released as.
 *
 * @param released The text of `api/released.txt`.
 * @returns The version; 0.0.0 before the first release.
 * @throws {SyntaxError} Where the file names none.
 */
export function releasedVersionOf(released: string): Version {
  const text = RELEASE_LINE.exec(released)?.[1];
  if (text === undefined) throw new SyntaxError(`${RELEASED_FILE} must have a line "# Release VERSION"`);
  return parseVersion(text);
}

/**
 * Writes the surface of a release.
 *
 * @param current The text of `api/current.txt`.
 * @param version The version.
 * @returns The text of `api/released.txt`.
 */
export function writeReleased(current: string, version: Version): string {
  return `# Release ${formatVersion(version)}\n${current}`;
}

/**
 * Checks whether a version is step enough for what has changed.
 *
 * @param released The text of `api/released.txt`.
 * @param changes What has changed since then.
 * @param version The version.
 * @returns What is wrong; `undefined` where nothing is.
 */
export function checkVersion(
  released: string,
  changes: readonly SurfaceChange[],
  version: Version,
): string | undefined {
  const last = releasedVersionOf(released);
  const step = stepOf(changes);
  const isQuiet = step === "patch";
  const required = isQuiet ? last : requiredVersion(last, step);
  // A prerelease of a version may have all that the version will have.
  if (compareVersions({ ...version, ...(!isQuiet && { prerelease: [] }) }, required) >= 0) return undefined;
  const reason = step === "major" ? "the API breaks programs" : isQuiet ? "that is released" : "the API has grown";
  return `Version ${formatVersion(version)} must be at least ${formatVersion(required)}, since ${reason}`;
}

/** The names within backticks. */
function namesIn(text: string): Set<string> {
  return new Set([...text.matchAll(/`([^`]+)`/g)].flatMap(([, code = ""]) => code.split(/[^\w$]+/)));
}

/**
 * Checks whether the changelog names what has changed.
 *
 * @param released The text of `api/released.txt`.
 * @param changes What has changed since then.
 * @param sections The changelog.
 * @param version The version that is worked on; its section counts beside the unreleased one.
 * @returns What is missing, a line each.
 */
export function checkChangelog(
  released: string,
  changes: readonly SurfaceChange[],
  sections: readonly ChangelogSection[],
  version: Version,
): string[] {
  const last = releasedVersionOf(released);
  const isOpen = (text: string | undefined): boolean =>
    text === undefined ||
    (text === formatVersion(version) && compareVersions(version, last) > 0);
  const open = sections.filter((section) => isOpen(section.version));
  const textOf = (headings: readonly ChangeGroup[]): string =>
    open.flatMap(({ groups }) => headings.map((heading) => groups.get(heading) ?? "")).join("\n").trim();
  if (compareVersions(last, parseVersion("0.0.0")) === 0) {
    const isEmpty = changes.length > 0 && textOf(["Added"]) === "";
    return isEmpty ? ["CHANGELOG.md: must have something under Added before the first release"] : [];
  }
  const [added, changed] = [namesIn(textOf(["Added"])), namesIn(textOf(CHANGE_HEADINGS))];
  const isNamed = ({ name, member, what, step }: SurfaceChange): boolean => {
    if (what === "added" && member === undefined) return added.has(name);
    // What has grown may be told as a change, and as an addition.
    return changed.has(name) || (step === "minor" && added.has(name));
  };
  const missing = changes.filter((change) => !change.isExperimental && change.step !== "patch" && !isNamed(change));
  return missing.map((change) => {
    const headings = change.what === "added" ? "Added" : change.what === "removed" ? "Removed" : "Changed";
    return `CHANGELOG.md: must name \`${change.name}\` under ${headings}, since ${describeChange(change)}`;
  });
}

/**
 * Says what a change is, in one line.
 *
 * @param change The change.
 * @returns The line.
 */
export function describeChange({ name, member, entries, what, step }: SurfaceChange): string {
  const subject = member === undefined ? name : `${name}.${member}`;
  const effect = step === "major" ? "breaks programs" : step === "minor" ? "adds" : "does no harm";
  return `${subject} of ${entries.join(", ")} was ${what}, which ${effect}`;
}

async function readCurrent(): Promise<string> {
  const exported = await readExports();
  const addresses = new Map([...exported].map(([name, file]) => [name, pathToFileURL(ROOT + file).href]));
  return writeSurface(addresses, await documentFiles([...exported.values()]));
}

/** The first lines in which two files differ. */
function diffLines(before: string, after: string): string[] {
  const [old, now] = [new Set(before.split("\n")), new Set(after.split("\n"))];
  const lines = [
    ...[...old].filter((line) => !now.has(line)).map((line) => `  - ${line}`),
    ...[...now].filter((line) => !old.has(line)).map((line) => `  + ${line}`),
  ];
  return lines.length <= 40 ? lines : [...lines.slice(0, 40), `  and ${lines.length - 40} more`];
}

async function readText(file: string): Promise<string> {
  return (await Deno.readTextFile(ROOT + file)).replaceAll("\r\n", "\n");
}

/** What is wrong where the file is not the API of the code. */
async function findStale(code: string): Promise<string[]> {
  const current = await readText(CURRENT_FILE);
  if (current === code) return [];
  const advice = "deno run -A _tools/api_surface.ts --write";
  const heading = `${CURRENT_FILE}: is not the API of the code; write it with ${advice}`;
  return [[heading, ...diffLines(current, code)].join("\n")];
}

async function readProjectVersion(): Promise<Version> {
  const { version }: { readonly version?: unknown } = JSON.parse(await readText("deno.json"));
  return parseVersion(String(version));
}

async function check(code: string): Promise<void> {
  const [released, version] = await Promise.all([readText(RELEASED_FILE), readProjectVersion()]);
  const changes = compareSurfaces(released, code);
  const fault = checkVersion(released, changes, version);
  const causes = changes.filter(({ step }) => step === stepOf(changes));
  const lines = code.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
  const last = releasedVersionOf(released);
  report("api", `${lines} lines, ${changes.length} changes since ${formatVersion(last)}`, [
    ...await findStale(code),
    ...(fault === undefined ? [] : [[`deno.json: ${fault}`, ...causes.map(describeCause)].join("\n")]),
    ...checkChangelog(released, changes, parseChangelog(await readText("CHANGELOG.md")), version),
  ]);
}

function describeCause(change: SurfaceChange): string {
  return `  ${describeChange(change)}`;
}

async function release(code: string, version: Version): Promise<void> {
  const last = releasedVersionOf(await readText(RELEASED_FILE));
  const findings = await findStale(code);
  if (compareVersions(version, last) <= 0) {
    findings.push(`${RELEASED_FILE}: version must be above ${formatVersion(last)}, received ${formatVersion(version)}`);
  }
  if (findings.length === 0) await Deno.writeTextFile(ROOT + RELEASED_FILE, writeReleased(code, version));
  report("api", `release ${formatVersion(version)}`, findings);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { write: { type: "boolean" }, release: { type: "string" } } });
  const code = await readCurrent();
  if (values.write) await Deno.writeTextFile(ROOT + CURRENT_FILE, code);
  else if (values.release !== undefined) await release(code, parseVersion(values.release));
  else await check(code);
}
