/**
 * One transport at the router: lets a session join, hands its messages to the realm, and ends it.
 *
 * @module
 */

import { failureMessage, type Logger } from "../../internal/log.ts";
import type { TimerWheel, WheelEntry } from "../../internal/timer_wheel.ts";
import { CLOSE_URI, ERROR_URI } from "../uris.ts";
import { WampProtocolError } from "../errors.ts";
import { randomId } from "../ids.ts";
import { messageName } from "../message_table.ts";
import { type Goodbye, type Hello, MESSAGE, type Message, type RouterMessage } from "../messages.ts";
import { Payload } from "../payload.ts";
import type { Transport, TransportClosed, TransportReceiver } from "../transports/transport.ts";
import { hasClientRole, type Identity, type MemberLink, resolveFeatures, type RouterMember } from "./member.ts";
import type { Realm } from "./realm.ts";
import { ROUTER_ROLES } from "./router_roles.ts";

/** Why somebody is turned away: the Reason of an ABORT, and the message in its Details. @internal */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** What an acceptor needs of its router. @internal */
export interface AcceptorHost {
  readonly wheel: TimerWheel;
  /** Milliseconds. */
  readonly helloTimeout: number;
  /** Milliseconds. */
  readonly goodbyeTimeout: number;
  readonly logger: Logger;
  /** Why nobody may join now. */
  readonly refusal: Refusal | undefined;
  /** The realm with a URI. */
  realm(uri: string): Realm | undefined;
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

/** `hello`: waits for HELLO. `goodbye`: our GOODBYE was sent. `ended`: what still arrives is ignored. */
type State = "hello" | "open" | "goodbye" | "ended";

/** Serves one transport. @internal */
export class Acceptor implements TransportReceiver, WheelEntry, MemberLink {
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
  /** Whether a session was here before: another may follow, but need not. */
  #hasHadSession = false;

  /** The realm joined last. */
  get realm(): Realm | undefined {
    return this.#realm;
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
    try {
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
    this.#leave();
    this.#host.wheel.set(this, Infinity);
    this.#host.forget(this);
  }

  /** See `WheelEntry`. */
  onDeadline(): void {
    if (this.#state === "hello" && !this.#hasHadSession) {
      const message = `No HELLO arrived within ${this.#host.helloTimeout} ms`;
      return this.#refuse({ reason: ERROR_URI.PROTOCOL_VIOLATION, message });
    }
    this.#close();
  }

  /** See `MemberLink`. */
  dismiss(reason: string, details: Goodbye["details"]): void {
    if (this.#state !== "open") return;
    this.#leave();
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
    this.#sendAbort({ reason: error.reason, message: error.message });
    this.#state = "ended";
    this.#leave();
    this.transport.fail(error.message);
  }

  /** See `MemberLink`. */
  cut(): void {
    this.#state = "ended";
    this.#leave();
    this.transport.abort();
  }

  /** Says GOODBYE to the session; a transport that has none is closed. */
  shutdown(): void {
    if (this.#state === "open") this.dismiss(CLOSE_URI.SYSTEM_SHUTDOWN, {});
    else if (this.#state === "hello") this.#close();
  }

  #receive(message: Message): void {
    const state = this.#state;
    if (state === "open" && message.type >= MESSAGE.ERROR) {
      this.#realm!.receive(this.#member!, message);
    } else if (state === "open") this.#receiveInSession(message);
    else if (state === "hello") this.#receiveHello(message);
    // WAMP, Session Closing: after our GOODBYE everything but the answer to it is ignored.
    else if (state === "goodbye" && (message.type === MESSAGE.GOODBYE || message.type === MESSAGE.ABORT)) this.#close();
  }

  #receiveInSession(message: Message): void {
    if (message.type === MESSAGE.GOODBYE) return this.#answerGoodbye(message);
    if (message.type === MESSAGE.ABORT) return this.#close();
    throw unexpected(message.type, "after the session was established");
  }

  #receiveHello(message: Message): void {
    if (message.type === MESSAGE.HELLO) return this.#join(message);
    if (message.type === MESSAGE.ABORT) return this.#close();
    // A session that has just ended may have had answers on their way.
    if (this.#hasHadSession && message.type !== MESSAGE.WELCOME) return;
    throw unexpected(message.type, "before HELLO");
  }

  #answerGoodbye(message: Goodbye): void {
    this.#host.logger.debug("Session said goodbye", { session: this.#member?.id, reason: message.reason });
    this.#leave();
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
    if (realm === undefined) {
      return this.#refuse({ reason: ERROR_URI.NO_SUCH_REALM, message: `There is no realm ${quote(hello.realm)}` });
    }
    const identity = this.#identity ?? identify(hello);
    if ("reason" in identity) this.#refuse(identity);
    else this.#enter(hello, realm, identity);
  }

  #enter(hello: Hello, realm: Realm, identity: Identity): void {
    if (realm.isFull) {
      return this.#refuse({ reason: ERROR_URI.UNAVAILABLE, message: "The realm takes no more sessions" });
    }
    this.#state = "open";
    this.#realm = realm;
    this.#host.wheel.set(this, Infinity);
    const member = this.#member = realm.join(this, identity, resolveFeatures(hello.details.roles));
    const { authid, authrole, authmethod, authprovider } = identity;
    const details = { roles: ROUTER_ROLES, realm: realm.uri, authid, authrole, authmethod, authprovider, agent: AGENT };
    this.#send({ type: MESSAGE.WELCOME, session: member.id, details });
    realm.announce(member);
  }

  #refuse(refusal: Refusal): void {
    const { remoteAddress } = this.transport.info;
    this.#host.logger.info("Session refused", { reason: refusal.reason, message: refusal.message, remoteAddress });
    this.#sendAbort(refusal);
    this.#close();
  }

  #answerFailure(error: unknown): void {
    // What follows our GOODBYE is ignored, whatever it is.
    if (this.#state === "goodbye") return;
    if (error instanceof WampProtocolError) return this.violate(error);
    this.#host.logger.error("Cannot handle a message", { session: this.#member?.id, reason: failureMessage(error) });
    if (this.#state !== "ended") this.#refuse({ reason: ERROR_URI.RUNTIME_ERROR, message: "The router failed" });
  }

  #close(): void {
    this.#state = "ended";
    this.#leave();
    this.#host.wheel.set(this, Infinity);
    this.transport.close();
  }

  #leave(): void {
    const member = this.#member;
    if (member === undefined) return;
    this.#member = undefined;
    this.#realm?.leave(member);
  }

  #sendAbort({ reason, message }: Refusal): void {
    this.#send({ type: MESSAGE.ABORT, details: { message }, reason, payload: Payload.EMPTY });
  }

  #send(message: RouterMessage): void {
    this.transport.send(this.transport.serializer.encode(message));
  }
}

const AGENT = "Viaduct";
/** How much is kept of what a session's program calls itself, in characters. */
const MAX_AGENT = 100;

/** Who says HELLO. So far everybody is anonymous; a session that must prove who it is takes more than one step. */
function identify(hello: Hello): Identity | Refusal {
  const { authmethods = [] } = hello.details;
  if (authmethods.length > 0 && !authmethods.includes("anonymous")) {
    const message = `The realm takes the authentication method anonymous, received ${
      authmethods.map(quote).join(", ")
    }`;
    return { reason: ERROR_URI.NO_MATCHING_AUTH_METHOD, message };
  }
  return {
    authid: randomId().toString(36),
    authrole: "anonymous",
    authmethod: "anonymous",
    authprovider: "static",
    isTrusted: false,
    ...(hello.details.agent !== undefined && { agent: hello.details.agent.slice(0, MAX_AGENT) }),
  };
}

function unexpected(type: number, when: string): WampProtocolError {
  return new WampProtocolError("unexpected_message", `Received ${messageName(type)} message ${when}`);
}

const MAX_QUOTED = 100;

/** Something of a peer's within a message for a person. */
function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}
