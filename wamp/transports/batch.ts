/**
 * Messages of one turn in one message of a transport (WAMP, Batched Transport).
 *
 * @module
 */

import { EMPTY_BYTES } from "../../internal/buffer_pool.ts";
import { nextMacrotask } from "../../internal/schedule.ts";

/** A batch of this size leaves at once: a receiver handles one whole. */
const MAX_BATCH = 64 << 10;
const SMALLEST_BUFFER = 1 << 10;

/** Joins encoded messages end to end until the next macrotask. @internal */
export class Batch {
  readonly #send: (bytes: Uint8Array) => void;
  #bytes: Uint8Array<ArrayBuffer> = EMPTY_BYTES;
  #end = 0;
  #isScheduled = false;

  /** `send` takes the batch: a view that is valid until it returns. */
  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  /** The bytes that wait. */
  get length(): number {
    return this.#end;
  }

  /** Adds one message; it is copied. */
  add(message: Uint8Array): void {
    if (this.#end + message.length > MAX_BATCH) this.flush();
    if (message.length >= MAX_BATCH) return this.#send(message);
    this.#reserve(this.#end + message.length);
    this.#bytes.set(message, this.#end);
    this.#end += message.length;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    nextMacrotask(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** Sends what waits. */
  flush(): void {
    if (this.#end === 0) return;
    const batch = this.#bytes.subarray(0, this.#end);
    this.#end = 0;
    this.#send(batch);
  }

  /** Drops what waits. */
  clear(): void {
    this.#end = 0;
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return;
    let capacity = Math.max(SMALLEST_BUFFER, this.#bytes.length);
    while (capacity < size) capacity *= 2;
    const grown = new Uint8Array(capacity);
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }
}
