/**
 * One invocation: what a handler is given, and how it is answered.
 *
 * @module
 */

import { BoundedQueue } from "../internal/bounded_queue.ts";
import type { WheelEntry } from "../internal/timer_wheel.ts";
import { ApplicationError, type Dict } from "./errors.ts";
import { type Interrupt, type InvocationMessage, MESSAGE } from "./messages.ts";
import { Payload } from "./payload.ts";
import type { Invocation } from "./session_api.ts";
import type { SessionInvocation, SessionLink } from "./session_link.ts";
import { ERROR_URI, isUri } from "./uris.ts";

/** What the parts that wait for a slow handler may hold, in bytes. */
const MAX_WAITING_PARTS = 16 << 20;
/** What a waiting part costs beside its bytes. */
const PART_OVERHEAD = 256;

/** A part of a progressive invocation. */
type Part = { readonly args: readonly unknown[]; readonly kwargs: Readonly<Dict> };
type Step = IteratorResult<Part, undefined>;

const DONE: Step = { done: true, value: undefined };
const NO_DICT: Dict = {};
const PROGRESS: Dict = { progress: true };

/** An invocation that waits for its answer. @internal */
export class OpenedInvocation implements Invocation, SessionInvocation, WheelEntry {
  readonly request: number;
  readonly details: Readonly<Dict>;
  readonly receiveProgress: boolean;
  expectsParts: boolean;
  deadline = Infinity;
  slot = -1;
  readonly #link: SessionLink;
  readonly #procedure: string;
  /** The arguments until somebody looks at them. */
  #payload: Payload | undefined;
  #args: readonly unknown[] = [];
  #kwargs: Readonly<Dict> = NO_DICT;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;
  #parts: PartQueue | undefined;
  #isWaiting = false;

  constructor(link: SessionLink, procedure: string, message: InvocationMessage) {
    const { details } = message;
    this.#link = link;
    this.#procedure = procedure;
    this.#payload = message.payload;
    this.request = message.request;
    this.details = details;
    this.receiveProgress = details.receive_progress === true;
    this.expectsParts = details.progress === true;
    // WAMP, Call Timeouts, "Callee-Initiated Timeouts"
    const { timeout = 0 } = details;
    if (timeout > 0) link.wheel.set(this, performance.now() + timeout);
  }

  get args(): readonly unknown[] {
    if (this.#payload !== undefined) this.#decode();
    return this.#args;
  }

  get kwargs(): Readonly<Dict> {
    if (this.#payload !== undefined) this.#decode();
    return this.#kwargs;
  }

  get procedure(): string {
    const { procedure } = this.details;
    return typeof procedure === "string" ? procedure : this.#procedure;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  get parts(): AsyncIterableIterator<Part> {
    return this.#partQueue();
  }

  /** Whether the router waits for an answer. */
  get isOpen(): boolean {
    return this.#link.peer.isOpen(this);
  }

  /** Whether the call was cancelled, has timed out, or the session has ended. */
  get isCanceled(): boolean {
    return this.#abortReason !== undefined;
  }

  /** Makes the arguments outlive the message. */
  retain(): void {
    this.#payload?.retain();
  }

  /** Waits for its turn. */
  wait(): void {
    this.#isWaiting = true;
    this.retain();
  }

  #decode(): void {
    const payload = this.#payload ?? Payload.EMPTY;
    this.#args = payload.args;
    this.#kwargs = payload.kwargs;
    this.#payload = undefined;
  }

  #partQueue(): PartQueue {
    if (this.#parts === undefined) {
      this.#parts = new PartQueue();
      this.#parts.push({ args: this.args, kwargs: this.kwargs }, 0);
      if (!this.expectsParts) this.#parts.end();
      if (this.#abortReason !== undefined) this.#parts.fail(this.#abortReason);
    }
    return this.#parts;
  }

  async progress(args?: readonly unknown[], kwargs?: Readonly<Dict>): Promise<void> {
    if (!this.receiveProgress || !this.isOpen) return;
    const payload = Payload.of(args, kwargs);
    this.#link.send({ type: MESSAGE.YIELD, request: this.request, options: PROGRESS, payload });
    await this.#link.ready();
  }

  /** Sends the result. @throws {SerializationError} It cannot be encoded; the invocation stays open. */
  finish(args: readonly unknown[], kwargs: Readonly<Dict>): void {
    if (!this.isOpen) return;
    const payload = Payload.of(args, kwargs);
    this.#link.send({ type: MESSAGE.YIELD, request: this.request, options: NO_DICT, payload });
    this.#close();
  }

  /** Sends an error; without its arguments where those cannot be encoded. */
  fail({ uri, args, kwargs }: ApplicationError): void {
    if (!this.isOpen) return;
    const head = { type: MESSAGE.ERROR, requestType: MESSAGE.INVOCATION, request: this.request, details: NO_DICT };
    try {
      this.#link.send({ ...head, error: uri, payload: Payload.of(args, kwargs) });
    } catch {
      // SerializationError: the caller must hear of the failure in any case.
      const payload = Payload.of(["The arguments of the error cannot be encoded"]);
      this.#link.send({ ...head, error: uri, payload });
    }
    this.#close();
  }

  #close(): void {
    this.#link.peer.finish(this);
    if (this.deadline !== Infinity) this.#link.wheel.set(this, Infinity);
    this.#parts?.end();
  }

  onPart({ payload }: InvocationMessage): void {
    const queue = this.#partQueue();
    // An empty last part only says that it is the last.
    if (this.expectsParts || payload.count > 0) {
      queue.push({ args: payload.args, kwargs: payload.kwargs }, payload.byteLength + PART_OVERHEAD);
    }
    if (!this.expectsParts) queue.end();
    if (queue.cost <= MAX_WAITING_PARTS) return;
    const text = `Parts came faster than they were taken: more than ${MAX_WAITING_PARTS} bytes wait`;
    const error = new ApplicationError(ERROR_URI.UNAVAILABLE, [text]);
    this.#abort(error);
    this.fail(error);
  }

  onInterrupt({ options }: Interrupt): void {
    const { reason } = options;
    const error = new ApplicationError(reason !== undefined && isUri(reason) ? reason : ERROR_URI.CANCELED);
    this.#abort(error);
    // Nothing has begun, so there is nothing that could stop by itself.
    if (this.#isWaiting) this.fail(error);
  }

  onDeadline(): void {
    const error = new ApplicationError(ERROR_URI.TIMEOUT, [`No result within ${this.details.timeout} ms`]);
    this.#abort(error);
    this.fail(error);
  }

  onEnd(error: Error): void {
    if (this.deadline !== Infinity) this.#link.wheel.set(this, Infinity);
    this.#abort(error);
  }

  #abort(reason: Error): void {
    if (this.#abortReason !== undefined) return;
    this.#abortReason = reason;
    this.#parts?.fail(reason);
    this.#controller?.abort(reason);
  }

  /** Its turn has come. */
  begin(): void {
    this.#isWaiting = false;
  }
}

interface Waiter {
  readonly resolve: (step: Step) => void;
  readonly reject: (error: unknown) => void;
}

/** The parts of one invocation, as they come. */
class PartQueue implements AsyncIterableIterator<Part, undefined> {
  readonly #parts = new BoundedQueue<Part>();
  readonly #waiters: Waiter[] = [];
  #hasEnded = false;
  #failure: { readonly error: Error } | undefined;

  /** What waits, in bytes. */
  get cost(): number {
    return this.#parts.cost;
  }

  push(part: Part, cost: number): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#parts.push(part, cost);
    else waiter.resolve({ done: false, value: part });
  }

  end(): void {
    this.#hasEnded = true;
    for (const { resolve } of this.#waiters.splice(0)) resolve(DONE);
  }

  fail(error: Error): void {
    if (this.#hasEnded) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#failure = { error };
    else waiter.reject(error);
    this.end();
  }

  next(): Promise<Step> {
    const value = this.#parts.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (!this.#hasEnded) return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    const failure = this.#failure;
    this.#failure = undefined;
    return failure === undefined ? Promise.resolve(DONE) : Promise.reject(failure.error);
  }

  return(): Promise<Step> {
    this.#parts.clear();
    this.#hasEnded = true;
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
