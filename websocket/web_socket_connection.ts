/**
 * What a program holds of a connection: {@linkcode WebSocketConnection}, and the handler form.
 *
 * @module
 */

import type { CloseInfo } from "./errors.ts";

/**
 * The ends of a connection's socket, as far as the runtime tells.
 *
 * @public
 */
export interface ConnectionInfo {
  /** Our end: `host:port`, or the path of a Unix socket; `""` where unknown. */
  readonly localAddress: string;
  /** The peer's end: `host:port`, or the path of a Unix socket; `""` where unknown. */
  readonly remoteAddress: string;
  /** Whether TLS protects the connection. */
  readonly isTls: boolean;
  /** The subject of the client's certificate, at a server that asked for one and verified it. */
  readonly peerCertificate?: PeerCertificate | undefined;
}

/**
 * A verified client certificate.
 *
 * @public
 */
export interface PeerCertificate {
  /** The common name of the subject. */
  readonly commonName: string;
  /** The SHA-256 fingerprint, in upper-case hex with colons. */
  readonly fingerprint256: string;
  /** The serial number, in hex. */
  readonly serialNumber: string;
}

/**
 * Choices for one message.
 *
 * @public
 */
export interface SendOptions {
  /** Send bytes as a text message; they must be valid UTF-8. @default {false} */
  readonly text?: boolean;
  /** Compress this message, or do not, where compression was agreed. @default {by the threshold} */
  readonly compress?: boolean;
  /**
   * Give the bytes away instead of having them copied: their buffer is detached, and the message is written from it.
   * A view that covers only part of its buffer, as those borrowed in a handler mostly do, is copied all the same.
   * @default {false}
   */
  readonly transfer?: boolean;
}

/**
 * A message that is handed out while it arrives, as chunks of bytes.
 *
 * @public
 */
export interface IncomingMessage extends AsyncIterable<Uint8Array> {
  /** Whether it is a text message. A chunk may end within a character; the whole is valid UTF-8. */
  readonly isText: boolean;
}

/**
 * An open WebSocket connection, at a client or at a server.
 *
 * Without a `message` handler, messages are taken by iteration, which hands out owned values:
 * a string for a text message, bytes for a binary one.
 *
 * @public
 */
export interface WebSocketConnection extends AsyncIterable<string | Uint8Array>, AsyncDisposable {
  /** The URL connected to, or that the client asked for. */
  readonly url: string;
  /** The subprotocol agreed on, `""` where none was (RFC 6455 §1.9). */
  readonly subprotocol: string;
  /** The extensions agreed on, as they stand in Sec-WebSocket-Extensions; `""` where none were. */
  readonly extensions: string;
  /** The ends of the socket. */
  readonly info: ConnectionInfo;
  /** The client's request, at a server. */
  readonly request: Request | undefined;
  /** The header fields of the server's answer, at a client. */
  readonly responseHeaders: Headers | undefined;
  /** Where the connection stands: `closing` from the first close frame on. */
  readonly state: "open" | "closing" | "closed";
  /** The bytes accepted by `send()` and not yet written. */
  readonly bufferedAmount: number;
  /** How the connection ended. Never rejects. */
  readonly closed: Promise<CloseInfo>;
  /** The messages as a web stream. Take messages by this or by iteration, not both. */
  readonly readable: ReadableStream<string | Uint8Array>;
  /** A web stream each chunk of which is sent as one message; closing it closes the connection. */
  readonly writable: WritableStream<string | ArrayBuffer | ArrayBufferView>;

  /**
   * Sends one message. The data is copied before this returns.
   *
   * @param data Text, or bytes.
   * @param options Choices for this message.
   * @returns Resolves when the bytes that wait to be written are below the high-water mark. It may be ignored: a
   * rejection is never reported as unhandled.
   * @throws {TypeError} `data` is neither text nor bytes, or not UTF-8 where `text` is set.
   */
  send(data: string | ArrayBuffer | ArrayBufferView, options?: SendOptions): Promise<void>;
  /**
   * Sends one message as it is produced, a frame for each chunk. Other messages wait until it has ended. It is not
   * compressed. Where the source throws, the connection is closed with 1011.
   *
   * @param chunks What to send.
   * @param options `text` makes it a text message.
   */
  sendStream(
    chunks: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
    options?: { readonly text?: boolean },
  ): Promise<void>;
  /**
   * Takes messages as streams, without assembling them, so that `maxMessage` does not bound them (but for compressed
   * ones, which are inflated whole). What is left unread of one is dropped when the next is asked for.
   *
   * @returns The messages, each to be read before the next.
   */
  messages(): AsyncIterableIterator<IncomingMessage>;
  /**
   * Sends a ping.
   *
   * @param data The payload, at most 125 bytes. @default {8 bytes that are used once}
   * @returns The round-trip time in milliseconds; rejects with {@linkcode ConnectionClosedError}.
   * @throws {RangeError} The payload is too long.
   */
  ping(data?: Uint8Array): Promise<number>;
  /**
   * Begins the closing handshake (RFC 6455 §7.1.2). Messages sent before go first; a call on a closing connection
   * changes nothing.
   *
   * @param code The status code: 1000 to 1003, 1007 to 1014, 3000 to 4999. @default {1000}
   * @param reason The reason, at most 123 bytes of UTF-8. @default {""}
   * @returns How the connection ended. Never rejects.
   * @throws {RangeError} The code or the reason cannot be sent.
   */
  close(code?: number, reason?: string): Promise<CloseInfo>;
  /** Ends the connection at once, without a closing handshake. */
  terminate(): void;
  /** Stops reading from the socket. */
  pause(): void;
  /** Reads again. */
  resume(): void;
}

/**
 * The handler form: functions called synchronously as messages arrive. Bytes are borrowed: a view of the read buffer,
 * valid until the function returns. An exception is logged, and the connection goes on.
 *
 * @public
 */
export interface WebSocketHandlers {
  /** The connection is open. */
  readonly open?: (ws: WebSocketConnection) => void;
  /** A message arrived; copy `data` to keep it. Text is given as the bytes of its UTF-8, already validated. */
  readonly message?: (ws: WebSocketConnection, data: Uint8Array, isText: boolean) => void;
  /** A piece of a message arrived. Where this is set and `message` is not, messages are not assembled. */
  readonly fragment?: (ws: WebSocketConnection, data: Uint8Array, info: FragmentInfo) => void;
  /** The bytes that wait to be written are below the high-water mark again. */
  readonly drain?: (ws: WebSocketConnection) => void;
  /** The connection has ended. */
  readonly close?: (ws: WebSocketConnection, info: CloseInfo) => void;
}

/**
 * Where a piece of a message stands in it.
 *
 * @public
 */
export interface FragmentInfo {
  /** Whether the message is text. */
  readonly isText: boolean;
  /** Whether the piece begins the message. */
  readonly first: boolean;
  /** Whether the piece ends the message. */
  readonly fin: boolean;
}
