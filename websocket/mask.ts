/**
 * Masking and unmasking of payload data (RFC 6455 §5.3). Sans-I/O.
 *
 * @module
 */

/**
 * The payload length in bytes from which the word-wise loop wins: a typed-array view costs about 40 ns, as much as
 * 80 bytes in the byte loop (bench/mask_bench.ts).
 */
const WORD_WISE_FROM = 96;

const WORD = 8;

/** The masking key twice, as bytes and as one word: filled as bytes, so that the platform's byte order never matters. */
const keyBytes = new Uint8Array(WORD);
const keyWord = new BigInt64Array(keyBytes.buffer);

/**
 * Masks or unmasks `bytes[start, end)` in place.
 *
 * @param bytes Holds the payload, or a part of it.
 * @param start The index of the first byte to mask.
 * @param end The index behind the last byte to mask.
 * @param maskingKey The frame's masking key: its four bytes read as a big-endian 32-bit integer.
 * @param offset The index of `bytes[start]` within the frame's payload.
 *
 * @internal
 */
export function mask(bytes: Uint8Array, start: number, end: number, maskingKey: number, offset: number): void {
  const key = (offset & 3) === 0 ? maskingKey : rotate(maskingKey, offset);
  if (end - start < WORD_WISE_FROM) {
    maskBytes(bytes, start, end, key);
    return;
  }
  const head = -(bytes.byteOffset + start) & (WORD - 1);
  const wordsStart = start + head;
  const words = (end - wordsStart) >>> 3;
  const wordsKey = rotate(key, head);
  if (head > 0) maskBytes(bytes, start, wordsStart, key);
  maskWords(new BigInt64Array(bytes.buffer, bytes.byteOffset + wordsStart, words), wordsKey);
  maskBytes(bytes, wordsStart + words * WORD, end, wordsKey);
}

/** Turns the key so that it starts with the byte that belongs to payload index `offset`. */
function rotate(key: number, offset: number): number {
  const bits = (offset & 3) << 3;
  // A shift by 32 is a shift by 0, so no turn needs no branch.
  return (key << bits) | (key >>> (32 - bits));
}

function maskBytes(bytes: Uint8Array, start: number, end: number, key: number): void {
  let index = start;
  // Storing into a byte drops the upper bits of each shifted key.
  for (const last = end - 4; index <= last; index += 4) {
    bytes[index] = bytes[index]! ^ (key >>> 24);
    bytes[index + 1] = bytes[index + 1]! ^ (key >>> 16);
    bytes[index + 2] = bytes[index + 2]! ^ (key >>> 8);
    bytes[index + 3] = bytes[index + 3]! ^ key;
  }
  for (let shift = 24; index < end; index++, shift -= 8) bytes[index] = bytes[index]! ^ (key >>> shift);
}

/**
 * Masks whole words, eight in a step. The words are signed so that every operand fits what engines treat as a machine
 * integer: unsigned words above 2^63 may fall back to big-integer arithmetic, 50 times slower (bench/mask_bench.ts).
 */
function maskWords(words: BigInt64Array, key: number): void {
  keyBytes[0] = keyBytes[4] = key >>> 24;
  keyBytes[1] = keyBytes[5] = key >>> 16;
  keyBytes[2] = keyBytes[6] = key >>> 8;
  keyBytes[3] = keyBytes[7] = key;
  const word = keyWord[0]!;
  const length = words.length;
  let index = 0;
  for (const last = length - 8; index <= last; index += 8) {
    words[index] = words[index]! ^ word;
    words[index + 1] = words[index + 1]! ^ word;
    words[index + 2] = words[index + 2]! ^ word;
    words[index + 3] = words[index + 3]! ^ word;
    words[index + 4] = words[index + 4]! ^ word;
    words[index + 5] = words[index + 5]! ^ word;
    words[index + 6] = words[index + 6]! ^ word;
    words[index + 7] = words[index + 7]! ^ word;
  }
  for (; index < length; index++) words[index] = words[index]! ^ word;
}
