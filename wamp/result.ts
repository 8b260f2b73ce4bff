/**
 * What makes handlers shorter: a result with keyword arguments, and a function of positional arguments.
 *
 * @module
 */

import type { Dict } from "./errors.ts";

/**
 * A result of several values, or with keyword arguments. A handler returns it; anything else becomes one argument.
 *
 * @example Answer with two values and a keyword
 * ```ts
 * import { Result } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * const divide = (a: number, b: number) => new Result([Math.floor(a / b), a % b], { exact: a % b === 0 });
 * assert.deepEqual(divide(7, 2).args, [3, 1]);
 * assert.deepEqual(divide(7, 2).kwargs, { exact: false });
 * ```
 *
 * @public
 */
export class Result {
  /** Positional results. */
  readonly args: readonly unknown[];
  /** Keyword results. */
  readonly kwargs: Readonly<Dict>;

  /**
   * Makes a result.
   *
   * @param args Positional results. @default {[]}
   * @param kwargs Keyword results. @default {{}}
   */
  constructor(args: readonly unknown[] = [], kwargs: Readonly<Dict> = {}) {
    this.args = args;
    this.kwargs = kwargs;
  }
}

/**
 * Makes a handler of a function that takes the positional arguments. That they are what the function expects is not
 * checked; a contract with validators does that.
 *
 * @typeParam Args The positional arguments.
 * @typeParam Value What the function returns.
 * @param fn The function.
 * @returns A handler for `register()`.
 *
 * @example Add two numbers
 * ```ts
 * import { positional } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * const add = positional((a: number, b: number) => a + b);
 * assert.equal(add({ args: [1, 2] }), 3);
 * ```
 *
 * @public
 */
export function positional<Args extends readonly unknown[], Value>(
  fn: (...args: Args) => Value,
): (invocation: { readonly args: readonly unknown[] }) => Value {
  return ({ args }) => fn(...args as Args);
}
