/**
 * Frame headers (RFC 6455 §5.2). Sans-I/O.
 *
 * @module
 */

/**
 * **UNSTABLE** Frame opcodes (RFC 6455 §5.2).
 *
 * @experimental
 */
export const OPCODE: {
  readonly CONTINUATION: 0x0;
  readonly TEXT: 0x1;
  readonly BINARY: 0x2;
  readonly CLOSE: 0x8;
  readonly PING: 0x9;
  readonly PONG: 0xa;
} = { CONTINUATION: 0x0, TEXT: 0x1, BINARY: 0x2, CLOSE: 0x8, PING: 0x9, PONG: 0xa };

/** The FIN bit of a frame's first byte. @internal */
export const FIN = 0x80;
/** The RSV1 bit of a frame's first byte: "compressed" under permessage-deflate (RFC 7692 §6). @internal */
export const RSV1 = 0x40;
/** The RSV2 and RSV3 bits, which no extension of ours uses. @internal */
export const RSV23 = 0x30;
/** The opcode bits of a frame's first byte. @internal */
export const OPCODE_BITS = 0x0f;
/** The bit that tells a control opcode (RFC 6455 §5.5). @internal */
export const CONTROL_BIT = 0x08;
/** The MASK bit of a frame's second byte. @internal */
export const MASK_BIT = 0x80;
/** The largest payload of a control frame, in bytes (RFC 6455 §5.5). @internal */
export const MAX_CONTROL_PAYLOAD = 125;
/** The longest frame header, in bytes. @internal */
export const MAX_HEADER = 14;

const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MAX_LENGTH_16 = 0xffff;
const MASKING_KEY_BYTES = 4;
const UINT32 = 0x1_0000_0000;

/**
 * The length of the header that {@linkcode writeFrameHeader} writes.
 *
 * @internal
 */
export function frameHeaderLength(payloadLength: number, masked: boolean): number {
  const length = payloadLength < LENGTH_16 ? 2 : payloadLength <= MAX_LENGTH_16 ? 4 : 10;
  return masked ? length + MASKING_KEY_BYTES : length;
}

/**
 * Writes a frame header with the shortest length form (RFC 6455 §5.2).
 *
 * @param out Where it goes; at least 14 bytes are free behind `at`.
 * @param at The index of its first byte.
 * @param first The first byte: FIN, reserved bits and opcode.
 * @param payloadLength The length of the payload in bytes.
 * @param maskingKey The masking key as a 32-bit number, or -1 for an unmasked frame.
 * @returns The index behind the header.
 *
 * @internal
 */
export function writeFrameHeader(
  out: Uint8Array,
  at: number,
  first: number,
  payloadLength: number,
  maskingKey: number,
): number {
  const maskBit = maskingKey === -1 ? 0 : MASK_BIT;
  out[at++] = first;
  if (payloadLength < LENGTH_16) {
    out[at++] = maskBit | payloadLength;
  } else if (payloadLength <= MAX_LENGTH_16) {
    out[at++] = maskBit | LENGTH_16;
    out[at++] = payloadLength >>> 8;
    out[at++] = payloadLength & 0xff;
  } else {
    out[at++] = maskBit | LENGTH_64;
    at = writeUint32(out, at, Math.floor(payloadLength / UINT32));
    at = writeUint32(out, at, payloadLength >>> 0);
  }
  return maskBit === 0 ? at : writeUint32(out, at, maskingKey);
}

function writeUint32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24;
  out[at + 1] = (value >>> 16) & 0xff;
  out[at + 2] = (value >>> 8) & 0xff;
  out[at + 3] = value & 0xff;
  return at + 4;
}

/**
 * The length of a frame header, told by its second byte.
 *
 * @internal
 */
export function headerLengthFrom(second: number): number {
  const length = second & 0x7f;
  const base = length < LENGTH_16 ? 2 : length === LENGTH_16 ? 4 : 10;
  return (second & MASK_BIT) === 0 ? base : base + MASKING_KEY_BYTES;
}

/** What {@linkcode readPayloadLength} answers for a length that RFC 6455 §5.2 forbids. @internal */
export const INVALID_LENGTH = -1;

/**
 * Reads the payload length of a complete header.
 *
 * @returns The length; {@linkcode INVALID_LENGTH} where it is not in its shortest form or its top bit is set; infinity
 * where it is over 2^53-1.
 *
 * @internal
 */
export function readPayloadLength(bytes: Uint8Array, at: number): number {
  const short = bytes[at + 1]! & 0x7f;
  if (short < LENGTH_16) return short;
  if (short === LENGTH_16) {
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    return length < LENGTH_16 ? INVALID_LENGTH : length;
  }
  const high = readUint32(bytes, at + 2);
  const low = readUint32(bytes, at + 6);
  if (high >= 0x8000_0000) return INVALID_LENGTH;
  if (high === 0 && low <= MAX_LENGTH_16) return INVALID_LENGTH;
  return high > 0x1f_ffff ? Infinity : high * UINT32 + low;
}

/**
 * Reads four bytes as an unsigned number, first byte highest.
 *
 * @internal
 */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/**
 * Encodes one whole unmasked frame, as a server sends it, for use by many connections.
 *
 * @internal
 */
export function encodeUnmaskedFrame(first: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const headerLength = frameHeaderLength(payload.length, false);
  const frame = new Uint8Array(headerLength + payload.length);
  writeFrameHeader(frame, 0, first, payload.length, -1);
  frame.set(payload, headerLength);
  return frame;
}
