/**
 * Publishes events, and subscribes by topic, by prefix and by wildcard.
 *
 * ```sh
 * deno run --allow-net examples/wamp_events.ts
 * ```
 *
 * @module
 */

import { join } from "@viaduct/viaduct/wamp";
import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";

await using router = createRouter();
await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });

await using listener = await join(server.url, { realm: "realm1" });
const heard = Promise.withResolvers<void>();

await listener.subscribe("com.example.kitchen.temperature", ({ args: [degrees], kwargs: { unit } }) => {
  console.log(`exact     ${degrees} °${unit}`);
});
await listener.subscribe("com.example.", ({ topic }) => {
  console.log(`prefix    ${topic}`);
  if (topic === "com.example.done") heard.resolve();
}, { match: "prefix" });
await listener.subscribe("com.example..temperature", ({ topic, args }) => {
  console.log(`wildcard  ${topic} ${args[0]}`);
}, { match: "wildcard" });

await using sensor = await join(server.url, { realm: "realm1" });
await sensor.publish("com.example.kitchen.temperature", [21.5], { kwargs: { unit: "C" } });
await sensor.publish("com.example.cellar.temperature", [12], { kwargs: { unit: "C" } });
// With `acknowledge`, the promise says that the router has it, or why not.
await sensor.publish("com.example.done", [], { acknowledge: true });
await heard.promise;
