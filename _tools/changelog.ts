/**
 * Reads and writes the changelog, in the form of Keep a Changelog 1.1.0.
 *
 * @module
 */

/** The groups of Keep a Changelog, in the order in which they are read out. */
export const CHANGE_GROUPS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"] as const;

/** The heading of a group. */
export type ChangeGroup = typeof CHANGE_GROUPS[number];

/** What changed in one version, or since the last. */
export interface ChangelogSection {
  /** The version; undefined for what is unreleased. */
  readonly version: string | undefined;
  /** The day of the release, as `2026-11-22`; undefined for what is unreleased. */
  readonly date: string | undefined;
  /** Whether the version was withdrawn: its heading ends in `[YANKED]`. */
  readonly isYanked: boolean;
  /** The line of its heading, from 1. */
  readonly line: number;
  /** What stands before the first group, trimmed; mostly empty. */
  readonly summary: string;
  /** Markdown by group, trimmed; groups with nothing below their heading are left out. */
  readonly groups: ReadonlyMap<ChangeGroup, string>;
}

const SECTION = /^\[([^\]]+)\](?: - (\S+?))?( \[YANKED\])?$/;
const SECTION_FORM = "`## [Unreleased]` or `## [1.2.3] - 2026-11-22`";
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
/** A definition of a link's target: it belongs to the file, not to the section above it. */
const LINK_DEFINITION = /^\[[^\]]+\]: \S+/;

/** A section while its lines are read. */
interface OpenSection {
  readonly version: string | undefined;
  readonly date: string | undefined;
  readonly isYanked: boolean;
  readonly line: number;
  readonly summary: string[];
  readonly groups: Map<ChangeGroup, string[]>;
}

/**
 * Reads a changelog.
 *
 * @param text The text of CHANGELOG.md.
 * @returns Its sections from top to bottom.
 * @throws {SyntaxError} When a heading is not of Keep a Changelog's form, or stands there twice.
 */
export function parseChangelog(text: string): ChangelogSection[] {
  const sections: OpenSection[] = [];
  for (const { number, content, heading } of readLines(text)) {
    const current = sections.at(-1);
    if (heading?.level === 2) sections.push(openSection(heading.title, number, sections));
    else if (current === undefined) continue;
    else if (heading?.level === 3) openGroup(heading.title, number, current.groups);
    else if (!LINK_DEFINITION.test(content)) ([...current.groups.values()].at(-1) ?? current.summary).push(content);
  }
  return sections.map(closeSection);
}

/**
 * Turns what is unreleased into a version's section, below a new and empty one for what comes next.
 *
 * @param text The text of CHANGELOG.md.
 * @param version The version to release.
 * @param date The day, as `2026-11-22`.
 * @returns The new text.
 * @throws {SyntaxError} When the changelog cannot be read, or the date is none.
 * @throws {RangeError} When the version has a section already, or nothing is unreleased.
 */
export function releaseChangelog(text: string, version: string, date: string): string {
  checkDate(date, "The day of a release");
  const sections = parseChangelog(text);
  if (sections.some((section) => section.version === version)) {
    throw new RangeError(`Cannot release ${version}: the changelog has a section for it already`);
  }
  const unreleased = findSection(sections, undefined);
  if (unreleased === undefined || unreleased.groups.size === 0) {
    throw new RangeError(`Cannot release ${version}: the changelog has nothing under [Unreleased]`);
  }
  const lines = text.split("\n");
  const heading = lines[unreleased.line - 1] ?? "";
  const ending = heading.endsWith("\r") ? "\r" : "";
  lines.splice(unreleased.line, 0, ending, `## [${version}] - ${date}${ending}`);
  return lines.join("\n");
}

/**
 * Finds the section of a version.
 *
 * @param sections What {@linkcode parseChangelog} returned.
 * @param version The version; undefined for what is unreleased.
 * @returns The section, or undefined when there is none.
 */
export function findSection(
  sections: readonly ChangelogSection[],
  version: string | undefined,
): ChangelogSection | undefined {
  return sections.find((section) => section.version === version);
}

/** A line of the text; headings within fenced code are none. */
interface Line {
  readonly number: number;
  readonly content: string;
  readonly heading: { readonly level: number; readonly title: string } | undefined;
}

function* readLines(text: string): Generator<Line> {
  let fence = "";
  for (const [index, raw] of text.split("\n").entries()) {
    const content = raw.replace(/\r$/, "");
    const mark = FENCE.exec(content)?.[1];
    const [, marks, title] = /^(#{1,6})\s+(.*?)\s*$/.exec(content) ?? [];
    const isHeading = fence === "" && marks !== undefined && title !== undefined;
    yield { number: index + 1, content, heading: isHeading ? { level: marks.length, title } : undefined };
    if (mark === undefined) continue;
    if (fence === "") fence = mark;
    else if (mark.startsWith(fence)) fence = "";
  }
}

function openSection(title: string, line: number, sections: readonly OpenSection[]): OpenSection {
  const [, name, date, yanked] = SECTION.exec(title) ?? [];
  if (name === undefined) fail(line, `expected ${SECTION_FORM}, received \`## ${title}\``);
  const version = name === "Unreleased" ? undefined : name;
  if (version === undefined && date !== undefined) fail(line, "what is unreleased has no date");
  if (version !== undefined) checkDate(date, `Line ${line} of the changelog: the date of ${version}`);
  if (sections.some((section) => section.version === version)) fail(line, `a second section for ${name}`);
  return { version, date, isYanked: yanked !== undefined, line, summary: [], groups: new Map() };
}

function openGroup(title: string, line: number, groups: Map<ChangeGroup, string[]>): void {
  const group = CHANGE_GROUPS.find((known) => known === title);
  if (group === undefined) fail(line, `expected one of ${CHANGE_GROUPS.join(", ")}, received \`### ${title}\``);
  if (groups.has(group)) fail(line, `a second group ${group} in one section`);
  groups.set(group, []);
}

function closeSection({ groups, summary, ...rest }: OpenSection): ChangelogSection {
  const texts = new Map<ChangeGroup, string>();
  for (const [group, lines] of groups) {
    const text = lines.join("\n").trim();
    if (text !== "") texts.set(group, text);
  }
  return { ...rest, summary: summary.join("\n").trim(), groups: texts };
}

function checkDate(date: string | undefined, what: string): void {
  const isDate = date !== undefined && DATE.test(date) && new Date(date).toJSON()?.startsWith(date);
  if (!isDate) throw new SyntaxError(`${what}: expected a day as 2026-11-22, received ${date ?? "none"}`);
}

function fail(line: number, problem: string): never {
  throw new SyntaxError(`Line ${line} of the changelog: ${problem}`);
}
