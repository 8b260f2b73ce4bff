/**
 * The router's configuration as a file holds it: the interfaces. Times are milliseconds, sizes bytes.
 *
 * @module
 */

import type {
  CompressionOptions,
  KeepaliveOptions,
  MatchPolicy,
  SerializerName,
  SlowConsumerPolicy,
  UriRules,
} from "../wamp/router/mod.ts";

/**
 * A text that should not stand in the file: itself, or where it is to be found. Files are looked for from the folder of
 * the configuration, and white space at their end is left out.
 *
 * @public
 */
export type ConfigSecret = string | { readonly env: string } | { readonly file: string };

/**
 * What `viaduct router --config` reads.
 *
 * @public
 */
export interface RouterConfig {
  /** Where the schema is found, for editors. */
  readonly $schema?: string;
  /** The realms. */
  readonly realms: readonly RealmConfig[];
  /** Where the router listens. */
  readonly transports: readonly TransportConfig[];
  /** How long a new transport may take to say HELLO, in milliseconds. @default {10_000} */
  readonly helloTimeout?: number;
  /** How long a session may take to answer GOODBYE, in milliseconds. @default {5_000} */
  readonly goodbyeTimeout?: number;
  /** How long a client may take to prove who it is, in milliseconds. @default {10_000} */
  readonly authTimeout?: number;
  /** How often clients of one remote address may fail to prove who they are within a minute. @default {any number} */
  readonly maxAuthFailures?: number;
  /** How long all sessions may take to leave when the router is stopped, in milliseconds. @default {5_000} */
  readonly drainTimeout?: number;
  /** What is written to standard error. */
  readonly logging?: LoggingConfig;
  /** Counts and times for Prometheus, and whether the router is alive and ready. @default {none} */
  readonly metrics?: MetricsConfig;
  /** The router's console, a web page. @default {none} */
  readonly console?: ConsoleConfig;
}

/**
 * A realm.
 *
 * @public
 */
export interface RealmConfig {
  /** Its URI. */
  readonly uri: string;
  /**
   * How sessions may join: the first method in the client's list that is here. By an empty list nobody may.
   * @default {everybody may, with the role `anonymous`}
   */
  readonly auth?: readonly AuthConfig[];
  /** What the sessions of each role may do; whoever has another role cannot join. @default {everything that is not reserved to the router} */
  readonly roles?: Readonly<Record<string, RoleConfig>>;
  /** Is asked where no permission of a role matches. */
  readonly authorizer?: AuthorizerConfig;
  /** Its limits. */
  readonly limits?: RealmLimitsConfig;
  /** What happens to a session that does not take its messages as fast as they come. @default {"disconnect"} */
  readonly slowConsumer?: SlowConsumerPolicy;
  /** How strictly URIs are checked. @default {"loose"} */
  readonly uriRules?: UriRules;
  /** Whether request ids must be in sequence, or only new. @default {"tolerant"} */
  readonly requestIds?: "tolerant" | "strict";
  /** Topics whose events are kept. */
  readonly eventStores?: readonly EventStoreConfig[];
}

/**
 * Limits of a realm.
 *
 * @public
 */
export interface RealmLimitsConfig {
  /** Sessions at a time. @default {any number} */
  readonly maxSessions?: number;
  /** Registrations of one session. @default {10_000} */
  readonly maxRegistrations?: number;
  /** Subscriptions of one session. @default {10_000} */
  readonly maxSubscriptions?: number;
  /** Calls of one session that are open at a time. @default {10_000} */
  readonly maxOpenCalls?: number;
  /** Bytes that wait for one session, beyond which it is a slow consumer. @default {4 MiB} */
  readonly maxSendBuffer?: number;
  /** Bytes that retained events may hold, beyond which the oldest go. @default {16 MiB} */
  readonly maxRetained?: number;
  /** Messages of one session each second. @default {any number} */
  readonly maxMessageRate?: number;
  /** The largest message of a session, in bytes. @default {what its transport takes} */
  readonly maxMessageSize?: number;
}

/**
 * Topics whose events are kept, in memory.
 *
 * @public
 */
export interface EventStoreConfig {
  /** The topic, or the pattern. */
  readonly uri: string;
  /** How `uri` is meant. @default {"exact"} */
  readonly match?: MatchPolicy;
  /** How many of the latest events are kept. */
  readonly limit: number;
  /** What they may hold, in bytes; the oldest go first. @default {16 MiB} */
  readonly maxBytes?: number;
}

/**
 * What the sessions of a role may do.
 *
 * @public
 */
export interface RoleConfig {
  /** What is allowed; the most specific that matches decides. @default {nothing} */
  readonly permissions?: readonly PermissionConfig[];
  /** Is asked where no permission matches, instead of the realm's. */
  readonly authorizer?: AuthorizerConfig;
}

/**
 * What is allowed on a URI.
 *
 * @public
 */
export interface PermissionConfig {
  /** The URI, or the pattern; the prefix `""` matches everything. */
  readonly uri: string;
  /** How `uri` is meant. @default {"exact"} */
  readonly match?: MatchPolicy;
  /** Which actions are allowed; those that are not there are not. */
  readonly allow: {
    readonly call?: boolean;
    readonly register?: boolean;
    readonly publish?: boolean;
    readonly subscribe?: boolean;
  };
  /** Whose identity is told to the other side whatever they ask for; false forbids to tell it. */
  readonly disclose?: { readonly caller?: boolean; readonly publisher?: boolean };
}

/**
 * A procedure that decides what is allowed.
 *
 * @public
 */
export interface AuthorizerConfig {
  /** The procedure. */
  readonly procedure: string;
  /** The realm in which it is registered. @default {the one where something is to be allowed} */
  readonly realm?: string;
}

/**
 * What every method of authentication has.
 *
 * @public
 */
export interface AuthMethodConfig {
  /** The names of the transports on which it may be used. @default {all} */
  readonly transports?: readonly string[];
}

/**
 * A method that a procedure decides.
 *
 * @public
 */
export interface DynamicAuthConfig extends AuthMethodConfig {
  /** The method. */
  readonly method: "anonymous" | "ticket" | "wampcra" | "wamp-scram" | "scram" | "cryptosign" | "tls";
  /** The procedure, called with the realm, the authid and details. */
  readonly procedure: string;
  /** The realm in which it is registered. @default {the one that is being joined} */
  readonly realm?: string;
  /** For `wampcra` and SCRAM: makes challenges for unknown ids the same after a restart. @default {random} */
  readonly decoyKey?: ConfigSecret;
}

/**
 * Lets in anybody.
 *
 * @public
 */
export interface AnonymousAuthConfig extends AuthMethodConfig {
  /** The method. */
  readonly method: "anonymous";
  /** The role that everybody gets. @default {"anonymous"} */
  readonly role?: string;
}

/**
 * Lets in who has a ticket.
 *
 * @public
 */
export interface TicketAuthConfig extends AuthMethodConfig {
  /** The method. */
  readonly method: "ticket";
  /** The tickets, by authid. */
  readonly principals: Readonly<Record<string, { readonly ticket: ConfigSecret; readonly role: string }>>;
}

/**
 * Lets in who shares a secret.
 *
 * @public
 */
export interface WampcraAuthConfig extends AuthMethodConfig {
  /** The method. */
  readonly method: "wampcra";
  /** The secrets, by authid: the secret itself or, where there is a salt, what was derived from the password. */
  readonly users: Readonly<
    Record<
      string,
      {
        readonly secret: ConfigSecret;
        readonly role: string;
        readonly salt?: string;
        readonly iterations?: number;
        readonly keylen?: number;
      }
    >
  >;
  /** Makes challenges for unknown ids the same after a restart. @default {random} */
  readonly decoyKey?: ConfigSecret;
}

/**
 * Lets in who has a password by SCRAM: `wamp-scram` as the specification has it, `scram` as Autobahn|Python and
 * Crossbar.io write it. Salt and keys are base64, the memory kibibytes.
 *
 * @public
 */
export interface ScramAuthConfig extends AuthMethodConfig {
  /** The method. */
  readonly method: "wamp-scram" | "scram";
  /** What is kept of the passwords, by authid. */
  readonly users: Readonly<
    Record<
      string,
      {
        readonly kdf: "pbkdf2" | "argon2id13";
        readonly salt: string;
        readonly iterations: number;
        readonly memory?: number;
        readonly storedKey: string;
        readonly serverKey: ConfigSecret;
        readonly role: string;
      }
    >
  >;
  /** Makes challenges for unknown ids the same after a restart. @default {random} */
  readonly decoyKey?: ConfigSecret;
}

/**
 * Lets in who has a key of Ed25519.
 *
 * @public
 */
export interface CryptosignAuthConfig extends AuthMethodConfig {
  /** The method. */
  readonly method: "cryptosign";
  /** The public keys, by authid: hex, PEM, or a line as OpenSSH keeps them. */
  readonly principals: Readonly<Record<string, { readonly keys: readonly string[]; readonly role: string }>>;
}

/**
 * Lets in who has a certificate that the listener has verified.
 *
 * @public
 */
export interface TlsAuthConfig extends AuthMethodConfig {
  /** The method. */
  readonly method: "tls";
  /** Roles by the certificate's SHA-256 fingerprint or its common name. */
  readonly principals: Readonly<Record<string, { readonly authid?: string; readonly role: string }>>;
}

/**
 * A method of authentication.
 *
 * @public
 */
export type AuthConfig =
  | AnonymousAuthConfig
  | TicketAuthConfig
  | WampcraAuthConfig
  | ScramAuthConfig
  | CryptosignAuthConfig
  | TlsAuthConfig
  | DynamicAuthConfig;

/**
 * What every listener has. It has a `port` or a `unix`.
 *
 * @public
 */
export interface ListenerConfig {
  /** A name, for `transports` of a method of authentication. */
  readonly name?: string;
  /** The TCP port; 0 takes a free one. */
  readonly port?: number;
  /** The address to bind. @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** The path of a Unix socket to listen on instead. */
  readonly unix?: string;
  /** Serve TLS on the port. */
  readonly tls?: TlsConfig;
  /** What is spoken. @default {all} */
  readonly serializers?: readonly SerializerName[];
  /** How a dead peer is found. @default {every 20 seconds for a WebSocket, never for a RawSocket} */
  readonly keepalive?: false | KeepaliveOptions;
  /** How long a client may take to open its transport, in milliseconds. @default {10_000} */
  readonly handshakeTimeout?: number;
  /** Its limits. */
  readonly limits?: {
    /** Connections at a time. @default {10_000} */
    readonly maxConnections?: number;
    /** The largest message accepted, in bytes. @default {16 MiB} */
    readonly maxMessage?: number;
  };
}

/**
 * A listener for WebSockets.
 *
 * @public
 */
export interface WebSocketTransportConfig extends ListenerConfig {
  /** Its type. */
  readonly type: "websocket";
  /** The path of the socket, or several. @default {"/ws"} */
  readonly path?: string | readonly string[];
  /** Which web pages may connect. @default {"same-origin"} */
  readonly origins?: "same-origin" | "any" | readonly string[];
  /** Whether permessage-deflate is agreed to, and how. @default {false} */
  readonly compression?: boolean | CompressionOptions;
}

/**
 * A listener for RawSockets.
 *
 * @public
 */
export interface RawSocketTransportConfig extends ListenerConfig {
  /** Its type. */
  readonly type: "rawsocket";
}

/**
 * Where the router listens, and for what.
 *
 * @public
 */
export type TransportConfig = WebSocketTransportConfig | RawSocketTransportConfig;

/**
 * The router's TLS identity, in PEM, and whom it asks for theirs.
 *
 * @public
 */
export interface TlsConfig {
  /** The certificate chain. */
  readonly cert: ConfigSecret;
  /** The private key. */
  readonly key: ConfigSecret;
  /** Ask clients for a certificate that one of these authorities signed. */
  readonly clientCaCerts?: readonly ConfigSecret[];
  /** Whether a client without such a certificate is turned away. @default {true} */
  readonly requireClientCert?: boolean;
}

/**
 * What is written to standard error.
 *
 * @public
 */
export interface LoggingConfig {
  /** The least important records that are written. @default {"info"} */
  readonly level?: "debug" | "info" | "warn" | "error" | "silent";
  /** How a record is written: for people, or as a line of JSON. @default {"text"} */
  readonly format?: "text" | "json";
}

/**
 * A page for Prometheus.
 *
 * @public
 */
export interface MetricsConfig {
  /** The TCP port; 0 takes a free one. */
  readonly port: number;
  /** The address to bind. @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** The path of the page. @default {"/metrics"} */
  readonly path?: string;
}

/**
 * The router's console.
 *
 * @public
 */
export interface ConsoleConfig {
  /** The TCP port; 0 takes a free one. */
  readonly port: number;
  /** The address to bind; one that other machines reach takes a `role`. @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** Who may use it: those who prove to have this role. @default {everybody on this machine} */
  readonly role?: string;
  /** The realm by whose methods of authentication they prove it. @default {the first one} */
  readonly realm?: string;
}
