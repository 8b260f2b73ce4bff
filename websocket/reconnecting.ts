/**
 * A connection that comes back: an iterator over one connection after another.
 *
 * @module
 */

import { Backoff, type BackoffOptions } from "../internal/backoff.ts";
import { isCertificateFailure } from "../internal/certificate_failure.ts";
import { delay } from "../internal/delay.ts";
import { isPassingRefusal, retryAfter } from "../internal/retry_after.ts";
import { connect, type ConnectOptions } from "./client.ts";
import { isNormalClosure } from "./close_code.ts";
import { ConnectionClosedError, HandshakeError } from "./errors.ts";
import type { WebSocketConnection } from "./web_socket_connection.ts";

/**
 * What {@linkcode ReconnectOptions.onRetry} is told.
 *
 * @public
 */
export interface RetryInfo {
  /** Why there is no connection: what {@linkcode connect} threw, or {@linkcode ConnectionClosedError}. */
  readonly error: Error;
  /** Which attempt comes next: 1 after the first failure, and from 1 again after a connection that lasted. */
  readonly attempt: number;
  /** How long until then, in milliseconds. */
  readonly delay: number;
}

/**
 * Options of {@linkcode reconnecting}.
 *
 * @public
 */
export interface ReconnectOptions extends ConnectOptions {
  /** How long to wait between attempts. @default {{ initial: 500, max: 30000, factor: 2 }} */
  readonly backoff?: BackoffOptions;
  /** How many attempts in a row may fail; a connection that did not last is one. @default {Infinity} */
  readonly maxAttempts?: number;
  /**
   * Says whether to try again. By default not after what another attempt would not mend: a mistake of the caller's, a
   * missing permission, a certificate that is not trusted, and a refusal with status 4xx but for 408, 425 and 429.
   */
  readonly shouldRetry?: (error: Error) => boolean;
  /** Called before each wait. */
  readonly onRetry?: (info: RetryInfo) => void;
}

/** What tests put in place of the network, the clock and chance. @internal */
export interface ReconnectHooks {
  /** Opens a connection. */
  readonly connect: (url: string | URL, options: ConnectOptions) => Promise<WebSocketConnection>;
  /** Waits; rejects with the signal's reason. */
  readonly delay: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** A number from 0 up to but not including 1. */
  readonly random: () => number;
  /** The time in milliseconds, from any origin. */
  readonly now: () => number;
  /** The time in milliseconds since 1970, for a date in Retry-After. */
  readonly wallClock: () => number;
}

const HOOKS: ReconnectHooks = {
  connect,
  delay,
  random: () => Math.random(),
  now: () => performance.now(),
  wallClock: () => Date.now(),
};

/**
 * Connects, and connects again whenever the connection has ended or could not be opened, after a random time that grows
 * with each failure ("full jitter"), or after what the server asks for by Retry-After with 429 or 503, up to an hour.
 *
 * The next connection is opened when the loop's body is done with the one before; it is closed then, if it is still
 * open, and on `break`. The time grows until a connection has lasted as long as the largest bound (`backoff.max`), and
 * then starts over. An exception in the body ends the loop, as everywhere: catch the
 * {@linkcode ConnectionClosedError} that iteration over messages throws after an abnormal closure.
 *
 * @param url The server, as for {@linkcode connect}.
 * @param options Options of each connection, and when to try again.
 * @returns The connections. It throws the error after which no further attempt is made, and the signal's reason when
 * that is aborted.
 *
 * @throws {RangeError} A number is out of its range.
 *
 * @example Use
 * ```ts
 * import { ConnectionClosedError, reconnecting, serve } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * await using server = serve({ port: 0, hostname: "127.0.0.1" }, async (ws) => {
 *   await ws.send("tick");
 * });
 * const received: unknown[] = [];
 * for await (const ws of reconnecting(server.url, { backoff: { initial: 1 } })) {
 *   try {
 *     for await (const message of ws) received.push(message);
 *   } catch (error) {
 *     if (!(error instanceof ConnectionClosedError)) throw error;
 *   }
 *   if (received.length === 2) break;
 * }
 * assert.deepEqual(received, ["tick", "tick"]);
 * ```
 *
 * @public
 */
export function reconnecting(
  url: string | URL,
  options: ReconnectOptions = {},
): AsyncIterableIterator<WebSocketConnection> {
  return reconnectWith(url, options, HOOKS);
}

/** {@linkcode reconnecting} with the network, the clock and chance given. @internal */
export function reconnectWith(
  url: string | URL,
  options: ReconnectOptions,
  hooks: ReconnectHooks,
): AsyncIterableIterator<WebSocketConnection> {
  return new Reconnector(url, options, hooks);
}

/**
 * Says whether another attempt may succeed: the default of {@linkcode ReconnectOptions.shouldRetry}.
 *
 * @param error What ended a connection or an attempt.
 * @returns Whether to try again.
 *
 * @internal
 */
export function isRetryable(error: Error): boolean {
  if (error instanceof ConnectionClosedError) return true;
  // Whatever else connect() throws is a mistake of the caller's or a missing permission.
  if (!(error instanceof HandshakeError)) return false;
  const { status, cause } = error;
  if (status >= 400) return isPassingRefusal(status);
  return !isCertificateFailure(cause);
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** The iterator. It is no generator, so that `return()` can end a wait. */
class Reconnector implements AsyncIterableIterator<WebSocketConnection> {
  readonly #url: string | URL;
  readonly #options: ReconnectOptions;
  readonly #hooks: ReconnectHooks;
  readonly #backoff: Backoff;
  readonly #maxAttempts: number;
  readonly #lasting: number;
  readonly #stop = new AbortController();
  #current: WebSocketConnection | undefined;
  #openedAt = 0;
  #isDone = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(url: string | URL, options: ReconnectOptions, hooks: ReconnectHooks) {
    const { backoff, maxAttempts = Infinity, signal } = options;
    if (!(maxAttempts >= 1)) throw new RangeError(`Option maxAttempts must be at least 1, received ${maxAttempts}`);
    this.#url = url;
    this.#options = options;
    this.#hooks = hooks;
    this.#backoff = new Backoff(backoff, hooks.random);
    this.#maxAttempts = maxAttempts;
    this.#lasting = backoff?.max ?? 30_000;
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted) this.#onAbort();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Calls are served one after the other, as a generator does. */
  next(): Promise<IteratorResult<WebSocketConnection, undefined>> {
    const result = this.#turn.then(() => this.#next());
    this.#turn = result.catch(ignore);
    return result;
  }

  async return(): Promise<IteratorResult<WebSocketConnection, undefined>> {
    const current = this.#current;
    this.#finish();
    await current?.close();
    this.#stop.abort(STOPPED);
    await this.#turn;
    return DONE;
  }

  #onAbort = (): void => this.#stop.abort(this.#options.signal!.reason);

  #finish(): void {
    this.#isDone = true;
    this.#current = undefined;
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
  }

  async #next(): Promise<IteratorResult<WebSocketConnection, undefined>> {
    if (this.#isDone) return DONE;
    try {
      if (this.#current !== undefined && !await this.#retire(this.#current)) return DONE;
      return { done: false, value: this.#current = await this.#open() };
    } catch (error) {
      this.#finish();
      if (error === STOPPED) return DONE;
      throw error;
    }
  }

  /** Sees a connection to its end and waits; answers whether there shall be another. */
  async #retire(connection: WebSocketConnection): Promise<boolean> {
    // Where the body has left it open it is closed now.
    const info = await connection.close();
    this.#current = undefined;
    this.#stop.signal.throwIfAborted();
    if (this.#hooks.now() - this.#openedAt >= this.#lasting) this.#backoff.reset();
    const reason = info.reason === "" ? "" : ` (${info.reason})`;
    const error = new ConnectionClosedError(`Connection closed with ${info.code}${reason}`, info);
    if (isNormalClosure(info.code) && this.#options.shouldRetry?.(error) === false) {
      this.#finish();
      return false;
    }
    await this.#wait(error);
    return true;
  }

  async #open(): Promise<WebSocketConnection> {
    const { signal } = this.#stop;
    for (;;) {
      signal.throwIfAborted();
      try {
        const connection = await this.#hooks.connect(this.#url, { ...this.#options, signal });
        this.#openedAt = this.#hooks.now();
        return connection;
      } catch (error) {
        signal.throwIfAborted();
        await this.#wait(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  /** Waits before the next attempt, or throws where there shall be none. */
  async #wait(error: Error): Promise<void> {
    const { shouldRetry = isRetryable, onRetry } = this.#options;
    if (!shouldRetry(error)) throw error;
    const asked = error instanceof HandshakeError ? retryAfter(error, this.#hooks.wallClock) : 0;
    const milliseconds = Math.max(this.#backoff.next(), asked);
    const { attempt } = this.#backoff;
    if (attempt >= this.#maxAttempts) throw error;
    onRetry?.({ error, attempt, delay: milliseconds });
    await this.#hooks.delay(milliseconds, this.#stop.signal);
  }
}

/** The reason by which `return()` ends what is going on. */
const STOPPED = new Error("Iteration has ended");

function ignore(): void {}
