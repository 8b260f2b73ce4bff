/**
 * Sends every message back to who sent it.
 *
 * ```sh
 * deno run --allow-net examples/echo_server.ts 8080
 * ```
 *
 * @module
 */

import { serve } from "@viaduct/viaduct";
import process from "node:process";

const server = serve({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0] ?? 8080),
  onListen: ({ url }) => console.log(`Listening on ${url}`),
  open: (ws) => console.log(`${ws.info.remoteAddress} connected`),
  // The bytes are borrowed: valid until this returns. send() copies them.
  message: (ws, bytes, isText) => void ws.send(bytes, { text: isText }),
  close: (ws, { code, reason }) => console.log(`${ws.info.remoteAddress} closed with ${code} ${reason}`.trimEnd()),
});

// Ctrl+C lets nobody in any more, closes every connection with 1001, and ends the program.
process.once("SIGINT", () => void server.shutdown({ timeout: 2_000 }));
await server.finished;
console.log("Bye");
