/**
 * A session that keeps to a contract: what goes out and what comes in is checked where there are validators.
 *
 * @module
 */

import type { Logger } from "../internal/log.ts";
import type {
  ArgsInput,
  ArgsOutput,
  Contract,
  ProcedureOf,
  ProcedureSpec,
  ProcedureUri,
  ResultInput,
  ResultOutput,
  StandardIssue,
  StandardResult,
  StandardSchema,
  TopicOf,
  TopicSpec,
  TopicUri,
} from "./contract.ts";
import { ApplicationError, type Dict } from "./errors.ts";
import { Result } from "./result.ts";
import type {
  CallOptions,
  CallResult,
  ContractSession,
  Invocation,
  PublishOptions,
  RegisterOptions,
  Registration,
  Session,
  SessionEvent,
  SubscribeOptions,
  Subscription,
  TypedEvent,
  TypedInvocation,
} from "./session_api.ts";
import { ERROR_URI } from "./uris.ts";

/** What calls, as the session underneath has it. */
type Underlying = Pick<Session, "call" | "callProgressive" | "publish" | "subscribe" | "register">;

interface Checked {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Dict>;
}

/** A session that keeps to a contract. @internal */
class CheckedSession<Api extends Contract> implements ContractSession<Api> {
  readonly #session: Underlying;
  readonly #contract: Api;
  readonly #logger: Logger;

  constructor(session: Underlying, contract: Api, logger: Logger) {
    this.#session = session;
    this.#contract = contract;
    this.#logger = logger;
  }

  async call<Uri extends ProcedureUri<Api>>(
    procedure: Uri,
    args: ArgsInput<ProcedureOf<Api, Uri>>,
    options: CallOptions = {},
  ): Promise<ResultOutput<ProcedureOf<Api, Uri>>> {
    const spec = this.#procedure(procedure);
    const checked = checkArguments(spec, args, options.kwargs);
    const sent = checked instanceof Promise ? await checked : checked;
    options.signal?.throwIfAborted();
    const value = await this.#session.call(procedure, sent.args, { ...options, kwargs: sent.kwargs });
    const result = await check(spec.result, value, `The result of ${procedure}`, ERROR_URI.INVALID_PAYLOAD);
    // The contract says so, and the validator where there is one.
    return result as ResultOutput<ProcedureOf<Api, Uri>>;
  }

  async *callProgressive<Uri extends ProcedureUri<Api>>(
    procedure: Uri,
    args: ArgsInput<ProcedureOf<Api, Uri>>,
    options: CallOptions = {},
  ): AsyncGenerator<CallResult, undefined> {
    const sent = await checkArguments(this.#procedure(procedure), args, options.kwargs);
    yield* this.#session.callProgressive(procedure, sent.args, { ...options, kwargs: sent.kwargs });
    return undefined;
  }

  register<Uri extends ProcedureUri<Api>>(
    procedure: Uri,
    handler: (
      invocation: TypedInvocation<ArgsOutput<ProcedureOf<Api, Uri>>>,
    ) => ResultInput<ProcedureOf<Api, Uri>> | Promise<ResultInput<ProcedureOf<Api, Uri>>>,
    options?: RegisterOptions,
  ): Promise<Registration> {
    const spec = this.#procedure(procedure);
    const answer = async (invocation: Invocation): Promise<unknown> => {
      const checked = checkArguments(spec, invocation.args, invocation.kwargs);
      const received = checked instanceof Promise ? await checked : checked;
      const typed = new CheckedInvocation(invocation, received) as Invocation as TypedInvocation<
        ArgsOutput<ProcedureOf<Api, Uri>>
      >;
      const result = await handler(typed);
      if (spec.result === undefined || isStream(result)) return result;
      return await checkResult(spec.result, result, `The result of ${procedure}`);
    };
    return this.#session.register(procedure, answer, options);
  }

  publish<Uri extends TopicUri<Api>>(
    topic: Uri,
    args: ArgsInput<TopicOf<Api, Uri>>,
    options: PublishOptions = {},
  ): Promise<number | undefined> {
    const published = this.#publish(topic, args, options);
    // As with the session's own: nobody has to await it.
    published.catch(() => {});
    return published;
  }

  async #publish(topic: string, args: readonly unknown[], options: PublishOptions): Promise<number | undefined> {
    const checked = checkArguments(this.#topic(topic), args, options.kwargs);
    const sent = checked instanceof Promise ? await checked : checked;
    return await this.#session.publish(topic, sent.args, { ...options, kwargs: sent.kwargs });
  }

  subscribe<Uri extends TopicUri<Api>>(
    topic: Uri,
    handler: (event: TypedEvent<ArgsOutput<TopicOf<Api, Uri>>>) => unknown,
    options?: SubscribeOptions,
  ): Promise<Subscription> {
    const spec = this.#topic(topic);
    const isChecked = spec.args !== undefined || spec.kwargs !== undefined;
    const take = async (event: SessionEvent): Promise<void> => {
      const checked = checkArguments(spec, event.args, event.kwargs);
      const received = checked instanceof Promise ? await checked : checked;
      const { topic, publication, details } = event;
      await handler({ topic, publication, details, ...received } as TypedEvent<ArgsOutput<TopicOf<Api, Uri>>>);
    };
    const plain = (event: SessionEvent): unknown => handler(event as TypedEvent<ArgsOutput<TopicOf<Api, Uri>>>);
    return this.#session.subscribe(topic, isChecked ? this.#dropping(topic, take) : plain, options);
  }

  /** Says that an event was dropped, where it does not keep to the contract. */
  #dropping(topic: string, take: (event: SessionEvent) => Promise<void>): (event: SessionEvent) => Promise<void> {
    return async (event) => {
      try {
        await take(event);
      } catch (error) {
        if (!(error instanceof ContractError)) throw error;
        this.#logger.warn("Dropping an event that breaks the contract", { topic, error: error.message });
      }
    };
  }

  #procedure(uri: string): ProcedureSpec {
    return find(this.#contract.procedures, uri, "procedure");
  }

  #topic(uri: string): TopicSpec {
    return find(this.#contract.topics, uri, "topic");
  }
}

/** Something does not keep to the contract. */
class ContractError extends ApplicationError {
  constructor(uri: string, what: string, issues: readonly StandardIssue[]) {
    const found = issues.map(toPlain);
    super(uri, [`${what} must keep to the contract: ${found.map(describe).join("; ")}`], { issues: found });
  }
}

function find<Spec>(specs: Readonly<Record<string, Spec>> | undefined, uri: string, kind: string): Spec {
  const spec = specs !== undefined && Object.hasOwn(specs, uri) ? specs[uri] : undefined;
  if (spec === undefined) throw new TypeError(`Cannot use ${kind} ${uri}: it is not in the contract`);
  return spec;
}

/** An issue as it can travel: a path of strings and numbers. */
function toPlain({ message, path = [] }: StandardIssue): { readonly message: string; readonly path: string[] } {
  return { message, path: path.map((step) => String(typeof step === "object" ? step.key : step)) };
}

function describe({ message, path }: { readonly message: string; readonly path: readonly string[] }): string {
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

/** A value, now or later: most validators answer at once, and then nothing is to change its place in the order. */
type Soon<Value> = Value | Promise<Value>;

function check(
  schema: StandardSchema | undefined,
  value: unknown,
  what: string,
  uri: string = ERROR_URI.INVALID_ARGUMENT,
): Soon<unknown> {
  if (schema === undefined) return value;
  const take = (result: StandardResult<unknown>): unknown => {
    if (result.issues !== undefined) throw new ContractError(uri, what, result.issues);
    return result.value;
  };
  const result = schema["~standard"].validate(value);
  return result instanceof Promise ? result.then(take) : take(result);
}

function checkArguments(
  { args, kwargs }: TopicSpec,
  givenArgs: readonly unknown[],
  givenKwargs: Readonly<Dict> = {},
): Soon<Checked> {
  const checkedArgs = check(args, givenArgs, "Positional arguments");
  const checkedKwargs = check(kwargs, givenKwargs, "Keyword arguments");
  if (!(checkedArgs instanceof Promise) && !(checkedKwargs instanceof Promise)) {
    return toChecked([checkedArgs, checkedKwargs]);
  }
  return Promise.all([checkedArgs, checkedKwargs]).then(toChecked);
}

function toChecked([args, kwargs]: readonly [unknown, unknown]): Checked {
  if (!Array.isArray(args)) throw new TypeError("Cannot use contract: a validator of args must give a list");
  return { args, kwargs: kwargs as Dict };
}

/** Checks the first positional result of a handler, and leaves the rest. */
async function checkResult(schema: StandardSchema, result: unknown, what: string): Promise<unknown> {
  if (!(result instanceof Result)) return await check(schema, result, what, ERROR_URI.INVALID_PAYLOAD);
  const first = await check(schema, result.args[0], what, ERROR_URI.INVALID_PAYLOAD);
  return new Result([first, ...result.args.slice(1)], result.kwargs);
}

/** An invocation with the arguments that a validator gave. */
class CheckedInvocation implements Invocation {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Dict>;
  readonly #invocation: Invocation;

  constructor(invocation: Invocation, { args, kwargs }: Checked) {
    this.#invocation = invocation;
    this.args = args;
    this.kwargs = kwargs;
  }

  get procedure(): string {
    return this.#invocation.procedure;
  }

  get details(): Readonly<Dict> {
    return this.#invocation.details;
  }

  get receiveProgress(): boolean {
    return this.#invocation.receiveProgress;
  }

  get signal(): AbortSignal {
    return this.#invocation.signal;
  }

  get parts(): Invocation["parts"] {
    return this.#invocation.parts;
  }

  progress(args?: readonly unknown[], kwargs?: Readonly<Dict>): Promise<void> {
    return this.#invocation.progress(args, kwargs);
  }
}

function isStream(value: unknown): boolean {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

/** Holds a session to a contract. @internal */
export function withContract<Api extends Contract>(
  session: Underlying,
  contract: Api,
  logger: Logger,
): ContractSession<Api> {
  return new CheckedSession(session, contract, logger);
}
