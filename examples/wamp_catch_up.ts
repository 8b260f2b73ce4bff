/**
 * A subscription that catches up: what was published while its session was lost comes from the event history of the
 * router, in order and once; where that does not reach back, it is told.
 *
 * ```sh
 * deno run --allow-net examples/wamp_catch_up.ts
 * ```
 *
 * @module
 */

import { component } from "@viaduct/viaduct/wamp";
import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";

// It keeps the last three events of the topic, in memory.
await using router = createRouter({
  realms: [{ uri: "realm1", eventStores: [{ uri: "com.example.news", limit: 3 }] }],
});
await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
await using publisher = await router.join("realm1");

/** Publishes, and waits until the router has it. */
async function publish(...numbers: readonly number[]): Promise<void> {
  for (const number of numbers) await publisher.publish("com.example.news", [number], { acknowledge: true });
}

const heard: unknown[] = [];
let look = (): void => {};
function hear(what: unknown): void {
  heard.push(what);
  look();
}
/** Waits until the last of what was heard is this. */
function untilHeard(what: unknown): Promise<void> {
  return new Promise((resolve) => {
    look = () => heard.at(-1) === what && resolve();
    look();
  });
}

await using reader = component({ transports: server.url, realm: "realm1", retry: { minDelay: 50, maxDelay: 500 } })
  .subscribe("com.example.news", ({ args: [number] }) => hear(number), {
    catchUp: { onGap: ({ reason }) => hear(reason) },
  });
const running = reader.run();
for await (const { state } of reader.status()) if (state === "open") break;
await publish(1, 2);
await untilHeard(2);

// While it is away, two more are published: they are in the history.
await reader.stop();
await running;
await publish(3, 4);
const again = reader.run();
await untilHeard(4);

// This time it misses more than the history holds: what is left of it comes behind the gap.
await reader.stop();
await again;
await publish(5, 6, 7, 8);
const last = reader.run();
await untilHeard(8);
console.log(heard.join(", "));

await reader.stop();
await last;
