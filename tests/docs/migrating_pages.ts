/**
 * The pages of docs/migrating/ as data: what their tables say, and their programs.
 *
 * @module
 */

import { join } from "node:path";
import { ROOT } from "../support/folders.ts";
import { codeBlocks } from "../support/code_blocks.ts";

/** A page, by its file's name without the ending. */
export type MigrationPageName = "autobahn_js" | "autobahn_python" | "wampy" | "ws";

/** The pages. */
export const MIGRATION_PAGES: readonly MigrationPageName[] = ["autobahn_js", "autobahn_python", "wampy", "ws"];

/** One row of a table: the code in its cells. */
export interface MigrationRow {
  /** Where it stands, counted from 1. */
  readonly line: number;
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
}

/** A page. */
export interface MigrationPage {
  readonly name: MigrationPageName;
  readonly text: string;
  readonly rows: readonly MigrationRow[];
  /** The program before, for Node or Python. */
  readonly before: string;
  /** The program after, in TypeScript. */
  readonly after: string;
  /** The lines that both print. */
  readonly printed: readonly string[];
}

/** The cells of a table's line; a bar behind a backslash belongs to its cell. */
function cellsOf(line: string): string[] {
  return line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim());
}

function codeOf(cell: string | undefined): string[] {
  return [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

/** The rows of the tables whose second column is headed "Viaduct". */
function rowsOf(text: string): MigrationRow[] {
  const rows: MigrationRow[] = [];
  let isOurs = false;
  for (const [index, line] of text.split("\n").entries()) {
    if (!line.startsWith("|")) isOurs = false;
    else if (!isOurs) isOurs = cellsOf(line)[1] === "Viaduct";
    else if (!/^[|\s:-]+$/.test(line)) {
      const [theirs, ours] = cellsOf(line);
      rows.push({ line: index + 1, theirs: codeOf(theirs), ours: codeOf(ours) });
    }
  }
  return rows;
}

function blockOf(text: string, language: string): string {
  const [block, ...others] = codeBlocks(text, language);
  if (block !== undefined && others.length === 0) return block;
  throw new Error(`A page must have one block of ${language}, has ${others.length + (block === undefined ? 0 : 1)}`);
}

/** Reads a page. */
export async function readMigrationPage(name: MigrationPageName): Promise<MigrationPage> {
  const text = await Deno.readTextFile(join(ROOT, "docs", "migrating", `${name}.md`));
  return {
    name,
    text,
    rows: rowsOf(text),
    before: blockOf(text, name === "autobahn_python" ? "python" : "js"),
    after: blockOf(text, "ts"),
    printed: blockOf(text, "txt").trimEnd().split("\n"),
  };
}

/** What the languages have of their own. */
const KEYWORDS: ReadonlySet<string> = new Set([
  ..."await catch const else false for function if let new null of return this throw true try undefined".split(" "),
  ..."and as async def except False import in is lambda None not or raise True with".split(" "),
]);

/** The names in their cells: identifiers outside of strings and without those of the language. */
export function namesOf(rows: readonly MigrationRow[]): string[] {
  const names = new Set<string>();
  for (const code of rows.flatMap(({ theirs }) => theirs)) {
    // The keys of a dictionary of Python are names, too, its values are not; a string in JavaScript never is.
    const keys = [...code.matchAll(/"(\w+)":/g)].map(([, key = ""]) => key);
    const outside = code.replace(/"[^"]*"|'[^']*'/g, " ");
    for (const name of [...keys, ...(outside.match(/[A-Za-z_$][\w$]*/g) ?? [])]) {
      if (!KEYWORDS.has(name)) names.add(name);
    }
  }
  return [...names].sort();
}
