/**
 * JSON as a format of WAMP (RFC 8259; WAMP, Binary support in JSON).
 * Sans-I/O.
 *
 * What JSON has no form for is written like this: bytes as a string of U+0000 and base64, a Date as its ISO string,
 * a bigint as an integer, a Map as a dictionary, NaN and infinities as null. Strings of U+0000 and base64 are read as
 * bytes, integers beyond 2^53 as bigint. A string of the program's own that begins with U+0000 is written as it is, so
 * that it arrives as bytes where the rest of it happens to be base64.
 *
 * @module
 */

import type { Format } from "../format.ts";
import { JsonReader } from "./json_reader.ts";
import { JsonWriter } from "./json_writer.ts";

/** The format. @internal */
export const JSON_FORMAT: Format = {
  name: "json",
  isText: true,
  createReader: () => new JsonReader(),
  createWriter: () => new JsonWriter(JSON_FORMAT),
};
