/**
 * How many messages a second somebody may send: a bucket that fills with time.
 * Sans-I/O.
 *
 * @module
 */

/**
 * A token bucket: so many a second on average, and at most as many at once. Who takes more goes into debt, since what
 * has been read cannot be given back. Every `now` is of one clock that never goes back, in milliseconds.
 *
 * @internal
 */
export class TokenBucket {
  readonly #rate: number;
  readonly #capacity: number;
  #tokens: number;
  #since: number;

  /** A full one. `rate`: how many a second; it may be less than one. */
  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#capacity = Math.max(1, rate);
    this.#tokens = this.#capacity;
    this.#since = now;
  }

  /** Takes one. @returns For how many milliseconds nothing more should be taken; 0: it may go on. */
  take(now: number): number {
    const filled = this.#tokens + (now - this.#since) * this.#rate / 1_000;
    this.#tokens = Math.min(this.#capacity, filled) - 1;
    this.#since = now;
    return this.#tokens >= 0 ? 0 : -this.#tokens * 1_000 / this.#rate;
  }
}
