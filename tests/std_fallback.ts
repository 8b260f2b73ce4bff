/**
 * What the tests use of `@std/assert`, `@std/bytes` and `@std/encoding`, built on `node:assert` and the runtime, for
 * machines that cannot reach JSR. `std_test.ts` holds both to the same table. One difference is known: here `0` and `-0`
 * are not equal.
 *
 * @module
 */

import nodeAssert, { AssertionError } from "node:assert/strict";

/** The class of an error, as `assertThrows` takes it. */
export type ErrorClass<E> = abstract new (...args: never[]) => E;

/** Asserts that a value is truthy. */
export function assert(condition: unknown, message?: string): asserts condition {
  if (!condition) throw new AssertionError({ message: message ?? "Expected a truthy value" });
}

/** Asserts that two values are deeply equal, prototypes included. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, message);
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.notDeepStrictEqual(actual, expected, message);
}

/** Asserts that two values are the same by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  nodeAssert.strictEqual(actual, expected, message);
}

function checkError<E extends Error>(error: unknown, kind: ErrorClass<E> | undefined, part: string | undefined): E {
  assert(error instanceof Error, `Expected an Error, received ${String(error)}`);
  if (kind !== undefined) {
    assert(error instanceof kind, `Expected ${kind.name}, received ${error.name}: ${error.message}`);
  }
  if (part !== undefined) assertStringIncludes(error.message, part);
  return error as E;
}

/** Asserts that a function throws, and returns what it threw. */
export function assertThrows(fn: () => unknown, message?: string): unknown;
/** Asserts that a function throws an error of a class, with a part of its message. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  kind: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  kind?: ErrorClass<E> | string,
  messageIncludes?: string,
  message?: string,
): unknown {
  let thrown: { readonly error: unknown } | undefined;
  try {
    fn();
  } catch (error) {
    thrown = { error };
  }
  const text = typeof kind === "string" ? kind : message;
  assert(thrown, text ?? "Expected the function to throw");
  return typeof kind === "function" ? checkError(thrown.error, kind, messageIncludes) : thrown.error;
}

/** Asserts that a promise rejects, and resolves to what it rejected with. */
export function assertRejects(fn: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
/** Asserts that a promise rejects with an error of a class, with a part of its message. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  kind: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  kind?: ErrorClass<E> | string,
  messageIncludes?: string,
  message?: string,
): Promise<unknown> {
  let thrown: { readonly error: unknown } | undefined;
  let isPromise = false;
  try {
    const promise = fn();
    isPromise = typeof promise?.then === "function";
    await promise;
  } catch (error) {
    thrown = { error };
  }
  const text = typeof kind === "string" ? kind : message;
  assert(thrown, text ?? "Expected the promise to reject");
  assert(isPromise, text ?? "Expected a rejected promise, but the function threw");
  return typeof kind === "function" ? checkError(thrown.error, kind, messageIncludes) : thrown.error;
}

/** Asserts that a text matches a pattern. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  nodeAssert.match(actual, expected, message);
}

/** Asserts that a text holds another. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  assert(actual.includes(expected), message ?? `Expected "${actual}" to include "${expected}"`);
}

/** Asserts that a value is an instance of a class. */
export function assertInstanceOf<T>(
  actual: unknown,
  expected: abstract new (...args: never[]) => T,
  message?: string,
): asserts actual is T {
  assert(actual instanceof expected, message ?? `Expected an instance of ${expected.name}`);
}

/** Asserts that a value is neither `null` nor `undefined`. */
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  assert(actual !== undefined && actual !== null, message ?? `Expected a value, received ${String(actual)}`);
}

/** Asserts that every expected value is, deeply equal, in an array. */
export function assertArrayIncludes<T>(actual: readonly T[], expected: readonly T[], message?: string): void {
  for (const wanted of expected) {
    assert(actual.some((value) => isEqual(value, wanted)), message ?? `Expected ${String(wanted)} to be in the array`);
  }
}

function isEqual(a: unknown, b: unknown): boolean {
  try {
    nodeAssert.deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

/** Asserts that `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  assert(actual > expected, message ?? `Expected ${String(actual)} > ${String(expected)}`);
}

/** Asserts that `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  assert(actual >= expected, message ?? `Expected ${String(actual)} >= ${String(expected)}`);
}

/** Asserts that `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  assert(actual < expected, message ?? `Expected ${String(actual)} < ${String(expected)}`);
}

/** Asserts that `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  assert(actual <= expected, message ?? `Expected ${String(actual)} <= ${String(expected)}`);
}

/** Fails the test. */
export function fail(message?: string): never {
  throw new AssertionError({ message: message ?? "Failed" });
}

/** Fails the test: this line was to be out of reach. */
export function unreachable(message?: string): never {
  throw new AssertionError({ message: message ?? "Reached a line that was to be out of reach" });
}

/** Joins byte arrays. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Says whether two byte arrays hold the same bytes. */
export function equals(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function toBytes(data: string | Uint8Array | ArrayBuffer): Uint8Array {
  if (typeof data === "string") return new TextEncoder().encode(data);
  return data instanceof Uint8Array ? data : new Uint8Array(data);
}

/** Encodes bytes, or the UTF-8 of a text, as hexadecimal digits. */
export function encodeHex(data: string | Uint8Array | ArrayBuffer): string {
  return toBytes(data).toHex();
}

/** Decodes hexadecimal digits. */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text);
}

/** Encodes bytes, or the UTF-8 of a text, as padded base64. */
export function encodeBase64(data: string | Uint8Array | ArrayBuffer): string {
  return toBytes(data).toBase64();
}

/** Decodes base64. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(text);
}
