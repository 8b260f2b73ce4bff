/**
 * The interoperability client on Viaduct's public API; peers/README.md describes the paths.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import {
  connect,
  type ConnectOptions,
  failureMessage,
  HandshakeError,
  WebSocket,
  type WebSocketConnection,
} from "../../websocket/mod.ts";
import type { CheckResult, Deflate } from "./cells.ts";
import { COMPRESSION } from "./viaduct_server.ts";

const MIB = 1 << 20;
const TIMEOUT = 20_000;

/** The server that the checks ask. */
export interface ClientWay {
  readonly url: string;
  readonly deflate: Deflate;
  /** The certificate authority to trust, as PEM. */
  readonly ca?: string;
  /** The path of a Unix socket. */
  readonly unix?: string;
}

interface OpenOptions {
  readonly subprotocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

type Message = string | Uint8Array;
type Check = (way: ClientWay) => Promise<void>;

async function open(way: ClientWay, path: string, options: OpenOptions = {}): Promise<WebSocketConnection> {
  return await connect(way.url + path, { ...options, ...shared(way) });
}

function shared(way: ClientWay): ConnectOptions {
  return {
    compression: COMPRESSION[way.deflate],
    ...(way.ca === undefined ? {} : { tls: { caCerts: [way.ca] } }),
    ...(way.unix === undefined ? {} : { unix: way.unix }),
  };
}

async function next(ws: WebSocketConnection): Promise<Message> {
  for await (const message of ws) return message;
  throw new Error("The connection was closed before a message came");
}

async function expectEchoes(way: ClientWay, ...messages: Message[]): Promise<void> {
  const ws = await open(way, "/echo");
  const reader = ws.readable.getReader();
  const sending = sendAll(ws, messages);
  for (const message of messages) {
    const { value } = await reader.read();
    // deepEqual of bytes takes long at a megabyte.
    if (typeof message === "string") assert.ok(value === message, `another text, of ${value?.length}`);
    else assert.ok(value instanceof Uint8Array && Buffer.compare(value, message) === 0, `other bytes`);
  }
  await sending;
  assert.equal((await ws.close()).wasClean, true);
}

async function sendAll(ws: WebSocketConnection, messages: readonly Message[]): Promise<void> {
  for (const message of messages) await ws.send(message);
}

async function wireBytes(way: ClientWay): Promise<number[]> {
  const ws = await open(way, "/wire");
  const reader = ws.readable.getReader();
  await ws.send("a".repeat(MIB));
  await reader.read();
  const { received, sent } = JSON.parse(String((await reader.read()).value));
  await ws.close();
  return [received, sent];
}

/** How the server saw that the connection of that id was closed. */
async function closeSeen(way: ClientWay, id: string): Promise<unknown> {
  const asker = await open(way, `/recorded?id=${id}`);
  const info = JSON.parse(String(await next(asker)));
  await asker.close();
  return info;
}

function random(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}

const CHECKS: Readonly<Record<string, Check>> = {
  "text": (way) => expectEchoes(way, "hello", "", "h\u00e9llo \u2603 \u{1f600}"),
  "binary": (way) => expectEchoes(way, Uint8Array.of(0, 1, 254, 255), new Uint8Array(), random(300)),
  "large": (way) => expectEchoes(way, "\u2603".repeat(MIB / 2), random(MIB), random(3 * MIB + 1)),
  "order": (way) => expectEchoes(way, ...Array.from({ length: 1_000 }, (_, i) => `message ${i} ${"x".repeat(i)}`)),
  "fragmented, sent": async (way) => {
    const ws = await open(way, "/echo");
    const reader = ws.readable.getReader();
    await ws.sendStream(["one ", "", "message"], { text: true });
    assert.equal((await reader.read()).value, "one message");
    await ws.sendStream([4, 5, 6].map((byte) => Uint8Array.of(byte)));
    assert.deepEqual((await reader.read()).value, Uint8Array.of(4, 5, 6));
    await ws.close();
  },
  "fragmented, received": async (way) => {
    const ws = await open(way, "/fragments");
    const reader = ws.readable.getReader();
    assert.equal((await reader.read()).value, "fragmented");
    assert.deepEqual((await reader.read()).value, Uint8Array.of(1, 2, 3));
    await ws.close();
  },
  "ping, sent": async (way) => {
    const ws = await open(way, "/echo");
    assert.ok(await ws.ping(new TextEncoder().encode("ping 1")) >= 0);
    await ws.close();
  },
  "ping, received": async (way) => {
    const ws = await open(way, "/ping");
    assert.equal(await next(ws), "are you there");
    await ws.close();
  },
  "close, sent": async (way) => {
    await (await open(way, "/record?id=code")).close(4002, "bye from the client");
    assert.deepEqual(await closeSeen(way, "code"), { code: 4002, reason: "bye from the client" });
    await (await open(way, "/record?id=default")).close();
    assert.deepEqual(await closeSeen(way, "default"), { code: 1000, reason: "" });
  },
  "close, sent without status": async (way) => {
    // Only the class of the web API's shape sends a close frame without a status code.
    const socket = new WebSocket(`${way.url}/record?id=none`, shared(way));
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error("The WebSocket object failed")));
    });
    socket.close();
    assert.deepEqual(await closeSeen(way, "none"), { code: 1005, reason: "" });
  },
  "close, received": async (way) => {
    const { code, reason, wasClean } = await (await open(way, "/close")).closed;
    assert.deepEqual([code, reason, wasClean], [4001, "bye from the server", true]);
  },
  "subprotocol": async (way) => {
    const ws = await open(way, "/echo", { subprotocols: ["chat.v1", "chat.v2"] });
    assert.equal(ws.subprotocol, "chat.v2");
    await ws.close();
    const plain = await open(way, "/echo");
    assert.equal(plain.subprotocol, "");
    await plain.close();
  },
  "headers": async (way) => {
    const ws = await open(way, "/headers", { headers: { "x-client": "interop" } });
    assert.equal(ws.responseHeaders?.get("x-server"), "interop");
    assert.equal(await next(ws), "interop");
    await ws.close();
  },
  "refused": async (way) => {
    const error = await open(way, "/refuse").then(() => undefined, (error: unknown) => error);
    assert.ok(error instanceof HandshakeError, `no HandshakeError but ${String(error)}`);
    assert.deepEqual([error.status, error.headers.get("www-authenticate"), error.body], [401, "Basic", "no entry"]);
  },
  "extensions": async (way) => {
    const ws = await open(way, "/echo");
    const stateless = way.deflate === "stateless";
    assert.equal(ws.extensions.startsWith("permessage-deflate"), way.deflate !== "off", ws.extensions);
    assert.equal(ws.extensions.includes("server_no_context_takeover"), stateless, ws.extensions);
    assert.equal(ws.extensions.includes("client_no_context_takeover"), stateless, ws.extensions);
    await ws.close();
  },
  "size on the wire": async (way) => {
    for (const bytes of await wireBytes(way)) {
      if (way.deflate === "off") assert.ok(bytes > MIB, `${bytes} bytes`);
      else assert.ok(bytes > 0 && bytes < MIB / 100, `${bytes} bytes`);
    }
  },
};

/** Runs checks one after another against one server. */
export async function runClient(way: ClientWay, checks: readonly string[]): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const run = CHECKS[check];
    if (run === undefined) throw new Error(`There is no check "${check}"`);
    try {
      await within(run(way));
      results.push({ check });
    } catch (error) {
      results.push({ check, error: failureMessage(error) });
    }
  }
  return results;
}

async function within(promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timed out after ${TIMEOUT} ms`)), TIMEOUT);
  });
  await Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
