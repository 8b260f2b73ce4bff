/**
 * Reads MessagePack.
 * Sans-I/O.
 *
 * @module
 */

import type { WampProtocolError } from "../errors.ts";
import type { ValueKind, ValueReader } from "../format.ts";
import { BinaryReader, integerOf, keyOf, SCALAR } from "./binary_reader.ts";
import { MsgpackExtension } from "./msgpack_extension.ts";

const TIMESTAMP = -1;
/** Libraries for JavaScript write `undefined` as an extension of this type. */
const UNDEFINED = 0;
const MAX_NANOSECONDS = 999_999_999;

/**
 * Reads MessagePack, its older dialect without binary included.
 *
 * @internal
 */
export class MsgpackReader extends BinaryReader implements ValueReader {
  protected readonly label = "MessagePack";

  enterList(): void {
    const type = this.uint8();
    let count: number;
    if (type >= 0x90 && type <= 0x9f) count = type & 0x0f;
    else if (type === 0xdc) count = this.uint16();
    else if (type === 0xdd) count = this.uint32();
    else throw this.mistyped("a list");
    this.left = this.checkCount(count);
    this.depth = 1;
  }

  next(): boolean {
    if (this.left === 0) return false;
    this.left--;
    if (this.at >= this.end) throw this.truncated();
    return true;
  }

  kind(): ValueKind {
    const type = this.peek();
    if (type < 0x80 || type >= 0xe0 || (type >= 0xcc && type <= 0xd3)) return "integer";
    if (type <= 0x8f || type === 0xde || type === 0xdf) return "dict";
    if (type <= 0x9f || type === 0xdc || type === 0xdd) return "list";
    if (type <= 0xbf || (type >= 0xd9 && type <= 0xdb)) return "string";
    return (type === 0xca || type === 0xcb) && this.#isIntegralFloat() ? "integer" : "other";
  }

  #isIntegralFloat(): boolean {
    const { at } = this;
    const value = this.uint8() === 0xca ? this.float32() : this.float64();
    this.at = at;
    return Number.isInteger(value);
  }

  readInteger(): number {
    const type = this.uint8();
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 0x100;
    switch (type) {
      case 0xca:
        return this.integerFrom(this.float32());
      case 0xcb:
        return this.integerFrom(this.float64());
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return this.integerFrom(this.#integer(type));
      default:
        throw this.mistyped("an integer");
    }
  }

  readString(): string {
    return this.text(this.#stringLength());
  }

  readUri(): string {
    return this.cachedText(this.#stringLength());
  }

  #stringLength(): number {
    const type = this.uint8();
    if (type >= 0xa0 && type <= 0xbf) return type & 0x1f;
    if (type === 0xd9) return this.uint8();
    if (type === 0xda) return this.uint16();
    if (type === 0xdb) return this.uint32();
    throw this.mistyped("a string");
  }

  protected skipHead(): number {
    const type = this.uint8();
    if (type < 0x80 || type >= 0xe0) return SCALAR;
    if (type <= 0x8f) return this.checkCount((type & 0x0f) * 2);
    if (type <= 0x9f) return this.checkCount(type & 0x0f);
    if (type <= 0xbf) {
      this.skipText(type & 0x1f);
      return SCALAR;
    }
    return this.#skipMarked(type);
  }

  #skipMarked(type: number): number {
    switch (type) {
      case 0xdc:
        return this.checkCount(this.uint16());
      case 0xdd:
        return this.checkCount(this.uint32());
      case 0xde:
        return this.checkCount(this.uint16() * 2);
      case 0xdf:
        return this.checkCount(this.uint32() * 2);
      case 0xd9:
        this.skipText(this.uint8());
        break;
      case 0xda:
        this.skipText(this.uint16());
        break;
      case 0xdb:
        this.skipText(this.uint32());
        break;
      default:
        this.advance(this.#scalarLength(type));
    }
    return SCALAR;
  }

  /** How many bytes follow the type (and length) of what is no string and holds no values. */
  #scalarLength(type: number): number {
    switch (type) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return 0;
      case 0xc4:
        return this.uint8();
      case 0xc5:
        return this.uint16();
      case 0xc6:
        return this.uint32();
      case 0xc7:
        return this.uint8() + 1;
      case 0xc8:
        return this.uint16() + 1;
      case 0xc9:
        return this.uint32() + 1;
      case 0xcc:
      case 0xd0:
        return 1;
      case 0xcd:
      case 0xd1:
        return 2;
      case 0xca:
      case 0xce:
      case 0xd2:
        return 4;
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return 8;
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return 1 + (1 << type - 0xd4);
      default:
        throw this.#unused();
    }
  }

  protected value(isStrict: boolean): unknown {
    const type = this.uint8();
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 0x100;
    if (type <= 0x8f) return this.dict(type & 0x0f, isStrict);
    if (type <= 0x9f) return this.list(type & 0x0f, isStrict);
    if (type <= 0xbf) return this.text(type & 0x1f);
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.binary(this.uint8());
      case 0xc5:
        return this.binary(this.uint16());
      case 0xc6:
        return this.binary(this.uint32());
      case 0xc7:
        return this.#extension(this.uint8());
      case 0xc8:
        return this.#extension(this.uint16());
      case 0xc9:
        return this.#extension(this.uint32());
      case 0xca:
        return this.float32();
      case 0xcb:
        return this.float64();
      case 0xd9:
        return this.text(this.uint8());
      case 0xda:
        return this.text(this.uint16());
      case 0xdb:
        return this.text(this.uint32());
      case 0xdc:
        return this.list(this.uint16(), isStrict);
      case 0xdd:
        return this.list(this.uint32(), isStrict);
      case 0xde:
        return this.dict(this.uint16(), isStrict);
      case 0xdf:
        return this.dict(this.uint32(), isStrict);
      default:
        return type >= 0xd4 ? this.#extension(1 << type - 0xd4) : this.#integer(type);
    }
  }

  /** An integer behind its type; a bigint where a number is not exact. */
  #integer(type: number): number | bigint {
    switch (type) {
      case 0xcc:
        return this.uint8();
      case 0xcd:
        return this.uint16();
      case 0xce:
        return this.uint32();
      case 0xcf:
        return integerOf(this.bigUint64());
      case 0xd0:
        return this.uint8() << 24 >> 24;
      case 0xd1:
        return this.uint16() << 16 >> 16;
      case 0xd2:
        return this.uint32() | 0;
      case 0xd3:
        return integerOf(this.bigInt64());
      default:
        throw this.#unused();
    }
  }

  protected key(): string {
    const type = this.peek();
    if (type >= 0xa0 && type <= 0xbf) {
      this.at++;
      return this.cachedText(type & 0x1f);
    }
    return keyOf(this.value(false));
  }

  #extension(byteLength: number): unknown {
    const type = this.uint8() << 24 >> 24;
    const start = this.at;
    if (type === TIMESTAMP) {
      const date = this.#timestamp(byteLength);
      if (date !== undefined) return date;
      this.at = start;
    }
    const data = this.binary(byteLength);
    return type === UNDEFINED && byteLength === 1 && data[0] === 0 ? undefined : new MsgpackExtension(type, data);
  }

  /** A timestamp; `undefined` where it has none of the three forms, or a date has not its range. */
  #timestamp(byteLength: number): Date | undefined {
    let seconds: number;
    let nanoseconds = 0;
    if (byteLength === 4) {
      seconds = this.uint32();
    } else if (byteLength === 8) {
      const high = this.uint32();
      nanoseconds = high >>> 2;
      seconds = (high & 3) * 2 ** 32 + this.uint32();
    } else if (byteLength === 12) {
      nanoseconds = this.uint32();
      seconds = Number(this.bigInt64());
    } else {
      return undefined;
    }
    if (nanoseconds > MAX_NANOSECONDS) return undefined;
    const date = new Date(seconds * 1_000 + Math.floor(nanoseconds / 1_000_000));
    return Number.isNaN(date.getTime()) ? undefined : date;
  }

  #unused(): WampProtocolError {
    return this.malformed("has the type 0xc1, which is never used");
  }
}
