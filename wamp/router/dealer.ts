/**
 * The dealer of a realm: registrations, and calls to them.
 * Sans-I/O.
 *
 * @module
 */

import { unreachable } from "../../internal/assert.ts";
import type { Call, Cancel, ErrorMessage, InvocationPolicy, Register, Unregister, Yield } from "../messages.ts";
import type { MatchPolicy, UriRules } from "../uris.ts";
import type { Effect, Member } from "./effects.ts";

/** Choices for a dealer. @internal */
export interface DealerOptions {
  /** How strictly URIs are checked. */
  readonly uriRules: UriRules;
  /** Registrations of one session. */
  readonly maxRegistrations: number;
  /** Calls of one session that are open at a time. */
  readonly maxOpenCalls: number;
  /** Gives the id of a new registration. */
  readonly nextRegistrationId: () => number;
  /** A number from 0 to under 1, for the policy `random`. */
  readonly random: () => number;
  /** The time now in ISO 8601, for `created`. */
  readonly timestamp: () => string;
}

/** What the meta API tells of a registration (WAMP, Registration Meta API: RegistrationDetails). @internal */
export interface RegistrationDetails {
  readonly id: number;
  readonly created: string;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly invoke: InvocationPolicy;
}

/** A dealer. Every `now` is of one clock that never goes back, in milliseconds. @internal */
export class Dealer {
  constructor(options: DealerOptions) {
    void options;
  }
  /** How many registrations there are. */
  get registrations(): number {
    return 0;
  }
  /** How many calls are open. */
  get openCalls(): number {
    return 0;
  }
  register(member: Member, message: Register, effects: Effect[]): void {
    todo(member, message, effects);
  }
  unregister(member: Member, message: Unregister, effects: Effect[]): void {
    todo(member, message, effects);
  }
  call(caller: Member, message: Call, now: number, effects: Effect[]): void {
    todo(caller, message, now, effects);
  }
  cancel(caller: Member, message: Cancel, effects: Effect[]): void {
    todo(caller, message, effects);
  }
  yield(callee: Member, message: Yield, now: number, effects: Effect[]): void {
    todo(callee, message, now, effects);
  }
  /** A callee's ERROR for an INVOCATION. */
  error(callee: Member, message: ErrorMessage, effects: Effect[]): void {
    todo(callee, message, effects);
  }
  leave(member: Member, effects: Effect[]): void {
    todo(member, effects);
  }
  /** When {@linkcode tick} must be called, or infinity. */
  nextDeadline(): number {
    return Infinity;
  }
  /** Ends the calls whose time is over. */
  tick(now: number, effects: Effect[]): void {
    todo(now, effects);
  }
  /**
   * Whether a CALL with this id goes on with a progressive invocation, open or finished, so that the rule of sequential
   * ids is not for it (WAMP, Verification of CALL Request IDs).
   */
  isContinuation(caller: Member, request: number): boolean {
    return todo(caller, request);
  }
  /** `wamp.registration.list`. */
  list(): Record<MatchPolicy, number[]> {
    return todo();
  }
  /** `wamp.registration.lookup`. */
  lookup(procedure: string, match: MatchPolicy): number | undefined {
    return todo(procedure, match);
  }
  /** `wamp.registration.match`: the id of the best. */
  match(procedure: string): number | undefined {
    return todo(procedure);
  }
  /** `wamp.registration.get`. */
  get(id: number): RegistrationDetails | undefined {
    return todo(id);
  }
  /** `wamp.registration.list_callees`: session ids. */
  callees(id: number): number[] | undefined {
    return todo(id);
  }
  /** `wamp.registration.count_callees`. */
  countCallees(id: number): number | undefined {
    return todo(id);
  }
}

function todo(..._: unknown[]): never {
  return unreachable(undefined as never);
}
