/**
 * The table of supported lines in SECURITY.md: a line is all versions that share major and minor.
 *
 * @module
 */

import { GateError } from "./gate.ts";

/** What stands for the line of a branch from which nothing was released yet. */
const NEXT = "next";
const HEADER = /^\| line\s+\| branch\s+\| .*\|$/;
const ROW = /^\| (\S+)\s*\| `([^`]+)`\s*\| (.*?)\s*\|$/;
const MAINTAINED = "security, and what breaks programs";

/** One supported line. */
export interface SupportedLine {
  /** Such as `0.1`; `next` before its first release. */
  readonly line: string;
  /** The branch that its releases are made from. */
  readonly branch: string;
  /** What is mended in it. */
  readonly fixes: string;
}

/**
 * Reads the table.
 *
 * @param text The text of SECURITY.md.
 * @returns Its rows, from top to bottom.
 * @throws {GateError} When there is no such table, or it does not begin with the branch `main`.
 */
export function readSupportedLines(text: string): SupportedLine[] {
  return readTable(text).rows;
}

/**
 * Says which line the branch `main` releases now.
 *
 * @param text The text of SECURITY.md.
 * @param line Such as `0.2`.
 * @returns The new text.
 */
export function nameMainLine(text: string, line: string): string {
  return replaceRows(text, (rows) => rows.map((row) => row.branch === "main" ? { ...row, line } : row));
}

/**
 * Enters a line with a branch of its own. Where `main` released it until now, `main` goes on to the next.
 *
 * @param text The text of SECURITY.md.
 * @param line Such as `0.1`.
 * @returns The new text.
 * @throws {GateError} When the line has a branch of its own already.
 */
export function addMaintainedLine(text: string, line: string): string {
  return replaceRows(text, ([main, ...rest]) => {
    const branch = `release/${line}`;
    if (rest.some((row) => row.branch === branch)) {
      throw new GateError(`SECURITY.md names ${branch} already`, "Nothing is left to do; or remove its row first.");
    }
    const rows = [...rest, { line, branch, fixes: MAINTAINED }].sort((a, b) => compareLines(b.line, a.line));
    return main === undefined ? rows : [{ ...main, line: main.line === line ? NEXT : main.line }, ...rows];
  });
}

/** The table with the place where it stands. */
interface Table {
  readonly rows: SupportedLine[];
  /** The index of the header's line. */
  readonly header: number;
}

function readTable(text: string): Table {
  const lines = text.split("\n");
  const header = lines.findIndex((line) => HEADER.test(line));
  const rows: SupportedLine[] = [];
  // Below the header stands the rule.
  for (const text of header < 0 ? [] : lines.slice(header + 2)) {
    const [, line, branch, fixes] = ROW.exec(text) ?? [];
    if (line === undefined || branch === undefined || fixes === undefined) break;
    rows.push({ line, branch, fixes });
  }
  if (rows[0]?.branch === "main") return { rows, header };
  const problem = "SECURITY.md has no table of supported lines";
  throw new GateError(problem, "Give it one with the columns line, branch and fixes, and `main` in its first row.");
}

function replaceRows(text: string, change: (rows: readonly SupportedLine[]) => readonly SupportedLine[]): string {
  const { rows, header } = readTable(text);
  const cells = change(rows).map(({ line, branch, fixes }) => [line, `\`${branch}\``, fixes]);
  const table = [["line", "branch", "what is mended"], ...cells];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const write = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const [head = [], ...body] = table;
  const lines = text.split("\n");
  lines.splice(header, rows.length + 2, write(head), rule, ...body.map(write));
  return lines.join("\n");
}

function compareLines(a: string, b: string): number {
  const [[aMajor = 0, aMinor = 0], [bMajor = 0, bMinor = 0]] = [a.split(".").map(Number), b.split(".").map(Number)];
  return aMajor - bMajor || aMinor - bMinor;
}
