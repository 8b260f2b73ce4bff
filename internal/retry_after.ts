/**
 * Whether a server that refuses may accept another time, and how long it asks to be left alone until then.
 *
 * @module
 */

/** The longest that a server can keep us waiting, in milliseconds: an hour. */
const MAX_RETRY_AFTER = 3_600_000;

/** What a server answered: as much of it as counts here. @internal */
export interface RefusedResponse {
  readonly status: number;
  readonly headers: Headers;
}

/** What may pass, of 4xx: a timeout (RFC 9110 §15.5.9), too early (RFC 8470 §5.2), too many (RFC 6585 §4). */
const PASSING: readonly number[] = [408, 425, 429];

/** Whether a refusal with this status, from 400 on, may pass by itself. @internal */
export function isPassingRefusal(status: number): boolean {
  return status >= 500 || PASSING.includes(status);
}

/**
 * Reads Retry-After of a response with status 429 or 503 (RFC 9110 §10.2.3).
 *
 * @param response What the server answered.
 * @param wallClock The time in milliseconds since 1970, for a date.
 * @returns Milliseconds, an hour at most; 0 where it does not apply.
 *
 * @internal
 */
export function retryAfter({ status, headers }: RefusedResponse, wallClock: () => number): number {
  if (status !== 429 && status !== 503) return 0;
  const value = headers.get("retry-after") ?? "";
  const wait = /^\d{1,10}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - wallClock();
  return Number.isNaN(wait) ? 0 : Math.min(Math.max(wait, 0), MAX_RETRY_AFTER);
}
