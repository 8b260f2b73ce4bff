/**
 * TLS by node:tls on the server's side, for what `Deno.listenTls` cannot do: asking clients for a certificate, and TLS
 * over Unix sockets.
 *
 * @module
 */

import type { Duplex } from "node:stream";
import type { Server as TlsServer, TLSSocket } from "node:tls";
import { builtin } from "../internal/builtins.ts";
import { duplexOf, NodeStream } from "../internal/node_stream.ts";
import type { AcceptedStream, ServerTlsOptions, SocketAddress, StreamListener } from "./stream_listener.ts";
import type { PeerCertificate } from "./web_socket_connection.ts";

/**
 * Runs TLS on what a listener accepts. A socket is given out before its TLS handshake, as `Deno.listenTls` does, so that
 * the server's deadline and limit hold for it.
 *
 * @throws {TypeError} The runtime has no node:tls.
 *
 * @internal
 */
export function secureListener<Address>(
  listener: StreamListener<Address>,
  tls: ServerTlsOptions,
): StreamListener<Address> {
  const servers = new TlsServers(tls);
  return {
    get addr(): Address {
      return listener.addr;
    },
    accept: async () => new SecuredStream(await listener.accept(), servers),
    close: () => listener.close(),
  };
}

/**
 * Servers of node:tls that listen nowhere: each secures one socket at a time, because its events do not say of which
 * socket they speak. Making one costs half a millisecond.
 */
class TlsServers {
  readonly #create: () => TlsServer;
  readonly #idle: TlsServer[] = [];

  constructor(tls: ServerTlsOptions) {
    const module = builtin("node:tls");
    if (module === undefined) throw new TypeError("Cannot ask clients for certificates: the runtime has no node:tls");
    const { cert, key, clientCaCerts, requireClientCert = true } = tls;
    this.#create = () =>
      module.createServer({
        cert,
        key,
        ALPNProtocols: ["http/1.1"],
        requestCert: clientCaCerts !== undefined,
        rejectUnauthorized: clientCaCerts !== undefined && requireClientCert,
        ...(clientCaCerts && { ca: [...clientCaCerts] }),
      });
    // Bad certificates fail here, not at the first client.
    this.#idle.push(this.#create());
  }

  secure(duplex: Duplex): Promise<TLSSocket> {
    const server = this.#idle.pop() ?? this.#create();
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        server.off("secureConnection", onSecure).off("tlsClientError", onError);
        duplex.off("close", onClose);
        this.#idle.push(server);
      };
      const onSecure = (socket: TLSSocket): void => {
        settle();
        resolve(socket);
      };
      const onError = (error: Error, socket: TLSSocket): void => {
        settle();
        socket.destroy();
        reject(error);
      };
      const onClose = (): void => {
        settle();
        reject(new Error("Socket was closed within its TLS handshake"));
      };
      server.on("secureConnection", onSecure).on("tlsClientError", onError);
      duplex.on("close", onClose);
      server.emit("connection", duplex);
    });
  }
}

/** A socket that is being secured. */
class SecuredStream implements AcceptedStream {
  readonly localAddr?: SocketAddress;
  readonly remoteAddr?: SocketAddress;
  readonly #raw: AcceptedStream;
  /** Closes the raw stream. */
  readonly #duplex: Duplex;
  readonly #securing: Promise<NodeStream>;
  #stream: NodeStream | undefined;
  #peerCertificate: PeerCertificate | undefined;

  constructor(raw: AcceptedStream, servers: TlsServers) {
    const { localAddr, remoteAddr } = raw;
    if (localAddr !== undefined) this.localAddr = localAddr;
    if (remoteAddr !== undefined) this.remoteAddr = remoteAddr;
    this.#raw = raw;
    this.#duplex = duplexOf(raw);
    this.#securing = this.#secure(servers);
    // Whoever reads or writes is told as well.
    this.#securing.catch(() => {});
  }

  /** The client's certificate, once the stream is secured. */
  get peerCertificate(): PeerCertificate | undefined {
    return this.#peerCertificate;
  }

  async secured(): Promise<void> {
    await this.#securing;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    return await (this.#stream ?? await this.#securing).read(buffer);
  }

  async write(bytes: Uint8Array): Promise<number> {
    return await (this.#stream ?? await this.#securing).write(bytes);
  }

  async closeWrite(): Promise<void> {
    await (this.#stream ?? await this.#securing).closeWrite();
  }

  setNoDelay(on: boolean): void {
    this.#raw.setNoDelay?.(on);
  }

  close(): void {
    this.#stream?.close();
    this.#duplex.destroy();
  }

  async #secure(servers: TlsServers): Promise<NodeStream> {
    const socket = await servers.secure(this.#duplex);
    this.#peerCertificate = verifiedCertificate(socket);
    return this.#stream = new NodeStream(socket);
  }
}

function verifiedCertificate(socket: TLSSocket): PeerCertificate | undefined {
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
