/**
 * Ids: integers from 1 to 2^53, of global, router or session scope (WAMP, IDs).
 *
 * @module
 */

/** The largest id, 2^53 (WAMP, IDs). @internal */
export const MAX_ID: number = 2 ** 53;

/** Whether `value` is an id. @internal */
export function isId(value: unknown): value is number {
  return typeof value === "number" && value >= 1 && value <= MAX_ID && Number.isInteger(value);
}

const POOL_SIZE = 128;
let pool: Uint32Array<ArrayBuffer> | undefined;
let used = POOL_SIZE;

function nextWord(): number {
  pool ??= new Uint32Array(POOL_SIZE);
  if (used >= POOL_SIZE) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  return pool[used++] ?? 0;
}

/**
 * A random id of global scope, uniform over 1 to 2^53, from a cryptographic generator: sessions, publications.
 *
 * @internal
 */
export function randomId(): number {
  return (nextWord() >>> 11) * 2 ** 32 + nextWord() + 1;
}

/** Ids of session scope: 1, 2, 3, …, from the start again after 2^53 (WAMP, Session Scope IDs). @internal */
export class IdSequence {
  #last = 0;

  /** The id that {@linkcode take} will give. */
  get upcoming(): number {
    return this.#last < MAX_ID ? this.#last + 1 : 1;
  }

  /** Takes the next id. */
  take(): number {
    this.#last = this.upcoming;
    return this.#last;
  }
}
