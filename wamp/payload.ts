/**
 * The arguments of a message: as values, or as the bytes they came in, decoded when somebody looks.
 * Sans-I/O.
 *
 * @module
 */

import type { Dict } from "./errors.ts";
import type { Format, ValueReader, ValueWriter } from "./format.ts";

/** How many of args and kwargs stand on the wire: none, args, or both. @internal */
export type PayloadCount = 0 | 1 | 2;

const readers = new WeakMap<Format, ValueReader>();

function readerOf(format: Format): ValueReader {
  let reader = readers.get(format);
  if (reader === undefined) readers.set(format, reader = format.createReader());
  return reader;
}

const writers = new WeakMap<Format, ValueWriter>();

function writerOf(format: Format): ValueWriter {
  let writer = writers.get(format);
  if (writer === undefined) writers.set(format, writer = format.createWriter());
  return writer;
}

/**
 * Positional and keyword arguments. Bytes from a transport are borrowed until {@linkcode retain} is called: whoever
 * keeps a payload beyond the handling of its message calls that first.
 *
 * @internal
 */
export class Payload {
  /** No arguments. */
  static readonly EMPTY: Payload = new Payload(0, undefined, undefined);

  /** How many of args and kwargs stand on the wire. */
  readonly count: PayloadCount;
  #args: readonly unknown[] | undefined;
  #kwargs: Readonly<Dict> | undefined;
  #format: Format | undefined;
  #bytes: Uint8Array | undefined;
  /** Where the elements are in the bytes, and where the keyword arguments begin. No view: that would cost more. */
  #start = 0;
  #split = 0;
  #end = 0;
  #borrowed = false;
  #isOpaque = false;
  /** The payload in other formats than it came in, for a second receiver. */
  #encoded: Map<Format, Uint8Array> | undefined;

  /** Use {@linkcode of}, {@linkcode wire} and {@linkcode EMPTY}. */
  private constructor(
    count: PayloadCount,
    args: readonly unknown[] | undefined,
    kwargs: Readonly<Dict> | undefined,
  ) {
    this.count = count;
    this.#args = args;
    this.#kwargs = kwargs;
  }

  /** A payload of values; what is empty is not written (WAMP, Empty Arguments and Keyword Arguments). */
  static of(args?: readonly unknown[], kwargs?: Readonly<Dict>): Payload {
    if (kwargs !== undefined && Object.keys(kwargs).length > 0) return new Payload(2, args ?? [], kwargs);
    return args !== undefined && args.length > 0 ? new Payload(1, args, undefined) : Payload.EMPTY;
  }

  /**
   * A payload as it arrived: `bytes[start, end)` is well-formed, a list, and a dictionary from `split` on. `bytes` is
   * borrowed.
   */
  static wire(
    format: Format,
    bytes: Uint8Array,
    count: 1 | 2,
    start: number,
    split: number,
    end: number,
  ): Payload {
    const payload = new Payload(count, undefined, undefined);
    payload.#format = format;
    payload.#bytes = bytes;
    payload.#start = start;
    payload.#split = split;
    payload.#end = end;
    payload.#borrowed = true;
    return payload;
  }

  /** A payload of bytes in place of arguments, which nobody on the way looks into. `bytes` is borrowed. */
  static opaque(format: Format, bytes: Uint8Array, start: number, end: number): Payload {
    const payload = Payload.wire(format, bytes, 1, start, start, end);
    payload.#isOpaque = true;
    return payload;
  }

  /** Whether it is bytes in place of arguments; {@linkcode args} has them as the only one. */
  get isOpaque(): boolean {
    return this.#isOpaque;
  }

  /** The positional arguments, decoded at the first look. */
  get args(): readonly unknown[] {
    if (this.#args === undefined) this.#decode();
    return this.#args ?? [];
  }

  /** The keyword arguments, decoded at the first look. */
  get kwargs(): Readonly<Dict> {
    if (this.#kwargs === undefined && this.count === 2) this.#decode();
    return this.#kwargs ?? {};
  }

  /** The bytes this holds on to, for limits. */
  get byteLength(): number {
    return this.#end - this.#start;
  }

  /** Makes the payload outlive the buffer it came in: copies it, once. */
  retain(): this {
    if (this.#borrowed) {
      this.#bytes = this.#bytes?.slice(this.#start, this.#end);
      this.#split -= this.#start;
      this.#end -= this.#start;
      this.#start = 0;
      this.#borrowed = false;
    }
    return this;
  }

  /** Another payload of the same bytes: what is decoded or encoded for its readers goes with it. */
  copy(): Payload {
    const payload = new Payload(this.count, this.#bytes === undefined ? this.#args : undefined, this.#kwargs);
    if (this.#bytes === undefined) return payload;
    payload.#kwargs = undefined;
    payload.#format = this.#format;
    payload.#bytes = this.#bytes;
    payload.#start = this.#start;
    payload.#split = this.#split;
    payload.#end = this.#end;
    payload.#borrowed = this.#borrowed;
    payload.#isOpaque = this.#isOpaque;
    return payload;
  }

  /** Writes the elements: copied where the format is that of the bytes, else encoded once for each format. */
  writeTo(writer: ValueWriter): void {
    if (this.count === 0) return;
    const bytes = this.#bytes;
    if (bytes === undefined) return this.#writeValues(writer);
    const { format } = writer;
    if (format === this.#format) return writer.raw(bytes, this.#start, this.#end);
    const encoded = this.#encoded?.get(format) ?? this.#encode(format);
    writer.raw(encoded, 0, encoded.length);
  }

  #writeValues(writer: ValueWriter): void {
    writer.value(this.#isOpaque ? this.args[0] : this.args);
    if (this.count === 2) writer.value(this.kwargs);
  }

  /** The payload in a format that it did not come in, kept for the next receiver. */
  #encode(format: Format): Uint8Array {
    const writer = writerOf(format);
    writer.begin(0);
    this.#writeValues(writer);
    const encoded = writer.finish().slice();
    this.#encoded ??= new Map();
    this.#encoded.set(format, encoded);
    return encoded;
  }

  #decode(): void {
    const format = this.#format;
    const bytes = this.#bytes;
    if (format === undefined || bytes === undefined) return;
    const reader = readerOf(format);
    reader.reset(bytes, this.#start, this.#end);
    const args = reader.readValue();
    if (this.#isOpaque) {
      this.#args = [args];
      return;
    }
    // UBJSON has one form for bytes and for a list of small integers: here it is a list.
    this.#args = Array.isArray(args) ? args : Array.from(args as Uint8Array);
    if (this.count === 1) return;
    reader.reset(bytes, this.#split, this.#end);
    this.#kwargs = reader.readValue() as Dict;
  }
}
