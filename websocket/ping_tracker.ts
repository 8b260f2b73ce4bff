/**
 * Pings of a user that wait for their pongs. Sans-I/O but for the promises it settles.
 *
 * @module
 */

import { equalBytes } from "../internal/bytes.ts";

interface PendingPing {
  readonly payload: Uint8Array;
  readonly sentAt: number;
  readonly resolve: (milliseconds: number) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Matches pongs to pings and measures the round trip.
 *
 * @internal
 */
export class PingTracker {
  #pings: PendingPing[] = [];
  #count = 0;

  /** A payload that this connection has not used before. */
  uniquePayload(): Uint8Array {
    const payload = new Uint8Array(8);
    new DataView(payload.buffer).setFloat64(0, ++this.#count);
    return payload;
  }

  /** Notes a ping that was sent; resolves to the round-trip time in milliseconds. */
  track(payload: Uint8Array, now: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#pings.push({ payload, sentAt: now, resolve, reject });
    return promise;
  }

  /** A pong answers its ping and all before it (RFC 6455 §5.5.3); one that nobody asked for means nothing. */
  settle(payload: Uint8Array, now: number): void {
    const index = this.#pings.findIndex((ping) => equalBytes(ping.payload, payload));
    for (const { resolve, sentAt } of this.#pings.splice(0, index + 1)) resolve(now - sentAt);
  }

  /** Nothing will be answered any more. */
  rejectAll(error: Error): void {
    for (const { reject } of this.#pings.splice(0)) reject(error);
  }
}
