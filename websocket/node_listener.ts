/**
 * A TLS listener on node:tls, for what `Deno.listenTls` cannot do: asking clients for a certificate, and TLS over Unix
 * sockets.
 *
 * @module
 */

import type { TLSSocket } from "node:tls";
import { builtin } from "../internal/builtins.ts";
import { NodeStream } from "./node_stream.ts";
import type { AcceptedStream, ServerTlsOptions, StreamListener } from "./server.ts";
import type { PeerCertificate } from "./web_socket_connection.ts";

/** Where to listen. @internal */
export type NodeAddress = { readonly port: number; readonly hostname: string } | { readonly path: string };

/** How many sockets may wait to be accepted; more are closed. */
const MAX_WAITING = 512;

/**
 * Listens with node:tls.
 *
 * @throws {TypeError} The runtime has no node:tls.
 *
 * @internal
 */
export function listenNodeTls(tls: ServerTlsOptions, address: NodeAddress): StreamListener {
  const module = builtin("node:tls");
  if (module === undefined) throw new TypeError("Cannot ask clients for certificates: the runtime has no node:tls");
  const server = module.createServer({
    cert: tls.cert,
    key: tls.key,
    ALPNProtocols: ["http/1.1"],
    requestCert: tls.clientCaCerts !== undefined,
    rejectUnauthorized: tls.clientCaCerts !== undefined && (tls.requireClientCert ?? true),
    ...(tls.clientCaCerts && { ca: [...tls.clientCaCerts] }),
  });
  const queue = new SocketQueue();
  server.on("secureConnection", (socket: TLSSocket) => queue.push(socket));
  // One client's failed handshake is not the server's failure.
  server.on("tlsClientError", (_error: Error, socket: TLSSocket) => socket.destroy());
  server.on("error", (error: Error) => queue.end(error));
  if ("path" in address) server.listen(address.path);
  else server.listen(address.port, address.hostname);
  return {
    get addr(): Deno.Addr {
      return toAddr(server.address(), address);
    },
    accept: () => queue.next(),
    close: () => {
      server.close();
      queue.end(new Error("Listener is closed"));
    },
  };
}

function toAddr(bound: ReturnType<import("node:net").Server["address"]>, asked: NodeAddress): Deno.Addr {
  if ("path" in asked) return { transport: "unix", path: asked.path };
  const port = bound !== null && typeof bound === "object" ? bound.port : asked.port;
  return { transport: "tcp", hostname: asked.hostname, port };
}

/** Sockets between the events of node and an accept loop. */
class SocketQueue {
  readonly #sockets: TLSSocket[] = [];
  #waiter: PromiseWithResolvers<AcceptedStream> | undefined;
  #error: Error | undefined;

  push(socket: TLSSocket): void {
    if (this.#error !== undefined || this.#sockets.length === MAX_WAITING) return void socket.destroy();
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) this.#sockets.push(socket);
    else waiter.resolve(toStream(socket));
  }

  next(): Promise<AcceptedStream> {
    const socket = this.#sockets.shift();
    if (socket !== undefined) return Promise.resolve(toStream(socket));
    if (this.#error !== undefined) return Promise.reject(this.#error);
    this.#waiter = Promise.withResolvers();
    return this.#waiter.promise;
  }

  end(error: Error): void {
    this.#error ??= error;
    this.#waiter?.reject(this.#error);
    this.#waiter = undefined;
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }
}

function toStream(socket: TLSSocket): AcceptedStream {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  const certificate = peerCertificate(socket);
  const stream: AcceptedStream = new NodeStream(socket);
  return Object.assign(stream, {
    setNoDelay: (on: boolean) => void socket.setNoDelay(on),
    ...(localAddress !== undefined && localPort !== undefined && { localAddr: tcp(localAddress, localPort) }),
    ...(remoteAddress !== undefined && remotePort !== undefined && { remoteAddr: tcp(remoteAddress, remotePort) }),
    ...(certificate && { peerCertificate: certificate }),
  });
}

function tcp(hostname: string, port: number): Deno.NetAddr {
  return { transport: "tcp", hostname, port };
}

function peerCertificate(socket: TLSSocket): PeerCertificate | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate();
  if (certificate?.fingerprint256 === undefined) return undefined;
  const { CN } = certificate.subject;
  return {
    commonName: Array.isArray(CN) ? CN.join(", ") : CN ?? "",
    fingerprint256: certificate.fingerprint256,
    serialNumber: certificate.serialNumber,
  };
}
