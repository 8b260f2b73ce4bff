/**
 * The serializers of WAMP: JSON, MessagePack, CBOR and UBJSON, each with one message at a time or batched.
 *
 * A program names them in its options (`serializers: ["cbor", "json"]`); a transport takes one of the objects here.
 *
 * @example Take a serializer by its name
 * ```ts
 * import { cbor, serializerFor } from "@viaduct/viaduct/wamp/serializers";
 * import assert from "node:assert/strict";
 *
 * assert.equal(serializerFor("cbor"), cbor);
 * assert.equal(cbor.subprotocol, "wamp.2.cbor");
 * assert.equal(cbor.isText, false);
 * ```
 *
 * @module
 */

import { CBOR_FORMAT } from "./cbor.ts";
import { JSON_FORMAT } from "./json.ts";
import { MSGPACK_FORMAT } from "./msgpack.ts";
import { Serializer, type SerializerName } from "./serializer.ts";
import { UBJSON_FORMAT } from "./ubjson.ts";

export { MsgpackExtension } from "./msgpack_extension.ts";
export { Serializer, type SerializerName } from "./serializer.ts";

/**
 * `wamp.2.json`: text, one message at a time. Bytes travel as base64.
 *
 * @public
 */
export const json: Serializer = new Serializer(JSON_FORMAT, 1, false);
/**
 * `wamp.2.msgpack`: MessagePack, one message at a time.
 *
 * @public
 */
export const msgpack: Serializer = new Serializer(MSGPACK_FORMAT, 2, false);
/**
 * `wamp.2.cbor`: CBOR, one message at a time.
 *
 * @public
 */
export const cbor: Serializer = new Serializer(CBOR_FORMAT, 3, false);
/**
 * `wamp.2.ubjson`: UBJSON, one message at a time.
 *
 * @public
 */
export const ubjson: Serializer = new Serializer(UBJSON_FORMAT, 4, false);

/**
 * `wamp.2.json.batched`: text, one or more messages at a time.
 *
 * @public
 */
export const jsonBatched: Serializer = new Serializer(JSON_FORMAT, undefined, true);
/**
 * `wamp.2.msgpack.batched`: MessagePack, one or more messages at a time.
 *
 * @public
 */
export const msgpackBatched: Serializer = new Serializer(MSGPACK_FORMAT, undefined, true);
/**
 * `wamp.2.cbor.batched`: CBOR, one or more messages at a time.
 *
 * @public
 */
export const cborBatched: Serializer = new Serializer(CBOR_FORMAT, undefined, true);
/**
 * `wamp.2.ubjson.batched`: UBJSON, one or more messages at a time.
 *
 * @public
 */
export const ubjsonBatched: Serializer = new Serializer(UBJSON_FORMAT, undefined, true);

/**
 * All serializers, in the order in which a router takes them where a client leaves the choice.
 *
 * @public
 */
export const SERIALIZERS: readonly Serializer[] = [
  cbor,
  msgpack,
  json,
  ubjson,
  cborBatched,
  msgpackBatched,
  jsonBatched,
  ubjsonBatched,
];

/**
 * Gives a serializer by the name that options use.
 *
 * @example Ask for text
 * ```ts
 * import { serializerFor } from "@viaduct/viaduct/wamp/serializers";
 * import assert from "node:assert/strict";
 *
 * const serializer = serializerFor("json.batched");
 * assert.equal(serializer.subprotocol, "wamp.2.json.batched");
 * assert.equal(serializer.isBatched, true);
 * ```
 *
 * @param name The name.
 * @returns The serializer.
 * @throws {RangeError} No serializer has that name.
 *
 * @public
 */
export function serializerFor(name: SerializerName): Serializer {
  const serializer = SERIALIZERS.find((candidate) => candidate.name === name);
  if (serializer !== undefined) return serializer;
  const names = SERIALIZERS.map((candidate) => candidate.name).join(", ");
  throw new RangeError(`Cannot find serializer: name must be one of ${names}, received ${name}`);
}
