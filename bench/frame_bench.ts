/**
 * Decoding and encoding of frames: by the whole protocol, and by its reader and writer alone. Every row moves 64 KiB of
 * payload, in as many messages as its size says: the GB/s of a row are 65.536 divided by its time in microseconds, and
 * its time divided by the number of messages is what one costs.
 */

import { BufferPool } from "../internal/buffer_pool.ts";
import { encodeUnmaskedFrame, FIN, OPCODE } from "../websocket/frame.ts";
import { MessageReader } from "../websocket/message_reader.ts";
import { MessageWriter } from "../websocket/message_writer.ts";
import { Protocol } from "../websocket/protocol.ts";

type Role = "client" | "server";
type Kind = "text" | "binary";

/** What every row moves, in bytes. */
const BATCH = 64 << 10;
const SIZES: readonly (readonly [string, number])[] = [["16 B", 16], ["64 B", 64], ["1 KiB", 1024], ["64 KiB", BATCH]];
const ROLES: readonly Role[] = ["server", "client"];
const KINDS: readonly Kind[] = ["binary", "text"];
/** The sizes of the reads, in bytes. */
const CUTS: readonly (readonly [string, number])[] = [["whole", Infinity], ["in reads of 1 KiB", 1024]];
const MAX_MESSAGE = 1 << 20;

/** Its bytes are below 0x80, so that ASCII stays ASCII: a batch that a run has unmasked is the next run's input. */
const MASKING_KEY = 0x01020304;
const TEXT = '{"id":1,"ok":true,"name":"Ada"} ';

/** A payload of ASCII text, whatever its kind. */
function payloadOf(size: number): Uint8Array {
  return new TextEncoder().encode(TEXT.repeat(Math.ceil(size / TEXT.length)).slice(0, size));
}

function nextMaskingKey(): number {
  return MASKING_KEY;
}

/** Says what would make a row measure something else than it says. */
function expectCount(expected: number, received: number): void {
  if (received !== expected) throw new Error(`Batch must hold ${expected} messages, received ${received}`);
}

// ---------------------------------------------------------------------------------------------------------- Decode

/** The frames that a role receives, in chunks. */
function framesFor(role: Role, kind: Kind, size: number, cut: number): Uint8Array[] {
  const payload = payloadOf(size);
  const opcode = kind === "text" ? OPCODE.TEXT : OPCODE.BINARY;
  const sender = new Protocol({ role: "client", nextMaskingKey });
  const bytes: number[] = [];
  for (let sent = 0; sent < BATCH; sent += size) {
    if (role === "client") {
      for (const byte of encodeUnmaskedFrame(FIN | opcode, payload)) bytes.push(byte);
      continue;
    }
    sender.send(payload, kind === "text");
    for (const byte of sender.takeOutput()!) bytes.push(byte);
    sender.outputWritten();
  }
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += cut) chunks.push(Uint8Array.from(bytes.slice(at, at + cut)));
  return chunks;
}

function decodeByProtocol(protocol: Protocol, chunks: readonly Uint8Array[]): number {
  let count = 0;
  for (const chunk of chunks) {
    protocol.receive(chunk, 0);
    for (let event = protocol.nextEvent(); event !== undefined; event = protocol.nextEvent()) {
      if (event.type === "message") count++;
    }
  }
  return count;
}

function decodeByReader(reader: MessageReader, chunks: readonly Uint8Array[]): number {
  let count = 0;
  for (const chunk of chunks) {
    reader.feed(chunk);
    while (reader.next() !== undefined) count++;
  }
  return count;
}

function benchDecode(role: Role, kind: Kind, [name, size]: readonly [string, number]): void {
  const count = BATCH / size;
  for (const [cutName, cut] of CUTS) {
    const chunks = framesFor(role, kind, size, cut);
    const group = `${role} decodes ${count} x ${name} ${kind}, ${cutName}`;
    const protocol = new Protocol({ role, nextMaskingKey });
    Deno.bench(`Protocol, ${group}`, { group }, (): void => {
      expectCount(count, decodeByProtocol(protocol, chunks));
    });
    const expectMasked = role === "server";
    const pool = new BufferPool();
    const reader = new MessageReader({ expectMasked, maxMessage: MAX_MESSAGE, inflater: undefined, pool });
    Deno.bench(`MessageReader, ${group}`, { group }, (): void => {
      expectCount(count, decodeByReader(reader, chunks));
    });
  }
}

// ---------------------------------------------------------------------------------------------------------- Encode

function benchEncode(role: Role, kind: Kind, [name, size]: readonly [string, number]): void {
  const count = BATCH / size;
  const bytes = payloadOf(size);
  // Decoded, since the engine reads a slice of another string more slowly.
  const text = new TextDecoder().decode(bytes);
  const group = `${role} encodes ${count} x ${name} ${kind}`;
  const protocol = new Protocol({ role, nextMaskingKey });
  Deno.bench(`Protocol, ${group}`, { group }, (): void => {
    for (let index = 0; index < count; index++) {
      if (kind === "text") protocol.sendText(text);
      else protocol.send(bytes, false);
    }
    while (protocol.takeOutput() !== undefined) protocol.outputWritten();
  });
  const writer = new MessageWriter({
    nextMaskingKey: role === "client" ? nextMaskingKey : undefined,
    compression: undefined,
    pool: new BufferPool(),
  });
  Deno.bench(`MessageWriter, ${group}`, { group }, (): void => {
    for (let index = 0; index < count; index++) {
      if (kind === "text") writer.sendText(text);
      else writer.send(bytes, false);
    }
    while (writer.take() !== undefined) writer.release();
  });
}

for (const size of SIZES) {
  for (const role of ROLES) {
    for (const kind of KINDS) {
      benchDecode(role, kind, size);
      benchEncode(role, kind, size);
    }
  }
}
