/**
 * Opens idle WebSocket connections and holds them until its standard input ends. Arguments: the port and the count.
 * Prints a line when all are open.
 *
 * @module
 */

import { openWebSocket } from "./load_connection.ts";
import { closeSocket } from "./sockets.ts";

const [port, count] = Deno.args.map(Number);
if (port === undefined || count === undefined) throw new TypeError("Usage: idle_clients.ts PORT COUNT");
const sockets = Array.from({ length: count }, () => openWebSocket(port));
console.log("open");
await Deno.stdin.read(new Uint8Array(1));
for (const socket of sockets) closeSocket(socket);
