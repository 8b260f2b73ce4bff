import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "../../std.ts";
import { settled, withFakeClock } from "../../fake_clock.ts";
import { serve as serveWebSocket } from "../../../websocket/mod.ts";
import { TransportError } from "../../../wamp/transports/errors.ts";
import { HIGH_WATER_MARK, MAX_SEND_BUFFER, type Transport } from "../../../wamp/transports/transport.ts";
import {
  type BunServerSocket,
  bunWebSocket,
  connectWeb,
  type WebSocketLike,
  type WebSocketLikeEvent,
  wrapWebSocket,
} from "../../../wamp/transports/web.ts";
import { webSocketReceiver } from "../../../wamp/transports/websocket.ts";
import { Recording } from "./recording.ts";
import { BATCHED, BATCHED_BINARY, BINARY, TEXT } from "./serializer.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const ALL = [BINARY, TEXT, BATCHED, BATCHED_BINARY];

/** A socket whose other side is the test. */
class ScriptedSocket implements WebSocketLike {
  protocol = "wamp.2.json";
  readyState = 1;
  bufferedAmount = 0;
  binaryType = "blob";
  readonly sent: (string | Uint8Array)[] = [];
  readonly calls: string[] = [];
  /** Codes that `close()` refuses, as that of a page does. */
  isPage = false;
  readonly #listeners: [string, (event: WebSocketLikeEvent) => void][] = [];

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.sent.push(data);
  }

  close(code?: number, reason?: string): void {
    if (this.isPage && code !== 1000 && code! < 3000) throw new TypeError("Invalid code");
    this.calls.push(`close ${code} ${reason}`);
  }

  addEventListener(type: string, listener: (event: WebSocketLikeEvent) => void): void {
    this.#listeners.push([type, listener]);
  }

  emit(event: WebSocketLikeEvent): void {
    for (const [type, listener] of this.#listeners) if (type === event.type) listener(event);
  }

  message(data: unknown): void {
    this.emit({ type: "message", data });
  }
}

/** One that can do what the sockets of `ws` can. */
class FullSocket extends ScriptedSocket {
  terminate(): void {
    this.calls.push("terminate");
  }
  pause(): void {
    this.calls.push("pause");
  }
  resume(): void {
    this.calls.push("resume");
  }
}

/** A server of our own; the platform's WebSocket connects to it. */
function serveOwn(): {
  readonly url: string;
  readonly next: () => Promise<Transport>;
  readonly stop: () => Promise<void>;
} {
  let arrived = Promise.withResolvers<Transport>();
  const server = serveWebSocket({
    port: 0,
    hostname: "127.0.0.1",
    origins: "any",
    onListen: () => {},
    ...webSocketReceiver({ serializers: ALL, attach: (transport) => arrived.resolve(transport) }),
  });
  return {
    url: server.url,
    next: async () => {
      const transport = await arrived.promise;
      arrived = Promise.withResolvers();
      return transport;
    },
    stop: () => server.shutdown({ timeout: 0 }),
  };
}

for (const serializer of ALL) {
  Deno.test(`the platform's WebSocket carries messages both ways: ${serializer.name}`, async () => {
    const server = serveOwn();
    const [client, other] = await Promise.all([
      connectWeb(server.url, { serializers: [serializer] }),
      server.next(),
    ]);
    assertStrictEquals(client.serializer, serializer);
    assertEquals([client.info.kind, client.info.isTls], ["websocket", false]);
    assertEquals(client.info.remoteAddress, new URL(server.url).host);
    const [atClient, atServer] = [Recording.of(client), Recording.of(other)];
    client.send(bytes("grüße"));
    client.send(bytes("shared"));
    other.send(bytes("to the client"));
    await atServer.until(({ texts }) => texts.join("").length === 11);
    await atClient.count(1);
    assertEquals(atClient.texts, ["to the client"]);
    assertEquals(atServer.messages.length, serializer.isBatched ? 1 : 2);
    client.send(bytes("last"));
    client.close();
    client.close();
    client.send(bytes("too late"));
    assertEquals((await atClient.ended).wasClean, true);
    await atServer.ended;
    assertEquals(atServer.texts.at(-1), "last");
    await server.stop();
  });
}

Deno.test("a socket of Deno.upgradeWebSocket is a transport, though it is not open yet", async () => {
  const accepted = Promise.withResolvers<Transport>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const { response, socket } = Deno.upgradeWebSocket(request, { protocol: "wamp.2.json" });
    const transport = wrapWebSocket(socket, TEXT);
    transport.send(bytes("early"));
    assertEquals(transport.bufferedAmount, 5);
    accepted.resolve(transport);
    return response;
  });
  const client = await connectWeb(`ws://127.0.0.1:${server.addr.port}`, { serializers: [TEXT] });
  const other = await accepted.promise;
  const [atClient, atServer] = [Recording.of(client), Recording.of(other)];
  client.send(bytes("to the server"));
  await atServer.count(1);
  await atClient.count(1);
  assertEquals(atClient.texts, ["early"]);
  other.close();
  assertEquals((await atServer.ended).wasClean, true);
  await atClient.ended;
  await server.shutdown();
});

Deno.test("the platform's WebSocket tells what went wrong in opening", async () => {
  const lost = await assertRejects(() => connectWeb("ws://127.0.0.1:1", { serializers: [TEXT] }), TransportError);
  assertEquals(lost.code, "connection_lost");
  const socket = new ScriptedSocket();
  socket.readyState = 0;
  const made: unknown[] = [];
  const WebSocket = class {
    constructor(...args: unknown[]) {
      made.push(...args);
      return socket;
    }
  };
  const options = { serializers: [TEXT, BINARY], WebSocket: WebSocket as unknown as new () => WebSocketLike };
  await withFakeClock(async (clock) => {
    const attempt = connectWeb("wss://host/path", { ...options, timeout: 100 });
    attempt.catch(() => {});
    assertEquals(made, ["wss://host/path", ["wamp.2.json", "wamp.2.cbor"]]);
    await clock.advance(101);
    assertEquals((await assertRejects(() => attempt, TransportError)).code, "timeout");
    assertEquals([socket.calls.length, clock.timers], [1, 0]);
  });
  const controller = new AbortController();
  const aborted = connectWeb("wss://host", { ...options, signal: controller.signal });
  controller.abort(new Error("Enough"));
  await assertRejects(() => aborted, Error, "Enough");
  await assertRejects(() => connectWeb("wss://host", { ...options, signal: controller.signal }), Error, "Enough");

  const unchosen = connectWeb("wss://host", options);
  socket.protocol = "";
  socket.readyState = 1;
  socket.emit({ type: "open" });
  assertEquals((await assertRejects(() => unchosen, TransportError)).code, "no_serializer");
  socket.protocol = "wamp.2.cbor";
  const chosen = connectWeb("wss://host", options);
  socket.emit({ type: "error" });
  socket.emit({ type: "open" });
  const transport = await chosen;
  assertStrictEquals(transport.serializer, BINARY);
  assertEquals([transport.info.isTls, transport.info.remoteAddress], [true, "host"]);
});

Deno.test("an error in opening ends the attempt, also where no close follows, as in Node 22", async () => {
  const socket = new ScriptedSocket();
  socket.readyState = 0;
  const WebSocket = class {
    constructor() {
      return socket;
    }
  };
  const attempt = connectWeb("ws://host", {
    serializers: [TEXT],
    WebSocket: WebSocket as unknown as new () => WebSocketLike,
  });
  socket.emit({ type: "error" });
  assertEquals((await assertRejects(() => attempt, TransportError)).code, "connection_lost");
  assertEquals(socket.calls.length, 1);
});

Deno.test("a wrapped socket takes a message in every form, and gives text back as text", () => {
  const [socket, binary] = [new ScriptedSocket(), new ScriptedSocket()];
  const texts = Recording.of(wrapWebSocket(socket, TEXT));
  const transport = wrapWebSocket(binary, BINARY);
  const received = Recording.of(transport);
  assertEquals(socket.binaryType, "arraybuffer");
  socket.message("é");
  for (const data of [bytes("a"), bytes("b").buffer, new DataView(bytes("c").buffer), [bytes("d"), bytes("e")]]) {
    binary.message(data);
  }
  assertEquals([texts.texts, received.texts], [["é"], ["a", "b", "c", "de"]]);
  const message = bytes("x");
  transport.send(message);
  message.fill(0);
  assertEquals(binary.sent, [bytes("x")]);
});

Deno.test("a wrapped socket refuses the wrong kind with 1003 and what is too long with 1009", async () => {
  for (
    const [serializer, data, call] of [
      [TEXT, bytes("x"), "close 1003 Messages must be text, received another kind"],
      [BINARY, "x", "close 1003 Messages must be binary, received another kind"],
      [BINARY, [1], "close 1003 Messages must be binary, received another kind"],
      [BINARY, new Uint8Array(11), "close 1009 Message must have at most 10 bytes, received 11"],
    ] as const
  ) {
    const socket = new ScriptedSocket();
    const recording = Recording.of(wrapWebSocket(socket, serializer, { maxMessage: 10 }));
    socket.message(data);
    socket.message(serializer.isText ? "x" : bytes("x"));
    assertEquals([socket.calls, recording.messages.length], [[call], 0]);
    socket.emit({ type: "close", code: 1003, wasClean: true });
    assertEquals((await recording.ended).wasClean, false);
  }
});

Deno.test("a wrapped socket holds what comes before open() and while paused, in order and in bounds", async () => {
  for (const socket of [new ScriptedSocket(), new FullSocket()]) {
    const transport = wrapWebSocket(socket, TEXT);
    socket.message("1");
    const recording = new Recording();
    transport.open(recording);
    assertThrows(() => transport.open(recording), TypeError, "it has a receiver already");
    assertEquals(recording.messages.length, 0);
    socket.message("2");
    await recording.count(2);
    transport.pause();
    socket.message("3");
    socket.message("4");
    await settled();
    assertEquals(recording.messages.length, 2);
    recording.onMessage = () => transport.pause();
    transport.resume();
    await recording.count(3);
    await settled();
    assertEquals(recording.messages.length, 3);
    socket.message("5");
    socket.emit({ type: "close", code: 1000, reason: "bye", wasClean: true });
    recording.onMessage = undefined;
    assertEquals(await recording.ended, { wasClean: true, reason: "bye" });
    assertEquals(recording.texts, ["1", "2", "3", "4", "5"]);
    if (socket instanceof FullSocket) assertEquals(socket.calls.slice(0, 2), ["pause", "resume"]);
  }
  const flooded = new ScriptedSocket();
  const transport = wrapWebSocket(flooded, BINARY, { maxMessage: 100 << 20 });
  Recording.of(transport);
  transport.pause();
  const part = new Uint8Array(33 << 20);
  flooded.message(part);
  flooded.message(part);
  assertEquals(flooded.calls[0]?.startsWith("close 1009 More than"), true);
  transport.abort();
});

Deno.test("a wrapped socket looks at what waits only while that is above the mark", async () => {
  await withFakeClock(async (clock) => {
    const socket = new ScriptedSocket();
    const transport = wrapWebSocket(socket, TEXT);
    const recording = Recording.of(transport);
    transport.send(bytes("x"));
    assertEquals(clock.timers, 0);
    socket.bufferedAmount = HIGH_WATER_MARK;
    transport.send(bytes("x"));
    transport.send(bytes("x"));
    assertEquals([clock.timers, transport.bufferedAmount], [1, HIGH_WATER_MARK]);
    await clock.advance(100);
    assertEquals([recording.drains, clock.timers], [0, 1]);
    socket.bufferedAmount = HIGH_WATER_MARK / 2;
    await clock.advance(100);
    assertEquals([recording.drains, clock.timers], [1, 0]);
    socket.bufferedAmount = MAX_SEND_BUFFER;
    transport.send(bytes("x"));
    await clock.advance(1);
    assertInstanceOf(recording.closings[0]?.error, RangeError);
    assertEquals([socket.calls, clock.timers, transport.bufferedAmount], [["close 1000 "], 0, 0]);
  });
});

Deno.test("a wrapped socket fails with 1002, in a page with 4002", async () => {
  for (const isPage of [false, true]) {
    const socket = new ScriptedSocket();
    socket.isPage = isPage;
    const transport = wrapWebSocket(socket, BATCHED);
    const recording = Recording.of(transport);
    transport.send(bytes("abort message\x1e"));
    transport.fail("é".repeat(100));
    transport.fail("again");
    assertEquals(socket.sent, ["abort message\x1e"]);
    assertEquals(socket.calls, [`close ${isPage ? 4002 : 1002} ${"é".repeat(61)}`]);
    socket.emit({ type: "close", code: 1002 });
    assertEquals(await recording.ended, { wasClean: false, reason: "é".repeat(100) });
  }
});

Deno.test("a wrapped socket gives up closing where the other side does not answer", async () => {
  await withFakeClock(async (clock) => {
    const socket = new FullSocket();
    const transport = wrapWebSocket(socket, TEXT);
    const recording = Recording.of(transport);
    transport.close();
    await clock.advance(4_999);
    assertEquals([recording.closings.length, socket.calls], [0, ["resume", "close 1000 "]]);
    await clock.advance(2);
    assertEquals(recording.closings[0]?.reason, "Peer did not close the connection in time");
    assertEquals([socket.calls.at(-1), clock.timers], ["terminate", 0]);
  });
});

Deno.test("a wrapped socket aborts at once, and tells an end but once", async () => {
  const socket = new ScriptedSocket();
  const transport = wrapWebSocket(socket, BATCHED);
  const recording = Recording.of(transport);
  transport.send(bytes("never"));
  transport.abort();
  transport.abort();
  assertEquals(recording.closings.length, 0);
  assertEquals((await recording.ended).reason, "Transport was aborted");
  socket.message("late");
  socket.emit({ type: "error" });
  socket.emit({ type: "close", code: 1006 });
  transport.fail("late");
  transport.resume();
  await settled();
  assertEquals([recording.closings.length, recording.messages.length, socket.sent.length], [1, 0, 0]);
});

Deno.test("a wrapped socket says with what code it was closed, also where it was closed before", async () => {
  const socket = new ScriptedSocket();
  const recording = Recording.of(wrapWebSocket(socket, TEXT));
  socket.emit({ type: "close", code: 1011, reason: "Broken", wasClean: true });
  assertEquals(await recording.ended, { wasClean: true, reason: "WebSocket closed with 1011: Broken" });
  const gone = new ScriptedSocket();
  gone.readyState = 3;
  assertEquals(await Recording.of(wrapWebSocket(gone, TEXT)).ended, {
    wasClean: false,
    reason: "WebSocket closed with 1006",
  });
});

Deno.test("bunWebSocket gives the sockets of Bun.serve the web API's shape", async () => {
  const calls: unknown[] = [];
  const socket: BunServerSocket = {
    data: { protocol: "wamp.2.cbor" },
    readyState: 1,
    send: (data) => calls.push(data),
    close: (code, reason) => calls.push([code, reason]),
    terminate: () => calls.push("terminate"),
    getBufferedAmount: () => 7,
  };
  const transports: Transport[] = [];
  const handlers = bunWebSocket((wrapped) => {
    assertEquals(wrapped.protocol, "wamp.2.cbor");
    transports.push(wrapWebSocket(wrapped, BINARY));
  });
  handlers.open(socket);
  const transport = transports[0];
  assert(transport !== undefined);
  const recording = Recording.of(transport);
  handlers.message(socket, bytes("in"));
  transport.send(bytes("out"));
  assertEquals([recording.texts, calls, transport.bufferedAmount], [["in"], [bytes("out")], 7]);
  transport.close();
  handlers.close(socket, 1000, "");
  assertEquals((await recording.ended).wasClean, true);
  handlers.open(socket);
  transports[1]?.abort();
  assertEquals(calls.slice(1), [[1000, ""], "terminate"]);
});
