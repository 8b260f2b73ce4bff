import { inflateRawSync } from "node:zlib";
import { BufferPool } from "../../internal/buffer_pool.ts";
import { MessageWriter, type MessageWriterOptions, type SendCompression } from "../../websocket/message_writer.ts";
import { seededRandom } from "../cuts.ts";
import { assert, assertEquals, assertGreaterOrEqual, assertLess, encodeHex } from "../std.ts";
import { PoisonPool } from "./drive.ts";
import { hex, joined, KEY_NUMBER, type ParsedFrame, parseFrames, utf8 } from "./frames.ts";

const PLAIN: SendCompression = { noContextTakeover: true, windowBits: 15, threshold: 100, level: 6, memLevel: 8 };
const CONTEXT: SendCompression = { ...PLAIN, noContextTakeover: false, threshold: 0 };

function writer(options: Partial<MessageWriterOptions> = {}): MessageWriter {
  return new MessageWriter({ nextMaskingKey: undefined, compression: undefined, pool: new PoisonPool(), ...options });
}

function takeAll(from: MessageWriter): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (let bytes = from.take(); bytes !== undefined; bytes = from.take()) {
    parts.push(bytes.slice());
    from.release();
  }
  return joined(...parts);
}

function frames(from: MessageWriter): ParsedFrame[] {
  return parseFrames(takeAll(from));
}

/** Frames as `first payload`, the payload as text. */
function told(from: MessageWriter): string[] {
  return frames(from).map(({ first, payload }) => `${first.toString(16)} ${new TextDecoder().decode(payload)}`);
}

function inflated(payload: Uint8Array): Uint8Array {
  return new Uint8Array(inflateRawSync(joined(payload, hex("00 00 ff ff 03 00"))));
}

Deno.test("MessageWriter writes the examples of RFC 6455 §5.7", () => {
  const server = writer();
  server.sendText("Hello");
  assertEquals(encodeHex(takeAll(server)), "810548656c6c6f");
  const client = writer({ nextMaskingKey: () => KEY_NUMBER });
  client.sendText("Hello");
  assertEquals(encodeHex(takeAll(client)), "818537fa213d7f9f4d5158");
  server.send(new Uint8Array(256), false);
  assertEquals(encodeHex(takeAll(server).subarray(0, 4)), "827e0100");
  server.send(new Uint8Array(65536), false);
  assertEquals(encodeHex(takeAll(server).subarray(0, 10)), "827f0000000000010000");
});

Deno.test("MessageWriter sends text and bytes of every size, masked and not, copied and transferred", () => {
  const random = seededRandom(5);
  for (const nextMaskingKey of [undefined, () => Math.floor(random() * 2 ** 32)]) {
    for (const length of [0, 1, 15, 16, 17, 48, 49, 125, 126, 1000, 16383, 16384, 16385, 65535, 65536, 200_000]) {
      for (const transfer of [false, true]) {
        const sender = writer({ nextMaskingKey });
        const payload = Uint8Array.from({ length }, (_, index) => 32 + (index % 90));
        const text = new TextDecoder().decode(payload);
        sender.send(payload.slice(), false, { transfer });
        sender.send(payload.slice(), true, { transfer });
        sender.sendText(text);
        const sent = frames(sender);
        assertEquals(sent.map(({ first }) => first), [0x82, 0x81, 0x81]);
        for (const frame of sent) assertEquals(encodeHex(frame.payload), encodeHex(payload));
        assertEquals(sent.every(({ key }) => (key === undefined) === (nextMaskingKey === undefined)), true);
        assertEquals(sender.bufferedBytes, 0);
      }
    }
  }
});

Deno.test("MessageWriter encodes text as UTF-8; lone surrogates become U+FFFD (RFC 6455 §8.1)", () => {
  for (const text of ["", "é", "€".repeat(20), "a😀b", "\ud83d", "x\udc00y", "é".repeat(60), "\ufeffbom", "\u0000"]) {
    const sender = writer();
    sender.sendText(text);
    sender.sendText(text, { compress: false });
    for (const { payload } of frames(sender)) assertEquals(encodeHex(payload), encodeHex(utf8(text)));
  }
});

Deno.test("MessageWriter masks every frame with a key of its own (RFC 6455 §5.3)", () => {
  let key = 100;
  const sender = writer({ nextMaskingKey: () => key++ });
  sender.sendText("a");
  sender.send(Uint8Array.of(1), false);
  sender.control(0x9, Uint8Array.of(2));
  sender.pong(Uint8Array.of(3));
  const stream = sender.openStream(true);
  sender.sendFragment(stream, utf8("x"), false);
  sender.sendFragment(stream, utf8("y"), true);
  sender.send(new Uint8Array(100_000), false, { transfer: true });
  sender.control(0x8, new Uint8Array(0));
  assertEquals(frames(sender).map(({ key }) => key), [100, 101, 102, 103, 104, 105, 106, 107]);
});

Deno.test("MessageWriter masks with every 32-bit key, given as a signed number too (RFC 6455 §5.3)", () => {
  for (const key of [0, -1, 0xffff_ffff, -0x8000_0000, 0x7fff_ffff]) {
    const sender = writer({ nextMaskingKey: () => key });
    sender.sendText("Hello");
    const [frame] = frames(sender);
    assertEquals([frame!.key, new TextDecoder().decode(frame!.payload)], [key >>> 0, "Hello"]);
  }
});

Deno.test("MessageWriter copies what it is given, also what waits", () => {
  for (const compression of [undefined, CONTEXT]) {
    const sender = writer({ compression });
    const stream = sender.openStream(false);
    sender.sendFragment(stream, new Uint8Array(0), false);
    const bytes = new Uint8Array(20_000).fill(1);
    sender.send(bytes, false, { compress: false });
    sender.send(bytes, false);
    const other = sender.openStream(false);
    sender.sendFragment(other, bytes, true);
    bytes.fill(9);
    sender.sendFragment(stream, new Uint8Array(0), true);
    for (const payload of sender.takeDeflates() ?? []) sender.deflated(payload);
    const sent = frames(sender).filter(({ payload }) => payload.length > 0);
    assertEquals(sent.length, 3);
    for (const { payload } of sent) assertEquals(payload.every((byte) => byte === 1), true);
  }
});

Deno.test("MessageWriter does not touch the caller's bytes, unless they were transferred", () => {
  const sender = writer({ nextMaskingKey: () => KEY_NUMBER });
  const bytes = new Uint8Array(100_000).fill(1);
  sender.send(bytes, false);
  sender.control(0x9, bytes.subarray(0, 100));
  const stream = sender.openStream(false);
  sender.sendFragment(stream, bytes, true);
  takeAll(sender);
  assertEquals(bytes.every((byte) => byte === 1), true);
});

Deno.test("MessageWriter writes large transferred payloads from where they are", () => {
  const sender = writer();
  const bytes = new Uint8Array(128 << 10).fill(1);
  sender.send(bytes, false, { transfer: true });
  assertEquals(sender.take()?.length, 10);
  sender.release();
  assert(sender.take()?.buffer === bytes.buffer);
});

Deno.test("MessageWriter gives transferred buffers to the pool when they are written, and no others", () => {
  const pool = new BufferPool();
  const sender = writer({ pool });
  const settle = () => {
    while (sender.take() !== undefined) sender.release();
    return pool.held;
  };
  sender.send(new Uint8Array(256 << 10), false, { transfer: true });
  const kept = settle();
  assertGreaterOrEqual(kept, 256 << 10);
  sender.send(new Uint8Array(256 << 10).subarray(1), false, { transfer: true });
  sender.send(new Uint8Array(512 << 10).subarray(0, 256 << 10), false, { transfer: true });
  const shared = new Uint8Array(256 << 10);
  sender.sendEncoded(0x82, shared, shared);
  assertLess(settle(), kept + (64 << 10), "parts of larger buffers, and what others send too, stay away");
  const small = new Uint8Array(64 << 10);
  sender.send(small, false, { transfer: true });
  settle();
  const taken = Array.from({ length: 4 }, () => pool.take(64 << 10));
  assert(taken.includes(small), "a copied one is used again as well");
});

Deno.test("MessageWriter compresses by the threshold, by choice, and not where that makes it longer (RFC 7692 §6)", () => {
  const long = "many words ".repeat(50);
  const noise = Uint8Array.from({ length: 200 }, (_, index) => (index * index * 7919) >>> 3);
  const sender = writer({ compression: PLAIN });
  sender.sendText("x".repeat(99));
  sender.sendText("x".repeat(100));
  sender.sendText(long, { compress: false });
  sender.sendText("aaaa", { compress: true });
  sender.send(noise, false);
  sender.send(noise, false, { compress: true });
  const sent = frames(sender);
  assertEquals(sent.map(({ first }) => first), [0x81, 0xc1, 0x81, 0xc1, 0x82, 0xc2]);
  assertEquals(encodeHex(inflated(sent[1]!.payload)), "78".repeat(100));
  assertEquals(encodeHex(inflated(sent[3]!.payload)), "61616161");
  assertEquals(encodeHex(sent[4]!.payload), encodeHex(noise));
  assertEquals(encodeHex(inflated(sent[5]!.payload)), encodeHex(noise));
});

Deno.test("MessageWriter keeps the order while messages are being deflated; control frames pass", () => {
  const sender = writer({ compression: CONTEXT });
  sender.sendText("1");
  sender.sendText("2", { compress: false });
  sender.sendText("3");
  sender.control(0x9, utf8("ping"));
  sender.send(utf8("4"), false, { compress: false });
  assertEquals(told(sender), ["89 ping"]);
  assertEquals(sender.waiting, true);
  assertEquals(sender.takeDeflates()?.map((bytes) => new TextDecoder().decode(bytes)), ["1", "3"]);
  assertEquals(sender.takeDeflates(), undefined);
  sender.deflated(utf8("one"));
  assertEquals(told(sender), ["c1 one", "81 2"]);
  sender.sendText("5");
  sender.deflated(utf8("three"));
  assertEquals(told(sender), ["c1 three", "82 4"]);
  assertEquals(sender.takeDeflates()?.length, 1);
  sender.deflated(utf8("five"));
  assertEquals(told(sender), ["c1 five"]);
  assertEquals([sender.waiting, sender.bufferedBytes], [false, 0]);
});

Deno.test("MessageWriter counts what waits with its bookkeeping", () => {
  const sender = writer({ compression: CONTEXT });
  for (let count = 0; count < 10; count++) sender.send(new Uint8Array(0), false);
  assertEquals(sender.bufferedBytes, 10 * 128);
  for (const payload of sender.takeDeflates()!) sender.deflated(payload);
  assertEquals(sender.bufferedBytes, 10 * 2);
  const stream = sender.openStream(false);
  sender.send(new Uint8Array(1000), false, { compress: false });
  assertEquals(sender.bufferedBytes, 20 + 1128);
  sender.sendFragment(stream, new Uint8Array(0), true);
  takeAll(sender);
  assertEquals(sender.bufferedBytes, 0);
});

Deno.test("MessageWriter sends a stream as one message, a frame for each piece; others wait (RFC 6455 §5.4)", () => {
  const sender = writer();
  const stream = sender.openStream(true);
  sender.sendText("behind");
  sender.sendFragment(stream, utf8("a"), false);
  sender.control(0x9, utf8("!"));
  sender.sendFragment(stream, utf8(""), false);
  assertEquals(told(sender), ["1 a", "89 !", "0 "]);
  sender.sendFragment(stream, utf8("b"), true);
  assertEquals(told(sender), ["80 b", "81 behind"]);
  const whole = sender.openStream(false);
  sender.sendFragment(whole, utf8("c"), true);
  assertEquals(told(sender), ["82 c"]);
});

Deno.test("MessageWriter sends streams one after the other, in the order in which they were opened", () => {
  const sender = writer();
  const [first, second, third] = [sender.openStream(true), sender.openStream(false), sender.openStream(true)];
  sender.sendFragment(second, utf8("2a"), false);
  sender.sendFragment(third, utf8("3"), true);
  sender.sendText("4");
  assertEquals(told(sender), []);
  sender.sendFragment(first, utf8("1"), true);
  assertEquals(told(sender), ["81 1", "2 2a"]);
  sender.sendFragment(second, utf8("2b"), true);
  assertEquals(told(sender), ["80 2b", "81 3", "81 4"]);
  assertEquals([sender.waiting, sender.bufferedBytes], [false, 0]);
});

Deno.test("MessageWriter.bytesBefore counts a stream's pieces and what is in front of them, not what waits behind", () => {
  const sender = writer();
  const [first, second] = [sender.openStream(false), sender.openStream(false)];
  sender.send(new Uint8Array(5_000), false);
  assertEquals([sender.bytesBefore(first), sender.bytesBefore(second)], [0, 0]);
  sender.sendFragment(first, new Uint8Array(10), false);
  sender.sendFragment(second, new Uint8Array(20), false);
  assertEquals([sender.bytesBefore(first), sender.bytesBefore(second)], [12, 12 + 148]);
  sender.sendFragment(first, new Uint8Array(0), true);
  assertEquals([sender.bytesBefore(first), sender.bytesBefore(second)], [12 + 2 + 22, 12 + 2 + 22]);
});

Deno.test("MessageWriter.dropUnended drops a stream without an end and what waits behind it, nothing else", () => {
  const sender = writer({ compression: CONTEXT });
  sender.sendText("kept");
  const ended = sender.openStream(true);
  sender.sendFragment(ended, utf8("kept too"), true);
  const open = sender.openStream(true);
  sender.sendFragment(open, utf8("half"), false);
  sender.sendText("dropped");
  sender.sendText("dropped", { compress: false });
  const deflates = sender.takeDeflates()!;
  sender.dropUnended();
  for (const payload of deflates) sender.deflated(payload);
  assertEquals(told(sender), ["c1 kept", "81 kept too"]);
  assertEquals([sender.waiting, sender.bufferedBytes], [false, 0]);
});

Deno.test("MessageWriter answers every ping until unsent pongs exceed 64 KiB, then only the newest", () => {
  const sender = writer();
  const payload = (id: number): Uint8Array =>
    Uint8Array.from({ length: 125 }, (_, index) => (id >> (8 * (index % 3))) & 255);
  for (let id = 0; id < 10_000; id++) sender.pong(payload(id));
  const held = sender.bufferedBytes;
  assert(held > 50_000 && held <= 64 << 10, `${held} bytes of pongs`);
  // Written: the newest follows, and nothing in between.
  const sent = frames(sender).map(({ payload }) => payload[0]! | payload[1]! << 8);
  assertEquals(sent.slice(0, -1), Array.from({ length: sent.length - 1 }, (_, id) => id));
  assertEquals(sent.at(-1), 9_999);
  sender.pong(payload(5));
  assertEquals(frames(sender).length, 1, "with room, every ping is answered again");
});

Deno.test("MessageWriter counts pongs that are being written as unsent", () => {
  const sender = writer();
  for (let id = 0; id < 1_000; id++) sender.pong(new Uint8Array(125));
  const taken = sender.take()!.length;
  for (let id = 0; id < 1_000; id++) sender.pong(Uint8Array.of(id & 255));
  assert(sender.bufferedBytes - taken < 64, "only what still fits");
  assertEquals(sender.readyBytes + taken <= 64 << 10, true);
});

Deno.test("MessageWriter sends nothing behind a close frame, not even a pong that waited (RFC 6455 §5.5.1)", () => {
  const sender = writer();
  for (let id = 0; id < 1_000; id++) sender.pong(new Uint8Array(125));
  sender.control(0x8, new Uint8Array(0));
  assertEquals(frames(sender).at(-1)?.first, 0x88);
});

Deno.test("MessageWriter sends an encoded frame as it is, in order, small or large", () => {
  const sender = writer();
  for (const length of [5, 100_000]) {
    const payload = new Uint8Array(length).fill(3);
    const encoder = writer();
    encoder.send(payload, false);
    const frame = takeAll(encoder);
    const stream = sender.openStream(true);
    sender.sendEncoded(0x82, frame, payload);
    sender.sendFragment(stream, utf8("first"), true);
    sender.sendEncoded(0x82, frame, payload);
    const sent = frames(sender);
    assertEquals(sent.map(({ first, payload }) => [first, payload.length]), [[0x81, 5], [0x82, length], [
      0x82,
      length,
    ]]);
    assertEquals(payload.every((byte) => byte === 3), true);
  }
});

Deno.test("MessageWriter.clear drops everything that is not written", () => {
  const sender = writer({ compression: CONTEXT });
  sender.sendText("deflating");
  sender.control(0x9, utf8("x"));
  sender.clear();
  assertEquals([sender.take(), sender.waiting, sender.bufferedBytes, sender.takeDeflates()], [
    undefined,
    false,
    0,
    undefined,
  ]);
});
