/**
 * The measured figures that are kept in `bench/results/`: every table and every plot of the documentation follows from
 * these files alone. `--save` of the benchmarks writes them.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { median, pairedRatios } from "./load/statistics.ts";

/** Where the files are. */
export const RESULTS_FOLDER: URL = new URL("./results/", import.meta.url);

/** When, where and with what something was measured. */
export interface Conditions {
  /** The day, in UTC: `2026-11-22`. */
  readonly date: string;
  readonly system: {
    /** Operating system and architecture. */
    readonly platform: string;
    readonly processor?: string;
    readonly cores: number;
    /** The least and the most of the machine's load (runnable processes over a minute), what is measured included. */
    readonly load?: readonly [least: number, most: number];
  };
  /** The versions of what took part, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** What else a reader has to know, in whole sentences. */
  readonly remark?: string;
}

/** A ratio of two rates, and what is wanted of it. */
export interface RatioFigures {
  /** Whose rate is divided. */
  readonly of: string;
  /** By whose. */
  readonly to: string;
  /** The least ratio wanted. */
  readonly atLeast: number;
  /** The median over rounds. */
  readonly ratio: number;
  /** Of the rounds, where they were kept. */
  readonly least?: number;
  readonly most?: number;
  /** What is enough as well: a share of another's rate, and the share that was reached. */
  readonly ceiling?: { readonly of: string; readonly share: number; readonly ratio: number };
}

/** Echo servers: `deno task load --save`. */
export interface EchoResults extends Conditions {
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
  readonly scenarios: readonly EchoScenario[];
}

/** One scenario of the echo servers. */
export interface EchoScenario {
  readonly name: string;
  /** Medians over rounds, by server. */
  readonly servers: Readonly<Record<string, EchoFigures>>;
  readonly targets: readonly RatioFigures[];
}

/** What one echo server did. */
export interface EchoFigures {
  /** Messages. */
  readonly perSecond: number;
  /** Processor time of the server for each message, in microseconds. */
  readonly micros?: number;
  /** Cores. */
  readonly serverCpu?: number;
  readonly generatorCpu?: number;
  /** Round trips in microseconds, with 1 message in flight. */
  readonly p50?: number;
  readonly p99?: number;
}

/** WAMP routers and clients: `deno task load wamp --save`. */
export interface WampResults extends Conditions {
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
  readonly scenarios: readonly WampScenario[];
}

/** One scenario of the routers. */
export interface WampScenario {
  readonly name: string;
  /** Medians over rounds, by the name of client and router. */
  readonly systems: Readonly<Record<string, WampFigures>>;
  readonly targets: readonly RatioFigures[];
}

/** What a router with its clients did. */
export interface WampFigures {
  /** Calls or events. */
  readonly perSecond: number;
  /** Processor time of the router for each of them, in microseconds. */
  readonly micros: number;
  /** Cores. */
  readonly routerCpu: number;
  readonly callerCpu: number;
  readonly calleeCpu: number;
}

/** Idle connections and sessions: `bench/load/idle.ts --save`. */
export interface IdleResults extends Conditions {
  readonly connections: number;
  readonly runs: number;
  /** KB of 1,024 bytes of resident memory for each connection. */
  readonly servers: Readonly<
    Record<
      string,
      { readonly median: number; readonly least?: number; readonly most?: number; readonly atMost?: number }
    >
  >;
}

/** Many registrations and subscriptions: `bench/wamp_scaling.ts --save`. */
export interface ScalingResults extends Conditions {
  readonly rounds: number;
  readonly few: number;
  readonly many: number;
  /** By how much exact and prefix may grow. */
  readonly limits: { readonly neighbours: number; readonly spread: number };
  readonly rows: readonly ScalingRow[];
}

/** Nanoseconds of an operation, and by how much it grows from few to many. */
export interface ScalingRow {
  readonly match: string;
  readonly what: string;
  readonly few: number;
  readonly many: number;
  readonly growth: number;
  /** With targets that are spread over all. */
  readonly spread: number;
  readonly spreadGrowth: number;
}

/** Masking: `bench/masking.ts --save`. */
export interface MaskingResults extends Conditions {
  readonly sizes: readonly MaskingSize[];
}

/** Nanoseconds to mask a payload of some bytes in place, by whose function. */
export interface MaskingSize {
  readonly bytes: number;
  /** On average. */
  readonly nanos: Readonly<Record<string, number>>;
  /** At best: what a busy machine disturbs least. */
  readonly best: Readonly<Record<string, number>>;
}

/** All files, by name. */
export interface Results {
  readonly echo: EchoResults;
  readonly wamp: WampResults;
  readonly idle: IdleResults;
  readonly scaling: ScalingResults;
  readonly masking: MaskingResults;
}

/** Reads all that was measured. */
export async function readResults(): Promise<Results> {
  const read = async (name: keyof Results) =>
    JSON.parse(await Deno.readTextFile(new URL(`${name}.json`, RESULTS_FOLDER)));
  const [echo, wamp, idle, scaling, masking] = await Promise.all([
    read("echo"),
    read("wamp"),
    read("idle"),
    read("scaling"),
    read("masking"),
  ]);
  return { echo, wamp, idle, scaling, masking };
}

/** Keeps what was measured; the tables follow by `bench/figures.ts`. */
export async function saveResults<N extends keyof Results>(name: N, results: Results[N]): Promise<void> {
  const file = new URL(`${name}.json`, RESULTS_FOLDER);
  await Deno.writeTextFile(file, formatResults(results));
  console.error(`Saved ${fileURLToPath(file)}: write the tables by deno run -A bench/figures.ts`);
}

/** How long a line may be, its comma left out: `deno fmt` agrees. */
const LINE_WIDTH = 119;

/**
 * Lays out a file: what has no parts of its own stands in one line, where it fits.
 *
 * @throws {RangeError} For a number that is none.
 */
export function formatResults(results: unknown): string {
  const innermost = /^.*(?:\{\n[^{}[\]]*\n *\}|\[\n[^{}[\]]*\n *\])/gm;
  const finite = (key: string, value: unknown): unknown => {
    // JSON would say null.
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new RangeError(`Cannot keep figures: ${key} is ${value}, as of a measurement that counted nothing`);
    }
    return value;
  };
  return JSON.stringify(results, finite, 2).replace(innermost, (parts) => {
    const line = parts.replace(/(?<=\S) *\n */g, " ").replace(/\[ /, "[").replace(/ \]$/, "]");
    return line.length <= LINE_WIDTH ? line : parts;
  }) + "\n";
}

/** Rounds to so many significant digits, for the files. */
export function significant(value: number, digits = 4): number {
  return Number(value.toPrecision(digits));
}

/** Sums up the rates of two in the same rounds. */
export function ratioFigures(
  values: readonly number[],
  base: readonly number[],
): Required<Pick<RatioFigures, "ratio" | "least" | "most">> | undefined {
  const ratios = pairedRatios(values, base);
  if (ratios.length === 0) return undefined;
  return {
    ratio: significant(median(ratios)),
    least: significant(Math.min(...ratios)),
    most: significant(Math.max(...ratios)),
  };
}

/** Whether a ratio is what was wanted. */
export function isMet({ ratio, atLeast, ceiling }: RatioFigures): boolean {
  return ratio >= atLeast || (ceiling !== undefined && ceiling.ratio >= ceiling.share);
}

/** Watches the machine's load during a measurement. */
export class ConditionsWatch {
  readonly #loads: number[] = [];

  constructor() {
    this.sample();
  }

  /** Looks at the load; between two parts of the measurement. */
  sample(): void {
    this.#loads.push(Deno.loadavg()[0]!);
  }

  /** Says how it was. */
  conditions(versions: Readonly<Record<string, string | undefined>>): Conditions {
    this.sample();
    const processor = processorName();
    const known = Object.entries(versions).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return {
      date: new Date().toISOString().slice(0, 10),
      system: {
        platform: `${Deno.build.os} ${Deno.build.arch}`,
        ...(processor === undefined ? {} : { processor }),
        cores: navigator.hardwareConcurrency,
        load: [significant(Math.min(...this.#loads), 2), significant(Math.max(...this.#loads), 2)],
      },
      versions: Object.fromEntries(known),
    };
  }
}

/** The processor's own name, or undefined where the system does not tell it in this way. */
function processorName(): string | undefined {
  try {
    return /^model name\s*:\s*(.+)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The version that a command prints of itself, or undefined. */
export async function commandVersion(command: string): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args: ["--version"], stderr: "null" }).output();
    return success ? /\d+(?:\.\d+)+/.exec(new TextDecoder().decode(stdout))?.[0] : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
