/**
 * A first-in first-out queue that knows what it holds.
 *
 * @module
 */

/**
 * A ring buffer with a running total of what its items cost. It grows as needed and shrinks when it runs empty; the
 * owner stops its source when {@linkcode cost} passes its limit.
 *
 * @typeParam T The items.
 *
 * @internal
 */
export class BoundedQueue<T> {
  #items: (T | undefined)[] = [];
  #costs: number[] = [];
  #head = 0;
  #length = 0;
  #cost = 0;

  /** The number of items. */
  get length(): number {
    return this.#length;
  }

  /** The sum of what the items cost, as given to {@linkcode push}. */
  get cost(): number {
    return this.#cost;
  }

  /** Appends an item. */
  push(item: T, cost: number): void {
    if (this.#length === this.#items.length) this.#grow();
    const at = (this.#head + this.#length) & (this.#items.length - 1);
    this.#items[at] = item;
    this.#costs[at] = cost;
    this.#length++;
    this.#cost += cost;
  }

  /** Takes the oldest item, or `undefined` where there is none. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#cost -= this.#costs[this.#head]!;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#length--;
    if (this.#length === 0 && this.#items.length > KEPT) this.clear();
    return item;
  }

  /** Drops all items. */
  clear(): void {
    this.#items = [];
    this.#costs = [];
    this.#head = 0;
    this.#length = 0;
    this.#cost = 0;
  }

  #grow(): void {
    const size = this.#items.length;
    const ordered = [...this.#items.slice(this.#head), ...this.#items.slice(0, this.#head)];
    const costs = [...this.#costs.slice(this.#head), ...this.#costs.slice(0, this.#head)];
    const grown = Math.max(SMALLEST, size * 2);
    while (ordered.length < grown) {
      ordered.push(undefined);
      costs.push(0);
    }
    this.#items = ordered;
    this.#costs = costs;
    this.#head = 0;
  }
}

/** The first size of a ring; always a power of two. */
const SMALLEST = 16;
/** A ring up to this size is kept when it runs empty. */
const KEPT = 256;
