/**
 * Frames written out byte by byte, apart from the code under test.
 *
 * @module
 */

/** The masking key of RFC 6455 §5.7. @internal */
export const KEY: readonly number[] = [0x37, 0xfa, 0x21, 0x3d];
/** {@linkcode KEY} as a number. @internal */
export const KEY_NUMBER = 0x37fa213d;

const encoder = new TextEncoder();

/** Bytes written as hex, with blanks where they help. @internal */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replaceAll(" ", "");
  return Uint8Array.from(
    { length: digits.length / 2 },
    (_, index) => parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

/** Text as UTF-8. @internal */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The shortest length form (RFC 6455 §5.2). */
function lengthBytes(length: number, maskBit: number): number[] {
  if (length <= 125) return [maskBit | length];
  if (length <= 65535) return [maskBit | 126, length >>> 8, length & 0xff];
  const low = [24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff);
  return [maskBit | 127, 0, 0, 0, 0, ...low];
}

/** A frame as a server sends it. @internal */
export function plain(first: number, payload: Uint8Array | string = ""): Uint8Array<ArrayBuffer> {
  const bytes = typeof payload === "string" ? utf8(payload) : payload;
  return joined(Uint8Array.from([first, ...lengthBytes(bytes.length, 0)]), bytes);
}

/** A frame as a client sends it. @internal */
export function masked(
  first: number,
  payload: Uint8Array | string = "",
  key: readonly number[] = KEY,
): Uint8Array<ArrayBuffer> {
  const bytes = typeof payload === "string" ? utf8(payload) : payload;
  const header = Uint8Array.from([first, ...lengthBytes(bytes.length, 0x80), ...key]);
  return joined(header, bytes.map((byte, index) => byte ^ key[index & 3]!));
}

/** The payload of a close frame. @internal */
export function closing(code: number, reason: Uint8Array | string = ""): Uint8Array<ArrayBuffer> {
  const bytes = typeof reason === "string" ? utf8(reason) : reason;
  return joined(Uint8Array.of(code >>> 8, code & 0xff), bytes);
}

/** Byte arrays one behind the other. @internal */
export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One frame found in a byte stream. @internal */
export interface ParsedFrame {
  readonly first: number;
  readonly key: number | undefined;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Takes a byte stream apart into whole frames; throws where it ends inside one. @internal */
export function parseFrames(bytes: Uint8Array): ParsedFrame[] {
  const frames: ParsedFrame[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const first = view.getUint8(at);
    const second = view.getUint8(at + 1);
    at += 2;
    let length = second & 0x7f;
    if (length === 126) {
      length = view.getUint16(at);
      at += 2;
    } else if (length === 127) {
      length = Number(view.getBigUint64(at));
      at += 8;
    }
    const isMasked = (second & 0x80) !== 0;
    const key = isMasked ? view.getUint32(at) : undefined;
    if (isMasked) at += 4;
    if (at + length > bytes.length) throw new RangeError(`Frame of ${length} bytes is cut off`);
    const payload = bytes.slice(at, at + length);
    if (key !== undefined) { for (let i = 0; i < length; i++) payload[i]! ^= key >>> (24 - 8 * (i & 3)); }
    frames.push({ first, key, payload });
    at += length;
  }
  return frames;
}
