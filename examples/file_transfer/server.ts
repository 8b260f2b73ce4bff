/**
 * Offers the files of a folder, and takes files into it: as WAMP procedures on a router of its own, and over a plain
 * WebSocket.
 *
 * ```sh
 * deno run --allow-net --allow-read --allow-write examples/file_transfer/server.ts FOLDER
 * ```
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { failureMessage, serve } from "@viaduct/viaduct";
import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
import { Store } from "./store.ts";
import { serveFiles } from "./stream_service.ts";
import { provideFiles } from "./wamp_service.ts";

const USAGE = `Usage: server.ts [OPTIONS] FOLDER
  --port PORT         where to listen for WAMP; 0 takes a free port (default: 8080)
  --stream-port PORT  where to listen for plain WebSockets; 0 takes a free port (default: 8081)
  --hostname HOST     the address to bind; 0.0.0.0 lets other machines in (default: 127.0.0.1)
  --max-size BYTES    the largest file that is taken (default: 1073741824, 1 GiB)`;

function readNumber(name: string, text: string, max: number): number {
  if (/^\d+$/.test(text) && Number(text) <= max) return Number(text);
  throw new Error(`Option --${name} must be 0 to ${max}, received "${text}"`);
}

async function main(): Promise<void> {
  const { values, positionals: [folder] } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      port: { type: "string", default: "8080" },
      "stream-port": { type: "string", default: "8081" },
      hostname: { type: "string", default: "127.0.0.1" },
      "max-size": { type: "string", default: String(1 << 30) },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  if (folder === undefined) throw new Error("A folder must be given");
  const { hostname } = values;
  const port = readNumber("port", values.port, 65_535);
  const streamPort = readNumber("stream-port", values["stream-port"], 65_535);
  const store = new Store(folder, readNumber("max-size", values["max-size"], Number.MAX_SAFE_INTEGER));
  await store.list(); // so that a folder that cannot be read is told at once

  const router = createRouter({ realms: [{ uri: "files" }] });
  await provideFiles(await router.join("files"), store);
  const server = await serveRouter(router, { hostname, port });
  const streams = serve({ hostname, port: streamPort }, (ws) => serveFiles(ws, store));
  console.log(`WAMP at ${server.url}`);
  console.log(`Streams at ${streams.url} (Ctrl+C ends it)`);
  const stop = (): void => void Promise.all([server.shutdown(), streams.shutdown()]);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
  await Promise.all([server.finished, streams.finished]);
  await router.shutdown();
}

try {
  await main();
} catch (error) {
  console.error(failureMessage(error));
  console.error(USAGE);
  process.exitCode = 1;
}
