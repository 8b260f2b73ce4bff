/**
 * One run of a component: attempts and sessions, one after the other, until it is stopped or nothing helps.
 *
 * @module
 */

import { delay } from "../internal/delay.ts";
import { startDeadline } from "../internal/input_grace.ts";
import { failureMessage, type Logger, SILENT_LOGGER } from "../internal/log.ts";
import { toError } from "../internal/to_error.ts";
import type { ComponentOptions } from "./component_api.ts";
import type { ComponentCalls } from "./component_calls.ts";
import type { Declaration } from "./component_declaration.ts";
import { Restorer } from "./component_restorer.ts";
import type { StatusBoard } from "./component_status.ts";
import { type Attempt, resolveRetry, TransportRotation } from "./component_transports.ts";
import { SessionClosedError, TransportLostError } from "./errors.ts";
import { askedDelay, type Verdict, verdictOn } from "./retry_policy.ts";
import { openSession, type SessionImpl } from "./session.ts";
import type { Session, SessionClosed } from "./session_api.ts";
import type { connectTransport } from "./transports/connect.ts";
import type { Transport } from "./transports/transport.ts";
import { CLOSE_URI } from "./uris.ts";

/** How long connecting, joining and restoring may take, unless the program says otherwise, in milliseconds. */
const DEFAULT_TIMEOUT = 10_000;

/** What tests put in place of the network and of chance. @internal */
export interface ComponentHooks {
  readonly connect: typeof connectTransport;
  /** A number from 0 up to but not including 1. */
  readonly random: () => number;
}

/** What a run shares with its component. @internal */
export interface RunContext {
  readonly options: ComponentOptions;
  readonly hooks: ComponentHooks;
  readonly board: StatusBoard;
  readonly calls: ComponentCalls;
  readonly declarations: ReadonlySet<Declaration>;
  /** A session is open, and everything was asked for. */
  onOpen(session: Session): void;
  /** That session has ended. */
  onEnd(closed: SessionClosed): void;
}

/** Why everything ends when a component is stopped. */
const STOPPED = new DOMException("The component was stopped", "AbortError");

/** One run. @internal */
export class ComponentRun {
  readonly #context: RunContext;
  readonly #rotation: TransportRotation;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #session: Session | undefined;
  #restorer: Restorer | undefined;
  #finished: Promise<void> | undefined;
  /** Sessions whose transports have not ended yet. */
  readonly #leaving = new Set<Promise<unknown>>();

  constructor(context: RunContext) {
    const { options, hooks } = context;
    this.#context = context;
    this.#rotation = new TransportRotation(options, hooks.random);
    this.#logger = options.logger ?? SILENT_LOGGER;
  }

  /** What makes and keeps the declarations, in a session. */
  get restorer(): Restorer | undefined {
    return this.#restorer;
  }

  /** Goes on until it is stopped. @throws {Error} What no other attempt will mend. */
  run(): Promise<void> {
    return this.#finished = this.#run();
  }

  /** Leaves; resolves when nothing is left. Never rejects. */
  async stop(): Promise<void> {
    const { calls } = this.#context;
    calls.close({ text: "the component was stopped", reason: CLOSE_URI.NORMAL, isFinal: true });
    this.#stop.abort(STOPPED);
    void this.#session?.leave();
    await Promise.allSettled([this.#finished]);
  }

  async #run(): Promise<void> {
    const { board, calls } = this.#context;
    const { signal } = this.#stop;
    calls.close({ text: "not connected yet", isFinal: false });
    let attempt = this.#rotation.first();
    for (;;) {
      const cause = await this.#attempt(attempt);
      if (signal.aborted) break;
      const next = this.#next(cause);
      if (next === undefined) {
        this.#logger.error("Component has failed", { error: failureMessage(cause) });
        calls.close({ text: "the component has failed", cause, isFinal: true });
        await Promise.all(this.#leaving);
        board.set({ state: "fatal", cause });
        throw cause;
      }
      attempt = next;
      this.#logger.warn("Component is not connected", { error: failureMessage(cause), retryIn: attempt.delay });
      calls.close({ text: "not connected", cause, isFinal: false });
      board.set({ state: "lost", cause, retryIn: attempt.delay });
      try {
        await delay(attempt.delay, signal);
      } catch {
        break; // stopped
      }
    }
    await Promise.all(this.#leaving);
    board.set({ state: "closed" });
  }

  /** What follows from a failure; `undefined` where nothing does. */
  #next(cause: Error): Attempt | undefined {
    const asked = askedDelay(cause, () => Date.now());
    return this.#rotation.next(this.#verdict(cause), asked, performance.now());
  }

  #verdict(cause: Error): Verdict {
    try {
      const isFatal = this.#context.options.isFatal?.(cause);
      if (isFatal !== undefined) return isFatal ? "fatal" : "retry";
    } catch (error) {
      this.#logger.warn("Option isFatal failed", { error: failureMessage(error) });
    }
    return verdictOn(cause);
  }

  /** Connects, joins, and sees the session to its end; gives the reason why there is none any more. Never rejects. */
  async #attempt(attempt: Attempt): Promise<Error> {
    try {
      const { session, transport } = await this.#join(attempt);
      try {
        return await this.#live(session, transport, attempt.transport.url);
      } finally {
        this.#session = this.#restorer = undefined;
      }
    } catch (error) {
      return toError(error);
    }
  }

  async #join({ transport: way, number: attempt }: Attempt): Promise<{ session: SessionImpl; transport: Transport }> {
    const { options, hooks, board } = this.#context;
    const { signal } = this.#stop;
    const all = { ...options, ...way, signal };
    const { url, timeout = DEFAULT_TIMEOUT } = all;
    board.set({ state: "connecting", transport: url, attempt });
    const started = performance.now();
    const transport = await hooks.connect(url, { ...all, timeout });
    if (!signal.aborted) board.set({ state: "joining", transport: url, attempt });
    const left = Math.max(1, timeout - (performance.now() - started));
    return { session: await openSession(transport, { ...all, timeout: left }), transport };
  }

  /** From WELCOME to the end of a session. */
  async #live(session: SessionImpl, transport: Transport, url: string): Promise<Error> {
    const { signal } = this.#stop;
    const since = performance.now();
    const { over } = session;
    const { closed: left } = session;
    this.#leaving.add(left);
    void left.then(() => this.#leaving.delete(left));
    this.#session = session;
    if (signal.aborted) void session.leave();
    const restored = await this.#restore(session, transport, url);
    if (restored instanceof Error) return restored;
    const isOpen = restored && session.state === "open" && !signal.aborted;
    if (isOpen) this.#open(session, url);
    const closed = await over;
    this.#restorer?.stop();
    if (performance.now() - since >= this.#rotation.lasting) this.#rotation.reset();
    if (isOpen) this.#context.onEnd(closed);
    return whyEnded(closed);
  }

  /**
   * Asks for everything that was declared. Gives `false` where the session ended meanwhile, and an error where the router
   * does not answer.
   */
  async #restore(session: Session, transport: Transport, url: string): Promise<boolean | Error> {
    const { options, hooks: { random }, declarations } = this.#context;
    const { timeout = DEFAULT_TIMEOUT } = options;
    const retry = resolveRetry(options.retry);
    const onChange = (): void => {
      if (this.#context.calls.session === session) this.#tellOpen(session, url);
    };
    const restorer = new Restorer(session, { retry, random, logger: this.#logger, onChange });
    this.#restorer = restorer;
    const { promise: late, resolve: tellLate } = Promise.withResolvers<undefined>();
    const cancelDeadline = startDeadline(timeout, () => tellLate(undefined));
    const outcome = await Promise.race([
      restorer.restore(declarations).then(() => true),
      session.closed.then(() => false),
      late,
    ]);
    cancelDeadline();
    if (outcome !== undefined) return outcome;
    transport.abort();
    await session.closed;
    restorer.stop();
    const text = `Cannot restore registrations and subscriptions: the router did not answer within ${timeout} ms`;
    return new DOMException(text, "TimeoutError");
  }

  #open(session: Session, url: string): void {
    const { calls } = this.#context;
    this.#logger.info("Component is connected", { transport: url, session: session.id });
    calls.open(session);
    this.#tellOpen(session, url);
    this.#context.onOpen(session);
  }

  #tellOpen({ id }: Session, transport: string): void {
    const pending = this.#restorer?.pending ?? [];
    this.#context.board.set({ state: "open", session: id, transport, pending });
  }
}

/** The end of a session as an error. */
function whyEnded({ by, reason, message, error }: SessionClosed): Error {
  const why = message === "" ? reason : `${reason}: ${message}`;
  if (by === "transport") return new TransportLostError(`The transport was lost (${why})`, true, { cause: error });
  if (by === "us" && error !== undefined) return error;
  return new SessionClosedError(reason, `The session has ended (${why})`, { cause: error });
}
