/**
 * What was thrown, as an `Error`.
 *
 * @module
 */

/** Wraps what is no `Error`, such as the reason of an aborted signal; its text becomes the message. @internal */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
