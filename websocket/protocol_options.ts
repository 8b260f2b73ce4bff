/**
 * What a protocol is told, and what it tells. Sans-I/O.
 *
 * @module
 */

import type { BufferPool } from "../internal/buffer_pool.ts";
import type { ProtocolError } from "./errors.ts";
import type { DeflateParameters } from "./extension.ts";
import type { ReaderEvent } from "./message_reader.ts";

/**
 * **UNSTABLE** The peer broke a rule; the connection fails (RFC 6455 §7.1.7).
 *
 * @experimental
 */
export interface FailEvent {
  /** What it is. */
  readonly type: "fail";
  /** The rule and the close status code that answers it. */
  readonly error: ProtocolError;
}

/**
 * **UNSTABLE** What {@linkcode Protocol.nextEvent} answers.
 *
 * @experimental
 */
export type ProtocolEvent = ReaderEvent | FailEvent;

/**
 * **UNSTABLE** Where a connection stands (RFC 6455 §7.1): `closing` from the first close frame, sent or received, on.
 *
 * @experimental
 */
export type ProtocolState = "open" | "closing" | "closed";

/**
 * **UNSTABLE** What the driver is to do with the socket: go on; write what is left and end our direction, reading on until the peer
 * ends or a deadline passes; or close it now.
 *
 * @experimental
 */
export type TransportAdvice = "keep" | "finish" | "end";

/**
 * **UNSTABLE** How a {@linkcode Protocol} behaves. Times are in milliseconds of the caller's clock, sizes in bytes.
 *
 * @experimental
 */
export interface ProtocolOptions {
  /** Which side this is. */
  readonly role: "client" | "server";
  /** Gives a fresh random 32-bit masking key for each frame (RFC 6455 §5.3); a client must have one. */
  readonly nextMaskingKey?: () => number;
  /** The permessage-deflate parameters that the handshake agreed on. */
  readonly deflate?: DeflateParameters;
  /** How to compress, where it was agreed. @default {{ threshold: 0, level: 6, memLevel: 8 }} */
  readonly compression?: { readonly threshold: number; readonly level: number; readonly memLevel: number };
  /** The largest message accepted, inclusive. @default {16777216} */
  readonly maxMessage?: number;
  /** How long a closing handshake may take in all. @default {5000} */
  readonly closeTimeout?: number;
  /** How long a message may take to arrive, or 0 for no bound. @default {0} */
  readonly messageTimeout?: number;
  /** How long nothing may arrive before a ping is sent, or 0 for none. @default {0} */
  readonly keepaliveInterval?: number;
  /** How long nothing may arrive after that ping. @default {20000} */
  readonly keepaliveTimeout?: number;
  /** Where buffers come from; shared between connections. @default {a pool of its own} */
  readonly pool?: BufferPool;
}
