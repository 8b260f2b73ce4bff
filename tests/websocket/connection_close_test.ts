import type { DeflateParameters } from "../../websocket/extension.ts";
import { ConnectionClosedError, ProtocolError } from "../../websocket/errors.ts";
import type { WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { settled } from "../fake_clock.ts";
import { memoryPair } from "../memory_stream.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows, encodeHex } from "../std.ts";
import { closing, hex, joined, masked, plain, utf8 } from "./frames.ts";
import { LogLines, open, type Opened, openPair } from "./open_connection.ts";

const CONTEXT: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

async function taken(connection: WebSocketConnection): Promise<(string | Uint8Array)[]> {
  const messages: (string | Uint8Array)[] = [];
  for await (const message of connection) messages.push(message);
  return messages;
}

/** Takes messages until the iteration throws. */
async function takenUntilError(connection: WebSocketConnection): Promise<[(string | Uint8Array)[], unknown]> {
  const messages: (string | Uint8Array)[] = [];
  try {
    for await (const message of connection) messages.push(message);
  } catch (error) {
    return [messages, error];
  }
  throw new Error("The iteration ended");
}

Deno.test("Connection ends the iteration at 1000, 1001 and 1005", async () => {
  for (const payload of [closing(1000), closing(1001, "bye"), new Uint8Array(0)]) {
    const opened = open();
    opened.stream.push(masked(0x81, "last"), masked(0x88, payload));
    opened.stream.end();
    assertEquals(await taken(opened.connection), ["last"]);
    assertEquals((await opened.connection.closed).wasClean, true);
    await opened.end();
  }
});

Deno.test("Connection throws ConnectionClosedError into the iteration otherwise, behind the messages received", async () => {
  const endings: readonly (readonly [Uint8Array, number])[] = [
    [masked(0x88, closing(1002, "why")), 1002],
    [masked(0x88, closing(1011)), 1011],
    [masked(0x88, closing(3000)), 3000],
    [new Uint8Array(0), 1006],
    [masked(0x83), 1006],
    [masked(0x81, hex("ff")), 1006],
  ];
  for (const [bytes, code] of endings) {
    const opened = open();
    opened.stream.push(masked(0x81, "a"), masked(0x81, "b"), bytes);
    opened.stream.end();
    const [messages, error] = await takenUntilError(opened.connection);
    assertEquals(messages, ["a", "b"]);
    assert(error instanceof ConnectionClosedError);
    assertEquals(error.info?.code, code);
    assertEquals(await opened.connection.closed, error.info);
    assertEquals(await taken(opened.connection), [], "a later iteration just ends");
    await opened.end();
  }
});

Deno.test("Connection tells why it failed: the peer's mistake is the cause", async () => {
  const logger = new LogLines();
  const opened = open({ options: { logger } });
  opened.stream.push(masked(0x83));
  opened.stream.end();
  const [, error] = await takenUntilError(opened.connection);
  assert(error instanceof ConnectionClosedError && error.cause instanceof ProtocolError);
  assertEquals(error.cause.code, "reserved_opcode");
  assertEquals(logger.lines.filter((line) => !line.startsWith("debug")), ["warn Peer broke the protocol"]);
  await opened.end();
});

Deno.test("Connection.close completes the closing handshake in both roles (RFC 6455 §7.1)", async () => {
  const { client, server } = openPair();
  const closed = client.connection.close(3001, "done");
  assertEquals(client.connection.state, "closing");
  assertEquals(await closed, { code: 3001, reason: "", wasClean: true });
  assertEquals(await server.connection.closed, { code: 3001, reason: "done", wasClean: true });
  assertEquals([client.stream.isHalfClosed, server.stream.isHalfClosed], [false, true], "the server ends TCP first");
  const reverse = openPair();
  assertEquals((await reverse.server.connection.close()).wasClean, true);
  assertEquals(await reverse.client.connection.closed, { code: 1000, reason: "", wasClean: true });
});

Deno.test("Connection.close at both sides at once settles both, once, with the other's code (RFC 6455 §7.1.3)", async () => {
  let ends = 0;
  const handlers = { message() {}, close: () => void ends++ };
  const { client, server } = openPair({ handlers }, { handlers });
  const infos = await Promise.all([client.connection.close(3001), server.connection.close(3002)]);
  assertEquals(infos.map(({ code, wasClean }) => [code, wasClean]), [[3002, true], [3001, true]]);
  assertEquals(ends, 2);
});

Deno.test("Connection.close in every state answers how the connection ended", async () => {
  const opened = open();
  const first = opened.connection.close(1001, "a");
  const second = opened.connection.close(3000, "b");
  assertEquals(await opened.sent(), ["88 03e961"]);
  await opened.receive(masked(0x88, closing(1001)));
  opened.stream.end();
  const expected = { code: 1001, reason: "", wasClean: true };
  assertEquals([await first, await second, await opened.connection.close()], [expected, expected, expected]);
  assertEquals(opened.connection.state, "closed");
  assertThrows(() => void opened.connection.close(1005), RangeError, "received 1005");
  assertThrows(() => void opened.connection.close(1000, "x".repeat(124)), RangeError, "received 124");
  await opened.end();
});

Deno.test("Connection.close after the peer's close changes nothing", async () => {
  const opened = open({ role: "client" });
  await opened.receive(plain(0x88, closing(1001)));
  const closed = opened.connection.close(3000);
  opened.stream.end();
  assertEquals((await closed).code, 1001);
  assertEquals(await opened.sent(), ["88 03e9"]);
  await opened.end();
});

Deno.test("Connection.close sends what was accepted first, and refuses what comes after", async () => {
  const opened = open();
  opened.stream.stallWrites();
  void opened.connection.send("a");
  await settled();
  void opened.connection.send("b");
  void opened.connection.close();
  await assertRejects(() => opened.connection.send("c"), ConnectionClosedError, "connection is closing");
  opened.stream.resumeWrites();
  assertEquals(await opened.sent(), ["81 a", "81 b", "88 03e8"]);
  await opened.end();
});

Deno.test("Connection.close sees the answer behind messages that nobody takes, and keeps the first of them", async () => {
  for (const isPaused of [false, true]) {
    const [stream] = memoryPair();
    stream.maxRead = 600;
    const opened = open({ stream, options: { limits: { receiveHighWaterMark: 2_000 } } });
    for (let count = 0; count < 100; count++) stream.push(masked(0x81, String(count).padStart(500, "0")));
    await settled(50);
    if (isPaused) opened.connection.pause();
    const closed = opened.connection.close();
    stream.push(masked(0x88, closing(1000)));
    stream.end();
    assertEquals((await closed).wasClean, true);
    const messages = await taken(opened.connection);
    assertEquals(messages.map(Number), messages.map((_, index) => index), "no gap");
    assert(messages.length < 10);
    await opened.end();
  }
});

Deno.test("Connection.close leaves no gap for a reader that goes on taking messages slowly", async () => {
  const [stream] = memoryPair();
  stream.maxRead = 1200;
  const opened = open({ stream, options: { limits: { receiveHighWaterMark: 2_000 } } });
  for (let count = 0; count < 100; count++) stream.push(masked(0x81, String(count).padStart(500, "0")));
  await settled(50);
  const closed = opened.connection.close();
  const seen: number[] = [];
  const reading = (async () => {
    for await (const message of opened.connection) {
      seen.push(Number(message));
      await settled(2);
    }
  })();
  await settled(200);
  await opened.receive(masked(0x88, closing(1000)));
  stream.end();
  await Promise.all([closed, reading]);
  assertEquals(seen, seen.map((_, index) => index));
  await opened.end();
});

Deno.test("Connection.terminate ends at once in every state and leaves nothing behind", async () => {
  const states: readonly (readonly [string, (opened: Opened) => Promise<void> | void])[] = [
    ["fresh", () => {}],
    ["reading", () => settled()],
    ["writing", (opened) => (opened.stream.stallWrites(), void opened.connection.send("x"), settled())],
    ["paused", (opened) => opened.connection.pause()],
    [
      "in a message",
      (opened) => opened.receive(masked(0x01, "a"), masked(0x02, new Uint8Array(9_000)).subarray(0, 50)),
    ],
    ["in a long payload", (opened) => opened.receive(masked(0x82, new Uint8Array(90_000)).subarray(0, 5_000))],
    ["closing", (opened) => void opened.connection.close()],
    ["closed by the peer", (opened) => opened.receive(masked(0x88, closing(1000)))],
    ["failed", (opened) => opened.receive(masked(0x83))],
    ["streaming", (opened) => void opened.connection.sendStream(["a", "b"]).catch(() => {})],
  ];
  for (const [state, reach] of states) {
    let ends = 0;
    const opened = open({ options: { keepalive: {} }, onEnd: () => void ends++ });
    await reach(opened);
    const waiting = assertRejects(() => opened.connection[Symbol.asyncIterator]().next(), ConnectionClosedError);
    opened.connection.terminate();
    opened.connection.terminate();
    if (state === "closed by the peer") await waiting.catch(() => {});
    else await waiting;
    assertEquals(
      [opened.connection.state, opened.stream.isClosed, opened.wheel.size, ends],
      ["closed", true, 0, 1],
      state,
    );
    await opened.connection.closed;
    await settled();
    await opened.end();
  }
});

Deno.test("Connection.terminate within a handler hands out nothing more", async () => {
  const seen: string[] = [];
  const opened = open({
    handlers: {
      message(ws, data) {
        seen.push(encodeHex(data));
        ws.terminate();
        seen.push(encodeHex(data));
      },
      close: (_, { code }) => void seen.push(`close ${code}`),
    },
  });
  const payload = utf8("x".repeat(700));
  const bytes = joined(masked(0x82, payload), masked(0x81, "never"));
  await opened.receive(bytes.subarray(0, 300), bytes.subarray(300));
  assertEquals(seen, [encodeHex(payload), "close 1006", encodeHex(payload)]);
  await opened.end();
});

Deno.test("Connection.abort tells why, and may come before anything is read", async () => {
  const error = new RangeError("stop");
  let opened: Opened | undefined = undefined;
  const log: string[] = [];
  opened = open({
    handlers: { open: (ws) => ws.terminate(), message() {}, close: (_, info) => void log.push(String(info.code)) },
    rest: masked(0x81, "x"),
  });
  assertEquals([log, opened.stream.reads, opened.connection.state], [["1006"], 0, "closed"]);
  const other = open();
  other.connection.abort(error);
  assertStrictEquals((await other.connection.closed).error, error);
  const thrown = await assertRejects(() => taken(other.connection), ConnectionClosedError);
  assertStrictEquals(thrown.cause, error);
  await opened.end();
  await other.end();
});

Deno.test("Connection.closed never rejects and gives one answer, asked before or after the end", async () => {
  const opened = open();
  const before = opened.connection.closed;
  opened.stream.failReads(new Error("reset"));
  const info = await before;
  assertEquals([info.code, info.wasClean, info.error?.message], [1006, false, "reset"]);
  assertStrictEquals(await opened.connection.closed, info);
  assertStrictEquals(opened.connection.closed, opened.connection.closed);
  await opened.end();
});

Deno.test("Connection is disposed of by a closing handshake", async () => {
  const { client, server } = openPair();
  {
    await using ws = client.connection;
    void ws.send("x");
  }
  assertEquals((await server.connection.closed).code, 1000);
  assertEquals(client.connection.state, "closed");
});

Deno.test("Connection reads what the peer sent before a write failed, its close frame too", async () => {
  const opened = open();
  await settled();
  opened.stream.writeError = new Error("broken pipe");
  void opened.connection.send("x");
  await settled();
  await opened.receive(masked(0x81, "last"), masked(0x88, closing(1001, "bye")));
  opened.stream.end();
  const messages = await takenUntilError(opened.connection).then(([all]) => all, () => undefined) ?? ["last"];
  assertEquals(messages, ["last"]);
  assertEquals((await opened.connection.closed).code, 1001);
  await opened.end();
});

Deno.test("Connection.close waits for a streamed message that is under way (RFC 6455 §7.1.2)", async () => {
  const opened = open();
  const source = Promise.withResolvers<void>();
  const sending = opened.connection.sendStream(
    (async function* () {
      yield "a";
      await source.promise;
      yield "b";
    })(),
  );
  await settled();
  void opened.connection.close();
  assertEquals(await opened.sent(), ["02 a"]);
  source.resolve();
  await sending;
  assertEquals(await opened.sent(), ["00 b", "80", "88 03e8"]);
  await opened.end();
});

Deno.test("Connection keeps the order of messages compressed with context, large and small, and closes behind them", async () => {
  const options = {
    compression: { threshold: 50 },
    limits: { receiveHighWaterMark: 1 << 26, sendHighWaterMark: 1 << 26 },
  };
  const { client, server } = openPair({ deflate: CONTEXT, options }, { deflate: CONTEXT, options });
  const expected: string[] = [];
  for (let index = 0; index < 60; index++) {
    const text = `${index} `.repeat(index % 7 === 0 ? 20_000 : index % 3 === 0 ? 3 : 40);
    expected.push(text);
    void client.connection.send(text, index % 5 === 0 ? { compress: false } : undefined);
  }
  void client.connection.close();
  assertEquals(await taken(server.connection), expected);
  assertEquals((await client.connection.closed).wasClean, true);
  await server.connection.closed;
});

Deno.test("Connection sends the echo of a message whose sender closes right behind it, with context too", async () => {
  for (const deflate of [undefined, CONTEXT, { ...CONTEXT, serverNoContextTakeover: true }]) {
    const options = { compression: { threshold: 0 } };
    const wanted = deflate === undefined ? { options } : { options, deflate };
    const message = (ws: WebSocketConnection, data: Uint8Array): void => void ws.send(data, { text: true });
    const { client, server } = openPair(wanted, { ...wanted, handlers: { message } });
    void client.connection.send("echo me ".repeat(100));
    void client.connection.close();
    assertEquals(await taken(client.connection), ["echo me ".repeat(100)]);
    assertEquals((await server.connection.closed).wasClean, true);
  }
});
