import { TicketError } from "../../wamp/auth/ticket.ts";
import { JoinError, SessionClosedError, TransportLostError, WampProtocolError } from "../../wamp/errors.ts";
import { askedDelay, type Verdict, verdictOn } from "../../wamp/retry_policy.ts";
import { TransportError, type TransportErrorCode } from "../../wamp/transports/errors.ts";
import { HandshakeError } from "../../websocket/errors.ts";
import { assertEquals } from "../std.ts";

/** What a WebSocket transport throws where the server answered with a status. */
function refused(status: number, headers: Record<string, string> = {}): TransportError {
  const cause = new HandshakeError("unexpected_status", `HTTP ${status}`, { status, headers: new Headers(headers) });
  return new TransportError("refused", "Refused", { cause });
}

function broken(cause?: unknown, code: TransportErrorCode = "connection_lost"): TransportError {
  return new TransportError(code, "Failed", { cause });
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

const ROWS: readonly (readonly [string, Error, Verdict])[] = [
  ...[
    ...["authentication_failed", "authentication_denied", "authentication_required", "no_matching_auth_method"],
    ...["not_authorized", "authorization_failed", "authorization_denied", "authorization_required"],
    ...["no_such_principal", "no_such_realm", "no_such_role", "protocol_violation", "invalid_uri"],
    ...["invalid_argument", "feature_not_supported"],
  ].map((reason) => [`joining: ${reason}`, new JoinError(`wamp.error.${reason}`), "fatal"] as const),
  ["joining: somebody's own reason", new JoinError("com.example.banned"), "fatal"],
  ["joining: another reason of the protocol", new JoinError("wamp.error.something_new"), "retry"],
  ["joining: a name that objects have", new JoinError("constructor"), "fatal"],
  ...["system_shutdown", "goodbye_and_out", "close_realm", "killed", "normal"].flatMap((reason) => [
    [`joining: ${reason}`, new JoinError(`wamp.close.${reason}`), "retry"] as const,
    [`a session: ${reason}`, new SessionClosedError(`wamp.close.${reason}`, "Ended"), "retry"] as const,
  ]),
  ...["unavailable", "timeout", "canceled", "network_failure", "runtime_error"].map((reason) => {
    return [`joining: ${reason}`, new JoinError(`wamp.error.${reason}`), "retry"] as const;
  }),
  ["a session: not authorized any more", new SessionClosedError("wamp.error.not_authorized", "Ended"), "fatal"],
  ["a session: protocol violation", new SessionClosedError("wamp.error.protocol_violation", "Ended"), "fatal"],
  ["a session: somebody's own reason", new SessionClosedError("com.example.enough", "Ended"), "retry"],
  ["a message that breaks the protocol", new WampProtocolError("invalid_message", "Oops"), "fatal"],
  ["a ticket that cannot be fetched", joinFailure(new TicketError("No answer")), "retry"],
  ["an authenticator that fails", joinFailure(new Error("No key")), "fatal"],
  ["a lost transport", new TransportLostError("Lost", true), "retry"],
  ["joining took too long", new DOMException("Late", "TimeoutError"), "retry"],
  ["connection refused", broken(named("ConnectionRefused")), "retry"],
  ["connecting took too long", broken(undefined, "timeout"), "retry"],
  ["a refusal without a status", broken(undefined, "refused"), "retry"],
  ["no common serializer", broken(undefined, "no_serializer"), "next"],
  ["an untrusted certificate in Deno", broken(named("InvalidData")), "next"],
  ["an untrusted certificate in Node", broken(Object.assign(named("Error"), { code: "CERT_HAS_EXPIRED" })), "next"],
  [
    "one beneath a handshake",
    broken(new HandshakeError("connection_lost", "x", { cause: named("InvalidData") })),
    "next",
  ],
  ["another code of Node", broken(Object.assign(named("Error"), { code: "ECONNRESET" })), "retry"],
  ["a missing permission", named("NotCapable"), "next"],
  ...[500, 502, 503, 504, 429, 408, 425].map((status) => [`HTTP ${status}`, refused(status), "retry"] as const),
  ...[301, 400, 401, 403, 404, 407, 426].map((status) => [`HTTP ${status}`, refused(status), "next"] as const),
  ["HTTP 200", refused(200), "retry"],
  ["a mistake in the options", new TypeError("Wrong"), "fatal"],
  ["a number out of range", new RangeError("Wrong"), "fatal"],
  ["an address that is none", new SyntaxError("Wrong"), "fatal"],
  ["anything else", new Error("Oops"), "retry"],
];

function joinFailure(cause: Error): JoinError {
  return new JoinError("wamp.error.authentication_failed", {}, { cause });
}

for (const [what, cause, verdict] of ROWS) {
  Deno.test(`Retry policy: ${what}: ${verdict}`, () => assertEquals(verdictOn(cause), verdict));
}

Deno.test("Retry-After is read from the handshake's answer, of 429 and 503 only (RFC 9110 §10.2.3)", () => {
  const asked = (error: Error): number => askedDelay(error, () => Date.parse("2026-01-01T00:00:00Z"));
  assertEquals(asked(refused(503, { "retry-after": "7" })), 7_000);
  assertEquals(asked(refused(429, { "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT" })), 9_000);
  assertEquals(asked(refused(500, { "retry-after": "7" })), 0);
  assertEquals(asked(refused(503, { "retry-after": "99999999" })), 3_600_000);
  assertEquals(asked(refused(503, { "retry-after": "soon" })), 0);
  assertEquals(asked(new TransportLostError("Lost", true)), 0);
});

Deno.test("Causes that go round in a circle are looked at no longer than any", () => {
  const error = new Error("Round");
  error.cause = error;
  assertEquals(verdictOn(error), "retry");
});
