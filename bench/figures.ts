/**
 * Writes the measured figures of `bench/results/` into the documentation: each block between `<!-- figures NAME -->` and
 * `<!-- end of figures -->`. With `--check` it only compares, and exits with status 1 when a block is not what the files
 * say.
 *
 * ```sh
 * deno run -A bench/figures.ts
 * ```
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { figureBlocks } from "./figure_blocks.ts";
import { readResults } from "./results.ts";

/** The files that hold blocks, from the project's folder. */
export const FIGURE_FILES = ["bench/README.md", "docs/performance.md", "docs/comparison.md", "README.md"] as const;

const BLOCK = /(<!-- figures ([\w-]+) -->\n)[\s\S]*?(<!-- end of figures -->)/g;

/**
 * Puts the blocks into a file's text.
 *
 * @throws {Error} For a marker whose name no block has, and one that is not ended.
 */
export function insertFigures(text: string, blocks: ReadonlyMap<string, string>): string {
  const starts = text.match(/<!-- figures /g)?.length ?? 0;
  let ended = 0;
  const inserted = text.replace(BLOCK, (_, start: string, name: string, end: string) => {
    ended++;
    const block = blocks.get(name);
    if (block === undefined) {
      throw new Error(`Cannot insert figures "${name}": there are ${[...blocks.keys()].join(", ")}`);
    }
    return `${start}\n${block}\n\n${end}`;
  });
  if (ended !== starts) throw new Error(`Cannot insert figures: of ${starts} blocks, ${ended} end`);
  return inserted;
}

/** Lays out Markdown as the project does, which wraps what the figures made longer. */
async function format(text: string): Promise<string> {
  const config = fileURLToPath(new URL("../deno.json", import.meta.url));
  const command = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--config", config, "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  });
  const process = command.spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout } = await process.output();
  if (!success) throw new Error("Cannot format the figures");
  return new TextDecoder().decode(stdout);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const blocks = figureBlocks(await readResults());
  const stale: string[] = [];
  for (const file of FIGURE_FILES) {
    const url = new URL(`../${file}`, import.meta.url);
    const text = (await Deno.readTextFile(url)).replaceAll("\r\n", "\n");
    const inserted = await format(insertFigures(text, blocks));
    if (inserted === text) continue;
    stale.push(file);
    if (!values.check) await Deno.writeTextFile(url, inserted);
  }
  for (const file of stale) console.log(values.check ? `${file}: run deno run -A bench/figures.ts` : `wrote ${file}`);
  console.log(`figures: ${blocks.size} blocks, ${stale.length} files ${values.check ? "differ" : "written"}`);
  if (values.check && stale.length > 0) Deno.exitCode = 1;
}

if (import.meta.main) await main();
