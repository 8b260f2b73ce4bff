/**
 * What is fuzzed of the WAMP layer: serializers, framing, the client's state machine, the router, names.
 *
 * @module
 */

import { BufferPool } from "../../internal/buffer_pool.ts";
import { saslprep } from "../../wamp/auth/saslprep.ts";
import { SerializationError, WampProtocolError } from "../../wamp/errors.ts";
import { MESSAGE, type Message } from "../../wamp/messages.ts";
import { messageName } from "../../wamp/message_table.ts";
import { Payload } from "../../wamp/payload.ts";
import { ClientPeer, type OpenInvocation, type PendingRequest } from "../../wamp/peer.ts";
import { JSON_FORMAT } from "../../wamp/serializers/json.ts";
import { cbor, json, msgpack, type Serializer, SERIALIZERS } from "../../wamp/serializers/mod.ts";
import { isPattern, isUri } from "../../wamp/uris.ts";
import { encodeFrame, FrameReader } from "../../wamp/transports/rawsocket_frame.ts";
import { cuttings } from "../cuts.ts";
import { assert, assertEquals, encodeHex } from "../std.ts";
import { ROLES, RouterFixture } from "../wamp/router/scripted_transport.ts";
import { hashOf, type Target } from "./fuzzing.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

const ARGS = Payload.of(["Wörld", 1, -1, 2.5, null, true, [2 ** 40, {}], Uint8Array.of(0, 255)], { key: { a: [] } });
const NUMBERS = Payload.of([255, 256, 65_536, 2 ** 32, -32, -33, -129, 2n ** 63n, -(2n ** 63n), 1e300, NaN]);

const SAMPLES: readonly Message[] = [
  { type: MESSAGE.HELLO, realm: "realm1", details: { roles: ROLES, authmethods: ["ticket"], authid: "joe" } },
  { type: MESSAGE.WELCOME, session: 2 ** 53, details: { roles: { broker: {}, dealer: {} } } },
  { type: MESSAGE.CALL, request: 1, options: { receive_progress: true }, procedure: "com.example.add", payload: ARGS },
  { type: MESSAGE.RESULT, request: 70_000, details: {}, payload: NUMBERS },
  {
    type: MESSAGE.ERROR,
    requestType: MESSAGE.CALL,
    request: 1,
    details: {},
    error: "com.example.error",
    payload: Payload.of(["x".repeat(300)]),
  },
  { type: MESSAGE.EVENT, subscription: 3, publication: 4, details: { topic: "com.example.tick" }, payload: ARGS },
  { type: MESSAGE.GOODBYE, details: { message: "€" }, reason: "wamp.close.normal" },
];

/** What a message says, its payload decoded. */
function plain(message: Message): unknown {
  if (!("payload" in message)) return message;
  const { payload, ...fields } = message;
  return { ...fields, args: payload.args, kwargs: payload.kwargs };
}

/** A value as a format can write it: without undefined, with no others than finite numbers in some, no -0 in JSON. */
function writable(value: unknown, { name }: Serializer): unknown {
  const hasAll = !/json/.test(name);
  const convert = (value: unknown): unknown => {
    if (value === undefined || (!hasAll && typeof value === "number" && !Number.isFinite(value))) return null;
    if (value === 0 && name.startsWith("json")) return 0;
    if (Array.isArray(value)) return value.map(convert);
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    // To fromEntries, `__proto__` is a member like others.
    return Object.fromEntries(members.map(([key, member]) => [key, convert(member)]));
  };
  return convert(value);
}

/** The messages in some bytes, their payloads kept; how it ended otherwise. */
function decode(serializer: Serializer, bytes: Uint8Array): { messages: Message[]; failure: string } {
  const messages: Message[] = [];
  try {
    serializer.decode(bytes, (message) => {
      if ("payload" in message) message.payload.retain();
      messages.push(message);
    });
    return { messages, failure: "" };
  } catch (error) {
    assert(error instanceof WampProtocolError, `A peer's mistake must be a WampProtocolError, received ${error}`);
    return { messages, failure: `${error.code} ${error.message.replace(/\d+/g, "n").slice(0, 40)}` };
  }
}

/** Writes a message once more, its payload from values. */
function again(serializer: Serializer, message: Message): Uint8Array<ArrayBuffer> | undefined {
  const isOpaque = "payload" in message && message.payload.isOpaque;
  const values = "payload" in message && !isOpaque
    ? { ...message, payload: Payload.of(message.payload.args, message.payload.kwargs) }
    : message;
  try {
    return serializer.encode(values).slice();
  } catch (error) {
    assert(error instanceof SerializationError, `What cannot be written is a SerializationError, received ${error}`);
    return undefined;
  }
}

function serializerTarget(serializer: Serializer): Target {
  return {
    name: `serializer ${serializer.name}`,
    promise: "messages or a WampProtocolError; what was read can be written, and reads the same; so in other formats",
    seeds: [
      ...SAMPLES.map((message) => serializer.encode(message).slice()),
      ...serializer.isBatched
        ? [new Uint8Array(SAMPLES.slice(0, 3).flatMap((message) => [...serializer.encode(message)]))]
        : [],
    ],
    tokens: serializer.isText
      ? ["[", "]", "{}", ",", '"\\u0000AAA="', "1e400", "-0", "\\ud800", '"__proto__":', "9007199254740993", "\x1e"]
        .map(bytesOf)
      : [[0xc1], [0xd9, 0xff], [0xdc, 0xff, 0xff], [0x9f], [0xff], [0x5f], [0xfb], [0xc4, 0x05], [
        0xdf,
        0xff,
        0xff,
        0xff,
      ]]
        .map((token) => Uint8Array.from(token)),
    check(input) {
      const { messages, failure } = decode(serializer, input);
      for (const message of messages) {
        const written = again(serializer, message);
        if (written === undefined) continue;
        const [read, ...others] = decode(serializer, written).messages;
        assert(read !== undefined && others.length === 0, "One message reads as one");
        assertEquals(plain(read), writable(plain(message), serializer), "what is read of what was written");
        for (const other of [json, msgpack, cbor]) {
          const converted = forward(other, message);
          if (converted !== undefined) assertEquals(decode(other, converted).failure, "", `converted to ${other.name}`);
        }
      }
      return `${messages.map(({ type }) => messageName(type))} ${failure}`;
    },
  };
}

/** A message as a router passes it on. */
function forward(serializer: Serializer, message: Message): Uint8Array<ArrayBuffer> | undefined {
  try {
    return serializer.encode(message).slice();
  } catch (error) {
    assert(error instanceof SerializationError, `What cannot be converted is a SerializationError, received ${error}`);
    return undefined;
  }
}

/** The elements of a JSON list as every reader sees them; `undefined` where it is none. */
function parseJson(bytes: Uint8Array): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What our reader makes of them, having walked over them first; why it refuses them. */
function readJson(bytes: Uint8Array): unknown[] | string {
  const reader = JSON_FORMAT.createReader();
  const readAll = (take: () => unknown): unknown[] => {
    const values: unknown[] = [];
    reader.reset(bytes, 0, bytes.length);
    reader.enterList();
    while (reader.next()) values.push(take());
    reader.expectEnd();
    return values;
  };
  try {
    const { length } = readAll(() => reader.skip());
    const values = readAll(() => reader.readValue());
    assertEquals(values.length, length, "walked over as many as read");
    return values;
  } catch (error) {
    assert(error instanceof WampProtocolError, `A peer's mistake must be a WampProtocolError, received ${error}`);
    return error.message;
  }
}

/** Whether values differ by design: integers that a number cannot hold, and strings that stand for bytes. */
function isOurOwn(text: string): boolean {
  return /\d{16}/.test(text) || /"\\u0000/.test(text);
}

const JSON_TARGET: Target = {
  name: "json values",
  promise: "what JSON.parse takes, and nothing else, with the same values",
  seeds: [
    '[{"a":[1,-2.5e3,"x\\n\\u20ac😀",true,null,{}],"":0.1}]',
    "[[[[]]]]",
    '["\\ud83d\\ude00"]',
    "[ 1 , 2]",
    '[{"a":1,"a":2}]',
  ]
    .map(bytesOf),
  tokens: ["\\", "\\u", '"', "e+", ".5", "-", "00", "\t", "\u2028", "true", '"__proto__":1', "[[[[[[[["].map(bytesOf),
  check(input) {
    const [theirs, ours] = [parseJson(input), readJson(input)];
    if (typeof ours === "string") {
      assert(
        theirs === undefined || /depth|nest|deep|surrogate/i.test(ours),
        `Refused, and JSON.parse takes it: ${ours}`,
      );
      return ours.replace(/\d+/g, "n").slice(0, 40);
    }
    assert(theirs !== undefined, "Taken, and JSON.parse refuses it");
    if (!isOurOwn(decoder.decode(input))) assertEquals(ours, theirs);
    return ours.map((value) => typeof value).join();
  },
};

const FRAME_TARGET: Target = {
  name: "rawsocket frames",
  promise: "however the bytes are cut, the same frames or a WampProtocolError",
  seeds: [
    encodeFrame(bytesOf("[1]")),
    encodeFrame(new Uint8Array(300)),
    Uint8Array.of(1, 0, 0, 2, 7, 7, 2, 0, 0, 0, 0, 0, 0, 0),
  ],
  check(input) {
    const read = (pieces: Iterable<Uint8Array>): string[] => {
      const reader = new FrameReader(new BufferPool(), 1_024);
      const found: string[] = [];
      try {
        for (const piece of pieces) {
          reader.receive(piece);
          for (let payload = reader.next(); payload !== undefined; payload = reader.next()) {
            found.push(`${reader.type} ${encodeHex(payload)}`);
          }
        }
      } catch (error) {
        assert(error instanceof WampProtocolError, `A peer's mistake must be a WampProtocolError, received ${error}`);
        found.push(error.code);
      }
      reader.drop();
      return found;
    };
    const whole = read([input]);
    for (const pieces of cuttings(input, hashOf(input))) assertEquals(read(pieces), whole, "the frames when cut");
    return whole.map((frame) => frame.slice(0, 1)).join("");
  },
};

/** Lines of JSON, as the bytes of an input. */
function lines(...messages: readonly (readonly unknown[])[]): Uint8Array<ArrayBuffer> {
  return bytesOf(messages.map((message) => JSON.stringify(message)).join("\n"));
}

const WELCOME = [2, 7, { roles: { broker: {}, dealer: {} } }];

const PEER_TARGET: Target = {
  name: "client session",
  promise: "an effect, nothing, or a WampProtocolError; nothing after the end; each request is answered once",
  seeds: [
    lines(WELCOME, [50, 1, {}, [3]], [33, 2, 9], [36, 9, 5, {}, ["x"]], [6, {}, "wamp.close.normal"]),
    lines([4, "ticket", {}], WELCOME, [65, 3, 8], [68, 4, 8, {}, [1]], [69, 4, {}], [8, 48, 1, {}, "com.example.no"]),
    lines(WELCOME, [50, 1, { progress: true }, [1]], [50, 1, {}], [67, 0, { registration: 8 }], [3, {}, "wamp.x"]),
    lines([3, { message: "no" }, "wamp.error.no_such_realm"]),
  ],
  tokens: ["\n", "0", "2", "8", ',{"progress":true}', "[17,4,5]", "[35,5]", "[36,9,1,{}]", '[6,{},"a.b"]'].map(bytesOf),
  check(input) {
    const peer = new ClientPeer<PendingRequest, OpenInvocation>();
    for (const type of [MESSAGE.CALL, MESSAGE.SUBSCRIBE, MESSAGE.REGISTER, MESSAGE.PUBLISH, MESSAGE.UNSUBSCRIBE]) {
      peer.begin({ request: 0, type });
    }
    const answered = new Set<number>();
    const kinds: string[] = [];
    for (const line of decoder.decode(input).split("\n")) {
      const { messages: [message] } = decode(json, bytesOf(line));
      if (message === undefined) continue;
      const wasClosed = peer.state === "closed";
      try {
        const effect = peer.receive(message);
        assert(!wasClosed || effect === undefined, "Something happens after the end");
        kinds.push(effect?.kind ?? "nothing");
        if (effect?.kind !== "reply") continue;
        const { request } = effect.request;
        assert(!answered.has(request), `Request ${request} is answered twice`);
        const isProgress = "details" in effect.message && effect.message.details?.progress === true;
        if (!isProgress) answered.add(request);
      } catch (error) {
        assert(error instanceof WampProtocolError, `A router's mistake must be a WampProtocolError, received ${error}`);
        kinds.push(error.code);
        break;
      }
    }
    return kinds.join();
  },
};

/** A dialog of two sessions with a router: the line's first character says who speaks. */
const DIALOGS = [
  ['0[64,1,{},"com.a"]', '1[48,1,{},"com.a",[1]]', "0[70,1,{},[2]]", "0[66,2,1]"],
  ['0[32,1,{"match":"prefix"},"com."]', '1[16,1,{"acknowledge":true},"com.a",[1],{"k":1}]', "0[34,2,1]"],
  [
    '0[64,1,{"invoke":"roundrobin"},"com.a"]',
    '1[64,1,{"invoke":"roundrobin"},"com.a"]',
    '1[48,2,{},"com.a"]',
    "1[49,2,{}]",
  ],
  ['0[48,1,{"timeout":1},"wamp.session.count"]', '0[48,2,{},"wamp.registration.list"]', '1[6,{},"wamp.close.normal"]'],
  [
    '0[64,1,{"match":"wildcard"},"com..a"]',
    '1[48,1,{"receive_progress":true},"com.x.a"]',
    '0[70,1,{"progress":true},[1]]',
    '0[8,68,1,{},"com.e"]',
    '1[49,1,{"mode":"kill"}]',
  ],
  [
    '0[16,1,{"retain":true,"eligible":[1],"exclude_authid":["a"]},"com.b",[1]]',
    '1[32,1,{"get_retained":true},"com.b"]',
  ],
];

const ROUTER_TARGET: Target = {
  name: "router",
  promise: "whatever two sessions send, every answer is a message, and nothing is left when they have gone",
  seeds: DIALOGS.map((dialog) => bytesOf(dialog.join("\n"))),
  tokens: [...DIALOGS.flat(), "\n0", "\n1", '{"match":"prefix"}', '"wamp.x"', '"com."', "[1,2]", "2", "0"].map(bytesOf),
  async check(input) {
    await using fixture = new RouterFixture();
    const sessions = [fixture.join(), fixture.join()];
    const codes: string[] = [];
    for (const line of decoder.decode(input).split("\n")) {
      const session = sessions[line.charCodeAt(0) & 1]!;
      if (session.ending === undefined) session.deliverBytes(bytesOf(line.slice(1)));
      for (const [index, other] of sessions.entries()) {
        for (const [code] of other.take()) {
          assert(typeof code === "number" && !/^type/.test(messageName(code)), `The router sends ${code}`);
          codes.push(`${index}${messageName(code)}`);
        }
      }
    }
    for (const session of sessions) session.lose();
    await Promise.resolve();
    fixture.assertEmpty();
    return codes.join();
  },
};

const URI_TARGET: Target = {
  name: "uris",
  promise: "the rules of the specification for each component, and each rule for patterns follows from it",
  seeds: ["com.example.add", "a", "com..add", "com.exa#mple", "com.exämple.Ä", "a b", ""].map(bytesOf),
  tokens: [".", "..", "#", " ", "\u00a0", "_", "A", "\u2003", "9"].map(bytesOf),
  check(input) {
    const text = decoder.decode(input);
    const parts = text.split(".");
    const isLoose = (part: string): boolean => !/[\s#]/u.test(part);
    const isStrict = (part: string): boolean => /^[0-9a-z_]*$/.test(part);
    const outcome = [isLoose, isStrict].map((holds, index) => {
      const rules = index === 0 ? "loose" : "strict";
      const isWhole = parts.every((part) => part !== "" && holds(part));
      assertEquals(isUri(text, rules), isWhole, rules);
      assertEquals(isPattern(text, "exact", rules), isWhole, rules);
      const isOpen = text !== "" && parts.every(holds);
      for (const match of ["prefix", "wildcard"] as const) assertEquals(isPattern(text, match, rules), isOpen, match);
      return `${isWhole} ${isOpen}`;
    });
    return `${outcome} ${parts.length}`;
  },
};

const SASLPREP_TARGET: Target = {
  name: "saslprep",
  promise: "a prepared text is prepared already; what is refused is a RangeError",
  seeds: ["I\u00adX", "user", "\u00aa", "\u2168", "\u0007", "\u0627\u0031", "\u0627b\u0628", "pass word\u00a0"].map(
    bytesOf,
  ),
  tokens: ["\u0627", "\u00ad", "\u200b", "\u1100\u1161", "\u0301", "\ufb01", "\u3000", "\u05d0"].map(bytesOf),
  check(input) {
    try {
      const prepared = saslprep(decoder.decode(input));
      assertEquals(saslprep(prepared), prepared);
      return `${prepared === decoder.decode(input)} ${prepared.length % 16}`;
    } catch (error) {
      assert(error instanceof RangeError, `What is refused is a RangeError, received ${error}`);
      return error.message;
    }
  },
};

/** The targets of the WAMP layer. */
export const WAMP_TARGETS: readonly Target[] = [
  ...SERIALIZERS.map(serializerTarget),
  JSON_TARGET,
  FRAME_TARGET,
  PEER_TARGET,
  ROUTER_TARGET,
  URI_TARGET,
  SASLPREP_TARGET,
];
