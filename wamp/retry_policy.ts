/**
 * Which failures another attempt may mend.
 *
 * @module
 */

import { isCertificateFailure } from "../internal/certificate_failure.ts";
import { isPassingRefusal, type RefusedResponse, retryAfter } from "../internal/retry_after.ts";
import { TicketError } from "./auth/ticket.ts";
import { JoinError, SessionClosedError, WampProtocolError } from "./errors.ts";
import { TransportError } from "./transports/errors.ts";
import { CLOSE_URI, ERROR_URI } from "./uris.ts";

/**
 * What follows from a failure: `retry`, another attempt after a while; `next`, no further attempt by this transport, but
 * by others; `fatal`, no further attempt.
 *
 * @internal
 */
export type Verdict = "retry" | "next" | "fatal";

/** What follows from the Reason of an ABORT or a GOODBYE, whenever it came. */
const VERDICT_OF_REASON: Readonly<Record<string, Verdict>> = {
  // Who we are, and what we may do: only somebody's doing changes that.
  [ERROR_URI.AUTHENTICATION_FAILED]: "fatal",
  [ERROR_URI.AUTHENTICATION_DENIED]: "fatal",
  [ERROR_URI.AUTHENTICATION_REQUIRED]: "fatal",
  [ERROR_URI.NO_MATCHING_AUTH_METHOD]: "fatal",
  [ERROR_URI.NO_SUCH_PRINCIPAL]: "fatal",
  [ERROR_URI.NOT_AUTHORIZED]: "fatal",
  [ERROR_URI.AUTHORIZATION_FAILED]: "fatal",
  "wamp.error.authorization_denied": "fatal",
  "wamp.error.authorization_required": "fatal",
  // What was asked for is not there, or is none.
  [ERROR_URI.NO_SUCH_REALM]: "fatal",
  [ERROR_URI.NO_SUCH_ROLE]: "fatal",
  [ERROR_URI.INVALID_URI]: "fatal",
  [ERROR_URI.INVALID_ARGUMENT]: "fatal",
  [ERROR_URI.FEATURE_NOT_SUPPORTED]: "fatal",
  // One side does not understand the other, and will not by and by.
  [ERROR_URI.PROTOCOL_VIOLATION]: "fatal",
  // The router goes away, is full, or failed; a realm that is closed may be opened again, and if it is not, joining says so.
  [CLOSE_URI.SYSTEM_SHUTDOWN]: "retry",
  [CLOSE_URI.GOODBYE_AND_OUT]: "retry",
  [CLOSE_URI.CLOSE_REALM]: "retry",
  [CLOSE_URI.NORMAL]: "retry",
  // Somebody ended this session, not the next: who is to stay away must be refused.
  [CLOSE_URI.KILLED]: "retry",
  [ERROR_URI.UNAVAILABLE]: "retry",
  [ERROR_URI.TIMEOUT]: "retry",
  [ERROR_URI.CANCELED]: "retry",
  [ERROR_URI.NETWORK_FAILURE]: "retry",
  [ERROR_URI.RUNTIME_ERROR]: "retry",
};

/** What follows from a failure to open a transport that has no cause that says more. */
const VERDICT_OF_TRANSPORT: Readonly<Record<TransportError["code"], Verdict>> = {
  connection_lost: "retry",
  timeout: "retry",
  refused: "retry",
  no_serializer: "next",
};

/** How many causes of an error are looked at. */
const MAX_CAUSES = 8;

/**
 * Says what follows from a failure.
 *
 * | failure | verdict |
 * | --- | --- |
 * | ABORT or GOODBYE with a reason of the table | as there |
 * | ABORT of the joining with any other `wamp.` reason | retry |
 * | ABORT of the joining with a reason of somebody's own: an authenticator's | fatal |
 * | GOODBYE or ABORT of a session with any other reason | retry |
 * | the function that fetches a ticket failed | retry |
 * | a message that breaks the protocol | fatal |
 * | a session's transport was lost, or joining took too long | retry |
 * | the handshake was answered with 408, 425, 429 or 5xx | retry |
 * | with any other status from 300 on | next |
 * | an untrusted certificate, a missing permission, no common serializer | next |
 * | any other failure of the network | retry |
 * | a mistake in the options (TypeError, RangeError, SyntaxError) | fatal |
 *
 * @param cause What ended a session or an attempt.
 * @returns What follows.
 *
 * @internal
 */
export function verdictOn(cause: Error): Verdict {
  if (cause instanceof JoinError) {
    if (cause.cause instanceof TicketError) return "retry";
    return verdictOnReason(cause.reason) ?? (cause.reason.startsWith("wamp.") ? "retry" : "fatal");
  }
  if (cause instanceof SessionClosedError) return verdictOnReason(cause.reason) ?? "retry";
  if (cause instanceof WampProtocolError) return "fatal";
  const known = causesOf(cause).map(verdictOnCause).find((verdict) => verdict !== undefined);
  if (known !== undefined) return known;
  if (cause instanceof TransportError) return VERDICT_OF_TRANSPORT[cause.code];
  return cause instanceof TypeError || cause instanceof RangeError || cause instanceof SyntaxError ? "fatal" : "retry";
}

/**
 * How long the server asked to be left alone, by Retry-After.
 *
 * @param cause What ended an attempt.
 * @param wallClock The time in milliseconds since 1970.
 * @returns Milliseconds; 0 where it did not ask.
 *
 * @internal
 */
export function askedDelay(cause: Error, wallClock: () => number): number {
  const response = causesOf(cause).find(isRefusedResponse);
  return response === undefined ? 0 : retryAfter(response, wallClock);
}

function verdictOnReason(reason: string): Verdict | undefined {
  return Object.hasOwn(VERDICT_OF_REASON, reason) ? VERDICT_OF_REASON[reason] : undefined;
}

/** An error and what caused it. */
function causesOf(error: Error): Error[] {
  const causes: Error[] = [];
  for (let at: unknown = error; at instanceof Error && causes.length < MAX_CAUSES; at = at.cause) causes.push(at);
  return causes;
}

/** What an error underneath says, if it says anything. */
function verdictOnCause(cause: Error): Verdict | undefined {
  if (isRefusedResponse(cause)) return verdictOnStatus(cause.status);
  return cause.name === "NotCapable" || isCertificateFailure(cause) ? "next" : undefined;
}

function verdictOnStatus(status: number): Verdict | undefined {
  if (status < 300) return undefined;
  return isPassingRefusal(status) ? "retry" : "next";
}

/** Whether it is what a WebSocket's handshake throws where the server answered, a `HandshakeError`. */
function isRefusedResponse(error: Error): error is Error & RefusedResponse {
  return "status" in error && typeof error.status === "number" && error.status > 0 && "headers" in error &&
    error.headers instanceof Headers;
}
