/**
 * A session: what a program calls, registers, publishes and subscribes with.
 *
 * @module
 */

import { type Logger, SILENT_LOGGER } from "../internal/log.ts";
import type { Authenticator } from "./auth/authenticator.ts";
import type { Contract } from "./contract.ts";
import { withContract } from "./contract_session.ts";
import type { Dict } from "./errors.ts";
import {
  type Event,
  type InvocationMessage,
  MESSAGE,
  type Publish,
  type Roles,
  type Unregistered,
  type Unsubscribed,
  type Welcome,
} from "./messages.ts";
import { PassthruCodecs, type PayloadCodec } from "./passthru.ts";
import type { Passthru } from "./passthru_api.ts";
import { Payload } from "./payload.ts";
import type {
  Arguments,
  CallOptions,
  CallResult,
  ContractSession,
  EventHandler,
  InvocationHandler,
  PublishOptions,
  RegisterOptions,
  Registration,
  Session,
  SessionClosed,
  SubscribeOptions,
  Subscription,
} from "./session_api.ts";
import { ProgressiveCall, startCall } from "./session_calls.ts";
import { Callee } from "./session_callee.ts";
import { Handshake } from "./session_joining.ts";
import { SessionKeepalive } from "./session_keepalive.ts";
import type { SessionLink, SessionTarget } from "./session_link.ts";
import { request } from "./session_requests.ts";
import { Subscriber } from "./session_subscriber.ts";
import { clientTelemetry, type JoinDiagnostics, type Operation } from "./telemetry.ts";
import type { Transport } from "./transports/transport.ts";
import { CLOSE_URI, isUri } from "./uris.ts";

/** What joining takes until it is given up, and leaving until it is cut short, in milliseconds. */
const DEFAULT_TIMEOUT = 10_000;
const DEFAULT_GOODBYE_TIMEOUT = 5_000;

/**
 * Choices for a session over a transport.
 *
 * @public
 */
export interface SessionOptions {
  /** The realm to join. */
  readonly realm: string;
  /** Who we say we are. @default {what an authenticator says, or left to the router} */
  readonly authid?: string | undefined;
  /** The role to ask for. @default {left to the router} */
  readonly authrole?: string | undefined;
  /** What goes into `authextra` of HELLO, beside what authenticators put there. @default {nothing} */
  readonly authextra?: Readonly<Dict> | undefined;
  /** The ways to authenticate that are offered, best first. @default {[anonymous()]} */
  readonly auth?: readonly Authenticator[] | undefined;
  /** How we call ourselves in HELLO. @default {"Viaduct"} */
  readonly agent?: string | undefined;
  /** Aborting it gives up joining; once the session is there, it changes nothing. */
  readonly signal?: AbortSignal | undefined;
  /** How long joining may take, in milliseconds. @default {10_000} */
  readonly timeout?: number | undefined;
  /** What encodes and decodes payloads that are passed through, beside what needs no codec. @default {[]} */
  readonly passthru?: readonly PayloadCodec[] | undefined;
  /** How long the router may take to answer our GOODBYE, in milliseconds. @default {5_000} */
  readonly goodbyeTimeout?: number | undefined;
  /** Receives log records. @default {silent} */
  readonly logger?: Logger | undefined;
}

const NO_OPTIONS: Dict = {};

/** What nobody awaits must not be reported as unhandled. */
function ignore(): void {}

/** A session over a transport. @internal */
export class SessionImpl implements Session, SessionTarget {
  readonly id: number;
  readonly realm: string;
  readonly details: Readonly<Dict>;
  readonly roles: Roles;
  readonly closed: Promise<SessionClosed>;
  readonly #welcome: Welcome["details"];
  readonly #link: SessionLink;
  readonly #callee: Callee;
  readonly #subscriber: Subscriber;
  readonly #goodbyeTimeout: number;

  constructor(link: SessionLink, realm: string, welcome: Welcome, goodbyeTimeout: number) {
    const { details } = welcome;
    this.#link = link;
    this.#welcome = details;
    this.#callee = new Callee(link);
    this.#subscriber = new Subscriber(link);
    this.#goodbyeTimeout = goodbyeTimeout;
    this.id = welcome.session;
    this.realm = details.realm ?? realm;
    this.details = details;
    this.roles = details.roles ?? {};
    this.closed = link.ended;
    link.setJoined(this.id, this.realm);
    link.session = this;
  }

  get authid(): string | undefined {
    return this.#welcome.authid;
  }

  get authrole(): string | undefined {
    return this.#welcome.authrole;
  }

  get authmethod(): string | undefined {
    return this.#welcome.authmethod;
  }

  get authprovider(): string | undefined {
    return this.#welcome.authprovider;
  }

  get state(): "open" | "closing" | "closed" {
    const { state } = this.#link.peer;
    return state === "joining" ? "open" : state;
  }

  /** How the session ended, as soon as that is known: before `closed` where its transport takes time to close. */
  get over(): Promise<SessionClosed> {
    const link = this.#link;
    if (link.end !== undefined) return Promise.resolve(link.end);
    return new Promise((resolve) => link.onOver = resolve);
  }

  call<Value = unknown>(procedure: string, args?: readonly unknown[], options?: CallOptions): Promise<Value> {
    try {
      // What the procedure answers with is the caller's to know.
      return startCall(this.#link, false, procedure, args, options) as Promise<Value>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  callResult(procedure: string, args?: readonly unknown[], options?: CallOptions): Promise<CallResult> {
    try {
      return startCall(this.#link, true, procedure, args, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  callProgressive(
    procedure: string,
    args?: readonly unknown[] | AsyncIterable<Arguments>,
    options?: CallOptions,
  ): AsyncIterableIterator<CallResult> {
    return new ProgressiveCall(this.#link).start(procedure, args, options);
  }

  publish(topic: string, args?: readonly unknown[], options?: PublishOptions): Promise<number | undefined> {
    try {
      const link = this.#link;
      link.check("publish", topic);
      const wire = options === undefined ? NO_OPTIONS : publishOptions(options);
      if (options?.passthru === undefined) return this.#publish(topic, wire, Payload.of(args, options?.kwargs));
      link.checkPassthru("publish");
      return quiet(this.#publishThrough(topic, wire, args ?? [], options, options.passthru));
    } catch (error) {
      return quiet(Promise.reject(error));
    }
  }

  #publish(topic: string, options: Publish["options"], payload: Payload): Promise<number | undefined> {
    const link = this.#link;
    const message: Publish = { type: MESSAGE.PUBLISH, request: link.peer.upcoming, options, topic, payload };
    if (link.telemetry.publish.isOn) return watched(link, message);
    if (options.acknowledge === true) return acknowledged(link, message);
    link.request(undefined, message);
    return link.ready();
  }

  async #publishThrough(
    topic: string,
    wire: Publish["options"],
    args: readonly unknown[],
    { kwargs = {} }: PublishOptions,
    passthru: Passthru,
  ): Promise<number | undefined> {
    const { options, payload } = await this.#link.passthru.encode(passthru, args, kwargs);
    this.#link.checkOpen("publish");
    return await this.#publish(topic, { ...wire, ...options }, payload);
  }

  subscribe(topic: string, handler: EventHandler, options: SubscribeOptions = {}): Promise<Subscription> {
    return this.#subscriber.subscribe(topic, handler, options);
  }

  register(procedure: string, handler: InvocationHandler, options: RegisterOptions = {}): Promise<Registration> {
    return this.#callee.register(procedure, handler, options);
  }

  withContract<Api extends Contract>(contract: Api): ContractSession<Api> {
    return withContract(this, contract, this.#link.logger);
  }

  leave(reason: string = CLOSE_URI.NORMAL, message?: string): Promise<SessionClosed> {
    return this.#link.leave(isUri(reason) ? reason : CLOSE_URI.NORMAL, message, this.#goodbyeTimeout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  /** @internal */
  onEvent(message: Event): void {
    this.#subscriber.receive(message);
  }

  /** @internal */
  onInvocation(message: InvocationMessage): void {
    this.#callee.receive(message);
  }

  /** @internal */
  onRevoked(message: Unsubscribed | Unregistered): void {
    if (message.type === MESSAGE.UNSUBSCRIBED) this.#subscriber.revoke(message);
    else this.#callee.revoke(message);
  }
}

function publishOptions(options: PublishOptions): Publish["options"] {
  const { acknowledge = false, excludeMe = true, discloseMe = false, retain = false } = options;
  const { exclude, excludeAuthid, excludeAuthrole, eligible, eligibleAuthid, eligibleAuthrole } = options;
  return {
    ...options.options,
    ...(acknowledge && { acknowledge }),
    ...(!excludeMe && { exclude_me: false }),
    ...(discloseMe && { disclose_me: true }),
    ...(retain && { retain: true }),
    ...(exclude !== undefined && { exclude }),
    ...(excludeAuthid !== undefined && { exclude_authid: excludeAuthid }),
    ...(excludeAuthrole !== undefined && { exclude_authrole: excludeAuthrole }),
    ...(eligible !== undefined && { eligible }),
    ...(eligibleAuthid !== undefined && { eligible_authid: eligibleAuthid }),
    ...(eligibleAuthrole !== undefined && { eligible_authrole: eligibleAuthrole }),
  };
}

function acknowledged(link: SessionLink, message: Publish): Promise<number | undefined> {
  return quiet(
    request(link, message).then((reply) => reply.type === MESSAGE.PUBLISHED ? reply.publication : undefined),
  );
}

/** Sends a publication, and tells who watches how it went. */
function watched(link: SessionLink, message: Publish): Promise<number | undefined> {
  const { realm, id: session, transport, telemetry } = link;
  const { topic, options: { acknowledge = false } } = message;
  const facts = { realm, session, topic, acknowledge };
  const operation = telemetry.publish.start(facts, transport.info.remoteAddress);
  try {
    if (acknowledge) {
      const answered = acknowledged(link, message);
      answered.then(() => operation.end(), (error) => operation.end(error));
      return answered;
    }
    link.request(undefined, message);
    operation.end();
    return link.ready();
  } catch (error) {
    operation.end(error);
    throw error;
  }
}

function quiet<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(ignore);
  return promise;
}

/** Where the transport cannot find out that the router has gone, the session does. */
function watchRouter(link: SessionLink): void {
  const { probes } = link.transport;
  if (probes === undefined || link.end !== undefined) return;
  const keepalive = new SessionKeepalive(link, probes);
  link.keepalive = keepalive;
  keepalive.start();
}

/**
 * Joins a realm over a transport. Where that fails the transport has ended when this rejects.
 *
 * @throws {JoinError} The router refused.
 * @throws {TransportLostError} The transport ended.
 *
 * @internal
 */
export async function openSession(transport: Transport, options: SessionOptions): Promise<SessionImpl> {
  const { realm, authid, authrole, authextra, auth, agent, signal } = options;
  const { timeout = DEFAULT_TIMEOUT, goodbyeTimeout = DEFAULT_GOODBYE_TIMEOUT, logger = SILENT_LOGGER } = options;
  const operation = startJoining(transport, realm);
  const handshake = new Handshake(transport, {
    realm,
    authid,
    authrole,
    authextra,
    auth,
    agent,
    signal,
    timeout,
    logger,
  });
  handshake.link.passthru = new PassthruCodecs(options.passthru);
  let welcome: Welcome;
  try {
    welcome = await handshake.run();
  } catch (error) {
    operation?.end(error);
    throw error;
  }
  watchRouter(handshake.link);
  const session = new SessionImpl(handshake.link, realm, welcome, goodbyeTimeout);
  if (operation !== undefined) tellJoined(operation, session);
  return session;
}

/** Tells who watches that a session is about to join. */
function startJoining({ info }: Transport, realm: string): Operation<JoinDiagnostics> | undefined {
  const { join } = clientTelemetry();
  if (!join.isOn) return undefined;
  const { kind: transport, remoteAddress } = info;
  const unknown = { session: 0, authid: "", authrole: "", authmethod: "" };
  return join.start({ realm, transport, remoteAddress, ...unknown }, remoteAddress);
}

function tellJoined(operation: Operation<JoinDiagnostics>, session: SessionImpl): void {
  const { id, realm, authid = "", authrole = "", authmethod = "" } = session;
  operation.add({ session: id, realm, authid, authrole, authmethod });
  operation.setAttributes({ "wamp.session": id });
  operation.end();
}
