import type { DeflateParameters } from "../../websocket/extension.ts";
import { SharedMessage } from "../../websocket/broadcast.ts";
import { ConnectionClosedError, SendBufferError } from "../../websocket/errors.ts";
import type { WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { seededRandom } from "../cuts.ts";
import { settled } from "../fake_clock.ts";
import { memoryPair } from "../memory_stream.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows, encodeHex } from "../std.ts";
import { closing, hex, joined, masked, utf8 } from "./frames.ts";
import { open, openPair } from "./open_connection.ts";

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

function payloadOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31) >>> 2);
}

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
