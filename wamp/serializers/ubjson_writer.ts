/**
 * Writes messages as UBJSON, draft 12.
 * Sans-I/O.
 *
 * @module
 */

import { utf8Length } from "../../internal/utf8.ts";
import type { Format, ValueWriter } from "../format.ts";
import { MAX_ID } from "../ids.ts";
import { TreeWriter } from "./tree_writer.ts";
import { UBJSON } from "./ubjson_constants.ts";

const MAX_INT64 = 2n ** 63n;

/** The length in characters up to which text is tried as ASCII first. */
const MOST_ASCII = 40;

/**
 * Writes UBJSON.
 *
 * @internal
 */
export class UbjsonWriter extends TreeWriter implements ValueWriter {
  /** The format written. */
  readonly format: Format;

  /** Writes `format`. */
  constructor(format: Format) {
    super();
    this.format = format;
  }

  /** Writes the list's mark: the number of elements would take more bytes than the mark at the end. */
  beginList(_count: number): void {
    this.byte(UBJSON.LIST);
  }

  /** Ends the list. */
  endList(): void {
    this.byte(UBJSON.LIST_END);
  }

  /** Writes an integer in its shortest form. */
  integer(value: number): void {
    if (value >= 0 && value <= 0xff) this.#small(UBJSON.UINT8, value);
    else if (value >= -0x80 && value < 0) this.#small(UBJSON.INT8, value);
    else if (value >= -0x8000 && value <= 0x7fff) {
      this.byte(UBJSON.INT16);
      this.uint16(value);
    } else if (value >= -0x8000_0000 && value <= 0x7fff_ffff) {
      this.byte(UBJSON.INT32);
      this.uint32(value);
    } else {
      this.byte(UBJSON.INT64);
      this.uint64(value);
    }
  }

  /** Writes a string. */
  string(value: string): void {
    this.text(value);
  }

  /** Writes any value. */
  value(value: unknown): void {
    this.any(value, 1);
  }

  protected override nil(): void {
    this.byte(UBJSON.NULL);
  }

  protected override boolean(value: boolean): void {
    this.byte(value ? UBJSON.TRUE : UBJSON.FALSE);
  }

  protected override number(value: number): void {
    if (!Number.isFinite(value)) return this.nil();
    // Beyond 2^53 a number stands for more than one integer, and -0 is none.
    if (Number.isInteger(value) && Math.abs(value) <= MAX_ID && !Object.is(value, -0)) return this.integer(value);
    if (Math.fround(value) === value) {
      this.byte(UBJSON.FLOAT32);
      this.float32(value);
    } else {
      this.byte(UBJSON.FLOAT64);
      this.float64(value);
    }
  }

  protected override bigint(value: bigint): void {
    if (value <= MAX_ID && value >= -MAX_ID) return this.integer(Number(value));
    if (value < MAX_INT64 && value >= -MAX_INT64) {
      this.byte(UBJSON.INT64);
      this.bigUint64(value);
    } else {
      this.byte(UBJSON.HIGH_PRECISION);
      this.key(String(value));
    }
  }

  protected override text(value: string): void {
    this.byte(UBJSON.STRING);
    this.key(value);
  }

  /** Writes a length and text, without a mark of its own. */
  protected override key(value: string): void {
    const start = this.length;
    if (value.length < MOST_ASCII) {
      this.integer(value.length);
      if (this.ascii(value)) return;
      this.length = start;
    }
    const byteLength = utf8Length(value);
    this.integer(byteLength);
    this.utf8(value, byteLength);
  }

  /** Writes a list of uint8, which is what UBJSON has for bytes. */
  protected override binary(bytes: Uint8Array): void {
    this.ensure(4);
    this.byte(UBJSON.LIST);
    this.byte(UBJSON.TYPE);
    this.byte(UBJSON.UINT8);
    this.byte(UBJSON.COUNT);
    this.integer(bytes.length);
    this.raw(bytes, 0, bytes.length);
  }

  protected override open(isDict: boolean): void {
    this.byte(isDict ? UBJSON.DICT : UBJSON.LIST);
  }

  protected override separate(): void {
    // Elements follow each other.
  }

  protected override close(isDict: boolean): void {
    this.byte(isDict ? UBJSON.DICT_END : UBJSON.LIST_END);
  }

  #small(marker: number, value: number): void {
    this.ensure(2);
    this.bytes[this.length++] = marker;
    this.bytes[this.length++] = value;
  }
}
