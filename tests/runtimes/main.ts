/**
 * Runs the suite in a runtime on a server: Deno, Node, Bun. Prints a line of JSON for each check.
 *
 * @module
 */

import { runSuite } from "./suite.ts";

for (const result of await runSuite({ hasZlib: true, hasSockets: true })) console.log(JSON.stringify(result));
