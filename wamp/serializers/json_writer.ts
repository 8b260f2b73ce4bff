/**
 * Writes messages as JSON text.
 * Sans-I/O.
 *
 * @module
 */

import { viewBytes } from "../../internal/bytes.ts";
import { type Dict, SerializationError } from "../errors.ts";
import { type Format, MAX_DEPTH, type ValueWriter } from "../format.ts";
import { MAX_ID } from "../ids.ts";
import { writeBase64 } from "./base64.ts";
import { ByteWriter } from "./byte_writer.ts";
import { isPlain, tooDeep } from "./json_plain.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const LIST = 0x5b;
const BACKSLASH = 0x5c;
const LIST_END = 0x5d;
const DICT = 0x7b;
const DICT_END = 0x7d;

/** The length in characters from which `JSON.stringify` beats a loop (bench/wamp_codec_bench.ts). */
const NATIVE_FROM = 64;

/** How a string that stands for bytes begins, with its quote (WAMP, Binary conversion of JSON Strings). */
const BINARY_START = '"\\u0000';

/**
 * Writes JSON text.
 *
 * @internal
 */
export class JsonWriter extends ByteWriter implements ValueWriter {
  /** The format written. */
  readonly format: Format;
  #isFirst = true;

  /** Writes `format`. */
  constructor(format: Format) {
    super();
    this.format = format;
  }

  override begin(reserve: number): void {
    super.begin(reserve);
    this.#isFirst = true;
  }

  /** Writes `[`; JSON does not say how many elements follow. */
  beginList(_count: number): void {
    this.byte(LIST);
    this.#isFirst = true;
  }

  /** Writes `]`. */
  endList(): void {
    this.byte(LIST_END);
  }

  /** Writes an integer. */
  integer(value: number): void {
    this.#separate();
    if (value >= 0 && value < 10) this.byte(0x30 + value);
    else this.ascii(String(value));
  }

  /** Writes a string. */
  string(value: string): void {
    this.#separate();
    this.#text(value);
  }

  /** Writes any value. */
  value(value: unknown): void {
    this.#separate();
    if (isPlain(value)) this.utf8(JSON.stringify(value));
    else this.#value(value, 1);
  }

  /** Writes elements that are JSON already. */
  override raw(bytes: Uint8Array, start: number, end: number): void {
    this.#separate();
    super.raw(bytes, start, end);
  }

  #separate(): void {
    if (this.#isFirst) this.#isFirst = false;
    else this.byte(COMMA);
  }

  #text(text: string): void {
    const count = text.length;
    if (count >= NATIVE_FROM) return this.utf8(JSON.stringify(text));
    this.ensure(count + 2);
    const { bytes } = this;
    let to = this.length;
    bytes[to++] = QUOTE;
    for (let index = 0; index < count; index++) {
      const unit = text.charCodeAt(index);
      if (unit < 0x20 || unit > 0x7e || unit === QUOTE || unit === BACKSLASH) return this.utf8(JSON.stringify(text));
      bytes[to++] = unit;
    }
    bytes[to++] = QUOTE;
    this.length = to;
  }

  /** What `JSON.stringify` would not write as wanted, inside `depth` levels. */
  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return this.utf8(numberText(value));
      case "bigint":
      case "boolean":
        return this.utf8(String(value));
      case "undefined":
        return this.utf8("null");
      case "object":
        return value === null ? this.utf8("null") : this.#object(value, depth + 1);
      default:
        throw new SerializationError(`Cannot write a ${typeof value}`);
    }
  }

  #object(value: object, depth: number): void {
    // The bound ends a cycle, and an object that converts to itself.
    if (depth > MAX_DEPTH) throw tooDeep();
    if (Array.isArray(value)) return this.#list(value, depth);
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return this.#binary(viewBytes(value));
    if (value instanceof Map) return this.#entries(value, depth);
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (typeof toJSON === "function") return this.#value(toJSON.call(value, ""), depth);
    return this.#entries(Object.entries(value as Dict), depth);
  }

  #list(list: readonly unknown[], depth: number): void {
    this.byte(LIST);
    for (let index = 0; index < list.length; index++) {
      if (index > 0) this.byte(COMMA);
      this.#value(list[index], depth);
    }
    this.byte(LIST_END);
  }

  #entries(entries: Iterable<readonly [unknown, unknown]>, depth: number): void {
    this.byte(DICT);
    let isFirst = true;
    for (const [key, value] of entries) {
      if (value === undefined) continue;
      if (!isFirst) this.byte(COMMA);
      isFirst = false;
      this.#text(keyText(key));
      this.byte(COLON);
      this.#value(value, depth);
    }
    this.byte(DICT_END);
  }

  #binary(bytes: Uint8Array): void {
    this.ascii(BINARY_START);
    writeBase64(bytes, this);
    this.byte(QUOTE);
  }
}

/** A float beyond 2^53 gets an exponent, by which it is told from an integer; what JSON cannot say is null. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) return "null";
  return Number.isInteger(value) && Math.abs(value) > MAX_ID ? value.toExponential() : String(value);
}

/** The key of an entry, from an object or a Map. */
function keyText(key: unknown): string {
  if (typeof key === "string") return key;
  if (typeof key === "number" || typeof key === "bigint") return String(key);
  throw new SerializationError(`Cannot write a key of type ${typeof key}`);
}
