/**
 * What a server is told about clients, whoever listens.
 *
 * @module
 */

import { BufferPool } from "../internal/buffer_pool.ts";
import { TimerWheel } from "../internal/timer_wheel.ts";
import { type ConnectionShared, shareOptions } from "./connection.ts";
import type { AcceptorConfig, UpgradeAnswer } from "./acceptor.ts";
import { resolveCompression } from "./extension.ts";
import { assertSubprotocols } from "./handshake.ts";
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from "./http1.ts";
import { checkDelay, checkSize, type ConnectionLimits, type ConnectionOptions, resolveOptions } from "./options.ts";
import { assertOriginPolicy, type OriginPolicy } from "./origin.ts";
import type { ConnectionInfo, WebSocketHandlers } from "./web_socket_connection.ts";

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
 * What `accept()` and `serve()` share.
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
  /**
   * The path of the WebSocket, or several, of which the first stands in URLs; another is answered with 404.
   * @default {any path}
   */
  readonly path?: string | readonly string[];
  /** Ends: a server as its `shutdown()` does, what `accept()` took at once. */
  readonly signal?: AbortSignal;
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

/** Checks the options and fills in the defaults. @internal */
export function resolveAcceptor(
  options: AcceptOptions,
  server: Partial<Pick<AcceptorConfig, "isRefusing" | "onOpen"> & Pick<ConnectionShared, "onEnd">>,
): AcceptorConfig {
  const { origins = "same-origin", subprotocols = [], handshakeTimeout = 10_000 } = options;
  const { open, message, fragment, drain, close } = options;
  assertOriginPolicy(origins);
  assertSubprotocols(subprotocols);
  const resolved = resolveOptions(options);
  if (resolved.compression !== undefined) resolveCompression(resolved.compression);
  const wheel = new TimerWheel();
  const pool = new BufferPool();
  const shared = shareOptions({
    role: "server",
    options: resolved,
    handlers: withoutUndefined({ open, message, fragment, drain, close }),
    nextMaskingKey: undefined,
    wheel,
    pool,
    onEnd: server.onEnd,
  });
  return {
    options: resolved,
    headLimits: resolveHeadLimits(options.limits ?? {}),
    handshakeTimeout: checkDelay("handshakeTimeout", handshakeTimeout, 1),
    origins,
    subprotocols,
    paths: resolvePaths(options.path),
    upgrade: options.upgrade,
    fetch: options.fetch,
    isRefusing: server.isRefusing ?? (() => undefined),
    wheel,
    pool,
    onOpen: server.onOpen,
    shared,
  };
}

function resolvePaths(path: string | readonly string[] | undefined): readonly string[] | undefined {
  if (path === undefined) return undefined;
  const paths = typeof path === "string" ? [path] : path;
  if (paths.length === 0) throw new TypeError("Option path must be a path, or a list of at least one, received none");
  return paths.map(resolvePath);
}

/** In the form in which a request's URL gives its path. */
function resolvePath(path: string): string {
  const url = path.startsWith("/") ? URL.parse(`http://localhost${path}`) : null;
  if (url === null || url.search !== "" || url.hash !== "") {
    throw new TypeError(`Option path must be the path of a URL, received ${JSON.stringify(path)}`);
  }
  return url.pathname;
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
