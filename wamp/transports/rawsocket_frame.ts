/**
 * The octets of a RawSocket: its handshake and its frames (WAMP, RawSocket Transport).
 * Sans-I/O.
 *
 * @module
 */

import { type BufferPool, EMPTY_BYTES } from "../../internal/buffer_pool.ts";
import { WampProtocolError } from "../errors.ts";

/** What no HTTP request begins with. @internal */
export const MAGIC = 0x7f;
/** The octets of a handshake, in each direction. @internal */
export const HANDSHAKE_LENGTH = 4;
/** The octets in front of each frame. @internal */
export const FRAME_PREFIX = 4;
/** The type of a frame. @internal */
export const FRAME = { MESSAGE: 0, PING: 1, PONG: 2 } as const;

/** The smallest and the largest length that a handshake can name, as powers of two. */
const LEAST_EXPONENT = 9;
const LARGEST_EXPONENT = 24;
/** The length of a frame has 24 bits; the 25th is set where it is 2^24 exactly. */
const LARGEST_LENGTH = 1 << LARGEST_EXPONENT;
const LENGTH_BIT_25 = 0x08;

/** Why a router turns a client away. @internal */
export const REFUSAL = { SERIALIZER: 1, LENGTH: 2, RESERVED_BITS: 3, CONNECTION_COUNT: 4 } as const;

const REFUSAL_TEXT: Readonly<Record<number, string>> = {
  [REFUSAL.SERIALIZER]: "serializer unsupported",
  [REFUSAL.LENGTH]: "maximum message length unacceptable",
  [REFUSAL.RESERVED_BITS]: "use of reserved bits",
  [REFUSAL.CONNECTION_COUNT]: "maximum connection count reached",
};

/** What a refusal says, for a person. @internal */
export function refusalText(code: number): string {
  return REFUSAL_TEXT[code] ?? `error ${code}`;
}

/** The length to announce for a limit: the largest power of two in it, 2^24 at most. @internal */
export function announcedLength(maxMessage: number): number {
  if (!(maxMessage >= 1 << LEAST_EXPONENT)) {
    throw new RangeError(`Option limits.maxMessage must be at least 512 bytes for RawSocket, received ${maxMessage}`);
  }
  return 2 ** Math.min(Math.floor(Math.log2(maxMessage)), LARGEST_EXPONENT);
}

/** A handshake: a request, or a reply that accepts. `maxLength` comes from {@linkcode announcedLength}. @internal */
export function encodeHandshake(maxLength: number, serializer: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(MAGIC, (Math.log2(maxLength) - LEAST_EXPONENT) << 4 | serializer, 0, 0);
}

/** A reply that refuses. @internal */
export function encodeRefusal(code: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(MAGIC, code << 4, 0, 0);
}

/** A handshake, taken apart. @internal */
export interface Handshake {
  /** The longest message that the sender takes, in bytes; means nothing in a refusal. */
  readonly maxLength: number;
  /** The number of the serializer; 0 in a refusal. */
  readonly serializer: number;
  /** Why the sender refuses, if it does. */
  readonly refusal: number;
  /** Whether the reserved octets are zero. */
  readonly isPlain: boolean;
}

/** Takes the four octets of a handshake apart, or says `undefined` where they are none. @internal */
export function decodeHandshake(octets: Uint8Array): Handshake | undefined {
  if (octets.length !== HANDSHAKE_LENGTH || octets[0] !== MAGIC) return undefined;
  const second = octets[1]!;
  const serializer = second & 0x0f;
  return {
    maxLength: 2 ** ((second >> 4) + LEAST_EXPONENT),
    serializer,
    refusal: serializer === 0 ? second >> 4 : 0,
    isPlain: octets[2] === 0 && octets[3] === 0,
  };
}

/** Writes the prefix of a frame at `buffer[at]`. @internal */
export function writePrefix(buffer: Uint8Array, at: number, type: number, length: number): void {
  buffer[at] = length === LARGEST_LENGTH ? type | LENGTH_BIT_25 : type;
  buffer[at + 1] = length >>> 16 & 0xff;
  buffer[at + 2] = length >>> 8;
  buffer[at + 3] = length;
}

/** A message in a frame of its own. @internal */
export function encodeFrame(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(FRAME_PREFIX + message.length);
  writePrefix(frame, 0, FRAME.MESSAGE, message.length);
  frame.set(message, FRAME_PREFIX);
  return frame;
}

/**
 * Takes frames out of what is read. A frame that arrived whole is given as a view of the chunk; one that did not is put
 * together in a buffer of the pool that grows by what arrives, whatever length it declares.
 *
 * @internal
 */
export class FrameReader {
  readonly #pool: BufferPool;
  readonly #maxLength: number;
  #chunk: Uint8Array = EMPTY_BYTES;
  #at = 0;
  /** A prefix that came in parts. */
  #prefix = 0;
  #prefixLength = 0;
  /** The length of the frame under way; -1 between frames. */
  #length = -1;
  #payload: Uint8Array<ArrayBuffer> = EMPTY_BYTES;
  #filled = 0;
  /** The buffer of the frame given last. */
  #lent: Uint8Array<ArrayBuffer> = EMPTY_BYTES;

  /** The type of the frame that {@linkcode next} gave. */
  type = 0;

  constructor(pool: BufferPool, maxLength: number) {
    this.#pool = pool;
    this.#maxLength = maxLength;
  }

  /** Whether the bytes so far end within a frame. */
  get isWithinFrame(): boolean {
    return this.#prefixLength > 0 || this.#length !== -1;
  }

  /** Takes the next chunk. The one before must have been read out. */
  receive(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * The payload of the next frame, a view that is valid until the next call; `undefined` where more must arrive.
   *
   * @throws {WampProtocolError} The frame breaks a rule.
   */
  next(): Uint8Array | undefined {
    if (this.#lent !== EMPTY_BYTES) this.#return();
    if (this.#length === -1 && !this.#readPrefix()) return undefined;
    const length = this.#length;
    const end = this.#at + length;
    if (this.#filled > 0 || end > this.#chunk.length) return this.#assemble();
    const payload = this.#chunk.subarray(this.#at, end);
    this.#at = end;
    this.#length = -1;
    return payload;
  }

  /** Gives the buffer back. */
  drop(): void {
    this.#return();
    this.#pool.give(this.#payload);
    this.#payload = this.#chunk = EMPTY_BYTES;
    this.#filled = 0;
    this.#at = 0;
  }

  #readPrefix(): boolean {
    const chunk = this.#chunk;
    const at = this.#at;
    if (this.#prefixLength === 0 && at + FRAME_PREFIX <= chunk.length) {
      this.#at = at + FRAME_PREFIX;
      this.#begin(chunk[at]!, chunk[at + 1]! << 16 | chunk[at + 2]! << 8 | chunk[at + 3]!);
      return true;
    }
    while (this.#at < chunk.length) {
      this.#prefix = (this.#prefix << 8 | chunk[this.#at++]!) >>> 0;
      if (++this.#prefixLength < FRAME_PREFIX) continue;
      this.#prefixLength = 0;
      this.#begin(this.#prefix >>> 24, this.#prefix & 0xff_ffff);
      return true;
    }
    return false;
  }

  #begin(first: number, bits: number): void {
    const type = first & 0x07;
    const isLargest = (first & LENGTH_BIT_25) !== 0;
    if ((first & 0xf0) !== 0 || type > FRAME.PONG || (isLargest && bits !== 0)) {
      throw new WampProtocolError("invalid_encoding", `RawSocket frame begins with reserved bits: ${first}`);
    }
    const length = isLargest ? LARGEST_LENGTH : bits;
    if (length > this.#maxLength) {
      const text = `RawSocket frame must have at most ${this.#maxLength} bytes, declares ${length}`;
      throw new WampProtocolError("limit_exceeded", text);
    }
    this.type = type;
    this.#length = length;
  }

  #assemble(): Uint8Array | undefined {
    const count = Math.min(this.#chunk.length - this.#at, this.#length - this.#filled);
    const filled = this.#filled + count;
    if (filled > this.#payload.length) this.#grow(filled);
    this.#payload.set(this.#chunk.subarray(this.#at, this.#at + count), this.#filled);
    this.#at += count;
    this.#filled = filled;
    if (filled < this.#length) return undefined;
    this.#length = -1;
    this.#filled = 0;
    this.#lent = this.#payload;
    this.#payload = EMPTY_BYTES;
    return this.#lent.subarray(0, filled);
  }

  #return(): void {
    this.#pool.give(this.#lent);
    this.#lent = EMPTY_BYTES;
  }

  #grow(size: number): void {
    const grown = this.#pool.take(Math.max(size, Math.min(2 * this.#payload.length, this.#length)));
    grown.set(this.#payload.subarray(0, this.#filled));
    this.#pool.give(this.#payload);
    this.#payload = grown;
  }
}
