/**
 * An attempt to open a connection.
 *
 * @module
 */

import { startDeadline } from "./input_grace.ts";
import { type ByteStream, closeQuietly } from "./stream.ts";

/** What an {@linkcode Attempt} ends by. @internal */
export interface AttemptOptions {
  /** The caller's signal. */
  readonly signal: AbortSignal | undefined;
  /** How long it may take, in milliseconds. */
  readonly timeout: number;
  /** The error where it takes longer. */
  readonly late: Error;
}

/**
 * Owns what an attempt holds, the deadline and the caller's signal, until the connection is open.
 *
 * @internal
 */
export class Attempt {
  readonly #controller = new AbortController();
  readonly #callerSignal: AbortSignal | undefined;
  readonly #cancelDeadline: () => void;
  #stream: ByteStream | undefined;

  constructor({ signal, timeout, late }: AttemptOptions) {
    this.#callerSignal = signal;
    signal?.addEventListener("abort", this.#onAbort);
    this.#cancelDeadline = startDeadline(timeout, () => this.#abort(late));
  }

  /** Aborted by the caller, with the caller's reason, or by the deadline. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  #onAbort = (): void => this.#abort(this.#callerSignal?.reason);

  #abort(reason: unknown): void {
    this.#controller.abort(reason);
    this.drop();
  }

  /** Takes a stream over from the one held, which is underneath it or gone. It is closed where the attempt is over. */
  hold<Stream extends ByteStream>(stream: Stream): Stream {
    this.#stream = stream;
    if (!this.signal.aborted) return stream;
    this.drop();
    throw this.signal.reason;
  }

  /** Holds what the caller's `dial` opens, which may not heed the signal: what comes late is closed. */
  dial(open: (signal: AbortSignal) => Promise<ByteStream>): Promise<ByteStream> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener("abort", onAbort);
      open(signal).then((stream) => resolve(this.hold(stream))).catch(reject).finally(() => {
        signal.removeEventListener("abort", onAbort);
      });
    });
  }

  /** Closes the stream held, which ends every operation on it. */
  drop(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) closeQuietly(stream);
  }

  /** Gives the stream away. */
  release(): void {
    this.#stream = undefined;
  }

  /** Forgets deadline and signal. */
  finish(): void {
    this.#cancelDeadline();
    this.#callerSignal?.removeEventListener("abort", this.#onAbort);
  }
}
