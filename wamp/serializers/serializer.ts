/**
 * A serializer: one format, each message by itself or in batches, under the names it is negotiated by.
 * Sans-I/O.
 *
 * @module
 */

import { readMessage, writeMessage } from "../codec.ts";
import { WampProtocolError } from "../errors.ts";
import type { Format, ValueReader, ValueWriter } from "../format.ts";
import type { Message } from "../messages.ts";

/**
 * The names of the serializers, as they are asked for in options.
 *
 * @public
 */
export type SerializerName =
  | "json"
  | "msgpack"
  | "cbor"
  | "ubjson"
  | "json.batched"
  | "msgpack.batched"
  | "cbor.batched"
  | "ubjson.batched";

/** How a batch holds messages apart: not at all, by 0x1E behind each, or by a length of 32 bits in front of each. */
type Batching = "none" | "separator" | "length";

// WAMP, Message Batching
const RECORD_SEPARATOR = 0x1e;
/** What autobahn-python separates by: 30 in octal digits is 0x18. Understood, never written. */
const CANCEL = 0x18;
const LENGTH_BYTES = 4;

/**
 * Turns messages into bytes and back. Programs name one in their options, or hand one of the constants of
 * `./serializers` to a transport.
 *
 * @example Pick by the WebSocket subprotocol
 * ```ts
 * import { type Serializer, SERIALIZERS } from "@viaduct/viaduct/wamp/serializers";
 * import assert from "node:assert/strict";
 *
 * const chosen: Serializer | undefined = SERIALIZERS.find(({ subprotocol }) => subprotocol === "wamp.2.json");
 * assert.equal(chosen?.name, "json");
 * assert.equal(chosen?.isText, true);
 * assert.equal(chosen?.rawSocketId, 1);
 * ```
 *
 * @public
 */
export class Serializer {
  /** The name, as in options. */
  readonly name: SerializerName;
  /** The WebSocket subprotocol, such as `wamp.2.json` (WAMP, Transports). */
  readonly subprotocol: string;
  /** The number in a RawSocket handshake (WAMP, RawSocket Transport); `undefined` for the batched ones. */
  readonly rawSocketId: number | undefined;
  /** Whether messages are UTF-8 text. */
  readonly isText: boolean;
  /** Whether a transport's message holds one or more of WAMP's. */
  readonly isBatched: boolean;
  /**
   * The value format.
   *
   * @internal
   */
  readonly format: Format;
  readonly #batching: Batching;
  readonly #reader: ValueReader;
  /** Absent while it writes: what a value's `toJSON` encodes meanwhile goes elsewhere. */
  #writer: ValueWriter | undefined;

  /**
   * Use the constants of `./serializers`.
   *
   * @param format The value format.
   * @param rawSocketId The number in a RawSocket handshake, if there is one.
   * @param isBatched Whether a transport's message holds one or more of WAMP's.
   *
   * @internal
   */
  constructor(format: Format, rawSocketId: number | undefined, isBatched: boolean) {
    this.name = isBatched ? `${format.name}.batched` : format.name;
    this.subprotocol = `wamp.2.${this.name}`;
    this.rawSocketId = isBatched ? undefined : rawSocketId;
    this.isText = format.isText;
    this.isBatched = isBatched;
    this.format = format;
    this.#batching = isBatched ? format.isText ? "separator" : "length" : "none";
    this.#reader = format.createReader();
    this.#writer = format.createWriter();
  }

  /**
   * Encodes one message, where batched as a batch of one; batches can be joined end to end.
   *
   * @returns A view of a buffer of the serializer, valid until the next call.
   * @throws {SerializationError} A value cannot be written.
   * @internal
   */
  encode(message: Message): Uint8Array<ArrayBuffer> {
    const writer = this.#writer ?? this.format.createWriter();
    this.#writer = undefined;
    try {
      writer.begin(this.#batching === "length" ? LENGTH_BYTES : 0);
      writeMessage(message, writer);
      if (this.#batching === "separator") writer.byte(RECORD_SEPARATOR);
      const bytes = writer.finish();
      if (this.#batching === "length") writeLength(bytes, bytes.length - LENGTH_BYTES);
      return bytes;
    } finally {
      this.#writer = writer;
    }
  }

  /**
   * Decodes what one message of the transport holds. Payloads are views of `bytes`.
   *
   * @param bytes The transport's message.
   * @param receive Called for each message, in order.
   * @throws {WampProtocolError} The bytes are no message or batch; messages before the bad one were received.
   * @internal
   */
  decode(bytes: Uint8Array, receive: (message: Message) => void): void {
    if (this.#batching === "none") receive(readMessage(this.#reader, this.format, bytes, 0, bytes.length));
    else if (bytes.length === 0) throw new WampProtocolError("invalid_encoding", "The batch is empty");
    else if (this.#batching === "separator") this.#decodeSeparated(bytes, receive);
    else this.#decodePrefixed(bytes, receive);
  }

  #decodeSeparated(bytes: Uint8Array, receive: (message: Message) => void): void {
    // A JSON text holds no raw control characters but space, so that the separator stands between messages only.
    const separator = bytes[bytes.length - 1]!;
    if (separator !== RECORD_SEPARATOR && separator !== CANCEL) {
      throw new WampProtocolError("invalid_encoding", "The batch does not end in a record separator");
    }
    for (let start = 0; start < bytes.length;) {
      const end = bytes.indexOf(separator, start);
      receive(readMessage(this.#reader, this.format, bytes, start, end));
      start = end + 1;
    }
  }

  #decodePrefixed(bytes: Uint8Array, receive: (message: Message) => void): void {
    for (let start = 0; start < bytes.length;) {
      const end = start + LENGTH_BYTES + readLength(bytes, start);
      if (end > bytes.length) {
        throw new WampProtocolError("invalid_encoding", "The batch ends within a message");
      }
      receive(readMessage(this.#reader, this.format, bytes, start + LENGTH_BYTES, end));
      start = end;
    }
  }
}

function writeLength(bytes: Uint8Array, length: number): void {
  bytes[0] = length >>> 24;
  bytes[1] = length >>> 16;
  bytes[2] = length >>> 8;
  bytes[3] = length;
}

/** The length at `start`; beyond any message where the batch ends within it. */
function readLength(bytes: Uint8Array, start: number): number {
  if (start + LENGTH_BYTES > bytes.length) return Infinity;
  return (bytes[start]! << 24 | bytes[start + 1]! << 16 | bytes[start + 2]! << 8 | bytes[start + 3]!) >>> 0;
}
