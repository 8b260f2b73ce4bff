/**
 * The dealer of a realm: registrations, and calls to them.
 * Sans-I/O.
 *
 * @module
 */

import {
  type Call,
  type Cancel,
  type ErrorMessage,
  MESSAGE,
  type MessageCode,
  type Register,
  type Unregister,
  type Yield,
} from "../messages.ts";
import { messageName } from "../message_table.ts";
import { Payload } from "../payload.ts";
import { ERROR_URI, isReserved, isUri, type MatchPolicy, type UriRules } from "../uris.ts";
import { DeadlineHeap } from "./deadlines.ts";
import { callError, interrupt, invocationDetails, invocationEffect, PROGRESS, timeoutOf } from "./dealer_messages.ts";
import {
  abort,
  type Effect,
  type Grant,
  type Member,
  NOTHING,
  passthruOf,
  type PayloadKind,
  payloadKind,
  PLAIN_GRANT,
  type Refusal,
  refusal,
  takesKind,
  unannounced,
} from "./effects.ts";
import { type Endpoint, type Invocation, Party, type Rerouting } from "./invocation.ts";
import { isAcceptablePattern, isAcceptableUri, MatchIndex } from "./match.ts";
import {
  acceptor,
  isInvocationPolicy,
  refuseSharing,
  Registration,
  type RegistrationDetails,
  takesStreams,
} from "./registration.ts";
import { asksForRerouting, keepForRerouting, nextAttempt } from "./rerouting.ts";

export type { RegistrationDetails } from "./registration.ts";

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

const DISCLOSURE_DENIED: Refusal = [
  ERROR_URI.OPTION_DISALLOWED_DISCLOSE_ME,
  "Cannot call: this session's identity is not to be disclosed",
];

/** A dealer. Every `now` is of one clock that never goes back, in milliseconds. @internal */
export class Dealer {
  readonly #options: DealerOptions;
  readonly #index = new MatchIndex<Registration>();
  readonly #byId = new Map<number, Registration>();
  readonly #parties = new Map<Member, Party>();
  readonly #deadlines = new DeadlineHeap<Invocation>();
  #openCalls = 0;

  /** Makes one without registrations. */
  constructor(options: DealerOptions) {
    this.#options = options;
  }

  /** How many registrations there are. */
  get registrations(): number {
    return this.#byId.size;
  }

  /** The registrations, in the order in which they were made. */
  entries(): Iterable<RegistrationDetails & { readonly endpoints: readonly unknown[] }> {
    return this.#byId.values();
  }

  /** How many calls are open. */
  get openCalls(): number {
    return this.#openCalls;
  }

  /** How many entries the tables hold: nothing is left when everybody has left. */
  get tableSize(): number {
    return this.#index.size + this.#index.nodes + this.#byId.size + this.#parties.size + this.#deadlines.size +
      this.#openCalls;
  }

  /** REGISTER (WAMP, Registering and Unregistering). */
  register(member: Member, message: Register, effects: Effect[]): void {
    const { request, procedure, options } = message;
    const { match = "exact", invoke = "single" } = options;
    const existing = this.#index.get(procedure, match);
    const party = this.#partyOf(member);
    const replaced = options.force_reregister === true ? existing : undefined;
    const joined = replaced === undefined ? existing : undefined;
    const refused = this.#refuseRegister(party, message, joined);
    if (refused !== undefined) {
      effects.push(refusal(member, MESSAGE.REGISTER, request, ...refused));
      return;
    }
    for (const endpoint of replaced === undefined ? [] : [...replaced.endpoints]) {
      this.#revoke(endpoint.party, replaced!, "The procedure was registered anew", effects);
    }
    const registration = joined ?? this.#create(procedure, match, invoke);
    registration.endpoints.push({
      party,
      concurrency: options.concurrency ?? Infinity,
      active: 0,
      discloseCaller: options.disclose_caller === true,
      forwardTimeout: options.forward_timeout === true,
    });
    const { id, details } = registration;
    party.registrations.add(id);
    effects.push({ kind: "send", to: member, message: { type: MESSAGE.REGISTERED, request, registration: id } });
    if (joined === undefined) {
      effects.push({ kind: "meta", topic: "wamp.registration.on_create", args: [member.id, details] });
    }
    effects.push({ kind: "meta", topic: "wamp.registration.on_register", args: [member.id, id] });
  }

  #refuseRegister(party: Party, message: Register, existing: Registration | undefined): Refusal | undefined {
    const { procedure, options: { match = "exact", invoke = "single", concurrency } } = message;
    const { uriRules, maxRegistrations } = this.#options;
    if (!isAcceptablePattern(procedure, match, uriRules)) {
      return [ERROR_URI.INVALID_URI, `Cannot register: bad URI for match policy ${match}`];
    }
    if (isReserved(procedure) && !party.member.isTrusted) {
      return [ERROR_URI.INVALID_URI, "Cannot register: URIs under wamp. are reserved"];
    }
    if (!isInvocationPolicy(invoke)) return [ERROR_URI.INVALID_ARGUMENT, "Cannot register: unknown invocation policy"];
    if (concurrency === 0) return [ERROR_URI.INVALID_ARGUMENT, "Cannot register: concurrency must be at least 1"];
    const taken = existing && refuseSharing(existing, invoke, party);
    if (taken !== undefined) return taken;
    if (party.registrations.size < maxRegistrations) return undefined;
    return [ERROR_URI.UNAVAILABLE, `Cannot register: this session has its ${maxRegistrations} registrations`];
  }

  #create(uri: string, match: MatchPolicy, invoke: Registration["invoke"]): Registration {
    const { nextRegistrationId, timestamp } = this.#options;
    const registration = new Registration({ id: nextRegistrationId(), created: timestamp(), uri, match, invoke });
    this.#index.add(registration);
    this.#byId.set(registration.id, registration);
    return registration;
  }

  /** UNREGISTER (WAMP, Registering and Unregistering). Calls that are open go on. */
  unregister(member: Member, message: Unregister, effects: Effect[]): void {
    const { request } = message;
    const party = this.#parties.get(member);
    const registration = this.#byId.get(message.registration);
    if (party === undefined || registration === undefined || !party.registrations.has(registration.id)) {
      const text = `Cannot unregister: this session has no registration ${message.registration}`;
      effects.push(refusal(member, MESSAGE.UNREGISTER, request, ERROR_URI.NO_SUCH_REGISTRATION, text));
      return;
    }
    effects.push({ kind: "send", to: member, message: { type: MESSAGE.UNREGISTERED, request } });
    this.#detach(party, registration, effects);
  }

  /**
   * Takes a callee out of a registration (WAMP, Registration Revocation).
   *
   * @returns Whether it was in.
   */
  removeCallee(member: Member, id: number, reason: string | undefined, effects: Effect[]): boolean {
    const party = this.#parties.get(member);
    const registration = this.#byId.get(id);
    if (party === undefined || registration === undefined || !party.registrations.has(id)) return false;
    this.#revoke(party, registration, reason, effects);
    return true;
  }

  #revoke(party: Party, registration: Registration, reason: string | undefined, effects: Effect[]): void {
    const { member } = party;
    if (member.features.calleeRevocation) {
      const details = { registration: registration.id, ...(reason !== undefined && { reason }) };
      effects.push({ kind: "send", to: member, message: { type: MESSAGE.UNREGISTERED, request: 0, details } });
    }
    this.#detach(party, registration, effects);
  }

  #detach(party: Party, registration: Registration, effects: Effect[]): void {
    const { id } = registration;
    const args = [party.member.id, id];
    party.registrations.delete(id);
    registration.remove(party);
    effects.push({ kind: "meta", topic: "wamp.registration.on_unregister", args });
    if (registration.endpoints.length > 0) return;
    this.#index.remove(registration);
    this.#byId.delete(id);
    effects.push({ kind: "meta", topic: "wamp.registration.on_delete", args });
  }

  /** CALL: a new one, or the next part of one (WAMP, Calling and Invocations; Progressive Call Invocations). */
  call(caller: Member, message: Call, now: number, effects: Effect[], grant: Grant = PLAIN_GRANT): void {
    const { request, options } = message;
    const isProgressive = options.progress === true;
    const kind = payloadKind(options, message.payload);
    const party = this.#partyOf(caller);
    const open = party.calls.get(request);
    if (open !== undefined) {
      this.#continue(caller, open, message, effects);
      return;
    }
    if (party.isFinished(request)) {
      // WAMP, Continuations on Completed Calls: the caller does not know yet.
      if (!isProgressive) party.forgetFinished(request);
      return;
    }
    if (isProgressive && !caller.features.callerProgressiveInvocations) {
      effects.push(abort(caller, "unexpected_message", "CALL.Options.progress without having announced the feature"));
      return;
    }
    if (!takesKind(caller.features, "caller", kind)) {
      effects.push(abort(caller, "unexpected_message", unannounced("CALL", kind)));
      return;
    }
    const denied = grant.refusal ??
      (grant.disclose === false && options.disclose_me === true ? DISCLOSURE_DENIED : undefined);
    const registration = denied === undefined ? this.#find(message.procedure) : undefined;
    const endpoint = registration?.pick(acceptor(isProgressive, kind), this.#options.random);
    if (registration === undefined || endpoint === undefined || party.calls.size >= this.#options.maxOpenCalls) {
      if (isProgressive) party.rememberFinished(request);
      const refused = denied ?? this.#refuseCall(party, message, registration);
      effects.push(refusal(caller, MESSAGE.CALL, request, ...refused));
      return;
    }
    this.#invoke(party, message, registration, endpoint, now, grant, effects);
  }

  #refuseCall(party: Party, message: Call, registration: Registration | undefined): Refusal {
    const { procedure, options } = message;
    const { uriRules, maxOpenCalls } = this.#options;
    if (!isAcceptableUri(procedure, uriRules)) return [ERROR_URI.INVALID_URI, "Cannot call: bad URI"];
    if (registration === undefined) {
      return [ERROR_URI.NO_SUCH_PROCEDURE, `Cannot call: no procedure is registered for ${procedure}`];
    }
    if (party.calls.size >= maxOpenCalls) {
      return [ERROR_URI.UNAVAILABLE, `Cannot call: this session has its ${maxOpenCalls} open calls`];
    }
    // WAMP, Ignoring Progressive Call Invocations
    if (options.progress === true && !registration.endpoints.some(({ party }) => takesStreams(party.member))) {
      return [ERROR_URI.FEATURE_NOT_SUPPORTED, "Cannot call: the callee takes no progressive invocations"];
    }
    // WAMP, Payload Passthru Mode, Feature Announcement
    const kind = payloadKind(options, message.payload);
    if (!registration.endpoints.some(({ party }) => takesKind(party.member.features, "callee", kind))) {
      return [ERROR_URI.FEATURE_NOT_SUPPORTED, "Cannot call: the callee takes no payload that is passed through"];
    }
    return [ERROR_URI.NO_AVAILABLE_CALLEE, "Cannot call: all callees have as many invocations as they take"];
  }

  #invoke(
    caller: Party,
    message: Call,
    registration: Registration,
    endpoint: Endpoint,
    now: number,
    grant: Grant,
    effects: Effect[],
    rerouting: Rerouting | undefined = keepForRerouting(caller, message, registration, endpoint, now, grant),
  ): void {
    const { options, payload } = message;
    const callee = endpoint.party;
    const isProgressive = options.progress === true;
    const details = invocationDetails(caller.member, options, message.procedure, registration, endpoint, grant);
    const request = ++callee.lastInvocation;
    const timeout = timeoutOf(options, endpoint);
    const invocation: Invocation = {
      caller,
      call: message.request,
      procedure: message.procedure,
      callee,
      request,
      registration: registration.id,
      endpoint,
      receiveProgress: options.receive_progress === true,
      isProgressive,
      details,
      timeout,
      isInterrupted: false,
      hasProgressed: false,
      rerouting,
      deadline: Infinity,
      heapIndex: -1,
    };
    if (rerouting !== undefined) caller.keptBytes += rerouting.size;
    endpoint.active++;
    this.#openCalls++;
    caller.calls.set(message.request, invocation);
    callee.invocations.set(request, invocation);
    if (timeout > 0) this.#deadlines.set(invocation, rerouting?.deadline ?? now + timeout);
    effects.push(invocationEffect(invocation, isProgressive, payload));
  }

  /** A CALL with the id of one that is open. */
  #continue(caller: Member, open: Invocation, message: Call, effects: Effect[]): void {
    if (!open.isProgressive || open.procedure !== message.procedure) {
      effects.push(abort(caller, "invalid_id", `CALL ${message.request} is still open`));
      return;
    }
    // WAMP, Freezing of Options in Progressive Call Invocations: nothing but `progress` is looked at.
    open.isProgressive = message.options.progress === true;
    if (message.payload.isOpaque && !(caller.features.callerTransparency && open.details.enc_algo !== undefined)) {
      effects.push(abort(caller, "unexpected_message", "CALL goes on with bytes in place of arguments"));
      return;
    }
    if (!open.isInterrupted) effects.push(invocationEffect(open, open.isProgressive, message.payload));
  }

  /** CANCEL (WAMP, Call Canceling). One for a call that has ended crossed its result: nothing happens. */
  cancel(caller: Member, message: Cancel, effects: Effect[]): void {
    const invocation = this.#parties.get(caller)?.calls.get(message.request);
    if (invocation === undefined) return;
    const { calleeCanceling } = invocation.callee.member.features;
    const mode = calleeCanceling ? message.options.mode ?? "killnowait" : "skip";
    if (mode === "kill") {
      if (invocation.isInterrupted) return;
      invocation.isInterrupted = true;
      effects.push(interrupt(invocation, "kill", ERROR_URI.CANCELED));
      return;
    }
    effects.push(callError(caller, message.request, ERROR_URI.CANCELED, "The caller canceled"));
    this.#abandon(invocation, mode === "killnowait", ERROR_URI.CANCELED, effects);
  }

  /** YIELD (WAMP, Calling and Invocations; Progressive Call Results). */
  yield(callee: Member, message: Yield, now: number, effects: Effect[]): void {
    const { request, options, payload } = message;
    const invocation = this.#openInvocation(callee, request, MESSAGE.YIELD, effects);
    if (invocation === undefined) return;
    const { caller } = invocation;
    const kind = payloadKind(options, payload);
    if (kind !== "arguments" && !this.#mayPassThru(invocation, message, kind, effects)) return;
    const passthru = passthruOf(options);
    let details = passthru ?? NOTHING;
    if (options.progress === true) {
      // A caller that did not ask for progressive results could not tell them from the last one.
      if (caller === undefined || !invocation.receiveProgress) return;
      invocation.hasProgressed = true;
      if (invocation.timeout > 0) this.#deadlines.set(invocation, now + invocation.timeout);
      details = passthru === undefined ? PROGRESS : { ...passthru, progress: true };
    } else {
      this.#finish(invocation);
      if (caller === undefined) return;
    }
    const result = { type: MESSAGE.RESULT, request: invocation.call, details, payload };
    effects.push({ kind: "send", to: caller.member, message: result });
  }

  /** Whether callee and caller know payloads that are passed through (WAMP, Payload Passthru Mode, Feature Announcement). */
  #mayPassThru(invocation: Invocation, { request, options }: Yield, kind: PayloadKind, effects: Effect[]): boolean {
    const { caller, call } = invocation;
    const callee = invocation.callee.member;
    if (!takesKind(callee.features, "callee", kind)) {
      effects.push(abort(callee, "unexpected_message", unannounced("YIELD", kind)));
      return false;
    }
    if (caller === undefined || takesKind(caller.member.features, "caller", kind)) return true;
    const error = ERROR_URI.FEATURE_NOT_SUPPORTED;
    effects.push(refusal(callee, MESSAGE.YIELD, request, error, "The caller takes no payload that is passed through"));
    effects.push(callError(caller.member, call, error, "The result has a payload that is passed through"));
    if (options.progress === true) this.#abandon(invocation, true, error, effects);
    else this.#finish(invocation);
    return false;
  }

  /** ERROR for an INVOCATION (WAMP, Calling and Invocations). */
  error(callee: Member, message: ErrorMessage, effects: Effect[]): void {
    if (message.requestType !== MESSAGE.INVOCATION) {
      effects.push(abort(callee, "unexpected_message", "ERROR for something that is not an INVOCATION"));
      return;
    }
    const invocation = this.#openInvocation(callee, message.request, MESSAGE.ERROR, effects);
    if (invocation === undefined) return;
    const { caller, call } = invocation;
    this.#finish(invocation);
    if (caller === undefined) return;
    if (message.error === ERROR_URI.UNAVAILABLE && asksForRerouting(invocation)) {
      return this.#reroute(caller, invocation, effects);
    }
    // Peers end their session over an error URI that is none, so a bad one must not reach the caller.
    if (!isUri(message.error, this.#options.uriRules)) {
      effects.push(callError(caller.member, call, ERROR_URI.INVALID_URI, "The callee's error has a bad URI"));
      return;
    }
    const details = passthruOf(message.details) ?? NOTHING;
    const { error } = message;
    // A caller that does not know bytes in place of arguments gets the error without.
    const isKnown = !message.payload.isOpaque || caller.member.features.callerTransparency;
    const payload = isKnown ? message.payload : Payload.EMPTY;
    effects.push({
      kind: "send",
      to: caller.member,
      message: { type: MESSAGE.ERROR, requestType: MESSAGE.CALL, request: call, details, error, payload },
    });
  }

  /** Turns to the next callee, after one that does not attend to a call (WAMP, Call Re-Routing). */
  #reroute(caller: Party, invocation: Invocation, effects: Effect[]): void {
    const { call } = invocation;
    const registration = this.#byId.get(invocation.registration);
    const rerouting = registration && nextAttempt(invocation);
    if (rerouting !== undefined) {
      const { message, grant, tried } = rerouting;
      const accepts = acceptor(false, payloadKind(message.options, message.payload));
      const next = registration!.pick((other) => !tried.has(other) && accepts(other), this.#options.random);
      if (next !== undefined) return this.#invoke(caller, message, registration!, next, 0, grant, effects, rerouting);
    }
    effects.push(callError(caller.member, call, ERROR_URI.NO_AVAILABLE_CALLEE, "No callee attends to the call"));
  }

  /** What a callee answers. An answer to what has ended is dropped; one to what never was breaks the protocol. */
  #openInvocation(callee: Member, request: number, type: MessageCode, effects: Effect[]): Invocation | undefined {
    const party = this.#parties.get(callee);
    const invocation = party?.invocations.get(request);
    if (invocation === undefined && request > (party?.lastInvocation ?? 0)) {
      effects.push(abort(callee, "invalid_id", `${messageName(type)} for INVOCATION ${request}, which never was`));
    }
    return invocation;
  }

  /** Ends everything a session that is gone took part in. */
  leave(member: Member, effects: Effect[]): void {
    const party = this.#parties.get(member);
    if (party === undefined) return;
    this.#parties.delete(member);
    for (const id of party.registrations) {
      const registration = this.#byId.get(id);
      if (registration !== undefined) this.#detach(party, registration, effects);
    }
    // WAMP, Callee Leaving During an RPC Invocation
    for (const invocation of party.invocations.values()) {
      const { caller, call } = invocation;
      this.#finish(invocation);
      if (caller === undefined || caller === party) continue;
      effects.push(callError(caller.member, call, ERROR_URI.CANCELED, "The callee left"));
    }
    // WAMP, Caller Leaving During an RPC Invocation
    for (const invocation of party.calls.values()) this.#abandon(invocation, true, ERROR_URI.CANCELED, effects);
  }

  /** When {@linkcode tick} must be called, or infinity. */
  nextDeadline(): number {
    return this.#deadlines.next();
  }

  /** Ends the calls whose time is over (WAMP, Call Timeouts, Dealer-Initiated Timeouts). */
  tick(now: number, effects: Effect[]): void {
    for (let due = this.#deadlines.due(now); due !== undefined; due = this.#deadlines.due(now)) {
      const { caller, call, timeout } = due;
      if (caller !== undefined) {
        effects.push(callError(caller.member, call, ERROR_URI.TIMEOUT, `No result within ${timeout} ms`));
      }
      this.#abandon(due, true, ERROR_URI.TIMEOUT, effects);
    }
  }

  /**
   * Whether a CALL with this id goes on with one that is open or has ended, so that the rule of sequential ids is not for
   * it (WAMP, Verification of CALL Request IDs).
   */
  isContinuation(caller: Member, request: number): boolean {
    const party = this.#parties.get(caller);
    return party !== undefined && (party.calls.has(request) || party.isFinished(request));
  }

  /** `wamp.registration.list`. */
  list(): Record<MatchPolicy, number[]> {
    return { exact: this.#idsOf("exact"), prefix: this.#idsOf("prefix"), wildcard: this.#idsOf("wildcard") };
  }

  #idsOf(match: MatchPolicy): number[] {
    return Array.from(this.#index.entries(match), ({ id }) => id);
  }

  /** `wamp.registration.lookup`. */
  lookup(procedure: string, match: MatchPolicy): number | undefined {
    return this.#index.get(procedure, match)?.id;
  }

  /** `wamp.registration.match`: the id of the best. */
  match(procedure: string): number | undefined {
    return this.#find(procedure)?.id;
  }

  /** `wamp.registration.get`. */
  get(id: number): RegistrationDetails | undefined {
    return this.#byId.get(id)?.details;
  }

  /** `wamp.registration.list_callees`: session ids. */
  callees(id: number): number[] | undefined {
    return this.#byId.get(id)?.endpoints.map(({ party }) => party.member.id);
  }

  /** `wamp.registration.count_callees`. */
  countCallees(id: number): number | undefined {
    return this.#byId.get(id)?.endpoints.length;
  }

  /** The one registration for a call (WAMP, Pattern-based Registrations, Calls matching multiple registrations). */
  #find(procedure: string): Registration | undefined {
    const exact = this.#index.exact(procedure);
    if (exact !== undefined || !this.#index.hasPatterns) return exact;
    if (!isAcceptableUri(procedure, this.#options.uriRules)) return undefined;
    let best: Registration | undefined;
    // A broad pattern of an ordinary session must not catch what is meant for the router.
    const needsReserved = isReserved(procedure);
    this.#index.visitPatterns(procedure, (registration) => {
      if (needsReserved && !isReserved(registration.uri)) return false;
      best = registration;
      return true;
    });
    return best;
  }

  #partyOf(member: Member): Party {
    let party = this.#parties.get(member);
    if (party === undefined) this.#parties.set(member, party = new Party(member));
    return party;
  }

  /** Takes a call out of the caller's table. */
  #forgetCaller(invocation: Invocation): void {
    const { caller, call } = invocation;
    if (caller === undefined) return;
    caller.calls.delete(call);
    if (invocation.rerouting !== undefined) caller.keptBytes -= invocation.rerouting.size;
    if (invocation.isProgressive) caller.rememberFinished(call);
    invocation.caller = undefined;
    this.#openCalls--;
    this.#deadlines.remove(invocation);
  }

  /** Takes an invocation out of all tables. */
  #finish(invocation: Invocation): void {
    this.#forgetCaller(invocation);
    invocation.callee.invocations.delete(invocation.request);
    invocation.endpoint.active--;
  }

  /** Ends a call before its callee has answered, telling the callee where it understands that. */
  #abandon(invocation: Invocation, interrupts: boolean, reason: string, effects: Effect[]): void {
    const { callee, endpoint, isInterrupted } = invocation;
    const stops = isInterrupted || (interrupts && callee.member.features.calleeCanceling);
    if (stops && !isInterrupted) effects.push(interrupt(invocation, "killnowait", reason));
    // Where concurrency is limited, a callee that was not stopped stays busy until it answers.
    if (!stops && endpoint.concurrency !== Infinity) this.#forgetCaller(invocation);
    else this.#finish(invocation);
  }
}
