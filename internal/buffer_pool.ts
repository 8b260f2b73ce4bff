/**
 * Buffers that are used again, so that traffic costs neither zeroed memory nor garbage.
 *
 * @module
 */

const SMALLEST_CLASS = 9;
const LARGEST_CLASS = 21;

/** The smallest buffer of a pool, in bytes. @internal */
export const SMALLEST_BUFFER: number = 1 << SMALLEST_CLASS;
/** The largest buffer that a pool keeps, in bytes. @internal */
export const LARGEST_BUFFER: number = 1 << LARGEST_CLASS;

/** The default bound on what a pool keeps, in bytes. */
const DEFAULT_CAPACITY = 16 << 20;

/** What the smallest buffers are cut from, in bytes. */
const SLAB = 16 << 10;

/** A buffer with no bytes, for "none yet". @internal */
export const EMPTY_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/**
 * **UNSTABLE** Hands out buffers in sizes of powers of two and keeps those given back, up to a bound in bytes. Contents
 * are whatever the last user left.
 *
 * @example Several connections that share a pool
 * ```ts
 * import { BufferPool, Protocol } from "@viaduct/viaduct/websocket/sansio";
 * import assert from "node:assert/strict";
 *
 * const pool = new BufferPool(1 << 20);
 * const connections = [1, 2].map(() => new Protocol({ role: "server", pool }));
 * assert.equal(connections.length, 2);
 *
 * const buffer = pool.take(1_000);
 * assert.equal(buffer.length, 1_024);
 * pool.give(buffer);
 * assert.equal(pool.held, 1_024);
 * ```
 *
 * @experimental
 */
export class BufferPool {
  readonly #classes: Uint8Array<ArrayBuffer>[][] = [];
  readonly #capacity: number;
  #held = 0;
  #slab = new ArrayBuffer(0);
  #slabAt = 0;

  /**
   * Creates an empty pool.
   *
   * @param capacity The most bytes it keeps. @default {16777216}
   */
  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.#capacity = capacity;
    for (let index = SMALLEST_CLASS; index <= LARGEST_CLASS; index++) this.#classes.push([]);
  }

  /** The bytes kept for later. */
  get held(): number {
    return this.#held;
  }

  /**
   * Lends a buffer: a power of two up to 2 MiB, exactly `size` above.
   *
   * @param size The bytes it must have at least.
   * @returns The buffer.
   */
  take(size: number): Uint8Array<ArrayBuffer> {
    if (size > LARGEST_BUFFER) return new Uint8Array(size);
    const index = size <= SMALLEST_BUFFER ? 0 : 32 - Math.clz32(size - 1) - SMALLEST_CLASS;
    const kept = this.#classes[index]!.pop();
    if (kept === undefined) return index === 0 ? this.#carve() : new Uint8Array(SMALLEST_BUFFER << index);
    this.#held -= kept.length;
    return kept;
  }

  /** Many idle connections hold the smallest buffer each: cut from one piece, it needs no `ArrayBuffer` of its own. */
  #carve(): Uint8Array<ArrayBuffer> {
    if (this.#slabAt === this.#slab.byteLength) {
      this.#slab = new ArrayBuffer(SLAB);
      this.#slabAt = 0;
    }
    const buffer = new Uint8Array(this.#slab, this.#slabAt, SMALLEST_BUFFER);
    this.#slabAt += SMALLEST_BUFFER;
    return buffer;
  }

  /**
   * Takes a buffer of {@linkcode take} back. The caller must not touch it again.
   *
   * @param buffer The buffer.
   */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    const size = buffer.length;
    if (size < SMALLEST_BUFFER || size > LARGEST_BUFFER || this.#held + size > this.#capacity) return;
    // A view of something larger is not ours alone; the smallest are all cut from larger pieces.
    if ((size & (size - 1)) !== 0 || (size > SMALLEST_BUFFER && buffer.buffer.byteLength !== size)) return;
    this.#held += size;
    this.#classes[31 - Math.clz32(size) - SMALLEST_CLASS]!.push(buffer);
  }
}
