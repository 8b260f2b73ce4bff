/**
 * The numbers of CBOR that its reader and its writer share (RFC 8949).
 * Sans-I/O.
 *
 * @module
 */

/** Major types (RFC 8949 §3.1). @internal */
export const MAJOR = {
  UNSIGNED: 0,
  NEGATIVE: 1,
  BYTES: 2,
  TEXT: 3,
  LIST: 4,
  DICT: 5,
  TAG: 6,
  SIMPLE: 7,
} as const;

/** The tags that change what a value is read as (RFC 8949 §3.4). @internal */
export const TAG = { DATE_TEXT: 0, DATE_SECONDS: 1, BIGNUM: 2, NEGATIVE_BIGNUM: 3 } as const;
