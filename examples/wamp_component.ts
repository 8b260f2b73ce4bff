/**
 * Two components in one program: they stay connected while their router is restarted, and what they declared is there
 * again.
 *
 * ```sh
 * deno run --allow-net examples/wamp_component.ts
 * ```
 *
 * @module
 */

import { type Component, component, type ComponentStatus, positional, run } from "@viaduct/viaduct/wamp";
import { createRouter, type Router, type RouterServer, serveRouter } from "@viaduct/viaduct/wamp/router";

/** The router, which would be another program. */
async function startRouter(port: number): Promise<{ router: Router; server: RouterServer }> {
  const router = createRouter();
  return { router, server: await serveRouter(router, { hostname: "127.0.0.1", port }) };
}

/** Waits until a component stands where it should. */
async function until(component: Component, state: ComponentStatus["state"]): Promise<void> {
  for await (const status of component.status()) if (status.state === state) return;
}

const first = await startRouter(0);
const options = {
  transports: first.server.url, // or a list, the best first; each with options of its own
  realm: "realm1",
  retry: { minDelay: 50, maxDelay: 500 }, // by default a second and half a minute
};

const ticked = Promise.withResolvers<unknown>();
const backend = component(options)
  .register("com.example.add", positional((a: number, b: number) => a + b))
  .subscribe("com.example.tick", ({ args: [number] }) => ticked.resolve(number))
  .onStatus(({ state }) => {
    if (state === "open" || state === "closed") console.log(`backend: ${state}`);
  });

// Its calls wait for a session, five seconds at most; by default they fail at once.
const frontend = component({ ...options, whileDisconnected: { wait: 5_000 } });

const stop = new AbortController();
const running = run([backend, frontend], { signal: stop.signal });
await until(backend, "open");
console.log(`1 + 2 = ${await frontend.call("com.example.add", [1, 2])}`);

console.log("The router is restarted");
await first.server.shutdown();
await until(backend, "lost");
const second = await startRouter(Number(new URL(first.server.url).port));
await until(backend, "open");
console.log(`3 + 4 = ${await frontend.call("com.example.add", [3, 4])}`);
await frontend.publish("com.example.tick", [5], { acknowledge: true });
console.log(`tick ${await ticked.promise}`);

stop.abort();
await running;
await second.server.shutdown();
for (const { router } of [first, second]) await router.shutdown();
