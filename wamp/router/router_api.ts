/**
 * What a program holds of a router, and how it is configured: the interfaces.
 *
 * @module
 */

import type { Logger } from "../../internal/log.ts";
import type { Session } from "../session_api.ts";
import type { Transport } from "../transports/transport.ts";
import type { WebSocketLike, WrapOptions } from "../transports/web.ts";
import type { UriRules } from "../uris.ts";
import type { RouterUpgradeOptions } from "./web_upgrade.ts";

/**
 * What a router does with a session that does not take its messages as fast as they come: end it, leave out events for
 * it, or read no more from those who send to it.
 *
 * @public
 */
export type SlowConsumerPolicy = "disconnect" | "drop" | "backpressure";

/**
 * Limits of a realm.
 *
 * @public
 */
export interface RealmLimits {
  /** Sessions at a time. @default {Infinity} */
  readonly maxSessions?: number;
  /** Registrations of one session. @default {10_000} */
  readonly maxRegistrations?: number;
  /** Subscriptions of one session. @default {10_000} */
  readonly maxSubscriptions?: number;
  /** Calls of one session that are open at a time. @default {10_000} */
  readonly maxOpenCalls?: number;
  /**
   * Bytes that wait for one session, beyond which it is a slow consumer. The policy `disconnect` gives it a second to
   * catch up; where four times as many wait, it is ended at once under every policy. @default {4 MiB}
   */
  readonly maxSendBuffer?: number;
}

/**
 * A realm.
 *
 * @public
 */
export interface RealmOptions {
  /** Its URI. */
  readonly uri: string;
  /** What happens to slow consumers. @default {"disconnect"} */
  readonly slowConsumer?: SlowConsumerPolicy;
  /** Its limits. */
  readonly limits?: RealmLimits;
  /** How strictly URIs are checked. @default {"loose"} */
  readonly uriRules?: UriRules;
  /**
   * Whether request ids must be in sequence: `tolerant` refuses only an id that is still open, since honest concurrent
   * clients skip and swap; `strict` is the specification's MUST. @default {"tolerant"}
   */
  readonly requestIds?: "tolerant" | "strict";
}

/**
 * Choices for a router.
 *
 * @public
 */
export interface RouterOptions {
  /** The realms. @default {one realm, `realm1`} */
  readonly realms?: readonly RealmOptions[];
  /** How long a new transport may take to say HELLO, in milliseconds. @default {10_000} */
  readonly helloTimeout?: number;
  /** How long a session may take to answer GOODBYE, in milliseconds. @default {5_000} */
  readonly goodbyeTimeout?: number;
  /** Receives log records. @default {silent} */
  readonly logger?: Logger;
}

/**
 * Counts of a realm.
 *
 * @public
 */
export interface RealmStatistics {
  /** Sessions joined now. */
  readonly sessions: number;
  /** Registrations now. */
  readonly registrations: number;
  /** Subscriptions now. */
  readonly subscriptions: number;
  /** Calls open now. */
  readonly openCalls: number;
  /** Sessions that were ended for being slow. */
  readonly slowDisconnected: number;
  /** Events that were left out for slow sessions. */
  readonly eventsDropped: number;
}

/**
 * A router. Disposing of it shuts it down, and waits a second for its sessions.
 *
 * @public
 */
export interface Router extends AsyncDisposable {
  /** The URIs of its realms. */
  readonly realms: readonly string[];
  /** Joins a realm from within this program, as a trusted session that may use `wamp.` URIs. */
  join(realm: string, options?: { readonly authid?: string; readonly authrole?: string }): Promise<Session>;
  /**
   * Serves a transport until it ends.
   *
   * @param transport The transport, not yet opened.
   * @param from What it was accepted by, to be named to {@linkcode dismiss}.
   */
  attach(transport: Transport, from?: object): void;
  /**
   * Says GOODBYE `wamp.close.system_shutdown` to the sessions whose transports were attached with this `from`, and
   * resolves when these have ended.
   *
   * @param from What they were accepted by.
   * @param options `timeout`: milliseconds after which those left are cut off. @default {5_000}
   */
  dismiss(from: object, options?: { readonly timeout?: number }): Promise<void>;
  /**
   * Serves a WebSocket of somebody else's: of Node's `ws`, of the platform,
   * of Bun by `bunWebSocket()`. Its subprotocol must be one of WAMP's.
   *
   * @param socket The socket, open or opening.
   * @param options What else is known of it.
   * @throws {TypeError} It has no subprotocol that is spoken here.
   */
  accept(socket: WebSocketLike, options?: WrapOptions): void;
  /**
   * Upgrades a request of the platform's server (`Deno.serve`, and what stands upon it) and serves the session.
   *
   * @param request The request.
   * @param options Which web pages may connect.
   * @returns The response to be given back: of the upgrade, or one that says why there is none.
   * @throws {TypeError} The runtime upgrades no requests.
   */
  upgrade(request: Request, options?: RouterUpgradeOptions): Response;
  /** Adds a realm while running. */
  addRealm(realm: RealmOptions): void;
  /** Closes a realm: its sessions get GOODBYE `wamp.close.close_realm`. */
  removeRealm(uri: string): Promise<void>;
  /** Counts of one realm. @throws {RangeError} There is no such realm. */
  statistics(realm: string): RealmStatistics;
  /**
   * Says GOODBYE `wamp.close.system_shutdown` to all sessions and resolves when all have left.
   *
   * @param options `timeout`: milliseconds after which those left are cut off. @default {5_000}
   */
  shutdown(options?: { readonly timeout?: number }): Promise<void>;
}
