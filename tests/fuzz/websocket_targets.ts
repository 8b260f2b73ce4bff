/**
 * What is fuzzed of the WebSocket layer.
 *
 * @module
 */

import { isValidUtf8, Utf8Validator } from "../../internal/utf8.ts";
import { ProtocolError } from "../../websocket/errors.ts";
import { acceptDeflateOffer, parseExtensions, readDeflateParameters } from "../../websocket/extension.ts";
import { checkUpgradeResponse, classifyRequest } from "../../websocket/handshake.ts";
import {
  type HeadParser,
  HttpHeadError,
  packRequest,
  requestFromHead,
  RequestHeadParser,
  ResponseHeadParser,
  unpackRequest,
} from "../../websocket/http1.ts";
import { HandshakeError } from "../../websocket/errors.ts";
import type { HeaderList } from "../../websocket/headers.ts";
import { mask } from "../../websocket/mask.ts";
import { Protocol, type ProtocolEvent, type ProtocolOptions } from "../../websocket/protocol.ts";
import { cuttings, seededRandom } from "../cuts.ts";
import { assert, assertEquals, encodeHex } from "../std.ts";
import { hashOf, type Target } from "./fuzzing.ts";

const encoder = new TextEncoder();
const KEY = 0x37fa213d;
const TAKEOVER = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
/** Without context, messages are compressed at once, and what takes context takes those as well. */
const NO_TAKEOVER = { ...TAKEOVER, serverNoContextTakeover: true, clientNoContextTakeover: true };
const MAX_MESSAGE = 1 << 16;

/** An event in a line: all that a program sees of it. */
function describe(event: ProtocolEvent): string {
  switch (event.type) {
    case "message":
      return `message ${event.isText ? "text" : "binary"} ${encodeHex(event.data)}`;
    case "ping":
    case "pong":
      return `${event.type} ${encodeHex(event.data)}`;
    case "close":
      return `close ${event.code} ${event.reason}`;
    case "fail":
      assert(event.error instanceof ProtocolError, "A peer's mistake is a ProtocolError");
      return `fail ${event.error.code} ${event.error.closeCode}`;
    default:
      return event.type;
  }
}

/** What one side makes of bytes in pieces, and what it answers. */
function listen(options: ProtocolOptions, pieces: Iterable<Uint8Array>): [events: string[], answer: Uint8Array] {
  const protocol = new Protocol({ ...options, maxMessage: MAX_MESSAGE, nextMaskingKey: () => KEY });
  const events: string[] = [];
  const answers: Uint8Array[] = [];
  const takeOutput = (): void => {
    for (let output = protocol.takeOutput(); output !== undefined; output = protocol.takeOutput()) {
      answers.push(output.slice());
      protocol.outputWritten();
    }
  };
  for (const piece of pieces) {
    if (protocol.transport === "end") break;
    protocol.receive(piece, 0);
    for (let event = protocol.nextEvent(); event !== undefined; event = protocol.nextEvent()) {
      events.push(describe(event));
    }
    piece.fill(0xaa);
    takeOutput();
  }
  protocol.abort();
  return [events, new Uint8Array(answers.flatMap((answer) => [...answer]))];
}

/** Frames as one side writes them: text, binary, empty, fragmented, control frames between, and a close. */
function framesOf(options: ProtocolOptions): Uint8Array[] {
  const writing = (write: (protocol: Protocol) => void): Uint8Array => {
    const protocol = new Protocol({ ...options, nextMaskingKey: () => KEY });
    write(protocol);
    const bytes = protocol.takeOutput()?.slice() ?? new Uint8Array(0);
    protocol.abort();
    return bytes;
  };
  return [
    writing((protocol) => protocol.sendText("Hello, Wörld €")),
    writing((protocol) => protocol.send(Uint8Array.of(0, 1, 2, 255), false)),
    writing((protocol) => protocol.sendText("")),
    writing((protocol) => protocol.sendText("x".repeat(126))),
    writing((protocol) => protocol.send(new Uint8Array(70_000), false)),
    writing((protocol) => {
      const stream = protocol.openStream(true);
      protocol.sendFragment(stream, encoder.encode("frag"), false);
      protocol.sendPing(encoder.encode("?"));
      protocol.sendFragment(stream, encoder.encode("ment"), true);
    }),
    writing((protocol) => {
      protocol.sendPing(new Uint8Array(0));
      protocol.sendText("last");
      protocol.sendClose(1000, "done", 0);
    }),
    writing((protocol) => protocol.sendClose(undefined, "", 0)),
  ].filter((bytes) => bytes.length <= 4_096);
}

function protocolTarget(role: "client" | "server", isCompressed: boolean): Target {
  const deflate = isCompressed ? { deflate: TAKEOVER } : {};
  const options = { role, ...deflate };
  const other = { role: role === "client" ? "server" : "client", ...deflate } as const;
  const writer = { ...other, ...isCompressed && { deflate: NO_TAKEOVER } };
  return {
    name: `websocket ${role}${isCompressed ? ", compressed" : ""}`,
    promise: "however the bytes are cut, the same events; every answer is what the other side takes",
    seeds: framesOf(writer),
    check(input) {
      // Masked bytes are unmasked where they are.
      const [events, answer] = listen(options, [input.slice()]);
      for (const pieces of cuttings(input, hashOf(input))) {
        const [cut] = listen(options, pieces);
        assertEquals(cut, events, "the events when the bytes are cut");
      }
      const [heard] = listen(other, [answer]);
      assertEquals(heard.filter((event) => event.startsWith("fail")), [], "what the other side makes of the answer");
      return events.map((event) => event.replace(/(message \w+|ping|pong) .*/, "$1")).join();
    },
  };
}

/** What a parser makes of bytes in pieces: the head and how much is left behind it, or what is wrong. */
function parseHead<Head extends { readonly headers: HeaderList }>(
  parser: HeadParser<Head>,
  pieces: Iterable<Uint8Array>,
): Head | string {
  try {
    for (const piece of pieces) {
      const head = parser.push(piece);
      if (head !== undefined) return head;
    }
    return "incomplete";
  } catch (error) {
    assert(error instanceof HttpHeadError, `A peer's mistake must be a HttpHeadError, received ${error}`);
    return `${error.status} ${error.message}`;
  }
}

const REQUEST = [
  ["GET /chat?x=1 HTTP/1.1", "Host: example.com:8080", "Upgrade: websocket", "Connection: keep-alive, Upgrade"],
  ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "Origin: http://example.com"],
  ["Sec-WebSocket-Protocol: wamp.2.json, wamp.2.cbor"],
  ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x; a="b\\"c"', "", ""],
].flat().join("\r\n");

const RESPONSE = [
  ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"],
  ["Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Sec-WebSocket-Protocol: wamp.2.json"],
  ["Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10", "", ""],
].flat().join("\r\n");

const HEAD_TOKENS = [
  "\r\n",
  "\n",
  "\r",
  ": ",
  ",",
  ";",
  "=",
  '"',
  "\\",
  "\t",
  "\0",
  "é",
  "http://[::1]:80/",
  "websocket",
  "13",
]
  .map((token) => encoder.encode(token));

const REQUEST_TARGET: Target = {
  name: "http request",
  promise: "however the bytes are cut, the same head or HttpHeadError; a head is classified, and survives packing",
  seeds: [
    REQUEST,
    "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n",
    "HEAD /%7Ea HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
  ]
    .map((text) => encoder.encode(text)),
  tokens: HEAD_TOKENS,
  check(input) {
    const head = parseHead(new RequestHeadParser(), [input]);
    for (const pieces of cuttings(input, hashOf(input))) {
      const cut = parseHead(new RequestHeadParser(), pieces);
      assertEquals(plain(cut), plain(head), "the head when the bytes are cut");
    }
    if (typeof head === "string") return head.slice(0, 60);
    const decision = classifyRequest(head);
    if (decision.kind === "refused") return `refused ${decision.refusal.status} ${decision.refusal.body.slice(0, 40)}`;
    if (decision.kind === "upgrade") acceptDeflateOffer(decision.upgrade.extensions, {});
    const request = requestFromHead(head);
    const unpacked = unpackRequest(packRequest(head), false);
    assertEquals([unpacked.url, unpacked.method], [request.url, request.method]);
    assertEquals([...unpacked.headers], [...request.headers]);
    return decision.kind;
  },
};

const RESPONSE_TARGET: Target = {
  name: "http response",
  promise: "however the bytes are cut, the same head or HttpHeadError; what is no upgrade is a HandshakeError",
  seeds: [RESPONSE, "HTTP/1.1 503 Busy\r\nRetry-After: 5\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n"]
    .map((text) => encoder.encode(text)),
  tokens: HEAD_TOKENS,
  check(input) {
    const head = parseHead(new ResponseHeadParser(), [input]);
    for (const pieces of cuttings(input, hashOf(input))) {
      const cut = parseHead(new ResponseHeadParser(), pieces);
      assertEquals(plain(cut), plain(head), "the head when the bytes are cut");
    }
    if (typeof head === "string") return head.slice(0, 60);
    const sent = {
      url: new URL("ws://example.com/"),
      key: "dGhlIHNhbXBsZSBub25jZQ==",
      subprotocols: ["wamp.2.json"],
      compression: {},
    };
    try {
      return `accepted ${checkUpgradeResponse(head, sent).subprotocol}`;
    } catch (error) {
      assert(error instanceof HandshakeError, `A server's mistake must be a HandshakeError, received ${error}`);
      return error.message.slice(0, 40);
    }
  },
};

/** A head as values that can be compared. */
function plain(head: { readonly headers: HeaderList } | string): unknown {
  return typeof head === "string" ? head : { ...head, headers: [...head.headers] };
}

const EXTENSION_TARGET: Target = {
  name: "extensions",
  promise: "a header is a list of extensions or none; an offer is taken or declined, and nothing throws",
  seeds: [
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    'permessage-deflate; server_no_context_takeover; client_max_window_bits="12", x-webkit; a="b\\"c", y',
    "permessage-deflate; server_max_window_bits=8; client_no_context_takeover",
  ].map((text) => encoder.encode(text)),
  tokens: [
    ...HEAD_TOKENS,
    ...["permessage-deflate", "server_max_window_bits", "=15", '="9"'].map((t) => encoder.encode(t)),
  ],
  check(input) {
    const text = new TextDecoder("latin1").decode(input);
    const extensions = parseExtensions([text]);
    const accepted = acceptDeflateOffer([text], {});
    if (extensions === undefined) {
      assertEquals(accepted, undefined, "what breaks the grammar is not accepted");
      return "malformed";
    }
    const read = extensions.map((extension) => {
      const [offer, response] = [
        readDeflateParameters(extension, "offer"),
        readDeflateParameters(extension, "response"),
      ];
      return typeof offer === "string"
        ? offer.slice(0, 30)
        : `offer${typeof response === "string" ? "" : " and response"}`;
    });
    return `${accepted?.response} ${read.slice(0, 3)}`;
  },
};

const UTF8_TARGET: Target = {
  name: "utf-8",
  promise: "what the runtime's decoder takes, and nothing else, however the bytes are cut",
  seeds: ["κόσμε", "a€😀z", "\u{10ffff}\ud7ff\ue000", "x".repeat(200)].map((text) => encoder.encode(text)),
  tokens: [[0xed, 0xa0, 0x80], [0xf4, 0x90], [0xe0, 0x80], [0xf0, 0x8f], [0xc1], [0xff]].map((t) => Uint8Array.from(t)),
  check(input) {
    let isValid = true;
    try {
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(input);
    } catch {
      isValid = false;
    }
    assertEquals(isValidUtf8(input), isValid);
    for (const pieces of cuttings(input, hashOf(input))) {
      const validator = new Utf8Validator();
      const isPrefix = pieces.every((piece) => validator.push(piece, 0, piece.length));
      assertEquals(isPrefix && validator.complete, isValid, "in pieces");
    }
    return `${isValid} ${input.length}`;
  },
};

const MASK_TARGET: Target = {
  name: "masking",
  promise: "RFC 6455 §5.3, byte by byte, at every offset of buffer and key",
  seeds: [new Uint8Array(40), encoder.encode("masked ".repeat(20))],
  check(input) {
    const random = seededRandom(hashOf(input));
    const start = Math.floor(random() * (input.length + 1));
    const end = start + Math.floor(random() * (input.length - start + 1));
    const [key, offset] = [Math.floor(random() * 2 ** 32), Math.floor(random() * 8)];
    const expected = input.map((byte, index) => {
      const isInside = index >= start && index < end;
      return isInside ? byte ^ (key >>> (24 - 8 * ((index - start + offset) % 4))) : byte;
    });
    mask(input, start, end, key, offset);
    assertEquals(encodeHex(input), encodeHex(expected));
    return String(end - start);
  },
};

/** The targets of the WebSocket layer. */
export const WEBSOCKET_TARGETS: readonly Target[] = [
  protocolTarget("server", false),
  protocolTarget("client", false),
  protocolTarget("server", true),
  protocolTarget("client", true),
  REQUEST_TARGET,
  RESPONSE_TARGET,
  EXTENSION_TARGET,
  UTF8_TARGET,
  MASK_TARGET,
];
