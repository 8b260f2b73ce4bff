/**
 * What a session or a router needs of a connection: whole messages as bytes, in both directions.
 *
 * @module
 */

import type { Serializer } from "../serializers/serializer.ts";

/**
 * The high-water mark of every transport, in bytes. Who sends should wait for `drain()` above it; that comes at half of
 * it.
 *
 * @internal
 */
export const HIGH_WATER_MARK: number = 256 << 10;

/** The most bytes that may wait on a transport; a message beyond ends it. An empty buffer admits any one. @internal */
export const MAX_SEND_BUFFER: number = 64 << 20;

/** How long closing in order may take, in milliseconds. @internal */
export const CLOSE_TIMEOUT = 5_000;

/**
 * What carries a session.
 *
 * @public
 */
export type TransportKind = "websocket" | "rawsocket" | "local";

/**
 * What is known of a transport's other end.
 *
 * @public
 */
export interface TransportInfo {
  /** What carries the session. */
  readonly kind: TransportKind;
  /** The peer's end: `host:port`, the path of a Unix socket, `""` where unknown. */
  readonly remoteAddress: string;
  /** Our end, likewise. */
  readonly localAddress: string;
  /** Whether TLS protects it. */
  readonly isTls: boolean;
  /** The request that opened a WebSocket, at a router. */
  readonly request?: Request | undefined;
  /** The common name and the fingerprint of a verified client certificate, at a router that asked for one. */
  readonly peerCertificate?: { readonly commonName: string; readonly fingerprint256: string } | undefined;
}

/**
 * How a transport ended.
 *
 * @public
 */
export interface TransportClosed {
  /** Whether both sides had agreed to close it. */
  readonly wasClean: boolean;
  /** Why, for a person; `""` where there is nothing to say. */
  readonly reason: string;
  /** What failed, if something did. */
  readonly error?: Error | undefined;
}

/**
 * Takes what a transport delivers. None of these may throw.
 *
 * @public
 */
export interface TransportReceiver {
  /** A message arrived, as bytes: a view that is valid until this returns. */
  message(bytes: Uint8Array): void;
  /** `bufferedAmount` fell to at most half of the transport's high-water mark, after it had been above that. */
  drain(): void;
  /** The transport has ended; nothing follows. Called once, also after `close()` and `abort()`. */
  closed(info: TransportClosed): void;
}

/** One encoded message for many transports of the same serializer, framed once for each way of framing. @internal */
export class SharedBytes {
  /** The encoded message; it does not change any more. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  #framed: Map<string, unknown> | undefined;

  /** `bytes` must not change any more. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
  }

  /** The message framed in the way called `kind`, made at the first asking. */
  framed<Framed>(kind: string, frame: (bytes: Uint8Array<ArrayBuffer>) => Framed): Framed {
    this.#framed ??= new Map();
    let framed = this.#framed.get(kind) as Framed | undefined;
    if (framed === undefined) this.#framed.set(kind, framed = frame(this.bytes));
    return framed;
  }
}

/**
 * How a session finds out that its router has gone, where its transport cannot.
 *
 * @public
 */
export interface ProbeOptions {
  /** After how much silence it asks the router for an answer, in milliseconds. */
  readonly interval: number;
  /** How long the router may be silent after that, in milliseconds. */
  readonly timeout: number;
}

/** How it does that where nobody says otherwise. @internal */
export const DEFAULT_PROBES: ProbeOptions = { interval: 20_000, timeout: 20_000 };

/**
 * A connection that carries messages. It is given to one receiver, by {@linkcode open}; before that nothing is
 * delivered and nothing is lost.
 *
 * @public
 */
export interface Transport {
  /** The serializer agreed on. */
  readonly serializer: Serializer;
  /** What is known of the other end. */
  readonly info: TransportInfo;
  /** The bytes accepted by `send()` and not yet taken by the network. */
  readonly bufferedAmount: number;
  /**
   * The largest message that the other side takes, in bytes; absent where it told none. A larger one is not sent, and
   * logged: who sends something that waits for an answer looks first.
   */
  readonly maxMessage?: number;
  /**
   * How the session is to find out that the other side has gone: set where the transport cannot, such as on the
   * WebSocket of a browser, which sends no pings. Absent where it does so itself, or where nobody is to.
   */
  readonly probes?: ProbeOptions | undefined;
  /** Begins to deliver. Never calls the receiver before it has returned. */
  open(receiver: TransportReceiver): void;
  /**
   * Sends one message. It is copied; what is sent within one turn of the event loop leaves in one write. On a
   * transport that has ended it does nothing.
   */
  send(bytes: Uint8Array): void;
  /**
   * Sends a message that many get. Absent where `send()` does it as well.
   *
   * @internal
   */
  sendShared?(message: SharedBytes): void;
  /** Stops delivering, and reading, so that the peer is slowed down. */
  pause(): void;
  /** Delivers again. */
  resume(): void;
  /** Sends what is waiting, then closes in order; gives up after a time of the transport's own. */
  close(): void;
  /**
   * Sends what is waiting as far as it goes at once, tells the peer that it broke the protocol where the transport can
   * say so (WebSocket: 1002), and ends.
   */
  fail(reason: string): void;
  /** Ends at once, discarding what is waiting. */
  abort(): void;
}
