/**
 * The matrix of the program of components: each runtime, and whose WebSocket carries its sessions.
 *
 * @module
 */

import { COMPONENT_CHECKS } from "../../runtimes/component_checks.ts";
import { DisturbedRouter } from "../../support/disturbed_router.ts";
import type { ProcessGroup } from "../../support/processes.ts";
import type { CheckResult, Runtime } from "../cells.ts";
import { runComponentIn } from "../runtimes.ts";

/** One way for the program to its router. */
export interface ComponentCell {
  readonly runtime: Runtime | "deno";
  /** Viaduct's own, or the platform's. */
  readonly socket: "ours" | "platform";
  /** The checks that the cell must pass, by name. */
  readonly checks: readonly string[];
}

/** Every cell of the matrix. */
export const COMPONENT_CELLS: readonly ComponentCell[] = [
  ...(["deno", "node 22", "node 24", "bun"] as const).flatMap((runtime) =>
    (["ours", "platform"] as const).map((socket) => ({ runtime, socket, checks: COMPONENT_CHECKS }))
  ),
  // A browser has no sockets.
  { runtime: "chromium", socket: "platform", checks: COMPONENT_CHECKS },
  { runtime: "chromium worker", socket: "platform", checks: COMPONENT_CHECKS },
];

/** A cell's columns. */
export function componentCellColumns({ runtime, socket }: ComponentCell): readonly string[] {
  return [runtime, "viaduct", "websocket", socket];
}

/** A cell's name. */
export function componentCellName({ runtime, socket }: ComponentCell): string {
  return `component in ${runtime} / viaduct router / websocket / ${socket}`;
}

/** Runs a cell's checks. */
export async function runComponentCell(
  { runtime, socket }: ComponentCell,
  processes: ProcessGroup,
): Promise<readonly CheckResult[]> {
  await using router = await DisturbedRouter.start();
  const transport = socket === "platform" ? "web" : undefined;
  return await runComponentIn(runtime, { url: router.url, transport }, processes);
}
