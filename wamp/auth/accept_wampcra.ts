/**
 * Challenge-response authentication, at a router (WAMP, Challenge Response Authentication).
 *
 * @module
 */

import { type AuthEntry, type AuthMethod, principalOf } from "./accept.ts";
import { equalSecrets, randomBytes, toBase64, utf8 } from "./crypto.ts";
import { type AcceptOptions, type DecoyMaker, UserStore } from "./users.ts";
import { DEFAULT_ITERATIONS, DEFAULT_KEY_LENGTH, signChallenge } from "./wampcra.ts";

/**
 * What is kept of somebody who shares a secret.
 *
 * @public
 */
export interface WampcraEntry extends AuthEntry {
  /** What signs: the shared secret or, where there is a `salt`, what {@linkcode deriveSecret} made of the password. */
  readonly secret: string;
  /** The salt by which the secret was derived. @default {not salted} */
  readonly salt?: string;
  /** Rounds of PBKDF2. @default {1000} */
  readonly iterations?: number;
  /** Bytes of the derived key. @default {32} */
  readonly keylen?: number;
}

/** A salt like that of Crossbar.io's users. */
const USUAL: Partial<WampcraEntry> = { role: "user", salt: "0123456789abcdef" };

const makeDecoy: DecoyMaker<WampcraEntry> = async ({ role = "user", salt, iterations, keylen }, bytes) => ({
  secret: toBase64(await bytes("wampcra secret")),
  role,
  ...(salt !== undefined && { salt: toBase64(await bytes("wampcra salt")).slice(0, salt.length) }),
  ...(iterations !== undefined && { iterations }),
  ...(keylen !== undefined && { keylen }),
});

/**
 * Lets in who signs a challenge with a shared secret (WAMP, Challenge Response Authentication).
 *
 * @param options The users.
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
  const users = new UserStore(options, USUAL, makeDecoy);
  return {
    method: "wampcra",
    begin: async (request) => {
      const { authid = "", session } = request;
      const { entry, isKnown } = await users.find(authid, request);
      const { secret, salt, iterations = DEFAULT_ITERATIONS, keylen = DEFAULT_KEY_LENGTH } = entry;
      if (!secret) throw new TypeError("Cannot authenticate: the secret of an entry is empty");
      const principal = principalOf(entry, authid);
      const challenge = JSON.stringify({
        authid: principal.authid,
        authrole: principal.authrole,
        authmethod: "wampcra",
        authprovider: principal.authprovider ?? "static",
        nonce: toBase64(randomBytes(16)),
        timestamp: new Date().toISOString(),
        session,
      });
      return {
        challenge: { challenge, ...(salt !== undefined && { salt, iterations, keylen }) },
        verify: async (signature) => {
          const isEqual = await equalSecrets(utf8(await signChallenge(secret, challenge)), utf8(signature));
          return isEqual && isKnown ? principal : undefined;
        },
      };
    },
  };
}
