/**
 * Values as JSON that says of each what it is, so that Python and TypeScript mean the same.
 *
 * @module
 */

import { MAX_ID } from "../../../wamp/ids.ts";
import { decodeBase64, decodeHex, encodeBase64, encodeHex } from "../../std.ts";

/** A tagged value; autobahn_serializers.py has the list. */
export type Tagged =
  | null
  | boolean
  | string
  | readonly Tagged[]
  | { readonly i: string }
  | { readonly f: string }
  | { readonly b: string }
  | { readonly t: number }
  | { readonly T: readonly [seconds: number, nanoseconds: number] }
  | { readonly d: readonly (readonly [string, Tagged])[] };

function floatDigits(value: number): string {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return encodeHex(bytes);
}

/** A float, although its value is integral. */
export function floatTag(value: number): Tagged {
  return { f: floatDigits(value) };
}

/** Tags a value. */
export function tag(value: unknown): Tagged {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "bigint") return { i: String(value) };
  if (typeof value === "number") {
    const isInteger = Number.isInteger(value) && Math.abs(value) <= MAX_ID && !Object.is(value, -0);
    return isInteger ? { i: String(BigInt(value)) } : floatTag(value);
  }
  if (value instanceof Uint8Array) return { b: encodeBase64(value) };
  if (value instanceof Date) return { t: value.getTime() };
  if (Array.isArray(value)) return value.map(tag);
  if (typeof value === "object") return { d: Object.entries(value).map(([key, item]) => [key, tag(item)] as const) };
  throw new TypeError(`Cannot tag a ${typeof value}`);
}

/** The value of a tagged one. */
function untag(tagged: Tagged): unknown {
  if (tagged === null || typeof tagged !== "object") return tagged;
  if (isList(tagged)) return tagged.map(untag);
  if ("i" in tagged) {
    const value = BigInt(tagged.i);
    return value >= -MAX_ID && value <= MAX_ID ? Number(value) : value;
  }
  if ("f" in tagged) return new DataView(decodeHex(tagged.f).buffer).getFloat64(0);
  if ("b" in tagged) return decodeBase64(tagged.b);
  if ("t" in tagged) return new Date(tagged.t);
  if ("T" in tagged) return new Date(tagged.T[0] * 1_000 + Math.floor(tagged.T[1] / 1_000_000));
  return Object.fromEntries(tagged.d.map(([key, value]) => [key, untag(value)]));
}

function isList(tagged: Tagged): tagged is readonly Tagged[] {
  return Array.isArray(tagged);
}
