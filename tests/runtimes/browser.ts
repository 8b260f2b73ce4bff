/**
 * Runs the suite in a browser, in a page or a worker, from a bundle. A page finds the results in `suiteResults`, the
 * owner of a worker gets them as a message.
 *
 * @module
 */

import type { CheckResult } from "../interop/cells.ts";
import { runSuite } from "./suite.ts";

/** What stands in the global object of a page or of a worker. */
interface Scope {
  readonly document?: object;
  readonly postMessage?: (message: unknown) => void;
  suiteResults?: Promise<CheckResult[]>;
}

const scope = globalThis as Scope;
scope.suiteResults = runSuite({ hasZlib: false, hasSockets: false });
if (scope.document === undefined) scope.postMessage?.(await scope.suiteResults);
