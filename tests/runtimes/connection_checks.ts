/**
 * The public API over streams in memory: everything but sockets.
 *
 * @module
 */

import {
  accept,
  type AcceptOptions,
  connect,
  ConnectionClosedError,
  type ConnectOptions,
  HandshakeError,
  reconnecting,
  serve,
  WebSocket,
  type WebSocketConnection,
} from "../../mod.ts";
import { encodeKey, formatUpgradeRequest } from "../../websocket/handshake.ts";
import { ResponseHeadParser } from "../../websocket/http1.ts";
import type { ByteStream } from "../../internal/stream.ts";
import { memoryPair } from "../memory_stream.ts";
import { assert, assertEquals, type Checks, rejection } from "./checking.ts";

const URL_TEXT = "ws://memory.invalid/room";

/** A `dial` function that a server of the given options answers, and what it has accepted. */
function dialling(options: AcceptOptions = {}): {
  readonly dial: () => Promise<ByteStream>;
  readonly accepted: Promise<WebSocketConnection | undefined>[];
} {
  const accepted: Promise<WebSocketConnection | undefined>[] = [];
  const dial = (): Promise<ByteStream> => {
    const [near, far] = memoryPair();
    accepted.push(accept(far, options));
    return Promise.resolve(near);
  };
  return { dial, accepted };
}

interface Ends {
  readonly client: WebSocketConnection;
  readonly server: WebSocketConnection;
}

async function open(clientOptions: ConnectOptions = {}, serverOptions: AcceptOptions = {}): Promise<Ends> {
  const { dial, accepted } = dialling(serverOptions);
  const client = await connect(URL_TEXT, { ...clientOptions, dial });
  const server = await accepted[0];
  assert(server !== undefined, "Client must be let in");
  return { client, server };
}

const ECHO: AcceptOptions = { message: (ws, data, isText) => void ws.send(data, { text: isText }) };

async function closeBoth({ client, server }: Ends): Promise<void> {
  await client.close();
  const { code, wasClean } = await server.closed;
  assertEquals([code, wasClean], [1000, true]);
}

async function checkEcho(): Promise<void> {
  const ends = await open({}, ECHO);
  const messages = ["hello", "", "k\u00f6\u2603\u{1f600}", Uint8Array.of(0, 255), new Uint8Array(200_000).fill(7)];
  for (const message of messages) await ends.client.send(message);
  const echoes: (string | Uint8Array)[] = [];
  for await (const message of ends.client) {
    echoes.push(message);
    if (echoes.length === messages.length) break;
  }
  assertEquals(echoes, messages);
  await closeBoth(ends);
}

/** More messages than the buffers hold, in both directions at once: reading and writing must take turns. */
async function checkPressure(): Promise<void> {
  const limits = { sendHighWaterMark: 1_000, receiveHighWaterMark: 1_000 };
  const ends = await open({ limits }, { ...ECHO, limits });
  const count = 500;
  const sending = (async () => {
    for (let index = 0; index < count; index++) await ends.client.send(`${index} ${"x".repeat(index)}`);
  })();
  let received = 0;
  for await (const message of ends.client) {
    assertEquals(message, `${received} ${"x".repeat(received)}`);
    if (++received === count) break;
  }
  await sending;
  await closeBoth(ends);
}

async function checkStreamedMessages(): Promise<void> {
  const ends = await open();
  void ends.client.sendStream(["one ", Uint8Array.of(0x32), " three"], { text: true });
  for await (const message of ends.server.messages()) {
    let text = "";
    for await (const chunk of message) text += new TextDecoder().decode(chunk);
    assertEquals([message.isText, text], [true, "one 2 three"]);
    break;
  }
  await closeBoth(ends);
}

async function checkWebStreams(): Promise<void> {
  const { client, server } = await open();
  const piped = server.readable.pipeTo(server.writable);
  const [reader, writer] = [client.readable.getReader(), client.writable.getWriter()];
  await writer.write("through streams");
  assertEquals((await reader.read()).value, "through streams");
  await writer.close();
  assertEquals((await reader.read()).done, true);
  await piped;
  assertEquals((await client.closed).code, 1000);
}

async function checkClosing(): Promise<void> {
  const { client, server } = await open();
  assert(await client.ping(Uint8Array.of(1, 2)) >= 0, "Ping must be answered");
  const [closed, seen] = await Promise.all([client.close(4001, "bye"), server.closed]);
  assertEquals([closed.code, closed.wasClean, seen.code, seen.reason], [4001, true, 4001, "bye"]);
  assert(await rejection(client.send("late")) instanceof ConnectionClosedError, "Late message must be refused");
}

async function checkTransfer(): Promise<void> {
  const ends = await open({}, ECHO);
  const bytes = new Uint8Array(100_000).fill(9);
  const expected = bytes.slice();
  await ends.client.send(bytes, { transfer: true });
  assertEquals(bytes.length, 0);
  for await (const message of ends.client) {
    assertEquals(message, expected);
    break;
  }
  await closeBoth(ends);
}

async function checkCompression(hasZlib: boolean): Promise<void> {
  for (const takeover of [false, true]) {
    const compression = {
      threshold: 0,
      serverNoContextTakeover: !takeover,
      clientNoContextTakeover: !takeover,
    };
    const ends = await open({ compression }, { ...ECHO, compression });
    assertEquals(ends.client.extensions.startsWith("permessage-deflate"), hasZlib);
    assertEquals(ends.server.extensions, ends.client.extensions);
    // In a browser, a Request has no such field whatever was sent.
    if (!hasZlib) assertEquals(ends.server.request?.headers.has("sec-websocket-extensions"), false);
    const texts = ["squeeze me ".repeat(100), "again: " + "squeeze me ".repeat(100)];
    for (const text of texts) await ends.client.send(text);
    for await (const message of ends.client) {
      assertEquals(message, texts.shift());
      if (texts.length === 0) break;
    }
    await closeBoth(ends);
  }
}

/** A client that offers compression whatever the server's runtime has. */
async function checkOffer(hasZlib: boolean): Promise<void> {
  const [near, far] = memoryPair();
  const accepted = accept(far, { compression: true });
  const key = encodeKey(new Uint8Array(16));
  near.peer.push(formatUpgradeRequest({ url: new URL(URL_TEXT), key, compression: {} }));
  const server = await accepted;
  assert(server !== undefined, "Client must be let in");
  const answer = new ResponseHeadParser().push(near.takeArrived());
  assertEquals(answer?.headers.has("sec-websocket-extensions"), hasZlib);
  server.terminate();
}

async function checkRefusal(): Promise<void> {
  const { dial, accepted } = dialling({
    upgrade: () => new Response("no entry", { status: 401, headers: { "x-why": "because" } }),
  });
  const error = await rejection(connect(URL_TEXT, { dial }));
  assert(error instanceof HandshakeError, `Must be a HandshakeError, received ${error.name}`);
  assertEquals([error.status, error.headers.get("x-why"), error.body], [401, "because", "no entry"]);
  assertEquals(await accepted[0], undefined);
}

async function checkNegotiation(): Promise<void> {
  const wanted: ConnectOptions = { subprotocols: ["v2", "v1"], headers: { "x-client": "1" } };
  const ends = await open(wanted, { subprotocols: ["v1"], upgrade: () => ({ headers: { "x-server": "2" } }) });
  const { client, server } = ends;
  assertEquals([client.subprotocol, server.subprotocol], ["v1", "v1"]);
  assertEquals([client.url, server.url], [URL_TEXT, URL_TEXT]);
  assertEquals([server.request?.url, server.request?.headers.get("x-client")], ["http://memory.invalid/room", "1"]);
  assertEquals(client.responseHeaders?.get("x-server"), "2");
  await closeBoth(ends);
}

async function checkAbort(): Promise<void> {
  const reason = new Error("Enough");
  const controller = new AbortController();
  const { client, server } = await open({ signal: controller.signal });
  controller.abort(reason);
  const { code, error } = await client.closed;
  assertEquals([code, error === reason], [1006, true]);
  assertEquals((await server.closed).code, 1006);
}

async function checkDropIn(): Promise<void> {
  const { dial } = dialling({ ...ECHO, subprotocols: ["v1"] });
  const socket = new WebSocket(URL_TEXT, ["v1"], { dial });
  assertEquals([socket.readyState, socket.url, socket.binaryType], [0, URL_TEXT, "blob"]);
  const next = (type: "open" | "message" | "close"): Promise<Event> => {
    return new Promise((resolve, reject) => {
      socket.addEventListener(type, resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error("Socket failed")), { once: true });
    });
  };
  const data = async (): Promise<unknown> => {
    const event = await next("message");
    assert(event instanceof MessageEvent, "Message must be a MessageEvent");
    return event.data;
  };
  await next("open");
  assertEquals([socket.readyState, socket.protocol], [1, "v1"]);
  socket.send("text");
  assertEquals(await data(), "text");
  socket.send(new Blob(["blob"]));
  const blob = await data();
  assert(blob instanceof Blob, "Bytes must come as a Blob");
  assertEquals(await blob.text(), "blob");
  socket.binaryType = "arraybuffer";
  socket.send(Uint8Array.of(1, 2));
  const buffer = await data();
  assert(buffer instanceof ArrayBuffer, "Bytes must come as an ArrayBuffer");
  assertEquals(new Uint8Array(buffer), Uint8Array.of(1, 2));
  const closed = next("close");
  socket.close(4001, "bye");
  const event = await closed;
  assert("code" in event && "wasClean" in event, "Close event must say how it ended");
  assertEquals([event.code, event.wasClean, socket.readyState], [4001, true, 3]);
}

async function checkReconnecting(): Promise<void> {
  const { dial } = dialling({ open: (ws) => void ws.send("welcome").then(() => ws.close(1012)) });
  const received: unknown[] = [];
  for await (const ws of reconnecting(URL_TEXT, { dial, backoff: { initial: 1 } })) {
    try {
      for await (const message of ws) received.push(message);
    } catch (error) {
      if (!(error instanceof ConnectionClosedError)) throw error;
    }
    if (received.length === 2) break;
  }
  assertEquals(received, ["welcome", "welcome"]);
}

/** Where there are no sockets, the error must say so. */
async function checkSockets(hasSockets: boolean): Promise<void> {
  if (hasSockets) return;
  const error = await rejection(connect("ws://127.0.0.1:9/"));
  assert(error.message.includes("runtime must have"), `Error must say what is missing, received ${error.message}`);
}

/** Only Deno listens; elsewhere the program does, and gives its sockets to `accept()`. */
async function checkListeners(): Promise<void> {
  if ("Deno" in globalThis) return;
  const error = await rejection(Promise.resolve({ port: 0 }).then((options) => serve(options)));
  assert(error.message.includes("runtime must have"), `Error must say what is missing, received ${error.message}`);
}

/** Checks of connections. @internal */
export const CONNECTION_CHECKS: Checks = {
  "handler and iteration echo": checkEcho,
  "back-pressure": checkPressure,
  "messages as streams": checkStreamedMessages,
  "web streams": checkWebStreams,
  "ping and close": checkClosing,
  "transferred bytes": checkTransfer,
  "compression is agreed on where zlib is, and not offered elsewhere": ({ hasZlib }) => checkCompression(hasZlib),
  "an offer of compression is accepted only where zlib is": ({ hasZlib }) => checkOffer(hasZlib),
  "refusal": checkRefusal,
  "negotiation": checkNegotiation,
  "abort": checkAbort,
  "drop-in WebSocket": checkDropIn,
  "reconnecting": checkReconnecting,
  "missing sockets are named": ({ hasSockets }) => checkSockets(hasSockets),
  "missing listeners are named": checkListeners,
};
