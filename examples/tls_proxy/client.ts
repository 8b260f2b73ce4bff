/**
 * A client of the router behind the TLS proxy: with or without a certificate, straight or through a forward proxy.
 *
 * ```sh
 * deno run --allow-net --allow-read examples/tls_proxy/client.ts --url wss://127.0.0.1:8443/ws --ca ca.pem --cert alice.pem --key alice.key
 * ```
 *
 * @module
 */

import { parseArgs } from "node:util";
import { join, type JoinOptions } from "@viaduct/viaduct/wamp";
import { anonymous, certificate } from "@viaduct/viaduct/wamp/auth";
import { REALM } from "./router.ts";

/** Joins, calls, and says as whom. */
export async function visit(url: string, options: Omit<JoinOptions, "realm" | "auth">): Promise<string> {
  // Who has a certificate says so; who has none, or is not believed, is a guest.
  const auth = [certificate(), anonymous()];
  await using session = await join(url, { ...options, realm: REALM, auth });
  const { address } = session.details.authextra as { readonly address: string };
  const greeting = await session.call<string>("com.example.greet");
  return `${greeting.replace(/guest-.*/, "guest")}: ${session.authrole} by ${session.authmethod}, from ${address}`;
}

if (import.meta.main) {
  const { values: { url, ca, cert, key, proxy, origin } } = parseArgs({
    args: Deno.args,
    options: {
      url: { type: "string", default: "wss://127.0.0.1:8443/ws" },
      ca: { type: "string", default: "ca.pem" }, // the authority that signed the proxy's certificate
      cert: { type: "string" }, // a certificate of our own
      key: { type: "string" },
      proxy: { type: "string" }, // a forward proxy, such as http://user:password@proxy.example:3128
      origin: { type: "string" }, // which page it pretends to be
    },
  });
  const caCerts = [await Deno.readTextFile(ca)];
  const own = cert !== undefined && key !== undefined &&
    { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
  const options = {
    tls: { caCerts, ...own },
    ...(proxy !== undefined && { proxy }),
    ...(origin !== undefined && { headers: { origin } }),
  };
  console.log(await visit(url, options));
}
