import { serve, type ServeOptions } from "../../websocket/server.ts";
import type { WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { withFakeClock } from "../fake_clock.ts";
import { clientFrame, closeFrame, RawClient, requestText, upgradeRequest } from "../raw_client.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals, assertThrows } from "../std.ts";
import { Arrivals, LOCAL, recordingLogger, serveEcho } from "./serving.ts";

/** Asserts that nobody listens there any more. */
async function assertGone(server: { readonly addr: Deno.Addr }): Promise<void> {
  await assertRejects(() => RawClient.connect(server), Deno.errors.ConnectionRefused);
}

Deno.test("shutdown sends 1001 to open connections, 503 to new clients, and ends when all are closed", async () => {
  const server = serveEcho();
  using client = await RawClient.open(server);
  await client.write(clientFrame(0x81, "before"));
  await client.expectFrame(0x81, "before");
  const done = server.shutdown();
  const { reason } = await client.expectClose(1001);
  assertEquals(reason, "Server is shutting down");
  using late = await RawClient.connect(server);
  const answer = await late.exchange(upgradeRequest());
  assertEquals([answer.status, answer.headers.get("retry-after")], [503, "5"]);
  using plain = await RawClient.connect(server);
  assertEquals((await plain.exchange(requestText("GET", "/", ["Host: a"]))).status, 503);
  await client.write(closeFrame(1001));
  await client.expectEnd();
  client.close();
  await done;
  await server.finished;
  assertEquals(server.connections.size, 0);
  await assertGone(server);
});

Deno.test("shutdown ends what is still open after its timeout", async () => {
  const arrivals = new Arrivals();
  const server = serveEcho({ open: arrivals.open });
  using client = await RawClient.open(server);
  const ws = await arrivals.next();
  await server.shutdown({ timeout: 0 });
  const { code, wasClean } = await ws.closed;
  assertEquals([code, wasClean, ws.state], [1006, false, "closed"]);
  await client.expectClose(1001);
  await client.expectEnd();
});

Deno.test("shutdown of a server without clients is immediate; again and at once it changes nothing", async () => {
  const server = serveEcho();
  const first = server.shutdown();
  await server.shutdown();
  await first;
  await server.shutdown();
  await server.finished;
  await server[Symbol.asyncDispose]();
  await assertGone(server);
});

Deno.test("shutdown refuses a bad timeout, and then has not begun", async () => {
  await using server = serveEcho();
  await assertRejects(() => server.shutdown({ timeout: -1 }), RangeError, "timeout");
  using _client = await RawClient.open(server);
});

Deno.test("an abort of the signal shuts the server down", async () => {
  const controller = new AbortController();
  const server = serveEcho({ signal: controller.signal });
  using client = await RawClient.open(server);
  controller.abort();
  await client.expectClose(1001);
  await client.write(closeFrame(1001));
  await client.expectEnd();
  client.close();
  await server.finished;
});

Deno.test("a signal that is aborted already keeps serve from listening", () => {
  const reason = new Error("Too late");
  assertThrows(() => serveEcho({ signal: AbortSignal.abort(reason) }), Error, "Too late");
});

Deno.test("messages accepted before shutdown go out before the close frame", async () => {
  const arrivals = new Arrivals();
  const server = serveEcho({ open: arrivals.open });
  using client = await RawClient.open(server);
  const ws = await arrivals.next();
  for (let count = 0; count < 3; count++) void ws.send(`message ${count}`);
  const done = server.shutdown();
  await assertRejects(() => ws.send("too late"), Error, "closing");
  for (let count = 0; count < 3; count++) await client.expectFrame(0x81, `message ${count}`);
  await client.expectClose(1001);
  await client.write(closeFrame(1001));
  await client.expectEnd();
  client.close();
  await done;
});

Deno.test("a session sees its iteration end without an error at shutdown", async () => {
  const ended = Promise.withResolvers<string>();
  const server = serve(LOCAL, async (ws) => {
    try {
      for await (const message of ws) await ws.send(message);
      ended.resolve("ended");
    } catch (error) {
      ended.resolve(String(error));
    }
  });
  using client = await RawClient.open(server);
  const done = server.shutdown();
  await client.expectClose(1001);
  await client.write(closeFrame(1001));
  client.close();
  await done;
  assertEquals(await ended.promise, "ended");
});

Deno.test("shutdown waits for a page that is being written, and closes a socket that said nothing", async () => {
  const more = Promise.withResolvers<void>();
  async function* parts() {
    yield new TextEncoder().encode("first ");
    await more.promise;
    yield new TextEncoder().encode("second");
  }
  const server = serveEcho({ fetch: () => new Response(ReadableStream.from(parts())) });
  using silent = await RawClient.connect(server);
  using client = await RawClient.connect(server);
  await client.write(requestText("GET", "/", ["Host: a"]));
  await client.readHead();
  const done = server.shutdown();
  more.resolve();
  assertEquals(new TextDecoder().decode(await client.readRest()), "first second");
  await silent.expectEnd();
  await done;
});

const STUCK: readonly (readonly [string, (forever: Promise<never>) => ServeOptions, string])[] = [
  ["upgrade", (forever) => ({ upgrade: () => forever }), upgradeRequest()],
  ["fetch", (forever) => ({ fetch: () => forever }), requestText("GET", "/", ["Host: a"])],
];

for (const [name, options, request] of STUCK) {
  Deno.test(`shutdown does not wait for ever for a function ${name} that never answers`, async () => {
    const asked = Promise.withResolvers<void>();
    const forever = new Promise<never>(() => {});
    const given = options(forever);
    const server = serveEcho({
      ...(given.upgrade && { upgrade: () => (asked.resolve(), forever) }),
      ...(given.fetch && { fetch: () => (asked.resolve(), forever) }),
    });
    using client = await RawClient.connect(server);
    await client.write(request);
    await asked.promise;
    await server.shutdown({ timeout: 0 });
    await client.expectEnd();
  });
}

Deno.test("shutdown stops a body that never ends, and its source is cancelled", async () => {
  const cancelled = Promise.withResolvers<void>();
  const server = serveEcho({
    fetch: () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new Uint8Array(10)),
          cancel: () => cancelled.resolve(),
        }),
      ),
  });
  using client = await RawClient.connect(server);
  await client.write(requestText("GET", "/", ["Host: a"]));
  await client.readHead();
  assertEquals((await client.readBytes(10))?.length, 10);
  await server.shutdown({ timeout: 0 });
  await cancelled.promise;
  await client.expectEnd();
});

Deno.test("an upgrade that is decided during shutdown gets 503", async () => {
  const asked = Promise.withResolvers<void>();
  const decision = Promise.withResolvers<void>();
  const server = serveEcho({
    upgrade: async () => {
      asked.resolve();
      await decision.promise;
    },
  });
  using client = await RawClient.connect(server);
  await client.write(upgradeRequest());
  await asked.promise;
  const done = server.shutdown();
  decision.resolve();
  assertEquals((await client.readAnswer()).status, 503);
  await done;
});

// -------------------------------------------------------------------------------------------------- Deadlines

Deno.test("a head that does not arrive in time gets 408, and the connection is closed", () =>
  withFakeClock(async (clock) => {
    await using server = serveEcho({ handshakeTimeout: 20 });
    using client = await RawClient.connect(server);
    await client.write("GET / HTTP/1.1\r\nHost: a\r\n");
    const answer = await clock.until(client.readAnswer());
    assertEquals([answer.status, answer.headers.get("connection")], [408, "close"]);
  }));

Deno.test("what arrives behind the deadline is not answered again", () =>
  withFakeClock(async (clock) => {
    await using server = serveEcho({ handshakeTimeout: 20 });
    using client = await RawClient.connect(server);
    await client.write("GET / HTTP/1.1\r\n");
    assertEquals((await clock.until(client.readHead())).status, 408);
    await client.writeAnyway("Host: a\r\n\r\n");
    assertMatch(new TextDecoder().decode(await clock.until(client.readRest())), /^[^:]*\n$/);
  }));

Deno.test("an upgrade function that takes too long gets its client 503, and its late answer changes nothing", () =>
  withFakeClock(async (clock) => {
    const asked = Promise.withResolvers<void>();
    const decision = Promise.withResolvers<void>();
    const upgrade = (): Promise<void> => {
      asked.resolve();
      return decision.promise;
    };
    const { logger, records } = recordingLogger();
    await using server = serveEcho({ handshakeTimeout: 20, upgrade, logger });
    using client = await RawClient.connect(server);
    await client.write(upgradeRequest());
    await asked.promise;
    const answer = await clock.until(client.readAnswer());
    assertEquals([answer.status, answer.headers.get("retry-after")], [503, "5"]);
    decision.resolve();
    assertEquals(server.connections.size, 0);
    assertEquals(records.filter((record) => record.startsWith("error")), []);
  }));

Deno.test("the handshake's deadline ends with the handshake", () =>
  withFakeClock(async (clock) => {
    const arrivals = new Arrivals();
    await using server = serveEcho({ handshakeTimeout: 200, open: arrivals.open });
    using client = await RawClient.open(server);
    const ws: WebSocketConnection = await arrivals.next();
    // A second deadline of the same length, begun later, has passed.
    using silent = await RawClient.connect(server);
    assertEquals((await clock.until(silent.readHead())).status, 408);
    assertEquals(ws.state, "open");
    await client.write(clientFrame(0x81, "here"));
    await client.expectFrame(0x81, "here");
    assertStrictEquals([...server.connections][0], ws);
  }));

Deno.test("a body may take longer than the handshake, as long as its reader takes it", () =>
  withFakeClock(async (clock) => {
    const more = Promise.withResolvers<void>();
    async function* parts() {
      yield new TextEncoder().encode("first ");
      await more.promise;
      yield new TextEncoder().encode("second");
    }
    await using server = serveEcho({
      handshakeTimeout: 200,
      fetch: () => new Response(ReadableStream.from(parts())),
    });
    using client = await RawClient.connect(server);
    await client.write(requestText("GET", "/", ["Host: a"]));
    await client.readHead();
    using silent = await RawClient.connect(server);
    assertEquals((await clock.until(silent.readHead())).status, 408);
    more.resolve();
    assertEquals(new TextDecoder().decode(await clock.until(client.readRest())), "first second");
  }));

Deno.test("a body that its reader does not take ends with a deadline, and its source is cancelled", () =>
  withFakeClock(async (clock) => {
    const cancelled = Promise.withResolvers<void>();
    let length = 0;
    await using server = serveEcho({
      handshakeTimeout: 20,
      fetch: () =>
        new Response(
          new ReadableStream<Uint8Array>({
            pull: (controller) => {
              length += 1 << 20;
              controller.enqueue(new Uint8Array(1 << 20));
            },
            cancel: () => cancelled.resolve(),
          }, { highWaterMark: 0 }),
        ),
    });
    using client = await RawClient.connect(server);
    await client.write(requestText("GET", "/", ["Host: a"]));
    await client.readHead();
    await clock.until(cancelled.promise);
    assert(length < 100 << 20);
  }));
