/**
 * Features of the advanced profile: what our client announces, and how to read what the other side does
 * (WAMP, Feature Announcement).
 * Sans-I/O.
 *
 * @module
 */

import type { Roles } from "./messages.ts";

/** What each role of our client announces: only what works. */
const CLIENT_FEATURES: Readonly<Record<string, readonly string[]>> = {
  caller: [
    "call_canceling",
    "call_timeout",
    "caller_identification",
    "payload_passthru_mode",
    "progressive_call_invocations",
    "progressive_call_results",
  ],
  callee: [
    "call_canceling",
    "call_reroute",
    "call_timeout",
    "call_trustlevels",
    "caller_identification",
    "pattern_based_registration",
    "payload_passthru_mode",
    "progressive_call_invocations",
    "progressive_call_results",
    "registration_revocation",
    "shared_registration",
  ],
  publisher: [
    "payload_passthru_mode",
    "publisher_exclusion",
    "publisher_identification",
    "subscriber_blackwhite_listing",
  ],
  subscriber: [
    "pattern_based_subscription",
    "payload_passthru_mode",
    "publication_trustlevels",
    "publisher_identification",
    "subscription_revocation",
  ],
};

/** The roles of our client, as they stand in HELLO. @internal */
export const CLIENT_ROLES: Roles = Object.fromEntries(
  Object.entries(CLIENT_FEATURES).map(([role, names]) => {
    return [role, { features: Object.fromEntries(names.map((name) => [name, true])) }];
  }),
);

/** Other spellings of features. The specification has two of its own: `call_canceling` and `call_cancelling`. */
const ALIASES: Readonly<Record<string, string>> = { call_canceling: "call_cancelling" };

/**
 * Whether a role was announced with a feature, in any of its spellings.
 *
 * @internal
 */
export function hasFeature(roles: Roles | undefined, role: string, feature: string): boolean {
  if (roles === undefined || !Object.hasOwn(roles, role)) return false;
  const features = roles[role]?.features;
  if (features === undefined) return false;
  const alias = ALIASES[feature];
  return isSet(features, feature) || (alias !== undefined && isSet(features, alias));
}

function isSet(features: Readonly<Record<string, boolean>>, name: string): boolean {
  return Object.hasOwn(features, name) && features[name] === true;
}
