/**
 * The cell of the example in two languages: its services, one of them with Autobahn|Python.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { ProcessGroup } from "../support/processes.ts";
import type { CheckResult } from "./cells.ts";
import { runSteps } from "./page_steps.ts";
import { programOf } from "./wamp/install.ts";

/** How long the example may take, in milliseconds. */
const TIMEOUT = 60_000;

/** The checks of the cell. */
export const MICROSERVICES_CHECKS: readonly string[] = [
  "calls in both directions",
  "error of TypeScript, through Python",
  "error of Python",
  "exception of Python",
  "callees take turns",
  "end",
];

/** Runs the example by its command, and looks at what it prints. */
export async function runMicroservices(command: readonly string[], processes: ProcessGroup): Promise<CheckResult[]> {
  const { command: [python = ""] } = await programOf("autobahn-python");
  const lines: string[] = [];
  const example = processes.start("microservices", [...command, "--python", python], {
    onLine: (line) => lines.push(line),
  });
  const timer = setTimeout(() => void example.stop(), TIMEOUT);
  const { code } = await example.status;
  clearTimeout(timer);
  const includes = (...expected: readonly string[]) => (): Promise<void> => {
    for (const line of expected) assert.ok(lines.includes(line), `"${line}" must be in\n${lines.join("\n")}`);
    return Promise.resolve();
  };
  return await runSteps({
    // The second order finds that few are left: Python has asked for it.
    "calls in both directions": includes("2 pear: 240 cents", "3 pear: 432 cents"),
    "error of TypeScript, through Python": includes(
      '1 banana: shop.error.unknown_item ["banana"] {"known":["pear","plum","quince"]}',
    ),
    "error of Python": includes('0 plum: shop.error.invalid_count [0] {"least":1}'),
    "exception of Python": includes('1 quince: wamp.error.runtime_error ["quince"] {}'),
    "callees take turns": async () => {
      for (const receipt of ["2 × pear, 2.40 €", "3 × pear, 4.32 €"]) {
        await includes(`${receipt} (receipt by TypeScript)`, `${receipt} (receipt by Python)`)();
      }
    },
    "end": () => Promise.resolve(assert.equal(code, 0)),
  });
}
