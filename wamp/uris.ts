/**
 * URIs: the rules for them, and those that the specification names.
 * Sans-I/O.
 *
 * @module
 */

/**
 * The error URIs that the specification names (WAMP, Predefined URIs and the sections of the features).
 *
 * @public
 */
export const ERROR_URI = {
  INVALID_URI: "wamp.error.invalid_uri",
  NO_SUCH_PROCEDURE: "wamp.error.no_such_procedure",
  PROCEDURE_ALREADY_EXISTS: "wamp.error.procedure_already_exists",
  PROCEDURE_EXISTS_WITH_DIFFERENT_POLICY: "wamp.error.procedure_exists_with_different_invocation_policy",
  NO_SUCH_REGISTRATION: "wamp.error.no_such_registration",
  NO_SUCH_SUBSCRIPTION: "wamp.error.no_such_subscription",
  NO_SUCH_SESSION: "wamp.error.no_such_session",
  NO_SUCH_REALM: "wamp.error.no_such_realm",
  NO_SUCH_ROLE: "wamp.error.no_such_role",
  NO_SUCH_PRINCIPAL: "wamp.error.no_such_principal",
  INVALID_ARGUMENT: "wamp.error.invalid_argument",
  INVALID_PAYLOAD: "wamp.error.invalid_payload",
  PROTOCOL_VIOLATION: "wamp.error.protocol_violation",
  NOT_AUTHORIZED: "wamp.error.not_authorized",
  AUTHORIZATION_FAILED: "wamp.error.authorization_failed",
  AUTHENTICATION_FAILED: "wamp.error.authentication_failed",
  AUTHENTICATION_DENIED: "wamp.error.authentication_denied",
  AUTHENTICATION_REQUIRED: "wamp.error.authentication_required",
  NO_MATCHING_AUTH_METHOD: "wamp.error.no_matching_auth_method",
  CANCELED: "wamp.error.canceled",
  TIMEOUT: "wamp.error.timeout",
  UNAVAILABLE: "wamp.error.unavailable",
  NO_AVAILABLE_CALLEE: "wamp.error.no_available_callee",
  NO_ELIGIBLE_CALLEE: "wamp.error.no_eligible_callee",
  OPTION_NOT_ALLOWED: "wamp.error.option_not_allowed",
  OPTION_DISALLOWED_DISCLOSE_ME: "wamp.error.option_disallowed.disclose_me",
  DISCLOSE_ME_DISALLOWED: "wamp.error.disclose_me.disallowed",
  FEATURE_NOT_SUPPORTED: "wamp.error.feature_not_supported",
  NETWORK_FAILURE: "wamp.error.network_failure",
  PAYLOAD_SIZE_EXCEEDED: "wamp.error.payload_size_exceeded",
  /** What an exception without a URI becomes; the name that every peer uses. */
  RUNTIME_ERROR: "wamp.error.runtime_error",
} as const;

/**
 * The reasons of GOODBYE and ABORT that are no errors (WAMP, Session Close).
 *
 * @public
 */
export const CLOSE_URI = {
  NORMAL: "wamp.close.normal",
  GOODBYE_AND_OUT: "wamp.close.goodbye_and_out",
  CLOSE_REALM: "wamp.close.close_realm",
  SYSTEM_SHUTDOWN: "wamp.close.system_shutdown",
  KILLED: "wamp.close.killed",
} as const;

/**
 * How the URI of a subscription or registration is matched.
 *
 * @public
 */
export type MatchPolicy = "exact" | "prefix" | "wildcard";

/**
 * How strictly the components of URIs are checked (WAMP, Relaxed/Loose URIs, Strict URIs).
 *
 * @public
 */
export type UriRules = "loose" | "strict";

// A component: what may stand between two dots. The loose rule forbids whitespace, `.` and `#`.
const FULL: Record<UriRules, RegExp> = {
  loose: /^[^\s.#]+(?:\.[^\s.#]+)*$/u,
  strict: /^[0-9a-z_]+(?:\.[0-9a-z_]+)*$/,
};
const WITH_EMPTY: Record<UriRules, RegExp> = {
  // Without a group: nested repetition would take exponential time on a long component with a bad last character.
  loose: /^[^\s#]*$/u,
  strict: /^[0-9a-z_.]*$/,
};

/**
 * Whether `uri` names a topic, procedure, error or realm: no empty components.
 *
 * @internal
 */
export function isUri(uri: string, rules: UriRules = "loose"): boolean {
  return FULL[rules].test(uri);
}

/**
 * Whether `uri` can be the pattern of a subscription or registration. A prefix may end in a dot, and a wildcard
 * pattern may have empty components (WAMP, Pattern-based Subscriptions).
 *
 * @internal
 */
export function isPattern(uri: string, match: MatchPolicy, rules: UriRules = "loose"): boolean {
  return match === "exact" ? isUri(uri, rules) : uri.length > 0 && WITH_EMPTY[rules].test(uri);
}

/** Whether `uri` is reserved for the protocol: its first component is `wamp` (WAMP, Reserved URIs). @internal */
export function isReserved(uri: string): boolean {
  return uri.startsWith("wamp.") || uri === "wamp";
}
