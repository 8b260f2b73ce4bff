/**
 * From a URL to a transport.
 *
 * @module
 */

import type { Logger } from "../../internal/log.ts";
import type { ByteStream } from "../../internal/stream.ts";
import { serializerFor } from "../serializers/mod.ts";
import type { Serializer, SerializerName } from "../serializers/serializer.ts";
import { clientTelemetry } from "../telemetry.ts";
import { localPair } from "./local.ts";
import { connectRawSocket } from "./rawsocket.ts";
import { DEFAULT_PROBES, type ProbeOptions, type Transport } from "./transport.ts";
import { connectWeb } from "./web.ts";
import {
  type ClientTlsOptions,
  type CompressionOptions,
  connectWebSocket,
  type DialTarget,
  type KeepaliveOptions,
} from "./websocket.ts";

export type { ClientTlsOptions, CompressionOptions, DialTarget, KeepaliveOptions };

/**
 * What serves transports: a router, as far as a client of the same program needs it.
 *
 * @public
 */
export interface LocalRouter {
  /** Serves a transport until it ends. */
  attach(transport: Transport): void;
}

/**
 * How a router is reached.
 *
 * @public
 */
export interface TransportOptions {
  /** The serializers to offer, the best first. RawSocket has no batched ones. @default {["cbor", "msgpack", "json"]} */
  readonly serializers?: readonly SerializerName[];
  /** Ends the attempt to connect when it is aborted; what is open by then stays open. */
  readonly signal?: AbortSignal;
  /** How long connecting may take in all, in milliseconds. @default {10000} */
  readonly timeout?: number;
  /** `web` takes the platform's WebSocket where ours could be had. @default {ours where the runtime has sockets} */
  readonly transport?: "web";
  /** TLS for `wss:` and `rss:`, and over a Unix socket where it is given. */
  readonly tls?: ClientTlsOptions;
  /** The proxy to go through, for WebSocket: `http://`, `https://`, `socks5://` or `socks5h://`. */
  readonly proxy?: string | URL;
  /** Further header fields of a WebSocket's request. */
  readonly headers?: HeadersInit;
  /** The router that `local:` leads to, in this program. */
  readonly router?: LocalRouter;
  /** Opens the stream to speak over, in place of a socket of the runtime. */
  readonly dial?: (target: DialTarget) => Promise<ByteStream>;
  /** Offer permessage-deflate on a WebSocket (RFC 7692): worth it for slow links. @default {false} */
  readonly compression?: boolean | CompressionOptions;
  /**
   * How a dead router is found, or `false` for not at all: after `interval` of silence it is asked for an answer, and
   * after `timeout` of silence more the session is lost. What asks is a ping where the WebSocket is ours. The platform's
   * sends none, and on RawSocket not every router answers a PING: there the session calls `wamp.session.count`, and an
   * error is an answer as well.
   * @default {{ interval: 20000, timeout: 20000 }}
   */
  readonly keepalive?: false | KeepaliveOptions;
  /** Bounds on what is accepted. */
  readonly limits?: TransportLimits;
  /** Gets log records. @default {silent} */
  readonly logger?: Logger;
}

/**
 * Bounds on what a transport accepts.
 *
 * @public
 */
export interface TransportLimits {
  /**
   * The largest message accepted, in bytes, at least 512. RawSocket announces the power of two below it, 16 MiB at most.
   * @default {16777216}
   */
  readonly maxMessage?: number;
}

const DEFAULT_SERIALIZERS: readonly SerializerName[] = ["cbor", "msgpack", "json"];

/** What only sockets of our own can do. */
const OWN_SOCKET_OPTIONS = ["tls", "proxy", "headers", "dial", "compression", "keepalive"] as const;

/**
 * Connects to a router. The URL picks what carries the session:
 *
 * - `ws:` and `wss:`: WebSocket; on the platform's own where the runtime has no sockets, or where asked for
 * - `ws+unix:/path/of/socket:/path`: WebSocket over a Unix socket
 * - `rs://host:port` and `rss://host:port`: RawSocket over TCP and over TLS
 * - `unix:/path/of/socket`: RawSocket over a Unix socket
 * - `local:`: in memory, to the router object in `options.router`, which trusts it no more than any other
 *
 * @param url The router.
 * @param options How it is reached.
 * @returns The transport, connected and not opened yet.
 * @throws {TransportError} The router could not be reached, or speaks none of the serializers.
 * @throws {TypeError} An option has a form that is not allowed, or does not go with the URL.
 * @throws {RangeError} A number is out of its range, or a serializer is not known.
 * @throws {SyntaxError} The URL names no transport.
 * @throws {unknown} The signal's reason, where it was aborted.
 *
 * @example Reach a router by WebSocket and by RawSocket
 * ```ts
 * import { connectTransport } from "@viaduct/viaduct/wamp";
 * import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * await using router = createRouter();
 * await using server = await serveRouter(router, { port: 0, hostname: "127.0.0.1", rawsocket: { port: 0 } });
 * for (const url of [server.url, server.rawsocketUrl!]) {
 *   const transport = await connectTransport(url, { serializers: ["msgpack"] });
 *   assert.equal(transport.serializer.name, "msgpack");
 *   transport.abort();
 * }
 * ```
 *
 * @public
 */
export async function connectTransport(url: string | URL, options: TransportOptions = {}): Promise<Transport> {
  const { connect } = clientTelemetry();
  const parsed = new URL(url);
  if (!connect.isOn) return await connectTo(parsed, options);
  const operation = connect.start({ url: publicPart(parsed), transport: "", serializer: "" }, parsed.host);
  try {
    const transport = await connectTo(parsed, options);
    operation.add({ transport: transport.info.kind, serializer: transport.serializer.name });
    operation.end();
    return transport;
  } catch (error) {
    operation.end(error);
    throw error;
  }
}

/** A URL without what may be secret in it. */
function publicPart(url: URL): string {
  const shown = new URL(url);
  shown.username =
    shown.password =
    shown.search =
    shown.hash =
      "";
  return shown.href;
}

async function connectTo(parsed: URL, options: TransportOptions): Promise<Transport> {
  const { signal, timeout, limits = {}, logger } = options;
  const serializers = chosenSerializers(options);
  const { maxMessage } = limits;
  switch (parsed.protocol) {
    case "ws:":
    case "wss:":
      if (usesPlatform(options)) {
        return await connectWeb(parsed, { serializers, signal, timeout, maxMessage, probes: probesOf(options) });
      }
      return await connectWebSocket(parsed, { ...options, serializers, maxMessage });
    case "ws+unix:": {
      const [unix, path] = parseUnixUrl(parsed);
      refuse(options, ["proxy", "dial"], "over a Unix socket");
      return await connectWebSocket(`ws://localhost${path}`, { ...options, unix, serializers, maxMessage });
    }
    case "rs:":
    case "rss:":
    case "unix:": {
      refuse(options, ["proxy", "headers", "compression", "transport"], "by RawSocket");
      const { tls, dial } = options;
      // Not by a PING: Crossbar.io takes one for a message that is too long, and ends the connection.
      const probes = probesOf(options);
      return await connectRawSocket(parsed, {
        ...{ serializers, signal, timeout, tls, dial, probes, maxMessage, logger },
      });
    }
    case "local:":
      return connectLocal(options, serializers[0]);
    default: {
      const schemes = "ws:, wss:, ws+unix:, rs:, rss:, unix: or local:";
      throw new SyntaxError(`Cannot connect: URL must begin with ${schemes}, received ${parsed.protocol}`);
    }
  }
}

/** A transport in memory; nobody else chooses the serializer. */
function connectLocal(options: TransportOptions, serializer: Serializer | undefined): Transport {
  const { router, signal } = options;
  if (router === undefined) throw new TypeError("Cannot connect to local: without option router");
  refuse(options, [...OWN_SOCKET_OPTIONS, "transport"], "in memory");
  signal?.throwIfAborted();
  const [ours, theirs] = localPair(serializer);
  router.attach(theirs);
  return ours;
}

function chosenSerializers({ serializers = DEFAULT_SERIALIZERS }: TransportOptions): readonly Serializer[] {
  if (serializers.length === 0) throw new TypeError("Cannot connect: option serializers must name at least one");
  return [...new Set(serializers)].map(serializerFor);
}

/** Whether the platform's WebSocket is to be used: where it is asked for, and where nothing else is there. */
function usesPlatform(options: TransportOptions): boolean {
  const asked = options.transport === "web";
  if (!asked && (options.dial !== undefined || hasSockets())) return false;
  refuse(options, OWN_SOCKET_OPTIONS.filter((name) => name !== "keepalive"), "by the platform's WebSocket");
  return true;
}

/** How a session finds out that its router has gone, where its transport sends no pings. */
function probesOf({ keepalive = {} }: TransportOptions): ProbeOptions | undefined {
  if (keepalive === false) return undefined;
  const probes = { ...DEFAULT_PROBES, ...keepalive };
  for (const name of ["interval", "timeout"] as const) {
    if (probes[name] >= 1) continue;
    throw new RangeError(`Option keepalive.${name} must be at least 1 millisecond, received ${probes[name]}`);
  }
  return probes;
}

/** Whether the runtime is Deno, Node or Bun and not a browser. */
function hasSockets(): boolean {
  const host: { readonly process?: { readonly versions?: { readonly node?: string } } } = globalThis;
  return host.process?.versions?.node !== undefined;
}

/** Refuses options that would be without effect. */
function refuse(options: TransportOptions, names: readonly (keyof TransportOptions)[], how: string): void {
  const given = names.filter((name) => options[name] !== undefined && options[name] !== false);
  if (given.length === 0) return;
  throw new TypeError(`Cannot connect ${how}: option ${given.join(" and ")} has no effect there`);
}

/** The path of the socket and that of the request: `ws+unix:/path/of/socket:/path`, as the npm package `ws` has it. */
function parseUnixUrl(url: URL): [string, string] {
  const [socket = "", path = "/"] = decodeURIComponent(url.pathname).split(":");
  if (socket === "" || socket === "/") throw new SyntaxError(`URL must name a Unix socket, received ${url}`);
  return [socket, `${path}${url.search}`];
}
