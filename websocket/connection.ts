/**
 * Drives one {@linkcode Protocol} over one {@linkcode ByteStream}.
 *
 * @module
 */

import { type BufferPool, EMPTY_BYTES } from "../internal/buffer_pool.ts";
import { viewBytes } from "../internal/bytes.ts";
import { failureMessage } from "../internal/log.ts";
import { nextMacrotask } from "../internal/schedule.ts";
import type { TimerWheel, WheelEntry } from "../internal/timer_wheel.ts";
import type { SharedMessage } from "./broadcast.ts";
import { checkCloseArguments, CLOSE_CODE, isNormalClosure } from "./close_code.ts";
import { ContextDeflater } from "./deflate.ts";
import { type CloseInfo, ConnectionClosedError, SendBufferError } from "./errors.ts";
import type { DeflateParameters } from "./extension.ts";
import { MAX_CONTROL_PAYLOAD } from "./frame.ts";
import { Inbox, type InboxItem, type InboxOwner, Piece } from "./inbox.ts";
import type { ResolvedOptions } from "./options.ts";
import { type FragmentEvent, type MessageEvent, Protocol, type ProtocolEvent, type SendFlags } from "./protocol.ts";
import { PingTracker } from "./ping_tracker.ts";
import { ReadBuffer } from "./read_buffer.ts";
import type { ByteStream } from "./stream.ts";
import { decodeUtf8, isValidUtf8, Utf8Validator } from "./utf8.ts";
import type {
  ConnectionInfo,
  IncomingMessage,
  SendOptions,
  WebSocketConnection,
  WebSocketHandlers,
} from "./web_socket_connection.ts";

/** What the opening handshake leaves to a connection. @internal */
export interface ConnectionInit {
  readonly stream: ByteStream;
  readonly role: "client" | "server";
  readonly url: string;
  readonly subprotocol: string;
  readonly extensions: string;
  readonly info: ConnectionInfo;
  readonly deflate: DeflateParameters | undefined;
  /** Makes the client's request, at a server. */
  readonly request: (() => Request) | undefined;
  /** The header fields of the answer, at a client. */
  readonly responseHeaders: Headers | undefined;
  readonly options: ResolvedOptions;
  readonly handlers: WebSocketHandlers;
  readonly nextMaskingKey: (() => number) | undefined;
  readonly wheel: TimerWheel;
  readonly pool: BufferPool;
  /** Called once, when the connection has ended. */
  readonly onEnd: ((connection: Connection) => void) | undefined;
}

/** Within a sweep, output of this size starts on its way at once. */
const EARLY_FLUSH = 64 << 10;

/** Why reading is paused; bits. */
const PAUSED_BY_USER = 1;
const PAUSED_BY_OUTPUT = 2;
const PAUSED_BY_INBOX = 4;

const RESOLVED: Promise<void> = Promise.resolve();
const TEXT_FLAGS: SendFlags = {};

/**
 * A connection: the read loop, the write loop, one entry in a timer wheel, and the user's methods.
 *
 * @internal
 */
export class Connection implements WebSocketConnection, WheelEntry, InboxOwner {
  readonly #init: ConnectionInit;
  readonly #stream: ByteStream;
  readonly #protocol: Protocol;
  readonly #handlers: WebSocketHandlers;
  readonly #buffer: ReadBuffer;

  #isReading = false;
  #isWriting = false;
  #inSweep = false;
  #hasEnded = false;
  #flushScheduled = false;
  #halfClosed = false;
  #pauses = 0;
  #inbox: Inbox | undefined;
  #deflater: ContextDeflater | undefined;
  #pings: PingTracker | undefined;
  #drained: PromiseWithResolvers<void> | undefined;
  #closed: PromiseWithResolvers<CloseInfo> | undefined;
  #closeInfo: CloseInfo | undefined;
  #request: Request | undefined;
  #readable: ReadableStream<string | Uint8Array> | undefined;
  #writable: WritableStream<string | ArrayBuffer | ArrayBufferView> | undefined;

  /** The wheel's. */
  deadline = Infinity;
  /** The wheel's. */
  slot = -1;

  constructor(init: ConnectionInit) {
    const { options, deflate, nextMaskingKey } = init;
    this.#init = init;
    this.#stream = init.stream;
    this.#handlers = init.handlers;
    this.#buffer = new ReadBuffer(init.pool);
    this.#protocol = new Protocol({
      role: init.role,
      maxMessage: options.maxMessage,
      closeTimeout: options.closeTimeout,
      messageTimeout: options.messageTimeout,
      keepaliveInterval: options.keepaliveInterval,
      keepaliveTimeout: options.keepaliveTimeout,
      pool: init.pool,
      ...(nextMaskingKey && { nextMaskingKey }),
      ...(deflate && { deflate, compression: compressionOf(options) }),
    }, performance.now());
    const { message, fragment } = init.handlers;
    if (message === undefined && fragment === undefined) {
      this.#inbox = new Inbox(this, options.receiveHighWaterMark);
      this.#protocol.ownMessages = true;
    } else if (message === undefined) {
      this.#protocol.streaming = true;
    }
  }

  /** Opens: calls the handler, takes the bytes behind the handshake, and reads on. */
  start(rest: Uint8Array): void {
    this.#callHandler(this.#handlers.open);
    if (rest.length > 0) this.#protocol.receive(rest, performance.now());
    this.#arm();
    void this.#readLoop();
  }

  get url(): string {
    return this.#init.url;
  }

  get subprotocol(): string {
    return this.#init.subprotocol;
  }

  get extensions(): string {
    return this.#init.extensions;
  }

  get info(): ConnectionInfo {
    return this.#init.info;
  }

  get request(): Request | undefined {
    return this.#request ??= this.#init.request?.();
  }

  get responseHeaders(): Headers | undefined {
    return this.#init.responseHeaders;
  }

  get state(): "open" | "closing" | "closed" {
    return this.#hasEnded ? "closed" : this.#protocol.state;
  }

  get bufferedAmount(): number {
    return this.#protocol.bufferedAmount;
  }

  get closed(): Promise<CloseInfo> {
    this.#closed ??= Promise.withResolvers();
    if (this.#closeInfo !== undefined) this.#closed.resolve(this.#closeInfo);
    return this.#closed.promise;
  }

  get readable(): ReadableStream<string | Uint8Array> {
    return this.#readable ??= new ReadableStream({
      pull: async (controller) => {
        const { done, value } = await this.#takeInbox().nextMessage();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void await this.close(),
    }, { highWaterMark: 0 });
  }

  get writable(): WritableStream<string | ArrayBuffer | ArrayBufferView> {
    return this.#writable ??= new WritableStream({
      write: (chunk) => this.send(chunk),
      close: async () => void await this.close(),
      abort: async () => void await this.close(CLOSE_CODE.INTERNAL_ERROR),
    });
  }

  send(data: string | ArrayBuffer | ArrayBufferView, options?: SendOptions): Promise<void> {
    const protocol = this.#protocol;
    if (protocol.state !== "open") return this.#refuse("send message");
    if (typeof data === "string") {
      if (this.#overflows(data.length)) return this.#overflow(data.length);
      protocol.sendText(data, options ?? TEXT_FLAGS);
    } else {
      const bytes = this.#payload(data, options);
      if (this.#overflows(bytes.length)) return this.#overflow(bytes.length);
      protocol.send(bytes, options?.text === true, bytes === data ? withoutTransfer(options) : options);
    }
    return this.#sent();
  }

  /** Sends a message that was encoded once for many connections. */
  sendShared(message: SharedMessage): Promise<void> {
    const protocol = this.#protocol;
    if (protocol.state !== "open") return this.#refuse("send message");
    if (this.#overflows(message.payload.length)) return this.#overflow(message.payload.length);
    const { deflate, options } = this.#init;
    const isCompressed = deflate !== undefined && message.payload.length >= compressionOf(options).threshold;
    if (isCompressed && !deflate.serverNoContextTakeover) {
      protocol.send(message.payload, message.isText);
    } else {
      const encoded = isCompressed
        ? message.deflated(deflate.serverMaxWindowBits, compressionOf(options))
        : message.plain;
      protocol.sendEncoded(encoded.first, encoded.frame, encoded.payload);
    }
    return this.#sent();
  }

  async sendStream(
    chunks: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
    options: { readonly text?: boolean } = {},
  ): Promise<void> {
    if (this.#protocol.state !== "open") return this.#refuse("send message");
    const stream = this.#protocol.openStream(options.text === true);
    const validator = options.text === true ? new Utf8Validator() : undefined;
    try {
      for await (const chunk of chunks) {
        const bytes = toFragment(chunk, validator);
        if (!this.#protocol.acceptsFragments) break;
        this.#protocol.sendFragment(stream, bytes, false);
        await this.#sent();
      }
      if (validator?.complete === false) throw new TypeError("Cannot send text message: it ends within a character");
    } catch (error) {
      if (error instanceof ConnectionClosedError) throw error;
      this.#fail(CLOSE_CODE.INTERNAL_ERROR, "Message source failed", toError(error));
      throw error;
    }
    if (!this.#protocol.acceptsFragments) return this.#refuse("send message");
    this.#protocol.sendFragment(stream, EMPTY_BYTES, true);
    return this.#sent();
  }

  async *messages(): AsyncIterableIterator<IncomingMessage> {
    const inbox = this.#takeInbox();
    this.#protocol.streaming = true;
    try {
      yield* inbox.messages();
    } finally {
      this.#protocol.streaming = false;
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<string | Uint8Array> {
    const inbox = this.#takeInbox();
    return { next: () => inbox.nextMessage() };
  }

  ping(data?: Uint8Array): Promise<number> {
    if (data !== undefined && data.length > MAX_CONTROL_PAYLOAD) {
      throw new RangeError(
        `Cannot send ping: payload must be at most ${MAX_CONTROL_PAYLOAD} bytes, received ${data.length}`,
      );
    }
    if (this.#protocol.state !== "open") return Promise.reject(this.#closedError("send ping"));
    const pings = this.#pings ??= new PingTracker();
    const payload = data?.slice() ?? pings.uniquePayload();
    const answered = pings.track(payload, performance.now());
    this.#protocol.sendPing(payload);
    this.#flush();
    return handled(answered);
  }

  close(code: number = CLOSE_CODE.NORMAL, reason = ""): Promise<CloseInfo> {
    checkCloseArguments(code, reason);
    return this.#close(code, reason);
  }

  /** Closes with a close frame that carries no status code, as the web API's `close()` does. */
  closeWithoutCode(): Promise<CloseInfo> {
    return this.#close(undefined, "");
  }

  #close(code: number | undefined, reason: string): Promise<CloseInfo> {
    if (!this.#hasEnded) {
      this.#protocol.sendClose(code, reason, performance.now());
      // The answer must be seen, whatever waits to be taken.
      this.#unpause(PAUSED_BY_USER | PAUSED_BY_INBOX);
      this.#flush();
      this.#arm();
    }
    return this.closed;
  }

  terminate(): void {
    this.abort();
  }

  /** Ends at once; `error` says why. */
  abort(error?: Error): void {
    if (this.#hasEnded) return;
    this.#protocol.abort(error);
    this.#end();
  }

  pause(): void {
    this.#pause(PAUSED_BY_USER);
  }

  resume(): void {
    this.#unpause(PAUSED_BY_USER);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  onDry(): void {
    if (!this.#inSweep) this.#flush();
  }

  onRelief(): void {
    this.#unpause(PAUSED_BY_INBOX);
  }

  /** Called by the wheel. What has arrived is read first: a busy program is not a dead peer. */
  onDeadline(): void {
    nextMacrotask(() => {
      if (this.#hasEnded) return;
      this.#protocol.tick(performance.now());
      this.#flush();
      if (this.#protocol.transport === "end") this.#end();
      else this.#arm();
    });
  }

  async #readLoop(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      for (;;) {
        this.#sweep();
        if (this.#pauses !== 0 || this.#hasEnded) break;
        const target = this.#protocol.receiveTarget();
        const buffer = target ?? this.#buffer.next();
        const length = await this.#stream.read(buffer);
        if (this.#hasEnded) break;
        if (length === null) {
          this.#protocol.receiveEof();
          this.#end();
          break;
        }
        if (target !== undefined) {
          this.#protocol.receivedInTarget(length, performance.now());
        } else {
          this.#buffer.note(length);
          this.#protocol.receive(buffer.subarray(0, length), performance.now());
        }
      }
    } catch (error) {
      this.#loseTransport(toError(error));
    } finally {
      this.#isReading = false;
    }
  }

  /** Handles all events of one read, synchronously. */
  #sweep(): void {
    this.#inSweep = true;
    while (this.#pauses === 0 && !this.#hasEnded) {
      const event = this.#protocol.nextEvent();
      if (event === undefined) break;
      this.#handle(event);
    }
    this.#inSweep = false;
    this.#flush();
    if (this.#protocol.nextDeadline() < this.deadline) this.#arm();
  }

  #handle(event: ProtocolEvent): void {
    switch (event.type) {
      case "message":
        if (this.#inbox === undefined) this.#deliver(event);
        else this.#queue(event.isText ? decodeUtf8(event.data) : ownedData(event), event.data.length);
        return;
      case "fragment":
        this.#handleFragment(event);
        return;
      case "pong":
        this.#pings?.settle(event.data, performance.now());
        return;
      case "close":
        this.#init.options.logger.debug("Close frame received", { code: event.code, url: this.url });
        return;
      case "fail":
        this.#init.options.logger.warn("Peer broke the protocol", { reason: event.error.message, url: this.url });
        return;
    }
  }

  #deliver(event: MessageEvent): void {
    try {
      const result: unknown = this.#handlers.message!(this, event.data, event.isText);
      if (result !== undefined) this.#watchResult(result);
    } catch (error) {
      this.#reportHandler(error);
    }
    if (this.#protocol.bufferedAmount > this.#init.options.sendHighWaterMark) this.#pause(PAUSED_BY_OUTPUT);
  }

  #handleFragment(event: FragmentEvent): void {
    if (this.#inbox !== undefined) {
      this.#queue(new Piece(event.data.slice(), event.isText, event.first, event.fin), event.data.length);
      return;
    }
    this.#callHandler((ws) => this.#handlers.fragment!(ws, event.data, event));
  }

  #queue(item: InboxItem, length: number): void {
    this.#inbox!.push(item, length);
    if (this.#inbox!.isOver) this.#pause(PAUSED_BY_INBOX);
  }

  #takeInbox(): Inbox {
    if (this.#inbox === undefined) {
      throw new TypeError("Cannot iterate over messages: the connection has a message or fragment handler");
    }
    return this.#inbox;
  }

  #callHandler(handler: ((ws: WebSocketConnection) => void) | undefined): void {
    if (handler === undefined) return;
    try {
      const result: unknown = handler(this);
      if (result !== undefined) this.#watchResult(result);
    } catch (error) {
      this.#reportHandler(error);
    }
  }

  #watchResult(result: unknown): void {
    if (result instanceof Promise) result.catch((error) => this.#reportHandler(error));
  }

  #reportHandler(error: unknown): void {
    this.#init.options.logger.error("Handler failed", { reason: failureMessage(error), url: this.url });
  }

  #pause(reason: number): void {
    if (this.#pauses === 0) this.#protocol.pauseReading();
    this.#pauses |= reason;
  }

  #unpause(reasons: number): void {
    if ((this.#pauses & reasons) === 0) return;
    this.#pauses &= ~reasons;
    if (this.#pauses !== 0 || this.#hasEnded) return;
    this.#protocol.resumeReading(performance.now());
    this.#arm();
    // Not from within the user's call: a sweep calls handlers.
    if (!this.#isReading) nextMacrotask(() => void this.#readLoop());
  }

  #payload(data: ArrayBuffer | ArrayBufferView, options: SendOptions | undefined): Uint8Array<ArrayBuffer> {
    if (!(data instanceof ArrayBuffer) && !ArrayBuffer.isView(data)) {
      throw new TypeError(`Cannot send message: data must be a string or bytes, received ${typeof data}`);
    }
    const bytes = viewBytes(data);
    if (options?.text === true && !isValidUtf8(bytes, 0, bytes.length)) {
      throw new TypeError("Cannot send text message: bytes are not valid UTF-8");
    }
    const isWhole = bytes.byteOffset === 0 && bytes.length === bytes.buffer.byteLength;
    // A buffer of ours that a handler borrows is always larger than the message, or about to be used again.
    if (options?.transfer !== true || !isWhole || this.#inSweep && this.#buffer.holds(bytes)) return bytes;
    return new Uint8Array(bytes.buffer.transfer());
  }

  #overflows(size: number): boolean {
    const buffered = this.#protocol.bufferedAmount;
    return buffered > 0 && buffered + size > this.#init.options.maxSendBuffer;
  }

  #overflow(size: number): Promise<void> {
    const { maxSendBuffer } = this.#init.options;
    const buffered = this.#protocol.bufferedAmount;
    const error = new SendBufferError(
      `Cannot send message of ${size} bytes: ${buffered} of at most ${maxSendBuffer} bytes are unsent`,
    );
    this.abort(error);
    return handled(Promise.reject(error));
  }

  /** After a message was accepted: starts what must be started, and answers what the caller may wait for. */
  #sent(): Promise<void> {
    const deflates = this.#protocol.takeDeflates();
    if (deflates !== undefined) this.#deflate(deflates);
    if (!this.#inSweep) this.#scheduleFlush();
    else if (this.#protocol.readyBytes > EARLY_FLUSH) this.#flush();
    if (this.#protocol.bufferedAmount <= this.#init.options.sendHighWaterMark) return RESOLVED;
    this.#drained ??= Promise.withResolvers();
    return handled(this.#drained.promise);
  }

  #deflate(payloads: Uint8Array[]): void {
    const { deflate, role, options } = this.#init;
    const windowBits = role === "server" ? deflate!.serverMaxWindowBits : deflate!.clientMaxWindowBits;
    this.#deflater ??= new ContextDeflater({ windowBits, ...compressionOf(options) });
    for (const payload of payloads) {
      this.#deflater.deflate(payload).then(
        (bytes) => this.#deflated(bytes),
        (error) => this.#hasEnded || this.#fail(CLOSE_CODE.INTERNAL_ERROR, "Compression failed", toError(error)),
      );
    }
  }

  #deflated(bytes: Uint8Array): void {
    if (this.#hasEnded) return;
    this.#protocol.deflated(bytes);
    this.#scheduleFlush();
  }

  /** Writes at the next macrotask, unless a sweep's end or a dry reader does so before. */
  #scheduleFlush(): void {
    if (this.#protocol.readyBytes > EARLY_FLUSH) return this.#flush();
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    nextMacrotask(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isWriting || this.#hasEnded) return;
    const bytes = this.#protocol.takeOutput();
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
          if (written >= rest.length) break;
          rest = rest.subarray(written);
        }
        this.#protocol.outputWritten();
        if (this.#pauses !== 0 || this.#drained !== undefined) this.#noteDrained();
      }
      this.#isWriting = false;
    } catch (error) {
      this.#isWriting = false;
      this.#loseOutput(toError(error));
    }
    if (this.#protocol.transport === "finish") this.#flush();
  }

  #noteDrained(): void {
    if (this.#protocol.bufferedAmount > this.#init.options.sendHighWaterMark) return;
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.resolve();
    if (drained !== undefined) this.#callHandler(this.#handlers.drain);
    this.#unpause(PAUSED_BY_OUTPUT);
  }

  /** Everything is written: ends our direction, so that the peer gets it all, and reads on until it ends its own. */
  #finish(): void {
    if (this.#halfClosed) return;
    this.#halfClosed = true;
    this.#arm();
    this.#unpause(PAUSED_BY_USER | PAUSED_BY_OUTPUT | PAUSED_BY_INBOX);
    if (this.#stream.closeWrite === undefined) {
      this.#protocol.receiveEof();
      this.#end();
      return;
    }
    this.#stream.closeWrite().catch((error) => this.#loseOutput(toError(error)));
  }

  #fail(code: number, reason: string, error: Error): void {
    this.#protocol.failWith(code, reason, error, performance.now());
    this.#flush();
    this.#arm();
  }

  /** A write failed. What the peer sent before, its close frame perhaps, may still be read. */
  #loseOutput(error: Error): void {
    if (this.#hasEnded) return;
    if (this.#isReading && this.#pauses === 0) {
      this.#protocol.sendClose(undefined, "", performance.now());
      this.#arm();
    } else {
      this.#loseTransport(error);
    }
  }

  #loseTransport(error: Error): void {
    if (this.#hasEnded) return;
    this.#protocol.receiveEof(error);
    this.#end();
  }

  #arm(): void {
    const next = this.#protocol.nextDeadline();
    if (next !== this.deadline) this.#init.wheel.set(this, next);
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const info = this.#closeInfo = this.#protocol.closeInfo;
    this.#init.wheel.set(this, Infinity);
    this.#stream.close();
    this.#deflater?.close();
    this.#buffer.drop();
    this.#closed?.resolve(info);
    const error = this.#closedError("go on");
    this.#drained?.reject(error);
    this.#pings?.rejectAll(error);
    this.#inbox?.end(isNormalClosure(info.code) && info.error === undefined ? undefined : error);
    this.#init.onEnd?.(this);
    this.#callHandler(this.#handlers.close && ((ws) => this.#handlers.close!(ws, info)));
    this.#init.options.logger.debug("Connection closed", { code: info.code, wasClean: info.wasClean, url: this.url });
  }

  #closedError(action: string): ConnectionClosedError {
    const info = this.#closeInfo;
    if (info === undefined) return new ConnectionClosedError(`Cannot ${action}: connection is closing`);
    const reason = info.reason === "" ? "" : ` (${info.reason})`;
    return new ConnectionClosedError(`Cannot ${action}: connection closed with ${info.code}${reason}`, info);
  }

  #refuse(action: string): Promise<void> {
    return handled(Promise.reject(this.#closedError(action)));
  }
}

/** Marks a promise as handled: ignoring it is allowed. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function ownedData(event: MessageEvent): Uint8Array {
  return event.owned ? event.data : event.data.slice();
}

function withoutTransfer(options: SendOptions | undefined): SendFlags | undefined {
  return options?.transfer === true ? { compress: options.compress } : options;
}

function compressionOf(options: ResolvedOptions): { threshold: number; level: number; memLevel: number } {
  const { threshold = 1024, level = 6, memLevel = 8 } = options.compression ?? {};
  return { threshold, level, memLevel };
}

const encoder = new TextEncoder();

function toFragment(chunk: string | Uint8Array, validator: Utf8Validator | undefined): Uint8Array {
  const bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk;
  if (validator !== undefined && !validator.push(bytes, 0, bytes.length)) {
    throw new TypeError("Cannot send text message: bytes are not valid UTF-8");
  }
  return bytes;
}
