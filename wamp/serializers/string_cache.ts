/**
 * Strings that come again and again, URIs above all, without decoding them each time.
 * Sans-I/O.
 *
 * @module
 */

import { readText } from "./text.ts";

/** A power of two. A string that falls on the slot of another takes its place, so that this bounds what is held. */
const SLOTS = 1024;

/** Longer ones are decoded each time, in bytes. */
const LONGEST = 128;

/**
 * Gives for the same bytes the same string, as long as no other takes its slot. Only ASCII is remembered: there a
 * string can be compared with bytes as it is.
 *
 * @internal
 */
export class StringCache {
  readonly #slots: string[] = new Array<string>(SLOTS).fill("");

  /**
   * Decodes `bytes[start, end)`, UTF-8.
   *
   * @throws {WampProtocolError} The bytes are not UTF-8.
   */
  get(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length > LONGEST) return readText(bytes, start, end);
    let hash = length;
    for (let index = start; index < end; index++) hash = Math.imul(hash ^ bytes[index]!, 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#slots[slot]!;
    if (isSame(known, bytes, start, length)) return known;
    const text = readText(bytes, start, end);
    // As many units as bytes: all of it is ASCII.
    if (text.length === length) this.#slots[slot] = text;
    return text;
  }
}

function isSame(known: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let index = 0; index < length; index++) {
    if (known.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}
