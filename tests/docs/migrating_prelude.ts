/**
 * Values of the kinds that programs have, for the code in our column of the tables of docs/migrating/: the test puts the
 * code behind imports of these and of all that the package exports, and has it type-checked.
 *
 * @module
 */

import {
  type Arguments,
  type ByteStream,
  type Component,
  defineContract,
  type EventHandler,
  type Invocation,
  type InvocationHandler,
  procedure as procedureOf,
  type Registration,
  type Session,
  type SessionEvent,
  type Subscription,
} from "@viaduct/viaduct/wamp";
import type { Router } from "@viaduct/viaduct/wamp/router";
import type { ServeOptions, Server, WebSocketConnection } from "@viaduct/viaduct/websocket";

/** A contract. */
export const api = defineContract({ procedures: { "com.example.greet": procedureOf<[name: string], string>() } });

export declare const app: Component;
export declare const args: readonly unknown[];
export declare const authid: string;
export declare const bytes: Uint8Array;
export declare const error: unknown;
export declare const event: SessionEvent;
export declare const handler: InvocationHandler;
export declare const invocation: Invocation;
export declare const key: Uint8Array<ArrayBuffer>;
export declare const kwargs: Record<string, unknown>;
export declare const message: string;
export declare const onEvent: EventHandler;
export declare const options: ServeOptions;
export declare const parts: AsyncIterable<Arguments>;
export declare const password: string;
export declare const pem: string;
export declare const privateKey: string;
export declare const procedure: string;
export declare const protocols: readonly string[];
export declare const realm: string;
export declare const reason: string;
export declare const registration: Registration;
export declare const router: Router;
export declare const secret: string;
export declare const server: Server;
export declare const session: Session;
export declare const signal: AbortSignal;
export declare const stream: ByteStream;
export declare const subscription: Subscription;
export declare const topic: string;
export declare const uri: string;
export declare const url: string;
export declare const ws: WebSocketConnection;
