/**
 * Writes CBOR (RFC 8949).
 * Sans-I/O.
 *
 * @module
 */

import type { Format } from "../format.ts";
import { BinaryWriter } from "./binary_writer.ts";
import { MAJOR, TAG } from "./cbor_constants.ts";

const MAX_UINT32 = 0xffff_ffff;
const TWO_64 = 2n ** 64n;

/** The instants that have a text that all peers read: years 1 to 9999. */
const FIRST_TEXT_DATE = -62_135_596_800_000;
const AFTER_TEXT_DATES = 253_402_300_800_000;

/**
 * Writes definite lengths and integers in their shortest form; floats in 64 bits, as the other libraries do.
 *
 * @internal
 */
export class CborWriter extends BinaryWriter {
  readonly format: Format;

  /** `format` is what the writer says it writes. */
  constructor(format: Format) {
    super();
    this.format = format;
  }

  integer(value: number): void {
    if (value >= 0) this.#head(MAJOR.UNSIGNED, value);
    else this.#head(MAJOR.NEGATIVE, -1 - value);
  }

  protected nil(): void {
    this.byte(0xf6);
  }

  protected boolean(value: boolean): void {
    this.byte(value ? 0xf5 : 0xf4);
  }

  // RFC 8949 §4.2.1: NaN and the infinities are short; other numbers keep one width.
  protected float(value: number): void {
    if (Number.isFinite(value)) {
      this.byte(0xfb);
      this.float64(value);
    } else {
      this.byte(0xf9);
      this.uint16(Number.isNaN(value) ? 0x7e00 : value > 0 ? 0x7c00 : 0xfc00);
    }
  }

  // RFC 8949 §3.4.3: a bignum is for what has no other form.
  protected bigint(value: bigint): void {
    const isNegative = value < 0n;
    const magnitude = isNegative ? -1n - value : value;
    if (magnitude <= Number.MAX_SAFE_INTEGER) {
      this.#head(isNegative ? MAJOR.NEGATIVE : MAJOR.UNSIGNED, Number(magnitude));
    } else if (magnitude < TWO_64) {
      this.byte((isNegative ? MAJOR.NEGATIVE : MAJOR.UNSIGNED) << 5 | 27);
      this.bigUint64(magnitude);
    } else {
      this.#head(MAJOR.TAG, isNegative ? TAG.NEGATIVE_BIGNUM : TAG.BIGNUM);
      this.binary(bytesOf(magnitude));
    }
  }

  protected binary(bytes: Uint8Array): void {
    this.#head(MAJOR.BYTES, bytes.length);
    this.raw(bytes, 0, bytes.length);
  }

  // RFC 8949 §3.4.1: text, as Python's cbor2 writes it, which is exact where a float of seconds is not.
  protected date(milliseconds: number): void {
    if (milliseconds >= FIRST_TEXT_DATE && milliseconds < AFTER_TEXT_DATES) {
      this.#head(MAJOR.TAG, TAG.DATE_TEXT);
      this.string(new Date(milliseconds).toISOString().replace(".000Z", "Z"));
    } else {
      this.#head(MAJOR.TAG, TAG.DATE_SECONDS);
      this.value(milliseconds / 1_000);
    }
  }

  protected stringHead(byteLength: number): void {
    this.#head(MAJOR.TEXT, byteLength);
  }

  protected listHead(count: number): void {
    this.#head(MAJOR.LIST, count);
  }

  protected dictHead(count: number): void {
    this.#head(MAJOR.DICT, count);
  }

  /** A head (RFC 8949 §3) with an argument up to 2^53. */
  #head(major: number, argument: number): void {
    const type = major << 5;
    if (argument < 24) {
      this.byte(type | argument);
    } else if (argument < 0x100) {
      this.byte(type | 24);
      this.byte(argument);
    } else if (argument < 0x1_0000) {
      this.byte(type | 25);
      this.uint16(argument);
    } else if (argument <= MAX_UINT32) {
      this.byte(type | 26);
      this.uint32(argument);
    } else {
      this.byte(type | 27);
      this.uint64(argument);
    }
  }
}

function bytesOf(magnitude: bigint): Uint8Array {
  const digits = magnitude.toString(16);
  const hex = digits.length % 2 === 0 ? digits : `0${digits}`;
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index++) bytes[index] = parseInt(hex.slice(index * 2, index * 2 + 2), 16);
  return bytes;
}
