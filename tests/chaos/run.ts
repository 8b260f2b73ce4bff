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
import type { RouterKind } from "./routers.ts";
import { runStorm } from "./storm.ts";

const USAGE = `Usage: deno task chaos [options]
  --faults N      how many faults, half of them at each router (default: 200)
  --seed N        the seed of the faults (default: another one each time)
  --only NAME     only viaduct, crossbar or storm; may be given several times
  --kind KIND     only faults of this kind, such as burst
  --components N  how many there are in the storm (default: 1000)
  --interval MS   how often each component calls and publishes (default: 100)
  --verbose       tells each fault`;

const ROUTERS: readonly RouterKind[] = ["viaduct", "crossbar"];

/** How long the program may live after its work, in milliseconds: nothing is left that keeps it alive. */
const END = 5_000;

/** What a part of the run came to. */
interface Result {
  readonly passed: number;
  readonly failed: number;
}

/** What was asked for. */
interface Choices {
  readonly faults: number;
  readonly seed: number;
  readonly only: readonly string[];
  readonly kind: string | undefined;
  readonly components: number;
  readonly interval: number;
  readonly isVerbose: boolean;
}

function readChoices(): Choices | undefined {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      faults: { type: "string", default: "200" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
      only: { type: "string", multiple: true, default: [...ROUTERS, "storm"] },
      kind: { type: "string" },
      components: { type: "string", default: "1000" },
      interval: { type: "string", default: "100" },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const unknown = values.only.find((name) => name !== "storm" && !ROUTERS.some((kind) => kind === name));
  if (unknown !== undefined) throw new TypeError(`There is no ${unknown}\n${USAGE}`);
  const number = (name: "faults" | "seed" | "components" | "interval"): number => {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`Option --${name} must be a number from 1`);
    return value;
  };
  return {
    faults: number("faults"),
    seed: number("seed"),
    only: values.only,
    kind: values.kind,
    components: number("components"),
    interval: number("interval"),
    isVerbose: values.verbose,
  };
}

async function tryRouters(processes: ProcessGroup, choices: Choices): Promise<readonly Result[]> {
  const kinds = ROUTERS.filter((kind) => choices.only.includes(kind));
  const faults = Math.ceil(choices.faults / ROUTERS.length);
  return await Promise.all(kinds.map(async (kind) => {
    try {
      return await runArena(kind, processes, {
        ...choices,
        faults,
        random: seededRandom(choices.seed + ROUTERS.indexOf(kind)),
      });
    } catch (error) {
      console.log(`FAIL ${kind}: ${failureMessage(error)}`);
      return { passed: 0, failed: faults };
    }
  }));
}

async function tryStorm(processes: ProcessGroup, { components }: Choices): Promise<Result> {
  const wrong = await runStorm(processes, components);
  for (const text of wrong) console.log(`FAIL storm: ${text}`);
  return wrong.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function main(): Promise<number> {
  const choices = readChoices();
  if (choices === undefined) {
    console.log(USAGE);
    return 0;
  }
  console.log(`Seed ${choices.seed}`);
  await using processes = new ProcessGroup();
  processes.stopOnSignals();
  const results = [...await tryRouters(processes, choices)];
  if (choices.only.includes("storm")) results.push(await tryStorm(processes, choices));
  const sum = (key: keyof Result): number => results.reduce((total, result) => total + result[key], 0);
  console.log(`chaos: ${sum("passed")} passed, ${sum("failed")} failed`);
  return sum("failed") > 0 ? 1 : 0;
}

Deno.exitCode = await main();
const late = setTimeout(() => {
  console.log(`FAIL: something keeps the program alive, ${END} ms after everything was stopped`);
  Deno.exit(1);
}, END);
Deno.unrefTimer(late);
