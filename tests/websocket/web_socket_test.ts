import { serve, type ServeOptions, type Server } from "../../websocket/server.ts";
import { WebSocket } from "../../websocket/web_socket.ts";
import { assert, assertEquals, assertInstanceOf, assertThrows, concat } from "../std.ts";
import { type RawPeer, rawServer, serverFrame } from "./raw_server.ts";

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;

function echoServer(options: ServeOptions = {}): Server {
  const message: ServeOptions["message"] = (ws, data, isText) => void ws.send(data, { text: isText });
  return serve({ port: 0, hostname: "127.0.0.1", message, ...options });
}

/** The next event of a name. */
function once(socket: WebSocket, name: string): Promise<Event> {
  return new Promise((resolve) => socket.addEventListener(name, resolve, { once: true }));
}

async function message(socket: WebSocket): Promise<unknown> {
  const event = await once(socket, "message");
  assertInstanceOf(event, MessageEvent);
  return event.data;
}

async function closeOf(socket: WebSocket): Promise<Pick<CloseEvent, "code" | "reason" | "wasClean">> {
  const event = await once(socket, "close");
  assertInstanceOf(event, CloseEvent);
  const { code, reason, wasClean } = event;
  return { code, reason, wasClean };
}

function domException(name: string, run: () => unknown, what?: string): void {
  assertEquals(assertThrows(run, DOMException, undefined, what).name, name, what);
}

Deno.test("WebSocket has the constants on the class and on its prototype, and they stay", () => {
  for (const holder of [WebSocket, WebSocket.prototype]) {
    assertEquals([holder.CONNECTING, holder.OPEN, holder.CLOSING, holder.CLOSED], [0, 1, 2, 3]);
    assertThrows(() => Object.assign(holder, { OPEN: 7 }), TypeError);
    assert(Object.keys(holder).includes("OPEN"));
  }
  assert(WebSocket.prototype instanceof EventTarget);
});

Deno.test("WebSocket goes through its states and sends and receives text", async () => {
  await using server = echoServer({ subprotocols: ["v2"] });
  const socket = new WebSocket(new URL("/a?b=c", server.url), ["v1", "v2"]);
  assertEquals([socket.readyState, socket.protocol, socket.extensions], [WebSocket.CONNECTING, "", ""]);
  assertEquals(socket.url, new URL("/a?b=c", server.url).href);
  assertEquals((await once(socket, "open")).type, "open");
  assertEquals([socket.readyState, socket.protocol], [WebSocket.OPEN, "v2"]);
  const received = once(socket, "message");
  socket.send("hällo");
  const event = await received;
  assertInstanceOf(event, MessageEvent);
  assertEquals([event.data, event.origin], ["hällo", new URL(server.url).origin]);
  const closed = closeOf(socket);
  socket.close(3001, "döne");
  assertEquals(socket.readyState, WebSocket.CLOSING);
  assertEquals(await closed, { code: 3001, reason: "", wasClean: true });
  assertEquals(socket.readyState, WebSocket.CLOSED);
});

Deno.test("WebSocket gives binary messages as Blob or ArrayBuffer, whatever it was sent", async () => {
  await using server = echoServer();
  const socket = new WebSocket(server.url);
  assertEquals(socket.binaryType, "blob");
  await once(socket, "open");
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const blob = message(socket);
  socket.send(bytes.subarray(1, 3));
  const data = await blob;
  assertInstanceOf(data, Blob);
  assertEquals(new Uint8Array(await data.arrayBuffer()), Uint8Array.of(2, 3));
  socket.binaryType = "arraybuffer";
  Object.assign(socket, { binaryType: "nonsense" });
  assertEquals(socket.binaryType, "arraybuffer");
  for (const data of [bytes.buffer, new DataView(bytes.buffer), new Blob([bytes])]) {
    const next = message(socket);
    socket.send(data);
    const received = await next;
    assertInstanceOf(received, ArrayBuffer);
    assertEquals(new Uint8Array(received), bytes);
  }
  const closed = closeOf(socket);
  socket.close();
  assertEquals(await closed, { code: 1005, reason: "", wasClean: true });
});

Deno.test("WebSocket keeps the order of what is sent around a Blob, and closes behind it", async () => {
  await using server = echoServer();
  const socket = new WebSocket(server.url);
  socket.binaryType = "arraybuffer";
  const received: unknown[] = [];
  socket.onmessage = ({ data }) => received.push(typeof data === "string" ? data : (data as ArrayBuffer).byteLength);
  await once(socket, "open");
  const buffer = Uint8Array.of(1, 2);
  socket.send("first");
  socket.send(new Blob([new Uint8Array(1000)]));
  assert(socket.bufferedAmount >= 1000);
  socket.send(buffer);
  socket.send(new Blob(["xyz"]));
  socket.send("last");
  buffer.buffer.transfer();
  assertEquals(socket.bufferedAmount >= 1000 + 2 + 3 + 4, true);
  // What the server echoes after close() was called is dropped, so wait for the last.
  while (received.at(-1) !== "last") await once(socket, "message");
  assertEquals(received, ["first", 1000, 2, 3, "last"]);
  assertEquals(socket.bufferedAmount, 0);
  const closed = closeOf(socket);
  socket.send(new Blob(["before the close frame"]));
  socket.close(1000);
  assertEquals((await closed).code, 1000);
});

Deno.test("WebSocket sends what came before close, and counts what comes after it", async () => {
  const received: string[] = [];
  await using server = serve({ port: 0, hostname: "127.0.0.1" }, async (ws) => {
    for await (const message of ws) received.push(typeof message === "string" ? message : `${message.length} bytes`);
  });
  const socket = new WebSocket(server.url);
  await once(socket, "open");
  const closed = closeOf(socket);
  socket.send(new Blob(["one"]));
  socket.send("two");
  socket.close(4000, "end");
  socket.close();
  const before = socket.bufferedAmount;
  socket.send("späť");
  socket.send(new Uint8Array(4));
  assertEquals(socket.bufferedAmount - before, 6 + 4);
  assertEquals(await closed, { code: 4000, reason: "", wasClean: true });
  assert(socket.bufferedAmount >= 10);
  await server.shutdown();
  assertEquals(received, ["3 bytes", "two"]);
});

async function upgrade(peer: RawPeer, ...frames: Uint8Array[]): Promise<void> {
  await peer.readHead();
  await peer.write(peer.acceptance());
  await peer.write(concat(frames));
}

Deno.test("WebSocket dispatches each event as a task of its own, in order", async () => {
  const close = serverFrame(CLOSE, Uint8Array.of(0x0f, 0xa0, 98, 121, 101));
  await using raw = rawServer(async (peer) => {
    await upgrade(peer, serverFrame(TEXT, "1"), serverFrame(TEXT, "2"), serverFrame(BINARY, "3"), close);
    await peer.read(8);
  });
  const socket = new WebSocket(raw.url);
  const events: string[] = [];
  // Each listener is set within a promise that the event before has resolved: none may come in between.
  await once(socket, "open");
  events.push("open");
  for (let count = 0; count < 3; count++) {
    const data = await message(socket);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    events.push(typeof data === "string" ? data : `blob ${(data as Blob).size}`);
  }
  assertEquals(await closeOf(socket), { code: 4000, reason: "bye", wasClean: true });
  assertEquals(events, ["open", "1", "2", "blob 1"]);
});

Deno.test("WebSocket drops messages that arrive after close was called", async () => {
  await using raw = rawServer(async (peer) => {
    await upgrade(peer, serverFrame(TEXT, "1"), serverFrame(TEXT, "2"));
    await peer.read(6);
    await peer.write(concat([serverFrame(TEXT, "3"), serverFrame(CLOSE, "")]));
  });
  const socket = new WebSocket(raw.url);
  const received: unknown[] = [];
  socket.onmessage = ({ data }) => {
    received.push(data);
    socket.close();
  };
  assertEquals((await closeOf(socket)).code, 1005);
  assertEquals(received, ["1"]);
});

Deno.test("WebSocket reports a failed handshake by error and close with 1006", async () => {
  await using server = echoServer({ upgrade: () => new Response("no", { status: 403 }) });
  const socket = new WebSocket(server.url);
  const events: string[] = [];
  socket.onopen = () => events.push("open");
  socket.onerror = (event) => {
    assertInstanceOf(event, ErrorEvent);
    events.push(`error ${event.error.status} in state ${socket.readyState}`);
  };
  assertEquals(await closeOf(socket), { code: 1006, reason: "", wasClean: false });
  assertEquals(events, ["error 403 in state 3"]);
  socket.close();
});

Deno.test("WebSocket reports a broken protocol by error and close, and a lost connection by close alone", async () => {
  const scripts: [(peer: RawPeer) => Promise<void>, string[]][] = [
    [(peer) => upgrade(peer), ["open", "close"]],
    [async (peer) => {
      await upgrade(peer, Uint8Array.of(0xf1, 0));
      await peer.untilClosed();
    }, ["open", "error", "close"]],
  ];
  for (const [script, expected] of scripts) {
    await using raw = rawServer(script);
    const socket = new WebSocket(raw.url);
    const events: string[] = [];
    for (const name of ["open", "error", "close"]) socket.addEventListener(name, () => events.push(name));
    assertEquals(await closeOf(socket), { code: 1006, reason: "", wasClean: false });
    assertEquals(events, expected);
  }
});

Deno.test("close while connecting gives up, by error and close with 1006", async () => {
  await using raw = rawServer((peer) => peer.untilClosed());
  const socket = new WebSocket(raw.url);
  const events: string[] = [];
  for (const name of ["open", "error", "close"]) socket.addEventListener(name, () => events.push(name));
  socket.close();
  assertEquals(socket.readyState, WebSocket.CLOSING);
  assertEquals(await closeOf(socket), { code: 1006, reason: "", wasClean: false });
  assertEquals(events, ["error", "close"]);
});

Deno.test("WebSocket takes the options of connect, as second or third argument", async () => {
  const seen: unknown[] = [];
  await using server = echoServer({
    subprotocols: ["a"],
    compression: true,
    upgrade: (request) => void seen.push(request.headers.get("x-id")),
  });
  const more = { headers: { "x-id": "1" }, compression: true };
  const creators = [
    () => new WebSocket(server.url, { protocols: "a", ...more }),
    () => new WebSocket(server.url, ["a"], more),
    () => new WebSocket(server.url, "a", more),
  ];
  for (const create of creators) {
    const socket = create();
    await once(socket, "open");
    assertEquals(socket.protocol, "a");
    assert(socket.extensions.startsWith("permessage-deflate"));
    const closed = closeOf(socket);
    socket.close();
    await closed;
  }
  assertEquals(seen, ["1", "1", "1"]);
  const controller = new AbortController();
  const socket = new WebSocket(server.url, { protocols: "a", headers: { "x-id": "2" }, signal: controller.signal });
  await once(socket, "open");
  const closed = closeOf(socket);
  controller.abort();
  assertEquals((await closed).code, 1006);
});

Deno.test("the constructor refuses what the web's refuses, and wrong options", () => {
  const url = "ws://127.0.0.1:1/";
  for (const bad of ["nonsense", "ftp://a", `${url}#a`, "ws://a b/"]) {
    domException("SyntaxError", () => new WebSocket(bad), bad);
  }
  for (const protocols of ["", "a b", ["a", "a"], ["a,b"], ["a\r\n"]]) {
    domException("SyntaxError", () => new WebSocket(url, protocols), String(protocols));
  }
  assertThrows(() => new WebSocket(url, { headers: { host: "x" } }), TypeError);
  assertThrows(() => new WebSocket(url, { handshakeTimeout: -1 }), RangeError);
});

Deno.test("send and close refuse what the web's refuse", async () => {
  await using server = echoServer();
  const socket = new WebSocket(server.url);
  domException("InvalidStateError", () => socket.send("x"));
  for (const code of [0, 999, 1001, 1005, 1006, 1011, 2999, 5000, 70_000, -1, NaN]) {
    domException("InvalidAccessError", () => socket.close(code), String(code));
  }
  domException("SyntaxError", () => socket.close(1000, "ä".repeat(62)));
  assertEquals(socket.readyState, WebSocket.CONNECTING);
  await once(socket, "open");
  const echoed = message(socket);
  // As on the web, what is neither text nor bytes is sent as its text.
  Reflect.apply(socket.send, socket, [42]);
  assertEquals(await echoed, "42");
  const closed = closeOf(socket);
  socket.close(1000, "ä".repeat(61));
  assertEquals((await closed).wasClean, true);
});

Deno.test("a handler keeps its place among the listeners, and null takes it away", async () => {
  await using server = echoServer();
  const socket = new WebSocket(server.url);
  const calls: string[] = [];
  assertEquals([socket.onopen, socket.onmessage, socket.onerror, socket.onclose], [null, null, null, null]);
  socket.onmessage = () => calls.push("replaced");
  const removed = (): void => void calls.push("removed");
  socket.addEventListener("message", removed);
  socket.addEventListener("message", () => calls.push("listener"));
  socket.removeEventListener("message", removed);
  const handler = function (this: WebSocket): void {
    calls.push(`handler ${this === socket}`);
  };
  socket.onmessage = handler;
  assertEquals(socket.onmessage, handler);
  await once(socket, "open");
  const first = once(socket, "message");
  socket.send("x");
  await first;
  socket.onmessage = null;
  const second = once(socket, "message");
  socket.send("x");
  await second;
  assertEquals(calls, ["handler true", "listener", "listener"]);
  const closed = closeOf(socket);
  socket.close();
  await closed;
});

Deno.test("an event of a WebSocket keeps its readers' pace: nothing is lost where messages come faster", async () => {
  const count = 3000;
  await using server = serve({ port: 0, hostname: "127.0.0.1" }, async (ws) => {
    for (let index = 0; index < count; index++) await ws.send(`${index} ${"x".repeat(500)}`);
    await ws.close();
  });
  const socket = new WebSocket(server.url, { limits: { receiveHighWaterMark: 4096 } });
  let next = 0;
  socket.onmessage = ({ data }) => {
    assertEquals(Number.parseInt(String(data)), next);
    next++;
  };
  assertEquals((await closeOf(socket)).code, 1000);
  assertEquals(next, count);
});
