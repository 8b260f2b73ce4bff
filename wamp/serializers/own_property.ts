/**
 * Properties whose names a peer chose.
 * Sans-I/O.
 *
 * @module
 */

import { type Dict, WampProtocolError } from "../errors.ts";

/**
 * Sets a property of the object itself, whatever its name: assigning to `__proto__` would replace the prototype.
 *
 * @internal
 */
export function setOwn(dict: Dict, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(dict, key, { value, writable: true, enumerable: true, configurable: true });
  } else dict[key] = value;
}

/**
 * Sets a property that must not be there yet.
 *
 * @throws {WampProtocolError} It is.
 *
 * @internal
 */
export function setOnce(dict: Dict, key: string, value: unknown): void {
  if (Object.hasOwn(dict, key)) {
    throw new WampProtocolError("invalid_encoding", `Options or Details have two keys ${JSON.stringify(key)}`);
  }
  setOwn(dict, key, value);
}
