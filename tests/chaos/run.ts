/**
 * Breaks everything around components, again and again, and sees that they come back: `deno task chaos`.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { failureMessage } from "../../internal/log.ts";
import { seededRandom } from "../cuts.ts";
import { ProcessGroup } from "../support/processes.ts";
import { runArena } from "./arena.ts";

const USAGE = `Usage: deno task chaos [options]
  --faults N    how many faults, half of them at each router (default: 200)
  --seed N      the seed of the faults (default: another one each time)
  --only NAME   only viaduct, crossbar, ticket or storm; may be given several times
  --interval MS how often each component calls and publishes (default: 100)
  --verbose     tells each fault`;

const PHASES = ["viaduct", "crossbar", "ticket", "storm"] as const;

/** How long the program may live after its work, in milliseconds. */
const END = 5_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      faults: { type: "string", default: "200" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
      only: { type: "string", multiple: true, default: [...PHASES] },
      interval: { type: "string", default: "100" },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const only = values.only;
  const seed = Number(values.seed);
  console.log(`Seed ${seed}`);
  await using processes = new ProcessGroup();
  processes.stopOnSignals();
  const results: { readonly passed: number; readonly failed: number }[] = [];
  const arenas = (["viaduct", "crossbar"] as const).filter((kind) => only.includes(kind));
  const faults = Math.ceil(Number(values.faults) / 2);
  const options = { faults, interval: Number(values.interval), isVerbose: values.verbose };
  results.push(
    ...await Promise.all(
      arenas.map((kind, index) => runArena(kind, processes, { ...options, random: seededRandom(seed + index) })),
    ),
  );
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  console.log(`chaos: ${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

Deno.exitCode = await main();
