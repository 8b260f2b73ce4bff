/**
 * Which values `JSON.stringify` writes as WAMP wants them.
 * Sans-I/O.
 *
 * @module
 */

import { MAX_DEPTH } from "../format.ts";
import { MAX_ID } from "../ids.ts";
import { tooDeep } from "./tree_writer.ts";

/** The level of a message's element: the message's own list is the first. */
const ELEMENT_DEPTH = 2;

/**
 * Whether `JSON.stringify` writes `root` right: no bytes, no bigint, nothing that it would leave out in silence.
 *
 * @throws {SerializationError} It is nested too deeply, or is part of itself.
 *
 * @internal
 */
export function isPlain(root: unknown): boolean {
  if (typeof root !== "object" || root === null) return root !== undefined && isPlainScalar(root);
  // Most arguments are flat: nothing is allocated for those.
  let pending: object[] | undefined;
  let depths: number[] | undefined;
  let container: object | undefined = root;
  let depth = ELEMENT_DEPTH;
  while (container !== undefined) {
    if (depth > MAX_DEPTH) throw tooDeep();
    const items = itemsOf(container);
    if (items === undefined) return false;
    for (let index = 0; index < items.length; index++) {
      const item = items[index];
      if (typeof item !== "object" || item === null) {
        if (!isPlainScalar(item)) return false;
        continue;
      }
      (pending ??= []).push(item);
      (depths ??= []).push(depth + 1);
    }
    container = pending?.pop();
    depth = depths?.pop() ?? 0;
  }
  return true;
}

/** What a list or dictionary holds; `undefined` for any other object. */
function itemsOf(container: object): readonly unknown[] | undefined {
  if (Array.isArray(container)) return container;
  const prototype: unknown = Object.getPrototypeOf(container);
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  return "toJSON" in container ? undefined : Object.values(container);
}

function isPlainScalar(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return true;
    case "number":
      // Written with digits alone, a float beyond 2^53 would be read as an integer.
      return (value <= MAX_ID && value >= -MAX_ID) || !Number.isInteger(value);
    default:
      return value === null;
  }
}
