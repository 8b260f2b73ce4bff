/**
 * Calls in parts: results as they come, arguments as they come, both at once, and a call that is given up midway.
 *
 * ```sh
 * deno run --allow-net examples/wamp_progressive.ts
 * ```
 *
 * @module
 */

import { type Arguments, type Invocation, join } from "@viaduct/viaduct/wamp";
import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";

await using router = createRouter();
await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });

/** What it yields are progressive results; what it returns is the last one. */
async function* countdown({ args: [from] }: Invocation): AsyncGenerator<number, string> {
  for (let number = Number(from); number > 0; number--) yield number;
  return "lift-off";
}

/** Takes arguments as they come, and answers each part with the sum so far. */
async function* sum({ parts }: Invocation): AsyncGenerator<number, string> {
  let total = 0;
  for await (const { args: [number] } of parts) yield total += Number(number);
  return `${total} in all`;
}

await using backend = await join(server.url, { realm: "realm1" });
const given = Promise.withResolvers<void>();
await backend.register("com.example.countdown", countdown);
await backend.register("com.example.sum", sum);
await backend.register("com.example.forever", async (invocation) => {
  const { signal } = invocation; // aborted when nobody waits for the result any more
  signal.addEventListener("abort", () => given.resolve());
  for (let number = 1; !signal.aborted; number++) {
    await invocation.progress([number]);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

await using session = await join(server.url, { realm: "realm1" });

for await (const { args: [part], progress } of session.callProgressive("com.example.countdown", [3])) {
  console.log(progress ? `${part}…` : `${part}!`);
}

async function* numbers(): AsyncGenerator<Arguments> {
  for (const number of [1, 2, 3]) yield { args: [number] };
}
for await (const { args: [part] } of session.callProgressive("com.example.sum", numbers())) console.log(`sum: ${part}`);

for await (const { args: [number] } of session.callProgressive("com.example.forever")) {
  if (number === 3) break; // cancels the call
}
await given.promise;
console.log("given up after 3");
