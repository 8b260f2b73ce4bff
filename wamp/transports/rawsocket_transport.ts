/**
 * A RawSocket after its handshake: one byte stream as a transport (WAMP, RawSocket Transport).
 *
 * @module
 */

import type { BufferPool } from "../../internal/buffer_pool.ts";
import type { Logger } from "../../internal/log.ts";
import { OutputQueue } from "../../internal/output.ts";
import { ReadBuffer } from "../../internal/read_buffer.ts";
import { nextMacrotask } from "../../internal/schedule.ts";
import type { ByteStream } from "../../internal/stream.ts";
import type { TimerWheel, WheelEntry } from "../../internal/timer_wheel.ts";
import { toError } from "../../internal/to_error.ts";
import { WampProtocolError } from "../errors.ts";
import type { Serializer } from "../serializers/serializer.ts";
import { encodeFrame, FRAME, FRAME_PREFIX, FrameReader, writePrefix } from "./rawsocket_frame.ts";
import {
  CLOSE_TIMEOUT,
  HIGH_WATER_MARK,
  MAX_SEND_BUFFER,
  type ProbeOptions,
  type SharedBytes,
  type Transport,
  type TransportClosed,
  type TransportInfo,
  type TransportReceiver,
} from "./transport.ts";

/** What the RawSockets of one server, or of one client, have in common. @internal */
export interface RawSocketShared {
  readonly role: "client" | "server";
  readonly pool: BufferPool;
  readonly wheel: TimerWheel;
  readonly logger: Logger;
  /** After how much silence a PING is sent, in milliseconds; infinity is never. */
  readonly keepaliveInterval: number;
  readonly keepaliveTimeout: number;
  /** The longest message accepted, in bytes. */
  readonly maxReceive: number;
}

/** What a handshake leaves to a RawSocket. @internal */
export interface RawSocketInit {
  readonly shared: RawSocketShared;
  readonly stream: ByteStream;
  readonly serializer: Serializer;
  readonly info: TransportInfo;
  /** The longest message that the other side takes, in bytes. */
  readonly maxMessage: number;
  /** How the session is to find out that the router has gone. */
  readonly probes?: ProbeOptions | undefined;
}

/** Within a sweep, output of this size starts on its way at once. */
const EARLY_FLUSH = 64 << 10;
/** Shared frames from this size on are written from where they are (bench/load). */
const APPEND_FROM = 128 << 10;

// Why reading is paused, as bits.
const BY_RECEIVER = 1;
const BY_OUTPUT = 2;
const NOT_OPENED = 4;

const CLEAN: TransportClosed = { wasClean: true, reason: "" };
const PING_PAYLOAD: Uint8Array = new Uint8Array(4);

/**
 * One stream's loops. The frames of one read are handled in one synchronous sweep, and what they made us send leaves in
 * one write.
 *
 * @internal
 */
export class RawSocketTransport implements Transport, WheelEntry {
  readonly serializer: Serializer;
  readonly info: TransportInfo;
  readonly maxMessage: number;
  readonly probes: ProbeOptions | undefined;
  readonly #stream: ByteStream;
  readonly #shared: RawSocketShared;
  readonly #reader: FrameReader;
  readonly #readBuffer: ReadBuffer;
  readonly #output: OutputQueue;
  #receiver: TransportReceiver | undefined;
  #pauses = NOT_OPENED;
  #isReading = false;
  #isWriting = false;
  #inSweep = false;
  #flushScheduled = false;
  #isAboveMark = false;
  /** Whether nothing more may be sent. */
  #isMute = false;
  #halfClosed = false;
  #peerHasEnded = false;
  /** Why we end it; nothing more is delivered. */
  #failure: string | undefined;
  #closed: TransportClosed | undefined;
  #lastReceived = performance.now();
  #pingSentAt = -1;
  #closeDeadline = Infinity;

  /** The wheel's. */
  deadline = Infinity;
  /** The wheel's. */
  slot = -1;

  constructor(init: RawSocketInit) {
    const { shared } = init;
    this.serializer = init.serializer;
    this.info = init.info;
    this.maxMessage = init.maxMessage;
    this.probes = init.probes;
    this.#stream = init.stream;
    this.#shared = shared;
    this.#reader = new FrameReader(shared.pool, shared.maxReceive);
    this.#readBuffer = new ReadBuffer(shared.pool);
    this.#output = new OutputQueue(shared.pool);
  }

  get bufferedAmount(): number {
    return this.#output.length;
  }

  open(receiver: TransportReceiver): void {
    if (this.#receiver !== undefined) throw new TypeError("Cannot open transport: it has a receiver already");
    this.#receiver = receiver;
    if (this.#closed === undefined) this.#unpause(NOT_OPENED);
    else this.#tellClosed(receiver, this.#closed);
  }

  send(bytes: Uint8Array): void {
    if (this.#admits(bytes.length)) this.#write(FRAME.MESSAGE, bytes);
  }

  sendShared(message: SharedBytes): void {
    if (!this.#admits(message.bytes.length)) return;
    const output = this.#output;
    const frame = message.framed("rawsocket", encodeFrame);
    if (frame.length >= APPEND_FROM) {
      output.append(frame, false);
    } else {
      output.reserve(frame.length);
      output.buffer.set(frame, output.end);
      output.end += frame.length;
    }
    this.#flushSoon();
  }

  pause(): void {
    if (!this.#isMute) this.#pauses |= BY_RECEIVER;
  }

  resume(): void {
    this.#unpause(BY_RECEIVER);
  }

  close(): void {
    if (this.#isMute) return;
    this.#isMute = true;
    this.#closeDeadline = performance.now() + CLOSE_TIMEOUT;
    this.#arm();
    // The peer's last messages, and its end, must be seen.
    this.#unpause(BY_RECEIVER | BY_OUTPUT);
    this.#flush();
  }

  fail(reason: string): void {
    this.#failure ??= reason;
    this.close();
  }

  abort(): void {
    this.#end({ wasClean: false, reason: this.#failure ?? "Transport was aborted" });
  }

  // ------------------------------------------------------------------------------------------------------- Reading

  /** Kept small: its frame lives as long as the connection waits. */
  async #readLoop(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#wantsMore()) this.#take(await this.#stream.read(this.#readBuffer.next()));
    } catch (error) {
      this.#lose(toError(error));
    }
    this.#isReading = false;
    // The last read has settled and the last handler has returned: nobody holds the buffers any more.
    if (this.#closed !== undefined) this.#dropBuffers();
  }

  #wantsMore(): boolean {
    this.#inSweep = true;
    try {
      this.#sweep();
    } finally {
      this.#inSweep = false;
    }
    this.#flush();
    return this.#pauses === 0 && this.#closed === undefined && !this.#peerHasEnded;
  }

  #take(length: number | null): void {
    if (this.#closed !== undefined) return;
    if (length === null) return this.#takeEnd();
    this.#lastReceived = performance.now();
    this.#pingSentAt = -1;
    const bytes = this.#readBuffer.filled(length);
    if (this.#failure === undefined) this.#reader.receive(bytes);
  }

  /** Handles all frames of one read, synchronously. */
  #sweep(): void {
    while (this.#pauses === 0 && this.#closed === undefined && this.#failure === undefined) {
      const payload = this.#nextFrame();
      if (payload === undefined) break;
      if (this.#reader.type === FRAME.MESSAGE) this.#receiver?.message(payload);
      else if (this.#reader.type === FRAME.PING && !this.#isMute) this.#write(FRAME.PONG, payload);
      if (this.#output.length > HIGH_WATER_MARK / 2) this.#pauseForOutput();
    }
    if (this.#nextDeadline() < this.deadline) this.#arm();
  }

  /** A frame that breaks a rule ends the connection without an answer: the protocol has none. */
  #nextFrame(): Uint8Array | undefined {
    try {
      return this.#reader.next();
    } catch (error) {
      if (!(error instanceof WampProtocolError)) throw error;
      this.#shared.logger.warn("Peer broke the protocol", { reason: error.message, peer: this.info.remoteAddress });
      this.#end({ wasClean: false, reason: error.message, error });
      return undefined;
    }
  }

  /** A client reads on: if both sides waited until the other has read, they would wait for ever. */
  #pauseForOutput(): void {
    if (this.#shared.role === "server" && !this.#isMute) this.#pauses |= BY_OUTPUT;
  }

  #takeEnd(): void {
    this.#peerHasEnded = true;
    if (!this.#isMute) {
      const where = this.#reader.isWithinFrame ? " within a frame" : "";
      this.#end({ wasClean: false, reason: `Peer ended the connection${where}` });
    } else if (this.#halfClosed) {
      this.#endInOrder();
    }
  }

  #unpause(reasons: number): void {
    if ((this.#pauses & reasons) === 0) return;
    this.#pauses &= ~reasons;
    if (this.#pauses !== 0 || this.#closed !== undefined) return;
    this.#lastReceived = performance.now();
    this.#arm();
    // Not from within the caller: a sweep calls the receiver.
    if (!this.#isReading) nextMacrotask(() => void this.#readLoop());
  }

  // ------------------------------------------------------------------------------------------------------- Writing

  /** Whether a message of that size may be sent. */
  #admits(size: number): boolean {
    if (this.#isMute) return false;
    if (size > this.maxMessage) {
      // What to do then is left to us (WAMP, RawSocket Transport, Serialization).
      const fields = { size, maxMessage: this.maxMessage, peer: this.info.remoteAddress };
      this.#shared.logger.warn("Message was dropped: it is larger than the peer takes", fields);
      return false;
    }
    const buffered = this.#output.length;
    if (buffered === 0 || buffered + size <= MAX_SEND_BUFFER) return true;
    const reason = `Cannot send message of ${size} bytes: ${buffered} of at most ${MAX_SEND_BUFFER} bytes are unsent`;
    this.#end({ wasClean: false, reason, error: new RangeError(reason) });
    return false;
  }

  #write(type: number, payload: Uint8Array): void {
    const output = this.#output;
    const { length } = payload;
    output.reserve(FRAME_PREFIX + length);
    writePrefix(output.buffer, output.end, type, length);
    output.buffer.set(payload, output.end + FRAME_PREFIX);
    output.end += FRAME_PREFIX + length;
    this.#flushSoon();
  }

  /** Within a sweep its end writes, else the next macrotask. */
  #flushSoon(): void {
    const output = this.#output;
    if (output.length > HIGH_WATER_MARK / 2) this.#isAboveMark = true;
    if (output.end > EARLY_FLUSH) return this.#flush();
    if (this.#inSweep || this.#flushScheduled) return;
    this.#flushScheduled = true;
    nextMacrotask(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  /** Writes what is ready, unless a write is under way; that one goes on by itself. */
  #flush(): void {
    if (this.#isWriting || this.#closed !== undefined) return;
    const bytes = this.#output.take();
    if (bytes !== undefined) void this.#writeLoop(bytes);
    else if (this.#isMute) this.#halfClose();
  }

  async #writeLoop(bytes: Uint8Array): Promise<void> {
    this.#isWriting = true;
    try {
      for (let next: Uint8Array | undefined = bytes; next !== undefined; next = this.#output.take()) {
        let rest = next;
        for (;;) {
          const written = await this.#stream.write(rest);
          // A peer that takes nothing of what waits for it is watched; each write that goes on is life.
          if (this.#pauses === BY_OUTPUT) this.#lastReceived = performance.now();
          if (written >= rest.length) break;
          rest = rest.subarray(written);
        }
        this.#output.release();
        if (this.#isAboveMark) this.#noteDrained();
      }
      this.#isWriting = false;
      if (this.#isMute) this.#flush();
    } catch (error) {
      this.#isWriting = false;
      this.#lose(toError(error));
    }
  }

  #noteDrained(): void {
    if (this.#output.length > HIGH_WATER_MARK / 2 || this.#closed !== undefined) return;
    this.#isAboveMark = false;
    this.#receiver?.drain();
    this.#unpause(BY_OUTPUT);
  }

  // -------------------------------------------------------------------------------------------------------- Ending

  /** Everything is written: ends our direction, and reads on until the peer ends its own. */
  #halfClose(): void {
    if (this.#halfClosed) return;
    this.#halfClosed = true;
    // Where nobody opened it, nobody reads up to the end.
    const waits = !this.#peerHasEnded && this.#receiver !== undefined;
    if (!waits || this.#stream.closeWrite === undefined) return this.#endInOrder();
    this.#stream.closeWrite().catch((error) => this.#lose(toError(error)));
  }

  #endInOrder(): void {
    this.#end(this.#failure === undefined ? CLEAN : { wasClean: false, reason: this.#failure });
  }

  #lose(error: Error): void {
    // A peer that resets instead of ending has gone after all was said.
    if (this.#halfClosed) return this.#endInOrder();
    this.#end({ wasClean: false, reason: this.#failure ?? `Connection was lost: ${error.message}`, error });
  }

  #end(closed: TransportClosed): void {
    if (this.#closed !== undefined) return;
    this.#closed = closed;
    this.#isMute = true;
    this.#closeDeadline = Infinity;
    this.#shared.wheel.set(this, Infinity);
    try {
      this.#stream.close();
    } catch {
      // The runtime closed it when it failed.
    }
    this.#output.clear();
    if (!this.#isReading) this.#dropBuffers();
    if (this.#receiver !== undefined) this.#tellClosed(this.#receiver, closed);
  }

  #dropBuffers(): void {
    this.#readBuffer.drop();
    this.#reader.drop();
  }

  /** A transport ends within the call that ends it; a receiver hears of it afterwards. */
  #tellClosed(receiver: TransportReceiver, closed: TransportClosed): void {
    queueMicrotask(() => receiver.closed(closed));
  }

  // ----------------------------------------------------------------------------------------------------- Deadlines

  /** Called by the wheel. What has arrived is read first: a busy program is not a dead peer. */
  onDeadline(): void {
    nextMacrotask(() => {
      if (this.#closed === undefined) this.#tick(performance.now());
    });
  }

  #tick(now: number): void {
    if (now >= this.#closeDeadline) {
      return this.#end({ wasClean: false, reason: this.#failure ?? "Peer did not end the connection in time" });
    }
    if (now >= this.#nextDeadline()) {
      if (this.#pingSentAt !== -1) {
        const reason =
          `Peer must send something within ${this.#shared.keepaliveTimeout} ms of a PING, received nothing`;
        return this.#end({ wasClean: false, reason, error: new WampProtocolError("limit_exceeded", reason) });
      }
      this.#pingSentAt = now;
      this.#write(FRAME.PING, PING_PAYLOAD);
    }
    this.#arm();
  }

  #nextDeadline(): number {
    if (this.#isMute) return this.#closeDeadline;
    if ((this.#pauses & ~BY_OUTPUT) !== 0) return Infinity;
    if (this.#pingSentAt === -1) return this.#lastReceived + this.#shared.keepaliveInterval;
    return this.#pingSentAt + this.#shared.keepaliveTimeout;
  }

  #arm(): void {
    const next = this.#nextDeadline();
    if (next !== this.deadline) this.#shared.wheel.set(this, next);
  }
}
