/**
 * Sends a file as one message, a frame for each chunk, so that neither side ever holds the whole.
 *
 * ```sh
 * deno run --allow-net --allow-read examples/stream_file.ts FILE
 * ```
 *
 * @module
 */

import { connect, type IncomingMessage, serve } from "@viaduct/viaduct";
import { createHash } from "node:crypto";
import process from "node:process";

/** Takes a message as it arrives: what `maxMessage` allows does not bound it. */
async function receive(message: IncomingMessage): Promise<string> {
  const hash = createHash("sha256");
  let length = 0;
  for await (const chunk of message) {
    hash.update(chunk);
    length += chunk.length;
  }
  return `${length} bytes, SHA-256 ${hash.digest("hex")}`;
}

/** Prints progress, a line for each tenth, while chunks go by. */
async function* showProgress(chunks: AsyncIterable<Uint8Array>, total: number): AsyncGenerator<Uint8Array> {
  let sent = 0;
  let shown = 0;
  for await (const chunk of chunks) {
    yield chunk;
    sent += chunk.length;
    const tenths = Math.floor(10 * sent / total);
    if (tenths > shown) console.log(`Sent ${tenths * 10} %`);
    shown = tenths;
  }
}

const [path] = Deno.args;
if (path === undefined) {
  console.error("Usage: stream_file.ts FILE");
  process.exit(2);
}

await using server = serve({ port: 0, hostname: "127.0.0.1" }, async (ws) => {
  for await (const message of ws.messages()) await ws.send(await receive(message));
});

await using ws = await connect(server.url);
const file = await Deno.open(path);
const { size } = await file.stat();
console.log(`Sending ${size} bytes to ${ws.url}`);

// Each chunk is asked for only when there is room for it.
await ws.sendStream(showProgress(file.readable, size));

for await (const answer of ws) {
  console.log(`The server received ${answer}`);
  break;
}
