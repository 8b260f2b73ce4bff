/**
 * Follows a server through failures: connects again, with backoff, whenever the connection is lost.
 *
 * ```sh
 * deno run --allow-net examples/reconnecting.ts
 * ```
 *
 * @module
 */

import { ConnectionClosedError, reconnecting, serve } from "@viaduct/viaduct";

/** A server that goes wrong: it breaks every connection after three numbers. */
let next = 1;
await using server = serve({ port: 0, hostname: "127.0.0.1" }, async (ws) => {
  await ws.send(`follow from ${ws.request?.headers.get("x-follow") ?? "?"}`);
  for (let count = 0; count < 3; count++) await ws.send(String(next++));
  // What was sent must arrive before the connection breaks.
  await ws.ping();
  ws.terminate();
});

const connections = reconnecting(server.url, {
  headers: { "x-follow": "numbers" },
  backoff: { initial: 50, max: 5_000 },
  signal: AbortSignal.timeout(60_000),
  onRetry: ({ error, attempt }) => console.log(`Lost: ${error.message}; attempt ${attempt} follows`),
});

let last = 0;
for await (const ws of connections) {
  console.log("Connected");
  try {
    for await (const message of ws) {
      console.log(`Received ${message}`);
      last = Number(message) || last;
    }
  } catch (error) {
    // An abnormal end is what this loop is for; anything else is a mistake.
    if (!(error instanceof ConnectionClosedError)) throw error;
  }
  if (last >= 9) break;
}
console.log(`Followed to ${last}`);
