/**
 * Salted challenge-response authentication, at a router (WAMP, Salted Challenge Response Authentication).
 *
 * @module
 */

import type { Dict } from "../errors.ts";
import { type AuthDecision, type AuthEntry, type AuthMethod, type JoinRequest, principalOf } from "./accept.ts";
import { equalSecrets, fromBase64, hmacSha256, randomBytes, sha256, toBase64 } from "./crypto.ts";
import { saslprep } from "./saslprep.ts";
import {
  ARGON2ID,
  authMessage,
  SCRAM_METHOD,
  type ScramCredential,
  type ScramDialect,
  type ScramExchange,
  xorBytes,
} from "./scram.ts";
import { type AcceptOptions, type DecoyMaker, type FoundUser, UserStore } from "./users.ts";

/**
 * What is kept of somebody who has a password by SCRAM.
 *
 * @public
 */
export interface ScramEntry extends ScramCredential, AuthEntry {}

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

const NONCE_BYTES = 16;
const PROOF_BYTES = 32;
const SALT_BYTES = 16;
const NOTHING = new Uint8Array(0);

/** As {@linkcode scramCredential} makes them. */
const USUAL: Partial<ScramEntry> = { role: "user", kdf: "pbkdf2", iterations: 4096, memory: 0 };

const makeDecoy: DecoyMaker<ScramEntry> = async (likeness, bytes) => {
  const { role = "user", kdf = "pbkdf2", iterations = 4096, memory = 0, salt } = likeness;
  const length = salt === undefined ? SALT_BYTES : fromBase64(salt)?.length ?? SALT_BYTES;
  return {
    role,
    kdf,
    iterations,
    memory,
    salt: toBase64((await bytes("scram salt")).subarray(0, length)),
    storedKey: toBase64(await bytes("scram stored key")),
    serverKey: toBase64(await bytes("scram server key")),
  };
};

/**
 * Lets in who proves a password by SCRAM, and proves to it that the router knows the user (WAMP, Salted Challenge
 * Response Authentication). Channel binding is refused, since no runtime has the exporter for it.
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
  const { dialect = "specification" } = options;
  const users = new UserStore(options, USUAL, makeDecoy);
  return {
    method: SCRAM_METHOD[dialect],
    begin: async (request) => {
      const hello = readHello(request);
      if (typeof hello === "string") return { refusal: hello };
      const { authid } = hello;
      return authid === undefined
        ? undefined
        : challenge({ ...hello, authid }, await users.find(authid, request), dialect);
    },
  };
}

/** What the HELLO says, or what is wrong with it. No id: one that nobody can have. */
function readHello(
  { authid = "", authextra }: JoinRequest,
): { authid: string | undefined; clientNonce: string } | string {
  const { nonce, channel_binding: binding = null } = authextra;
  if (binding !== null) return "SCRAM is not bound to a channel here: channel_binding must be null";
  if (typeof nonce !== "string" || nonce === "" || fromBase64(nonce) === undefined) {
    return "SCRAM takes a nonce in base64 in authextra of the HELLO";
  }
  try {
    return { authid: saslprep(authid), clientNonce: nonce };
  } catch {
    return { authid: undefined, clientNonce: nonce };
  }
}

function challenge(
  { authid, clientNonce }: Pick<ScramExchange, "authid" | "clientNonce">,
  { entry, isKnown }: FoundUser<ScramEntry>,
  dialect: ScramDialect,
): AuthDecision {
  const { salt, kdf, iterations, memory = 0 } = entry;
  const nonce = clientNonce + toBase64(randomBytes(NONCE_BYTES));
  const message = authMessage({ authid, clientNonce, nonce, salt, iterations }, dialect);
  const cost = kdf === "pbkdf2" ? { kdf, memory: null } : { kdf: ARGON2ID[dialect], memory };
  return {
    challenge: { nonce, salt, iterations, ...cost },
    verify: async (signature, extra) => {
      const verifier = await checkProof(fromBase64(signature) ?? NOTHING, entry, message);
      if (verifier === undefined || !isKnown || !isBound(extra, nonce, dialect)) return undefined;
      const principal = principalOf(entry, authid);
      // The second name is what Autobahn|Python looks for.
      const proof = { verifier, scram_server_signature: verifier };
      return { ...principal, authextra: { ...principal.authextra, ...proof } };
    },
  };
}

/** Whether an answer is to this challenge. Autobahn|Python sends no nonce; what it signs has it. */
function isBound(extra: Readonly<Dict>, nonce: string, dialect: ScramDialect): boolean {
  const { nonce: sent = dialect === "autobahn" ? nonce : undefined, channel_binding: binding = null } = extra;
  return sent === nonce && binding === null;
}

/** The router's signature, where the proof is right (RFC 5802 §3). */
async function checkProof(
  proof: Uint8Array<ArrayBuffer>,
  entry: ScramCredential,
  message: Uint8Array<ArrayBuffer>,
): Promise<string | undefined> {
  const storedKey = fromBase64(entry.storedKey) ?? NOTHING;
  const serverKey = fromBase64(entry.serverKey) ?? NOTHING;
  const recovered = await sha256(xorBytes(await hmacSha256(storedKey, message), proof));
  const verifier = toBase64(await hmacSha256(serverKey, message));
  const isEqual = await equalSecrets(recovered, storedKey);
  return isEqual && proof.length === PROOF_BYTES ? verifier : undefined;
}
