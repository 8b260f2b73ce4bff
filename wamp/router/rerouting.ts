/**
 * What is kept of a call so that another callee can take it over (WAMP, Call Re-Routing).
 * Sans-I/O.
 *
 * @module
 */

import type { Call, PassthruOptions } from "../messages.ts";
import { type Grant, passthruOf } from "./effects.ts";
import type { Endpoint, Invocation, Party, Rerouting } from "./invocation.ts";
import type { Registration } from "./registration.ts";

/** How often one call is passed on. No callee gets it twice, but new ones may come as fast as others refuse. */
const MAX_REROUTES = 1_000;
/** What the open calls of one session may hold for being passed on, in bytes; beyond it they are not passed on. */
const MAX_KEPT_BYTES = 16 << 20;
/** What keeping a call costs beside its payload. */
const KEPT_OVERHEAD = 256;

/**
 * What another callee needs of a call, where there is another and the first may pass it on. Nothing is kept of a call in
 * parts: those that the first callee had are gone.
 *
 * @internal
 */
export function keepForRerouting(
  caller: Party,
  message: Call,
  { endpoints }: Registration,
  { party }: Endpoint,
  now: number,
  grant: Grant,
): Rerouting | undefined {
  const { options, payload } = message;
  if (endpoints.length < 2 || !party.member.features.calleeReroute || options.progress === true) return undefined;
  // Options hold what their caller likes: only what the next callee may be told stays.
  const { timeout = 0, receive_progress, disclose_me } = options;
  const passthru = passthruOf(options);
  const size = payload.byteLength + sizeOf(passthru) + KEPT_OVERHEAD;
  if (caller.keptBytes + size > MAX_KEPT_BYTES) return undefined;
  const kept: Call["options"] = {
    ...passthru,
    timeout,
    ...(receive_progress !== undefined && { receive_progress }),
    ...(disclose_me !== undefined && { disclose_me }),
  };
  return {
    message: { ...message, options: kept, payload: payload.retain() },
    grant,
    size,
    deadline: timeout > 0 ? now + timeout : Infinity,
    tried: new Set(),
  };
}

function sizeOf(options: PassthruOptions | undefined): number {
  if (options === undefined) return 0;
  return Object.values(options).reduce<number>(
    (sum, value) => sum + (typeof value === "string" ? 2 * value.length : 0),
    0,
  );
}

/** Whether a callee's `wamp.error.unavailable` is for the dealer: it announced that, and nothing has come of the call yet. @internal */
export function asksForRerouting({ callee, isInterrupted, hasProgressed }: Invocation): boolean {
  return callee.member.features.calleeReroute && !isInterrupted && !hasProgressed;
}

/** Notes that a callee did not attend to a call. @returns What to try the next one with; `undefined`: enough is enough. @internal */
export function nextAttempt({ rerouting, endpoint }: Invocation): Rerouting | undefined {
  if (rerouting === undefined || rerouting.tried.size >= MAX_REROUTES) return undefined;
  rerouting.tried.add(endpoint);
  return rerouting;
}
