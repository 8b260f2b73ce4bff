/**
 * What a value format (JSON, MessagePack, CBOR, UBJSON) offers to everything above it: a reader that takes a message
 * apart without building its payload, and a writer.
 * Sans-I/O.
 *
 * @module
 */

import type { Dict } from "./errors.ts";

/** The deepest nesting that is read or written, the message's own list included. @internal */
export const MAX_DEPTH = 512;

/** The names of the formats. @internal */
export type FormatName = "json" | "msgpack" | "cbor" | "ubjson";

/** What stands at a reader's position, as far as messages care. @internal */
export type ValueKind = "integer" | "string" | "list" | "dict" | "other";

/**
 * Takes apart one message. All methods throw `WampProtocolError` (`invalid_encoding`, or `invalid_message` for a value of
 * another type than asked for) and never recurse without a bound or allocate by a declared size.
 *
 * @internal
 */
export interface ValueReader {
  /** Begins at `bytes[start]`; `end` is the end of the input. */
  reset(bytes: Uint8Array, start: number, end: number): void;
  /** Where the next byte is read: after `next()` returned true, the first byte of the element. */
  readonly position: number;
  /** Reads the head of a list, the message's own. */
  enterList(): void;
  /**
   * Whether the list entered has another element; then the reader stands on its first byte (separators and space are
   * behind). Otherwise it stands behind the list.
   */
  next(): boolean;
  /** What the value here is. A float with an integral value counts as an integer. */
  kind(): ValueKind;
  /** Reads an integer from -(2^53) to 2^53; a float with an integral value is one. */
  readInteger(): number;
  /** Reads a string. */
  readString(): string;
  /** Reads a string that comes again and again, a URI: from a cache where it was seen before. */
  readUri(): string;
  /** Reads Options or Details: duplicate keys and keys that are not strings are errors; values are built. */
  readDict(): Dict;
  /** Walks over one value, checking that it is well-formed. */
  skip(): void;
  /** Builds one value. Duplicate keys: the last wins; `__proto__` becomes an own property. */
  readValue(): unknown;
  /** Throws unless the input ends here (but for space, in JSON). */
  expectEnd(): void;
}

/**
 * Writes one message into a buffer of its own. A value that cannot be written throws `SerializationError`, after which
 * `begin()` starts again.
 *
 * @internal
 */
export interface ValueWriter {
  /** The format written. */
  readonly format: Format;
  /** Forgets what was written, leaving `reserve` bytes free in front. */
  begin(reserve: number): void;
  /** Writes the head of the message's list. */
  beginList(count: number): void;
  /** Ends the message's list. */
  endList(): void;
  /** An element: an integer, in the shortest form. */
  integer(value: number): void;
  /** An element: a string. */
  string(value: string): void;
  /** An element: a dictionary or any other value. Properties that are undefined are left out; undefined elsewhere is null. */
  value(value: unknown): void;
  /** `count` elements that are already encoded in this format, as `bytes[start..end]`, in JSON with the commas between them. */
  raw(bytes: Uint8Array, start: number, end: number): void;
  /** One byte, as it is (the separator of batched JSON). */
  byte(value: number): void;
  /** What was written, the reserved bytes first: a view that is valid until the next `begin()`. */
  finish(): Uint8Array<ArrayBuffer>;
}

/**
 * A value format.
 *
 * @internal
 */
export interface Format {
  readonly name: FormatName;
  /** Whether its bytes are UTF-8 text. */
  readonly isText: boolean;
  createReader(): ValueReader;
  createWriter(): ValueWriter;
}
