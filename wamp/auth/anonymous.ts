/**
 * Joining without saying who one is.
 *
 * @module
 */

import type { Authenticator } from "./authenticator.ts";

/**
 * Joins without authentication: the router picks an authid and a role (WAMP, Authentication Methods).
 *
 * @param options `authid`: a name to ask for. @default {left to the router}
 * @returns What `join()` takes in its `auth`.
 *
 * @example Ask for a name
 * ```ts
 * import { anonymous } from "@viaduct/viaduct/wamp";
 * import assert from "node:assert/strict";
 *
 * const authenticator = anonymous({ authid: "guest" });
 * assert.equal(authenticator.method, "anonymous");
 * assert.equal(authenticator.authid, "guest");
 * ```
 *
 * @public
 */
export function anonymous(options: { readonly authid?: string } = {}): Authenticator {
  const { authid } = options;
  return { method: "anonymous", ...(authid !== undefined && { authid }) };
}
