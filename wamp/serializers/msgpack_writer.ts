/**
 * Writes MessagePack.
 * Sans-I/O.
 *
 * @module
 */

import { SerializationError } from "../errors.ts";
import type { Format } from "../format.ts";
import { MAX_ID } from "../ids.ts";
import { BinaryWriter } from "./binary_writer.ts";
import { MsgpackExtension } from "./msgpack_extension.ts";

const TIMESTAMP = -1;
const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_UINT32 = 0xffff_ffff;

/**
 * Writes each value in its shortest form.
 *
 * @internal
 */
export class MsgpackWriter extends BinaryWriter {
  readonly format: Format;

  /** `format` is what the writer says it writes. */
  constructor(format: Format) {
    super();
    this.format = format;
  }

  integer(value: number): void {
    if (value >= 0) this.#positive(value);
    else this.#negative(value);
  }

  #positive(value: number): void {
    if (value < 0x80) {
      this.byte(value);
    } else if (value < 0x100) {
      this.byte(0xcc);
      this.byte(value);
    } else if (value < 0x1_0000) {
      this.byte(0xcd);
      this.uint16(value);
    } else if (value <= MAX_UINT32) {
      this.byte(0xce);
      this.uint32(value);
    } else {
      this.byte(0xcf);
      this.uint64(value);
    }
  }

  #negative(value: number): void {
    if (value >= -0x20) {
      this.byte(value & 0xff);
    } else if (value >= -0x80) {
      this.byte(0xd0);
      this.byte(value & 0xff);
    } else if (value >= -0x8000) {
      this.byte(0xd1);
      this.uint16(value);
    } else if (value >= -0x8000_0000) {
      this.byte(0xd2);
      this.uint32(value);
    } else {
      this.byte(0xd3);
      this.uint64(value);
    }
  }

  protected nil(): void {
    this.byte(0xc0);
  }

  protected boolean(value: boolean): void {
    this.byte(value ? 0xc3 : 0xc2);
  }

  protected float(value: number): void {
    this.byte(0xcb);
    this.float64(value);
  }

  protected bigint(value: bigint): void {
    if (value >= -MAX_ID && value <= MAX_ID) return this.integer(Number(value));
    if (value < MIN_INT64 || value > MAX_UINT64) {
      throw new SerializationError(
        `Cannot write an integer of ${bitLength(value)} bits in MessagePack: it must be from -(2^63) to 2^64 - 1`,
      );
    }
    this.byte(value < 0n ? 0xd3 : 0xcf);
    this.bigUint64(value);
  }

  protected binary(bytes: Uint8Array): void {
    this.#head(bytes.length, 0xc4);
    this.raw(bytes, 0, bytes.length);
  }

  protected stringHead(byteLength: number): void {
    if (byteLength < 0x20) this.byte(0xa0 | byteLength);
    else this.#head(byteLength, 0xd9);
  }

  protected listHead(count: number): void {
    if (count < 0x10) this.byte(0x90 | count);
    else this.#collectionHead(count, 0xdc);
  }

  protected dictHead(count: number): void {
    if (count < 0x10) this.byte(0x80 | count);
    else this.#collectionHead(count, 0xde);
  }

  protected override object(value: object): void {
    if (value instanceof MsgpackExtension) this.#extension(value.type, value.data);
    else super.object(value);
  }

  /** The three forms of a timestamp: 32, 64 and 96 bits. */
  protected date(milliseconds: number): void {
    const seconds = Math.floor(milliseconds / 1_000);
    const nanoseconds = (milliseconds - seconds * 1_000) * 1_000_000;
    if (seconds >= 0 && seconds < 2 ** 34) {
      if (nanoseconds === 0 && seconds <= MAX_UINT32) {
        this.#extensionHead(TIMESTAMP, 4);
        this.uint32(seconds);
      } else {
        this.#extensionHead(TIMESTAMP, 8);
        this.uint32(nanoseconds * 4 + Math.floor(seconds / 0x1_0000_0000));
        this.uint32(seconds);
      }
    } else {
      this.#extensionHead(TIMESTAMP, 12);
      this.uint32(nanoseconds);
      this.uint64(seconds);
    }
  }

  #extension(type: number, data: Uint8Array): void {
    this.#extensionHead(type, data.length);
    this.raw(data, 0, data.length);
  }

  #extensionHead(type: number, byteLength: number): void {
    const fixed = [1, 2, 4, 8, 16].indexOf(byteLength);
    if (fixed >= 0) this.byte(0xd4 + fixed);
    else this.#head(byteLength, 0xc7);
    this.byte(type & 0xff);
  }

  /** A length in 8, 16 or 32 bits: `marker` is that of 8. */
  #head(byteLength: number, marker: number): void {
    if (byteLength < 0x100) {
      this.byte(marker);
      this.byte(byteLength);
    } else {
      this.#collectionHead(byteLength, marker + 1);
    }
  }

  /** A length in 16 or 32 bits: `marker` is that of 16. */
  #collectionHead(count: number, marker: number): void {
    if (count < 0x1_0000) {
      this.byte(marker);
      this.uint16(count);
    } else {
      this.byte(marker + 1);
      this.uint32(count);
    }
  }
}

function bitLength(value: bigint): number {
  return (value < 0n ? -value : value).toString(2).length;
}
