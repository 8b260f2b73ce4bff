/**
 * A router within a server that is there already: `Deno.serve`, or a framework upon it.
 *
 * ```sh
 * deno run --allow-net examples/wamp_in_deno_serve.ts
 * ```
 *
 * @module
 */

import { join, positional } from "@viaduct/viaduct/wamp";
import { createRouter } from "@viaduct/viaduct/wamp/router";

await using router = createRouter({ realms: [{ uri: "realm1" }] });

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/ws") return router.upgrade(request);
  return new Response("The page of this server\n");
});

const { hostname, port } = server.addr;
const page = await fetch(`http://${hostname}:${port}/`);
console.log(`GET / answers: ${(await page.text()).trim()}`);

const backend = await router.join("realm1");
await backend.register("com.example.shout", positional((text: string) => text.toUpperCase()));
const session = await join(`ws://${hostname}:${port}/ws`, { realm: "realm1" });
console.log(await session.call("com.example.shout", ["hello"]));

await session.leave();
await router.shutdown();
await server.shutdown();
