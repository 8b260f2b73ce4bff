/**
 * Values of WAMP as JSON text on the command line, in both directions: bytes are `{"$binary": "<base64>"}`, integers
 * keep all their digits.
 *
 * @module
 */

import type { Dict } from "../wamp/errors.ts";
import { UsageError } from "./command.ts";

/** Deeper than a router lets values be nested. */
const MAX_DEPTH = 600;

/**
 * Writes a value as JSON on one line. What JSON lacks becomes `null`, a date its ISO text.
 *
 * @internal
 */
export function formatValue(value: unknown): string {
  return format(value, 0);
}

function format(value: unknown, depth: number): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (depth > MAX_DEPTH) throw new RangeError(`Cannot print a value nested deeper than ${MAX_DEPTH} levels`);
  if (value instanceof Uint8Array) return `{"$binary":${JSON.stringify(value.toBase64())}}`;
  if (value instanceof Date) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => format(item, depth + 1)).join(",")}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${format(member, depth + 1)}`).join(",")}}`;
}

/**
 * Reads an argument: as JSON where it is JSON, else as the string it is.
 *
 * @internal
 */
export function parseValue(text: string): unknown {
  try {
    return JSON.parse(text, revive);
  } catch {
    return text;
  }
}

function revive(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value === "number") return exactInteger(value, context?.source ?? "");
  return isBinary(value) ? decodeBinary(value.$binary) ?? value : value;
}

function exactInteger(value: number, source: string): number | bigint {
  return !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function isBinary(value: unknown): value is { readonly $binary: string } {
  return typeof value === "object" && value !== null && Object.keys(value).length === 1 && "$binary" in value &&
    typeof value.$binary === "string";
}

function decodeBinary(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads options of the form `name=value`.
 *
 * @throws {UsageError} One of them has no name or no `=`.
 * @internal
 */
export function parseKeywords(texts: readonly string[]): Dict {
  const entries = texts.map((text): [string, unknown] => {
    const index = text.indexOf("=");
    if (index < 1) throw new UsageError(`Option --kwarg must be like name=value, received ${JSON.stringify(text)}`);
    return [text.slice(0, index), parseValue(text.slice(index + 1))];
  });
  return Object.fromEntries(entries);
}
