/**
 * Finding out that the router has gone, where the transport cannot: a browser's WebSocket sends no pings, and on
 * RawSocket there are routers that end the connection for one.
 *
 * @module
 */

import type { WheelEntry } from "../internal/timer_wheel.ts";
import { WampProtocolError } from "./errors.ts";
import { MESSAGE } from "./messages.ts";
import { Payload } from "./payload.ts";
import type { SessionLink, SessionRequest } from "./session_link.ts";
import type { ProbeOptions } from "./transports/transport.ts";

/**
 * What is asked for. It costs a router little; one that does not know it, or forbids it, answers too, with an error,
 * and any answer is life (WAMP, Session Meta API).
 */
const PROBE = "wamp.session.count";
/**
 * How often within an interval it is looked whether something came: noting the time of each message would cost each
 * message something.
 */
const LOOKS = 4;

/** Asks the router for an answer when it has been silent. Whatever it sends is life. @internal */
export class SessionKeepalive implements SessionRequest, WheelEntry {
  readonly type = MESSAGE.CALL;
  request = 0;
  deadline = Infinity;
  slot = -1;
  readonly #link: SessionLink;
  readonly #options: ProbeOptions;
  /** What the link had received when it was looked at last. */
  #received = 0;
  /** How many looks have found nothing new. */
  #quiet = 0;
  #isAsking = false;

  constructor(link: SessionLink, options: ProbeOptions) {
    this.#link = link;
    this.#options = options;
  }

  /** Begins to look. */
  start(): void {
    this.#received = this.#link.received;
    if (this.#options.interval < Infinity) this.#lookLater(performance.now());
  }

  /** Looks no more. */
  stop(): void {
    this.#link.wheel.set(this, Infinity);
  }

  #lookLater(now: number): void {
    this.#link.wheel.set(this, now + this.#options.interval / LOOKS);
  }

  onDeadline(now: number): void {
    const link = this.#link;
    if (link.peer.state !== "open") return;
    if (this.#received !== link.received) {
      this.#received = link.received;
      this.#quiet = 0;
      this.#isAsking = false;
    } else if (this.#isAsking) {
      return this.#expire();
    } else if (++this.#quiet === LOOKS - 1) {
      // The last message came between the look before these and the first of them.
      return this.#ask(now);
    }
    this.#lookLater(now);
  }

  #ask(now: number): void {
    const link = this.#link;
    this.#quiet = 0;
    this.#isAsking = true;
    // The one before may be unanswered, where other messages came in its place.
    if (!link.peer.isPending(this)) {
      const { type } = this;
      const [request, procedure, payload] = [link.peer.upcoming, PROBE, Payload.EMPTY];
      link.request(this, { type, request, options: {}, procedure, payload });
    }
    link.wheel.set(this, now + this.#options.timeout);
  }

  #expire(): void {
    const text = `Router must send something within ${this.#options.timeout} ms of a request, received nothing`;
    this.#link.lose(new WampProtocolError("limit_exceeded", text));
  }

  onReply(): void {
    // That it came is what counts.
  }

  onEnd(): void {
    // The session's end stops it.
  }
}
