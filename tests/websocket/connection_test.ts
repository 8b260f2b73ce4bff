import { ConnectionClosedError } from "../../websocket/errors.ts";
import type { WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { settled, withFakeClock } from "../fake_clock.ts";
import { memoryPair } from "../memory_stream.ts";
import { assert, assertEquals, assertRejects, assertThrows, encodeHex } from "../std.ts";
import { closing, joined, masked, utf8 } from "./frames.ts";
import { LogLines, open } from "./open_connection.ts";

async function taken(connection: WebSocketConnection): Promise<(string | Uint8Array)[]> {
  const messages: (string | Uint8Array)[] = [];
  for await (const message of connection) messages.push(message);
  return messages;
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

Deno.test("Connection says where it stands and what the handshake agreed on", async () => {
  const opened = open();
  const { connection } = opened;
  assertEquals([connection.url, connection.subprotocol, connection.extensions], ["ws://test/", "", ""]);
  assertEquals([connection.info.isTls, connection.request, connection.responseHeaders], [false, undefined, undefined]);
  assertEquals([connection.state, connection.bufferedAmount], ["open", 0]);
  await opened.end();
  assertEquals(connection.state, "closed");
});
