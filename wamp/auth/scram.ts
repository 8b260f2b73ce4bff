/**
 * Salted challenge-response authentication, at a client, and the arithmetic for both sides (WAMP, Salted Challenge
 * Response Authentication; RFC 5802; RFC 7677).
 *
 * @module
 */

import { equalBytes } from "../../internal/bytes.ts";
import type { Dict } from "../errors.ts";
import type { AuthAnswer, AuthChallenge, Authenticator } from "./authenticator.ts";
import { fromBase64, hmacSha256, pbkdf2, randomBytes, sha256, toBase64, utf8 } from "./crypto.ts";
import { saslprep } from "./saslprep.ts";

/**
 * The key derivation functions (WAMP-SCRAM, Key Derivation Functions).
 *
 * @public
 */
export type ScramKdf = "pbkdf2" | "argon2id13";

/**
 * Computes Argon2id, version 1.3, with a parallelism of 1 and 32 bytes of output: `iterations` rounds over `memory`
 * kibibytes. No runtime has it built in, so that the program brings its own.
 *
 * @public
 */
export type Argon2id = (
  input: {
    readonly password: Uint8Array<ArrayBuffer>;
    readonly salt: Uint8Array<ArrayBuffer>;
    readonly iterations: number;
    readonly memory: number;
  },
) => Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>;

/**
 * How the exchange is written: as in the specification, or as Autobahn|Python and Crossbar.io do it, which call the
 * method `scram` and the function `argon2id-13`, leave the channel binding empty, and take Argon2's output as base64
 * text.
 *
 * @public
 */
export type ScramDialect = "specification" | "autobahn";

/**
 * Who joins by SCRAM.
 *
 * @public
 */
export interface ScramOptions {
  /** Who we are. */
  readonly authid: string;
  /** The password. It never goes over the wire. */
  readonly password: string;
  /** Argon2id, where the router asks for it. @default {refuse} */
  readonly argon2id13?: Argon2id;
  /** The fewest rounds of PBKDF2 to accept: a rogue router would ask for few (RFC 7677 §4). @default {4096} */
  readonly minIterations?: number;
  /** How the exchange is written; Crossbar.io needs `autobahn`. @default {"specification"} */
  readonly dialect?: ScramDialect;
}

/**
 * A multiple of three, whose base64 has no padding: then what continues it begins with its text, whether a router puts
 * texts together as the specification does, or bytes as Crossbar.io does.
 */
const NONCE_BYTES = 18;
/** 18 bytes in base64. */
const NONCE_LENGTH = 24;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const MIN_ITERATIONS = 4096;
const MAX_ITERATIONS = 10_000_000;
const MAX_MEMORY = 4 << 20;
/** Joins under way at a time; beyond that the oldest is given up. */
const MAX_PENDING = 1 << 14;

/**
 * The nonces of joins that wait for a challenge. A HELLO has room for one: who offers both dialects can be challenged in
 * either.
 */
const pendingNonces = new Set<string>();

/**
 * The cost and salt of a user's keys.
 *
 * @public
 */
export interface ScramParameters {
  /** The key derivation function. */
  readonly kdf: ScramKdf;
  /** The salt, in base64. */
  readonly salt: string;
  /** Rounds. */
  readonly iterations: number;
  /** Kibibytes, for Argon2id. @default {0} */
  readonly memory?: number;
}

/**
 * What a router keeps of a user instead of a password.
 *
 * @public
 */
export interface ScramCredential extends ScramParameters {
  /** The digest of the client's key, in base64. */
  readonly storedKey: string;
  /** The key that proves the router to the client, in base64. */
  readonly serverKey: string;
}

/** The names of the method (WAMP-SCRAM, authmethod Type String). @internal */
export const SCRAM_METHOD: Readonly<Record<ScramDialect, string>> = { specification: "wamp-scram", autobahn: "scram" };

/** The name of Argon2id in a CHALLENGE. @internal */
export const ARGON2ID: Readonly<Record<ScramDialect, string>> = {
  specification: "argon2id13",
  autobahn: "argon2id-13",
};

/** What both sides have seen of an exchange. @internal */
export interface ScramExchange {
  readonly authid: string;
  readonly clientNonce: string;
  /** The nonce of the CHALLENGE, which begins with that of the client. */
  readonly nonce: string;
  readonly salt: string;
  readonly iterations: number;
}

/** The AuthMessage (WAMP-SCRAM, AuthMessage; RFC 5802 §3). Channel binding is not used: the runtime has no exporter. @internal */
export function authMessage(exchange: ScramExchange, dialect: ScramDialect): Uint8Array<ArrayBuffer> {
  const { authid, clientNonce, nonce, salt, iterations } = exchange;
  const name = saslprep(authid).replace(/[=,]/g, (character) => character === "=" ? "=3D" : "=2C");
  const binding = dialect === "autobahn" ? "" : toBase64(utf8("n,,"));
  return utf8(`n=${name},r=${clientNonce},r=${nonce},s=${salt},i=${iterations},c=${binding},r=${nonce}`);
}

/** The keys of a salted password. @internal */
export interface ScramKeys {
  readonly clientKey: Uint8Array<ArrayBuffer>;
  readonly storedKey: Uint8Array<ArrayBuffer>;
  readonly serverKey: Uint8Array<ArrayBuffer>;
}

/** Derives the keys of a password. @internal */
export async function deriveKeys(
  password: string,
  parameters: ScramParameters,
  options: { readonly argon2id13?: Argon2id | undefined; readonly dialect?: ScramDialect } = {},
): Promise<ScramKeys> {
  const salted = await saltPassword(utf8(saslprep(password)), parameters, options);
  const [clientKey, serverKey] = await Promise.all([
    hmacSha256(salted, utf8("Client Key")),
    hmacSha256(salted, utf8("Server Key")),
  ]);
  return { clientKey, storedKey: await sha256(clientKey), serverKey };
}

async function saltPassword(
  password: Uint8Array<ArrayBuffer>,
  { kdf, salt: text, iterations, memory = 0 }: ScramParameters,
  { argon2id13, dialect }: { readonly argon2id13?: Argon2id | undefined; readonly dialect?: ScramDialect },
): Promise<Uint8Array<ArrayBuffer>> {
  const salt = fromBase64(text);
  if (salt === undefined) throw new TypeError("Cannot derive keys: the salt is not base64");
  if (kdf === "pbkdf2") return await pbkdf2(password, salt, iterations, KEY_BYTES);
  if (argon2id13 === undefined) {
    throw new TypeError("Cannot derive keys: the router asks for argon2id13, and the option argon2id13 is not set");
  }
  const hash = await argon2id13({ password, salt, iterations, memory });
  // Their text is what argon2 prints, which has no padding.
  return dialect === "autobahn" ? utf8(toBase64(hash).replace(/=+$/, "")) : hash;
}

/** One array XOR another of the same length. @internal */
export function xorBytes(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(a, (byte, index) => byte ^ (b[index] ?? 0));
}

/**
 * Makes what a router keeps of a user, of a password.
 *
 * @param password The password.
 * @param parameters Cost and salt; `argon2id13` and `dialect` as in {@linkcode ScramOptions}.
 * @returns The credential, for the configuration of the router.
 * @throws {TypeError} The salt is not base64, or Argon2id is asked for and not given.
 *
 * @example Use
 * ```ts
 * import { scramCredential } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * const credential = await scramCredential("pencil", { salt: "W22ZaJ0SNY7soEsUEjb6gQ==", iterations: 4096 });
 * assert.equal(credential.storedKey, "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=");
 * ```
 *
 * @public
 */
export async function scramCredential(
  password: string,
  parameters: Partial<ScramParameters> & { readonly argon2id13?: Argon2id; readonly dialect?: ScramDialect } = {},
): Promise<ScramCredential> {
  const { kdf = "pbkdf2", salt = toBase64(randomBytes(SALT_BYTES)), iterations = MIN_ITERATIONS, memory = 0 } =
    parameters;
  const { storedKey, serverKey } = await deriveKeys(password, { kdf, salt, iterations, memory }, parameters);
  return { kdf, salt, iterations, memory, storedKey: toBase64(storedKey), serverKey: toBase64(serverKey) };
}

/**
 * Joins by SCRAM: neither side learns the password, and the router proves that it knows the user.
 *
 * @param options Who we are, and the password.
 * @returns What goes into `auth` of the options for joining.
 *
 * @example Use
 * ```ts
 * import { scram } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * const auth = scram({ authid: "user", password: "pencil" });
 * assert.equal(auth.method, "wamp-scram");
 * ```
 *
 * @public
 */
export function scram(options: ScramOptions): Authenticator {
  return new ScramAuthenticator(options);
}

class ScramAuthenticator implements Authenticator {
  readonly method: string;
  readonly authid: string;
  readonly #options: ScramOptions;
  readonly #dialect: ScramDialect;
  /** The signatures expected of routers, of joins that wait for a welcome. */
  readonly #expected = new Set<string>();

  constructor(options: ScramOptions) {
    this.authid = options.authid;
    this.#options = options;
    this.#dialect = options.dialect ?? "specification";
    this.method = SCRAM_METHOD[this.#dialect];
  }

  /** Each joining has a nonce of its own. */
  hello(): Readonly<Dict> {
    const nonce = toBase64(randomBytes(NONCE_BYTES));
    remember(pendingNonces, nonce);
    return { nonce, channel_binding: null };
  }

  async answer({ extra }: AuthChallenge): Promise<AuthAnswer> {
    const { nonce, parameters } = this.#checkChallenge(extra);
    const { authid, password, argon2id13 } = this.#options;
    const dialect = this.#dialect;
    const { salt, iterations } = parameters;
    const clientNonce = nonce.slice(0, NONCE_LENGTH);
    const keys = await deriveKeys(password, parameters, { argon2id13, dialect });
    const message = authMessage({ authid, clientNonce, nonce, salt, iterations }, dialect);
    remember(this.#expected, toBase64(await hmacSha256(keys.serverKey, message)));
    const proof = xorBytes(keys.clientKey, await hmacSha256(keys.storedKey, message));
    return { signature: toBase64(proof), extra: { nonce, channel_binding: null, cbind_data: null } };
  }

  #checkChallenge(extra: Readonly<Dict>): { nonce: string; parameters: ScramParameters } {
    const { nonce, salt, iterations, memory } = extra;
    const kdf = extra.kdf === ARGON2ID[this.#dialect] ? "argon2id13" : extra.kdf === "pbkdf2" ? "pbkdf2" : undefined;
    if (
      typeof nonce !== "string" || !pendingNonces.delete(nonce.slice(0, NONCE_LENGTH)) || nonce.length <= NONCE_LENGTH
    ) {
      throw new TypeError("Cannot answer wamp-scram: the nonce of the CHALLENGE does not continue ours");
    }
    if (typeof salt !== "string" || kdf === undefined) {
      throw new TypeError(`Cannot answer wamp-scram: the CHALLENGE has kdf ${String(extra.kdf)}, salt ${typeof salt}`);
    }
    const least = kdf === "pbkdf2" ? this.#options.minIterations ?? MIN_ITERATIONS : 1;
    const cost = { iterations: count(iterations, least, MAX_ITERATIONS), memory: count(memory ?? 0, 0, MAX_MEMORY) };
    return { nonce, parameters: { kdf, salt, ...cost } };
  }

  /** The router proves that it knows the user (RFC 5802 §3, ServerSignature). */
  verifyWelcome(details: Readonly<Dict>): void {
    const extra = (details.authextra ?? {}) as Readonly<Dict>;
    // The second name is what Crossbar.io sends.
    const verifier = extra.verifier ?? extra.scram_server_signature;
    if (typeof verifier !== "string" || !this.#expects(verifier.replace(/^v=/, ""))) {
      throw new TypeError("Cannot join by wamp-scram: the router does not prove that it knows the user");
    }
  }

  #expects(verifier: string): boolean {
    const bytes = utf8(verifier);
    for (const expected of this.#expected) {
      if (!equalBytes(utf8(expected), bytes)) continue;
      this.#expected.delete(expected);
      return true;
    }
    return false;
  }
}

function remember(set: Set<string>, value: string): void {
  set.add(value);
  for (const oldest of set) {
    if (set.size <= MAX_PENDING) break;
    set.delete(oldest);
  }
}

function count(value: unknown, least: number, most: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`Cannot answer wamp-scram: a cost is ${String(value)}, expected ${least} to ${most}`);
}
