/**
 * The server's side of one socket until it is a connection: reads the request, decides, answers.
 *
 * @module
 */

import { type BufferPool, EMPTY_BYTES } from "../internal/buffer_pool.ts";
import { failureMessage } from "../internal/log.ts";
import type { TimerWheel } from "../internal/timer_wheel.ts";
import { Connection, type ConnectionShared } from "./connection.ts";
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
import { type HandshakeGuard, RETRY_AFTER } from "./handshake_guard.ts";
import {
  formatPlainResponseHead,
  type HeadLimits,
  HttpHeadError,
  packRequest,
  requestFromHead,
  type RequestHead,
  RequestHeadParser,
  requestUrl,
} from "./http1.ts";
import type { ResolvedOptions } from "./options.ts";
import type { OriginPolicy } from "./origin.ts";
import type { ConnectionInfo } from "./web_socket_connection.ts";

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

/**
 * What an `upgrade` function answers: a `Response` refuses, anything else accepts.
 *
 * @public
 */
export type UpgradeAnswer = UpgradeAcceptance | Response | void;

/** What an acceptor needs to know; shared by all sockets of a server. @internal */
export interface AcceptorConfig {
  readonly options: ResolvedOptions;
  readonly headLimits: HeadLimits;
  readonly handshakeTimeout: number;
  readonly origins: OriginPolicy;
  readonly subprotocols: readonly string[];
  readonly paths: readonly string[] | undefined;
  readonly upgrade: ((request: Request, info: ConnectionInfo) => UpgradeAnswer | Promise<UpgradeAnswer>) | undefined;
  readonly fetch: ((request: Request, info: ConnectionInfo) => Response | Promise<Response>) | undefined;
  /** Why nobody is let in any more, if so. */
  readonly isRefusing: () => string | undefined;
  readonly wheel: TimerWheel;
  readonly pool: BufferPool;
  readonly onOpen: ((connection: Connection) => void) | undefined;
  /** What the connections have in common. */
  readonly shared: ConnectionShared;
}

/** What a first read asks for: most heads fit. */
const HEAD_BUFFER = 2048;

/**
 * Reads a request from a socket and answers it.
 *
 * @param guard The socket.
 * @param info Its ends.
 * @param config What the server does.
 * @param closedFor Why this client is turned away, if so.
 * @returns The open connection, or `undefined` where the request was answered otherwise and the socket closed.
 *
 * @internal
 */
export async function acceptStream(
  guard: HandshakeGuard,
  info: ConnectionInfo,
  config: AcceptorConfig,
  closedFor?: string,
): Promise<Connection | undefined> {
  try {
    const received = await readHead(guard, config);
    if (received === undefined) return undefined;
    guard.startDeciding();
    return await answer(guard, info, config, received, closedFor);
  } catch (error) {
    if (!guard.isLate) {
      config.options.logger.debug("Handshake failed", { reason: failureMessage(error), peer: info.remoteAddress });
    }
    return undefined;
  } finally {
    await guard.finish();
  }
}

interface ReceivedHead {
  readonly head: RequestHead;
  readonly rest: Uint8Array;
}

async function readHead(guard: HandshakeGuard, config: AcceptorConfig): Promise<ReceivedHead | undefined> {
  const parser = new RequestHeadParser(config.headLimits);
  const buffer = config.pool.take(HEAD_BUFFER);
  try {
    for (;;) {
      const length = await guard.stream.read(buffer);
      if (length === null) return undefined;
      if (guard.isLate) continue;
      const head = parser.push(buffer.subarray(0, length));
      if (head === undefined) continue;
      const rest = parser.rest.length === 0 ? EMPTY_BYTES : parser.rest.slice();
      config.pool.give(buffer);
      return { head, rest };
    }
  } catch (error) {
    if (error instanceof HttpHeadError) await guard.write(formatRefusal(headRefusal(error)));
    throw error;
  }
}

async function answer(
  guard: HandshakeGuard,
  info: ConnectionInfo,
  config: AcceptorConfig,
  received: ReceivedHead,
  closedFor: string | undefined,
): Promise<Connection | undefined> {
  const { head } = received;
  const decision = classifyRequest(head);
  if (decision.kind === "refused") return await refuse(guard, head, decision.refusal);
  const reason = config.isRefusing() ?? closedFor;
  if (reason !== undefined) return await refuse(guard, head, refuseForNow(reason));
  if (decision.kind === "plain") return await answerPlain(guard, info, config, head);
  const { upgrade } = decision;
  const refusal = refusePath(head, config) ?? checkOrigin(upgrade, config);
  if (refusal !== undefined) return await refuse(guard, head, refusal);
  const acceptance = config.upgrade === undefined ? {} : await decide(guard, info, config, config.upgrade, head);
  if (acceptance === undefined || guard.isLate) return undefined;
  const tooLate = config.isRefusing();
  if (tooLate !== undefined) return await refuse(guard, head, refuseForNow(tooLate));
  const connection = await open(guard, info, config, { head, upgrade, acceptance });
  if (connection === undefined || guard.isLate) return undefined;
  guard.keep();
  config.onOpen?.(connection);
  connection.start(received.rest);
  return connection;
}

function refuseForNow(reason: string): Refusal {
  return createRefusal(503, reason, { "retry-after": RETRY_AFTER });
}

async function refuse(guard: HandshakeGuard, head: RequestHead, refusal: Refusal): Promise<undefined> {
  await guard.write(formatRefusal(refusal, head.method));
}

function refusePath(head: RequestHead, config: AcceptorConfig): Refusal | undefined {
  const { paths } = config;
  if (paths === undefined || paths.includes(requestUrl(head, false)?.pathname ?? "")) return undefined;
  return createRefusal(404, "There is no WebSocket at this path");
}

/** The policy may be a function of the user's. */
function checkOrigin(upgrade: UpgradeRequest, config: AcceptorConfig): Refusal | undefined {
  try {
    return refuseOrigin(upgrade, config.origins);
  } catch (error) {
    config.options.logger.error("Origins function failed", { reason: failureMessage(error) });
    return createRefusal(500, "Server failed");
  }
}

/** Asks the user's `upgrade` function; answers itself where that refuses. */
async function decide(
  guard: HandshakeGuard,
  info: ConnectionInfo,
  config: AcceptorConfig,
  ask: NonNullable<AcceptorConfig["upgrade"]>,
  head: RequestHead,
): Promise<UpgradeAcceptance | undefined> {
  let result: UpgradeAnswer;
  try {
    result = await ask(requestFromHead(head, { isSecure: info.isTls }), info);
  } catch (error) {
    await refuseFailed(guard, head, config, "Upgrade function failed", error);
    return undefined;
  }
  if (!(result instanceof Response)) return result ?? {};
  await writeResponse(guard, head, config, result);
  return undefined;
}

async function refuseFailed(
  guard: HandshakeGuard,
  head: RequestHead,
  config: AcceptorConfig,
  message: string,
  error: unknown,
): Promise<void> {
  config.options.logger.error(message, { reason: failureMessage(error) });
  const refusal = error instanceof HttpHeadError ? headRefusal(error) : createRefusal(500, "Server failed");
  if (!guard.isLate) await refuse(guard, head, refusal);
}

interface Accepted {
  readonly head: RequestHead;
  readonly upgrade: UpgradeRequest;
  readonly acceptance: UpgradeAcceptance;
}

async function open(
  guard: HandshakeGuard,
  info: ConnectionInfo,
  config: AcceptorConfig,
  { head, upgrade, acceptance }: Accepted,
): Promise<Connection | undefined> {
  const accepted = tryAccept(config, upgrade, acceptance);
  if (accepted instanceof Error) {
    await refuseFailed(guard, head, config, "Upgrade function answered something impossible", accepted);
    return undefined;
  }
  await guard.write(accepted.head);
  return new Connection({
    shared: config.shared,
    stream: guard.stream,
    subprotocol: accepted.subprotocol,
    extensions: accepted.extensions,
    info,
    deflate: accepted.deflate,
    request: packRequest(head),
  });
}

/** What the user's function chose may be impossible: that is its mistake, and the client gets 500. */
function tryAccept(
  config: AcceptorConfig,
  upgrade: UpgradeRequest,
  acceptance: UpgradeAcceptance,
): ReturnType<typeof acceptUpgrade> | Error {
  const subprotocol = acceptance.subprotocol ?? selectSubprotocol(config.subprotocols, upgrade.subprotocols);
  const compression = compressionAvailable() ? config.options.compression : undefined;
  try {
    return acceptUpgrade(upgrade, { subprotocol, headers: acceptance.headers, compression });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Plain GET and HEAD requests go to the user's `fetch` function: one response, then the socket is closed. */
async function answerPlain(
  guard: HandshakeGuard,
  info: ConnectionInfo,
  config: AcceptorConfig,
  head: RequestHead,
): Promise<undefined> {
  if (config.fetch === undefined) {
    const fields = { "upgrade": "websocket", "sec-websocket-version": "13" };
    return await refuse(guard, head, createRefusal(426, "This is a WebSocket server", fields));
  }
  let response: Response;
  try {
    response = await config.fetch(requestFromHead(head, { isSecure: info.isTls }), info);
  } catch (error) {
    await refuseFailed(guard, head, config, "Fetch function failed", error);
    return undefined;
  }
  await writeResponse(guard, head, config, response);
}

/** Writes a response of the user's, or 500 where it cannot be written. */
async function writeResponse(
  guard: HandshakeGuard,
  { method, ...head }: RequestHead,
  config: AcceptorConfig,
  response: Response,
): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = formatAnswer(method, response);
  } catch (error) {
    return await refuseFailed(guard, { method, ...head }, config, "Function answered something impossible", error);
  }
  const { body } = response;
  const hasBody = method !== "HEAD" && response.status !== 204 && response.status !== 304;
  try {
    await guard.write(bytes);
    if (hasBody && body !== null) await writeBody(guard, config, body);
  } finally {
    if (body !== null && !body.locked) await body.cancel();
  }
}

/** Without Content-Length, the end of the connection is the end of the body (RFC 9112 §6.3). */
function formatAnswer(method: string, response: Response): Uint8Array {
  if (!(response instanceof Response)) throw new TypeError(`Answer must be a Response, received ${typeof response}`);
  if (response.bodyUsed || response.body?.locked === true) {
    throw new TypeError("Answer has a body that was used already");
  }
  return formatPlainResponseHead(response, response.body === null && method !== "HEAD" ? 0 : undefined);
}

async function writeBody(
  guard: HandshakeGuard,
  config: AcceptorConfig,
  body: ReadableStream<Uint8Array>,
): Promise<void> {
  const reader = body.getReader();
  const cancel = (reason?: unknown) => void reader.cancel(reason).catch(() => {});
  guard.onAbort = cancel;
  for (;;) {
    const { done, value } = await readChunk(reader, config);
    if (done || guard.isLate) return;
    try {
      await guard.write(value);
    } catch (error) {
      cancel(error);
      throw error;
    }
  }
}

/** A body that fails is the user's mistake; the client sees it by Content-Length, if that was given. */
async function readChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  config: AcceptorConfig,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    const result = await reader.read();
    if (result.done || result.value instanceof Uint8Array) return result;
    throw new TypeError(`Body must be made of bytes, received ${typeof result.value}`);
  } catch (error) {
    config.options.logger.error("Body of a response failed", { reason: failureMessage(error) });
    throw error;
  }
}
