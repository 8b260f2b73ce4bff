/**
 * The requests of a session that wait until somebody has decided whether they are allowed.
 *
 * @module
 */

import type { Logger } from "../../internal/log.ts";
import type { TimerWheel, WheelEntry } from "../../internal/timer_wheel.ts";
import type { Message } from "../messages.ts";
import type { Grant } from "./effects.ts";
import type { Pausable } from "./throttle.ts";
import { UNDECIDED } from "./verdicts.ts";

/** While so many wait, the session is not read from. */
const MAX_WAITING = 256;
/** While they hold so many bytes, either. */
const MAX_BYTES = 1 << 20;
/** What comes beyond this many is refused: one frame of a batched serializer can hold any number. */
const HARD_FACTOR = 16;
/** How long a decision may take, in milliseconds. */
const TIMEOUT = 10_000;

/** A request that waits. */
interface Entry {
  readonly message: Message;
  readonly size: number;
  /** When it is refused, if nobody has decided. */
  readonly deadline: number;
  verdict: Grant | undefined;
}

/**
 * Requests in the order in which they came. They are decided side by side and done one after the other, since the
 * specification keeps publications and calls of a session in order (WAMP, Ordering Guarantees).
 *
 * @internal
 */
export class WaitingRequests implements WheelEntry {
  deadline = Infinity;
  slot = -1;
  readonly #member: Pausable & { readonly id: number };
  readonly #host: { readonly wheel: TimerWheel; readonly logger: Logger };
  /** Told when the first has been decided. */
  readonly #ready: () => void;
  #entries: Entry[] = [];
  #bytes = 0;
  #isPaused = false;

  /** Nothing waits yet. */
  constructor(
    member: Pausable & { readonly id: number },
    host: { readonly wheel: TimerWheel; readonly logger: Logger },
    ready: () => void,
  ) {
    this.#member = member;
    this.#host = host;
    this.#ready = ready;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Whether nothing more is taken. */
  get isFull(): boolean {
    return this.#entries.length >= MAX_WAITING * HARD_FACTOR;
  }

  /** Adds a request, whose verdict never rejects. What it borrows is copied. */
  add(message: Message, verdict: Grant | Promise<Grant>): void {
    const size = "payload" in message ? message.payload.retain().byteLength : 0;
    const entry: Entry = { message, size, deadline: performance.now() + TIMEOUT, verdict: undefined };
    this.#entries.push(entry);
    this.#bytes += size;
    if (verdict instanceof Promise) void verdict.then((settled) => this.#settle(entry, settled));
    else entry.verdict = verdict;
    if (!this.#isPaused && (this.#entries.length >= MAX_WAITING || this.#bytes >= MAX_BYTES)) {
      this.#isPaused = true;
      this.#member.pause();
    }
    this.#arm();
  }

  /** Takes the first request, if it has been decided. */
  take(): { readonly message: Message; readonly verdict: Grant } | undefined {
    const [first] = this.#entries;
    if (first?.verdict === undefined) return undefined;
    this.#entries.shift();
    this.#bytes -= first.size;
    if (this.#isPaused && this.#entries.length <= MAX_WAITING / 2 && this.#bytes <= MAX_BYTES / 2) this.#resume();
    this.#arm();
    return { message: first.message, verdict: first.verdict };
  }

  /** See `WheelEntry`. */
  onDeadline(now: number): void {
    for (const entry of this.#entries) {
      if (entry.verdict !== undefined || entry.deadline > now) continue;
      entry.verdict = UNDECIDED;
      this.#host.logger.error("Nobody authorized in time", { session: this.#member.id, timeout: TIMEOUT });
    }
    this.#arm();
    this.#ready();
  }

  /** The session has left: nothing is done any more. */
  end(): void {
    this.#entries = [];
    this.#host.wheel.set(this, Infinity);
    if (this.#isPaused) this.#resume();
  }

  #settle(entry: Entry, verdict: Grant): void {
    if (entry.verdict !== undefined) return;
    entry.verdict = verdict;
    if (entry === this.#entries[0]) this.#ready();
  }

  #resume(): void {
    this.#isPaused = false;
    this.#member.resume();
  }

  /** Waits for the first that nobody has decided. */
  #arm(): void {
    const [first] = this.#entries;
    const deadline = first === undefined || first.verdict !== undefined ? Infinity : first.deadline;
    if (deadline !== this.deadline) this.#host.wheel.set(this, deadline);
  }
}
