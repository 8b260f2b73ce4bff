/**
 * Joining without saying who one is, at a router.
 *
 * @module
 */

import { randomId } from "../ids.ts";
import type { AuthMethod } from "./accept.ts";

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
