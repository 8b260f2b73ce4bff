/**
 * How a client authenticates itself: anonymous, ticket, WAMP-CRA, SCRAM, Cryptosign.
 *
 * @example Offer two methods, and let the router pick
 * ```ts
 * import { cryptosign, ticket } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * const privateKey = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
 * const auth = [cryptosign({ authid: "joe", privateKey }), ticket({ authid: "joe", ticket: "secret!!!" })];
 * assert.deepEqual(auth.map(({ method }) => method), ["cryptosign", "ticket"]);
 * // await join("wss://example.com/ws", { realm: "realm1", auth })
 * ```
 *
 * @module
 */

export { anonymous } from "./anonymous.ts";
export type { AuthAnswer, AuthChallenge, Authenticator } from "./authenticator.ts";
export { cryptosign, type CryptosignOptions } from "./cryptosign.ts";
export {
  type Argon2id,
  scram,
  type ScramCredential,
  scramCredential,
  type ScramDialect,
  type ScramKdf,
  type ScramOptions,
  type ScramParameters,
} from "./scram.ts";
export { ticket, type TicketOptions } from "./ticket.ts";
export { deriveSecret, wampcra, type WampcraOptions } from "./wampcra.ts";
