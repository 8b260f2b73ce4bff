/**
 * A proxy that ends TLS in front of a router, as nginx does by nginx.conf: clients speak TLS to it, and it speaks plain
 * HTTP and WebSocket to the router, which it tells who the client is.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { type IncomingHttpHeaders, type IncomingMessage, request as requestOf } from "node:http";
import { createServer } from "node:https";
import type { Server } from "node:net";
import { type Duplex, pipeline } from "node:stream";
import { TLSSocket } from "node:tls";
import { FIELDS } from "./router.ts";

/** How the proxy is started. */
export interface TlsProxyOptions {
  readonly hostname: string;
  readonly port: number;
  /** The certificate and its key, PEM. */
  readonly cert: string;
  readonly key: string;
  /** The authority that signs certificates of clients, PEM. */
  readonly ca: string;
  /** The router behind it. */
  readonly router: URL;
  /** What it proves itself to the router by. */
  readonly token: string;
}

/** A running proxy. */
export interface RunningProxy {
  readonly port: number;
  stop(): Promise<void>;
}

/** What a client may not tell the router: this proxy does, or nobody. */
const RESERVED = /^(?:x-forwarded-|x-real-ip$|forwarded$|x-proxy-|x-client-)/;
/** Names that can stand in a field, as in nginx.conf; whose name is another is a guest. */
const NAME = /^[A-Za-z0-9.@_-]+$/;
const MAX_CONNECTIONS = 10_000;

/** The name in the certificate of a client, if it has one by our authority. */
function nameOf(socket: Duplex): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { CN } = socket.getPeerCertificate().subject;
  return typeof CN === "string" && NAME.test(CN) ? CN : undefined;
}

/** The fields of a request as the router gets them. `Host` stays: by it the router knows pages of its own origin. */
function fieldsFor({ headers, socket }: IncomingMessage, token: string): IncomingHttpHeaders {
  const own = Object.entries(headers).filter(([name]) => !RESERVED.test(name));
  const name = nameOf(socket);
  return {
    ...Object.fromEntries(own),
    [FIELDS.token]: token,
    [FIELDS.address]: socket.remoteAddress ?? "",
    ...(name !== undefined && { [FIELDS.name]: name }),
  };
}

/** The head of an answer, without what holds for the way to the router only. */
function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage, isUpgraded: boolean): string {
  let head = `HTTP/1.1 ${statusCode} ${statusMessage}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const isHop = /^(?:connection|keep-alive|transfer-encoding|content-length)$/i.test(rawHeaders[index]!);
    if (isUpgraded || !isHop) head += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
  }
  return `${head}${isUpgraded ? "" : "Connection: close\r\n"}\r\n`;
}

/** Ties two connections: what comes from one goes to the other, and where one fails, so does the other. */
export function tie(one: Duplex, other: Duplex): void {
  pipeline(one, other, () => {});
  pipeline(other, one, () => {});
}

/** Asks the router for the WebSocket that a client asks for, and ties them. */
function upgrade(request: IncomingMessage, socket: Duplex, early: Buffer, { router, token }: TlsProxyOptions): void {
  const { method, url: path } = request;
  const { hostname: host, port } = router;
  const asking = requestOf({ host, port, method, path, headers: fieldsFor(request, token) });
  socket.on("error", () => asking.destroy());
  asking
    .on("upgrade", (response, upstream: Duplex, first: Buffer) => {
      socket.write(headOf(response, true));
      socket.write(first);
      upstream.write(early);
      tie(socket, upstream);
    })
    .on("response", (response) => {
      // The router refuses: such as a page of another origin.
      socket.write(headOf(response, false));
      pipeline(response, socket, () => {});
    })
    .on("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n"))
    .end();
}

/** Starts the proxy. */
export async function startTlsProxy(options: TlsProxyOptions): Promise<RunningProxy> {
  const { hostname, port, cert, key, ca, router, token } = options;
  // Who has no certificate is let in too: the router decides what they may do.
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false });
  server.maxConnections = MAX_CONNECTIONS;
  const sockets = new Set<Duplex>();
  server.on("upgrade", (request, socket: Duplex, early) => {
    sockets.add(socket.on("close", () => sockets.delete(socket)));
    upgrade(request, socket, early, options);
  });
  server.on("request", (request, response) => {
    const { method, url: path } = request;
    const target = { host: router.hostname, port: router.port, method, path, headers: fieldsFor(request, token) };
    const asking = requestOf(target, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, response, () => {});
    });
    // The router may fail in the middle of its answer as well: then the connection ends there.
    asking.on("error", () => response.headersSent ? response.destroy() : response.writeHead(502).end());
    request.pipe(asking);
  });
  return await listen(server, sockets, { hostname, port });
}

/** Lets a proxy listen; `sockets` are those that it ends when it stops. */
export async function listen(
  server: Server,
  sockets: Iterable<Duplex>,
  { hostname, port }: { readonly hostname: string; readonly port: number },
): Promise<RunningProxy> {
  await new Promise<void>((resolve) => server.listen(port, hostname, resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
