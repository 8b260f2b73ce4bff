/**
 * What goes wrong before a transport is open.
 * Sans-I/O.
 *
 * @module
 */

/**
 * Why a transport could not be opened, as a stable name.
 *
 * @public
 */
export type TransportErrorCode =
  /** The network, TLS or a proxy failed, or what answered does not speak the protocol. */
  | "connection_lost"
  /** Opening took too long. */
  | "timeout"
  /** The other side said no. */
  | "refused"
  /** The other side speaks none of the serializers offered. */
  | "no_serializer";

/**
 * A transport could not be opened. `cause` is what failed underneath, such as a `HandshakeError` of `./websocket`.
 *
 * @example Tell what may be tried again
 * ```ts
 * import { connectTransport, TransportError } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * await assert.rejects(
 *   connectTransport("rs://127.0.0.1:1"),
 *   (error) => error instanceof TransportError && error.code === "connection_lost",
 * );
 * ```
 *
 * @public
 */
export class TransportError extends Error {
  /** The name of the class. */
  override readonly name: string = "TransportError";
  /** Why the transport could not be opened. */
  readonly code: TransportErrorCode;

  /**
   * Creates the error.
   *
   * @param code Why the transport could not be opened.
   * @param message What happened, for a person.
   * @param options The cause.
   */
  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
