/**
 * Makes methods of authentication and authorizers of what a configuration says of them.
 *
 * @module
 */

import {
  acceptAnonymous,
  acceptCertificate,
  acceptCryptosign,
  acceptDynamic,
  acceptScram,
  acceptTicket,
  acceptWampcra,
  type AuthMethod,
} from "../wamp/auth/mod.ts";
import type { Authorization, AuthorizationRequest, Authorizer } from "../wamp/router/mod.ts";
import { bindMethods, type Listeners } from "./config_listeners.ts";
import type { ConfigPlace } from "./config.ts";
import type { AuthConfig, AuthorizerConfig, ConfigSecret, DynamicAuthConfig, RealmConfig } from "./config_types.ts";

/** Calls procedures within the router. @internal */
export interface ProcedureCaller {
  /** Calls one that authorizes. What it answers is not checked: the router does that. */
  authorize(realm: string, procedure: string, args: readonly unknown[]): Promise<Authorization>;
}

/** What methods and authorizers ask while the router runs. @internal */
export interface AuthContext {
  readonly listeners: Listeners;
  readonly procedures: ProcedureCaller;
}

/** Finds secrets. @internal */
export interface Secrets {
  /** The secret; its place is for messages. */
  read(secret: ConfigSecret, place: ConfigPlace): string;
}

/** The methods of a realm. @internal */
export function buildAuth(
  { auth = [] }: RealmConfig,
  place: ConfigPlace,
  secrets: Secrets,
  context: AuthContext,
): AuthMethod[] {
  const bound = auth.map((config, index) => {
    const { transports } = config;
    const own = place.at(index);
    return {
      method: "procedure" in config ? dynamicMethod(config, own, secrets) : staticMethod(config, own, secrets),
      transports,
    };
  });
  return bindMethods(bound, context.listeners);
}

function dynamicMethod(config: DynamicAuthConfig, place: ConfigPlace, secrets: Secrets): AuthMethod {
  const { method, procedure, realm } = config;
  const decoy = decoyOf(config.decoyKey, place, secrets);
  return acceptDynamic({ method, procedure, ...(realm !== undefined && { realm }), ...decoy });
}

function staticMethod(
  config: Exclude<AuthConfig, DynamicAuthConfig>,
  place: ConfigPlace,
  secrets: Secrets,
): AuthMethod {
  switch (config.method) {
    case "anonymous":
      return acceptAnonymous(config.role === undefined ? {} : { authrole: config.role });
    case "ticket":
      return acceptTicket({
        principals: mapEntries(config.principals, ({ ticket, role }, id) => ({
          ticket: secrets.read(ticket, place.at("principals", id, "ticket")),
          role,
        })),
      });
    case "wampcra":
      return acceptWampcra({
        ...decoyOf(config.decoyKey, place, secrets),
        users: mapEntries(config.users, ({ secret, ...user }, id) => ({
          ...user,
          secret: secrets.read(secret, place.at("users", id, "secret")),
        })),
      });
    case "wamp-scram":
    case "scram":
      return acceptScram({
        ...decoyOf(config.decoyKey, place, secrets),
        dialect: config.method === "scram" ? "autobahn" : "specification",
        users: mapEntries(config.users, ({ serverKey, ...user }, id) => ({
          ...user,
          serverKey: secrets.read(serverKey, place.at("users", id, "serverKey")),
        })),
      });
    case "cryptosign":
      return acceptCryptosign({ principals: config.principals });
    case "tls":
      return acceptCertificate({ principals: config.principals });
  }
}

function decoyOf(
  key: ConfigSecret | undefined,
  place: ConfigPlace,
  secrets: Secrets,
): { readonly decoyKey?: string } {
  return key === undefined ? {} : { decoyKey: secrets.read(key, place.at("decoyKey")) };
}

function mapEntries<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From, key: string) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}

/** What decides where no permission does: the procedure of the role, else that of the realm. @internal */
export function buildAuthorizer(realm: RealmConfig, { procedures }: AuthContext): Authorizer | undefined {
  const { roles = {}, authorizer, uri } = realm;
  const byRole = new Map<string, AuthorizerConfig | undefined>(
    Object.entries(roles).map(([name, role]) => [name, role.authorizer]),
  );
  if (authorizer === undefined && [...byRole.values()].every((own) => own === undefined)) return undefined;
  return async ({ session, uri: wanted, action, options }: AuthorizationRequest) => {
    const own = byRole.get(session.authrole) ?? authorizer;
    if (own === undefined) return false;
    return await procedures.authorize(own.realm ?? uri, own.procedure, [session, wanted, action, options]);
  };
}
