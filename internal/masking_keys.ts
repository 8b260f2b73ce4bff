/**
 * Masking keys from the runtime's random source (RFC 6455 §5.3).
 *
 * @module
 */

/** Keys made at once: a call for 4 bytes costs 48 ns, a key from a pool of 4 KiB 6 ns. */
const POOL = 1024;

/**
 * A source of 32-bit keys, each of fresh random bits that are used once.
 *
 * @internal
 */
export function maskingKeys(fill: (keys: Uint32Array<ArrayBuffer>) => void = fillRandom): () => number {
  const keys = new Uint32Array(POOL);
  let next = POOL;
  return () => {
    if (next === POOL) {
      fill(keys);
      next = 0;
    }
    const key = keys[next]!;
    keys[next++] = 0;
    return key;
  };
}

function fillRandom(keys: Uint32Array<ArrayBuffer>): void {
  crypto.getRandomValues(keys);
}
