/**
 * How much somebody who verifies has to do, told by what it asks of WebCrypto.
 *
 * @module
 */

/** Counts what is asked of WebCrypto while `run` runs: the steps of a verifier. */
export async function countSteps(run: () => Promise<unknown>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const names = ["digest", "sign", "verify", "importKey", "deriveBits"] as const;
  const { subtle } = crypto;
  const originals = names.map((name) => subtle[name]);
  names.forEach((name, index) => {
    counts[name] = 0;
    const original = originals[index] as (...args: unknown[]) => unknown;
    Object.defineProperty(subtle, name, {
      configurable: true,
      value: (...args: unknown[]) => {
        counts[name]! += 1;
        return original.apply(subtle, args);
      },
    });
  });
  try {
    await run();
  } finally {
    for (const name of names) Reflect.deleteProperty(subtle, name);
  }
  return counts;
}
