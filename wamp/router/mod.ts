/**
 * A WAMP router to be embedded: realms with a broker and a dealer, served over WebSocket and RawSocket, mounted into a
 * server that is there already, or joined from within the program.
 *
 * @example A router, a backend within the program, and a client that comes by WebSocket
 * ```ts
 * import { join } from "@viaduct/viaduct/wamp";
 * import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * await using router = createRouter({ realms: [{ uri: "realm1" }] });
 * await using server = await serveRouter(router, { port: 0, hostname: "127.0.0.1" });
 *
 * const backend = await router.join("realm1");
 * await backend.register("com.example.add", ({ args: [a, b] }) => Number(a) + Number(b));
 *
 * await using session = await join(server.url, { realm: "realm1" });
 * assert.equal(await session.call("com.example.add", [1, 2]), 3);
 * ```
 *
 * @module
 */

export type { Logger } from "../../internal/log.ts";
export type { AuthDecision, AuthDialog, AuthMethod, JoinRequest, Principal } from "../auth/accept.ts";
export type { Dict } from "../errors.ts";
export type { WampProtocolErrorCode } from "../errors.ts";
export type { SerializerName } from "../serializers/serializer.ts";
export type { Session } from "../session_api.ts";
export type {
  ProbeOptions,
  Transport,
  TransportClosed,
  TransportInfo,
  TransportKind,
  TransportReceiver,
} from "../transports/transport.ts";
export type { MatchPolicy, UriRules } from "../uris.ts";
export {
  type AbortDiagnostics,
  type CallDiagnostics,
  type ErrorDiagnostics,
  type LeaveReason,
  type PublishDiagnostics,
  ROUTER_CHANNELS,
  type SessionDiagnostics,
  type SlowConsumerDiagnostics,
} from "./diagnostics.ts";
export type { EntryInspection, InspectOptions, RealmInspection, SessionInspection } from "./inspection.ts";
export {
  type CarrierMetrics,
  type DurationMetrics,
  formatPrometheus,
  type RealmMetrics,
  type RouterMetrics,
} from "./metrics.ts";
export type { HealthOptions, MetricsOptions } from "./monitoring.ts";
export { authorizeByProcedure } from "./authorizer.ts";
export { createRouter } from "./router.ts";
export type {
  Authorization,
  AuthorizationRequest,
  Authorizer,
  EventStoreOptions,
  Permission,
  PermissionAction,
  RealmLimits,
  RealmOptions,
  RealmStatistics,
  RoleOptions,
  Router,
  RouterOptions,
  SessionDetails,
  SlowConsumerPolicy,
} from "./router_api.ts";
export {
  type CompressionOptions,
  type ConnectionInfo,
  type KeepaliveOptions,
  type OriginPolicy,
  type PeerCertificate,
  type RawSocketListenOptions,
  type RouterServer,
  type RouterServerLimits,
  serveRouter,
  type ServeRouterOptions,
  type ServerTlsOptions,
} from "./server.ts";
export {
  type BunServerSocket,
  bunWebSocket,
  type BunWebSocketHandlers,
  type WebSocketLike,
  type WebSocketLikeEvent,
  type WrapOptions,
} from "../transports/web.ts";
export type { RouterUpgradeOptions } from "./web_upgrade.ts";
