/**
 * Delays between attempts.
 *
 * @module
 */

/**
 * How long to wait before trying again: a random time up to a bound that grows with each attempt ("full jitter"),
 * so that many clients of a restarted server do not come back at once.
 *
 * @public
 */
export interface BackoffOptions {
  /** The bound of the first delay, in milliseconds. @default {500} */
  readonly initial?: number;
  /** The largest bound, in milliseconds. @default {30000} */
  readonly max?: number;
  /** What the bound is multiplied by after each attempt. @default {2} */
  readonly factor?: number;
}

/**
 * The sequence of delays.
 *
 * @internal
 */
export class Backoff {
  readonly #initial: number;
  readonly #max: number;
  readonly #factor: number;
  readonly #random: () => number;
  #attempt = 0;

  /** Validates the options; `random` gives numbers from 0 up to but not including 1. */
  constructor(options: BackoffOptions = {}, random: () => number = Math.random) {
    const { initial = 500, max = 30_000, factor = 2 } = options;
    if (!(initial >= 0)) throw new RangeError(`Backoff initial must be at least 0 ms, received ${initial}`);
    if (!(max >= initial)) {
      throw new RangeError(`Backoff max must be at least initial (${initial} ms), received ${max}`);
    }
    if (!(factor >= 1)) throw new RangeError(`Backoff factor must be at least 1, received ${factor}`);
    this.#initial = initial;
    this.#max = max;
    this.#factor = factor;
    this.#random = random;
  }

  /** The number of delays handed out since the last {@linkcode reset}. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The next delay, in milliseconds. */
  next(): number {
    // A power that has grown to infinity would make 0 times it no number.
    const growth = Math.min(this.#factor ** this.#attempt, Number.MAX_VALUE);
    const bound = Math.min(this.#max, this.#initial * growth);
    this.#attempt++;
    return this.#random() * bound;
  }

  /** Starts over, after a success. */
  reset(): void {
    this.#attempt = 0;
  }
}
