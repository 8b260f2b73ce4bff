/**
 * Runs the interoperability client's checks in Node or Bun, over the runtime's own sockets. Prints a line of JSON for
 * each check.
 *
 * @module
 */

import { argv } from "node:process";
import { runClient } from "../interop/viaduct_client.ts";

const { way, checks } = JSON.parse(argv[2] ?? "");
for (const result of await runClient(way, checks)) console.log(JSON.stringify(result));
