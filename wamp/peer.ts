/**
 * The client's side of a session as a state machine: who may say what when, which request an answer belongs to, and
 * what breaks the protocol. Messages go in, and what is to be done comes out.
 * Sans-I/O.
 *
 * @module
 */

import { type Dict, WampProtocolError } from "./errors.ts";
import { CLIENT_ROLES } from "./features.ts";
import { IdSequence } from "./ids.ts";
import {
  type Abort,
  type Authenticate,
  type Challenge,
  type ErrorMessage,
  type Event,
  type Goodbye,
  type Hello,
  type Interrupt,
  type InvocationMessage,
  MESSAGE,
  type Message,
  type MessageCode,
  type Published,
  type Registered,
  type Result,
  type Roles,
  type Subscribed,
  type Unregistered,
  type Unsubscribed,
  type Welcome,
} from "./messages.ts";
import { messageName } from "./message_table.ts";
import { Payload } from "./payload.ts";
import { CLOSE_URI, ERROR_URI } from "./uris.ts";

/** Where a session stands. `closing` is after our GOODBYE. @internal */
export type PeerState = "joining" | "open" | "closing" | "closed";

/** A request of ours that waits for its answer: the driver's record of it. @internal */
export interface PendingRequest {
  /** The code of the request, such as that of CALL. */
  readonly type: MessageCode;
  /** Its id; the peer sets it. */
  request: number;
}

/** An invocation that waits for our answer: the driver's record of it. @internal */
export interface OpenInvocation {
  /** The id of the INVOCATION. */
  readonly request: number;
  /** Whether more parts of a progressive invocation are due; the peer changes it. */
  expectsParts: boolean;
}

/** What answers a request. @internal */
export type Reply = Result | ErrorMessage | Published | Subscribed | Unsubscribed | Registered | Unregistered;

/** How a session ends, by a message. @internal */
export interface PeerEnd {
  readonly kind: "end";
  readonly reason: string;
  readonly message: string;
  readonly details: Dict;
  readonly by: "us" | "peer";
  readonly wasClean: boolean;
  /** Whether the router refused the session. */
  readonly isRefusal: boolean;
  /** What is to be sent before the transport is closed. */
  readonly answer: Goodbye | undefined;
}

/** What a message from the router asks of the driver. @internal */
export type PeerEffect<Request extends PendingRequest, Open extends OpenInvocation> =
  | { readonly kind: "challenge"; readonly message: Challenge }
  | { readonly kind: "welcome"; readonly message: Welcome }
  | { readonly kind: "reply"; readonly request: Request; readonly message: Reply }
  | { readonly kind: "revoked"; readonly message: Unsubscribed | Unregistered }
  | { readonly kind: "event"; readonly message: Event }
  | { readonly kind: "invocation"; readonly message: InvocationMessage }
  | { readonly kind: "part"; readonly invocation: Open; readonly message: InvocationMessage }
  | { readonly kind: "interrupt"; readonly invocation: Open; readonly message: Interrupt }
  | PeerEnd;

/** What we say of ourselves in HELLO. @internal */
export interface HelloOptions {
  readonly realm: string;
  readonly agent: string;
  readonly authmethods: readonly string[];
  readonly authid: string | undefined;
  readonly authrole: string | undefined;
  readonly authextra: Dict | undefined;
  /** @default {what our client does} */
  readonly roles?: Roles;
}

/** Ids of progressive invocations that ended before their last part, kept to know parts that are still under way. */
const MAX_ABANDONED = 1_024;

/**
 * The client's side of one session.
 *
 * @typeParam Request The driver's records of its requests.
 * @typeParam Open The driver's records of invocations.
 *
 * @internal
 */
export class ClientPeer<Request extends PendingRequest, Open extends OpenInvocation> {
  #state: PeerState = "joining";
  #hasChallenge = false;
  readonly #ids = new IdSequence();
  readonly #requests = new Map<number, Request>();
  readonly #invocations = new Map<number, Open>();
  #abandoned: Set<number> | undefined;

  /** Where the session stands. */
  get state(): PeerState {
    return this.#state;
  }

  /** The id that the next request gets, by {@linkcode begin}, once it has been encoded. */
  get upcoming(): number {
    return this.#ids.upcoming;
  }

  /** The first message. */
  hello(options: HelloOptions): Hello {
    const { realm, agent, authmethods, authid, authrole, authextra, roles = CLIENT_ROLES } = options;
    return {
      type: MESSAGE.HELLO,
      realm,
      details: {
        roles,
        agent,
        authmethods,
        ...(authid !== undefined && { authid }),
        ...(authrole !== undefined && { authrole }),
        ...(authextra !== undefined && { authextra }),
      },
    };
  }

  /** Answers the challenge; `undefined` where the session is not joining any more. */
  authenticate(signature: string, extra: Dict): Authenticate | undefined {
    if (this.#state !== "joining" || !this.#hasChallenge) return undefined;
    this.#hasChallenge = false;
    return { type: MESSAGE.AUTHENTICATE, signature, extra };
  }

  /** Begins a request that has been encoded with the upcoming id. */
  begin(record: Request): void {
    record.request = this.#ids.take();
    this.#requests.set(record.request, record);
  }

  /** Takes the upcoming id for a request that is not answered. */
  takeId(): void {
    this.#ids.take();
  }

  /** Whether a request still waits. */
  isPending(record: Request): boolean {
    return this.#requests.get(record.request) === record;
  }

  /** Waits no longer for an answer; one that comes is discarded. */
  forget(record: Request): void {
    if (this.isPending(record)) this.#requests.delete(record.request);
  }

  /** Opens an invocation. */
  accept(invocation: Open): void {
    this.#invocations.set(invocation.request, invocation);
  }

  /** Whether an invocation still waits for our answer. */
  isOpen(invocation: Open): boolean {
    return this.#invocations.get(invocation.request) === invocation;
  }

  /** Ends an invocation, by our answer. */
  finish(invocation: Open): void {
    if (!this.#invocations.delete(invocation.request) || !invocation.expectsParts) return;
    this.#abandoned ??= new Set();
    if (this.#abandoned.size >= MAX_ABANDONED) {
      for (const oldest of this.#abandoned) {
        this.#abandoned.delete(oldest);
        break;
      }
    }
    this.#abandoned.add(invocation.request);
  }

  /** Says GOODBYE; `undefined` unless the session is open. */
  goodbye(reason: string, message?: string): Goodbye | undefined {
    if (this.#state !== "open") return undefined;
    this.#state = "closing";
    return { type: MESSAGE.GOODBYE, reason, details: message === undefined ? {} : { message } };
  }

  /** Ends the session for what the router did wrong, or because we give up joining; `undefined` if it has ended. */
  abort(reason: string, message: string): Abort | undefined {
    if (this.#state === "closed") return undefined;
    this.#state = "closed";
    return { type: MESSAGE.ABORT, details: { message }, reason, payload: Payload.EMPTY };
  }

  /** The transport has ended, and the session with it. */
  lose(): void {
    this.#state = "closed";
  }

  /** Takes out everything that waits, once the session is over. */
  abandon(): { readonly requests: readonly Request[]; readonly invocations: readonly Open[] } {
    const requests = [...this.#requests.values()];
    const invocations = [...this.#invocations.values()];
    this.#requests.clear();
    this.#invocations.clear();
    return { requests, invocations };
  }

  /**
   * Takes a message.
   *
   * @returns What to do; `undefined` is nothing.
   * @throws {WampProtocolError} The router broke the protocol: the session is to be ended by {@linkcode abort}.
   */
  receive(message: Message): PeerEffect<Request, Open> | undefined {
    switch (this.#state) {
      case "open":
        return this.#receiveOpen(message);
      case "joining":
        return this.#receiveJoining(message);
      case "closing":
        // WAMP, Session Closing: what comes after our GOODBYE is of no interest.
        if (message.type === MESSAGE.GOODBYE) return this.#end(message, "us", undefined);
        return message.type === MESSAGE.ABORT ? this.#end(message, "peer", undefined) : undefined;
      case "closed":
        return undefined;
    }
  }

  #receiveJoining(message: Message): PeerEffect<Request, Open> {
    switch (message.type) {
      case MESSAGE.WELCOME:
        this.#state = "open";
        return { kind: "welcome", message };
      case MESSAGE.CHALLENGE:
        if (this.#hasChallenge) throw unexpected(message, "while another CHALLENGE is open");
        this.#hasChallenge = true;
        return { kind: "challenge", message };
      case MESSAGE.ABORT:
        return this.#end(message, "peer", undefined, true);
      default:
        throw unexpected(message, "before WELCOME");
    }
  }

  #receiveOpen(message: Message): PeerEffect<Request, Open> | undefined {
    switch (message.type) {
      case MESSAGE.RESULT:
        return this.#reply(message, MESSAGE.CALL, message.details.progress === true);
      case MESSAGE.EVENT:
        return { kind: "event", message };
      case MESSAGE.INVOCATION:
        return this.#receiveInvocation(message);
      case MESSAGE.INTERRUPT: {
        const invocation = this.#invocations.get(message.request);
        // An answer of ours may have crossed it.
        return invocation === undefined ? undefined : { kind: "interrupt", invocation, message };
      }
      case MESSAGE.ERROR:
        // WAMP, Payload Passthru Mode: a caller that cannot take our result. The invocation is over.
        if (message.requestType === MESSAGE.YIELD) return undefined;
        return this.#reply(message, message.requestType, false);
      case MESSAGE.PUBLISHED:
        return this.#reply(message, MESSAGE.PUBLISH, false);
      case MESSAGE.SUBSCRIBED:
        return this.#reply(message, MESSAGE.SUBSCRIBE, false);
      case MESSAGE.REGISTERED:
        return this.#reply(message, MESSAGE.REGISTER, false);
      case MESSAGE.UNSUBSCRIBED:
        // WAMP, Subscription Revocation
        return message.request === 0 ? { kind: "revoked", message } : this.#reply(message, MESSAGE.UNSUBSCRIBE, false);
      case MESSAGE.UNREGISTERED:
        // WAMP, Registration Revocation
        return message.request === 0 ? { kind: "revoked", message } : this.#reply(message, MESSAGE.UNREGISTER, false);
      case MESSAGE.GOODBYE: {
        const answer: Goodbye = { type: MESSAGE.GOODBYE, details: {}, reason: CLOSE_URI.GOODBYE_AND_OUT };
        return this.#end(message, "peer", answer);
      }
      case MESSAGE.ABORT:
        return this.#end(message, "peer", undefined);
      default:
        throw unexpected(message, "after the session was established");
    }
  }

  #reply(message: Reply, type: number, isProgress: boolean): PeerEffect<Request, Open> | undefined {
    const request = this.#requests.get(message.request);
    if (request === undefined) {
      if (message.request < this.#ids.upcoming) return undefined; // finished or cancelled
      throw new WampProtocolError(
        "invalid_id",
        `${messageName(message.type)} answers request ${message.request}, which was never made`,
      );
    }
    if (request.type !== type) {
      throw new WampProtocolError(
        "invalid_id",
        `${messageName(message.type)} for ${messageName(type)} answers request ${message.request}, which is a ${
          messageName(request.type)
        }`,
      );
    }
    if (!isProgress) this.#requests.delete(message.request);
    return { kind: "reply", request, message };
  }

  #receiveInvocation(message: InvocationMessage): PeerEffect<Request, Open> | undefined {
    const { request } = message;
    const expectsParts = message.details.progress === true;
    const invocation = this.#invocations.get(request);
    if (invocation !== undefined) {
      if (!invocation.expectsParts) {
        throw new WampProtocolError("invalid_id", `INVOCATION uses the id ${request}, which is still open`);
      }
      invocation.expectsParts = expectsParts;
      return { kind: "part", invocation, message };
    }
    // WAMP, Progressive Call Invocations, "Continuations on Completed Calls"
    if (this.#abandoned?.has(request)) {
      if (!expectsParts) this.#abandoned.delete(request);
      return undefined;
    }
    return { kind: "invocation", message };
  }

  #end(message: Goodbye | Abort, by: "us" | "peer", answer: Goodbye | undefined, isRefusal = false): PeerEnd {
    this.#state = "closed";
    const wasClean = message.type === MESSAGE.GOODBYE;
    return {
      kind: "end",
      reason: message.reason,
      message: message.details.message ?? "",
      details: message.details,
      by,
      wasClean,
      isRefusal,
      answer,
    };
  }
}

function unexpected(message: Message, when: string): WampProtocolError {
  return new WampProtocolError("unexpected_message", `Received ${messageName(message.type)} ${when}`, {
    reason: ERROR_URI.PROTOCOL_VIOLATION,
  });
}
