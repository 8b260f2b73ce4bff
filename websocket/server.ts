/**
 * WebSocket servers over TCP, TLS and Unix sockets.
 *
 * @module
 */

import { viewBytes } from "../internal/bytes.ts";
import { failureMessage } from "../internal/log.ts";
import { toError } from "../internal/to_error.ts";
import { type AcceptOptions, resolveAcceptor } from "./accept_options.ts";
import { type AcceptorConfig, acceptStream } from "./acceptor.ts";
import { SharedMessage } from "./broadcast.ts";
import { CLOSE_CODE } from "./close_code.ts";
import { ConnectionClosedError } from "./errors.ts";
import type { Connection } from "./connection.ts";
import { HandshakeGuard } from "./handshake_guard.ts";
import { secureListener } from "./node_listener.ts";
import { checkDelay, checkSize } from "./options.ts";
import type { ByteStream } from "../internal/stream.ts";
import { formatAddress } from "../internal/socket_address.ts";
import type { AcceptedStream, ServerTlsOptions, StreamListener } from "./stream_listener.ts";
import { isValidUtf8 } from "../internal/utf8.ts";
import type { ConnectionInfo, PeerCertificate, WebSocketConnection } from "./web_socket_connection.ts";

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

/** How long to wait after the system could not give a socket (too many open files), in milliseconds. */
const ACCEPT_PAUSE = 100;
/** How many sockets may be held beside `maxConnections` to read why they were turned away; more are closed at once. */
const MAX_TURNED_AWAY = 256;
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
 * @returns The connection, or `undefined` where the client was answered otherwise. It rejects with the reason of an
 * aborted signal.
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
  const { signal } = options;
  signal?.throwIfAborted();
  let connection: Connection | undefined;
  const onAbort = (): void => {
    guard.abort();
    connection?.abort(toError(signal?.reason));
  };
  const onOver = (): void => signal?.removeEventListener("abort", onAbort);
  const config = resolveAcceptor(options, { onOpen: (opened) => connection = opened, onEnd: onOver });
  const guard = new HandshakeGuard({ stream, wheel: config.wheel, timeout: config.handshakeTimeout });
  signal?.addEventListener("abort", onAbort);
  await acceptStream(guard, new StreamInfo(stream, false), config);
  if (connection === undefined) {
    onOver();
    signal?.throwIfAborted();
  }
  return connection;
}

/** A server and its connections. */
class RunningServer implements Server {
  readonly #options: ServeOptions;
  readonly #listener: StreamListener<Deno.Addr>;
  readonly #config: AcceptorConfig;
  readonly #session: ((ws: WebSocketConnection) => void | Promise<void>) | undefined;
  readonly #maxConnections: number;
  readonly #connections = new Set<Connection>();
  readonly #finished = Promise.withResolvers<void>();
  readonly #onAbort = (): void => void this.shutdown();
  readonly #handshakes = new Set<HandshakeGuard>();
  /** Sockets over `maxConnections`, and those that only have to read their answer. They take no place. */
  readonly #turnedAway = new Set<HandshakeGuard>();
  #isStopping = false;
  /** Whether the listener is closed. */
  #isClosed = false;
  #isAccepting = true;

  constructor(options: ServeOptions, session: ((ws: WebSocketConnection) => void | Promise<void>) | undefined) {
    if (session !== undefined && (options.message !== undefined || options.fragment !== undefined)) {
      throw new TypeError("Cannot serve: give a session function or a message handler, received both");
    }
    this.#options = options;
    this.#session = session;
    this.#maxConnections = checkSize("limits.maxConnections", options.limits?.maxConnections ?? 10_000);
    this.#config = resolveAcceptor(options, {
      isRefusing: () => this.#isStopping ? "Server is shutting down" : undefined,
      onOpen: (connection) => this.#add(connection),
      onEnd: (connection) => this.#forget(connection),
    });
    options.signal?.throwIfAborted();
    this.#listener = listen(options);
  }

  start(): void {
    const { signal, onListen, logger } = this.#options;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    void this.#acceptLoop();
    if (onListen === undefined) return logger?.info("Listening", { url: this.url });
    try {
      onListen(this);
    } catch (error) {
      void this.shutdown();
      throw error;
    }
  }

  get addr(): Deno.Addr {
    return this.#listener.addr;
  }

  get url(): string {
    const { addr } = this;
    const scheme = this.#options.tls === undefined ? "ws" : "wss";
    const path = this.#config.paths?.[0] ?? "/";
    if (addr.transport !== "tcp") return `${scheme}://localhost${path}`;
    const hostname = LOOPBACK_OF.get(addr.hostname) ?? addr.hostname;
    return `${scheme}://${formatAddress({ hostname, port: addr.port })}${path}`;
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
    const timer = setTimeout(() => this.#abortAll(), timeout);
    for (const connection of this.#connections) this.#goAway(connection);
    this.#settle();
    await this.finished;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #goAway(connection: Connection): void {
    void connection.close(CLOSE_CODE.GOING_AWAY, "Server is shutting down");
  }

  #add(connection: Connection): void {
    this.#connections.add(connection);
    // Its answer was on its way when the server was told to stop.
    if (this.#isStopping) this.#goAway(connection);
  }

  #abortAll(): void {
    for (const connection of this.#connections) connection.abort();
    this.#abortHandshakes();
    this.#settle();
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#settle();
  }

  /** New clients get their 503 as long as others take to close or wait for an answer; then the listener goes. */
  #settle(): void {
    if (!this.#isStopping || this.#connections.size > 0) return;
    for (const guard of this.#guards()) {
      if (guard.isBusy) return;
    }
    this.#closeListener();
    this.#abortHandshakes();
    if (!this.#isAccepting && this.#connections.size === 0) this.#finished.resolve();
  }

  #guards(): HandshakeGuard[] {
    return [...this.#handshakes, ...this.#turnedAway];
  }

  #abortHandshakes(): void {
    for (const guard of this.#guards()) guard.abort();
  }

  #closeListener(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#listener.close();
    } catch (error) {
      // The user's own listener, closed by the user.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #acceptLoop(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#accept(await this.#listener.accept());
      } catch (error) {
        if (this.#isClosed) break;
        this.#config.options.logger.warn("Cannot accept a connection", { reason: failureMessage(error) });
        if (error instanceof Deno.errors.BadResource) break;
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE));
      }
    }
    this.#isAccepting = false;
    // Where somebody else closed the listener, nothing else tells the connections.
    if (!this.#isStopping) void this.shutdown();
    this.#settle();
  }

  #accept(stream: AcceptedStream): void {
    const isFull = this.#connections.size + this.#handshakes.size >= this.#maxConnections;
    if (this.#isClosed || isFull && this.#turnedAway.size >= MAX_TURNED_AWAY) return stream.close();
    const { wheel, handshakeTimeout } = this.#config;
    const guard = new HandshakeGuard({
      stream,
      wheel,
      timeout: handshakeTimeout,
      onLinger: (guard) => this.#noteLinger(guard),
      onOver: (guard) => this.#noteOver(guard),
    });
    (isFull ? this.#turnedAway : this.#handshakes).add(guard);
    void this.#handshake(guard, stream, isFull ? "Server is full" : undefined);
  }

  #noteLinger(guard: HandshakeGuard): void {
    if (this.#turnedAway.size < MAX_TURNED_AWAY) {
      this.#handshakes.delete(guard);
      this.#turnedAway.add(guard);
    }
    this.#settle();
  }

  #noteOver(guard: HandshakeGuard): void {
    this.#handshakes.delete(guard);
    this.#turnedAway.delete(guard);
    // Not before a connection that takes the place of its handshake has been entered.
    queueMicrotask(() => this.#settle());
  }

  async #handshake(guard: HandshakeGuard, stream: AcceptedStream, closedFor: string | undefined): Promise<void> {
    try {
      stream.setNoDelay?.(true);
      await stream.secured?.();
    } catch (error) {
      this.#config.options.logger.debug("Socket failed", { reason: failureMessage(error) });
      return guard.abort();
    }
    const info = new StreamInfo(stream, this.#options.tls !== undefined);
    const connection = await acceptStream(guard, info, this.#config, closedFor);
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
      if (error instanceof ConnectionClosedError) logger.debug("Session ended", { reason: failureMessage(error) });
      else logger.error("Session failed", { reason: failureMessage(error), url: connection.url });
      void connection.close(CLOSE_CODE.INTERNAL_ERROR);
    }
  }
}

/** The address at which this machine reaches a server bound to all of its addresses. */
const LOOPBACK_OF: ReadonlyMap<string, string> = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]]);

/** The ends of a socket, formatted when asked for: an idle connection should hold little. */
class StreamInfo implements ConnectionInfo {
  readonly isTls: boolean;
  readonly #stream: AcceptedStream;

  constructor(stream: AcceptedStream, isTls: boolean) {
    this.#stream = stream;
    // A TLS socket of Deno's, from a listener of the user's.
    this.isTls = isTls || "handshake" in stream;
  }

  get localAddress(): string {
    return formatAddress(this.#stream.localAddr);
  }

  get remoteAddress(): string {
    return formatAddress(this.#stream.remoteAddr);
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#stream.peerCertificate;
  }
}

function listen(options: ServeOptions): StreamListener<Deno.Addr> {
  const { port = 8080, hostname = "0.0.0.0", unix, listener, tls } = options;
  if (listener !== undefined) return listener;
  if (globalThis.Deno === undefined) {
    throw new TypeError("Cannot serve: runtime must have Deno.listen, or give each socket to accept()");
  }
  if (tls !== undefined && tls.clientCaCerts === undefined && unix === undefined) {
    return Deno.listenTls({ port, hostname, cert: tls.cert, key: tls.key, alpnProtocols: ["http/1.1"] });
  }
  const plain: StreamListener<Deno.Addr> = unix === undefined
    ? Deno.listen({ port, hostname })
    : Deno.listen({ transport: "unix", path: unix });
  if (tls === undefined) return plain;
  try {
    return secureListener(plain, tls);
  } catch (error) {
    plain.close();
    throw error;
  }
}

/**
 * Removes the file of a Unix socket whose server was killed, so that its path can be listened on again.
 *
 * @param path The path.
 * @returns Whether a file was removed: not where there is none, or where a server answers.
 * @throws {TypeError} The file is something else than a socket.
 * @throws {Error} The file cannot be removed.
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
  // A file of another kind refuses connections as well.
  if (!(await Deno.lstat(path)).isSocket) throw new TypeError(`Cannot remove ${path}: it must be a socket`);
  await Deno.remove(path);
  return true;
}

export type { AcceptOptions, ServerLimits } from "./accept_options.ts";
export type { ServerTlsOptions } from "./stream_listener.ts";
