/**
 * WebSocket client and server on raw sockets: RFC 6455 and permessage-deflate (RFC 7692) over TCP, TLS and Unix
 * sockets.
 *
 * @example A server and a client
 * ```ts
 * import { connect, serve } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * await using server = serve({ port: 0, hostname: "127.0.0.1" }, async (ws) => {
 *   for await (const message of ws) await ws.send(`You said ${message}`);
 * });
 * await using ws = await connect(server.url);
 * await ws.send("hi");
 * for await (const message of ws) {
 *   assert.equal(message, "You said hi");
 *   break;
 * }
 * ```
 *
 * @module
 */

export type { BackoffOptions } from "../internal/backoff.ts";
export { failureMessage, type Logger } from "../internal/log.ts";
export type { UpgradeAcceptance, UpgradeAnswer } from "./acceptor.ts";
export { type ClientTlsOptions, connect, type ConnectOptions, type DialTarget } from "./client.ts";
export { CLOSE_CODE } from "./close_code.ts";
export {
  type CloseInfo,
  ConnectionClosedError,
  HandshakeError,
  type HandshakeErrorCode,
  ProtocolError,
  type ProtocolErrorCode,
  SendBufferError,
} from "./errors.ts";
export type { CompressionOptions } from "./extension.ts";
export type { ConnectionLimits, ConnectionOptions, KeepaliveOptions } from "./options.ts";
export type { OriginPolicy } from "./origin.ts";
export { reconnecting, type ReconnectOptions, type RetryInfo } from "./reconnecting.ts";
export {
  accept,
  type AcceptOptions,
  removeStaleSocket,
  serve,
  type ServeOptions,
  type Server,
  type ServerLimits,
  type ServerTlsOptions,
} from "./server.ts";
export type { ByteStream } from "../internal/stream.ts";
export { WebSocket, type WebSocketEvents, type WebSocketListener, type WebSocketOptions } from "./web_socket.ts";
export type {
  ConnectionInfo,
  FragmentInfo,
  IncomingMessage,
  PeerCertificate,
  SendOptions,
  WebSocketConnection,
  WebSocketHandlers,
} from "./web_socket_connection.ts";
