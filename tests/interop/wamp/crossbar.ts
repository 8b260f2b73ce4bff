/**
 * Starts Crossbar.io with realms that let anybody do anything, and one that asks for a login.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import { dirname, join } from "node:path";
import { emptyFolder } from "../../support/folders.ts";
import { freePort, type ProcessGroup } from "../../support/processes.ts";
import { type Certificates, makeCertificates } from "../install.ts";
import { CERTIFICATES, crossbarAuth, GUARDED_REALM, ROLE } from "./accounts.ts";
import { installCrossbar } from "./install.ts";

/** How long it may take to listen, in milliseconds. It needs seven seconds on a quiet machine. */
const START_TIMEOUT = 60_000;
const SERIALIZERS = ["cbor", "msgpack", "ubjson", "json"];

/** A realm with nobody in it but the sessions whose meta API is compared. */
export const META_REALM = "meta";

/** In PEM, so that nobody who makes others meanwhile is in the way: who signed them all, and those of clients by name. */
export interface ClientCertificates {
  readonly ca: string;
  of(client: string): { readonly cert: string; readonly key: string };
}

/** The URLs of a router, by transport. */
export type RouterUrls = Readonly<Record<"websocket" | "rawsocket", string>>;

/** A router that runs. */
export interface RunningRouter {
  /** Where anybody may join. */
  readonly urls: RouterUrls;
  /** Where only those with an account may join, and by TLS with a certificate. */
  readonly guarded: RouterUrls & { readonly tls: string };
  /** With which certificates clients get there. */
  readonly clients: ClientCertificates;
  /** The process started; Crossbar.io's routing is done by a child of it. */
  readonly pid: number;
  stop(): Promise<void>;
}

let shared: Promise<RunningRouter> | undefined;

/** The one that all cells of a run use. */
export function sharedCrossbar(processes: ProcessGroup): Promise<RunningRouter> {
  return shared ??= startCrossbar(processes);
}

/** Installs and starts it. */
export async function startCrossbar(processes: ProcessGroup): Promise<RunningRouter> {
  const { command, env } = await installCrossbar();
  const folder = await emptyFolder(".cache", "interop", "crossbar_node");
  const certificates = await makeCertificates("crossbar_certificates", Object.values(CERTIFICATES));
  const clients = await readClientCertificates(certificates);
  const [port, guardedPort, tlsPort] = [freePort(), freePort(), freePort()];
  const transports = [
    transport(port, { anonymous: { type: "static", role: "anonymous" } }),
    transport(guardedPort, crossbarAuth()),
    tlsTransport(tlsPort, certificates, clients),
  ];
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(configuration(transports), null, 2));
  // Its keys and caches go into the folder too, not into the user's home.
  const options = { env: { ...env, HOME: folder } };
  const crossbar = processes.start("crossbar", [...command, "start", "--cbdir", folder], options);
  await crossbar.line(/NODE_BOOT_COMPLETE/, START_TIMEOUT);
  return {
    urls: urlsOf(port),
    guarded: { ...urlsOf(guardedPort), tls: `wss://127.0.0.1:${tlsPort}/ws` },
    clients,
    pid: crossbar.pid,
    stop: () => crossbar.stop(),
  };
}

/** The file of a client's certificate or key, beside the authority's. */
export function clientFile({ ca }: Certificates, client: string, what: "cert" | "key"): string {
  return join(dirname(ca), `${client}.${what}.pem`);
}

async function readClientCertificates(certificates: Certificates): Promise<ClientCertificates> {
  const read = async (name: string) => {
    const [cert, key] = [clientFile(certificates, name, "cert"), clientFile(certificates, name, "key")];
    return [name, { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) }] as const;
  };
  const clients = new Map(await Promise.all(Object.values(CERTIFICATES).map(read)));
  return {
    ca: await Deno.readTextFile(certificates.ca),
    of(name) {
      const client = clients.get(name);
      if (client === undefined) throw new RangeError(`There is no certificate of ${name}`);
      return client;
    },
  };
}

function urlsOf(port: number): RouterUrls {
  return { websocket: `ws://127.0.0.1:${port}/ws`, rawsocket: `rs://127.0.0.1:${port}` };
}

function transport(port: number, auth: unknown, endpoint: object = {}): unknown {
  return {
    type: "universal",
    endpoint: { type: "tcp", interface: "127.0.0.1", port, ...endpoint },
    rawsocket: { serializers: SERIALIZERS, auth },
    websocket: { ws: { type: "websocket", serializers: SERIALIZERS, auth } },
    web: { paths: { "/": { type: "nodeinfo" } } },
  };
}

function tlsTransport(port: number, { ca, cert, key }: Certificates, clients: ClientCertificates): unknown {
  const known = new X509Certificate(clients.of(CERTIFICATES.known).cert).fingerprint;
  const auth = {
    tls: { type: "static", principals: { [CERTIFICATES.known]: { "certificate-sha1": known, role: ROLE } } },
  };
  const tls = { certificate: cert, key, ca_certificates: [ca] };
  return transport(port, auth, { tls });
}

function configuration(transports: readonly unknown[]): unknown {
  const everything = {
    uri: "",
    match: "prefix",
    allow: { call: true, register: true, publish: true, subscribe: true },
    disclose: { caller: true, publisher: true },
    cache: true,
  };
  const realm = (name: string, ...roles: readonly string[]): unknown => ({
    name,
    roles: roles.map((name) => ({ name, permissions: [everything] })),
  });
  const realms = [realm("realm1", "anonymous"), realm(META_REALM, "anonymous", ROLE), realm(GUARDED_REALM, ROLE)];
  return { version: 2, workers: [{ type: "router", realms, transports }] };
}
