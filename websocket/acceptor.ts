/**
 * The server's side of one socket until it is a connection: reads the request, decides, answers.
 *
 * @module
 */

import { type BufferPool, EMPTY_BYTES } from "../internal/buffer_pool.ts";
import { failureMessage } from "../internal/log.ts";
import type { TimerWheel, WheelEntry } from "../internal/timer_wheel.ts";
import { Connection } from "./connection.ts";
import { compressionAvailable } from "./deflate.ts";
import {
  acceptUpgrade,
  classifyRequest,
  createRefusal,
  formatRefusal,
  headRefusal,
  type Refusal,
  refuseOrigin,
  selectSubprotocol,
  type UpgradeRequest,
} from "./handshake.ts";
import {
  formatPlainResponseHead,
  type HeadLimits,
  HttpHeadError,
  requestFromHead,
  RequestHeadParser,
} from "./http1.ts";
import type { RequestHead } from "./http1.ts";
import type { ResolvedOptions } from "./options.ts";
import type { OriginPolicy } from "./origin.ts";
import type { ByteStream } from "./stream.ts";
import type { ConnectionInfo, WebSocketHandlers } from "./web_socket_connection.ts";

/**
 * How an `upgrade` function accepts a request.
 *
 * @public
 */
export interface UpgradeAcceptance {
  /** The subprotocol, one that the client offered. @default {the first of `subprotocols` that was offered} */
  readonly subprotocol?: string;
  /** Further header fields of the answer. */
  readonly headers?: HeadersInit;
}

/** What an `upgrade` function answers: a `Response` refuses, anything else accepts. @public */
export type UpgradeAnswer = UpgradeAcceptance | Response | void;

/** What an acceptor needs to know; shared by all sockets of a server. @internal */
export interface AcceptorConfig {
  readonly options: ResolvedOptions;
  readonly handlers: WebSocketHandlers;
  readonly headLimits: HeadLimits;
  readonly handshakeTimeout: number;
  readonly origins: OriginPolicy;
  readonly subprotocols: readonly string[];
  readonly path: string | undefined;
  readonly upgrade: ((request: Request, info: ConnectionInfo) => UpgradeAnswer | Promise<UpgradeAnswer>) | undefined;
  readonly fetch: ((request: Request, info: ConnectionInfo) => Response | Promise<Response>) | undefined;
  /** Why nobody is let in now, if so. */
  readonly isRefusing: () => string | undefined;
  readonly wheel: TimerWheel;
  readonly pool: BufferPool;
  readonly onOpen: ((connection: Connection) => void) | undefined;
  readonly onEnd: ((connection: Connection) => void) | undefined;
}

/** What a first read asks for: most heads fit. */
const HEAD_BUFFER = 2048;
/** How much a refused peer may go on sending while it should read the refusal. */
const LINGER_BYTES = 256 << 10;
/** How many seconds a client that is turned away for now should wait. */
const RETRY_AFTER = "5";

/**
 * Reads a request from a socket and answers it.
 *
 * @returns The open connection, or `undefined` where the request was answered otherwise and the socket closed.
 *
 * @internal
 */
export async function acceptStream(
  stream: ByteStream,
  info: ConnectionInfo,
  config: AcceptorConfig,
): Promise<Connection | undefined> {
  const deadline = new HandshakeDeadline(stream, config.wheel, config.handshakeTimeout);
  try {
    const received = await readHead(stream, config);
    if (received === undefined) return undefined;
    deadline.refusal = createRefusal(503, "Server took too long to decide", { "retry-after": RETRY_AFTER });
    return await answer(stream, info, config, received, deadline);
  } catch (error) {
    if (!deadline.hasPassed) {
      config.options.logger.debug("Handshake failed", { reason: failureMessage(error), peer: info.remoteAddress });
    }
    return undefined;
  } finally {
    await deadline.finish();
  }
}

/** Ends a handshake that takes too long. It owns the socket until {@linkcode keep} is called. */
class HandshakeDeadline implements WheelEntry {
  deadline = Infinity;
  slot = -1;
  hasPassed = false;
  refusal: Refusal | undefined = createRefusal(408, "Request head took too long");
  readonly #stream: ByteStream;
  readonly #wheel: TimerWheel;
  #isKept = false;

  constructor(stream: ByteStream, wheel: TimerWheel, timeout: number) {
    this.#stream = stream;
    this.#wheel = wheel;
    wheel.set(this, performance.now() + timeout);
  }

  onDeadline(): void {
    this.hasPassed = true;
    const { refusal } = this;
    const written = refusal === undefined ? Promise.resolve() : writeAll(this.#stream, formatRefusal(refusal));
    // Whether the answer gets through or not, the socket is closed.
    const close = () => this.#stream.close();
    written.then(close, close);
  }

  /** The socket has become a connection's. */
  keep(): void {
    this.#isKept = true;
    this.#wheel.set(this, Infinity);
  }

  /** Lets the peer read our answer, then closes the socket. */
  async finish(): Promise<void> {
    if (this.#isKept || this.hasPassed) return;
    this.refusal = undefined;
    try {
      await linger(this.#stream);
    } finally {
      this.#wheel.set(this, Infinity);
      if (!this.hasPassed) this.#stream.close();
    }
  }
}

/**
 * Ends our direction and reads on for a while: closing at once while the peer still sends would reset the connection,
 * and our answer might be lost.
 */
async function linger(stream: ByteStream): Promise<void> {
  if (stream.closeWrite === undefined) return;
  const buffer = new Uint8Array(HEAD_BUFFER);
  try {
    await stream.closeWrite();
    for (let left = LINGER_BYTES; left > 0;) {
      const length = await stream.read(buffer);
      if (length === null) return;
      left -= length;
    }
  } catch {
    // The peer is gone already: then there is nobody to wait for.
  }
}

interface ReceivedHead {
  readonly head: RequestHead;
  readonly rest: Uint8Array;
}

async function readHead(stream: ByteStream, config: AcceptorConfig): Promise<ReceivedHead | undefined> {
  const parser = new RequestHeadParser(config.headLimits);
  const buffer = config.pool.take(HEAD_BUFFER);
  try {
    for (;;) {
      const length = await stream.read(buffer);
      if (length === null) return undefined;
      const head = parser.push(buffer.subarray(0, length));
      if (head === undefined) continue;
      const rest = parser.rest.length === 0 ? EMPTY_BYTES : parser.rest.slice();
      config.pool.give(buffer);
      return { head, rest };
    }
  } catch (error) {
    if (error instanceof HttpHeadError) await writeAll(stream, formatRefusal(headRefusal(error)));
    throw error;
  }
}

async function answer(
  stream: ByteStream,
  info: ConnectionInfo,
  config: AcceptorConfig,
  received: ReceivedHead,
  deadline: HandshakeDeadline,
): Promise<Connection | undefined> {
  const { head } = received;
  const decision = classifyRequest(head);
  if (decision.kind === "refused") return await refuse(stream, head, decision.refusal);
  const closedFor = config.isRefusing();
  if (closedFor !== undefined) {
    return await refuse(stream, head, createRefusal(503, closedFor, { "retry-after": RETRY_AFTER }));
  }
  if (decision.kind === "plain") return await answerPlain(stream, info, config, head);
  const { upgrade } = decision;
  const refusal = refusePath(head, config) ?? refuseOrigin(upgrade, config.origins);
  if (refusal !== undefined) return await refuse(stream, head, refusal);
  const acceptance = await decide(stream, info, config, head);
  if (acceptance === undefined || deadline.hasPassed) return undefined;
  const connection = await open(stream, info, config, { head, upgrade, acceptance });
  if (deadline.hasPassed) return undefined;
  deadline.keep();
  config.onOpen?.(connection);
  connection.start(received.rest);
  return connection;
}

async function refuse(stream: ByteStream, head: RequestHead, refusal: Refusal): Promise<undefined> {
  await writeAll(stream, formatRefusal(refusal, head.method));
}

function refusePath(head: RequestHead, config: AcceptorConfig): Refusal | undefined {
  if (config.path === undefined || head.target.split("?", 1)[0] === config.path) return undefined;
  return createRefusal(404, "There is no WebSocket at this path");
}

/** Asks the user's `upgrade` function; answers itself where that refuses. */
async function decide(
  stream: ByteStream,
  info: ConnectionInfo,
  config: AcceptorConfig,
  head: RequestHead,
): Promise<UpgradeAcceptance | undefined> {
  if (config.upgrade === undefined) return {};
  try {
    const result = await config.upgrade(requestFromHead(head, { isSecure: info.isTls }), info);
    if (!(result instanceof Response)) return result ?? {};
    await writeResponse(stream, head.method, result);
  } catch (error) {
    await refuseFailed(stream, head, config, "Upgrade function failed", error);
  }
  return undefined;
}

async function refuseFailed(
  stream: ByteStream,
  head: RequestHead,
  config: AcceptorConfig,
  message: string,
  error: unknown,
): Promise<void> {
  config.options.logger.error(message, { reason: failureMessage(error) });
  const refusal = error instanceof HttpHeadError ? headRefusal(error) : createRefusal(500, "Server failed");
  await refuse(stream, head, refusal);
}

interface Accepted {
  readonly head: RequestHead;
  readonly upgrade: UpgradeRequest;
  readonly acceptance: UpgradeAcceptance;
}

async function open(
  stream: ByteStream,
  info: ConnectionInfo,
  config: AcceptorConfig,
  { head, upgrade, acceptance }: Accepted,
): Promise<Connection> {
  const { options } = config;
  const accepted = await tryAccept(stream, config, { head, upgrade, acceptance });
  await writeAll(stream, accepted.head);
  return new Connection({
    stream,
    role: "server",
    url: webSocketUrl(head, info),
    subprotocol: accepted.subprotocol,
    extensions: accepted.extensions,
    info,
    deflate: accepted.deflate,
    request: () => requestFromHead(head, { isSecure: info.isTls }),
    responseHeaders: undefined,
    options,
    handlers: config.handlers,
    nextMaskingKey: undefined,
    wheel: config.wheel,
    pool: config.pool,
    onEnd: config.onEnd,
  });
}

/** What the user's function chose may be impossible: that is its mistake, and the client gets 500. */
async function tryAccept(
  stream: ByteStream,
  config: AcceptorConfig,
  { head, upgrade, acceptance }: Accepted,
): Promise<ReturnType<typeof acceptUpgrade>> {
  const subprotocol = acceptance.subprotocol ?? selectSubprotocol(config.subprotocols, upgrade.subprotocols);
  const compression = compressionAvailable() ? config.options.compression : undefined;
  try {
    return acceptUpgrade(upgrade, { subprotocol, headers: acceptance.headers, compression });
  } catch (error) {
    await refuseFailed(stream, head, config, "Upgrade function answered something impossible", error);
    throw error;
  }
}

function webSocketUrl(head: RequestHead, info: ConnectionInfo): string {
  const path = head.target.startsWith("/") ? head.target : "/";
  return `${info.isTls ? "wss" : "ws"}://${head.headers.get("host") ?? ""}${path}`;
}

/** Plain GET and HEAD requests go to the user's `fetch` function: one response, then the socket is closed. */
async function answerPlain(
  stream: ByteStream,
  info: ConnectionInfo,
  config: AcceptorConfig,
  head: RequestHead,
): Promise<undefined> {
  if (config.fetch === undefined) {
    const fields = { "upgrade": "websocket", "sec-websocket-version": "13" };
    return await refuse(stream, head, createRefusal(426, "This is a WebSocket server", fields));
  }
  let response: Response;
  try {
    response = await config.fetch(requestFromHead(head, { isSecure: info.isTls }), info);
  } catch (error) {
    await refuseFailed(stream, head, config, "Fetch function failed", error);
    return undefined;
  }
  await writeResponse(stream, head.method, response);
}

/** Writes a response whose end is the end of the connection (RFC 9112 §6.3). */
async function writeResponse(stream: ByteStream, method: string, response: Response): Promise<void> {
  const { body } = response;
  const hasBody = body !== null && method !== "HEAD" && response.status !== 204 && response.status !== 304;
  try {
    await writeAll(stream, formatPlainResponseHead(response, body === null ? 0 : undefined));
    if (!hasBody) return;
    for await (const chunk of body) await writeAll(stream, chunk);
  } finally {
    if (body !== null && !body.locked) await body.cancel();
  }
}

/** Writes all of some bytes. @internal */
export async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await stream.write(rest));
}
