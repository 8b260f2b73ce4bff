/**
 * What a program holds of a router, and how it is configured: the interfaces.
 *
 * @module
 */

import type { Logger } from "../../internal/log.ts";
import type { AuthMethod } from "../auth/accept.ts";
import type { Dict } from "../errors.ts";
import type { Session } from "../session_api.ts";
import type { Transport } from "../transports/transport.ts";
import type { WebSocketLike, WrapOptions } from "../transports/web.ts";
import type { MatchPolicy, UriRules } from "../uris.ts";
import type { InspectOptions, RealmInspection } from "./inspection.ts";
import type { RouterMetrics } from "./metrics.ts";
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
  /** Bytes that retained events may hold, beyond which the oldest go (WAMP, Event Retention). @default {16 MiB} */
  readonly maxRetained?: number;
  /**
   * Messages of one session in a second, at least 0.001. As many may come at once, or one; who sends more is not read from until it is within
   * the rate again, so that its transport slows it down. Trusted sessions send as fast as they like. @default {Infinity}
   */
  readonly maxMessageRate?: number;
  /**
   * Bytes of the arguments of one message. A request with more is refused with `wamp.error.payload_size_exceeded`, and a
   * result with more reaches its caller as that error; messages beyond what the transport takes end the session before
   * anybody looks at them. Trusted sessions have no other limit than that. @default {what the transport takes}
   */
  readonly maxMessageSize?: number;
}

/**
 * What a permission can be asked for.
 *
 * @public
 */
export type PermissionAction = "call" | "register" | "publish" | "subscribe";

/**
 * What the sessions of a role may do with a URI, or with those that match a pattern.
 *
 * @public
 */
export interface Permission {
  /** The URI, or the pattern of URIs; the empty prefix is that of all. */
  readonly uri: string;
  /** How it is matched. @default {"exact"} */
  readonly match?: MatchPolicy;
  /**
   * What is allowed; what is not named is refused. `call` of the meta procedures that act upon others
   * (`wamp.session.kill`, `kill_by_authid`, `kill_by_authrole` and `kill_all`, `wamp.subscription.remove_subscriber`,
   * `wamp.registration.remove_callee`) counts only in a permission whose URI is itself under `wamp.`.
   */
  readonly allow: Readonly<Partial<Record<PermissionAction, boolean>>>;
  /**
   * Whether callees are told who calls, and subscribers who publishes: always, or never, even if the sender asks for it.
   * @default {if the sender asks for it}
   */
  readonly disclose?: { readonly caller?: boolean; readonly publisher?: boolean };
}

/**
 * A role of a realm.
 *
 * @public
 */
export interface RoleOptions {
  /**
   * What its sessions may do. Of those that match a URI only the most specific counts: an exact one before a prefix,
   * the longest prefix before a wildcard. A pattern may be subscribed to or registered where a permission covers all
   * that it can match, and none that is more specific refuses a part of that.
   */
  readonly permissions: readonly Permission[];
}

/**
 * Who a session is, as the router found out.
 *
 * @public
 */
export interface SessionDetails {
  /** The id of the session. */
  readonly session: number;
  /** The realm that it joined. */
  readonly realm: string;
  /** The authentication id. */
  readonly authid: string;
  /** The role. */
  readonly authrole: string;
  /** How it proved who it is. */
  readonly authmethod: string;
  /** Who vouched for that. */
  readonly authprovider: string;
}

/**
 * What a session wants to do.
 *
 * @public
 */
export interface AuthorizationRequest {
  /** What it does. */
  readonly action: PermissionAction;
  /** With which URI; for a registration or subscription by pattern, the pattern. */
  readonly uri: string;
  /** How `uri` is matched; calls and publications are always `exact`. */
  readonly match: MatchPolicy;
  /** Who it is. */
  readonly session: SessionDetails;
  /** The Options of its message. */
  readonly options: Readonly<Dict>;
}

/**
 * Whether a session may do what it wants to, in short or with conditions.
 *
 * @public
 */
export type Authorization = boolean | {
  /** Whether it may. */
  readonly allow: boolean;
  /**
   * Whether the others are told who it is: always, or never, and who asks for it is refused with
   * `wamp.error.option_disallowed.disclose_me`. @default {if it asks for it}
   */
  readonly disclose?: boolean;
  /** Whether the answer holds for this session, action, URI and match until the session ends. @default {false} */
  readonly cache?: boolean;
  /** How far it is trusted, as callees and subscribers are told (WAMP, Call Trust Levels). @default {not told} */
  readonly trustlevel?: number;
};

/**
 * Decides what sessions may do. Where it throws or rejects, the request is refused with
 * `wamp.error.authorization_failed`, and that is logged.
 *
 * @param request What a session wants to do.
 * @returns Whether it may.
 *
 * @public
 */
export type Authorizer = (request: AuthorizationRequest) => Authorization | Promise<Authorization>;

/**
 * Keeps the events of a topic, or of a pattern of topics, in memory (WAMP, Event History). Those that a publisher
 * retains need no store.
 *
 * @public
 */
export interface EventStoreOptions {
  /** The topic, or the pattern of topics. */
  readonly uri: string;
  /** How it is matched. @default {"exact"} */
  readonly match?: MatchPolicy;
  /** How many events are kept; the oldest go first. */
  readonly limit: number;
  /** What they may hold, in bytes; the oldest go first. @default {16 MiB} */
  readonly maxBytes?: number;
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
  /**
   * How clients prove who they are. The first method in the client's list that is here is taken; a client without a list
   * is anonymous. @default {[acceptAnonymous()]}
   */
  readonly auth?: readonly AuthMethod[];
  /**
   * The roles and what each may do. Whoever has another role cannot join. Where there are neither roles nor `authorize`,
   * sessions may do everything but register and publish under `wamp.`, and end or remove other sessions by the meta API.
   * Trusted sessions, those of `router.join()`, may do everything anyway. @default {no roles}
   */
  readonly roles?: Readonly<Record<string, RoleOptions>>;
  /**
   * Decides where no permission of the session's role matches. Requests wait for a promise, in order, up to 10 seconds;
   * while 256 of a session wait it is not read from, and those that wait when it leaves are forgotten.
   * @default {refuse where there are roles, else allow}
   */
  readonly authorize?: Authorizer;
  /** Which events are kept for those who come later. @default {none} */
  readonly eventStores?: readonly EventStoreOptions[];
}

/**
 * Choices for a router.
 *
 * @public
 */
export interface RouterOptions {
  /** The realms. @default {one realm, `realm1`} */
  readonly realms?: readonly RealmOptions[];
  /**
   * How long a new transport may take to say HELLO, in milliseconds. What it sends before it has joined may have 64 KiB
   * a message. @default {10_000}
   */
  readonly helloTimeout?: number;
  /** How long a session may take to answer GOODBYE, in milliseconds. @default {5_000} */
  readonly goodbyeTimeout?: number;
  /**
   * How long a client may take to prove who it is, in milliseconds, and how long a method of a realm may take to find
   * out. @default {10_000}
   */
  readonly authTimeout?: number;
  /**
   * How often clients of one remote address may fail to prove who they are within a minute; until that is over, all from
   * there are refused but anonymous ones. Behind a proxy all clients have one address; where a transport knows none, as
   * on a Unix socket and by `upgrade()`, they are not counted. @default {Infinity}
   */
  readonly maxAuthFailures?: number;
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
  /** How often a session was not read from for a while, since it sent faster than it may. */
  readonly throttled: number;
}

/**
 * A router. Disposing of it shuts it down, and waits a second for its sessions.
 *
 * @public
 */
export interface Router extends AsyncDisposable {
  /** The URIs of its realms. */
  readonly realms: readonly string[];
  /** Whether sessions can join: not once it is being shut down. */
  readonly isAccepting: boolean;
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
  /**
   * Takes other `auth`, `roles`, `authorize`, `limits` (but for `maxRetained`), `slowConsumer` and `eventStores` for a
   * realm, all at once; what is not given is the default again. Sessions stay, whatever their role; what they do from now
   * on is judged anew. Registrations and subscriptions stay until they end, also where they would be refused now. Of the
   * event stores, those that stay keep their events.
   *
   * @param realm The realm. `uriRules` and `requestIds` stay as they were.
   * @throws {RangeError} There is no such realm, or a number is out of range.
   */
  updateRealm(realm: RealmOptions): void;
  /** Closes a realm: its sessions get GOODBYE `wamp.close.close_realm`. */
  removeRealm(uri: string): Promise<void>;
  /** Counts of one realm. @throws {RangeError} There is no such realm. */
  statistics(realm: string): RealmStatistics;
  /** All that was counted, to be given to {@linkcode formatPrometheus} or to somebody else. */
  metrics(): RouterMetrics;
  /**
   * What is in a realm now.
   *
   * @param realm Its URI.
   * @param options How much of it.
   * @returns Sessions, registrations and subscriptions.
   * @throws {RangeError} There is no such realm.
   */
  inspect(realm: string, options?: InspectOptions): RealmInspection;
  /**
   * Says GOODBYE `wamp.close.system_shutdown` to all sessions and resolves when all have left.
   *
   * @param options `timeout`: milliseconds after which those left are cut off. @default {5_000}
   */
  shutdown(options?: { readonly timeout?: number }): Promise<void>;
}
