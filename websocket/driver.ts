/**
 * Drives one {@linkcode Protocol} over one {@linkcode ByteStream}: the read loop, the write loop, the deadlines.
 *
 * @module
 */

import type { BufferPool } from "../internal/buffer_pool.ts";
import { nextMacrotask } from "../internal/schedule.ts";
import type { TimerWheel, WheelEntry } from "../internal/timer_wheel.ts";
import { toError } from "../internal/to_error.ts";
import type { CloseInfo } from "./errors.ts";
import type { Protocol, ProtocolEvent } from "./protocol.ts";
import { ReadBuffer } from "../internal/read_buffer.ts";
import type { ByteStream } from "../internal/stream.ts";

/** What a driver needs. @internal */
export interface DriverInit {
  readonly wheel: TimerWheel;
  readonly pool: BufferPool;
  readonly options: { readonly sendHighWaterMark: number };
}

/** Whom a driver serves. @internal */
export interface DriverOwner {
  /** Handles an event; its data is a view that is valid until this returns. */
  onEvent(event: ProtocolEvent): void;
  /** Bytes were written while more than the high-water mark waited. */
  onWritten(): void;
  /** The bytes that wait to be written are below the high-water mark. */
  onDrain(): void;
  /** The connection has ended; called once. */
  onEnd(info: CloseInfo): void;
}

/** Within a sweep, output of this size starts on its way at once. */
const EARLY_FLUSH = 64 << 10;

/** The user paused reading; pauses are bits. @internal */
export const PAUSED_BY_USER = 1;
/** More waits to be written than the high-water mark allows. @internal */
export const PAUSED_BY_OUTPUT = 2;
/** More waits to be taken than the high-water mark allows. @internal */
export const PAUSED_BY_INBOX = 4;

/**
 * One socket's loops. The events of one read are handled in one synchronous sweep, and what they made us send leaves in
 * one write.
 *
 * @internal
 */
export class Driver implements WheelEntry {
  readonly #stream: ByteStream;
  readonly #wheel: TimerWheel;
  readonly #protocol: Protocol;
  readonly #owner: DriverOwner;
  readonly #buffer: ReadBuffer;
  readonly #mark: number;
  #isReading = false;
  #isDirect = false;
  #isWriting = false;
  #flushScheduled = false;
  #halfClosed = false;
  #outputLost = false;
  #isDraining = false;
  #pauses = 0;

  /** Whether events are being handled now. */
  inSweep = false;
  /** Whether the connection has ended. */
  hasEnded = false;
  /** The wheel's. */
  deadline = Infinity;
  /** The wheel's. */
  slot = -1;

  constructor(stream: ByteStream, init: DriverInit, protocol: Protocol, owner: DriverOwner) {
    this.#stream = stream;
    this.#wheel = init.wheel;
    this.#protocol = protocol;
    this.#owner = owner;
    this.#buffer = new ReadBuffer(init.pool);
    this.#mark = init.options.sendHighWaterMark;
  }

  /** Takes the bytes that came behind the handshake, and reads on. */
  start(rest: Uint8Array): void {
    if (this.hasEnded) return;
    if (rest.length > 0) this.#protocol.receive(rest, performance.now());
    this.#arm();
    void this.#readLoop();
  }

  /** Whether bytes lie in the read buffer, borrowed by a handler. */
  lends(bytes: Uint8Array): boolean {
    return this.#buffer.holds(bytes);
  }

  /** Called by the wheel. What has arrived is read first: a busy program is not a dead peer. */
  onDeadline(): void {
    nextMacrotask(() => {
      if (this.hasEnded) return;
      const event = this.#protocol.tick(performance.now());
      if (event !== undefined) this.#owner.onEvent(event);
      this.flush();
      if (this.#protocol.transport === "end") this.#end();
      else this.#arm();
    });
  }

  /** Kept small: its frame lives as long as the connection waits. */
  async #readLoop(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#wantsMore()) this.#take(await this.#stream.read(this.#nextBuffer()));
    } catch (error) {
      this.#loseTransport(toError(error));
    }
    this.#isReading = false;
    // The last read has settled and the last handler has returned: nobody holds the buffer any more.
    if (this.hasEnded) this.#buffer.drop();
  }

  #wantsMore(): boolean {
    this.#sweep();
    return this.#pauses === 0 && !this.hasEnded;
  }

  /** The rest of a long payload is read straight to where it belongs. */
  #nextBuffer(): Uint8Array<ArrayBuffer> {
    const target = this.#protocol.receiveTarget();
    this.#isDirect = target !== undefined;
    return target ?? this.#buffer.next();
  }

  #take(length: number | null): void {
    if (this.hasEnded) return;
    if (length === null) {
      this.#protocol.receiveEof();
      this.#end();
    } else if (this.#isDirect) {
      this.#protocol.receivedInTarget(length, performance.now());
    } else {
      this.#protocol.receive(this.#buffer.filled(length), performance.now());
    }
  }

  /** Handles all events of one read, synchronously. */
  #sweep(): void {
    this.inSweep = true;
    while (this.#pauses === 0 && !this.hasEnded) {
      const event = this.#protocol.nextEvent();
      if (event === undefined) break;
      this.#owner.onEvent(event);
    }
    this.inSweep = false;
    this.flush();
    if (this.#protocol.nextDeadline() < this.deadline) this.#arm();
  }

  /** Stops reading, for one more reason. */
  pause(reason: number): void {
    this.#pauses |= reason;
    if (reason === PAUSED_BY_OUTPUT) this.#isDraining = true;
    // A peer that takes nothing of what waits for it is watched all the same: each write that goes on is life.
    else this.#protocol.pauseReading();
  }

  /** Takes reasons back; without any left, reads again. */
  unpause(reasons: number): void {
    if ((this.#pauses & reasons) === 0) return;
    this.#pauses &= ~reasons;
    if (this.hasEnded) return;
    const now = performance.now();
    if ((this.#pauses & ~PAUSED_BY_OUTPUT) === 0) this.#protocol.resumeReading(now);
    if (this.#pauses !== 0) return;
    this.#protocol.noteLife(now);
    this.#arm();
    // Not from within the user's call: a sweep calls handlers.
    if (!this.#isReading) nextMacrotask(() => void this.#readLoop());
  }

  /** After something was accepted for sending: within a sweep its end writes it, else the next macrotask. */
  flushSoon(): void {
    if (this.#protocol.bufferedAmount > this.#mark) this.#isDraining = true;
    if (!this.inSweep) this.scheduleFlush();
    else if (this.#protocol.readyBytes > EARLY_FLUSH) this.flush();
  }

  /** Writes at the next macrotask, unless a sweep's end or a dry reader does so before. */
  scheduleFlush(): void {
    if (this.#protocol.readyBytes > EARLY_FLUSH) return this.flush();
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    nextMacrotask(() => {
      this.#flushScheduled = false;
      this.flush();
    });
  }

  /** Writes what is ready, unless a write is under way; that one goes on by itself. */
  flush(): void {
    if (this.#isWriting || this.hasEnded) return;
    const bytes = this.#outputLost ? undefined : this.#protocol.takeOutput();
    if (bytes !== undefined) void this.#writeLoop(bytes);
    else if (this.#protocol.transport === "finish") this.#finish();
  }

  async #writeLoop(bytes: Uint8Array): Promise<void> {
    this.#isWriting = true;
    try {
      for (let next: Uint8Array | undefined = bytes; next !== undefined; next = this.#protocol.takeOutput()) {
        let rest = next;
        for (;;) {
          const written = await this.#stream.write(rest);
          if (this.#pauses === PAUSED_BY_OUTPUT) this.#protocol.noteLife(performance.now());
          if (written >= rest.length) break;
          rest = rest.subarray(written);
        }
        this.#protocol.outputWritten();
        if (this.#isDraining) this.#noteDrained();
      }
      this.#isWriting = false;
    } catch (error) {
      this.#isWriting = false;
      this.#outputLost = true;
      this.#loseOutput(toError(error));
    }
    if (this.#protocol.transport === "finish") this.flush();
  }

  #noteDrained(): void {
    this.#owner.onWritten();
    if (this.#protocol.bufferedAmount > this.#mark) return;
    this.#isDraining = false;
    this.#owner.onDrain();
    this.unpause(PAUSED_BY_OUTPUT);
  }

  /** Everything is written: ends our direction, so that the peer gets it all, and reads on until it ends its own. */
  #finish(): void {
    if (this.#halfClosed) return;
    this.#halfClosed = true;
    this.#arm();
    this.unpause(PAUSED_BY_USER | PAUSED_BY_OUTPUT | PAUSED_BY_INBOX);
    if (this.#stream.closeWrite === undefined) {
      this.#protocol.receiveEof();
      this.#end();
      return;
    }
    this.#stream.closeWrite().catch((error) => this.#loseOutput(toError(error)));
  }

  /** Fails the connection with a close frame of ours. */
  fail(code: number, reason: string, error: Error): void {
    this.#protocol.failWith(code, reason, error, performance.now());
    this.flush();
    this.#arm();
  }

  /** A write failed. What the peer sent before, its close frame perhaps, may still be read. */
  #loseOutput(error: Error): void {
    if (this.hasEnded) return;
    if (this.#isReading && this.#pauses === 0) {
      this.#protocol.sendClose(undefined, "", performance.now());
      this.#arm();
    } else {
      this.#loseTransport(error);
    }
  }

  /** Begins the closing handshake. */
  close(code: number | undefined, reason: string): void {
    if (this.hasEnded) return;
    this.#protocol.sendClose(code, reason, performance.now());
    // The answer must be seen, whatever waits to be taken.
    this.unpause(PAUSED_BY_USER | PAUSED_BY_INBOX);
    this.flush();
    this.#arm();
  }

  /** Ends at once; `error` says why. */
  abort(error?: Error): void {
    if (this.hasEnded) return;
    this.#protocol.abort(error);
    this.#end();
  }

  #loseTransport(error: Error): void {
    if (this.hasEnded) return;
    this.#protocol.receiveEof(error);
    this.#end();
  }

  #arm(): void {
    const next = this.#protocol.nextDeadline();
    if (next !== this.deadline) this.#wheel.set(this, next);
  }

  #end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.#wheel.set(this, Infinity);
    this.#stream.close();
    if (!this.#isReading) this.#buffer.drop();
    this.#owner.onEnd(this.#protocol.closeInfo);
  }
}
