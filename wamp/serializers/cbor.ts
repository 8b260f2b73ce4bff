/**
 * CBOR (RFC 8949).
 * Sans-I/O.
 *
 * @module
 */

import type { Format } from "../format.ts";
import { CborReader } from "./cbor_reader.ts";
import { CborWriter } from "./cbor_writer.ts";

/** CBOR. @internal */
export const CBOR_FORMAT: Format = {
  name: "cbor",
  isText: false,
  createReader: () => new CborReader(),
  createWriter: () => new CborWriter(CBOR_FORMAT),
};
