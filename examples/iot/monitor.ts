/**
 * The monitor: shows which devices are there, and what they measure.
 *
 * ```sh
 * deno run --allow-net examples/iot/monitor.ts
 * ```
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { failureMessage } from "@viaduct/viaduct";
import { type Component, component, type ComponentOptions } from "@viaduct/viaduct/wamp";
import { wampcra } from "@viaduct/viaduct/wamp/auth";
import { deviceOf, OPERATOR, REALM, type Telemetry, uriOf } from "./fleet.ts";
import { runProgram } from "./program.ts";

const USAGE = `Usage: monitor.ts [OPTIONS]
  --url URL        the hub (default: rs://127.0.0.1:8081)`;

/** Takes what becomes known of devices. */
export interface Watcher {
  /** A device has come, or has gone; of those that are there at the beginning as well. */
  onStatus(device: string, online: boolean): void;
  /** A device has measured; maybe a while ago, while it had no network. */
  onTelemetry(device: string, sample: Telemetry): void;
}

/** Makes a component for the operator that tells `watcher` of all devices. */
export function createMonitor(options: Pick<ComponentOptions, "transports" | "retry">, watcher: Watcher): Component {
  return component({ realm: REALM, auth: [wampcra(OPERATOR)], ...options })
    .subscribe(uriOf("", "status"), ({ topic, kwargs }) => {
      watcher.onStatus(deviceOf(topic), kwargs.online === true);
    }, { match: "wildcard", getRetained: true })
    .subscribe(uriOf("", "telemetry"), ({ topic, kwargs: { time, temperature, vent } }) => {
      if (typeof time !== "number" || typeof temperature !== "number" || (vent !== "open" && vent !== "closed")) return;
      watcher.onTelemetry(deviceOf(topic), { time, temperature, vent });
    }, { match: "wildcard", catchUp: true }); // what was published while this monitor was away
}

/** A measurement as a line of text. */
export function describe({ temperature, vent }: Telemetry): string {
  return `${temperature.toFixed(1)} °C, vent ${vent}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      url: { type: "string", default: "rs://127.0.0.1:8081" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const print = (time: number, line: string): void => console.log(`${new Date(time).toISOString()} ${line}`);
  const monitor = createMonitor({ transports: values.url, retry: { minDelay: 200, maxDelay: 10_000 } }, {
    onStatus: (device, online) => print(Date.now(), `${device} ${online ? "online" : "offline"}`),
    onTelemetry: (device, sample) => print(sample.time, `${device} ${describe(sample)}`),
  }).onStatus((status) => {
    if (status.state === "open") print(Date.now(), "monitor joined");
    if (status.state === "lost") print(Date.now(), `monitor lost: ${failureMessage(status.cause)}`);
  });
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  await monitor.run({ signal: stop.signal });
}

if (import.meta.main) await runProgram(main, USAGE);
