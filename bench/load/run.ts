/**
 * `deno task load`: measures echo servers against each other. See bench/README.md.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { commandVersion, ConditionsWatch, saveResults } from "../results.ts";
import type { Measurement, Orders } from "./generator.ts";
import { installedVersion, installPeers } from "./peers.ts";
import { judge, measurementTable, type ScenarioResult, summarize, verdictTable } from "./report.ts";
import { type Scenario, SCENARIOS, SERVER_NAMES, type ServerName } from "./scenarios.ts";
import { EchoServer } from "./servers.ts";

const USAGE = `Usage: deno task load [options]        echo servers
       deno task load wamp [options]   WAMP routers and clients (--help tells its options)

  --rounds N       rounds of each scenario (default 5)
  --seconds S      seconds of each measurement (default 2)
  --warmup S       seconds before each measurement (default 0.5)
  --only REGEX     only scenarios whose name matches
  --servers A,B    only these of ${SERVER_NAMES.join(", ")}
  --json FILE      also write every measurement to a file
  --save           keep the medians in bench/results/, from which the documentation takes its figures
  --check          exit with status 1 when a target is missed
  --list           print the scenarios and targets, and measure nothing`;

interface Settings {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmup: number;
  readonly scenarios: readonly Scenario[];
  readonly json: string | undefined;
  readonly save: boolean;
  readonly check: boolean;
  readonly list: boolean;
}

function readSettings(args: string[]): Settings {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "2" },
      warmup: { type: "string", default: "0.5" },
      only: { type: "string", default: "" },
      servers: { type: "string", default: SERVER_NAMES.join(",") },
      json: { type: "string" },
      save: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
    },
  });
  const servers = values.servers.split(",");
  const unknown = servers.find((name) => !(SERVER_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined) throw new TypeError(`--servers takes ${SERVER_NAMES.join(", ")}, received ${unknown}`);
  if (values.save && (values.only !== "" || servers.length < SERVER_NAMES.length)) {
    throw new TypeError("--save keeps whole runs: leave out --only and --servers");
  }
  const only = new RegExp(values.only, "i");
  return {
    rounds: positive("--rounds", values.rounds),
    seconds: positive("--seconds", values.seconds),
    warmup: positive("--warmup", values.warmup),
    scenarios: SCENARIOS.filter(({ name }) => only.test(name))
      .map((scenario) => ({ ...scenario, servers: scenario.servers.filter((name) => servers.includes(name)) }))
      .filter((scenario) => scenario.servers.length > 0),
    json: values.json,
    save: values.save,
    check: values.check,
    list: values.list,
  };
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new TypeError(`${option} must be a positive number, received ${text}`);
  return value;
}

/**
 * Measures one scenario. Its servers are fresh processes, so that no scenario inherits what another has compiled or
 * allocated; all are alive throughout, and only the one under load has work.
 */
async function runScenario(scenario: Scenario, settings: Settings): Promise<ScenarioResult> {
  const running = new Map<ServerName, EchoServer>();
  const rounds: Partial<Record<ServerName, Measurement[]>> = {};
  try {
    for (const name of scenario.servers) {
      running.set(name, await EchoServer.start(name, scenario.traffic.kind.includes("deflate")));
      rounds[name] = [];
    }
    for (let round = 0; round < settings.rounds; round++) {
      for (const name of rotated(scenario.servers, round)) {
        const measurement = await generate(scenario, running.get(name)!, settings);
        rounds[name]!.push(measurement);
        console.error(
          `${scenario.name} · round ${round + 1}/${settings.rounds} · ${name}: ${
            Math.round(measurement.messagesPerSecond).toLocaleString("en-US")
          }/s`,
        );
      }
    }
  } finally {
    for (const server of running.values()) await server.stop();
  }
  return { scenario, rounds };
}

/** Every round starts with another server, so that none always runs first or after the same neighbour. */
function rotated<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

/** Runs the load generator, a fresh process for every measurement. */
async function generate(scenario: Scenario, server: EchoServer, settings: Settings): Promise<Measurement> {
  const { warmup, seconds } = settings;
  const orders: Orders = { ...scenario.traffic, port: server.port, pid: server.pid, warmup, seconds };
  const generator = decodeURIComponent(new URL("./generator.ts", import.meta.url).pathname);
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", generator, JSON.stringify(orders)],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Load generator failed in "${scenario.name}"`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The versions of what takes part, by name. */
async function versions(): Promise<Record<string, string | undefined>> {
  return {
    "Deno": Deno.version.deno,
    "ws": installedVersion("ws"),
    "bufferutil": installedVersion("bufferutil"),
    "Node": await commandVersion("node"),
    "Bun": installedVersion("bun"),
  };
}

async function main(): Promise<number> {
  if (Deno.args[0] === "wamp") return await (await import("./wamp/run.ts")).main(Deno.args.slice(1));
  const settings = readSettings(Deno.args);
  if (settings.list) {
    for (const { name, targets } of settings.scenarios) {
      console.log(name, ...targets.map(({ server, peer, atLeast }) => `· ${server} : ${peer} >= ${atLeast}`));
    }
    return 0;
  }
  await installPeers(settings.scenarios.flatMap(({ servers }) => servers));
  const watch = new ConditionsWatch();
  const results: ScenarioResult[] = [];
  for (const scenario of settings.scenarios) {
    results.push(await runScenario(scenario, settings));
    watch.sample();
  }
  const verdicts = judge(results);
  const conditions = watch.conditions(await versions());
  const named = Object.entries(conditions.versions).map(([name, version]) => `${name} ${version}`);
  const { cores, load } = conditions.system;
  console.log(`${named.join(" · ")} · ${cores} cores, load ${load?.join(" to ")}`);
  console.log(`${settings.rounds} rounds of ${settings.seconds} s, medians\n`);
  console.log(measurementTable(results));
  if (verdicts.length > 0) console.log(`\n${verdictTable(verdicts)}`);
  if (settings.json !== undefined) {
    await Deno.writeTextFile(settings.json, JSON.stringify({ results, verdicts }, null, 2) + "\n");
  }
  if (settings.save) {
    const { rounds, seconds } = settings;
    await saveResults("echo", { ...conditions, rounds, seconds, scenarios: results.map(summarize) });
  }
  const missed = verdicts.filter(({ isMet }) => !isMet).length;
  console.log(`\n${verdicts.length - missed} of ${verdicts.length} targets met`);
  return settings.check && missed > 0 ? 1 : 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    Deno.exit(2);
  }
}
