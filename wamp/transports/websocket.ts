/**
 * WAMP over our own WebSocket on raw sockets: the client, and what a server's handlers must be (WAMP, WebSocket
 * Transport).
 *
 * @module
 */

import { SILENT_LOGGER } from "../../internal/log.ts";
import type { Logger } from "../../internal/log.ts";
import type { ByteStream } from "../../internal/stream.ts";
import { SharedMessage } from "../../websocket/broadcast.ts";
import { openConnection } from "../../websocket/client.ts";
import type { ClientTlsOptions, DialTarget } from "../../websocket/client_options.ts";
import { CLOSE_CODE } from "../../websocket/close_code.ts";
import type { Connection, ConnectionOwner } from "../../websocket/connection.ts";
import { type CloseInfo, HandshakeError, type HandshakeErrorCode } from "../../websocket/errors.ts";
import type { CompressionOptions } from "../../websocket/extension.ts";
import type { ConnectionLimits, KeepaliveOptions } from "../../websocket/options.ts";
import type { ConnectionInfo, WebSocketConnection, WebSocketHandlers } from "../../websocket/web_socket_connection.ts";
import type { Serializer } from "../serializers/serializer.ts";
import { Batch } from "./batch.ts";
import { closeReason } from "./close_reason.ts";
import { TransportError, type TransportErrorCode } from "./errors.ts";
import {
  CLOSE_TIMEOUT,
  HIGH_WATER_MARK,
  MAX_SEND_BUFFER,
  type SharedBytes,
  type Transport,
  type TransportClosed,
  type TransportInfo,
  type TransportReceiver,
} from "./transport.ts";

export type { ClientTlsOptions, CompressionOptions, DialTarget, KeepaliveOptions };

/** Choices for a WebSocket client. @internal */
export interface WebSocketTransportOptions {
  /** What to offer, the best first. */
  readonly serializers: readonly Serializer[];
  /** Ends the attempt. */
  readonly signal?: AbortSignal | undefined;
  /** How long opening may take, in milliseconds. @default {10000} */
  readonly timeout?: number | undefined;
  /** TLS. */
  readonly tls?: ClientTlsOptions | undefined;
  /** The proxy. */
  readonly proxy?: string | URL | undefined;
  /** Further header fields. */
  readonly headers?: HeadersInit | undefined;
  /** The path of a Unix socket to connect to. */
  readonly unix?: string | undefined;
  /** Opens the stream. */
  readonly dial?: ((target: DialTarget) => Promise<ByteStream>) | undefined;
  /** Whether to offer permessage-deflate. @default {false} */
  readonly compression?: boolean | CompressionOptions | undefined;
  /** How a dead peer is found. @default {{ interval: 20000, timeout: 20000 }} */
  readonly keepalive?: false | KeepaliveOptions | undefined;
  /** The largest message accepted, in bytes. @default {16777216} */
  readonly maxMessage?: number | undefined;
  /** Gets log records. @default {silent} */
  readonly logger?: Logger | undefined;
}

/** The limits of a WebSocket that carries WAMP, but for `maxMessage`: session and router watch what waits. @internal */
export const WEBSOCKET_LIMITS: ConnectionLimits & { readonly maxSendBuffer: number } = {
  maxSendBuffer: MAX_SEND_BUFFER,
  sendHighWaterMark: HIGH_WATER_MARK / 2,
};

/** The ends of a connection, and its request, told when asked for: an idle session should hold little. */
class WebSocketInfo implements TransportInfo {
  readonly kind = "websocket";
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get remoteAddress(): string {
    return this.#connection.info.remoteAddress;
  }

  get localAddress(): string {
    return this.#connection.info.localAddress;
  }

  get isTls(): boolean {
    return this.#connection.info.isTls;
  }

  get request(): Request | undefined {
    return this.#connection.request;
  }

  get peerCertificate(): ConnectionInfo["peerCertificate"] {
    return this.#connection.info.peerCertificate;
  }
}

/** One connection as a transport: its `owner`, found without a look-up for each message. */
class WebSocketTransport implements Transport, ConnectionOwner {
  readonly serializer: Serializer;
  readonly #connection: Connection;
  #receiver: TransportReceiver | undefined;
  #batch: Batch | undefined;
  /** Why we fail the connection; nothing more is delivered. */
  #failure: string | undefined;
  #closed: TransportClosed | undefined;

  constructor(connection: Connection, serializer: Serializer) {
    this.#connection = connection;
    this.serializer = serializer;
    if (!serializer.isBatched) return;
    this.#batch = new Batch((bytes) => connection.sendValid(bytes, serializer.isText));
  }

  get info(): TransportInfo {
    return new WebSocketInfo(this.#connection);
  }

  get isOpened(): boolean {
    return this.#receiver !== undefined;
  }

  get bufferedAmount(): number {
    return this.#connection.bufferedAmount + (this.#batch?.length ?? 0);
  }

  open(receiver: TransportReceiver): void {
    if (this.#receiver !== undefined) throw new TypeError("Cannot open transport: it has a receiver already");
    this.#receiver = receiver;
    if (this.#closed !== undefined) this.#tellClosed(receiver, this.#closed);
    else this.#connection.resume();
  }

  send(bytes: Uint8Array): void {
    if (this.#batch === undefined) this.#connection.sendValid(bytes, this.serializer.isText);
    else if (this.#connection.state === "open") this.#batch.add(bytes);
  }

  sendShared(message: SharedBytes): void {
    const connection = this.#connection;
    // A client masks each message with a key of its own.
    const isClient = connection.responseHeaders !== undefined;
    if (this.#batch !== undefined || isClient) return this.send(message.bytes);
    if (connection.state !== "open") return;
    void connection.sendShared(message.framed("websocket", this.serializer.isText ? frameText : frameBinary));
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  close(): void {
    this.#batch?.flush();
    void this.#connection.close();
  }

  fail(reason: string): void {
    this.#fail(CLOSE_CODE.PROTOCOL_ERROR, reason);
  }

  abort(): void {
    this.#failure ??= "Transport was aborted";
    this.#batch?.clear();
    this.#connection.abort();
  }

  /** A message arrived. */
  receive(data: Uint8Array, isText: boolean): void {
    if (this.#failure !== undefined) return;
    if (isText === this.serializer.isText) return this.#receiver?.message(data);
    const expected = this.serializer.isText ? "text" : "binary";
    const received = isText ? "text" : "binary";
    this.#fail(CLOSE_CODE.UNSUPPORTED_DATA, `Messages must be ${expected}, received a ${received} one`);
  }

  /** The bytes that wait are few again. */
  drained(): void {
    this.#receiver?.drain();
  }

  /** See `ConnectionOwner`. A router need not wait for the peer to close; a client that is told has closed. */
  failed(error: Error): void {
    const isClient = this.#connection.responseHeaders !== undefined;
    if (isClient || this.#closed !== undefined || this.#failure !== undefined) return;
    this.#batch?.clear();
    this.#closed = { wasClean: false, reason: `WebSocket failed: ${error.message}`, error };
    if (this.#receiver !== undefined) this.#tellClosed(this.#receiver, this.#closed);
  }

  /** The connection has ended. */
  ended(info: CloseInfo): void {
    if (this.#closed !== undefined) return;
    this.#batch?.clear();
    this.#closed = toClosed(info, this.#failure);
    if (this.#receiver !== undefined) this.#tellClosed(this.#receiver, this.#closed);
  }

  #fail(code: number, reason: string): void {
    if (this.#failure !== undefined) return;
    this.#batch?.flush();
    this.#failure = reason;
    void this.#connection.close(code, closeReason(reason));
  }

  /** A connection ends within the call that ends it; a receiver hears of it afterwards. */
  #tellClosed(receiver: TransportReceiver, closed: TransportClosed): void {
    queueMicrotask(() => receiver.closed(closed));
  }
}

function frameText(bytes: Uint8Array): SharedMessage {
  return new SharedMessage(bytes, true);
}

function frameBinary(bytes: Uint8Array): SharedMessage {
  return new SharedMessage(bytes, false);
}

function toClosed(info: CloseInfo, failure: string | undefined): TransportClosed {
  const { code, error } = info;
  const wasClean = info.wasClean && failure === undefined;
  const isNormal = code === CLOSE_CODE.NORMAL || code === CLOSE_CODE.GOING_AWAY || code === CLOSE_CODE.NO_STATUS;
  if (failure !== undefined || (wasClean && isNormal)) return { wasClean, reason: failure ?? info.reason, error };
  const detail = error?.message ?? info.reason;
  return { wasClean, reason: `WebSocket closed with ${code}${detail === "" ? "" : `: ${detail}`}`, error };
}

// ---------------------------------------------------------------------------------------------------------- Server

/** What {@linkcode webSocketReceiver} needs. @internal */
export interface WebSocketReceiverOptions {
  /** What is spoken. Which of them a client gets is the client's choice: the first that it offers. */
  readonly serializers: readonly Serializer[];
  /** Takes each new transport. One that is not opened within this call waits, unread. */
  readonly attach: (transport: Transport) => void;
}

/** Handlers for `serve()` and `accept()` of ../../websocket, to be spread into their options. @internal */
export interface WebSocketReceiver extends Required<Pick<WebSocketHandlers, "open" | "message" | "drain" | "close">> {
  readonly subprotocols: readonly string[];
  readonly upgrade: (request: Request) => Response | { readonly subprotocol: string };
}

/** The transport of a connection that {@linkcode webSocketReceiver} opened. */
function transportOf(ws: WebSocketConnection): WebSocketTransport | undefined {
  return (ws as Connection).owner as WebSocketTransport | undefined;
}

const HANDLERS: Pick<WebSocketReceiver, "message" | "drain" | "close"> = {
  message: (ws, data, isText) => transportOf(ws)?.receive(data, isText),
  drain: (ws) => transportOf(ws)?.drained(),
  close: (ws, info) => transportOf(ws)?.ended(info),
};

/**
 * Makes the handlers by which a WebSocket server gives its connections away as transports: one object for each.
 *
 * @internal
 */
export function webSocketReceiver(options: WebSocketReceiverOptions): WebSocketReceiver {
  const { attach } = options;
  const serializers = new Map(options.serializers.map((serializer) => [serializer.subprotocol, serializer]));
  const spoken = [...serializers.keys()];
  return {
    ...HANDLERS,
    subprotocols: spoken,
    upgrade: (request) => {
      const offered = request.headers.get("sec-websocket-protocol")?.split(",").map((name) => name.trim()) ?? [];
      const subprotocol = offered.find((name) => serializers.has(name));
      if (subprotocol !== undefined) return { subprotocol };
      return new Response(`Offer a subprotocol of these: ${spoken.join(", ")}\n`, { status: 400 });
    },
    open: (ws) => {
      const serializer = serializers.get(ws.subprotocol);
      if (serializer === undefined) return;
      const connection = ws as Connection;
      const transport = new WebSocketTransport(connection, serializer);
      connection.owner = transport;
      attach(transport);
      if (!transport.isOpened) connection.pause();
    },
  };
}

// ---------------------------------------------------------------------------------------------------------- Client

/**
 * Connects to a router by WebSocket.
 *
 * @throws {TransportError} It could not be reached, or speaks none of the serializers.
 * @throws {TypeError} An option or the URL has a form that is not allowed; RangeError and SyntaxError likewise.
 * @throws {unknown} The signal's reason.
 *
 * @internal
 */
export async function connectWebSocket(url: string | URL, options: WebSocketTransportOptions): Promise<Transport> {
  const { signal, timeout = 10_000 } = options;
  signal?.throwIfAborted();
  let transport: Transport | undefined;
  const { open, message, drain, close, subprotocols } = webSocketReceiver({
    serializers: options.serializers,
    attach: (attached) => transport = attached,
  });
  // The connection outlives the caller's signal, which is for the attempt.
  const attempt = new AbortController();
  const onAbort = (): void => attempt.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    const connection = await openConnection(url, {
      ...chosen(options),
      ...{ open, message, drain, close, subprotocols },
      handshakeTimeout: timeout,
      signal: attempt.signal,
    });
    connection.keepReading();
    if (transport !== undefined) return transport;
    connection.abort();
  } catch (error) {
    throw error instanceof HandshakeError ? toTransportError(error) : error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
  throw new TransportError("no_serializer", `Cannot connect to ${new URL(url).host}: it chose no serializer`);
}

/** The options for our WebSocket, those that are set. */
function chosen(options: WebSocketTransportOptions) {
  const { tls, proxy, headers, unix, dial, keepalive, maxMessage, compression = false, logger = SILENT_LOGGER } =
    options;
  return {
    ...(tls && { tls }),
    ...(proxy !== undefined && { proxy }),
    ...(headers && { headers }),
    ...(unix !== undefined && { unix }),
    ...(dial && { dial }),
    ...(keepalive !== undefined && { keepalive }),
    limits: { ...WEBSOCKET_LIMITS, ...(maxMessage !== undefined && { maxMessage }) },
    closeTimeout: CLOSE_TIMEOUT,
    compression,
    logger,
  };
}

const CODE_OF: { readonly [Code in HandshakeErrorCode]?: TransportErrorCode } = {
  timeout: "timeout",
  unexpected_status: "refused",
  redirect: "refused",
  unexpected_subprotocol: "no_serializer",
};

function toTransportError(error: HandshakeError): TransportError {
  return new TransportError(CODE_OF[error.code] ?? "connection_lost", error.message, { cause: error });
}
