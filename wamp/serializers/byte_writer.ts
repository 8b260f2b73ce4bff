/**
 * A buffer that grows while a message is written into it.
 * Sans-I/O.
 *
 * @module
 */

import { utf8Length } from "../../internal/utf8.ts";

/** What a writer begins with, in bytes. */
const INITIAL_CAPACITY = 1024;

/** What a writer keeps after a message that needed more, in bytes. */
const KEPT_CAPACITY = 64 * 1024;

/** The length in characters from which `encodeInto` beats a loop (bench/wamp_codec_bench.ts). */
const NATIVE_FROM = 40;

/** A character beyond U+FFFF has two units and four bytes, so that a unit never needs more than three. */
const BYTES_PER_UNIT = 3;

const encoder = new TextEncoder();

/**
 * Collects the bytes of one message. Formats write through its methods, or, where they know how much comes, straight
 * into `bytes` behind {@linkcode ByteWriter.ensure}.
 *
 * @internal
 */
export class ByteWriter {
  /** The buffer. It is another one after `ensure()`, and after everything that appends. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** How much of the buffer is written. */
  length = 0;
  #view = new DataView(this.bytes.buffer);

  /** Forgets what was written, leaving `reserve` bytes free in front. */
  begin(reserve: number): void {
    // Whoever wrote a huge message once does not keep its buffer; whoever writes one after another does.
    if (this.bytes.length > KEPT_CAPACITY && this.length * 4 < this.bytes.length) this.#replace(KEPT_CAPACITY, 0);
    this.length = 0;
    this.ensure(reserve);
    this.length = reserve;
  }

  /** Makes room for `count` more bytes. */
  ensure(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytes.length) {
      this.#replace(Math.max(needed, this.bytes.length * 2, INITIAL_CAPACITY), this.length);
    }
  }

  /** Appends one byte. */
  byte(value: number): void {
    if (this.length === this.bytes.length) this.ensure(1);
    this.bytes[this.length++] = value;
  }

  /** Appends the low 16 bits of an integer, big-endian: signed or not. */
  uint16(value: number): void {
    this.ensure(2);
    const { bytes } = this;
    bytes[this.length++] = value >>> 8;
    bytes[this.length++] = value;
  }

  /** Appends the low 32 bits of an integer, big-endian: signed or not. */
  uint32(value: number): void {
    this.ensure(4);
    const { bytes } = this;
    bytes[this.length++] = value >>> 24;
    bytes[this.length++] = value >>> 16;
    bytes[this.length++] = value >>> 8;
    bytes[this.length++] = value;
  }

  /** Appends an integer from -(2^53) to 2^53 in 64 bits, big-endian, a negative one as its two's complement. */
  uint64(value: number): void {
    const high = Math.floor(value / 0x1_0000_0000);
    this.uint32(high);
    this.uint32(value - high * 0x1_0000_0000);
  }

  /** Appends the low 64 bits of an integer, big-endian: signed or not. */
  bigUint64(value: bigint): void {
    this.ensure(8);
    this.#view.setBigUint64(this.length, value);
    this.length += 8;
  }

  /** Appends a float of 32 bits, big-endian. */
  float32(value: number): void {
    this.ensure(4);
    this.#view.setFloat32(this.length, value);
    this.length += 4;
  }

  /** Appends a float of 64 bits, big-endian. */
  float64(value: number): void {
    this.ensure(8);
    this.#view.setFloat64(this.length, value);
    this.length += 8;
  }

  /** Appends `source[start, end)`. */
  raw(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.ensure(count);
    // A loop beats the view and the call of `set` for what a message usually holds (bench/wamp_codec_bench.ts).
    if (count <= NATIVE_FROM) {
      const { bytes } = this;
      for (let from = start, to = this.length; from < end; from++, to++) bytes[to] = source[from]!;
    } else {
      this.bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), this.length);
    }
    this.length += count;
  }

  /**
   * Appends `text` if it is short and all ASCII, so that its length in bytes is `text.length`.
   *
   * @returns Whether it was appended: where not, nothing was, and {@linkcode ByteWriter.utf8} does it.
   */
  ascii(text: string): boolean {
    const count = text.length;
    if (count >= NATIVE_FROM) return false;
    this.ensure(count);
    const { bytes, length } = this;
    for (let index = 0; index < count; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) return false;
      bytes[length + index] = unit;
    }
    this.length = length + count;
    return true;
  }

  /**
   * Appends `text` as UTF-8; a lone surrogate becomes U+FFFD.
   *
   * @param text What to append.
   * @param byteLength Its length in UTF-8, where the caller knows that from {@linkcode utf8Length}.
   */
  utf8(text: string, byteLength?: number): void {
    if (this.ascii(text)) return;
    // Three bytes for each unit are enough, but for a long text that would be a waste.
    const most = text.length < KEPT_CAPACITY / 4 ? text.length * BYTES_PER_UNIT : utf8Length(text);
    this.ensure(byteLength ?? most);
    this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
  }

  /** What was written, the reserved bytes first: a view that is valid until the next `begin()`. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  #replace(capacity: number, kept: number): void {
    const bytes = new Uint8Array(capacity);
    if (kept > 0) bytes.set(this.bytes.subarray(0, kept));
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
