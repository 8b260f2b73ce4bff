/**
 * Crossbar.io as the router of a measurement.
 *
 * @module
 */

import { startCrossbar as start } from "../../../tests/interop/wamp/crossbar.ts";
import { ProcessGroup } from "../../../tests/support/processes.ts";
import type { Router } from "./processes.ts";

/** Installs it where it is not there yet, starts it and waits until it listens. */
export async function startCrossbar(): Promise<Router> {
  const { pid, urls, stop } = await start(new ProcessGroup());
  return { pid: workerOf(pid), urls, stop };
}

/** The process that routes: the controller's only child. */
function workerOf(pid: number): number {
  const [worker] = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ").map(Number);
  if (worker === undefined || !(worker > 0)) throw new Error("Cannot find Crossbar.io's worker process");
  return worker;
}
