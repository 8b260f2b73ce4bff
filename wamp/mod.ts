/**
 * WAMP sessions: join a realm of a router, call and register procedures, publish and subscribe to topics.
 *
 * @example A backend and a frontend, and a router between them
 * ```ts
 * import { join, positional } from "@viaduct/viaduct/wamp";
 * import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * await using router = createRouter({ realms: [{ uri: "realm1" }] });
 * await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
 *
 * await using backend = await join(server.url, { realm: "realm1" });
 * await backend.register("com.example.add", positional((a: number, b: number) => a + b));
 *
 * await using frontend = await join(server.url, { realm: "realm1" });
 * assert.equal(await frontend.call("com.example.add", [1, 2]), 3);
 * ```
 *
 * @module
 */

export { failureMessage, type Logger } from "../internal/log.ts";
export type { ByteStream } from "../internal/stream.ts";
export { anonymous } from "./auth/anonymous.ts";
export type { AuthAnswer, AuthChallenge, Authenticator } from "./auth/authenticator.ts";
export { component, run } from "./component.ts";
export type {
  CatchUpOptions,
  Component,
  ComponentOptions,
  ComponentStatus,
  ComponentSubscribeOptions,
  ComponentTransport,
  ContractComponent,
  EventGap,
  PendingDeclaration,
  RetryOptions,
} from "./component_api.ts";
export {
  type ArgsInput,
  type ArgsOutput,
  type Contract,
  defineContract,
  procedure,
  type ProcedureOf,
  type ProcedureSpec,
  type ProcedureUri,
  type ResultInput,
  type ResultOutput,
  type StandardIssue,
  type StandardResult,
  type StandardSchema,
  topic,
  type TopicOf,
  type TopicSpec,
  type TopicUri,
  type TypedProcedure,
  type TypedTopic,
} from "./contract.ts";
export {
  ApplicationError,
  type Dict,
  JoinError,
  SerializationError,
  SessionClosedError,
  TransportLostError,
  WampProtocolError,
  type WampProtocolErrorCode,
} from "./errors.ts";
export { join, type JoinOptions } from "./join.ts";
export type { CancelMode, InvocationPolicy, RoleFeatures, Roles } from "./messages.ts";
export type { PayloadCodec } from "./passthru.ts";
export type { Passthru } from "./passthru_api.ts";
export { aes256gcm, type Aes256GcmOptions, encrypted, type PayloadCipher } from "./passthru_cipher.ts";
export { positional, Result } from "./result.ts";
export { Serializer, type SerializerName } from "./serializers/serializer.ts";
export type {
  Arguments,
  CallOptions,
  CallResult,
  ContractSession,
  Ended,
  EventHandler,
  Invocation,
  InvocationHandler,
  PublishOptions,
  RegisterOptions,
  Registration,
  Session,
  SessionClosed,
  SessionEvent,
  SubscribeOptions,
  Subscription,
  TypedEvent,
  TypedInvocation,
} from "./session_api.ts";
export {
  CLIENT_CHANNELS,
  type ClientCallDiagnostics,
  type ClientPublishDiagnostics,
  type CloseDiagnostics,
  type ConnectDiagnostics,
  type EventDiagnostics,
  type InvocationDiagnostics,
  type JoinDiagnostics,
  type OperationDiagnostics,
} from "./telemetry.ts";
export {
  type ClientTlsOptions,
  type CompressionOptions,
  connectTransport,
  type DialTarget,
  type KeepaliveOptions,
  type LocalRouter,
  type TransportLimits,
  type TransportOptions,
} from "./transports/connect.ts";
export { TransportError, type TransportErrorCode } from "./transports/errors.ts";
export type {
  ProbeOptions,
  Transport,
  TransportClosed,
  TransportInfo,
  TransportKind,
  TransportReceiver,
} from "./transports/transport.ts";
export { CLOSE_URI, ERROR_URI, type MatchPolicy } from "./uris.ts";
