/**
 * Things that are due at some time, the earliest first.
 * Sans-I/O.
 *
 * @module
 */

/** Something with a deadline. Both properties are the heap's own while it is in. @internal */
export interface Timed {
  /** When it is due, in milliseconds. */
  deadline: number;
  /** Where it stands in the heap; -1 where it is in none. */
  heapIndex: number;
}

/** A binary heap that knows where everything is, so that each change takes logarithmic time. @internal */
export class DeadlineHeap<Item extends Timed> {
  readonly #items: Item[] = [];

  /** How many are in. */
  get size(): number {
    return this.#items.length;
  }

  /** The earliest deadline, or infinity. */
  next(): number {
    return this.#items[0]?.deadline ?? Infinity;
  }

  /** Puts an item in, or moves one that is in. */
  set(item: Item, deadline: number): void {
    item.deadline = deadline;
    if (item.heapIndex < 0) {
      item.heapIndex = this.#items.length;
      this.#items.push(item);
    }
    this.#settle(item);
  }

  /** Takes an item out, if it is in. */
  remove(item: Item): void {
    const index = item.heapIndex;
    if (index < 0) return;
    item.heapIndex = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    last.heapIndex = index;
    this.#items[index] = last;
    this.#settle(last);
  }

  /** The earliest item, if it is due. */
  due(now: number): Item | undefined {
    const first = this.#items[0];
    return first !== undefined && first.deadline <= now ? first : undefined;
  }

  /** Moves an item up or down to where it belongs. */
  #settle(item: Item): void {
    const start = item.heapIndex;
    while (item.heapIndex > 0) {
      const parent = this.#items[(item.heapIndex - 1) >> 1];
      if (parent === undefined || parent.deadline <= item.deadline) break;
      this.#swap(parent, item);
    }
    if (item.heapIndex !== start) return;
    for (let child = this.#earlierChild(item); child !== undefined; child = this.#earlierChild(item)) {
      this.#swap(item, child);
    }
  }

  /** The child that is due first, if that is before `item`. */
  #earlierChild(item: Item): Item | undefined {
    const left = this.#items[2 * item.heapIndex + 1];
    const right = this.#items[2 * item.heapIndex + 2];
    const child = right !== undefined && left !== undefined && right.deadline < left.deadline ? right : left;
    return child !== undefined && child.deadline < item.deadline ? child : undefined;
  }

  #swap(upper: Item, lower: Item): void {
    const { heapIndex } = upper;
    upper.heapIndex = lower.heapIndex;
    lower.heapIndex = heapIndex;
    this.#items[upper.heapIndex] = upper;
    this.#items[lower.heapIndex] = lower;
  }
}
