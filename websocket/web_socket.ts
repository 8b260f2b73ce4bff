/**
 * The web's `WebSocket` over this library's transport, as a drop-in for code that is written to the web API.
 *
 * @module
 */

import { viewBytes } from "../internal/bytes.ts";
import { nextMacrotask } from "../internal/schedule.ts";
import { closeEvent, errorEvent } from "../internal/web_events.ts";
import { openConnection } from "./client.ts";
import { type ConnectOptions, planConnection } from "./client_options.ts";
import { CLOSE_CODE, MAX_CLOSE_REASON } from "./close_code.ts";
import type { Connection } from "./connection.ts";
import type { CloseInfo } from "./errors.ts";
import { assertSubprotocols, parseWebSocketUrl } from "./handshake.ts";
import { utf8Length } from "../internal/utf8.ts";
import type { WebSocketHandlers } from "./web_socket_connection.ts";

/**
 * Options of {@linkcode WebSocket} beyond the web's: those of {@linkcode connect} but for the handlers.
 *
 * @public
 */
export interface WebSocketOptions extends Omit<ConnectOptions, keyof WebSocketHandlers | "subprotocols"> {
  /** The subprotocols to offer, the best first. @default {[]} */
  readonly protocols?: string | readonly string[];
}

/**
 * The events of a {@linkcode WebSocket} by name.
 *
 * @public
 */
export interface WebSocketEvents {
  /** The connection is open. */
  readonly open: Event;
  /** A message arrived. */
  readonly message: MessageEvent<string | Blob | ArrayBuffer>;
  /** Something went wrong; `close` follows. An ErrorEvent with the error where the runtime has that class. */
  readonly error: Event;
  /** The connection has ended. */
  readonly close: CloseEvent;
}

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/**
 * What an `on…` property of a {@linkcode WebSocket} holds.
 *
 * @typeParam Name The event.
 *
 * @public
 */
export type WebSocketListener<Name extends keyof WebSocketEvents> = (
  this: WebSocket,
  event: WebSocketEvents[Name],
) => unknown;

/** What an `on…` property holds, and the listener that calls it. */
interface Slot {
  handler: ((event: Event) => unknown) | null;
}

/**
 * A WebSocket of the web API's shape: the same events, properties, constants and errors, on this library's transport.
 * The second or third argument may be an object with further options.
 *
 * Messages that wait to be dispatched hold up reading, so that a slow listener slows the peer down.
 *
 * @example Use
 * ```ts
 * import { serve, WebSocket } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * await using server = serve({ port: 0, hostname: "127.0.0.1", message: (ws, data) => void ws.send(data, { text: true }) });
 * const socket = new WebSocket(server.url, { headers: { "x-id": "1" } });
 * socket.onopen = () => socket.send("hi");
 * const message = await new Promise((resolve) => socket.onmessage = (event) => resolve(event.data));
 * assert.equal(message, "hi");
 * const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
 * socket.close(1000, "done");
 * assert.equal((await closed).code, 1000);
 * ```
 *
 * @public
 */
export class WebSocket extends EventTarget {
  /** The connection is being opened. */
  static readonly CONNECTING: 0 = 0;
  /** The connection is open. */
  static readonly OPEN: 1 = 1;
  /** The connection is being closed. */
  static readonly CLOSING: 2 = 2;
  /** The connection is closed, or could not be opened. */
  static readonly CLOSED: 3 = 3;

  /** The connection is being opened. */
  declare readonly CONNECTING: 0;
  /** The connection is open. */
  declare readonly OPEN: 1;
  /** The connection is being closed. */
  declare readonly CLOSING: 2;
  /** The connection is closed, or could not be opened. */
  declare readonly CLOSED: 3;

  static {
    for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
      const constant = { value, enumerable: true, writable: false, configurable: false };
      Object.defineProperty(this.prototype, name, constant);
      Object.defineProperty(this, name, constant);
    }
  }

  readonly #url: string;
  readonly #origin: string;
  readonly #stop = new AbortController();
  readonly #slots = new Map<string, Slot>();
  #readyState: 0 | 1 | 2 | 3 = CONNECTING;
  #binaryType: BinaryType = "blob";
  #connection: Connection | undefined;
  /** Sends that wait for a Blob to be read, and whatever came after it. */
  #tail: Promise<void> | undefined;
  /** Bytes that wait in the tail, and bytes given to `send()` when nothing could be sent any more. */
  #waiting = 0;
  #discarded = 0;

  /**
   * Begins to connect.
   *
   * @param url The server: `ws:` or `wss:`; `http:` and `https:` stand for them.
   * @param protocols The subprotocols to offer, or options.
   * @param options Options, where `protocols` are the subprotocols.
   *
   * @throws {DOMException} A `SyntaxError`: the URL or a subprotocol is invalid.
   * @throws {TypeError} An option is, as {@linkcode connect} says.
   * @throws {RangeError} A number among the options is.
   */
  constructor(
    url: string | URL,
    protocols: string | readonly string[] | WebSocketOptions = [],
    options: WebSocketOptions = {},
  ) {
    super();
    const isList = typeof protocols === "string" || Array.isArray(protocols);
    const { protocols: listed = [], signal, ...rest }: WebSocketOptions = isList
      ? { ...options, protocols: protocols as string | readonly string[] }
      : protocols as WebSocketOptions;
    const subprotocols = typeof listed === "string" ? [listed] : [...listed];
    this.#url = checkedUrl(url, subprotocols);
    this.#origin = new URL(this.#url).origin;
    planConnection(this.#url, { ...rest, subprotocols });
    void this.#run({ ...rest, subprotocols }, signal);
  }

  /** The URL, serialized. */
  get url(): string {
    return this.#url;
  }

  /** `CONNECTING`, `OPEN`, `CLOSING` or `CLOSED`. */
  get readyState(): 0 | 1 | 2 | 3 {
    return this.#readyState;
  }

  /** The bytes given to `send()` and not yet written to the network; it is not reset when the connection closes. */
  get bufferedAmount(): number {
    return (this.#connection?.bufferedAmount ?? 0) + this.#waiting + this.#discarded;
  }

  /** The extensions agreed on. */
  get extensions(): string {
    return this.#connection?.extensions ?? "";
  }

  /** The subprotocol agreed on. */
  get protocol(): string {
    return this.#connection?.subprotocol ?? "";
  }

  /** What binary messages are given as: `"blob"` or `"arraybuffer"`. */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  /** Another value than the two changes nothing, as for every enumeration of the web's. */
  set binaryType(value: BinaryType) {
    if (value === "blob" || value === "arraybuffer") this.#binaryType = value;
  }

  /** Called when the connection is open. */
  get onopen(): WebSocketListener<"open"> | null {
    return this.#handler("open");
  }

  /** `null` takes the handler away. */
  set onopen(handler: WebSocketListener<"open"> | null) {
    this.#setHandler("open", handler);
  }

  /** Called for each message. */
  get onmessage(): WebSocketListener<"message"> | null {
    return this.#handler("message");
  }

  /** `null` takes the handler away. */
  set onmessage(handler: WebSocketListener<"message"> | null) {
    this.#setHandler("message", handler);
  }

  /** Called when something went wrong. */
  get onerror(): WebSocketListener<"error"> | null {
    return this.#handler("error");
  }

  /** `null` takes the handler away. */
  set onerror(handler: WebSocketListener<"error"> | null) {
    this.#setHandler("error", handler);
  }

  /** Called when the connection has ended. */
  get onclose(): WebSocketListener<"close"> | null {
    return this.#handler("close");
  }

  /** `null` takes the handler away. */
  set onclose(handler: WebSocketListener<"close"> | null) {
    this.#setHandler("close", handler);
  }

  /**
   * Sends one message. A Blob is read first; what is sent after it waits for that.
   *
   * @param data Text, or bytes.
   *
   * @throws {DOMException} An `InvalidStateError`: the connection is not open yet.
   */
  send(data: string | Blob | ArrayBuffer | ArrayBufferView): void {
    if (this.#readyState === CONNECTING) {
      throw new DOMException("Cannot send message: connection is not open yet", "InvalidStateError");
    }
    const message = isSendable(data) ? data : String(data);
    if (this.#readyState !== OPEN) {
      this.#discarded += sizeOf(message);
    } else if (message instanceof Blob || this.#tail !== undefined) {
      this.#sendLater(message);
    } else {
      void this.#connection!.send(message);
    }
  }

  /**
   * Begins the closing handshake, after the messages that were sent before. While connecting it gives up instead.
   *
   * @param code 1000, or 3000 to 4999. @default {none}
   * @param reason At most 123 bytes of UTF-8. @default {""}
   *
   * @throws {DOMException} An `InvalidAccessError`: the code is another; a `SyntaxError`: the reason is too long.
   */
  close(code?: number, reason = ""): void {
    const status = code === undefined ? undefined : toUnsignedShort(code);
    if (status !== undefined && status !== CLOSE_CODE.NORMAL && !(status >= 3000 && status <= 4999)) {
      throw new DOMException(
        `Cannot close: code must be 1000 or 3000 to 4999, received ${status}`,
        "InvalidAccessError",
      );
    }
    const text = String(reason);
    const length = utf8Length(text);
    if (length > MAX_CLOSE_REASON) {
      throw new DOMException(
        `Cannot close: reason must be at most ${MAX_CLOSE_REASON} bytes, received ${length}`,
        "SyntaxError",
      );
    }
    if (this.#readyState >= CLOSING) return;
    const wasConnecting = this.#readyState === CONNECTING;
    this.#readyState = CLOSING;
    if (wasConnecting) {
      this.#stop.abort(new DOMException("WebSocket was closed before it was open", "AbortError"));
    } else if (this.#tail === undefined) {
      this.#startClosing(status, text);
    } else {
      void this.#tail.then(() => this.#startClosing(status, text));
    }
  }

  /**
   * Adds a listener.
   *
   * @param type The name of the event.
   * @param listener The listener.
   * @param options As for every {@linkcode EventTarget}.
   */
  override addEventListener<Name extends keyof WebSocketEvents>(
    type: Name,
    listener: WebSocketListener<Name> | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /**
   * Adds a listener.
   *
   * @param type The name of the event.
   * @param listener The listener.
   * @param options As for every {@linkcode EventTarget}.
   */
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /**
   * Adds a listener.
   *
   * @param type The name of the event.
   * @param listener The listener.
   * @param options As for every {@linkcode EventTarget}.
   */
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
  }

  /**
   * Removes a listener.
   *
   * @param type The name of the event.
   * @param listener The listener.
   * @param options As for every {@linkcode EventTarget}.
   */
  override removeEventListener<Name extends keyof WebSocketEvents>(
    type: Name,
    listener: WebSocketListener<Name> | null,
    options?: boolean | EventListenerOptions,
  ): void;
  /**
   * Removes a listener.
   *
   * @param type The name of the event.
   * @param listener The listener.
   * @param options As for every {@linkcode EventTarget}.
   */
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
  /**
   * Removes a listener.
   *
   * @param type The name of the event.
   * @param listener The listener.
   * @param options As for every {@linkcode EventTarget}.
   */
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, listener, options);
  }

  #startClosing(code: number | undefined, reason: string): void {
    // RFC 6455 §5.5.1: a reason stands behind a code. The web drops it without.
    if (code === undefined) void this.#connection!.closeWithoutCode();
    else void this.#connection!.close(code, reason);
  }

  #sendLater(message: string | Blob | ArrayBuffer | ArrayBufferView): void {
    const size = sizeOf(message);
    // What can change is copied now; a Blob cannot.
    const content = typeof message === "string" || message instanceof Blob ? message : copyOf(message);
    this.#waiting += size;
    const tail: Promise<void> = (this.#tail ?? Promise.resolve()).then(async () => {
      try {
        const data = content instanceof Blob ? await content.arrayBuffer() : content;
        void this.#connection!.send(data, { transfer: true });
      } catch (error) {
        this.#connection!.abort(toError(error));
      } finally {
        this.#waiting -= size;
        if (this.#tail === tail) this.#tail = undefined;
      }
    });
    this.#tail = tail;
  }

  /** Lives as long as the socket does: everything that is dispatched is dispatched from here, in order, as a task. */
  async #run(options: ConnectOptions, signal: AbortSignal | undefined): Promise<void> {
    const onAbort = (): void => this.#stop.abort(signal!.reason);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    try {
      const connection = await openConnection(this.#url, { ...options, signal: this.#stop.signal });
      this.#connection = connection;
      await this.#receive(connection);
      await this.#finish(await connection.closed);
    } catch (error) {
      await this.#finish({ code: CLOSE_CODE.ABNORMAL, reason: "", wasClean: false, error: toError(error) });
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #receive(connection: Connection): Promise<void> {
    await task();
    // close() was called between the end of the handshake and this task.
    if (this.#readyState === CONNECTING) {
      this.#readyState = OPEN;
      this.dispatchEvent(new Event("open"));
    }
    const messages = connection[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await messages.next();
        if (done) return;
        await task();
        // The web drops what arrives after close() was called.
        if (this.#readyState === OPEN) this.#dispatchMessage(value);
      }
    } catch {
      // An abnormal closure: `closed` says the same.
    }
  }

  #dispatchMessage(message: string | Uint8Array): void {
    const data = typeof message === "string" ? message : this.#toBinaryType(message);
    this.dispatchEvent(new MessageEvent("message", { data, origin: this.#origin }));
  }

  #toBinaryType(bytes: Uint8Array): Blob | ArrayBuffer {
    const { buffer: whole } = bytes;
    // The message is ours already; it is copied only where it does not have a buffer of its own.
    const buffer = whole instanceof ArrayBuffer && whole.byteLength === bytes.length ? whole : copyOf(bytes);
    return this.#binaryType === "blob" ? new Blob([buffer]) : buffer;
  }

  async #finish({ code, reason, wasClean, error }: CloseInfo): Promise<void> {
    await task();
    this.#readyState = CLOSED;
    if (error !== undefined) this.dispatchEvent(errorEvent(error));
    this.dispatchEvent(closeEvent({ code, reason, wasClean }));
  }

  #handler<Name extends keyof WebSocketEvents>(name: Name): WebSocketListener<Name> | null {
    return (this.#slots.get(name)?.handler ?? null) as WebSocketListener<Name> | null;
  }

  #setHandler<Name extends keyof WebSocketEvents>(name: Name, value: WebSocketListener<Name> | null): void {
    const handler = typeof value === "function" ? value as (event: Event) => unknown : null;
    const slot = this.#slots.get(name);
    if (slot !== undefined) {
      slot.handler = handler;
      return;
    }
    if (handler === null) return;
    // A handler keeps its place among the listeners when it is replaced (HTML, "event handlers").
    const created: Slot = { handler };
    this.#slots.set(name, created);
    super.addEventListener(name, (event) => created.handler?.call(this, event));
  }
}

/** The web reports what is wrong with URL or subprotocols by one kind of exception. */
function checkedUrl(url: string | URL, subprotocols: readonly string[]): string {
  try {
    assertSubprotocols(subprotocols);
    return parseWebSocketUrl(url).href;
  } catch (error) {
    throw new DOMException(toError(error).message, "SyntaxError");
  }
}

/** Web IDL's `[Clamp] unsigned short`. */
function toUnsignedShort(value: number): number {
  const number = Number(value);
  return Number.isNaN(number) ? 0 : Math.round(Math.min(Math.max(number, 0), 65_535));
}

function isSendable(data: unknown): data is Blob | ArrayBuffer | ArrayBufferView {
  return data instanceof Blob || data instanceof ArrayBuffer || ArrayBuffer.isView(data);
}

function sizeOf(message: string | Blob | ArrayBuffer | ArrayBufferView): number {
  if (typeof message === "string") return utf8Length(message);
  return message instanceof Blob ? message.size : message.byteLength;
}

/** A buffer of its own with the bytes of any buffer or view. */
function copyOf(data: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  return viewBytes(data).slice().buffer;
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error });
}

/** The next task, so that whatever the last event's listeners have resolved runs before the next event. */
function task(): Promise<void> {
  return new Promise((resolve) => nextMacrotask(resolve));
}
