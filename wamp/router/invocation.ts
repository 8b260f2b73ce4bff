/**
 * A call on its way: what the dealer remembers of it, and of those who take part.
 * Sans-I/O.
 *
 * @module
 */

import type { Call, PassthruOptions } from "../messages.ts";
import type { Timed } from "./deadlines.ts";
import type { Grant, Member } from "./effects.ts";

/**
 * How many calls with progressive invocations that ended before their caller was done are remembered for a session, so
 * that what is still on its way is not taken for a new call (WAMP, Verification of CALL Request IDs: the grace period).
 */
const MAX_FINISHED = 1024;

/** What the dealer knows of a session that registered or called. @internal */
export class Party {
  readonly member: Member;
  /** As callee: the ids of its registrations. */
  readonly registrations = new Set<number>();
  /** As caller: its open calls, by the id of its CALL. */
  readonly calls = new Map<number, Invocation>();
  /** As callee: what it has not answered, by the id of the INVOCATION. */
  readonly invocations = new Map<number, Invocation>();
  /** As caller: what its open calls hold for being passed on, in bytes. */
  keptBytes = 0;
  /** The id of the last INVOCATION (WAMP, IDs: session scope). */
  lastInvocation = 0;
  readonly #finished = new Set<number>();

  /** Makes one that takes part in nothing. */
  constructor(member: Member) {
    this.member = member;
  }

  /** Remembers a call that ended before its last invocation came. */
  rememberFinished(request: number): void {
    this.#finished.add(request);
    if (this.#finished.size <= MAX_FINISHED) return;
    for (const oldest of this.#finished) {
      this.#finished.delete(oldest);
      return;
    }
  }

  /** Whether a CALL belongs to a call that has ended. */
  isFinished(request: number): boolean {
    return this.#finished.size > 0 && this.#finished.has(request);
  }

  /** Forgets such a call: its last invocation has come. */
  forgetFinished(request: number): void {
    this.#finished.delete(request);
  }
}

/** A callee's part in a registration. @internal */
export interface Endpoint {
  readonly party: Party;
  /** How many invocations it takes at a time. */
  readonly concurrency: number;
  /** How many it has. */
  active: number;
  /** Wants to know who calls (WAMP, Caller Identification). */
  readonly discloseCaller: boolean;
  /** Wants to be told the timeout (WAMP, Call Timeouts). */
  readonly forwardTimeout: boolean;
}

/** What is kept of a call that may be passed on to another callee (WAMP, Call Re-Routing). @internal */
export interface Rerouting {
  readonly message: Call;
  readonly grant: Grant;
  /** What it holds, in bytes. */
  readonly size: number;
  /** When the whole call is over, or infinity. */
  readonly deadline: number;
  /** Who did not attend to it. */
  readonly tried: Set<Endpoint>;
}

/** A call with its invocation. @internal */
export interface Invocation extends Timed {
  /** `undefined` where nobody waits for the result, but the callee is still at work and counts as busy. */
  caller: Party | undefined;
  /** The id of the CALL. */
  readonly call: number;
  readonly procedure: string;
  readonly callee: Party;
  /** The id of the INVOCATION. */
  readonly request: number;
  readonly registration: number;
  readonly endpoint: Endpoint;
  /** Whether the caller takes progressive results. */
  readonly receiveProgress: boolean;
  /** Whether further invocations of this call may come (WAMP, Progressive Call Invocations). */
  isProgressive: boolean;
  /** The Details of its invocations but for `progress`; the first call's options count for all. */
  readonly details: PassthruOptions;
  /** The time for each result that is the dealer's to watch, in milliseconds, or 0. */
  readonly timeout: number;
  /** Whether the callee was interrupted and its answer is waited for: mode `kill`. */
  isInterrupted: boolean;
  /** Whether the caller has had a progressive result. */
  hasProgressed: boolean;
  /** What another callee would need; `undefined` where none can take over. */
  readonly rerouting: Rerouting | undefined;
}
