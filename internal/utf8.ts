/**
 * UTF-8 for text messages and close reasons (RFC 6455 §8.1, RFC 3629 §4). Sans-I/O.
 *
 * @module
 */

import { builtin } from "./builtins.ts";

/**
 * The length in bytes from which native code wins: it costs about 110 ns to call for a check for ASCII and 250 ns for
 * a decoder, and the loop costs 0.5 ns (ASCII) to 1 ns for each byte (bench/utf8_bench.ts).
 */
const NATIVE_FROM = 256;

/** The length in bytes up to which a string built by character beats a decoder's 140 ns (bench/utf8_bench.ts). */
const SHORT_TEXT = 12;

/** What a decoder puts in the place of a byte sequence that is not UTF-8. */
const REPLACEMENT = "\ufffd";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const nodeBuffer = builtin("node:buffer");
const isAscii: ((bytes: Uint8Array) => boolean) | undefined = nodeBuffer?.isAscii;
const byteLength: ((text: string) => number) | undefined = nodeBuffer?.Buffer.byteLength;

/**
 * Validates UTF-8 that arrives in pieces and fails at the first byte that no continuation could make valid.
 *
 * @internal
 */
export class Utf8Validator {
  /** Continuation bytes that the current character still needs. */
  #needed = 0;
  /** The range of the next continuation byte: narrower than 80..BF behind E0, ED, F0 and F4. */
  #lower = 0x80;
  #upper = 0xbf;

  /** Whether the bytes so far end between two characters. */
  get complete(): boolean {
    return this.#needed === 0;
  }

  /**
   * Validates the next piece, `bytes[start, end)`.
   *
   * @returns Whether all bytes so far can begin valid UTF-8. After `false` only {@linkcode reset} makes sense.
   */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    let index = start;
    while (this.#needed > 0 && index < end) {
      if (!this.#step(bytes[index++]!)) return false;
    }
    // What the fast path leaves is a character that is cut off or impossible: at most four bytes decide which.
    index = validPrefixEnd(bytes, index, end);
    while (index < end) {
      if (!this.#step(bytes[index++]!)) return false;
    }
    return true;
  }

  /** Forgets everything: the next piece begins a new text. */
  reset(): void {
    this.#needed = 0;
    this.#lower = 0x80;
    this.#upper = 0xbf;
  }

  #step(byte: number): boolean {
    if (this.#needed === 0) return this.#lead(byte);
    if (byte < this.#lower || byte > this.#upper) return false;
    this.#needed--;
    this.#lower = 0x80;
    this.#upper = 0xbf;
    return true;
  }

  /** Takes the first byte of a character; RFC 3629 §4 gives the ranges of the second. */
  #lead(byte: number): boolean {
    if (byte < 0x80) return true;
    if (byte < 0xc2 || byte > 0xf4) return false;
    this.#needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    // E0 and F0 would be overlong below, ED a surrogate above, F4 beyond U+10FFFF above.
    if (byte === 0xe0) this.#lower = 0xa0;
    else if (byte === 0xf0) this.#lower = 0x90;
    else if (byte === 0xed) this.#upper = 0x9f;
    else if (byte === 0xf4) this.#upper = 0x8f;
    return true;
  }
}

/**
 * Says whether `bytes[start, end)` is valid UTF-8 from its first character to the end of its last.
 *
 * @internal
 */
export function isValidUtf8(bytes: Uint8Array, start: number = 0, end: number = bytes.length): boolean {
  return validPrefixEnd(bytes, start, end) === end;
}

/**
 * Decodes bytes that are known to be valid UTF-8. A byte order mark stays in the text: it is a character like any
 * other (RFC 6455 §5.6 knows no mark).
 *
 * @internal
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const length = bytes.length;
  if (length > SHORT_TEXT) return decoder.decode(bytes);
  let text = "";
  let index = 0;
  for (const last = length - 4; index <= last; index += 4) {
    const byte0 = bytes[index]!;
    const byte1 = bytes[index + 1]!;
    const byte2 = bytes[index + 2]!;
    const byte3 = bytes[index + 3]!;
    if ((byte0 | byte1 | byte2 | byte3) > 0x7f) return decoder.decode(bytes);
    text += String.fromCharCode(byte0, byte1, byte2, byte3);
  }
  for (; index < length; index++) {
    const byte = bytes[index]!;
    if (byte > 0x7f) return decoder.decode(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * Gives the number of bytes that `text` has in UTF-8. A lone surrogate counts three, as `TextEncoder` replaces it.
 *
 * @internal
 */
export function utf8Length(text: string): number {
  return byteLength === undefined ? countBytes(text) : byteLength(text);
}

/** Counts in TypeScript, for platforms without node:buffer. @internal */
export function countBytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A pair of two units is one character of four bytes.
    if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) index++;
  }
  return bytes;
}

/** Gives the index behind the last whole valid character of `bytes[start, end)`: `end`, where all of it is valid. */
function validPrefixEnd(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < NATIVE_FROM) return scanCharacters(bytes, start, end);
  const whole = lastBoundary(bytes, start, end);
  return scanCharacters(bytes, isValidByDecoder(bytes.subarray(start, whole)) ? whole : start, end);
}

/**
 * Says whether whole characters are surely valid. A decoder that is not fatal is several times as fast as a fatal one,
 * as `node:buffer`'s isUtf8 and as our loop; its answer is unsure only for text that holds U+FFFD itself.
 */
function isValidByDecoder(bytes: Uint8Array): boolean {
  if (bytes[0]! < 0x80 && isAscii?.(bytes) === true) return true;
  return !decoder.decode(bytes).includes(REPLACEMENT);
}

/** Moves `end` back in front of a character that is cut off there, as far as its first byte tells. */
function lastBoundary(bytes: Uint8Array, start: number, end: number): number {
  let index = end - 1;
  const limit = Math.max(start, end - 3);
  while (index > limit && (bytes[index]! & 0xc0) === 0x80) index--;
  const lead = bytes[index]!;
  const length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return lead >= 0xc0 && index + length > end ? index : end;
}

/** Walks whole valid characters and gives the index behind the last (RFC 3629 §4 has the ranges of each byte). */
function scanCharacters(bytes: Uint8Array, start: number, end: number): number {
  let index = start;
  while (index < end) {
    const lead = bytes[index]!;
    if (lead < 0x80) {
      index = skipAscii(bytes, index + 1, end);
    } else if (lead < 0xe0) {
      if (lead < 0xc2 || index + 1 >= end || !isContinuation(bytes[index + 1]!)) return index;
      index += 2;
    } else if (lead < 0xf0) {
      if (index + 2 >= end) return index;
      const second = bytes[index + 1]!;
      if (!isContinuation(second) || !isContinuation(bytes[index + 2]!)) return index;
      if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f)) return index;
      index += 3;
    } else {
      if (lead > 0xf4 || index + 3 >= end) return index;
      const second = bytes[index + 1]!;
      if (!isContinuation(second) || !isContinuation(bytes[index + 2]!) || !isContinuation(bytes[index + 3]!)) {
        return index;
      }
      if ((lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f)) return index;
      index += 4;
    }
  }
  return index;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** Gives the index of the first byte from `start` on that is not ASCII, or `end`. */
function skipAscii(bytes: Uint8Array, start: number, end: number): number {
  let index = start;
  for (const last = end - 8; index <= last; index += 8) {
    const first = bytes[index]! | bytes[index + 1]! | bytes[index + 2]! | bytes[index + 3]!;
    const second = bytes[index + 4]! | bytes[index + 5]! | bytes[index + 6]! | bytes[index + 7]!;
    if ((first | second) > 0x7f) break;
  }
  while (index < end && bytes[index]! < 0x80) index++;
  return index;
}
