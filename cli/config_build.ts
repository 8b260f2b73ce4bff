/**
 * Makes of a configuration what the router takes.
 *
 * @module
 */

import type { RealmOptions, RouterOptions, ServeRouterOptions } from "../wamp/router/mod.ts";
import { type AuthContext, buildAuth, buildAuthorizer } from "./config_auth.ts";
import type { ConfigDocument, ConfigPlace } from "./config.ts";
import { SecretReader, type SecretSource } from "./config_secrets.ts";
import type { RealmConfig, RouterConfig, TransportConfig } from "./config_types.ts";

const DEFAULT_HOSTNAME = "127.0.0.1";

/** A transport, ready to be listened on. @internal */
export interface BuiltTransport {
  /** Its path in the file. */
  readonly path: string;
  /** The name, `""` where it has none. */
  readonly name: string;
  /** Where it listens: two configurations mean the same transport where this is the same. */
  readonly address: string;
  readonly options: ServeRouterOptions;
  /** Everything about it but its name: what it says cannot be changed while it listens. */
  readonly identity: string;
}

/** A realm, ready to be added. @internal */
export interface BuiltRealm {
  readonly options: RealmOptions;
  /** What can be changed while it runs, with its secrets; compared, never shown. */
  readonly identity: string;
  /** What cannot be changed while it runs. */
  readonly fixed: string;
}

/** What a configuration comes to. @internal */
export interface BuiltConfig {
  readonly config: RouterConfig;
  readonly router: RouterOptions;
  readonly realms: ReadonlyMap<string, BuiltRealm>;
  readonly transports: readonly BuiltTransport[];
}

/** What building needs. @internal */
export interface BuildContext extends AuthContext {
  readonly secrets: SecretSource;
}

/**
 * Builds it.
 *
 * @throws {ConfigError} A secret cannot be had, or is none.
 * @internal
 */
export function buildConfig(document: ConfigDocument, context: BuildContext): BuiltConfig {
  const { config, root } = document;
  const secrets = new SecretReader(context.secrets);
  const realms = new Map(
    config.realms.map((realm, index) =>
      [realm.uri, buildRealm(realm, root.at("realms", index), secrets, context)] as const
    ),
  );
  const transports = config.transports.map((one, index) => buildTransport(one, root.at("transports", index), secrets));
  if (secrets.problems.length > 0) throw document.fail(secrets.problems);
  const { helloTimeout, goodbyeTimeout, authTimeout, maxAuthFailures } = config;
  const router = present({ helloTimeout, goodbyeTimeout, authTimeout, maxAuthFailures });
  return { config, router, realms, transports };
}

/** An object without the members that are undefined. */
function present<Members extends object>(
  members: Members,
): { [Name in keyof Members]?: Exclude<Members[Name], undefined> } {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Members]?: Exclude<Members[Name], undefined> };
}

function buildRealm(
  realm: RealmConfig,
  place: ConfigPlace,
  secrets: SecretReader,
  context: BuildContext,
): BuiltRealm {
  const { uri, limits, slowConsumer, uriRules, requestIds, eventStores } = realm;
  const seen: string[] = [];
  const remembered = {
    read: (...args: Parameters<SecretReader["read"]>): string => {
      const secret = secrets.read(...args);
      seen.push(secret);
      return secret;
    },
  };
  const roles = realm.roles && Object.fromEntries(
    Object.entries(realm.roles).map(([name, { permissions = [] }]) => [name, { permissions }]),
  );
  const auth = realm.auth && buildAuth(realm, place.at("auth"), remembered, context);
  const authorize = buildAuthorizer(realm, context);
  const options = {
    uri,
    ...present({ slowConsumer, uriRules, requestIds, limits, eventStores, roles, auth, authorize }),
  };
  const fixed = { uriRules, requestIds, maxRetained: limits?.maxRetained };
  const { roles: permitted, auth: methods, authorizer } = realm;
  const changeable = { slowConsumer, limits, eventStores, permitted, methods, authorizer, seen };
  return { options, identity: JSON.stringify(changeable), fixed: JSON.stringify(fixed) };
}

function buildTransport(transport: TransportConfig, place: ConfigPlace, secrets: SecretReader): BuiltTransport {
  const { name = "", port, hostname = DEFAULT_HOSTNAME, unix, tls } = transport;
  const { serializers, keepalive, handshakeTimeout, limits } = transport;
  const secured = tls && secrets.tls(tls, place.at("tls"));
  const shared = present({ serializers, keepalive, handshakeTimeout, limits });
  const own = unix === undefined ? { ...present({ port, tls: secured }), hostname } : { unix };
  const options: ServeRouterOptions = transport.type === "rawsocket"
    ? { ...shared, rawsocket: own }
    : { ...shared, ...own, ...webSocketOptions(transport) };
  const address = unix === undefined ? `${transport.type} ${hostname}:${port}` : `${transport.type} ${unix}`;
  return { path: place.path, name, address, options, identity: JSON.stringify(options) };
}

function webSocketOptions({ path, origins, compression }: TransportConfig & { readonly type: "websocket" }): Pick<
  ServeRouterOptions,
  "path" | "origins" | "compression"
> {
  return present({ path, origins, compression });
}
