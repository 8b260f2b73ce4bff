import { connect } from "../../websocket/client.ts";
import { ConnectionClosedError } from "../../websocket/errors.ts";
import { removeStaleSocket, serve, type Server } from "../../websocket/server.ts";
import type { WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { clientFrame, closeFrame, RawClient, upgradeRequest } from "../raw_client.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals, assertThrows } from "../std.ts";
import { Arrivals, assertEchoes, LOCAL, recordingLogger, serveEcho } from "./serving.ts";
import { POSIX } from "../support/systems.ts";

async function echoAll(ws: WebSocketConnection): Promise<void> {
  for await (const message of ws) await ws.send(message);
}

/** Says whether this machine has an IPv6 loopback address. */
function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

async function withSocketPath(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(`${folder}/socket`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// -------------------------------------------------------------------------------------------------- Where it listens

Deno.test("serve tells where it listens: addr, url, onListen", async () => {
  const listening: Server[] = [];
  await using server = serve({ ...LOCAL, onListen: (server) => listening.push(server) }, echoAll);
  assertEquals(listening, [server]);
  assert(server.addr.transport === "tcp");
  assertEquals(server.url, `ws://127.0.0.1:${server.addr.port}/`);
  await assertEchoes(server);
});

Deno.test("serve logs its URL where there is no onListen", async () => {
  const { logger, records } = recordingLogger();
  await using _server = serve({ ...LOCAL, logger }, echoAll);
  assertEquals(records, ["info: Listening"]);
});

Deno.test("an exception of onListen ends the server and reaches the caller", async () => {
  const listening = Promise.withResolvers<Server>();
  const onListen = (server: Server) => {
    listening.resolve(server);
    throw new Error("Not now");
  };
  assertThrows(() => serve({ ...LOCAL, onListen }, echoAll), Error, "Not now");
  await (await listening.promise).finished;
});

Deno.test("the url of a server bound to all addresses is one that this machine reaches", async () => {
  await using server = serveEcho({ hostname: "0.0.0.0" });
  assertMatch(server.url, /^ws:\/\/127\.0\.0\.1:\d+\/$/);
  await using _ws = await connect(server.url);
});

Deno.test({
  name: "serve listens on IPv6 and brackets the address",
  ignore: !hasIpv6(),
  fn: async () => {
    await using server = serveEcho({ hostname: "::1" });
    assertMatch(server.url, /^ws:\/\/\[::1\]:\d+\/$/);
    await using ws = await connect(server.url);
    assertMatch(ws.info.remoteAddress, /^\[::1\]:\d+$/);
    await using all = serveEcho({ hostname: "::" });
    assertMatch(all.url, /^ws:\/\/\[::1\]:\d+\/$/);
  },
});

Deno.test("serve listens on a Unix socket, which goes with it", POSIX, async () => {
  await withSocketPath(async (unix) => {
    const infos: string[] = [];
    await using server = serve({ unix, path: "/ws" }, async (ws) => {
      infos.push(ws.info.localAddress);
      await echoAll(ws);
    });
    assertEquals(server.url, "ws://localhost/ws");
    assertEquals(server.addr, { transport: "unix", path: unix });
    using client = await RawClient.connect(server);
    await client.write(upgradeRequest([], "/ws"));
    await client.readAcceptance();
    assertEquals(infos, [unix]);
    await client.write(closeFrame(1000));
    await client.expectClose(1000);
    client.close();
    await server.shutdown();
    await assertRejects(() => Deno.stat(unix), Deno.errors.NotFound);
  });
});

Deno.test("removeStaleSocket removes the file of a dead server, and nothing else", POSIX, async () => {
  await withSocketPath(async (unix) => {
    assertEquals(await removeStaleSocket(unix), false);
    await using server = serve({ unix }, echoAll);
    assertEquals(await removeStaleSocket(unix), false);
    await Deno.rename(unix, `${unix}.moved`);
    await server.shutdown();
    await Deno.rename(`${unix}.moved`, unix);
    assertEquals(await removeStaleSocket(unix), true);
    await using again = serve({ unix }, echoAll);
    await again.shutdown();
    await Deno.writeTextFile(unix, "no socket");
    await assertRejects(() => removeStaleSocket(unix), TypeError, "must be a socket");
    assertEquals(await Deno.readTextFile(unix), "no socket");
  });
});

Deno.test("serve takes a listener and closes it with the server", async () => {
  const listener = Deno.listen(LOCAL);
  const server = serve({ listener }, echoAll);
  assertEquals(server.addr, listener.addr);
  await assertEchoes(server);
  await server.shutdown();
  assertThrows(() => listener.close(), Deno.errors.BadResource);
});

Deno.test("closing the caller's listener stops the server: open connections get 1001", async () => {
  const listener = Deno.listen(LOCAL);
  const server = serve({ listener }, echoAll);
  using client = await RawClient.open(server);
  listener.close();
  await client.expectClose(1001);
  await client.write(closeFrame(1001));
  await client.expectEnd();
  client.close();
  await server.finished;
  assertEquals(server.connections.size, 0);
});

Deno.test("serve throws at once where it cannot listen", () => {
  using taken = Deno.listen(LOCAL);
  assertThrows(() => serve({ ...LOCAL, port: taken.addr.port }, echoAll), Deno.errors.AddrInUse);
});

Deno.test("serve refuses a session function beside a message or fragment handler, and bad options", () => {
  assertThrows(() => serve({ ...LOCAL, message() {} }, echoAll), TypeError, "both");
  assertThrows(() => serve({ ...LOCAL, fragment() {} }, echoAll), TypeError, "both");
  assertThrows(() => serve({ ...LOCAL, limits: { maxConnections: -1 } }, echoAll), RangeError, "maxConnections");
  assertThrows(() => serve({ ...LOCAL, limits: { maxHead: 1.5 } }, echoAll), RangeError, "maxHead");
  assertThrows(() => serve({ ...LOCAL, handshakeTimeout: 0 }, echoAll), RangeError, "handshakeTimeout");
  assertThrows(() => serve({ ...LOCAL, subprotocols: ["a b"] }, echoAll), TypeError, "token");
  assertThrows(() => serve({ ...LOCAL, compression: { level: 10 } }, echoAll), RangeError, "level");
});

// -------------------------------------------------------------------------------------------------- Connections

Deno.test("a connection at the server tells what the client asked for", async () => {
  const { open, next } = arrivals();
  await using server = serveEcho({ open, subprotocols: ["v1"] });
  using client = await RawClient.connect(server);
  await client.write(upgradeRequest(["Sec-WebSocket-Protocol: v1", "X-Token: t"], "/room?id=1", "example.com:81"));
  await client.readAcceptance();
  const ws = await next();
  assertEquals([ws.url, ws.subprotocol, ws.extensions, ws.state], ["ws://example.com:81/room?id=1", "v1", "", "open"]);
  assertEquals(ws.request?.headers.get("x-token"), "t");
  assertStrictEquals(ws.request, ws.request);
  assertEquals(ws.responseHeaders, undefined);
  assertEquals(ws.info.isTls, false);
});

function arrivals(): { open: (ws: WebSocketConnection) => void; next: () => Promise<WebSocketConnection> } {
  const arrivals = new Arrivals();
  return { open: arrivals.open, next: () => arrivals.next() };
}

Deno.test("a session that returns closes its connection with 1000", async () => {
  await using server = serve(LOCAL, (ws) => void ws.send("bye"));
  using client = await RawClient.open(server);
  const { skipped } = await client.expectClose(1000);
  assertEquals(skipped.length, 1);
});

for (
  const [how, session] of [
    ["throws", () => {
      throw new Error("Oops");
    }],
    ["rejects", () => Promise.reject(new Error("Oops"))],
  ] as const
) {
  Deno.test(`a session that ${how} closes its connection with 1011 and is logged once; others live on`, async () => {
    const { logger, records } = recordingLogger();
    let isFirst = true;
    await using server = serve({ ...LOCAL, logger }, (ws) => {
      if (!isFirst) return echoAll(ws);
      isFirst = false;
      return session();
    });
    using client = await RawClient.open(server);
    const { reason } = await client.expectClose(1011);
    assertEquals(reason, "");
    await assertEchoes(server);
    assertEquals(records.filter((record) => record.startsWith("error")), ["error: Session failed"]);
  });
}

Deno.test("a session whose client goes away is not an error", async () => {
  const { logger, records } = recordingLogger();
  const ended = Promise.withResolvers<unknown>();
  await using server = serve({ ...LOCAL, logger }, async (ws) => {
    try {
      await echoAll(ws);
    } catch (error) {
      ended.resolve(error);
      throw error;
    }
  });
  const client = await RawClient.open(server);
  client.close();
  const error = await ended.promise;
  assert(error instanceof ConnectionClosedError);
  assertEquals(error.info?.code, 1006);
  await server.shutdown();
  assertEquals(records.filter((record) => record.startsWith("error")), []);
});

Deno.test("a handler that throws or rejects is logged, and the connection goes on", async () => {
  const { logger, records } = recordingLogger();
  let count = 0;
  await using server = serve({
    ...LOCAL,
    logger,
    message: (ws, data, isText) => {
      count++;
      if (count === 1) throw new Error("Oops");
      if (count === 2) return JSON.parse("{}");
      void ws.send(data, { text: isText });
    },
  });
  using client = await RawClient.open(server);
  await client.write(clientFrame(0x81, "first"));
  await client.write(clientFrame(0x81, "second"));
  await client.write(clientFrame(0x81, "third"));
  await client.expectFrame(0x81, "third");
  assertEquals(records.filter((record) => record.startsWith("error")), ["error: Handler failed"]);
});

Deno.test("server.connections holds the open connections and no other", async () => {
  const { open, next } = arrivals();
  const closed = Promise.withResolvers<void>();
  await using server = serveEcho({ open, close: () => closed.resolve() });
  assertEquals(server.connections.size, 0);
  using one = await RawClient.open(server);
  using _two = await RawClient.open(server);
  const [first, second] = [await next(), await next()];
  assertEquals([...server.connections], [first, second]);
  await one.write(closeFrame(1000));
  one.close();
  await closed.promise;
  assertEquals([...server.connections], [second]);
  second.terminate();
  assertEquals(server.connections.size, 0);
});

Deno.test("many connections at once each get their own messages, in order", async () => {
  await using server = serve(LOCAL, echoAll);
  await Promise.all(Array.from({ length: 20 }, async (_, id) => {
    using client = await RawClient.open(server);
    for (let round = 0; round < 20; round++) await client.write(clientFrame(0x81, `${id}: ${round}`));
    for (let round = 0; round < 20; round++) await client.expectFrame(0x81, `${id}: ${round}`);
  }));
});

// -------------------------------------------------------------------------------------------------- maxConnections

Deno.test("over maxConnections a client gets 503 with Retry-After, and a place that is left is given again", async () => {
  const { open, next } = arrivals();
  await using server = serveEcho({ open, limits: { maxConnections: 2 } });
  using one = await RawClient.open(server);
  using _two = await RawClient.open(server);
  const first = await next();
  using three = await RawClient.connect(server);
  const answer = await three.exchange(upgradeRequest());
  assertEquals([answer.status, answer.headers.get("retry-after")], [503, "5"]);
  await one.write(closeFrame(1000));
  await one.expectClose(1000);
  one.close();
  await first.closed;
  await assertEchoes(server);
});

Deno.test("a socket that says nothing has a place, and the one that came first keeps it", async () => {
  await using server = serveEcho({ limits: { maxConnections: 1 } });
  using silent = await RawClient.connect(server);
  using second = await RawClient.connect(server);
  assertEquals((await second.exchange(upgradeRequest())).status, 503);
  await silent.handshake();
});
