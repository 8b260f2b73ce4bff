/**
 * **UNSTABLE** The protocol without sockets, timers or promises: for drivers of your own, and for tests. It may change
 * in any release.
 *
 * @example Two sides that talk through byte arrays
 * ```ts
 * import { Protocol } from "@viaduct/viaduct/websocket/sansio";
 * import assert from "node:assert/strict";
 *
 * const client = new Protocol({ role: "client", nextMaskingKey: () => 0x01020304 });
 * const server = new Protocol({ role: "server" });
 * client.sendText("ping?");
 * server.receive(client.takeOutput()!, 0);
 * assert.equal(server.takeEvents().length, 1);
 * ```
 *
 * @module
 */

export { BufferPool } from "../internal/buffer_pool.ts";
export type { CloseInfo, ProtocolErrorCode } from "./errors.ts";
export { ProtocolError } from "./errors.ts";
export type { DeflateParameters } from "./extension.ts";
export { OPCODE } from "./frame.ts";
export {
  type CloseEvent,
  type FailEvent,
  type FragmentEvent,
  type MessageEvent,
  type PingPongEvent,
  Protocol,
  type ProtocolEvent,
  type ProtocolOptions,
  type ProtocolState,
  type ReaderEvent,
  type SendFlags,
  type TransportAdvice,
} from "./protocol.ts";
