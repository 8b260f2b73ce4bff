/**
 * What stands between a session and its transport: it encodes, decodes, drives the state machine, keeps the deadlines,
 * and ends everything at once.
 *
 * @module
 */

import { failureMessage, type Logger } from "../internal/log.ts";
import { TimerWheel, type WheelEntry } from "../internal/timer_wheel.ts";
import { toError } from "../internal/to_error.ts";
import {
  ApplicationError,
  SerializationError,
  SessionClosedError,
  TransportLostError,
  WampProtocolError,
} from "./errors.ts";
import { hasFeature } from "./features.ts";
import type {
  Call,
  Challenge,
  ClientMessage,
  ErrorMessage,
  Event,
  Interrupt,
  InvocationMessage,
  Message,
  Publish,
  Register,
  Roles,
  Subscribe,
  Unregister,
  Unregistered,
  Unsubscribe,
  Unsubscribed,
  Welcome,
} from "./messages.ts";
import {
  ClientPeer,
  type OpenInvocation,
  type PeerEffect,
  type PeerEnd,
  type PendingRequest,
  type Reply,
} from "./peer.ts";
import { messageName } from "./message_table.ts";
import { PassthruCodecs } from "./passthru.ts";
import type { SessionClosed } from "./session_api.ts";
import {
  HIGH_WATER_MARK,
  type Transport,
  type TransportClosed,
  type TransportReceiver,
} from "./transports/transport.ts";
import { type ClientTelemetry, clientTelemetry, nameOf } from "./telemetry.ts";
import { ERROR_URI, isPattern, type MatchPolicy } from "./uris.ts";

/** A request with what its answer does. None of these may throw anything but `WampProtocolError`. @internal */
export interface SessionRequest extends PendingRequest {
  /** The answer came; the payload is borrowed. */
  onReply(message: Reply): void;
  /** The session has ended. */
  onEnd(error: Error): void;
}

/** An invocation with what the router may say about it. @internal */
export interface SessionInvocation extends OpenInvocation {
  onPart(message: InvocationMessage): void;
  onInterrupt(message: Interrupt): void;
  onEnd(error: Error): void;
}

/** Takes what concerns the session as a whole. @internal */
export interface SessionTarget {
  onEvent(message: Event): void;
  onInvocation(message: InvocationMessage): void;
  onRevoked(message: Unsubscribed | Unregistered): void;
}

/** Takes what concerns joining. @internal */
export interface JoiningTarget {
  onChallenge(message: Challenge): void;
  onWelcome(message: Welcome): void;
  /** The session ended; asked again after every end. */
  onEnd(end: SessionClosed, refusal: PeerEnd | undefined): void;
}

/** What is sent as a request, with an id of ours. @internal */
export type RequestMessage = Call | Publish | Register | Subscribe | Unregister | Unsubscribe;

const RESOLVED: Promise<undefined> = Promise.resolve(undefined);
/** How many URIs are remembered to be well-formed. */
const MAX_KNOWN_URIS = 1_024;

/** An ERROR as it is thrown. Its payload is decoded. @internal */
export function toApplicationError(message: ErrorMessage): ApplicationError {
  const { error, payload, details } = message;
  return new ApplicationError(error, payload.args, payload.kwargs, { details });
}

/**
 * One session's end of a transport.
 *
 * @internal
 */
export class SessionLink implements TransportReceiver {
  readonly peer = new ClientPeer<SessionRequest, SessionInvocation>();
  readonly transport: Transport;
  readonly logger: Logger;
  /** How many messages have arrived. */
  received = 0;
  /** The deadlines of joining, calls and leaving. An answer that waits to be read counts, however busy the program was. */
  readonly wheel = new TimerWheel(() => this.received);
  /** What finds out that the router has gone, where the transport does not. */
  keepalive: { stop(): void } | undefined;
  /** How the session ended, once the transport has ended too. Never rejects. */
  readonly ended: Promise<SessionClosed>;
  /** Whether the dealer takes CANCEL. */
  canCancel = false;
  /** Whether the dealer keeps timeouts. */
  keepsTimeouts = false;
  /** Whether the dealer takes calls in parts. */
  takesParts = false;
  /** Whether the dealer takes payloads that it is to pass through, and whether the broker does. */
  dealerPassesThrough = false;
  brokerPassesThrough = false;
  /** What encodes and decodes these. */
  passthru = new PassthruCodecs();
  /** Who listens to what goes on. */
  readonly telemetry: ClientTelemetry = clientTelemetry();
  /** The session, and its realm, once it has joined. */
  id = 0;
  realm = "";
  /** Who takes events and invocations. */
  session: SessionTarget | undefined;
  /** Is told how the session ended as soon as that is known; its transport may still be closing. Must not throw. */
  onOver: ((end: SessionClosed) => void) | undefined;
  readonly #joining: JoiningTarget;
  #resolveEnded!: (end: SessionClosed) => void;
  #end: SessionClosed | undefined;
  #openedAt = 0;
  /** The Reason of our GOODBYE. */
  #leaving: string | undefined;
  #drained: Promise<undefined> | undefined;
  #resolveDrained: ((value: undefined) => void) | undefined;
  #goodbye: WheelEntry | undefined;
  readonly #knownUris = new Set<string>();
  readonly #receive = (message: Message): void => {
    const effect = this.peer.receive(message);
    if (effect !== undefined) this.#perform(effect);
  };

  constructor(transport: Transport, logger: Logger, joining: JoiningTarget) {
    this.transport = transport;
    this.logger = logger;
    this.#joining = joining;
    this.ended = new Promise((resolve) => this.#resolveEnded = resolve);
  }

  /** How the session ended, as soon as that is known. */
  get end(): SessionClosed | undefined {
    return this.#end;
  }

  /** Notes that the session has joined. */
  setJoined(id: number, realm: string): void {
    this.id = id;
    this.realm = realm;
    this.#openedAt = performance.now();
    this.logger.debug("Session has joined", { realm, session: id });
  }

  /** Notes what the router's roles do. */
  setRoles(roles: Roles): void {
    this.canCancel = hasFeature(roles, "dealer", "call_canceling");
    this.keepsTimeouts = hasFeature(roles, "dealer", "call_timeout");
    this.takesParts = hasFeature(roles, "dealer", "progressive_call_invocations");
    this.dealerPassesThrough = hasFeature(roles, "dealer", "payload_passthru_mode");
    this.brokerPassesThrough = hasFeature(roles, "broker", "payload_passthru_mode");
  }

  /** Sends a message that has no id of ours. @throws {SerializationError} It cannot be encoded; nothing was sent. */
  send(message: ClientMessage): void {
    this.transport.send(this.#encode(message));
  }

  /** Encodes a message that the other side will take. */
  #encode(message: ClientMessage): Uint8Array<ArrayBuffer> {
    const { serializer, maxMessage } = this.transport;
    const bytes = serializer.encode(message);
    if (maxMessage === undefined || bytes.length <= maxMessage) return bytes;
    const text = `Cannot send message of ${bytes.length} bytes: the router takes at most ${maxMessage}`;
    throw new SerializationError(text);
  }

  /**
   * Sends a request, made with the upcoming id, which is taken only once it has been encoded.
   *
   * @throws {SerializationError} It cannot be encoded; nothing was sent.
   */
  request(record: SessionRequest | undefined, message: RequestMessage): void {
    let bytes = this.#encode(message);
    // A toJSON() among the arguments may have made a request of its own.
    while (message.request !== this.peer.upcoming) {
      message = { ...message, request: this.peer.upcoming };
      bytes = this.#encode(message);
    }
    if (record === undefined) this.peer.takeId();
    else this.peer.begin(record);
    this.transport.send(bytes);
  }

  /** Throws unless the session is open and `uri` is one, or a pattern to be matched so. */
  check(what: string, uri: string, match: MatchPolicy = "exact"): void {
    this.checkOpen(what);
    if (this.#knownUris.has(uri)) return;
    if (typeof uri !== "string" || !isPattern(uri, match)) throw invalidUri(what, uri);
    if (match !== "exact") return;
    if (this.#knownUris.size < MAX_KNOWN_URIS) this.#knownUris.add(uri);
  }

  /** Throws unless the router passes payloads through; it would end the session (WAMP, Payload Passthru Mode). */
  checkPassthru(what: "call" | "publish"): void {
    if (what === "call" ? this.dealerPassesThrough : this.brokerPassesThrough) return;
    const text = `Cannot ${what}: the router does not announce payload_passthru_mode`;
    throw new ApplicationError(ERROR_URI.FEATURE_NOT_SUPPORTED, [text]);
  }

  /** Throws unless the session is open. */
  checkOpen(what: string): void {
    if (this.peer.state !== "open") throw this.closedError(`Cannot ${what}`, false);
  }

  /** Resolves when the transport's buffer is below its mark. */
  ready(): Promise<undefined> {
    if (this.transport.bufferedAmount <= HIGH_WATER_MARK || this.#end !== undefined) return RESOLVED;
    return this.#drained ??= new Promise((resolve) => this.#resolveDrained = resolve);
  }

  /** Says GOODBYE and gives the router `timeout` milliseconds to answer. */
  leave(reason: string, message: string | undefined, timeout: number): Promise<SessionClosed> {
    const goodbye = this.peer.goodbye(reason, message);
    if (goodbye === undefined) return this.ended;
    this.#leaving = reason;
    this.send(goodbye);
    this.#abandon();
    const onDeadline = (): void => {
      this.#finish({ reason, message: "The router did not answer GOODBYE", wasClean: false, by: "us" });
      this.transport.abort();
    };
    this.#goodbye = { deadline: Infinity, slot: -1, onDeadline };
    this.wheel.set(this.#goodbye, performance.now() + timeout);
    return this.ended;
  }

  /** Ends the session for an error of the router's, or one of ours while joining. */
  abort(error: Error, reason: string): void {
    const abort = this.peer.abort(reason, error.message);
    if (abort === undefined) return;
    this.send(abort);
    this.transport.fail(error.message);
    this.#finish({ reason, message: error.message, wasClean: false, by: "us", error });
  }

  /** Ends the session, since the router has gone without a word. */
  lose(error: Error): void {
    this.#finish({
      reason: ERROR_URI.NETWORK_FAILURE,
      message: error.message,
      wasClean: false,
      by: "transport",
      error,
    });
    this.transport.abort();
  }

  /** The error for what cannot be done any more. */
  closedError(what: string, maybeExecuted: boolean): Error {
    const end = this.#end;
    if (end?.by === "transport") {
      return new TransportLostError(`${what}: the transport was lost`, maybeExecuted, { cause: end.error });
    }
    const reason = end?.reason ?? this.#leaving ?? "wamp.close.normal";
    return new SessionClosedError(reason, `${what}: the session has ended (${reason})`, { cause: end?.error });
  }

  message(bytes: Uint8Array): void {
    this.received++;
    try {
      this.transport.serializer.decode(bytes, this.#receive);
    } catch (thrown) {
      const error = toError(thrown);
      const isViolation = error instanceof WampProtocolError;
      this.logger.warn("Ending WAMP session", { error: failureMessage(error) });
      this.abort(error, isViolation ? error.reason : ERROR_URI.RUNTIME_ERROR);
    }
  }

  drain(): void {
    this.#resolveDrained?.(undefined);
    this.#drained = this.#resolveDrained = undefined;
  }

  closed(info: TransportClosed): void {
    const reason = this.#leaving;
    const isLeaving = this.peer.state === "closing";
    this.peer.lose();
    this.#finish({
      reason: isLeaving && reason !== undefined ? reason : ERROR_URI.NETWORK_FAILURE,
      message: info.reason,
      wasClean: false,
      by: isLeaving ? "us" : "transport",
      error: info.error,
    });
    const end = this.#end;
    if (end === undefined) return;
    if (this.id !== 0) this.#tellEnd(end);
    this.#resolveEnded(end);
  }

  #tellEnd({ reason, by, wasClean, error }: SessionClosed): void {
    const { realm, id: session, telemetry, logger } = this;
    logger.debug("Session has ended", { realm, session, reason, by, ...(error && { error: failureMessage(error) }) });
    if (!telemetry.close.hasSubscribers) return;
    const duration = performance.now() - this.#openedAt;
    const failure = error === undefined ? "" : nameOf(error);
    telemetry.close.publish({ event: "end", duration, error: failure, realm, session, reason, by, wasClean });
  }

  #perform(effect: PeerEffect<SessionRequest, SessionInvocation>): void {
    switch (effect.kind) {
      case "reply":
        return effect.request.onReply(effect.message);
      case "event":
        return this.session?.onEvent(effect.message);
      case "invocation":
        return this.session?.onInvocation(effect.message);
      case "part":
        return effect.invocation.onPart(effect.message);
      case "interrupt":
        return effect.invocation.onInterrupt(effect.message);
      case "revoked":
        return this.session?.onRevoked(effect.message);
      case "challenge":
        return this.#joining.onChallenge(effect.message);
      case "welcome":
        this.setRoles(effect.message.details.roles ?? {});
        return this.#joining.onWelcome(effect.message);
      case "end":
        return this.#receiveEnd(effect);
    }
  }

  #receiveEnd(end: PeerEnd): void {
    const { message, wasClean, by } = end;
    if (end.answer !== undefined) this.send(end.answer);
    const reason = by === "us" ? this.#leaving ?? end.reason : end.reason;
    this.#finish({ reason, message, wasClean, by }, end.isRefusal ? end : undefined);
    this.transport.close();
  }

  /** Notes how the session ended, the first time, and ends everything that waits for it. */
  #finish(end: SessionClosed, refusal?: PeerEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.peer.lose();
    if (this.#goodbye !== undefined) this.wheel.set(this.#goodbye, Infinity);
    this.keepalive?.stop();
    this.#abandon();
    this.drain();
    this.#joining.onEnd(end, refusal);
    this.onOver?.(end);
  }

  #abandon(): void {
    const { requests, invocations } = this.peer.abandon();
    if (requests.length + invocations.length === 0) return;
    for (const request of requests) {
      request.onEnd(this.closedError(`Cannot finish ${messageName(request.type)} ${request.request}`, true));
    }
    const error = this.closedError("Cannot go on with invocation", true);
    for (const invocation of invocations) invocation.onEnd(error);
  }
}

function invalidUri(what: string, uri: unknown): Error {
  if (typeof uri !== "string") return new TypeError(`Cannot ${what}: the URI must be a string, received ${typeof uri}`);
  const message = `Cannot ${what}: ${
    JSON.stringify(uri)
  } is no URI (components of letters, digits and more, between dots)`;
  return new ApplicationError(ERROR_URI.INVALID_URI, [message]);
}
