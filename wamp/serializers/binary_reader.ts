/**
 * What the readers of MessagePack and CBOR have in common: numbers, text and bytes at a position, lists and dictionaries,
 * and the way over values that nobody looks at.
 * Sans-I/O.
 *
 * @module
 */

import { isValidUtf8 } from "../../internal/utf8.ts";
import { type Dict, WampProtocolError } from "../errors.ts";
import { MAX_DEPTH, type ValueKind } from "../format.ts";
import { MAX_ID } from "../ids.ts";
import { setOnce, setOwn } from "./own_property.ts";
import { StringCache } from "./string_cache.ts";
import { readText } from "./text.ts";

const EMPTY = new Uint8Array(0);
const TWO_32 = 0x1_0000_0000;

/** What `skipHead` gives for a value without values inside. @internal */
export const SCALAR = -1;
/** What is left of a list whose end is marked. @internal */
export const ELEMENTS = -2;
/** What is left of a dictionary whose end is marked, before a key. @internal */
export const KEY = -3;
/** The same behind the key. */
const VALUE = -4;

/** Floats and 64-bit integers are put together here. */
const scratch = new DataView(new ArrayBuffer(8));

/** The strings seen lately: URIs and the keys of Options and Details, which are the same in all formats. */
const strings = new StringCache();

/**
 * Reads primitives, each behind a check that it is there, and holds where in the message the reader is.
 *
 * @internal
 */
export abstract class BinaryReader {
  /** What to call the format in errors. */
  protected abstract readonly label: string;
  protected bytes: Uint8Array = EMPTY;
  protected at = 0;
  protected end = 0;
  /** How many lists and dictionaries are open, the message's own included. */
  protected depth = 0;
  /** How many elements of the message's list are left; negative where its end is marked instead. */
  protected left = 0;
  /** For each level around the one that `skip` walks: what is left behind it. */
  readonly #outer: number[] = [];

  abstract kind(): ValueKind;

  /** Builds a value; `isStrict` in Options and Details. */
  protected abstract value(isStrict: boolean): unknown;

  /** Reads a key of a dictionary that is not strict. */
  protected abstract key(): string;

  /** Reads a string that is seen again and again. */
  abstract readUri(): string;

  /** Moves over a value, or over the head of what has values inside, and says how many those are. */
  protected abstract skipHead(): number;

  /** Moves over the mark of an end, where it is one. Only a format with such marks has to say. */
  protected takeBreak(): boolean {
    return false;
  }

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.depth = 0;
    this.left = 0;
  }

  get position(): number {
    return this.at;
  }

  expectEnd(): void {
    if (this.at !== this.end) throw this.malformed(`goes on for ${this.end - this.at} bytes behind the message`);
  }

  readDict(): Dict {
    if (this.kind() !== "dict") throw this.mistyped("a dictionary");
    return this.value(true) as Dict;
  }

  readValue(): unknown {
    return this.value(false);
  }

  skip(): void {
    const outer = this.#outer;
    let level = 0;
    let left = 1;
    for (;;) {
      while (left === 0) {
        if (level === 0) return;
        left = outer[--level]!;
      }
      if (left > 0) {
        left--;
      } else if (left !== VALUE && this.takeBreak()) {
        left = 0;
        continue;
      } else if (left !== ELEMENTS) {
        left = left === KEY ? VALUE : KEY;
      }
      const inside = this.skipHead();
      if (inside === SCALAR) continue;
      outer[level++] = left;
      left = inside;
      if (this.depth + level > MAX_DEPTH) throw this.tooDeep();
    }
  }

  protected list(count: number, isStrict: boolean): unknown[] {
    this.enter();
    this.checkCount(count);
    const list: unknown[] = [];
    for (let index = 0; index < count; index++) list.push(this.value(isStrict));
    this.depth--;
    return list;
  }

  protected dict(count: number, isStrict: boolean): Dict {
    this.enter();
    this.checkCount(count * 2);
    const dict: Dict = {};
    for (let index = 0; index < count; index++) this.#entry(dict, isStrict);
    this.depth--;
    return dict;
  }

  /** A list of elements up to the mark of its end. */
  protected openList(isStrict: boolean): unknown[] {
    this.enter();
    const list: unknown[] = [];
    while (!this.takeBreak()) list.push(this.value(isStrict));
    this.depth--;
    return list;
  }

  /** A dictionary of entries up to the mark of its end. */
  protected openDict(isStrict: boolean): Dict {
    this.enter();
    const dict: Dict = {};
    while (!this.takeBreak()) this.#entry(dict, isStrict);
    this.depth--;
    return dict;
  }

  #entry(dict: Dict, isStrict: boolean): void {
    if (isStrict) setOnce(dict, this.readUri(), this.value(true));
    else setOwn(dict, this.key(), this.value(false));
  }

  /** The byte here, left there. */
  protected peek(): number {
    if (this.at >= this.end) throw this.truncated();
    return this.bytes[this.at]!;
  }

  protected uint8(): number {
    if (this.at >= this.end) throw this.truncated();
    return this.bytes[this.at++]!;
  }

  protected uint16(): number {
    const at = this.advance(2);
    return this.bytes[at]! << 8 | this.bytes[at + 1]!;
  }

  protected uint32(): number {
    const at = this.advance(4);
    const { bytes } = this;
    return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
  }

  /** An unsigned integer of 64 bits, rounded beyond 2^53: enough for a length. */
  protected uint64(): number {
    return this.uint32() * TWO_32 + this.uint32();
  }

  protected bigUint64(): bigint {
    return this.#scratch(8).getBigUint64(0);
  }

  protected bigInt64(): bigint {
    return this.#scratch(8).getBigInt64(0);
  }

  protected float32(): number {
    return this.#scratch(4).getFloat32(0);
  }

  protected float64(): number {
    return this.#scratch(8).getFloat64(0);
  }

  #scratch(count: number): DataView<ArrayBuffer> {
    const at = this.advance(count);
    for (let index = 0; index < count; index++) scratch.setUint8(index, this.bytes[at + index]!);
    return scratch;
  }

  /** Moves over `count` bytes and gives where they begin. */
  protected advance(count: number): number {
    const at = this.at;
    if (count > this.end - at) throw this.truncated();
    this.at = at + count;
    return at;
  }

  protected text(byteLength: number): string {
    const at = this.advance(byteLength);
    return readText(this.bytes, at, this.at);
  }

  protected cachedText(byteLength: number): string {
    const at = this.advance(byteLength);
    return strings.get(this.bytes, at, this.at);
  }

  protected skipText(byteLength: number): void {
    const at = this.advance(byteLength);
    if (!isValidUtf8(this.bytes, at, this.at)) throw this.malformed("has a string that is not UTF-8");
  }

  /** A copy: what is built outlives the input. */
  protected binary(byteLength: number): Uint8Array {
    const at = this.advance(byteLength);
    return this.bytes.slice(at, this.at);
  }

  /** Checks a declared count of values: each takes a byte at least. */
  protected checkCount(count: number): number {
    if (count <= this.end - this.at) return count;
    throw this.malformed(`declares ${count} values where ${this.end - this.at} bytes are left`);
  }

  protected enter(): void {
    if (++this.depth > MAX_DEPTH) throw this.tooDeep();
  }

  protected tooDeep(): WampProtocolError {
    return this.malformed(`is nested deeper than ${MAX_DEPTH} levels`);
  }

  protected truncated(): WampProtocolError {
    return this.malformed("ends within a value");
  }

  protected malformed(what: string): WampProtocolError {
    return new WampProtocolError("invalid_encoding", `The ${this.label} ${what}`);
  }

  protected mistyped(expected: string): WampProtocolError {
    return new WampProtocolError("invalid_message", `The ${this.label} has a value of another type than ${expected}`);
  }

  protected integerFrom(value: number | bigint): number {
    if (typeof value === "number" && Number.isInteger(value) && value <= MAX_ID && value >= -MAX_ID) return value;
    throw new WampProtocolError("invalid_message", `The ${this.label} has ${value}: expected an integer up to 2^53`);
  }
}

/** The key that a value becomes which is no string: a list or dictionary does not get to convert itself. @internal */
export function keyOf(value: unknown): string {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return String(value);
  return Object.prototype.toString.call(value);
}

/** An integer as a number, where that is exact. @internal */
export function integerOf(value: bigint): number | bigint {
  return value >= -MAX_ID && value <= MAX_ID ? Number(value) : value;
}
