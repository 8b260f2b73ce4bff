/**
 * MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md).
 * Sans-I/O.
 *
 * @module
 */

import type { Format } from "../format.ts";
import { MsgpackReader } from "./msgpack_reader.ts";
import { MsgpackWriter } from "./msgpack_writer.ts";

/** MessagePack. @internal */
export const MSGPACK_FORMAT: Format = {
  name: "msgpack",
  isText: false,
  createReader: () => new MsgpackReader(),
  createWriter: () => new MsgpackWriter(MSGPACK_FORMAT),
};
