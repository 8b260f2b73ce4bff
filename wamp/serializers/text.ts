/**
 * Strings from bytes of UTF-8 that nobody has checked yet.
 * Sans-I/O.
 *
 * @module
 */

import { decodeUtf8, isValidUtf8 } from "../../internal/utf8.ts";
import { WampProtocolError } from "../errors.ts";

/** The length in bytes up to which a string built by character beats a decoder (bench/wamp_codec_bench.ts). */
const SHORT_TEXT = 24;

/**
 * Decodes `bytes[start, end)`.
 *
 * @throws {WampProtocolError} The bytes are not UTF-8.
 *
 * @internal
 */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT_TEXT) {
    let text = "";
    let index = start;
    for (; index < end; index++) {
      const byte = bytes[index]!;
      if (byte > 0x7f) break;
      text += String.fromCharCode(byte);
    }
    if (index === end) return text;
  }
  if (!isValidUtf8(bytes, start, end)) throw new WampProtocolError("invalid_encoding", "A string is not UTF-8");
  return decodeUtf8(bytes.subarray(start, end));
}
