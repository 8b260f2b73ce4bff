/**
 * A live dashboard: producers publish how they are doing, and a page draws it while it comes.
 *
 * ```sh
 * deno run --allow-net --allow-read=examples/dashboard/page,cli/console/page,internal,wamp,websocket examples/dashboard/main.ts
 * ```
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { failureMessage } from "@viaduct/viaduct";
import { startDashboard } from "./dashboard.ts";
import { lookAround } from "./viewer.ts";

const USAGE = `Usage: main.ts [OPTIONS]
  --port PORT      the page and WebSocket; 0 takes a free port (default: 8080)
  --hostname HOST  the address to bind; 0.0.0.0 lets other machines in (default: 127.0.0.1)
  --once           look at what is published as a page does, print it, and exit`;

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new Error(`Port must be 0 to 65535, received "${text}"`);
  return Number(text);
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve());
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      port: { type: "string" },
      hostname: { type: "string", default: "127.0.0.1" },
      once: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const { once, hostname } = values;
  const dashboard = await startDashboard(hostname, readPort(values.port ?? (once ? "0" : "8080")));
  try {
    if (once) return await lookAround(dashboard, (line) => console.log(line));
    const { page, url, ticket } = dashboard;
    console.log(`Dashboard at ${page} (Ctrl+C ends it)`);
    console.log("A producer more, from another terminal:");
    console.log(`  deno run --allow-net examples/dashboard/producer.ts --name mail --ticket ${ticket} --url ${url}`);
    await untilInterrupted();
  } finally {
    await dashboard.stop();
  }
  console.log("Bye");
}

try {
  await main();
} catch (error) {
  console.error(failureMessage(error));
  console.error(USAGE);
  process.exitCode = 1;
}
