/**
 * What stands between a session's messages and the broker and dealer of its realm: limits of rate and size, and the
 * question whether it may do what it wants to.
 *
 * @module
 */

import type { Logger } from "../../internal/log.ts";
import type { TimerWheel } from "../../internal/timer_wheel.ts";
import { type Call, type ErrorMessage, MESSAGE, type Message } from "../messages.ts";
import { Payload } from "../payload.ts";
import { ERROR_URI, isReserved } from "../uris.ts";
import type { Guard } from "./authorizer.ts";
import type { Broker } from "./broker.ts";
import type { Dealer } from "./dealer.ts";
import { type Grant, PLAIN_GRANT } from "./effects.ts";
import type { RouterMember } from "./member.ts";
import { requirementOf } from "./meta_requirements.ts";
import { isActing } from "./permissions.ts";
import { Throttle } from "./throttle.ts";
import { WaitingRequests } from "./waiting_requests.ts";

/** What is to be admitted to. @internal */
export interface AdmissionTarget {
  readonly broker: Broker;
  readonly dealer: Dealer;
  /** Whether the realm itself answers calls of a procedure. */
  isMeta(procedure: string): boolean;
  /** Handles a message, allowed or refused. */
  handle(member: RouterMember, message: Message, grant: Grant): void;
  /** Does something for a session that its message is not being handled for at the moment. */
  sweep(member: RouterMember, work: () => void): void;
}

/** What admissions share. @internal */
export interface AdmissionHost {
  readonly wheel: TimerWheel;
  readonly logger: Logger;
}

/** By what is decided. @internal */
export interface AdmissionRules {
  readonly guard: Guard;
  /** Messages of one session a second. */
  readonly maxMessageRate: number;
  /** Bytes of the arguments of one message. */
  readonly maxMessageSize: number;
}

/** Admits the messages of sessions. @internal */
export class Admission {
  /** Whether every message is admitted at once, so that nobody needs to ask. */
  isOpen = false;
  /** How often a session was not read from for sending too fast. */
  throttled = 0;
  readonly #target: AdmissionTarget;
  readonly #host: AdmissionHost;
  #rules: AdmissionRules;
  /** How many sessions have requests that wait. */
  #waiting = 0;

  /** By these rules. */
  constructor(target: AdmissionTarget, host: AdmissionHost, rules: AdmissionRules) {
    this.#target = target;
    this.#host = host;
    this.#rules = rules;
    this.#check();
  }

  /** Decides by other rules from now on. What waits has been asked for and is decided by those before. */
  update(rules: AdmissionRules, members: Iterable<RouterMember>): void {
    const hasOtherRate = rules.maxMessageRate !== this.#rules.maxMessageRate;
    this.#rules = rules;
    this.#check();
    for (const member of hasOtherRate ? members : []) {
      member.throttle?.end();
      this.enter(member);
    }
  }

  /** A session has joined. Those that are trusted have no rate. */
  enter(member: RouterMember): void {
    const { maxMessageRate } = this.#rules;
    const isLimited = maxMessageRate < Infinity && !member.isTrusted;
    member.throttle = isLimited ? new Throttle(member, maxMessageRate, this.#host.wheel) : undefined;
  }

  /** A session has left. */
  leave(member: RouterMember): void {
    member.throttle?.end();
    if (member.waiting === undefined) return;
    member.waiting.end();
    this.#forget(member);
  }

  /** Handles a message as soon as it may be. */
  receive(member: RouterMember, message: Message): void {
    if (member.throttle?.count()) this.throttled++;
    const { maxMessageSize } = this.#rules;
    if (maxMessageSize < Infinity && !member.isTrusted && "payload" in message) {
      const size = message.payload.byteLength;
      if (size > maxMessageSize) return this.#refuseSize(member, message, size);
    }
    // The answers of a callee need no permission, and who decides may be waiting for them.
    const isAnswer = message.type === MESSAGE.YIELD || message.type === MESSAGE.ERROR;
    if (isAnswer) this.#target.handle(member, message, PLAIN_GRANT);
    else this.#admit(member, message, member.isTrusted ? PLAIN_GRANT : this.#verdictOn(member, message));
  }

  #admit(member: RouterMember, message: Message, verdict: Grant | Promise<Grant>): void {
    if (member.waiting === undefined) {
      if (!(verdict instanceof Promise)) return this.#target.handle(member, message, verdict);
      member.waiting = new WaitingRequests(member, this.#host, () => this.#resume(member));
      this.#waiting++;
      this.#check();
    }
    if (!member.waiting.isFull) member.waiting.add(message, verdict);
    else this.#target.handle(member, message, TOO_MANY);
  }

  /** Handles what was decided, in order. */
  #resume(member: RouterMember): void {
    this.#target.sweep(member, () => {
      while (member.isJoined) {
        const request = member.waiting?.take();
        if (request === undefined) break;
        this.#target.handle(member, request.message, request.verdict);
      }
      if (member.waiting?.isEmpty) this.#forget(member);
    });
  }

  #forget(member: RouterMember): void {
    member.waiting = undefined;
    this.#waiting--;
    this.#check();
  }

  #check(): void {
    const { guard, maxMessageRate, maxMessageSize } = this.#rules;
    const isUnlimited = maxMessageRate === Infinity && maxMessageSize === Infinity;
    this.isOpen = guard.isOpen && isUnlimited && this.#waiting === 0;
  }

  /** Whether a procedure of the meta API is not for this session, although there are no rules. */
  isForbidden(member: RouterMember, procedure: string): boolean {
    return this.#rules.guard.isOpen && !member.isTrusted && isActing(procedure);
  }

  #verdictOn(member: RouterMember, message: Message): Grant | Promise<Grant> {
    const { guard } = this.#rules;
    if (guard.isOpen) return PLAIN_GRANT;
    switch (message.type) {
      case MESSAGE.CALL:
        return this.#verdictOnCall(member, message);
      case MESSAGE.PUBLISH: {
        const { topic: uri, options } = message;
        return guard.recall(member, "publish", uri, "exact") ??
          guard.decide(member, { action: "publish", uri, match: "exact", options });
      }
      case MESSAGE.SUBSCRIBE: {
        const { topic: uri, options } = message;
        return guard.decide(member, { action: "subscribe", uri, match: options.match ?? "exact", options });
      }
      case MESSAGE.REGISTER: {
        const { procedure: uri, options } = message;
        return guard.decide(member, { action: "register", uri, match: options.match ?? "exact", options });
      }
      default:
        return PLAIN_GRANT;
    }
  }

  #verdictOnCall(member: RouterMember, message: Call): Grant | Promise<Grant> {
    const { guard } = this.#rules;
    const { procedure: uri, options, request } = message;
    const known = guard.recall(member, "call", uri, "exact");
    if (known !== undefined && known.refusal === undefined && !isReserved(uri)) return known;
    const isMeta = this.#target.isMeta(uri);
    // A part of a call that was allowed; the dealer sees to it that it is for the same procedure.
    if (!isMeta && this.#target.dealer.isContinuation(member, request)) return PLAIN_GRANT;
    const verdict = known ?? guard.decide(member, { action: "call", uri, match: "exact", options });
    return isMeta ? this.#withRequirement(member, message, verdict) : verdict;
  }

  /** What a call of the meta API leads to must be allowed as well. */
  #withRequirement(member: RouterMember, message: Call, verdict: Grant | Promise<Grant>): Grant | Promise<Grant> {
    const { guard } = this.#rules;
    if (!(verdict instanceof Promise) && verdict.refusal !== undefined) return verdict;
    const { args, kwargs } = message.payload;
    const requirement = requirementOf(this.#target, message.procedure, args, kwargs);
    if (requirement === undefined) return verdict;
    const other = guard.decide(member, requirement);
    if (!(verdict instanceof Promise)) return other;
    return Promise.all([verdict, other]).then(([first, second]) => first.refusal === undefined ? second : first);
  }

  /** Answers a message whose arguments are too long; they go no further. */
  #refuseSize(member: RouterMember, message: Message & { readonly payload: Payload }, size: number): void {
    const text = `Arguments must have at most ${this.#rules.maxMessageSize} bytes, received ${size}`;
    if (message.type === MESSAGE.YIELD || message.type === MESSAGE.ERROR) {
      const payload = Payload.of([text]);
      const { request } = message;
      const [requestType, error] = message.type === MESSAGE.ERROR
        ? [message.requestType, message.error]
        : [MESSAGE.INVOCATION, ERROR_URI.PAYLOAD_SIZE_EXCEEDED];
      const answer: ErrorMessage = { type: MESSAGE.ERROR, requestType, request, details: {}, error, payload };
      return this.#target.handle(member, answer, PLAIN_GRANT);
    }
    if (message.type === MESSAGE.CALL && this.#target.dealer.isContinuation(member, message.request)) {
      const cancel = { type: MESSAGE.CANCEL, request: message.request, options: { mode: "killnowait" } } as const;
      return this.#target.handle(member, cancel, PLAIN_GRANT);
    }
    const refused = { ...message, payload: Payload.EMPTY } as Message;
    this.#admit(member, refused, { refusal: [ERROR_URI.PAYLOAD_SIZE_EXCEEDED, text] });
  }
}

/** Requests of the session wait for decisions, and these are as many as may. */
const TOO_MANY: Grant = Object.freeze({
  refusal: [ERROR_URI.UNAVAILABLE, "Too many requests of this session wait for a decision"] as const,
});
