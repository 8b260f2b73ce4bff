/**
 * Authentication by a TLS client certificate, at a router (WAMP, TLS Certificate Authentication).
 *
 * @module
 */

import type { TransportInfo } from "../transports/transport.ts";
import { type AuthEntry, type AuthMethod, type JoinRequest, principalOf } from "./accept.ts";

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
export interface CertificateEntry extends AuthEntry {
  /** The id. @default {the common name} */
  readonly authid?: string;
  /** Who vouches for that. @default {"tls"} */
  readonly authprovider?: string;
}

/**
 * Finds whose a certificate is.
 *
 * @param certificate The certificate.
 * @param request Who asks to join.
 * @returns Its owner; `undefined` refuses.
 *
 * @public
 */
export type CertificateLookup = (
  certificate: ClientCertificate,
  request: JoinRequest,
) => CertificateEntry | undefined | Promise<CertificateEntry | undefined>;

/**
 * Choices for certificates.
 *
 * @public
 */
export interface AcceptCertificateOptions {
  /** Who may join: by the SHA-256 fingerprint or the common name, the fingerprint first, or a function. */
  readonly principals: Readonly<Record<string, CertificateEntry>> | CertificateLookup;
}

/**
 * Lets in whose TLS certificate the listener has verified (WAMP, TLS Certificate Authentication).
 *
 * @param options Whose certificates. The listener needs `tls.clientCaCerts`, or it asks nobody for one.
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
export function acceptCertificate(options: AcceptCertificateOptions): AuthMethod {
  const { principals } = options;
  const find = typeof principals === "function" ? principals : byName(principals);
  return {
    method: "tls",
    begin: async (request) => {
      const certificate = request.transport.peerCertificate;
      const entry = certificate && await find(certificate, request);
      if (certificate === undefined || entry === undefined) return undefined;
      const name = certificate.commonName === "" ? certificate.fingerprint256 : certificate.commonName;
      return { principal: principalOf({ authprovider: "tls", ...entry }, name) };
    },
  };
}

function byName(principals: Readonly<Record<string, CertificateEntry>>): CertificateLookup {
  return ({ fingerprint256, commonName }) => {
    const key = [fingerprint256, commonName].find((name) => Object.hasOwn(principals, name));
    return key === undefined ? undefined : principals[key];
  };
}
