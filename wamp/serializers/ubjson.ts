/**
 * UBJSON, draft 12, as a format of WAMP.
 * Sans-I/O.
 *
 * Bytes are a list of type uint8, an integer beyond 64 bits is a number of high precision, a Date its ISO string; NaN
 * and infinities are null, as the draft wants it.
 *
 * @module
 */

import type { Format } from "../format.ts";
import { UbjsonReader } from "./ubjson_reader.ts";
import { UbjsonWriter } from "./ubjson_writer.ts";

/** The format. @internal */
export const UBJSON_FORMAT: Format = {
  name: "ubjson",
  isText: false,
  createReader: () => new UbjsonReader(),
  createWriter: () => new UbjsonWriter(UBJSON_FORMAT),
};
