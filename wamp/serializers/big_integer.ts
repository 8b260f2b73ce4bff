/**
 * Integers written in decimal digits, of any size.
 * Sans-I/O.
 *
 * @module
 */

import { WampProtocolError } from "../errors.ts";
import { MAX_ID } from "../ids.ts";

/** The most characters of an integer: reading takes a time that grows faster than their number. */
const MOST_DIGITS = 16384;

/**
 * Reads an integer exactly: a number up to 2^53, a bigint beyond.
 *
 * @throws {WampProtocolError} It has too many digits.
 *
 * @internal
 */
export function parseInteger(digits: string): number | bigint {
  if (digits.length < 16) return Number(digits);
  if (digits.length > MOST_DIGITS) {
    throw new WampProtocolError("limit_exceeded", `An integer has more than ${MOST_DIGITS} digits`);
  }
  const exact = BigInt(digits);
  return exact <= MAX_ID && exact >= -MAX_ID ? Number(exact) : exact;
}
