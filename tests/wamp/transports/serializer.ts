/**
 * Serializers whose names are all that a test of a transport needs.
 *
 * @module
 */

import type { Format, FormatName, ValueReader, ValueWriter } from "../../../wamp/format.ts";
import { Serializer } from "../../../wamp/serializers/serializer.ts";

function fakeFormat(name: FormatName, isText: boolean): Format {
  const none: unknown = {};
  return { name, isText, createReader: () => none as ValueReader, createWriter: () => none as ValueWriter };
}

/** A text serializer. */
export const TEXT: Serializer = new Serializer(fakeFormat("json", true), 1, false);
/** A binary serializer. */
export const BINARY: Serializer = new Serializer(fakeFormat("cbor", false), 3, false);
/** A batched text serializer. */
export const BATCHED: Serializer = new Serializer(fakeFormat("json", true), undefined, true);
/** A batched binary serializer. */
export const BATCHED_BINARY: Serializer = new Serializer(fakeFormat("cbor", false), undefined, true);
