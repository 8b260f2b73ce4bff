/**
 * The processes of a measurement: a router, a callee or subscriber, a caller or publisher.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { Process } from "../../../tests/support/processes.ts";
import { PEERS_FOLDER } from "../peers.ts";
import type { RouterName, System, Traffic } from "./systems.ts";

/** How long a process may take to say that it is ready, in milliseconds. */
const START_TIMEOUT = 60_000;

/** What a client prints at the end of a measurement: rates by second, processor time in cores. */
export interface Measurement {
  readonly perSecond: number;
  readonly ownCpu: number;
  readonly routerCpu: number;
  readonly otherCpu: number;
}

function program(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

const DENO = [Deno.execPath(), "run", "-A"];

/** A running router. */
export interface Router {
  /** The process that routes. */
  readonly pid: number;
  readonly urls: Readonly<Record<System["transport"], string>>;
  stop(): Promise<void>;
}

/** Starts a router that is a program of ours. */
export async function startOwnRouter(name: Exclude<RouterName, "crossbar">): Promise<Router> {
  const path = { viaduct: "viaduct_router.ts", stub: "stub_router.ts" }[name];
  const process = new Process(name, [...DENO, program(path)]);
  const [, websocket = "", rawsocket = ""] = await process.line(/^(ws:\S+)(?: (\S+))?/, START_TIMEOUT);
  return { pid: process.pid, urls: { websocket, rawsocket }, stop: () => process.stop() };
}

/** What the clients of one measurement do. */
export interface Orders {
  readonly system: System;
  readonly traffic: Traffic;
  readonly warmup: number;
  readonly seconds: number;
}

/** Runs both clients of one measurement, each a fresh process. */
export async function measure(router: Router, { system, traffic, warmup, seconds }: Orders): Promise<Measurement> {
  const [passive, active] = traffic.kind === "calls" ? ["callee", "caller"] : ["subscriber", "publisher"];
  const common = { url: router.urls[system.transport], ...traffic };
  const other = new Process(`${system.client} ${passive}`, clientCommand(system, { ...common, role: passive }));
  try {
    await other.line(/^"ready"$/, START_TIMEOUT);
    const pids = { router: router.pid, other: other.pid };
    const orders = { ...common, role: active, warmup, seconds, pids };
    const process = new Process(`${system.client} ${active}`, clientCommand(system, orders));
    try {
      const [line] = await process.line(/^\{.*\}$/, (warmup + seconds) * 1000 + START_TIMEOUT);
      return JSON.parse(line);
    } finally {
      await process.stop();
    }
  } finally {
    await other.stop();
  }
}

function clientCommand({ client, serializer }: System, orders: unknown): string[] {
  const json = JSON.stringify(orders);
  if (client === "viaduct") return [...DENO, program("clients/viaduct_client.ts"), serializer, json];
  return ["node", program("clients/autobahn_client.mjs"), fileURLToPath(PEERS_FOLDER), json];
}
