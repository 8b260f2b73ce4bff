/**
 * Runs the program of components in Deno, Node or Bun. Prints a line of JSON for each check.
 *
 * @module
 */

import { argv } from "node:process";
import { runComponentProgram } from "./component_checks.ts";

for (const result of await runComponentProgram(JSON.parse(argv[2] ?? ""))) console.log(JSON.stringify(result));
