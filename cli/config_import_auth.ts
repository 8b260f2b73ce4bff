/**
 * Converts what Crossbar.io's transports say of authentication. There it belongs to a transport and covers all realms of
 * a worker; here it belongs to a realm and may be bound to transports.
 *
 * @module
 */

import { deriveSecret } from "../wamp/auth/mod.ts";
import type { ImportSource } from "./config_import_source.ts";
import type { ConfigSecret } from "./config_types.ts";

/** A method of one transport, before it is given to realms. @internal */
export interface ImportedMethod {
  /** The only realm that it is for; all realms of the worker where there is none. */
  readonly realm?: string;
  /** Makes it for a realm with these roles; `undefined` where nobody of its may join. */
  readonly build: (roles: ReadonlySet<string>) => object | undefined;
  /** The roles that it gives. */
  readonly roles: readonly string[];
  /** Where it stands in their file. */
  readonly path: string;
}

/** Everybody is let in where a transport says nothing (Crossbar.io's default). */
const OPEN: ImportedMethod = anonymous(undefined, undefined, "");

function anonymous(role: string | undefined, realm: string | undefined, path: string): ImportedMethod {
  const given = role ?? "anonymous";
  return {
    build: (roles) => roles.has(given) ? { method: "anonymous", ...(role !== undefined && { role }) } : undefined,
    roles: [given],
    path,
    ...(realm !== undefined && { realm }),
  };
}

/** Converts the methods of a transport. @internal */
export async function importAuth(auth: ImportSource | undefined): Promise<readonly ImportedMethod[]> {
  if (auth === undefined) return [OPEN];
  const methods: ImportedMethod[] = [];
  for (const name of auth.names) {
    const reader = METHODS.get(name);
    if (reader === undefined) {
      auth.leave(name, name === "cookie" ? "cookies do not authenticate" : "this method of authentication is unknown");
      continue;
    }
    const source = auth.object(name);
    if (source === undefined) continue;
    methods.push(...await importMethod(name, source, reader));
  }
  return methods;
}

/** Reads the entry of one principal; `undefined` where it cannot be kept. */
type EntryReader = (entry: ImportSource) => Promise<object | undefined> | object | undefined;

interface MethodReader {
  /** Where the entries stand: theirs, and ours. */
  readonly store: readonly [string, string];
  readonly entry: EntryReader;
}

const METHODS: ReadonlyMap<string, MethodReader> = new Map<string, MethodReader>([
  ["anonymous", { store: ["", ""], entry: () => undefined }],
  ["ticket", { store: ["principals", "principals"], entry: readTicket }],
  ["wampcra", { store: ["users", "users"], entry: readWampcra }],
  ["scram", { store: ["principals", "users"], entry: readScram }],
  ["cryptosign", { store: ["principals", "principals"], entry: readKeys }],
  ["tls", { store: ["principals", "principals"], entry: readCertificate }],
]);

async function importMethod(
  name: string,
  source: ImportSource,
  { store, entry }: MethodReader,
): Promise<readonly ImportedMethod[]> {
  const type = source.text("type") ?? "static";
  let methods: readonly ImportedMethod[] = [];
  if (type === "dynamic") methods = importDynamic(name, source);
  else if (type !== "static") {
    const reason = type === "function" ? "Python code of Crossbar.io's cannot be called: make it a procedure" : `\
type ${type} has no counterpart`;
    source.note(reason);
    source.skip(...source.names);
  } else if (name === "anonymous") {
    source.leave("authid", "everybody gets an id of their own");
    methods = [anonymous(source.text("role") ?? source.text("authrole"), source.text("realm"), source.path)];
  } else {
    methods = await importEntries(name, source, { store, entry });
  }
  source.finish();
  return methods;
}

function importDynamic(name: string, source: ImportSource): readonly ImportedMethod[] {
  const [procedure, realm] = [source.text("authenticator"), source.text("authenticator-realm")];
  source.leave("authenticator-role", "the router calls the procedure in its own name, which may call everything");
  source.leave("default-role", "the procedure must answer with the role");
  if (procedure === undefined) {
    source.note("names no authenticator");
    return [];
  }
  const config = { method: name, procedure, ...(realm !== undefined && { realm }) };
  return [{ build: () => config, roles: [], path: source.path }];
}

/** One principal. */
interface ImportedEntry {
  readonly authid: string;
  readonly realm: string | undefined;
  readonly entry: { readonly role: string };
}

async function importEntries(
  name: string,
  source: ImportSource,
  { store: [theirs, ours], entry }: MethodReader,
): Promise<readonly ImportedMethod[]> {
  source.leave("trustroots", "certificates of trust roots are not checked: give the keys of the principals");
  const defaultRole = source.text("default-role");
  const store = source.object(theirs);
  const entries: ImportedEntry[] = [];
  for (const authid of store?.names ?? []) {
    const principal = store?.object(authid);
    if (principal === undefined) continue;
    const [role, realm] = [principal.text("role") ?? defaultRole, principal.text("realm")];
    const own = await entry(principal);
    principal.finish();
    if (role === undefined) principal.note("has no role: Crossbar.io refuses it as well");
    else if (own !== undefined) entries.push({ authid, realm, entry: { ...own, role } });
  }
  const byRealm = Map.groupBy(entries, ({ realm }) => realm);
  return [...byRealm].map(([realm, group]) => ({
    ...(realm !== undefined && { realm }),
    roles: group.map(({ entry: { role } }) => role),
    path: source.path,
    build: (roles) => {
      const known = group.filter(({ entry: { role } }) => roles.has(role));
      if (known.length === 0) return undefined;
      const kept = Object.fromEntries(known.map(({ authid, entry: one }) => [authid, one]));
      return { method: name, [ours]: kept };
    },
  }));
}

/** A text of theirs, which may name an environment variable. */
function secretOf(text: string): ConfigSecret {
  const variable = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text)?.[1];
  return variable === undefined ? text : { env: variable };
}

function readTicket(entry: ImportSource): object | undefined {
  const ticket = entry.text("ticket");
  if (ticket === undefined) entry.note("has no ticket");
  return ticket === undefined ? undefined : { ticket: secretOf(ticket) };
}

async function readWampcra(entry: ImportSource): Promise<object | undefined> {
  const [text, salt] = [entry.text("secret"), entry.text("salt")];
  const [iterations, keylen] = [entry.number("iterations"), entry.number("keylen")];
  if (text === undefined) {
    entry.note("has no secret");
    return undefined;
  }
  const secret = secretOf(text);
  if (salt === undefined || iterations === undefined || keylen === undefined) return { secret };
  if (typeof secret !== "string") {
    entry.note("is not salted any more: what would be kept must be derived from the password, which is not known here");
    return { secret };
  }
  entry.note("secret is now what is derived from the password, which the router need not know");
  return { secret: await deriveSecret(secret, salt, iterations, keylen), salt, iterations, keylen };
}

function readScram(entry: ImportSource): object | undefined {
  const kdf = entry.text("kdf") === "pbkdf2" ? "pbkdf2" : "argon2id13";
  const [iterations, memory] = [entry.number("iterations"), entry.number("memory")];
  const [salt, storedKey, serverKey] = ["salt", "stored-key", "server-key"].map((name) => {
    const hex = entry.text(name) ?? "";
    return /^(?:[\dA-Fa-f]{2})+$/.test(hex) ? Uint8Array.fromHex(hex).toBase64() : undefined;
  });
  if (salt === undefined || storedKey === undefined || serverKey === undefined || iterations === undefined) {
    entry.note("has no salt, stored-key and server-key in hex, or no iterations");
    return undefined;
  }
  const cost = kdf === "argon2id13" ? { kdf, iterations, memory: memory ?? 0 } : { kdf, iterations };
  return { ...cost, salt, storedKey, serverKey };
}

function readKeys(entry: ImportSource): object | undefined {
  const keys = entry.texts("authorized_keys") ?? [];
  if (keys.length === 0) entry.note("has no authorized_keys");
  return keys.length === 0 ? undefined : { keys };
}

function readCertificate(entry: ImportSource): undefined {
  entry.leave("certificate-sha1", "SHA-1 does not identify a certificate: give its SHA-256 fingerprint or common name");
}
