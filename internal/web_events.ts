/**
 * Events of the web that not every runtime has a class for: Node 22 has neither CloseEvent nor ErrorEvent.
 *
 * @module
 */

/** What a close event says. @internal */
export interface CloseEventFields {
  /** The close status code. */
  readonly code: number;
  /** The close reason. */
  readonly reason: string;
  /** Whether the closing handshake was completed. */
  readonly wasClean: boolean;
}

/** A CloseEvent where the runtime has none. */
class PlainCloseEvent extends Event {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor(type: string, { code, reason, wasClean }: CloseEventFields) {
    super(type);
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

/** An ErrorEvent where the runtime has none. */
class PlainErrorEvent extends Event {
  readonly error: Error;
  readonly message: string;

  constructor(type: string, { error, message }: { readonly error: Error; readonly message: string }) {
    super(type);
    this.error = error;
    this.message = message;
  }
}

interface EventClasses {
  readonly CloseEvent?: new (type: string, fields: CloseEventFields) => Event;
  readonly ErrorEvent?: new (type: string, fields: { readonly error: Error; readonly message: string }) => Event;
}

/** Creates the event that says how a connection ended. @internal */
export function closeEvent(fields: CloseEventFields, classes: EventClasses = globalThis): Event {
  return new (classes.CloseEvent ?? PlainCloseEvent)("close", fields);
}

/** Creates the event that says what went wrong. @internal */
export function errorEvent(error: Error, classes: EventClasses = globalThis): Event {
  return new (classes.ErrorEvent ?? PlainErrorEvent)("error", { error, message: error.message });
}
