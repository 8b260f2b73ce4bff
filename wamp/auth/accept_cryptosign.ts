/**
 * Authentication by an Ed25519 key, at a router (WAMP, Cryptosign-based Authentication).
 *
 * @module
 */

import { equalBytes } from "../../internal/bytes.ts";
import { type AuthDialog, type AuthEntry, type AuthMethod, type JoinRequest, principalOf } from "./accept.ts";
import { fromHex, randomBytes, toHex } from "./crypto.ts";
import { parsePublicKey, verifySignature } from "./keys.ts";

/**
 * What is kept of somebody who has keys.
 *
 * @public
 */
export interface CryptosignEntry extends AuthEntry {
  /** The public keys: hex, PEM, or a line as OpenSSH keeps them. */
  readonly keys: readonly string[];
}

/**
 * Who has a key.
 *
 * @public
 */
export interface KeyOwner extends AuthEntry {
  /** Who it is. */
  readonly authid: string;
}

const KEY_BYTES = 32;
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
      if (binding !== null) {
        return { refusal: "Cryptosign is not bound to a channel here: channel_binding must be null" };
      }
      if (typeof pubkey !== "string" || fromHex(pubkey, KEY_BYTES) === undefined) {
        return { refusal: "Cryptosign takes a pubkey of 32 bytes in hex in authextra of the HELLO" };
      }
      const publicKey = pubkey.toLowerCase();
      return signedBy(publicKey, await lookup(publicKey, request));
    },
  };
}

/**
 * Finds who has a public key, given in hex.
 *
 * @param publicKey The key.
 * @param request Who asks to join; where it has an `authid`, the key must be that one's.
 * @returns Its owner; `undefined` refuses.
 *
 * @public
 */
export type CryptosignLookup = (
  publicKey: string,
  request: JoinRequest,
) => KeyOwner | undefined | Promise<KeyOwner | undefined>;

function byKey(principals: Readonly<Record<string, CryptosignEntry>>): CryptosignLookup {
  const owners = new Map<string, Map<string, KeyOwner>>();
  for (const [authid, { keys, ...entry }] of Object.entries(principals)) {
    for (const key of keys.map(parsePublicKey)) {
      const known = owners.get(key) ?? new Map<string, KeyOwner>();
      owners.set(key, known.set(authid, { authid, ...entry }));
    }
  }
  return (publicKey, { authid }) => {
    const known = owners.get(publicKey);
    if (authid !== undefined) return known?.get(authid);
    // Where several have one key, the client must say who it is.
    return known?.size === 1 ? known.values().next().value : undefined;
  };
}

function signedBy(publicKey: string, owner: KeyOwner | undefined): AuthDialog {
  const challenge = randomBytes(CHALLENGE_BYTES);
  return {
    challenge: { challenge: toHex(challenge), channel_binding: null },
    verify: async (text) => {
      // The signature, and what was signed: the challenge itself (WAMP-Cryptosign, Computing the Signature).
      const answer = fromHex(text, SIGNATURE_BYTES + CHALLENGE_BYTES) ?? new Uint8Array(SIGNATURE_BYTES);
      const isSigned = await verifySignature(publicKey, answer.slice(0, SIGNATURE_BYTES), challenge);
      const isChallenge = equalBytes(answer.subarray(SIGNATURE_BYTES), challenge);
      return isSigned && isChallenge && owner !== undefined ? principalOf(owner, owner.authid) : undefined;
    },
  };
}
