/**
 * Connections over streams in memory: the other side is bytes in the hands of the test, or another connection.
 *
 * @module
 */

import type { Logger } from "../../internal/log.ts";
import { TimerWheel } from "../../internal/timer_wheel.ts";
import { Connection, type ConnectionInit, shareOptions } from "../../websocket/connection.ts";
import type { DeflateParameters } from "../../websocket/extension.ts";
import { type ConnectionOptions, resolveOptions } from "../../websocket/options.ts";
import type { WebSocketHandlers } from "../../websocket/web_socket_connection.ts";
import { settled } from "../fake_clock.ts";
import { memoryPair, type MemoryStream } from "../memory_stream.ts";
import { assertEquals, encodeHex } from "../std.ts";
import { PoisonPool } from "./drive.ts";
import { KEY_NUMBER, parseFrames } from "./frames.ts";

/** What a test wants of a connection. @internal */
export interface Wanted {
  readonly role?: "client" | "server";
  readonly options?: ConnectionOptions;
  readonly handlers?: WebSocketHandlers;
  readonly deflate?: DeflateParameters;
  readonly nextMaskingKey?: () => number;
  readonly wheel?: TimerWheel;
  readonly stream?: MemoryStream;
  readonly onEnd?: (connection: Connection) => void;
  readonly rest?: Uint8Array;
}

/** Collects log records. @internal */
export class LogLines implements Logger {
  readonly lines: string[] = [];
  readonly debug = (message: string): void => void this.lines.push(`debug ${message}`);
  readonly info = (message: string): void => void this.lines.push(`info ${message}`);
  readonly warn = (message: string): void => void this.lines.push(`warn ${message}`);
  readonly error = (message: string): void => void this.lines.push(`error ${message}`);
}

/** A connection, and the bytes at its other side. @internal */
export class Opened {
  readonly connection: Connection;
  readonly stream: MemoryStream;
  readonly wheel: TimerWheel;

  constructor(connection: Connection, stream: MemoryStream, wheel: TimerWheel) {
    this.connection = connection;
    this.stream = stream;
    this.wheel = wheel;
  }

  /** Lets bytes arrive, and everything that follows happen. */
  async receive(...chunks: readonly Uint8Array[]): Promise<void> {
    this.stream.push(...chunks);
    await settled();
  }

  /** The frames that were sent since the last call, as `first payload`. */
  async sent(): Promise<string[]> {
    await settled();
    return parseFrames(this.stream.peer.takeArrived()).map(({ first, payload }) => {
      const text = new TextDecoder().decode(payload);
      const isPrintable = /^[ -~]*$/.test(text);
      return `${encodeHex(Uint8Array.of(first))} ${isPrintable ? text : encodeHex(payload)}`.trimEnd();
    });
  }

  /** Ends from the other side and asserts that nothing is left behind. */
  async end(): Promise<void> {
    this.stream.resumeWrites();
    this.stream.end();
    await settled();
    this.connection.terminate();
    await this.connection.closed;
    assertEquals([this.stream.isClosed, this.wheel.size], [true, 0]);
  }
}

/** Opens a connection. Keepalive is off unless asked for. @internal */
export function open(wanted: Wanted = {}): Opened {
  const { role = "server", options = {}, handlers = {}, deflate, wheel = new TimerWheel() } = wanted;
  const stream = wanted.stream ?? memoryPair()[0];
  const init: ConnectionInit = {
    shared: shareOptions({
      role,
      options: resolveOptions({ keepalive: false, ...options }),
      handlers,
      nextMaskingKey: role === "client" ? wanted.nextMaskingKey ?? (() => KEY_NUMBER) : undefined,
      wheel,
      pool: new PoisonPool(),
      onEnd: wanted.onEnd,
    }),
    stream,
    url: "ws://test/",
    subprotocol: "",
    extensions: "",
    info: { localAddress: "", remoteAddress: "", isTls: false },
    deflate,
  };
  const connection = new Connection(init);
  connection.start(wanted.rest ?? new Uint8Array(0));
  return new Opened(connection, stream, wheel);
}

/** Opens a client and a server that talk to each other. @internal */
export function openPair(client: Wanted = {}, server: Wanted = {}): { client: Opened; server: Opened } {
  const [one, other] = memoryPair();
  return {
    client: open({ role: "client", stream: one, ...client }),
    server: open({ role: "server", stream: other, ...server }),
  };
}
