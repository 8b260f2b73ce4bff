/**
 * What a router tells the tools of its runtime by `node:diagnostics_channel`: who joins and leaves, calls,
 * publications, errors, slow consumers, and sessions that are aborted. Payloads and secrets are in none of it.
 *
 * @module
 */

import { type DiagnosticsChannel, diagnosticsChannel } from "../../internal/diagnostics.ts";
import type { WampProtocolErrorCode } from "../errors.ts";
import type { TransportKind } from "../transports/transport.ts";

/**
 * How a session left its realm:
 *
 * - `goodbye`: it said GOODBYE.
 * - `dismissed`: the router said GOODBYE: it was killed, its realm was closed, or the router shuts down.
 * - `aborted`: it broke the protocol.
 * - `slow`: it did not take its messages.
 * - `lost`: its transport ended without a word, or it sent ABORT.
 * - `cut`: it was cut off, since it did not answer the GOODBYE in time, or since the router failed.
 *
 * @public
 */
export type LeaveReason = "goodbye" | "dismissed" | "aborted" | "slow" | "lost" | "cut";

/**
 * The names of the channels on which a router publishes. The messages are objects: {@linkcode SessionDiagnostics},
 * {@linkcode CallDiagnostics}, {@linkcode PublishDiagnostics}, {@linkcode ErrorDiagnostics},
 * {@linkcode SlowConsumerDiagnostics} and {@linkcode AbortDiagnostics}.
 *
 * @public
 */
export const ROUTER_CHANNELS = {
  /** Sessions that join, leave, or are refused. */
  session: "viaduct:router:session",
  /** Calls, and their results. */
  call: "viaduct:router:call",
  /** Publications. */
  publish: "viaduct:router:publish",
  /** Errors that answer requests and calls. */
  error: "viaduct:router:error",
  /** Sessions that do not take their messages as fast as they come. */
  slowConsumer: "viaduct:router:slow_consumer",
  /** Sessions that broke the protocol. */
  abort: "viaduct:router:abort",
} as const;

/**
 * A session joined, left, or was not let in.
 *
 * @public
 */
export interface SessionDiagnostics {
  /** The router, to tell several in one program apart. */
  readonly router: object;
  /** What happened. */
  readonly event: "join" | "leave" | "refused";
  /** The realm, or the one that it asked for; `""` where it asked for none that there is. */
  readonly realm: string;
  /** The session's id; 0 where it was refused. */
  readonly session: number;
  /** Its authentication id; `""` where it was refused. */
  readonly authid: string;
  /** Its role; `""` where it was refused. */
  readonly authrole: string;
  /** How it was authenticated; `""` where it was refused. */
  readonly authmethod: string;
  /** What carries it. */
  readonly transport: TransportKind;
  /** The name of its serializer. */
  readonly serializer: string;
  /** The peer's end: `host:port`, the path of a Unix socket, `""` where unknown. */
  readonly remoteAddress: string;
  /** Why it left: a {@linkcode LeaveReason}; why it was refused: a URI; `""` where it joined. */
  readonly reason: string;
}

/**
 * A call came, or its last result went.
 *
 * @public
 */
export interface CallDiagnostics {
  /** The router. */
  readonly router: object;
  /** What happened. A call that ends with an error is told on the channel of errors. */
  readonly event: "call" | "result";
  /** The realm. */
  readonly realm: string;
  /** The caller's session. */
  readonly session: number;
  /** The id of the call. */
  readonly request: number;
  /** The procedure; `""` for a result. */
  readonly procedure: string;
}

/**
 * A publication came.
 *
 * @public
 */
export interface PublishDiagnostics {
  /** The router. */
  readonly router: object;
  /** The realm. */
  readonly realm: string;
  /** The publisher's session. */
  readonly session: number;
  /** The id of the request. */
  readonly request: number;
  /** The topic. */
  readonly topic: string;
}

/**
 * A session got an error for a request.
 *
 * @public
 */
export interface ErrorDiagnostics {
  /** The router. */
  readonly router: object;
  /** The realm. */
  readonly realm: string;
  /** The session that asked. */
  readonly session: number;
  /** The id of its request. */
  readonly request: number;
  /** What it asked: `CALL`, `PUBLISH`, `REGISTER`, … */
  readonly requestType: string;
  /** The URI of the error. */
  readonly error: string;
}

/**
 * Something was done about a slow consumer.
 *
 * @public
 */
export interface SlowConsumerDiagnostics {
  /** The router. */
  readonly router: object;
  /** The realm. */
  readonly realm: string;
  /** The slow session. */
  readonly session: number;
  /** It was ended, an event was left out for it, or somebody who sends to it is not read from. */
  readonly action: "disconnect" | "drop" | "pause";
  /** Bytes that wait for it. */
  readonly waiting: number;
}

/**
 * A session broke the protocol.
 *
 * @public
 */
export interface AbortDiagnostics {
  /** The router. */
  readonly router: object;
  /** The realm; `""` before it joined. */
  readonly realm: string;
  /** The session; 0 before it joined. */
  readonly session: number;
  /** The Reason of the ABORT. */
  readonly reason: string;
  /** Which rule was broken. */
  readonly code: WampProtocolErrorCode;
  /** What happened, for a person. */
  readonly message: string;
  /** The peer's end: `host:port`, the path of a Unix socket, `""` where unknown. */
  readonly remoteAddress: string;
}

/** The channels of all routers of this program. @internal */
export interface RouterDiagnostics {
  readonly session: DiagnosticsChannel<SessionDiagnostics>;
  readonly call: DiagnosticsChannel<CallDiagnostics>;
  readonly publish: DiagnosticsChannel<PublishDiagnostics>;
  readonly error: DiagnosticsChannel<ErrorDiagnostics>;
  readonly slowConsumer: DiagnosticsChannel<SlowConsumerDiagnostics>;
  readonly abort: DiagnosticsChannel<AbortDiagnostics>;
}

let channels: RouterDiagnostics | undefined;

/** Opens the channels with the first router: importing this opens nothing. @internal */
export function routerDiagnostics(): RouterDiagnostics {
  return channels ??= {
    session: diagnosticsChannel(ROUTER_CHANNELS.session),
    call: diagnosticsChannel(ROUTER_CHANNELS.call),
    publish: diagnosticsChannel(ROUTER_CHANNELS.publish),
    error: diagnosticsChannel(ROUTER_CHANNELS.error),
    slowConsumer: diagnosticsChannel(ROUTER_CHANNELS.slowConsumer),
    abort: diagnosticsChannel(ROUTER_CHANNELS.abort),
  };
}
