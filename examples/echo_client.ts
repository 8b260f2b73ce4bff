/**
 * Sends messages to an echo server and prints what comes back.
 *
 * ```sh
 * deno run --allow-net examples/echo_client.ts ws://127.0.0.1:8080 hello world
 * ```
 *
 * @module
 */

import { connect } from "@viaduct/viaduct";

const [url = "ws://127.0.0.1:8080", ...texts] = Deno.args;
const messages = texts.length > 0 ? texts : ["hello", "world"];

await using ws = await connect(url, { signal: AbortSignal.timeout(30_000) });
console.log(`Connected to ${ws.url}`);
console.log(`A ping took ${(await ws.ping()).toFixed(1)} ms`);

for (const message of messages) await ws.send(message);

let missing = messages.length;
for await (const message of ws) {
  console.log(`Received ${message}`);
  if (--missing === 0) break;
}

const { code, wasClean } = await ws.close(1000, "Done");
console.log(`Closed with ${code}, ${wasClean ? "cleanly" : "not cleanly"}`);
