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

export type { AuthDecision, AuthDialog, AuthEntry, AuthMethod, JoinRequest, Principal } from "./accept.ts";
export { acceptAnonymous } from "./accept_anonymous.ts";
export {
  acceptCertificate,
  type AcceptCertificateOptions,
  type CertificateEntry,
  type CertificateLookup,
  type ClientCertificate,
} from "./accept_certificate.ts";
export { acceptCryptosign, type CryptosignEntry, type CryptosignLookup, type KeyOwner } from "./accept_cryptosign.ts";
export {
  acceptDynamic,
  type AcceptDynamicOptions,
  type DynamicAuthenticator,
  type DynamicDetails,
  type DynamicMethodName,
  type DynamicPrincipal,
} from "./accept_dynamic.ts";
export { acceptScram, type AcceptScramOptions, type ScramEntry } from "./accept_scram.ts";
export { acceptTicket, type AcceptTicketOptions, type TicketEntry } from "./accept_ticket.ts";
export { acceptWampcra, type WampcraEntry } from "./accept_wampcra.ts";
export { anonymous } from "./anonymous.ts";
export type { AuthAnswer, AuthChallenge, Authenticator } from "./authenticator.ts";
export { certificate } from "./certificate.ts";
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
export type { AcceptOptions, AuthLookup } from "./users.ts";
