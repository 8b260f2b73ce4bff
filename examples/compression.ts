/**
 * Shows what permessage-deflate saves: the same messages, with and without it, counted on the wire.
 *
 * ```sh
 * deno run --allow-net examples/compression.ts
 * ```
 *
 * @module
 */

import { type CompressionOptions, connect, serve } from "@viaduct/viaduct";

/** JSON as programs send it: many fields of the same names. */
const MESSAGES = Array.from({ length: 100 }, (_, id) => {
  const readings = Array.from({ length: 8 }, (_, hour) => ({ sensor: `roof-${id}`, hour, unit: "celsius" }));
  return JSON.stringify({ id, readings });
});

/** Sends the messages and counts the bytes that this takes. */
async function measure(compression: boolean | CompressionOptions): Promise<{ bytes: number; extensions: string }> {
  await using server = serve({ port: 0, hostname: "127.0.0.1", compression }, async (ws) => {
    for await (const message of ws) await ws.send(message);
  });

  let bytes = 0;
  await using ws = await connect(server.url, {
    compression,
    // Any stream of bytes can carry a connection: here a socket with a counter on it.
    async dial({ hostname, port }) {
      const conn = await Deno.connect({ hostname, port });
      return {
        read: (buffer) => conn.read(buffer),
        async write(chunk) {
          const written = await conn.write(chunk);
          bytes += written;
          return written;
        },
        closeWrite: () => conn.closeWrite(),
        close: () => conn.close(),
      };
    },
  });

  const handshake = bytes;
  for (const message of MESSAGES) await ws.send(message);
  let missing = MESSAGES.length;
  for await (const message of ws) {
    if (message !== MESSAGES[MESSAGES.length - missing]) throw new Error(`Received ${message}`);
    if (--missing === 0) break;
  }
  return { bytes: bytes - handshake, extensions: ws.extensions };
}

const WAYS: Readonly<Record<string, boolean | CompressionOptions>> = {
  "no compression": false,
  "each message by itself": { threshold: 0 },
  // What was sent before serves as a dictionary: small messages shrink most, at the price of memory and time.
  "context takeover": { threshold: 0, serverNoContextTakeover: false, clientNoContextTakeover: false },
};

for (const [way, compression] of Object.entries(WAYS)) {
  const { bytes, extensions } = await measure(compression);
  console.log(`${way.padEnd(24)}${bytes} bytes ${extensions === "" ? "" : `(${extensions})`}`.trimEnd());
}
