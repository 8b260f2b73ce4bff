import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "../../std.ts";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { cuttings } from "../../cuts.ts";
import { settled, withFakeClock } from "../../fake_clock.ts";
import { memoryPair } from "../../memory_stream.ts";
import { createTlsFixture } from "../../tls_fixture.ts";
import { NodeStream } from "../../../internal/node_stream.ts";
import type { ByteStream } from "../../../internal/stream.ts";
import { TransportError } from "../../../wamp/transports/errors.ts";
import {
  connectRawSocket,
  type RawSocketAcceptOptions,
  rawSocketAcceptor,
} from "../../../wamp/transports/rawsocket.ts";
import type { Transport } from "../../../wamp/transports/transport.ts";
import { acceptRawSocket, bytes, CLAUSE, SERIALIZERS } from "./rawsocket_fixture.ts";
import { Recording } from "./recording.ts";
import { BATCHED, BINARY, TEXT } from "./serializer.ts";
import { POSIX } from "../../support/systems.ts";

/** Accepts what connects to a listener. */
class Listening<Listener extends Deno.Listener> implements AsyncDisposable {
  readonly listener: Listener;
  readonly accept;
  readonly #transports: Transport[] = [];

  constructor(listener: Listener, options: Partial<RawSocketAcceptOptions> = {}) {
    this.listener = listener;
    this.accept = rawSocketAcceptor({ serializers: SERIALIZERS, ...options });
  }

  async next(): Promise<Transport> {
    const transport = await this.accept(await this.listener.accept());
    this.#transports.push(transport);
    return transport;
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const transport of this.#transports) transport.abort();
    this.listener.close();
    return settled();
  }
}

function listenTcp(options?: Partial<RawSocketAcceptOptions>): Listening<Deno.TcpListener> {
  return new Listening(Deno.listen({ port: 0, hostname: "127.0.0.1" }), options);
}

function urlOf({ listener }: Listening<Deno.TcpListener>, scheme = "rs"): string {
  return `${scheme}://127.0.0.1:${listener.addr.port}`;
}

/** Sends something both ways, and closes. */
async function converse(client: Transport, server: Transport): Promise<void> {
  const [atClient, atServer] = [Recording.of(client), Recording.of(server)];
  client.send(bytes("to the server"));
  server.send(bytes("to the client"));
  await Promise.all([atClient.count(1), atServer.count(1)]);
  assertEquals([atClient.texts, atServer.texts], [["to the client"], ["to the server"]]);
  client.send(bytes("last"));
  client.close();
  client.send(bytes("too late"));
  // RawSocket has no closing handshake: the side that did not begin sees an end that nobody announced.
  assertEquals((await atServer.ended).reason, "Peer ended the connection");
  assertEquals((await atClient.ended).wasClean, true);
  assertEquals(atServer.texts.at(-1), "last");
}

Deno.test("RawSocket carries messages over TCP", async () => {
  await using listening = listenTcp();
  const [client, server] = await Promise.all([
    connectRawSocket(urlOf(listening), { serializers: [TEXT] }),
    listening.next(),
  ]);
  assertStrictEquals(client.serializer, TEXT);
  assertStrictEquals(server.serializer, TEXT);
  assertEquals([client.info.kind, server.info.kind, server.info.isTls], ["rawsocket", "rawsocket", false]);
  assertEquals([client.info.remoteAddress, client.info.localAddress], [
    server.info.localAddress,
    server.info.remoteAddress,
  ]);
  assertEquals([client.maxMessage, server.maxMessage, server.info.peerCertificate], [1 << 24, 1 << 24, undefined]);
  await converse(client, server);
});

Deno.test("RawSocket carries messages over TLS, with and without a client certificate", async () => {
  const tls = createTlsFixture();
  const listener = Deno.listenTls({ port: 0, hostname: "127.0.0.1", ...tls.server });
  await using listening = new Listening(listener);
  const url = `rss://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
  for (const certificate of [{}, tls.client]) {
    const [client, server] = await Promise.all([
      connectRawSocket(url, { serializers: [BINARY], tls: { caCerts: [tls.caCert], ...certificate } }),
      listening.next(),
    ]);
    assertEquals([client.info.isTls, server.info.isTls], [true, true]);
    await converse(client, server);
  }
  const [failed] = await Promise.allSettled([
    connectRawSocket(url, { serializers: [BINARY] }),
    listening.next(),
  ]);
  assertEquals(failed.status === "rejected" && failed.reason.code, "connection_lost");
});

Deno.test("RawSocket carries messages over a Unix socket", POSIX, async () => {
  const path = `${await Deno.makeTempDir()}/with space`;
  await using listening = new Listening(Deno.listen({ transport: "unix", path }));
  const [client, server] = await Promise.all([
    connectRawSocket(`unix:${path}`, { serializers: [BINARY] }),
    listening.next(),
  ]);
  assertEquals(client.info.remoteAddress, path);
  await converse(client, server);
});

Deno.test("RawSocket carries messages over TLS on a Unix socket", POSIX, async () => {
  const tls = createTlsFixture();
  const path = `${await Deno.makeTempDir()}/tls`;
  const accepted = Promise.withResolvers<TLSSocket>();
  const server = createTlsServer({ ...tls.server, allowHalfOpen: true }, (socket) => accepted.resolve(socket));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const [client, other] = await Promise.all([
    connectRawSocket(`unix:${path}`, { serializers: [BINARY], tls: { caCerts: [tls.caCert] } }),
    accepted.promise.then((socket) => acceptRawSocket(new NodeStream(socket))),
  ]);
  assertEquals(client.info.isTls, true);
  await converse(client, other);
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("RawSocket client goes through a dialled stream, and closes one that comes too late", async () => {
  const [far, near] = memoryPair();
  const [client, server] = await Promise.all([
    connectRawSocket("rss://example.com:8443", {
      serializers: [TEXT],
      dial: ({ hostname, port, isTls }) => {
        assertEquals([hostname, port, isTls], ["example.com", 8443, true]);
        return Promise.resolve(near);
      },
    }),
    acceptRawSocket(far),
  ]);
  await converse(client, server);

  const late = memoryPair()[0];
  const controller = new AbortController();
  const arrival = Promise.withResolvers<ByteStream>();
  const attempt = connectRawSocket("rs://[::1]:1", {
    serializers: [TEXT],
    signal: controller.signal,
    dial: () => arrival.promise,
  });
  controller.abort(new Error("Enough"));
  await assertRejects(() => attempt, Error, "Enough");
  arrival.resolve(late);
  await settled();
  assertEquals(late.isClosed, true);
});

Deno.test(`RawSocket client tries its serializers in order ${CLAUSE}`, async () => {
  await using listening = listenTcp({ serializers: [TEXT] });
  const accepting = (async () => {
    await assertRejects(() => listening.next(), TransportError, "serializer unsupported");
    return await listening.next();
  })();
  const client = await connectRawSocket(urlOf(listening), { serializers: [BATCHED, BINARY, TEXT] });
  assertStrictEquals(client.serializer, TEXT);
  await converse(client, await accepting);

  const [attempt] = await Promise.allSettled([
    connectRawSocket(urlOf(listening), { serializers: [BINARY] }),
    listening.next(),
  ]);
  assertEquals(attempt.status === "rejected" && attempt.reason.code, "no_serializer");
  await assertRejects(() => connectRawSocket(urlOf(listening), { serializers: [BATCHED] }), TypeError);
});

Deno.test("RawSocket client refuses URLs and options that are none", async () => {
  const options = { serializers: [TEXT] };
  for (const url of ["rs://host", "rs:///path", "http://host:1", "unix:", "unix:/", "not a URL"]) {
    const error = await connectRawSocket(url, options).catch((error) => error);
    assert(error instanceof SyntaxError || error instanceof TypeError, url);
  }
  await assertRejects(() => connectRawSocket("rs://h:1", { ...options, maxMessage: 511 }), RangeError);
  await assertRejects(() => connectRawSocket("rs://h:1", { ...options, keepalive: { interval: 0 } }), RangeError);
  assertThrows(() => rawSocketAcceptor({ serializers: [], keepalive: { timeout: NaN } }), RangeError);
});

Deno.test("RawSocket client says what went wrong, and leaves nothing behind", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const url = `rs://127.0.0.1:${listener.addr.port}`;
  const answers: [Uint8Array, string, string][] = [
    [Uint8Array.of(0x48), "connection_lost", "does not speak RawSocket"],
    [Uint8Array.of(0x7f, 0xf0), "connection_lost", "does not speak RawSocket"],
    [Uint8Array.of(0x7f, 0x40, 0, 0), "refused", "maximum connection count reached"],
    [Uint8Array.of(0x7f, 0x90, 0, 0), "refused", "error 9"],
    [Uint8Array.of(0x7f, 0xf2, 0, 0), "connection_lost", "serializer 2, asked for 1"],
    [Uint8Array.of(0x7f, 0xf1, 0, 1), "connection_lost", "reserved bits"],
  ];
  for (const [answer, code, text] of answers) {
    const serving = listener.accept().then(async (conn) => {
      assertEquals(await conn.read(new Uint8Array(8)), 4);
      await conn.write(answer);
      await conn.closeWrite();
      // The client closes its socket: the end arrives.
      await conn.read(new Uint8Array(1)).catch(() => {});
      conn.close();
    });
    const error = await assertRejects(() => connectRawSocket(url, { serializers: [TEXT] }), TransportError, text);
    assertEquals(error.code, code);
    await serving;
  }
  const silent = listener.accept();
  const late = await assertRejects(
    () => connectRawSocket(url, { serializers: [TEXT], timeout: 20 }),
    TransportError,
    "took longer",
  );
  assertEquals(late.code, "timeout");
  (await silent).close();
  listener.close();
  const lost = await assertRejects(() => connectRawSocket(url, { serializers: [TEXT] }), TransportError);
  assertEquals(lost.code, "connection_lost");
});

Deno.test("RawSocket client is ended by its signal while it opens, and not afterwards", async () => {
  await using listening = listenTcp();
  const reason = new Error("Changed my mind");
  const controller = new AbortController();
  const options = { serializers: [TEXT], signal: controller.signal };
  const attempt = connectRawSocket(urlOf(listening), options);
  const conn = await listening.listener.accept();
  controller.abort(reason);
  assertStrictEquals(await attempt.catch((error) => error), reason);
  conn.close();
  assertStrictEquals(await connectRawSocket(urlOf(listening), options).catch((error) => error), reason);

  const late = new AbortController();
  const [client, server] = await Promise.all([
    connectRawSocket(urlOf(listening), { serializers: [TEXT], signal: late.signal }),
    listening.next(),
  ]);
  late.abort();
  await converse(client, server);
});

// ------------------------------------------------------------------------------------------------- Hostile handshakes

for (
  const [what, request, reply] of [
    ["the magic octet of HTTP", [0x47, 0x45, 0x54, 0x20], []],
    ["an end within the handshake", [0x7f, 0xf3], []],
    ["no handshake", [], []],
    ["an unsupported serializer", [0x7f, 0xf5, 0, 0], [0x7f, 0x10, 0, 0]],
    ["the illegal serializer 0", [0x7f, 0xf0, 0, 0], [0x7f, 0x10, 0, 0]],
    ["a length that no WELCOME fits in", [0x7f, 0x03, 0, 0], [0x7f, 0x20, 0, 0]],
    ["the first reserved octet", [0x7f, 0xf3, 1, 0], [0x7f, 0x30, 0, 0]],
    ["the second reserved octet", [0x7f, 0xf3, 0, 1], [0x7f, 0x30, 0, 0]],
  ] as const
) {
  Deno.test(`RawSocket router turns away ${what} ${CLAUSE}`, async () => {
    for (const chunks of cuttings(Uint8Array.from(request))) {
      const [far, near] = memoryPair();
      near.push(...chunks);
      near.end();
      await assertRejects(() => acceptRawSocket(near), TransportError);
      await settled();
      assertEquals(far.takeArrived(), Uint8Array.from(reply));
      assertEquals(near.isClosed, true);
    }
  });
}

Deno.test(`RawSocket router turns away those beyond its count ${CLAUSE}`, async () => {
  const [far, near] = memoryPair();
  near.push(Uint8Array.of(0x7f, 0xf3, 0, 0, 1, 2, 3));
  near.end();
  await assertRejects(() => acceptRawSocket(near, { isFull: () => true }), TransportError);
  assertEquals(far.takeArrived(), Uint8Array.of(0x7f, 0x40, 0, 0));
});

Deno.test("RawSocket router does not wait for ever for a handshake, nor for one who was turned away", async () => {
  await withFakeClock(async (clock) => {
    for (const start of [[], [0x7f], [0x7f, 0xff, 0, 0]]) {
      const near = memoryPair()[1];
      near.push(Uint8Array.from(start));
      const accepting = acceptRawSocket(near, { handshakeTimeout: 100 });
      accepting.catch(() => {});
      await clock.advance(99);
      assertEquals(near.isClosed, false);
      await clock.advance(2);
      assertEquals(near.isClosed, true);
      assertEquals((await assertRejects(() => accepting, TransportError)).code, "timeout");
      assertEquals(clock.timers, 0);
    }
  });
});

Deno.test("RawSocket router tells a lost socket from a bad handshake", async () => {
  const near = memoryPair()[1];
  near.failReads(new Error("Reset"));
  const error = await assertRejects(() => acceptRawSocket(near), TransportError);
  assertEquals([error.code, error.message], ["connection_lost", "Handshake failed: Error: Reset"]);
});
