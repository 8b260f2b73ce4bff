/**
 * Methods by which a router authenticates without arithmetic of their own: anonymous, ticket, TLS certificate.
 *
 * @module
 */

import { randomId } from "../ids.ts";
import type { TransportInfo } from "../transports/transport.ts";
import { type AuthLookup, type AuthMethod, type JoinRequest, lookUp, type Principal } from "./accept.ts";
import { equalSecrets, randomBytes, utf8 } from "./crypto.ts";

/**
 * Lets anybody in.
 *
 * @param options `authrole`: the role they get. @default {"anonymous"}
 * @returns What goes into `auth` of a realm.
 *
 * @example Use
 * ```ts
 * import { acceptAnonymous } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * assert.equal(acceptAnonymous({ authrole: "guest" }).method, "anonymous");
 * ```
 *
 * @public
 */
export function acceptAnonymous(options: { readonly authrole?: string } = {}): AuthMethod {
  const { authrole = "anonymous" } = options;
  return {
    method: "anonymous",
    // Nobody has proved the id that the client asks for, so it gets one of its own.
    begin: () => ({ principal: { authid: randomId().toString(36), authrole } }),
  };
}

/**
 * What is kept of somebody who has a ticket.
 *
 * @public
 */
export interface TicketEntry {
  /** The ticket. */
  readonly ticket: string;
  /** The role. */
  readonly role: string;
}

/**
 * Choices for tickets.
 *
 * @public
 */
export interface AcceptTicketOptions {
  /** The tickets, by id. One of this and `verify`. */
  readonly principals?: AuthLookup<TicketEntry>;
  /** Judges a ticket itself: tokens that somebody else issues. `undefined` refuses. */
  readonly verify?: (
    authid: string,
    ticket: string,
    request: JoinRequest,
  ) => Principal | undefined | Promise<Principal | undefined>;
}

/**
 * Lets in who has a ticket (WAMP, Ticket-based Authentication).
 *
 * @param options The tickets.
 * @returns What goes into `auth` of a realm.
 *
 * @example Use
 * ```ts
 * import { acceptTicket } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * const method = acceptTicket({ principals: { joe: { ticket: "secret!!!", role: "user" } } });
 * assert.equal(method.method, "ticket");
 * ```
 *
 * @public
 */
export function acceptTicket(options: AcceptTicketOptions): AuthMethod {
  const { principals = {}, verify } = options;
  return {
    method: "ticket",
    begin: (request) => ({
      challenge: {},
      verify: async (ticket) => {
        const { authid = "" } = request;
        if (verify !== undefined) return await verify(authid, ticket, request);
        const entry = await lookUp(principals, authid, request);
        const expected = entry === undefined ? randomBytes(16) : utf8(entry.ticket);
        const isEqual = await equalSecrets(expected, utf8(ticket));
        return isEqual && entry !== undefined ? { authid, authrole: entry.role } : undefined;
      },
    }),
  };
}

/**
 * A verified client certificate.
 *
 * @public
 */
export type ClientCertificate = NonNullable<TransportInfo["peerCertificate"]>;

/**
 * What is kept of somebody who has a certificate.
 *
 * @public
 */
export interface CertificateEntry {
  /** The role. */
  readonly role: string;
  /** The id. @default {the common name} */
  readonly authid?: string;
}

/**
 * Lets in whose TLS certificate the listener has verified (WAMP, TLS Certificate Authentication).
 *
 * @param options `principals`: by the certificate's SHA-256 fingerprint or its common name, the fingerprint first, or a
 * function of the certificate.
 * @returns What goes into `auth` of a realm.
 *
 * @example Use
 * ```ts
 * import { acceptCertificate } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * const method = acceptCertificate({ principals: { "sensor-1": { role: "sensor" } } });
 * assert.equal(method.method, "tls");
 * ```
 *
 * @public
 */
export function acceptCertificate(
  options: {
    readonly principals:
      | Readonly<Record<string, CertificateEntry>>
      | ((certificate: ClientCertificate, request: JoinRequest) => CertificateEntry | undefined);
  },
): AuthMethod {
  const { principals } = options;
  const find = (certificate: ClientCertificate, request: JoinRequest): CertificateEntry | undefined => {
    if (typeof principals === "function") return principals(certificate, request);
    const key = [certificate.fingerprint256, certificate.commonName].find((name) => Object.hasOwn(principals, name));
    return key === undefined ? undefined : principals[key];
  };
  return {
    method: "tls",
    begin: (request) => {
      const certificate = request.transport.peerCertificate;
      const entry = certificate && find(certificate, request);
      if (certificate === undefined || entry === undefined) return undefined;
      return {
        principal: { authid: entry.authid ?? certificate.commonName, authrole: entry.role, authprovider: "tls" },
      };
    },
  };
}
