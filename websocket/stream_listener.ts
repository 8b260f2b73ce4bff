/**
 * What a server accepts sockets from.
 *
 * @module
 */

import type { ByteStream } from "../internal/stream.ts";
import type { PeerCertificate } from "./web_socket_connection.ts";

/**
 * The server's TLS identity, and whom it asks for theirs. ALPN is `http/1.1`.
 *
 * @public
 */
export interface ServerTlsOptions {
  /** The certificate chain, in PEM. */
  readonly cert: string;
  /** The private key, in PEM. */
  readonly key: string;
  /** Ask clients for a certificate that one of these authorities signed, in PEM. */
  readonly clientCaCerts?: readonly string[];
  /** Whether a client without such a certificate is turned away. @default {true} */
  readonly requireClientCert?: boolean;
}

/** One end of a socket: `Deno.Addr` fits. @internal */
export interface SocketAddress {
  readonly transport: string;
  readonly hostname?: string;
  readonly port?: number;
  readonly path?: string;
}

/** What sockets are accepted from: `Deno.Listener` fits. @internal */
export interface StreamListener<Address = unknown> {
  readonly addr: Address;
  accept(): Promise<AcceptedStream>;
  close(): void;
}

/** A socket just accepted: `Deno.Conn` fits. @internal */
export interface AcceptedStream extends ByteStream {
  readonly localAddr?: SocketAddress;
  readonly remoteAddr?: SocketAddress;
  readonly peerCertificate?: PeerCertificate | undefined;
  /** Resolves when TLS is up, where that is not part of reading. */
  secured?(): Promise<void>;
  setNoDelay?(on: boolean): void;
}
