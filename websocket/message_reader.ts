/**
 * Bytes in, messages out: frame headers, unmasking, assembly of fragments, UTF-8, inflating (RFC 6455 §5, RFC 7692 §6).
 * Sans-I/O.
 *
 * @module
 */

import { type BufferPool, EMPTY_BYTES, LARGEST_BUFFER, SMALLEST_BUFFER } from "../internal/buffer_pool.ts";
import { CLOSE_CODE, isWireCloseCode } from "./close_code.ts";
import type { MessageInflater } from "./deflate.ts";
import { ProtocolError } from "./errors.ts";
import {
  CONTROL_BIT,
  FIN,
  headerLengthFrom,
  INVALID_LENGTH,
  MASK_BIT,
  MAX_CONTROL_PAYLOAD,
  MAX_HEADER,
  OPCODE,
  OPCODE_BITS,
  readPayloadLength,
  readUint32,
  RSV1,
  RSV23,
} from "./frame.ts";
import { mask } from "./mask.ts";
import { decodeUtf8, isValidUtf8, Utf8Validator } from "../internal/utf8.ts";

/**
 * **UNSTABLE** A message, whole. `data` is a view into the bytes received, valid until the next event is asked for, unless `owned`.
 *
 * @experimental
 */
export interface MessageEvent {
  /** What it is. */
  readonly type: "message";
  /** Whether the payload is text, that is, valid UTF-8. */
  readonly isText: boolean;
  /** The payload. */
  readonly data: Uint8Array;
  /** Whether `data` has a buffer of its own that nobody will write to again. */
  readonly owned: boolean;
}

/**
 * **UNSTABLE** A piece of a message, where messages are streamed. Pieces need not be whole frames.
 *
 * @experimental
 */
export interface FragmentEvent {
  /** What it is. */
  readonly type: "fragment";
  /** Whether the message is text. A piece of it may end within a character. */
  readonly isText: boolean;
  /** The piece, valid until the next event is asked for. */
  readonly data: Uint8Array;
  /** Whether it begins a message. */
  readonly first: boolean;
  /** Whether it ends the message. */
  readonly fin: boolean;
}

/**
 * **UNSTABLE** A ping or pong (RFC 6455 §5.5.2 and §5.5.3). A ping has already been answered.
 *
 * @experimental
 */
export interface PingPongEvent {
  /** What it is. */
  readonly type: "ping" | "pong";
  /** The payload, valid until the next event is asked for. */
  readonly data: Uint8Array;
}

/**
 * **UNSTABLE** The peer's close frame (RFC 6455 §5.5.1), already answered.
 *
 * @experimental
 */
export interface CloseEvent {
  /** What it is. */
  readonly type: "close";
  /** The status code, 1005 where there was none. */
  readonly code: number;
  /** The reason, `""` where there was none. */
  readonly reason: string;
}

/**
 * **UNSTABLE** What a reader finds in the bytes received.
 *
 * @experimental
 */
export type ReaderEvent = MessageEvent | FragmentEvent | PingPongEvent | CloseEvent;

/** What a reader needs to know. @internal */
export interface MessageReaderOptions {
  /** Whether the peer masks its frames: it does where we are the server (RFC 6455 §5.1). */
  readonly expectMasked: boolean;
  /** The largest message, in bytes after inflating. */
  readonly maxMessage: number;
  /** Inflates compressed messages, where compression was agreed. */
  readonly inflater: MessageInflater | undefined;
  /** Where buffers come from. */
  readonly pool: BufferPool;
}

/** More empty fragments than this in a row are abuse. */
const MAX_EMPTY_FRAGMENTS = 1024;
/** What a message's declared length may make us allocate before its bytes arrive. */
const TRUSTED_LENGTH = 128 << 10;
/** From this many missing bytes on, they are read straight into the message's own buffer: one copy less. */
const DIRECT_READ = 4 << 10;
/** How much longer than `maxMessage` a compressed message may be: incompressible data grows a little. */
const COMPRESSED_SLACK = 1 << 10;

/**
 * Reads one peer's frames. Give bytes by {@linkcode feed}, or let them be read into {@linkcode target}; then call
 * {@linkcode next} until it answers `undefined`.
 *
 * @internal
 */
export class MessageReader {
  readonly #expectMasked: boolean;
  readonly #maxMessage: number;
  readonly #inflater: MessageInflater | undefined;
  readonly #pool: BufferPool;

  #input: Uint8Array = EMPTY_BYTES;
  #at = 0;
  #head: Uint8Array | undefined;
  #headLength = 0;

  // The frame being read; its payload may still be arriving.
  #inFrame = false;
  #first = 0;
  #remaining = 0;
  #maskingKey = 0;
  #maskOffset = 0;

  // The message being read; opcode 0 between messages.
  #opcode = 0;
  #compressed = false;
  #started = false;
  #assembly: Uint8Array<ArrayBuffer> = EMPTY_BYTES;
  #assembled = 0;
  #delivered = false;
  #lastLength = 0;
  #emptyFragments = 0;
  #utf8: Utf8Validator | undefined;

  #control: Uint8Array | undefined;
  #controlLength = 0;

  /** Whether messages are handed out piece by piece. It takes effect between messages. */
  streaming = false;
  #streamed = false;
  /** Whether the caller keeps messages: large ones then get a buffer of their own at once. */
  own = false;

  constructor(options: MessageReaderOptions) {
    this.#expectMasked = options.expectMasked;
    this.#maxMessage = options.maxMessage;
    this.#inflater = options.inflater;
    this.#pool = options.pool;
  }

  /** Whether a message has begun and not ended. */
  get inMessage(): boolean {
    return this.#opcode !== 0 || this.#inFrame || this.#headLength > 0;
  }

  /** Whether bytes given by {@linkcode feed} are still to be read. */
  get hasInput(): boolean {
    return this.#at < this.#input.length;
  }

  /** Gives bytes. They are unmasked in place and must stay until {@linkcode next} has answered `undefined`. */
  feed(bytes: Uint8Array): void {
    this.#input = bytes;
    this.#at = 0;
  }

  /** Forgets unread input and the message under way. */
  discard(): void {
    this.#input = EMPTY_BYTES;
    this.#at = 0;
    this.#delivered = false;
    // Not given back: a handler may still look at it, or a read that is being cancelled write to it.
    this.#assembly = EMPTY_BYTES;
    this.#assembled = 0;
  }

  /** The next event within the bytes given, or `undefined` where more bytes are needed. */
  next(): ReaderEvent | undefined {
    if (this.#delivered) this.#release();
    for (;;) {
      if (!this.#inFrame && !this.#readHeader()) break;
      const event = (this.#first & CONTROL_BIT) === 0 ? this.#readData() : this.#readControl();
      if (event !== undefined) return event;
      if (this.#inFrame) break;
    }
    this.#input = EMPTY_BYTES;
    this.#at = 0;
    return undefined;
  }

  /** Where the next bytes of the socket may be read to, if a long payload is under way. */
  target(): Uint8Array<ArrayBuffer> | undefined {
    if (!this.#inFrame || this.#remaining < DIRECT_READ || this.#streamed || this.hasInput) return undefined;
    if ((this.#first & CONTROL_BIT) !== 0) return undefined;
    this.#makeRoom(1);
    const end = Math.min(this.#assembly.length, this.#assembled + this.#remaining);
    return this.#assembly.subarray(this.#assembled, end);
  }

  /** Says that `length` bytes were read into {@linkcode target}; {@linkcode next} goes on from there. */
  feedTarget(length: number): void {
    const start = this.#assembled;
    this.#assembled += length;
    this.#takePiece(this.#assembly, start, this.#assembled);
  }

  #readHeader(): boolean {
    const input = this.#input;
    const available = input.length - this.#at;
    if (this.#headLength === 0 && available >= 2) {
      const length = headerLengthFrom(input[this.#at + 1]!);
      if (available >= length) {
        this.#beginFrame(input, this.#at, length);
        this.#at += length;
        return true;
      }
    }
    return this.#gatherHeader();
  }

  /** A header that is split over reads is gathered in a buffer of its own. */
  #gatherHeader(): boolean {
    if (this.#at === this.#input.length) return false;
    const head = this.#head ??= new Uint8Array(MAX_HEADER);
    while (this.#at < this.#input.length) {
      head[this.#headLength++] = this.#input[this.#at++]!;
      if (this.#headLength < 2) continue;
      const length = headerLengthFrom(head[1]!);
      if (this.#headLength < length) continue;
      this.#headLength = 0;
      this.#beginFrame(head, 0, length);
      return true;
    }
    return false;
  }

  #beginFrame(bytes: Uint8Array, at: number, headerLength: number): void {
    const first = bytes[at]!;
    const masked = (bytes[at + 1]! & MASK_BIT) !== 0;
    if ((first & RSV23) !== 0) throw reservedBits(first);
    if (masked !== this.#expectMasked) throw wrongMask(masked);
    const length = readPayloadLength(bytes, at);
    if ((first & CONTROL_BIT) === 0) this.#beginData(first, length);
    else this.#beginControl(first, length);
    this.#first = first;
    this.#remaining = length;
    this.#inFrame = true;
    this.#maskOffset = 0;
    if (masked) this.#maskingKey = readUint32(bytes, at + headerLength - 4);
  }

  #beginControl(first: number, length: number): void {
    const opcode = first & OPCODE_BITS;
    if (opcode > OPCODE.PONG) throw reservedOpcode(opcode);
    if ((first & RSV1) !== 0) throw reservedBits(first);
    if ((first & FIN) === 0) {
      throw violation("fragmented_control", "Control frame is fragmented, expected FIN to be set");
    }
    if (length > MAX_CONTROL_PAYLOAD || length === INVALID_LENGTH) {
      throw violation("long_control", `Control frame payload must be at most ${MAX_CONTROL_PAYLOAD} bytes`);
    }
    this.#controlLength = 0;
  }

  #beginData(first: number, length: number): void {
    const opcode = first & OPCODE_BITS;
    if (opcode > OPCODE.BINARY) throw reservedOpcode(opcode);
    if (opcode === OPCODE.CONTINUATION) {
      if (this.#opcode === 0) throw violation("unexpected_continuation", "Continuation frame outside a message");
      if ((first & RSV1) !== 0) throw reservedBits(first);
    } else {
      if (this.#opcode !== 0) {
        throw violation("interleaved_message", "New message within a message, expected a continuation frame");
      }
      this.#compressed = (first & RSV1) !== 0;
      if (this.#compressed && this.#inflater === undefined) throw reservedBits(first);
      this.#opcode = opcode;
      this.#started = false;
      this.#streamed = this.streaming;
    }
    this.#checkLength(first, length);
  }

  #checkLength(first: number, length: number): void {
    if (length === INVALID_LENGTH) {
      throw violation("invalid_length", "Frame length must be in its shortest form with its top bit clear");
    }
    const total = this.#assembled + length;
    const limit = this.#limit();
    if (total > limit) {
      const received = length === Infinity ? "over 2^53-1" : `at least ${total}`;
      throw new ProtocolError(
        "message_too_big",
        CLOSE_CODE.MESSAGE_TOO_BIG,
        `Message must be at most ${this.#maxMessage} bytes, received ${received}`,
      );
    }
    this.#emptyFragments = length === 0 && (first & FIN) === 0 ? this.#emptyFragments + 1 : 0;
    if (this.#emptyFragments > MAX_EMPTY_FRAGMENTS) {
      throw new ProtocolError(
        "empty_fragments",
        CLOSE_CODE.POLICY_VIOLATION,
        `Message must have at most ${MAX_EMPTY_FRAGMENTS} empty fragments in a row`,
      );
    }
  }

  #limit(): number {
    if (this.#compressed) return this.#maxMessage + (this.#maxMessage >>> 6) + COMPRESSED_SLACK;
    return this.#streamed ? Number.MAX_SAFE_INTEGER : this.#maxMessage;
  }

  #readData(): ReaderEvent | undefined {
    const input = this.#input;
    const start = this.#at;
    const length = this.#remaining;
    const whole = (this.#first & FIN) !== 0 && !this.#compressed && !this.#streamed;
    if (!whole || this.#assembled > 0 || this.#started || input.length - start < length) return this.#readPiece();
    // The common case: an uncompressed message in one frame that is all here.
    const end = start + length;
    this.#at = end;
    if (this.#expectMasked) mask(input, start, end, this.#maskingKey, 0);
    const isText = this.#opcode === OPCODE.TEXT;
    if (isText && !isValidUtf8(input, start, end)) throw invalidUtf8();
    this.#inFrame = false;
    this.#opcode = 0;
    // Text is decoded anyway; bytes that are kept are copied at once, without a view between.
    const owned = this.own && !isText;
    return { type: "message", isText, data: owned ? input.slice(start, end) : input.subarray(start, end), owned };
  }

  #readPiece(): ReaderEvent | undefined {
    const start = this.#at;
    const length = Math.min(this.#input.length - start, this.#remaining);
    const end = start + length;
    this.#at = end;
    if (this.#streamed && !this.#compressed) {
      this.#takePiece(this.#input, start, end);
      return this.#pieceEvent(this.#input.subarray(start, end));
    }
    if (length > 0) {
      this.#makeRoom(length);
      this.#assembly.set(this.#input.subarray(start, end), this.#assembled);
      const from = this.#assembled;
      this.#assembled += length;
      this.#takePiece(this.#assembly, from, this.#assembled);
    }
    if (this.#remaining > 0) {
      this.#started = true;
      return undefined;
    }
    this.#inFrame = false;
    this.#started = true;
    return (this.#first & FIN) === 0 ? undefined : this.#endMessage();
  }

  /** Unmasks and checks payload bytes that have just arrived. */
  #takePiece(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#expectMasked) mask(bytes, start, end, this.#maskingKey, this.#maskOffset);
    this.#maskOffset = (this.#maskOffset + length) & 3;
    this.#remaining -= length;
    if (this.#opcode !== OPCODE.TEXT || this.#compressed) return;
    this.#utf8 ??= new Utf8Validator();
    if (!this.#utf8.push(bytes, start, end)) throw invalidUtf8();
  }

  #pieceEvent(data: Uint8Array): FragmentEvent | undefined {
    const ended = this.#remaining === 0;
    const fin = ended && (this.#first & FIN) !== 0;
    const isText = this.#opcode === OPCODE.TEXT;
    const first = !this.#started;
    if (ended) this.#inFrame = false;
    if (data.length === 0 && !fin) return undefined;
    this.#started = true;
    if (fin) this.#resetMessage();
    return { type: "fragment", isText, data, first, fin };
  }

  #endMessage(): ReaderEvent {
    const isText = this.#opcode === OPCODE.TEXT;
    const streamed = this.#streamed;
    let data: Uint8Array = this.#assembly.subarray(0, this.#assembled);
    let owned = false;
    if (this.#compressed) {
      data = this.#inflater!.inflate(data, this.#maxMessage);
      owned = true;
      if (isText && !isValidUtf8(data, 0, data.length)) throw invalidUtf8();
    } else if (this.own && data.length > 0 && this.#assembly.buffer.byteLength === data.length) {
      owned = true;
      this.#assembly = EMPTY_BYTES;
    }
    this.#lastLength = this.#assembled;
    this.#resetMessage();
    this.#delivered = true;
    if (streamed) return { type: "fragment", isText, data, first: true, fin: true };
    return { type: "message", isText, data, owned };
  }

  #resetMessage(): void {
    if (this.#utf8 !== undefined && this.#opcode === OPCODE.TEXT && !this.#compressed) {
      if (!this.#utf8.complete) throw invalidUtf8();
      this.#utf8.reset();
    }
    this.#opcode = 0;
    this.#emptyFragments = 0;
    this.#assembled = 0;
  }

  /** Makes room for `length` more bytes without believing a declared length that is out of proportion. */
  #makeRoom(length: number): void {
    const needed = this.#assembled + length;
    const capacity = this.#assembly.length;
    if (needed <= capacity) return;
    const isLast = (this.#first & FIN) !== 0;
    const expected = this.#assembled + this.#remaining;
    const trusted = Math.max(capacity * 2, TRUSTED_LENGTH, this.#lastLength);
    // More fragments follow a frame without FIN: doubling copies each byte once or twice, however small they are.
    const wanted = isLast ? expected : Math.max(expected, Math.min(capacity * 2, this.#limit()));
    const size = Math.max(needed, Math.min(wanted, trusted));
    const exact = this.own && !this.#compressed && size === expected && isLast;
    const grown = exact && !isPooledSize(size) ? new Uint8Array(size) : this.#pool.take(size);
    if (this.#assembled > 0) grown.set(this.#assembly.subarray(0, this.#assembled));
    if (capacity > 0) this.#pool.give(this.#assembly);
    this.#assembly = grown;
  }

  #release(): void {
    this.#delivered = false;
    if (this.#assembly.length > 0) this.#pool.give(this.#assembly);
    this.#assembly = EMPTY_BYTES;
    this.#assembled = 0;
  }

  #readControl(): PingPongEvent | CloseEvent | undefined {
    const payload = this.#controlPayload();
    if (payload === undefined) return undefined;
    this.#inFrame = false;
    const opcode = this.#first & OPCODE_BITS;
    if (opcode === OPCODE.CLOSE) return parseClose(payload);
    return { type: opcode === OPCODE.PING ? "ping" : "pong", data: payload };
  }

  #controlPayload(): Uint8Array | undefined {
    const start = this.#at;
    const end = Math.min(this.#input.length, start + this.#remaining);
    const length = end - start;
    if (this.#expectMasked) mask(this.#input, start, end, this.#maskingKey, this.#maskOffset);
    this.#maskOffset = (this.#maskOffset + length) & 3;
    this.#at = end;
    this.#remaining -= length;
    if (this.#remaining === 0 && this.#controlLength === 0) return this.#input.subarray(start, end);
    const control = this.#control ??= new Uint8Array(MAX_CONTROL_PAYLOAD);
    control.set(this.#input.subarray(start, end), this.#controlLength);
    this.#controlLength += length;
    return this.#remaining === 0 ? control.subarray(0, this.#controlLength) : undefined;
  }
}

/** Whether the pool has buffers of exactly this size that are not cut from a larger one: they can be handed out. */
function isPooledSize(size: number): boolean {
  return size > SMALLEST_BUFFER && size <= LARGEST_BUFFER && (size & (size - 1)) === 0;
}

/** RFC 6455 §5.5.1 and §7.4. */
function parseClose(payload: Uint8Array): CloseEvent {
  if (payload.length === 0) return { type: "close", code: CLOSE_CODE.NO_STATUS, reason: "" };
  if (payload.length === 1) {
    throw violation("invalid_close_payload", "Close frame payload must be empty or at least 2 bytes, received 1");
  }
  const code = (payload[0]! << 8) | payload[1]!;
  if (!isWireCloseCode(code)) {
    throw violation(
      "invalid_close_code",
      `Close frame must carry a status code that is allowed on the wire, received ${code}`,
    );
  }
  const reason = payload.subarray(2);
  if (!isValidUtf8(reason, 0, reason.length)) throw invalidUtf8("Close reason");
  return { type: "close", code, reason: decodeUtf8(reason) };
}

function violation(code: ProtocolError["code"], message: string): ProtocolError {
  return new ProtocolError(code, CLOSE_CODE.PROTOCOL_ERROR, message);
}

function reservedBits(first: number): ProtocolError {
  const bits = ((first >>> 4) & 0x7).toString(2).padStart(3, "0");
  return violation("reserved_bits", `Reserved bits must be agreed by an extension, received RSV ${bits}`);
}

function reservedOpcode(opcode: number): ProtocolError {
  return violation("reserved_opcode", `Opcode must be one of 0, 1, 2, 8, 9, 10, received ${opcode}`);
}

function wrongMask(masked: boolean): ProtocolError {
  // RFC 6455 §5.1
  if (masked) return violation("masked_frame", "Frame from a server must not be masked");
  return violation("unmasked_frame", "Frame from a client must be masked");
}

function invalidUtf8(what = "Text message"): ProtocolError {
  return new ProtocolError("invalid_utf8", CLOSE_CODE.INVALID_PAYLOAD, `${what} is not valid UTF-8`);
}
