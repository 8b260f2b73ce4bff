/**
 * Tells a device what to do, and prints its answer.
 *
 * ```sh
 * deno run --allow-net examples/iot/command.ts greenhouse-1 vent open
 * ```
 *
 * @module
 */

import { parseArgs } from "node:util";
import { join } from "@viaduct/viaduct/wamp";
import { wampcra } from "@viaduct/viaduct/wamp/auth";
import { OPERATOR, REALM, uriOf } from "./fleet.ts";
import { runProgram } from "./program.ts";

const USAGE = `Usage: command.ts [OPTIONS] DEVICE vent open|closed
       command.ts [OPTIONS] DEVICE interval MS
  --url URL        the hub (default: rs://127.0.0.1:8081)`;

/** How long a device may take to answer, in milliseconds. */
const PATIENCE = 5_000;

async function main(): Promise<void> {
  const { values, positionals: [device = "", command, value] } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      url: { type: "string", default: "rs://127.0.0.1:8081" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  if (command !== "vent" && command !== "interval" || value === undefined) {
    throw new Error("Command must be vent or interval, with a value");
  }
  await using session = await join(values.url, { realm: REALM, auth: [wampcra(OPERATOR)] });
  const argument = command === "interval" ? Number(value) : value;
  console.log(await session.call(uriOf(device, command), [argument], { timeout: PATIENCE }));
}

await runProgram(main, USAGE);
