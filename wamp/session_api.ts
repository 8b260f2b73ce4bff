/**
 * What a program holds of a WAMP session: the interfaces.
 *
 * @module
 */

import type {
  ArgsInput,
  ArgsOutput,
  Contract,
  ProcedureOf,
  ProcedureUri,
  ResultInput,
  ResultOutput,
  TopicOf,
  TopicUri,
} from "./contract.ts";
import type { Dict } from "./errors.ts";
import type { CancelMode, InvocationPolicy, Roles } from "./messages.ts";
import type { Passthru } from "./passthru_api.ts";
import type { MatchPolicy } from "./uris.ts";

/**
 * Arguments of a call, an event or a result: positional, and by keyword.
 *
 * @public
 */
export interface Arguments {
  /** Positional arguments. @default {[]} */
  readonly args?: readonly unknown[];
  /** Keyword arguments. @default {{}} */
  readonly kwargs?: Readonly<Dict>;
}

/**
 * Choices for a call.
 *
 * @public
 */
export interface CallOptions {
  /** Keyword arguments. @default {{}} */
  readonly kwargs?: Readonly<Dict>;
  /** Abort cancels the call: CANCEL is sent, and the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * How an abort cancels (WAMP, Call Canceling). With `kill` the call waits for the callee, which may still answer with a
   * result; the others reject at once. @default {"killnowait"}
   */
  readonly cancelMode?: CancelMode;
  /**
   * After how many milliseconds without a result the call fails with `wamp.error.timeout`: asked of the router, and kept
   * here where that does not do it. 0 is never. @default {0}
   */
  readonly timeout?: number;
  /** Asks the router to tell the callee who calls (WAMP, Caller Identification). @default {false} */
  readonly discloseMe?: boolean;
  /**
   * Passes the arguments through, encrypted for example; results that come back so are understood in any case (WAMP,
   * Payload Passthru Mode). @default {they go as in any message}
   */
  readonly passthru?: Passthru;
  /** Options beyond these, as they go on the wire. */
  readonly options?: Readonly<Dict>;
}

/**
 * The result of a call, whole.
 *
 * @public
 */
export interface CallResult {
  /** Positional results. */
  readonly args: readonly unknown[];
  /** Keyword results. */
  readonly kwargs: Readonly<Dict>;
  /** The Details of the RESULT. */
  readonly details: Readonly<Dict>;
  /** Whether more results follow, in {@linkcode Session.callProgressive}. */
  readonly progress: boolean;
}

/**
 * Choices for a publication.
 *
 * @public
 */
export interface PublishOptions {
  /** Keyword arguments. @default {{}} */
  readonly kwargs?: Readonly<Dict>;
  /** Waits for the router's acknowledgement. @default {false} */
  readonly acknowledge?: boolean;
  /** Does not send the event to this session (WAMP, Publisher Exclusion). @default {true} */
  readonly excludeMe?: boolean;
  /** Asks the router to tell subscribers who publishes. @default {false} */
  readonly discloseMe?: boolean;
  /** Sessions that do not get it. */
  readonly exclude?: readonly number[];
  /** Those with these authids do not get it (WAMP, Subscriber Black- and Whitelisting). */
  readonly excludeAuthid?: readonly string[];
  /** Those with these roles do not get it. */
  readonly excludeAuthrole?: readonly string[];
  /** Only these sessions get it, of those that all lists leave. */
  readonly eligible?: readonly number[];
  /** Only those with these authids get it. */
  readonly eligibleAuthid?: readonly string[];
  /** Only those with these roles get it. */
  readonly eligibleAuthrole?: readonly string[];
  /** Asks the router to keep it for those who subscribe later (WAMP, Event Retention). @default {false} */
  readonly retain?: boolean;
  /** Passes the arguments through, encrypted for example (WAMP, Payload Passthru Mode). @default {they go as in any message} */
  readonly passthru?: Passthru;
  /** Options beyond these, as they go on the wire. */
  readonly options?: Readonly<Dict>;
}

/**
 * Choices for a subscription.
 *
 * @public
 */
export interface SubscribeOptions {
  /** How the topic is matched. @default {"exact"} */
  readonly match?: MatchPolicy;
  /**
   * How many events a handler that returns promises works on at a time; the others wait in order.
   * @default {Infinity}
   */
  readonly concurrency?: number;
  /**
   * Asks for the event that is retained for the topic; its Details have `retained` (WAMP, Event Retention). Other handlers
   * of this session for the same topic get it too. @default {false}
   */
  readonly getRetained?: boolean;
  /** Options beyond these, as they go on the wire. */
  readonly options?: Readonly<Dict>;
}

/**
 * An event.
 *
 * @public
 */
export interface SessionEvent {
  /** The topic it was published to. */
  readonly topic: string;
  /** Positional arguments. */
  readonly args: readonly unknown[];
  /** Keyword arguments. */
  readonly kwargs: Readonly<Dict>;
  /** The id of the publication. */
  readonly publication: number;
  /** The Details of the EVENT, such as `publisher`. */
  readonly details: Readonly<Dict>;
}

/**
 * Takes events. What it throws is logged.
 *
 * @public
 */
export type EventHandler = (event: SessionEvent) => unknown;

/**
 * How a subscription or registration ended.
 *
 * @public
 */
export interface Ended {
  /**
   * Who ended it: us; the router, which revoked it (WAMP, Subscription Revocation, Registration Revocation); or its session,
   * which ended.
   */
  readonly by: "us" | "router" | "session";
  /** Why the router revoked it, if it said so, or the Reason that the session ended for. */
  readonly reason?: string;
}

/**
 * A subscription of a session. Disposing of it unsubscribes.
 *
 * @public
 */
export interface Subscription extends AsyncDisposable {
  /** Its id. */
  readonly id: number;
  /** The topic or pattern. */
  readonly topic: string;
  /** How the topic is matched. */
  readonly match: MatchPolicy;
  /** Whether it is still active. */
  readonly active: boolean;
  /** How it ends: by us, by the router, or with its session. Never rejects. */
  readonly ended: Promise<Ended>;
  /** Ends it. A second call changes nothing. */
  unsubscribe(): Promise<void>;
}

/**
 * Choices for a registration.
 *
 * @public
 */
export interface RegisterOptions {
  /** How the procedure is matched. @default {"exact"} */
  readonly match?: MatchPolicy;
  /** How calls are spread over several callees. @default {"single"} */
  readonly invoke?: InvocationPolicy;
  /**
   * How many invocations are worked on at a time. Told to the router, which then refuses or goes elsewhere; those that
   * arrive all the same wait in order. @default {Infinity}
   */
  readonly concurrency?: number;
  /** Asks the router to tell who calls. @default {false} */
  readonly discloseCaller?: boolean;
  /** Takes over a registration of another session (WAMP, Registration Revocation). @default {false} */
  readonly forceReregister?: boolean;
  /**
   * Passes results and errors through for callers that did not pass their arguments through; others are answered in their
   * own way (WAMP, Payload Passthru Mode). @default {they go as in any message}
   */
  readonly passthru?: Passthru;
  /** Options beyond these, as they go on the wire. */
  readonly options?: Readonly<Dict>;
}

/**
 * An invocation of a procedure.
 *
 * @public
 */
export interface Invocation {
  /** Positional arguments. */
  readonly args: readonly unknown[];
  /** Keyword arguments. */
  readonly kwargs: Readonly<Dict>;
  /** The procedure that was called; differs from the registration's where that is a pattern. */
  readonly procedure: string;
  /** The Details of the INVOCATION, such as `caller`. */
  readonly details: Readonly<Dict>;
  /** Whether the caller takes progressive results. */
  readonly receiveProgress: boolean;
  /** Aborted when the call is cancelled or times out, or the session ends. */
  readonly signal: AbortSignal;
  /**
   * The parts of a progressive invocation, these arguments first (WAMP, Progressive Call Invocations). An ordinary
   * invocation is one part.
   */
  readonly parts: AsyncIterableIterator<{ readonly args: readonly unknown[]; readonly kwargs: Readonly<Dict> }>;
  /**
   * Sends a progressive result; does nothing where the caller does not take any.
   *
   * @returns Resolves when the transport's buffer is below its mark.
   */
  progress(args?: readonly unknown[], kwargs?: Readonly<Dict>): Promise<void>;
}

/**
 * Answers invocations. What it returns, or what its promise resolves to, is the result: a `Result` as it is, undefined
 * as no arguments, anything else as one argument. What an async iterable yields goes out as progressive results, the
 * value it returns as the last. An `ApplicationError` reaches the caller as it is; anything else as
 * `wamp.error.runtime_error`.
 *
 * @public
 */
export type InvocationHandler = (invocation: Invocation) => unknown;

/**
 * A registration of a session. Disposing of it unregisters.
 *
 * @public
 */
export interface Registration extends AsyncDisposable {
  /** Its id. */
  readonly id: number;
  /** The procedure or pattern. */
  readonly procedure: string;
  /** How the procedure is matched. */
  readonly match: MatchPolicy;
  /** Whether it is still active. */
  readonly active: boolean;
  /** How it ends: by us, by the router, or with its session. Never rejects. */
  readonly ended: Promise<Ended>;
  /** Ends it. A second call changes nothing. */
  unregister(): Promise<void>;
}

/**
 * An invocation with arguments of known types.
 *
 * @typeParam Args The positional arguments, a tuple.
 *
 * @public
 */
export interface TypedInvocation<Args extends readonly unknown[]> extends Invocation {
  /** Positional arguments. */
  readonly args: Args;
}

/**
 * An event with arguments of known types.
 *
 * @typeParam Args The positional arguments, a tuple.
 *
 * @public
 */
export interface TypedEvent<Args extends readonly unknown[]> extends SessionEvent {
  /** Positional arguments. */
  readonly args: Args;
}

/**
 * A session that knows a contract: URIs, arguments and results are typed, and checked where the contract has
 * validators. What is wrong at the caller is not sent; what is wrong at the callee is answered with
 * `wamp.error.invalid_argument`; an event that is wrong is logged and dropped.
 *
 * @typeParam Api The contract.
 *
 * @public
 */
export interface ContractSession<Api extends Contract> {
  /** Calls a procedure of the contract. */
  call<Uri extends ProcedureUri<Api>>(
    procedure: Uri,
    args: ArgsInput<ProcedureOf<Api, Uri>>,
    options?: CallOptions,
  ): Promise<ResultOutput<ProcedureOf<Api, Uri>>>;
  /** Calls a procedure of the contract, and takes its results as they come; results are not checked. */
  callProgressive<Uri extends ProcedureUri<Api>>(
    procedure: Uri,
    args: ArgsInput<ProcedureOf<Api, Uri>>,
    options?: CallOptions,
  ): AsyncIterableIterator<CallResult>;
  /** Registers a procedure of the contract. */
  register<Uri extends ProcedureUri<Api>>(
    procedure: Uri,
    handler: (
      invocation: TypedInvocation<ArgsOutput<ProcedureOf<Api, Uri>>>,
    ) => ResultInput<ProcedureOf<Api, Uri>> | Promise<ResultInput<ProcedureOf<Api, Uri>>>,
    options?: RegisterOptions,
  ): Promise<Registration>;
  /** Publishes to a topic of the contract. */
  publish<Uri extends TopicUri<Api>>(
    topic: Uri,
    args: ArgsInput<TopicOf<Api, Uri>>,
    options?: PublishOptions,
  ): Promise<number | undefined>;
  /** Subscribes to a topic of the contract. */
  subscribe<Uri extends TopicUri<Api>>(
    topic: Uri,
    handler: (event: TypedEvent<ArgsOutput<TopicOf<Api, Uri>>>) => unknown,
    options?: SubscribeOptions,
  ): Promise<Subscription>;
}

/**
 * How a session ended.
 *
 * @public
 */
export interface SessionClosed {
  /** The Reason of the GOODBYE or ABORT, or `wamp.error.network_failure` where the transport was lost. */
  readonly reason: string;
  /** What the other side said about it, for a person. */
  readonly message: string;
  /** Whether GOODBYE was said in both directions. */
  readonly wasClean: boolean;
  /** Which side began. */
  readonly by: "us" | "peer" | "transport";
  /** What failed, if something did. */
  readonly error?: Error | undefined;
}

/**
 * A joined session. Disposing of it leaves.
 *
 * @public
 */
export interface Session extends AsyncDisposable {
  /** The session's id. */
  readonly id: number;
  /** The realm joined. */
  readonly realm: string;
  /** Who the router takes us for. */
  readonly authid: string | undefined;
  /** The role that the router gave us. */
  readonly authrole: string | undefined;
  /** How we were authenticated. */
  readonly authmethod: string | undefined;
  /** Who authenticated us. */
  readonly authprovider: string | undefined;
  /** The Details of the WELCOME. */
  readonly details: Readonly<Dict>;
  /** What the router's roles announced. */
  readonly roles: Roles;
  /** Where the session stands. */
  readonly state: "open" | "closing" | "closed";
  /** How it ended. Never rejects. */
  readonly closed: Promise<SessionClosed>;

  /**
   * Calls a procedure.
   *
   * @param procedure The procedure's URI.
   * @param args Positional arguments. @default {[]}
   * @param options Choices for this call.
   * @returns The first positional result, `undefined` where there is none.
   * @throws {ApplicationError} The callee or the router answered with an error.
   */
  call<Value = unknown>(procedure: string, args?: readonly unknown[], options?: CallOptions): Promise<Value>;
  /** The same, for the result whole. */
  callResult(procedure: string, args?: readonly unknown[], options?: CallOptions): Promise<CallResult>;
  /**
   * Calls a procedure and takes its results as they come, the last one included. Leaving the iteration early cancels
   * the call. Given an (async) iterable of {@linkcode Arguments} instead of a list, it sends each as a part of a
   * progressive invocation.
   */
  callProgressive(
    procedure: string,
    args?: readonly unknown[] | AsyncIterable<Arguments>,
    options?: CallOptions,
  ): AsyncIterableIterator<CallResult>;
  /**
   * Publishes an event.
   *
   * @returns The id of the publication where `acknowledge` is set, else `undefined`, when the transport's buffer is below its mark.
   */
  publish(topic: string, args?: readonly unknown[], options?: PublishOptions): Promise<number | undefined>;
  /** Subscribes to a topic or a pattern of topics. */
  subscribe(topic: string, handler: EventHandler, options?: SubscribeOptions): Promise<Subscription>;
  /** Registers a procedure or a pattern of procedures. */
  register(procedure: string, handler: InvocationHandler, options?: RegisterOptions): Promise<Registration>;
  /** The same session, held to a contract: typed, and checked where the contract has validators. */
  withContract<Api extends Contract>(contract: Api): ContractSession<Api>;
  /**
   * Leaves the realm: GOODBYE, the router's GOODBYE, and the transport is closed.
   *
   * @param reason The Reason. @default {"wamp.close.normal"}
   * @param message For a person.
   * @returns How the session ended. Never rejects.
   */
  leave(reason?: string, message?: string): Promise<SessionClosed>;
}
