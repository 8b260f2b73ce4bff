/**
 * Hands events to a handler, in order and so many at a time, from one session to the next.
 *
 * @module
 */

import { BoundedQueue } from "../internal/bounded_queue.ts";
import { failureMessage, type Logger } from "../internal/log.ts";
import type { EventHandler, SessionEvent } from "./session_api.ts";

/** How events are handed on. @internal */
export interface DeliveryOptions {
  readonly topic: string;
  readonly handler: EventHandler;
  /** How many at a time. */
  readonly concurrency: number;
  /** How many may wait. */
  readonly maxWaiting: number;
  readonly logger: Logger;
}

/** What waits for a handler with a concurrency limit. @internal */
export class Delivery {
  readonly #options: DeliveryOptions;
  /** Events, and what is to be called between them. */
  readonly #waiting = new BoundedQueue<SessionEvent | (() => void)>();
  #running = 0;
  readonly #onEmpty: (() => void)[] = [];

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Whether one more may be added. */
  get hasRoom(): boolean {
    return this.#waiting.length < this.#options.maxWaiting;
  }

  /** Adds an event, or what is to be called between the events before and those after. */
  add(item: SessionEvent | (() => void)): void {
    this.#waiting.push(item, 0);
    this.#turn();
  }

  /** Resolves when nothing waits. */
  emptied(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  /** Drops what waits. */
  clear(): void {
    this.#waiting.clear();
    this.#tellEmpty();
  }

  #turn(): void {
    while (this.#running < this.#options.concurrency) {
      const item = this.#waiting.shift();
      if (item === undefined) return this.#tellEmpty();
      this.#run(item);
    }
  }

  #tellEmpty(): void {
    for (const tell of this.#onEmpty.splice(0)) tell();
  }

  #run(item: SessionEvent | (() => void)): void {
    try {
      const outcome = typeof item === "function" ? item() : this.#options.handler(item);
      if (!isThenable(outcome)) return;
      this.#running++;
      void this.#settle(outcome);
    } catch (error) {
      this.#warn(error);
    }
  }

  async #settle(outcome: PromiseLike<unknown>): Promise<void> {
    try {
      await outcome;
    } catch (error) {
      this.#warn(error);
    }
    this.#running--;
    this.#turn();
  }

  #warn(error: unknown): void {
    const { topic, logger } = this.#options;
    logger.warn("Event handler failed", { topic, error: failureMessage(error) });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
