/**
 * Sockets of `node:net` and `node:tls` as a {@linkcode ByteStream}: for runtimes without Deno's sockets, and for what
 * those cannot do (TLS over a Unix socket or with a client certificate behind a proxy).
 *
 * @module
 */

import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ConnectionOptions as NodeTlsOptions, TLSSocket } from "node:tls";
import { EMPTY_BYTES } from "./buffer_pool.ts";
import { builtin, type Builtins } from "./builtins.ts";
import { formatAddress } from "./socket_address.ts";
import { type ByteStream, writeAll } from "./stream.ts";

/** What {@linkcode secureNodeStream} needs to know. @internal */
export interface NodeTlsClientOptions {
  /** The name that the server's certificate must have; a host name or an IP address. */
  readonly serverName: string;
  /** Further certificates to trust, PEM. */
  readonly caCerts: readonly string[];
  /** The client's certificate, PEM. */
  readonly cert: string | undefined;
  /** Its private key, PEM. */
  readonly key: string | undefined;
  /** What to offer by ALPN. @default {nothing} */
  readonly alpnProtocols?: readonly string[];
}

/** What a socket of `node:net` has and another stream has not. */
type Ends = Partial<Pick<Socket, "localAddress" | "localPort" | "remoteAddress" | "remotePort">>;

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function ignore(): void {}

/**
 * A Node stream as a {@linkcode ByteStream}. It owns the stream: its listeners go when the stream has closed.
 *
 * @internal
 */
export class NodeStream implements ByteStream {
  /** The stream underneath. */
  readonly duplex: Duplex;
  #rest: Uint8Array = EMPTY_BYTES;
  #reader: Waiter<void> | undefined;
  #writer: Waiter<void> | undefined;
  #hasEnded = false;
  #error: Error | undefined;

  /** Takes over a stream that is connected and that nobody reads. */
  constructor(duplex: Duplex) {
    this.duplex = duplex;
    duplex.on("readable", this.#onReadable);
    duplex.on("end", this.#onEnd);
    duplex.on("error", this.#onError);
    duplex.on("close", this.#onClose);
  }

  /** See {@linkcode ByteStream}. */
  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#rest.length === 0) {
      const chunk: Uint8Array | null = this.#error === undefined && !this.#hasEnded ? this.duplex.read() : null;
      if (chunk !== null) {
        this.#rest = chunk;
      } else if (this.#error !== undefined) {
        throw this.#error;
      } else if (this.#hasEnded) {
        return null;
      } else {
        await new Promise<void>((resolve, reject) => this.#reader = { resolve, reject });
      }
    }
    const part = this.#rest.subarray(0, buffer.length);
    buffer.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  /** See {@linkcode ByteStream}. Settles when the stream has taken the bytes over, so that at most one write waits. */
  async write(bytes: Uint8Array): Promise<number> {
    if (this.#error !== undefined) throw this.#error;
    await new Promise<void>((resolve, reject) => {
      this.#writer = { resolve, reject };
      this.duplex.write(bytes, (error) => error ? reject(error) : resolve());
    });
    this.#writer = undefined;
    return bytes.length;
  }

  /** See {@linkcode ByteStream}. */
  async closeWrite(): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    await new Promise<void>((resolve, reject) => {
      this.#writer = { resolve, reject };
      this.duplex.end(resolve);
    });
    this.#writer = undefined;
  }

  /** See {@linkcode ByteStream}. */
  close(): void {
    this.#fail(new Error("Stream is closed"));
    this.#rest = EMPTY_BYTES;
    this.duplex.destroy();
  }

  /** The ends of the socket, where it is one of `node:net`. */
  addresses(): { readonly localAddress: string; readonly remoteAddress: string } {
    const { localAddress, localPort, remoteAddress, remotePort } = this.duplex as Duplex & Ends;
    return {
      localAddress: formatAddress({ hostname: localAddress, port: localPort }),
      remoteAddress: formatAddress({ hostname: remoteAddress, port: remotePort }),
    };
  }

  #onReadable = (): void => {
    this.#reader?.resolve();
    this.#reader = undefined;
  };

  #onEnd = (): void => {
    this.#hasEnded = true;
    this.#onReadable();
  };

  #onError = (error: Error): void => this.#fail(error);

  #onClose = (): void => {
    // What Node buffered before the end was read by then; without an end the connection was cut.
    if (!this.#hasEnded) this.#fail(new Error("Stream closed before its end"));
    this.#writer?.reject(this.#error ?? new Error("Stream is closed"));
    this.#writer = undefined;
    this.duplex.off("readable", this.#onReadable).off("end", this.#onEnd).off("close", this.#onClose);
    // A destroyed stream may still report an error, which would end the process if nobody listened.
    this.duplex.off("error", this.#onError).on("error", ignore);
  };

  #fail(error: Error): void {
    this.#error ??= error;
    this.#reader?.reject(this.#error);
    this.#reader = undefined;
    this.#writer?.reject(this.#error);
    this.#writer = undefined;
  }
}

/** How much a {@linkcode ByteStream} is asked for at once on its way into a Node stream, in bytes. */
const READ_SIZE = 16 << 10;

/** A {@linkcode ByteStream} as a Node stream, for `node:tls` to run over. @internal */
export function duplexOf(stream: ByteStream): Duplex {
  if (stream instanceof NodeStream) return stream.duplex;
  const { Duplex } = required("node:stream");
  return new Duplex({
    read(): void {
      const buffer = new Uint8Array(READ_SIZE);
      stream.read(buffer).then(
        (length) => this.push(length === null ? null : buffer.subarray(0, length)),
        (error) => this.destroy(error),
      );
    },
    write(chunk: Uint8Array, _encoding, callback): void {
      writeAll(stream, chunk).then(() => callback(), callback);
    },
    final(callback): void {
      (stream.closeWrite?.() ?? Promise.resolve()).then(() => callback(), callback);
    },
    destroy(error, callback): void {
      try {
        stream.close();
      } catch {
        // It is closed already: an abort closes it first.
      }
      callback(error);
    },
  });
}

type NeededBuiltin = "node:net" | "node:stream" | "node:tls";

function required<Name extends NeededBuiltin>(name: Name): NonNullable<ReturnType<typeof builtin<Name>>> {
  const module = builtin(name);
  if (module === undefined) throw new TypeError(`Cannot connect: runtime must have Deno.connect or ${name}`);
  return module as NonNullable<ReturnType<typeof builtin<Name>>>;
}

/** Where {@linkcode connectNode} connects to. @internal */
export type NodeTarget = { readonly path: string } | { readonly hostname: string; readonly port: number };

/** Opens a socket of `node:net`; an abort destroys it, and the promise rejects when it is gone. @internal */
export async function connectNode(target: NodeTarget, signal: AbortSignal): Promise<NodeStream> {
  const { connect } = required("node:net");
  signal.throwIfAborted();
  const place = "path" in target ? target : { host: target.hostname, port: target.port, noDelay: true };
  const socket: Socket = connect({ ...place, allowHalfOpen: true });
  await established(socket, "connect", signal);
  return new NodeStream(socket);
}

/** Waits for a socket's first event; whatever ends the wait, no listener of ours stays behind. */
function established(socket: Duplex, event: "connect" | "secureConnect", signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: unknown;
    const onAbort = (): void => void socket.destroy();
    const onError = (error: Error): void => void (failure = error);
    const settle = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.off(event, onReady).off("close", onClose).off("error", onError);
    };
    const onReady = (): void => {
      settle();
      resolve();
    };
    const onClose = (): void => {
      settle();
      socket.on("error", ignore);
      reject(failure ?? (signal.aborted ? signal.reason : new Error("Connection closed before it was established")));
    };
    signal.addEventListener("abort", onAbort);
    socket.on(event, onReady).on("close", onClose).on("error", onError);
  });
}

/** Says whether a host is an IP address, which must not stand in the TLS extension for server names (RFC 6066 §3). */
function isAddress(hostname: string): boolean {
  return hostname.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

/** The roots that the runtime trusts; Deno asks for a permission (sys) to list them. */
function trustedRoots(tls: Builtins["node:tls"]): readonly string[] {
  try {
    return [...tls.rootCertificates];
  } catch (error) {
    if (error instanceof Error && error.name === "NotCapable") return [];
    throw error;
  }
}

function nodeTlsOptions(options: NodeTlsClientOptions, tls: Builtins["node:tls"]): NodeTlsOptions {
  const { serverName, caCerts, cert, key } = options;
  return {
    host: serverName,
    ...(isAddress(serverName) ? {} : { servername: serverName }),
    ...(options.alpnProtocols !== undefined && { ALPNProtocols: [...options.alpnProtocols] }),
    // They are taken instead of the runtime's roots. Who may not list those trusts `caCerts` alone.
    ...(caCerts.length > 0 && { ca: [...trustedRoots(tls), ...caCerts] }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
  };
}

/** Runs TLS by `node:tls` over a stream as its client, and verifies the server. @internal */
export async function secureNodeStream(
  stream: ByteStream,
  options: NodeTlsClientOptions,
  signal: AbortSignal,
): Promise<NodeStream> {
  const tls = required("node:tls");
  signal.throwIfAborted();
  const duplex = duplexOf(stream);
  const socket: TLSSocket = tls.connect({ ...nodeTlsOptions(options, tls), socket: duplex });
  await established(socket, "secureConnect", signal);
  return new NodeStream(socket);
}
