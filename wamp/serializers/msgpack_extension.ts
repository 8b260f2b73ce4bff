/**
 * Values of MessagePack's extension types.
 * Sans-I/O.
 *
 * @module
 */

/**
 * A value of an extension type of MessagePack that has no meaning of its own here: kept as it came, and written as it
 * is by the MessagePack serializer. A type of -1, a timestamp, comes as a `Date`.
 *
 * @example Send a value of an application's own extension type
 * ```ts
 * import { MsgpackExtension } from "@viaduct/viaduct/wamp/serializers";
 * import assert from "node:assert/strict";
 *
 * const money = new MsgpackExtension(5, Uint8Array.of(0x01, 0xf4));
 * assert.equal(money.type, 5);
 * assert.equal(money.data.length, 2);
 * ```
 *
 * @public
 */
export class MsgpackExtension {
  /** The type: from -128 to 127, those below 0 reserved by MessagePack. */
  readonly type: number;
  /** The bytes. */
  readonly data: Uint8Array;

  /**
   * Makes a value.
   *
   * @param type The type: from -128 to 127.
   * @param data The bytes.
   * @throws {RangeError} The type is none.
   */
  constructor(type: number, data: Uint8Array) {
    if (!Number.isInteger(type) || type < -128 || type > 127) {
      throw new RangeError(`Cannot make an extension: type must be an integer from -128 to 127, received ${type}`);
    }
    this.type = type;
    this.data = data;
  }
}
