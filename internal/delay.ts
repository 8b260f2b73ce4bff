/**
 * Waiting that can be ended.
 *
 * @module
 */

/** The longest delay of a timer, in milliseconds; a longer one would be none. */
const MAX_DELAY = 2 ** 31 - 1;

/**
 * Waits.
 *
 * @param milliseconds How long.
 * @param signal Ends it.
 * @throws {unknown} The signal's reason, where it was aborted.
 *
 * @internal
 */
export function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, Math.min(milliseconds, MAX_DELAY));
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
