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

const BROKER = [
  "event_retention",
  "pattern_based_subscription",
  "payload_passthru_mode",
  "payload_transparency",
  "publication_trustlevels",
  "publisher_exclusion",
  "publisher_identification",
  "session_meta_api",
  "subscriber_blackwhite_listing",
  "subscription_meta_api",
  "subscription_revocation",
];

const DEALER = [
  "call_canceling",
  "call_reroute",
  "call_timeout",
  "call_trustlevels",
  "caller_identification",
  "pattern_based_registration",
  "payload_passthru_mode",
  "payload_transparency",
  "progressive_call_invocations",
  "progressive_call_results",
  "registration_meta_api",
  "registration_revocation",
  "session_meta_api",
  "shared_registration",
  "testament_meta_api",
];

/** The roles of a realm without event stores, one object for all sessions. @internal */
export const ROUTER_ROLES: Roles = Object.freeze({ broker: role(...BROKER), dealer: role(...DEALER) });

/** The roles of a realm with event stores. @internal */
export const HISTORY_ROLES: Roles = Object.freeze({
  broker: role("event_history", ...BROKER),
  dealer: ROUTER_ROLES.dealer ?? {},
});
