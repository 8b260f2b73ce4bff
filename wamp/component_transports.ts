/**
 * Which transport a component tries next, and when.
 *
 * @module
 */

import { Backoff } from "../internal/backoff.ts";
import type { ComponentOptions, ComponentTransport, RetryOptions } from "./component_api.ts";
import type { Verdict } from "./retry_policy.ts";

const RETRY: Required<RetryOptions> = { minDelay: 1_000, maxDelay: 30_000, factor: 2 };

/** The next attempt. @internal */
export interface Attempt {
  readonly transport: ComponentTransport;
  /** Its number since the last session that lasted, from 1. */
  readonly number: number;
  /** How long to wait before it, in milliseconds. */
  readonly delay: number;
}

/** One transport, and what became of it so far. */
interface Way {
  readonly transport: ComponentTransport;
  readonly backoff: Backoff;
  readonly maxRetries: number;
  /** Attempts that failed since a session lasted. */
  failures: number;
  /** Until when the server asked to be left alone, by the clock of whoever asks. */
  restUntil: number;
  /** Whether it cannot work. */
  isOut: boolean;
}

/** The transports of a component, in turn. @internal */
export class TransportRotation {
  /** How long a session must last for everything to start over, in milliseconds. */
  readonly lasting: number;
  readonly #ways: readonly Way[];
  #at = 0;
  #number = 0;

  /**
   * Checks the options.
   *
   * @throws {RangeError} A number is out of its range.
   * @throws {TypeError} There is no transport.
   */
  constructor(options: Pick<ComponentOptions, "transports" | "retry">, random: () => number) {
    const { transports } = options;
    const retry = resolveRetry(options.retry);
    const list = typeof transports === "string" ? [transports] : transports;
    if (list.length === 0) throw new TypeError("Option transports must name at least one");
    this.lasting = retry.maxDelay;
    this.#ways = list.map((one) => wayOf(typeof one === "string" ? { url: one } : one, retry, random));
  }

  /** The first attempt, at once. */
  first(): Attempt {
    return this.#attempt(this.#ways[0]!, 0);
  }

  /** A session lasted: everything starts over. */
  reset(): void {
    this.#number = 0;
    this.#at = -1;
    for (const way of this.#ways) {
      way.backoff.reset();
      way.failures = 0;
    }
  }

  /**
   * Notes how the last attempt failed, or the session after it, and says what is next.
   *
   * @param verdict What follows from the failure.
   * @param asked How long the server asked to be left alone, in milliseconds.
   * @param now The time, in milliseconds from any origin.
   * @returns `undefined` where no transport is left.
   */
  next(verdict: Verdict, asked: number, now: number): Attempt | undefined {
    const failed = this.#ways[this.#at];
    if (failed !== undefined) {
      failed.failures++;
      failed.restUntil = now + asked;
      if (verdict === "next" || failed.failures > failed.maxRetries) failed.isOut = true;
    }
    if (verdict === "fatal") return undefined;
    for (let step = 1; step <= this.#ways.length; step++) {
      const at = (this.#at + step) % this.#ways.length;
      const way = this.#ways[at]!;
      if (way.isOut) continue;
      this.#at = at;
      return this.#attempt(way, Math.max(Math.floor(way.backoff.next()), Math.ceil(way.restUntil - now)));
    }
    return undefined;
  }

  #attempt({ transport }: Way, delay: number): Attempt {
    return { transport, number: ++this.#number, delay };
  }
}

/**
 * What is not given as it is by default: the bounds of the delays fit each other then.
 *
 * @throws {RangeError} A number is out of its range.
 *
 * @internal
 */
export function resolveRetry(
  retry: RetryOptions = {},
  defaults: Required<RetryOptions> = RETRY,
): Required<RetryOptions> {
  const { factor = defaults.factor } = retry;
  const minDelay = retry.minDelay ?? Math.min(defaults.minDelay, retry.maxDelay ?? Infinity);
  const maxDelay = retry.maxDelay ?? Math.max(defaults.maxDelay, minDelay);
  if (!(minDelay >= 0)) throw new RangeError(`Option minDelay must be at least 0 milliseconds, received ${minDelay}`);
  if (!(maxDelay >= minDelay)) {
    throw new RangeError(`Option maxDelay must be at least minDelay (${minDelay} milliseconds), received ${maxDelay}`);
  }
  if (!(factor >= 1)) throw new RangeError(`Option factor must be at least 1, received ${factor}`);
  return { minDelay, maxDelay, factor };
}

function wayOf(transport: ComponentTransport, retry: Required<RetryOptions>, random: () => number): Way {
  const { maxRetries = Infinity } = transport;
  if (!(maxRetries >= 0)) throw new RangeError(`Option maxRetries must be at least 0, received ${maxRetries}`);
  const { minDelay, maxDelay, factor } = resolveRetry(transport, retry);
  const backoff = new Backoff({ initial: minDelay, max: maxDelay, factor }, random);
  return { transport, backoff, maxRetries, failures: 0, restUntil: 0, isOut: false };
}
