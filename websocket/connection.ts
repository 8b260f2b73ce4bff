/**
 * The object that a program holds of one connection.
 *
 * @module
 */

import { type BufferPool, EMPTY_BYTES } from "../internal/buffer_pool.ts";
import { viewBytes } from "../internal/bytes.ts";
import { failureMessage, SILENT_LOGGER } from "../internal/log.ts";
import type { TimerWheel } from "../internal/timer_wheel.ts";
import { toError } from "../internal/to_error.ts";
import type { SharedMessage } from "./broadcast.ts";
import { checkCloseArguments, CLOSE_CODE, isNormalClosure } from "./close_code.ts";
import { ContextDeflater } from "./deflate.ts";
import { Driver, type DriverOwner, PAUSED_BY_INBOX, PAUSED_BY_OUTPUT, PAUSED_BY_USER } from "./driver.ts";
import { type CloseInfo, ConnectionClosedError, type ProtocolError, SendBufferError } from "./errors.ts";
import { type DeflateParameters, resolveCompression } from "./extension.ts";
import { MAX_CONTROL_PAYLOAD } from "./frame.ts";
import { unpackRequest } from "./http1.ts";
import { Inbox, type InboxItem, type InboxOwner, Piece } from "./inbox.ts";
import type { ResolvedOptions } from "./options.ts";
import {
  type FragmentEvent,
  type MessageEvent,
  type OutgoingStream,
  Protocol,
  type ProtocolEvent,
  type ProtocolOptions,
  type SendFlags,
} from "./protocol.ts";
import { PingTracker } from "./ping_tracker.ts";
import type { ByteStream } from "../internal/stream.ts";
import { decodeUtf8, isValidUtf8, utf8Length, Utf8Validator } from "../internal/utf8.ts";
import type {
  ConnectionInfo,
  IncomingMessage,
  SendOptions,
  WebSocketConnection,
  WebSocketHandlers,
} from "./web_socket_connection.ts";

/** What connections have in common: those of one server, or of one client's options. @internal */
export interface ConnectionShared {
  readonly role: "client" | "server";
  readonly options: ResolvedOptions;
  readonly handlers: WebSocketHandlers;
  readonly nextMaskingKey: (() => number) | undefined;
  readonly wheel: TimerWheel;
  readonly pool: BufferPool;
  /** Called once for each connection, when it has ended. */
  readonly onEnd: ((connection: Connection) => void) | undefined;
  /** The protocol's options, made once by {@linkcode shareOptions}. */
  readonly protocol: ProtocolOptions;
}

/** What the opening handshake leaves to a connection. @internal */
export interface ConnectionInit {
  readonly shared: ConnectionShared;
  readonly stream: ByteStream;
  /** The URL; absent at a server, where the request tells it. */
  readonly url?: string;
  readonly subprotocol: string;
  readonly extensions: string;
  readonly info: ConnectionInfo;
  readonly deflate: DeflateParameters | undefined;
  /** The client's request by {@linkcode packRequest}, at a server. */
  readonly request?: string;
  /** The header fields of the answer, at a client. */
  readonly responseHeaders?: Headers;
}

/** Makes what connections have in common. @internal */
export function shareOptions(shared: Omit<ConnectionShared, "protocol">): ConnectionShared {
  const { role, options, nextMaskingKey, pool } = shared;
  const protocol: ProtocolOptions = {
    role,
    maxMessage: options.maxMessage,
    closeTimeout: options.closeTimeout,
    messageTimeout: options.messageTimeout,
    keepaliveInterval: options.keepaliveInterval,
    keepaliveTimeout: options.keepaliveTimeout,
    pool,
    ...(nextMaskingKey && { nextMaskingKey }),
  };
  return { ...shared, protocol };
}

/** What most connections never need; an idle one should hold little. */
interface OnDemand {
  request?: Request | undefined;
  closed?: PromiseWithResolvers<CloseInfo>;
  readable?: ReadableStream<string | Uint8Array>;
  writable?: WritableStream<string | ArrayBuffer | ArrayBufferView>;
  pings?: PingTracker;
  deflater?: ContextDeflater;
  /** Resolves when a streamed message goes on. */
  written?: PromiseWithResolvers<void> | undefined;
  /** Whether reading goes on whatever waits to be written. */
  keepsReading?: boolean;
}

const RESOLVED: Promise<void> = Promise.resolve();
const TEXT_FLAGS: SendFlags = {};

/** Who builds on the handler form, and hears of a failure at once. @internal */
export interface ConnectionOwner {
  /** The connection has failed: nothing comes any more; it ends when the peer has closed, or has had its time to. */
  failed(error: Error): void;
}

/**
 * A connection: the user's methods over a {@linkcode Driver}.
 *
 * @internal
 */
export class Connection implements WebSocketConnection, DriverOwner, InboxOwner {
  readonly #init: ConnectionInit;
  readonly #shared: ConnectionShared;
  readonly #protocol: Protocol;
  readonly #handlers: WebSocketHandlers;
  readonly #driver: Driver;

  #inbox: Inbox | undefined;
  #drained: PromiseWithResolvers<void> | undefined;
  #closeInfo: CloseInfo | undefined;
  #made: OnDemand | undefined;

  /** Belongs to whoever builds on the handler form. */
  owner: ConnectionOwner | undefined = undefined;

  constructor(init: ConnectionInit) {
    const { shared, deflate } = init;
    const { options, handlers } = shared;
    this.#init = init;
    this.#shared = shared;
    this.#handlers = handlers;
    const protocol = deflate === undefined
      ? shared.protocol
      : { ...shared.protocol, deflate, compression: compressionOf(options) };
    this.#protocol = new Protocol(protocol, performance.now());
    this.#driver = new Driver(init.stream, shared, this.#protocol, this);
    const { message, fragment } = handlers;
    if (message === undefined && fragment === undefined) {
      this.#inbox = new Inbox(this, options.receiveHighWaterMark, options.maxMessage);
      this.#protocol.ownMessages = true;
    } else if (message === undefined) {
      this.#protocol.streaming = true;
    }
  }

  get #onDemand(): OnDemand {
    return this.#made ??= {};
  }

  /** Opens: calls the handler, takes the bytes behind the handshake, and reads on. */
  start(rest: Uint8Array): void {
    this.#callHandler(this.#handlers.open);
    this.#driver.start(rest);
  }

  get url(): string {
    return this.#init.url ?? this.request?.url.replace(/^http/, "ws") ?? "";
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
    const { request, info } = this.#init;
    return this.#onDemand.request ??= request === undefined ? undefined : unpackRequest(request, info.isTls);
  }

  get responseHeaders(): Headers | undefined {
    return this.#init.responseHeaders;
  }

  get state(): "open" | "closing" | "closed" {
    return this.#driver.hasEnded ? "closed" : this.#protocol.state;
  }

  get bufferedAmount(): number {
    return this.#protocol.bufferedAmount;
  }

  get closed(): Promise<CloseInfo> {
    const closed = this.#onDemand.closed ??= Promise.withResolvers();
    if (this.#closeInfo !== undefined) closed.resolve(this.#closeInfo);
    return closed.promise;
  }

  get readable(): ReadableStream<string | Uint8Array> {
    return this.#onDemand.readable ??= new ReadableStream({
      pull: async (controller) => {
        const { done, value } = await this.#takeInbox().nextMessage();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void await this.close(),
    }, { highWaterMark: 0 });
  }

  get writable(): WritableStream<string | ArrayBuffer | ArrayBufferView> {
    return this.#onDemand.writable ??= new WritableStream({
      write: (chunk) => this.send(chunk),
      close: async () => void await this.close(),
      abort: async () => void await this.close(CLOSE_CODE.INTERNAL_ERROR),
    });
  }

  send(data: string | ArrayBuffer | ArrayBufferView, options?: SendOptions): Promise<void> {
    const protocol = this.#protocol;
    if (protocol.state !== "open") return this.#refuse("send message");
    if (typeof data === "string") {
      // A unit of a string is at most three bytes of UTF-8: mostly there is no need to count them.
      if (this.#overflows(3 * data.length) && this.#overflows(utf8Length(data))) {
        return this.#overflow(utf8Length(data));
      }
      protocol.sendText(data, options ?? TEXT_FLAGS);
    } else {
      const bytes = this.#payload(data, options);
      if (this.#overflows(bytes.length)) return this.#overflow(bytes.length);
      protocol.send(bytes, options?.text === true, bytes === data ? withoutTransfer(options) : options);
    }
    return this.#sent();
  }

  /** Sends bytes that are known to be UTF-8 where they are text, and makes no promise. */
  sendValid(bytes: Uint8Array, isText: boolean): void {
    if (this.#protocol.state !== "open") return;
    if (this.#overflows(bytes.length)) return void this.#overflow(bytes.length);
    this.#protocol.send(bytes, isText);
    void this.#sent();
  }

  /** Who asks and is answered must read while it sends: two who wait for each other to read would wait for ever. */
  keepReading(): void {
    this.#onDemand.keepsReading = true;
  }

  /** Sends a message that was encoded once for many connections. */
  sendShared(message: SharedMessage): Promise<void> {
    const protocol = this.#protocol;
    if (protocol.state !== "open") return this.#refuse("send message");
    if (this.#overflows(message.payload.length)) return this.#overflow(message.payload.length);
    const { deflate } = this.#init;
    const { options } = this.#shared;
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
        await this.#streamed(stream);
      }
      if (validator?.complete === false) throw new TypeError("Cannot send text message: it ends within a character");
    } catch (error) {
      if (this.#protocol.acceptsFragments) {
        this.#driver.fail(CLOSE_CODE.INTERNAL_ERROR, "Message source failed", toError(error));
      }
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
    if (this.#protocol.state !== "open") return handled(Promise.reject(this.#closedError("send ping")));
    const pings = this.#onDemand.pings ??= new PingTracker();
    const payload = data?.slice() ?? pings.uniquePayload();
    const answered = pings.track(payload, performance.now());
    this.#protocol.sendPing(payload);
    this.#driver.flush();
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
    this.#driver.close(code, reason);
    return this.closed;
  }

  terminate(): void {
    this.abort();
  }

  /** Ends at once; `error` says why. */
  abort(error?: Error): void {
    this.#driver.abort(error);
  }

  pause(): void {
    this.#driver.pause(PAUSED_BY_USER);
  }

  resume(): void {
    this.#driver.unpause(PAUSED_BY_USER);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  onDry(): void {
    if (!this.#driver.inSweep) this.#driver.flush();
  }

  onRelief(): void {
    this.#driver.unpause(PAUSED_BY_INBOX);
  }

  onTooBig(error: ProtocolError): void {
    this.#driver.fail(error.closeCode, error.message, error);
    this.owner?.failed(error);
  }

  onEvent(event: ProtocolEvent): void {
    switch (event.type) {
      case "message":
        if (this.#inbox === undefined) this.#deliver(event);
        else this.#queue(event.isText ? decodeUtf8(event.data) : ownedData(event), event.data.length);
        return;
      case "fragment":
        this.#handleFragment(event);
        return;
      case "pong":
        this.#made?.pings?.settle(event.data, performance.now());
        return;
      case "close":
        this.#log("debug", "Close frame received", { code: event.code });
        return;
      case "fail":
        this.#log("warn", "Peer broke the protocol", { reason: event.error.message });
        this.owner?.failed(event.error);
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
    this.#pauseWhereFull();
  }

  #handleFragment(event: FragmentEvent): void {
    if (this.#inbox !== undefined) {
      this.#queue(new Piece(event.data.slice(), event.isText, event.first, event.fin), event.data.length);
      return;
    }
    this.#callHandler((ws) => this.#handlers.fragment!(ws, event.data, event));
    this.#pauseWhereFull();
  }

  #pauseWhereFull(): void {
    if (this.#protocol.bufferedAmount <= this.#shared.options.sendHighWaterMark) return;
    if (this.#made?.keepsReading !== true) this.#driver.pause(PAUSED_BY_OUTPUT);
  }

  #queue(item: InboxItem, length: number): void {
    const inbox = this.#inbox!;
    inbox.push(item, length);
    if (!inbox.isOver) return;
    // Who closes and does not take what waits does not want the rest either; reading must go on to the close frame.
    if (this.#protocol.state === "open") this.#driver.pause(PAUSED_BY_INBOX);
    else inbox.stop();
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

  /** The URL of a server's connection is only worked out for a logger that listens. */
  #log(level: "debug" | "warn" | "error", message: string, fields: Readonly<Record<string, unknown>>): void {
    const { logger } = this.#shared.options;
    if (logger !== SILENT_LOGGER) logger[level](message, { ...fields, url: this.url });
  }

  #watchResult(result: unknown): void {
    if (result instanceof Promise) result.catch((error) => this.#reportHandler(error));
  }

  #reportHandler(error: unknown): void {
    this.#log("error", "Handler failed", { reason: failureMessage(error) });
  }

  #payload(data: ArrayBuffer | ArrayBufferView, options: SendOptions | undefined): Uint8Array<ArrayBuffer> {
    if (!(data instanceof ArrayBuffer) && !ArrayBuffer.isView(data)) {
      throw new TypeError(`Cannot send message: data must be a string or bytes, received ${typeof data}`);
    }
    const bytes = viewBytes(data);
    if (options?.text === true && !isValidUtf8(bytes, 0, bytes.length)) {
      throw new TypeError("Cannot send text message: bytes are not valid UTF-8");
    }
    // Looking at `buffer` would move a small array out of the engine's heap, which costs more than copying it.
    if (options?.transfer !== true) return bytes;
    const isWhole = bytes.byteOffset === 0 && bytes.length === bytes.buffer.byteLength;
    // A buffer of ours that a handler borrows is always larger than the message, or about to be used again.
    if (!isWhole || this.#driver.lends(bytes)) return bytes;
    return new Uint8Array(bytes.buffer.transferToFixedLength());
  }

  #overflows(size: number): boolean {
    const buffered = this.#protocol.bufferedAmount;
    return buffered > 0 && buffered + size > this.#shared.options.maxSendBuffer;
  }

  #overflow(size: number): Promise<void> {
    const { maxSendBuffer } = this.#shared.options;
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
    this.#driver.flushSoon();
    if (this.#protocol.bufferedAmount <= this.#shared.options.sendHighWaterMark) return RESOLVED;
    if (this.#drained === undefined) {
      this.#drained = Promise.withResolvers();
      handled(this.#drained.promise);
    }
    return this.#drained.promise;
  }

  /** After a piece of a streamed message was accepted. What waits behind the message must not hold it up. */
  async #streamed(stream: OutgoingStream): Promise<void> {
    this.#driver.flushSoon();
    while (!this.#driver.hasEnded && this.#protocol.bytesBefore(stream) > this.#shared.options.sendHighWaterMark) {
      const written = this.#onDemand.written ??= Promise.withResolvers();
      await written.promise;
    }
  }

  onWritten(): void {
    this.#made?.written?.resolve();
    if (this.#made !== undefined) this.#made.written = undefined;
  }

  onDrain(): void {
    const drained = this.#drained;
    if (drained === undefined) return;
    this.#drained = undefined;
    drained.resolve();
    this.#callHandler(this.#handlers.drain);
  }

  #deflate(payloads: Uint8Array[]): void {
    const { deflate } = this.#init;
    const { role, options } = this.#shared;
    const windowBits = role === "server" ? deflate!.serverMaxWindowBits : deflate!.clientMaxWindowBits;
    const deflater = this.#onDemand.deflater ??= new ContextDeflater({ windowBits, ...compressionOf(options) });
    for (const payload of payloads) {
      deflater.deflate(payload).then(
        (bytes) => this.#deflated(bytes),
        (error) =>
          this.#driver.hasEnded || this.#driver.fail(CLOSE_CODE.INTERNAL_ERROR, "Compression failed", toError(error)),
      );
    }
  }

  #deflated(bytes: Uint8Array): void {
    if (this.#driver.hasEnded) return;
    this.#protocol.deflated(bytes);
    this.#driver.scheduleFlush();
  }

  onEnd(info: CloseInfo): void {
    this.#closeInfo = info;
    this.onWritten();
    this.#made?.deflater?.close();
    this.#made?.closed?.resolve(info);
    const error = this.#closedError("go on");
    this.#drained?.reject(error);
    this.#made?.pings?.rejectAll(error);
    this.#inbox?.end(isNormalClosure(info.code) && info.error === undefined ? undefined : error);
    this.#shared.onEnd?.(this);
    this.#callHandler(this.#handlers.close && ((ws) => this.#handlers.close!(ws, info)));
    this.#log("debug", "Connection closed", { code: info.code, wasClean: info.wasClean });
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

function ownedData(event: MessageEvent): Uint8Array {
  return event.owned ? event.data : event.data.slice();
}

function withoutTransfer(options: SendOptions | undefined): SendFlags | undefined {
  return options?.transfer === true ? { compress: options.compress } : options;
}

function compressionOf(options: ResolvedOptions): { threshold: number; level: number; memLevel: number } {
  const { threshold, level, memLevel } = resolveCompression(options.compression ?? {});
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
