/**
 * What tests of servers share.
 *
 * @module
 */

import type { Logger } from "../../internal/log.ts";
import { serve, type ServeOptions, type Server } from "../../websocket/server.ts";
import type { WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { clientFrame, RawClient } from "../raw_client.ts";

/** Where servers of tests listen. */
export const LOCAL = { hostname: "127.0.0.1", port: 0 } as const;

/** An echo server in handler form. */
export function serveEcho(options: ServeOptions = {}): Server {
  return serve({ ...LOCAL, message: (ws, data, isText) => void ws.send(data, { text: isText }), ...options });
}

/** Asserts that a server takes a new client and echoes. */
export async function assertEchoes(server: { readonly addr: Deno.Addr }): Promise<void> {
  using client = await RawClient.open(server);
  await client.write(clientFrame(0x81, "still here?"));
  await client.expectFrame(0x81, "still here?");
  await client.write(clientFrame(0x88));
  await client.expectFrame(0x88, "");
  await client.expectEnd();
}

/** A logger that keeps what it is told. */
export function recordingLogger(): { readonly logger: Logger; readonly records: string[] } {
  const records: string[] = [];
  const note = (level: string) => (message: string): void => void records.push(`${level}: ${message}`);
  return { logger: { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") }, records };
}

/** Server-side connections as they open, for a test to wait for. */
export class Arrivals {
  readonly #waiting: WebSocketConnection[] = [];
  #waiter: PromiseWithResolvers<WebSocketConnection> | undefined;

  /** The handler. */
  readonly open = (ws: WebSocketConnection): void => {
    if (this.#waiter === undefined) return void this.#waiting.push(ws);
    this.#waiter.resolve(ws);
    this.#waiter = undefined;
  };

  /** The next connection, in the order of their opening. */
  next(): Promise<WebSocketConnection> {
    const ws = this.#waiting.shift();
    if (ws !== undefined) return Promise.resolve(ws);
    this.#waiter = Promise.withResolvers();
    return this.#waiter.promise;
  }
}
