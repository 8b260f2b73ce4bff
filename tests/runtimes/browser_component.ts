/**
 * Runs the program of components in a browser, in a page or a worker, from a bundle; the query of its address is the
 * router's. A page finds the results in `suiteResults`, the owner of a worker gets them as a message.
 *
 * @module
 */

import type { CheckResult } from "../interop/cells.ts";
import { runComponentProgram } from "./component_checks.ts";

/** What stands in the global object of a page or of a worker. */
interface Scope {
  readonly document?: object;
  readonly location?: { readonly search: string };
  readonly postMessage?: (message: unknown) => void;
  suiteResults?: Promise<CheckResult[]>;
}

const scope = globalThis as Scope;
const url = decodeURIComponent(scope.location?.search.slice(1) ?? "");
scope.suiteResults = runComponentProgram({ url });
if (scope.document === undefined) scope.postMessage?.(await scope.suiteResults);
