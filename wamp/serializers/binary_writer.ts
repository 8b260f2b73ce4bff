/**
 * What the writers of MessagePack and CBOR have in common: how a program's values are taken apart.
 * Sans-I/O.
 *
 * @module
 */

import { viewBytes } from "../../internal/bytes.ts";
import { type Dict, SerializationError } from "../errors.ts";
import { type Format, MAX_DEPTH, type ValueWriter } from "../format.ts";
import { MAX_ID } from "../ids.ts";
import { ByteWriter } from "./byte_writer.ts";

/**
 * Writes values of a binary format that heads each string, list and dictionary with its length.
 *
 * @internal
 */
export abstract class BinaryWriter extends ByteWriter implements ValueWriter {
  /** The format written. */
  abstract readonly format: Format;
  /** How many lists and dictionaries are open, the message's own included. */
  #depth = 0;

  /** Writes an integer from -(2^53) to 2^53. */
  abstract integer(value: number): void;
  protected abstract nil(): void;
  protected abstract boolean(value: boolean): void;
  protected abstract float(value: number): void;
  protected abstract bigint(value: bigint): void;
  protected abstract binary(bytes: Uint8Array): void;
  protected abstract date(milliseconds: number): void;
  protected abstract stringHead(byteLength: number): void;
  protected abstract listHead(count: number): void;
  protected abstract dictHead(count: number): void;

  override begin(reserve: number): void {
    super.begin(reserve);
    this.#depth = 0;
  }

  /** Writes the head of the message's list. */
  beginList(count: number): void {
    this.#depth = 1;
    this.listHead(count);
  }

  /** Ends the message's list. */
  endList(): void {
    this.#depth = 0;
  }

  /** Writes a string. */
  string(text: string): void {
    const start = this.length;
    // Most text is ASCII: guess so, and mend the head otherwise.
    this.stringHead(text.length);
    const body = this.length;
    this.utf8(text);
    const end = this.length;
    if (end - body === text.length) return;
    this.length = start;
    this.stringHead(end - body);
    if (this.length === body) this.length = end;
    else this.utf8(text, end - body);
  }

  /** Writes any value. */
  value(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.string(value);
      case "number":
        return isInteger(value) ? this.integer(value) : this.float(value);
      case "boolean":
        return this.boolean(value);
      case "undefined":
        return this.nil();
      case "bigint":
        return this.bigint(value);
      case "object":
        return value === null ? this.nil() : this.object(value);
      default:
        throw new SerializationError(`Cannot write a ${typeof value}`);
    }
  }

  /** Writes an object: what a format has of its own comes before what all have. */
  protected object(value: object): void {
    if (Array.isArray(value)) return this.#list(value);
    if (value instanceof Uint8Array) return this.binary(value);
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return this.binary(viewBytes(value));
    if (value instanceof Date) return this.#date(value);
    if (value instanceof Map) return this.#map(value);
    const dict = value as Dict;
    if (typeof dict.toJSON === "function") return this.#converted(dict, dict.toJSON as (key: string) => unknown);
    this.#dict(dict);
  }

  #list(list: readonly unknown[]): void {
    this.#enter();
    const count = list.length;
    this.listHead(count);
    for (let index = 0; index < count; index++) this.value(list[index]);
    this.#depth--;
  }

  #dict(dict: Readonly<Dict>): void {
    this.#enter();
    let keys = Object.keys(dict);
    for (const key of keys) {
      if (dict[key] !== undefined) continue;
      keys = keys.filter((key) => dict[key] !== undefined);
      break;
    }
    this.dictHead(keys.length);
    for (const key of keys) {
      this.string(key);
      this.value(dict[key]);
    }
    this.#depth--;
  }

  #map(map: ReadonlyMap<unknown, unknown>): void {
    this.#enter();
    const entries = [...map].filter(([, value]) => value !== undefined);
    this.dictHead(entries.length);
    for (const [key, value] of entries) {
      this.string(keyText(key));
      this.value(value);
    }
    this.#depth--;
  }

  #date(date: Date): void {
    const milliseconds = date.getTime();
    if (Number.isNaN(milliseconds)) throw new SerializationError("Cannot write an invalid Date");
    this.date(milliseconds);
  }

  /** Counts as a level, so that an object which converts to itself comes to an end. */
  #converted(value: Dict, toJson: (key: string) => unknown): void {
    this.#enter();
    this.value(toJson.call(value, ""));
    this.#depth--;
  }

  #enter(): void {
    if (++this.#depth <= MAX_DEPTH) return;
    throw new SerializationError(`Cannot write a value nested deeper than ${MAX_DEPTH} levels (or a cycle)`);
  }
}

/** Whether a number goes as an integer: beyond 2^53 it stands for more than one, and -0 has no integer. */
function isInteger(value: number): boolean {
  return Number.isInteger(value) && value <= MAX_ID && value >= -MAX_ID && !Object.is(value, -0);
}

function keyText(key: unknown): string {
  if (typeof key === "string") return key;
  if (typeof key === "number" || typeof key === "bigint") return String(key);
  throw new SerializationError(`Cannot write a key of type ${typeof key}`);
}
