import { connect } from "../../websocket/client.ts";
import { accept, type AcceptOptions } from "../../websocket/server.ts";
import type { ByteStream } from "../../internal/stream.ts";
import type { WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { clientFrame, closeFrame, RawClient, requestText, upgradeRequest } from "../raw_client.ts";
import { assert, assertEquals, assertRejects, assertThrows, concat, fail } from "../std.ts";
import { createTlsFixture } from "../tls_fixture.ts";
import { LOCAL } from "./serving.ts";

/** Accepts one socket of a listener of the caller's. */
async function acceptOne(
  options: AcceptOptions,
  body: (client: RawClient, accepted: Promise<WebSocketConnection | undefined>, conn: Deno.Conn) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen(LOCAL);
  const [conn, client] = await Promise.all([listener.accept(), RawClient.connect(listener)]);
  try {
    await body(client, accept(conn, options), conn);
  } finally {
    client.close();
  }
}

Deno.test("accept gives a connection on a socket of the caller's", async () => {
  await acceptOne({ subprotocols: ["v1"] }, async (client, accepted) => {
    await client.handshake(["Sec-WebSocket-Protocol: v1"]);
    const ws = await accepted;
    assertEquals([ws?.subprotocol, ws?.state, ws?.url], ["v1", "open", "ws://127.0.0.1/"]);
    await client.write(clientFrame(0x81, "hi"));
    for await (const message of ws ?? []) {
      assertEquals(message, "hi");
      break;
    }
    await client.write(closeFrame(3000, "done"));
    await client.expectClose(3000);
    client.close();
    assertEquals(await ws?.closed, { code: 3000, reason: "done", wasClean: true });
  });
});

Deno.test("accept delivers the frames that arrived in the segment of the head", async () => {
  const message = clientFrame(0x81, "in the same segment");
  await acceptOne({}, async (client, accepted) => {
    const bytes = concat([new TextEncoder().encode(upgradeRequest()), message, message.subarray(0, 9)]);
    await client.write(bytes);
    const ws = await accepted;
    const received = ws?.[Symbol.asyncIterator]();
    assertEquals((await received?.next())?.value, "in the same segment");
    await client.write(concat([message.subarray(9), closeFrame(1000)]));
    assertEquals((await received?.next())?.value, "in the same segment");
    await client.readAcceptance();
    await client.expectClose(1000);
    client.close();
    assertEquals((await received?.next())?.done, true);
    await ws?.closed;
  });
});

Deno.test("accept calls the handlers", async () => {
  const calls: string[] = [];
  const ended = Promise.withResolvers<void>();
  const handlers: AcceptOptions = {
    open: () => void calls.push("open"),
    message: (ws, data, isText) => {
      calls.push(`message ${isText} ${data}`);
      void ws.send(data);
    },
    close: (_ws, { code }) => {
      calls.push(`close ${code}`);
      ended.resolve();
    },
  };
  await acceptOne(handlers, async (client, accepted) => {
    await client.handshake();
    const ws = await accepted;
    await client.write(clientFrame(0x82, Uint8Array.of(1, 2)));
    await client.expectFrame(0x82, Uint8Array.of(1, 2));
    assertThrows(() => ws?.[Symbol.asyncIterator](), TypeError, "handler");
    await client.write(closeFrame(1001));
    await client.expectClose(1001);
    client.close();
    await ended.promise;
    assertEquals(calls, ["open", "message false 1,2", "close 1001"]);
  });
});

Deno.test("accept closes the socket of a client that it turns away, and gives undefined", async () => {
  await acceptOne({ upgrade: () => new Response("no", { status: 403 }) }, async (client, accepted, conn) => {
    const answer = await client.exchange(upgradeRequest());
    assertEquals([answer.status, answer.body], [403, "no"]);
    client.close();
    assertEquals(await accepted, undefined);
    assertThrows(() => conn.close(), Deno.errors.BadResource);
  });
});

for (
  const [what, text] of [["nothing", ""], ["half a head", "GET / HTTP/1.1\r\nHost"], [
    "no HTTP",
    "\x16\x03\x01",
  ]] as const
) {
  Deno.test(`accept gives undefined where the client sends ${what} and goes`, async () => {
    await acceptOne({}, async (client, accepted, conn) => {
      if (text !== "") await client.write(text);
      client.close();
      assertEquals(await accepted, undefined);
      assertThrows(() => conn.close(), Deno.errors.BadResource);
    });
  });
}

Deno.test("accept answers plain requests by fetch", async () => {
  await acceptOne({ fetch: () => new Response("page") }, async (client, accepted) => {
    assertEquals((await client.exchange(requestText("GET", "/", ["Host: a"]))).body, "page");
    client.close();
    assertEquals(await accepted, undefined);
  });
});

Deno.test("accept ends at its signal, in the handshake and afterwards", async () => {
  const early = new AbortController();
  await acceptOne({ signal: early.signal }, async (client, accepted) => {
    await client.write(new TextEncoder().encode("GET / HTTP/1.1\r\n"));
    early.abort(new Error("No more"));
    await assertRejects(() => accepted, Error, "No more");
    await assertRejects(
      () => accept({ read: () => fail(), write: () => fail(), close() {} }, { signal: early.signal }),
      Error,
      "No more",
    );
  });
  const late = new AbortController();
  await acceptOne({ signal: late.signal }, async (client, accepted) => {
    await client.handshake();
    const ws = await accepted;
    late.abort("enough");
    const info = await ws?.closed;
    assertEquals([info?.code, info?.error?.message], [1006, "enough"]);
  });
});

Deno.test("accept checks its options before it reads", async () => {
  const stream: ByteStream = {
    read: () => Promise.reject(new Error("Not to be read")),
    write: () => Promise.reject(new Error("Not to be written")),
    close: () => {},
  };
  await assertRejects(() => accept(stream, { closeTimeout: -1 }), RangeError, "closeTimeout");
  await assertRejects(() => accept(stream, { origins: ["nonsense"] }), TypeError, "origins");
});

Deno.test("accept works on a stream without closeWrite, and takes short writes", async () => {
  const toServer = new TransformStream<Uint8Array, Uint8Array>();
  const writer = toServer.writable.getWriter();
  const reader = toServer.readable.getReader();
  let rest = new Uint8Array(0);
  const written: Uint8Array[] = [];
  let closes = 0;
  const stream: ByteStream = {
    read: async (buffer) => {
      if (rest.length === 0) rest = new Uint8Array((await reader.read()).value ?? []);
      const part = rest.subarray(0, buffer.length);
      buffer.set(part);
      rest = rest.subarray(part.length);
      return part.length === 0 ? null : part.length;
    },
    write: (bytes) => {
      written.push(bytes.slice(0, 3));
      return Promise.resolve(Math.min(3, bytes.length));
    },
    close: () => {
      closes++;
      void reader.cancel();
    },
  };
  const accepted = accept(stream);
  void writer.write(new TextEncoder().encode(upgradeRequest()));
  const ws = await accepted;
  assert(ws !== undefined);
  assertEquals(new TextDecoder().decode(concat(written)).split("\r\n")[0], "HTTP/1.1 101 Switching Protocols");
  written.length = 0;
  await ws.send("Hello there");
  void writer.write(closeFrame(1000));
  await ws.closed;
  assertEquals(
    concat(written),
    concat([
      Uint8Array.of(0x81, 11),
      new TextEncoder().encode("Hello there"),
      Uint8Array.of(0x88, 2, 0x03, 0xe8),
    ]),
  );
  assertEquals(closes, 1);
});

Deno.test("accept on a TLS socket says so", async () => {
  const { server, caCert } = createTlsFixture();
  using listener = Deno.listenTls({ ...LOCAL, cert: server.cert, key: server.key, alpnProtocols: ["http/1.1"] });
  const [ws, client] = await Promise.all([
    listener.accept().then((conn) => accept(conn)),
    connect(`wss://127.0.0.1:${listener.addr.port}/`, { tls: { caCerts: [caCert] } }),
  ]);
  assertEquals(ws?.info.isTls, true);
  assertEquals(ws?.url, `wss://127.0.0.1:${listener.addr.port}/`);
  assertEquals(new URL(ws?.request?.url ?? "").protocol, "https:");
  await client.close();
  assertEquals((await ws?.closed)?.code, 1000);
});
