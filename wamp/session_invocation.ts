/**
 * One invocation: what a handler is given, and how it is answered.
 *
 * @module
 */

import { AsyncQueue } from "../internal/async_queue.ts";
import { InOrder } from "../internal/in_order.ts";
import type { WheelEntry } from "../internal/timer_wheel.ts";
import { ApplicationError, type Dict } from "./errors.ts";
import { type Interrupt, type InvocationMessage, MESSAGE } from "./messages.ts";
import { passthruIn } from "./passthru.ts";
import type { Passthru } from "./passthru_api.ts";
import { Payload } from "./payload.ts";
import type { Invocation } from "./session_api.ts";
import { LateArguments } from "./session_arguments.ts";
import type { SessionInvocation, SessionLink } from "./session_link.ts";
import type { InvocationDiagnostics, Operation } from "./telemetry.ts";
import { ERROR_URI, isUri } from "./uris.ts";

/** What the parts that wait for a slow handler may hold, in bytes. */
const MAX_WAITING_PARTS = 16 << 20;
/** What a waiting part costs beside its bytes. */
const PART_OVERHEAD = 256;

/** A part of a progressive invocation. */
type Part = { readonly args: readonly unknown[]; readonly kwargs: Readonly<Dict> };

const NO_DICT: Dict = {};
const PROGRESS: Dict = { progress: true };
const UNWRITABLE = "The arguments of the error cannot be encoded";

/** An invocation that waits for its answer. @internal */
export class OpenedInvocation extends LateArguments implements Invocation, SessionInvocation, WheelEntry {
  readonly request: number;
  readonly details: Readonly<Dict>;
  readonly receiveProgress: boolean;
  expectsParts: boolean;
  deadline = Infinity;
  slot = -1;
  /** What is told to who watches. */
  operation: Operation<InvocationDiagnostics> | undefined;
  readonly #link: SessionLink;
  readonly #procedure: string;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;
  #parts: AsyncQueue<Part> | undefined;
  #isWaiting = false;
  /** How the arguments were passed through, those of later parts too. */
  readonly #passthru: Passthru | undefined;
  /** How answers are: as the arguments were. */
  #answersBy: Passthru | undefined;
  /** The first arguments, while they are being decoded. */
  #opening: Promise<boolean> | undefined;
  /** Parts that are being decoded. */
  #decoding: InOrder | undefined;

  /** @param answersBy How answers to arguments that were not passed through are. */
  constructor(link: SessionLink, procedure: string, message: InvocationMessage, answersBy?: Passthru) {
    super(message.payload);
    const { details } = message;
    this.#link = link;
    this.#procedure = procedure;
    this.request = message.request;
    this.details = details;
    this.receiveProgress = details.receive_progress === true;
    this.expectsParts = details.progress === true;
    this.#passthru = passthruIn(details);
    this.#answersBy = this.#passthru ?? answersBy;
    // WAMP, Call Timeouts, "Callee-Initiated Timeouts"
    const { timeout = 0 } = details;
    if (timeout > 0) link.wheel.set(this, performance.now() + timeout);
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

  /** Waits for its turn. */
  wait(): void {
    this.#isWaiting = true;
    this.retain();
  }

  /** Whether the arguments must be decoded by {@linkcode passThrough} before anybody looks at them. */
  get isPassedThrough(): boolean {
    return this.#passthru !== undefined;
  }

  /**
   * Decodes the arguments.
   *
   * @returns Whether they could be; if not, the invocation has failed.
   */
  passThrough(): Promise<boolean> {
    return this.#opening ??= this.#passThrough();
  }

  async #passThrough(): Promise<boolean> {
    const payload = this.undecoded;
    try {
      if (this.#passthru !== undefined) this.replace(await this.#link.passthru.decode(this.#passthru, payload));
      return true;
    } catch (error) {
      this.#failToDecode(error);
      return false;
    }
  }

  /** Who passes arguments through that we cannot decode, could not decode our answer either. */
  #failToDecode(error: unknown): void {
    this.#answersBy = undefined;
    const failure = error instanceof ApplicationError ? error : new ApplicationError(ERROR_URI.INVALID_PAYLOAD);
    this.#abort(failure);
    this.fail(failure);
  }

  #partQueue(): AsyncQueue<Part> {
    if (this.#parts === undefined) {
      this.#parts = new AsyncQueue();
      this.#parts.push({ args: this.args, kwargs: this.kwargs }, 0);
      // The last part may have come, and still be in the decoder.
      if (!this.expectsParts && this.#decoding?.isBusy !== true) this.#parts.end();
      if (this.#abortReason !== undefined) this.#parts.fail(this.#abortReason);
    }
    return this.#parts;
  }

  async progress(args?: readonly unknown[], kwargs?: Readonly<Dict>): Promise<void> {
    if (!this.receiveProgress || !this.isOpen) return;
    if (this.#answersBy === undefined) this.#yield(PROGRESS, Payload.of(args, kwargs));
    else {
      const { options, payload } = await this.#link.passthru.encode(this.#answersBy, args ?? [], kwargs ?? NO_DICT);
      if (this.isOpen) this.#yield({ ...options, progress: true }, payload);
    }
    await this.#link.ready();
  }

  /** Sends the result. @throws {SerializationError} It cannot be encoded; the invocation stays open. */
  finish(args: readonly unknown[], kwargs: Readonly<Dict>): void {
    if (!this.isOpen) return;
    if (this.#answersBy !== undefined) return void this.#finishThrough(this.#answersBy, args, kwargs);
    this.#yield(NO_DICT, Payload.of(args, kwargs));
    this.#close();
  }

  async #finishThrough(passthru: Passthru, args: readonly unknown[], kwargs: Readonly<Dict>): Promise<void> {
    try {
      const { options, payload } = await this.#link.passthru.encode(passthru, args, kwargs);
      if (!this.isOpen) return;
      this.#yield(options, payload);
      this.#close();
    } catch (error) {
      const text = `Cannot encode the result: ${error instanceof Error ? error.message : String(error)}`;
      this.#answersBy = undefined;
      this.fail(new ApplicationError(ERROR_URI.INVALID_PAYLOAD, [text]));
    }
  }

  #yield(options: Dict, payload: Payload): void {
    this.#link.send({ type: MESSAGE.YIELD, request: this.request, options, payload });
  }

  /** Sends an error; without its arguments where those cannot be encoded. */
  fail(error: ApplicationError): void {
    if (!this.isOpen) return;
    const isEmpty = error.args.length + Object.keys(error.kwargs).length === 0;
    if (this.#answersBy !== undefined && !isEmpty) return void this.#failThrough(this.#answersBy, error);
    try {
      this.#error(error.uri, NO_DICT, Payload.of(error.args, error.kwargs));
    } catch {
      // SerializationError: the caller must hear of the failure in any case.
      this.#error(error.uri, NO_DICT, Payload.of([UNWRITABLE]));
    }
  }

  async #failThrough(passthru: Passthru, { uri, args, kwargs }: ApplicationError): Promise<void> {
    try {
      const { options, payload } = await this.#link.passthru.encode(passthru, args, kwargs);
      if (this.isOpen) this.#error(uri, options, payload);
    } catch {
      if (this.isOpen) this.#error(uri, NO_DICT, Payload.of([UNWRITABLE]));
    }
  }

  #error(error: string, details: Dict, payload: Payload): void {
    const { request } = this;
    this.#link.send({ type: MESSAGE.ERROR, requestType: MESSAGE.INVOCATION, request, details, error, payload });
    this.#close(error);
  }

  #close(error?: string): void {
    this.#link.peer.finish(this);
    this.operation?.end(error);
    if (this.deadline !== Infinity) this.#link.wheel.set(this, Infinity);
    this.#parts?.end();
  }

  onPart({ payload }: InvocationMessage): void {
    const isLast = !this.expectsParts;
    if (this.#passthru === undefined) return this.#addPart(payload, isLast);
    this.#decoding ??= new InOrder();
    this.#decoding.add(
      this.#decodePart(this.#passthru, payload.retain()),
      payload.byteLength + PART_OVERHEAD,
      (payload) => this.#addPart(payload, isLast),
      (error) => this.#failToDecode(error),
    );
    if (this.#decoding.cost > MAX_WAITING_PARTS) this.#overflow();
  }

  /** An empty last part only says that it is the last. */
  async #decodePart(passthru: Passthru, payload: Payload): Promise<Payload> {
    const decoded = payload.count === 0 ? payload : this.#link.passthru.decode(passthru, payload);
    // The first arguments are the first part, however long they take.
    const [part] = await Promise.all([decoded, this.#opening]);
    return part;
  }

  #addPart(payload: Payload, isLast: boolean): void {
    if (!this.isOpen) return;
    const queue = this.#partQueue();
    // An empty last part only says that it is the last.
    if (!isLast || payload.count > 0) {
      queue.push({ args: payload.args, kwargs: payload.kwargs }, payload.byteLength + PART_OVERHEAD);
    }
    if (isLast) queue.end();
    if (queue.cost > MAX_WAITING_PARTS) this.#overflow();
  }

  #overflow(): void {
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
    this.operation?.end(error);
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
