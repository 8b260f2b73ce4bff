/**
 * What a client tells the tools of its runtime: by `node:diagnostics_channel` to who listens, and by spans where
 * OpenTelemetry is switched on. Payloads and secrets are in none of it, and with nobody to tell it costs next to nothing.
 *
 * @module
 */

import { type DiagnosticsChannel, diagnosticsChannel } from "../internal/diagnostics.ts";
import {
  type Attributes,
  findTracer,
  type Span,
  SPAN_KIND,
  type SpanOptions,
  type Tracer,
} from "../internal/telemetry.ts";
import { ApplicationError, JoinError, SessionClosedError } from "./errors.ts";
import type { TransportKind } from "./transports/transport.ts";

/**
 * The names of the channels on which sessions publish. The messages are objects: {@linkcode ConnectDiagnostics},
 * {@linkcode JoinDiagnostics}, {@linkcode ClientCallDiagnostics}, {@linkcode InvocationDiagnostics},
 * {@linkcode ClientPublishDiagnostics}, {@linkcode EventDiagnostics} and {@linkcode CloseDiagnostics}.
 *
 * @public
 */
export const CLIENT_CHANNELS = {
  /** Transports that are opened by URL. */
  connect: "viaduct:client:connect",
  /** Sessions that join a realm. */
  join: "viaduct:client:join",
  /** Calls that are made. */
  call: "viaduct:client:call",
  /** Invocations that a handler answers. */
  invocation: "viaduct:client:invocation",
  /** Publications that are made. */
  publish: "viaduct:client:publish",
  /** Events that a handler takes. */
  event: "viaduct:client:event",
  /** Sessions that have ended. */
  close: "viaduct:client:close",
} as const;

/**
 * What is told of everything that takes time. An operation is told twice, by the same object: when it starts and when it
 * has ended, so that a listener can find by it what it has kept.
 *
 * @public
 */
export interface OperationDiagnostics {
  /** Whether it starts or has ended. */
  readonly event: "start" | "end";
  /** How long it took, in milliseconds; 0 at its start. */
  readonly duration: number;
  /** Why it failed: the URI of a WAMP error, or the name of another; `""` where it did not. */
  readonly error: string;
}

/**
 * A transport is opened.
 *
 * @public
 */
export interface ConnectDiagnostics extends OperationDiagnostics {
  /** The router's address, without a user, a password or a query. */
  readonly url: string;
  /** What carries messages; `""` until it is open. */
  readonly transport: TransportKind | "";
  /** The name of the serializer; `""` until it is open. */
  readonly serializer: string;
}

/**
 * A session joins a realm.
 *
 * @public
 */
export interface JoinDiagnostics extends OperationDiagnostics {
  /** The realm. */
  readonly realm: string;
  /** What carries the session. */
  readonly transport: TransportKind;
  /** The router's end: `host:port`, the path of a Unix socket, `""` where unknown. */
  readonly remoteAddress: string;
  /** The session's id; 0 until it has joined. */
  readonly session: number;
  /** Its authentication id; `""` until it has joined. */
  readonly authid: string;
  /** Its role; `""` until it has joined. */
  readonly authrole: string;
  /** How it was authenticated; `""` until it has joined. */
  readonly authmethod: string;
}

/**
 * A call is made, and answered.
 *
 * @public
 */
export interface ClientCallDiagnostics extends OperationDiagnostics {
  /** The realm. */
  readonly realm: string;
  /** The session that calls. */
  readonly session: number;
  /** The procedure. */
  readonly procedure: string;
}

/**
 * A handler is called for an invocation, and the invocation is answered.
 *
 * @public
 */
export interface InvocationDiagnostics extends OperationDiagnostics {
  /** The realm. */
  readonly realm: string;
  /** The session that is called. */
  readonly session: number;
  /** The id of the invocation. */
  readonly request: number;
  /** The id of the registration. */
  readonly registration: number;
  /** The procedure that was called. */
  readonly procedure: string;
}

/**
 * A publication is made. It ends with the acknowledgement where that was asked for, else at once.
 *
 * @public
 */
export interface ClientPublishDiagnostics extends OperationDiagnostics {
  /** The realm. */
  readonly realm: string;
  /** The session that publishes. */
  readonly session: number;
  /** The topic. */
  readonly topic: string;
  /** Whether the router acknowledges it. */
  readonly acknowledge: boolean;
}

/**
 * A handler takes an event: once for each handler.
 *
 * @public
 */
export interface EventDiagnostics extends OperationDiagnostics {
  /** The realm. */
  readonly realm: string;
  /** The session that has subscribed. */
  readonly session: number;
  /** The id of the subscription. */
  readonly subscription: number;
  /** The id of the publication. */
  readonly publication: number;
  /** The topic that was published to. */
  readonly topic: string;
}

/**
 * A session has ended. Told once, with how long the session lasted.
 *
 * @public
 */
export interface CloseDiagnostics extends OperationDiagnostics {
  /** The realm. */
  readonly realm: string;
  /** The session. */
  readonly session: number;
  /** The URI of the reason. */
  readonly reason: string;
  /** Who ended it. */
  readonly by: "us" | "peer" | "transport";
  /** Whether both sides had said GOODBYE. */
  readonly wasClean: boolean;
}

/** What is known of a message before its operation starts. @internal */
export type Facts<Message extends OperationDiagnostics> = Omit<Message, keyof OperationDiagnostics>;

type Mutable<Message> = { -readonly [Key in keyof Message]: Message[Key] };

/** One operation that somebody watches. @internal */
export class Operation<Message extends OperationDiagnostics> {
  readonly #channel: DiagnosticsChannel<object>;
  readonly #message: Mutable<Facts<Message> & OperationDiagnostics>;
  readonly #span: Span | undefined;
  readonly #startedAt = performance.now();

  constructor(channel: DiagnosticsChannel<object>, facts: Facts<Message>, span: Span | undefined) {
    this.#channel = channel;
    this.#message = { event: "start", duration: 0, error: "", ...facts };
    this.#span = span;
    if (channel.hasSubscribers) channel.publish(this.#message);
  }

  /** Runs a handler of the program's as a part of it. */
  run<Value>(task: () => Value): Value {
    return this.#span === undefined ? task() : this.#span.run(task);
  }

  /** Adds what is known now. */
  add(facts: Partial<Facts<Message>>): void {
    Object.assign(this.#message, facts);
  }

  /** Adds to the span alone. */
  setAttributes(attributes: Attributes): void {
    this.#span?.setAttributes(attributes);
  }

  /** It has ended; the first time counts. `error` says why it failed, if it did. */
  end(error?: unknown): void {
    const message = this.#message;
    if (message.event === "end") return;
    message.event = "end";
    message.duration = performance.now() - this.#startedAt;
    message.error = error === undefined ? "" : nameOf(error);
    if (this.#channel.hasSubscribers) this.#channel.publish(message);
    this.#span?.end(message.error);
  }
}

/** What failed, without what a message might tell of arguments. @internal */
export function nameOf(error: unknown): string {
  if (typeof error === "string") return error;
  if (error instanceof ApplicationError) return error.uri;
  if (error instanceof JoinError || error instanceof SessionClosedError) return error.reason;
  return error instanceof Error ? error.name : "Error";
}

/** All operations of one kind. @internal */
export class Watched<Message extends OperationDiagnostics> {
  readonly #channel: DiagnosticsChannel<object>;
  readonly #tracer: Tracer | undefined;
  readonly #describe: (facts: Facts<Message>) => SpanOptions & { readonly name: string };

  constructor(
    name: string,
    tracer: Tracer | undefined,
    describe: (facts: Facts<Message>) => SpanOptions & { readonly name: string },
  ) {
    this.#channel = diagnosticsChannel(name);
    this.#tracer = tracer;
    this.#describe = describe;
  }

  /** Whether anybody watches. Ask before anything is prepared. */
  get isOn(): boolean {
    return this.#tracer !== undefined || this.#channel.hasSubscribers;
  }

  /** An operation starts. `remoteAddress` is the router's, for the span. */
  start(facts: Facts<Message>, remoteAddress: string): Operation<Message> {
    let span: Span | undefined;
    if (this.#tracer !== undefined) {
      const { name, ...options } = this.#describe(facts);
      span = this.#tracer.start(name, {
        ...options,
        attributes: { ...options.attributes, ...serverOf(remoteAddress) },
      });
    }
    return new Operation<Message>(this.#channel, facts, span);
  }
}

/** The router by OpenTelemetry's names. */
function serverOf(remoteAddress: string): Attributes {
  if (remoteAddress === "") return {};
  const colon = remoteAddress.lastIndexOf(":");
  const port = Number(remoteAddress.slice(colon + 1));
  if (colon < 0 || !(port > 0)) return { "server.address": remoteAddress };
  const host = remoteAddress.slice(0, colon).replace(/^\[|\]$/g, "");
  return { "server.address": host, "server.port": port };
}

/** Everything that clients of this program tell. @internal */
export interface ClientTelemetry {
  readonly connect: Watched<ConnectDiagnostics>;
  readonly join: Watched<JoinDiagnostics>;
  readonly call: Watched<ClientCallDiagnostics>;
  readonly invocation: Watched<InvocationDiagnostics>;
  readonly publish: Watched<ClientPublishDiagnostics>;
  readonly event: Watched<EventDiagnostics>;
  readonly close: DiagnosticsChannel<CloseDiagnostics>;
}

let telemetry: ClientTelemetry | undefined;

/** Looks with the first session for who listens: importing this does nothing. @internal */
export function clientTelemetry(): ClientTelemetry {
  return telemetry ??= makeTelemetry(findTracer("@viaduct/viaduct"));
}

/** By the semantic conventions of OpenTelemetry for RPC and for messaging. */
function makeTelemetry(tracer: Tracer | undefined): ClientTelemetry {
  const { connect, join, call, invocation, publish, event, close } = CLIENT_CHANNELS;
  const { CLIENT, SERVER, PRODUCER, CONSUMER } = SPAN_KIND;
  return {
    connect: new Watched(connect, tracer, ({ url }) => {
      return { name: "connect", kind: CLIENT, attributes: { "url.full": url } };
    }),
    join: new Watched(join, tracer, ({ realm }) => {
      return { name: `join ${realm}`, kind: CLIENT, attributes: { "rpc.system": "wamp", "wamp.realm": realm } };
    }),
    call: new Watched(call, tracer, (facts) => {
      return { name: facts.procedure, kind: CLIENT, attributes: rpc(facts) };
    }),
    invocation: new Watched(invocation, tracer, (facts) => {
      return { name: facts.procedure, kind: SERVER, attributes: rpc(facts), root: true };
    }),
    publish: new Watched(publish, tracer, (facts) => {
      return { name: `publish ${facts.topic}`, kind: PRODUCER, attributes: messaging("publish", "send", facts) };
    }),
    event: new Watched(event, tracer, (facts) => {
      const attributes = {
        ...messaging("process", "process", facts),
        "messaging.message.id": String(facts.publication),
      };
      return { name: `process ${facts.topic}`, kind: CONSUMER, attributes, root: true };
    }),
    close: diagnosticsChannel(close),
  };
}

/** What is the same for all of a session. */
interface InSession {
  readonly realm: string;
  readonly session: number;
}

function rpc({ procedure, realm, session }: InSession & { readonly procedure: string }): Attributes {
  return { "rpc.system": "wamp", "rpc.method": procedure, "wamp.realm": realm, "wamp.session": session };
}

function messaging(operation: string, type: string, { topic, realm, session }: InSession & { readonly topic: string }) {
  return {
    "messaging.system": "wamp",
    "messaging.operation.name": operation,
    "messaging.operation.type": type,
    "messaging.destination.name": topic,
    "wamp.realm": realm,
    "wamp.session": session,
  };
}
