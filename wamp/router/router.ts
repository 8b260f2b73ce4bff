/**
 * A router: realms, and the transports that lead to their sessions.
 *
 * @module
 */

import { type Logger, SILENT_LOGGER } from "../../internal/log.ts";
import { TimerWheel } from "../../internal/timer_wheel.ts";
import type { AuthMethod } from "../auth/accept.ts";
import { acceptAnonymous } from "../auth/accept_anonymous.ts";
import { randomId } from "../ids.ts";
import { cbor, SERIALIZERS } from "../serializers/mod.ts";
import { openSession } from "../session.ts";
import type { Session } from "../session_api.ts";
import { localPair } from "../transports/local.ts";
import type { Transport } from "../transports/transport.ts";
import { type WebSocketLike, type WrapOptions, wrapWebSocket } from "../transports/web.ts";
import { CLOSE_URI, isPattern, isUri, type UriRules } from "../uris.ts";
import { type AcceptOptions, Acceptor, type AcceptorHost } from "./acceptor.ts";
import type { Refusal } from "./authentication.ts";
import { AuthenticationLimit } from "./authentication_limit.ts";
import type { HistoryOptions } from "./broker.ts";
import { DEFAULT_STORE_BYTES } from "./event_store.ts";
import { type InspectOptions, inspectRealm, type RealmInspection } from "./inspection.ts";
import type { RouterMetrics } from "./metrics.ts";
import { checkRoles } from "./permissions.ts";
import { Realm, type ResolvedRealm } from "./realm.ts";
import type {
  EventStoreOptions,
  RealmLimits,
  RealmOptions,
  RealmStatistics,
  Router,
  RouterOptions,
} from "./router_api.ts";
import { RouterWatch } from "./watch.ts";
import { type RouterUpgradeOptions, upgradeRequest } from "./web_upgrade.ts";

const DEFAULT_REALM: RealmOptions = { uri: "realm1" };
const DEFAULT_SHUTDOWN = 5_000;
/** The longest delay of a timer. */
const MAX_DELAY = 2 ** 31 - 1;
/** How long disposing of a router waits for its sessions. */
const DISPOSE_TIMEOUT = 1_000;

/** Somebody who waits until transports have ended. */
interface Waiter {
  readonly left: Set<Acceptor>;
  readonly resolve: () => void;
}

/**
 * Creates a router. It opens no socket: give it to `serveRouter()`, or transports of your own to its methods.
 *
 * @param options Its realms, and how long it waits.
 * @returns The router.
 * @throws {TypeError} An option is of the wrong kind, or two realms have the same URI.
 * @throws {RangeError} A number among the options is out of range.
 *
 * @example A router within a program
 * ```ts
 * import { createRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * const router = createRouter({ realms: [{ uri: "realm1" }] });
 * const backend = await router.join("realm1");
 * await backend.register("com.example.add", ({ args: [a, b] }) => Number(a) + Number(b));
 * const frontend = await router.join("realm1");
 * assert.equal(await frontend.call("com.example.add", [1, 2]), 3);
 * await router.shutdown();
 * ```
 *
 * @public
 */
export function createRouter(options: RouterOptions = {}): Router {
  return new RunningRouter(options);
}

class RunningRouter implements Router, AcceptorHost {
  readonly wheel = new TimerWheel();
  readonly watch = new RouterWatch(this);
  readonly helloTimeout: number;
  readonly goodbyeTimeout: number;
  readonly authTimeout: number;
  readonly authLimit: AuthenticationLimit;
  readonly logger: Logger;
  refusal: Refusal | undefined;
  readonly #realms = new Map<string, Realm>();
  readonly #acceptors = new Set<Acceptor>();
  readonly #waiters = new Set<Waiter>();
  /** The sessions by which the router itself calls. */
  readonly #inner = new Map<Realm, Promise<Session>>();

  constructor(options: RouterOptions) {
    const { realms = [DEFAULT_REALM], logger = SILENT_LOGGER } = options;
    this.helloTimeout = checkNumber("helloTimeout", options.helloTimeout ?? 10_000, 1);
    this.goodbyeTimeout = checkNumber("goodbyeTimeout", options.goodbyeTimeout ?? 5_000, 1);
    this.authTimeout = checkNumber("authTimeout", options.authTimeout ?? 10_000, 1);
    this.authLimit = new AuthenticationLimit(checkNumber("maxAuthFailures", options.maxAuthFailures ?? Infinity, 1));
    this.logger = logger;
    for (const realm of realms) this.addRealm(realm);
  }

  get realms(): readonly string[] {
    return [...this.#realms.keys()];
  }

  get isAccepting(): boolean {
    return this.refusal === undefined;
  }

  realm(uri: string): Realm | undefined {
    return this.#realms.get(uri);
  }

  async join(
    realm: string,
    options: { readonly authid?: string; readonly authrole?: string } = {},
  ): Promise<Session> {
    const { authid = `trusted-${randomId().toString(36)}`, authrole = "trusted" } = options;
    const [inside, outside] = localPair(cbor);
    const trusted = { authid, authrole, authmethod: "trusted", authprovider: "static", isTrusted: true };
    this.#add(inside, { identity: trusted });
    return await openSession(outside, { realm, logger: this.logger });
  }

  attach(transport: Transport, from?: object): void {
    this.#add(transport, { from });
  }

  accept(socket: WebSocketLike, options: WrapOptions = {}): void {
    const serializer = SERIALIZERS.find(({ subprotocol }) => subprotocol === socket.protocol);
    if (serializer === undefined) {
      const spoken = SERIALIZERS.map(({ subprotocol }) => subprotocol).join(", ");
      throw new TypeError(`Cannot accept socket: subprotocol must be one of ${spoken}, received "${socket.protocol}"`);
    }
    this.attach(wrapWebSocket(socket, serializer, options));
  }

  upgrade(request: Request, options: RouterUpgradeOptions = {}): Response {
    const isTls = new URL(request.url).protocol === "https:";
    return upgradeRequest(request, {
      ...options,
      serializers: SERIALIZERS,
      refusal: this.refusal?.message,
      accept: (socket, serializer) => this.attach(wrapWebSocket(socket, serializer, { info: { request, isTls } })),
    });
  }

  addRealm(options: RealmOptions): void {
    const realm = resolveRealm(options);
    if (this.#realms.has(realm.uri)) {
      throw new TypeError(`Cannot add realm: URI must be new, received ${JSON.stringify(realm.uri)} again`);
    }
    this.#realms.set(realm.uri, new Realm(realm, this));
  }

  updateRealm(options: RealmOptions): void {
    const resolved = resolveRealm(options);
    this.#require(resolved.uri).update(resolved);
  }

  async removeRealm(uri: string): Promise<void> {
    const realm = this.#require(uri);
    this.#realms.delete(uri);
    const left = [...this.#acceptors].filter((acceptor) => acceptor.realm === realm);
    for (const acceptor of left) acceptor.forgetRealm();
    realm.close();
    await this.#ended(left);
  }

  statistics(realm: string): RealmStatistics {
    return this.#require(realm).statistics;
  }

  metrics(): RouterMetrics {
    return this.watch.metrics({
      isAccepting: this.isAccepting,
      transports: this.#acceptors.size,
      realms: Array.from(this.#realms.values(), ({ watch, statistics, members }) => {
        return watch.metrics(statistics, members.values());
      }),
    });
  }

  inspect(realm: string, { limit = 100, filter = "" }: InspectOptions = {}): RealmInspection {
    return inspectRealm(this.#require(realm), { limit: checkNumber("limit", limit, 0), filter });
  }

  async dismiss(from: object, options: { readonly timeout?: number } = {}): Promise<void> {
    await this.#dismiss([...this.#acceptors].filter((acceptor) => acceptor.from === from), options);
  }

  async shutdown(options: { readonly timeout?: number } = {}): Promise<void> {
    this.refusal = { reason: CLOSE_URI.SYSTEM_SHUTDOWN, message: "The router is shutting down" };
    for (const realm of this.#realms.values()) realm.close(CLOSE_URI.SYSTEM_SHUTDOWN);
    await this.#dismiss([...this.#acceptors], options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown({ timeout: DISPOSE_TIMEOUT });
  }

  /** See `AcceptorHost`. */
  async call(uri: string, procedure: string, args: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const session = await this.#innerSession(this.#require(uri));
    return await session.call(procedure, args, { signal });
  }

  /** The session by which the router itself calls in a realm; it joins when it is needed. */
  #innerSession(realm: Realm): Promise<Session> {
    const known = this.#inner.get(realm);
    if (known !== undefined) return known;
    const joining = this.join(realm.uri, { authid: "router" });
    this.#inner.set(realm, joining);
    // When it has left, the next that needs one joins again.
    const forget = (): void => void this.#inner.delete(realm);
    void joining.then(({ closed }) => closed).then(forget, forget);
    return joining;
  }

  /** See `AcceptorHost`. */
  forget(acceptor: Acceptor): void {
    this.#acceptors.delete(acceptor);
    for (const waiter of this.#waiters) {
      if (!waiter.left.delete(acceptor) || waiter.left.size > 0) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  #add(transport: Transport, options: AcceptOptions): void {
    const acceptor = new Acceptor(transport, this, options);
    this.#acceptors.add(acceptor);
    if (this.refusal !== undefined) acceptor.shutdown();
  }

  #require(uri: string): Realm {
    const realm = this.#realms.get(uri);
    if (realm === undefined) throw new RangeError(`There is no realm ${JSON.stringify(uri)}`);
    return realm;
  }

  async #dismiss(acceptors: readonly Acceptor[], options: { readonly timeout?: number }): Promise<void> {
    const timeout = checkNumber("timeout", options.timeout ?? DEFAULT_SHUTDOWN, 0);
    const cut = (): void => acceptors.forEach((acceptor) => acceptor.cut());
    const left = this.#ended(acceptors.filter((acceptor) => this.#acceptors.has(acceptor)));
    for (const acceptor of acceptors) acceptor.shutdown();
    const timer = timeout > 0 ? setTimeout(cut, Math.min(timeout, MAX_DELAY)) : cut();
    await left;
    clearTimeout(timer ?? undefined);
  }

  /** Resolves when the transports of these have ended. */
  #ended(acceptors: readonly Acceptor[]): Promise<void> {
    if (acceptors.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.add({ left: new Set(acceptors), resolve }));
  }
}

/** Messages a second. */
const LEAST_RATE = 0.001;

const DEFAULT_LIMITS: Required<RealmLimits> = {
  maxSessions: Infinity,
  maxRegistrations: 10_000,
  maxSubscriptions: 10_000,
  maxOpenCalls: 10_000,
  maxSendBuffer: 4 << 20,
  maxRetained: 16 << 20,
  maxMessageRate: Infinity,
  maxMessageSize: Infinity,
};

function resolveRealm(options: RealmOptions): ResolvedRealm {
  const { uri, slowConsumer = "disconnect", uriRules = "loose", requestIds = "tolerant", limits = {} } = options;
  checkChoice("uriRules", uriRules, ["loose", "strict"]);
  if (typeof uri !== "string" || !isUri(uri, uriRules)) {
    throw new TypeError(`Option uri of a realm must be a ${uriRules} URI, received ${JSON.stringify(uri)}`);
  }
  checkChoice("slowConsumer", slowConsumer, ["disconnect", "drop", "backpressure"]);
  checkChoice("requestIds", requestIds, ["tolerant", "strict"]);
  const resolved: Record<keyof RealmLimits, number> = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof RealmLimits)[]) {
    const least = name === "maxMessageRate" ? LEAST_RATE : 0;
    resolved[name] = checkNumber(`limits.${name}`, limits[name] ?? DEFAULT_LIMITS[name], least);
  }
  const eventStores = resolveStores(options.eventStores ?? [], uriRules);
  const { roles, authorize, auth = [acceptAnonymous()] } = options;
  checkAuth(auth);
  if (roles !== undefined) checkRoles(roles, uriRules);
  if (authorize !== undefined && typeof authorize !== "function") {
    throw new TypeError(`Option authorize must be a function, received ${typeof authorize}`);
  }
  return { uri, slowConsumer, uriRules, requestIds, limits: resolved, eventStores, auth, roles, authorize };
}

function checkAuth(methods: readonly AuthMethod[]): void {
  const names = new Set<string>();
  for (const { method } of methods) {
    if (typeof method !== "string") throw new TypeError(`Option auth must name each method, received ${typeof method}`);
    if (names.has(method)) throw new TypeError(`Option auth must have each method once, received ${method} again`);
    names.add(method);
  }
}

function resolveStores(stores: readonly EventStoreOptions[], uriRules: UriRules): readonly HistoryOptions[] {
  const known = new Set<string>();
  return stores.map(({ uri, match = "exact", limit, maxBytes = DEFAULT_STORE_BYTES }) => {
    checkChoice("match of an event store", match, ["exact", "prefix", "wildcard"]);
    if (typeof uri !== "string" || !isPattern(uri, match, uriRules)) {
      throw new TypeError(`Option uri of an event store must be a URI for ${match}, received ${JSON.stringify(uri)}`);
    }
    const name = `${match} ${uri}`;
    if (known.has(name)) throw new TypeError(`Option eventStores must name each URI once, received ${uri} again`);
    known.add(name);
    checkNumber("limit of an event store", limit, 1);
    return { uri, match, limit, maxBytes: checkNumber("maxBytes of an event store", maxBytes, 1) };
  });
}

function checkChoice(name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new TypeError(`Option ${name} must be one of ${choices.join(", ")}, received ${JSON.stringify(value)}`);
}

function checkNumber(name: string, value: number, least: number): number {
  if (typeof value !== "number") throw new TypeError(`Option ${name} must be a number, received ${typeof value}`);
  if (value >= least) return value;
  throw new RangeError(`Option ${name} must be at least ${least}, received ${value}`);
}
