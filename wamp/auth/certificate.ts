/**
 * Authentication by the TLS client certificate of the transport, at a client (WAMP, TLS Certificate Authentication).
 *
 * @module
 */

import type { Authenticator } from "./authenticator.ts";

/**
 * Joins as the holder of a certificate: that of the option `tls` for joining. TLS has proved it already, so that the
 * method only says that this is meant.
 *
 * @returns What goes into `auth` of the options for joining.
 *
 * @example Use
 * ```ts
 * import { certificate } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * assert.equal(certificate().method, "tls");
 * // await join("wss://example.com/ws", { realm: "realm1", auth: [certificate()], tls: { cert, key } })
 * ```
 *
 * @public
 */
export function certificate(): Authenticator {
  return { method: "tls" };
}
