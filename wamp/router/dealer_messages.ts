/**
 * What the dealer sends: its messages as effects.
 * Sans-I/O.
 *
 * @module
 */

import type { Dict } from "../errors.ts";
import { type Call, type CancelMode, MESSAGE, type PassthruOptions } from "../messages.ts";
import type { Payload } from "../payload.ts";
import { type Grant, type Member, NOTHING, passthruOf, refusal, type SendEffect } from "./effects.ts";
import type { Endpoint, Invocation } from "./invocation.ts";
import type { RegistrationDetails } from "./registration.ts";

/** The Details of a progressive result. @internal */
export const PROGRESS: PassthruOptions = Object.freeze({ progress: true });

/** The timeout that the dealer watches, or 0: not where the callee said that it will (WAMP, Call Timeouts). @internal */
export function timeoutOf(options: Call["options"], endpoint: Endpoint): number {
  if (options.timeout === undefined) return 0;
  return endpoint.forwardTimeout && endpoint.party.member.features.calleeTimeout ? 0 : options.timeout;
}

/** The Details of an INVOCATION but for `progress`, built anew: nobody's word but the router's. @internal */
export function invocationDetails(
  caller: Member,
  options: Call["options"],
  procedure: string,
  registration: RegistrationDetails,
  endpoint: Endpoint,
  grant: Grant,
): PassthruOptions {
  const passthru = passthruOf(options);
  const isPattern = registration.match !== "exact";
  const { trustlevel, disclose } = grant;
  const isDisclosed = disclose ?? (endpoint.discloseCaller || options.disclose_me === true);
  const forwardsTimeout = endpoint.forwardTimeout && (options.timeout ?? 0) > 0;
  // To everybody: AutobahnJS streams without announcing canceling, and who cannot stream ignores it.
  const receivesProgress = options.receive_progress === true;
  const isPlain = !isPattern && !isDisclosed && !forwardsTimeout && !receivesProgress;
  if (isPlain && trustlevel === undefined) return passthru ?? NOTHING;
  const details: Dict = passthru ?? {};
  if (isPattern) details.procedure = procedure;
  if (receivesProgress) details.receive_progress = true;
  if (forwardsTimeout) details.timeout = options.timeout;
  if (trustlevel !== undefined) details.trustlevel = trustlevel;
  if (isDisclosed) {
    // WAMP, Caller Identification
    details.caller = caller.id;
    details.caller_authid = caller.authid;
    details.caller_authrole = caller.authrole;
  }
  return details;
}

/** An INVOCATION: the first of a call, or one that goes on with it. @internal */
export function invocationEffect(invocation: Invocation, progress: boolean, payload: Payload): SendEffect {
  const { callee, request, registration, details } = invocation;
  return {
    kind: "send",
    to: callee.member,
    message: {
      type: MESSAGE.INVOCATION,
      request,
      registration,
      details: progress ? { ...details, progress } : details,
      payload,
    },
  };
}

/** An INTERRUPT. @internal */
export function interrupt(invocation: Invocation, mode: CancelMode, reason: string): SendEffect {
  const { callee, request } = invocation;
  return { kind: "send", to: callee.member, message: { type: MESSAGE.INTERRUPT, request, options: { mode, reason } } };
}

/** The dealer's own ERROR for a CALL. @internal */
export function callError(caller: Member, request: number, error: string, text: string): SendEffect {
  return refusal(caller, MESSAGE.CALL, request, error, text);
}
