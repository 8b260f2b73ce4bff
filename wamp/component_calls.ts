/**
 * Calls and publications of a component: sent in the session that is open, or kept for the next one.
 *
 * @module
 */

import { failureMessage } from "../internal/log.ts";
import { TimerWheel, type WheelEntry } from "../internal/timer_wheel.ts";
import { SessionClosedError, TransportLostError } from "./errors.ts";
import type { Arguments, CallOptions, CallResult, PublishOptions, Session } from "./session_api.ts";

/** How many may wait for a session. */
const MAX_WAITING = 10_000;

/** Why nothing can be sent. @internal */
export interface Absence {
  /** For a person, such as `the component has not been started`. */
  readonly text: string;
  /** The cause of that. */
  readonly cause?: Error | undefined;
  /** The Reason where the program itself wanted it so. */
  readonly reason?: string;
  /** Whether waiting is of no use. */
  readonly isFinal: boolean;
}

/** Something that waits for a session. Aborting its signal ends that. */
class Waiting implements WheelEntry {
  deadline = Infinity;
  slot = -1;
  readonly what: string;
  readonly #start: (session: Session) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onEnd: (waiting: Waiting) => void;
  readonly #wait: number;

  constructor(
    what: string,
    start: (session: Session) => void,
    reject: (error: unknown) => void,
    options: { signal: AbortSignal | undefined; wait: number; onEnd: (waiting: Waiting) => void },
  ) {
    this.what = what;
    this.#start = start;
    this.#reject = reject;
    this.#signal = options.signal;
    this.#wait = options.wait;
    this.#onEnd = options.onEnd;
    this.#signal?.addEventListener("abort", this);
  }

  start(session: Session): void {
    this.#settle();
    this.#start(session);
  }

  fail(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  onDeadline(): void {
    this.fail(new TransportLostError(`Cannot ${this.what}: not connected within ${this.#wait} ms`, false));
  }

  handleEvent(): void {
    this.fail(this.#signal?.reason);
  }

  #settle(): void {
    this.#signal?.removeEventListener("abort", this);
    this.#onEnd(this);
  }
}

const NOT_STARTED: Absence = { text: "the component has not been started", isFinal: false };
const HAS_ENDED: Absence = { text: "the session has ended", isFinal: false };

function ignore(): void {}

/** What a component sends. Nothing is sent twice: what was under way when a session ended is rejected. @internal */
export class ComponentCalls {
  /** How long to wait for a session, in milliseconds; 0 is not at all. */
  readonly #wait: number;
  readonly #wheel = new TimerWheel();
  readonly #waiting = new Set<Waiting>();
  #session: Session | undefined;
  #absence: Absence = NOT_STARTED;

  /** @throws {RangeError} The time is no number from 0. */
  constructor(wait: number) {
    if (!(wait >= 0)) {
      throw new RangeError(`Option whileDisconnected.wait must be at least 0 milliseconds, received ${wait}`);
    }
    this.#wait = wait;
  }

  /** The session, where it can be used. */
  get session(): Session | undefined {
    return this.#session?.state === "open" ? this.#session : undefined;
  }

  /** A session is there: what waited is sent, in order. */
  open(session: Session): void {
    this.#session = session;
    this.#absence = HAS_ENDED;
    for (const waiting of this.#waiting) {
      if (session.state !== "open") return;
      waiting.start(session);
    }
  }

  /** There is no session any more. */
  close(absence: Absence): void {
    this.#session = undefined;
    this.#absence = absence;
    if (!absence.isFinal) return;
    for (const waiting of [...this.#waiting]) waiting.fail(this.#absent(waiting.what));
  }

  call<Value>(procedure: string, args?: readonly unknown[], options?: CallOptions): Promise<Value> {
    return this.#send(
      `call ${procedure}`,
      options?.signal,
      (session) => session.call<Value>(procedure, args, options),
    );
  }

  callResult(procedure: string, args?: readonly unknown[], options?: CallOptions): Promise<CallResult> {
    return this.#send(`call ${procedure}`, options?.signal, (session) => session.callResult(procedure, args, options));
  }

  callProgressive(
    procedure: string,
    args?: readonly unknown[] | AsyncIterable<Arguments>,
    options: CallOptions = {},
  ): AsyncIterableIterator<CallResult> {
    const { session } = this;
    const what = `call ${procedure}`;
    const iterate = (session: Session) => session.callProgressive(procedure, args, options);
    if (session !== undefined) return new ProgressiveResults(what, Promise.resolve(iterate(session)), this.#lost);
    const left = new AbortController();
    const { signal } = options;
    const ends = signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]);
    const begun = this.#send(what, ends, (session) => Promise.resolve(iterate(session)));
    return new ProgressiveResults(what, begun, this.#lost, left);
  }

  publish(topic: string, args?: readonly unknown[], options?: PublishOptions): Promise<number | undefined> {
    const sent = this.#send(`publish ${topic}`, undefined, (session) => session.publish(topic, args, options));
    // Nobody needs to wait for a publication, as in a session.
    sent.catch(ignore);
    return sent;
  }

  #send<Value>(
    what: string,
    signal: AbortSignal | undefined,
    start: (session: Session) => Promise<Value>,
  ): Promise<Value> {
    const { session } = this;
    if (session !== undefined) return start(session).catch((error: unknown) => this.#lost(what, error));
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#wait === 0 || this.#absence.isFinal) return Promise.reject(this.#absent(what));
    if (this.#waiting.size >= MAX_WAITING) {
      return Promise.reject(new TransportLostError(`Cannot ${what}: not connected, and ${MAX_WAITING} wait`, false));
    }
    return new Promise<Value>((resolve, reject) => {
      const waiting = new Waiting(
        what,
        (session) => resolve(start(session).catch((error: unknown) => this.#lost(what, error))),
        reject,
        { signal, wait: this.#wait, onEnd: this.#onEnd },
      );
      this.#waiting.add(waiting);
      if (this.#wait !== Infinity) this.#wheel.set(waiting, performance.now() + this.#wait);
    });
  }

  readonly #onEnd = (waiting: Waiting): void => {
    this.#waiting.delete(waiting);
    this.#wheel.set(waiting, Infinity);
  };

  /**
   * Throws what a session rejected with. Where the router ended it in order, what was under way is lost all the same: it
   * was sent, since a session is looked at before.
   */
  readonly #lost = (what: string, error: unknown): never => {
    if (!(error instanceof SessionClosedError) || this.#absence.reason !== undefined) throw error;
    const text = `Cannot finish ${what}: the session has ended (${error.reason})`;
    throw new TransportLostError(text, true, { cause: error });
  };

  /** Why nothing was sent. */
  #absent(what: string): Error {
    const { text, cause, reason } = this.#absence;
    const why = cause === undefined ? text : `${text}: ${failureMessage(cause)}`;
    if (reason !== undefined) return new SessionClosedError(reason, `Cannot ${what}: ${why}`);
    return new TransportLostError(`Cannot ${what}: ${why}`, false, { cause });
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** The results of a call that may have to wait for a session before it is made. */
class ProgressiveResults implements AsyncIterableIterator<CallResult> {
  readonly #what: string;
  readonly #begun: Promise<AsyncIterableIterator<CallResult>>;
  readonly #lost: (what: string, error: unknown) => never;
  /** Aborted where nobody waits any more. */
  readonly #left: AbortController | undefined;
  #hasEnded = false;

  constructor(
    what: string,
    begun: Promise<AsyncIterableIterator<CallResult>>,
    lost: (what: string, error: unknown) => never,
    left?: AbortController,
  ) {
    this.#what = what;
    this.#begun = begun;
    this.#lost = lost;
    this.#left = left;
    begun.catch(ignore);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<CallResult, undefined>> {
    if (this.#hasEnded) return DONE;
    try {
      return await (await this.#begun).next();
    } catch (error) {
      if (this.#hasEnded) return DONE;
      return this.#lost(this.#what, error);
    }
  }

  async return(): Promise<IteratorResult<CallResult, undefined>> {
    this.#hasEnded = true;
    this.#left?.abort();
    try {
      await (await this.#begun).return?.();
    } catch {
      // It was never made, or has ended.
    }
    return DONE;
  }
}
