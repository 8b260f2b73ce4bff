/**
 * `deno task load wamp`: measures routers and clients against each other. See bench/README.md.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { CROSSBAR_VERSION } from "../../../tests/interop/wamp/install.ts";
import {
  commandVersion,
  ConditionsWatch,
  type RatioFigures,
  ratioFigures,
  saveResults,
  significant,
  type WampFigures,
  type WampScenario,
} from "../../results.ts";
import { installedVersion, installPeers } from "../peers.ts";
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
  --save           keep the medians in bench/results/, from which the documentation takes its figures
  --check          exit with status 1 when a target is missed`;

interface Settings {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmup: number;
  readonly scenarios: readonly Scenario[];
  readonly systems: readonly SystemName[];
  readonly json: string | undefined;
  readonly save: boolean;
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
      save: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
    },
  });
  if (values.save && (values.only !== "" || values.systems !== "")) {
    throw new TypeError("--save keeps whole runs: leave out --only and --systems");
  }
  const [only, systems] = [new RegExp(values.only, "i"), new RegExp(values.systems, "i")];
  return {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    warmup: Number(values.warmup),
    scenarios: SCENARIOS.filter(({ name }) => only.test(name)),
    systems: (Object.keys(SYSTEMS) as SystemName[]).filter((name) => systems.test(name)),
    json: values.json,
    save: values.save,
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

/** What is kept of one scenario. */
function summarize(scenario: Scenario, rounds: Rounds): WampScenario {
  const targets = scenario.targets.flatMap(({ system, peer, atLeast, orCeiling }): RatioFigures[] => {
    const own = rates(rounds[system] ?? []);
    const figures = ratioFigures(own, rates(rounds[peer] ?? []));
    if (figures === undefined) return [];
    const ceiling = orCeiling && ratioFigures(own, rates(rounds[orCeiling.of] ?? []));
    return [{
      ...{ of: system, to: peer, atLeast, ...figures },
      ...(orCeiling && ceiling ? { ceiling: { ...orCeiling, ratio: ceiling.ratio } } : {}),
    }];
  });
  const systems = Object.entries(rounds).map(([system, measurements]) => [system, figuresOf(measurements)]);
  return { name: scenario.name, systems: Object.fromEntries(systems), targets };
}

function figuresOf(measurements: readonly Measurement[]): WampFigures {
  const middle = (key: keyof Measurement): number => significant(median(measurements.map((one) => one[key])));
  return {
    perSecond: middle("perSecond"),
    micros: significant(middle("routerCpu") / middle("perSecond") * 1e6),
    routerCpu: middle("routerCpu"),
    callerCpu: middle("ownCpu"),
    calleeCpu: middle("otherCpu"),
  };
}

/** The versions of what takes part, by name. */
async function versions(): Promise<Record<string, string | undefined>> {
  return {
    "Deno": Deno.version.deno,
    "Crossbar.io": CROSSBAR_VERSION,
    "AutobahnJS": installedVersion("autobahn"),
    "ws": installedVersion("ws"),
    "Node": await commandVersion("node"),
  };
}

/** Runs the comparison; returns the exit status. */
export async function main(args: string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  const settings = readSettings(args);
  await installPeers(["autobahn-js"]);
  const watch = new ConditionsWatch();
  const all = new Map<Scenario, Rounds>();
  for (const scenario of settings.scenarios) {
    all.set(scenario, await runScenario(scenario, settings));
    watch.sample();
  }
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
  if (settings.save) {
    const { rounds, seconds } = settings;
    const scenarios = [...all].map(([scenario, rounds]) => summarize(scenario, rounds));
    await saveResults("wamp", { ...watch.conditions(await versions()), rounds, seconds, scenarios });
  }
  const missed = verdicts.filter(({ isMet }) => !isMet).length;
  console.log(`\n${verdicts.length - missed} of ${verdicts.length} targets met`);
  return settings.check && missed > 0 ? 1 : 0;
}
