/**
 * A proxy that clients behind a firewall go out through: by CONNECT they ask for a tunnel to a server, whose TLS goes
 * through it unread.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { listen, type RunningProxy, tie } from "./tls_proxy.ts";

/** How the proxy is started. */
export interface ForwardProxyOptions {
  readonly hostname: string;
  readonly port: number;
  /** Who may use it. */
  readonly user: string;
  readonly password: string;
  /** Where it leads to, as `host:port`; to nowhere else. */
  readonly targets: readonly string[];
  /** Told of each request, and how it was answered. */
  readonly onRequest: (target: string, status: number) => void;
}

/** What a request for a tunnel is answered with. */
function judge({ url = "", headers }: IncomingMessage, { user, password, targets }: ForwardProxyOptions): number {
  const expected = new TextEncoder().encode(`Basic ${btoa(`${user}:${password}`)}`);
  const received = new TextEncoder().encode(headers["proxy-authorization"] ?? "");
  if (expected.length !== received.length || !timingSafeEqual(expected, received)) return 407;
  return targets.includes(url) ? 200 : 403;
}

/** Takes a target apart: a host or an address, that of IPv6 in brackets, and a port. */
export function addressOf(target: string): { readonly host: string; readonly port: number } {
  const [, host = "", port = ""] = /^\[?(.+?)\]?:(\d+)$/.exec(target) ?? [];
  return { host, port: Number(port) };
}

function refuse(socket: Duplex, status: number): void {
  const ask = status === 407 ? 'Proxy-Authenticate: Basic realm="proxy"\r\n' : "";
  socket.end(`HTTP/1.1 ${status} Refused\r\n${ask}Content-Length: 0\r\nConnection: close\r\n\r\n`);
}

/** Starts the proxy. */
export async function startForwardProxy(options: ForwardProxyOptions): Promise<RunningProxy> {
  const { hostname, port, onRequest } = options;
  const sockets = new Set<Duplex>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on("connect", (request: IncomingMessage, socket: Duplex, early: Buffer) => {
    sockets.add(socket.on("close", () => sockets.delete(socket)));
    const { url: target = "" } = request;
    const status = judge(request, options);
    onRequest(target, status);
    socket.on("error", () => socket.destroy());
    if (status !== 200) return refuse(socket, status);
    const upstream = connect(addressOf(target), () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.off("error", fail).write(early);
      tie(socket, upstream);
    });
    const fail = (): void => refuse(socket, 502);
    upstream.on("error", fail);
  });
  return await listen(server, sockets, { hostname, port });
}
