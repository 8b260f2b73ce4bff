/**
 * What happens to sessions that do not take their messages as fast as they come.
 *
 * @module
 */

import type { Logger } from "../../internal/log.ts";
import type { TimerWheel, WheelEntry } from "../../internal/timer_wheel.ts";
import type { RouterMember } from "./member.ts";
import type { SlowConsumerPolicy } from "./router_api.ts";

/** A session is ended at once where this many times the limit wait for it, whatever the policy. */
const HARD_FACTOR = 4;
/**
 * How long more than the limit may wait for a session before it is ended, in milliseconds: a burst, such as some large
 * results at a time, needs a moment on its way and says nothing about who gets it.
 */
const GRACE = 1_000;
/** How often slow sessions are looked at, in milliseconds: not every transport tells in time that it has room. */
const CHECK_INTERVAL = 100;
/** How long a session that others wait for may take nothing before it is ended, in milliseconds. */
const STALL_TIMEOUT = 10_000;

/** What slow consumers are measured and treated by. @internal */
export interface SlowConsumerOptions {
  readonly policy: SlowConsumerPolicy;
  /** Bytes that may wait for one session. */
  readonly limit: number;
  readonly wheel: TimerWheel;
  readonly logger: Logger;
  /** Is told what is done about a session. */
  readonly onSlow?: (member: RouterMember, action: "disconnect" | "drop" | "pause") => void;
}

/** A session that is behind, and those that are not read from for its sake. */
interface Hold {
  readonly senders: Set<RouterMember>;
  /** The fewest bytes that waited for it. */
  least: number;
  /** When that was. */
  since: number;
}

/**
 * The slow consumers of a realm. Asked about a session only while more than the limit waits for it, so that those which
 * keep up cost nothing.
 *
 * @internal
 */
export class SlowConsumers implements WheelEntry {
  deadline = Infinity;
  slot = -1;
  /** Sessions ended for being slow. */
  disconnected = 0;
  /** Events left out. */
  dropped = 0;
  readonly #options: SlowConsumerOptions;
  readonly #holds = new Map<RouterMember, Hold>();

  /** None so far. */
  constructor(options: SlowConsumerOptions) {
    this.#options = options;
  }

  /** Whether a message may still go to `member`, for whom more than the limit waits. `sender` made the router send it. */
  admits(member: RouterMember, isEvent: boolean, sender: RouterMember | undefined): boolean {
    const { policy, limit } = this.#options;
    if (policy === "drop" && isEvent) {
      this.#options.onSlow?.(member, "drop");
      if (this.dropped++ === 0) this.#warn("Events are left out for a slow session", member);
      return false;
    }
    if (member.transport.bufferedAmount > limit * HARD_FACTOR) {
      this.#disconnect(member);
      return false;
    }
    if (policy === "disconnect") this.#watch(member);
    // A session that sends to itself is read from all the same: it may be unable to read before it has written.
    if (policy === "backpressure" && sender !== undefined && sender !== member) this.#hold(member, sender);
    return true;
  }

  /** The transport of `member` says that it has room. */
  drained(member: RouterMember): void {
    if (member.transport.bufferedAmount <= this.#options.limit) this.#release(member);
  }

  /** `member` has left: nobody waits for it, and it waits for nobody. */
  forget(member: RouterMember): void {
    if (this.#holds.size === 0) return;
    this.#release(member);
    for (const { senders } of this.#holds.values()) {
      if (senders.delete(member)) resumeFrom(member);
    }
  }

  /** See `WheelEntry`. */
  onDeadline(now: number): void {
    for (const [member, hold] of [...this.#holds]) this.#check(member, hold, now);
    this.#arm(now);
  }

  #check(member: RouterMember, hold: Hold, now: number): void {
    const { policy, limit } = this.#options;
    const amount = member.transport.bufferedAmount;
    if (policy === "disconnect") {
      if (amount <= limit) this.#release(member);
      else if (now - hold.since >= GRACE) this.#disconnect(member);
    } else if (amount <= limit / 2) this.#release(member);
    else if (amount < hold.least) [hold.least, hold.since] = [amount, now];
    // Two that wait for each other, or somebody who stopped reading for good.
    else if (now - hold.since >= STALL_TIMEOUT) this.#disconnect(member);
  }

  #watch(member: RouterMember): Hold {
    let hold = this.#holds.get(member);
    if (hold === undefined) {
      const now = performance.now();
      hold = { senders: new Set(), least: member.transport.bufferedAmount, since: now };
      this.#holds.set(member, hold);
      this.#arm(now);
    }
    return hold;
  }

  #hold(member: RouterMember, sender: RouterMember): void {
    const { senders } = this.#watch(member);
    if (senders.has(sender)) return;
    senders.add(sender);
    this.#options.onSlow?.(member, "pause");
    if (sender.pauses++ === 0) sender.transport.pause();
  }

  #release(member: RouterMember): void {
    const hold = this.#holds.get(member);
    if (hold === undefined) return;
    this.#holds.delete(member);
    for (const sender of hold.senders) resumeFrom(sender);
    if (this.#holds.size === 0) this.#options.wheel.set(this, Infinity);
  }

  #arm(now: number): void {
    if (this.#holds.size > 0) this.#options.wheel.set(this, now + CHECK_INTERVAL);
  }

  #disconnect(member: RouterMember): void {
    this.disconnected++;
    this.#options.onSlow?.(member, "disconnect");
    this.#warn("Session ended for being slow", member);
    member.link.cut("slow");
  }

  #warn(message: string, member: RouterMember): void {
    const { bufferedAmount: waiting, info } = member.transport;
    this.#options.logger.warn(message, { session: member.id, waiting, remoteAddress: info.remoteAddress });
  }
}

function resumeFrom(sender: RouterMember): void {
  if (--sender.pauses === 0) sender.transport.resume();
}
