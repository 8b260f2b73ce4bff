/**
 * How a client authenticates itself, and how a router decides whom it lets in: anonymous, ticket, WAMP-CRA, SCRAM,
 * Cryptosign, TLS certificate.
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

export type { AuthDecision, AuthDialog, AuthLookup, AuthMethod, JoinRequest, Principal } from "./accept.ts";
export {
  acceptCryptosign,
  type AcceptOptions,
  acceptScram,
  type AcceptScramOptions,
  acceptWampcra,
  type CryptosignEntry,
  type CryptosignLookup,
  type ScramEntry,
  type WampcraEntry,
} from "./accept_challenge.ts";
export {
  acceptAnonymous,
  acceptCertificate,
  acceptTicket,
  type AcceptTicketOptions,
  type CertificateEntry,
  type ClientCertificate,
  type TicketEntry,
} from "./accept_methods.ts";
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
