/** Tests of the changelog's reader and writer. */

import { type ChangeGroup, findSection, parseChangelog, releaseChangelog } from "../../_tools/changelog.ts";
import { assertEquals, assertThrows } from "../std.ts";

const TEXT = `# Changelog

What changed.

## [Unreleased]

### Added

- \`join()\` opens a session,
  over any transport.
- More:

\`\`\`md
## [9.9.9]
\`\`\`

### Fixed

## [1.1.0] - 2026-11-22 [YANKED]

A release with a word in front.

### Removed

- \`leave()\`.

## [1.0.0] - 2026-02-28

[1.0.0]: https://example.com/1.0.0
`;

function groups(entries: [ChangeGroup, string][]): ReadonlyMap<ChangeGroup, string> {
  return new Map(entries);
}

Deno.test("parseChangelog reads versions, days and groups, and leaves out groups without text", () => {
  const added = "- `join()` opens a session,\n  over any transport.\n- More:\n\n```md\n## [9.9.9]\n```";
  assertEquals(parseChangelog(TEXT), [
    { version: undefined, date: undefined, isYanked: false, line: 5, summary: "", groups: groups([["Added", added]]) },
    {
      version: "1.1.0",
      date: "2026-11-22",
      isYanked: true,
      line: 19,
      summary: "A release with a word in front.",
      groups: groups([["Removed", "- `leave()`."]]),
    },
    { version: "1.0.0", date: "2026-02-28", isYanked: false, line: 27, summary: "", groups: groups([]) },
  ]);
});

Deno.test("parseChangelog reads lines that end as Windows ends them", () => {
  assertEquals(parseChangelog(TEXT.replaceAll("\n", "\r\n")), parseChangelog(TEXT));
});

Deno.test("parseChangelog takes the project's own changelog", async () => {
  const text = await Deno.readTextFile(new URL("../../CHANGELOG.md", import.meta.url));
  assertEquals(findSection(parseChangelog(text), undefined)?.summary, "");
});

for (
  const [rule, line, message] of [
    [
      "a section that is not in brackets",
      "## 1.0.0 - 2026-02-28",
      "Line 3 of the changelog: expected `## [Unreleased]`",
    ],
    ["a version without a day", "## [1.0.0]", "the date of 1.0.0: expected a day as 2026-11-22, received none"],
    ["a day that is none", "## [1.0.0] - 2026-02-30", "received 2026-02-30"],
    ["a day of another form", "## [1.0.0] - 28.2.2026", "received 28.2.2026"],
    ["a day for what is unreleased", "## [Unreleased] - 2026-02-28", "what is unreleased has no date"],
    ["a section twice", "## [Unreleased]", "Line 3 of the changelog: a second section for Unreleased"],
    ["an unknown group", "### Improved", "expected one of Added, Changed, Deprecated, Removed, Fixed, Security"],
    ["a group twice", "### Added\n### Added", "Line 4 of the changelog: a second group Added in one section"],
  ] as const
) {
  Deno.test(`parseChangelog refuses ${rule}`, () => {
    assertThrows(() => parseChangelog(`## [Unreleased]\n\n${line}\n`), SyntaxError, message);
  });
}

Deno.test("findSection finds a version, and what is unreleased", () => {
  const sections = parseChangelog(TEXT);
  assertEquals(findSection(sections, "1.0.0")?.line, 27);
  assertEquals(findSection(sections, undefined)?.line, 5);
  assertEquals(findSection(sections, "2.0.0"), undefined);
});

Deno.test("releaseChangelog gives what is unreleased a version and a day, and changes nothing else", () => {
  const released = releaseChangelog(TEXT, "1.2.0", "2026-12-01");
  assertEquals(released, TEXT.replace("## [Unreleased]\n", "## [Unreleased]\n\n## [1.2.0] - 2026-12-01\n"));
  const [unreleased, section] = parseChangelog(released);
  assertEquals([unreleased?.version, unreleased?.groups.size], [undefined, 0]);
  assertEquals([section?.version, section?.date], ["1.2.0", "2026-12-01"]);
  assertEquals(section?.groups, parseChangelog(TEXT)[0]?.groups);
});

Deno.test("releaseChangelog keeps the line ends of Windows", () => {
  const windows = TEXT.replaceAll("\n", "\r\n");
  const released = releaseChangelog(windows, "1.2.0", "2026-12-01");
  assertEquals(released, releaseChangelog(TEXT, "1.2.0", "2026-12-01").replaceAll("\n", "\r\n"));
});

Deno.test("releaseChangelog refuses a version that is there, a day that is none, and to release nothing", () => {
  assertThrows(() => releaseChangelog(TEXT, "1.0.0", "2026-12-01"), RangeError, "has a section for it already");
  assertThrows(() => releaseChangelog(TEXT, "1.2.0", "today"), SyntaxError, "received today");
  const empty = releaseChangelog(TEXT, "1.2.0", "2026-12-01");
  assertThrows(() => releaseChangelog(empty, "1.3.0", "2026-12-01"), RangeError, "nothing under [Unreleased]");
  assertThrows(() => releaseChangelog("# Changelog\n", "1.3.0", "2026-12-01"), RangeError, "nothing under");
});
