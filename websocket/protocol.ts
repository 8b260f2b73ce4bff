/**
 * The WebSocket protocol after the opening handshake, for both roles: bytes in, events and bytes out, deadlines as data
 * (RFC 6455 §5 to §7). Sans-I/O.
 *
 * @module
 */

import { BufferPool } from "../internal/buffer_pool.ts";
import { CLOSE_CODE, closePayload } from "./close_code.ts";
import { type InflateSettings, MessageInflater } from "./deflate.ts";
import { type CloseInfo, ProtocolError } from "./errors.ts";
import type { DeflateParameters } from "./extension.ts";
import { OPCODE } from "./frame.ts";
import { MessageReader, type ReaderEvent } from "./message_reader.ts";
import { MessageWriter, type OutgoingStream, type SendCompression, type SendFlags } from "./message_writer.ts";
import type { FailEvent, ProtocolEvent, ProtocolOptions, ProtocolState, TransportAdvice } from "./protocol_options.ts";

export type { FailEvent, ProtocolEvent, ProtocolOptions, ProtocolState, TransportAdvice } from "./protocol_options.ts";
export type { OutgoingStream, SendFlags } from "./message_writer.ts";
export type { CloseEvent, FragmentEvent, MessageEvent, PingPongEvent, ReaderEvent } from "./message_reader.ts";

const DEFAULT_COMPRESSION = { threshold: 0, level: 6, memLevel: 8 };
/** The payload of pings that keep a connection alive; a user's pings have others. */
const KEEPALIVE_PAYLOAD: Uint8Array = new TextEncoder().encode("keepalive");

/**
 * **UNSTABLE** One connection's state machine.
 *
 * Give it what the socket reads ({@linkcode receive}), then take events until there are none ({@linkcode nextEvent}),
 * write what {@linkcode takeOutput} gives, obey {@linkcode transport}, and call {@linkcode tick} at
 * {@linkcode nextDeadline}.
 *
 * @example A server's side, without a socket
 * ```ts
 * import { Protocol } from "@viaduct/viaduct/websocket/sansio";
 * import assert from "node:assert/strict";
 *
 * const server = new Protocol({ role: "server" });
 * const client = new Protocol({ role: "client", nextMaskingKey: () => 0x37fa213d });
 * client.sendText("Hello");
 * server.receive(client.takeOutput()!, 0);
 * client.outputWritten();
 * const [event] = server.takeEvents();
 * assert(event?.type === "message");
 * assert.equal(new TextDecoder().decode(event.data), "Hello");
 * ```
 *
 * @experimental
 */
export class Protocol {
  readonly #options: ProtocolOptions;
  // Made when the first byte comes or goes: an idle connection should hold little.
  #madeReader: MessageReader | undefined;
  #madeWriter: MessageWriter | undefined;
  #streaming = false;
  #own = false;

  #state: ProtocolState = "open";
  #transport: TransportAdvice = "keep";
  #closeSent = false;
  #closeReceived: { readonly code: number; readonly reason: string } | undefined;
  #error: Error | undefined;
  #failed = false;
  /** A close frame that waits for messages accepted before it. */
  #closeWaiting: Uint8Array | undefined;
  #closeDeadline: number | undefined;
  #messageDeadline: number | undefined;
  #lastReceived = 0;
  #pingSentAt = -1;
  #isPaused = false;
  #stash: ProtocolEvent[] | undefined;

  /**
   * Starts in state `open`.
   *
   * @param options The role, limits and times.
   * @param now The time, in milliseconds.
   * @throws {TypeError} A client without `nextMaskingKey`.
   */
  constructor(options: ProtocolOptions, now = 0) {
    if (options.role === "client" && options.nextMaskingKey === undefined) {
      throw new TypeError("A client needs nextMaskingKey: every frame it sends is masked (RFC 6455 §5.1)");
    }
    this.#options = options;
    this.#lastReceived = now;
  }

  get #closeTimeout(): number {
    return this.#options.closeTimeout ?? 5_000;
  }

  get #messageTimeout(): number {
    return this.#options.messageTimeout ?? 0;
  }

  get #keepaliveInterval(): number {
    return this.#options.keepaliveInterval ?? 0;
  }

  get #keepaliveTimeout(): number {
    return this.#options.keepaliveTimeout ?? 20_000;
  }

  get #reader(): MessageReader {
    return this.#madeReader ??= this.#makeReader();
  }

  get #writer(): MessageWriter {
    return this.#madeWriter ??= this.#makeWriter();
  }

  #makeReader(): MessageReader {
    const { role, deflate, maxMessage = 16 << 20, pool = new BufferPool() } = this.#options;
    const inflater = deflate && new MessageInflater(inflateSettings(deflate, role));
    const reader = new MessageReader({ expectMasked: role === "server", maxMessage, inflater, pool });
    reader.streaming = this.#streaming;
    reader.own = this.#own;
    return reader;
  }

  #makeWriter(): MessageWriter {
    const { role, deflate, compression = DEFAULT_COMPRESSION, pool = new BufferPool() } = this.#options;
    return new MessageWriter({
      nextMaskingKey: role === "client" ? this.#options.nextMaskingKey : undefined,
      compression: deflate && sendCompression(deflate, role, compression),
      pool,
    });
  }

  /** Where the connection stands. */
  get state(): ProtocolState {
    return this.#state;
  }

  /** What the driver is to do with the socket. */
  get transport(): TransportAdvice {
    return this.#closeWaiting !== undefined && this.#transport === "finish" ? "keep" : this.#transport;
  }

  /** The bytes of messages accepted and not yet written. */
  get bufferedAmount(): number {
    return this.#madeWriter?.bufferedBytes ?? 0;
  }

  /** The bytes encoded into the buffer that {@linkcode takeOutput} gives next. */
  get readyBytes(): number {
    return this.#madeWriter?.readyBytes ?? 0;
  }

  /**
   * Whether a piece of a streamed message may still be sent: also while a close frame waits behind it.
   *
   * @internal
   */
  get acceptsFragments(): boolean {
    return this.#state === "open" || (this.#closeWaiting !== undefined && this.#acceptsInput());
  }

  /** Whether {@linkcode takeOutput} would give bytes. */
  get outputReady(): boolean {
    return this.#madeWriter?.ready === true;
  }

  /** Whether input is left for {@linkcode nextEvent}. */
  get hasInput(): boolean {
    return this.#madeReader?.hasInput === true;
  }

  /** How the connection ended, or would have if it ended now. */
  get closeInfo(): CloseInfo {
    const received = this.#closeReceived;
    const info = {
      code: received?.code ?? CLOSE_CODE.ABNORMAL,
      reason: received?.reason ?? "",
      wasClean: received !== undefined && this.#closeSent && !this.#failed,
    };
    return this.#error === undefined ? info : { ...info, error: this.#error };
  }

  /** Hands messages out in pieces, from the next message on: {@linkcode FragmentEvent}. */
  set streaming(on: boolean) {
    this.#streaming = on;
    if (this.#madeReader !== undefined) this.#madeReader.streaming = on;
  }

  /** Says that the caller keeps messages, so that large ones get a buffer of their own at once. */
  set ownMessages(on: boolean) {
    this.#own = on;
    if (this.#madeReader !== undefined) this.#madeReader.own = on;
  }

  /**
   * Takes bytes that arrived. They are unmasked in place, and events are views into them: they must stay until
   * {@linkcode nextEvent} has answered `undefined`.
   *
   * @param bytes What arrived.
   * @param now The time, in milliseconds.
   */
  receive(bytes: Uint8Array, now: number): void {
    if (this.hasInput) this.#keep(this.#drain());
    this.#noteReceived(now);
    if (this.#acceptsInput()) this.#reader.feed(bytes);
  }

  /**
   * Where the socket may read the rest of a long payload to, which saves a copy.
   *
   * @returns A view to read into, or `undefined`: read into a buffer of yours and call {@linkcode receive}.
   */
  receiveTarget(): Uint8Array<ArrayBuffer> | undefined {
    return this.#acceptsInput() ? this.#madeReader?.target() : undefined;
  }

  /**
   * Says that bytes arrived in {@linkcode receiveTarget}.
   *
   * @param length How many.
   * @param now The time, in milliseconds.
   */
  receivedInTarget(length: number, now: number): void {
    this.#noteReceived(now);
    if (!this.#acceptsInput()) return;
    try {
      this.#reader.feedTarget(length);
    } catch (error) {
      this.#keep([this.#fail(error, now)]);
    }
  }

  /**
   * Says that the peer ended its direction.
   *
   * @param error Why, where it was not an orderly end.
   */
  receiveEof(error?: Error): void {
    if (error !== undefined && this.#closeReceived === undefined) this.#error ??= error;
    this.#state = "closed";
    this.#transport = "end";
    this.#madeReader?.discard();
  }

  /**
   * The next event within the bytes received.
   *
   * @returns The event, or `undefined` where more bytes are needed.
   */
  nextEvent(): ProtocolEvent | undefined {
    if (this.#stash !== undefined) return this.#shiftStash(this.#stash);
    const reader = this.#madeReader;
    if (reader === undefined || !this.#acceptsInput()) return undefined;
    const now = this.#lastReceived;
    let event: ReaderEvent | undefined;
    try {
      event = reader.next();
    } catch (error) {
      return this.#fail(error, now);
    }
    if (event === undefined) {
      if (this.#messageTimeout > 0) this.#watchMessage(now);
      return undefined;
    }
    if (event.type === "message" || event.type === "fragment") this.#messageDeadline = undefined;
    else if (event.type === "ping") this.#answerPing(event.data);
    else if (event.type === "close") this.#answerClose(event.code, event.reason, now);
    return event;
  }

  /**
   * All events within the bytes received, their data copied, so that they stay valid.
   *
   * @returns The events, in order.
   */
  takeEvents(): ProtocolEvent[] {
    const stashed = this.#stash ?? [];
    this.#stash = undefined;
    return [...stashed, ...this.#drain()];
  }

  /**
   * Sends a message of bytes. They are copied, or compressed at once, unless `flags.transfer` is set.
   *
   * @param payload The payload; valid UTF-8 where `isText`.
   * @param isText Whether it is a text message.
   * @param flags Choices for this message.
   */
  send(payload: Uint8Array, isText: boolean, flags?: SendFlags): void {
    this.#writer.send(payload, isText, flags);
  }

  /**
   * Sends a message of text.
   *
   * @param text The text; lone surrogates become U+FFFD.
   * @param flags Choices for this message.
   */
  sendText(text: string, flags?: SendFlags): void {
    this.#writer.sendText(text, flags);
  }

  /**
   * Sends a frame that was encoded for many connections.
   *
   * @internal
   */
  sendEncoded(first: number, frame: Uint8Array, payload: Uint8Array): void {
    this.#writer.sendEncoded(first, frame, payload);
  }

  /**
   * Begins a message that is sent in pieces; other messages wait behind it.
   *
   * @internal
   */
  openStream(isText: boolean): OutgoingStream {
    return this.#writer.openStream(isText);
  }

  /**
   * The bytes to write until all pieces of a streamed message are on their way.
   *
   * @internal
   */
  bytesBefore(stream: OutgoingStream): number {
    return this.#writer.bytesBefore(stream);
  }

  /**
   * Sends a piece of a streamed message as one frame.
   *
   * @internal
   */
  sendFragment(stream: OutgoingStream, payload: Uint8Array, fin: boolean): void {
    this.#writer.sendFragment(stream, payload, fin);
    this.#sendWaitingClose();
  }

  /**
   * Sends a ping (RFC 6455 §5.5.2).
   *
   * @param payload Up to 125 bytes.
   */
  sendPing(payload: Uint8Array): void {
    this.#writer.control(OPCODE.PING, payload);
  }

  /**
   * Begins the closing handshake, unless it has begun (RFC 6455 §7.1.2). Messages accepted before go first.
   *
   * @param code The status code, or `undefined` for a close frame without one.
   * @param reason The reason, at most 123 bytes as UTF-8.
   * @param now The time, in milliseconds.
   */
  sendClose(code: number | undefined, reason: string, now: number): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#closeDeadline = now + this.#closeTimeout;
    if (this.#writer.waiting) this.#closeWaiting = closePayload(code, reason);
    else this.#writeClose(closePayload(code, reason));
  }

  /**
   * The payloads to deflate with context, in order; call {@linkcode deflated} once for each, in order.
   *
   * @returns The payloads, or `undefined` where there are none.
   */
  takeDeflates(): Uint8Array[] | undefined {
    return this.#madeWriter?.takeDeflates();
  }

  /**
   * Gives the deflated form of the oldest payload of {@linkcode takeDeflates} still open.
   *
   * @param payload Its deflated form, without the tail 00 00 ff ff (RFC 7692 §7.2.1).
   */
  deflated(payload: Uint8Array): void {
    this.#writer.deflated(payload);
    this.#sendWaitingClose();
  }

  /**
   * The next bytes to write; {@linkcode outputWritten} must be called before the next.
   *
   * @returns The bytes, or `undefined` where there are none.
   */
  takeOutput(): Uint8Array | undefined {
    return this.#madeWriter?.take();
  }

  /** Says that the bytes of {@linkcode takeOutput} were written. */
  outputWritten(): void {
    this.#writer.release();
  }

  /**
   * Says that the peer lives, though nothing arrived: it took what was sent.
   *
   * @param now The time, in milliseconds.
   */
  noteLife(now: number): void {
    this.#noteReceived(now);
  }

  /** Says that the driver stops reading, so that silence is not the peer's. */
  pauseReading(): void {
    this.#isPaused = true;
  }

  /**
   * Says that the driver reads again.
   *
   * @param now The time, in milliseconds.
   */
  resumeReading(now: number): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#noteReceived(now);
    if (this.#messageDeadline !== undefined) this.#messageDeadline = now + this.#messageTimeout;
  }

  /**
   * When {@linkcode tick} must be called.
   *
   * @returns The time in milliseconds, or infinity.
   */
  nextDeadline(): number {
    if (this.#state !== "open") return this.#state === "closing" ? this.#closeDeadline ?? Infinity : Infinity;
    if (this.#isPaused) return Infinity;
    return Math.min(this.#messageDeadline ?? Infinity, this.#keepaliveDeadline());
  }

  /**
   * Does what is due.
   *
   * @param now The time, in milliseconds.
   * @returns The event of a deadline that has passed.
   */
  tick(now: number): FailEvent | undefined {
    if (this.#state === "closing" && now >= (this.#closeDeadline ?? Infinity)) return this.#expireClose();
    if (this.#state !== "open" || this.#isPaused) return undefined;
    if (now >= (this.#messageDeadline ?? Infinity)) {
      const text = `Message must arrive within ${this.#messageTimeout} ms`;
      return this.#fail(new ProtocolError("message_timeout", CLOSE_CODE.POLICY_VIOLATION, text), now);
    }
    if (now < this.#keepaliveDeadline()) return undefined;
    if (this.#pingSentAt === -1) {
      this.#pingSentAt = now;
      this.sendPing(KEEPALIVE_PAYLOAD);
      return undefined;
    }
    return this.#expireKeepalive();
  }

  /**
   * Ends the connection at once, without a closing handshake.
   *
   * @param error Why, where something went wrong.
   */
  abort(error?: Error): void {
    if (this.#state === "closed") return;
    this.#error ??= error;
    this.#state = "closed";
    this.#transport = "end";
    this.#closeWaiting = undefined;
    this.#madeWriter?.clear();
    this.#madeReader?.discard();
  }

  /**
   * Fails the connection with a close frame of ours; what waits is dropped (RFC 6455 §7.1.7).
   *
   * @internal
   */
  failWith(code: number, reason: string, error: Error, now: number): void {
    this.#writer.dropPending();
    this.#beginFailure(code, reason, error, now);
  }

  #beginFailure(code: number, reason: string, error: Error, now: number): void {
    this.#failed = true;
    this.#error ??= error;
    this.#madeReader?.discard();
    this.#closeNow(closePayload(code, reason), now);
    this.#transport = "finish";
  }

  #acceptsInput(): boolean {
    return !this.#failed && this.#closeReceived === undefined && this.#state !== "closed";
  }

  #noteReceived(now: number): void {
    this.#lastReceived = now;
    this.#pingSentAt = -1;
  }

  #watchMessage(now: number): void {
    if (this.#madeReader?.inMessage !== true) this.#messageDeadline = undefined;
    else if (this.#messageDeadline === undefined) this.#messageDeadline = now + this.#messageTimeout;
  }

  #keepaliveDeadline(): number {
    if (this.#keepaliveInterval === 0) return Infinity;
    if (this.#pingSentAt === -1) return this.#lastReceived + this.#keepaliveInterval;
    return this.#pingSentAt + this.#keepaliveTimeout;
  }

  #answerPing(payload: Uint8Array): void {
    if (!this.#closeSent) this.#writer.pong(payload);
  }

  /** RFC 6455 §5.5.1: the answer carries the status code received. A server then ends TCP first (§7.1.1). */
  #answerClose(code: number, reason: string, now: number): void {
    this.#closeReceived = { code, reason };
    this.#closeNow(code === CLOSE_CODE.NO_STATUS ? closePayload(undefined, "") : closePayload(code, ""), now);
    if (this.#options.role === "server") this.#transport = "finish";
  }

  /** Closes behind the messages accepted before, but for a streamed one: nobody knows when that would end. */
  #closeNow(payload: Uint8Array, now: number): void {
    if (this.#state === "open") {
      this.#state = "closing";
      this.#closeDeadline = now + this.#closeTimeout;
    }
    this.#writer.dropUnended();
    this.#closeWaiting = this.#writer.waiting ? payload : undefined;
    if (this.#closeWaiting === undefined) this.#writeClose(payload);
  }

  #sendWaitingClose(): void {
    if (this.#closeWaiting === undefined || this.#writer.waiting) return;
    this.#writeClose(this.#closeWaiting);
    this.#closeWaiting = undefined;
  }

  #writeClose(payload: Uint8Array): void {
    if (this.#closeSent) return;
    this.#closeSent = true;
    this.#writer.control(OPCODE.CLOSE, payload);
  }

  #fail(error: unknown, now: number): FailEvent {
    if (!(error instanceof ProtocolError)) throw error;
    this.#beginFailure(error.closeCode, error.message, error, now);
    return { type: "fail", error };
  }

  /** After both close frames, a peer that does not end TCP has done no wrong that a user need know of. */
  #expireClose(): FailEvent | undefined {
    const isUnanswered = !this.#failed && this.#closeReceived === undefined;
    const text = `Closing handshake must be answered within ${this.#closeTimeout} ms`;
    const error = new ProtocolError("close_timeout", CLOSE_CODE.ABNORMAL, text);
    this.abort(isUnanswered ? error : undefined);
    return isUnanswered ? { type: "fail", error } : undefined;
  }

  #expireKeepalive(): FailEvent {
    const text = `Peer must send something within ${this.#keepaliveTimeout} ms of a ping, received nothing`;
    const error = new ProtocolError("keepalive_timeout", CLOSE_CODE.ABNORMAL, text);
    this.abort(error);
    return { type: "fail", error };
  }

  #keep(events: ProtocolEvent[]): void {
    if (events.length > 0) this.#stash = [...this.#stash ?? [], ...events];
  }

  #shiftStash(stash: ProtocolEvent[]): ProtocolEvent | undefined {
    const event = stash.shift();
    if (stash.length === 0) this.#stash = undefined;
    return event;
  }

  #drain(): ProtocolEvent[] {
    const events: ProtocolEvent[] = [];
    for (let event = this.nextEvent(); event !== undefined; event = this.nextEvent()) {
      events.push("data" in event ? { ...event, data: event.data.slice() } : event);
    }
    return events;
  }
}

function inflateSettings(deflate: DeflateParameters, role: "client" | "server"): InflateSettings {
  if (role === "server") {
    return { noContextTakeover: deflate.clientNoContextTakeover, windowBits: deflate.clientMaxWindowBits };
  }
  return { noContextTakeover: deflate.serverNoContextTakeover, windowBits: deflate.serverMaxWindowBits };
}

function sendCompression(
  deflate: DeflateParameters,
  role: "client" | "server",
  compression: { readonly threshold: number; readonly level: number; readonly memLevel: number },
): SendCompression {
  const isServer = role === "server";
  const noContextTakeover = isServer ? deflate.serverNoContextTakeover : deflate.clientNoContextTakeover;
  const windowBits = isServer ? deflate.serverMaxWindowBits : deflate.clientMaxWindowBits;
  const { threshold, level, memLevel } = compression;
  // One literal and no spread: the object is kept for the life of the connection.
  return { noContextTakeover, windowBits, threshold, level, memLevel };
}
