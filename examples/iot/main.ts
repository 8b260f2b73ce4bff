/**
 * A hub, three devices and a monitor in one program, to be watched; or a script in which a device loses its network.
 *
 * ```sh
 * deno run --allow-net examples/iot/main.ts --once
 * ```
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { Device } from "./device.ts";
import { DEVICES } from "./fleet.ts";
import { startHub } from "./hub.ts";
import { createMonitor, describe } from "./monitor.ts";
import { runScript } from "./script.ts";
import { readPort, runProgram } from "./program.ts";

const USAGE = `Usage: main.ts [OPTIONS]
  --port PORT      where the hub listens for RawSocket; 0 takes a free port (default: 8081)
  --once           let a device lose its network and come back, print what is seen of that, and exit`;

/** Starts everything, and lets it work until it is interrupted. */
async function runFleet(port: number): Promise<void> {
  const hub = await startHub("127.0.0.1", port);
  console.log(`Hub at ${hub.rawsocketUrl} (Ctrl+C ends it)`);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  const { signal } = stop;
  const transports = hub.rawsocketUrl;
  const monitor = createMonitor({ transports }, {
    onStatus: (device, online) => console.log(`${device} ${online ? "online" : "offline"}`),
    onTelemetry: (device, sample) => console.log(`${device} ${describe(sample)}`),
  });
  const devices = Object.keys(DEVICES).map((id) => new Device({ id, transports, log: () => {} }));
  try {
    await Promise.all([monitor.run({ signal }), ...devices.map((device) => device.run(signal))]);
  } finally {
    stop.abort();
    await hub.shutdown();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      port: { type: "string" },
      once: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const port = readPort(values.port ?? (values.once ? "0" : "8081"));
  if (!values.once) return await runFleet(port);
  const hub = await startHub("127.0.0.1", port);
  try {
    await runScript(hub.rawsocketUrl, (line) => console.log(line));
  } finally {
    await hub.shutdown();
  }
}

await runProgram(main, USAGE);
