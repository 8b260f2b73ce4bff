/**
 * A router that listens: WebSocket and RawSocket, over TCP, TLS and Unix sockets.
 *
 * @module
 */

import { failureMessage, type Logger, SILENT_LOGGER } from "../../internal/log.ts";
import type { CompressionOptions } from "../../websocket/extension.ts";
import { secureListener } from "../../websocket/node_listener.ts";
import type { KeepaliveOptions } from "../../websocket/options.ts";
import type { OriginPolicy } from "../../websocket/origin.ts";
import { serve, type ServeOptions, type Server } from "../../websocket/server.ts";
import type {
  AcceptedStream,
  ServerTlsOptions,
  SocketAddress,
  StreamListener,
} from "../../websocket/stream_listener.ts";
import type { ConnectionInfo, PeerCertificate } from "../../websocket/web_socket_connection.ts";
import { serializerFor, SERIALIZERS } from "../serializers/mod.ts";
import type { Serializer, SerializerName } from "../serializers/serializer.ts";
import { type RawSocketAcceptOptions, type RawSocketAcceptor, rawSocketAcceptor } from "../transports/rawsocket.ts";
import { CLOSE_TIMEOUT, type Transport } from "../transports/transport.ts";
import { WEBSOCKET_LIMITS, webSocketReceiver } from "../transports/websocket.ts";
import { type Answerer, createMonitoring, type HealthOptions, type MetricsOptions } from "./monitoring.ts";
import type { Router } from "./router_api.ts";

export type { CompressionOptions, ConnectionInfo, KeepaliveOptions, OriginPolicy, PeerCertificate, ServerTlsOptions };

/**
 * Where a router listens for RawSocket.
 *
 * @public
 */
export interface RawSocketListenOptions {
  /** The TCP port; 0 takes a free one. @default {8081, none where `unix` is given} */
  readonly port?: number;
  /** The address to bind. @default {that of the WebSocket} */
  readonly hostname?: string;
  /** The path of a Unix socket to listen on, also or instead. */
  readonly unix?: string;
  /** Serve TLS on the TCP port. @default {plain} */
  readonly tls?: ServerTlsOptions;
}

/**
 * Limits of a listening router.
 *
 * @public
 */
export interface RouterServerLimits {
  /** Connections at a time, for each listener. @default {10_000} */
  readonly maxConnections?: number;
  /**
   * The largest message accepted, in bytes; RawSocket takes the largest power of two in it, 16 MiB at most.
   * @default {16 MiB}
   */
  readonly maxMessage?: number;
}

/**
 * Where a router listens, and how.
 *
 * @public
 */
export interface ServeRouterOptions {
  /** The TCP port of the WebSocket; 0 takes a free one. @default {8080, none where only `unix` or `rawsocket` is given} */
  readonly port?: number;
  /** The address to bind. @default {"0.0.0.0"} */
  readonly hostname?: string;
  /**
   * The path of the WebSocket, or several, of which the first stands in URLs; another is answered with 404.
   * @default {"/ws"}
   */
  readonly path?: string | readonly string[];
  /** The path of a Unix socket on which WebSocket is spoken, also or instead. */
  readonly unix?: string;
  /** Serve TLS on the WebSocket's TCP port. @default {plain} */
  readonly tls?: ServerTlsOptions;
  /** Listen for RawSocket as well. */
  readonly rawsocket?: RawSocketListenOptions;
  /** What is spoken; a client gets the first of those that it offers. @default {all} */
  readonly serializers?: readonly SerializerName[];
  /** Which web pages may connect. @default {"same-origin"} */
  readonly origins?: OriginPolicy;
  /** Answers plain GET and HEAD requests beside the WebSocket. @default {426 for all} */
  readonly fetch?: (request: Request, info: ConnectionInfo) => Response | Promise<Response>;
  /**
   * Answers with what the router counted, in the text format of Prometheus: on the WebSocket's listeners, or on a port
   * of its own. @default {false}
   */
  readonly metrics?: boolean | MetricsOptions;
  /** Answers whether the process lives, and whether sessions can join. @default {false} */
  readonly health?: boolean | HealthOptions;
  /** Whether permessage-deflate is agreed to. @default {false} */
  readonly compression?: boolean | CompressionOptions;
  /**
   * How a dead peer is found; over RawSocket only where it is given, since not every client answers a PING.
   * @default {{ interval: 20_000, timeout: 20_000 }}
   */
  readonly keepalive?: false | KeepaliveOptions;
  /** How long a client may take to open its transport, in milliseconds. @default {10_000} */
  readonly handshakeTimeout?: number;
  /** Limits. */
  readonly limits?: RouterServerLimits;
  /** Shuts the server down. */
  readonly signal?: AbortSignal;
  /** Receives log records. @default {silent} */
  readonly logger?: Logger;
}

/**
 * A router's listeners. Disposing of it shuts them down; the router goes on.
 *
 * @public
 */
export interface RouterServer extends AsyncDisposable {
  /** A URL at which this machine reaches the WebSocket; `""` where it is not listened for on TCP. */
  readonly url: string;
  /** A URL at which this machine reaches the RawSocket; `""` where it is not listened for on TCP. */
  readonly rawsocketUrl: string;
  /** Where it listens. */
  readonly addresses: readonly Deno.Addr[];
  /** A URL of the metrics on this machine; `""` where they are off, or on a Unix socket only. */
  readonly metricsUrl: string;
  /** Resolves when it has stopped and its last connection has ended. Never rejects. */
  readonly finished: Promise<void>;
  /**
   * Stops listening, says GOODBYE `wamp.close.system_shutdown` to the sessions that came this way, and resolves when
   * they have left.
   *
   * @param options `timeout`: milliseconds after which those left are cut off. @default {5_000}
   */
  shutdown(options?: { readonly timeout?: number }): Promise<void>;
}

const DEFAULT_PORT = 8080;
const DEFAULT_RAWSOCKET_PORT = 8081;
const DEFAULT_MAX_MESSAGE = 16 << 20;
const DEFAULT_MAX_CONNECTIONS = 10_000;
const DEFAULT_SHUTDOWN = 5_000;
/** The addresses at which this machine reaches a server bound to all of its addresses. */
const LOOPBACK_OF: ReadonlyMap<string, string> = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]]);
/** How long to wait after the system could not give a socket (too many open files), in milliseconds. */
const ACCEPT_PAUSE = 100;

/**
 * Listens for the clients of a router.
 *
 * @param router The router.
 * @param options Where to listen, whom to let in, and limits.
 * @returns The running server.
 * @throws {TypeError} An option is of the wrong kind.
 * @throws {RangeError} A number among the options is out of range.
 *
 * @example A router on a port, and a client
 * ```ts
 * import { join } from "@viaduct/viaduct/wamp";
 * import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * await using router = createRouter();
 * await using server = await serveRouter(router, { port: 0, hostname: "127.0.0.1" });
 * await using session = await join(server.url, { realm: "realm1" });
 * assert.equal(await session.call("wamp.session.count"), 1);
 * ```
 *
 * @public
 */
export function serveRouter(router: Router, options: ServeRouterOptions = {}): Promise<RouterServer> {
  // A promise, so that listeners whose opening takes time can be added.
  return new Promise((resolve) => resolve(new RunningRouterServer(router, options)));
}

class RunningRouterServer implements RouterServer {
  readonly #router: Router;
  readonly #options: ServeRouterOptions;
  readonly #logger: Logger;
  readonly #sockets: Server[] = [];
  /** Answers those who watch, on a port of its own. */
  #monitor: Server | undefined;
  readonly #raw: RawSocketServer[] = [];
  readonly #finished = Promise.withResolvers<void>();
  readonly #onAbort = (): void => void this.shutdown();
  #isStopping = false;

  constructor(router: Router, options: ServeRouterOptions) {
    options.signal?.throwIfAborted();
    this.#router = router;
    this.#options = options;
    this.#logger = options.logger ?? SILENT_LOGGER;
    try {
      this.#listen();
    } catch (error) {
      void this.shutdown({ timeout: 0 });
      throw error;
    }
    options.signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#logger.info("Router listens", { url: this.url, rawsocketUrl: this.rawsocketUrl });
  }

  get url(): string {
    return this.#sockets.find(({ addr }) => addr.transport === "tcp")?.url ?? "";
  }

  get rawsocketUrl(): string {
    return this.#raw.find(({ url }) => url !== "")?.url ?? "";
  }

  get metricsUrl(): string {
    const metrics = optionsOf(this.#options.metrics);
    if (metrics === undefined) return "";
    const { path = "/metrics" } = metrics;
    const url = this.#monitor?.url ?? this.url;
    return url === "" ? "" : new URL(path, url.replace(/^ws/, "http")).href;
  }

  get addresses(): readonly Deno.Addr[] {
    return [...this.#sockets, ...this.#raw].map(({ addr }) => addr);
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  async shutdown(options: { readonly timeout?: number } = {}): Promise<void> {
    if (this.#isStopping) return await this.finished;
    this.#isStopping = true;
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    const { timeout = DEFAULT_SHUTDOWN } = options;
    for (const listener of this.#raw) listener.close();
    // GOODBYE first: the WebSocket's own end would say nothing to a session.
    await this.#router.dismiss(this, { timeout });
    await Promise.all(this.#sockets.map((server) => server.shutdown({ timeout })));
    await this.#monitor?.shutdown({ timeout: 0 });
    for (const listener of this.#raw) listener.cut();
    await Promise.all(this.#raw.map(({ finished }) => finished));
    this.#finished.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #listen(): void {
    const { port, hostname, unix, tls, rawsocket } = this.#options;
    const serializers = (this.#options.serializers ?? SERIALIZERS.map(({ name }) => name)).map(serializerFor);
    const monitoring = this.#monitoring();
    const shared = this.#webSocketOptions(serializers, monitoring);
    if (unix !== undefined) this.#sockets.push(serve({ ...shared, unix }));
    if (port !== undefined || unix === undefined && rawsocket === undefined) {
      const tcp = { port: port ?? DEFAULT_PORT, ...(hostname !== undefined && { hostname }), ...(tls && { tls }) };
      this.#sockets.push(serve({ ...shared, ...tcp }));
    }
    if (rawsocket === undefined) return;
    const plain = serializers.filter(({ rawSocketId }) => rawSocketId !== undefined);
    if (rawsocket.unix !== undefined) {
      this.#listenRaw(Deno.listen({ transport: "unix", path: rawsocket.unix }), "", plain);
    }
    if (rawsocket.port !== undefined || rawsocket.unix === undefined) {
      const { port = DEFAULT_RAWSOCKET_PORT } = rawsocket;
      const host = rawsocket.hostname ?? hostname ?? "0.0.0.0";
      this.#listenRaw(listenTcp(port, host, rawsocket.tls), rawsocket.tls === undefined ? "rs" : "rss", plain);
    }
  }

  /** What answers those who watch; on a port of their own where one is asked for, so that there is nothing else to do. */
  #monitoring(): Answerer | undefined {
    const metrics = optionsOf(this.#options.metrics);
    const health = optionsOf(this.#options.health);
    if (metrics === undefined && health === undefined) return undefined;
    const router = this.#router;
    const isReady = (): boolean => !this.#isStopping && router.isAccepting;
    const common = { health, read: () => router.metrics(), isReady };
    const answer = createMonitoring({ ...common, metrics });
    if (metrics?.port === undefined) return answer;
    this.#monitor = serve({
      port: metrics.port,
      hostname: metrics.hostname ?? "127.0.0.1",
      upgrade: () => notFound(),
      fetch: (request) => answer(request) ?? notFound(),
      logger: this.#logger,
      onListen: () => {},
    });
    return health && createMonitoring({ ...common, metrics: undefined });
  }

  #webSocketOptions(serializers: readonly Serializer[], monitoring: Answerer | undefined): ServeOptions {
    const { path = "/ws", origins, keepalive, handshakeTimeout, compression = false } = this.#options;
    const { maxConnections = DEFAULT_MAX_CONNECTIONS, maxMessage = DEFAULT_MAX_MESSAGE } = this.#options.limits ?? {};
    const fetch = monitored(monitoring, this.#options.fetch);
    const receiver = webSocketReceiver({ serializers, attach: (transport) => this.#attach(transport) });
    return {
      ...receiver,
      upgrade: (request) => this.#isStopping ? new Response(STOPPING, { status: 503 }) : receiver.upgrade(request),
      path,
      compression,
      closeTimeout: CLOSE_TIMEOUT,
      limits: { ...WEBSOCKET_LIMITS, maxConnections, maxMessage },
      ...(origins !== undefined && { origins }),
      ...(fetch && { fetch }),
      ...(keepalive !== undefined && { keepalive }),
      ...(handshakeTimeout !== undefined && { handshakeTimeout }),
      logger: this.#logger,
      onListen: () => {},
    };
  }

  #listenRaw(listener: StreamListener<Deno.Addr>, scheme: "" | "rs" | "rss", serializers: readonly Serializer[]): void {
    const { limits = {}, handshakeTimeout, keepalive } = this.#options;
    const { maxConnections = DEFAULT_MAX_CONNECTIONS, maxMessage } = limits;
    try {
      const accept: RawSocketAcceptOptions = { serializers, maxMessage, handshakeTimeout, logger: this.#logger };
      // Silence is normal for a RawSocket, whose peers need not answer a PING: only where it was asked for.
      const options = { ...accept, keepalive: keepalive ?? false, isFull: () => raw.size > maxConnections };
      const raw = new RawSocketServer(listener, { scheme, options, attach: (transport) => this.#attach(transport) });
      this.#raw.push(raw);
      void raw.run();
    } catch (error) {
      listener.close();
      throw error;
    }
  }

  #attach(transport: Transport): void {
    if (this.#isStopping) transport.abort();
    else this.#router.attach(transport, this);
  }
}

type Fetch = NonNullable<ServeRouterOptions["fetch"]>;

/** Answers those who watch, and leaves the others to `fetch`. */
function monitored(monitoring: Answerer | undefined, fetch: Fetch | undefined): Fetch | undefined {
  if (monitoring === undefined) return fetch;
  return (request, info) => monitoring(request) ?? fetch?.(request, info) ?? notFound();
}

function notFound(): Response {
  return new Response("Not found\n", { status: 404 });
}

function optionsOf<Options extends object>(
  option: boolean | Options | undefined,
): Options | Partial<Options> | undefined {
  if (option === true) return {};
  return option === false ? undefined : option;
}

const STOPPING = "The router is shutting down\n";

function listenTcp(port: number, hostname: string, tls: ServerTlsOptions | undefined): StreamListener<Deno.Addr> {
  if (tls === undefined) return Deno.listen({ port, hostname });
  if (tls.clientCaCerts === undefined) return Deno.listenTls({ port, hostname, cert: tls.cert, key: tls.key });
  const plain = Deno.listen({ port, hostname });
  try {
    return secureListener<Deno.Addr>(plain, tls);
  } catch (error) {
    plain.close();
    throw error;
  }
}

const NOWHERE: SocketAddress = { transport: "unknown" };

/** A socket that tells when it is closed, so that those that are open can be counted. */
class CountedStream implements AcceptedStream {
  readonly #stream: AcceptedStream;
  readonly #onClose: (stream: CountedStream) => void;

  constructor(stream: AcceptedStream, onClose: (stream: CountedStream) => void) {
    this.#stream = stream;
    this.#onClose = onClose;
  }

  get localAddr(): SocketAddress {
    return this.#stream.localAddr ?? NOWHERE;
  }

  get remoteAddr(): SocketAddress {
    return this.#stream.remoteAddr ?? NOWHERE;
  }

  get peerCertificate(): AcceptedStream["peerCertificate"] {
    return this.#stream.peerCertificate;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#stream.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#stream.write(bytes);
  }

  async secured(): Promise<void> {
    await this.#stream.secured?.();
  }

  setNoDelay(on: boolean): void {
    this.#stream.setNoDelay?.(on);
  }

  async closeWrite(): Promise<void> {
    await this.#stream.closeWrite?.();
  }

  close(): void {
    this.#onClose(this);
    this.#stream.close();
  }
}

/** What a {@linkcode RawSocketServer} is told. */
interface RawSocketServerOptions {
  /** The scheme of its URL, `""` where it has none. */
  readonly scheme: "" | "rs" | "rss";
  readonly options: RawSocketAcceptOptions;
  readonly attach: (transport: Transport) => void;
}

/** Accepts RawSockets from one listener. */
class RawSocketServer {
  readonly #listener: StreamListener<Deno.Addr>;
  readonly #server: RawSocketServerOptions;
  readonly #accept: RawSocketAcceptor;
  readonly #open = new Set<CountedStream>();
  readonly #finished = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(listener: StreamListener<Deno.Addr>, server: RawSocketServerOptions) {
    this.#listener = listener;
    this.#server = server;
    this.#accept = rawSocketAcceptor(server.options);
  }

  /** How many sockets are open. */
  get size(): number {
    return this.#open.size;
  }

  get addr(): Deno.Addr {
    return this.#listener.addr;
  }

  get url(): string {
    const { addr } = this;
    if (this.#server.scheme === "" || addr.transport !== "tcp") return "";
    const hostname = LOOPBACK_OF.get(addr.hostname) ?? addr.hostname;
    return `${this.#server.scheme}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${addr.port}`;
  }

  /** Resolves when it is closed and its last socket is. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Accepts until it is closed. */
  async run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        void this.#handshake(await this.#listener.accept());
      } catch (error) {
        if (this.#isClosed) break;
        this.#server.options.logger?.warn("Cannot accept a connection", { reason: failureMessage(error) });
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE));
      }
    }
    this.#settle();
  }

  /** Accepts no more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.close();
  }

  /** Closes what is still open: sockets in their handshake. */
  cut(): void {
    for (const stream of this.#open) stream.close();
  }

  async #handshake(socket: AcceptedStream): Promise<void> {
    const stream = new CountedStream(socket, (closed) => {
      this.#open.delete(closed);
      this.#settle();
    });
    this.#open.add(stream);
    try {
      this.#server.attach(await this.#accept(stream, this.#server.scheme === "rss"));
    } catch (error) {
      this.#server.options.logger?.debug("Handshake failed", { reason: failureMessage(error) });
    }
  }

  #settle(): void {
    if (this.#isClosed && this.#open.size === 0) this.#finished.resolve();
  }
}
