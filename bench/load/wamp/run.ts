/**
 * `deno task load wamp`: measures routers and clients against each other. See bench/README.md.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { installPeers } from "../peers.ts";
import { markdownTable } from "../report.ts";
import { median, pairedRatio } from "../statistics.ts";
import { startCrossbar } from "./crossbar.ts";
import { measure, type Measurement, type Router, startOwnRouter } from "./processes.ts";
import { type RouterName, type Scenario, SCENARIOS, type SystemName, SYSTEMS, type Target } from "./systems.ts";

const USAGE = `Usage: deno task load wamp [options]
  --rounds N       rounds of each scenario (default 3)
  --seconds S      seconds of each measurement (default 3)
  --warmup S       seconds before each measurement (default 2)
  --only REGEX     only scenarios whose name matches
  --systems REGEX  only systems whose name matches
  --json FILE      also write every measurement to a file
  --check          exit with status 1 when a target is missed`;

interface Settings {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmup: number;
  readonly scenarios: readonly Scenario[];
  readonly systems: readonly SystemName[];
  readonly json: string | undefined;
  readonly check: boolean;
}

type Rounds = Partial<Record<SystemName, Measurement[]>>;

function readSettings(args: string[]): Settings {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "3" },
      warmup: { type: "string", default: "2" },
      only: { type: "string", default: "" },
      systems: { type: "string", default: "" },
      json: { type: "string" },
      check: { type: "boolean", default: false },
    },
  });
  const [only, systems] = [new RegExp(values.only, "i"), new RegExp(values.systems, "i")];
  return {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    warmup: Number(values.warmup),
    scenarios: SCENARIOS.filter(({ name }) => only.test(name)),
    systems: (Object.keys(SYSTEMS) as SystemName[]).filter((name) => systems.test(name)),
    json: values.json,
    check: values.check,
  };
}

/** Runs one scenario: the routers are fresh and all alive throughout, the systems take turns within each round. */
async function runScenario(scenario: Scenario, settings: Settings): Promise<Rounds> {
  const routers = new Map<RouterName, Router>();
  const rounds: Rounds = {};
  try {
    for (const name of settings.systems) {
      const { router } = SYSTEMS[name];
      if (routers.has(router)) continue;
      routers.set(router, router === "crossbar" ? await startCrossbar() : await startOwnRouter(router));
    }
    for (let round = 0; round < settings.rounds; round++) {
      const turn = round % settings.systems.length;
      for (const name of [...settings.systems.slice(turn), ...settings.systems.slice(0, turn)]) {
        const system = SYSTEMS[name];
        const orders = { system, traffic: scenario.traffic, warmup: settings.warmup, seconds: settings.seconds };
        const measurement = await measure(routers.get(system.router)!, orders);
        (rounds[name] ??= []).push(measurement);
        const rate = Math.round(measurement.perSecond).toLocaleString("en-US");
        console.error(`${scenario.name} · round ${round + 1}/${settings.rounds} · ${name}: ${rate}/s`);
      }
    }
  } finally {
    for (const router of routers.values()) await router.stop();
  }
  return rounds;
}

interface Verdict {
  readonly scenario: string;
  readonly target: Target;
  readonly ratio: number;
  readonly ceiling: number | undefined;
  readonly isMet: boolean;
}

function judge(scenario: Scenario, rounds: Rounds): Verdict[] {
  const ratioTo = (own: SystemName, base: SystemName): number =>
    pairedRatio(rates(rounds[own] ?? []), rates(rounds[base] ?? []));
  return scenario.targets.flatMap((target): Verdict[] => {
    const ratio = ratioTo(target.system, target.peer);
    if (Number.isNaN(ratio)) return [];
    const ceiling = target.orCeiling && ratioTo(target.system, target.orCeiling.of);
    const isMet = ratio >= target.atLeast || (ceiling ?? 0) >= (target.orCeiling?.share ?? Infinity);
    return [{ scenario: scenario.name, target, ratio, ceiling, isMet }];
  });
}

function rates(measurements: readonly Measurement[]): number[] {
  return measurements.map(({ perSecond }) => perSecond);
}

function measurementRows(scenario: Scenario, rounds: Rounds): string[][] {
  return Object.entries(rounds).map(([system, measurements]) => {
    const middle = (key: keyof Measurement): number => median(measurements.map((one) => one[key]));
    const rate = middle("perSecond");
    const share = (key: keyof Measurement): string => `${Math.round(middle(key) * 100)}%`;
    return [
      scenario.name,
      system,
      Math.round(rate).toLocaleString("en-US"),
      (middle("routerCpu") / rate * 1e6).toFixed(1),
      share("routerCpu"),
      share("ownCpu"),
      share("otherCpu"),
    ];
  });
}

function verdictRow({ scenario, target, ratio, ceiling, isMet }: Verdict): string[] {
  return [
    scenario,
    target.system,
    target.peer,
    ratio.toFixed(2),
    target.atLeast.toFixed(2),
    ceiling?.toFixed(2) ?? "",
    isMet ? "pass" : "MISS",
  ];
}

/** Runs the comparison; returns the exit status. */
export async function main(args: string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  const settings = readSettings(args);
  await installPeers(["autobahn-js"]);
  const all = new Map<Scenario, Rounds>();
  for (const scenario of settings.scenarios) all.set(scenario, await runScenario(scenario, settings));
  const verdicts = [...all].flatMap(([scenario, rounds]) => judge(scenario, rounds));
  console.log(`${settings.rounds} rounds of ${settings.seconds} s, medians\n`);
  console.log(markdownTable(
    ["scenario", "client + router", "per second", "router µs", "router CPU", "caller CPU", "callee CPU"],
    [...all].flatMap(([scenario, rounds]) => measurementRows(scenario, rounds)),
  ));
  console.log(`\n${
    markdownTable(
      ["scenario", "client + router", "against", "ratio", "wanted", "of ceiling", "result"],
      verdicts.map(verdictRow),
    )
  }`);
  if (settings.json !== undefined) {
    await Deno.writeTextFile(settings.json, `${JSON.stringify({ all: [...all], verdicts }, null, 2)}\n`);
  }
  const missed = verdicts.filter(({ isMet }) => !isMet).length;
  console.log(`\n${verdicts.length - missed} of ${verdicts.length} targets met`);
  return settings.check && missed > 0 ? 1 : 0;
}
