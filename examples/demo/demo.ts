/**
 * Starts the parts of the demo: a router with its page, a backend and a frontend, each in a session of its own.
 *
 * @module
 */

import { join } from "@viaduct/viaduct/wamp";
import { createRouter, type Router, type RouterServer, serveRouter } from "@viaduct/viaduct/wamp/router";
import { runBackend } from "./backend.ts";
import { runFrontend } from "./frontend.ts";
import { createSite } from "./site.ts";

/** The realm of all who take part. */
export const REALM = "realm1";

/** Where the demo listens. */
export interface Address {
  readonly hostname: string;
  /** The port of the page and of WebSocket. */
  readonly port: number;
  /** The port of RawSocket. */
  readonly rawsocketPort: number;
}

/** The running demo. */
export interface Demo {
  /** The address of the page. */
  readonly page: URL;
  /** The address for WAMP over WebSocket. */
  readonly url: string;
  /** The address for WAMP over RawSocket. */
  readonly rawsocketUrl: string;
  /** Says goodbye to all, and ends. */
  stop(): Promise<void>;
}

/** Starts everything; what happens goes to `log`, with the name of the part that it happens in. */
export async function startDemo(address: Address, log: (part: string, line: string) => void): Promise<Demo> {
  const router = createRouter({ realms: [{ uri: REALM }] });
  const server = await listen(router, address);
  try {
    const { url, rawsocketUrl } = server;
    // Over sockets, as strangers would: the backend in CBOR over RawSocket, the frontend in MessagePack over WebSocket.
    const backend = await join(rawsocketUrl, { realm: REALM, agent: "backend" });
    const frontend = await join(url, { realm: REALM, agent: "frontend", serializers: ["msgpack"] });
    await runBackend(backend, (line) => log("backend", line));
    await runFrontend(frontend, (line) => log("frontend", line));
    const stop = async (): Promise<void> => {
      await Promise.all([frontend, backend].map((session) => session.leave()));
      await server.shutdown();
    };
    return { page: new URL("/", url.replace(/^ws/, "http")), url, rawsocketUrl, stop };
  } catch (error) {
    await server.shutdown({ timeout: 0 });
    throw error;
  }
}

function listen(router: Router, { hostname, port, rawsocketPort }: Address): Promise<RouterServer> {
  return serveRouter(router, {
    hostname,
    port,
    path: "/ws",
    rawsocket: { hostname, port: rawsocketPort },
    fetch: createSite(),
  });
}
