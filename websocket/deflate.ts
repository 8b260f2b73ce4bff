/**
 * Compression of messages with DEFLATE (RFC 7692 §7.2) on the runtime's zlib. Inflating, and deflating without context,
 * are synchronous and pure; {@linkcode ContextDeflater} is for drivers.
 *
 * @module
 */

import type { DeflateRaw } from "node:zlib";
import { assert } from "../internal/assert.ts";
import { builtin } from "../internal/builtins.ts";
import { concatBytes } from "../internal/bytes.ts";
import { ConnectionClosedError, ProtocolError } from "./errors.ts";

/** How a sender compresses. @internal */
export interface DeflateSettings {
  /** The base-two logarithm of the largest distance a match may have, 8 to 15 (RFC 7692 §7.1.2). */
  readonly windowBits: number;
  /** zlib's compression level, 0 to 9. */
  readonly level: number;
  /** zlib's memory level, 1 to 9. */
  readonly memLevel: number;
}

/** How a receiver inflates. @internal */
export interface InflateSettings {
  /** Whether the peer starts every message with an empty window (RFC 7692 §7.1.1). */
  readonly noContextTakeover: boolean;
  /** The base-two logarithm of the peer's window, 8 to 15: how much is kept between messages. @default {15} */
  readonly windowBits?: number;
}

/** What zlib gives with `info: true`. */
interface Inflated {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

const zlib = builtin("node:zlib");

/** zlib's smallest window for raw DEFLATE: its matches reach at most 512 - 262 bytes back, so 8 bits hold them too. */
const MIN_ZLIB_WINDOW_BITS = 9;

/** The end of a message's DEFLATE stream that is not sent (RFC 7692 §7.2.1). */
const TAIL = [0x00, 0x00, 0xff, 0xff] as const;

/**
 * What is put behind a received message: the tail, and an empty final block. zlib reaches the end of the latter only
 * if the message ended between two blocks, as RFC 7692 §7.2.1 asks: so a message that was cut off is noticed.
 */
const ENDING = [...TAIL, 0x03, 0x00] as const;

/** The header of a stored block: three bits and padding, then the length and its complement (RFC 1951 §3.2.4). */
const STORED_HEADER = 5;

/**
 * The most DEFLATE streams that one message may hold, each ended by a block with BFINAL set. A stream of two bytes
 * costs as much as a message, so without a limit a short message could keep us busy for minutes.
 */
const MAX_STREAMS = 1024;

/** zlib's smallest output chunk, and the room an exact guess needs so that zlib sees the end in the same call. */
const MIN_CHUNK = 64;

/** The largest output chunk: inflating stops at the limit and one chunk. */
const MAX_CHUNK = 65536;

/**
 * The room behind a window in bytes: a compressed message of up to this length is put there, where a fresh buffer for it
 * and the window would cost a fifth more time (bench/deflate_bench.ts).
 */
const WINDOW_ROOM = 2048;

/** JSON text shrinks to a quarter, more or less: then one chunk holds all of it (bench/deflate_bench.ts). */
const USUAL_RATIO = 4;

/** Says whether this runtime has what compression needs. @internal */
export function compressionAvailable(): boolean {
  return zlib !== undefined;
}

/**
 * Compresses a message by itself, with an empty window at its start (RFC 7692 §7.2.1).
 *
 * @returns The payload, without the tail 00 00 ff ff.
 *
 * @internal
 */
export function deflateMessage(bytes: Uint8Array, settings: DeflateSettings): Uint8Array {
  assert(zlib !== undefined, "Compression was agreed upon where zlib is absent");
  const deflated = zlib.deflateRawSync(bytes, {
    ...zlibSettings(settings),
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
    chunkSize: Math.min(MAX_CHUNK, bytes.length + MIN_CHUNK),
  });
  return withoutTail(deflated);
}

/** A message in the queue of a {@linkcode ContextDeflater}. */
interface Pending {
  resolve(payload: Uint8Array): void;
  reject(error: Error): void;
}

/**
 * Compresses messages with context takeover: each may refer to those before it (RFC 7692 §7.2.1). Several may be under
 * way; their payloads come in order. The stream, which holds a quarter of a megabyte, is made with the first message.
 *
 * @internal
 */
export class ContextDeflater {
  readonly #settings: DeflateSettings;
  readonly #pending = new Set<Pending>();
  #stream: DeflateRaw | undefined;
  /** What zlib wrote for the message under way. */
  #parts: Uint8Array[] = [];
  #hasContext = false;
  #failure: Error | undefined;

  /** Creates the deflater for one direction of one connection. */
  constructor(settings: DeflateSettings) {
    this.#settings = settings;
  }

  /**
   * Compresses the next message.
   *
   * @param bytes The message; it must not change until the promise has settled.
   * @returns The payload, without the tail 00 00 ff ff. It rejects where the deflater fails or is closed.
   */
  deflate(bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const stream = this.#stream ??= this.#open();
    this.#hasContext = true;
    return new Promise((resolve, reject) => {
      const pending: Pending = { resolve, reject };
      this.#pending.add(pending);
      stream.write(bytes, (error) => {
        // An error reaches the stream's listener too, and after closing nobody waits.
        if (error || !this.#pending.delete(pending)) return;
        pending.resolve(this.#takePayload());
      });
    });
  }

  /** Lets the next message start with an empty window, which a sender may do at any time (RFC 7692 §7.1.1). */
  reset(): void {
    if (!this.#hasContext || this.#stream === undefined || zlib === undefined) return;
    this.#hasContext = false;
    // A full flush empties the hash table in queue order, so that no later match reaches behind it. Its own empty
    // block belongs to no message.
    this.#stream.flush(zlib.constants.Z_FULL_FLUSH, () => this.#parts = []);
  }

  /** Frees the stream. Messages under way, and any later one, reject. */
  close(): void {
    this.#fail(new ConnectionClosedError("Cannot compress message: connection is closed"));
  }

  #open(): DeflateRaw {
    assert(zlib !== undefined, "Compression was agreed upon where zlib is absent");
    // With `flush`, each write is flushed by itself: half the operations of a write and a flush.
    const stream = zlib.createDeflateRaw({ ...zlibSettings(this.#settings), flush: zlib.constants.Z_SYNC_FLUSH });
    stream.on("data", (part: Uint8Array) => this.#parts.push(part));
    stream.on("error", (error) => this.#fail(error));
    return stream;
  }

  #takePayload(): Uint8Array {
    const parts = this.#parts;
    this.#parts = [];
    // zlib writes nothing for an empty message behind a flush: RFC 7692 §7.2.3.6 gives the byte.
    if (parts.length === 0) return new Uint8Array(1);
    return withoutTail(parts.length === 1 ? parts[0]! : concatBytes(parts));
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#stream?.close();
    this.#parts = [];
    for (const pending of this.#pending) pending.reject(error);
    this.#pending.clear();
  }
}

/**
 * Inflates a peer's messages, one call for each whole message (RFC 7692 §7.2.2).
 *
 * With context takeover, zlib's window is primed by a stored block of the last output in front of each message: the
 * public API of zlib has no synchronous call that keeps its state.
 *
 * @internal
 */
export class MessageInflater {
  readonly #windowSize: number;
  /** Holds the header of a stored block, the last `#kept` bytes of output, and room for a compressed message. */
  #window: Uint8Array = new Uint8Array(0);
  #kept = 0;
  /** The length of the last message: the next is often alike. */
  #lastLength = 0;

  /** Creates the inflater for one direction of one connection. */
  constructor(settings: InflateSettings) {
    this.#windowSize = settings.noContextTakeover ? 0 : 1 << (settings.windowBits ?? 15);
  }

  /**
   * Inflates one message.
   *
   * @param compressed The message's payload as received, all its frames together.
   * @param maxLength The largest length accepted, in bytes.
   * @returns The message; it is the caller's.
   * @throws {ProtocolError} `invalid_deflate` where the data is corrupt or cut off, `message_too_big` where the
   * message is longer than `maxLength`.
   */
  inflate(compressed: Uint8Array, maxLength: number): Uint8Array<ArrayBuffer> {
    // Some senders compress an empty message to nothing, instead of the one byte of RFC 7692 §7.2.3.6.
    if (compressed.length === 0) return new Uint8Array(0);
    const message = this.#inflateStreams(compressed, maxLength);
    this.#lastLength = message.length;
    if (this.#windowSize > 0) this.#remember(message);
    return message;
  }

  /** A block with BFINAL set ends a DEFLATE stream, and more of the message may follow it (RFC 7692 §7.2.3.4). */
  #inflateStreams(compressed: Uint8Array, maxLength: number): Uint8Array<ArrayBuffer> {
    const input = this.#primed(compressed);
    const end = input.length - ENDING.length;
    const parts: Uint8Array[] = [];
    let primed = this.#kept;
    let length = 0;
    let position = 0;
    for (let streams = 1;; streams++) {
      const rest = maxLength - length;
      const chunkSize = primed + this.#guess(compressed.length, rest);
      const { buffer, engine } = inflateStream(input.subarray(position), primed + rest, chunkSize, maxLength);
      const part = buffer.subarray(primed);
      length += part.length;
      if (length > maxLength) throw tooBig(maxLength);
      parts.push(part);
      position += engine.bytesWritten;
      if (position === input.length || position === end) return concatBytes(parts);
      if (position > end) throw invalid("Compressed message ends inside a block");
      if (streams === MAX_STREAMS) throw invalid(`Compressed message has more than ${MAX_STREAMS} final blocks`);
      primed = 0;
    }
  }

  /** Gives the window as a stored block, the message, and the ending in one buffer: the window's own, where it fits. */
  #primed(compressed: Uint8Array): Uint8Array {
    const start = this.#kept === 0 ? 0 : STORED_HEADER + this.#kept;
    const length = start + compressed.length + ENDING.length;
    let input = this.#window;
    if (length > input.length) {
      input = new Uint8Array(length);
      input.set(this.#window.subarray(0, start));
    }
    input.set(compressed, start);
    input.set(ENDING, start + compressed.length);
    return input.subarray(0, length);
  }

  /** Guesses a chunk that holds all the output, so that zlib is called once. */
  #guess(compressedLength: number, maxLength: number): number {
    const expected = Math.max(this.#lastLength, compressedLength * USUAL_RATIO);
    return Math.min(expected, maxLength, MAX_CHUNK - MIN_CHUNK) + MIN_CHUNK;
  }

  /** Keeps the last bytes of all output so far, and writes the header in front of them. */
  #remember(message: Uint8Array): void {
    const size = this.#windowSize;
    const added = message.subarray(Math.max(0, message.length - size));
    const old = Math.min(this.#kept, size - added.length);
    const kept = old + added.length;
    const oldStart = STORED_HEADER + this.#kept - old;
    const oldEnd = STORED_HEADER + this.#kept;
    if (STORED_HEADER + kept + WINDOW_ROOM > this.#window.length) {
      const grown = new Uint8Array(STORED_HEADER + Math.min(size, 2 * kept) + WINDOW_ROOM);
      grown.set(this.#window.subarray(oldStart, oldEnd), STORED_HEADER);
      this.#window = grown;
    } else {
      this.#window.copyWithin(STORED_HEADER, oldStart, oldEnd);
    }
    this.#window.set(added, STORED_HEADER + old);
    this.#window.set([0x00, kept & 0xff, kept >> 8, ~kept & 0xff, (~kept >> 8) & 0xff]);
    this.#kept = kept;
  }
}

/** Gives zlib's options for what was agreed. */
function zlibSettings(settings: DeflateSettings): DeflateSettings {
  const { windowBits, level, memLevel } = settings;
  return { windowBits: Math.max(MIN_ZLIB_WINDOW_BITS, windowBits), level, memLevel };
}

/** Cuts off the tail of a flushed message, which zlib's sync flush always writes. */
function withoutTail(flushed: Uint8Array): Uint8Array {
  const length = flushed.length - TAIL.length;
  assert(TAIL.every((byte, index) => flushed[length + index] === byte), "zlib's flush did not end with its marker");
  // A plain view: zlib gives a Buffer, whose slice() does not copy.
  return new Uint8Array(flushed.buffer, flushed.byteOffset, length);
}

/** Inflates up to the end of the first DEFLATE stream in `input`. */
function inflateStream(input: Uint8Array, maxOutputLength: number, chunkSize: number, maxLength: number): Inflated {
  assert(zlib !== undefined, "Compression was agreed upon where zlib is absent");
  try {
    // zlib takes no limit of 0: our caller compares the length again.
    const options = { chunkSize, maxOutputLength: Math.max(1, maxOutputLength), info: true };
    const inflated: unknown = zlib.inflateRawSync(input, options);
    assert(isInflated(inflated), "zlib does not tell how much it has read");
    return inflated;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooBig(maxLength, error);
    if (code === "Z_DATA_ERROR" || code === "Z_BUF_ERROR") {
      throw invalid("Compressed message is not valid DEFLATE data", error);
    }
    throw error;
  }
}

function isInflated(value: unknown): value is Inflated {
  return typeof value === "object" && value !== null && "buffer" in value && "engine" in value;
}

function tooBig(maxLength: number, cause?: unknown): ProtocolError {
  const message = `Message is too big: at most ${maxLength} bytes are accepted, inflating gave more`;
  return new ProtocolError("message_too_big", 1009, message, cause === undefined ? undefined : { cause });
}

function invalid(message: string, cause?: unknown): ProtocolError {
  return new ProtocolError("invalid_deflate", 1007, message, cause === undefined ? undefined : { cause });
}
