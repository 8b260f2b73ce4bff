/**
 * The buffer that a connection reads into.
 *
 * @module
 */

import { type BufferPool, EMPTY_BYTES, SMALLEST_BUFFER } from "./buffer_pool.ts";

/** The largest buffer that a connection reads into; more did not help (bench/load). */
const LARGEST_READ = 64 << 10;
/** A buffer that a read fills is followed by one this many times as large. */
const STEP = 4;
/** How many reads in a row must leave most of the buffer unused before a smaller one is taken. */
const SHRINK_AFTER = 8;

/**
 * A pooled buffer whose size follows the traffic: 512 bytes on an idle connection, up to 64 KiB on a busy one.
 *
 * @internal
 */
export class ReadBuffer {
  readonly #pool: BufferPool;
  #bytes: Uint8Array<ArrayBuffer> = EMPTY_BYTES;
  #size = SMALLEST_BUFFER;
  #lowReads = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** Whether bytes lie in this buffer. */
  holds(bytes: Uint8Array): boolean {
    return bytes.buffer === this.#bytes.buffer;
  }

  /** The buffer for the next read; views of the last one end here. */
  next(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length === this.#size) return this.#bytes;
    this.#pool.give(this.#bytes);
    return this.#bytes = this.#pool.take(this.#size);
  }

  /** The bytes of the last read; its length decides about the next buffer. */
  filled(length: number): Uint8Array<ArrayBuffer> {
    this.#note(length);
    return this.#bytes.subarray(0, length);
  }

  #note(length: number): void {
    const size = this.#size;
    if (length === size) {
      this.#size = Math.min(size * STEP, LARGEST_READ);
      this.#lowReads = 0;
    } else if (length * STEP > size || size === SMALLEST_BUFFER) {
      this.#lowReads = 0;
    } else if (++this.#lowReads === SHRINK_AFTER) {
      this.#size = Math.max(Math.trunc(size / STEP), SMALLEST_BUFFER);
      this.#lowReads = 0;
    }
  }

  /** Gives the buffer back; no read may be under way, and no view of it in use. */
  drop(): void {
    this.#pool.give(this.#bytes);
    this.#bytes = EMPTY_BYTES;
  }
}
