/**
 * What a router counts while it works: plain numbers, so that counting costs next to nothing.
 * Sans-I/O.
 *
 * @module
 */

import type { WampProtocolErrorCode } from "../errors.ts";
import { MESSAGE, type MessageCode } from "../messages.ts";
import { CLOSE_URI, ERROR_URI } from "../uris.ts";
import type { LeaveReason } from "./diagnostics.ts";

/** One more than the highest code of a message. */
const CODES = Math.max(...Object.values(MESSAGE)) + 1;

/** What went over one transport, or over several, in both directions. @internal */
export interface Traffic {
  messagesReceived: number;
  bytesReceived: number;
  messagesSent: number;
  bytesSent: number;
}

/** A traffic of nothing. @internal */
export function noTraffic(): Traffic {
  return { messagesReceived: 0, bytesReceived: 0, messagesSent: 0, bytesSent: 0 };
}

/** Adds one traffic to another. @internal */
export function addTraffic(sum: Traffic, more: Readonly<Traffic>): void {
  sum.messagesReceived += more.messagesReceived;
  sum.bytesReceived += more.bytesReceived;
  sum.messagesSent += more.messagesSent;
  sum.bytesSent += more.bytesSent;
}

const KNOWN_URIS: ReadonlySet<string> = new Set([...Object.values(ERROR_URI), ...Object.values(CLOSE_URI)]);
/** What a URI of a program's own is counted as: labels must not grow with what peers make up. */
const OTHER = "other";

/** Counts by URI, those of the specification apart and all others together. @internal */
export class UriCounter {
  readonly counts = new Map<string, number>();

  /** One more. */
  add(uri: string): void {
    const key = KNOWN_URIS.has(uri) ? uri : OTHER;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }
}

/** What a router counts outside of its realms. @internal */
export class RouterCounters {
  /** Joins that were refused, by reason. */
  readonly refusals = new UriCounter();
  /** Peers that broke the protocol, by rule. */
  readonly aborts: Record<WampProtocolErrorCode, number> = {
    invalid_encoding: 0,
    invalid_message: 0,
    unexpected_message: 0,
    invalid_id: 0,
    limit_exceeded: 0,
  };
}

/** The upper bounds of the histogram of call durations, in seconds. @internal */
export const DURATION_BOUNDS: readonly number[] = [
  0.0001,
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
];

/** Of so many calls one is timed: the clock costs as much as a small message does. */
const TIMED_CALLS = 64;
/** A call that is open for longer is counted as longer than every bound, in milliseconds. */
const MAX_TIMED = 1_000 * DURATION_BOUNDS[DURATION_BOUNDS.length - 1]!;

/** Times one call after the other, for a histogram. @internal */
export class CallTimer {
  /** Whose call is being timed. */
  caller: object | undefined;
  /** How many calls took at most as long as each bound and longer than the one before; the last: longer than all. */
  readonly buckets = new Float64Array(DURATION_BOUNDS.length + 1);
  /** How long all of them took, in seconds. */
  sum = 0;
  #request = 0;
  #started = 0;
  #calls = 0;

  /** Whether a call that begins now should be given to {@linkcode start}. */
  isDue(): boolean {
    return this.#calls++ % TIMED_CALLS === 0;
  }

  /** A call begins, at `now` in milliseconds. */
  start(caller: object, request: number, now: number): void {
    if (this.caller !== undefined) {
      if (now - this.#started < MAX_TIMED) return;
      this.#observe(now);
    }
    this.caller = caller;
    this.#request = request;
    this.#started = now;
  }

  /** Whether this is the request that is being timed, where `caller` is who made it. */
  isTimed(request: number): boolean {
    return request === this.#request;
  }

  /** The call that is being timed has ended. */
  end(now: number): void {
    this.#observe(now);
    this.caller = undefined;
  }

  /** Somebody has left: nothing of theirs is timed any more. */
  forget(caller: object): void {
    if (this.caller === caller) this.caller = undefined;
  }

  #observe(now: number): void {
    const seconds = (now - this.#started) / 1_000;
    const index = DURATION_BOUNDS.findIndex((bound) => seconds <= bound);
    this.buckets[index < 0 ? DURATION_BOUNDS.length : index]! += 1;
    this.sum += seconds;
  }
}

/** What a realm counts. @internal */
export class RealmCounters {
  joins = 0;
  readonly leaves: Record<LeaveReason, number> = { goodbye: 0, dismissed: 0, aborted: 0, slow: 0, lost: 0, cut: 0 };
  /** Messages received, by code. */
  readonly received = new Float64Array(CODES);
  /** Messages sent, by code. */
  readonly sent = new Float64Array(CODES);
  /** Errors sent to those who asked for something. */
  readonly errors = new UriCounter();
  readonly calls = new CallTimer();
  /** What went over the transports of those who have left, by transport and serializer. */
  readonly past = new Map<string, Traffic>();

  /** Keeps what went over the transport of somebody who leaves. */
  keep(carrier: string, traffic: Readonly<Traffic>): void {
    let sum = this.past.get(carrier);
    if (sum === undefined) this.past.set(carrier, sum = noTraffic());
    addTraffic(sum, traffic);
  }
}

/** The messages that a realm receives, in the order of their codes. @internal */
export const RECEIVED_CODES: readonly MessageCode[] = [
  MESSAGE.ERROR,
  MESSAGE.PUBLISH,
  MESSAGE.SUBSCRIBE,
  MESSAGE.UNSUBSCRIBE,
  MESSAGE.CALL,
  MESSAGE.CANCEL,
  MESSAGE.REGISTER,
  MESSAGE.UNREGISTER,
  MESSAGE.YIELD,
];

/** The messages that a realm sends, in the order of their codes. @internal */
export const SENT_CODES: readonly MessageCode[] = [
  MESSAGE.ERROR,
  MESSAGE.PUBLISHED,
  MESSAGE.SUBSCRIBED,
  MESSAGE.UNSUBSCRIBED,
  MESSAGE.EVENT,
  MESSAGE.RESULT,
  MESSAGE.REGISTERED,
  MESSAGE.UNREGISTERED,
  MESSAGE.INVOCATION,
  MESSAGE.INTERRUPT,
];
