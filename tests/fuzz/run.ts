/**
 * Fuzzes what takes input from outside: `deno task fuzz --help`.
 *
 * @module
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { failureMessage } from "../../internal/log.ts";
import { ROOT } from "../support/folders.ts";
import { encodeHex } from "../std.ts";
import { type Finding, fuzz, type FuzzCount, type FuzzResult, hashOf, type Target } from "./fuzzing.ts";
import { TARGETS } from "./targets.ts";

const HELP = `Usage: deno task fuzz [options]

Mutates valid input of every kind and looks whether the promises of the target hold. An input that breaks one is made
small, kept in reports/fuzz/, and printed with the command that tries it again.

  --seconds S     how long each target is fuzzed                  [30]
  --only REGEX    targets whose name matches                      [all]
  --seed N        where the generator starts                      [the time]
  --replay FILE   tries one input on the targets that --only names
  --list          prints the targets and what they promise
  --help          prints this`;

/** Where inputs that break a promise are kept. */
const FOLDER = join(ROOT, "reports", "fuzz");
/** How often progress is told, in milliseconds. */
const PROGRESS_INTERVAL = 5_000;

/** What the command line asks for. */
interface Choice {
  readonly targets: readonly Target[];
  readonly seconds: number;
  readonly seed: number;
  readonly replay: string | undefined;
}

/** A wrong command line. */
class UsageError extends Error {
  override readonly name: string = "UsageError";
}

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= least && Number.isFinite(value)) return value;
  throw new UsageError(`Option --${name} must be a number from ${least}, received ${text}`);
}

function targetsFor(pattern: string): readonly Target[] {
  let isChosen: RegExp;
  try {
    isChosen = new RegExp(pattern);
  } catch (error) {
    throw new UsageError(`Option --only must be a pattern: ${failureMessage(error)}`);
  }
  const chosen = TARGETS.filter(({ name }) => isChosen.test(name));
  if (chosen.length > 0) return chosen;
  throw new UsageError(`Option --only must match one of ${TARGETS.map(({ name }) => name).join("; ")}`);
}

/** Prints where a target is, now and then. */
function progressOf(name: string, seconds: number, isOver: () => boolean): (count: FuzzCount) => boolean {
  const start = performance.now();
  let told = start;
  return ({ runs, outcomes }) => {
    const now = performance.now();
    if (now - told > PROGRESS_INTERVAL) {
      told = now;
      console.log(`     ${name}: ${runs} inputs, ${outcomes} outcomes, ${((now - start) / 1000).toFixed(0)} s`);
    }
    return !isOver() && now - start < seconds * 1000;
  };
}

/** Keeps an input that breaks a promise, and says what it breaks. */
async function keep({ target, input, error }: Finding): Promise<void> {
  const file = `${FOLDER}/${target.replace(/\W+/g, "_")}_${hashOf(input).toString(16)}`;
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.writeFile(file, input);
  console.log(`     ${error instanceof Error ? error.stack ?? failureMessage(error) : failureMessage(error)}`);
  console.log(`     input of ${input.length} bytes: ${encodeHex(input.subarray(0, 256))}`);
  console.log(`     again: deno task fuzz --only '^${target}$' --replay ${file}`);
}

async function replay(targets: readonly Target[], file: string): Promise<number> {
  const input = await Deno.readFile(file);
  let failed = 0;
  for (const target of targets) {
    try {
      console.log(`pass ${target.name}: ${await target.check(Uint8Array.from(input))}`);
    } catch (error) {
      failed++;
      console.log(`FAIL ${target.name}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  return failed;
}

async function fuzzAll({ targets, seconds, seed }: Choice, isOver: () => boolean): Promise<FuzzResult[]> {
  console.log(`seed ${seed}`);
  const results: FuzzResult[] = [];
  for (const target of targets) {
    if (isOver()) break;
    const result = await fuzz(target, seed, progressOf(target.name, seconds, isOver));
    const { runs, outcomes, finding } = result;
    console.log(`${finding === undefined ? "pass" : "FAIL"} ${target.name}: ${runs} inputs, ${outcomes} outcomes`);
    if (finding !== undefined) await keep(finding);
    results.push(result);
  }
  return results;
}

function readChoice(args: readonly string[]): Choice | undefined {
  const options = {
    seconds: { type: "string", default: "30" },
    only: { type: "string", default: "" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    replay: { type: "string" },
    list: { type: "boolean" },
    help: { type: "boolean" },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  if (values.help === true) console.log(HELP);
  else if (values.list === true) { for (const { name, promise } of TARGETS) console.log(`${name}: ${promise}`); }
  else {
    return {
      targets: targetsFor(values.only),
      seconds: numberOf("seconds", values.seconds, 0.1),
      seed: numberOf("seed", values.seed, 0),
      replay: values.replay,
    };
  }
  return undefined;
}

async function main(): Promise<void> {
  const choice = readChoice(Deno.args);
  if (choice === undefined) return;
  if (choice.replay !== undefined) {
    Deno.exitCode = Math.min(1, await replay(choice.targets, choice.replay));
    return;
  }
  let isOver = false;
  Deno.addSignalListener("SIGINT", () => isOver = true);
  const results = await fuzzAll(choice, () => isOver);
  const failed = results.filter(({ finding }) => finding !== undefined).length;
  console.log(`fuzz: ${results.length - failed} passed, ${failed} failed${isOver ? ", stopped" : ""}`);
  Deno.exit(failed > 0 ? 1 : isOver ? 130 : 0);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    const isUsage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
    if (!isUsage) throw error;
    console.error(failureMessage(error));
    Deno.exitCode = 2;
  }
}
