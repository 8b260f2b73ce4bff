/**
 * Messages in, bytes out: frames, masking, compression, order (RFC 6455 §5, RFC 7692 §6). Sans-I/O.
 *
 * @module
 */

import { assert } from "../internal/assert.ts";
import type { BufferPool } from "../internal/buffer_pool.ts";
import { deflateMessage } from "./deflate.ts";
import { FIN, frameHeaderLength, MAX_HEADER, OPCODE, RSV1, writeFrameHeader } from "./frame.ts";
import { mask } from "./mask.ts";
import { OutputQueue } from "../internal/output.ts";
import { utf8Length } from "../internal/utf8.ts";

/** How a sender compresses, where compression was agreed. @internal */
export interface SendCompression {
  /** Whether each message is compressed by itself. */
  readonly noContextTakeover: boolean;
  /** The window our compressor may use, in bits. */
  readonly windowBits: number;
  /** Messages shorter than this are sent as they are, in bytes. */
  readonly threshold: number;
  /** The zlib level. */
  readonly level: number;
  /** The zlib memory level. */
  readonly memLevel: number;
}

/** What a writer needs to know. @internal */
export interface MessageWriterOptions {
  /** Gives a fresh masking key for each frame; absent where we are the server. */
  readonly nextMaskingKey: (() => number) | undefined;
  /** How messages are compressed; absent where compression was not agreed. */
  readonly compression: SendCompression | undefined;
  /** Where buffers come from. */
  readonly pool: BufferPool;
}

/**
 * **UNSTABLE** Choices for one message.
 *
 * @experimental
 */
export interface SendFlags {
  /** Whether to compress it; absent: by the threshold. */
  readonly compress?: boolean | undefined;
  /** Whether the payload belongs to the writer, which then need not copy it. */
  readonly transfer?: boolean | undefined;
}

/** A frame, or a message being streamed, that waits for its turn. */
interface Pending {
  first: number;
  payload: Uint8Array;
  /** Whether its payload may be written: a message being deflated, or a stream without data, is not. */
  ready: boolean;
  /** The frames of a streamed message that came before its turn. */
  frames: { readonly first: number; readonly payload: Uint8Array }[] | undefined;
}

/** A message that is being sent in pieces. @internal */
export interface OutgoingStream {
  readonly pending: Pending;
  opcode: number;
  ended: boolean;
}

/**
 * Payloads from this size on are written from the caller's buffer, behind a header of their own, if it was transferred:
 * below, the second write costs more than the copy (bench/load).
 */
const APPEND_FROM = 128 << 10;
/** Strings up to this length are encoded by hand: `encodeInto` and the view it needs cost about 150 ns. */
const SHORT_TEXT = 96;
/** Payloads up to this length are copied by hand: `set` costs about 30 ns. */
const SHORT_COPY = 16;
/** Every ping is answered until this many bytes of pongs are unsent; then only the newest. */
const MAX_UNSENT_PONGS = 64 << 10;
/** What an entry that waits costs beside its payload, in bytes. */
const PENDING_COST = 128;

const encoder = new TextEncoder();

/**
 * Encodes one side's frames into an {@linkcode OutputQueue}, in the order of the calls.
 *
 * @internal
 */
export class MessageWriter {
  readonly #nextMaskingKey: (() => number) | undefined;
  readonly #compression: SendCompression | undefined;
  readonly #output: OutputQueue;
  #pending: Pending[] | undefined;
  #pendingBytes = 0;
  #deflates: Uint8Array[] | undefined;
  #pongBytes = 0;
  #takenPongBytes = 0;
  #lastPong: Uint8Array | undefined;

  constructor(options: MessageWriterOptions) {
    this.#nextMaskingKey = options.nextMaskingKey;
    this.#compression = options.compression;
    this.#output = new OutputQueue(options.pool);
  }

  /** The bytes accepted and not yet written, those that wait for compression included. */
  get bufferedBytes(): number {
    return this.#output.length + this.#pendingBytes;
  }

  /** The bytes encoded and not yet taken. */
  get readyBytes(): number {
    return this.#output.end;
  }

  /** Whether {@linkcode take} would find bytes. */
  get ready(): boolean {
    return this.#output.ready;
  }

  /** Whether messages wait for compression or for a streamed message to end. */
  get waiting(): boolean {
    return this.#pending !== undefined;
  }

  /** The next bytes to write. */
  take(): Uint8Array | undefined {
    const bytes = this.#output.take();
    if (bytes !== undefined && !this.#output.ready) {
      this.#takenPongBytes = this.#pongBytes;
      this.#pongBytes = 0;
    }
    return bytes;
  }

  /** Says that the bytes taken were written. */
  release(): void {
    this.#output.release();
    this.#takenPongBytes = 0;
    if (this.#lastPong === undefined) return;
    const pong = this.#lastPong;
    this.#lastPong = undefined;
    this.pong(pong);
  }

  /** Drops everything that is not written yet. */
  clear(): void {
    this.#output.clear();
    this.dropPending();
    this.#lastPong = undefined;
  }

  /** Drops a streamed message that has not ended, and what waits behind it. */
  dropUnended(): void {
    const queue = this.#pending;
    const cut = queue?.findIndex(isUnended) ?? -1;
    if (queue === undefined || cut === -1) return;
    for (const pending of queue.splice(cut)) this.#pendingBytes -= costOf(pending);
    if (queue.length === 0) this.#pending = undefined;
  }

  /** Drops what waits for its turn. */
  dropPending(): void {
    this.#pending = undefined;
    this.#pendingBytes = 0;
    this.#deflates = undefined;
  }

  /** Sends a message of bytes. */
  send(payload: Uint8Array, isText: boolean, flags: SendFlags = NO_FLAGS): void {
    const opcode = isText ? OPCODE.TEXT : OPCODE.BINARY;
    if (this.#wantsDeflate(payload.length, flags.compress)) return this.#sendDeflated(opcode, payload, flags);
    const first = FIN | opcode;
    const isOurs = flags.transfer === true;
    if (this.#pending === undefined) this.#writeFrame(first, payload, isOurs, isOurs);
    else this.#enqueue(first, isOurs ? payload : payload.slice(), true);
  }

  /** Sends a message of text. */
  sendText(text: string, flags: SendFlags = NO_FLAGS): void {
    const isPlain = this.#compression === undefined || flags.compress === false;
    if (isPlain && this.#pending === undefined) this.#writeText(text);
    else this.send(encoder.encode(text), true, { compress: flags.compress, transfer: true });
  }

  /** Sends an unmasked frame that was encoded before, for many connections. It must not change any more. */
  sendEncoded(first: number, frame: Uint8Array, payload: Uint8Array): void {
    assert(this.#nextMaskingKey === undefined, "An encoded frame cannot be masked");
    if (this.#pending !== undefined) return this.#enqueue(first, payload, true);
    if (frame.length >= APPEND_FROM) return this.#output.append(frame, false);
    this.#output.reserve(frame.length);
    this.#output.buffer.set(frame, this.#output.end);
    this.#output.end += frame.length;
  }

  /** Sends a control frame, past everything that waits. */
  control(opcode: number, payload: Uint8Array): void {
    // Nothing follows a close frame, a pong that waits for room neither (RFC 6455 §5.5.1).
    if (opcode === OPCODE.CLOSE) this.#lastPong = undefined;
    this.#writeFrame(FIN | opcode, payload, false);
  }

  /** Answers a ping (RFC 6455 §5.5.3). */
  pong(payload: Uint8Array): void {
    const size = MAX_HEADER + payload.length;
    if (this.#pongBytes + this.#takenPongBytes + size > MAX_UNSENT_PONGS) {
      this.#lastPong = payload.slice();
      return;
    }
    this.#pongBytes += size;
    this.control(OPCODE.PONG, payload);
  }

  /** Begins a message that is sent in pieces. What is sent meanwhile waits behind it. */
  openStream(isText: boolean): OutgoingStream {
    const pending = { first: 0, payload: NO_PAYLOAD, ready: false, frames: undefined };
    (this.#pending ??= []).push(pending);
    return { pending, opcode: isText ? OPCODE.TEXT : OPCODE.BINARY, ended: false };
  }

  /** Sends a piece of a streamed message as one frame (RFC 6455 §5.4). */
  sendFragment(stream: OutgoingStream, payload: Uint8Array, fin: boolean): void {
    const first = (fin ? FIN : 0) | stream.opcode;
    stream.opcode = OPCODE.CONTINUATION;
    stream.ended = fin;
    const { pending } = stream;
    if (this.#pending?.[0] === pending) {
      this.#writeFrame(first, payload, false);
      if (fin) this.#endPending();
      return;
    }
    (pending.frames ??= []).push({ first, payload: payload.slice() });
    this.#pendingBytes += payload.length + PENDING_COST;
    if (fin) pending.ready = true;
  }

  /** The bytes to write until all pieces of a streamed message are on their way; what waits behind it does not count. */
  bytesBefore(stream: OutgoingStream): number {
    let bytes = this.#output.length;
    for (const pending of this.#pending ?? []) {
      bytes += costOf(pending);
      if (pending === stream.pending) return bytes;
    }
    return this.#output.length;
  }

  /** The payloads to deflate with context, in order; {@linkcode deflated} must be called once for each, in order. */
  takeDeflates(): Uint8Array[] | undefined {
    const deflates = this.#deflates;
    this.#deflates = undefined;
    return deflates;
  }

  /** The result for the oldest payload that {@linkcode takeDeflates} gave. */
  deflated(payload: Uint8Array): void {
    const pending = this.#pending?.find(isDeflating);
    if (pending === undefined) return;
    pending.ready = true;
    this.#pendingBytes += payload.length - pending.payload.length;
    pending.payload = payload;
    this.#drainPending();
  }

  #wantsDeflate(length: number, compress: boolean | undefined): boolean {
    if (this.#compression === undefined || compress === false) return false;
    return compress === true || length >= this.#compression.threshold;
  }

  #sendDeflated(opcode: number, payload: Uint8Array, flags: SendFlags): void {
    const compression = this.#compression!;
    const first = FIN | RSV1 | opcode;
    if (!compression.noContextTakeover) {
      const owned = flags.transfer === true ? payload : payload.slice();
      this.#enqueue(first, owned, false);
      (this.#deflates ??= []).push(owned);
      return;
    }
    const deflated = deflateMessage(payload, compression);
    // What compression makes longer goes as it is; without context nothing depends on it.
    const isShorter = deflated.length < payload.length;
    const bytes = isShorter || flags.compress === true ? deflated : payload;
    const firstByte = bytes === deflated ? first : FIN | opcode;
    if (this.#pending === undefined) this.#writeFrame(firstByte, bytes, bytes === deflated);
    else this.#enqueue(firstByte, bytes === deflated ? bytes : bytes.slice(), true);
  }

  #enqueue(first: number, payload: Uint8Array, ready: boolean): void {
    (this.#pending ??= []).push({ first, payload, ready, frames: undefined });
    this.#pendingBytes += payload.length + PENDING_COST;
  }

  /** Writes what has become ready, in order. */
  #drainPending(): void {
    const queue = this.#pending;
    if (queue === undefined) return;
    let done = 0;
    for (const pending of queue) {
      if (pending.frames !== undefined) this.#writeStreamed(pending);
      if (!pending.ready) break;
      if (pending.first !== 0) {
        this.#pendingBytes -= pending.payload.length + PENDING_COST;
        this.#writeFrame(pending.first, pending.payload, true);
      }
      done++;
    }
    if (done === queue.length) this.#pending = undefined;
    else queue.splice(0, done);
  }

  #writeStreamed(pending: Pending): void {
    for (const { first, payload } of pending.frames ?? []) {
      this.#pendingBytes -= payload.length + PENDING_COST;
      this.#writeFrame(first, payload, true);
    }
    pending.frames = undefined;
  }

  #endPending(): void {
    this.#pending!.shift();
    if (this.#pending!.length === 0) this.#pending = undefined;
    else this.#drainPending();
  }

  /**
   * Writes a frame. A payload that does not change any more may be written without a copy (`transfer`); one that is
   * nobody else's either is used again by the pool (`isOurs`).
   */
  #writeFrame(first: number, payload: Uint8Array, transfer: boolean, isOurs = false): void {
    const output = this.#output;
    const length = payload.length;
    const key = this.#nextKey();
    if (transfer && length >= APPEND_FROM) {
      output.reserve(MAX_HEADER);
      output.end = writeFrameHeader(output.buffer, output.end, first, length, key);
      if (key !== -1) mask(payload, 0, length, key, 0);
      output.append(payload, isOurs);
      return;
    }
    output.reserve(MAX_HEADER + length);
    const buffer = output.buffer;
    const start = writeFrameHeader(buffer, output.end, first, length, key);
    if (length > SHORT_COPY) buffer.set(payload, start);
    else for (let index = 0; index < length; index++) buffer[start + index] = payload[index]!;
    const end = start + length;
    if (key !== -1) mask(buffer, start, end, key, 0);
    output.end = end;
    if (isOurs) output.recycle(payload);
  }

  #writeText(text: string): void {
    if (text.length <= SHORT_TEXT && this.#writeShortAscii(text)) return;
    const output = this.#output;
    const key = this.#nextKey();
    const length = utf8Length(text);
    output.reserve(MAX_HEADER + length);
    const start = writeFrameHeader(output.buffer, output.end, FIN | OPCODE.TEXT, length, key);
    encoder.encodeInto(text, output.buffer.subarray(start, start + length));
    if (key !== -1) mask(output.buffer, start, start + length, key, 0);
    output.end = start + length;
  }

  /** Writes a short text in one pass, as long as all of it is ASCII; nothing is written otherwise. */
  #writeShortAscii(text: string): boolean {
    const output = this.#output;
    const length = text.length;
    output.reserve(MAX_HEADER + length);
    const { buffer, end } = output;
    const start = end + frameHeaderLength(length, this.#nextMaskingKey !== undefined);
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      buffer[start + index] = code;
    }
    const key = this.#nextKey();
    writeFrameHeader(buffer, end, FIN | OPCODE.TEXT, length, key);
    if (key !== -1) mask(buffer, start, start + length, key, 0);
    output.end = start + length;
    return true;
  }

  #nextKey(): number {
    return this.#nextMaskingKey === undefined ? -1 : this.#nextMaskingKey() >>> 0;
  }
}

const NO_FLAGS: SendFlags = {};
const NO_PAYLOAD: Uint8Array = new Uint8Array(0);

function isDeflating(pending: Pending): boolean {
  return !pending.ready && pending.first !== 0;
}

/** Whether it is a streamed message whose end is not known yet. */
function isUnended(pending: Pending): boolean {
  return !pending.ready && pending.first === 0;
}

/** What an entry that waits counts, in bytes. */
function costOf({ first, payload, frames = [] }: Pending): number {
  const own = first === 0 ? 0 : payload.length + PENDING_COST;
  return frames.reduce((sum, frame) => sum + frame.payload.length + PENDING_COST, own);
}
