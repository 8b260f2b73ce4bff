/**
 * Where a component stands, told to all who want to know.
 *
 * @module
 */

import { BoundedQueue } from "../internal/bounded_queue.ts";
import type { ComponentStatus } from "./component_api.ts";

/** How many statuses are kept for a slow reader; the oldest go first. */
const MAX_KEPT = 64;

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** The status, and its readers. @internal */
export class StatusBoard {
  #current: ComponentStatus = { state: "closed" };
  #isRunning = false;
  readonly #onChange: (status: ComponentStatus) => void;
  readonly #readers = new Set<StatusReader>();

  /** @param onChange Is told each status, before the readers. Must not throw. */
  constructor(onChange: (status: ComponentStatus) => void) {
    this.#onChange = onChange;
  }

  /** The status now. */
  get current(): ComponentStatus {
    return this.#current;
  }

  /** Changes the status. `fatal` and `closed` end all readers. */
  set(status: ComponentStatus): void {
    this.#current = status;
    this.#isRunning = status.state !== "fatal" && status.state !== "closed";
    this.#onChange(status);
    for (const reader of this.#readers) reader.push(status);
    if (this.#isRunning) return;
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }

  /** A reader from now on. */
  read(): AsyncIterableIterator<ComponentStatus> {
    const reader = new StatusReader((left) => this.#readers.delete(left));
    this.#readers.add(reader);
    if (this.#isRunning) reader.push(this.#current);
    return reader;
  }
}

/** One reader. It is no generator, so that `return()` ends a `next()` that waits. */
class StatusReader implements AsyncIterableIterator<ComponentStatus> {
  readonly #kept = new BoundedQueue<ComponentStatus>();
  readonly #waiting: ((result: IteratorResult<ComponentStatus, undefined>) => void)[] = [];
  readonly #onReturn: (reader: StatusReader) => void;
  #hasEnded = false;

  constructor(onReturn: (reader: StatusReader) => void) {
    this.#onReturn = onReturn;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  push(status: ComponentStatus): void {
    const reader = this.#waiting.shift();
    if (reader !== undefined) return reader({ done: false, value: status });
    if (this.#kept.length === MAX_KEPT) this.#kept.shift();
    this.#kept.push(status, 0);
  }

  end(): void {
    this.#hasEnded = true;
    for (const reader of this.#waiting.splice(0)) reader(DONE);
  }

  next(): Promise<IteratorResult<ComponentStatus, undefined>> {
    const value = this.#kept.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#hasEnded) return Promise.resolve(DONE);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<ComponentStatus, undefined>> {
    this.#onReturn(this);
    this.#kept.clear();
    this.end();
    return Promise.resolve(DONE);
  }
}
