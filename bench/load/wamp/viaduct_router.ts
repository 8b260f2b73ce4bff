/**
 * Viaduct's router with default options, in a process of its own. Prints the addresses for WebSocket and RawSocket.
 *
 * @module
 */

import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";

const router = createRouter();
const listening = await serveRouter(router, { hostname: "127.0.0.1", port: 0, rawsocket: { port: 0 } });
console.log(listening.url, listening.rawsocketUrl);
