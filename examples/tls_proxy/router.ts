/**
 * A router behind a TLS proxy: it listens on this machine only, and believes what the proxy says of its clients, if it
 * is the proxy that says so.
 *
 * ```sh
 * deno run --allow-net --allow-env=PROXY_TOKEN examples/tls_proxy/router.ts 8080
 * ```
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import process from "node:process";
import type { Session } from "@viaduct/viaduct/wamp";
import type { AuthMethod, JoinRequest, Principal } from "@viaduct/viaduct/wamp/auth";
import { createRouter, type Router, type RouterServer, serveRouter } from "@viaduct/viaduct/wamp/router";

/** The realm of all who take part. */
export const REALM = "realm1";

/** What a proxy tells of a client, in fields of the request. Those of the client's own it takes away. */
export const FIELDS = {
  /** Proves that it is the proxy that tells. */
  token: "x-proxy-token",
  /** The client's address. */
  address: "x-forwarded-for",
  /** The name in the client's certificate, which the proxy has verified; absent or empty where there is none. */
  name: "x-client-name",
} as const;

/** A client on the other side of the proxy. */
interface Client {
  readonly address: string;
  readonly name: string | undefined;
}

/** How the router is started. */
export interface ProxiedRouterOptions {
  readonly port: number;
  /** What the proxy proves itself by: whoever knows it can say that they are anybody. */
  readonly token: string;
  /** Pages that may connect, beside those of the proxy's own host. @default {none} */
  readonly origins?: readonly string[];
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(left!, right!);
}

/** Finds out who is on the other side of the proxy; `undefined` where somebody came around it. */
function clientOf({ request }: JoinRequest["transport"], token: string): Client | undefined {
  if (request === undefined || !isEqual(request.headers.get(FIELDS.token) ?? "", token)) return undefined;
  return { address: request.headers.get(FIELDS.address) ?? "", name: request.headers.get(FIELDS.name) || undefined };
}

/** A method that takes the proxy's word; `accept` says who somebody is, or that this method is none for them. */
function throughProxy(method: string, token: string, accept: (client: Client) => Principal | undefined): AuthMethod {
  const principalOf = (transport: JoinRequest["transport"]): Principal | undefined => {
    const client = clientOf(transport, token);
    return client && accept(client);
  };
  return {
    method,
    isFor: (transport) => principalOf(transport) !== undefined,
    begin({ transport }) {
      const principal = principalOf(transport);
      return principal && { principal };
    },
  };
}

/** Lets in who has a certificate, by name, and guests; nobody who comes around the proxy. */
function authOf(token: string): AuthMethod[] {
  return [
    throughProxy(
      "tls",
      token,
      ({ address, name }) =>
        name === undefined
          ? undefined
          : { authid: name, authrole: "user", authprovider: "proxy", authextra: { address } },
    ),
    throughProxy("anonymous", token, ({ address }) => ({
      authid: `guest-${crypto.randomUUID()}`,
      authrole: "guest",
      authprovider: "proxy",
      authextra: { address },
    })),
  ];
}

async function offer(session: Session): Promise<void> {
  await session.register("com.example.greet", ({ details }) => `Hello, ${details.caller_authid}`, {
    discloseCaller: true,
  });
}

/** Starts it. */
export async function startRouter(
  { port, token, origins = [] }: ProxiedRouterOptions,
): Promise<{ readonly router: Router; readonly server: RouterServer }> {
  const router = createRouter({ realms: [{ uri: REALM, auth: authOf(token) }] });
  await offer(await router.join(REALM));
  // Pages of the same origin may connect as well: those whose host is that of the request, which the proxy passes on.
  const server = await serveRouter(router, { hostname: "127.0.0.1", port, origins });
  return { router, server };
}

if (import.meta.main) {
  const token = process.env.PROXY_TOKEN ?? "";
  if (token.length < 16) throw new RangeError("PROXY_TOKEN must have at least 16 characters");
  const [port = "8080"] = process.argv.slice(2);
  const { router, server } = await startRouter({ port: Number(port), token, origins: ["https://app.example"] });
  console.log(`Router at ${server.url}, for a proxy alone`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void server.shutdown());
  await server.finished;
  await router.shutdown();
}
