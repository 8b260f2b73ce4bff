/**
 * Where Autobahn's bytes differ from ours for the same values: the committed table, each with its reason.
 *
 * @module
 */

import type { FormatName } from "../../../wamp/format.ts";
import { equalBytes } from "../../../internal/bytes.ts";
import { decodeHex, encodeHex } from "../../std.ts";

/** A difference that a format allows. */
export interface Difference {
  readonly format: FormatName;
  readonly name: string;
  /** Why both are right. */
  readonly reason: string;
  /** What stands where the bytes part, as characters of JSON or as hexadecimal digits; the groups mean the same. */
  readonly ours: RegExp;
  readonly theirs: RegExp;
  readonly isSame: (ours: string, theirs: string) => boolean;
}

const equal = (ours: string, theirs: string): boolean => ours === theirs;
/** Theirs is a float of 64 bits, ours an integer in the form of its format. */
const sameNumber = (readOurs: (bytes: Uint8Array<ArrayBuffer>) => number) => (ours: string, theirs: string): boolean =>
  readOurs(decodeHex(ours)) === viewOf(theirs.padEnd(16, "0")).getFloat64(0);

const INTEGRAL =
  "Python tells 5.0 from 5; in JavaScript they are one number, and its shortest form is that of the integer";

/** All of them. Each has to occur in a run, so that none outlives its reason. */
export const DIFFERENCES: readonly Difference[] = [
  {
    format: "json",
    name: "exponent",
    reason: "Python pads the exponent of a float to two digits (RFC 8259 §6 allows any number of zeros there)",
    ours: /(?<=\de-)(\d)(?!\d)/y,
    theirs: /(?<=\de-)0(\d)(?!\d)/y,
    isSame: equal,
  },
  {
    format: "json",
    name: "integral float",
    reason: INTEGRAL,
    ours: /(?<=\d)()(?![\d.eE])/y,
    theirs: /(?<=\d)()\.0(?!\d)/y,
    isSame: equal,
  },
  {
    format: "msgpack",
    name: "integral float",
    reason: INTEGRAL,
    ours: /([0-7ef].|(?:cc|d0).{2}|(?:cd|d1).{4}|(?:ce|d2).{8}|(?:cf|d3).{16})/y,
    theirs: /cb(.{16})/y,
    isSame: sameNumber(msgpackInteger),
  },
  {
    format: "cbor",
    name: "integral float",
    reason: INTEGRAL,
    ours: /([02].|[13][0-7]|[13]8.{2}|[13]9.{4}|[13]a.{8}|[13]b.{16})/y,
    theirs: /fb(.{16})/y,
    isSame: sameNumber(cborInteger),
  },
  {
    format: "cbor",
    name: "fraction of a date",
    reason:
      "cbor2 writes microseconds, we write the milliseconds of a Date (RFC 3339 §5.6 allows any number of digits)",
    ours: /(?<=c078)18((?:[235].){23})5a/y,
    theirs: /(?<=c078)1b((?:[235].){23})(?:30){3}5a/y,
    isSame: equal,
  },
  {
    format: "ubjson",
    name: "string of one character",
    reason: "py-ubjson writes a string of one ASCII character as a char (UBJSON draft 12, Char Type: a synonym)",
    ours: /53(?:69|55)01([0-7].)/y,
    theirs: /43([0-7].)/y,
    isSame: equal,
  },
  {
    format: "ubjson",
    name: "width of a float",
    reason: "We write a float in 32 bits where that is exact, py-ubjson always in 64 (UBJSON draft 12, Numeric Types)",
    ours: /64(.{8})/y,
    theirs: /44(.{16})/y,
    isSame: sameNumber((bytes) => new DataView(bytes.buffer).getFloat32(0)),
  },
  {
    format: "ubjson",
    name: "subnormal float",
    reason: "py-ubjson writes a float too small for full precision in digits, as a number of high precision",
    ours: /44(.{16})/y,
    theirs: /48(?:55.{2}|49.{4})((?:3\d|2[bde]|[46]5)+)/y,
    isSame: (ours, theirs) => viewOf(ours).getFloat64(0) === Number(new TextDecoder().decode(decodeHex(theirs))),
  },
  {
    format: "ubjson",
    name: "integral float",
    reason: INTEGRAL,
    ours: /((?:69|55).{2}|49.{4}|6c.{8}|4c.{16})/y,
    // It writes zero in 32 bits.
    theirs: /(?:44|64)((?<=44).{16}|(?<=64)0{8})/y,
    isSame: sameNumber(ubjsonInteger),
  },
];

/**
 * Walks over both at once.
 *
 * @returns How often each difference occurred, or where the bytes part for no reason in the table.
 */
export function explain(format: FormatName, ours: Uint8Array, theirs: Uint8Array): readonly string[] | Error {
  if (equalBytes(ours, theirs)) return [];
  const [left, right] = [textOf(format, ours), textOf(format, theirs)];
  const width = format === "json" ? 1 : 2;
  const found: string[] = [];
  let [at, other] = [0, 0];
  while (at < left.length || other < right.length) {
    if (at < left.length && left.startsWith(right.slice(other, other + width), at) && other < right.length) {
      at += width;
      other += width;
      continue;
    }
    const step = stepOver(format, left, at, right, other);
    if (step === undefined) {
      const around = (text: string, index: number): string => text.slice(Math.max(0, index - 40), index + 40);
      return new Error(`bytes part at ${at / width}: ours ${around(left, at)}, theirs ${around(right, other)}`);
    }
    found.push(step.name);
    at = step.at;
    other = step.other;
  }
  return found;
}

function stepOver(
  format: FormatName,
  left: string,
  at: number,
  right: string,
  other: number,
): { readonly name: string; readonly at: number; readonly other: number } | undefined {
  for (const { format: of, name, ours, theirs, isSame } of DIFFERENCES) {
    if (of !== format) continue;
    ours.lastIndex = at;
    theirs.lastIndex = other;
    const [own, foreign] = [ours.exec(left), theirs.exec(right)];
    if (own === null || foreign === null || !isSame(own[1] ?? "", foreign[1] ?? "")) continue;
    return { name, at: at + own[0].length, other: other + foreign[0].length };
  }
  return undefined;
}

/** Bytes as text, so that regular expressions can read them. */
function textOf(format: FormatName, bytes: Uint8Array): string {
  return format === "json" ? Array.from(bytes, (byte) => String.fromCharCode(byte)).join("") : encodeHex(bytes);
}

function viewOf(digits: string): DataView<ArrayBuffer> {
  return new DataView(decodeHex(digits).buffer);
}

/** A big-endian integer of all bytes from `start` on. */
function bigEndian(bytes: Uint8Array, start: number, isSigned: boolean): number {
  let value = 0n;
  for (const byte of bytes.subarray(start)) value = value << 8n | BigInt(byte);
  const bits = (bytes.length - start) * 8;
  return Number(isSigned ? BigInt.asIntN(bits, value) : value);
}

function msgpackInteger(bytes: Uint8Array): number {
  const type = bytes[0]!;
  if (bytes.length === 1) return type < 0x80 ? type : type - 0x100;
  return bigEndian(bytes, 1, type >= 0xd0);
}

function cborInteger(bytes: Uint8Array): number {
  const isNegative = bytes[0]! >= 0x20;
  const argument = bytes.length === 1 ? bytes[0]! & 0x1f : bigEndian(bytes, 1, false);
  return isNegative ? -1 - argument : argument;
}

function ubjsonInteger(bytes: Uint8Array): number {
  return bigEndian(bytes, 1, bytes[0] !== "U".charCodeAt(0));
}
