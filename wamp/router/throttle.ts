/**
 * Sessions that send faster than their realm allows: they are not read from for a while.
 *
 * @module
 */

import type { TimerWheel, WheelEntry } from "../../internal/timer_wheel.ts";
import { TokenBucket } from "./rate_limit.ts";

/** Somebody who can be left unread for a while. @internal */
export interface Pausable {
  /** Reads no more, for one reason more. */
  pause(): void;
  /** One reason less not to read. */
  resume(): void;
}

/**
 * For how long a session is not read from at a time, in milliseconds: whether it is still there is seen only by reading.
 * A frame of a batched serializer can bring more messages than the rate allows in hours.
 */
const MAX_PAUSE = 5_000;

/** Holds one session to a rate. @internal */
export class Throttle implements WheelEntry {
  deadline = Infinity;
  slot = -1;
  readonly #member: Pausable;
  readonly #wheel: TimerWheel;
  readonly #bucket: TokenBucket;

  /** `rate`: messages a second. */
  constructor(member: Pausable, rate: number, wheel: TimerWheel) {
    this.#member = member;
    this.#wheel = wheel;
    this.#bucket = new TokenBucket(rate, performance.now());
  }

  /** A message came. @returns Whether the session is not read from any more, and was before. */
  count(): boolean {
    const now = performance.now();
    const wait = Math.min(MAX_PAUSE, this.#bucket.take(now));
    if (wait === 0) return false;
    const isNew = this.deadline === Infinity;
    if (isNew) this.#member.pause();
    this.#wheel.set(this, now + wait);
    return isNew;
  }

  /** See `WheelEntry`. */
  onDeadline(): void {
    this.#member.resume();
  }

  /** The session has left, or has another rate. */
  end(): void {
    if (this.deadline === Infinity) return;
    this.#wheel.set(this, Infinity);
    this.#member.resume();
  }
}
