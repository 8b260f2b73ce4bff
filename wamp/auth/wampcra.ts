/**
 * Challenge-response authentication, at a client and the signature for both sides (WAMP, Challenge Response
 * Authentication).
 *
 * @module
 */

import type { Dict } from "../errors.ts";
import type { AuthChallenge, Authenticator } from "./authenticator.ts";
import { hmacSha256, pbkdf2, toBase64, utf8 } from "./crypto.ts";

/** Rounds where a challenge with a salt does not say (as every peer takes them). @internal */
export const DEFAULT_ITERATIONS = 1000;
/** Bytes of the key, likewise. @internal */
export const DEFAULT_KEY_LENGTH = 32;

/** The most that a router may ask of us: beyond that it only wants to keep us busy. */
const MAX_ITERATIONS = 10_000_000;
const MAX_KEY_LENGTH = 1024;

/**
 * Who joins by challenge and response.
 *
 * @public
 */
export interface WampcraOptions {
  /** Who we are. */
  readonly authid: string;
  /** The shared secret: where the router salts, the password. It never goes over the wire. */
  readonly secret: string;
}

/**
 * Joins by signing a challenge with a shared secret.
 *
 * @param options Who we are, and the secret.
 * @returns What goes into `auth` of the options for joining.
 *
 * @example Use
 * ```ts
 * import { wampcra } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * const auth = wampcra({ authid: "peter", secret: "secret1" });
 * const answer = await auth.answer?.({ method: "wampcra", extra: { challenge: '{"session": 1}' } });
 * assert.equal(answer?.signature.length, 44);
 * ```
 *
 * @public
 */
export function wampcra(options: WampcraOptions): Authenticator {
  const { authid, secret } = options;
  return {
    method: "wampcra",
    authid,
    answer: async ({ extra }: AuthChallenge) => {
      const { challenge } = extra;
      if (typeof challenge !== "string") throw new TypeError("Cannot answer wampcra: the CHALLENGE has no challenge");
      return { signature: await signChallenge(await deriveKey(secret, extra), challenge) };
    },
  };
}

/** The key that signs: the secret, or what is derived from it where the challenge has a salt. */
async function deriveKey(secret: string, extra: Readonly<Dict>): Promise<string> {
  const { salt, iterations = DEFAULT_ITERATIONS, keylen = DEFAULT_KEY_LENGTH } = extra;
  if (typeof salt !== "string") return secret;
  if (!isCount(iterations, MAX_ITERATIONS) || !isCount(keylen, MAX_KEY_LENGTH)) {
    throw new RangeError(`Cannot answer wampcra: iterations is ${iterations} and keylen ${keylen}`);
  }
  return await deriveSecret(secret, salt, iterations, keylen);
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most;
}

/**
 * Derives the secret that a router keeps instead of a password.
 *
 * @param password The password.
 * @param salt The salt, as it stands in the challenge.
 * @param iterations Rounds of PBKDF2. @default {1000}
 * @param keyLength Bytes of the key. @default {32}
 * @returns The derived secret in base64, which signs in place of the password.
 *
 * @example Use
 * ```ts
 * import { deriveSecret } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * assert.equal((await deriveSecret("secret1", "salt123", 100, 16)).length, 24);
 * ```
 *
 * @public
 */
export async function deriveSecret(
  password: string,
  salt: string,
  iterations: number = DEFAULT_ITERATIONS,
  keyLength: number = DEFAULT_KEY_LENGTH,
): Promise<string> {
  return toBase64(await pbkdf2(utf8(password), utf8(salt), iterations, keyLength));
}

/** The signature of a challenge: HMAC-SHA-256 in base64. @internal */
export async function signChallenge(secret: string, challenge: string): Promise<string> {
  return toBase64(await hmacSha256(utf8(secret), utf8(challenge)));
}
