/**
 * The client: opens a socket, goes through the opening handshake, and hands over a connection.
 *
 * @module
 */

import { Attempt } from "../internal/attempt.ts";
import { BufferPool } from "../internal/buffer_pool.ts";
import { openClientSocket, secureClientSocket, socketAddresses } from "../internal/client_socket.ts";
import { failureMessage } from "../internal/log.ts";
import { maskingKeys } from "../internal/masking_keys.ts";
import { TimerWheel } from "../internal/timer_wheel.ts";
import { toError } from "../internal/to_error.ts";
import {
  type ClientTlsOptions,
  type ConnectOptions,
  type ConnectPlan,
  type DialTarget,
  type Hop,
  planConnection,
} from "./client_options.ts";
import { Connection, shareOptions } from "./connection.ts";
import { HandshakeError } from "./errors.ts";
import {
  checkUpgradeResponse,
  encodeKey,
  formatUpgradeRequest,
  headHandshakeError,
  type UpgradeRequestOptions,
  type UpgradeResult,
} from "./handshake.ts";
import { HttpHeadError } from "./http1.ts";
import { openTunnel, readBodyExcerpt, type ReadHead, readResponseHead, withoutBrackets } from "./proxy.ts";
import { followRedirect } from "./redirect.ts";
import { type ByteStream, writeAll } from "../internal/stream.ts";
import type { ConnectionInfo, WebSocketConnection } from "./web_socket_connection.ts";

export type { ClientTlsOptions, ConnectOptions, DialTarget };

/**
 * Connects to a WebSocket server.
 *
 * @param url The server: `ws:` or `wss:`; `http:` and `https:` stand for them. User and password become an
 * `Authorization` field.
 * @param options Options of the connection and of opening it.
 * @returns The open connection.
 *
 * @throws {TypeError} An option or the URL has a form that is not allowed. As all mistakes of the caller, it is found
 * before a byte is sent.
 * @throws {RangeError} A number is out of its range.
 * @throws {SyntaxError} The URL is no WebSocket URL.
 * @throws {HandshakeError} Anything else went wrong; `code` says what. `connection_lost` stands for every failure of
 * the network and of TLS, with the runtime's error as `cause`.
 * @throws {unknown} The signal's reason, where it was aborted.
 *
 * @example Use
 * ```ts
 * import { connect, serve } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * await using server = serve({ port: 0, hostname: "127.0.0.1", message: (ws, data) => void ws.send(data) });
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
export function connect(url: string | URL, options: ConnectOptions = {}): Promise<WebSocketConnection> {
  return openConnection(url, options);
}

/** {@linkcode connect} for files of this library, which know the class. @internal */
export async function openConnection(url: string | URL, options: ConnectOptions): Promise<Connection> {
  const plan = planConnection(url, options);
  plan.signal?.throwIfAborted();
  const { signal, handshakeTimeout: timeout } = plan;
  const late = new HandshakeError("timeout", `Opening must take at most ${timeout} ms, took longer`);
  const attempt = new Attempt({ signal, timeout, late });
  try {
    let hop = plan.hop;
    for (let redirects = 0;; redirects++) {
      const opened = await tryHop(hop, plan, attempt);
      if (!(opened instanceof HandshakeError)) return startConnection(opened, hop, plan, attempt);
      if (redirects === plan.redirect) throw opened;
      hop = followRedirect(hop, opened);
      if (plan.unix !== undefined && hop.url.origin !== plan.hop.url.origin) throw opened;
    }
  } catch (error) {
    attempt.drop();
    throw failureOf(attempt, signal, error);
  } finally {
    attempt.finish();
  }
}

/** The error that the caller gets for one that was caught. */
function failureOf(attempt: Attempt, callerSignal: AbortSignal | undefined, error: unknown): unknown {
  if (callerSignal?.aborted) return callerSignal.reason;
  // Where the deadline passed while the body of a refusal was read, the refusal says more.
  const isRefusal = error instanceof HandshakeError && error.status !== 0;
  return attempt.signal.aborted && !isRefusal ? attempt.signal.reason : error;
}

// ------------------------------------------------------------------------------------------------------- Handshake

interface Opened {
  readonly stream: ByteStream;
  readonly info: ConnectionInfo;
  readonly result: UpgradeResult;
  readonly rest: Uint8Array;
}

/** Goes through one handshake; a redirect is returned, since it may be followed. */
async function tryHop(hop: Hop, plan: ConnectPlan, attempt: Attempt): Promise<Opened | HandshakeError> {
  const request: UpgradeRequestOptions = {
    url: hop.url,
    key: encodeKey(crypto.getRandomValues(new Uint8Array(16))),
    subprotocols: plan.subprotocols,
    headers: hop.headers,
    compression: plan.options.compression,
  };
  const head = formatUpgradeRequest(request);
  const { stream, info } = await reach(hop, plan, attempt);
  try {
    await writeAll(stream, head);
    const { result, rest } = await readAnswer(stream, request);
    return { stream, info, result, rest };
  } catch (error) {
    attempt.drop();
    if (error instanceof HandshakeError && error.code === "redirect") return error;
    throw error instanceof HandshakeError ? error : lost(hop.url.host, error);
  }
}

async function readAnswer(
  stream: ByteStream,
  request: UpgradeRequestOptions,
): Promise<{ readonly result: UpgradeResult; readonly rest: Uint8Array }> {
  let answer: ReadHead;
  try {
    answer = await readResponseHead(stream, "Server");
  } catch (error) {
    throw error instanceof HttpHeadError ? headHandshakeError(error) : error;
  }
  const { head, rest } = answer;
  const body = head.status === 101 ? "" : await readBodyExcerpt(stream, head, rest);
  return { result: checkUpgradeResponse(head, request, body), rest };
}

function lost(host: string, cause: unknown): HandshakeError {
  return new HandshakeError("connection_lost", `Cannot connect to ${host}: ${failureMessage(cause)}`, { cause });
}

let common:
  | { readonly wheel: TimerWheel; readonly pool: BufferPool; readonly nextMaskingKey: () => number }
  | undefined;

function startConnection(opened: Opened, hop: Hop, plan: ConnectPlan, attempt: Attempt): Connection {
  const { stream, info, result, rest } = opened;
  const { signal } = plan;
  common ??= { wheel: new TimerWheel(), pool: new BufferPool(), nextMaskingKey: maskingKeys() };
  const onAbort = (): void => connection.abort(toError(signal!.reason));
  const connection = new Connection({
    shared: shareOptions({
      ...common,
      role: "client",
      options: plan.options,
      handlers: plan.handlers,
      onEnd: () => signal?.removeEventListener("abort", onAbort),
    }),
    stream,
    info,
    url: hop.url.href,
    subprotocol: result.subprotocol,
    extensions: result.extensions,
    deflate: result.deflate,
    responseHeaders: result.headers,
  });
  attempt.release();
  signal?.addEventListener("abort", onAbort);
  connection.start(rest);
  return connection;
}

// --------------------------------------------------------------------------------------------------------- Sockets

/** What is spoken over TLS. */
const HTTP = ["http/1.1"];

interface Reached {
  readonly stream: ByteStream;
  readonly info: ConnectionInfo;
}

/** Opens the stream that HTTP is spoken over. */
async function reach(hop: Hop, plan: ConnectPlan, attempt: Attempt): Promise<Reached> {
  const { url } = hop;
  const isTls = url.protocol === "wss:";
  const hostname = withoutBrackets(url.hostname);
  const target = { hostname, port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port), isTls };
  try {
    const { dial, proxy } = plan;
    if (dial !== undefined) {
      const stream = await attempt.dial((signal) => dial({ ...target, signal }));
      return { stream, info: { localAddress: "", remoteAddress: "", isTls } };
    }
    const place = plan.unix !== undefined ? { path: plan.unix } : proxy ?? target;
    let socket = attempt.hold(await openClientSocket(place, attempt.signal));
    const info = { ...socketAddresses(socket), isTls };
    if (proxy !== undefined) {
      const { caCerts = [] } = hop.tls;
      if (proxy.isTls) {
        const tls = { caCerts, serverName: proxy.hostname, alpnProtocols: HTTP };
        socket = await secureClientSocket(socket, tls, attempt);
      }
      await openTunnel(socket, proxy, target);
    }
    if (isTls) {
      const tls = { serverName: hostname, ...hop.tls, alpnProtocols: HTTP };
      socket = await secureClientSocket(socket, tls, attempt);
    }
    return { stream: socket, info };
  } catch (error) {
    throw isOwn(error) ? error : lost(url.host, error);
  }
}

/** Errors that are not the network's: those of this library, and a missing permission, which no retry would mend. */
function isOwn(error: unknown): boolean {
  if (error instanceof HandshakeError || error instanceof RangeError) return true;
  return error instanceof Error && error.name === "NotCapable";
}
