/**
 * A pair of byte streams in memory: that of `./testing`.
 *
 * @module
 */

export { memoryPair, MemoryStream } from "../testing/memory_stream.ts";
