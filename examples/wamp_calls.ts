/**
 * A router in this program, a session that offers procedures, and one that calls them.
 *
 * ```sh
 * deno run --allow-net examples/wamp_calls.ts
 * ```
 *
 * @module
 */

import { ApplicationError, type Invocation, join, positional } from "@viaduct/viaduct/wamp";
import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";

await using router = createRouter({ realms: [{ uri: "realm1" }] });
await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });

// A session in the router's own program needs no socket.
await using backend = await router.join("realm1");
await backend.register("com.example.add", positional((a: number, b: number) => a + b));
await backend.register("com.example.divide", ({ args: [a, b] }) => {
  if (b === 0) throw new ApplicationError("com.example.error.division_by_zero", ["Cannot divide by 0"], { a });
  return Number(a) / Number(b);
});

/** What a generator yields are progressive results; what it returns is the last one. */
async function* count({ args: [to] }: Invocation): AsyncGenerator<number, string> {
  for (let number = 1; number <= Number(to); number++) yield number;
  return "done";
}
await backend.register("com.example.count", count);

await using session = await join(server.url, { realm: "realm1" });
console.log(`2 + 3 = ${await session.call("com.example.add", [2, 3])}`);

try {
  await session.call("com.example.divide", [1, 0], { timeout: 5_000 });
} catch (error) {
  if (!(error instanceof ApplicationError)) throw error;
  console.log(`${error.message}, with ${JSON.stringify(error.kwargs)}`);
}

for await (const { args: [part], progress } of session.callProgressive("com.example.count", [3])) {
  console.log(progress ? `so far: ${part}` : `at last: ${part}`);
}
