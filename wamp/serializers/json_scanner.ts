/**
 * Walks over JSON text as bytes, checking it, without building anything (RFC 8259).
 * Sans-I/O.
 *
 * @module
 */

import { isValidUtf8 } from "../../internal/utf8.ts";
import { WampProtocolError } from "../errors.ts";
import { MAX_DEPTH } from "../format.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const LIST = 0x5b;
const BACKSLASH = 0x5c;
const LIST_END = 0x5d;
const DICT = 0x7b;
const DICT_END = 0x7d;

/** 2^53 has this many digits: a number with fewer is exact. */
const INEXACT_FROM = 16;

/** What may follow a backslash by itself (RFC 8259 §7). */
const ESCAPES = '"bf\\nr/t';
const UNICODE_ESCAPE = 0x75;
const HEX_DIGITS = "0123456789abcdefABCDEF";
/** How a string that stands for bytes begins. */
const BINARY_MARK: readonly number[] = [0x5c, 0x75, 0x30, 0x30, 0x30, 0x30];

/** What stands for itself in a string: all but quote, backslash and control characters (RFC 8259 §7). */
const PLAIN: Uint8Array = new Uint8Array(256).fill(1, 0x20);
PLAIN[QUOTE] = PLAIN[BACKSLASH] = 0;
const IS_ESCAPE: Uint8Array = tableOf(ESCAPES);
const IS_HEX: Uint8Array = tableOf(HEX_DIGITS);

/**
 * Checks JSON values and notes what matters for building them.
 *
 * @internal
 */
export class JsonScanner {
  /** Whether the last value holds ASCII alone. */
  isAscii = true;
  /** Whether the last value holds what `JSON.parse` would not build: bytes, or an integer beyond 2^53. */
  isSpecial = false;
  /** Whether the last number was written without fraction and exponent. */
  isInteger = false;
  /** Whether a string was written with an escape, since this was last set to false. */
  hasEscape = false;
  #end = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  /** For each level that is open, whether it is a dictionary. */
  readonly #isDict = new Uint8Array(MAX_DEPTH + 1);

  /** Begins with another input, which ends at `end`. */
  reset(bytes: Uint8Array, end: number): void {
    this.#bytes = bytes;
    this.#end = end;
  }

  /** The index of the first byte from `index` on that is no space; `end` if there is none. */
  space(index: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    while (index < end) {
      const byte = bytes[index]!;
      if (byte > 0x20 || !(byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)) return index;
      index++;
    }
    return index;
  }

  /**
   * Walks over the value that begins at `start`, an element of the message's list, so that it is on the second level.
   *
   * @returns The index behind it.
   */
  value(start: number): number {
    const bytes = this.#bytes;
    this.isAscii = true;
    this.isSpecial = false;
    let depth = 1;
    let index = start;
    for (;;) {
      const byte = this.#at(index);
      if (byte === LIST || byte === DICT) {
        if (++depth > MAX_DEPTH) throw new WampProtocolError("limit_exceeded", `Nested over ${MAX_DEPTH} levels`);
        const isDict = byte === DICT;
        this.#isDict[depth] = isDict ? 1 : 0;
        index = this.space(index + 1);
        if (this.#at(index) !== (isDict ? DICT_END : LIST_END)) {
          if (isDict) index = this.#key(index);
          continue;
        }
        index++;
        depth--;
      } else {
        index = this.#scalar(index, byte);
      }
      // Behind a value: close what ends here, up to the next value or the end of the whole.
      for (;;) {
        if (depth === 1) {
          if (!this.isAscii && !isValidUtf8(bytes, start, index)) throw invalid("A string is not UTF-8");
          return index;
        }
        index = this.space(index);
        const isDict = this.#isDict[depth] === 1;
        const next = this.#at(index++);
        if (next === COMMA) {
          index = this.space(index);
          if (isDict) index = this.#key(index);
          break;
        }
        if (next !== (isDict ? DICT_END : LIST_END)) throw unexpected(next);
        depth--;
      }
    }
  }

  /** Walks over a string, whose quote is at `index - 1`. */
  string(index: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let all = 0;
    while (index < end) {
      const byte = bytes[index]!;
      if (PLAIN[byte] === 1) {
        all |= byte;
        index++;
      } else if (byte === QUOTE) {
        if (all > 0x7f) this.isAscii = false;
        return index + 1;
      } else {
        index = this.#escape(index, byte);
      }
    }
    throw invalid("The text ends within a string");
  }

  /** Walks over a number (RFC 8259 §6). */
  number(index: number): number {
    if (this.#at(index) === MINUS) index++;
    const start = index;
    const first = this.#at(index);
    index = first === ZERO ? index + 1 : this.#digits(index);
    if (index - start >= INEXACT_FROM) this.isSpecial = true;
    this.isInteger = true;
    if (index >= this.#end) return index;
    let byte = this.#bytes[index]!;
    if (byte === DOT) {
      this.isInteger = false;
      index = this.#digits(index + 1);
      if (index >= this.#end) return index;
      byte = this.#bytes[index]!;
    }
    if (byte === 0x65 || byte === 0x45) {
      this.isInteger = false;
      const sign = this.#at(++index);
      index = this.#digits(sign === MINUS || sign === 0x2b ? index + 1 : index);
    }
    return index;
  }

  /** The byte at `index`, which must be in the text. */
  #at(index: number): number {
    if (index >= this.#end) throw invalid("The text ends within a value");
    return this.#bytes[index]!;
  }

  #scalar(index: number, byte: number): number {
    if (byte === QUOTE) {
      if (this.#bytes[index + 1] === BACKSLASH && this.#hasMark(index + 1)) this.isSpecial = true;
      return this.string(index + 1);
    }
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) return this.number(index);
    if (byte === 0x74) return this.#literal(index, "true");
    if (byte === 0x66) return this.#literal(index, "false");
    if (byte === 0x6e) return this.#literal(index, "null");
    throw unexpected(byte);
  }

  /** Walks over a key and its colon, up to the value. */
  #key(index: number): number {
    const byte = this.#at(index);
    if (byte !== QUOTE) throw unexpected(byte);
    index = this.space(this.string(index + 1));
    const colon = this.#at(index);
    if (colon !== COLON) throw unexpected(colon);
    return this.space(index + 1);
  }

  #escape(index: number, byte: number): number {
    if (byte !== BACKSLASH) throw invalid(`Control character 0x${byte.toString(16)} in a string`);
    this.hasEscape = true;
    const escaped = this.#at(index + 1);
    if (escaped !== UNICODE_ESCAPE) {
      if (IS_ESCAPE[escaped] !== 1) throw invalid(`Unknown escape of 0x${escaped.toString(16)} in a string`);
      return index + 2;
    }
    for (let digit = index + 2; digit < index + 6; digit++) {
      if (IS_HEX[this.#at(digit)] !== 1) throw invalid("\\u without four hexadecimal digits in a string");
    }
    return index + 6;
  }

  #digits(index: number): number {
    const start = index;
    const bytes = this.#bytes;
    while (index < this.#end && bytes[index]! >= ZERO && bytes[index]! <= NINE) index++;
    if (index === start) throw invalid("A number lacks a digit");
    return index;
  }

  #literal(index: number, text: string): number {
    for (let offset = 0; offset < text.length; offset++) {
      const byte = this.#at(index + offset);
      if (byte !== text.charCodeAt(offset)) throw unexpected(byte);
    }
    return index + text.length;
  }

  #hasMark(index: number): boolean {
    return BINARY_MARK.every((byte, offset) => this.#bytes[index + offset] === byte);
  }
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

function invalid(message: string): WampProtocolError {
  return new WampProtocolError("invalid_encoding", message);
}

function unexpected(byte: number): WampProtocolError {
  return invalid(`Unexpected 0x${byte.toString(16).padStart(2, "0")} between values`);
}
