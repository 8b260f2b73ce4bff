/**
 * Strings from bytes of UTF-8.
 * Sans-I/O.
 *
 * @module
 */

import { builtin } from "../../internal/builtins.ts";
import { isValidUtf8 } from "../../internal/utf8.ts";
import { WampProtocolError } from "../errors.ts";

/** The length in bytes up to which a string built by character beats native code (bench/wamp_codec_bench.ts). */
const SHORT_TEXT = 12;

/** What Node, Bun and Deno have behind their `buf.toString()`: it takes any bytes, and costs half of a decoder. */
interface Slicing {
  readonly utf8Slice?: (this: Uint8Array, start: number, end: number) => string;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const slicing: Slicing | undefined = builtin("node:buffer")?.Buffer.prototype;
const utf8Slice = slicing?.utf8Slice;

/**
 * Decodes `bytes[start, end)`.
 *
 * @throws {WampProtocolError} The bytes are not UTF-8.
 *
 * @internal
 */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  const short = readShort(bytes, start, end);
  if (short !== undefined) return short;
  if (!isValidUtf8(bytes, start, end)) throw new WampProtocolError("invalid_encoding", "A string is not UTF-8");
  return decodeLong(bytes, start, end);
}

/**
 * Decodes `bytes[start, end)`, which are known to be UTF-8 or are checked afterwards.
 *
 * @internal
 */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  return readShort(bytes, start, end) ?? decodeLong(bytes, start, end);
}

/** What is short and all ASCII, otherwise `undefined`. */
function readShort(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > SHORT_TEXT) return undefined;
  let text = "";
  for (let index = start; index < end; index++) {
    const byte = bytes[index]!;
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

function decodeLong(bytes: Uint8Array, start: number, end: number): string {
  return utf8Slice === undefined ? decoder.decode(bytes.subarray(start, end)) : utf8Slice.call(bytes, start, end);
}
