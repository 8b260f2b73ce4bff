/**
 * A client's sockets: TCP, Unix and TLS, of Deno where that runs and else of `node:net`.
 *
 * @module
 */

import type { Attempt } from "./attempt.ts";
import { connectNode, NodeStream, type NodeTarget, secureNodeStream } from "./node_stream.ts";
import { formatAddress } from "./socket_address.ts";

/** A socket of the runtime's. @internal */
export type ClientSocket = Deno.TcpConn | Deno.UnixConn | Deno.TlsConn | NodeStream;

/** How a server is verified, and how the client shows who it is. @internal */
export interface ClientSocketTls {
  /** The name that the server's certificate must have; a host name or an IP address. */
  readonly serverName: string;
  /** Further certificates to trust, PEM. @default {[]} */
  readonly caCerts?: readonly string[] | undefined;
  /** The client's certificate, PEM. @default {none} */
  readonly cert?: string | undefined;
  /** Its private key, PEM. @default {none} */
  readonly key?: string | undefined;
  /** What to offer by ALPN (RFC 7301). @default {nothing} */
  readonly alpnProtocols?: readonly string[];
}

/** Opens a socket. @internal */
export async function openClientSocket(place: NodeTarget, signal: AbortSignal): Promise<ClientSocket> {
  if (globalThis.Deno === undefined) return await connectNode(place, signal);
  if ("path" in place) return await Deno.connect({ transport: "unix", path: place.path });
  const { hostname, port } = place;
  const conn = await Deno.connect({ hostname, port, signal });
  conn.setNoDelay(true);
  return conn;
}

/** Runs TLS over a socket, and verifies the server. @internal */
export async function secureClientSocket(
  socket: ClientSocket,
  tls: ClientSocketTls,
  attempt: Attempt,
): Promise<Deno.TlsConn | NodeStream> {
  const { serverName, caCerts = [], cert, key, alpnProtocols } = tls;
  const alpn = alpnProtocols && { alpnProtocols: [...alpnProtocols] };
  if (socket instanceof NodeStream || !("setNoDelay" in socket) || cert !== undefined) {
    const options = { serverName, caCerts, cert, key, ...alpn };
    return attempt.hold(await secureNodeStream(socket, options, attempt.signal));
  }
  // Deno.startTls knows no client certificate, and takes nothing but a TCP socket. It is twice as fast as node:tls, and
  // has one flaw: closed before the handshake is over, it keeps the socket until the server closes it or answers.
  const conn = attempt.hold(await Deno.startTls(socket, { hostname: serverName, caCerts: [...caCerts], ...alpn }));
  await conn.handshake();
  return conn;
}

/** The ends of a socket. @internal */
export function socketAddresses(
  socket: ClientSocket,
): { readonly localAddress: string; readonly remoteAddress: string } {
  if (socket instanceof NodeStream) return socket.addresses();
  return { localAddress: formatAddress(socket.localAddr), remoteAddress: formatAddress(socket.remoteAddr) };
}
