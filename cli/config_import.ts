/**
 * Converts the router's part of a configuration of Crossbar.io (version 2).
 *
 * @module
 */

import type { ImportedMethod } from "./config_import_auth.ts";
import { type ImportNote, ImportSource } from "./config_import_source.ts";
import { type ImportedTransport, TransportImport } from "./config_import_transports.ts";
import { ConfigError, readConfig } from "./config.ts";
import type { RouterConfig } from "./config_types.ts";
import { isPattern } from "../wamp/uris.ts";
import { JsonError, parseJsonDocument } from "./json_document.ts";

/** What a conversion came to. @internal */
export interface ImportedConfig {
  readonly config: RouterConfig;
  /** What has no counterpart or was changed. */
  readonly notes: readonly ImportNote[];
}

/** How many events they keep where they do not say. */
const THEIR_HISTORY_LIMIT = 100;

/**
 * Converts a configuration.
 *
 * @param text The text of theirs.
 * @param file What it is called in messages.
 * @throws {ConfigError} It is no JSON, or has no router.
 * @internal
 */
export async function importCrossbar(text: string, file: string): Promise<ImportedConfig> {
  const notes: ImportNote[] = [];
  const root = new ImportSource(parse(text, file), "", notes);
  root.skip("$schema");
  const version = root.number("version") ?? 1;
  if (version !== 2) {
    throw new ConfigError([`${file}: version must be 2, received ${version}: "crossbar upgrade" converts older ones`]);
  }
  root.leave("controller", "the node's own process has no counterpart");
  const routers = root.objects("workers").filter((worker) => isRouter(worker));
  root.finish();
  if (routers.length === 0) throw new ConfigError([`${file}: workers must have a router`]);
  const config = await convert(routers, file);
  // The result holds to our own rules, whatever theirs was.
  return { config: readConfig(formatConfig(config), `${file}, converted`).config, notes };
}

/** As it stands in a file. @internal */
export function formatConfig(config: unknown): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

function parse(text: string, file: string): unknown {
  try {
    return parseJsonDocument(text).value;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const { line, column } = error.position;
    throw new ConfigError([`${file}:${line}:${column}: ${error.message}`]);
  }
}

function isRouter(worker: ImportSource): boolean {
  const type = worker.text("type");
  if (type === "router") return true;
  worker.note(
    `workers of type ${JSON.stringify(type)} have no counterpart: start what they run as programs of their own`,
  );
  return false;
}

/** A realm of theirs. */
interface ImportedRealm {
  readonly source: ImportSource;
  readonly uri: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly roles: ReadonlySet<string>;
}

async function convert(workers: readonly ImportSource[], file: string): Promise<unknown> {
  const realms: unknown[] = [];
  const all = new TransportImport();
  const listening: { readonly realms: readonly ImportedRealm[]; readonly transports: readonly ImportedTransport[] }[] =
    [];
  for (const worker of workers) reservePorts(worker, all);
  const uris = new Set<string>();
  for (const worker of workers) {
    worker.skip("id", "manhole");
    worker.leave("options", "how a process of Crossbar.io runs has no counterpart");
    worker.leave("components", "code that runs within Crossbar.io: start it as a client of its own");
    worker.leave("connections", "connections to databases have no counterpart");
    const own = importRealms(worker, uris);
    const before = all.transports.length;
    for (const transport of worker.objects("transports")) await all.add(transport);
    const transports = all.transports.slice(before);
    noteLostRoles(own, transports, worker);
    listening.push({ realms: own, transports });
    worker.finish();
  }
  if (all.transports.length === 0) throw new ConfigError([`${file}: no transport of it can be converted`]);
  const names = nameTransports(all.transports);
  const used = new Set<string>();
  for (const { realms: own, transports } of listening) {
    for (const realm of own) {
      const auth = authOf(realm, transports, names, used);
      realms.push({ uri: realm.uri, auth, ...realm.config });
    }
  }
  const transports = all.transports.map((transport) => {
    const { type, ...config } = transport.config;
    const name = names.get(transport) ?? "";
    const [path, ...others] = Array.isArray(config.path) ? config.path : [];
    return {
      type,
      ...(used.has(name) && { name }),
      ...config,
      ...(path !== undefined && others.length === 0 && { path }),
    };
  });
  return { realms, transports };
}

/** Whoever has a role that no realm has is refused there, and here. */
function noteLostRoles(
  realms: readonly ImportedRealm[],
  transports: readonly ImportedTransport[],
  worker: ImportSource,
): void {
  const known = new Set(realms.flatMap(({ roles }) => [...roles]));
  for (const { path, roles } of transports.flatMap(({ auth }) => auth)) {
    const lost = [...new Set(roles)].filter((role) => !known.has(role));
    if (path !== "" && lost.length > 0) {
      worker.noteAt(path, `no realm has the role ${lost.join(", ")}: who has it cannot join`);
    }
  }
}

function reservePorts(worker: ImportSource, transports: TransportImport): void {
  const list = worker.take("transports");
  for (const transport of Array.isArray(list) ? list : []) transports.reserve(transport?.endpoint?.port);
}

/** Names that are new, from the ids where there are any. */
function nameTransports(transports: readonly ImportedTransport[]): ReadonlyMap<ImportedTransport, string> {
  const names = new Map<ImportedTransport, string>();
  const taken = new Set<string>();
  for (const [index, transport] of transports.entries()) {
    const wanted = transport.id ?? `transport${index + 1}`;
    const name = taken.has(wanted) ? `${wanted}-${index + 1}` : wanted;
    taken.add(name);
    names.set(transport, name);
  }
  return names;
}

/** The methods of a realm: those of its worker's transports, each bound to where it stood unless it stood everywhere. */
function authOf(
  realm: ImportedRealm,
  transports: readonly ImportedTransport[],
  names: ReadonlyMap<ImportedTransport, string>,
  used: Set<string>,
): unknown[] {
  const places = new Map<string, { readonly method: object; readonly names: string[] }>();
  for (const transport of transports) {
    for (const imported of transport.auth) {
      const method = methodFor(realm, imported);
      if (method === undefined) continue;
      const key = JSON.stringify(method);
      const place = places.get(key) ?? { method, names: [] };
      place.names.push(names.get(transport) ?? "");
      places.set(key, place);
    }
  }
  if (places.size === 0) realm.source.note("nobody can join: no transport gives one of its roles");
  return [...places.values()].map(({ method, names: own }) => {
    if (own.length === names.size) return method;
    for (const name of own) used.add(name);
    return { ...method, transports: own };
  });
}

function methodFor({ uri, roles }: ImportedRealm, imported: ImportedMethod): object | undefined {
  return imported.realm !== undefined && imported.realm !== uri ? undefined : imported.build(roles);
}

function importRealms(worker: ImportSource, uris: Set<string>): ImportedRealm[] {
  const realms: ImportedRealm[] = [];
  for (const source of worker.objects("realms")) {
    const uri = source.text("name") ?? "";
    source.skip("id");
    if (uri === "" || uris.has(uri)) {
      source.note(uri === "" ? "has no name" : `realm ${uri} is there twice: a router has one of each name`);
      source.skip(...source.names);
      continue;
    }
    uris.add(uri);
    const roles = importRoles(source);
    const config = { roles, ...importRealmOptions(source.object("options")), ...importStore(source.object("store")) };
    source.finish();
    realms.push({ source, uri, config, roles: new Set(Object.keys(roles)) });
  }
  return realms;
}

function importRealmOptions(options: ImportSource | undefined): Readonly<Record<string, unknown>> {
  if (options === undefined) return {};
  const check = options.text("uri_check");
  if (options.take("enable_meta_api") === false) options.leave("enable_meta_api", "the meta API is always there");
  options.skip("bridge_meta_api", "event_dispatching_chunk_size");
  options.finish();
  return check === "strict" || check === "loose" ? { uriRules: check } : {};
}

function importStore(store: ImportSource | undefined): Readonly<Record<string, unknown>> {
  if (store === undefined) return {};
  const type = store.text("type") ?? "memory";
  const limit = store.number("limit") ?? THEIR_HISTORY_LIMIT;
  if (type !== "memory") store.note(`there is no store of type ${type}: events are kept in memory`);
  store.leave("call-queue", "calls that no callee takes are not queued");
  const eventStores = store.objects("event-history").flatMap((entry) => {
    const [uri, match, own] = [entry.text("uri"), entry.text("match"), entry.number("limit") ?? limit];
    entry.finish();
    if (uri === undefined) entry.note("has no uri");
    return uri === undefined ? [] : [{ uri, ...(match !== undefined && match !== "exact" && { match }), limit: own }];
  });
  if (type === "memory") store.finish();
  else store.skip(...store.names);
  return eventStores.length === 0 ? {} : { eventStores };
}

function importRoles(realm: ImportSource): Readonly<Record<string, object>> {
  const roles: [string, object][] = [];
  for (const role of realm.objects("roles")) {
    const [name, procedure] = [role.text("name"), role.text("authorizer")];
    role.skip("id");
    const permissions = role.objects("permissions").flatMap((permission) => importPermission(permission) ?? []);
    role.finish();
    if (name === undefined) {
      role.note("has no name");
      continue;
    }
    const own = {
      ...(procedure === undefined ? { permissions: withoutDoubles(permissions) } : { authorizer: { procedure } }),
    };
    roles.push([name, own]);
  }
  return Object.fromEntries(roles);
}

/** A permission of ours. */
interface ImportedPermission {
  readonly uri: string;
  readonly match?: string;
}

const ACTIONS = ["call", "register", "publish", "subscribe"] as const;

function importPermission(source: ImportSource): ImportedPermission | undefined {
  const [theirs, match] = [source.text("uri"), source.text("match")];
  const allow = source.object("allow");
  const disclose = source.object("disclose");
  source.leave("validate", "arguments are not checked by the router");
  source.skip("cache");
  source.finish();
  if (theirs === undefined) {
    source.note("has no uri");
    return undefined;
  }
  const allowed = ACTIONS.filter((action) => allow?.flag(action) === true).map((action) => [action, true]);
  // Theirs is false where it is not asked for; ours would forbid to ask.
  const disclosed = ["caller", "publisher"].filter((who) => disclose?.flag(who) === true).map((who) => [who, true]);
  allow?.finish();
  disclose?.finish();
  const pattern = match === undefined ? withoutStars(theirs) : { uri: theirs, ...(match !== "exact" && { match }) };
  if (!isUseful(pattern)) {
    source.note(
      `matches nothing: ${JSON.stringify(theirs)} cannot be of match ${JSON.stringify(pattern.match ?? "exact")}`,
    );
    return undefined;
  }
  return {
    ...pattern,
    ...{ allow: Object.fromEntries(allowed) },
    ...(disclosed.length > 0 && { disclose: Object.fromEntries(disclosed) }),
  };
}

function isUseful({ uri, match = "exact" }: ImportedPermission): boolean {
  if (match !== "exact" && match !== "prefix" && match !== "wildcard") return false;
  return (uri === "" && match === "prefix") || isPattern(uri, match);
}

/** `com.example.*` is a prefix there, and stars elsewhere are components that match any. */
function withoutStars(uri: string): ImportedPermission {
  const stars = uri.split("*").length - 1;
  if (stars === 0) return { uri };
  if (stars === 1 && uri.endsWith("*")) return { uri: uri.slice(0, -1), match: "prefix" };
  return { uri: uri.replaceAll("*", ""), match: "wildcard" };
}

/** The last of two permissions for the same URI counts there. */
function withoutDoubles(permissions: readonly ImportedPermission[]): readonly ImportedPermission[] {
  return [...new Map(permissions.map((one) => [`${one.match ?? "exact"} ${one.uri}`, one])).values()];
}
