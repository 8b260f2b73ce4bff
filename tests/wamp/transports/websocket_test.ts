import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "../../std.ts";
import { settled } from "../../fake_clock.ts";
import { createTlsFixture } from "../../tls_fixture.ts";
import { connect, serve, type ServeOptions } from "../../../websocket/mod.ts";
import { TransportError } from "../../../wamp/transports/errors.ts";
import { SharedBytes, type Transport } from "../../../wamp/transports/transport.ts";
import { connectWebSocket, WEBSOCKET_LIMITS, webSocketReceiver } from "../../../wamp/transports/websocket.ts";
import { Recording } from "./recording.ts";
import { BATCHED, BATCHED_BINARY, BINARY, TEXT } from "./serializer.ts";
import type { Serializer } from "../../../wamp/serializers/serializer.ts";
import { POSIX } from "../../support/systems.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const ALL = [BINARY, TEXT, BATCHED, BATCHED_BINARY];

/** A server whose transports are handed out in order. */
class Listening implements AsyncDisposable {
  readonly transports: Transport[] = [];
  readonly server;
  #arrived = Promise.withResolvers<void>();

  constructor(serializers: readonly Serializer[] = ALL, options: ServeOptions = {}) {
    const receiver = webSocketReceiver({
      serializers,
      attach: (transport) => {
        this.transports.push(transport);
        this.#arrived.resolve();
      },
    });
    const { limits } = options;
    this.server = serve({
      port: 0,
      hostname: "127.0.0.1",
      onListen: () => {},
      ...receiver,
      ...options,
      limits: { ...WEBSOCKET_LIMITS, ...limits },
    });
  }

  get url(): string {
    return this.server.url;
  }

  /** The transport of the newest client. */
  async next(): Promise<Transport> {
    await this.#arrived.promise;
    this.#arrived = Promise.withResolvers();
    return this.transports.at(-1)!;
  }

  async pair(serializer: Serializer): Promise<[Transport, Transport]> {
    const [client, server] = await Promise.all([
      connectWebSocket(this.url, { serializers: [serializer] }),
      this.next(),
    ]);
    return [client, server];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server.shutdown({ timeout: 0 });
  }
}

for (const serializer of ALL) {
  Deno.test(`WebSocket transport carries messages both ways: ${serializer.name}`, async () => {
    await using listening = new Listening();
    const [client, server] = await listening.pair(serializer);
    assertStrictEquals(client.serializer, serializer);
    assertStrictEquals(server.serializer, serializer);
    const [atClient, atServer] = [Recording.of(client), Recording.of(server)];
    client.send(bytes("to the server"));
    server.send(bytes("to the client"));
    await atServer.count(1);
    await atClient.count(1);
    assertEquals([atClient.texts, atServer.texts], [["to the client"], ["to the server"]]);
    client.close();
    assertEquals((await atClient.ended).wasClean, true);
    assertEquals((await atServer.ended).wasClean, true);
  });
}

Deno.test("WebSocket transport tells its ends, and the request at a server", async () => {
  await using listening = new Listening();
  const [client, server] = await listening.pair(TEXT);
  assertEquals([client.info.kind, client.info.isTls, client.info.request], ["websocket", false, undefined]);
  assertEquals(client.info.remoteAddress, server.info.localAddress);
  assertEquals(client.info.localAddress, server.info.remoteAddress);
  assertEquals(server.info.request?.headers.get("sec-websocket-protocol"), "wamp.2.json");
  assertEquals(server.info.peerCertificate, undefined);
  client.open(new Recording());
  assertThrows(() => client.open(new Recording()), TypeError, "it has a receiver already");
  client.abort();
});

Deno.test("WebSocket transport is chosen by the client's preference (WAMP, WebSocket Transport)", async () => {
  await using listening = new Listening([TEXT, BINARY]);
  const client = await connectWebSocket(listening.url, { serializers: [BINARY, TEXT] });
  assertStrictEquals(client.serializer, BINARY);
  client.abort();
});

Deno.test("WebSocket server answers 400 to one who offers no serializer of its", async () => {
  await using listening = new Listening([TEXT]);
  const error = await assertRejects(
    () => connectWebSocket(listening.url, { serializers: [BINARY] }),
    TransportError,
    "400",
  );
  assertEquals(error.code, "refused");
  await assertRejects(() => connect(listening.url), Error, "400");
});

Deno.test("WebSocket client refuses a server that chose no subprotocol", async () => {
  await using server = serve({ port: 0, hostname: "127.0.0.1", onListen: () => {}, message: () => {} });
  const error = await assertRejects(() => connectWebSocket(server.url, { serializers: [TEXT] }), TransportError);
  assertEquals(error.code, "no_serializer");
});

Deno.test("WebSocket client maps what went wrong in opening", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  const late = await assertRejects(
    () => connectWebSocket(`ws://127.0.0.1:${port}`, { serializers: [TEXT], timeout: 20 }),
    TransportError,
  );
  assertEquals(late.code, "timeout");
  listener.close();
  const lost = await assertRejects(
    () => connectWebSocket(`ws://127.0.0.1:${port}`, { serializers: [TEXT] }),
    TransportError,
  );
  assertEquals(lost.code, "connection_lost");
  await assertRejects(() => connectWebSocket("http:", { serializers: [TEXT] }), SyntaxError);
});

Deno.test("WebSocket client is ended by its signal while it opens, and not afterwards", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const reason = new Error("Changed my mind");
  const controller = new AbortController();
  const attempt = connectWebSocket(`ws://127.0.0.1:${listener.addr.port}`, {
    serializers: [TEXT],
    signal: controller.signal,
  });
  const conn = await listener.accept();
  controller.abort(reason);
  assertStrictEquals(await attempt.catch((error) => error), reason);
  conn.close();
  await assertRejects(() => connectWebSocket("ws://127.0.0.1:1", { serializers: [TEXT], signal: controller.signal }));

  await using listening = new Listening();
  const late = new AbortController();
  const [client, server] = await Promise.all([
    connectWebSocket(listening.url, { serializers: [TEXT], signal: late.signal }),
    listening.next(),
  ]);
  late.abort();
  const recording = Recording.of(client);
  server.send(bytes("still here"));
  await recording.count(1);
  client.abort();
});

Deno.test("WebSocket transport delivers what came before open()", async () => {
  await using listening = new Listening();
  const [client, server] = await listening.pair(TEXT);
  client.send(bytes("early"));
  await settled();
  const recording = Recording.of(server);
  assertEquals(recording.messages.length, 0);
  await recording.count(1);
  client.abort();
});

Deno.test("WebSocket transport tells the end to one who opens afterwards", async () => {
  await using listening = new Listening();
  const [client, server] = await listening.pair(TEXT);
  client.abort();
  const recording = Recording.of(client);
  assertEquals(recording.closings.length, 0);
  assertEquals((await recording.ended).wasClean, false);
  await Recording.of(server).ended;
});

Deno.test("WebSocket transport answers a message of the wrong type with 1003", async () => {
  await using listening = new Listening();
  for (const [serializer, data] of [[TEXT, bytes("x")], [BINARY, "x"]] as const) {
    const [ws, server] = await Promise.all([
      connect(listening.url, { subprotocols: [serializer.subprotocol] }),
      listening.next(),
    ]);
    const recording = Recording.of(server);
    await ws.send(data);
    await ws.send(data);
    const { code, reason } = await ws.closed;
    assertEquals([code, reason.startsWith("Messages must be")], [1003, true]);
    const { wasClean } = await recording.ended;
    assertEquals([wasClean, recording.messages.length], [false, 0]);
  }
});

Deno.test("WebSocket transport fails with 1002 behind what it sent, and delivers no more", async () => {
  await using listening = new Listening();
  for (const serializer of [TEXT, BATCHED]) {
    const [ws, server] = await Promise.all([
      connect(listening.url, { subprotocols: [serializer.subprotocol] }),
      listening.next(),
    ]);
    const recording = Recording.of(server);
    server.send(bytes("abort message"));
    server.fail("é".repeat(100));
    server.fail("again");
    void ws.send("discarded");
    const received: unknown[] = [];
    await (async () => {
      for await (const message of ws) received.push(message);
    })().catch(() => {});
    assertEquals(received, ["abort message"]);
    const { code, reason } = await ws.closed;
    assertEquals([code, reason], [1002, "é".repeat(61)]);
    assertEquals([(await recording.ended).reason, recording.messages.length], ["é".repeat(100), 0]);
  }
});

Deno.test("WebSocket transport says with what code a peer closed", async () => {
  await using listening = new Listening();
  const [ws, server] = await Promise.all([
    connect(listening.url, { subprotocols: ["wamp.2.json"] }),
    listening.next(),
  ]);
  const recording = Recording.of(server);
  await ws.close(1011, "Broken");
  assertEquals(await recording.ended, {
    wasClean: true,
    reason: "WebSocket closed with 1011: Broken",
    error: undefined,
  });
});

Deno.test("WebSocket transport joins the batched messages of a turn", async () => {
  await using listening = new Listening();
  const [client, server] = await listening.pair(BATCHED);
  const recording = Recording.of(server);
  client.send(bytes("a\x1e"));
  client.sendShared!(new SharedBytes(bytes("b\x1e")));
  assertEquals(client.bufferedAmount, 4);
  await recording.count(1);
  client.send(bytes("c\x1e"));
  client.close();
  client.send(bytes("late\x1e"));
  await recording.ended;
  assertEquals(recording.texts, ["a\x1eb\x1e", "c\x1e"]);
});

Deno.test("WebSocket transport frames a shared message once for all clients of a server", async () => {
  await using listening = new Listening();
  const pairs = [await listening.pair(TEXT), await listening.pair(TEXT)];
  let framings = 0;
  const message = new SharedBytes(bytes("event"));
  const framed = message.framed.bind(message);
  message.framed = (kind, frame) => framed(kind, (bytes) => (framings++, frame(bytes)));
  const recordings = pairs.map(([client]) => Recording.of(client));
  for (const [, server] of pairs) server.sendShared!(message);
  for (const recording of recordings) await recording.count(1);
  assertEquals(framings, 1);
  assertEquals(recordings.map(({ texts }) => texts), [["event"], ["event"]]);
  // A client has to mask each by itself.
  const [client, server] = pairs[0]!;
  const atServer = Recording.of(server);
  client.sendShared!(message);
  await atServer.count(1);
  assertEquals([framings, atServer.texts], [1, ["event"]]);
  const binary = await listening.pair(BINARY);
  const atBinary = Recording.of(binary[0]);
  binary[1].sendShared!(new SharedBytes(bytes("event")));
  await atBinary.count(1);
  for (const [client] of [...pairs, binary]) client.abort();
  client.sendShared!(message);
  await settled();
  server.sendShared!(message);
});

Deno.test("WebSocket transport pauses, and calls drain when the other side has read", async () => {
  await using listening = new Listening();
  const [client, server] = await listening.pair(BINARY);
  const [atClient, atServer] = [Recording.of(client), Recording.of(server)];
  client.pause();
  const message = new Uint8Array(1 << 20);
  const count = 20;
  for (let index = 0; index < count; index++) server.send(message);
  await settled();
  assertEquals([atClient.messages.length, atServer.drains], [0, 0]);
  assert(server.bufferedAmount > 0);
  client.resume();
  await atClient.count(count);
  await atServer.until(({ drains }) => drains === 1);
  assertEquals(server.bufferedAmount, 0);
  client.close();
  await atServer.ended;
});

Deno.test("WebSocket client reads on while what it sends waits", async () => {
  await using listening = new Listening();
  const [client, server] = await listening.pair(BINARY);
  const [atClient, atServer] = [Recording.of(client), Recording.of(server)];
  server.pause();
  for (let index = 0; index < 20; index++) client.send(new Uint8Array(1 << 20));
  for (let index = 0; index < 20; index++) server.send(bytes("answer"));
  await atClient.count(20);
  assert(client.bufferedAmount > 0);
  server.resume();
  await atServer.count(20);
  client.abort();
});

Deno.test("WebSocket transport aborts at once", async () => {
  await using listening = new Listening();
  const [client, server] = await listening.pair(BATCHED);
  const [atClient, atServer] = [Recording.of(client), Recording.of(server)];
  client.send(bytes("never sent"));
  client.abort();
  assertEquals([atClient.closings.length, client.bufferedAmount], [0, 0]);
  assertEquals((await atClient.ended).reason, "Transport was aborted");
  const { wasClean, error } = await atServer.ended;
  assertEquals([wasClean, atServer.messages.length], [false, 0]);
  assert(error === undefined || error instanceof Error);
  client.abort();
  client.close();
  await settled();
  assertEquals(atClient.closings.length, 1);
});

Deno.test("WebSocket transport refuses messages over its limit with 1009", async () => {
  await using listening = new Listening(ALL, { limits: { maxMessage: 100 } });
  const [client, server] = await listening.pair(BINARY);
  const [atClient, atServer] = [Recording.of(client), Recording.of(server)];
  client.send(new Uint8Array(101));
  assertEquals((await atClient.ended).reason.startsWith("WebSocket closed with 1009"), true);
  assertInstanceOf((await atServer.ended).error, Error);
});

Deno.test(
  "WebSocket transport goes through TLS, headers, Unix sockets, dialled streams, compression",
  POSIX,
  async () => {
    const tls = createTlsFixture();
    await using secure = new Listening([TEXT], { tls: tls.server });
    const [client, server] = await Promise.all([
      connectWebSocket(secure.url, {
        serializers: [TEXT],
        tls: { caCerts: [tls.caCert] },
        headers: { "x-id": "7" },
        compression: true,
        keepalive: { interval: 1_000 },
        maxMessage: 1_000,
      }),
      secure.next(),
    ]);
    assertEquals([client.info.isTls, server.info.isTls, server.info.request?.headers.get("x-id")], [true, true, "7"]);
    Recording.of(server);
    const closed = Recording.of(client).ended;
    client.close();
    assertEquals((await closed).wasClean, true);

    const path = `${await Deno.makeTempDir()}/ws`;
    await using unix = new Listening([TEXT], { unix: path });
    const [local] = await Promise.all([
      connectWebSocket("ws://localhost", { serializers: [TEXT], unix: path }),
      unix.next(),
    ]);
    local.abort();
    const [dialled] = await Promise.all([
      connectWebSocket("ws://localhost", {
        serializers: [TEXT],
        dial: () => Deno.connect({ transport: "unix", path }),
      }),
      unix.next(),
    ]);
    dialled.abort();
    await assertRejects(
      () => connectWebSocket("ws://localhost", { serializers: [TEXT], unix: path, proxy: "http://127.0.0.1" }),
      TypeError,
    );
  },
);
