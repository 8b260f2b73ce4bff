/**
 * Events for those who come later: the last one of a topic, its history, and the last will of a session.
 *
 * ```sh
 * deno run --allow-net examples/wamp_kept_events.ts
 * ```
 *
 * @module
 */

import { join } from "@viaduct/viaduct/wamp";
import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";

await using router = createRouter({
  realms: [{ uri: "realm1", eventStores: [{ uri: "com.example.", match: "prefix", limit: 100 }] }],
});
await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });

const sensor = await join(server.url, { realm: "realm1" });
for (const degrees of [19, 20, 21]) {
  await sensor.publish("com.example.temperature", [degrees], { retain: true, acknowledge: true });
}
await sensor.call("wamp.session.add_testament", ["com.example.gone", ["sensor"], {}]);

await using reader = await join(server.url, { realm: "realm1" });
const retained = Promise.withResolvers<unknown>();
const gone = Promise.withResolvers<unknown>();
const subscription = await reader.subscribe("com.example.temperature", ({ args }) => retained.resolve(args[0]), {
  getRetained: true,
});
await reader.subscribe("com.example.gone", ({ args }) => gone.resolve(args[0]));
console.log(`retained: ${await retained.promise}`);

const history = await reader.call<readonly { readonly args: readonly unknown[] }[]>("wamp.subscription.get_events", [
  subscription.id,
], { kwargs: { limit: 2, reverse: true } });
console.log(`history, the latest first: ${history.map(({ args }) => args[0]).join(", ")}`);

await sensor.leave();
console.log(`gone: ${await gone.promise}`);
