/**
 * The hostile inputs that are promised to do no harm, and what is promised: each row is tested against a real socket.
 *
 * P: a protocol failure. The close status is sent, the connection is closed within the close deadline, nothing of the
 * message reaches the application while earlier messages do, and the process lives on.
 *
 * @module
 */

/** One row. */
export interface HostileRow {
  /** What arrives. */
  readonly input: string;
  /** What happens. */
  readonly outcome: string;
  /** Tests of the row that stand elsewhere: a file below tests/ and a text within a test's name. */
  readonly elsewhere?: readonly (readonly [file: string, name: string])[];
}

const CLIENT = "hostile/client_handshake_test.ts";

/** All rows, by the name with which a test says which it is about. */
export const ROWS = {
  frame_bits: {
    input: "RSV set without extension, reserved opcode, stray or interleaved continuation",
    outcome: "P 1002",
  },
  control_frames: {
    input: "Fragmented or >125 B control frame, 1-byte close payload, invalid close code",
    outcome: "P 1002",
  },
  masks: { input: "Unmasked client frame, masked server frame", outcome: "P 1002" },
  lengths: { input: "Non-minimal length, top bit of a 64-bit length set", outcome: "P 1002" },
  too_long: {
    input: "Declared length over the limit or over 2^53-1",
    outcome: "P 1009 before anything is allocated",
  },
  utf8: {
    input: "Bad UTF-8, split anywhere, also in a close reason, also inside compressed text",
    outcome: "P 1007, at the first impossible byte",
  },
  bomb: {
    input: "Decompression bomb (1000:1), many compressed fragments",
    outcome: "P 1009; inflating stops at limit + one chunk",
    elsewhere: [["websocket/deflate_test.ts", "bomb"]],
  },
  corrupt_deflate: {
    input: "Corrupt deflate data; RSV1 on a continuation, on a control frame, or not negotiated",
    outcome: "P 1007; P 1002",
  },
  deflate_edges: {
    input: "BFINAL=1 block with more data behind it, empty compressed message, messages after context reset",
    outcome: "Decoded whole",
  },
  deflate_offers: {
    input: "Window bits 7, 16, leading zero, duplicated or unknown parameter, client_max_window_bits without value",
    outcome: "Server declines the offer (without value it is legal there); client fails the handshake",
    elsewhere: [[CLIENT, "wrong answer to its offer of permessage-deflate"]],
  },
  extension_names: {
    input: "Extension named constructor or __proto__; parameter so named",
    outcome: "Ignored as unknown; offer declined (RFC 7692 §7.1)",
  },
  fragments: {
    input: "1-byte fragments for ever; empty fragments for ever",
    outcome: "P 1009 at the message limit; P 1008 after 1,024 consecutive empty ones; memory stays bounded",
  },
  ping_flood: {
    input: "Ping flood while our pongs are not read",
    outcome: "Every ping is answered until unsent pongs exceed 64 KiB, then only the newest",
  },
  never_reads: {
    input: "A peer that never reads",
    outcome: "send() stalls; at the cap it rejects and closes; an empty buffer admits any one message",
  },
  slow: {
    input: "Head sent one byte a second; frame sent one byte a second",
    outcome: "Handshake deadline: 408 and close; message deadline (an option) or keepalive",
  },
  head_limits: {
    input: "Request target too long; too many headers, too long a line, head over the limit",
    outcome: "414; 431 and close",
  },
  long_lists: {
    input: "100 KB of commas and spaces in Sec-WebSocket-Protocol or -Extensions",
    outcome: "Linear time",
    elsewhere: [["websocket/headers_test.ts", "linear"], ["websocket/extension_test.ts", "linear"]],
  },
  bad_head: {
    input: "Bare LF, obs-fold, duplicate Key or Host, GET with a body (Content-Length: 0 is none)",
    outcome: "400",
  },
  version: { input: "Sec-WebSocket-Version other than 13", outcome: "426 with Sec-WebSocket-Version: 13" },
  same_segment: { input: "Frames in the same segment as the handshake", outcome: "Delivered, none lost" },
  bad_answers: {
    input: "Wrong Accept, missing Upgrade, unrequested subprotocol or extension, 200 instead of 101",
    outcome: "HandshakeError {status, headers, body up to 1 KiB}",
    elsewhere: [
      [CLIENT, "fails the handshake on every wrong answer"],
      [CLIENT, "at most 1 KiB of the body"],
      [CLIENT, "200 in place of 101"],
    ],
  },
  injection: {
    input: "CR, LF or NUL in a URL, header, subprotocol or redirect Location of ours",
    outcome: "TypeError before a byte is sent; of a server's own: 500",
  },
  redirect: {
    input: "Redirect",
    outcome: "Not followed unless asked; then credentials never cross origin or drop from wss to ws",
    elsewhere: [
      [CLIENT, "a redirect is not followed unless asked for"],
      [CLIENT, "no credentials cross to another origin"],
      [CLIENT, "a redirect from wss to ws is refused"],
    ],
  },
  origins: {
    input: "Cross-origin browser, evil-example.com against example.com, other port, null",
    outcome: "403; default ports are equal, the scheme is ignored, a missing Origin is allowed",
  },
  close_unanswered: {
    input: "Our close is never answered, or data keeps coming after it",
    outcome: "TCP closed at one total deadline",
  },
  close_races: {
    input: "Simultaneous close, close inside a fragmented message, RST",
    outcome: "closed settles once; 1006 where abnormal",
  },
  abort: {
    input: "Abort in every state",
    outcome: "No leaked operation, resource or timer",
    elsewhere: [[CLIENT, "an abort ends opening in every state"]],
  },
  masking_key: {
    input: "Masking key",
    outcome: "From a CSPRNG, fresh for each frame, none used twice",
    elsewhere: [["internal/masking_keys_test.ts", "maskingKeys"]],
  },
  mutation: {
    input: "The caller mutates a buffer after send()",
    outcome: "The peer gets the bytes as they were at send(); transfer detaches the buffer instead",
  },
  paused_reader: {
    input: "The reader pauses for longer than the keepalive timeout",
    outcome: "Not a dead peer: the pong deadline is suspended while we do not read, any received byte is life",
  },
  wamp_order: {
    input: "WAMP message before HELLO, second HELLO, message of the other role, unknown type, wrong arity",
    outcome: "ABORT protocol_violation, transport closed; after our GOODBYE everything but GOODBYE is ignored",
  },
  wamp_ids: {
    input: "Ids that are negative, fractional, zero or over 2^53",
    outcome: "ABORT protocol_violation; a float with an integral value is an integer",
  },
  wamp_request_ids: {
    input: "Request ids out of sequence",
    outcome: "tolerant: only one still open is refused; strict: ABORT",
  },
  wamp_malformed: {
    input: "Not an array, truncated, trailing bytes; invalid UTF-8 in JSON; frame type wrong for the subprotocol",
    outcome: "ABORT protocol_violation; P 1007; P 1003",
  },
  wamp_nesting: {
    input: "Nesting over 512 levels, a map or array header that declares 4 GB",
    outcome: "ABORT; no stack overflow, no allocation by the declared size",
  },
  wamp_keys: {
    input: "__proto__ or duplicate keys in args or kwargs; in Options or Details",
    outcome: "Forwarded untouched, no prototype touched; duplicates: ABORT",
  },
  wamp_reserved: {
    input: "REGISTER, or PUBLISH with acknowledge, under wamp. by an ordinary session",
    outcome: "ERROR invalid_uri; without acknowledge dropped; never forwarded. Trusted roles may",
  },
  wamp_forged: {
    input: "Forged caller, publisher or other details in options",
    outcome: "Ignored: details are rebuilt by the router",
  },
  wamp_answers: {
    input: "YIELD or ERROR for an id never issued to this session; for one finished, cancelled or timed out",
    outcome: "ABORT; discarded",
  },
  wamp_floods: {
    input: "Register or subscribe flood, open calls flood",
    outcome: "A cap for each session, ERROR beyond it",
  },
  wamp_vanishing: {
    input: "Caller vanishes in a call; callee vanishes",
    outcome: "INTERRUPT to a callee that announced canceling; wamp.error.canceled to the caller; tables empty",
  },
  wamp_slow: {
    input: "Subscriber that does not read",
    outcome: "The realm's slow-consumer policy, counted; others are not slowed",
    elsewhere: [["wamp/router/slow_consumer_test.ts", "disconnect: a slow session is ended"]],
  },
  wamp_denied: {
    input: "Wrong ticket, wrong signature, unknown authid",
    outcome: "ABORT authentication_denied by the same steps, the same for all",
  },
  wamp_challenge: { input: "Truncated or replayed challenge response", outcome: "The same" },
  wamp_rawsocket: {
    input: "RawSocket: bad magic, frame over the negotiated length; reserved bits, unsupported serializer, length",
    outcome: "Closed without reply; the error reply of the specification, closed",
  },
} as const satisfies Readonly<Record<string, HostileRow>>;

/** The name of a row. */
export type RowName = keyof typeof ROWS;
