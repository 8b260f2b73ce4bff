/**
 * A transport within one program: what one end sends, the other is given at the next macrotask.
 *
 * @module
 */

import { EMPTY_BYTES } from "../../internal/buffer_pool.ts";
import { nextMacrotask } from "../../internal/schedule.ts";
import { cbor } from "../serializers/mod.ts";
import type { Serializer } from "../serializers/serializer.ts";
import {
  CLOSE_TIMEOUT,
  HIGH_WATER_MARK,
  MAX_SEND_BUFFER,
  type Transport,
  type TransportClosed,
  type TransportInfo,
  type TransportReceiver,
} from "./transport.ts";

const INFO: TransportInfo = { kind: "local", remoteAddress: "", localAddress: "", isTls: false };
const CLEAN: TransportClosed = { wasClean: true, reason: "" };

/** A queue's buffer up to this size is kept when it runs empty. */
const KEPT_BUFFER = 64 << 10;
const SMALLEST_BUFFER = 1 << 10;

/** Messages one behind the other in one buffer, so that a message costs no buffer of its own. */
class MessageBuffer {
  #bytes: Uint8Array<ArrayBuffer> = EMPTY_BYTES;
  #end = 0;
  readonly #lengths: number[] = [];
  #nextMessage = 0;
  #nextByte = 0;

  get isEmpty(): boolean {
    return this.#nextMessage === this.#lengths.length;
  }

  push(message: Uint8Array): void {
    const end = this.#end + message.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes.set(message, this.#end);
    this.#end = end;
    this.#lengths.push(message.length);
  }

  /** The oldest message: a view that is valid until {@linkcode clear}. There must be one. */
  shift(): Uint8Array {
    const start = this.#nextByte;
    this.#nextByte += this.#lengths[this.#nextMessage++]!;
    return this.#bytes.subarray(start, this.#nextByte);
  }

  clear(): void {
    this.#lengths.length = 0;
    this.#end = this.#nextMessage = this.#nextByte = 0;
    if (this.#bytes.length > KEPT_BUFFER) this.#bytes = EMPTY_BYTES;
  }

  #grow(size: number): void {
    let capacity = Math.max(SMALLEST_BUFFER, this.#bytes.length);
    while (capacity < size) capacity *= 2;
    const grown = new Uint8Array(capacity);
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }
}

/**
 * How long somebody can send as fast as it goes before sockets get a turn, in milliseconds: a loop that publishes left
 * them none for seconds, and this costs it nothing that can be measured.
 */
const REST_INTERVAL = 5;
/** After a pause of so many milliseconds it begins anew. */
const BUSY_GAP = 100;

/** One end. Each holds what waits to be delivered to it; the other's `bufferedAmount` is what that comes to. */
class LocalTransport implements Transport {
  readonly serializer: Serializer;
  readonly info: TransportInfo = INFO;
  /** The other end. */
  peer: LocalTransport = this;
  #receiver: TransportReceiver | undefined;
  /** What is being delivered, and what arrives meanwhile. */
  #front = new MessageBuffer();
  #back = new MessageBuffer();
  #waiting = 0;
  #isAboveMark = false;
  /** Since when whoever sends has done so as fast as it goes. */
  #busySince = 0;
  #lastDrain = -Infinity;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #isPaused = false;
  #isScheduled = false;
  /** Whether nothing more may be sent. */
  #isMute = false;
  /** How it ends, once everything has been delivered. */
  #ending: TransportClosed | undefined;
  #hasEnded = false;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(serializer: Serializer) {
    this.serializer = serializer;
  }

  get bufferedAmount(): number {
    return this.peer.#waiting;
  }

  open(receiver: TransportReceiver): void {
    if (this.#receiver !== undefined) throw new TypeError("Cannot open transport: it has a receiver already");
    this.#receiver = receiver;
    this.#schedule();
  }

  send(bytes: Uint8Array): void {
    if (this.#isMute) return;
    const { peer } = this;
    if (peer.#waiting > 0 && peer.#waiting + bytes.length > MAX_SEND_BUFFER) return this.#overflow(bytes.length);
    peer.#back.push(bytes);
    peer.#waiting += bytes.length;
    if (!this.#isAboveMark && peer.#waiting > HIGH_WATER_MARK / 2) this.#riseAboveMark();
    peer.#schedule();
  }

  #riseAboveMark(): void {
    this.#isAboveMark = true;
    const now = performance.now();
    if (now - this.#lastDrain > BUSY_GAP) this.#busySince = now;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  close(): void {
    if (this.#isMute) return;
    this.#isMute = true;
    // The other end's last messages are in front of the end.
    this.#isPaused = false;
    this.#closeTimer = setTimeout(() => this.#end("Peer did not take what was sent in time"), CLOSE_TIMEOUT);
    this.peer.#endAfterDelivery(CLEAN);
  }

  fail(reason: string): void {
    if (this.#hasEnded) return;
    this.#isMute = true;
    if (this.peer.#isPaused) this.peer.#discard();
    this.peer.#isMute = true;
    this.peer.#endAfterDelivery({ wasClean: false, reason });
    this.#discard();
    this.#endAfterDelivery({ wasClean: false, reason });
  }

  abort(): void {
    this.#end("Transport was aborted");
  }

  /** Ends both ends at once. */
  #end(reason: string, error?: Error): void {
    for (const side of [this, this.peer]) {
      side.#isMute = true;
      side.#discard();
      side.#ending = { wasClean: false, reason, error };
      side.#schedule();
    }
  }

  #overflow(size: number): void {
    const message = `Cannot send message of ${size} bytes: ${this.bufferedAmount} of at most ${MAX_SEND_BUFFER} ` +
      "bytes are unsent";
    this.#end(message, new RangeError(message));
  }

  #discard(): void {
    this.#front.clear();
    this.#back.clear();
    this.#waiting = 0;
  }

  #endAfterDelivery(ending: TransportClosed): void {
    this.#ending ??= ending;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#hasEnded) return;
    if (this.#waiting === 0 && this.#front.isEmpty && this.#back.isEmpty && this.#ending === undefined) return;
    this.#isScheduled = true;
    nextMacrotask(() => {
      this.#isScheduled = false;
      if (this.#receiver !== undefined && !this.#hasEnded) this.#deliver(this.#receiver);
    });
  }

  /** Delivers what arrived before, and leaves what arrives meanwhile to the next time. */
  #deliver(receiver: TransportReceiver): void {
    if (this.#front.isEmpty) {
      this.#front.clear();
      [this.#front, this.#back] = [this.#back, this.#front];
    }
    while (!this.#isPaused && !this.#front.isEmpty) {
      const message = this.#front.shift();
      this.#waiting -= message.length;
      receiver.message(message);
    }
    this.peer.#noteDrained();
    if (!this.#front.isEmpty || !this.#back.isEmpty) return this.#isPaused ? undefined : this.#schedule();
    if (this.#ending !== undefined) this.#finish(receiver, this.#ending);
  }

  #noteDrained(): void {
    if (!this.#isAboveMark || this.bufferedAmount > HIGH_WATER_MARK / 2 || this.#hasEnded) return;
    const now = performance.now();
    if (now - this.#busySince >= REST_INTERVAL) {
      // Who is told at once fills the buffer at once, and the runtime looks at sockets once in many such turns.
      this.#rest ??= setTimeout(() => this.#endRest(), 0);
      return;
    }
    this.#isAboveMark = false;
    this.#lastDrain = now;
    this.#receiver?.drain();
  }

  #endRest(): void {
    this.#rest = undefined;
    this.#busySince = performance.now();
    this.#noteDrained();
  }

  #finish(receiver: TransportReceiver, ending: TransportClosed): void {
    if (this.#hasEnded) return;
    this.#hasEnded = this.#isMute = true;
    clearTimeout(this.#closeTimer);
    clearTimeout(this.#rest);
    this.peer.#endAfterDelivery(ending);
    receiver.closed(ending);
  }
}

/**
 * Two transports that are connected with each other within this program. Messages are copied, and delivered in order at
 * the next macrotask, all that wait in one sweep.
 *
 * @param serializer What both ends speak. @default {cbor}
 * @returns Both ends.
 *
 * @internal
 */
export function localPair(serializer: Serializer = cbor): [Transport, Transport] {
  const one = new LocalTransport(serializer);
  const other = new LocalTransport(serializer);
  one.peer = other;
  other.peer = one;
  return [one, other];
}
