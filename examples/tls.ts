/**
 * A server and a client over TLS, with a certificate authority of one's own.
 *
 * ```sh
 * deno run --allow-net --allow-read examples/tls.ts --cert server.pem --key server.key --ca ca.pem
 * ```
 *
 * @module
 */

import { connect, HandshakeError, serve } from "@viaduct/viaduct";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    cert: { type: "string", default: "server.pem" }, // the server's certificate, for 127.0.0.1
    key: { type: "string", default: "server.key" },
    ca: { type: "string", default: "ca.pem" }, // the authority that signed it
  },
});
const cert = await Deno.readTextFile(values.cert);
const key = await Deno.readTextFile(values.key);
const caCert = await Deno.readTextFile(values.ca);

await using server = serve({ port: 0, hostname: "127.0.0.1", tls: { cert, key } }, async (ws) => {
  await ws.send(ws.info.isTls ? "Nobody else can read this" : "Everybody can read this");
});
console.log(`Listening on ${server.url}`);

// A client that does not know the authority refuses to talk to the server.
try {
  await connect(server.url);
  throw new Error("The client trusts everybody");
} catch (error) {
  if (!(error instanceof HandshakeError)) throw error;
  console.log("A client that does not know the authority refuses the server");
}

await using ws = await connect(server.url, { tls: { caCerts: [caCert] } });
for await (const message of ws) console.log(`Received: ${message}`);
