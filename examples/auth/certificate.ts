/**
 * Joins as the holder of a TLS certificate: TLS has proved that, and the router knows the certificate by its name. It
 * needs the authority that signed the server's, and a certificate with its key that this authority signed for `alice`.
 *
 * ```sh
 * viaduct router --config examples/auth/certificate.json
 * deno run --allow-net --allow-read examples/auth/certificate.ts
 * ```
 *
 * @module
 */

import { join } from "@viaduct/viaduct/wamp";
import { certificate } from "@viaduct/viaduct/wamp/auth";

const [url = "wss://127.0.0.1:8080/ws", ca = "ca.pem", cert = "alice.pem", key = "alice.key"] = Deno.args;
const tls = {
  caCerts: [await Deno.readTextFile(ca)],
  cert: await Deno.readTextFile(cert),
  key: await Deno.readTextFile(key),
};
await using session = await join(url, { realm: "realm1", auth: [certificate()], tls });
console.log(`${session.authmethod}: ${session.authid} is a ${session.authrole}`);
await session.publish("com.example.hello", [session.authid], { acknowledge: true });
