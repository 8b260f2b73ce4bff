/**
 * Checks and assertions that need nothing of a runtime: `node:assert` is missing in browsers.
 *
 * @module
 */

import { failureMessage } from "../../internal/log.ts";
import type { CheckResult } from "../interop/cells.ts";

/** What a check must know of the runtime, so that a missing built-in cannot go unnoticed. @internal */
export interface RuntimeFacts {
  /** Whether it has `node:zlib`, and so compression. */
  readonly hasZlib: boolean;
  /** Whether `connect()` finds sockets. */
  readonly hasSockets: boolean;
}

/** Checks by name, of what they are given. @internal */
export type Checks<Given = RuntimeFacts> = Readonly<Record<string, (given: Given) => void | Promise<void>>>;

/** How long a check may take, in milliseconds: a message that never comes must not end as silence. */
const TIMEOUT = 20_000;

/** Throws where a condition does not hold. @internal */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Throws where two values differ: numbers, strings, booleans, `undefined`, bytes and arrays of them. @internal */
export function assertEquals(actual: unknown, expected: unknown): void {
  const [shown, wanted] = [show(actual), show(expected)];
  if (shown !== wanted) throw new Error(`Must be ${wanted}, received ${shown}`);
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `<${Array.from(value, (byte) => byte.toString(16)).join(" ")}>`;
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Gives what a promise rejects with. @internal */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.then(() => undefined, (error: unknown) => error);
  assert(error instanceof Error, `Must reject with an error, received ${String(error)}`);
  return error;
}

/** Runs checks one after another. @internal */
export async function runChecks<Given = RuntimeFacts>(checks: Checks<Given>, given: Given): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const [check, run] of Object.entries(checks)) {
    try {
      await within(Promise.resolve().then(() => run(given)));
      results.push({ check });
    } catch (error) {
      results.push({ check, error: failureMessage(error) });
    }
  }
  return results;
}

async function within(promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Timed out after ${TIMEOUT} ms`)), TIMEOUT);
  });
  await Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}
