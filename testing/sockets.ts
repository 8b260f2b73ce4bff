/**
 * A connected pair of WebSockets in memory.
 *
 * @module
 */

import { connect } from "../websocket/client.ts";
import type { ConnectOptions } from "../websocket/client_options.ts";
import { accept, type AcceptOptions } from "../websocket/server.ts";
import type { WebSocketConnection } from "../websocket/web_socket_connection.ts";
import { memoryPair, type MemoryStream } from "./memory_stream.ts";

/**
 * Choices for {@linkcode socketPair}.
 *
 * @public
 */
export interface SocketPairOptions {
  /** The URL that the client asks for. @default {"ws://localhost/"} */
  readonly url?: string | URL;
  /** What the client is told; `dial` is taken. @default {{}} */
  readonly client?: Omit<ConnectOptions, "dial" | "proxy" | "unix" | "tls">;
  /** What the server is told. @default {{}} */
  readonly server?: AcceptOptions;
}

/**
 * Both ends of a WebSocket, and of the stream underneath. Disposing of it ends both at once.
 *
 * @public
 */
export interface SocketPair extends AsyncDisposable {
  /** The client's end. */
  readonly client: WebSocketConnection;
  /** The server's end. */
  readonly server: WebSocketConnection;
  /** The stream of the client, to stall or to cut. */
  readonly clientStream: MemoryStream;
  /** The stream of the server, to stall or to cut. */
  readonly serverStream: MemoryStream;
}

/**
 * Connects a WebSocket client with a server, in memory: the real handshake, the real frames, and no socket or
 * permission.
 *
 * @param options What both ends are told.
 * @returns Both ends, open.
 * @throws {HandshakeError} The server turned the client away.
 * @throws {TypeError} An option is of the wrong kind; RangeError and SyntaxError likewise.
 *
 * @example Test a session function without a network
 * ```ts
 * import { socketPair } from "@viaduct/viaduct/testing";
 * import assert from "node:assert/strict";
 *
 * await using pair = await socketPair({ client: { subprotocols: ["v1"] }, server: { subprotocols: ["v1"] } });
 * await pair.client.send("Hello");
 * for await (const message of pair.server) {
 *   assert.equal(message, "Hello");
 *   break;
 * }
 * assert.equal(pair.server.subprotocol, "v1");
 * ```
 *
 * @public
 */
export async function socketPair(options: SocketPairOptions = {}): Promise<SocketPair> {
  const { url = "ws://localhost/", client = {}, server = {} } = options;
  const [clientStream, serverStream] = memoryPair();
  const connecting = connect(url, { ...client, dial: () => Promise.resolve(clientStream) });
  const accepting = accept(serverStream, server);
  try {
    const [connected, accepted] = await Promise.all([connecting, accepting]);
    // A client that was let in has a server.
    if (accepted === undefined) throw new TypeError("Cannot connect socket pair: server did not accept");
    return new OpenPair(connected, accepted, clientStream, serverStream);
  } catch (error) {
    // Whichever side failed, the other must not wait for it.
    for (const stream of [clientStream, serverStream]) if (!stream.isClosed) stream.close();
    await Promise.allSettled([connecting, accepting]);
    throw error;
  }
}

class OpenPair implements SocketPair {
  readonly client: WebSocketConnection;
  readonly server: WebSocketConnection;
  readonly clientStream: MemoryStream;
  readonly serverStream: MemoryStream;

  constructor(
    client: WebSocketConnection,
    server: WebSocketConnection,
    clientStream: MemoryStream,
    serverStream: MemoryStream,
  ) {
    this.client = client;
    this.server = server;
    this.clientStream = clientStream;
    this.serverStream = serverStream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.terminate();
    this.server.terminate();
    await Promise.all([this.client.closed, this.server.closed]);
  }
}
