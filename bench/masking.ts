/**
 * Runs `bench/mask_bench.ts` and sums it up; with `--save` the times are kept in bench/results/.
 *
 * ```sh
 * deno run -A bench/masking.ts --save
 * ```
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { markdownTable } from "./load/report.ts";
import { ConditionsWatch, type MaskingSize, saveResults, significant } from "./results.ts";

/** What is read of a bench's report. */
interface BenchReport {
  readonly benches: readonly {
    readonly group: string | null;
    readonly name: string;
    readonly results: readonly { readonly ok?: { readonly avg: number; readonly min: number } }[];
  }[];
}

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 1024 };

/** Takes the times of each size from a report of `deno bench --json`. */
export function maskingSizes({ benches }: BenchReport): MaskingSize[] {
  const sizes = new Map<number, { nanos: Record<string, number>; best: Record<string, number> }>();
  for (const { group, name, results } of benches) {
    const found = /^mask (\d+) (B|KiB)(?: \((\d+) times\))?$/.exec(group ?? "");
    const times = results[0]?.ok;
    if (found === null || times === undefined) continue;
    const bytes = Number(found[1]) * UNITS[found[2]!]!;
    const size = sizes.get(bytes) ?? { nanos: {}, best: {} };
    sizes.set(bytes, size);
    const [subject, repeats] = [name.split(",")[0]!, Number(found[3] ?? 1)];
    size.nanos[subject] = significant(times.avg / repeats);
    size.best[subject] = significant(times.min / repeats);
  }
  return [...sizes].map(([bytes, size]) => ({ bytes, ...size }));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { save: { type: "boolean", default: false } } });
  const watch = new ConditionsWatch();
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["bench", "-A", "--json", fileURLToPath(new URL("mask_bench.ts", import.meta.url))],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("The benchmark of masking failed");
  const sizes = maskingSizes(JSON.parse(new TextDecoder().decode(stdout)));
  const names = [...new Set(sizes.flatMap(({ nanos }) => Object.keys(nanos)))];
  console.log("Nanoseconds, average / best\n");
  console.log(markdownTable(
    ["bytes", ...names],
    sizes.map(({ bytes, nanos, best }) => [`${bytes}`, ...names.map((name) => `${nanos[name]} / ${best[name]}`)]),
  ));
  if (values.save) await saveResults("masking", { ...watch.conditions({ Deno: Deno.version.deno }), sizes });
}

if (import.meta.main) await main();
