/**
 * A realm: its sessions, its broker and dealer, and the doing of what these want done.
 *
 * @module
 */

import { unreachable } from "../../internal/assert.ts";
import { failureMessage, type Logger } from "../../internal/log.ts";
import type { TimerWheel, WheelEntry } from "../../internal/timer_wheel.ts";
import type { AuthMethod } from "../auth/accept.ts";
import { ApplicationError, WampProtocolError } from "../errors.ts";
import { IdSequence, MAX_ID, randomId } from "../ids.ts";
import { messageName } from "../message_table.ts";
import {
  type Call,
  type ErrorMessage,
  type Event,
  MESSAGE,
  type Message,
  type Roles,
  type RouterMessage,
} from "../messages.ts";
import { Payload } from "../payload.ts";
import type { Serializer } from "../serializers/serializer.ts";
import { SharedBytes, type Transport } from "../transports/transport.ts";
import { CLOSE_URI, ERROR_URI, isReserved } from "../uris.ts";
import { Admission, type AdmissionRules, type AdmissionTarget } from "./admission.ts";
import { Guard } from "./authorizer.ts";
import { Broker, type BrokerOptions, type HistoryOptions } from "./broker.ts";
import { Dealer, type DealerOptions } from "./dealer.ts";
import type { LeaveReason } from "./diagnostics.ts";
import { type Effect, type EventEffect, type Grant, type MemberFeatures, PLAIN_GRANT, refusal } from "./effects.ts";
import { type Identity, type MemberLink, RouterMember } from "./member.ts";
import { type MetaContext, type MetaProcedure, REGISTRATION_PROCEDURES, SUBSCRIPTION_PROCEDURES } from "./meta.ts";
import { HISTORY_PROCEDURES } from "./meta_history.ts";
import { SESSION_PROCEDURES, sessionDetails } from "./meta_sessions.ts";
import { TESTAMENT_PROCEDURES } from "./meta_testaments.ts";
import { NOT_ALLOWED } from "./permissions.ts";
import type { RealmOptions, RealmStatistics } from "./router_api.ts";
import { HISTORY_ROLES, ROUTER_ROLES } from "./router_roles.ts";
import { type SlowConsumerOptions, SlowConsumers } from "./slow_consumers.ts";
import { Testaments } from "./testaments.ts";
import { RealmWatch, type RouterWatch } from "./watch.ts";

const META_PROCEDURES: ReadonlyMap<string, MetaProcedure> = new Map([
  ...Object.entries(SESSION_PROCEDURES),
  ...Object.entries(SUBSCRIPTION_PROCEDURES),
  ...Object.entries(REGISTRATION_PROCEDURES),
  ...Object.entries(HISTORY_PROCEDURES),
  ...Object.entries(TESTAMENT_PROCEDURES),
]);

/** What realms share. @internal */
export interface RealmHost {
  readonly watch: RouterWatch;
  readonly wheel: TimerWheel;
  readonly logger: Logger;
}

/** The options of a realm, checked and complete. @internal */
export interface ResolvedRealm {
  readonly uri: string;
  readonly slowConsumer: NonNullable<RealmOptions["slowConsumer"]>;
  readonly uriRules: NonNullable<RealmOptions["uriRules"]>;
  readonly requestIds: NonNullable<RealmOptions["requestIds"]>;
  readonly limits: Required<NonNullable<RealmOptions["limits"]>>;
  readonly eventStores: readonly HistoryOptions[];
  readonly auth: readonly AuthMethod[];
  readonly roles: RealmOptions["roles"];
  readonly authorize: RealmOptions["authorize"];
}

/** Options that are changed while they are in use. */
type Writable<Options> = { -readonly [Name in keyof Options]: Options[Name] };

/** A realm. @internal */
export class Realm implements MetaContext, AdmissionTarget, WheelEntry {
  deadline = Infinity;
  slot = -1;
  readonly uri: string;
  readonly broker: Broker;
  readonly dealer: Dealer;
  readonly testaments = new Testaments();
  readonly members = new Map<number, RouterMember>();
  /** Counts what happens, and tells of it. */
  readonly watch: RealmWatch;
  #options: ResolvedRealm;
  readonly #brokerLimits: Writable<BrokerOptions>;
  readonly #dealerLimits: Writable<DealerOptions>;
  readonly #slowOptions: Writable<SlowConsumerOptions>;
  /** The ids of sessions that are about to join. */
  readonly #reserved = new Set<number>();
  readonly #host: RealmHost;
  readonly #admission: Admission;
  readonly #slow: SlowConsumers;
  /** Bytes that may wait for a session before it is slow. */
  #limit: number;
  readonly #isStrict: boolean;
  /** What is still to be done, in order. */
  readonly #effects: Effect[] = [];
  #isPerforming = false;
  /** Whose message is being handled. */
  #sender: RouterMember | undefined;
  /** Whether nobody is told of sessions that leave. */
  #isQuiet = false;
  /** The time, where broker and dealer need it to be exact. */
  #now = 0;

  /** A realm without sessions. */
  constructor(options: ResolvedRealm, host: RealmHost) {
    const { uri, uriRules, limits, slowConsumer: policy } = options;
    this.uri = uri;
    this.watch = new RealmWatch(uri, host.watch);
    this.#options = options;
    this.#host = host;
    this.#limit = limits.maxSendBuffer;
    this.#isStrict = options.requestIds === "strict";
    this.#slowOptions = {
      policy,
      limit: limits.maxSendBuffer,
      wheel: host.wheel,
      logger: host.logger,
      onSlow: (member, action) => this.watch.slow(member, action),
    };
    this.#slow = new SlowConsumers(this.#slowOptions);
    const subscriptions = new IdSequence();
    const registrations = new IdSequence();
    const timestamp = (): string => new Date().toISOString();
    this.#brokerLimits = {
      uriRules,
      maxSubscriptions: limits.maxSubscriptions,
      maxRetained: limits.maxRetained,
      eventStores: options.eventStores,
      nextSubscriptionId: () => subscriptions.take(),
      nextPublicationId: randomId,
      timestamp,
    };
    this.broker = new Broker(this.#brokerLimits);
    this.#dealerLimits = {
      uriRules,
      maxRegistrations: limits.maxRegistrations,
      maxOpenCalls: limits.maxOpenCalls,
      nextRegistrationId: () => registrations.take(),
      random: Math.random,
      timestamp,
    };
    this.dealer = new Dealer(this.#dealerLimits);
    this.#admission = new Admission(this, host, this.#rules());
  }

  /**
   * Takes other methods, roles, limits, event stores and another policy from now on. Sessions, registrations and
   * subscriptions stay, also those that would not be allowed any more: only what is asked for from now on is judged anew.
   */
  update(options: ResolvedRealm): void {
    const { limits, eventStores, slowConsumer } = options;
    this.#options = { ...options, uriRules: this.#options.uriRules };
    this.#limit = this.#slowOptions.limit = limits.maxSendBuffer;
    this.#slowOptions.policy = slowConsumer;
    this.#brokerLimits.maxSubscriptions = limits.maxSubscriptions;
    this.#dealerLimits.maxRegistrations = limits.maxRegistrations;
    this.#dealerLimits.maxOpenCalls = limits.maxOpenCalls;
    this.broker.keep(eventStores);
    this.#admission.update(this.#rules(), this.members.values());
  }

  #rules(): AdmissionRules {
    const { uri: realm, uriRules, roles, authorize, limits } = this.#options;
    const guard = new Guard({ realm, uriRules, roles, authorize, logger: this.#host.logger });
    return { guard, maxMessageRate: limits.maxMessageRate, maxMessageSize: limits.maxMessageSize };
  }

  /** What is announced to sessions. */
  get roles(): Roles {
    return this.#options.eventStores.length > 0 ? HISTORY_ROLES : ROUTER_ROLES;
  }

  /** Whether no session can join. */
  get isFull(): boolean {
    return this.members.size >= this.#options.limits.maxSessions;
  }

  /** The counts. */
  get statistics(): RealmStatistics {
    return {
      sessions: this.members.size,
      registrations: this.dealer.registrations,
      subscriptions: this.broker.subscriptions,
      openCalls: this.dealer.openCalls,
      slowDisconnected: this.#slow.disconnected,
      eventsDropped: this.#slow.dropped,
      throttled: this.#admission.throttled,
    };
  }

  /** How clients can prove who they are. */
  get auth(): readonly AuthMethod[] {
    return this.#options.auth;
  }

  /** Whether sessions may have a role. */
  hasRole(role: string): boolean {
    const { roles } = this.#options;
    return roles === undefined || Object.hasOwn(roles, role);
  }

  /** An id for a session that is about to join: nobody else gets it until it is released, or has joined. */
  reserve(): number {
    let id = randomId();
    while (this.members.has(id) || this.#reserved.has(id)) id = randomId();
    this.#reserved.add(id);
    return id;
  }

  /** A session that was about to join does not. */
  release(id: number): void {
    this.#reserved.delete(id);
  }

  /** Lets a session in, under an id that was reserved for it. {@linkcode announce} follows once it knows. */
  join(link: MemberLink, identity: Identity, features: MemberFeatures, id: number = this.reserve()): RouterMember {
    this.#reserved.delete(id);
    const member = new RouterMember(id, identity, features, link);
    this.members.set(id, member);
    this.#admission.enter(member);
    return member;
  }

  /** Tells that a session has joined (WAMP, Session Meta API). */
  announce(member: RouterMember): void {
    this.watch.joined(member);
    this.#host.logger.debug("Session joined", { realm: this.uri, session: member.id, authrole: member.authrole });
    this.#effects.push({ kind: "meta", topic: "wamp.session.on_join", args: [sessionDetails(member)] });
    this.#perform();
  }

  /** A session has left, in whatever way. */
  leave(member: RouterMember, reason: LeaveReason): void {
    if (!member.isJoined) return;
    this.watch.left(member, reason);
    member.isJoined = false;
    this.members.delete(member.id);
    this.#slow.forget(member);
    this.#admission.leave(member);
    this.#host.logger.debug("Session left", { realm: this.uri, session: member.id });
    this.dealer.leave(member, this.#effects);
    this.broker.leave(member, this.#effects);
    this.testaments.publish(member, this.broker, this.#effects);
    const args = [member.id, member.authid, member.authrole];
    if (!this.#isQuiet) this.#effects.push({ kind: "meta", topic: "wamp.session.on_leave", args });
    this.#perform();
  }

  /** Says GOODBYE to all sessions. */
  close(reason: string = CLOSE_URI.CLOSE_REALM): void {
    this.dismiss([...this.members.values()], reason, undefined, { quiet: true });
  }

  /** See `MetaContext`. */
  dismiss(
    members: readonly RouterMember[],
    reason: string,
    message: string | undefined,
    options: { readonly quiet?: boolean } = {},
  ): void {
    this.#isQuiet = options.quiet === true;
    for (const member of members) member.link.dismiss(reason, message === undefined ? {} : { message });
    this.#isQuiet = false;
  }

  /** The transport of a session has room again. */
  drained(member: RouterMember): void {
    this.#slow.drained(member);
  }

  /** Handles a message of a session that has joined, in one sweep. */
  receive(member: RouterMember, message: Message): void {
    this.#sender = member;
    this.watch.received(member, message);
    try {
      if (this.#admission.isOpen) this.handle(member, message, PLAIN_GRANT);
      else this.#admission.receive(member, message);
    } finally {
      this.#perform();
      this.#sender = undefined;
    }
  }

  /** See `AdmissionTarget`. */
  sweep(member: RouterMember, work: () => void): void {
    this.#sender = member;
    try {
      work();
    } catch (error) {
      this.#end(member, error);
    } finally {
      this.#perform();
      this.#sender = undefined;
    }
  }

  #end(member: RouterMember, error: unknown): void {
    if (error instanceof WampProtocolError) return member.link.violate(error);
    this.#host.logger.error("Cannot handle a message", { session: member.id, reason: failureMessage(error) });
    member.link.cut();
  }

  /** See `AdmissionTarget`. */
  isMeta(procedure: string): boolean {
    return META_PROCEDURES.has(procedure);
  }

  /** See `WheelEntry`. */
  onDeadline(now: number): void {
    this.dealer.tick(now, this.#effects);
    this.#perform();
  }

  /** See `AdmissionTarget`. */
  handle(member: RouterMember, message: Message, grant: Grant): void {
    const effects = this.#effects;
    switch (message.type) {
      case MESSAGE.CALL:
        return this.#call(member, message, grant);
      case MESSAGE.YIELD:
        return this.dealer.yield(member, message, this.#time(this.deadline !== Infinity), effects);
      case MESSAGE.PUBLISH:
        this.#checkRequest(member, message.request);
        return this.broker.publish(member, message, effects, grant);
      case MESSAGE.ERROR:
        return this.dealer.error(member, message, effects);
      case MESSAGE.CANCEL:
        return this.dealer.cancel(member, message, effects);
      case MESSAGE.SUBSCRIBE:
        this.#checkRequest(member, message.request);
        if (grant.refusal === undefined) return this.broker.subscribe(member, message, effects);
        effects.push(refusal(member, message.type, message.request, ...grant.refusal));
        return;
      case MESSAGE.UNSUBSCRIBE:
        this.#checkRequest(member, message.request);
        return this.broker.unsubscribe(member, message, effects);
      case MESSAGE.REGISTER:
        this.#checkRequest(member, message.request);
        if (grant.refusal === undefined) return this.dealer.register(member, message, effects);
        effects.push(refusal(member, message.type, message.request, ...grant.refusal));
        return;
      case MESSAGE.UNREGISTER:
        this.#checkRequest(member, message.request);
        return this.dealer.unregister(member, message, effects);
      default:
        throw new WampProtocolError(
          "unexpected_message",
          `Received ${messageName(message.type)} message, which only routers send`,
        );
    }
  }

  #call(caller: RouterMember, message: Call, grant: Grant): void {
    if (!(this.#isStrict && this.dealer.isContinuation(caller, message.request))) {
      this.#checkRequest(caller, message.request);
    }
    const procedure = isReserved(message.procedure) ? META_PROCEDURES.get(message.procedure) : undefined;
    if (procedure !== undefined) return this.#answerMeta(caller, message, procedure, grant);
    const now = this.#time(message.options.timeout !== undefined || this.deadline !== Infinity);
    this.dealer.call(caller, message, now, this.#effects, grant);
  }

  #answerMeta(caller: RouterMember, message: Call, procedure: MetaProcedure, permitted: Grant): void {
    const { request, payload } = message;
    const grant = this.#admission.isForbidden(caller, message.procedure) ? NOT_ALLOWED.call : permitted;
    if (grant.refusal !== undefined) {
      this.#effects.push(refusal(caller, MESSAGE.CALL, request, ...grant.refusal));
      return;
    }
    try {
      const results = procedure(this, {
        args: payload.args,
        kwargs: payload.kwargs,
        caller,
        size: payload.byteLength,
        grant,
        effects: this.#effects,
      });
      const message = { type: MESSAGE.RESULT, request, details: {}, payload: Payload.of(results) };
      this.#effects.push({ kind: "send", to: caller, message });
    } catch (error) {
      if (!(error instanceof ApplicationError)) throw error;
      const message = errorMessage(MESSAGE.CALL, request, error.uri, Payload.of(error.args));
      this.#effects.push({ kind: "send", to: caller, message });
    }
  }

  /** The clock costs as much as a small message does, so that it is read only where a deadline is set or kept. */
  #time(isNeeded: boolean): number {
    if (isNeeded) this.#now = performance.now();
    return this.#now;
  }

  /** WAMP, Session Scope IDs: 1, 2, 3, …, where the realm is strict about it. */
  #checkRequest(member: RouterMember, request: number): void {
    if (!this.#isStrict) return;
    const expected = member.lastRequest < MAX_ID ? member.lastRequest + 1 : 1;
    if (request !== expected) {
      throw new WampProtocolError(
        "invalid_id",
        `Request ids are out of sequence: expected ${expected}, received ${request}`,
      );
    }
    member.lastRequest = request;
  }

  /** Does what is to be done, and what comes of it: a session that is ended meanwhile adds to the list. */
  #perform(): void {
    if (this.#isPerforming) return;
    this.#isPerforming = true;
    const effects = this.#effects;
    try {
      for (let index = 0; index < effects.length; index++) this.#performOne(effects[index]!);
    } finally {
      effects.length = 0;
      this.#isPerforming = false;
    }
    const deadline = this.dealer.nextDeadline();
    if (deadline !== this.deadline) this.#host.wheel.set(this, deadline);
  }

  #performOne(effect: Effect): void {
    switch (effect.kind) {
      case "send":
        return this.#send(effect.to as RouterMember, effect.message);
      case "event":
        return this.#sendEvent(effect);
      case "abort":
        return (effect.to as RouterMember).link.violate(effect.error);
      case "meta":
        return this.broker.publishMeta(effect.topic, effect.args, this.#effects);
      default:
        return unreachable(effect);
    }
  }

  #send(to: RouterMember, message: RouterMessage): void {
    const { transport } = to;
    if (!to.isJoined || !this.#admits(to, false)) return;
    let bytes: Uint8Array;
    try {
      bytes = transport.serializer.encode(message);
    } catch (error) {
      // A payload that this receiver's format cannot hold, or that turned out to be malformed inside.
      const text = `The payload cannot be written as ${transport.serializer.name}: ${failureMessage(error)}`;
      return this.#answerUnsent(to, message, ERROR_URI.INVALID_PAYLOAD, text);
    }
    const { maxMessage } = transport;
    if (maxMessage !== undefined && bytes.length > maxMessage) {
      const text = `The receiver takes messages of at most ${maxMessage} bytes, this one has ${bytes.length}`;
      return this.#answerUnsent(to, message, ERROR_URI.PAYLOAD_SIZE_EXCEEDED, text);
    }
    transport.send(bytes);
    this.watch.sent(to, message, bytes.length);
  }

  #admits(to: RouterMember, isEvent: boolean): boolean {
    return to.transport.bufferedAmount <= this.#limit || this.#slow.admits(to, isEvent, this.#sender);
  }

  /** Sends an event to all that get it, encoded once for each serializer. */
  #sendEvent({ to, count, except, accepts, message }: EventEffect): void {
    const encoder = count > DIRECT_RECEIVERS ? new EventEncoder(message) : undefined;
    for (const receiver of to) {
      const member = receiver as RouterMember;
      if (member === except || accepts !== undefined && !accepts(member)) continue;
      if (!member.isJoined || !this.#admits(member, true)) continue;
      try {
        this.watch.sentEvent(member, encoder?.sendTo(member.transport) ?? sendEvent(member.transport, message));
      } catch (error) {
        this.#warnUnsent(member, message, failureMessage(error));
      }
    }
  }

  /** Tells whoever waits for it that a message cannot be sent. */
  #answerUnsent(to: RouterMember, message: RouterMessage, error: string, text: string): void {
    this.#warnUnsent(to, message, text);
    const payload = Payload.of([text]);
    if (message.type === MESSAGE.INVOCATION) {
      const answer = errorMessage(MESSAGE.INVOCATION, message.request, error, payload);
      this.dealer.error(to, answer, this.#effects);
    } else if (message.type === MESSAGE.RESULT) {
      this.#sendPlain(to, errorMessage(MESSAGE.CALL, message.request, error, payload));
    } else if (message.type === MESSAGE.ERROR) {
      this.#sendPlain(to, errorMessage(message.requestType, message.request, message.error, payload));
    }
  }

  #sendPlain(to: RouterMember, message: ErrorMessage): void {
    const bytes = to.transport.serializer.encode(message);
    to.transport.send(bytes);
    this.watch.sent(to, message, bytes.length);
  }

  #warnUnsent(to: RouterMember, message: RouterMessage, reason: string): void {
    this.#host.logger.warn("Cannot send a message", { session: to.id, message: messageName(message.type), reason });
  }
}

/** Up to so many receivers, encoding again is cheaper than keeping bytes for them. */
const DIRECT_RECEIVERS = 1;

/** One event in the serializers of its receivers. Most realms speak one, so that the last one is looked at first. */
class EventEncoder {
  readonly #event: Event;
  #serializer: Serializer | undefined;
  #shared: SharedBytes | undefined;
  #others: Map<Serializer, SharedBytes> | undefined;

  constructor(event: Event) {
    this.#event = event;
  }

  /** Returns how many bytes the event has. */
  sendTo(transport: Transport): number {
    const { serializer } = transport;
    if (serializer !== this.#serializer || this.#shared === undefined) this.#turnTo(serializer);
    const shared = this.#shared!;
    if (transport.sendShared === undefined) transport.send(shared.bytes);
    else transport.sendShared(shared);
    return shared.bytes.length;
  }

  #turnTo(serializer: Serializer): void {
    if (this.#serializer !== undefined && this.#shared !== undefined) {
      this.#others ??= new Map();
      this.#others.set(this.#serializer, this.#shared);
    }
    this.#serializer = serializer;
    // Copied: a serializer's view lasts until its next message.
    this.#shared = this.#others?.get(serializer) ?? new SharedBytes(serializer.encode(this.#event).slice());
  }
}

/** Returns how many bytes the event has. */
function sendEvent(transport: Transport, event: Event): number {
  const bytes = transport.serializer.encode(event);
  transport.send(bytes);
  return bytes.length;
}

function errorMessage(requestType: number, request: number, error: string, payload: Payload): ErrorMessage {
  return { type: MESSAGE.ERROR, requestType, request, details: {}, error, payload };
}
