/**
 * Runs the suite in a worker that has no permission, and prints a line of JSON for each check. With the argument
 * `bare`, the worker has neither built-in modules nor `setImmediate`, as in a browser.
 *
 * @module
 */

import { argv, exit } from "node:process";
import type { CheckResult } from "../interop/cells.ts";

const url = new URL("./deno_worker_suite.ts", import.meta.url);
const worker = new Worker(url, { type: "module", name: argv[2] ?? "", deno: { permissions: "none" } });
worker.onmessage = (event: MessageEvent<CheckResult[]>) => {
  for (const result of event.data) console.log(JSON.stringify(result));
  worker.terminate();
};
worker.onerror = (event) => {
  event.preventDefault();
  console.error(event.message);
  exit(1);
};
