/**
 * Runs one cell of the matrix of logins.
 *
 * @module
 */

import { anonymous } from "../../../wamp/auth/anonymous.ts";
import type { Authenticator } from "../../../wamp/auth/authenticator.ts";
import { type Argon2id, cryptosign, scram, ticket, wampcra } from "../../../wamp/auth/mod.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import { serveRouter, type ServerTlsOptions } from "../../../wamp/router/server.ts";
import type { ProcessGroup } from "../../support/processes.ts";
import { type Certificates, makeCertificates } from "../install.ts";
import { CERTIFICATES, GUARDED_REALM, viaductAuth } from "./accounts.ts";
import { clientFile, sharedCrossbar } from "./crossbar.ts";
import { ARGON2_PACKAGE, programOf, type WampPeer } from "./install.ts";
import type { LoginCell } from "./login_cells.ts";
import { type LogIn, type Login, type LoginArguments, runLogins } from "./logins.ts";
import { runProgram } from "./run.ts";
import type { CheckResult } from "./scenario.ts";
import { joinParty } from "./viaduct.ts";

/** What is used of the package that computes Argon2id. */
interface Argon2Package {
  argon2id(options: {
    readonly password: Uint8Array;
    readonly salt: Uint8Array;
    readonly iterations: number;
    readonly memorySize: number;
    readonly parallelism: number;
    readonly hashLength: number;
    readonly outputType: "binary";
  }): Promise<Uint8Array<ArrayBuffer>>;
}

let argon2: Promise<Argon2Package> | undefined;

const argon2id13: Argon2id = async ({ memory, ...input }) => {
  const { argon2id } = await (argon2 ??= import(ARGON2_PACKAGE));
  return await argon2id({ ...input, memorySize: memory, parallelism: 1, hashLength: 32, outputType: "binary" });
};

/** Viaduct's side of a login. */
function authenticatorOf({ method, authid, secret }: Login): Authenticator {
  switch (method) {
    case "anonymous":
      return anonymous();
    case "ticket":
      return ticket({ authid: authid ?? "", ticket: secret });
    case "wampcra":
      return wampcra({ authid: authid ?? "", secret });
    case "scram":
      return scram({ authid: authid ?? "", password: secret, argon2id13, dialect: "autobahn" });
    case "cryptosign":
      return cryptosign({ privateKey: secret, ...(authid !== undefined && { authid }) });
    case "tls":
      return { method, ...(authid !== undefined && { authid }) };
  }
}

/** Runs a cell's logins. */
export async function runLoginCell(cell: LoginCell, processes: ProcessGroup): Promise<readonly CheckResult[]> {
  return cell.client === "viaduct"
    ? await runAtCrossbar(cell, processes)
    : await runAtViaduct(cell, cell.client, processes);
}

async function runAtCrossbar(
  { transport, serializer, logins }: LoginCell,
  processes: ProcessGroup,
): Promise<readonly CheckResult[]> {
  const { guarded, clients } = await sharedCrossbar(processes);
  const logIn: LogIn = async (realm, login) => {
    const tls = transport === "tls" ? { tls: { caCerts: [clients.ca], ...clients.of(login.secret) } } : {};
    const auth = [authenticatorOf(login)];
    return await joinParty(guarded[transport], { realm, auth, serializers: [serializer], ...tls });
  };
  const results: CheckResult[] = [];
  await runLogins(GUARDED_REALM, logins, logIn, (result) => results.push(result));
  return results;
}

let ownCertificates: Promise<Certificates> | undefined;

/** Apart from those of Crossbar.io, which reads its own when it starts. */
function makeOwnCertificates(): Promise<Certificates> {
  return makeCertificates("login_certificates", Object.values(CERTIFICATES));
}

async function serverTls({ ca, cert, key }: Certificates): Promise<ServerTlsOptions> {
  const [caCert, ...own] = await Promise.all([ca, cert, key].map((file) => Deno.readTextFile(file)));
  return { cert: own[0]!, key: own[1]!, clientCaCerts: [caCert!] };
}

function clientTls(certificates: Certificates): NonNullable<LoginArguments["tls"]> {
  const files = (name: string) => [
    name,
    { cert: clientFile(certificates, name, "cert"), key: clientFile(certificates, name, "key") },
  ];
  return { ca: certificates.ca, clients: Object.fromEntries(Object.values(CERTIFICATES).map(files)) };
}

async function runAtViaduct(
  { transport, serializer, logins }: LoginCell,
  client: WampPeer,
  processes: ProcessGroup,
): Promise<readonly CheckResult[]> {
  const certificates = transport === "tls" ? await (ownCertificates ??= makeOwnCertificates()) : undefined;
  const router = createRouter({ realms: [{ uri: GUARDED_REALM, auth: await viaductAuth() }] });
  await using server = await serveRouter(router, {
    ...{ port: 0, hostname: "127.0.0.1", rawsocket: { port: 0 } },
    ...(certificates !== undefined && { tls: await serverTls(certificates) }),
  });
  const program = await programOf(client);
  const given: LoginArguments = {
    url: transport === "rawsocket" ? server.rawsocketUrl ?? "" : server.url,
    realm: GUARDED_REALM,
    serializer,
    logins,
    modules: program.modules,
    ...(certificates !== undefined && { tls: clientTls(certificates) }),
  };
  return await runProgram(client, program, given, processes);
}
