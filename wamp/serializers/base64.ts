/**
 * Base64, by which JSON carries bytes (WAMP, Binary support in JSON; RFC 4648 §4).
 * Sans-I/O.
 *
 * @module
 */

import type { ByteWriter } from "./byte_writer.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING = 0x3d;
const NOT_BASE64 = 0xff;

const DIGITS: Uint8Array = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));
const VALUES: Uint8Array = new Uint8Array(128).fill(NOT_BASE64);
DIGITS.forEach((digit, value) => VALUES[digit] = value);

/**
 * Appends `bytes` as base64, padded.
 *
 * @internal
 */
export function writeBase64(bytes: Uint8Array, writer: ByteWriter): void {
  writer.ensure(Math.ceil(bytes.length / 3) * 4);
  const { bytes: target } = writer;
  const whole = bytes.length - bytes.length % 3;
  let to = writer.length;
  for (let index = 0; index < whole; index += 3) {
    const bits = bytes[index]! << 16 | bytes[index + 1]! << 8 | bytes[index + 2]!;
    target[to++] = DIGITS[bits >> 18]!;
    target[to++] = DIGITS[bits >> 12 & 63]!;
    target[to++] = DIGITS[bits >> 6 & 63]!;
    target[to++] = DIGITS[bits & 63]!;
  }
  if (whole < bytes.length) {
    const bits = bytes[whole]! << 16 | (bytes[whole + 1] ?? 0) << 8;
    target[to++] = DIGITS[bits >> 18]!;
    target[to++] = DIGITS[bits >> 12 & 63]!;
    target[to++] = whole + 1 < bytes.length ? DIGITS[bits >> 6 & 63]! : PADDING;
    target[to++] = PADDING;
  }
  writer.length = to;
}

/**
 * Decodes the base64 in `text` from `start` on.
 *
 * @returns The bytes, or `undefined` where it is not padded base64.
 *
 * @internal
 */
export function readBase64(text: string, start: number): Uint8Array<ArrayBuffer> | undefined {
  if ((text.length - start) % 4 !== 0) return undefined;
  let end = text.length;
  for (let padding = 0; padding < 2 && end > start && text.charCodeAt(end - 1) === PADDING; padding++) end--;
  const bytes = new Uint8Array((end - start) * 6 >> 3);
  let bits = 0;
  let held = 0;
  let to = 0;
  for (let index = start; index < end; index++) {
    const value = VALUES[text.charCodeAt(index)] ?? NOT_BASE64;
    if (value === NOT_BASE64) return undefined;
    // What falls out on the left was taken already.
    bits = bits << 6 | value;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[to++] = bits >> held;
  }
  return bytes;
}
