import type { DeflateParameters } from "../../websocket/extension.ts";
import { SharedMessage } from "../../websocket/broadcast.ts";
import { ConnectionClosedError, ProtocolError, SendBufferError } from "../../websocket/errors.ts";
import type { WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { seededRandom } from "../cuts.ts";
import { settled, withFakeClock } from "../fake_clock.ts";
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

/** Whether a promise has settled, without waiting for it. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settledNow = false;
  promise.then(() => settledNow = true, () => settledNow = true);
  await settled();
  return settledNow;
}

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

function payloadOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31) >>> 2);
}

Deno.test("Connection hands messages to the handler as they arrive, text as the bytes of its UTF-8", async () => {
  const seen: string[] = [];
  const opened = open({
    handlers: { message: (_, data, isText) => void seen.push(`${isText ? "text" : "binary"} ${encodeHex(data)}`) },
  });
  await opened.receive(joined(masked(0x81, "é"), masked(0x02, "a")), masked(0x80, "b"));
  assertEquals(seen, ["text c3a9", "binary 6162"]);
  await opened.end();
});

Deno.test("Connection lends the handler a view that is valid until it returns, however the bytes arrive", async () => {
  for (const maxRead of [1, 7, 1000, Infinity]) {
    for (const length of [0, 1, 500, 4096, 20_000, 65536, 131072]) {
      if (maxRead === 1 && length > 5_000) continue;
      const seen: string[] = [];
      const [stream] = memoryPair();
      stream.maxRead = maxRead;
      const opened = open({ stream, handlers: { message: (_, data) => void seen.push(encodeHex(data)) } });
      const bytes = joined(masked(0x82, payloadOf(length)), masked(0x82, payloadOf(3)));
      stream.push(bytes);
      while (stream.unread > 0) await settled(50);
      await settled();
      assertEquals(seen, [encodeHex(payloadOf(length)), encodeHex(payloadOf(3))]);
      await opened.end();
    }
  }
});

Deno.test("Connection hands messages to iteration as values of their own, which no later read touches", async () => {
  for (const maxRead of [7, 1000, Infinity]) {
    const [stream] = memoryPair();
    stream.maxRead = maxRead;
    const opened = open({ stream, options: { limits: { receiveHighWaterMark: 1 << 24 } } });
    const lengths = [0, 1, 500, 4096, 20_000, 65536, 131072, 131073, 10];
    for (const length of lengths) stream.push(masked(0x82, payloadOf(length)));
    for (const cut of [1000, 30_000]) {
      stream.push(masked(0x02, payloadOf(65536).subarray(0, cut)), masked(0x80, payloadOf(65536).subarray(cut)));
    }
    stream.push(masked(0x88, closing(1000)));
    stream.end();
    const messages = await taken(opened.connection);
    const expected = [...lengths, 65536, 65536].map((length) => encodeHex(payloadOf(length)));
    assertEquals(messages.map((message) => typeof message === "string" ? "" : encodeHex(message)), expected);
    const buffers = messages.map((message) => typeof message === "string" ? undefined : message.buffer);
    assertEquals(new Set(buffers).size, buffers.length, "no two share a buffer");
    await opened.end();
  }
});

Deno.test("Connection takes the bytes that came behind the handshake first", async () => {
  const opened = open({ rest: joined(masked(0x81, "a"), masked(0x81, "b").subarray(0, 5)) });
  await opened.receive(masked(0x81, "b").subarray(5), masked(0x88, closing(1000)));
  opened.stream.end();
  assertEquals(await taken(opened.connection), ["a", "b"]);
  await opened.end();
});

Deno.test("Connection copies what it sends: a later change does not matter", async () => {
  const opened = open();
  opened.stream.stallWrites();
  void opened.connection.send("first");
  await settled();
  for (const length of [5, 20_000]) {
    const bytes = new Uint8Array(length).fill(0x61);
    void opened.connection.send(bytes);
    void opened.connection.send(bytes.buffer, { transfer: false });
    void opened.connection.send(new DataView(bytes.buffer, 1, 3));
    bytes.fill(0x7a);
  }
  opened.stream.resumeWrites();
  const [first, ...others] = await opened.sent();
  assertEquals(first, "81 first");
  assertEquals(others, [5, 5, 3, 20_000, 20_000, 3].map((length) => `82 ${"a".repeat(length)}`));
  await opened.end();
});

Deno.test("Connection.send with transfer detaches the buffer and sends its bytes", async () => {
  for (const role of ["client", "server"] as const) {
    for (const length of [5, 20_000, 100_000]) {
      const opened = open({ role });
      const bytes = new Uint8Array(length).fill(0x61);
      void opened.connection.send(bytes, { transfer: true });
      assertEquals(bytes.byteLength, 0);
      assertEquals(await opened.sent(), [`82 ${"a".repeat(length)}`]);
      await opened.end();
    }
  }
});

Deno.test("Connection.send with transfer copies a view that covers only part of its buffer", async () => {
  const opened = open({ role: "client" });
  const bytes = new Uint8Array(50_000).fill(0x61);
  void opened.connection.send(bytes.subarray(1), { transfer: true });
  bytes.fill(0x7a);
  assertEquals(await opened.sent(), [`82 ${"a".repeat(49_999)}`]);
  assertEquals(bytes.every((byte) => byte === 0x7a), true);
  await opened.end();
});

Deno.test("Connection.send with transfer copies a view that a handler borrows", async () => {
  for (const length of [10, 2_000, 65_536]) {
    const opened = open({
      handlers: { message: (ws, data) => void ws.send(data, { transfer: true }) },
      options: { limits: { sendHighWaterMark: 1 << 20 } },
    });
    const bytes = masked(0x82, new Uint8Array(length).fill(0x61));
    await opened.receive(bytes.subarray(0, 600), bytes.subarray(600), bytes);
    assertEquals((await opened.sent()).map((frame) => frame.length), [length + 3, length + 3]);
    await opened.end();
  }
});

Deno.test("Connection.send takes text, buffers and views, and bytes as text where they are UTF-8", async () => {
  const opened = open();
  void opened.connection.send("é");
  void opened.connection.send(Uint8Array.of(0x61).buffer);
  void opened.connection.send(Uint16Array.of(0x6161));
  void opened.connection.send(utf8("text"), { text: true });
  assertEquals(await opened.sent(), ["81 c3a9", "82 a", "82 aa", "81 text"]);
  assertThrows(() => void opened.connection.send(hex("ff"), { text: true }), TypeError, "not valid UTF-8");
  // What a program without types may pass.
  for (const data of [undefined, null, 5, {}]) {
    const error = assertThrows(() => void opened.connection.send(data as never), TypeError, "a string or bytes");
    assert(error.message.length > 0);
  }
  assertEquals([await opened.sent(), opened.connection.state], [[], "open"]);
  await opened.end();
});

Deno.test("Connection writes what was sent within one turn at once", async () => {
  const opened = open();
  for (let count = 0; count < 500; count++) void opened.connection.send("x");
  assertEquals((await opened.sent()).length, 500);
  assertEquals(opened.stream.writes, 1);
  await opened.end();
});

Deno.test("Connection writes the answers to all messages of one read at once", async () => {
  const opened = open({ handlers: { message: (ws, data, isText) => void ws.send(data, { text: isText }) } });
  await opened.receive(masked(0x81, "warm up".repeat(100)), masked(0x81, "warm up".repeat(100)));
  await opened.sent();
  const writes = opened.stream.writes;
  await opened.receive(joined(...Array<Uint8Array>(50).fill(masked(0x81, "ab"))));
  assertEquals((await opened.sent()).length, 50);
  assertEquals(opened.stream.writes - writes, 1);
  await opened.end();
});

Deno.test("Connection writes the answers of an iteration when the iteration runs dry", async () => {
  const opened = open();
  const echo = (async () => {
    for await (const message of opened.connection) void opened.connection.send(message);
  })();
  await opened.receive(joined(...Array<Uint8Array>(20).fill(masked(0x81, "ab"))));
  assertEquals((await opened.sent()).length, 20);
  assertEquals(opened.stream.writes, 1);
  await opened.receive(masked(0x88, closing(1000)));
  opened.stream.end();
  await echo;
  await opened.end();
});

Deno.test("Connection writes on where the stream takes only part of what it is given", async () => {
  const [stream] = memoryPair();
  stream.maxWrite = 3;
  const opened = open({ stream, role: "client" });
  void opened.connection.send("Hello, partial writes");
  void opened.connection.send("second");
  await settled(100);
  assertEquals(await opened.sent(), ["81 Hello, partial writes", "81 second"]);
  await opened.end();
});

Deno.test("Connection.send resolves at once up to the high-water mark, and above it when it is reached again", async () => {
  let drains = 0;
  const options = { limits: { sendHighWaterMark: 1000 } };
  const opened = open({ options, handlers: { message() {}, drain: () => void drains++ } });
  opened.stream.stallWrites();
  const below = opened.connection.send(new Uint8Array(996));
  assertEquals([opened.connection.bufferedAmount, await isSettled(below)], [1000, true]);
  const above = opened.connection.send(new Uint8Array(1));
  const more = opened.connection.send(new Uint8Array(1));
  assertStrictEquals(above, more, "one promise for all who wait");
  assertEquals(await isSettled(above), false);
  opened.stream.resumeWrites();
  await above;
  assertEquals([drains, opened.connection.bufferedAmount <= 1000], [1, true]);
  await opened.end();
});

Deno.test("Connection.send counts bufferedAmount down to 0 once all is written", async () => {
  const opened = open();
  void opened.connection.send("x".repeat(100));
  assertEquals(opened.connection.bufferedAmount, 102);
  await opened.sent();
  assertEquals(opened.connection.bufferedAmount, 0);
  await opened.end();
});

Deno.test("Connection.send admits up to the cap, inclusive, and any one message into an empty buffer", async () => {
  const options = { limits: { maxSendBuffer: 1000, sendHighWaterMark: 1 << 20 } };
  const exact = open({ options });
  exact.stream.stallWrites();
  void exact.connection.send(new Uint8Array(496));
  await exact.connection.send(new Uint8Array(500));
  assertEquals(exact.connection.state, "open");
  await exact.end();
  const single = open({ options });
  await single.connection.send(new Uint8Array(100_000));
  assertEquals((await single.sent())[0]?.length, 3 + 200_000);
  await single.end();
});

Deno.test("Connection.send over the cap rejects with SendBufferError and ends the connection", async () => {
  for (const data of [new Uint8Array(501), "x".repeat(501), "€".repeat(168)]) {
    const opened = open({ options: { limits: { maxSendBuffer: 1000 } } });
    opened.stream.stallWrites();
    void opened.connection.send(new Uint8Array(496));
    const error = await assertRejects(() => opened.connection.send(data), SendBufferError, "500 of at most 1000 bytes");
    const info = await opened.connection.closed;
    assertEquals(info, { code: 1006, reason: "", wasClean: false, error });
    assertEquals([opened.connection.state, opened.stream.isClosed], ["closed", true]);
    await assertRejects(() => opened.connection.send("x"), ConnectionClosedError);
    await opened.end();
  }
});

Deno.test("Connection.send ignored never leads to an unhandled rejection", async () => {
  const unhandled: unknown[] = [];
  const listener = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", listener);
  const opened = open({ options: { limits: { sendHighWaterMark: 10, maxSendBuffer: 1000 } } });
  opened.stream.stallWrites();
  for (let count = 0; count < 3; count++) void opened.connection.send(new Uint8Array(600));
  void opened.connection.send("closed");
  void opened.connection.ping();
  void opened.connection.sendStream(["x"]).catch(() => {});
  await settled();
  await opened.end();
  globalThis.removeEventListener("unhandledrejection", listener);
  assertEquals(unhandled, []);
});

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

Deno.test("Connection stops reading above receiveHighWaterMark and reads on below it", async () => {
  const [stream] = memoryPair();
  stream.maxRead = 600;
  const opened = open({ stream, options: { limits: { receiveHighWaterMark: 5_000 } } });
  const frame = masked(0x82, new Uint8Array(500));
  for (let count = 0; count < 100; count++) stream.push(frame);
  await settled(50);
  const unread = stream.unread;
  assert(unread > 80 * frame.length, `${unread} bytes left with the network`);
  await settled(50);
  assertEquals([stream.unread, stream.isReading], [unread, false]);
  const messages = opened.connection[Symbol.asyncIterator]();
  for (let count = 0; count < 100; count++) await messages.next();
  await settled();
  assertEquals([stream.unread, stream.isReading], [0, true]);
  await opened.end();
});

Deno.test("Connection stops reading for a handler above sendHighWaterMark and reads on below it", async () => {
  const reply = new Uint8Array(500);
  for (const form of ["message", "fragment"] as const) {
    const [stream] = memoryPair();
    stream.maxRead = 506;
    const handlers = { [form]: (ws: WebSocketConnection) => void ws.send(reply) };
    const opened = open({ stream, handlers, options: { limits: { sendHighWaterMark: 2_000 } } });
    stream.stallWrites();
    for (let count = 0; count < 100; count++) stream.push(masked(0x82, reply));
    await settled(50);
    assert(stream.unread > 80 * 508, `${form}: ${stream.unread} bytes left with the network`);
    assertEquals([stream.isReading, opened.connection.state], [false, "open"]);
    stream.resumeWrites();
    await settled(1000);
    assertEquals([stream.unread, stream.isReading], [0, true]);
    await opened.end();
  }
});

Deno.test("Connection.pause stops reading and handing out; resume goes on where it stopped", async () => {
  const seen: string[] = [];
  const opened = open({
    handlers: {
      message(ws, data) {
        seen.push(new TextDecoder().decode(data));
        if (seen.length === 1) ws.pause();
      },
    },
  });
  await opened.receive(joined(masked(0x81, "a"), masked(0x81, "b"), masked(0x81, "c")));
  await opened.receive(masked(0x81, "d"));
  assertEquals([seen, opened.stream.isReading], [["a"], false]);
  opened.connection.resume();
  opened.connection.pause();
  opened.connection.resume();
  await settled();
  assertEquals([seen, opened.stream.isReading], [["a", "b", "c", "d"], true]);
  await opened.end();
});

Deno.test("Connection.pause while a read is under way keeps what it brings", async () => {
  const seen: string[] = [];
  const opened = open({ handlers: { message: (_, data) => void seen.push(new TextDecoder().decode(data)) } });
  await settled();
  opened.connection.pause();
  await opened.receive(masked(0x81, "a"));
  assertEquals(seen, []);
  opened.connection.resume();
  await opened.receive(masked(0x81, "b"));
  assertEquals(seen, ["a", "b"]);
  await opened.end();
});

Deno.test("Connection answers pings on its own, also in the iterating form (RFC 6455 §5.5.2)", async () => {
  const opened = open();
  await opened.receive(masked(0x89, "x"));
  assertEquals(await opened.sent(), ["8a x"]);
  await opened.end();
});

Deno.test("Connection bounds the pongs that a peer does not read, and answers the newest (RFC 6455 §5.5.3)", async () => {
  const opened = open();
  opened.stream.stallWrites();
  for (let id = 0; id < 2_000; id++) opened.stream.push(masked(0x89, String(id).padStart(125, "0")));
  await settled(3_000);
  assertEquals(opened.stream.unread, 0);
  assert(opened.connection.bufferedAmount <= 65 << 10, `${opened.connection.bufferedAmount} bytes held`);
  opened.stream.resumeWrites();
  const pongs = await opened.sent();
  assertEquals(Number(pongs.at(-1)!.slice(3)), 1_999);
  assertEquals(opened.connection.state, "open");
  await opened.end();
});

Deno.test("Connection.ping gives the round-trip time", async () => {
  await withFakeClock(async (clock) => {
    const opened = open();
    const [first, second] = [opened.connection.ping(), opened.connection.ping(utf8("mine"))];
    const frames = await opened.sent();
    assertEquals([frames.length, frames[1]], [2, "89 mine"]);
    await clock.advance(42);
    await opened.receive(masked(0x8a, "mine"));
    assertEquals([await first, await second], [42, 42]);
    await opened.end();
  });
});

Deno.test("Connection.ping rejects when the connection ends, and refuses what does not fit (RFC 6455 §5.5)", async () => {
  const opened = open();
  assertThrows(() => void opened.connection.ping(new Uint8Array(126)), RangeError, "at most 125 bytes, received 126");
  const answered = opened.connection.ping();
  opened.stream.end();
  const error = await assertRejects(() => answered, ConnectionClosedError);
  assertEquals(error.info?.code, 1006);
  await assertRejects(() => opened.connection.ping(), ConnectionClosedError, "Cannot send ping");
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

Deno.test("Connection survives a handler that throws or rejects, and logs it", async () => {
  const logger = new LogLines();
  let count = 0;
  const message = (): void | Promise<void> => {
    count++;
    if (count === 2) return Promise.reject(new Error("later"));
    throw new Error("now");
  };
  const handlers = { message, open: message, close: message };
  const opened = open({ handlers, options: { logger } });
  await opened.receive(masked(0x81, "a"), masked(0x81, "b"));
  assertEquals([count, opened.connection.state], [3, "open"]);
  opened.stream.end();
  await opened.connection.closed;
  assertEquals(logger.lines.filter((line) => line === "error Handler failed").length, 4);
  await opened.end();
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

Deno.test("Connection has readable and writable web streams over the same messages", async () => {
  const { client, server } = openPair();
  const echoing = server.connection.readable.pipeTo(server.connection.writable);
  const writer = client.connection.writable.getWriter();
  const reader = client.connection.readable.getReader();
  for (const chunk of ["text", Uint8Array.of(1, 2)]) {
    await writer.write(chunk);
    assertEquals((await reader.read()).value, chunk);
  }
  assertStrictEquals(client.connection.readable, client.connection.readable);
  await writer.close();
  assertEquals((await reader.read()).done, true);
  await echoing;
  assertEquals((await server.connection.closed).wasClean, true);
});

Deno.test("Connection.readable errors where the iteration would throw; cancelling it closes", async () => {
  const opened = open();
  const reader = opened.connection.readable.getReader();
  await opened.receive(masked(0x81, "a"));
  opened.stream.end();
  assertEquals((await reader.read()).value, "a");
  await assertRejects(() => reader.read(), ConnectionClosedError);
  await opened.end();
  const { client, server } = openPair();
  await client.connection.readable.cancel();
  assertEquals((await server.connection.closed).code, 1000);
});

Deno.test("Connection.writable waits above the high-water mark, and aborting it closes with 1011", async () => {
  const opened = open({ options: { limits: { sendHighWaterMark: 100 } } });
  opened.stream.stallWrites();
  const writer = opened.connection.writable.getWriter();
  const written = writer.write(new Uint8Array(200));
  assertEquals(await isSettled(written), false);
  opened.stream.resumeWrites();
  await written;
  const aborted = writer.abort(new Error("source failed"));
  assertEquals((await opened.sent()).at(-1), "88 03f3");
  await opened.receive(masked(0x88, closing(1011)));
  opened.stream.end();
  await aborted;
  await opened.end();
});

Deno.test("Connection refuses iteration where a handler takes the messages", async () => {
  const opened = open({ handlers: { message() {} } });
  assertThrows(() => opened.connection[Symbol.asyncIterator](), TypeError, "handler");
  await assertRejects(() => opened.connection.messages().next(), TypeError, "handler");
  await opened.end();
});

Deno.test("Connection.messages gives messages while they arrive, larger than maxMessage too", async () => {
  const opened = open({ options: { limits: { maxMessage: 10, receiveHighWaterMark: 1 << 20 } } });
  const messages = opened.connection.messages();
  const first = messages.next();
  const frame = masked(0x02, payloadOf(5_000));
  await opened.receive(frame.subarray(0, 1_000));
  const { value: message } = await first;
  assertEquals(message!.isText, false);
  const chunks: Uint8Array[] = [];
  const reading = (async () => {
    for await (const chunk of message!) chunks.push(chunk);
  })();
  await settled();
  const early = chunks.length;
  assert(early > 0, "chunks come before the message is whole");
  await opened.receive(frame.subarray(1_000), masked(0x80, utf8("end")), masked(0x81, "next"));
  await reading;
  assertEquals(encodeHex(joined(...chunks)), encodeHex(joined(payloadOf(5_000), utf8("end"))));
  const { value: next } = await messages.next();
  assertEquals(next!.isText, true);
  await messages.return!();
  await opened.end();
});

Deno.test("Connection.messages may be left in the midst of a message; whole messages follow", async () => {
  const opened = open();
  await opened.receive(masked(0x81, "whole"));
  const iterated: string[] = [];
  const streaming = (async () => {
    for await (const message of opened.connection.messages()) {
      for await (const chunk of message) {
        iterated.push(new TextDecoder().decode(chunk));
        if (iterated.length === 2) return;
      }
    }
  })();
  await opened.receive(masked(0x01, "head"));
  await streaming;
  const next = opened.connection[Symbol.asyncIterator]().next();
  await opened.receive(masked(0x80, "tail"), masked(0x01, "ne"), masked(0x80, "xt"));
  assertEquals([iterated, (await next).value], [["whole", "head"], "next"]);
  await opened.end();
});

Deno.test("Connection.messages throws into a message that the connection's end cut off", async () => {
  for (const ending of [masked(0x88, closing(1000)), new Uint8Array(0)]) {
    const opened = open();
    const messages = opened.connection.messages();
    const first = messages.next();
    await opened.receive(masked(0x01, "half"), ending);
    opened.stream.end();
    const { value: message } = await first;
    await assertRejects(async () => {
      for await (const _chunk of message!);
    }, ConnectionClosedError);
    await opened.end();
  }
});

Deno.test("Connection.sendStream sends one message, a frame for each chunk; others wait behind it", async () => {
  const opened = open();
  const source = Promise.withResolvers<void>();
  const sending = opened.connection.sendStream(
    (async function* () {
      yield "a";
      await source.promise;
      yield utf8("é");
    })(),
    { text: true },
  );
  await settled();
  void opened.connection.send("behind");
  void opened.connection.ping(utf8("p")).catch(() => {});
  const next = opened.connection.sendStream([Uint8Array.of(0x62)]);
  assertEquals(await opened.sent(), ["01 a", "89 p"]);
  source.resolve();
  await Promise.all([sending, next]);
  assertEquals(await opened.sent(), ["00 c3a9", "80", "81 behind", "02 b", "80"]);
  await opened.end();
});

Deno.test("Connection.sendStream waits for room before it asks for the next chunk", async () => {
  const opened = open({ options: { limits: { sendHighWaterMark: 1_000 } } });
  opened.stream.stallWrites();
  let produced = 0;
  const sending = opened.connection.sendStream(
    (function* () {
      for (; produced < 50; produced++) yield new Uint8Array(300);
    })(),
  );
  await settled();
  assert(produced < 6, `${produced} chunks asked for`);
  opened.stream.resumeWrites();
  await sending;
  assertEquals((await opened.sent()).length, 51);
  await opened.end();
});

Deno.test("Connection.sendStream goes on whatever waits behind it", async () => {
  const opened = open({ options: { limits: { sendHighWaterMark: 1_000 } } });
  const source = Promise.withResolvers<void>();
  const sending = opened.connection.sendStream(
    (async function* () {
      yield Uint8Array.of(1);
      await source.promise;
      yield Uint8Array.of(2);
      yield Uint8Array.of(3);
    })(),
  );
  await settled();
  const behind = opened.connection.send(new Uint8Array(5_000));
  source.resolve();
  await settled(50);
  assertEquals(await isSettled(sending), true);
  await Promise.all([sending, behind]);
  assertEquals((await opened.sent()).length, 5);
  await opened.end();
});

Deno.test("Connection.sendStream closes with 1011 where its source throws, whatever it throws", async () => {
  for (const error of [new RangeError("source"), new ConnectionClosedError("another connection closed")]) {
    const opened = open();
    const sending = opened.connection.sendStream(
      (function* () {
        yield "a";
        throw error;
      })(),
    );
    assertStrictEquals(await assertRejects(() => sending), error);
    const frames = await opened.sent();
    assertEquals([frames[0], frames[1]?.slice(0, 7), frames.length], ["02 a", "88 03f3", 2]);
    opened.stream.end();
    assertStrictEquals((await opened.connection.closed).error, error);
    await opened.end();
  }
});

Deno.test("Connection.sendStream refuses text that is not UTF-8, also at its end (RFC 6455 §8.1)", async () => {
  for (const chunks of [[hex("61 ff")], [hex("e2 82")]]) {
    const opened = open();
    await assertRejects(() => opened.connection.sendStream(chunks, { text: true }), TypeError, "text message");
    assertEquals((await opened.sent()).at(-1)?.slice(0, 7), "88 03f3");
    opened.stream.end();
    await opened.end();
  }
});

Deno.test("Connection.sendStream stops and rejects where the connection ends, and returns its source", async () => {
  const endings: readonly ((opened: Opened) => void)[] = [
    (opened) => opened.connection.terminate(),
    (opened) => opened.stream.end(),
    (opened) => opened.stream.push(masked(0x88, closing(1000))),
    (opened) => opened.stream.push(masked(0x83)),
    (opened) => (void opened.connection.close(), opened.connection.terminate()),
  ];
  for (const end of endings) {
    for (const size of [10, 5_000]) {
      let returned = false;
      const opened = open({ options: { limits: { sendHighWaterMark: 1_000 } } });
      opened.stream.stallWrites();
      const sending = opened.connection.sendStream(
        (async function* () {
          try {
            for (;;) {
              yield new Uint8Array(size);
              await settled(1);
            }
          } finally {
            returned = true;
          }
        })(),
      );
      const rejected = assertRejects(() => sending, ConnectionClosedError);
      await settled();
      end(opened);
      await settled();
      opened.stream.resumeWrites();
      await rejected;
      assertEquals(returned, true);
      await opened.end();
    }
  }
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

Deno.test("Connection.sendShared sends what was encoded once, in each way that compression asks for", async () => {
  const message = new SharedMessage(utf8("shared ".repeat(300)), true);
  for (const deflate of [undefined, CONTEXT, { ...CONTEXT, serverNoContextTakeover: true }]) {
    const options = { compression: { threshold: 100 } };
    const wanted = deflate === undefined ? { options } : { options, deflate };
    const { client, server } = openPair(wanted, wanted);
    await server.connection.sendShared(message);
    void server.connection.send("behind");
    void server.connection.close();
    assertEquals(await taken(client.connection), ["shared ".repeat(300), "behind"]);
    await assertRejects(() => server.connection.sendShared(message), ConnectionClosedError);
    await server.connection.closed;
  }
});

Deno.test("Connection finds a dead peer by keepalive within its interval and timeout", async () => {
  await withFakeClock(async (clock) => {
    const opened = open({ options: { keepalive: { interval: 1_000, timeout: 500 } } });
    await clock.advance(999);
    assertEquals(await opened.sent(), []);
    await clock.advance(50);
    assertEquals(await opened.sent(), ["89 keepalive"]);
    await clock.advance(400);
    assertEquals(opened.connection.state, "open");
    await clock.advance(150);
    assertEquals([opened.connection.state, clock.timers], ["closed", 0]);
    const { code, error } = await opened.connection.closed;
    assert(code === 1006 && error instanceof ProtocolError && error.code === "keepalive_timeout");
    await opened.end();
  });
});

Deno.test("Connection keeps a silent peer that answers pings, and does not ping one that speaks", async () => {
  await withFakeClock(async (clock) => {
    const options = { keepalive: { interval: 1_000, timeout: 500 } };
    const { client, server } = openPair({ options: { keepalive: false } }, { options });
    await clock.advance(20_000);
    assertEquals([client.connection.state, server.connection.state], ["open", "open"]);
    assert(server.stream.writes >= 15, `${server.stream.writes} pings`);
    const speaking = open({ options });
    for (let step = 0; step < 50; step++) {
      await clock.advance(300);
      await speaking.receive(masked(0x8a));
    }
    assertEquals(await speaking.sent(), []);
    for (const opened of [client, server, speaking]) await opened.end();
    assertEquals(clock.timers, 0);
  });
});

Deno.test("Connection does not take a peer for dead while its own reader pauses", async () => {
  await withFakeClock(async (clock) => {
    const opened = open({ options: { keepalive: { interval: 1_000, timeout: 500 } } });
    await clock.advance(1_100);
    opened.connection.pause();
    await clock.advance(60_000);
    assertEquals(opened.connection.state, "open");
    opened.connection.resume();
    await clock.advance(900);
    assertEquals(opened.connection.state, "open");
    await clock.advance(1_000);
    assertEquals(opened.connection.state, "closed", "the peer stayed silent after that");
    await opened.end();
  });
});

Deno.test("Connection ends a closing handshake that is not answered at the close deadline", async () => {
  for (const role of ["client", "server"] as const) {
    await withFakeClock(async (clock) => {
      const opened = open({ role, options: { closeTimeout: 1_000 } });
      const closed = opened.connection.close();
      const noise = role === "client" ? plain(0x81, "more") : masked(0x81, "more");
      for (let step = 0; step < 9; step++) {
        await clock.advance(100);
        await opened.receive(noise);
      }
      assertEquals(await isSettled(closed), false);
      await clock.advance(150);
      const { code, wasClean, error } = await closed;
      assertEquals([code, wasClean], [1006, false]);
      assert(error instanceof ProtocolError && error.code === "close_timeout");
      assertEquals([opened.stream.isClosed, clock.timers], [true, 0]);
      await opened.end();
    });
  }
});

Deno.test("Connection ends at the close deadline after a protocol failure that the peer does not answer", async () => {
  await withFakeClock(async (clock) => {
    const opened = open({ options: { closeTimeout: 1_000 } });
    await opened.receive(masked(0x83));
    assertEquals((await opened.sent())[0]?.slice(0, 7), "88 03ea");
    assertEquals([opened.stream.isHalfClosed, opened.stream.isClosed], [true, false]);
    await opened.receive(masked(0x81, "on and on"));
    await clock.advance(1_050);
    assertEquals([opened.stream.isClosed, clock.timers], [true, 0]);
    await opened.end();
  });
});

Deno.test("Connection ends at the close deadline where the peer does not read our close frame", async () => {
  await withFakeClock(async (clock) => {
    const opened = open({ options: { closeTimeout: 1_000 } });
    opened.stream.stallWrites();
    void opened.connection.send("x");
    const closed = opened.connection.close();
    await clock.advance(1_050);
    assertEquals((await closed).code, 1006);
    await opened.end();
  });
});

Deno.test("Connection fails a message that takes longer than messageTimeout, with 1008, and logs it", async () => {
  await withFakeClock(async (clock) => {
    const logger = new LogLines();
    const opened = open({ options: { messageTimeout: 1_000, logger } });
    await clock.advance(10_000);
    await opened.receive(masked(0x81, "complete"), masked(0x81, "slow").subarray(0, 3));
    for (let step = 3; step < 6; step++) {
      await clock.advance(300);
      await opened.receive(masked(0x81, "slow").subarray(step, step + 1));
    }
    assertEquals(opened.connection.state, "open");
    await clock.advance(150);
    assertEquals((await opened.sent())[0]?.slice(0, 7), "88 03f0");
    assertEquals(logger.lines.includes("warn Peer broke the protocol"), true);
    await opened.end();
  });
});

Deno.test("Connection masks every frame with a key that it used once (RFC 6455 §5.3)", async () => {
  let key = 0;
  const keys: number[] = [];
  const nextMaskingKey = (): number => {
    keys.push(++key * 0x01010101);
    return keys.at(-1)!;
  };
  const { client, server } = openPair({ nextMaskingKey });
  for (let count = 0; count < 20; count++) void client.connection.send("x");
  await client.connection.sendStream(["a", "b"]);
  await client.connection.ping();
  void client.connection.close();
  assertEquals((await taken(server.connection)).length, 21);
  // 20 messages, 3 fragments, a ping and a close frame.
  assertEquals([keys.length, new Set(keys).size], [25, 25]);
  await client.connection.closed;
});

Deno.test("Connection says where it stands and what the handshake agreed on", async () => {
  const opened = open();
  const { connection } = opened;
  assertEquals([connection.url, connection.subprotocol, connection.extensions], ["ws://test/", "", ""]);
  assertEquals([connection.info.isTls, connection.request, connection.responseHeaders], [false, undefined, undefined]);
  assertEquals([connection.state, connection.bufferedAmount], ["open", 0]);
  await opened.end();
  assertEquals(connection.state, "closed");
});

Deno.test("Connection loses, repeats and reorders nothing over a network that cuts everything anyhow", async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = seededRandom(seed);
    const options = {
      compression: { threshold: 30 },
      limits: { receiveHighWaterMark: 20_000, sendHighWaterMark: 20_000, maxSendBuffer: 1 << 26 },
    };
    const deflate = [undefined, CONTEXT, { ...CONTEXT, clientNoContextTakeover: true }][seed % 3];
    const wanted = deflate === undefined ? { options } : { options, deflate };
    const { client, server } = openPair(wanted, wanted);
    for (const { stream } of [client, server]) {
      stream.maxRead = 1 + Math.floor(random() * 3_000);
      stream.maxWrite = 1 + Math.floor(random() * 30_000);
    }
    const echo = (async () => {
      for await (const message of server.connection) {
        await server.connection.send(message, { transfer: typeof message !== "string" });
      }
    })();
    const expected: string[] = [];
    const sending = (async () => {
      for (let count = 0; count < 60; count++) {
        const length = Math.floor(random() ** 4 * 50_000);
        if (random() < 0.5) {
          const text = `${count}é`.repeat(length >> 2);
          expected.push(text);
          if (random() < 0.3) await client.connection.sendStream([text.slice(0, 10), text.slice(10)], { text: true });
          else await client.connection.send(text);
        } else {
          const bytes = payloadOf(length);
          expected.push(encodeHex(bytes));
          await client.connection.send(bytes);
        }
      }
    })();
    const received: string[] = [];
    for await (const message of client.connection) {
      received.push(typeof message === "string" ? message : encodeHex(message));
      if (received.length === 60) void client.connection.close();
    }
    await Promise.all([sending, echo]);
    assertEquals(received, expected);
    assertEquals([(await server.connection.closed).wasClean, client.wheel.size], [true, 0]);
  }
});
