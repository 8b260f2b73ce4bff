/**
 * Measures the resident memory of idle connections and of idle WAMP sessions, for each server: after settling with all
 * connections open, minus before. See bench/README.md.
 *
 * ```sh
 * deno run -A bench/load/idle.ts --connections 5000 --runs 3 --save
 * ```
 *
 * @module
 */

import { parseArgs } from "node:util";
import { commandVersion, ConditionsWatch, saveResults, significant } from "../results.ts";
import { installedVersion, installPeers } from "./peers.ts";
import { residentBytes } from "./process_stats.ts";
import { markdownTable } from "./report.ts";
import { EchoServer, type ServerKind } from "./servers.ts";
import { median } from "./statistics.ts";

const SERVERS = [
  "viaduct-handler",
  "viaduct-iterate",
  "viaduct-router",
  "deno",
  "ws",
  "bun",
  "bare",
] as const satisfies ServerKind[];

/** What an idle connection may take, in KB of 1,024 bytes. */
const MOST_KILOBYTES: Readonly<Partial<Record<ServerKind, number>>> = { "viaduct-handler": 12, "viaduct-iterate": 12 };

/** Connections opened and closed before the measurement, so that code is loaded and compiled. */
const REHEARSAL = 20;

/** Memory has settled when this many readings in a row lie within a hundredth of each other. */
const SETTLED_READINGS = 5;
const READING_INTERVAL = 200;
const MAX_READINGS = 50;

/** One address pair has about 28,000 ephemeral ports, and closed connections hold theirs for a minute. */
const MAX_CONNECTIONS = 20_000;

/** Files a process needs beside its connections. */
const SPARE_FILES = 100;

function assertFileLimit(connections: number): void {
  const limits = Deno.readTextFileSync("/proc/self/limits");
  const hard = /^Max open files\s+\S+\s+(\d+|unlimited)/m.exec(limits)?.[1];
  // Deno, Node and Bun raise the soft limit to the hard one by themselves.
  if (hard === undefined || hard === "unlimited" || Number(hard) >= connections + SPARE_FILES) return;
  throw new Error(
    `Cannot open ${connections} connections: the hard limit of open files is ${hard}. ` +
      `Raise it (as root: ulimit -n ${connections + SPARE_FILES}) or choose fewer by --connections`,
  );
}

/** Holds connections open in a process of their own while `use` runs. */
async function withConnections<T>(
  { port, kind }: EchoServer,
  count: number,
  use: () => Promise<T>,
): Promise<T> {
  const clients = decodeURIComponent(new URL("./idle_clients.ts", import.meta.url).pathname);
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", clients, String(port), String(count), ...(kind === "viaduct-router" ? ["session"] : [])],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = process.stdout.getReader();
  try {
    if ((await reader.read()).done) throw new Error(`Cannot open ${count} connections to port ${port}`);
    return await use();
  } finally {
    await process.stdin.close();
    await process.status;
    await reader.cancel();
  }
}

/** Waits until a process's resident memory stays where it is; returns it in bytes. */
async function settledMemory(pid: number): Promise<number> {
  const readings: number[] = [];
  while (readings.length < MAX_READINGS) {
    const bytes = residentBytes(pid);
    if (bytes === undefined) throw new Error(`Cannot read the memory of process ${pid}: has it ended?`);
    readings.push(bytes);
    const last = readings.slice(-SETTLED_READINGS);
    if (last.length === SETTLED_READINGS && Math.max(...last) - Math.min(...last) < bytes / 100) break;
    await new Promise((resolve) => setTimeout(resolve, READING_INTERVAL));
  }
  return readings.at(-1)!;
}

/** Resident memory of each of `connections` idle connections, in KB, from one fresh server process. */
async function measureIdle(kind: ServerKind, connections: number): Promise<number> {
  const server = await EchoServer.start(kind);
  try {
    await withConnections(server, REHEARSAL, () => Promise.resolve());
    const before = await settledMemory(server.pid);
    const after = await withConnections(server, connections, () => settledMemory(server.pid));
    return (after - before) / connections / 1024;
  } finally {
    await server.stop();
  }
}

/** The versions of what takes part, by name. */
async function versions(): Promise<Record<string, string | undefined>> {
  return {
    Deno: Deno.version.deno,
    ws: installedVersion("ws"),
    Node: await commandVersion("node"),
    Bun: installedVersion("bun"),
  };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      connections: { type: "string", default: "5000" },
      runs: { type: "string", default: "3" },
      servers: { type: "string", default: SERVERS.join(",") },
      save: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
    },
  });
  const connections = Number(values.connections);
  if (!(connections > 0 && connections <= MAX_CONNECTIONS)) {
    throw new RangeError(`--connections must be 1 to ${MAX_CONNECTIONS}, received ${values.connections}`);
  }
  assertFileLimit(connections);
  const servers = SERVERS.filter((kind) => values.servers.split(",").includes(kind));
  if (values.save && servers.length < SERVERS.length) {
    throw new TypeError("--save keeps whole runs: leave out --servers");
  }
  await installPeers(servers);
  const watch = new ConditionsWatch();
  const results = new Map<ServerKind, number[]>(servers.map((kind) => [kind, []]));
  for (let run = 1; run <= Number(values.runs); run++) {
    for (const kind of servers) {
      const kilobytes = await measureIdle(kind, connections);
      results.get(kind)!.push(kilobytes);
      console.error(`run ${run}/${values.runs}: ${kind} ${kilobytes.toFixed(1)} KB`);
    }
  }
  const medians = [...results].map(([kind, runs]) => ({ kind, runs, middle: median(runs) }));
  console.log(`Resident memory of each of ${connections} idle connections, KB of 1,024 bytes\n`);
  console.log(markdownTable(
    ["server", "median", "least", "most"],
    medians.map(({ kind, runs, middle }) => [
      kind,
      ...[middle, Math.min(...runs), Math.max(...runs)].map((value) => value.toFixed(1)),
    ]),
  ));
  if (values.save) {
    const kept = medians.map(({ kind, runs, middle }) => {
      const atMost = MOST_KILOBYTES[kind];
      const figures = { median: middle, least: Math.min(...runs), most: Math.max(...runs) };
      const rounded = Object.entries(figures).map(([key, value]) => [key, significant(value, 3)]);
      return [kind, { ...Object.fromEntries(rounded), ...(atMost === undefined ? {} : { atMost }) }];
    });
    const conditions = watch.conditions(await versions());
    await saveResults("idle", {
      ...conditions,
      connections,
      runs: Number(values.runs),
      servers: Object.fromEntries(kept),
    });
  }
  const missed = medians.filter(({ kind, middle }) => middle > (MOST_KILOBYTES[kind] ?? Infinity));
  for (const { kind } of missed) console.log(`\nMISS: ${kind} takes more than ${MOST_KILOBYTES[kind]} KB`);
  return values.check && missed.length > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
