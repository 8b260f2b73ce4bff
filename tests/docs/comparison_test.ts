import { dirname, join, normalize } from "node:path";
import { cellName, CELLS } from "../interop/cells.ts";
import { CLAIMS } from "../interop/claims/claims.ts";
import { WAMP_CELLS, wampCellName } from "../interop/wamp/cells.ts";
import { COMPONENT_CELLS, componentCellName } from "../interop/wamp/component_run.ts";
import { LOGIN_CELLS, loginCellName } from "../interop/wamp/login_cells.ts";
import { assert, assertEquals } from "../std.ts";
import { ROOT } from "../support/folders.ts";

/** What stands where there is nothing to measure. */
const NOTHING = "–";
const LINK = /\[(?:[^\]]+)\]\(([^)\s]+)(?: "([^"]+)")?\)/g;

/** The cells of the interoperability run, by the file whose table they are in: name to checks. */
const TABLES: Readonly<Record<string, ReadonlyMap<string, readonly string[]>>> = {
  "tests/interop/cells.ts": new Map(CELLS.map((cell) => [cellName(cell), cell.checks])),
  "tests/interop/claims/claims.ts": new Map(
    Object.entries(CLAIMS).map(([peer, checks]) => [`claims about ${peer}`, checks]),
  ),
  "tests/interop/wamp/cells.ts": new Map(WAMP_CELLS.map((cell) => [wampCellName(cell), cell.checks])),
  "tests/interop/wamp/component_run.ts": new Map(
    COMPONENT_CELLS.map((cell) => [componentCellName(cell), cell.checks]),
  ),
  "tests/interop/wamp/login_cells.ts": new Map(
    LOGIN_CELLS.map((cell) => [loginCellName(cell), cell.logins.map(({ check }) => check)]),
  ),
};

/** A cell of a table, without its row's first. */
interface Cell {
  readonly file: string;
  readonly row: string;
  readonly text: string;
}

/** The cells of all tables in a file, or of those below one heading. */
async function readCells(file: string, heading?: string): Promise<Cell[]> {
  let text = await read(file);
  if (heading !== undefined) {
    const start = text.indexOf(`\n## ${heading}\n`);
    assert(start >= 0, `${file} has no heading "${heading}"`);
    const end = text.indexOf("\n## ", start + 1);
    text = text.slice(start, end < 0 ? undefined : end);
  }
  // The heads and their rules stand in front of the rows.
  const rows = [...text.matchAll(/^\|[ :|-]+\|\n((?:\|.*\|\n)+)/gm)].flatMap(([, rows = ""]) =>
    rows.trim().split("\n")
  );
  return rows.flatMap((row) => {
    const [first = "", ...cells] = row.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim());
    return cells.map((text) => ({ file, row: first, text }));
  });
}

async function read(path: string): Promise<string> {
  return (await Deno.readTextFile(join(ROOT, path))).replaceAll("\r\n", "\n");
}

/** Says what is missing of what a link rests on, or nothing. */
async function missingOf(file: string, target: string, title: string | undefined): Promise<string | undefined> {
  const [path = "", anchor] = target.split("#");
  const backing = normalize(join(dirname(file), path)).replaceAll("\\", "/");
  const text = await read(backing);
  if (backing === "docs/performance.md") return hasFigures(text, anchor) ? undefined : `no figures below #${anchor}`;
  if (title === undefined) return "no title that names a test";
  const table = TABLES[backing];
  if (table !== undefined) {
    const [name = "", check] = splitOnce(title, ": ");
    const checks = table.get(name);
    // What a peer cannot do is no cell, but stands there with its reason.
    if (checks === undefined) return isSentence(text, title) ? undefined : `no cell and no reason "${title}"`;
    return check === undefined || checks.includes(check) ? undefined : `the cell "${name}" does not check "${check}"`;
  }
  const isThere = backing.endsWith("_test.ts") ? text.includes(`Deno.test("${title}"`) : text.includes(title);
  return isThere ? undefined : `${backing} has no "${title}"`;
}

function isSentence(text: string, title: string): boolean {
  return text.includes(`"${title}"`) || text.includes(`// ${title}\n`);
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Whether there are figures between a heading and the next. */
function hasFigures(text: string, anchor: string | undefined): boolean {
  const sections = text.split(/^(?=#{2,3} )/m);
  const slug = (section: string) => section.match(/^#+ (.+)$/m)?.[1]?.toLowerCase().replace(/ /g, "-");
  return sections.some((section) => slug(section) === anchor && /<!-- (?:figures|plot) /.test(section));
}

const cells = [
  ...await readCells("docs/comparison.md"),
  ...await readCells("README.md", "How it compares"),
];

Deno.test("each cell of the comparison rests on a test or on figures that are there", async () => {
  const findings: string[] = [];
  for (const { file, row, text } of cells) {
    if (text === NOTHING) continue;
    const links = [...text.matchAll(LINK)];
    if (links.length === 0) findings.push(`${file}, ${row}: "${text}" rests on nothing`);
    for (const [, target = "", title] of links) {
      const missing = await missingOf(file, target, title);
      if (missing !== undefined) findings.push(`${file}, ${row}: ${missing}`);
    }
  }
  assertEquals(findings, []);
  assert(cells.length > 80, `${cells.length} cells`);
});

Deno.test("the comparison's links that are wrong are found", async () => {
  const page = "docs/comparison.md";
  assertEquals(await missingOf(page, "performance.md#echo-servers", undefined), undefined);
  assertEquals(await missingOf(page, "performance.md#what-to-use", undefined), "no figures below #what-to-use");
  const claims = "../tests/interop/claims/claims.ts";
  assertEquals(await missingOf(page, claims, "claims about ws: pauses receiving"), undefined);
  assertEquals(
    await missingOf(page, claims, "claims about ws: flies"),
    'the cell "claims about ws" does not check "flies"',
  );
  assertEquals(await missingOf(page, claims, "claims about nobody"), 'no cell and no reason "claims about nobody"');
  const test = "../tests/docs/comparison_test.ts";
  assertEquals(await missingOf(page, test, "the comparison's links that are wrong are found"), undefined);
  const absent = ["no", "test"].join(" ");
  assertEquals(await missingOf(page, test, absent), `tests/docs/comparison_test.ts has no "${absent}"`);
  assertEquals(await missingOf(page, test, undefined), "no title that names a test");
});

Deno.test("the comparison names the versions that were tried", async () => {
  const page = await read("docs/comparison.md");
  const { WS } = await import("../interop/install.ts");
  const { CROSSBAR_VERSION } = await import("../interop/wamp/install.ts");
  for (const named of [`ws ${WS}`, `Crossbar.io ${CROSSBAR_VERSION}`]) {
    assert(page.replaceAll("\n", " ").includes(named), named);
  }
});
