/**
 * A pair of byte streams in memory, whose network is in the hands of the test.
 *
 * @module
 */

import { nextMacrotask } from "../internal/schedule.ts";
import type { ByteStream } from "../internal/stream.ts";

/**
 * One end of a stream in memory, made by {@linkcode memoryPair}. `read()` spoils its buffer before anything arrives, as
 * the contract of a stream allows, so that a view kept beyond its time shows; `write()` looks at its bytes only when it
 * completes, so that bytes changed too early show.
 *
 * @example Let a network fail
 * ```ts
 * import { memoryPair } from "@viaduct/viaduct/testing";
 * import assert from "node:assert/strict";
 *
 * const [one, other] = memoryPair();
 * other.push(new Uint8Array([1, 2]));
 * other.failReads(new Error("Cable cut"));
 * assert.equal(await other.read(new Uint8Array(8)), 2);
 * await assert.rejects(other.read(new Uint8Array(8)), /Cable cut/);
 * assert.equal(one.isClosed, false);
 * ```
 *
 * @public
 */
export class MemoryStream implements ByteStream {
  /** The other end. */
  peer!: MemoryStream;
  /** The most bytes that one read gives. */
  maxRead: number = Infinity;
  /** The most bytes that one write takes. */
  maxWrite: number = Infinity;
  /** What every further write fails with. */
  writeError: Error | undefined;
  /** The number of writes that completed. */
  writes = 0;
  /** The number of reads asked for. */
  reads = 0;
  /** Whether `close()` was called. */
  isClosed = false;
  /** Whether `closeWrite()` was called. */
  isHalfClosed = false;

  readonly #chunks: Uint8Array[] = [];
  #readError: Error | undefined;
  #hasEnded = false;
  #arrived = Promise.withResolvers<void>();
  #isReading = false;
  #isWriting = false;
  #stall: PromiseWithResolvers<void> | undefined;

  /** Whether a read waits for bytes. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** The bytes that arrived and were not read. */
  get unread(): number {
    return this.#chunks.reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * See `ByteStream`.
   *
   * @param buffer Where the bytes go.
   * @returns The number of bytes, or `null` at the end.
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#isReading) throw new TypeError("Two reads at once");
    if (this.isClosed) throw new Error("Stream is closed");
    this.#isReading = true;
    this.reads++;
    buffer.fill(0xaa);
    try {
      while (this.#chunks.length === 0) {
        if (this.#readError !== undefined) throw this.#readError;
        if (this.isClosed) throw new Error("Stream is closed");
        if (this.#hasEnded) return null;
        await this.#arrived.promise;
      }
      return this.#take(buffer);
    } finally {
      this.#isReading = false;
    }
  }

  #take(buffer: Uint8Array): number {
    const chunk = this.#chunks[0]!;
    const length = Math.min(chunk.length, buffer.length, this.maxRead);
    buffer.set(chunk.subarray(0, length));
    if (length === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(length);
    return length;
  }

  /**
   * See `ByteStream`. The bytes arrive at the other end at the next macrotask.
   *
   * @param bytes What to write.
   * @returns The number of bytes taken.
   */
  async write(bytes: Uint8Array): Promise<number> {
    if (this.#isWriting) throw new TypeError("Two writes at once");
    this.#isWriting = true;
    try {
      await new Promise<void>((resolve) => nextMacrotask(resolve));
      await this.#stall?.promise;
      if (this.writeError !== undefined) throw this.writeError;
      if (this.isClosed || this.isHalfClosed) throw new Error("Stream is closed");
      const length = Math.min(bytes.length, this.maxWrite);
      this.peer.push(bytes.slice(0, length));
      this.writes++;
      return length;
    } finally {
      this.#isWriting = false;
    }
  }

  /** See `ByteStream`. */
  closeWrite(): Promise<void> {
    this.isHalfClosed = true;
    this.peer.end();
    return Promise.resolve();
  }

  /**
   * See `ByteStream`.
   *
   * @throws {TypeError} It is closed already, as a socket of Deno's does.
   */
  close(): void {
    if (this.isClosed) throw new TypeError("Stream is closed already");
    this.isClosed = true;
    this.resumeWrites();
    this.#wake();
    this.peer.end();
  }

  /**
   * Lets bytes arrive here.
   *
   * @param chunks The bytes, each part to be read by itself.
   */
  push(...chunks: readonly Uint8Array[]): void {
    if (this.#hasEnded) return;
    for (const chunk of chunks) if (chunk.length > 0) this.#chunks.push(chunk.slice());
    this.#wake();
  }

  /** Lets the other side's end arrive here. */
  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  /**
   * Lets reads fail once what arrived is read.
   *
   * @param error What they fail with.
   */
  failReads(error: Error): void {
    this.#readError = error;
    this.#wake();
  }

  /** Writes take nothing until {@linkcode resumeWrites}. */
  stallWrites(): void {
    this.#stall ??= Promise.withResolvers();
  }

  /** Writes go on. */
  resumeWrites(): void {
    this.#stall?.resolve();
    this.#stall = undefined;
  }

  /**
   * Everything that arrived and was not read, for tests that play this side themselves.
   *
   * @returns The bytes.
   */
  takeArrived(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.unread);
    let at = 0;
    for (const chunk of this.#chunks.splice(0)) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  #wake(): void {
    const arrived = this.#arrived;
    this.#arrived = Promise.withResolvers();
    arrived.resolve();
  }
}

/**
 * Makes two ends of one stream in memory: for the `dial` option of a client, and for `accept()` of a server.
 *
 * @returns Both ends.
 *
 * @example Hand bytes across
 * ```ts
 * import { memoryPair } from "@viaduct/viaduct/testing";
 * import assert from "node:assert/strict";
 *
 * const [one, other] = memoryPair();
 * await one.write(new Uint8Array([1, 2, 3]));
 * const buffer = new Uint8Array(8);
 * assert.equal(await other.read(buffer), 3);
 * one.close();
 * assert.equal(await other.read(buffer), null);
 * ```
 *
 * @public
 */
export function memoryPair(): [MemoryStream, MemoryStream] {
  const [one, other] = [new MemoryStream(), new MemoryStream()];
  one.peer = other;
  other.peer = one;
  return [one, other];
}
