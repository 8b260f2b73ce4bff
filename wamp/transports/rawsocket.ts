/**
 * WAMP over RawSocket: the client on TCP, TLS and Unix sockets, and what a router does with a stream it accepted (WAMP,
 * RawSocket Transport).
 *
 * @module
 */

import { Attempt } from "../../internal/attempt.ts";
import { BufferPool } from "../../internal/buffer_pool.ts";
import { openClientSocket, secureClientSocket, socketAddresses } from "../../internal/client_socket.ts";
import { startDeadline } from "../../internal/input_grace.ts";
import { failureMessage, type Logger, SILENT_LOGGER } from "../../internal/log.ts";
import { type AddressLike, formatAddress } from "../../internal/socket_address.ts";
import { type ByteStream, closeQuietly, writeAll } from "../../internal/stream.ts";
import { TimerWheel } from "../../internal/timer_wheel.ts";
import type { Serializer } from "../serializers/serializer.ts";
import { TransportError } from "./errors.ts";
import {
  announcedLength,
  decodeHandshake,
  encodeHandshake,
  encodeRefusal,
  type Handshake,
  HANDSHAKE_LENGTH,
  MAGIC,
  REFUSAL,
  refusalText,
} from "./rawsocket_frame.ts";
import { type RawSocketShared, RawSocketTransport } from "./rawsocket_transport.ts";
import type { ProbeOptions, Transport, TransportInfo } from "./transport.ts";

/** TLS at a client. @internal */
export interface RawSocketTlsOptions {
  readonly caCerts?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

/** What a `dial` function connects to. @internal */
export interface RawSocketDialTarget {
  readonly hostname: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly signal: AbortSignal;
}

/** How a dead peer is found: a PING after `interval` of silence, the end after `timeout` more. @internal */
export interface RawSocketKeepalive {
  readonly interval?: number;
  readonly timeout?: number;
}

/** What both sides of a RawSocket can be told. @internal */
export interface RawSocketOptions {
  /** What is spoken; at a client the best first. The batched ones cannot be spoken over RawSocket. */
  readonly serializers: readonly Serializer[];
  /** The largest message accepted, in bytes; announced as the power of two below. @default {16777216} */
  readonly maxMessage?: number | undefined;
  /** How a dead peer is found. Not every peer answers a PING, so that it is off by default. @default {false} */
  readonly keepalive?: false | RawSocketKeepalive | undefined;
  /** Gets log records. @default {silent} */
  readonly logger?: Logger | undefined;
}

/** Choices for a client. @internal */
export interface RawSocketTransportOptions extends RawSocketOptions {
  /** Ends the attempt. */
  readonly signal?: AbortSignal | undefined;
  /** How long opening may take in all, in milliseconds. @default {10000} */
  readonly timeout?: number | undefined;
  /** TLS: for `rss:`, and for `unix:` where it is given. */
  readonly tls?: RawSocketTlsOptions | undefined;
  /** Opens the stream. */
  readonly dial?: ((target: RawSocketDialTarget) => Promise<ByteStream>) | undefined;
  /** How the session is to find out that the router has gone. @default {not at all} */
  readonly probes?: ProbeOptions | undefined;
}

/** Choices for a router. @internal */
export interface RawSocketAcceptOptions extends RawSocketOptions {
  /** How long a client may take for its handshake, in milliseconds. @default {10000} */
  readonly handshakeTimeout?: number | undefined;
  /** The least that a client must take, in bytes: a WELCOME has to fit. @default {1024} */
  readonly minLength?: number | undefined;
  /** Whether there are too many connections already. @default {never} */
  readonly isFull?: (() => boolean) | undefined;
}

/** The first wait of a keepalive that names none, and the second, in milliseconds. */
const DEFAULT_KEEPALIVE = 20_000;

let common: Pick<RawSocketShared, "pool" | "wheel"> | undefined;

function shareOptions(role: "client" | "server", options: RawSocketOptions): RawSocketShared {
  const { keepalive = false, maxMessage = 16 << 20, logger = SILENT_LOGGER } = options;
  const { interval = DEFAULT_KEEPALIVE, timeout = DEFAULT_KEEPALIVE } = keepalive === false
    ? { interval: Infinity }
    : keepalive;
  for (const [name, value] of [["interval", interval], ["timeout", timeout]] as const) {
    if (value >= 1) continue;
    throw new RangeError(`Option keepalive.${name} must be at least 1 millisecond, received ${value}`);
  }
  common ??= { pool: new BufferPool(), wheel: new TimerWheel() };
  const { pool, wheel } = common;
  const maxReceive = announcedLength(maxMessage);
  return { role, pool, wheel, logger, maxReceive, keepaliveInterval: interval, keepaliveTimeout: timeout };
}

/** Reads what a handshake is, octet by octet if need be; `undefined` where it cannot become one. */
async function readHandshake(stream: ByteStream): Promise<Handshake | undefined> {
  const octets = new Uint8Array(HANDSHAKE_LENGTH);
  for (let at = 0; at < HANDSHAKE_LENGTH;) {
    const length = await stream.read(octets.subarray(at));
    if (length === null || octets[0] !== MAGIC) return undefined;
    at += length;
  }
  return decodeHandshake(octets);
}

// ---------------------------------------------------------------------------------------------------------- Router

/** The ends of an accepted socket, told when asked for: an idle session should hold little. */
class AcceptedInfo implements TransportInfo {
  readonly kind = "rawsocket";
  readonly isTls: boolean;
  readonly #stream: ByteStream & Partial<Ends>;

  constructor(stream: ByteStream & Partial<Ends>, isTls: boolean) {
    this.#stream = stream;
    this.isTls = isTls || "handshake" in stream;
  }

  get remoteAddress(): string {
    return formatAddress(this.#stream.remoteAddr);
  }

  get localAddress(): string {
    return formatAddress(this.#stream.localAddr);
  }

  get peerCertificate(): TransportInfo["peerCertificate"] {
    return this.#stream.peerCertificate;
  }
}

/** What sockets have beside the stream. */
interface Ends {
  readonly localAddr: AddressLike;
  readonly remoteAddr: AddressLike;
  readonly peerCertificate: TransportInfo["peerCertificate"];
  setNoDelay(noDelay?: boolean): void;
  secured(): Promise<void>;
}

/** Accepts one stream after the other. `isTls` says that the stream is protected where it does not show that itself. @internal */
export type RawSocketAcceptor = (stream: ByteStream & Partial<Ends>, isTls?: boolean) => Promise<Transport>;

/**
 * Makes the function by which a router goes through the handshake on its sockets. It rejects with a
 * {@linkcode TransportError} where the client is turned away; the stream is closed then.
 *
 * @throws {RangeError} A number among the options is out of its range.
 *
 * @internal
 */
export function rawSocketAcceptor(options: RawSocketAcceptOptions): RawSocketAcceptor {
  const { handshakeTimeout = 10_000, minLength = 1024, isFull = () => false } = options;
  const shared = shareOptions("server", options);
  const serializers = new Map(options.serializers.map((serializer) => [serializer.rawSocketId, serializer]));
  const refusalOf = (request: Handshake): number => {
    if (!request.isPlain) return REFUSAL.RESERVED_BITS;
    if (request.serializer === 0 || !serializers.has(request.serializer)) return REFUSAL.SERIALIZER;
    if (request.maxLength < minLength) return REFUSAL.LENGTH;
    return isFull() ? REFUSAL.CONNECTION_COUNT : 0;
  };
  return async (stream, isTls = false) => {
    let isLate = false;
    const cancelDeadline = startDeadline(handshakeTimeout, () => {
      isLate = true;
      closeQuietly(stream);
    });
    try {
      stream.setNoDelay?.(true);
      await stream.secured?.();
      const request = await readHandshake(stream);
      if (request === undefined) throw new TransportError("refused", "Client does not speak RawSocket");
      const refusal = refusalOf(request);
      if (refusal !== 0) return await refuse(stream, refusal);
      const serializer = serializers.get(request.serializer)!;
      await writeAll(stream, encodeHandshake(shared.maxReceive, request.serializer));
      const info = new AcceptedInfo(stream, isTls);
      return new RawSocketTransport({ shared, stream, serializer, info, maxMessage: request.maxLength });
    } catch (error) {
      closeQuietly(stream);
      if (error instanceof TransportError) throw error;
      if (isLate) throw new TransportError("timeout", `Handshake must take at most ${handshakeTimeout} ms`);
      throw new TransportError("connection_lost", `Handshake failed: ${failureMessage(error)}`, { cause: error });
    } finally {
      cancelDeadline();
    }
  };
}

/** Reads up to this many times after a refusal, so that unread bytes do not make the system discard the reply. */
const LINGERING_READS = 16;

async function refuse(stream: ByteStream, code: number): Promise<never> {
  await writeAll(stream, encodeRefusal(code));
  await stream.closeWrite?.();
  const rest = new Uint8Array(1 << 10);
  for (let reads = 0; stream.closeWrite !== undefined && reads < LINGERING_READS; reads++) {
    if (await stream.read(rest) === null) break;
  }
  throw new TransportError("refused", `Client was refused: ${refusalText(code)}`);
}

// ---------------------------------------------------------------------------------------------------------- Client

/**
 * Connects to a router by RawSocket: `rs://host:port`, `rss://host:port` or `unix:/path`. Where the router does not
 * speak a serializer, the next is tried on a new connection.
 *
 * @throws {TransportError} It could not be reached, or speaks none of the serializers.
 * @throws {TypeError} An option has a form that is not allowed; RangeError and SyntaxError likewise.
 * @throws {unknown} The signal's reason.
 *
 * @internal
 */
export async function connectRawSocket(url: string | URL, options: RawSocketTransportOptions): Promise<Transport> {
  const { signal, timeout = 10_000 } = options;
  const place = parsePlace(url);
  const serializers = options.serializers.filter(({ rawSocketId }) => rawSocketId !== undefined);
  if (serializers.length === 0) {
    throw new TypeError("Cannot connect by RawSocket: no serializer of those given can be spoken over it");
  }
  const shared = shareOptions("client", options);
  signal?.throwIfAborted();
  const late = new TransportError("timeout", `Opening must take at most ${timeout} ms, took longer`);
  const attempt = new Attempt({ signal, timeout, late });
  try {
    for (const serializer of serializers) {
      const transport = await tryOpen(place, serializer, shared, options, attempt);
      if (transport !== undefined) return transport;
    }
    const names = serializers.map(({ name }) => name).join(", ");
    throw new TransportError("no_serializer", `Cannot connect to ${place.name}: router speaks none of ${names}`);
  } catch (error) {
    attempt.drop();
    throw attempt.signal.aborted ? attempt.signal.reason : toTransportError(place, error);
  } finally {
    attempt.finish();
  }
}

/** Opens a connection and goes through the handshake; `undefined` where the serializer is not spoken. */
async function tryOpen(
  place: Place,
  serializer: Serializer,
  shared: RawSocketShared,
  options: RawSocketTransportOptions,
  attempt: Attempt,
): Promise<Transport | undefined> {
  const { stream, info } = await reach(place, options, attempt);
  await writeAll(stream, encodeHandshake(shared.maxReceive, serializer.rawSocketId!));
  const reply = await readHandshake(stream);
  if (reply === undefined) {
    throw new TransportError("connection_lost", `Cannot connect to ${place.name}: it does not speak RawSocket`);
  }
  if (reply.refusal === REFUSAL.SERIALIZER) {
    attempt.drop();
    return undefined;
  }
  if (reply.serializer === 0) {
    const text = `Cannot connect to ${place.name}: router refused: ${refusalText(reply.refusal)}`;
    throw new TransportError("refused", text);
  }
  if (!reply.isPlain || reply.serializer !== serializer.rawSocketId) {
    const text = `Cannot connect to ${place.name}: router answered with serializer ${reply.serializer}, ` +
      `asked for ${serializer.rawSocketId}${reply.isPlain ? "" : ", and reserved bits"}`;
    throw new TransportError("connection_lost", text);
  }
  const { probes } = options;
  return new RawSocketTransport({ shared, stream, serializer, info, maxMessage: reply.maxLength, probes });
}

/** Where a URL leads. */
interface Place {
  /** For error messages. */
  readonly name: string;
  readonly isTls: boolean;
  /** The path of a Unix socket. */
  readonly path: string | undefined;
  readonly hostname: string;
  readonly port: number;
}

function parsePlace(url: string | URL): Place {
  const parsed = new URL(url);
  const { protocol, hostname, port, pathname } = parsed;
  if (protocol === "unix:") {
    const path = decodeURIComponent(pathname);
    if (path === "" || path === "/") throw new SyntaxError(`URL must name a Unix socket, received ${parsed}`);
    return { name: path, isTls: false, path, hostname: "localhost", port: 0 };
  }
  if (protocol !== "rs:" && protocol !== "rss:") {
    throw new SyntaxError(`URL must begin with rs:, rss: or unix:, received ${parsed}`);
  }
  if (hostname === "" || port === "") throw new SyntaxError(`URL must name a host and a port, received ${parsed}`);
  const host = hostname.replace(/^\[|\]$/g, "");
  return { name: parsed.host, isTls: protocol === "rss:", path: undefined, hostname: host, port: Number(port) };
}

/** Errors of the caller, and of this library, are as they are; the rest is the network's. */
function toTransportError(place: Place, error: unknown): unknown {
  const isOwn = error instanceof TransportError || error instanceof RangeError || error instanceof SyntaxError;
  // A missing permission: no retry would mend it.
  if (isOwn || (error instanceof Error && error.name === "NotCapable")) return error;
  const text = `Cannot connect to ${place.name}: ${failureMessage(error)}`;
  return new TransportError("connection_lost", text, { cause: error });
}

interface Reached {
  readonly stream: ByteStream;
  readonly info: TransportInfo;
}

/** Opens the stream to speak over. */
async function reach(place: Place, options: RawSocketTransportOptions, attempt: Attempt): Promise<Reached> {
  const { dial, tls } = options;
  const { hostname, port, path } = place;
  if (dial !== undefined && path === undefined) {
    const { isTls } = place;
    const stream = await attempt.dial((signal) => dial({ hostname, port, isTls, signal }));
    return { stream, info: { kind: "rawsocket", remoteAddress: "", localAddress: "", isTls } };
  }
  const target = path === undefined ? { hostname, port } : { path };
  const socket = attempt.hold(await openClientSocket(target, attempt.signal));
  const isTls = place.isTls || (path !== undefined && tls !== undefined);
  const info: TransportInfo = { kind: "rawsocket", ...socketAddresses(socket), isTls };
  if (!isTls) return { stream: socket, info };
  return { stream: await secureClientSocket(socket, { serverName: hostname, ...tls }, attempt), info };
}
