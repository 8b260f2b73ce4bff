/**
 * Calls of a session: one result, or many.
 *
 * @module
 */

import { AsyncQueue } from "../internal/async_queue.ts";
import { InOrder } from "../internal/in_order.ts";
import { nextMacrotask } from "../internal/schedule.ts";
import { toError } from "../internal/to_error.ts";
import type { WheelEntry } from "../internal/timer_wheel.ts";
import { ApplicationError, type Dict } from "./errors.ts";
import { type Call, type CancelMode, MESSAGE } from "./messages.ts";
import { passthruIn } from "./passthru.ts";
import type { Passthru } from "./passthru_api.ts";
import { Payload } from "./payload.ts";
import type { Reply } from "./peer.ts";
import type { Arguments, CallOptions, CallResult } from "./session_api.ts";
import { type SessionLink, type SessionRequest, toApplicationError } from "./session_link.ts";
import type { ClientCallDiagnostics, Operation } from "./telemetry.ts";
import { ERROR_URI } from "./uris.ts";

/** What the results that wait for a slow iteration may hold, in bytes. */
const MAX_BUFFERED_RESULTS = 16 << 20;
/** What a waiting result costs beside its bytes. */
const RESULT_OVERHEAD = 256;

/** How many parts of a progressive invocation leave before other work has its turn. */
const PARTS_IN_A_TURN = 64;

const NO_OPTIONS: Dict = {};
const MODES: readonly unknown[] = ["skip", "kill", "killnowait"];

/** Options of CALL. */
function wireOptions(link: SessionLink, options: CallOptions | undefined, receiveProgress: boolean): Dict {
  if (options === undefined) return receiveProgress ? { receive_progress: true } : NO_OPTIONS;
  const { timeout = 0, discloseMe = false } = options;
  return {
    ...options.options,
    ...(receiveProgress && { receive_progress: true }),
    ...(discloseMe && { disclose_me: true }),
    ...(timeout > 0 && link.keepsTimeouts && { timeout: Math.ceil(timeout) }),
  };
}

function checkOptions({ timeout = 0, cancelMode = "killnowait" }: CallOptions): void {
  if (!(timeout >= 0 && timeout <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`Cannot call: timeout must be from 0 to 2^53 - 1 milliseconds, received ${timeout}`);
  }
  if (!MODES.includes(cancelMode)) {
    throw new TypeError(`Cannot call: cancelMode must be skip, kill or killnowait, received ${String(cancelMode)}`);
  }
}

function toCallResult(message: Reply & { readonly type: typeof MESSAGE.RESULT }): CallResult {
  const { payload, details } = message;
  return { args: payload.args, kwargs: payload.kwargs, details, progress: details.progress === true };
}

/** What every call has: it can be aborted, and it can time out. Most have neither, and pay for neither. */
abstract class OpenCall implements SessionRequest, WheelEntry {
  readonly type = MESSAGE.CALL;
  request = 0;
  deadline = Infinity;
  slot = -1;
  protected readonly link: SessionLink;
  #signal: AbortSignal | undefined;
  #mode: CancelMode = "killnowait";
  #timeout = 0;
  #hasTimeout = false;
  /** Answers that are being decoded, and those behind them. */
  #decoding: InOrder | undefined;
  /** What is told to who watches. */
  #operation: Operation<ClientCallDiagnostics> | undefined;
  /** Why the call was aborted, while a callee is asked to stop. */
  #aborted: { readonly reason: unknown } | undefined;

  constructor(link: SessionLink) {
    this.link = link;
  }

  /** Tells who watches that the call starts. */
  protected tell(procedure: string): void {
    const { telemetry, id, realm, transport } = this.link;
    if (!telemetry.call.isOn) return;
    this.#operation = telemetry.call.start({ realm, session: id, procedure }, transport.info.remoteAddress);
  }

  /** Begins to listen to the signal, and to keep the time where the router does not. */
  protected watch({ signal, cancelMode = "killnowait", timeout = 0 }: CallOptions): void {
    this.#mode = cancelMode;
    this.#signal = signal;
    signal?.addEventListener("abort", this);
    this.#timeout = timeout;
    this.#hasTimeout = timeout > 0 && !this.link.keepsTimeouts;
    if (this.#hasTimeout) this.link.wheel.set(this, performance.now() + timeout);
  }

  /** Listens no more: the call is over, by `error` if there is one. */
  protected unwatch(error?: unknown): void {
    this.#operation?.end(error);
    this.#signal?.removeEventListener("abort", this);
    if (this.#hasTimeout && this.deadline !== Infinity) this.link.wheel.set(this, Infinity);
  }

  /** The signal was aborted. */
  handleEvent(): void {
    this.abort(this.#signal?.reason);
  }

  onDeadline(): void {
    this.stop();
    const message = `No result within ${this.#timeout} ms`;
    this.settleError(new ApplicationError(ERROR_URI.TIMEOUT, [message]));
  }

  /** Cancels the call for a reason of the caller's. In mode `kill`, the callee's answer is awaited. */
  protected abort(reason: unknown): void {
    if (this.#aborted !== undefined) return;
    const waits = this.#mode === "kill" && this.link.canCancel && this.link.peer.isPending(this);
    if (!waits) {
      this.stop();
      return this.settleError(reason);
    }
    this.#aborted = { reason };
    this.#cancel();
  }

  /** Asks the router to cancel, and forgets the call. */
  protected stop(): void {
    const { link } = this;
    if (!link.peer.isPending(this)) return;
    if (link.canCancel && this.#aborted === undefined) this.#cancel();
    link.peer.forget(this);
  }

  #cancel(): void {
    this.link.send({ type: MESSAGE.CANCEL, request: this.request, options: { mode: this.#mode } });
  }

  onReply(message: Reply): void {
    if (message.type !== MESSAGE.RESULT && message.type !== MESSAGE.ERROR) return;
    const passthru = message.details.ppt_scheme === undefined ? undefined : passthruIn(message.details);
    if (passthru === undefined && this.#decoding === undefined) return this.#settle(message);
    this.#decode(message, passthru);
  }

  /** Settles with what the payload was before, behind all answers that came before. */
  #decode(message: Answer, passthru: Passthru | undefined): void {
    const payload = message.payload.retain();
    this.#decoding ??= new InOrder();
    this.#decoding.add(
      decodeSafely(this.link, payload, passthru),
      payload.byteLength + RESULT_OVERHEAD,
      (payload) => this.#settle({ ...message, payload }),
      (error) => {
        this.stop();
        const { type, details } = message;
        // That it was an error, and which, is not encrypted.
        this.settleError(
          type === MESSAGE.ERROR ? new ApplicationError(message.error, [], {}, { details, cause: error }) : error,
        );
      },
    );
    if (this.#decoding.cost > MAX_BUFFERED_RESULTS) this.overflow();
  }

  /** Ends the call: its results cannot be kept. */
  protected overflow(): void {
    this.stop();
    const text = `Results came faster than they were taken: more than ${MAX_BUFFERED_RESULTS} bytes wait`;
    this.settleError(new ApplicationError(ERROR_URI.PAYLOAD_SIZE_EXCEEDED, [text]));
  }

  #settle(message: Answer): void {
    if (message.type === MESSAGE.RESULT) return this.settleResult(message);
    const aborted = this.#aborted;
    this.settleError(aborted === undefined ? toApplicationError(message) : aborted.reason);
  }

  onEnd(error: Error): void {
    this.settleError(error);
  }

  protected abstract settleResult(message: Reply & { readonly type: typeof MESSAGE.RESULT }): void;
  protected abstract settleError(error: unknown): void;
}

/** What answers a call on the wire. */
type Answer = Reply & { readonly type: typeof MESSAGE.RESULT | typeof MESSAGE.ERROR };

/** What a payload was before. What cannot be decoded rejects, at the latest here. */
async function decodeSafely(link: SessionLink, payload: Payload, passthru: Passthru | undefined): Promise<Payload> {
  const decoded = passthru === undefined ? payload : await link.passthru.decode(passthru, payload);
  return Payload.of(decoded.args, decoded.kwargs);
}

/** What a call is answered with: the first positional result, or all of it. */
type Outcome<Whole extends boolean> = Whole extends true ? CallResult : unknown;

class SingleCall<Whole extends boolean> extends OpenCall {
  readonly promise: Promise<Outcome<Whole>>;
  readonly #isWhole: boolean;
  #hasSettled = false;
  #resolve!: (value: Outcome<Whole>) => void;
  #reject!: (error: unknown) => void;

  constructor(link: SessionLink, isWhole: Whole) {
    super(link);
    this.#isWhole = isWhole;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  start(procedure: string, args: readonly unknown[] | undefined, options: CallOptions | undefined): void {
    const { link } = this;
    const wire = wireOptions(link, options, false);
    this.tell(procedure);
    if (options?.passthru !== undefined) {
      link.checkPassthru("call");
      this.watch(options);
      return void this.#startThrough(procedure, args ?? [], options, options.passthru, wire);
    }
    try {
      this.#send(procedure, wire, Payload.of(args, options?.kwargs));
    } catch (error) {
      this.unwatch(error);
      throw error;
    }
    if (options !== undefined) this.watch(options);
  }

  async #startThrough(
    procedure: string,
    args: readonly unknown[],
    { kwargs = {} }: CallOptions,
    passthru: Passthru,
    wire: Dict,
  ): Promise<void> {
    try {
      const { options, payload } = await this.link.passthru.encode(passthru, args, kwargs);
      if (this.#hasSettled) return;
      this.link.checkOpen("call");
      this.#send(procedure, { ...wire, ...options }, payload);
    } catch (error) {
      this.settleError(error);
    }
  }

  #send(procedure: string, options: Dict, payload: Payload): void {
    const { link } = this;
    link.request(this, { type: MESSAGE.CALL, request: link.peer.upcoming, options, procedure, payload });
  }

  protected settleResult(message: Reply & { readonly type: typeof MESSAGE.RESULT }): void {
    // A progressive result that was not asked for.
    if (message.details.progress === true) return;
    this.#hasSettled = true;
    this.unwatch();
    this.#resolve((this.#isWhole ? toCallResult(message) : message.payload.args[0]) as Outcome<Whole>);
  }

  protected settleError(error: unknown): void {
    this.#hasSettled = true;
    this.unwatch(error ?? ERROR_URI.CANCELED);
    this.#reject(error);
  }
}

/**
 * Makes a call with one result.
 *
 * @throws What `call()` rejects with before anything was sent.
 *
 * @internal
 */
export function startCall<Whole extends boolean>(
  link: SessionLink,
  isWhole: Whole,
  procedure: string,
  args: readonly unknown[] | undefined,
  options: CallOptions | undefined,
): Promise<Outcome<Whole>> {
  link.check("call", procedure);
  if (options !== undefined) {
    checkOptions(options);
    options.signal?.throwIfAborted();
  }
  const call = new SingleCall(link, isWhole);
  call.start(procedure, args, options);
  return call.promise;
}

type Step = IteratorResult<CallResult, undefined>;

/**
 * A call with any number of results, and of arguments too.
 *
 * @internal
 */
export class ProgressiveCall extends OpenCall implements AsyncIterableIterator<CallResult, undefined> {
  readonly #results = new AsyncQueue<CallResult>();
  #source: AsyncIterator<Arguments, unknown> | undefined;

  /** Begins the call; what goes wrong with that, the iteration throws. */
  start(
    procedure: string,
    args: readonly unknown[] | AsyncIterable<Arguments> | undefined,
    options: CallOptions | undefined,
  ): this {
    const { link } = this;
    try {
      link.check("call", procedure);
      if (options !== undefined) {
        checkOptions(options);
        options.signal?.throwIfAborted();
        if (options.passthru !== undefined) link.checkPassthru("call");
      }
      this.tell(procedure);
      if (args !== undefined && Symbol.asyncIterator in args) {
        if (!link.takesParts) {
          throw new ApplicationError(ERROR_URI.FEATURE_NOT_SUPPORTED, [
            "Cannot call in parts: the router does not announce progressive_call_invocations",
          ]);
        }
        void this.#sendParts(procedure, args, options);
      } else if (options?.passthru !== undefined) {
        void this.#sendThrough(procedure, args ?? [], options, options.passthru);
      } else this.#sendCall(procedure, Payload.of(args, options?.kwargs), wireOptions(link, options, true));
      if (options !== undefined) this.watch(options);
    } catch (error) {
      this.settleError(error);
    }
    return this;
  }

  async #sendThrough(
    procedure: string,
    args: readonly unknown[],
    options: CallOptions,
    passthru: Passthru,
  ): Promise<void> {
    const { link } = this;
    try {
      const encoded = await link.passthru.encode(passthru, args, options.kwargs ?? {});
      if (this.#results.hasEnded) return;
      link.checkOpen("call");
      this.#sendCall(procedure, encoded.payload, { ...wireOptions(link, options, true), ...encoded.options });
    } catch (error) {
      this.settleError(error);
    }
  }

  #sendCall(procedure: string, payload: Payload, options: Call["options"]): void {
    const { link, type } = this;
    // WAMP, Progressive Call Invocations: the parts of a call have one id.
    if (this.request > 0) link.send({ type, request: this.request, options, procedure, payload });
    else link.request(this, { type, request: link.peer.upcoming, options, procedure, payload });
  }

  /** Sends each part as it comes. What the source returns goes with the last message, which ends the call. */
  async #sendParts(
    procedure: string,
    source: AsyncIterable<Arguments>,
    options: CallOptions | undefined,
  ): Promise<void> {
    try {
      const iterator = this.#source = source[Symbol.asyncIterator]() as AsyncIterator<Arguments, unknown>;
      let first: Dict | undefined = wireOptions(this.link, options, true);
      for (let sent = 0;;) {
        const { done: isLast = false, value } = await iterator.next();
        if (this.#results.hasEnded) return;
        const part = toArguments(value);
        // "Freezing of Options": later parts have none but `progress`.
        const wire: Dict = isLast ? first ?? {} : { ...first, progress: true };
        const kwargs = part.kwargs ?? (first && options?.kwargs);
        if (options?.passthru === undefined) this.#sendCall(procedure, Payload.of(part.args, kwargs), wire);
        else {
          const encoded = await this.link.passthru.encode(options.passthru, part.args ?? [], kwargs ?? {});
          if (this.#results.hasEnded) return;
          this.link.checkOpen("call");
          this.#sendCall(procedure, encoded.payload, first === undefined ? wire : { ...wire, ...encoded.options });
        }
        first = undefined;
        if (isLast) break;
        await this.link.ready();
        // A source that never waits would leave no time for the answer.
        if (++sent % PARTS_IN_A_TURN === 0) await new Promise<void>((resolve) => nextMacrotask(resolve));
      }
      this.#source = undefined;
    } catch (error) {
      this.#source = undefined;
      this.stop();
      this.settleError(error);
    }
  }

  protected settleResult(message: Reply & { readonly type: typeof MESSAGE.RESULT }): void {
    if (this.#results.hasEnded) return;
    const result = toCallResult(message);
    this.#results.push(result, message.payload.byteLength + RESULT_OVERHEAD);
    if (!result.progress) {
      this.#results.end();
      return this.#close();
    }
    if (this.#results.cost > MAX_BUFFERED_RESULTS) this.overflow();
  }

  protected settleError(error: unknown): void {
    if (this.#results.hasEnded) return;
    this.#results.fail(error);
    this.#close(error ?? ERROR_URI.CANCELED);
  }

  #close(error?: unknown): void {
    this.unwatch(error);
    // What it does about that concerns nobody any more.
    const ending = this.#source?.return?.();
    this.#source = undefined;
    Promise.resolve(ending).catch(() => {});
  }

  /** The next result. */
  next(): Promise<Step> {
    return this.#results.next();
  }

  /** Leaves the iteration: cancels the call. */
  return(): Promise<Step> {
    this.stop();
    const done = this.#results.return();
    this.#close(ERROR_URI.CANCELED);
    return done;
  }

  /** Leaves the iteration with an error. */
  throw(error: unknown): Promise<Step> {
    void this.return();
    return Promise.reject(toError(error));
  }

  /** The call itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}

function toArguments(value: unknown): Arguments {
  if (value === undefined) return {};
  const { args, kwargs } = value as Arguments;
  if (args !== undefined && !Array.isArray(args)) {
    throw new TypeError("Cannot call in parts: a part must have the form { args, kwargs }");
  }
  return { ...(args !== undefined && { args }), ...(kwargs !== undefined && { kwargs }) };
}
