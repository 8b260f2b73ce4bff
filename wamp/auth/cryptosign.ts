/**
 * Authentication by an Ed25519 key, at a client (WAMP, Cryptosign-based Authentication).
 *
 * @module
 */

import { concatBytes } from "../../internal/bytes.ts";
import type { Authenticator } from "./authenticator.ts";
import { fromHex, toHex } from "./crypto.ts";
import { importPrivateKey, type SigningKey } from "./keys.ts";

const CHALLENGE_BYTES = 32;

/**
 * Who joins by a key.
 *
 * @public
 */
export interface CryptosignOptions {
  /**
   * The private key: hex of the seed (32 bytes) or of seed and public key (64 bytes), PEM (PKCS #8), or OpenSSH's format
   * without a passphrase.
   */
  readonly privateKey: string;
  /** Who we are. @default {left to the router, which knows the key} */
  readonly authid?: string;
}

/**
 * Joins by signing a random challenge with a private key. Channel binding is not supported, since no runtime lets a
 * program export the keying material of its TLS: a router that insists on it is refused.
 *
 * @param options The key.
 * @returns What goes into `auth` of the options for joining.
 *
 * @example Use
 * ```ts
 * import { cryptosign } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * const privateKey = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
 * const auth = cryptosign({ authid: "client01@example.com", privateKey });
 * const answer = await auth.answer?.({ method: "cryptosign", extra: { challenge: "ff".repeat(32) } });
 * assert.equal(answer?.signature.length, 192);
 * ```
 *
 * @public
 */
export function cryptosign(options: CryptosignOptions): Authenticator {
  const { authid, privateKey } = options;
  let imported: Promise<SigningKey> | undefined;
  const key = (): Promise<SigningKey> => imported ??= importPrivateKey(privateKey);
  return {
    method: "cryptosign",
    ...(authid !== undefined && { authid }),
    hello: async () => ({ pubkey: (await key()).publicKey, channel_binding: null }),
    answer: async ({ extra }) => {
      const { challenge, channel_binding: binding = null } = extra;
      if (binding !== null) {
        throw new TypeError(`Cannot answer cryptosign: channel binding ${String(binding)} is not supported`);
      }
      const message = typeof challenge === "string" ? fromHex(challenge, CHALLENGE_BYTES) : undefined;
      if (message === undefined) {
        throw new TypeError("Cannot answer cryptosign: the challenge is not 32 bytes in hex");
      }
      return { signature: toHex(concatBytes([await (await key()).sign(message), message])) };
    },
  };
}
