/**
 * What goes wrong in WAMP, one class for each kind of thing that a program does differently about.
 *
 * @module
 */

import { ERROR_URI } from "./uris.ts";

/**
 * A dictionary of WAMP: string keys, any values.
 *
 * @public
 */
export type Dict = Record<string, unknown>;

/**
 * An error of an application or of a router, as it travels in an ERROR message: a URI, positional and keyword
 * arguments. What a procedure throws as this reaches its caller unchanged; a router's refusals arrive as this.
 *
 * @example Fail with a URI of one's own
 * ```ts
 * import { ApplicationError } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * const error = new ApplicationError("com.example.error.too_old", ["Must be at most 100", 130], { field: "age" });
 * assert.equal(error.uri, "com.example.error.too_old");
 * assert.equal(error.message, "com.example.error.too_old: Must be at most 100");
 * assert.deepEqual(error.kwargs, { field: "age" });
 * ```
 *
 * @public
 */
export class ApplicationError extends Error {
  /** The class's name. */
  override readonly name: string = "ApplicationError";
  /** Tells this error from others of the module. */
  readonly code = "application_error";
  /** The error's URI. */
  readonly uri: string;
  /** Positional arguments. */
  readonly args: readonly unknown[];
  /** Keyword arguments. */
  readonly kwargs: Readonly<Dict>;
  /** The Details of the ERROR message, where one came. */
  readonly details: Readonly<Dict>;

  /**
   * Makes an error.
   *
   * @param uri The error's URI.
   * @param args Positional arguments; a string in front becomes part of the message. @default {[]}
   * @param kwargs Keyword arguments. @default {{}}
   * @param options `cause`, and the `details` that came with it.
   */
  constructor(
    uri: string,
    args: readonly unknown[] = [],
    kwargs: Readonly<Dict> = {},
    options: ErrorOptions & { readonly details?: Readonly<Dict> } = {},
  ) {
    super(typeof args[0] === "string" ? `${uri}: ${args[0]}` : uri, options);
    this.uri = uri;
    this.args = args;
    this.kwargs = kwargs;
    this.details = options.details ?? {};
  }
}

/**
 * Which rule of the protocol a peer broke.
 *
 * @public
 */
export type WampProtocolErrorCode =
  /** Bytes that the serializer cannot read. */
  | "invalid_encoding"
  /** A message of the wrong shape: arity, a field's type, an unknown type. */
  | "invalid_message"
  /** A message that is not allowed at this point or from this side. */
  | "unexpected_message"
  /** An id never issued, or used again. */
  | "invalid_id"
  /** Something over a limit of ours. */
  | "limit_exceeded";

/**
 * The peer broke the protocol. It is answered with ABORT, and the session ends (WAMP, Protocol Violations).
 *
 * @example Read what a router answers
 * ```ts
 * import { WampProtocolError } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * const error = new WampProtocolError("invalid_id", "Unknown id 5 in SUBSCRIBED");
 * assert.equal(error.code, "invalid_id");
 * assert.equal(error.reason, "wamp.error.protocol_violation");
 * ```
 *
 * @public
 */
export class WampProtocolError extends Error {
  /** The class's name. */
  override readonly name: string = "WampProtocolError";
  /** Which rule was broken. */
  readonly code: WampProtocolErrorCode;
  /** The Reason of the ABORT. */
  readonly reason: string;

  /**
   * Makes an error.
   *
   * @param code Which rule was broken.
   * @param message What happened, for a person.
   * @param options `cause`, and a `reason` other than `wamp.error.protocol_violation`.
   */
  constructor(
    code: WampProtocolErrorCode,
    message: string,
    options: ErrorOptions & { readonly reason?: string } = {},
  ) {
    super(message, options);
    this.code = code;
    this.reason = options.reason ?? ERROR_URI.PROTOCOL_VIOLATION;
  }
}

/**
 * A value of the program's that the serializer cannot write: a function, a symbol, a cycle, nesting beyond the limit.
 * Nothing was sent.
 *
 * @example Tell a value that cannot be sent
 * ```ts
 * import { SerializationError } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * const error = new SerializationError("Cannot write a function");
 * assert.equal(error instanceof TypeError, true);
 * assert.equal(error.code, "not_serializable");
 * ```
 *
 * @public
 */
export class SerializationError extends TypeError {
  /** The class's name. */
  override readonly name: string = "SerializationError";
  /** Tells this error from others of the module. */
  readonly code = "not_serializable";
}

/**
 * The router refused the session, by ABORT before WELCOME; or we refused the router, since it could not be authenticated
 * to or did not prove who it is.
 *
 * @example Ask why the router refused
 * ```ts
 * import { JoinError } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * const error = new JoinError("wamp.error.no_such_realm", { message: "No realm realm2" });
 * assert.equal(error.reason, "wamp.error.no_such_realm");
 * assert.equal(error.message, "Cannot join: wamp.error.no_such_realm: No realm realm2");
 * ```
 *
 * @public
 */
export class JoinError extends Error {
  /** The class's name. */
  override readonly name: string = "JoinError";
  /** Tells this error from others of the module. */
  readonly code = "join_refused";
  /** The Reason of the ABORT, such as `wamp.error.no_such_realm`. */
  readonly reason: string;
  /** The Details of the ABORT. */
  readonly details: Readonly<Dict>;

  /**
   * Makes an error.
   *
   * @param reason The Reason of the ABORT.
   * @param details The Details of the ABORT; a `message` in them becomes part of the message. @default {{}}
   * @param options `cause`.
   */
  constructor(reason: string, details: Readonly<Dict> = {}, options?: ErrorOptions) {
    super(
      typeof details.message === "string" ? `Cannot join: ${reason}: ${details.message}` : `Cannot join: ${reason}`,
      options,
    );
    this.reason = reason;
    this.details = details;
  }
}

/**
 * The session has ended in an orderly way, by GOODBYE or ABORT, so that a request cannot be made or answered.
 *
 * @example Tell an orderly end from a failure
 * ```ts
 * import { SessionClosedError } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * const error = new SessionClosedError("wamp.close.normal", "Cannot call com.example.add: the session is closed");
 * assert.equal(error.code, "session_closed");
 * assert.equal(error.reason, "wamp.close.normal");
 * ```
 *
 * @public
 */
export class SessionClosedError extends Error {
  /** The class's name. */
  override readonly name: string = "SessionClosedError";
  /** Tells this error from others of the module. */
  readonly code = "session_closed";
  /** The Reason, such as `wamp.close.normal`. */
  readonly reason: string;

  /**
   * Makes an error.
   *
   * @param reason Why the session ended, a URI.
   * @param message What could not be done, for a person.
   * @param options `cause`.
   */
  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * The connection was lost while a request was open.
 *
 * @example Ask whether it is safe to call again
 * ```ts
 * import { TransportLostError } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * const error = new TransportLostError("Connection lost while calling com.example.add", true);
 * assert.equal(error.code, "transport_lost");
 * assert.equal(error.maybeExecuted, true);
 * ```
 *
 * @public
 */
export class TransportLostError extends Error {
  /** The class's name. */
  override readonly name: string = "TransportLostError";
  /** Tells this error from others of the module. */
  readonly code = "transport_lost";
  /** Whether the request had been handed to the transport, so that it may have been executed. */
  readonly maybeExecuted: boolean;

  /**
   * Makes an error.
   *
   * @param message What was lost, for a person.
   * @param maybeExecuted Whether the request may have been executed.
   * @param options `cause`.
   */
  constructor(message: string, maybeExecuted: boolean, options?: ErrorOptions) {
    super(message, options);
    this.maybeExecuted = maybeExecuted;
  }
}
