import { join } from "../../../wamp/join.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import { type RouterServer, serveRouter, type ServeRouterOptions } from "../../../wamp/router/server.ts";
import type { Session } from "../../../wamp/session_api.ts";
import { SERIALIZERS } from "../../../wamp/serializers/mod.ts";
import { RawClient, requestText, upgradeRequest } from "../../raw_client.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../std.ts";
import { createTlsFixture } from "../../tls_fixture.ts";
import { recordingLogger } from "../../websocket/serving.ts";
import { POSIX } from "../../support/systems.ts";

const LOCAL = { hostname: "127.0.0.1", port: 0 } as const;
const SUBPROTOCOL = "Sec-WebSocket-Protocol: wamp.2.json";

/** A router that listens, and its end. */
class Listening implements AsyncDisposable {
  readonly router = createRouter();
  server!: RouterServer;

  static async start(options: ServeRouterOptions = {}): Promise<Listening> {
    const listening = new Listening();
    listening.server = await serveRouter(listening.router, { ...LOCAL, ...options });
    return listening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown({ timeout: 1_000 });
    await this.router.shutdown({ timeout: 1_000 });
  }
}

/** A client at the first address, with the answer to its request. */
async function request(
  server: RouterServer,
  text: string,
): Promise<{ readonly status: number; readonly body: string }> {
  using client = await RawClient.connect({ addr: server.addresses[0]! });
  return await client.exchange(text);
}

async function assertServes(session: Session): Promise<void> {
  const registration = await session.register("com.echo", ({ args }) => args[0]);
  assertEquals(await session.call("com.echo", ["x"]), "x");
  await registration.unregister();
}

for (const { name } of SERIALIZERS) {
  Deno.test(`a session joins by WebSocket with ${name}`, async () => {
    await using listening = await Listening.start();
    await using session = await join(listening.server.url, { realm: "realm1", serializers: [name] });
    await assertServes(session);
    const details = await session.call<{ transport: unknown }>("wamp.session.get", [session.id]);
    assertEquals(details.transport, { type: "websocket", serializer: name, secure: false, agent: "Viaduct" });
  });
}

for (const name of ["json", "msgpack", "cbor", "ubjson"] as const) {
  Deno.test(`a session joins by RawSocket with ${name}`, async () => {
    await using listening = await Listening.start({ rawsocket: { port: 0 } });
    const { url, rawsocketUrl, addresses } = listening.server;
    assertMatch(url, /^ws:\/\/127\.0\.0\.1:\d+\/ws$/);
    assertMatch(rawsocketUrl, /^rs:\/\/127\.0\.0\.1:\d+$/);
    assertEquals(addresses.length, 2);
    await using session = await join(rawsocketUrl, { realm: "realm1", serializers: [name] });
    await assertServes(session);
    const details = await session.call<{ transport: unknown }>("wamp.session.get", [session.id]);
    assertEquals(details.transport, { type: "rawsocket", serializer: name, secure: false, agent: "Viaduct" });
  });
}

Deno.test("the client's order among its subprotocols decides", async () => {
  await using listening = await Listening.start();
  using client = await RawClient.connect({ addr: listening.server.addresses[0]! });
  await client.write(upgradeRequest(["Sec-WebSocket-Protocol: unknown, wamp.2.msgpack, wamp.2.cbor"], "/ws"));
  const { headers } = await client.readAcceptance();
  assertEquals(headers.get("sec-websocket-protocol"), "wamp.2.msgpack");
});

Deno.test("a client that offers no subprotocol that is spoken gets 400, with those that are", async () => {
  await using listening = await Listening.start({ serializers: ["cbor", "json"] });
  for (const lines of [[], ["Sec-WebSocket-Protocol: chat"], ["Sec-WebSocket-Protocol: wamp.2.msgpack"]]) {
    const { status, body } = await request(listening.server, upgradeRequest(lines, "/ws"));
    assertEquals(status, 400);
    assertMatch(body, /wamp\.2\.cbor, wamp\.2\.json/);
  }
});

Deno.test("the WebSocket has one path, other requests get 404 or what `fetch` answers", async () => {
  await using listening = await Listening.start({ path: "/wamp", fetch: () => new Response("A page") });
  assertMatch(listening.server.url, /\/wamp$/);
  assertEquals((await request(listening.server, upgradeRequest([SUBPROTOCOL], "/ws"))).status, 404);
  const page = await request(listening.server, requestText("GET", "/", ["Host: 127.0.0.1"]));
  assertEquals([page.status, page.body], [200, "A page"]);
});

Deno.test("web pages of other origins are turned away with 403, unless they are named", async () => {
  const lines = [SUBPROTOCOL, "Origin: https://other.example"];
  await using strict = await Listening.start();
  assertEquals((await request(strict.server, upgradeRequest(lines, "/ws"))).status, 403);
  await using open = await Listening.start({ origins: ["https://other.example"] });
  using client = await RawClient.connect({ addr: open.server.addresses[0]! });
  await client.write(upgradeRequest(lines, "/ws"));
  await client.readAcceptance();
});

Deno.test("TLS: sessions join by wss and rss", async () => {
  const { server: tls, caCert } = createTlsFixture();
  await using listening = await Listening.start({ tls, rawsocket: { port: 0, tls } });
  const { url, rawsocketUrl } = listening.server;
  assertMatch(url, /^wss:/);
  assertMatch(rawsocketUrl, /^rss:/);
  for (const address of [url, rawsocketUrl]) {
    await using session = await join(address, { realm: "realm1", tls: { caCerts: [caCert] } });
    await assertServes(session);
    const details = await session.call<{ transport: { secure: boolean } }>("wamp.session.get", [session.id]);
    assertEquals(details.transport.secure, true);
  }
});

Deno.test("TLS: a RawSocket listener asks for the client's certificate where it is told to", async () => {
  const { server, client, caCert } = createTlsFixture();
  const tls = { ...server, clientCaCerts: [caCert] };
  await using listening = await Listening.start({ rawsocket: { port: 0, tls } });
  const { rawsocketUrl } = listening.server;
  await using session = await join(rawsocketUrl, { realm: "realm1", tls: { caCerts: [caCert], ...client } });
  await assertServes(session);
  await assertRejects(() => join(rawsocketUrl, { realm: "realm1", tls: { caCerts: [caCert] }, timeout: 5_000 }));
});

Deno.test("Unix sockets: WebSocket and RawSocket, and no TCP port unless one is asked for", POSIX, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [unix, raw] = [`${folder}/ws`, `${folder}/rs`];
    const { port: _, ...noPort } = { ...LOCAL, unix, rawsocket: { unix: raw } };
    await using router = createRouter();
    await using server = await serveRouter(router, noPort);
    assertEquals([server.url, server.rawsocketUrl], ["", ""]);
    assertEquals(server.addresses.map(({ transport }) => transport), ["unix", "unix"]);
    for (const url of [`unix:${raw}`, `ws+unix:${unix}:/ws`]) {
      await using session = await join(url, { realm: "realm1" });
      await assertServes(session);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a listener takes no more connections than it is allowed", async () => {
  await using listening = await Listening.start({ rawsocket: { port: 0 }, limits: { maxConnections: 1 } });
  const { url, rawsocketUrl } = listening.server;
  for (const address of [url, rawsocketUrl]) {
    const session = await join(address, { realm: "realm1" });
    await assertRejects(() => join(address, { realm: "realm1" }));
    await session.leave();
  }
  assertEquals(listening.router.statistics("realm1").sessions, 0);
});

Deno.test("a message over the limit ends its session only", async () => {
  await using listening = await Listening.start({ limits: { maxMessage: 4096 } });
  const { url } = listening.server;
  const session = await join(url, { realm: "realm1" });
  await assertRejects(() => session.call("com.echo", ["x".repeat(5000)]));
  assertEquals((await session.closed).by, "transport");
  await using other = await join(url, { realm: "realm1" });
  await assertServes(other);
});

Deno.test("shutdown says GOODBYE to those who came this way; the router and its other sessions go on", async () => {
  const router = createRouter();
  const server = await serveRouter(router, { ...LOCAL, rawsocket: { port: 0 } });
  const inside = await router.join("realm1");
  const sessions = [
    await join(server.url, { realm: "realm1" }),
    await join(server.rawsocketUrl, { realm: "realm1" }),
  ];
  await Promise.all([server.shutdown(), server.shutdown()]);
  await server.finished;
  for (const session of sessions) {
    const { reason, wasClean } = await session.closed;
    assertEquals([reason, wasClean], ["wamp.close.system_shutdown", true]);
  }
  assertEquals(await inside.call("wamp.session.count"), 1);
  await assertRejects(() => join(server.url, { realm: "realm1" }));
  await router.shutdown();
});

Deno.test("shutdown cuts off clients that do not answer, in their handshake or in their session", async () => {
  await using router = createRouter();
  const server = await serveRouter(router, { ...LOCAL, rawsocket: { port: 0 } });
  using silent = await RawClient.connect({ addr: server.addresses[1]! });
  using fresh = await RawClient.connect({ addr: server.addresses[0]! });
  await fresh.write(upgradeRequest([SUBPROTOCOL], "/ws"));
  await fresh.readAcceptance();
  await silent.write(Uint8Array.of(0x7f));
  await server.shutdown({ timeout: 50 });
  assertEquals(await silent.readBytes(1).catch(() => undefined), undefined);
});

Deno.test("a signal shuts down, and one aborted before refuses to begin", async () => {
  await using router = createRouter();
  const controller = new AbortController();
  const server = await serveRouter(router, { ...LOCAL, signal: controller.signal });
  controller.abort();
  await server.finished;
  await assertRejects(() => serveRouter(router, { ...LOCAL, signal: controller.signal }), DOMException);
});

Deno.test("a listener that cannot be opened closes those that were, and says why", async () => {
  await using router = createRouter();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await assertRejects(() => serveRouter(router, { ...LOCAL, rawsocket: { port } }), Deno.errors.AddrInUse);
  await assertRejects(() => serveRouter(router, { ...LOCAL, serializers: ["xml" as "json"] }), RangeError, "xml");
  await assertRejects(() => serveRouter(router, { ...LOCAL, limits: { maxMessage: 1 }, rawsocket: { port: 0 } }));
});

Deno.test("it says where it listens", async () => {
  const { logger, records } = recordingLogger();
  await using listening = await Listening.start({ logger });
  assert(records.includes("info: Router listens"));
  assertEquals(listening.server.addresses.length, 1);
});
