/**
 * A router behind a proxy that ends TLS, and clients of it: with and without a certificate, through a forward proxy by
 * CONNECT, from pages of several origins, and some who would like to be somebody else.
 *
 * ```sh
 * deno run --allow-net --allow-read examples/tls_proxy/main.ts --cert server.pem --key server.key --ca ca.pem --client-cert alice.pem --client-key alice.key
 * ```
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { HandshakeError } from "@viaduct/viaduct";
import { JoinError, TransportError } from "@viaduct/viaduct/wamp";
import { visit } from "./client.ts";
import { startForwardProxy } from "./forward_proxy.ts";
import { FIELDS, startRouter } from "./router.ts";
import { startTlsProxy } from "./tls_proxy.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    cert: { type: "string", default: "server.pem" }, // the proxy's certificate, for 127.0.0.1
    key: { type: "string", default: "server.key" },
    ca: { type: "string", default: "ca.pem" }, // the authority that signed it, and those of clients
    "client-cert": { type: "string", default: "alice.pem" },
    "client-key": { type: "string", default: "alice.key" },
  },
});
const [cert, key, ca, clientCert, clientKey] = await Promise.all(
  [values.cert, values.key, values.ca, values["client-cert"], values["client-key"]].map((path) =>
    Deno.readTextFile(path)
  ),
) as [string, string, string, string, string];

const hostname = "127.0.0.1";
const token = randomUUID();
const { router, server } = await startRouter({ port: 0, token, origins: ["https://app.example"] });
const tlsProxy = await startTlsProxy({ hostname, port: 0, cert, key, ca, router: new URL(server.url), token });
const address = `${hostname}:${tlsProxy.port}`;
const forwardProxy = await startForwardProxy({
  ...{ hostname, port: 0, user: "user", password: "secret", targets: [address] },
  onRequest: (target, status) => console.log(`  forward proxy: CONNECT ${target}: ${status}`),
});

const url = `wss://${address}/ws`;
const guest = { caCerts: [ca] };
const alice = { caCerts: [ca], cert: clientCert, key: clientKey };
const proxyOf = (password: string) => `http://user:${password}@${hostname}:${forwardProxy.port}`;
const forged = { [FIELDS.name]: "alice", [FIELDS.address]: "10.0.0.1", [FIELDS.token]: "a guess" };

/** Prints what a visit came to. */
async function tell(who: string, ...[target, options]: Parameters<typeof visit>): Promise<void> {
  const outcome = await visit(target, options).catch((error: unknown) => {
    if (error instanceof JoinError) return error.reason;
    if (error instanceof TransportError && error.cause instanceof HandshakeError) return error.cause.message;
    throw error;
  });
  console.log(`${who}: ${outcome}`);
}

await tell("a guest", url, { tls: guest });
await tell("alice, by her certificate", url, { tls: alice });
await tell("alice, through the forward proxy", url, { tls: alice, proxy: proxyOf("secret") });
await tell("with a wrong password for the forward proxy", url, { tls: alice, proxy: proxyOf("guess") });
await tell("through the forward proxy to the router", server.url, { proxy: proxyOf("secret") });
await tell("a page of the proxy's own host", url, { tls: guest, headers: { origin: `https://${address}` } });
await tell("a page of https://app.example", url, { tls: guest, headers: { origin: "https://app.example" } });
await tell("a page of https://evil.example", url, { tls: guest, headers: { origin: "https://evil.example" } });
await tell("a guest who says to be alice", url, { tls: guest, headers: forged });
await tell("around the proxy, saying to be alice", server.url, { headers: forged });

await forwardProxy.stop();
await tlsProxy.stop();
await server.shutdown();
await router.shutdown();
