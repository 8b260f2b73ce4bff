/**
 * Small configurations of the router, each with one place in it that a test is about.
 *
 * @module
 */

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** A public key. */
export const KEY = "545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122";
const STORED = "A".repeat(43) + "=";
/** What is kept of a password. */
export const SCRAM = {
  kdf: "pbkdf2",
  salt: "c2FsdA==",
  iterations: 4096,
  storedKey: STORED,
  serverKey: STORED,
  role: "user",
};
/** The smallest transport. */
export const PORT = { type: "websocket", port: 8080 };

/** The smallest configuration, with other members. */
export function config(members: Json = {}): Json {
  return { realms: [{ uri: "realm1" }], transports: [PORT], ...members };
}

/** A configuration whose realm has other members. */
export function realm(members: Json): Json {
  return config({ realms: [{ uri: "realm1", ...members }] });
}

/** A configuration whose realm lets in by these methods. */
export function auth(...methods: readonly Json[]): Json {
  return realm({ auth: methods });
}

/** A configuration whose transport has other members. */
export function transport(members: Json): Json {
  return config({ transports: [{ ...PORT, ...members }] });
}

/** A configuration with a permission that has other members. */
export function permission(members: Json): Json {
  return realm({ roles: { user: { permissions: [{ uri: "com.a", allow: {}, ...members }] } } });
}
