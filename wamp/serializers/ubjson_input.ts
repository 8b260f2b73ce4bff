/**
 * Takes the single parts of UBJSON off some bytes: marks, integers, floats, lengths, text.
 * Sans-I/O.
 *
 * @module
 */

import { isValidUtf8 } from "../../internal/utf8.ts";
import { WampProtocolError } from "../errors.ts";
import { parseInteger } from "./big_integer.ts";
import { decodeText, readText } from "./text.ts";
import { UBJSON } from "./ubjson_constants.ts";

const HIGH_PRECISION = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const DIGITS = /^-?[0-9]+$/;
const TWO_POW_32 = 0x1_0000_0000;

/** The number of bytes behind each mark; `VARIES` where they say themselves, `UNKNOWN` where nobody can. */
const VARIES = 254;
const UNKNOWN = 255;
const SIZES: Uint8Array = new Uint8Array(256).fill(UNKNOWN);
for (const marker of [UBJSON.NULL, UBJSON.TRUE, UBJSON.FALSE]) SIZES[marker] = 0;
for (const marker of [UBJSON.INT8, UBJSON.UINT8, UBJSON.CHAR]) SIZES[marker] = 1;
for (const marker of [UBJSON.INT32, UBJSON.FLOAT32]) SIZES[marker] = 4;
for (const marker of [UBJSON.INT64, UBJSON.FLOAT64]) SIZES[marker] = 8;
for (const marker of [UBJSON.STRING, UBJSON.HIGH_PRECISION, UBJSON.LIST, UBJSON.DICT]) SIZES[marker] = VARIES;
SIZES[UBJSON.INT16] = 2;

const scratch = new DataView(new ArrayBuffer(8));

/**
 * Reads along some bytes, of which nothing is trusted.
 *
 * @internal
 */
export class UbjsonInput {
  /** Where the next byte is read. */
  position = 0;
  /** The bytes. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Where they end. */
  end = 0;

  /** The next byte, which stays. */
  peek(): number {
    if (this.position >= this.end) throw truncated();
    return this.bytes[this.position]!;
  }

  /** The next mark, which stays; what stands for nothing is passed. */
  peekMarker(): number {
    let marker = this.peek();
    while (marker === UBJSON.NOOP) {
      this.position++;
      marker = this.peek();
    }
    return marker;
  }

  /** Takes the next mark. */
  takeMarker(): number {
    const marker = this.peekMarker();
    this.position++;
    return marker;
  }

  /** Goes `count` bytes ahead. */
  pass(count: number): void {
    if (count > this.end - this.position) throw truncated();
    this.position += count;
  }

  /** Takes the value of a number's, text's or constant's mark: anything but a list or dictionary. */
  scalar(marker: number): unknown {
    switch (marker) {
      case UBJSON.NULL:
        return null;
      case UBJSON.TRUE:
        return true;
      case UBJSON.FALSE:
        return false;
      case UBJSON.STRING:
        return this.text();
      case UBJSON.CHAR:
        return this.char();
      default:
        return this.number(marker);
    }
  }

  /** Passes what `scalar()` would read, checking it. */
  passScalar(marker: number): void {
    if (marker === UBJSON.STRING) this.passText();
    else if (marker === UBJSON.CHAR) this.char();
    else if (marker === UBJSON.HIGH_PRECISION) this.number(marker);
    else this.pass(fixedSize(marker) ?? 0);
  }

  /** Takes the value of a number's mark. */
  number(marker: number): number | bigint {
    switch (marker) {
      case UBJSON.FLOAT32:
        return this.#float(4).getFloat32(0);
      case UBJSON.FLOAT64:
        return this.#float(8).getFloat64(0);
      case UBJSON.HIGH_PRECISION:
        return this.#highPrecision();
      default:
        return this.integer(marker);
    }
  }

  /** Takes the value of an integer's mark. */
  integer(marker: number): number | bigint {
    const { bytes, position: at } = this;
    const size = isInteger(marker) ? SIZES[marker]! : UNKNOWN;
    if (size === UNKNOWN) throw unknownMarker(marker);
    this.pass(size);
    switch (marker) {
      case UBJSON.UINT8:
        return bytes[at]!;
      case UBJSON.INT8:
        return bytes[at]! << 24 >> 24;
      case UBJSON.INT16:
        return (bytes[at]! << 8 | bytes[at + 1]!) << 16 >> 16;
      case UBJSON.INT32:
        return int32(bytes, at);
      default:
        return int64(int32(bytes, at), int32(bytes, at + 4) >>> 0);
    }
  }

  /** Takes a length, with its mark: not more than there are bytes, unless elements may take none. */
  count(): number {
    const count = this.integer(this.takeMarker());
    if (count < 0) throw invalid(`Negative length ${count}`);
    // What is beyond 2^53 is beyond any message, and need not be exact.
    return Number(count);
  }

  /** Takes a length and text. */
  text(): string {
    const start = this.#passLength();
    return readText(this.bytes, start, this.position);
  }

  /** Passes a length and text. */
  passText(): void {
    const start = this.#passLength();
    if (!isValidUtf8(this.bytes, start, this.position)) throw invalid("A string is not UTF-8");
  }

  /** Takes one character of ASCII. */
  char(): string {
    const code = this.peek();
    if (code > 0x7f) throw invalid("A character is not ASCII");
    this.position++;
    return String.fromCharCode(code);
  }

  /** Where the text begins that `position` is put behind. */
  #passLength(): number {
    const length = this.count();
    const start = this.position;
    this.pass(length);
    return start;
  }

  #highPrecision(): number | bigint {
    const start = this.#passLength();
    const text = decodeText(this.bytes, start, this.position);
    if (DIGITS.test(text) && HIGH_PRECISION.test(text)) return parseInteger(text);
    if (!HIGH_PRECISION.test(text)) throw invalid("A number of high precision is not one of JSON's");
    return Number(text);
  }

  #float(size: number): DataView {
    const start = this.position;
    this.pass(size);
    for (let index = 0; index < size; index++) scratch.setUint8(index, this.bytes[start + index]!);
    return scratch;
  }
}

/** Whether a mark is one of an integer with a size. @internal */
export function isInteger(marker: number): boolean {
  return marker === UBJSON.UINT8 || marker === UBJSON.INT8 || marker === UBJSON.INT16 || marker === UBJSON.INT32 ||
    marker === UBJSON.INT64;
}

/** The bytes of each value behind a mark; `undefined` where they differ. @internal */
export function fixedSize(marker: number): number | undefined {
  const size = SIZES[marker]!;
  if (size === UNKNOWN) throw unknownMarker(marker);
  return size === VARIES ? undefined : size;
}

function int32(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
}

/** A number up to 2^53, a bigint beyond. */
function int64(high: number, low: number): number | bigint {
  const isExact = (high >= -0x20_0000 && high < 0x20_0000) || (high === 0x20_0000 && low === 0);
  return isExact ? high * TWO_POW_32 + low : BigInt(high) * BigInt(TWO_POW_32) + BigInt(low);
}

function unknownMarker(marker: number): WampProtocolError {
  return invalid(`Unexpected mark 0x${marker.toString(16).padStart(2, "0")}`);
}

function truncated(): WampProtocolError {
  return invalid("The message ends within a value");
}

function invalid(message: string): WampProtocolError {
  return new WampProtocolError("invalid_encoding", message);
}
