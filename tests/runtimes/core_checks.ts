/**
 * What needs no connection: the private library, the codecs, the handshake, the protocol.
 *
 * @module
 */

import { BufferPool } from "../../internal/buffer_pool.ts";
import { builtin } from "../../internal/builtins.ts";
import { maskingKeys } from "../../internal/masking_keys.ts";
import { nextMacrotask } from "../../internal/schedule.ts";
import { TimerWheel } from "../../internal/timer_wheel.ts";
import { closeEvent, errorEvent } from "../../internal/web_events.ts";
import { compressionAvailable, ContextDeflater, deflateMessage, MessageInflater } from "../../websocket/deflate.ts";
import {
  acceptKey,
  acceptUpgrade,
  checkUpgradeResponse,
  classifyRequest,
  formatUpgradeRequest,
  parseWebSocketUrl,
  selectSubprotocol,
} from "../../websocket/handshake.ts";
import { requestFromHead, RequestHeadParser, ResponseHeadParser } from "../../websocket/http1.ts";
import { mask } from "../../websocket/mask.ts";
import { Protocol, ProtocolError } from "../../websocket/sansio.ts";
import { decodeUtf8, isValidUtf8, utf8Length, Utf8Validator } from "../../internal/utf8.ts";
import { assert, assertEquals, type Checks } from "./checking.ts";

const encoder = new TextEncoder();
const SETTINGS = { windowBits: 15, level: 6, memLevel: 8 };
/** The key of RFC 6455 §1.3. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => index * 7);
}

function checkMask(): void {
  // RFC 6455 §5.7
  const hello = encoder.encode("Hello");
  mask(hello, 0, hello.length, 0x37fa213d, 0);
  assertEquals(hello, Uint8Array.of(0x7f, 0x9f, 0x4d, 0x51, 0x58));
  // Long enough for words; at every alignment and offset.
  for (let start = 0; start < 8; start++) {
    const bytes = bytesOf(1000);
    mask(bytes, start, 999, 0x01020304, start);
    const expected = bytesOf(1000).map((byte, at) => at < start || at >= 999 ? byte : byte ^ (1 + (at & 3)));
    assertEquals(bytes, expected);
  }
}

function checkUtf8(): void {
  const text = "\ufeffk\u00f6\u2603\u{1f600} ".repeat(20);
  const bytes = encoder.encode(text);
  assertEquals(decodeUtf8(bytes), text);
  assertEquals(utf8Length(text), bytes.length);
  assertEquals(utf8Length("\ud800"), 3);
  const validator = new Utf8Validator();
  for (let at = 0; at < bytes.length; at++) assert(validator.push(bytes, at, at + 1), `Byte ${at} must be valid`);
  assert(validator.complete, "Text must end with its last byte");
  assert(!isValidUtf8(Uint8Array.of(0xed, 0xa0, 0x80)), "A surrogate must be invalid");
}

async function checkDeflate(hasZlib: boolean): Promise<void> {
  assertEquals(compressionAvailable(), hasZlib);
  if (!hasZlib) return;
  // RFC 7692 §7.2.3.1
  const hello = Uint8Array.of(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00);
  const inflater = new MessageInflater({ noContextTakeover: false });
  assertEquals(inflater.inflate(hello, 100), encoder.encode("Hello"));
  const text = encoder.encode("to be or not to be ".repeat(50));
  const alone = deflateMessage(text, SETTINGS);
  assert(alone.length < text.length / 4, `Text must shrink, received ${alone.length} of ${text.length} bytes`);
  assertEquals(new MessageInflater({ noContextTakeover: true }).inflate(alone, text.length), text);
  const deflater = new ContextDeflater(SETTINGS);
  const messages = await Promise.all([text, text].map((message) => deflater.deflate(message)));
  deflater.close();
  const receiver = new MessageInflater({ noContextTakeover: false });
  for (const message of messages) assertEquals(receiver.inflate(message, text.length), text);
}

/** Both sides of the opening handshake, the bytes one at a time. */
function checkHandshake(): void {
  const sent = {
    url: parseWebSocketUrl("ws://user:pass@example.com/room?id=7"),
    key: KEY,
    subprotocols: ["v2", "v1"],
    headers: { "x-id": "1" },
    compression: {},
  };
  const requests = new RequestHeadParser();
  const [request] = [...formatUpgradeRequest(sent)].flatMap((byte) => requests.push(Uint8Array.of(byte)) ?? []);
  assert(request !== undefined, "Request must be complete");
  const web = requestFromHead(request);
  assertEquals([web.method, web.url, web.headers.get("x-id")], ["GET", "http://example.com/room?id=7", "1"]);
  const decision = classifyRequest(request);
  assert(decision.kind === "upgrade", `Request must be an upgrade, received ${decision.kind}`);
  const subprotocol = selectSubprotocol(["v1"], decision.upgrade.subprotocols);
  const accepted = acceptUpgrade(decision.upgrade, { subprotocol, compression: {} });
  const responses = new ResponseHeadParser();
  const [response] = [...accepted.head].flatMap((byte) => responses.push(Uint8Array.of(byte)) ?? []);
  assert(response !== undefined, "Response must be complete");
  const result = checkUpgradeResponse(response, sent);
  assertEquals([result.subprotocol, result.headers.get("sec-websocket-accept")], ["v1", ACCEPT]);
  assertEquals(result.deflate?.serverMaxWindowBits, accepted.deflate?.serverMaxWindowBits);
}

/** Two protocols that talk through byte arrays. */
function checkProtocol(): void {
  const client = new Protocol({ role: "client", nextMaskingKey: () => 0x37fa213d });
  const server = new Protocol({ role: "server" });
  const pass = (from: Protocol, to: Protocol): string[] => {
    for (let bytes = from.takeOutput(); bytes !== undefined; bytes = from.takeOutput()) {
      for (const byte of bytes) {
        to.receive(Uint8Array.of(byte), 0);
        told.push(
          ...to.takeEvents().map((event) => "data" in event ? `${event.type} ${event.data.length}` : event.type),
        );
      }
      from.outputWritten();
    }
    return told.splice(0);
  };
  const told: string[] = [];
  client.sendText("h\u00e9llo");
  client.send(bytesOf(70_000), false);
  client.sendPing(Uint8Array.of(1, 2, 3));
  assertEquals(pass(client, server), ["message 6", "message 70000", "ping 3"]);
  assertEquals(pass(server, client), ["pong 3"]);
  client.sendClose(4001, "bye", 0);
  assertEquals(pass(client, server), ["close"]);
  assertEquals(pass(server, client), ["close"]);
  assertEquals([server.closeInfo.code, server.closeInfo.reason, client.closeInfo.wasClean], [4001, "bye", true]);
}

function checkProtocolError(): void {
  const server = new Protocol({ role: "server" });
  server.receive(Uint8Array.of(0x81, 0x00), 0);
  const [event] = server.takeEvents();
  assert(event?.type === "fail", `Unmasked frame must fail, received ${event?.type}`);
  assert(event.error instanceof ProtocolError, "Failure must be a ProtocolError");
  assertEquals([event.error.code, event.error.closeCode], ["unmasked_frame", 1002]);
}

async function checkSchedule(): Promise<void> {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    nextMacrotask(() => order.push("first"));
    nextMacrotask(resolve);
    void Promise.resolve().then(() => order.push("microtask"));
  });
  assertEquals(order, ["microtask", "first"]);
}

async function checkTimers(): Promise<void> {
  const wheel = new TimerWheel();
  const start = performance.now();
  const now = await new Promise<number>((resolve) => {
    wheel.set({ deadline: Infinity, slot: -1, onDeadline: resolve }, start + 20);
  });
  assert(now >= start + 20, `Deadline must not come early, received ${now - start} ms`);
  assertEquals(wheel.size, 0);
}

function checkEvents(): void {
  const closed = closeEvent({ code: 4001, reason: "bye", wasClean: true });
  assert(closed instanceof Event && "code" in closed && "reason" in closed, "Close event must say how it ended");
  assertEquals([closed.type, closed.code, closed.reason], ["close", 4001, "bye"]);
  const failed = errorEvent(new TypeError("No"));
  assert(failed instanceof Event && "message" in failed, "Error event must say what went wrong");
  assertEquals([failed.type, failed.message], ["error", "No"]);
}

/** Checks of what needs no connection. @internal */
export const CORE_CHECKS: Checks = {
  "built-in modules are there or absent as said": ({ hasZlib, hasSockets }) => {
    assertEquals([builtin("node:zlib") !== undefined, builtin("node:tls") !== undefined], [hasZlib, hasZlib]);
    assert(hasSockets || !("Deno" in globalThis), "Runtime without sockets must not be Deno");
  },
  "masking": checkMask,
  "masking keys are 32 random bits": () => {
    const next = maskingKeys();
    const keys = new Set(Array.from({ length: 3_000 }, next));
    assert(keys.size > 2_900, `3,000 keys must differ, received ${keys.size} different ones`);
    for (const key of keys) assert(Number.isInteger(key) && key >= 0 && key < 2 ** 32, `Key must be 32 bits: ${key}`);
  },
  "UTF-8": checkUtf8,
  "SHA-1, the runtime's and ours": () => assertEquals([acceptKey(KEY), acceptKey(KEY, null)], [ACCEPT, ACCEPT]),
  "deflate": ({ hasZlib }) => checkDeflate(hasZlib),
  "handshake": checkHandshake,
  "protocol": checkProtocol,
  "protocol error": checkProtocolError,
  "buffers are used again": () => {
    const pool = new BufferPool();
    const buffer = pool.take(1_000);
    pool.give(buffer);
    assert(pool.take(600) === buffer, "Buffer must come again");
  },
  "tasks run behind microtasks": checkSchedule,
  "timer wheel": checkTimers,
  "events of the web": checkEvents,
};
