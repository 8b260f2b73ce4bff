import { join } from "../../../wamp/join.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import type { Router } from "../../../wamp/router/router_api.ts";
import { type RouterServer, serveRouter, type ServeRouterOptions } from "../../../wamp/router/server.ts";
import { parsePrometheus } from "../../prometheus.ts";
import { RawClient } from "../../raw_client.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../std.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 } as const;

/** A router that listens. */
async function serving(
  options: ServeRouterOptions,
): Promise<{ router: Router; server: RouterServer } & AsyncDisposable> {
  const router = createRouter();
  const server = await serveRouter(router, { ...LOCAL, ...options });
  const stop = async (): Promise<void> => {
    await server.shutdown({ timeout: 1_000 });
    await router.shutdown({ timeout: 1_000 });
  };
  return { router, server, [Symbol.asyncDispose]: stop };
}

async function get(
  url: string | URL,
): Promise<{ readonly status: number; readonly text: string; readonly type: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text(), type: response.headers.get("content-type") ?? "" };
}

function at(server: RouterServer, path: string): URL {
  return new URL(path, server.url.replace(/^ws/, "http"));
}

Deno.test("metrics and health are off unless they are asked for", async () => {
  await using listening = await serving({ fetch: () => new Response("mine") });
  assertEquals(listening.server.metricsUrl, "");
  for (const path of ["/metrics", "/healthz", "/readyz"]) {
    assertEquals((await get(at(listening.server, path))).text, "mine");
  }
});

Deno.test("metrics stand beside the socket, in the text format of Prometheus", async () => {
  await using listening = await serving({ metrics: true, fetch: () => new Response("mine") });
  const { server } = listening;
  assertMatch(server.metricsUrl, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  await using session = await join(server.url, { realm: "realm1", serializers: ["msgpack"] });
  await session.register("com.example.echo", ({ args }) => args[0]);
  assertEquals(await session.call("com.example.echo", [1]), 1);
  const { status, text, type } = await get(server.metricsUrl);
  assertEquals([status, type], [200, "text/plain; version=0.0.4; charset=utf-8"]);
  const families = parsePrometheus(text);
  assertEquals(families.get("viaduct_realm_sessions")?.samples[0]?.value, 1);
  const calls = families.get("viaduct_realm_received_messages_total")?.samples.find(({ labels }) =>
    labels.type === "CALL"
  );
  assertEquals(calls?.value, 1);
  const carrier = families.get("viaduct_transport_sessions")?.samples;
  assertEquals(carrier?.map(({ labels, value }) => [labels.transport, labels.serializer, value]), [
    ["websocket", "msgpack", 1],
  ]);
  assertEquals((await get(at(server, "/other"))).text, "mine");
});

Deno.test("metrics on a port of their own leave the socket's port alone, and take no WebSocket", async () => {
  await using listening = await serving({ metrics: { port: 0, path: "/numbers" }, health: true });
  const { server } = listening;
  const url = new URL(server.metricsUrl);
  assert(url.port !== new URL(server.url).port);
  assertEquals(url.pathname, "/numbers");
  parsePrometheus((await get(url)).text);
  assertEquals((await get(at(server, "/numbers"))).status, 404);
  for (const place of [url, at(server, "/")]) assertEquals((await get(new URL("/readyz", place))).text, "ready\n");
  assertEquals((await get(new URL("/", url))).status, 404);
  await assertRejects(() => join(`ws://${url.host}/ws`, { realm: "realm1" }));
});

Deno.test("health says that the process lives; readiness ends with 503 when sessions can join no more", async () => {
  await using listening = await serving({ health: { path: "/live", readyPath: "/ready" } });
  const { router, server } = listening;
  assertEquals((await get(at(server, "/live"))).status, 200);
  assertEquals((await get(at(server, "/ready"))).status, 200);
  assertEquals(router.isAccepting, true);
  await router.shutdown();
  assertEquals(router.isAccepting, false);
  assertEquals((await get(at(server, "/live"))).text, "ok\n");
  assertEquals((await get(at(server, "/ready"))).status, 503);
});

Deno.test("while a server drains it lives, and is not ready", async () => {
  await using listening = await serving({ health: true });
  const { server } = listening;
  using client = await RawClient.connect({ addr: server.addresses[0]! });
  // A client that says nothing keeps the server from ending.
  await client.write(
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n",
  );
  await client.readAcceptance();
  const [live, ready] = [at(server, "/healthz"), at(server, "/readyz")];
  const stopping = server.shutdown({ timeout: 300 });
  const answers = await Promise.all([get(live), get(ready)]);
  assertEquals(answers.map(({ status }) => status), [200, 503]);
  await stopping;
});

Deno.test("a path of the monitoring must be one", async () => {
  await using router = createRouter();
  for (const options of [{ metrics: { path: "metrics" } }, { health: { path: "" } }, { health: { readyPath: "x" } }]) {
    await assertRejects(() => serveRouter(router, { ...LOCAL, ...options }), TypeError, "must begin with /");
  }
});
