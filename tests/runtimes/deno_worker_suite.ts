/**
 * The worker of deno_worker.ts.
 *
 * @module
 */

import process from "node:process";
import type { CheckResult } from "../interop/cells.ts";

const scope: { readonly name?: string; readonly postMessage?: (results: CheckResult[]) => void } = globalThis;
const isBare = scope.name === "bare";
if (isBare) {
  for (const [owner, key] of [[process, "getBuiltinModule"], [globalThis, "setImmediate"]] as const) {
    Object.defineProperty(owner, key, { value: undefined });
  }
}
// Imported only now: the library looks for its built-in modules as it is loaded.
const { runSuite } = await import("./suite.ts");
scope.postMessage?.(await runSuite({ hasZlib: !isBare, hasSockets: true }));
