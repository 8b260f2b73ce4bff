/**
 * A realm in which everybody may do everything, for tests that are not about who may do what.
 *
 * @module
 */

import type { RealmOptions } from "../../wamp/router/router_api.ts";

/** Ending and removing other sessions by the meta API is allowed too, which it is not without a word. */
export const OPEN_REALM: RealmOptions = {
  uri: "realm1",
  roles: {
    anonymous: {
      permissions: [
        { uri: "", match: "prefix", allow: { call: true, register: true, publish: true, subscribe: true } },
        { uri: "wamp.", match: "prefix", allow: { call: true, subscribe: true } },
      ],
    },
  },
};
