/**
 * One transport at the router: lets a session join, hands its messages to the realm, and ends it.
 *
 * @module
 */

import { failureMessage, type Logger } from "../../internal/log.ts";
import type { TimerWheel, WheelEntry } from "../../internal/timer_wheel.ts";
import { CLOSE_URI, ERROR_URI } from "../uris.ts";
import type { Principal } from "../auth/accept.ts";
import { type Dict, WampProtocolError } from "../errors.ts";
import { messageName } from "../message_table.ts";
import { type Goodbye, type Hello, MESSAGE, type Message, type RouterMessage } from "../messages.ts";
import { Payload } from "../payload.ts";
import type { Transport, TransportClosed, TransportInfo, TransportReceiver } from "../transports/transport.ts";
import { Authentication, type AuthenticationLink, chooseMethod, quote, type Refusal } from "./authentication.ts";
import type { AuthenticationLimit } from "./authentication_limit.ts";
import type { LeaveReason } from "./diagnostics.ts";
import { hasClientRole, type Identity, type MemberLink, resolveFeatures, type RouterMember } from "./member.ts";
import type { Realm } from "./realm.ts";
import type { RouterWatch } from "./watch.ts";

/** What an acceptor needs of its router. @internal */
export interface AcceptorHost {
  readonly watch: RouterWatch;
  readonly wheel: TimerWheel;
  /** Milliseconds. */
  readonly helloTimeout: number;
  /** Milliseconds. */
  readonly goodbyeTimeout: number;
  /** Milliseconds. */
  readonly authTimeout: number;
  readonly authLimit: AuthenticationLimit;
  readonly logger: Logger;
  /** Why nobody may join now. */
  readonly refusal: Refusal | undefined;
  /** The realm with a URI. */
  realm(uri: string): Realm | undefined;
  /** Calls a procedure in the router's own name. */
  call(realm: string, procedure: string, args: readonly unknown[], signal: AbortSignal): Promise<unknown>;
  /** The transport of an acceptor has ended. */
  forget(acceptor: Acceptor): void;
}

/** What is known of a transport. @internal */
export interface AcceptOptions {
  /** What it was accepted by. */
  readonly from?: object | undefined;
  /** Who is at the other end, where that is known without asking. */
  readonly identity?: Identity | undefined;
}

/**
 * `hello`: waits for HELLO. `joining`: the client proves who it is. `goodbye`: our GOODBYE was sent. `ended`: what still
 * arrives is ignored.
 */
type State = "hello" | "joining" | "open" | "goodbye" | "ended";

/** What a session gets beside its identity. */
interface EnterOptions {
  /** What the WELCOME says beside that. */
  readonly authextra?: Readonly<Dict> | undefined;
  /** The id that was reserved for it. */
  readonly session?: number | undefined;
}

/** Serves one transport. @internal */
export class Acceptor implements TransportReceiver, WheelEntry, MemberLink, AuthenticationLink {
  readonly transport: Transport;
  /** What the transport was accepted by. */
  readonly from: object | undefined;
  deadline = Infinity;
  slot = -1;
  readonly #host: AcceptorHost;
  /** Who is at the other end, where that is known without asking. */
  readonly #identity: Identity | undefined;
  readonly #take = (message: Message): void => this.#receive(message);
  #state: State = "hello";
  #realm: Realm | undefined;
  #member: RouterMember | undefined;
  #authentication: Authentication | undefined;
  /** What the client announced that is about to join. */
  #hello: Hello | undefined;
  /** Whether a session was here before: another may follow, but need not. */
  #hasHadSession = false;

  /** The realm joined last, or about to be joined. */
  get realm(): Realm | undefined {
    return this.#realm;
  }

  /** See `AuthenticationLink`. */
  get info(): TransportInfo {
    return this.transport.info;
  }

  /** See `AuthenticationLink`. */
  get logger(): Logger {
    return this.#host.logger;
  }

  /** Begins to wait for HELLO. */
  constructor(transport: Transport, host: AcceptorHost, options: AcceptOptions = {}) {
    const { from, identity } = options;
    this.transport = transport;
    this.from = from;
    this.#host = host;
    this.#identity = identity;
    host.wheel.set(this, performance.now() + host.helloTimeout);
    transport.open(this);
  }

  /** See `TransportReceiver`. */
  message(bytes: Uint8Array): void {
    if (this.#state === "ended") return;
    if (this.#member !== undefined) this.#member.traffic.bytesReceived += bytes.length;
    try {
      if (this.#member === undefined && bytes.length > MAX_UNKNOWN) this.#checkLength(bytes.length);
      this.transport.serializer.decode(bytes, this.#take);
    } catch (error) {
      this.#answerFailure(error);
    }
  }

  /** See `TransportReceiver`. */
  drain(): void {
    if (this.#member !== undefined) this.#realm?.drained(this.#member);
  }

  /** See `TransportReceiver`. */
  closed(info: TransportClosed): void {
    if (this.#member !== undefined && info.error !== undefined) {
      this.#host.logger.debug("Transport lost", { session: this.#member.id, reason: failureMessage(info.error) });
    }
    this.#state = "ended";
    this.#leave("lost");
    this.#host.wheel.set(this, Infinity);
    this.#host.forget(this);
  }

  /** See `WheelEntry`. */
  onDeadline(): void {
    if (this.#state === "hello" && !this.#hasHadSession) {
      const message = `No HELLO arrived within ${this.#host.helloTimeout} ms`;
      return this.#refuse({ reason: ERROR_URI.TIMEOUT, message });
    }
    if (this.#state !== "joining") return this.#close();
    const message = this.#authentication?.isChallenged
      ? `No AUTHENTICATE arrived within ${this.#host.authTimeout} ms`
      : `The authentication took longer than ${this.#host.authTimeout} ms`;
    // No refusal of who it is: one that was held up may come again.
    this.#refuse({ reason: ERROR_URI.TIMEOUT, message });
  }

  /** See `MemberLink`. */
  dismiss(reason: string, details: Goodbye["details"]): void {
    if (this.#state !== "open") return;
    this.#leave("dismissed");
    this.#state = "goodbye";
    this.#send({ type: MESSAGE.GOODBYE, details, reason });
    this.#host.wheel.set(this, performance.now() + this.#host.goodbyeTimeout);
  }

  /** See `MemberLink`. */
  violate(error: WampProtocolError): void {
    if (this.#state === "ended") return;
    const { logger } = this.#host;
    const { remoteAddress } = this.transport.info;
    logger.warn("Session aborted", { session: this.#member?.id, remoteAddress, reason: failureMessage(error) });
    const { id = 0 } = this.#member ?? {};
    this.#host.watch.aborted(this.transport, id === 0 ? "" : this.#realm?.uri ?? "", id, error);
    this.#sendAbort({ reason: error.reason, message: error.message });
    this.#state = "ended";
    this.#leave("aborted");
    this.transport.fail(error.message);
  }

  /** See `MemberLink`. */
  cut(reason: "slow" | "cut" = "cut"): void {
    this.#state = "ended";
    this.#leave(reason);
    this.transport.abort();
  }

  /** Says GOODBYE to the session, and ABORT to a client that is about to join; a transport without either is closed. */
  shutdown(): void {
    if (this.#state === "open") this.dismiss(CLOSE_URI.SYSTEM_SHUTDOWN, {});
    else if (this.#state === "joining") {
      this.#refuse({ reason: CLOSE_URI.SYSTEM_SHUTDOWN, message: "The router is shutting down" });
    } else if (this.#state === "hello") this.#close();
  }

  /** The realm is gone: a client that is about to join cannot. */
  forgetRealm(): void {
    if (this.#state === "joining" && this.#realm !== undefined) this.#refuse(noSuchRealm(this.#realm.uri));
  }

  /** See `AuthenticationLink`. */
  challenge(method: string, extra: Dict): void {
    this.#send({ type: MESSAGE.CHALLENGE, authmethod: method, extra });
  }

  /** See `AuthenticationLink`. */
  accept(principal: Principal, method: string): void {
    const session = this.#authentication?.session;
    const { authid, authrole, authprovider = "static", authextra } = principal;
    const identity = { authid, authrole, authmethod: method, authprovider, isTrusted: false };
    const asked = this.#realm;
    const realm = principal.realm === undefined ? asked : this.#host.realm(principal.realm);
    if (realm === undefined) return this.#refuse(noSuchRealm(principal.realm ?? ""));
    if (!realm.hasRole(authrole)) {
      const message = `The realm has no role ${quote(authrole)}`;
      return this.#refuse({ reason: ERROR_URI.NO_SUCH_ROLE, message });
    }
    // An id is reserved in one realm.
    this.#enter(realm, identity, { authextra, session: realm === asked ? session : undefined });
  }

  /** See `AuthenticationLink`. */
  turnAway(refusal: Refusal, isDenied: boolean): void {
    if (isDenied) this.#host.authLimit.count(this.info.remoteAddress, performance.now());
    this.#refuse(refusal);
  }

  /** See `AuthenticationLink`. */
  fail(error: unknown): void {
    this.#answerFailure(error);
  }

  /** See `AuthenticationLink`. */
  call(realm: string, procedure: string, args: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    return this.#host.call(realm, procedure, args, signal);
  }

  #receive(message: Message): void {
    const state = this.#state;
    if (state === "open" && message.type >= MESSAGE.ERROR) {
      this.#realm!.receive(this.#member!, message);
    } else if (state === "open") this.#receiveInSession(message);
    else if (state === "hello") this.#receiveHello(message);
    else if (state === "joining") this.#receiveJoining(message);
    // WAMP, Session Closing: after our GOODBYE everything but the answer to it is ignored.
    else if (state === "goodbye" && (message.type === MESSAGE.GOODBYE || message.type === MESSAGE.ABORT)) this.#close();
  }

  #receiveInSession(message: Message): void {
    if (message.type === MESSAGE.GOODBYE) return this.#answerGoodbye(message);
    if (message.type === MESSAGE.ABORT) return this.#close();
    throw unexpected(message.type, "after the session was established");
  }

  /** Who is not known yet needs no room; what a session that has just ended had on its way is ignored anyway. */
  #checkLength(length: number): void {
    const isAwaited = this.#state === "joining" || this.#state === "hello" && !this.#hasHadSession;
    if (!isAwaited) return;
    const message = `A message before WELCOME may have ${MAX_UNKNOWN} bytes, received ${length}`;
    throw new WampProtocolError("limit_exceeded", message);
  }

  #receiveHello(message: Message): void {
    if (message.type === MESSAGE.HELLO) return this.#join(message);
    if (message.type === MESSAGE.ABORT) return this.#close();
    // A session that has just ended may have had answers on their way.
    if (this.#hasHadSession && message.type !== MESSAGE.WELCOME) return;
    throw unexpected(message.type, "before HELLO");
  }

  #receiveJoining(message: Message): void {
    if (message.type === MESSAGE.AUTHENTICATE) return this.#authentication!.answer(message);
    if (message.type === MESSAGE.ABORT) return this.#close();
    throw unexpected(message.type, "before the session was established");
  }

  #answerGoodbye(message: Goodbye): void {
    this.#host.logger.debug("Session said goodbye", { session: this.#member?.id, reason: message.reason });
    this.#leave("goodbye");
    this.#send({ type: MESSAGE.GOODBYE, details: {}, reason: CLOSE_URI.GOODBYE_AND_OUT });
    // The transport stays for another HELLO, which some clients send; the others close it.
    this.#state = "hello";
    this.#hasHadSession = true;
    this.#host.wheel.set(this, performance.now() + this.#host.goodbyeTimeout);
  }

  #join(hello: Hello): void {
    const { refusal } = this.#host;
    if (refusal !== undefined) return this.#refuse(refusal);
    if (!hasClientRole(hello.details.roles)) {
      throw new WampProtocolError("invalid_message", "HELLO announces none of publisher, subscriber, caller, callee");
    }
    const realm = this.#host.realm(hello.realm);
    if (realm === undefined) return this.#refuse(noSuchRealm(hello.realm));
    if (realm.isFull) return this.#refuse(FULL);
    this.#realm = realm;
    this.#hello = hello;
    if (this.#identity !== undefined) this.#enter(realm, this.#identity);
    else this.#authenticate(hello, realm);
  }

  #authenticate(hello: Hello, realm: Realm): void {
    const method = chooseMethod(realm.auth, hello, this.info);
    if ("reason" in method) return this.#refuse(method);
    const now = performance.now();
    if (method.method !== "anonymous" && this.#host.authLimit.isOver(this.info.remoteAddress, now)) {
      return this.#refuse(TOO_MANY);
    }
    this.#state = "joining";
    this.#host.wheel.set(this, now + this.#host.authTimeout);
    this.#authentication = new Authentication({ hello, method, session: realm.reserve() }, this);
    this.#authentication.begin();
  }

  #enter(realm: Realm, identity: Identity, more: EnterOptions = {}): void {
    if (realm.isFull) return this.#refuse(FULL);
    const { agent, roles } = this.#hello?.details ?? {};
    this.#endAuthentication();
    this.#state = "open";
    this.#realm = realm;
    this.#host.wheel.set(this, Infinity);
    const known = agent === undefined ? identity : { ...identity, agent: agent.slice(0, MAX_AGENT) };
    const member = this.#member = realm.join(this, known, resolveFeatures(roles), more.session);
    const { authid, authrole, authmethod, authprovider } = identity;
    const details = {
      roles: realm.roles,
      realm: realm.uri,
      authid,
      authrole,
      authmethod,
      authprovider,
      ...(more.authextra !== undefined && { authextra: more.authextra }),
      agent: AGENT,
    };
    this.#send({ type: MESSAGE.WELCOME, session: member.id, details });
    realm.announce(member);
  }

  /** The client has joined, or does not any more. */
  #endAuthentication(): void {
    const authentication = this.#authentication;
    this.#authentication = undefined;
    this.#hello = undefined;
    if (authentication === undefined) return;
    authentication.end();
    this.#realm?.release(authentication.session);
  }

  #refuse(refusal: Refusal): void {
    const { remoteAddress } = this.transport.info;
    this.#host.logger.info("Session refused", { reason: refusal.reason, message: refusal.message, remoteAddress });
    if (this.#member === undefined) this.#host.watch.refused(this.transport, this.#hello?.realm ?? "", refusal.reason);
    this.#sendAbort(refusal);
    this.#close("cut");
  }

  #answerFailure(error: unknown): void {
    // What follows our GOODBYE is ignored, whatever it is.
    if (this.#state === "goodbye") return;
    if (error instanceof WampProtocolError) return this.violate(error);
    this.#host.logger.error("Cannot handle a message", { session: this.#member?.id, reason: failureMessage(error) });
    if (this.#state !== "ended") this.#refuse({ reason: ERROR_URI.RUNTIME_ERROR, message: "The router failed" });
  }

  #close(reason: LeaveReason = "lost"): void {
    this.#state = "ended";
    this.#leave(reason);
    this.#host.wheel.set(this, Infinity);
    this.transport.close();
  }

  #leave(reason: LeaveReason): void {
    this.#endAuthentication();
    const member = this.#member;
    if (member === undefined) return;
    this.#member = undefined;
    this.#realm?.leave(member, reason);
  }

  #sendAbort({ reason, message }: Refusal): void {
    this.#send({ type: MESSAGE.ABORT, details: { message }, reason, payload: Payload.EMPTY });
  }

  #send(message: RouterMessage): void {
    this.transport.send(this.transport.serializer.encode(message));
  }
}

const AGENT = "Viaduct";
/** The longest HELLO or AUTHENTICATE, in bytes: room for any ticket and a chain of certificates. */
const MAX_UNKNOWN = 64 << 10;
/** How much is kept of what a session's program calls itself, in characters. */
const MAX_AGENT = 100;

const FULL: Refusal = { reason: ERROR_URI.UNAVAILABLE, message: "The realm takes no more sessions" };

const TOO_MANY: Refusal = {
  // No judgement on who it is: a component comes again.
  reason: ERROR_URI.UNAVAILABLE,
  message: "Too many clients of this address did not prove who they are: try again in a minute",
};

function noSuchRealm(uri: string): Refusal {
  return { reason: ERROR_URI.NO_SUCH_REALM, message: `There is no realm ${quote(uri)}` };
}

function unexpected(type: number, when: string): WampProtocolError {
  return new WampProtocolError("unexpected_message", `Received ${messageName(type)} message ${when}`);
}
