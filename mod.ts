/**
 * Viaduct: WAMP and WebSocket for Deno and the web. This module has what most programs need: all of
 * `@viaduct/viaduct/websocket`, joining a WAMP realm, and a router. Contracts, transports, serializers, authentication
 * and the means for tests are in modules of their own.
 *
 * @example A router, and two sessions
 * ```ts
 * import { createRouter, join, positional, serveRouter } from "@viaduct/viaduct";
 * import assert from "node:assert/strict";
 *
 * await using router = createRouter({ realms: [{ uri: "realm1" }] });
 * await using server = await serveRouter(router, { port: 0, hostname: "127.0.0.1" });
 *
 * await using backend = await router.join("realm1");
 * await backend.register("com.example.add", positional((a: number, b: number) => a + b));
 *
 * await using frontend = await join(server.url, { realm: "realm1" });
 * assert.equal(await frontend.call("com.example.add", [1, 2]), 3);
 * ```
 *
 * @example A WebSocket server and a client
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
export {
  ApplicationError,
  type Arguments,
  type CallOptions,
  type CallResult,
  type CancelMode,
  type Component,
  component,
  type ComponentOptions,
  type ComponentStatus,
  type ComponentTransport,
  type Dict,
  type EventHandler,
  type Invocation,
  type InvocationHandler,
  type InvocationPolicy,
  join,
  JoinError,
  type JoinOptions,
  type MatchPolicy,
  positional,
  type PublishOptions,
  type RegisterOptions,
  type Registration,
  Result,
  type RetryOptions,
  run,
  SerializationError,
  type Session,
  SessionClosedError,
  type SessionEvent,
  type SubscribeOptions,
  type Subscription,
  TransportLostError,
  WampProtocolError,
} from "./wamp/mod.ts";
export {
  createRouter,
  type Router,
  type RouterOptions,
  serveRouter,
  type ServeRouterOptions,
} from "./wamp/router/mod.ts";
