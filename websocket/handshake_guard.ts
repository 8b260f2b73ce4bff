/**
 * A server's hold on a socket until it is a connection's: deadlines, and an end that lets the peer read our answer.
 *
 * @module
 */

import type { TimerWheel, WheelEntry } from "../internal/timer_wheel.ts";
import { createRefusal, formatRefusal, type Refusal } from "./handshake.ts";
import { type ByteStream, writeAll } from "../internal/stream.ts";

/** How much a refused peer may go on sending while it should read the refusal, in bytes. */
const LINGER_BYTES = 256 << 10;
/** How long a peer that was too slow may take to read that, in milliseconds. */
const LATE_GRACE = 1_000;
const DISCARD_BUFFER = 2048;
/** How many seconds a client that is turned away for now should wait. @internal */
export const RETRY_AFTER = "5";

/**
 * - `head`: the request is being read.
 * - `deciding`: the user's function runs.
 * - `answering`: our answer is being written.
 * - `lingering`: it is written, and we wait for the peer to end.
 * - `over`: the socket is closed or a connection's.
 */
type Phase = "head" | "deciding" | "answering" | "lingering" | "over";

/** What a guard needs to know. @internal */
export interface HandshakeGuardInit {
  readonly stream: ByteStream;
  readonly wheel: TimerWheel;
  /** How long the request and the decision, and later each write, may take, in milliseconds. */
  readonly timeout: number;
  /** Called when the peer was turned away and has only to read why. */
  readonly onLinger?: (guard: HandshakeGuard) => void;
  /** Called once, when the socket is closed or a connection's. */
  readonly onOver?: (guard: HandshakeGuard) => void;
}

/**
 * Owns one socket from its acceptance until {@linkcode HandshakeGuard.keep} or its end.
 *
 * @internal
 */
export class HandshakeGuard implements WheelEntry {
  /** The socket. */
  readonly stream: ByteStream;
  /** The wheel's. */
  deadline = Infinity;
  /** The wheel's. */
  slot = -1;
  /** Called when the guard is over, so that whoever waits for something else than the socket stops waiting. */
  onAbort: (() => void) | undefined;
  readonly #init: HandshakeGuardInit;
  #phase: Phase = "head";
  #late: Promise<void> | undefined;

  constructor(init: HandshakeGuardInit) {
    this.#init = init;
    this.stream = init.stream;
    this.#arm(init.timeout);
  }

  /** Whether somebody still works for an answer. */
  get isBusy(): boolean {
    return this.#phase === "deciding" || this.#phase === "answering";
  }

  /** Whether the time for an answer has passed: what is decided now comes too late. */
  get isLate(): boolean {
    return this.#late !== undefined || this.#phase === "over";
  }

  /** The request is here; it is for us to decide now. */
  startDeciding(): void {
    if (!this.isLate) this.#phase = "deciding";
  }

  /** Writes a part of the answer; from the first on, nobody else writes. The wait between parts is not bounded. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.isLate) throw new Error("Handshake has ended before it was answered");
    this.#phase = "answering";
    for (let rest = bytes; rest.length > 0;) {
      this.#arm(this.#init.timeout);
      rest = rest.subarray(await this.stream.write(rest));
    }
    this.#init.wheel.set(this, Infinity);
  }

  /** The socket has become a connection's. */
  keep(): void {
    this.#end();
  }

  /** Closes the socket at once. */
  abort(): void {
    if (this.#phase === "over") return;
    this.#end();
    this.stream.close();
  }

  /** Lets the peer read our answer, then closes the socket. */
  async finish(): Promise<void> {
    if (this.#phase === "over") return;
    if (this.#late === undefined) {
      this.#startLinger(this.#init.timeout);
      await this.#linger();
    } else {
      await this.#late;
    }
    this.abort();
  }

  /** See {@linkcode WheelEntry}. */
  onDeadline(): void {
    if (this.#phase === "head") {
      this.#late = this.#refuseLate(createRefusal(408, "Request head took too long"), true);
    } else if (this.#phase === "deciding") {
      const refusal = createRefusal(503, "Server took too long to decide", { "retry-after": RETRY_AFTER });
      this.#late = this.#refuseLate(refusal, false);
    } else {
      this.abort();
    }
  }

  /** Whoever reads the head goes on reading: then only our direction is ended here. */
  async #refuseLate(refusal: Refusal, isBeingRead: boolean): Promise<void> {
    this.#startLinger(LATE_GRACE);
    try {
      await writeAll(this.stream, formatRefusal(refusal));
      if (isBeingRead) await this.stream.closeWrite?.();
    } catch {
      // The peer is gone already: then there is nobody to tell.
      return this.abort();
    }
    if (isBeingRead && this.stream.closeWrite !== undefined) return;
    await this.#linger();
    this.abort();
  }

  #startLinger(timeout: number): void {
    this.#phase = "lingering";
    this.#arm(timeout);
    this.#init.onLinger?.(this);
  }

  /**
   * Ends our direction and reads on for a while: closing at once while the peer still sends would reset the connection,
   * and our answer might be lost.
   */
  async #linger(): Promise<void> {
    if (this.stream.closeWrite === undefined) return;
    const buffer = new Uint8Array(DISCARD_BUFFER);
    try {
      await this.stream.closeWrite();
      for (let left = LINGER_BYTES; left > 0;) {
        const length = await this.stream.read(buffer);
        if (length === null) return;
        left -= length;
      }
    } catch {
      // The peer is gone already: then there is nobody to wait for.
    }
  }

  #arm(timeout: number): void {
    if (this.#phase !== "over") this.#init.wheel.set(this, performance.now() + timeout);
  }

  #end(): void {
    this.#phase = "over";
    this.#init.wheel.set(this, Infinity);
    this.onAbort?.();
    this.#init.onOver?.(this);
  }
}
