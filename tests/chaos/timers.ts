/**
 * Counts the timers of a program.
 *
 * @module
 */

/** Has timers counted from now on; the result tells how many wait. */
export function countTimers(): () => number {
  const waiting = new Set<unknown>();
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  globalThis.setTimeout = ((handler: (...args: unknown[]) => void, delay?: number, ...args: unknown[]) => {
    const timer = setTimeout(() => {
      waiting.delete(timer);
      handler(...args);
    }, delay);
    waiting.add(timer);
    return timer;
  }) as typeof globalThis.setTimeout;
  globalThis.setInterval = ((handler: (...args: unknown[]) => void, delay?: number, ...args: unknown[]) => {
    const timer = setInterval(handler, delay, ...args);
    waiting.add(timer);
    return timer;
  }) as typeof globalThis.setInterval;
  globalThis.clearTimeout = globalThis.clearInterval = (timer) => {
    waiting.delete(timer);
    clearTimeout(timer);
    clearInterval(timer);
  };
  return () => waiting.size;
}
