/**
 * SHA-1 (RFC 3174) for runtimes without `node:crypto`: the opening handshake needs it, synchronously. Sans-I/O.
 *
 * @module
 */

const BLOCK = 64;

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Pads a message to whole blocks, its length in bits in the last 8 bytes (RFC 3174 §4). */
function pad(message: Uint8Array): DataView {
  const padded = new Uint8Array((((message.length + 8) >> 6) + 1) * BLOCK);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(message.length / 0x2000_0000));
  view.setUint32(padded.length - 4, message.length << 3);
  return view;
}

/** Spreads one block over the 80 words of the schedule (RFC 3174 §6.1 b). */
function expand(view: DataView, offset: number, words: Int32Array): void {
  for (let index = 0; index < 16; index++) words[index] = view.getInt32(offset + index * 4);
  for (let index = 16; index < 80; index++) {
    const mixed = words[index - 3]! ^ words[index - 8]! ^ words[index - 14]! ^ words[index - 16]!;
    words[index] = rotateLeft(mixed, 1);
  }
}

/** The function and constant of a round (RFC 3174 §5). */
function roundTerm(round: number, b: number, c: number, d: number): number {
  if (round < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (round < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (round < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

/** Returns the 20 bytes of the SHA-1 digest of `message`. @internal */
export function sha1(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = pad(message);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  const words = new Int32Array(80);
  for (let offset = 0; offset < view.byteLength; offset += BLOCK) {
    expand(view, offset, words);
    let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
    for (let round = 0; round < 80; round++) {
      const next = (rotateLeft(a, 5) + roundTerm(round, b, c, d) + e + words[round]!) | 0;
      [e, d, c, b, a] = [d, c, rotateLeft(b, 30), a, next];
    }
    [a, b, c, d, e].forEach((word, index) => state[index]! += word);
  }
  const digest = new DataView(new ArrayBuffer(20));
  state.forEach((word, index) => digest.setInt32(index * 4, word));
  return new Uint8Array(digest.buffer);
}
