/**
 * What the tests use of Deno's standard library: `@std/assert`, `@std/bytes` and `@std/encoding` from JSR, or our own
 * equivalents where JSR is out of reach. `VIADUCT_STD=fallback` asks for the latter without trying.
 *
 * The types are the fallback's, so that a test cannot use more than both offer and types check the same with and
 * without JSR.
 *
 * @module
 */

import * as fallback from "./std_fallback.ts";

/** What both offer. */
export type Std = Omit<typeof fallback, "default">;

const NAMES: readonly string[] = ["@std/assert", "@std/bytes", "@std/encoding"];
const SWITCH = "VIADUCT_STD";
/** How long a network that swallows packets may hold up a run, in milliseconds. */
const DEADLINE = 5_000;

async function loadStd(): Promise<Std | undefined> {
  if (Deno.env.get(SWITCH) === "fallback") return undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("JSR does not answer")), DEADLINE);
  });
  try {
    const modules = Promise.all(NAMES.map((name): Promise<Partial<Std>> => import(name)));
    const std: Partial<Std> = Object.assign({}, ...await Promise.race([modules, deadline]));
    return { ...fallback, ...std };
  } catch {
    // Every test file asks again in its own isolate; the environment is what they share.
    Deno.env.set(SWITCH, "fallback");
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

const loaded = await loadStd();
const std: Std = loaded ?? fallback;

/** The standard library itself, or `undefined` on the fallback. */
export const jsrStd: Std | undefined = loaded;

/** See `@std/assert`. */
export const assert: Std["assert"] = std.assert;
/** From here on, to print how two byte arrays differ takes minutes: a failing test would look like one that hangs. */
const LARGE = 4_096;

/** See `@std/assert`; of large byte arrays it tells only where they begin to differ. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  const areBytes = actual instanceof Uint8Array && expected instanceof Uint8Array;
  if (
    !areBytes || Math.max(actual.length, expected.length) <= LARGE || actual.constructor !== expected.constructor
  ) return std.assertEquals(actual, expected, message);
  const at = expected.findIndex((byte, index) => byte !== actual[index]);
  if (at < 0 && actual.length === expected.length) return;
  const lengths = `received ${actual.length} bytes, expected ${expected.length}`;
  const from = at < 0 ? expected.length : at;
  std.fail(`${message ?? "Bytes differ"}: ${lengths}; byte ${from} is ${actual[from]}, expected ${expected[from]}`);
}
/** See `@std/assert`. */
export const assertNotEquals: Std["assertNotEquals"] = std.assertNotEquals;
/** See `@std/assert`. */
export const assertStrictEquals: Std["assertStrictEquals"] = std.assertStrictEquals;
/** See `@std/assert`. */
export const assertThrows: Std["assertThrows"] = std.assertThrows;
/** See `@std/assert`. */
export const assertRejects: Std["assertRejects"] = std.assertRejects;
/** See `@std/assert`. */
export const assertMatch: Std["assertMatch"] = std.assertMatch;
/** See `@std/assert`. */
export const assertStringIncludes: Std["assertStringIncludes"] = std.assertStringIncludes;
/** See `@std/assert`. */
export const assertInstanceOf: Std["assertInstanceOf"] = std.assertInstanceOf;
/** See `@std/assert`. */
export const assertExists: Std["assertExists"] = std.assertExists;
/** See `@std/assert`. */
export const assertArrayIncludes: Std["assertArrayIncludes"] = std.assertArrayIncludes;
/** See `@std/assert`. */
export const assertGreater: Std["assertGreater"] = std.assertGreater;
/** See `@std/assert`. */
export const assertGreaterOrEqual: Std["assertGreaterOrEqual"] = std.assertGreaterOrEqual;
/** See `@std/assert`. */
export const assertLess: Std["assertLess"] = std.assertLess;
/** See `@std/assert`. */
export const assertLessOrEqual: Std["assertLessOrEqual"] = std.assertLessOrEqual;
/** See `@std/assert`. */
export const fail: Std["fail"] = std.fail;
/** See `@std/assert`. */
export const unreachable: Std["unreachable"] = std.unreachable;
/** See `@std/bytes`. */
export const concat: Std["concat"] = std.concat;
/** See `@std/bytes`. */
export const equals: Std["equals"] = std.equals;
/** See `@std/encoding`. */
export const encodeHex: Std["encodeHex"] = std.encodeHex;
/** See `@std/encoding`. */
export const decodeHex: Std["decodeHex"] = std.decodeHex;
/** See `@std/encoding`. */
export const encodeBase64: Std["encodeBase64"] = std.encodeBase64;
/** See `@std/encoding`. */
export const decodeBase64: Std["decodeBase64"] = std.decodeBase64;
