/**
 * Takes JSON messages apart as bytes: only what is looked at is built.
 * Sans-I/O.
 *
 * @module
 */

import { isValidUtf8 } from "../../internal/utf8.ts";
import { type Dict, WampProtocolError } from "../errors.ts";
import type { ValueKind, ValueReader } from "../format.ts";
import { MAX_ID } from "../ids.ts";
import { parseInteger } from "./big_integer.ts";
import { JsonBuilder } from "./json_builder.ts";
import { JsonScanner } from "./json_scanner.ts";
import { StringCache } from "./string_cache.ts";
import { decodeText, readText } from "./text.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const LIST = 0x5b;
const LIST_END = 0x5d;
const DICT = 0x7b;
const DICT_END = 0x7d;

/** This many digits are read by hand, without rounding. */
const EXACT_DIGITS = 15;

/** Up to this many bytes a value is built by hand faster than `JSON.parse` does (bench/wamp_codec_bench.ts). */
const SHORT_TEXT = 48;

/**
 * Reads JSON text.
 *
 * @internal
 */
export class JsonReader implements ValueReader {
  /** Where the next byte is read. */
  position = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;
  #isFirst = false;
  readonly #strings = new StringCache();
  readonly #scanner = new JsonScanner();
  readonly #builder = new JsonBuilder(this.#scanner, this.#strings);

  /** Begins at `bytes[start]`. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#end = end;
    this.#scanner.reset(bytes, end);
    this.position = start;
  }

  /** Reads `[`. */
  enterList(): void {
    this.position = this.#scanner.space(this.position);
    if (this.#here() !== LIST) throw invalid("The message is not a list");
    this.position++;
    this.#isFirst = true;
  }

  /** Whether the list goes on. */
  next(): boolean {
    this.position = this.#scanner.space(this.position);
    const byte = this.#here();
    if (byte === LIST_END) {
      this.position++;
      return false;
    }
    if (this.#isFirst) {
      this.#isFirst = false;
      return true;
    }
    if (byte !== COMMA) throw invalid(`Unexpected 0x${byte.toString(16)} in the message's list`);
    this.position = this.#scanner.space(this.position + 1);
    this.#here();
    return true;
  }

  /** What stands here. */
  kind(): ValueKind {
    switch (this.#here()) {
      case QUOTE:
        return "string";
      case LIST:
        return "list";
      case DICT:
        return "dict";
      default:
        return isNumeric(this.#here()) && Number.isInteger(this.#numberHere()) ? "integer" : "other";
    }
  }

  /** Reads an integer from -(2^53) to 2^53. */
  readInteger(): number {
    const bytes = this.#bytes;
    const last = Math.min(this.#end, this.position + EXACT_DIGITS + 1);
    let index = this.position;
    let value = 0;
    for (; index < last; index++) {
      const digit = bytes[index]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    // A digit in front and a comma or bracket behind leave nothing to check, but for a leading zero.
    const behind = bytes[index];
    if (index < last && bytes[this.position] !== ZERO && value > 0 && (behind === COMMA || behind === LIST_END)) {
      this.position = index;
      return value;
    }
    return this.#readAnyInteger();
  }

  /** Reads a string. */
  readString(): string {
    const start = this.position;
    const end = this.#stringEnd();
    return this.#scanner.hasEscape ? this.#unescape(start, end) : readText(this.#bytes, start + 1, end - 1);
  }

  /** Reads a URI. */
  readUri(): string {
    const start = this.position;
    const end = this.#stringEnd();
    return this.#scanner.hasEscape ? this.#unescape(start, end) : this.#strings.get(this.#bytes, start + 1, end - 1);
  }

  /** Reads Options or Details. */
  readDict(): Dict {
    const start = this.position;
    if (this.#here() !== DICT) throw this.#mismatch("a dictionary");
    if (start + 1 < this.#end && this.#bytes[start + 1] === DICT_END) {
      this.position = start + 2;
      return {};
    }
    this.position = this.#scanner.value(start);
    return this.#builder.build(this.#bytes, start, true) as Dict;
  }

  /** Walks over a value. */
  skip(): void {
    this.position = this.#scanner.value(this.position);
  }

  /** Builds a value. */
  readValue(): unknown {
    const start = this.position;
    this.position = this.#scanner.value(start);
    if (this.#scanner.isSpecial || this.position - start <= SHORT_TEXT) {
      return this.#builder.build(this.#bytes, start, false);
    }
    return JSON.parse(decodeText(this.#bytes, start, this.position));
  }

  /** Throws unless nothing but space is left. */
  expectEnd(): void {
    this.position = this.#scanner.space(this.position);
    if (this.position < this.#end) throw invalid("The text goes on after the message's list");
  }

  #here(): number {
    if (this.position >= this.#end) throw invalid("The text ends within the message's list");
    return this.#bytes[this.position]!;
  }

  #stringEnd(): number {
    if (this.#here() !== QUOTE) throw this.#mismatch("a string");
    this.#scanner.hasEscape = false;
    return this.position = this.#scanner.string(this.position + 1);
  }

  #unescape(start: number, end: number): string {
    if (!isValidUtf8(this.#bytes, start, end)) throw invalid("A string is not UTF-8");
    return JSON.parse(decodeText(this.#bytes, start, end));
  }

  /** The number here, whose end the scanner's walk finds; the position stays. */
  #numberHere(): number | bigint {
    const end = this.#scanner.number(this.position);
    const digits = decodeText(this.#bytes, this.position, end);
    return this.#scanner.isInteger ? parseInteger(digits) : Number(digits);
  }

  #readAnyInteger(): number {
    if (!isNumeric(this.#here())) throw this.#mismatch("an integer");
    const value = this.#numberHere();
    if (typeof value === "bigint" || !Number.isInteger(value) || Math.abs(value) > MAX_ID) {
      throw new WampProtocolError("invalid_message", `Expected an integer of at most 2^53, found ${shorten(value)}`);
    }
    this.position = this.#scanner.number(this.position);
    return value;
  }

  #mismatch(expected: string): WampProtocolError {
    return new WampProtocolError("invalid_message", `Expected ${expected}, found ${describe(this.kind())}`);
  }
}

function isNumeric(byte: number): boolean {
  return byte === MINUS || (byte >= ZERO && byte <= NINE);
}

function describe(kind: ValueKind): string {
  return kind === "other" ? "something else" : kind === "integer" ? "an integer" : `a ${kind}`;
}

function shorten(value: number | bigint): string {
  const text = String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function invalid(message: string): WampProtocolError {
  return new WampProtocolError("invalid_encoding", message);
}
