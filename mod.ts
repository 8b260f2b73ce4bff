/**
 * Viaduct: WebSocket for Deno and the web. This module has what most programs need; it re-exports all of
 * `@viaduct/viaduct/websocket`.
 *
 * @example A server and a client
 * ```ts
 * import { connect, serve } from "@viaduct/viaduct";
 * import assert from "node:assert/strict";
 *
 * await using server = serve({ port: 0, hostname: "127.0.0.1" }, async (ws) => {
 *   for await (const message of ws) await ws.send(message);
 * });
 *
 * await using ws = await connect(server.url);
 * await ws.send("Hello");
 * for await (const message of ws) {
 *   assert.equal(message, "Hello");
 *   break;
 * }
 * ```
 *
 * @module
 */

export {
  accept,
  type AcceptOptions,
  type BackoffOptions,
  type ByteStream,
  type ClientTlsOptions,
  CLOSE_CODE,
  type CloseInfo,
  type CompressionOptions,
  connect,
  ConnectionClosedError,
  type ConnectionInfo,
  type ConnectionLimits,
  type ConnectionOptions,
  type ConnectOptions,
  type DialTarget,
  failureMessage,
  type FragmentInfo,
  HandshakeError,
  type HandshakeErrorCode,
  type IncomingMessage,
  type KeepaliveOptions,
  type Logger,
  type OriginPolicy,
  type PeerCertificate,
  ProtocolError,
  type ProtocolErrorCode,
  reconnecting,
  type ReconnectOptions,
  removeStaleSocket,
  type RetryInfo,
  SendBufferError,
  type SendOptions,
  serve,
  type ServeOptions,
  type Server,
  type ServerLimits,
  type ServerTlsOptions,
  type UpgradeAcceptance,
  type UpgradeAnswer,
  WebSocket,
  type WebSocketConnection,
  type WebSocketEvents,
  type WebSocketHandlers,
  type WebSocketListener,
  type WebSocketOptions,
} from "./websocket/mod.ts";
