/**
 * What holds for every handler of a session, of invocations or of events.
 *
 * @module
 */

/** How many invocations or events may wait for one handler, and what they may hold, in bytes. */
const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 16 << 20;

/**
 * Checks a handler and how much of it may run at a time. `what` is what cannot be done otherwise, such as `register`.
 *
 * @internal
 */
export function checkHandler(what: string, handler: unknown, concurrency: number = Infinity): void {
  if (typeof handler !== "function") throw new TypeError(`Cannot ${what}: the handler must be a function`);
  if (concurrency === Infinity || (Number.isSafeInteger(concurrency) && concurrency >= 1)) return;
  throw new RangeError(`Cannot ${what}: concurrency must be an integer from 1, received ${concurrency}`);
}

/** Whether one more of `size` bytes can wait, where `count` wait already that hold `cost` bytes. @internal */
export function canWait(count: number, cost: number, size: number): boolean {
  return count < MAX_WAITING && cost + size <= MAX_WAITING_BYTES;
}
