/**
 * Encoded bytes on their way to the socket. Sans-I/O.
 *
 * @module
 */

import { type BufferPool, EMPTY_BYTES } from "./buffer_pool.ts";

/**
 * Up to this size a buffer that is full is moved into a larger one, so that many small frames leave in one write;
 * beyond it the buffer is set aside and another begun. Measured by bench/load: larger writes gain nothing.
 */
const COALESCE = 64 << 10;

interface Sealed {
  readonly bytes: Uint8Array;
  /** The pool's buffer behind the bytes; `undefined` for bytes of another owner. */
  readonly buffer: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Frames are encoded straight into the tail buffer while the driver writes what it took before. A connection with
 * nothing to send holds no buffer at all.
 *
 * @internal
 */
export class OutputQueue {
  readonly #pool: BufferPool;
  #sealed: Sealed[] | undefined;
  #taken: Uint8Array<ArrayBuffer> | undefined;
  #takenLength = 0;
  #sealedLength = 0;

  /** The tail buffer; {@linkcode reserve} may replace it. */
  buffer: Uint8Array<ArrayBuffer> = EMPTY_BYTES;
  /** The index behind the last byte encoded into {@linkcode buffer}. */
  end = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** The bytes not yet written, those taken included. */
  get length(): number {
    return this.#sealedLength + this.end + this.#takenLength;
  }

  /** Whether {@linkcode take} would find bytes. */
  get ready(): boolean {
    return this.end > 0 || this.#sealedLength > 0;
  }

  /** Makes room for `size` bytes in the tail buffer, at index {@linkcode end}. */
  reserve(size: number): void {
    const needed = this.end + size;
    if (needed <= this.buffer.length) return;
    if (this.end > 0 && needed > COALESCE) {
      this.#seal();
      this.buffer = this.#pool.take(size);
      return;
    }
    const grown = this.#pool.take(needed);
    if (this.end > 0) grown.set(this.buffer.subarray(0, this.end));
    if (this.buffer !== EMPTY_BYTES) this.#pool.give(this.buffer);
    this.buffer = grown;
  }

  /**
   * Appends bytes without a copy; they must not change any more. With `isOurs` their buffer goes to the pool when they
   * are written, if it is of a size that the pool keeps.
   */
  append(bytes: Uint8Array, isOurs: boolean): void {
    if (this.end > 0) this.#seal();
    (this.#sealed ??= []).push({ bytes, buffer: isOurs && isUnshared(bytes) ? bytes : undefined });
    this.#sealedLength += bytes.length;
  }

  /** Gives bytes that were copied, and that are nobody else's, to the pool. */
  recycle(bytes: Uint8Array): void {
    if (isUnshared(bytes)) this.#pool.give(bytes);
  }

  #seal(): void {
    (this.#sealed ??= []).push({ bytes: this.buffer.subarray(0, this.end), buffer: this.buffer });
    this.#sealedLength += this.end;
    this.buffer = EMPTY_BYTES;
    this.end = 0;
  }

  /** Hands out the next bytes to write, or `undefined`; {@linkcode release} must follow before the next call. */
  take(): Uint8Array | undefined {
    const sealed = this.#sealed?.shift();
    if (sealed !== undefined) {
      if (this.#sealed!.length === 0) this.#sealed = undefined;
      this.#sealedLength -= sealed.bytes.length;
      this.#takenLength = sealed.bytes.length;
      this.#taken = sealed.buffer;
      return sealed.bytes;
    }
    if (this.end === 0) return undefined;
    const bytes = this.buffer.subarray(0, this.end);
    this.#taken = this.buffer;
    this.#takenLength = this.end;
    this.buffer = EMPTY_BYTES;
    this.end = 0;
    return bytes;
  }

  /** Says that the bytes taken were written: their buffer is used again. */
  release(): void {
    if (this.#taken !== undefined) this.#pool.give(this.#taken);
    this.#taken = undefined;
    this.#takenLength = 0;
  }

  /** Drops everything but the bytes taken, whose write may still be under way. */
  clear(): void {
    if (this.buffer !== EMPTY_BYTES) this.#pool.give(this.buffer);
    for (const { buffer } of this.#sealed ?? []) {
      if (buffer !== undefined) this.#pool.give(buffer);
    }
    this.#sealed = undefined;
    this.#sealedLength = 0;
    this.buffer = EMPTY_BYTES;
    this.end = 0;
  }
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}
