/**
 * Builds values of JSON text that was checked already, where `JSON.parse` would not do: for integers beyond 2^53, for
 * bytes, and for Options and Details, in which no key stands twice.
 * Sans-I/O.
 *
 * @module
 */

import type { Dict } from "../errors.ts";
import { readBase64 } from "./base64.ts";
import { parseInteger } from "./big_integer.ts";
import type { JsonScanner } from "./json_scanner.ts";
import { setOnce, setOwn } from "./own_property.ts";
import type { StringCache } from "./string_cache.ts";
import { decodeText } from "./text.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const LIST = 0x5b;
const LIST_END = 0x5d;
const TRUE = 0x74;
const FALSE = 0x66;
const NULL = 0x6e;
const DICT = 0x7b;
const DICT_END = 0x7d;

/** The most digits of an integer that is added up digit by digit. */
const EXACT_DIGITS = 15;

type Container = unknown[] | Dict;

/** Sets a key in a dictionary. */
type SetKey = (dict: Dict, key: string, value: unknown) => void;

/**
 * Builds values without recursion.
 *
 * @internal
 */
export class JsonBuilder {
  readonly #scanner: JsonScanner;
  readonly #strings: StringCache;
  #bytes: Uint8Array = new Uint8Array(0);
  #index = 0;
  #set: SetKey = setOwn;
  /** The containers around the one being built, with the keys by which they hold the next. */
  #outer: Container[] = [];
  #keys: string[] = [];

  /** Finds the ends of strings and numbers by `scanner`, and takes keys from `strings`. */
  constructor(scanner: JsonScanner, strings: StringCache) {
    this.#scanner = scanner;
    this.#strings = strings;
  }

  /**
   * Builds the value at `start` of the bytes that the scanner reads, which has walked over that.
   *
   * @param bytes The scanner's bytes.
   * @param start Where the value begins.
   * @param isStrict Whether a key that stands twice is an error.
   */
  build(bytes: Uint8Array, start: number, isStrict: boolean): unknown {
    this.#bytes = bytes;
    this.#index = start;
    this.#set = isStrict ? setOnce : setOwn;
    this.#outer = [];
    this.#keys = [];
    let container: Container | undefined;
    let key = "";
    for (;;) {
      let value: unknown;
      const byte = this.#nextByte();
      if (byte === LIST || byte === DICT) {
        if (container !== undefined) {
          this.#outer.push(container);
          this.#keys.push(key);
        }
        container = byte === LIST ? [] : {};
        this.#index++;
      } else if (byte === LIST_END || byte === DICT_END) {
        this.#index++;
        value = container;
        container = this.#outer.pop();
        key = this.#keys.pop() ?? "";
        if (container === undefined) return value;
        this.#put(container, key, value);
      } else if (container === undefined) {
        return this.#scalar(byte);
      } else {
        this.#put(container, key, this.#scalar(byte));
      }
      if (container !== undefined && !Array.isArray(container) && this.#nextByte() === QUOTE) key = this.#key();
    }
  }

  #put(container: Container, key: string, value: unknown): void {
    if (Array.isArray(container)) container.push(value);
    else this.#set(container, key, value);
  }

  /** The next byte that is neither space nor a comma or colon. */
  #nextByte(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.#index]!;
    while (byte <= 0x20 || byte === COMMA || byte === COLON) byte = bytes[++this.#index]!;
    return byte;
  }

  #scalar(byte: number): unknown {
    switch (byte) {
      case QUOTE:
        return bytesOrText(this.#string());
      case TRUE:
        this.#index += 4;
        return true;
      case FALSE:
        this.#index += 5;
        return false;
      case NULL:
        this.#index += 4;
        return null;
      default:
        return this.#number();
    }
  }

  #number(): number | bigint {
    const start = this.#index;
    this.#index = this.#scanner.number(start);
    if (this.#scanner.isInteger && this.#index - start <= EXACT_DIGITS) {
      return shortInteger(this.#bytes, start, this.#index);
    }
    const digits = decodeText(this.#bytes, start, this.#index);
    return this.#scanner.isInteger ? parseInteger(digits) : Number(digits);
  }

  #key(): string {
    const start = this.#index;
    const end = this.#stringEnd();
    return this.#scanner.hasEscape
      ? unescape(this.#bytes, start, end)
      : this.#strings.get(this.#bytes, start + 1, end - 1);
  }

  #string(): string {
    const start = this.#index;
    const end = this.#stringEnd();
    return this.#scanner.hasEscape ? unescape(this.#bytes, start, end) : decodeText(this.#bytes, start + 1, end - 1);
  }

  #stringEnd(): number {
    this.#scanner.hasEscape = false;
    return this.#index = this.#scanner.string(this.#index + 1);
  }
}

/** An integer of so few digits that it is exact on the way. */
function shortInteger(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS;
  let value = 0;
  for (let index = isNegative ? start + 1 : start; index < end; index++) value = value * 10 + bytes[index]! - ZERO;
  return isNegative ? -value : value;
}

/** The string whose quotes are at `start` and before `end`. */
function unescape(bytes: Uint8Array, start: number, end: number): string {
  return JSON.parse(decodeText(bytes, start, end));
}

/** WAMP, Binary support in JSON: what is no base64 behind the mark is text after all. */
function bytesOrText(text: string): string | Uint8Array {
  return text.length > 0 && text.charCodeAt(0) === 0 ? readBase64(text, 1) ?? text : text;
}
