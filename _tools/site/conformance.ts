/**
 * The part of the site that AutobahnTestsuite wrote: a table of its results, and its own pages.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { join } from "node:path";
import expected from "../../tests/autobahn/expected.json" with { type: "json" };
import { countCases, type Expectations, judge, type Verdict } from "../../tests/autobahn/judge.ts";
import parts from "../../tests/autobahn/specs/parts.json" with { type: "json" };
import { readTextIfPresent } from "../../tests/support/folders.ts";

/** The testee's name in the reports. */
const AGENT = "viaduct";
const ROLES = ["server", "client"] as const;

/** What Viaduct was in a report. */
export type Role = (typeof ROLES)[number];

/** The reports of one role. */
export interface RoleReports {
  /** What Viaduct was. */
  readonly role: Role;
  /** The parts that have a report, in order. */
  readonly parts: readonly string[];
  /** What they come to. */
  readonly verdict: Verdict;
}

/**
 * Reads the reports.
 *
 * @param folder The folder with a folder for each role, which has one for each part of the cases.
 * @param expectations What is expected of the cases.
 * @returns The reports of each role; without parts where there are none.
 */
export async function readReports(folder: string, expectations: Expectations = expected): Promise<RoleReports[]> {
  const reports: RoleReports[] = [];
  for (const role of ROLES) {
    const indexes: unknown[] = [];
    const present: string[] = [];
    for (const { part } of parts) {
      const text = await readTextIfPresent(join(folder, role, part, "index.json"));
      if (text === undefined) continue;
      present.push(part);
      indexes.push(JSON.parse(text));
    }
    reports.push({ role, parts: present, verdict: judge(expectations, indexes, AGENT) });
  }
  return reports;
}

/**
 * Says what keeps the reports from being whole and green.
 *
 * @param reports The reports of each role.
 * @returns What is wrong, a line each.
 */
export function checkReports(reports: readonly RoleReports[]): string[] {
  return reports.flatMap(({ role, parts, verdict }) => {
    if (parts.length === 0) return [`${role}: there is no report; run deno task conformance`];
    return verdict.failed === 0 ? [] : [`${role}: ${verdict.failed} cases are not as expected`];
  });
}

/**
 * Writes the table of the results, and links to the suite's pages.
 *
 * @param reports The reports of each role.
 * @param expectations What is expected of the cases.
 * @returns Markdown.
 */
export function describeReports(reports: readonly RoleReports[], expectations: Expectations = expected): string {
  if (reports.every((report) => report.parts.length === 0)) {
    return "> [!NOTE]\n> This build of the site has no reports: `deno task conformance` was not run before it.\n";
  }
  const total = countCases(expectations);
  const sums = reports.map(({ verdict }) => `${verdict.passed} of ${total}`);
  const rows = expectations.groups.map(({ group, name, cases }) => {
    const cells = reports.map(({ verdict }) => verdict.groups.find((other) => other.group === group)?.passed ?? 0);
    return [group, name, `${Object.keys(cases).length}`, ...cells.map(String)];
  });
  const table = [
    ["group", "", "cases", ...reports.map(({ role }) => `passed as ${role}`)],
    ["---", "---", "--:", ...reports.map(() => "--:")],
    ...rows,
    ["**all**", "", `**${total}**`, ...reports.map(({ verdict }) => `**${verdict.passed}**`)],
  ].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
  const pages = reports.filter((report) => report.parts.length > 0).map(({ role, parts }) => {
    const links = parts.map((part) => `[${part}](/conformance/${role}/${part}/index.html)`);
    return `- As ${role}: ${links.join(", ")}\n`;
  }).join("");
  const summary = `As server, ${sums[0]} cases ended as expected, as client ${sums[1]}.`;
  return `${summary}\n\n${table}\n## The suite's own pages\n\nEach part of the cases is a report of its own:\n\n${pages}`;
}

/**
 * Takes the images off a page of the suite that would be asked from elsewhere; their texts stay.
 *
 * @param page The page, in whatever encoding: it quotes what went over the wire.
 * @returns The page without them.
 */
export function localize(page: Uint8Array): Uint8Array {
  const text = Buffer.from(page).toString("latin1");
  const image = /<img\s+src="https?:[^>]*\balt="([^"]*)"[^>]*>(?:\s*<\/img>)?/g;
  return Buffer.from(text.replace(image, "$1"), "latin1");
}

/**
 * Copies the suite's pages.
 *
 * @param reports The reports of each role.
 * @param from The folder that they are in.
 * @param to The folder that gets them.
 */
export async function copyReports(reports: readonly RoleReports[], from: string, to: string): Promise<void> {
  for (const { role, parts } of reports) {
    for (const part of parts) {
      const target = join(to, role, part);
      await Deno.mkdir(target, { recursive: true });
      for await (const { name } of Deno.readDir(join(from, role, part))) {
        if (!/\.(?:html|json)$/.test(name) || name === "spec.json") continue;
        const bytes = await Deno.readFile(join(from, role, part, name));
        await Deno.writeFile(join(target, name), name.endsWith(".html") ? localize(bytes) : bytes);
      }
    }
  }
}
