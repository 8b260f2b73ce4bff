/**
 * A program whose spans a collector gets: see telemetry_spans_test.ts.
 *
 * @module
 */

import { ApplicationError } from "../../wamp/errors.ts";
import { join } from "../../wamp/join.ts";
import { createRouter } from "../../wamp/router/router.ts";
import { serveRouter } from "../../wamp/router/server.ts";
import { OPEN_REALM } from "./open_realm.ts";

await using router = createRouter({ realms: [OPEN_REALM] });
await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
await using session = await join(server.url, { realm: "realm1" });
const other = await join(server.url, { realm: "realm1" });
await other.register("com.example.inner", ({ args: [value] }) => value);
await session.register("com.example.outer", async ({ args }) => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return await session.call("com.example.inner", args);
});
await session.register("com.example.fail", () => {
  throw new ApplicationError("com.example.error", ["secret"]);
});
const heard = Promise.withResolvers<void>();
await session.subscribe("com.example.tick", async () => {
  await session.call("com.example.inner", ["from the event"]);
  heard.resolve();
});
await other.call("com.example.outer", ["secret"]);
await other.call("com.example.fail", ["secret"]).catch(() => {});
await other.publish("com.example.tick", ["secret"], { acknowledge: true });
await heard.promise;
await other.leave();
