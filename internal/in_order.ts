/**
 * Work that takes its time, done in the order in which it came.
 *
 * @module
 */

/**
 * Hands on values in order, of which some are there at once and some are promised. While nothing is promised, it adds
 * no turn of the event loop.
 *
 * @internal
 */
export class InOrder {
  #last: Promise<void> | undefined;
  #waiting = 0;
  #cost = 0;

  /** Whether something is promised, so that everything must wait its turn. */
  get isBusy(): boolean {
    return this.#last !== undefined;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The sum of what they cost, as given to {@linkcode add}. */
  get cost(): number {
    return this.#cost;
  }

  /**
   * Adds a value.
   *
   * @typeParam Value The value.
   * @param value The value, or a promise of it.
   * @param cost What it holds while it waits, in whatever its owner counts.
   * @param onValue Gets it in its turn. What it throws at once, the caller gets; later, `onError`.
   * @param onError Gets what the promise rejects with, in its turn. Must not throw.
   */
  add<Value>(
    value: Value | Promise<Value>,
    cost: number,
    onValue: (value: Value) => void,
    onError: (error: unknown) => void,
  ): void {
    if (this.#last === undefined && !(value instanceof Promise)) return onValue(value);
    this.#waiting++;
    this.#cost += cost;
    const mine = this.#last = this.#wait(this.#last, value, onValue, onError).then(() => {
      this.#waiting--;
      this.#cost -= cost;
      if (this.#last === mine) this.#last = undefined;
    });
  }

  async #wait<Value>(
    before: Promise<void> | undefined,
    value: Value | Promise<Value>,
    onValue: (value: Value) => void,
    onError: (error: unknown) => void,
  ): Promise<void> {
    const [outcome] = await Promise.allSettled([value, before]);
    if (outcome.status === "rejected") return onError(outcome.reason);
    try {
      onValue(outcome.value);
    } catch (error) {
      onError(error);
    }
  }
}
