/**
 * What a program holds of a component: the interfaces.
 *
 * @module
 */

import type { ArgsOutput, Contract, ProcedureOf, ProcedureUri, ResultInput, TopicOf, TopicUri } from "./contract.ts";
import type { JoinOptions } from "./join.ts";
import type {
  Arguments,
  CallOptions,
  CallResult,
  ContractSession,
  EventHandler,
  InvocationHandler,
  PublishOptions,
  RegisterOptions,
  Session,
  SessionClosed,
  SubscribeOptions,
  TypedEvent,
  TypedInvocation,
} from "./session_api.ts";
import type { TransportOptions } from "./transports/connect.ts";
import type { MatchPolicy } from "./uris.ts";

/**
 * How long a component waits between attempts: a random time from 0 up to a bound that grows with each failure ("full
 * jitter"), the first time too, so that many components of a restarted router do not come back at once.
 *
 * @public
 */
export interface RetryOptions {
  /** The bound of the first wait, in milliseconds. @default {1_000} */
  readonly minDelay?: number;
  /** The largest bound, in milliseconds. A session that lasted as long makes the bound start over. @default {30_000} */
  readonly maxDelay?: number;
  /** What the bound is multiplied by after each failure. @default {2} */
  readonly factor?: number;
}

/**
 * One way to a router. What it does not say is as the component's options have it.
 *
 * @public
 */
export interface ComponentTransport extends Omit<TransportOptions, "signal"> {
  /** The router's address: `ws:`, `wss:`, `ws+unix:`, `rs:`, `rss:`, `unix:` or `local:`. */
  readonly url: string;
  /**
   * How many attempts in a row may follow a first one that failed, until this way is given up. A session that lasted
   * makes the count start over. @default {Infinity}
   */
  readonly maxRetries?: number;
  /** As in {@linkcode RetryOptions}, in milliseconds. @default {as the component's} */
  readonly minDelay?: number;
  /** As in {@linkcode RetryOptions}, in milliseconds. @default {as the component's} */
  readonly maxDelay?: number;
}

/**
 * Choices for a component. `timeout` is how long each attempt to connect and to join may take, and how long the router
 * may take to answer for what was declared.
 *
 * @public
 */
export interface ComponentOptions extends Omit<JoinOptions, "signal"> {
  /**
   * The ways to the router, the best first. After a failure the next one is tried, and the first again after the last
   * and after a session that lasted. One that cannot work, such as an address that answers 404, is not tried again.
   */
  readonly transports: string | readonly (string | ComponentTransport)[];
  /** How long to wait between attempts. @default {{ minDelay: 1_000, maxDelay: 30_000, factor: 2 }} */
  readonly retry?: RetryOptions;
  /**
   * Says whether a failure ends the component: `true`, or `false` for another attempt; `undefined` leaves it to the
   * classification, by which authentication, authorization, no such realm and a violation of the protocol do, and so,
   * once no other transport is left, do a refusal with status 4xx but for 408, 425 and 429, and an untrusted certificate.
   */
  readonly isFatal?: (cause: Error) => boolean | undefined;
  /**
   * What happens to calls and publications while there is no session: they fail at once, or wait for one, so many
   * milliseconds at most; 10,000 can wait. @default {"fail"}
   */
  readonly whileDisconnected?: "fail" | {
    /** How long, in milliseconds. */
    readonly wait: number;
  };
}

/**
 * Something declared that the router has not taken yet.
 *
 * @public
 */
export interface PendingDeclaration {
  /** What it is. */
  readonly kind: "registration" | "subscription";
  /** The procedure, topic or pattern. */
  readonly uri: string;
  /** Why the router refused it, or took it away. */
  readonly cause: Error;
}

/**
 * Where a component stands. `connecting`: a transport is being opened, as the attempt with this number since the
 * component began or a session lasted. `joining`: it is open; HELLO, then what was declared. `open`: joined, and the
 * router was asked for all that was declared; `pending` is what it refused, and what is asked for again until it is
 * taken, each change being another `open`. `lost`: there is no session, or an attempt failed; the next follows in
 * `retryIn` milliseconds. `fatal` and `closed` are final: no attempt will help, or the component was stopped.
 *
 * @public
 */
export type ComponentStatus =
  | { readonly state: "connecting"; readonly transport: string; readonly attempt: number }
  | { readonly state: "joining"; readonly transport: string; readonly attempt: number }
  | {
    readonly state: "open";
    readonly session: number;
    readonly transport: string;
    readonly pending: readonly PendingDeclaration[];
  }
  | { readonly state: "lost"; readonly cause: Error; readonly retryIn: number }
  | { readonly state: "fatal"; readonly cause: Error }
  | { readonly state: "closed" };

/**
 * Why events may be missing.
 *
 * @public
 */
export interface EventGap {
  /** The topic or pattern of the subscription. */
  readonly topic: string;
  /** The publication after which events may be missing; `undefined` where none had been seen. */
  readonly after: number | undefined;
  /**
   * `forgotten`: the router does not know that publication; its history does not reach back so far, or it was restarted,
   * or none had been seen to ask by.
   * `unavailable`: it keeps no history of this topic, or does not give it to us. `overflow`: more came than may wait.
   */
  readonly reason: "forgotten" | "unavailable" | "overflow";
  /** What the router answered, where it refused. */
  readonly cause?: Error | undefined;
}

/**
 * How a subscription catches up on what was published while there was no session.
 *
 * @public
 */
export interface CatchUpOptions {
  /**
   * Called in place of the events that may be missing: after the last one that was seen, before those that follow. What
   * it throws is logged. @default {a warning is logged}
   */
  readonly onGap?: (gap: EventGap) => void;
  /**
   * How many live events may wait until those of the past are there: what comes beyond that is asked for again. And how
   * many may wait for a handler with a `concurrency`: what comes beyond that is dropped, and is a gap. @default {10_000}
   */
  readonly maxWaiting?: number;
}

/**
 * Choices for a subscription of a component.
 *
 * @public
 */
export interface ComponentSubscribeOptions extends SubscribeOptions {
  /**
   * Whether events published while there was no session are fetched from the event history of the router, which must keep
   * one for this topic or pattern, and given to the handler in order, once, and before those that follow. Their Details
   * have `timestamp`. The history does not tell who published: of what this component published itself, it leaves out
   * what was acknowledged. @default {false}
   */
  readonly catchUp?: boolean | CatchUpOptions;
}

/**
 * A component that knows a contract: URIs, arguments and results are typed, and checked where the contract has
 * validators, as {@linkcode ContractSession} does.
 *
 * @typeParam Api The contract.
 *
 * @public
 */
export interface ContractComponent<Api extends Contract>
  extends Pick<ContractSession<Api>, "call" | "callProgressive" | "publish"> {
  /** Declares a procedure of the contract. */
  register<Uri extends ProcedureUri<Api>>(
    procedure: Uri,
    handler: (
      invocation: TypedInvocation<ArgsOutput<ProcedureOf<Api, Uri>>>,
    ) => ResultInput<ProcedureOf<Api, Uri>> | Promise<ResultInput<ProcedureOf<Api, Uri>>>,
    options?: RegisterOptions,
  ): ContractComponent<Api>;
  /** Declares a subscription to a topic of the contract. */
  subscribe<Uri extends TopicUri<Api>>(
    topic: Uri,
    handler: (event: TypedEvent<ArgsOutput<TopicOf<Api, Uri>>>) => unknown,
    options?: ComponentSubscribeOptions,
  ): ContractComponent<Api>;
}

/**
 * A program's part in a realm, that stays connected: what is declared here is restored in every session.
 *
 * @public
 */
export interface Component extends AsyncDisposable {
  /** Where it stands; `closed` before it runs. */
  readonly current: ComponentStatus;
  /** The session, while it is `open`. Where a program lets it leave, another follows: see {@linkcode Component.stop}. */
  readonly session: Session | undefined;

  /**
   * Declares a procedure. While a session is open, it is registered there at once.
   *
   * @throws {ApplicationError} The URI is none.
   * @throws {TypeError} The handler is no function.
   */
  register(procedure: string, handler: InvocationHandler, options?: RegisterOptions): this;
  /**
   * Takes back what was declared by {@linkcode Component.register}, and unregisters it where a session is open.
   *
   * @param procedure The procedure or pattern.
   * @param options `match`: how it was matched. @default {"exact"}
   * @returns Resolves when the router has answered. Never rejects.
   */
  unregister(procedure: string, options?: { readonly match?: MatchPolicy }): Promise<void>;
  /**
   * Declares a subscription. While a session is open, it is made there at once.
   *
   * @throws {ApplicationError} The URI is none.
   * @throws {TypeError} The handler is no function.
   */
  subscribe(topic: string, handler: EventHandler, options?: ComponentSubscribeOptions): this;
  /**
   * Takes back what was declared by {@linkcode Component.subscribe}, and unsubscribes where a session is open.
   *
   * @param topic The topic or pattern.
   * @param options `match`: how it was matched, `exact` by default; `handler`: only this one, else all of the topic.
   * @returns Resolves when the router has answered. Never rejects.
   */
  unsubscribe(
    topic: string,
    options?: { readonly match?: MatchPolicy; readonly handler?: EventHandler },
  ): Promise<void>;
  /** Has a function called in every session, as soon as it is `open`. What it throws is logged. */
  onJoin(handler: (session: Session) => unknown): this;
  /** Has a function called when a session has ended, however it did. What it throws is logged. */
  onLeave(handler: (closed: SessionClosed) => unknown): this;
  /** Has a function called with each status, at once. What it throws is logged. */
  onStatus(handler: (status: ComponentStatus) => unknown): this;

  /**
   * The statuses from the present one on; before the component runs, from the first on. It ends after `fatal` and
   * `closed`. Any number can be read at a time; each keeps the 64 latest for a slow reader, and drops older ones.
   */
  status(): AsyncIterableIterator<ComponentStatus>;

  /** Calls a procedure, as {@linkcode Session.call} does. A call is sent at most once. */
  call<Value = unknown>(procedure: string, args?: readonly unknown[], options?: CallOptions): Promise<Value>;
  /** The same, for the result whole. */
  callResult(procedure: string, args?: readonly unknown[], options?: CallOptions): Promise<CallResult>;
  /** The same, for results as they come: see {@linkcode Session.callProgressive}. */
  callProgressive(
    procedure: string,
    args?: readonly unknown[] | AsyncIterable<Arguments>,
    options?: CallOptions,
  ): AsyncIterableIterator<CallResult>;
  /** Publishes an event, as {@linkcode Session.publish} does. A publication is sent at most once. */
  publish(topic: string, args?: readonly unknown[], options?: PublishOptions): Promise<number | undefined>;

  /** The same component, held to a contract: typed, and checked where the contract has validators. */
  withContract<Api extends Contract>(contract: Api): ContractComponent<Api>;

  /**
   * Connects, and stays connected until it is stopped.
   *
   * @param options `signal`: stops the component when it is aborted.
   * @returns Resolves when the component was stopped.
   * @throws {TypeError} It runs already.
   * @throws {Error} The cause of `fatal`.
   */
  run(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Leaves, and makes no further attempt. Resolves when nothing is left. It can be run again after that. */
  stop(): Promise<void>;
}
