/**
 * A queue that is iterated over while it fills.
 *
 * @module
 */

import { BoundedQueue } from "./bounded_queue.ts";

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined };

interface Waiter<Item> {
  readonly resolve: (step: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Items that come one by one, for somebody who takes them one by one. The owner stops its source when {@linkcode cost}
 * passes its limit.
 *
 * @typeParam Item The items.
 *
 * @internal
 */
export class AsyncQueue<Item extends object> implements AsyncIterableIterator<Item, undefined> {
  readonly #items = new BoundedQueue<Item>();
  readonly #waiters: Waiter<Item>[] = [];
  #hasEnded = false;
  /** What the iteration is still to throw. */
  #failure: { readonly error: unknown } | undefined;

  /** What waits to be taken, as given to {@linkcode push}. */
  get cost(): number {
    return this.#items.cost;
  }

  /** Whether nothing comes any more; items may still wait. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Adds an item. */
  push(item: Item, cost: number): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#items.push(item, cost);
    else waiter.resolve({ done: false, value: item });
  }

  /** Ends the iteration behind the items that wait. */
  end(): void {
    this.#hasEnded = true;
    for (const { resolve } of this.#waiters.splice(0)) resolve(DONE);
  }

  /** Has the iteration throw behind the items that wait, unless it has an end already. */
  fail(error: unknown): void {
    if (this.#hasEnded) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#failure = { error };
    else waiter.reject(error);
    this.end();
  }

  /** The next item. */
  next(): Promise<IteratorResult<Item, undefined>> {
    const value = this.#items.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (!this.#hasEnded) return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    const failure = this.#failure;
    this.#failure = undefined;
    return failure === undefined ? Promise.resolve(DONE) : Promise.reject(failure.error);
  }

  /** Leaves the iteration: drops what waits. */
  return(): Promise<IteratorResult<Item, undefined>> {
    this.#items.clear();
    this.#failure = undefined;
    this.end();
    return Promise.resolve(DONE);
  }

  /** The queue itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
