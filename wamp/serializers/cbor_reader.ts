/**
 * Reads CBOR (RFC 8949).
 * Sans-I/O.
 *
 * @module
 */

import { concatBytes } from "../../internal/bytes.ts";
import type { WampProtocolError } from "../errors.ts";
import type { ValueKind, ValueReader } from "../format.ts";
import { BinaryReader, ELEMENTS, integerOf, KEY, keyOf, SCALAR } from "./binary_reader.ts";
import { MAJOR, TAG } from "./cbor_constants.ts";

const BREAK = 0xff;
/** The additional information of a head without a length. */
const INDEFINITE = 31;

/** Converting a larger bignum would take longer than a message may. Such a one is read as its bytes. */
const MAX_BIGNUM_BYTES = 64 * 1024;

/** Date.parse reads more than RFC 3339. */
const DATE_TEXT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Reads CBOR of every form that is well-formed (RFC 8949 §3).
 *
 * @internal
 */
export class CborReader extends BinaryReader implements ValueReader {
  protected readonly label = "CBOR";

  enterList(): void {
    this.#skipTags();
    const initial = this.uint8();
    if (initial >> 5 !== MAJOR.LIST) throw this.mistyped("a list");
    const info = initial & 0x1f;
    this.left = info === INDEFINITE ? ELEMENTS : this.checkCount(this.#argument(info));
    this.depth = 1;
  }

  next(): boolean {
    if (this.left === 0) return false;
    if (this.left > 0) {
      this.left--;
    } else if (this.takeBreak()) {
      this.left = 0;
      return false;
    }
    this.#skipTags();
    return true;
  }

  /** Moves over tags that say nothing here; throws where nothing follows. */
  #skipTags(): void {
    while (this.peek() >> 5 === MAJOR.TAG) {
      const start = this.at++;
      if (isKnownTag(this.#argument(this.bytes[start]! & 0x1f))) {
        this.at = start;
        return;
      }
    }
  }

  kind(): ValueKind {
    const initial = this.peek();
    switch (initial >> 5) {
      case MAJOR.UNSIGNED:
      case MAJOR.NEGATIVE:
        return "integer";
      case MAJOR.TEXT:
        return "string";
      case MAJOR.LIST:
        return "list";
      case MAJOR.DICT:
        return "dict";
      default:
        return initial >= 0xf9 && initial <= 0xfb && this.#isIntegralFloat() ? "integer" : "other";
    }
  }

  #isIntegralFloat(): boolean {
    const { at } = this;
    const value = this.#simple(this.uint8() & 0x1f);
    this.at = at;
    return Number.isInteger(value);
  }

  readInteger(): number {
    const initial = this.uint8();
    if (initial < 0x18) return initial;
    const info = initial & 0x1f;
    switch (initial >> 5) {
      case MAJOR.UNSIGNED:
        return this.integerFrom(this.#unsigned(info));
      case MAJOR.NEGATIVE:
        return this.integerFrom(this.#negative(info));
      case MAJOR.SIMPLE: {
        const value = this.#simple(info);
        if (typeof value === "number") return this.integerFrom(value);
      }
    }
    throw this.mistyped("an integer");
  }

  readString(): string {
    return this.#text(this.#stringInfo());
  }

  readUri(): string {
    const info = this.#stringInfo();
    return info === INDEFINITE ? this.#textChunks() : this.cachedText(this.#argument(info));
  }

  #stringInfo(): number {
    const initial = this.uint8();
    if (initial >> 5 !== MAJOR.TEXT) throw this.mistyped("a string");
    return initial & 0x1f;
  }

  protected skipHead(): number {
    const initial = this.uint8();
    const info = initial & 0x1f;
    switch (initial >> 5) {
      case MAJOR.UNSIGNED:
      case MAJOR.NEGATIVE:
        this.#argument(info);
        return SCALAR;
      case MAJOR.BYTES:
        if (info !== INDEFINITE) this.advance(this.#argument(info));
        else while (!this.takeBreak()) this.advance(this.#chunkLength(MAJOR.BYTES));
        return SCALAR;
      case MAJOR.TEXT:
        if (info !== INDEFINITE) this.skipText(this.#argument(info));
        else while (!this.takeBreak()) this.skipText(this.#chunkLength(MAJOR.TEXT));
        return SCALAR;
      case MAJOR.LIST:
        return info === INDEFINITE ? ELEMENTS : this.checkCount(this.#argument(info));
      case MAJOR.DICT:
        return info === INDEFINITE ? KEY : this.checkCount(this.#argument(info) * 2);
      case MAJOR.TAG:
        if (isKnownTag(this.#argument(info))) return 1;
        this.#skipTags();
        return this.skipHead();
      default:
        this.#simple(info);
        return SCALAR;
    }
  }

  protected value(isStrict: boolean): unknown {
    const initial = this.uint8();
    if (initial < 0x18) return initial;
    const info = initial & 0x1f;
    switch (initial >> 5) {
      case MAJOR.UNSIGNED:
        return this.#unsigned(info);
      case MAJOR.NEGATIVE:
        return this.#negative(info);
      case MAJOR.BYTES:
        return info === INDEFINITE ? this.#byteChunks() : this.binary(this.#argument(info));
      case MAJOR.TEXT:
        return this.#text(info);
      case MAJOR.LIST:
        return info === INDEFINITE ? this.openList(isStrict) : this.list(this.#argument(info), isStrict);
      case MAJOR.DICT:
        return info === INDEFINITE ? this.openDict(isStrict) : this.dict(this.#argument(info), isStrict);
      case MAJOR.TAG:
        return this.#tagged(this.#argument(info), isStrict);
      default:
        return this.#simple(info);
    }
  }

  /** The argument of a head, rounded beyond 2^53. */
  #argument(info: number): number {
    if (info < 24) return info;
    switch (info) {
      case 24:
        return this.uint8();
      case 25:
        return this.uint16();
      case 26:
        return this.uint32();
      case 27:
        return this.uint64();
      case INDEFINITE:
        throw this.malformed("has a head without a length where one is needed");
      default:
        throw this.#reserved(info);
    }
  }

  #unsigned(info: number): number | bigint {
    return info === 27 ? integerOf(this.bigUint64()) : this.#argument(info);
  }

  #negative(info: number): number | bigint {
    return info === 27 ? integerOf(-1n - this.bigUint64()) : -1 - this.#argument(info);
  }

  #text(info: number): string {
    return info === INDEFINITE ? this.#textChunks() : this.text(this.#argument(info));
  }

  // RFC 8949 §3.2.3: no character is cut in two, so that each chunk is text by itself.
  #textChunks(): string {
    let text = "";
    while (!this.takeBreak()) text += this.text(this.#chunkLength(MAJOR.TEXT));
    return text;
  }

  #byteChunks(): Uint8Array {
    const chunks: Uint8Array[] = [];
    while (!this.takeBreak()) {
      const start = this.advance(this.#chunkLength(MAJOR.BYTES));
      chunks.push(this.bytes.subarray(start, this.at));
    }
    return concatBytes(chunks);
  }

  #chunkLength(major: number): number {
    const initial = this.uint8();
    if (initial >> 5 !== major) throw this.malformed("has a string with a chunk of another type");
    return this.#argument(initial & 0x1f);
  }

  protected override takeBreak(): boolean {
    if (this.peek() !== BREAK) return false;
    this.at++;
    return true;
  }

  protected key(): string {
    return this.peek() >> 5 === MAJOR.TEXT ? this.readUri() : keyOf(this.value(false));
  }

  /** What a tag makes of its content: that itself, where the tag is unknown or does not fit it. */
  #tagged(tag: number, isStrict: boolean): unknown {
    if (!isKnownTag(tag)) {
      this.#skipTags();
      return this.value(isStrict);
    }
    this.enter();
    const content = this.value(isStrict);
    this.depth--;
    if (tag === TAG.DATE_TEXT) return typeof content === "string" ? dateOf(content) : content;
    if (tag === TAG.DATE_SECONDS) return typeof content === "number" ? instantOf(content) : content;
    if (!(content instanceof Uint8Array) || content.length > MAX_BIGNUM_BYTES) return content;
    return tag === TAG.BIGNUM ? integerOf(bignum(content)) : integerOf(-1n - bignum(content));
  }

  // RFC 8949 §3.3
  #simple(info: number): unknown {
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 24:
        if (this.uint8() < 32) throw this.malformed("has a simple value in two bytes that has a form in one");
        return undefined;
      case 25:
        return halfFloat(this.uint16());
      case 26:
        return this.float32();
      case 27:
        return this.float64();
      case INDEFINITE:
        throw this.malformed("has a break where no end can be");
      default:
        if (info > 27) throw this.#reserved(info);
        // `undefined` itself, and what nobody has given a meaning to.
        return undefined;
    }
  }

  #reserved(info: number): WampProtocolError {
    return this.malformed(`has a head with the additional information ${info}, which is reserved`);
  }
}

/** Whether a tag changes what its content is read as; all others are passed over. */
function isKnownTag(tag: number): boolean {
  return tag <= TAG.NEGATIVE_BIGNUM;
}

function dateOf(text: string): Date | string {
  const date = new Date(DATE_TEXT.test(text) ? text : NaN);
  return Number.isNaN(date.getTime()) ? text : date;
}

function instantOf(seconds: number): Date | number {
  const date = new Date(Math.round(seconds * 1_000));
  return Number.isNaN(date.getTime()) ? seconds : date;
}

function bignum(bytes: Uint8Array): bigint {
  let hex = "0x0";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return BigInt(hex);
}

// RFC 8949 appendix D
function halfFloat(half: number): number {
  const exponent = half >> 10 & 0x1f;
  const mantissa = half & 0x3ff;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (mantissa + 1024) * 2 ** (exponent - 25);
}
