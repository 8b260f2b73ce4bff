/**
 * A process with components of its own: `child.ts PLANS`, a list of part plans as JSON. Tells what happens as lines of
 * JSON; SIGUSR2 asks what it holds, SIGTERM has it stop. It never calls for its own end: whatever is left keeps it alive.
 *
 * @module
 */

import { countTimers } from "./timers.ts";
import { Part, type PartPlan } from "./part.ts";
import type { PartRecord, ResourceRecord } from "./records.ts";

const timers = countTimers();
const plans = JSON.parse(Deno.args[0] ?? "[]") as readonly PartPlan[];
const print = (record: PartRecord | ResourceRecord): void => console.log(JSON.stringify(record));
const parts = plans.map((plan) => new Part(plan, print));

function tellResources(): void {
  const transports = parts.reduce((sum, { watch }) => sum + watch.open, 0);
  print({ type: "resources", timers: timers(), transports });
}

let hasRest = false;

/** SIGHUP: no more traffic. SIGTERM: the end. */
function rest(): void {
  hasRest = true;
  for (const part of parts) part.rest();
}

async function stop(): Promise<void> {
  if (!hasRest) rest();
  Deno.removeSignalListener("SIGTERM", stop);
  Deno.removeSignalListener("SIGUSR2", tellResources);
  Deno.removeSignalListener("SIGHUP", rest);
  await Promise.all(parts.map((part) => part.stop()));
  tellResources();
}

Deno.addSignalListener("SIGUSR2", tellResources);
Deno.addSignalListener("SIGHUP", rest);
Deno.addSignalListener("SIGTERM", stop);
for (const part of parts) part.start();
