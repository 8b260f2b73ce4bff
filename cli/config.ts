/**
 * Reads the router's configuration and says everything that is wrong with it.
 *
 * @module
 */

import { parsePublicKey } from "../wamp/auth/keys.ts";
import { isPattern, isUri, type MatchPolicy, type UriRules } from "../wamp/uris.ts";
import { UsageError } from "./command.ts";
import { checkNode, pathTo, type Problem } from "./config_check.ts";
import { CONFIG_SCHEMA } from "./config_schema.ts";
import type { AuthConfig, RealmConfig, RouterConfig, TransportConfig } from "./config_types.ts";
import { isLoopback } from "./console/access.ts";
import { JsonError, type JsonNode, parseJsonDocument, positionOf } from "./json_document.ts";

/** A configuration that cannot be used; the message has a line for each problem. @internal */
export class ConfigError extends UsageError {
  /** What is wrong, each as `file:line:column: path message`. */
  readonly problems: readonly string[];

  /** `problems` are whole lines; there is at least one. */
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** A place in a document: its value and its path. @internal */
export class ConfigPlace {
  readonly node: JsonNode;
  readonly path: string;

  /** The whole document has the path `""`. */
  constructor(node: JsonNode, path = "") {
    this.node = node;
    this.path = path;
  }

  /** The place of a member or an element; this one where there is none. */
  at(...keys: readonly (string | number)[]): ConfigPlace {
    const [key, ...rest] = keys;
    if (key === undefined) return this;
    const node = typeof key === "number" ? this.node.items?.[key] : this.node.members?.get(key)?.node;
    return node === undefined ? this : new ConfigPlace(node, pathTo(this.path, key)).at(...rest);
  }

  /** Something that is wrong here. */
  problem(message: string): Problem {
    return { offset: this.node.start, path: this.path, message };
  }
}

/** A configuration that has been read. @internal */
export interface ConfigDocument {
  /** What it is called in messages. */
  readonly file: string;
  readonly config: RouterConfig;
  /** Its outermost place. */
  readonly root: ConfigPlace;
  /** Makes an error of problems. */
  fail(problems: readonly Problem[]): ConfigError;
}

/**
 * Reads a configuration.
 *
 * @param text The text of the file.
 * @param file What it is called in messages.
 * @throws {ConfigError} It is no JSON, does not fit the schema, or contradicts itself.
 * @internal
 */
export function readConfig(text: string, file: string): ConfigDocument {
  const root = new ConfigPlace(parseDocument(text, file));
  const fail = (problems: readonly Problem[]): ConfigError => {
    const ordered = problems.toSorted((a, b) => a.offset - b.offset);
    return new ConfigError(ordered.map(({ offset, path, message }) => {
      const { line, column } = positionOf(text, offset);
      return `${file}:${line}:${column}: ${path === "" ? "the configuration" : path} ${message}`;
    }));
  };
  const unfit = checkNode(root.node, CONFIG_SCHEMA);
  if (unfit.length > 0) throw fail(unfit);
  // What fits the schema is of this type: a test compares the two.
  const config = root.node.value as RouterConfig;
  const document: ConfigDocument = { file, config, root, fail };
  const taken = new Map<string, string>();
  const problems = [...checkTransports(document, taken), ...checkPages(document, taken), ...checkRealms(document)];
  if (problems.length > 0) throw fail(problems);
  return document;
}

function parseDocument(text: string, file: string): JsonNode {
  try {
    return parseJsonDocument(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const { line, column } = error.position;
    throw new ConfigError([`${file}:${line}:${column}: ${error.message}`]);
  }
}

const DEFAULT_HOSTNAME = "127.0.0.1";
const ALL_ADDRESSES: readonly string[] = ["0.0.0.0", "::"];

/** Where something listens; two that are equal cannot both. `undefined` for a free port. */
function addressOf(place: { readonly port?: number; readonly hostname?: string; readonly unix?: string }): string[] {
  const { port, hostname = DEFAULT_HOSTNAME, unix } = place;
  if (unix !== undefined) return [`the Unix socket ${unix}`];
  return port === undefined || port === 0 ? [] : [`port ${port} of ${hostname}`];
}

/** `taken` gets where something listens, and what does. */
function* checkTransports({ config, root }: ConfigDocument, taken: Map<string, string>): Generator<Problem> {
  const names = new Set<string>();
  for (const [index, transport] of config.transports.entries()) {
    const place = root.at("transports", index);
    const { name, unix } = transport;
    if (name !== undefined && names.has(name)) {
      yield place.at("name").problem(`must be new, received ${JSON.stringify(name)} again`);
    }
    if (name !== undefined) names.add(name);
    if (unix !== undefined) {
      for (const key of ["hostname", "tls"] as const) {
        if (transport[key] !== undefined) yield place.at(key).problem("cannot be given for a Unix socket");
      }
    }
    yield* checkAddress(place, transport, taken);
  }
}

function* checkAddress(
  place: ConfigPlace,
  listener: { readonly port?: number; readonly hostname?: string; readonly unix?: string },
  taken: Map<string, string>,
): Generator<Problem> {
  for (const address of addressOf(listener)) {
    const { port, hostname = DEFAULT_HOSTNAME } = listener;
    const isAll = ALL_ADDRESSES.includes(hostname);
    const other = taken.get(address) ??
      [...taken].find(([one]) => one.startsWith(`port ${port} of `) && (isAll || /of (?:0\.0\.0\.0|::)$/.test(one)))
        ?.[1];
    if (other === undefined) taken.set(address, place.path);
    else {
      const key = listener.unix === undefined ? "port" : "unix";
      yield place.at(key).problem(`must be free, but ${other} listens on ${address} already`);
    }
  }
}

function* checkPages({ config, root }: ConfigDocument, taken: Map<string, string>): Generator<Problem> {
  for (const key of ["metrics", "console"] as const) {
    if (config[key] !== undefined) yield* checkAddress(root.at(key), config[key], taken);
  }
  const { hostname = DEFAULT_HOSTNAME, role, realm } = config.console ?? {};
  const place = root.at("console");
  if (role === undefined && !isLoopback(hostname)) {
    yield place.at("hostname").problem(`must be loopback where there is no role, received ${JSON.stringify(hostname)}`);
  }
  if (role === undefined && realm !== undefined) yield place.at("realm").problem("cannot be given without a role");
  yield* checkRealmName(realm, place.at("realm"), config);
}

function* checkRealms({ config, root }: ConfigDocument): Generator<Problem> {
  const seen = new Set<string>();
  for (const [index, realm] of config.realms.entries()) {
    const place = root.at("realms", index);
    const { uri, uriRules = "loose" } = realm;
    if (seen.has(uri)) yield place.at("uri").problem(`must be new, received ${JSON.stringify(uri)} again`);
    seen.add(uri);
    if (!isUri(uri, uriRules)) yield place.at("uri").problem(strictly("a URI", uri));
    yield* checkPatterns(realm.eventStores ?? [], place.at("eventStores"), uriRules, false);
    for (const [name, { permissions = [], authorizer }] of Object.entries(realm.roles ?? {})) {
      const role = place.at("roles", name);
      yield* checkPatterns(permissions, role.at("permissions"), uriRules, true);
      yield* checkRealmName(authorizer?.realm, role.at("authorizer", "realm"), config);
    }
    yield* checkRealmName(realm.authorizer?.realm, place.at("authorizer", "realm"), config);
    yield* checkAuth(realm, place, config);
  }
}

function strictly(what: string, received: string): string {
  return `must be ${what} by the realm's uriRules, received ${JSON.stringify(received)}`;
}

function* checkPatterns(
  entries: readonly { readonly uri: string; readonly match?: MatchPolicy }[],
  place: ConfigPlace,
  rules: UriRules,
  mayMatchAll: boolean,
): Generator<Problem> {
  const seen = new Set<string>();
  for (const [index, { uri, match = "exact" }] of entries.entries()) {
    const own = place.at(index, "uri");
    const isAll = mayMatchAll && uri === "" && match === "prefix";
    if (!isAll && !isPattern(uri, match, rules)) {
      yield own.problem(
        match === "exact" && isPattern(uri, "wildcard", rules)
          ? `must be a whole URI where match is not "prefix" or "wildcard", received ${JSON.stringify(uri)}`
          : strictly(match === "exact" ? "a URI" : `a pattern of match ${JSON.stringify(match)}`, uri),
      );
    }
    if (match === "exact" && uri.endsWith("*")) {
      yield own.problem(`must have no star: match is "prefix" or "wildcard" instead, received ${JSON.stringify(uri)}`);
    }
    const key = `${match} ${uri}`;
    if (seen.has(key)) yield own.problem(`must be new, received ${JSON.stringify(uri)} of match "${match}" again`);
    seen.add(key);
  }
}

function* checkRealmName(uri: string | undefined, place: ConfigPlace, config: RouterConfig): Generator<Problem> {
  const realms = config.realms.map((realm) => realm.uri);
  if (uri === undefined || realms.includes(uri)) return;
  yield place.problem(`must be one of the realms ${realms.join(", ")}, received ${JSON.stringify(uri)}`);
}

function* checkAuth(realm: RealmConfig, place: ConfigPlace, config: RouterConfig): Generator<Problem> {
  const names = config.transports.flatMap(({ name }) => name ?? []);
  const used = new Map<string, number>();
  for (const [index, method] of (realm.auth ?? []).entries()) {
    const own = place.at("auth", index);
    for (const [at, name] of (method.transports ?? []).entries()) {
      if (names.includes(name)) continue;
      const known = names.length === 0 ? "no transport has a name" : `the transports are called ${names.join(", ")}`;
      yield own.at("transports", at).problem(`must name a transport: ${known}, received ${JSON.stringify(name)}`);
    }
    yield* checkRepeated(method, index, own, used, config.transports);
    yield* checkMethod(method, own, config);
    if (realm.roles !== undefined) yield* checkRoles(method, own, realm.roles);
  }
}

/** A method may stand there several times, but not for one transport: which of them would be meant? */
function* checkRepeated(
  { method, transports }: AuthConfig,
  index: number,
  place: ConfigPlace,
  used: Map<string, number>,
  all: readonly TransportConfig[],
): Generator<Problem> {
  const indexes = all.flatMap(({ name }, at) =>
    transports === undefined || transports.includes(name ?? "") ? [at] : []
  );
  for (const at of indexes) {
    const key = `${method} ${at}`;
    const other = used.get(key);
    used.set(key, index);
    if (other === undefined || other === index) continue;
    return yield place.at("method").problem(
      `must be new for each transport, received ${JSON.stringify(method)} again for transports[${at}]`,
    );
  }
}

function* checkMethod(method: AuthConfig, place: ConfigPlace, config: RouterConfig): Generator<Problem> {
  if ("procedure" in method) {
    if ("role" in method) yield place.at("role").problem("cannot stand beside procedure, which decides about the role");
    return yield* checkRealmName(method.realm, place.at("realm"), config);
  }
  if ("realm" in method) yield place.at("realm").problem("cannot be given without procedure");
  if (method.method === "tls" && !config.transports.some(({ tls }) => tls?.clientCaCerts !== undefined)) {
    yield place.at("method").problem("needs a transport whose tls has clientCaCerts: no other asks for certificates");
  }
  if (method.method === "cryptosign") yield* checkKeys(method.principals, place.at("principals"));
  if (method.method !== "scram" && method.method !== "wamp-scram") return;
  for (const [authid, { kdf, memory = 0 }] of Object.entries(method.users)) {
    if (kdf !== "argon2id13" || memory !== 0) continue;
    yield place.at("users", authid).problem('must have memory where kdf is "argon2id13"');
  }
}

function* checkKeys(
  principals: Readonly<Record<string, { readonly keys: readonly string[] }>>,
  place: ConfigPlace,
): Generator<Problem> {
  for (const [authid, { keys }] of Object.entries(principals)) {
    for (const [index, key] of keys.entries()) {
      try {
        parsePublicKey(key);
      } catch {
        yield place.at(authid, "keys", index).problem(
          `must be a public key of Ed25519: hex of 32 bytes, PEM, or OpenSSH's line, received ${JSON.stringify(key)}`,
        );
      }
    }
  }
}

function* checkRoles(
  method: AuthConfig,
  place: ConfigPlace,
  roles: NonNullable<RealmConfig["roles"]>,
): Generator<Problem> {
  const names = Object.keys(roles);
  const problem = (at: ConfigPlace, role: string): Problem =>
    at.problem(`must be one of the realm's roles ${names.join(", ")}, received ${JSON.stringify(role)}`);
  if ("procedure" in method) return;
  if (method.method === "anonymous") {
    const { role = "anonymous" } = method;
    if (!names.includes(role)) yield problem(place.at("role"), role);
    return;
  }
  const store = "users" in method ? "users" : "principals";
  const entries: Readonly<Record<string, { readonly role: string }>> = "users" in method
    ? method.users
    : method.principals;
  for (const [authid, { role }] of Object.entries(entries)) {
    if (!names.includes(role)) yield problem(place.at(store, authid, "role"), role);
  }
}
