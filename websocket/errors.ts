/**
 * The errors of the WebSocket layer. A normal closure is not among them: it is a value, {@linkcode CloseInfo}.
 *
 * @module
 */

/**
 * How a connection ended.
 *
 * @public
 */
export interface CloseInfo {
  /** The close status code (RFC 6455 §7.1.5): the peer's, or 1005 where it gave none, or 1006 where none arrived. */
  readonly code: number;
  /** The peer's close reason, `""` where it gave none (RFC 6455 §7.1.6). */
  readonly reason: string;
  /** Whether both close frames were exchanged before the connection closed (RFC 6455 §7.1.4). */
  readonly wasClean: boolean;
  /** What ended the connection, where something went wrong. */
  readonly error?: Error;
}

/**
 * What the peer did wrong, as a stable name.
 *
 * @public
 */
export type ProtocolErrorCode =
  | "reserved_bits"
  | "reserved_opcode"
  | "fragmented_control"
  | "long_control"
  | "unexpected_continuation"
  | "interleaved_message"
  | "unmasked_frame"
  | "masked_frame"
  | "invalid_length"
  | "invalid_close_payload"
  | "invalid_close_code"
  | "invalid_utf8"
  | "invalid_deflate"
  | "message_too_big"
  | "empty_fragments"
  | "message_timeout"
  | "keepalive_timeout"
  | "close_timeout";

/**
 * The peer broke a rule of the protocol or went over a limit of ours; the connection fails (RFC 6455 §7.1.7).
 *
 * @example Use
 * ```ts
 * import { ProtocolError } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * const error = new ProtocolError("invalid_utf8", 1007, "Text message is not valid UTF-8");
 * assert.equal(error.closeCode, 1007);
 * ```
 *
 * @public
 */
export class ProtocolError extends Error {
  /** The name of the class. */
  override readonly name = "ProtocolError";
  /** The rule that was broken. */
  readonly code: ProtocolErrorCode;
  /** The close status code that answers it. */
  readonly closeCode: number;

  /**
   * Creates the error.
   *
   * @param code The rule that was broken.
   * @param closeCode The close status code that answers it.
   * @param message What was expected and what was received.
   * @param options The cause, where another error led to this one.
   */
  constructor(code: ProtocolErrorCode, closeCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.closeCode = closeCode;
  }
}

/**
 * Why an opening handshake failed, as a stable name.
 *
 * @public
 */
export type HandshakeErrorCode =
  | "unexpected_status"
  | "invalid_response"
  | "invalid_upgrade"
  | "invalid_accept"
  | "unexpected_subprotocol"
  | "unexpected_extension"
  | "invalid_extension"
  | "redirect"
  | "head_too_large"
  | "timeout"
  | "connection_lost"
  | "proxy";

/**
 * The opening handshake failed at the client (RFC 6455 §4.1). It carries what the server answered.
 *
 * @example Use
 * ```ts
 * import { connect, HandshakeError, serve } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * await using server = serve({ port: 0, hostname: "127.0.0.1", upgrade: () => new Response("no", { status: 401 }) });
 * try {
 *   await connect(server.url);
 *   assert.fail("The server let us in");
 * } catch (error) {
 *   assert(error instanceof HandshakeError);
 *   assert.equal(error.status, 401);
 *   assert.equal(error.body, "no");
 * }
 * ```
 *
 * @public
 */
export class HandshakeError extends Error {
  /** The name of the class. */
  override readonly name = "HandshakeError";
  /** Why the handshake failed. */
  readonly code: HandshakeErrorCode;
  /** The HTTP status of the answer, or 0 where none came. */
  readonly status: number;
  /** The header fields of the answer; empty where none came. */
  readonly headers: Headers;
  /** Up to 1 KiB of the answer's body as text, `""` where none came. */
  readonly body: string;

  /**
   * Creates the error.
   *
   * @param code Why the handshake failed.
   * @param message What was expected and what was received.
   * @param answer The answer, where one came, and the cause.
   */
  constructor(
    code: HandshakeErrorCode,
    message: string,
    answer: ErrorOptions & { readonly status?: number; readonly headers?: Headers; readonly body?: string } = {},
  ) {
    super(message, "cause" in answer ? { cause: answer.cause } : undefined);
    this.code = code;
    this.status = answer.status ?? 0;
    this.headers = answer.headers ?? new Headers();
    this.body = answer.body ?? "";
  }
}

/**
 * An operation needed an open connection and the connection was closing or closed.
 *
 * @example Use
 * ```ts
 * import { ConnectionClosedError } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * const error = new ConnectionClosedError("Cannot send message: connection is closed", {
 *   code: 1006, reason: "", wasClean: false,
 * });
 * assert.equal(error.info?.code, 1006);
 * ```
 *
 * @public
 */
export class ConnectionClosedError extends Error {
  /** The name of the class. */
  override readonly name = "ConnectionClosedError";
  /** A stable name for this kind of error. */
  readonly code = "connection_closed";
  /** How the connection ended; absent while it is still closing. */
  readonly info?: CloseInfo;

  /**
   * Creates the error.
   *
   * @param message What could not be done.
   * @param info How the connection ended, where it has.
   * @param options The cause.
   */
  constructor(message: string, info?: CloseInfo, options?: ErrorOptions) {
    super(message, options ?? (info?.error === undefined ? undefined : { cause: info.error }));
    if (info !== undefined) this.info = info;
  }
}

/**
 * The peer reads too slowly: a message did not fit into the send buffer, and the connection was closed.
 *
 * @example Use
 * ```ts
 * import { SendBufferError } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * const error = new SendBufferError("Cannot send message of 10 bytes: 4194304 of 4194304 bytes are unsent");
 * assert.equal(error.code, "send_buffer_full");
 * ```
 *
 * @public
 */
export class SendBufferError extends RangeError {
  /** The name of the class. */
  override readonly name = "SendBufferError";
  /** A stable name for this kind of error. */
  readonly code = "send_buffer_full";
}
