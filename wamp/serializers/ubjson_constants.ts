/**
 * The markers of UBJSON, draft 12.
 * Sans-I/O.
 *
 * @module
 */

/** What stands in front of values. @internal */
export const UBJSON = {
  NULL: 0x5a, // Z
  NOOP: 0x4e, // N
  TRUE: 0x54, // T
  FALSE: 0x46, // F
  INT8: 0x69, // i
  UINT8: 0x55, // U
  INT16: 0x49, // I
  INT32: 0x6c, // l
  INT64: 0x4c, // L
  FLOAT32: 0x64, // d
  FLOAT64: 0x44, // D
  HIGH_PRECISION: 0x48, // H
  CHAR: 0x43, // C
  STRING: 0x53, // S
  LIST: 0x5b, // [
  LIST_END: 0x5d, // ]
  DICT: 0x7b, // {
  DICT_END: 0x7d, // }
  TYPE: 0x24, // $
  COUNT: 0x23, // #
} as const;
