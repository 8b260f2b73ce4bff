/**
 * Checks of this library's own invariants. A failed assertion is a bug in Viaduct: a caller's mistake is a
 * `TypeError` or `RangeError`, a peer's mistake a `ProtocolError`.
 *
 * @module
 */

/** Thrown by {@linkcode assert} and {@linkcode unreachable}: a bug in this library. @internal */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Asserts an invariant of this library. @internal */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Marks a branch that the types exclude. @internal */
export function unreachable(value: never): never {
  throw new AssertionError(`Reached a branch that its types exclude: ${String(value)}`);
}
