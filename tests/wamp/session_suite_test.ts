import { join, type JoinOptions } from "../../wamp/join.ts";
import { createRouter } from "../../wamp/router/router.ts";
import { serveRouter, type ServeRouterOptions } from "../../wamp/router/server.ts";
import { SERIALIZERS } from "../../wamp/serializers/mod.ts";
import type { Serializer } from "../../wamp/serializers/serializer.ts";
import type { Session } from "../../wamp/session_api.ts";
import { localPair } from "../../wamp/transports/local.ts";
import { assertEquals } from "../std.ts";
import { createTlsFixture } from "../tls_fixture.ts";
import { runSessionSuite, SESSION_SUITE } from "./suite/suite.ts";
import { OPEN_REALM } from "./open_realm.ts";
import { POSIX } from "../support/systems.ts";

const NAMES = SESSION_SUITE.map(({ name }) => name);
const RAW_SOCKET = SERIALIZERS.filter(({ rawSocketId }) => rawSocketId !== undefined);
const TCP = { hostname: "127.0.0.1", port: 0 };

/** Runs the suite for all serializers at once, since it waits more than it works; each must pass all checks. */
async function testSuite(
  serializers: readonly Serializer[],
  joining: (serializer: Serializer) => Promise<Session>,
): Promise<void> {
  await Promise.all(serializers.map(async (serializer) => {
    const results = await runSessionSuite(() => joining(serializer));
    const failed = results.filter(({ error }) => error !== undefined);
    assertEquals(failed, [], `with ${serializer.name}: ${JSON.stringify(failed)}`);
    assertEquals(results.map(({ check }) => check), NAMES);
  }));
}

/** Runs the suite on a router that listens. */
async function testServed(
  serializers: readonly Serializer[],
  listening: ServeRouterOptions,
  options: Partial<JoinOptions> = {},
  url?: string,
): Promise<void> {
  await using router = createRouter({ realms: [OPEN_REALM] });
  await using server = await serveRouter(router, listening);
  const address = url ?? (server.url === "" ? server.rawsocketUrl : server.url);
  await testSuite(serializers, async ({ name }) => {
    return await join(address, { realm: "realm1", ...options, serializers: [name] });
  });
}

Deno.test("The session suite has names that are all different", () => {
  assertEquals(new Set(NAMES).size, NAMES.length);
});

Deno.test("The session suite passes within one program", async () => {
  await using router = createRouter({ realms: [OPEN_REALM] });
  await testSuite(SERIALIZERS, async (serializer) => {
    const [ours, theirs] = localPair(serializer);
    router.attach(theirs);
    return await join(ours, { realm: "realm1" });
  });
});

Deno.test("The session suite passes over WebSocket", async () => {
  await testServed(SERIALIZERS, TCP);
});

Deno.test("The session suite passes over WebSocket, compressed", async () => {
  await testServed(SERIALIZERS.slice(0, 3), { ...TCP, compression: true }, { compression: true });
});

Deno.test("The session suite passes over WebSocket and TLS", async () => {
  const { server, caCert } = createTlsFixture();
  await testServed(SERIALIZERS, { ...TCP, tls: server }, { tls: { caCerts: [caCert] } });
});

Deno.test("The session suite passes over WebSocket on a Unix socket", POSIX, async () => {
  const folder = await Deno.makeTempDir();
  const unix = `${folder}/router`;
  await testServed(SERIALIZERS, { unix }, {}, `ws+unix:${unix}:/ws`);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("The session suite passes over the platform's WebSocket", async () => {
  await testServed(SERIALIZERS, TCP, { transport: "web" });
});

Deno.test("The session suite passes over RawSocket", async () => {
  await testServed(RAW_SOCKET, { hostname: "127.0.0.1", rawsocket: { port: 0 } });
});

Deno.test("The session suite passes over RawSocket and TLS", async () => {
  const { server, caCert } = createTlsFixture();
  const listening = { hostname: "127.0.0.1", rawsocket: { port: 0, tls: server } };
  await testServed(RAW_SOCKET, listening, { tls: { caCerts: [caCert] } });
});

Deno.test("The session suite passes over RawSocket on a Unix socket", POSIX, async () => {
  const folder = await Deno.makeTempDir();
  const unix = `${folder}/router`;
  await testServed(RAW_SOCKET, { rawsocket: { unix } }, {}, `unix:${unix}`);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("The session suite passes where the two ends speak different formats", async () => {
  await using router = createRouter({ realms: [OPEN_REALM] });
  let next = 0;
  const results = await runSessionSuite(async () => {
    const serializer = SERIALIZERS[next++ % 4];
    const [ours, theirs] = localPair(serializer);
    router.attach(theirs);
    return await join(ours, { realm: "realm1" });
  });
  assertEquals(results.filter(({ error }) => error !== undefined), []);
});
