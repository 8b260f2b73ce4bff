import { connect } from "../../websocket/client.ts";
import { HandshakeError } from "../../websocket/errors.ts";
import { serve, type ServeOptions } from "../../websocket/server.ts";
import type { ConnectionInfo, WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { withFakeClock } from "../fake_clock.ts";
import { RawClient } from "../raw_client.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "../std.ts";
import { createTlsFixture, TestAuthority } from "../tls_fixture.ts";
import { Arrivals, LOCAL, serveEcho } from "./serving.ts";
import { POSIX } from "../support/systems.ts";

const FIXTURE = createTlsFixture();
const CLIENT_TLS = { caCerts: [FIXTURE.caCert] };
const WITH_CERTIFICATE = { ...CLIENT_TLS, ...FIXTURE.client };

/**
 * Each of these serves TLS. A socket that `Deno.listenTls` gave and that is closed within its TLS handshake is closed for
 * us alone: Deno ends TCP when the client does. By node:tls the client sees the end at once.
 */
const WAYS: readonly (readonly [string, () => ServeOptions])[] = [
  ["Deno.listenTls", () => ({ ...LOCAL, tls: FIXTURE.server })],
  ["node:tls", () => ({ ...LOCAL, tls: { ...FIXTURE.server, clientCaCerts: [FIXTURE.caCert] } })],
];

async function assertExchanges(ws: WebSocketConnection): Promise<void> {
  const large = crypto.getRandomValues(new Uint8Array(60_000));
  const messages = ["hällo", large, "", new Uint8Array(0)];
  for (const message of messages) await ws.send(message);
  const iterator = ws[Symbol.asyncIterator]();
  for (const message of messages) assertEquals((await iterator.next()).value, message);
}

for (const [way, options] of WAYS) {
  Deno.test(`serve by ${way}: messages both ways, a clean close, wss in the URL`, async () => {
    const arrivals = new Arrivals();
    await using server = serveEcho({ ...options(), open: arrivals.open });
    assertMatch(server.url, /^wss:\/\/127\.0\.0\.1:\d+\/$/);
    const ws = await connect(server.url, { tls: WITH_CERTIFICATE });
    await assertExchanges(ws);
    const peer = await arrivals.next();
    assertEquals(peer.info.isTls, true);
    assertMatch(peer.info.remoteAddress, /^127\.0\.0\.1:\d+$/);
    assertEquals(`wss://${peer.info.localAddress}/`, server.url);
    assertEquals(peer.url, server.url);
    assertEquals(new URL(peer.request?.url ?? "").protocol, "https:");
    assertEquals((await ws.close(4001, "bye")).wasClean, true);
    assertEquals(await peer.closed, { code: 4001, reason: "bye", wasClean: true });
  });

  Deno.test(`serve by ${way}: the server closes`, async () => {
    await using server = serve(options(), (ws) => void ws.send("bye"));
    const ws = await connect(server.url, { tls: WITH_CERTIFICATE });
    const received: (string | Uint8Array)[] = [];
    for await (const message of ws) received.push(message);
    assertEquals(received, ["bye"]);
    assertEquals((await ws.closed).code, 1000);
  });

  Deno.test(`serve by ${way}: a plain page, streamed`, async () => {
    const page = "page ".repeat(20_000);
    await using server = serveEcho({ ...options(), fetch: () => new Response(page) });
    assert(server.addr.transport === "tcp");
    const socket = await Deno.connectTls({
      ...{ hostname: "127.0.0.1", port: server.addr.port },
      ...{ caCerts: [FIXTURE.caCert], cert: FIXTURE.client.cert, key: FIXTURE.client.key },
    });
    using client = new RawClient(socket);
    const answer = await client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assertEquals([answer.status, answer.body], [200, page]);
  });

  Deno.test(`serve by ${way}: a client that speaks no TLS or nothing does no harm`, () =>
    withFakeClock(async (clock) => {
      const opened: ConnectionInfo[] = [];
      await using server = serveEcho({
        ...options(),
        handshakeTimeout: 300,
        open: (ws) => void opened.push(ws.info),
      });
      using noise = await RawClient.connect(server);
      await noise.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await clock.until(noise.readRest().catch(() => {}));
      using silent = await RawClient.connect(server);
      if (way === "node:tls") await clock.until(silent.readRest().catch(() => {}));
      const gone = await RawClient.connect(server);
      gone.close();
      assertEquals(opened, []);
      const ws = await connect(server.url, { tls: WITH_CERTIFICATE });
      await assertExchanges(ws);
      await ws.close();
    }));

  Deno.test(`serve by ${way}: shutdown ends clients within their TLS handshake`, async () => {
    const server = serveEcho(options());
    using silent = await RawClient.connect(server);
    await using ws = await connect(server.url, { tls: WITH_CERTIFICATE });
    const done = server.shutdown();
    assertEquals((await ws.closed).code, 1001);
    await done;
    if (way === "node:tls") await silent.expectEnd();
  });

  Deno.test(`serve by ${way}: several clients at once`, async () => {
    await using server = serveEcho(options());
    await Promise.all(Array.from({ length: 5 }, async () => {
      const ws = await connect(server.url, { tls: WITH_CERTIFICATE });
      await assertExchanges(ws);
      await ws.close();
    }));
  });

  Deno.test(`serve by ${way}: terminate and abort leave nothing behind`, async () => {
    const arrivals = new Arrivals();
    await using server = serveEcho({ ...options(), open: arrivals.open });
    const ws = await connect(server.url, { tls: WITH_CERTIFICATE });
    (await arrivals.next()).terminate();
    assertEquals((await ws.closed).code, 1006);
    const other = await connect(server.url, { tls: WITH_CERTIFICATE });
    const peer = await arrivals.next();
    other.terminate();
    assertEquals((await peer.closed).code, 1006);
  });
}

Deno.test("clientCaCerts: a verified client is named", async () => {
  const arrivals = new Arrivals();
  const tls = { ...FIXTURE.server, clientCaCerts: [FIXTURE.caCert] };
  let asked: ConnectionInfo | undefined;
  await using server = serveEcho({ ...LOCAL, tls, open: arrivals.open, upgrade: (_, info) => void (asked = info) });
  await using _ws = await connect(server.url, { tls: WITH_CERTIFICATE });
  const { peerCertificate } = (await arrivals.next()).info;
  assertEquals(peerCertificate?.commonName, "alice");
  assertMatch(peerCertificate?.fingerprint256 ?? "", /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assertMatch(peerCertificate?.serialNumber ?? "", /^[0-9A-F]{32}$/);
  assertEquals(asked?.peerCertificate, peerCertificate);
});

const STRANGERS: readonly (readonly [string, { readonly cert?: string; readonly key?: string }])[] = [
  ["no certificate", {}],
  ["the certificate of another authority", new TestAuthority("Mallory").issue({ commonName: "alice" })],
  ["an expired certificate", FIXTURE.authority.issue({ commonName: "alice", notAfter: new Date(Date.now() - 60_000) })],
];

for (const [what, certificate] of STRANGERS) {
  Deno.test(`clientCaCerts: a client with ${what} is turned away, and the server lives on`, async () => {
    const opened: string[] = [];
    const tls = { ...FIXTURE.server, clientCaCerts: [FIXTURE.caCert] };
    await using server = serveEcho({ ...LOCAL, tls, open: (ws) => void opened.push(ws.url) });
    await assertRejects(() => connect(server.url, { tls: { ...CLIENT_TLS, ...certificate } }), HandshakeError);
    assertEquals(opened, []);
    const ws = await connect(server.url, { tls: WITH_CERTIFICATE });
    await assertExchanges(ws);
    await ws.close();
  });
}

Deno.test("requireClientCert: false lets a client without a certificate in, unnamed", async () => {
  const arrivals = new Arrivals();
  const tls = { ...FIXTURE.server, clientCaCerts: [FIXTURE.caCert], requireClientCert: false };
  await using server = serveEcho({ ...LOCAL, tls, open: arrivals.open });
  const ws = await connect(server.url, { tls: CLIENT_TLS });
  await assertExchanges(ws);
  assertEquals((await arrivals.next()).info.peerCertificate, undefined);
  await ws.close();
});

Deno.test("TLS over a Unix socket", POSIX, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const unix = `${folder}/socket`;
    await using server = serveEcho({ unix, tls: FIXTURE.server });
    assertEquals([server.url, server.addr], ["wss://localhost/", { transport: "unix", path: unix }]);
    const ws = await connect(server.url, { unix, tls: CLIENT_TLS });
    await assertExchanges(ws);
    await ws.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("serve throws at once where the certificate is unusable, and listens on nothing", () => {
  const { server } = FIXTURE;
  for (const tls of [{ cert: "none", key: server.key }, { cert: server.cert, key: "none" }]) {
    assertThrows(() => serveEcho({ ...LOCAL, tls }));
  }
});
