/**
 * A chat: the page and its WebSocket on one port.
 *
 * ```sh
 * deno run --allow-net examples/chat/main.ts --port 8080
 * ```
 *
 * @module
 */

import { parseArgs } from "node:util";
import process from "node:process";
import { failureMessage, serve, type Server } from "@viaduct/viaduct";
import { converse } from "./conversation.ts";
import page from "./page.html" with { type: "text" };
import { Room } from "./room.ts";

const USAGE = `Usage: main.ts [OPTIONS]
  --port PORT      where to listen; 0 takes a free port (default: 8080)
  --hostname HOST  the address to bind; 0.0.0.0 lets other machines in (default: 127.0.0.1)
  --once           run a scripted conversation of two clients and exit`;

/** Answers plain requests. A nonce lets the page's own script and style run, and nothing that is injected. */
function answer(request: Request): Response {
  if (new URL(request.url).pathname !== "/") return new Response("Not found\n", { status: 404 });
  const nonce = crypto.randomUUID();
  return new Response(page.replaceAll("NONCE", nonce), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; ` +
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    },
  });
}

function startChat(hostname: string, port: number): Server {
  const room = new Room((text) => void server.broadcast(text));
  const server = serve({
    hostname,
    port,
    path: "/ws",
    fetch: answer,
    limits: { maxMessage: 8_192, maxConnections: 1_000 },
  }, (ws) => room.serve(ws));
  return server;
}

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new Error(`Port must be 0 to 65535, received "${text}"`);
  return Number(text);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      port: { type: "string" },
      hostname: { type: "string", default: "127.0.0.1" },
      once: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const server = startChat(values.hostname, readPort(values.port ?? (values.once ? "0" : "8080")));
  const url = new URL("/", server.url.replace(/^ws/, "http"));
  if (values.once) {
    await converse(url, server.url, (line) => console.log(line));
    return await server.shutdown();
  }
  console.log(`Chat at ${url} (Ctrl+C ends it)`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void server.shutdown());
  await server.finished;
  console.log("Bye");
}

try {
  await main();
} catch (error) {
  console.error(failureMessage(error));
  console.error(USAGE);
  process.exitCode = 1;
}
