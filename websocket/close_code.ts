/**
 * Close status codes (RFC 6455 §7.4). Sans-I/O.
 *
 * @module
 */

/**
 * The registered close status codes by name (RFC 6455 §7.4.1 and the IANA registry).
 *
 * @example Use
 * ```ts
 * import { CLOSE_CODE } from "@viaduct/viaduct/websocket";
 * import assert from "node:assert/strict";
 *
 * assert.equal(CLOSE_CODE.GOING_AWAY, 1001);
 * ```
 *
 * @public
 */
export const CLOSE_CODE: {
  readonly NORMAL: 1000;
  readonly GOING_AWAY: 1001;
  readonly PROTOCOL_ERROR: 1002;
  readonly UNSUPPORTED_DATA: 1003;
  readonly NO_STATUS: 1005;
  readonly ABNORMAL: 1006;
  readonly INVALID_PAYLOAD: 1007;
  readonly POLICY_VIOLATION: 1008;
  readonly MESSAGE_TOO_BIG: 1009;
  readonly MANDATORY_EXTENSION: 1010;
  readonly INTERNAL_ERROR: 1011;
  readonly SERVICE_RESTART: 1012;
  readonly TRY_AGAIN_LATER: 1013;
  readonly BAD_GATEWAY: 1014;
  readonly TLS_HANDSHAKE: 1015;
} = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  NO_STATUS: 1005,
  ABNORMAL: 1006,
  INVALID_PAYLOAD: 1007,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  MANDATORY_EXTENSION: 1010,
  INTERNAL_ERROR: 1011,
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
  BAD_GATEWAY: 1014,
  TLS_HANDSHAKE: 1015,
};

/**
 * Says whether a close status code may stand in a close frame: 1000 to 1003, 1007 to 1014 (RFC 6455 §7.4.1 and the
 * IANA registry) and 3000 to 4999 (§7.4.2).
 *
 * @internal
 */
export function isWireCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/** Codes after which iteration ends instead of throwing: normal, going away, and no status at all. @internal */
export function isNormalClosure(code: number): boolean {
  return code === CLOSE_CODE.NORMAL || code === CLOSE_CODE.GOING_AWAY || code === CLOSE_CODE.NO_STATUS;
}

/** The longest close reason, in bytes: a control frame's payload less the status code (RFC 6455 §5.5.1). @internal */
export const MAX_CLOSE_REASON = 123;

/**
 * Checks what a caller wants to put into a close frame.
 *
 * @throws {RangeError} The code is not allowed on the wire, or the reason is too long.
 *
 * @internal
 */
export function checkCloseArguments(code: number, reason: string): void {
  if (!isWireCloseCode(code)) {
    throw new RangeError(
      `Cannot send close frame: code must be 1000 to 1003, 1007 to 1014 or 3000 to 4999, received ${code}`,
    );
  }
  const length = encoder.encode(reason).length;
  if (length > MAX_CLOSE_REASON) {
    throw new RangeError(
      `Cannot send close frame: reason must be at most ${MAX_CLOSE_REASON} bytes, received ${length}`,
    );
  }
}

const encoder = new TextEncoder();

/**
 * Makes the payload of a close frame (RFC 6455 §5.5.1): nothing, where there is no code. A reason that is too long is
 * cut.
 *
 * @internal
 */
export function closePayload(code: number | undefined, reason: string): Uint8Array {
  if (code === undefined) return new Uint8Array(0);
  const payload = new Uint8Array(2 + MAX_CLOSE_REASON);
  payload[0] = code >>> 8;
  payload[1] = code & 0xff;
  // `encodeInto` never splits a character: a reason that is too long is cut at a boundary.
  const { written } = encoder.encodeInto(reason, payload.subarray(2));
  return payload.subarray(0, 2 + written);
}
