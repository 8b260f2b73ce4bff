/**
 * What a client can be told, checked before anything is sent.
 *
 * @module
 */

import { compressionAvailable } from "./deflate.ts";
import { assertSubprotocols, formatUpgradeRequest, parseWebSocketUrl } from "./handshake.ts";
import { HeaderList } from "./headers.ts";
import { checkDelay, checkSize, type ConnectionOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { parseProxy, type Proxy } from "./proxy.ts";
import type { ByteStream } from "../internal/stream.ts";
import type { WebSocketHandlers } from "./web_socket_connection.ts";

/**
 * TLS at a client. The server is always verified, and speaks HTTP/1.1 by ALPN.
 *
 * @public
 */
export interface ClientTlsOptions {
  /**
   * Certificates of authorities to trust beside the runtime's own, each PEM. With a certificate of our own, Deno trusts
   * its own beside them only where it may list those (`--allow-sys`). @default {[]}
   */
  readonly caCerts?: readonly string[];
  /** The client's certificate with its chain, PEM; `key` goes with it. */
  readonly cert?: string;
  /** The private key of `cert`, PEM. */
  readonly key?: string;
  /** The name that the server's certificate must have. @default {the host of the URL} */
  readonly serverName?: string;
}

/**
 * What a `dial` function connects to.
 *
 * @public
 */
export interface DialTarget {
  /** The host of the URL, an IPv6 address without brackets. */
  readonly hostname: string;
  /** The port of the URL, or 80 or 443. */
  readonly port: number;
  /** Whether the URL asks for TLS. The stream must then be one that TLS protects already. */
  readonly isTls: boolean;
  /** Aborted where the connection is no longer wanted. */
  readonly signal: AbortSignal;
}

/**
 * Options of {@linkcode connect}. The handlers are those of the handler form; without `message` and `fragment`,
 * messages are taken by iteration.
 *
 * @public
 */
export interface ConnectOptions extends ConnectionOptions, WebSocketHandlers {
  /** The subprotocols to offer, the best first. @default {[]} */
  readonly subprotocols?: readonly string[];
  /** Further header fields of the request; those of the handshake itself are refused. */
  readonly headers?: HeadersInit;
  /**
   * Ends what is going on when it is aborted: the handshake, with the reason as the error that {@linkcode connect}
   * rejects with, or the open connection, with the reason as `error` of its {@linkcode CloseInfo}.
   */
  readonly signal?: AbortSignal;
  /**
   * How long opening may take in all, in milliseconds: looking up the name, TCP, TLS, proxy, redirects and the
   * handshake itself. @default {10000}
   */
  readonly handshakeTimeout?: number;
  /** TLS for `wss:` URLs. `caCerts` hold for an `https:` proxy too. */
  readonly tls?: ClientTlsOptions;
  /**
   * The proxy to go through: `http://`, `https://`, `socks5://` or `socks5h://`, with `user:password@` before the host
   * where it asks for them. It resolves the server's name, with `socks5://` too. The environment is not consulted.
   */
  readonly proxy?: string | URL;
  /** The path of a Unix socket to connect to. The URL then gives only Host and path. */
  readonly unix?: string;
  /** Opens the stream to speak over, in place of a socket of the runtime. */
  readonly dial?: (target: DialTarget) => Promise<ByteStream>;
  /**
   * How many redirects to follow. Never one from `wss:` to `ws:`; and to another origin without `Authorization`,
   * `Cookie`, `Proxy-Authorization`, the URL's user and password, client certificate and `serverName`. @default {0}
   */
  readonly redirect?: number;
}

/** Where one handshake goes, and with what. A redirect makes another. @internal */
export interface Hop {
  /** The URL. */
  readonly url: URL;
  /** The caller's header fields. */
  readonly headers: [string, string][];
  /** The caller's TLS options. */
  readonly tls: ClientTlsOptions;
}

/** {@linkcode ConnectOptions}, checked and complete. @internal */
export interface ConnectPlan {
  readonly hop: Hop;
  readonly subprotocols: readonly string[];
  readonly signal: AbortSignal | undefined;
  readonly handshakeTimeout: number;
  readonly proxy: Proxy | undefined;
  readonly unix: string | undefined;
  readonly dial: ConnectOptions["dial"];
  readonly redirect: number;
  readonly options: ResolvedOptions;
  readonly handlers: WebSocketHandlers;
}

/**
 * Checks what a caller gave.
 *
 * @throws {TypeError} If options contradict each other, or a text has a character that is not allowed.
 * @throws {RangeError} If a number is out of its range.
 * @throws {SyntaxError} If a URL is invalid.
 * @internal
 */
export function planConnection(url: string | URL, options: ConnectOptions): ConnectPlan {
  const { subprotocols = [], headers = [], handshakeTimeout = 10_000, redirect = 0, tls = {} } = options;
  assertSubprotocols(subprotocols);
  assertTls(tls);
  assertOneWay(options);
  const resolved = resolveOptions(options);
  const hop: Hop = { url: parseWebSocketUrl(url), headers: [...HeaderList.from(headers)], tls };
  // Checks what only the request shows: fields that are not the caller's, and what is offered of compression.
  formatUpgradeRequest({ url: hop.url, key: "", headers: hop.headers, compression: resolved.compression });
  return {
    hop,
    subprotocols: [...subprotocols],
    signal: options.signal,
    handshakeTimeout: checkDelay("handshakeTimeout", handshakeTimeout, 1),
    proxy: options.proxy === undefined ? undefined : parseProxy(options.proxy),
    unix: options.unix,
    dial: options.dial,
    redirect: checkSize("redirect", redirect),
    options: compressionAvailable() ? resolved : { ...resolved, compression: undefined },
    handlers: options,
  };
}

function assertOneWay({ proxy, unix, dial, tls }: ConnectOptions): void {
  const ways = Object.entries({ proxy, unix, dial }).filter(([, value]) => value !== undefined).map(([name]) => name);
  if (ways.length > 1) throw new TypeError(`Cannot connect: options ${ways.join(" and ")} exclude each other`);
  if (dial !== undefined && tls !== undefined) {
    throw new TypeError("Cannot connect: options dial and tls exclude each other, the dialled stream has its own TLS");
  }
  if (unix === "" || unix?.includes("\0") && !unix.startsWith("\0")) {
    throw new TypeError("Cannot connect: option unix must be the path of a socket");
  }
}

const CERTIFICATE = "-----BEGIN CERTIFICATE-----";

function assertTls({ caCerts = [], cert, key, serverName }: ClientTlsOptions): void {
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] = cert === undefined ? ["key", "cert"] : ["cert", "key"];
    throw new TypeError(`Cannot use TLS: options cert and key go together, received ${given} without ${missing}`);
  }
  for (const certificate of cert === undefined ? caCerts : [...caCerts, cert]) {
    if (!certificate.includes(CERTIFICATE)) throw new TypeError("Cannot use TLS: a certificate must be PEM");
  }
  if (key !== undefined && !/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) {
    throw new TypeError("Cannot use TLS: the private key must be PEM");
  }
  if (serverName !== undefined && !/^[\w.:-]+$/.test(serverName)) {
    throw new TypeError("Cannot use TLS: serverName must be a host name or an IP address");
  }
}
