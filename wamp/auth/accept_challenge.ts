/**
 * Methods by which a router challenges: WAMP-CRA, SCRAM, Cryptosign.
 *
 * @module
 */

import { type AuthDialog, type AuthLookup, type AuthMethod, Decoy, type JoinRequest, lookUp } from "./accept.ts";
import { equalSecrets, fromBase64, fromHex, hmacSha256, randomBytes, sha256, toBase64, toHex, utf8 } from "./crypto.ts";
import { parsePublicKey, verifySignature } from "./keys.ts";
import { ARGON2ID, authMessage, SCRAM_METHOD, type ScramCredential, type ScramDialect, xorBytes } from "./scram.ts";
import { signChallenge } from "./wampcra.ts";

/**
 * What is kept of somebody who shares a secret.
 *
 * @public
 */
export interface WampcraEntry {
  /** What signs: the shared secret or, where there is a `salt`, what `deriveSecret()` made of the password. */
  readonly secret: string;
  /** The role. */
  readonly role: string;
  /** The salt by which the secret was derived. @default {not salted} */
  readonly salt?: string;
  /** Rounds of PBKDF2. @default {1000} */
  readonly iterations?: number;
  /** Bytes of the derived key. @default {32} */
  readonly keylen?: number;
}

/**
 * Choices for methods that challenge.
 *
 * @public
 */
export interface AcceptOptions<Entry> {
  /** The users, by id. */
  readonly users: AuthLookup<Entry>;
  /**
   * A secret that makes what unknown ids are challenged with the same after a restart, so that even then they cannot be
   * told from known ones. @default {random}
   */
  readonly decoyKey?: string;
  /** The roles that challenges for unknown ids name, where a function looks users up. @default {["user"]} */
  readonly decoyRoles?: readonly string[];
}

const DEFAULT_SALTING = { iterations: 1000, keylen: 32 };

/**
 * Lets in who signs a challenge with a shared secret (WAMP, Challenge Response Authentication).
 *
 * @param options The users; unknown ones are challenged with a salt if any known one is, or a function looks them up.
 * @returns What goes into `auth` of a realm.
 *
 * @example Use
 * ```ts
 * import { acceptWampcra } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * const method = acceptWampcra({ users: { peter: { secret: "secret1", role: "user" } } });
 * assert.equal(method.method, "wampcra");
 * ```
 *
 * @public
 */
export function acceptWampcra(options: AcceptOptions<WampcraEntry>): AuthMethod {
  const { users } = options;
  const decoy = new Decoy(options.decoyKey);
  const known = typeof users === "function" ? undefined : Object.values(users);
  const isSalted = known === undefined || known.some(({ salt }) => salt !== undefined);
  const roles = known?.map(({ role }) => role) ?? options.decoyRoles ?? ["user"];
  const unknown = async (authid: string): Promise<WampcraEntry> => {
    const bytes = await decoy.bytes(authid, "wampcra");
    const salt = toBase64(bytes.subarray(0, 12));
    return {
      secret: toBase64(bytes),
      role: roles[(bytes[31] ?? 0) % roles.length] ?? "user",
      ...(isSalted && { salt }),
    };
  };
  return {
    method: "wampcra",
    begin: async (request) => {
      const { authid = "", session } = request;
      const found = await lookUp(users, authid, request);
      // The decoy is made in any case, so that making it tells nothing.
      const decoyed = await unknown(authid);
      const { secret, role, salt, iterations, keylen } = { ...DEFAULT_SALTING, ...found ?? decoyed };
      const challenge = JSON.stringify({
        authid,
        authrole: role,
        authmethod: "wampcra",
        authprovider: "static",
        nonce: toBase64(randomBytes(16)),
        timestamp: new Date().toISOString(),
        session,
      });
      return {
        challenge: { challenge, ...(salt !== undefined && { salt, iterations, keylen }) },
        verify: async (signature) => {
          const isEqual = await equalSecrets(utf8(await signChallenge(secret, challenge)), utf8(signature));
          return isEqual && found !== undefined ? { authid, authrole: role } : undefined;
        },
      };
    },
  };
}

/**
 * What is kept of somebody who has a password by SCRAM.
 *
 * @public
 */
export interface ScramEntry extends ScramCredential {
  /** The role. */
  readonly role: string;
}

/**
 * Choices for SCRAM.
 *
 * @public
 */
export interface AcceptScramOptions extends AcceptOptions<ScramEntry> {
  /**
   * How the exchange is written. Autobahn|Python and Crossbar.io's other clients need `autobahn`, which is a method of
   * its own, `scram`: a realm may have both. With Argon2id, their credentials differ. @default {"specification"}
   */
  readonly dialect?: ScramDialect;
}

const DECOY_ITERATIONS = 4096;

/**
 * Lets in who proves a password by SCRAM, and proves to it that the router knows the user (WAMP, Salted Challenge
 * Response Authentication). Channel binding is not supported, since no runtime has the exporter for it.
 *
 * @param options The users, as {@linkcode scramCredential} makes them.
 * @returns What goes into `auth` of a realm.
 *
 * @example Use
 * ```ts
 * import { acceptScram, scramCredential } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * const credential = await scramCredential("pencil");
 * assert.equal(acceptScram({ users: { user: { ...credential, role: "user" } } }).method, "wamp-scram");
 * ```
 *
 * @public
 */
export function acceptScram(options: AcceptScramOptions): AuthMethod {
  const { users, dialect = "specification" } = options;
  const decoy = new Decoy(options.decoyKey);
  const unknown = async (authid: string): Promise<ScramEntry> => {
    const [salt, stored, server] = await Promise.all(
      ["scram salt", "scram stored", "scram server"].map((purpose) => decoy.bytes(authid, purpose)),
    );
    const keys = { storedKey: toBase64(stored ?? randomBytes(32)), serverKey: toBase64(server ?? randomBytes(32)) };
    const cost = typeof users === "function" ? undefined : Object.values(users)[0];
    const { kdf = "pbkdf2", iterations = DECOY_ITERATIONS, memory = 0 } = cost ?? {};
    return { kdf, iterations, memory, salt: toBase64((salt ?? randomBytes(16)).subarray(0, 16)), ...keys, role: "" };
  };
  return {
    method: SCRAM_METHOD[dialect],
    begin: async (request) => {
      const { authid = "", authextra } = request;
      const { nonce: clientNonce, channel_binding: binding = null } = authextra;
      if (typeof clientNonce !== "string" || fromBase64(clientNonce) === undefined || binding !== null) {
        return undefined;
      }
      const found = await lookUp(users, authid, request);
      const decoyed = await unknown(authid);
      const entry = found ?? decoyed;
      const nonce = clientNonce + toBase64(randomBytes(16));
      const { salt, kdf, iterations, memory = 0 } = entry;
      const cost = kdf === "pbkdf2" ? { kdf, memory: null } : { kdf: ARGON2ID[dialect], memory };
      const exchange = { authid, clientNonce, nonce, salt, iterations };
      return {
        challenge: { nonce, salt, iterations, ...cost },
        verify: async (signature, extra) => {
          const proof = fromBase64(signature) ?? new Uint8Array(0);
          const verifier = await checkProof(proof, entry, authMessage(exchange, dialect));
          // Autobahn|Python sends no nonce; what it signs has it.
          const { nonce: sent = dialect === "autobahn" ? nonce : undefined } = extra;
          const isFresh = sent === nonce && (extra.channel_binding ?? null) === null;
          if (verifier === undefined || found === undefined || !isFresh) return undefined;
          // The second name is what Autobahn|Python looks for.
          return { authid, authrole: found.role, authextra: { verifier, scram_server_signature: verifier } };
        },
      };
    },
  };
}

/** The router's signature, where the proof is right (RFC 5802 §3). */
async function checkProof(
  proof: Uint8Array<ArrayBuffer>,
  entry: ScramCredential,
  message: Uint8Array<ArrayBuffer>,
): Promise<string | undefined> {
  const [storedKey, serverKey] = [entry.storedKey, entry.serverKey].map((key) => fromBase64(key) ?? new Uint8Array(0));
  const signature = await hmacSha256(storedKey!, message);
  const recovered = await sha256(xorBytes(signature, proof));
  const verifier = toBase64(await hmacSha256(serverKey!, message));
  const isEqual = await equalSecrets(recovered, storedKey!);
  return isEqual && proof.length === signature.length ? verifier : undefined;
}

/**
 * What is kept of somebody who has keys.
 *
 * @public
 */
export interface CryptosignEntry {
  /** The public keys: hex, PEM, or a line as OpenSSH keeps them. */
  readonly keys: readonly string[];
  /** The role. */
  readonly role: string;
}

const CHALLENGE_BYTES = 32;
const SIGNATURE_BYTES = 64;

/**
 * Lets in who signs a random challenge with an Ed25519 key that is known (WAMP, Cryptosign-based Authentication). A
 * client that asks for channel binding is refused: no runtime has the exporter for it.
 *
 * @param options `principals`: the keys by id, or a function of the public key in hex, and of the id where the client
 * gives one.
 * @returns What goes into `auth` of a realm.
 * @throws {TypeError} A public key cannot be read.
 *
 * @example Use
 * ```ts
 * import { acceptCryptosign } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * const keys = ["545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122"];
 * assert.equal(acceptCryptosign({ principals: { "client01": { keys, role: "device" } } }).method, "cryptosign");
 * ```
 *
 * @public
 */
export function acceptCryptosign(
  options: { readonly principals: Readonly<Record<string, CryptosignEntry>> | CryptosignLookup },
): AuthMethod {
  const { principals } = options;
  const lookup = typeof principals === "function" ? principals : byKey(principals);
  return {
    method: "cryptosign",
    begin: async (request) => {
      const { pubkey, channel_binding: binding = null } = request.authextra;
      if (typeof pubkey !== "string" || fromHex(pubkey, CHALLENGE_BYTES) === undefined || binding !== null) {
        return undefined;
      }
      const publicKey = pubkey.toLowerCase();
      const found = await lookup(publicKey, request);
      return signedBy(publicKey, found);
    },
  };
}

/**
 * Finds who has a public key, given in hex.
 *
 * @public
 */
export type CryptosignLookup = (
  publicKey: string,
  request: JoinRequest,
) =>
  | { readonly authid: string; readonly role: string }
  | undefined
  | Promise<{ readonly authid: string; readonly role: string } | undefined>;

function byKey(principals: Readonly<Record<string, CryptosignEntry>>): CryptosignLookup {
  const owners = new Map<string, { readonly authid: string; readonly role: string }[]>();
  for (const [authid, { keys, role }] of Object.entries(principals)) {
    for (const key of keys.map(parsePublicKey)) owners.set(key, [...owners.get(key) ?? [], { authid, role }]);
  }
  // Where the client says who it is, the key must be that one's.
  return (publicKey, { authid }) =>
    owners.get(publicKey)?.find((owner) => authid === undefined || owner.authid === authid);
}

function signedBy(publicKey: string, found: { authid: string; role: string } | undefined): AuthDialog {
  const challenge = randomBytes(CHALLENGE_BYTES);
  return {
    challenge: { challenge: toHex(challenge), channel_binding: null },
    verify: async (text) => {
      // The signature, and what was signed: the challenge itself (WAMP-Cryptosign, Computing the Signature).
      const answer = fromHex(text, SIGNATURE_BYTES + CHALLENGE_BYTES) ?? new Uint8Array(SIGNATURE_BYTES);
      const isSigned = await verifySignature(publicKey, answer.slice(0, SIGNATURE_BYTES), challenge);
      const isChallenge = toHex(answer.subarray(SIGNATURE_BYTES)) === toHex(challenge);
      return isSigned && isChallenge && found !== undefined
        ? { authid: found.authid, authrole: found.role }
        : undefined;
    },
  };
}
