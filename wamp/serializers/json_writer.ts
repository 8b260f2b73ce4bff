/**
 * Writes messages as JSON text.
 * Sans-I/O.
 *
 * @module
 */

import type { Dict } from "../errors.ts";
import type { Format, ValueWriter } from "../format.ts";
import { MAX_ID } from "../ids.ts";
import { writeBase64 } from "./base64.ts";
import { isPlain } from "./json_plain.ts";
import { TreeWriter } from "./tree_writer.ts";

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

/** A flat value of so many parts is written by hand faster than `JSON.stringify` does (bench/wamp_codec_bench.ts). */
const FEW_PARTS = 8;

/** How a string that stands for bytes begins, with its quote (WAMP, Binary support in JSON). */
const BINARY_START = '"\\u0000';

/**
 * Writes JSON text.
 *
 * @internal
 */
export class JsonWriter extends TreeWriter implements ValueWriter {
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
    this.#begin();
    if (value >= 0 && value < 10) this.byte(0x30 + value);
    else this.ascii(String(value));
  }

  /** Writes a string. */
  string(value: string): void {
    this.#begin();
    this.text(value);
  }

  /** Writes any value. */
  value(value: unknown): void {
    this.#begin();
    if (!isSmall(value) && isPlain(value)) this.utf8(JSON.stringify(value));
    else this.any(value, 1);
  }

  /** Writes elements that are JSON already. */
  override raw(bytes: Uint8Array, start: number, end: number): void {
    this.#begin();
    super.raw(bytes, start, end);
  }

  protected override nil(): void {
    this.ascii("null");
  }

  protected override boolean(value: boolean): void {
    this.ascii(value ? "true" : "false");
  }

  protected override number(value: number): void {
    if (!Number.isFinite(value)) return this.nil();
    // A float beyond 2^53 gets an exponent, by which it is told from an integer.
    const isHuge = Number.isInteger(value) && Math.abs(value) > MAX_ID;
    this.ascii(isHuge ? value.toExponential() : String(value));
  }

  protected override bigint(value: bigint): void {
    this.utf8(String(value));
  }

  protected override text(text: string): void {
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

  protected override key(value: string): void {
    this.text(value);
    this.byte(COLON);
  }

  protected override binary(bytes: Uint8Array): void {
    this.ascii(BINARY_START);
    writeBase64(bytes, this);
    this.byte(QUOTE);
  }

  protected override open(isDict: boolean): void {
    this.byte(isDict ? DICT : LIST);
  }

  protected override separate(): void {
    this.byte(COMMA);
  }

  protected override close(isDict: boolean): void {
    this.byte(isDict ? DICT_END : LIST_END);
  }

  #begin(): void {
    if (this.#isFirst) this.#isFirst = false;
    else this.byte(COMMA);
  }
}

/** Whether a value is flat and has few parts. */
function isSmall(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.length <= FEW_PARTS && !value.some(isObject);
  return Object.getPrototypeOf(value) === Object.prototype && isSmallDict(value as Dict);
}

function isSmallDict(dict: Readonly<Dict>): boolean {
  const keys = Object.keys(dict);
  if (keys.length > FEW_PARTS) return false;
  for (const key of keys) {
    if (isObject(dict[key])) return false;
  }
  return true;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
