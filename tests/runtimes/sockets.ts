/**
 * Runs the interoperability client's checks in Node or Bun, over the runtime's own sockets. Prints a line of JSON for
 * each check.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { argv } from "node:process";
import { runClient } from "../interop/viaduct_client.ts";

/** The way and the checks, as JSON; `ca` is a path. */
const { way, checks } = JSON.parse(argv[2] ?? "");
const ca = way.ca === undefined ? {} : { ca: await readFile(way.ca, "utf8") };
for (const result of await runClient({ ...way, ...ca }, checks)) console.log(JSON.stringify(result));
