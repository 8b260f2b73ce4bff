/**
 * Runs the tests and prints how many lines they run, by folder; fails where a folder is below its threshold.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { readSources, report, ROOT } from "./project.ts";
import { scanSource } from "./source_text.ts";

/** How many lines there are, and how many of them ran. */
export interface LineCount {
  /** Lines with code. */
  readonly found: number;
  /** Lines that ran. */
  readonly hit: number;
}

/** The least line coverage of a folder, in percent. */
export const THRESHOLDS: ReadonlyMap<string, number> = new Map([["websocket", 95], ["wamp", 95]]);

const FOLDERS: readonly string[] = ["websocket", "wamp", "testing", "internal", "cli"];

/**
 * Reads the line counts of an lcov report.
 *
 * @param lcov The report.
 * @param root The folder that paths are given from, with a separator at its end.
 * @returns Path from the root, with slashes, to its lines.
 */
export function parseLcov(lcov: string, root: string): Map<string, LineCount> {
  const files = new Map<string, LineCount>();
  let name = "";
  let found = 0;
  let hit = 0;
  for (const line of lcov.split(/\r?\n/)) {
    if (line.startsWith("SF:")) {
      const path = line.slice(3).startsWith("file:") ? fileURLToPath(line.slice(3)) : line.slice(3);
      name = (path.startsWith(root) ? path.slice(root.length) : path).replaceAll("\\", "/");
      [found, hit] = [0, 0];
    } else if (line.startsWith("DA:")) {
      found++;
      if (!line.endsWith(",0")) hit++;
    } else if (line === "end_of_record") {
      files.set(name, { found, hit });
    }
  }
  return files;
}

/**
 * Counts a file that no test loads: all its lines with code, none of which ran; a file of types alone has none.
 *
 * @param text The source.
 * @returns Its lines.
 */
export function countUnloaded(text: string): LineCount {
  const { code } = scanSource(text);
  if (!/(?<![\w$.])(?:function|class|const|let|var)\b/.test(code)) return { found: 0, hit: 0 };
  return { found: code.split("\n").filter((line) => line.trim() !== "").length, hit: 0 };
}

/**
 * Says how many percent of the lines ran, where there are any.
 *
 * @param counts The lines of the files of a folder.
 * @returns From 0 to 100.
 */
export function percentOf(counts: readonly LineCount[]): number {
  const found = counts.reduce((sum, count) => sum + count.found, 0);
  const hit = counts.reduce((sum, count) => sum + count.hit, 0);
  return found === 0 ? 100 : hit / found * 100;
}

/** What Deno says of each copy of a source that a test made and removed. */
const REMOVED = /^Source not found for .*\n/gm;

/** Runs Deno and gives what it wrote to its standard output, where that is piped. */
async function runDeno(args: readonly string[], stdio: "inherit" | "piped"): Promise<string> {
  const options: Deno.CommandOptions = { args: [...args], cwd: ROOT, stdin: "null", stdout: stdio, stderr: stdio };
  const output = await new Deno.Command(Deno.execPath(), options).output();
  const decoder = new TextDecoder();
  if (stdio === "piped") process.stderr.write(decoder.decode(output.stderr).replace(REMOVED, ""));
  if (!output.success) throw new Error(`deno ${args.join(" ")} ended with status ${output.code}`);
  return stdio === "piped" ? decoder.decode(output.stdout) : "";
}

async function measure(): Promise<Map<string, LineCount>> {
  const collect = ["--coverage=coverage/raw", "--coverage-raw-data-only", "--clean"];
  await runDeno(["test", "-A", "--parallel", "--reporter=dot", ...collect, "tests/"], "inherit");
  const counts = parseLcov(await runDeno(["coverage", "--lcov", "coverage/raw"], "piped"), ROOT);
  const sources = await readSources(FOLDERS);
  return new Map([...sources].map(([file, text]) => [file, counts.get(file) ?? countUnloaded(text)]));
}

function printTable(counts: ReadonlyMap<string, LineCount>): void {
  for (const [file, count] of counts) {
    console.log(`  ${file.padEnd(40)} ${percentOf([count]).toFixed(1).padStart(5)} %  ${count.hit} of ${count.found}`);
  }
}

async function main(): Promise<void> {
  const counts = await measure();
  printTable(counts);
  const findings: string[] = [];
  for (const folder of FOLDERS) {
    const own = [...counts].filter(([file]) => file.startsWith(`${folder}/`)).map(([, count]) => count);
    const percent = percentOf(own);
    console.log(`${folder.padEnd(10)} ${percent.toFixed(1).padStart(5)} % of lines`);
    const threshold = THRESHOLDS.get(folder) ?? 0;
    if (percent < threshold) {
      findings.push(`${folder}: ${percent.toFixed(1)} % of lines, at least ${threshold} % wanted`);
    }
  }
  report("coverage", `${counts.size} files`, findings);
}

if (import.meta.main) await main();
