/**
 * What the router announces in WELCOME (WAMP, Router: Role and Feature Announcement): only what works.
 * Sans-I/O.
 *
 * @module
 */

import type { RoleFeatures, Roles } from "../messages.ts";

function role(...features: readonly string[]): RoleFeatures {
  return Object.freeze({ features: Object.freeze(Object.fromEntries(features.map((name) => [name, true]))) });
}

/** The roles of every realm, one object for all sessions. @internal */
export const ROUTER_ROLES: Roles = Object.freeze({
  broker: role(
    "pattern_based_subscription",
    "publisher_exclusion",
    "publisher_identification",
    "session_meta_api",
    "subscriber_blackwhite_listing",
    "subscription_meta_api",
  ),
  dealer: role(
    "call_canceling",
    "call_timeout",
    "caller_identification",
    "pattern_based_registration",
    "progressive_call_invocations",
    "progressive_call_results",
    "registration_meta_api",
    "session_meta_api",
    "shared_registration",
  ),
});
