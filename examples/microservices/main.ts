/**
 * All of it in one command: a router, the service in TypeScript, the one in Python, and a customer.
 *
 * ```sh
 * deno run --allow-net --allow-run examples/microservices/main.ts --python .venv/bin/python
 * ```
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { run } from "@viaduct/viaduct/wamp";
import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
import { shop, untilRegistered } from "./customer.ts";
import { createOrders, REALM } from "./orders.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: { python: { type: "string", default: "python3" } }, // one that has Autobahn|Python
});

await using router = createRouter({ realms: [{ uri: REALM }] });
await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
console.log(`Router at ${server.url}`);

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
const python = new Deno.Command(values.python, {
  args: [fileURLToPath(new URL("./pricing.py", import.meta.url)), server.url],
  signal: stop.signal, // sends SIGTERM
}).spawn();
const pythonEnded = python.status.then(({ code }) => {
  if (!stop.signal.aborted) throw new Error(`pricing.py ended with ${code}: does ${values.python} have Autobahn?`);
});
const running = run([createOrders(server.url)], { signal: stop.signal });

try {
  await using customer = await router.join(REALM);
  await Promise.race([untilRegistered(customer, "shop.receipt.print", 2), pythonEnded]);
  if (!stop.signal.aborted) await shop(customer, (line) => console.log(line));
} finally {
  stop.abort();
  await running;
}
await pythonEnded;
