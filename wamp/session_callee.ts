/**
 * The callee's side of a session: registrations, and the invocations that they answer.
 *
 * @module
 */

import { BoundedQueue } from "../internal/bounded_queue.ts";
import { InOrder } from "../internal/in_order.ts";
import { failureMessage } from "../internal/log.ts";
import { ApplicationError, SerializationError } from "./errors.ts";
import { type InvocationMessage, MESSAGE, type Unregistered } from "./messages.ts";
import type { Passthru } from "./passthru_api.ts";
import { Payload } from "./payload.ts";
import { Result } from "./result.ts";
import type { InvocationHandler, RegisterOptions, Registration } from "./session_api.ts";
import { SessionEntry } from "./session_entry.ts";
import { canWait, checkHandler } from "./session_handlers.ts";
import { OpenedInvocation } from "./session_invocation.ts";
import type { SessionLink } from "./session_link.ts";
import { request } from "./session_requests.ts";
import { ERROR_URI, isUri, type MatchPolicy } from "./uris.ts";

/** One registration of this session. */
class OpenRegistration extends SessionEntry implements Registration {
  readonly id: number;
  readonly procedure: string;
  readonly match: MatchPolicy;
  readonly handler: InvocationHandler;
  readonly concurrency: number;
  /** How answers are passed through, where the arguments were not. */
  readonly passthru: Passthru | undefined;
  running = 0;
  /** Invocations that are being decoded, and those behind them. */
  decoding: InOrder | undefined;
  isStarting = false;
  waiting: BoundedQueue<OpenedInvocation> | undefined;
  readonly #callee: Callee;
  #unregistered: Promise<void> | undefined;

  constructor(callee: Callee, id: number, procedure: string, handler: InvocationHandler, options: RegisterOptions) {
    super(callee.link);
    this.#callee = callee;
    this.id = id;
    this.procedure = procedure;
    this.handler = handler;
    this.match = options.match ?? "exact";
    this.concurrency = options.concurrency ?? Infinity;
    this.passthru = options.passthru;
  }

  unregister(): Promise<void> {
    return this.#unregistered ??= this.#callee.unregister(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unregister();
  }
}

/**
 * All registrations of a session.
 *
 * @internal
 */
export class Callee {
  /** The session. */
  readonly link: SessionLink;
  readonly #registrations = new Map<number, OpenRegistration>();

  constructor(link: SessionLink) {
    this.link = link;
  }

  /** Registers a procedure. */
  async register(procedure: string, handler: InvocationHandler, options: RegisterOptions): Promise<Registration> {
    const { match = "exact", invoke = "single", concurrency = Infinity } = options;
    checkHandler("register", handler, concurrency);
    const link = this.link;
    link.check("register", procedure, match);
    const wire = {
      ...options.options,
      ...(match !== "exact" && { match }),
      ...(invoke !== "single" && { invoke }),
      ...(concurrency !== Infinity && { concurrency }),
      ...(options.discloseCaller && { disclose_caller: true }),
      ...(options.forceReregister && { force_reregister: true }),
    };
    let registration: OpenRegistration | undefined;
    await request(
      link,
      { type: MESSAGE.REGISTER, request: link.peer.upcoming, options: wire, procedure },
      (reply) => {
        if (reply.type !== MESSAGE.REGISTERED) return;
        // At once: an INVOCATION may stand right behind it.
        registration = new OpenRegistration(this, reply.registration, procedure, handler, options);
        this.#registrations.set(registration.id, registration);
      },
    );
    if (registration === undefined) throw new TypeError("Cannot register: no REGISTERED came");
    return registration;
  }

  /** Ends a registration. */
  async unregister(registration: OpenRegistration): Promise<void> {
    if (!registration.isActive) return;
    registration.end({ by: "us" });
    const link = this.link;
    if (link.peer.state !== "open") return;
    const message = { type: MESSAGE.UNREGISTER, request: link.peer.upcoming, registration: registration.id } as const;
    try {
      await request(link, message, () => this.#registrations.delete(registration.id));
    } catch (error) {
      this.#registrations.delete(registration.id);
      // The session's end ends its registrations.
      if (link.peer.state === "open") throw error;
    }
  }

  /** The router took a registration away. */
  revoke({ details }: Unregistered): void {
    const id = details?.registration ?? 0;
    const registration = this.#registrations.get(id);
    if (registration === undefined) return;
    const reason = details?.reason;
    registration.end({ by: "router", ...(reason !== undefined && { reason }) });
    this.#registrations.delete(id);
    this.link.logger.warn("Registration was revoked", { procedure: registration.procedure, reason });
  }

  /** An invocation came. */
  receive(message: InvocationMessage): void {
    const registration = this.#registrations.get(message.registration);
    if (registration === undefined) {
      // UNREGISTER crossed it, or the router errs: its caller must hear something in any case.
      return this.link.send({
        type: MESSAGE.ERROR,
        requestType: MESSAGE.INVOCATION,
        request: message.request,
        details: {},
        error: ERROR_URI.NO_SUCH_REGISTRATION,
        payload: Payload.EMPTY,
      });
    }
    const invocation = new OpenedInvocation(this.link, registration.procedure, message, registration.passthru);
    this.link.peer.accept(invocation);
    const size = message.payload.byteLength;
    if (invocation.isPassedThrough || registration.decoding?.isBusy) this.#decode(registration, invocation, size);
    else this.#start(registration, invocation, size);
  }

  #start(registration: OpenRegistration, invocation: OpenedInvocation, size: number): void {
    if (registration.running < registration.concurrency) this.#run(registration, invocation);
    else this.#queue(registration, invocation, size);
  }

  /** Starts it once its arguments are what they were, and in its turn. */
  #decode(registration: OpenRegistration, invocation: OpenedInvocation, size: number): void {
    const { waiting = 0, cost = 0 } = registration.decoding ??= new InOrder();
    if (!canWait(waiting, cost, size)) return this.#refuse(registration, invocation, waiting);
    invocation.wait();
    registration.decoding.add(
      invocation.passThrough(),
      size,
      (isDecoded) => {
        invocation.begin();
        if (isDecoded && invocation.isOpen) this.#start(registration, invocation, size);
      },
      (error) => this.#fail(invocation, error),
    );
  }

  #refuse({ procedure }: OpenRegistration, invocation: OpenedInvocation, waiting: number): void {
    const text = `${waiting} invocations of ${procedure} wait already`;
    invocation.fail(new ApplicationError(ERROR_URI.UNAVAILABLE, [text]));
  }

  #queue(registration: OpenRegistration, invocation: OpenedInvocation, size: number): void {
    const waiting = registration.waiting ??= new BoundedQueue();
    if (!canWait(waiting.length, waiting.cost, size)) return this.#refuse(registration, invocation, waiting.length);
    invocation.wait();
    waiting.push(invocation, size);
  }

  #run(registration: OpenRegistration, invocation: OpenedInvocation): void {
    registration.running++;
    let outcome: unknown;
    try {
      outcome = this.link.telemetry.invocation.isOn
        ? this.#callWatched(registration, invocation)
        : registration.handler(invocation);
    } catch (error) {
      this.#fail(invocation, error);
      return this.#done(registration);
    } finally {
      // The handler may have kept the invocation, to look at it later.
      invocation.retain();
    }
    if (isThenable(outcome)) void this.#settle(registration, invocation, outcome);
    else if (isAsyncIterable(outcome)) void this.#settle(registration, invocation, this.#stream(invocation, outcome));
    else {
      answer(invocation, outcome);
      this.#done(registration);
    }
  }

  /** Calls a handler, and tells who watches; that it was answered, the invocation tells. */
  #callWatched({ id, handler }: OpenRegistration, invocation: OpenedInvocation): unknown {
    const { telemetry, realm, id: session, transport } = this.link;
    const { request, procedure } = invocation;
    const facts = { realm, session, request, registration: id, procedure };
    const operation = telemetry.invocation.start(facts, transport.info.remoteAddress);
    invocation.operation = operation;
    return operation.run(() => handler(invocation));
  }

  async #settle(
    registration: OpenRegistration,
    invocation: OpenedInvocation,
    outcome: PromiseLike<unknown>,
  ): Promise<void> {
    try {
      const value = await outcome;
      answer(invocation, isAsyncIterable(value) ? await this.#stream(invocation, value) : value);
    } catch (error) {
      this.#fail(invocation, error);
    }
    this.#done(registration);
  }

  /** Sends what an iterable yields as progressive results, and gives what it returns. */
  async #stream(invocation: OpenedInvocation, source: AsyncIterable<unknown>): Promise<unknown> {
    const iterator = source[Symbol.asyncIterator]() as AsyncIterator<unknown, unknown>;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return value;
      if (!invocation.isOpen || invocation.isCanceled) {
        await iterator.return?.();
        throw new ApplicationError(ERROR_URI.CANCELED);
      }
      const { args, kwargs } = toResult(value);
      try {
        await invocation.progress(args, kwargs);
      } catch (error) {
        await iterator.return?.();
        throw error;
      }
    }
  }

  #fail(invocation: OpenedInvocation, error: unknown): void {
    const isOurs = error instanceof ApplicationError || invocation.isCanceled;
    if (!isOurs) {
      const { procedure } = invocation;
      this.link.logger.warn("Procedure failed", { procedure, error: failureMessage(error) });
    }
    invocation.fail(toAnswer(error, invocation));
  }

  /** An invocation is done, so that one that waits has its turn. */
  #done(registration: OpenRegistration): void {
    registration.running--;
    const { waiting } = registration;
    // What is started here may be done at once, and must not start the next from within.
    if (waiting === undefined || registration.isStarting) return;
    registration.isStarting = true;
    while (registration.running < registration.concurrency) {
      const next = waiting.shift();
      if (next === undefined) break;
      next.begin();
      if (next.isOpen) this.#run(registration, next);
    }
    registration.isStarting = false;
  }
}

function answer(invocation: OpenedInvocation, value: unknown): void {
  const { args, kwargs } = toResult(value);
  try {
    invocation.finish(args, kwargs);
  } catch (error) {
    if (!(error instanceof SerializationError)) throw error;
    const text = `Cannot encode the result: ${error.message}`;
    invocation.fail(new ApplicationError(ERROR_URI.INVALID_PAYLOAD, [text]));
  }
}

function toResult(value: unknown): Result {
  if (value instanceof Result) return value;
  return new Result(value === undefined ? [] : [value]);
}

/** The error that the caller gets. */
function toAnswer(error: unknown, invocation: OpenedInvocation): ApplicationError {
  if (error instanceof ApplicationError && isUri(error.uri)) return error;
  if (invocation.isCanceled) return new ApplicationError(ERROR_URI.CANCELED);
  return new ApplicationError(ERROR_URI.RUNTIME_ERROR, [error instanceof Error ? error.message : String(error)]);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
