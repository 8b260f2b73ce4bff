/**
 * The suite that every runtime must pass: all of the library but its sockets and its command line. Its files and what
 * they import are TypeScript that a runtime can run by erasing types, and use nothing that browsers lack.
 *
 * @module
 */

import type { CheckResult } from "../interop/cells.ts";
import { type Checks, runChecks, type RuntimeFacts } from "./checking.ts";
import { CONNECTION_CHECKS } from "./connection_checks.ts";
import { CORE_CHECKS } from "./core_checks.ts";
import { ROUTER_CHECKS } from "./router_checks.ts";

/** All checks, by name. */
const CHECKS: Checks = { ...CORE_CHECKS, ...CONNECTION_CHECKS, ...ROUTER_CHECKS };

/** The names of all checks. @internal */
export const SUITE_CHECKS: readonly string[] = Object.keys(CHECKS);

/** Runs the suite. @internal */
export async function runSuite(facts: RuntimeFacts): Promise<CheckResult[]> {
  return await runChecks(CHECKS, facts);
}
