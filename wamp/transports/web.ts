/**
 * WAMP over the WebSocket of the platform: in browsers, workers, Node, Bun and Deno, and over sockets that a server of
 * another make has accepted.
 *
 * @module
 */

import { concatBytes, viewBytes } from "../../internal/bytes.ts";
import { startDeadline } from "../../internal/input_grace.ts";
import { nextMacrotask } from "../../internal/schedule.ts";
import type { Serializer } from "../serializers/serializer.ts";
import { Batch } from "./batch.ts";
import { closeReason } from "./close_reason.ts";
import { TransportError } from "./errors.ts";
import {
  CLOSE_TIMEOUT,
  HIGH_WATER_MARK,
  MAX_SEND_BUFFER,
  type ProbeOptions,
  type Transport,
  type TransportClosed,
  type TransportInfo,
  type TransportReceiver,
} from "./transport.ts";

/**
 * What an event of a {@linkcode WebSocketLike} says, each kind its own part.
 *
 * @public
 */
export interface WebSocketLikeEvent {
  /** `open`, `message`, `error` or `close`. */
  readonly type: string;
  /** The message: a string, or bytes. */
  readonly data?: unknown;
  /** The close status code. */
  readonly code?: number;
  /** The close reason. */
  readonly reason?: string;
  /** Whether the closing handshake was completed. */
  readonly wasClean?: boolean;
}

/**
 * A WebSocket with the web API's shape: the platform's own, the socket of `Deno.upgradeWebSocket`, a server's socket of
 * the npm package `ws`, one of {@linkcode bunWebSocket}.
 *
 * @public
 */
export interface WebSocketLike {
  /** The subprotocol agreed on. */
  readonly protocol: string;
  /** 0 while it opens, 1 when it is open. */
  readonly readyState: number;
  /** The bytes accepted and not yet sent. */
  readonly bufferedAmount: number;
  /** Set to `arraybuffer`. */
  binaryType: string;
  /** Sends a message. */
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Ends at once, where there is such a thing. */
  terminate?(): void;
  /** Stops reading, where there is such a thing. */
  pause?(): void;
  /** Reads again, where there is such a thing. */
  resume?(): void;
  /** Adds a listener. */
  addEventListener(type: "open" | "message" | "error" | "close", listener: (event: WebSocketLikeEvent) => void): void;
}

const CONNECTING = 0;
const OPEN = 1;

/** How often `bufferedAmount` is looked at while it is above the mark, in milliseconds: the platform tells nobody. */
const POLL_INTERVAL = 10;
/** The most bytes kept for a receiver that has paused, where the platform cannot stop reading. */
const MAX_HELD = 64 << 20;
const DEFAULT_MAX_MESSAGE = 16 << 20;

const PROTOCOL_ERROR = 1002;
const UNSUPPORTED_DATA = 1003;
const MESSAGE_TOO_BIG = 1009;
/** Where a platform lets a page send no code but 1000 and its own, 1002 becomes 4002. */
const PAGE_CODES = 3000;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A socket of the platform as a transport. */
class PlatformTransport implements Transport {
  readonly serializer: Serializer;
  readonly info: TransportInfo;
  readonly probes: ProbeOptions | undefined;
  readonly #socket: WebSocketLike;
  readonly #maxMessage: number;
  readonly #batch: Batch | undefined;
  #receiver: TransportReceiver | undefined;
  #isPaused = false;
  /** What arrived while nobody took it. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #deliveryScheduled = false;
  /** What was sent before the socket was open. */
  #early: Uint8Array<ArrayBuffer>[] | undefined;
  #isMute = false;
  #failure: string | undefined;
  #closed: TransportClosed | undefined;
  #cancelClose: (() => void) | undefined;
  #poll: ReturnType<typeof setTimeout> | undefined;

  constructor(
    socket: WebSocketLike,
    serializer: Serializer,
    info: TransportInfo,
    { maxMessage = DEFAULT_MAX_MESSAGE, probes }: WrapOptions,
  ) {
    this.#socket = socket;
    this.serializer = serializer;
    this.info = info;
    this.probes = probes;
    this.#maxMessage = maxMessage;
    if (serializer.isBatched) this.#batch = new Batch((bytes) => this.#sendNow(bytes));
    if (socket.readyState === CONNECTING) this.#early = [];
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => this.#sendEarly());
    socket.addEventListener("message", ({ data }) => this.#take(data));
    // What went wrong is told by `close`; in Node an error that nobody listens to would end the process.
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", (event) => this.#onClose(event));
    if (socket.readyState > OPEN) this.#onClose({ type: "close" });
  }

  get bufferedAmount(): number {
    const early = this.#early?.reduce((sum, { length }) => sum + length, 0) ?? 0;
    return this.#closed === undefined ? this.#socket.bufferedAmount + (this.#batch?.length ?? 0) + early : 0;
  }

  open(receiver: TransportReceiver): void {
    if (this.#receiver !== undefined) throw new TypeError("Cannot open transport: it has a receiver already");
    this.#receiver = receiver;
    this.#deliverSoon();
  }

  send(bytes: Uint8Array): void {
    if (this.#isMute) return;
    if (this.#batch === undefined) this.#sendNow(bytes);
    else this.#batch.add(bytes);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause?.();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume?.();
    this.#deliverSoon();
  }

  close(): void {
    if (this.#isMute) return;
    this.#shut(1000, "");
  }

  fail(reason: string): void {
    this.#fail(PROTOCOL_ERROR, reason);
  }

  abort(): void {
    if (this.#closed !== undefined) return;
    this.#held = [];
    this.#batch?.clear();
    this.#end({ wasClean: false, reason: this.#failure ?? "Transport was aborted" });
    if (this.#socket.terminate !== undefined) this.#socket.terminate();
    else this.#closeSocket(1000, "");
  }

  // ------------------------------------------------------------------------------------------------------- Sending

  #sendNow(bytes: Uint8Array): void {
    if (this.#closed !== undefined) return;
    const buffered = this.#socket.bufferedAmount;
    if (buffered > 0 && buffered + bytes.length > MAX_SEND_BUFFER) {
      const reason = `Cannot send message of ${bytes.length} bytes: ${buffered} of at most ${MAX_SEND_BUFFER} ` +
        "bytes are unsent";
      this.#end({ wasClean: false, reason, error: new RangeError(reason) });
      return this.#closeSocket(1000, "");
    }
    // Copied: some sockets write from the caller's bytes later.
    if (this.#early !== undefined) this.#early.push(bytes.slice());
    else if (this.#socket.readyState === OPEN) this.#socket.send(this.#encode(bytes));
    if (this.#socket.bufferedAmount > HIGH_WATER_MARK / 2) this.#watchBuffer();
  }

  #encode(bytes: Uint8Array): string | Uint8Array<ArrayBuffer> {
    return this.serializer.isText ? decoder.decode(bytes) : bytes.slice();
  }

  #sendEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const bytes of early) this.#sendNow(bytes);
  }

  #watchBuffer(): void {
    this.#poll ??= setTimeout(() => {
      this.#poll = undefined;
      if (this.#socket.bufferedAmount > HIGH_WATER_MARK / 2) this.#watchBuffer();
      else this.#receiver?.drain();
    }, POLL_INTERVAL);
  }

  // ----------------------------------------------------------------------------------------------------- Receiving

  #take(data: unknown): void {
    if (this.#closed !== undefined || this.#failure !== undefined) return;
    const isText = typeof data === "string";
    const bytes = toBytes(data);
    if (isText !== this.serializer.isText || bytes === undefined) {
      const expected = this.serializer.isText ? "text" : "binary";
      return this.#fail(UNSUPPORTED_DATA, `Messages must be ${expected}, received another kind`);
    }
    if (bytes.length > this.#maxMessage) {
      const reason = `Message must have at most ${this.#maxMessage} bytes, received ${bytes.length}`;
      return this.#fail(MESSAGE_TOO_BIG, reason);
    }
    if (this.#receiver === undefined || this.#isPaused || this.#held.length > 0) this.#hold(bytes);
    else this.#receiver.message(bytes);
  }

  #hold(bytes: Uint8Array): void {
    if (this.#heldBytes + bytes.length > MAX_HELD) {
      return this.#fail(MESSAGE_TOO_BIG, `More than ${MAX_HELD} bytes came while reading was paused`);
    }
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #deliverSoon(): void {
    if (this.#deliveryScheduled || (this.#held.length === 0 && this.#closed === undefined)) return;
    this.#deliveryScheduled = true;
    nextMacrotask(() => {
      this.#deliveryScheduled = false;
      this.#deliver();
    });
  }

  /** Delivers what was held, then the end. */
  #deliver(): void {
    const receiver = this.#receiver;
    if (receiver === undefined) return;
    while (this.#held.length > 0 && !this.#isPaused) {
      const bytes = this.#held.shift()!;
      this.#heldBytes -= bytes.length;
      receiver.message(bytes);
    }
    if (this.#closed === undefined || this.#held.length > 0) return;
    const closed = this.#closed;
    // Told once: a second call finds no receiver.
    this.#receiver = GONE;
    receiver.closed(closed);
  }

  // -------------------------------------------------------------------------------------------------------- Ending

  #fail(code: number, reason: string): void {
    if (this.#failure !== undefined || this.#closed !== undefined) return;
    this.#failure = reason;
    this.#held = [];
    if (!this.#isMute) this.#shut(code, closeReason(reason));
  }

  #shut(code: number, reason: string): void {
    this.#batch?.flush();
    this.#isMute = true;
    this.resume();
    this.#cancelClose = startDeadline(CLOSE_TIMEOUT, () => {
      this.#failure ??= "Peer did not close the connection in time";
      this.abort();
    });
    this.#closeSocket(code, reason);
  }

  #closeSocket(code: number, reason: string): void {
    try {
      this.#socket.close(code, reason);
    } catch {
      this.#socket.close(PAGE_CODES + code, reason);
    }
  }

  #onClose({ code = 1006, reason = "", wasClean }: WebSocketLikeEvent): void {
    // The socket of `ws` says whether it was clean by the code alone.
    const isClean = (wasClean ?? code !== 1006) && this.#failure === undefined;
    const isNormal = code === 1000 || code === 1001 || code === 1005;
    const detail = `WebSocket closed with ${code}${reason === "" ? "" : `: ${reason}`}`;
    this.#end({ wasClean: isClean, reason: this.#failure ?? (isClean && isNormal ? reason : detail) });
  }

  #end(closed: TransportClosed): void {
    if (this.#closed !== undefined) return;
    this.#closed = closed;
    this.#isMute = true;
    // What was held goes first, and nobody can resume a socket that is gone.
    this.#isPaused = false;
    this.#cancelClose?.();
    clearTimeout(this.#poll);
    this.#batch?.clear();
    this.#early = undefined;
    this.#deliverSoon();
  }
}

/** Stands in for a receiver that has been told the end. */
const GONE: TransportReceiver = { message() {}, drain() {}, closed() {} };

/** The bytes of a message in any form that sockets give them in, `undefined` for others. */
function toBytes(data: unknown): Uint8Array | undefined {
  if (typeof data === "string") return encoder.encode(data);
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return viewBytes(data);
  // The fragments of a message, as `ws` gives them where it is asked to.
  if (Array.isArray(data) && data.every(ArrayBuffer.isView)) return concatBytes(data.map(viewBytes));
  return undefined;
}

/**
 * What is known of a socket beside its messages.
 *
 * @public
 */
export interface WrapOptions {
  /** What is known of the other end. @default {nothing} */
  readonly info?: Partial<TransportInfo>;
  /** The largest message accepted, in bytes. @default {16777216} */
  readonly maxMessage?: number | undefined;
  /** How the session is to find out that the other side has gone. @default {not at all} */
  readonly probes?: ProbeOptions | undefined;
}

/**
 * Makes a transport of a socket that is open or opening.
 *
 * @param socket The socket. Nobody else may read from it.
 * @param serializer What its subprotocol stands for.
 * @param options What else is known.
 * @returns The transport.
 *
 * @internal
 */
export function wrapWebSocket(socket: WebSocketLike, serializer: Serializer, options: WrapOptions = {}): Transport {
  const { info = {} } = options;
  const whole: TransportInfo = { kind: "websocket", remoteAddress: "", localAddress: "", isTls: false, ...info };
  return new PlatformTransport(socket, serializer, whole, options);
}

// ---------------------------------------------------------------------------------------------------------- Client

/** Choices for a client on the platform's WebSocket. @internal */
export interface WebTransportOptions {
  /** What to offer, the best first. */
  readonly serializers: readonly Serializer[];
  /** Ends the attempt. */
  readonly signal?: AbortSignal | undefined;
  /** How long opening may take, in milliseconds. @default {10000} */
  readonly timeout?: number | undefined;
  /** The largest message accepted, in bytes. @default {16777216} */
  readonly maxMessage?: number | undefined;
  /** How the session is to find out that the router has gone: platforms send no pings. @default {not at all} */
  readonly probes?: ProbeOptions | undefined;
  /** The class to use. @default {globalThis.WebSocket} */
  readonly WebSocket?: (new (url: string, protocols: string[]) => WebSocketLike) | undefined;
}

/**
 * Connects to a router by the platform's WebSocket.
 *
 * @throws {TransportError} It could not be reached, or speaks none of the serializers.
 * @throws {unknown} The signal's reason.
 *
 * @internal
 */
export async function connectWeb(url: string | URL, options: WebTransportOptions): Promise<Transport> {
  const { serializers, signal, timeout = 10_000, maxMessage, probes } = options;
  const Socket = options.WebSocket ?? globalThis.WebSocket;
  if (Socket === undefined) throw new TypeError("Cannot connect: runtime must have WebSocket");
  signal?.throwIfAborted();
  const target = new URL(url);
  const socket: WebSocketLike = new Socket(target.href, serializers.map(({ subprotocol }) => subprotocol));
  await opened(socket, target.host, signal, timeout);
  const serializer = serializers.find(({ subprotocol }) => subprotocol === socket.protocol);
  if (serializer === undefined) {
    socket.close();
    throw new TransportError("no_serializer", `Cannot connect to ${target.host}: it chose no serializer`);
  }
  const info = { remoteAddress: target.host, isTls: target.protocol === "wss:" };
  return wrapWebSocket(socket, serializer, { info, maxMessage, probes });
}

/** Waits until a socket is open; otherwise it is closed, and no timer or listener of ours stays behind. */
function opened(socket: WebSocketLike, host: string, signal: AbortSignal | undefined, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
      cancelDeadline();
      signal?.removeEventListener("abort", onAbort);
    };
    const giveUp = (reason: unknown): void => {
      settle();
      reject(reason);
      socket.close();
    };
    const onAbort = (): void => giveUp(signal?.reason);
    const cancelDeadline = startDeadline(
      timeout,
      () => giveUp(new TransportError("timeout", `Opening must take at most ${timeout} ms, took longer`)),
    );
    signal?.addEventListener("abort", onAbort);
    socket.addEventListener("open", () => {
      settle();
      resolve();
    });
    const lost = (code: number): TransportError =>
      new TransportError("connection_lost", `Cannot connect to ${host}: WebSocket closed with ${code}`);
    // Platforms do not say why, and Node 22 tells no `close` where there was no connection.
    socket.addEventListener("error", () => {
      nextMacrotask(() => {
        if (!isSettled) giveUp(lost(1006));
      });
    });
    socket.addEventListener("close", ({ code = 1006 }) => {
      settle();
      reject(lost(code));
    });
  });
}

// ------------------------------------------------------------------------------------------------------------- Bun

/**
 * A socket of `Bun.serve`: as much of it as is used.
 *
 * @public
 */
export interface BunServerSocket {
  /** What the socket was upgraded with. */
  readonly data: { readonly protocol: string };
  /** 1 when it is open. */
  readonly readyState: number;
  /** Sends a message. */
  send(data: string | Uint8Array<ArrayBuffer>): number;
  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Ends at once. */
  terminate(): void;
  /** The bytes that wait. */
  getBufferedAmount(): number;
}

/**
 * Handlers for the `websocket` option of `Bun.serve`.
 *
 * @public
 */
export interface BunWebSocketHandlers {
  /** A socket is open. */
  open(socket: BunServerSocket): void;
  /** A message arrived. */
  message(socket: BunServerSocket, data: string | Uint8Array): void;
  /** A socket was closed. */
  close(socket: BunServerSocket, code: number, reason: string): void;
}

/** A socket of `Bun.serve` in the shape of the web API. */
class BunSocket implements WebSocketLike {
  readonly protocol: string;
  binaryType = "arraybuffer";
  readonly #socket: BunServerSocket;
  readonly #listeners = new Map<string, (event: WebSocketLikeEvent) => void>();

  constructor(socket: BunServerSocket) {
    this.#socket = socket;
    this.protocol = socket.data.protocol;
  }

  get readyState(): number {
    return this.#socket.readyState;
  }

  get bufferedAmount(): number {
    return this.#socket.getBufferedAmount();
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  addEventListener(type: string, listener: (event: WebSocketLikeEvent) => void): void {
    this.#listeners.set(type, listener);
  }

  emit(event: WebSocketLikeEvent): void {
    this.#listeners.get(event.type)?.(event);
  }
}

/**
 * Makes the handlers by which `Bun.serve` gives its sockets to a router. Upgrade with the subprotocol both as a header
 * field and as `data`: `server.upgrade(request, { headers: { "sec-websocket-protocol": protocol }, data: { protocol } })`.
 *
 * @param accept Takes each new socket, such as `(socket) => router.accept(socket)`.
 * @returns The handlers.
 *
 * @example What Bun calls reaches the socket
 * ```ts
 * import { type BunServerSocket, bunWebSocket } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * const received: unknown[] = [];
 * const handlers = bunWebSocket((socket) => socket.addEventListener("message", ({ data }) => received.push(data)));
 * // Bun.serve({ fetch, websocket: handlers });
 * const socket: BunServerSocket = {
 *   data: { protocol: "wamp.2.json" },
 *   readyState: 1,
 *   send: () => 0,
 *   close() {},
 *   terminate() {},
 *   getBufferedAmount: () => 0,
 * };
 * handlers.open(socket);
 * handlers.message(socket, "[1]");
 * assert.deepEqual(received, ["[1]"]);
 * ```
 *
 * @public
 */
export function bunWebSocket(accept: (socket: WebSocketLike) => void): BunWebSocketHandlers {
  const sockets = new WeakMap<BunServerSocket, BunSocket>();
  return {
    open(socket) {
      const wrapped = new BunSocket(socket);
      sockets.set(socket, wrapped);
      accept(wrapped);
    },
    message: (socket, data) => sockets.get(socket)?.emit({ type: "message", data }),
    close: (socket, code, reason) => sockets.get(socket)?.emit({ type: "close", code, reason }),
  };
}
