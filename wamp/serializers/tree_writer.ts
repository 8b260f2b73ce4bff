/**
 * What the writers of JSON and UBJSON have in common: how a program's values are taken apart.
 * Sans-I/O.
 *
 * @module
 */

import { viewBytes } from "../../internal/bytes.ts";
import { type Dict, SerializationError } from "../errors.ts";
import { MAX_DEPTH } from "../format.ts";
import { ByteWriter } from "./byte_writer.ts";

/**
 * Writes values of a format whose lists and dictionaries are closed by a mark.
 *
 * @internal
 */
export abstract class TreeWriter extends ByteWriter {
  protected abstract nil(): void;
  protected abstract boolean(value: boolean): void;
  protected abstract number(value: number): void;
  protected abstract bigint(value: bigint): void;
  protected abstract text(value: string): void;
  protected abstract key(value: string): void;
  protected abstract binary(bytes: Uint8Array): void;
  protected abstract open(isDict: boolean): void;
  /** Called between two elements. */
  protected abstract separate(): void;
  protected abstract close(isDict: boolean): void;

  /** Writes any value, inside `depth` levels. */
  protected any(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        return this.text(value);
      case "number":
        return this.number(value);
      case "bigint":
        return this.bigint(value);
      case "boolean":
        return this.boolean(value);
      case "undefined":
        return this.nil();
      case "object":
        return value === null ? this.nil() : this.#object(value, depth + 1);
      default:
        throw new SerializationError(`Cannot write a ${typeof value}`);
    }
  }

  #object(value: object, depth: number): void {
    // The bound ends a cycle too, and an object that converts to itself.
    if (depth > MAX_DEPTH) throw tooDeep();
    if (Array.isArray(value)) return this.#list(value, depth);
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return this.binary(viewBytes(value));
    if (value instanceof Map) return this.#map(value, depth);
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (typeof toJSON === "function") return this.any(toJSON.call(value, ""), depth);
    this.#dict(value as Dict, depth);
  }

  #list(list: readonly unknown[], depth: number): void {
    this.open(false);
    for (let index = 0; index < list.length; index++) {
      if (index > 0) this.separate();
      this.any(list[index], depth);
    }
    this.close(false);
  }

  #dict(dict: Readonly<Dict>, depth: number): void {
    this.open(true);
    let isFirst = true;
    for (const key of Object.keys(dict)) {
      const value = dict[key];
      if (value === undefined) continue;
      if (!isFirst) this.separate();
      isFirst = false;
      this.key(key);
      this.any(value, depth);
    }
    this.close(true);
  }

  #map(map: ReadonlyMap<unknown, unknown>, depth: number): void {
    this.open(true);
    let isFirst = true;
    for (const [key, value] of map) {
      if (value === undefined) continue;
      if (!isFirst) this.separate();
      isFirst = false;
      this.key(keyText(key));
      this.any(value, depth);
    }
    this.close(true);
  }
}

/** What to throw beyond the deepest level. @internal */
export function tooDeep(): SerializationError {
  return new SerializationError(`Cannot write a value nested deeper than ${MAX_DEPTH} levels (or a cycle)`);
}

/** The key of an entry, from an object or a Map. */
function keyText(key: unknown): string {
  if (typeof key === "string") return key;
  if (typeof key === "number" || typeof key === "bigint") return String(key);
  throw new SerializationError(`Cannot write a key of type ${typeof key}`);
}
