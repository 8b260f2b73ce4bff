/**
 * The interoperability server on Viaduct's public API; peers/README.md describes the paths.
 *
 * @module
 */

import {
  type CloseInfo,
  type CompressionOptions,
  serve,
  type Server,
  type WebSocketConnection,
} from "../../websocket/mod.ts";
import type { Deflate } from "./cells.ts";
import type { Certificates } from "./install.ts";

/** How both sides of Viaduct compress in the cells. */
export const COMPRESSION: Readonly<Record<Deflate, CompressionOptions | false>> = {
  off: false,
  stateless: { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
  context: { threshold: 0, serverNoContextTakeover: false, clientNoContextTakeover: false },
};

/** What the server of one cell is. */
export interface ServerWay {
  readonly deflate: Deflate;
  readonly certificates?: Certificates;
  /** The path of a Unix socket. */
  readonly unix?: string;
}

/** How connections to `/record` were closed, by id. */
type Records = Map<string, PromiseWithResolvers<CloseInfo>>;

/** Starts the server. */
export async function startServer(way: ServerWay): Promise<Server> {
  const { certificates, deflate, unix } = way;
  const records: Records = new Map();
  const tls = certificates === undefined ? {} : {
    tls: { cert: await Deno.readTextFile(certificates.cert), key: await Deno.readTextFile(certificates.key) },
  };
  const where = unix === undefined ? { hostname: "127.0.0.1", port: 0 } : { unix };
  return serve({ ...where, ...tls, compression: COMPRESSION[deflate], upgrade }, (ws) => handle(ws, records));
}

function upgrade(request: Request): Response | { subprotocol?: string; headers: Record<string, string> } {
  if (new URL(request.url).pathname === "/refuse") {
    return new Response("no entry", { status: 401, headers: { "www-authenticate": "Basic" } });
  }
  const offered = (request.headers.get("sec-websocket-protocol") ?? "").split(/, */);
  const headers = { "x-server": "interop" };
  return offered.includes("chat.v2") ? { subprotocol: "chat.v2", headers } : { headers };
}

function record(records: Records, id: string): PromiseWithResolvers<CloseInfo> {
  let entry = records.get(id);
  if (entry === undefined) records.set(id, entry = Promise.withResolvers());
  return entry;
}

async function handle(ws: WebSocketConnection, records: Records): Promise<void> {
  const { pathname, searchParams } = new URL(ws.request?.url ?? ws.url);
  const id = searchParams.get("id") ?? "";
  switch (pathname) {
    case "/echo":
      return await echo(ws);
    case "/ping":
      await ws.ping(new TextEncoder().encode("are you there"));
      await ws.send("are you there");
      break;
    case "/fragments":
      await ws.sendStream(["frag", "ment", "ed"], { text: true });
      await ws.sendStream([1, 2, 3].map((byte) => Uint8Array.of(byte)));
      break;
    case "/close":
      await ws.close(4001, "bye from the server");
      break;
    case "/record":
      ws.closed.then((info) => record(records, id).resolve(info));
      return await echo(ws);
    case "/recorded": {
      const { code, reason } = await record(records, id).promise;
      await ws.send(JSON.stringify({ code, reason }));
      break;
    }
    case "/headers":
      await ws.send(ws.request?.headers.get("x-client") ?? "");
      break;
    default:
      await ws.close(4004, "unknown path");
  }
  await ws.closed;
}

async function echo(ws: WebSocketConnection): Promise<void> {
  try {
    for await (const message of ws) await ws.send(message);
  } catch (error) {
    // Iteration throws at a close code of the application's, which the checks look at through `closed`.
    if (ws.state === "open") throw error;
  }
}
