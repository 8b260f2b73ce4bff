/**
 * Arguments as a person reads and writes them: JSON, bytes as `{"$binary": "<base64>"}`.
 *
 * @module
 */

/** What a person wrote cannot be understood. @internal */
export class InputError extends Error {}

/** Reads positional arguments; nothing is no arguments. @internal */
export function parseList(text: string): readonly unknown[] {
  const value = parseJson(text, "[]");
  if (Array.isArray(value)) return value;
  throw new InputError("Arguments must be a JSON list, such as [1, 2]");
}

/** Reads keyword arguments; nothing is no arguments. @internal */
export function parseObject(text: string): Record<string, unknown> {
  const value = parseJson(text, "{}");
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new InputError(`Keyword arguments must be a JSON object, such as {"name": 1}`);
}

function parseJson(text: string, otherwise: string): unknown {
  try {
    return JSON.parse(text.trim() === "" ? otherwise : text);
  } catch (error) {
    throw new InputError(error instanceof Error ? `Not JSON: ${error.message}` : String(error));
  }
}

/** The longest text of a value that is shown, in characters. */
const MAX_TEXT = 2_000;

/** Writes a value on one line. @internal */
export function formatValue(value: unknown): string {
  const text = JSON.stringify(value, (_key, member) => {
    if (typeof member === "bigint") return String(member);
    return member instanceof Uint8Array ? { $binary: base64Of(member) } : member;
  }) ?? "null";
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

/** Not every browser has `Uint8Array.prototype.toBase64()`. */
function base64Of(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** Writes arguments on one line, leaving out what is empty. @internal */
export function formatArguments(args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>): string {
  const parts: string[] = [];
  if (args.length > 0) parts.push(formatValue(args));
  if (Object.keys(kwargs).length > 0) parts.push(formatValue(kwargs));
  return parts.join(" ");
}
