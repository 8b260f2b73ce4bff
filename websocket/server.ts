/**
 * WebSocket servers over TCP, TLS and Unix sockets.
 *
 * @module
 */

import { BufferPool } from "../internal/buffer_pool.ts";
import { viewBytes } from "../internal/bytes.ts";
import { failureMessage } from "../internal/log.ts";
import { TimerWheel } from "../internal/timer_wheel.ts";
import { type AcceptorConfig, acceptStream, type UpgradeAnswer } from "./acceptor.ts";
import { SharedMessage } from "./broadcast.ts";
import { CLOSE_CODE } from "./close_code.ts";
import type { Connection } from "./connection.ts";
import { resolveCompression } from "./extension.ts";
import { assertSubprotocols } from "./handshake.ts";
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from "./http1.ts";
import { listenNodeTls } from "./node_listener.ts";
import { checkDelay, checkSize, type ConnectionLimits, type ConnectionOptions, resolveOptions } from "./options.ts";
import { assertOriginPolicy, type OriginPolicy } from "./origin.ts";
import type { ByteStream } from "./stream.ts";
import { isValidUtf8 } from "./utf8.ts";
import type {
  ConnectionInfo,
  PeerCertificate,
  WebSocketConnection,
  WebSocketHandlers,
} from "./web_socket_connection.ts";

/**
 * Bounds on what a server and each of its connections may hold. All are inclusive.
 *
 * @public
 */
export interface ServerLimits extends ConnectionLimits {
  /** The most connections open or in their handshake; more are answered with 503. @default {10000} */
  readonly maxConnections?: number;
  /** The longest request target, in bytes; a longer one is answered with 414. @default {8192} */
  readonly maxTarget?: number;
  /** The most header fields of a request; more are answered with 431. @default {100} */
  readonly maxHeaders?: number;
  /** The longest header line, in bytes; a longer one is answered with 431. @default {8192} */
  readonly maxHeaderLine?: number;
  /** The largest request head, in bytes; a larger one is answered with 431. @default {32768} */
  readonly maxHead?: number;
}

/**
 * The server's TLS identity, and whom it asks for theirs. ALPN is `http/1.1`.
 *
 * @public
 */
export interface ServerTlsOptions {
  /** The certificate chain, in PEM. */
  readonly cert: string;
  /** The private key, in PEM. */
  readonly key: string;
  /** Ask clients for a certificate that one of these authorities signed, in PEM. */
  readonly clientCaCerts?: readonly string[];
  /** Whether a client without such a certificate is turned away. @default {true} */
  readonly requireClientCert?: boolean;
}

/**
 * What {@linkcode accept} and {@linkcode serve} share.
 *
 * @public
 */
export interface AcceptOptions extends ConnectionOptions, WebSocketHandlers {
  /** Bounds on what a connection may hold. */
  readonly limits?: ServerLimits;
  /** Which web pages may connect. @default {"same-origin"} */
  readonly origins?: OriginPolicy;
  /** The subprotocols spoken, the best first: the first that the client offers is chosen. @default {[]} */
  readonly subprotocols?: readonly string[];
  /** The path of the WebSocket; another is answered with 404. @default {any path} */
  readonly path?: string;
  /** How long a client may take to send its request, and `upgrade` to decide, in milliseconds. @default {10000} */
  readonly handshakeTimeout?: number;
  /**
   * Decides about an upgrade whose origin is allowed: a `Response` refuses, anything else accepts. An exception is
   * answered with 500.
   */
  readonly upgrade?: (request: Request, info: ConnectionInfo) => UpgradeAnswer | Promise<UpgradeAnswer>;
  /** Answers plain GET and HEAD requests, one on a connection. @default {426 for all} */
  readonly fetch?: (request: Request, info: ConnectionInfo) => Response | Promise<Response>;
}

/**
 * Where a server listens and how.
 *
 * @public
 */
export interface ServeOptions extends AcceptOptions {
  /** The TCP port; 0 takes a free one. @default {8080} */
  readonly port?: number;
  /** The address to bind. @default {"0.0.0.0"} */
  readonly hostname?: string;
  /** Listen on a Unix socket at this path instead. See {@linkcode removeStaleSocket} for one that a dead server left. */
  readonly unix?: string;
  /** Accept from this listener instead. It is closed with the server. */
  readonly listener?: Deno.Listener;
  /** Serve TLS. */
  readonly tls?: ServerTlsOptions;
  /** Stops the server as {@linkcode Server.shutdown} does. */
  readonly signal?: AbortSignal;
  /** Called once the server listens. @default {logs the URL} */
  readonly onListen?: (server: Server) => void;
}

/**
 * A running server.
 *
 * @public
 */
export interface Server extends AsyncDisposable {
  /** Where it listens. */
  readonly addr: Deno.Addr;
  /** A URL at which this machine reaches it; for a Unix socket, one to be used with the `unix` option. */
  readonly url: string;
  /** The open connections. */
  readonly connections: ReadonlySet<WebSocketConnection>;
  /** Resolves when the server has stopped and its last connection has ended. Never rejects. */
  readonly finished: Promise<void>;
  /**
   * Sends one message to all open connections. It is encoded once, and compressed once for each window size.
   *
   * @param data Text, or bytes.
   * @param options `except`: a connection to leave out; `text`: send bytes as text.
   * @returns How many connections it was sent to.
   */
  broadcast(
    data: string | ArrayBuffer | ArrayBufferView,
    options?: { readonly except?: WebSocketConnection; readonly text?: boolean },
  ): number;
  /**
   * Stops: new clients get 503, open connections 1001. What is still open after `timeout` is ended.
   *
   * @param options `timeout`: how long connections may take to close, in milliseconds. @default {{ timeout: 5000 }}
   */
  shutdown(options?: { readonly timeout?: number }): Promise<void>;
}

/** What sockets are accepted from: `Deno.Listener` fits. @internal */
export interface StreamListener {
  readonly addr: Deno.Addr;
  accept(): Promise<AcceptedStream>;
  close(): void;
}

/** A socket just accepted. @internal */
export interface AcceptedStream extends ByteStream {
  readonly localAddr?: Deno.Addr;
  readonly remoteAddr?: Deno.Addr;
  readonly peerCertificate?: PeerCertificate;
  setNoDelay?(on: boolean): void;
}

/** How long to wait after the system could not give a socket (too many open files), in milliseconds. */
const ACCEPT_PAUSE = 100;
const DEFAULT_SHUTDOWN = 5_000;

/**
 * Serves WebSocket clients.
 *
 * With `session`, each connection is given to it, and messages are taken by iteration. The connection is closed with
 * 1000 when it returns, with 1011 when it throws. Without it, give the handler form's `message` function.
 *
 * @param options Where to listen, whom to let in, limits, and handlers.
 * @param session Runs for each connection.
 * @returns The running server.
 * @throws {TypeError} An option is of the wrong kind.
 * @throws {RangeError} A number among the options is out of range.
 *
 * @example An echo server, by iteration
 * ```ts
 * import { connect, serve } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * await using server = serve({ port: 0, hostname: "127.0.0.1" }, async (ws) => {
 *   for await (const message of ws) await ws.send(message);
 * });
 * await using ws = await connect(server.url);
 * await ws.send("Hello");
 * for await (const message of ws) {
 *   assert.equal(message, "Hello");
 *   break;
 * }
 * ```
 *
 * @example An echo server, by handlers: the fastest form
 * ```ts
 * import { connect, serve } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * await using server = serve({
 *   port: 0,
 *   hostname: "127.0.0.1",
 *   message: (ws, data, isText) => void ws.send(data, { text: isText }),
 * });
 * await using ws = await connect(server.url);
 * await ws.send(new Uint8Array([1, 2, 3]));
 * for await (const message of ws) {
 *   assert.deepEqual(message, new Uint8Array([1, 2, 3]));
 *   break;
 * }
 * ```
 *
 * @public
 */
export function serve(
  options: ServeOptions,
  session?: (ws: WebSocketConnection) => void | Promise<void>,
): Server {
  const server = new RunningServer(options, session);
  server.start();
  return server;
}

/**
 * Accepts one WebSocket client on a socket of the caller's.
 *
 * @param stream The socket: a `Deno.Conn`, or anything of that shape. It is closed if the client is turned away.
 * @param options Whom to let in, limits, and handlers.
 * @returns The connection, or `undefined` where the client was answered otherwise.
 *
 * @example Use
 * ```ts
 * import { accept, connect } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
 * const [ws, client] = await Promise.all([
 *   listener.accept().then((conn) => accept(conn, { subprotocols: ["v1"] })),
 *   connect(`ws://127.0.0.1:${listener.addr.port}`, { subprotocols: ["v1"] }),
 * ]);
 * assert.equal(ws?.subprotocol, "v1");
 * await client.close();
 * assert.equal((await ws.closed).code, 1000);
 * ```
 *
 * @public
 */
export async function accept(
  stream: ByteStream,
  options: AcceptOptions = {},
): Promise<WebSocketConnection | undefined> {
  const config = resolveAcceptor(options, {});
  return await acceptStream(stream, streamInfo(stream, false), config);
}

/** A server and its connections. */
class RunningServer implements Server {
  readonly #options: ServeOptions;
  readonly #listener: StreamListener;
  readonly #config: AcceptorConfig;
  readonly #session: ((ws: WebSocketConnection) => void | Promise<void>) | undefined;
  readonly #maxConnections: number;
  readonly #connections = new Set<Connection>();
  readonly #finished = Promise.withResolvers<void>();
  readonly #onAbort = (): void => void this.shutdown();
  #handshakes = new Set<ByteStream>();
  #isStopping = false;
  #isClosed = false;

  constructor(options: ServeOptions, session: ((ws: WebSocketConnection) => void | Promise<void>) | undefined) {
    if (session !== undefined && (options.message !== undefined || options.fragment !== undefined)) {
      throw new TypeError("Cannot serve: give a session function or a message handler, received both");
    }
    this.#options = options;
    this.#session = session;
    this.#maxConnections = checkSize("limits.maxConnections", options.limits?.maxConnections ?? 10_000);
    this.#config = resolveAcceptor(options, {
      isRefusing: () => this.#refusing(),
      onOpen: (connection) => this.#connections.add(connection),
      onEnd: (connection) => this.#forget(connection),
    });
    options.signal?.throwIfAborted();
    this.#listener = listen(options);
  }

  start(): void {
    const { signal, onListen, logger } = this.#options;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (onListen === undefined) logger?.info("Listening", { url: this.url });
    else onListen(this);
    void this.#acceptLoop();
  }

  get addr(): Deno.Addr {
    return this.#listener.addr;
  }

  get url(): string {
    const { addr } = this;
    const scheme = this.#options.tls === undefined ? "ws" : "wss";
    const path = this.#options.path ?? "/";
    if (addr.transport !== "tcp") return `${scheme}://localhost${path}`;
    return `${scheme}://${formatHostPort(LOOPBACK_OF.get(addr.hostname) ?? addr.hostname, addr.port)}${path}`;
  }

  get connections(): ReadonlySet<WebSocketConnection> {
    return this.#connections;
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  broadcast(
    data: string | ArrayBuffer | ArrayBufferView,
    options: { readonly except?: WebSocketConnection; readonly text?: boolean } = {},
  ): number {
    const isText = typeof data === "string" || options.text === true;
    const payload = typeof data === "string" ? new TextEncoder().encode(data) : viewBytes(data).slice();
    if (isText && typeof data !== "string" && !isValidUtf8(payload, 0, payload.length)) {
      throw new TypeError("Cannot broadcast text message: bytes are not valid UTF-8");
    }
    const message = new SharedMessage(payload, isText);
    let count = 0;
    for (const connection of this.#connections) {
      if (connection === options.except || connection.state !== "open") continue;
      // A rejection says that this one connection was ended; its `closed` tells.
      void connection.sendShared(message);
      count++;
    }
    return count;
  }

  async shutdown(options: { readonly timeout?: number } = {}): Promise<void> {
    if (this.#isStopping) return this.finished;
    const timeout = checkDelay("timeout", options.timeout ?? DEFAULT_SHUTDOWN, 0);
    this.#isStopping = true;
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#settle();
    const timer = setTimeout(() => this.#abortAll(), timeout);
    for (const connection of this.#connections) void connection.close(CLOSE_CODE.GOING_AWAY, "Server is shutting down");
    await this.finished;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #refusing(): string | undefined {
    if (this.#isStopping) return "Server is shutting down";
    // The asking socket is itself among the handshakes.
    if (this.#connections.size + this.#handshakes.size > this.#maxConnections) return "Server is full";
    return undefined;
  }

  #abortAll(): void {
    for (const connection of this.#connections) connection.abort();
    for (const stream of this.#handshakes) stream.close();
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#settle();
  }

  /** New clients get their 503 as long as others take to close; then the listener goes. */
  #settle(): void {
    if (!this.#isStopping || this.#isClosed || this.#connections.size > 0) return;
    this.#isClosed = true;
    this.#listener.close();
    for (const stream of this.#handshakes) stream.close();
  }

  async #acceptLoop(): Promise<void> {
    const running = new Set<Promise<void>>();
    while (!this.#isClosed) {
      try {
        const stream = await this.#listener.accept();
        const handshake = this.#handshake(stream);
        running.add(handshake);
        void handshake.finally(() => running.delete(handshake));
      } catch (error) {
        if (this.#isClosed) break;
        this.#config.options.logger.warn("Cannot accept a connection", { reason: failureMessage(error) });
        if (error instanceof Deno.errors.BadResource) this.#isClosed = true;
        else await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE));
      }
    }
    await Promise.all(running);
    this.#finished.resolve();
  }

  async #handshake(stream: AcceptedStream): Promise<void> {
    this.#handshakes.add(stream);
    stream.setNoDelay?.(true);
    const connection = await acceptStream(stream, streamInfo(stream, this.#options.tls !== undefined), this.#config);
    this.#handshakes.delete(stream);
    if (connection !== undefined && this.#session !== undefined) void this.#runSession(connection, this.#session);
  }

  async #runSession(
    connection: Connection,
    session: (ws: WebSocketConnection) => void | Promise<void>,
  ): Promise<void> {
    try {
      await session(connection);
      if (connection.state === "open") void connection.close();
    } catch (error) {
      const { logger } = this.#config.options;
      // A peer that went away ends the iteration with an error of its own; the connection's end was logged.
      if (connection.state === "closed") logger.debug("Session ended", { reason: failureMessage(error) });
      else logger.error("Session failed", { reason: failureMessage(error), url: connection.url });
      void connection.close(CLOSE_CODE.INTERNAL_ERROR);
    }
  }
}

/** The address at which this machine reaches a server bound to all of its addresses. */
const LOOPBACK_OF: ReadonlyMap<string, string> = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]]);

function resolveAcceptor(
  options: AcceptOptions,
  server: Partial<Pick<AcceptorConfig, "isRefusing" | "onOpen" | "onEnd">>,
): AcceptorConfig {
  const { origins = "same-origin", subprotocols = [], handshakeTimeout = 10_000 } = options;
  const { open, message, fragment, drain, close } = options;
  assertOriginPolicy(origins);
  assertSubprotocols(subprotocols);
  const resolved = resolveOptions(options);
  if (resolved.compression !== undefined) resolveCompression(resolved.compression);
  return {
    options: resolved,
    handlers: withoutUndefined({ open, message, fragment, drain, close }),
    headLimits: resolveHeadLimits(options.limits ?? {}),
    handshakeTimeout: checkDelay("handshakeTimeout", handshakeTimeout, 1),
    origins,
    subprotocols,
    path: options.path,
    upgrade: options.upgrade,
    fetch: options.fetch,
    isRefusing: server.isRefusing ?? (() => undefined),
    wheel: new TimerWheel(),
    pool: new BufferPool(),
    onOpen: server.onOpen,
    onEnd: server.onEnd,
  };
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>;
}

function resolveHeadLimits(limits: ServerLimits): HeadLimits {
  const defaults = DEFAULT_HEAD_LIMITS;
  return {
    maxTarget: checkSize("limits.maxTarget", limits.maxTarget ?? defaults.maxTarget),
    maxHeaders: checkSize("limits.maxHeaders", limits.maxHeaders ?? defaults.maxHeaders),
    maxLine: checkSize("limits.maxHeaderLine", limits.maxHeaderLine ?? defaults.maxLine),
    maxHead: checkSize("limits.maxHead", limits.maxHead ?? defaults.maxHead),
  };
}

function streamInfo(stream: AcceptedStream, isTls: boolean): ConnectionInfo {
  const { localAddr, remoteAddr, peerCertificate } = stream;
  const info = { localAddress: formatAddr(localAddr), remoteAddress: formatAddr(remoteAddr), isTls };
  return peerCertificate === undefined ? info : { ...info, peerCertificate };
}

function formatAddr(addr: Deno.Addr | undefined): string {
  if (addr === undefined) return "";
  if (addr.transport === "tcp" || addr.transport === "udp") return formatHostPort(addr.hostname, addr.port);
  return "path" in addr ? addr.path : "";
}

function formatHostPort(hostname: string, port: number): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

function listen(options: ServeOptions): StreamListener {
  const { port = 8080, hostname = "0.0.0.0", unix, listener, tls } = options;
  if (listener !== undefined) return listener;
  const needsNode = tls !== undefined && (tls.clientCaCerts !== undefined || unix !== undefined);
  if (needsNode) return listenNodeTls(tls, unix === undefined ? { port, hostname } : { path: unix });
  if (unix !== undefined) return Deno.listen({ transport: "unix", path: unix });
  if (tls === undefined) return Deno.listen({ port, hostname });
  return Deno.listenTls({ port, hostname, cert: tls.cert, key: tls.key, alpnProtocols: ["http/1.1"] });
}

/**
 * Removes the file of a Unix socket whose server was killed, so that its path can be listened on again.
 *
 * @param path The path.
 * @returns Whether a file was removed: not where there is none, or where a server answers.
 * @throws {Error} The file cannot be removed, or is something else than a socket.
 *
 * @example Use
 * ```ts
 * import { removeStaleSocket } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * assert.equal(await removeStaleSocket("/tmp/no-such-socket"), false);
 * ```
 *
 * @public
 */
export async function removeStaleSocket(path: string): Promise<boolean> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
  }
  await Deno.remove(path);
  return true;
}
