/**
 * Cuts bytes into chunks in many ways, so that a core test can run at every split that a network may choose.
 *
 * @module
 */

/** The number of random cuttings that {@linkcode cuttings} adds to the whole and the byte-wise one. @internal */
export const RANDOM_CUTTINGS = 6;

/** Returns a seeded generator of floats in [0, 1) (mulberry32): the same seed gives the same row. @internal */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/**
 * Yields cuttings of `bytes`: whole, one byte at a time, and at seeded random cuts with small, medium and large
 * chunks. Every chunk is a copy, so a test may poison it once it was delivered; no chunk is empty.
 *
 * @internal
 */
export function* cuttings(bytes: Uint8Array, seed = 1): Generator<Uint8Array<ArrayBuffer>[]> {
  yield bytes.length === 0 ? [] : [bytes.slice()];
  yield Array.from(bytes, (byte) => Uint8Array.of(byte));
  const random = seededRandom(seed);
  for (let round = 0; round < RANDOM_CUTTINGS; round++) {
    const largest = [3, 16, Math.max(1, bytes.length >> 1)][round % 3]!;
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for (let start = 0; start < bytes.length;) {
      const end = Math.min(bytes.length, start + 1 + Math.floor(random() * largest));
      chunks.push(bytes.slice(start, end));
      start = end;
    }
    yield chunks;
  }
}
