/**
 * SASLprep: the form in which names and passwords are compared (RFC 4013).
 * Sans-I/O.
 *
 * @module
 */

// RFC 3454, tables B.1, C.1.2, and C.2 to C.9
const MAPPED_TO_NOTHING = /[\u00AD\u034F\u1806\u180B-\u180D\u200B-\u200D\u2060\uFE00-\uFE0F\uFEFF]/gu;
const SPACES = /[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/gu;
const PROHIBITED = new RegExp(
  "[" + [
    "\\u0000-\\u001F\\u007F", // C.2.1
    "\\u0080-\\u009F\\u06DD\\u070F\\u180E\\u2028\\u2029\\u2061-\\u2063\\u206A-\\u206F\\uFFF9-\\uFFFC", // C.2.2
    "\\u{1D173}-\\u{1D17A}",
    "\\uE000-\\uF8FF\\u{F0000}-\\u{FFFFD}\\u{100000}-\\u{10FFFD}", // C.3
    "\\uFDD0-\\uFDEF\\p{Noncharacter_Code_Point}", // C.4
    "\\p{Surrogate}", // C.5
    "\\uFFF9-\\uFFFD", // C.6
    "\\u2FF0-\\u2FFB", // C.7
    "\\u0340\\u0341\\u200E\\u200F\\u202A-\\u202E", // C.8
    "\\u{E0001}\\u{E0020}-\\u{E007F}", // C.9
  ].join("") + "]",
  "u",
);
// RFC 3454, table D.1: letters written from right to left; D.2: what is written from left to right
const RIGHT_TO_LEFT =
  /[\u05BE\u05C0\u05C3\u05D0-\u05F4\u061B\u061F\u0621-\u064A\u066D-\u066F\u0671-\u06D5\u06DD\u06E5\u06E6\u06FA-\u06FE\u0700-\u070D\u0710\u0712-\u072C\u0780-\u07A5\u07B1\u200F\uFB1D\uFB1F-\uFB28\uFB2A-\uFD3D\uFD50-\uFDFC\uFE70-\uFEFC]/u;
const LEFT_TO_RIGHT = /(?!\p{Script=Hebrew}|\p{Script=Arabic}|\p{Script=Syriac}|\p{Script=Thaana})\p{L}/u;

/**
 * Prepares a name or a password.
 *
 * @throws {RangeError} It holds a character that is not allowed, or mixes directions.
 *
 * @internal
 */
export function saslprep(text: string): string {
  // Plain ASCII, the common case, is prepared already.
  if (/^[\x20-\x7E]*$/.test(text)) return text;
  const prepared = text.replace(MAPPED_TO_NOTHING, "").replace(SPACES, " ").normalize("NFKC");
  if (PROHIBITED.test(prepared)) {
    throw new RangeError("Cannot prepare text: it holds a character that RFC 4013 forbids");
  }
  if (RIGHT_TO_LEFT.test(prepared)) checkDirection(prepared);
  return prepared;
}

/** RFC 3454 §6: text written from right to left begins and ends so, and holds nothing the other way. */
function checkDirection(text: string): void {
  const characters = [...text];
  const [first = "", last = ""] = [characters[0], characters.at(-1)];
  if (!RIGHT_TO_LEFT.test(first) || !RIGHT_TO_LEFT.test(last) || LEFT_TO_RIGHT.test(text)) {
    throw new RangeError("Cannot prepare text: it mixes writing from right to left with other text (RFC 3454 §6)");
  }
}
