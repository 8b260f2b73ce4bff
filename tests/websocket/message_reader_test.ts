import { deflateRawSync } from "node:zlib";
import type { ProtocolErrorCode } from "../../websocket/errors.ts";
import type { DeflateParameters } from "../../websocket/extension.ts";
import type { Protocol, ProtocolOptions } from "../../websocket/protocol.ts";
import { assert, assertEquals, encodeHex } from "../std.ts";
import { assertRun, give, protocol, runs, takeAll, told } from "./drive.ts";
import { closing, hex, joined, masked, parseFrames, plain, utf8 } from "./frames.ts";

const STATELESS: DeflateParameters = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const DEFLATE: Partial<ProtocolOptions> = { deflate: STATELESS };

/** A message compressed by itself, less the tail (RFC 7692 §7.2.1). */
function deflated(data: Uint8Array | string): Uint8Array<ArrayBuffer> {
  const bytes = deflateRawSync(data, { finishFlush: 2 });
  return Uint8Array.from(bytes.subarray(0, bytes.length - 4));
}

function server(options: Partial<ProtocolOptions> = {}): () => Protocol {
  return () => protocol("server", options);
}

function client(options: Partial<ProtocolOptions> = {}): () => Protocol {
  return () => protocol("client", options);
}

/** Asserts that bytes fail the connection, at every cutting: with that close frame, and nothing after it. */
function assertFails(
  make: () => Protocol,
  bytes: Uint8Array,
  closeCode: number,
  code: ProtocolErrorCode,
  before: readonly string[] = [],
): void {
  for (const { core, events } of runs(make, bytes)) {
    assertEquals(events.map(told), [...before, `fail ${closeCode} ${code}`]);
    assertEquals([core.state, core.transport], ["closing", "finish"]);
    const close = parseFrames(takeAll(core)).at(-1)!;
    assertEquals([close.first, close.payload[0]! << 8 | close.payload[1]!], [0x88, closeCode]);
    assert(close.payload.length <= 125);
    assertEquals(core.closeInfo.wasClean, false);
    core.receive(masked(0x81, "late"), 0);
    assertEquals(core.takeEvents(), [], "what follows is ignored");
  }
}

Deno.test("MessageReader reads the examples of RFC 6455 §5.7", () => {
  assertRun(client(), hex("81 05 48 65 6c 6c 6f"), ["text Hello"]);
  assertRun(server(), hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"), ["text Hello"]);
  assertRun(client(), hex("01 03 48 65 6c 80 02 6c 6f"), ["text Hello"]);
  assertRun(client(), hex("89 05 48 65 6c 6c 6f"), ["ping 48656c6c6f"]);
  assertRun(server(), hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58"), ["pong 48656c6c6f"]);
});

Deno.test("MessageReader reads messages of every length around the length forms (RFC 6455 §5.2)", () => {
  for (const length of [0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 511, 512, 513, 4095, 4096, 4097, 65535, 65536]) {
    const payload = Uint8Array.from({ length }, (_, index) => index * 7);
    const told = [`binary ${encodeHex(payload)}`];
    assertRun(server(), masked(0x82, payload), told);
    if (length < 1000) assertRun(client(), plain(0x82, payload), told);
  }
});

Deno.test("MessageReader gives many messages of one read in order", () => {
  const texts = Array.from({ length: 50 }, (_, index) => "é".repeat(index));
  assertRun(server(), joined(...texts.map((text) => masked(0x81, text))), texts.map((text) => `text ${text}`));
});

Deno.test("MessageReader assembles fragments; control frames may stand between them (RFC 6455 §5.4)", () => {
  const bytes = joined(
    masked(0x01, "H"),
    masked(0x89, "a"),
    masked(0x00, "llo"),
    masked(0x8a, "b"),
    masked(0x00, ""),
    masked(0x80, "!"),
    masked(0x82, "z"),
  );
  assertRun(server(), bytes, ["ping 61", "pong 62", "text Hllo!", "binary 7a"]);
});

Deno.test("MessageReader takes empty messages, in one frame or in many (RFC 6455 §5.6)", () => {
  const bytes = joined(
    masked(0x81),
    masked(0x82),
    masked(0x01),
    masked(0x00),
    masked(0x80),
    masked(0x02),
    masked(0x80),
  );
  assertRun(server(), bytes, ["text ", "binary ", "text ", "binary "]);
});

Deno.test("MessageReader unmasks each frame with its own key and its own offset (RFC 6455 §5.3)", () => {
  const payload = Uint8Array.from({ length: 301 }, (_, index) => index);
  const bytes = joined(
    masked(0x02, payload.subarray(0, 5), [1, 2, 3, 4]),
    masked(0x89, "ping", [9, 9, 9, 9]),
    masked(0x00, payload.subarray(5, 250), [0xff, 0, 0xff, 0]),
    masked(0x80, payload.subarray(250), [0, 0, 0, 0]),
  );
  assertRun(server(), bytes, ["ping 70696e67", `binary ${encodeHex(payload)}`]);
});

Deno.test("MessageReader refuses RSV1, RSV2 and RSV3 where no extension agreed on them (RFC 6455 §5.2)", () => {
  for (let bits = 1; bits < 8; bits++) {
    for (const opcode of [0x1, 0x2, 0x8, 0x9, 0xa]) {
      const first = 0x80 | (bits << 4) | opcode;
      const bytes = joined(masked(0x81, "before"), masked(first, "xy"), masked(0x81, "after"));
      assertFails(server(), bytes, 1002, "reserved_bits", ["text before"]);
    }
  }
});

Deno.test("MessageReader refuses RSV2 and RSV3 with permessage-deflate too (RFC 6455 §5.2)", () => {
  for (const bits of [0x10, 0x20, 0x30, 0x50, 0x60, 0x70]) {
    assertFails(server(DEFLATE), masked(0x81 | bits, deflated("x")), 1002, "reserved_bits");
  }
});

Deno.test("MessageReader refuses RSV1 on control frames and continuations (RFC 7692 §6, §6.1)", () => {
  for (const first of [0xc8, 0xc9, 0xca]) assertFails(server(DEFLATE), masked(first), 1002, "reserved_bits");
  const body = deflated("Hello");
  const split = joined(masked(0x41, body.subarray(0, 2)), masked(0xc0, body.subarray(2)));
  assertFails(server(DEFLATE), split, 1002, "reserved_bits");
});

Deno.test("MessageReader refuses the reserved opcodes 3 to 7 and 11 to 15 (RFC 6455 §5.2)", () => {
  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    for (const payload of ["", "xyz"]) {
      assertFails(server(), masked(0x80 | opcode, payload), 1002, "reserved_opcode");
      assertFails(client(), plain(0x80 | opcode, payload), 1002, "reserved_opcode");
    }
  }
});

Deno.test("MessageReader refuses a continuation outside a message (RFC 6455 §5.4)", () => {
  for (const first of [0x00, 0x80]) {
    assertFails(server(), masked(first, "x"), 1002, "unexpected_continuation");
    const behind = joined(masked(0x01, "a"), masked(0x80, "b"), masked(first, "x"));
    assertFails(server(), behind, 1002, "unexpected_continuation", ["text ab"]);
  }
});

Deno.test("MessageReader refuses a new message within a message (RFC 6455 §5.4)", () => {
  for (const first of [0x01, 0x02, 0x81, 0x82]) {
    assertFails(server(), joined(masked(0x01, "a"), masked(first, "b")), 1002, "interleaved_message");
  }
});

Deno.test("MessageReader refuses a fragmented control frame (RFC 6455 §5.5)", () => {
  for (const first of [0x08, 0x09, 0x0a]) assertFails(server(), masked(first), 1002, "fragmented_control");
});

Deno.test("MessageReader refuses a control frame of more than 125 bytes (RFC 6455 §5.5)", () => {
  for (const first of [0x88, 0x89, 0x8a]) {
    for (const length of [126, 65535, 65536]) {
      const frame = masked(first, new Uint8Array(length));
      assertFails(server(), frame.subarray(0, 200), 1002, "long_control");
    }
    assertFails(server(), joined(Uint8Array.of(first), hex("fe 00 05 00 00 00 00")), 1002, "long_control");
  }
  assertRun(server(), masked(0x8a, new Uint8Array(125)), [`pong ${"00".repeat(125)}`]);
});

Deno.test("MessageReader refuses an unmasked frame from a client (RFC 6455 §5.1)", () => {
  for (const first of [0x81, 0x89, 0x88]) assertFails(server(), plain(first), 1002, "unmasked_frame");
});

Deno.test("MessageReader refuses a masked frame from a server, also with the key 00000000 (RFC 6455 §5.1)", () => {
  for (const first of [0x81, 0x89, 0x88]) {
    assertFails(client(), masked(first), 1002, "masked_frame");
    assertFails(client(), masked(first, "", [0, 0, 0, 0]), 1002, "masked_frame");
  }
});

Deno.test("MessageReader refuses a length that is not in its shortest form (RFC 6455 §5.2)", () => {
  for (const form of ["fe 00 00", "fe 00 7d", "ff 00 00 00 00 00 00 00 05", "ff 00 00 00 00 00 00 ff ff"]) {
    assertFails(server(), joined(hex("82"), hex(form), hex("00 00 00 00")), 1002, "invalid_length");
  }
});

Deno.test("MessageReader refuses a 64-bit length with its top bit set (RFC 6455 §5.2)", () => {
  assertFails(server(), hex("82 ff 80 00 00 00 00 00 00 01 00 00 00 00"), 1002, "invalid_length");
  assertFails(client(), hex("82 7f ff ff ff ff ff ff ff ff"), 1002, "invalid_length");
});

Deno.test("MessageReader refuses a declared length over the limit before any of it arrives", () => {
  const limited = { maxMessage: 10 };
  assertFails(server(limited), hex("82 8b 00 00 00 00"), 1009, "message_too_big");
  assertRun(server(limited), masked(0x82, new Uint8Array(10)), [`binary ${"00".repeat(10)}`]);
  assertFails(server(), hex("82 ff 00 00 00 00 01 00 00 01 00 00 00 00"), 1009, "message_too_big");
});

Deno.test("MessageReader refuses a length over 2^53-1 with 1009", () => {
  assertFails(server(), hex("82 ff 00 20 00 00 00 00 00 00 00 00 00 00"), 1009, "message_too_big");
  assertFails(client(), hex("82 7f 7f ff ff ff ff ff ff ff"), 1009, "message_too_big");
});

Deno.test("MessageReader refuses fragments that together go over the limit, at the frame that would", () => {
  const limited = { maxMessage: 10 };
  const six = new Uint8Array(6);
  assertFails(server(limited), joined(masked(0x02, six), hex("80 85 00 00 00 00")), 1009, "message_too_big");
  assertRun(server(limited), joined(masked(0x02, six), masked(0x80, six.subarray(2))), [`binary ${"00".repeat(10)}`]);
});

Deno.test("MessageReader lets the limit of 0 bytes pass empty messages alone", () => {
  assertRun(server({ maxMessage: 0 }), masked(0x81), ["text "]);
  assertFails(server({ maxMessage: 0 }), masked(0x81, "x"), 1009, "message_too_big");
});

Deno.test("MessageReader ends 1-byte fragments for ever at the message limit, with 1009", () => {
  const core = protocol("server", { maxMessage: 1000 });
  const [first, more] = [masked(0x02, "x"), masked(0x00, "x")];
  let frames = 1;
  let events = give(core, first, false);
  while (events.length === 0 && frames < 2000) {
    events = give(core, more, false);
    frames++;
  }
  assertEquals([frames, events.map(told)], [1001, ["fail 1009 message_too_big"]]);
});

Deno.test("MessageReader ends empty fragments for ever with 1008 after 1,024 in a row", () => {
  const allowed = joined(masked(0x01), ...Array<Uint8Array>(1023).fill(masked(0x00)));
  const make = server();
  assertRun(make, joined(allowed, masked(0x80, "x")), ["text x"]);
  assertFails(make, joined(allowed, masked(0x00)), 1008, "empty_fragments");
  const interrupted = joined(allowed, masked(0x00, "a"), allowed.slice(6), masked(0x80, "b"));
  assertRun(make, interrupted, ["text ab"]);
});

Deno.test("MessageReader counts empty fragments across the control frames between them", () => {
  const bytes = joined(masked(0x01), ...Array<Uint8Array>(1024).fill(joined(masked(0x8a), masked(0x00))));
  const core = protocol("server");
  assertEquals(told(give(core, bytes, false).at(-1)!), "fail 1008 empty_fragments");
});

/** Each begins well and is impossible from its last byte on (RFC 3629 §4). */
const IMPOSSIBLE = [
  "80",
  "bf",
  "c0",
  "c1",
  "c2 41",
  "c2 c2",
  "e0 9f",
  "e1 80 41",
  "e1 c0",
  "ed a0",
  "ef bf c0",
  "f0 8f",
  "f1 80 80 41",
  "f4 90",
  "f5",
  "ff",
  "ce ba e1 bd b9 cf 83 ce bc ce b5 f4 90",
] as const;

Deno.test("MessageReader fails text at its first impossible byte, in the midst of a frame (RFC 6455 §8.1)", () => {
  for (const sequence of IMPOSSIBLE) {
    const text = joined(utf8("ok €"), hex(sequence));
    const core = protocol("server");
    // The frame goes on: its rest never arrives.
    const frame = masked(0x81, joined(text, utf8("and more")));
    for (let at = 0; at < 6 + text.length; at++) {
      const events = give(core, frame.subarray(at, at + 1), false);
      const expected = at === 6 + text.length - 1 ? ["fail 1007 invalid_utf8"] : [];
      assertEquals(events.map(told), expected, `${sequence}, byte ${at}`);
    }
  }
});

Deno.test("MessageReader fails text that is not UTF-8, at every split and in fragments (RFC 6455 §8.1)", () => {
  for (const sequence of [...IMPOSSIBLE, "c2", "e1 80", "f1 80 80"]) {
    const text = joined(utf8("ok"), hex(sequence));
    assertFails(server(), masked(0x81, text), 1007, "invalid_utf8");
    for (let cut = 0; cut <= text.length; cut++) {
      const fragments = joined(masked(0x01, text.subarray(0, cut)), masked(0x80, text.subarray(cut)));
      assertFails(server(), fragments, 1007, "invalid_utf8");
    }
  }
});

Deno.test("MessageReader takes characters that are split between fragments (RFC 6455 §5.6)", () => {
  const text = "aé€😀\u{10ffff}\ufffd\ufeff";
  const bytes = utf8(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const fragments = joined(masked(0x01, bytes.subarray(0, cut)), masked(0x89), masked(0x80, bytes.subarray(cut)));
    for (const { events } of runs(server(), fragments)) {
      const message = events.at(-1)!;
      assert(message.type === "message" && message.isText);
      assertEquals(encodeHex(message.data), encodeHex(bytes));
    }
  }
});

Deno.test("MessageReader forgets the text before when the next begins", () => {
  const bytes = joined(
    masked(0x01, hex("e2")),
    masked(0x80, hex("82 ac")),
    masked(0x82, hex("ac")),
    masked(0x81, "ok"),
  );
  assertRun(server(), bytes, ["text €", "binary ac", "text ok"]);
});

Deno.test("MessageReader does not look for UTF-8 in binary messages", () => {
  assertRun(server(), joined(masked(0x02, hex("ff")), masked(0x80, hex("c0"))), ["binary ffc0"]);
});

Deno.test("MessageReader inflates the examples of RFC 7692 §7.2.3", () => {
  const context = { deflate: { ...STATELESS, serverNoContextTakeover: false } };
  const hello = hex("f2 48 cd c9 c9 07 00");
  assertRun(client(context), plain(0xc1, hello), ["text Hello"]);
  assertRun(client(context), joined(plain(0x41, hello.subarray(0, 3)), plain(0x80, hello.subarray(3))), ["text Hello"]);
  assertRun(client(context), joined(plain(0xc1, hello), plain(0xc1, hex("f2 00 11 00 00"))), [
    "text Hello",
    "text Hello",
  ]);
  assertRun(client(context), plain(0xc1, hex("00 05 00 fa ff 48 65 6c 6c 6f 00")), ["text Hello"]);
  assertRun(client(context), plain(0xc1, hex("f3 48 cd c9 c9 07 00 00")), ["text Hello"]);
  assertRun(client(context), plain(0xc1, hex("f2 48 05 00 00 00 ff ff ca c9 c9 07 00")), ["text Hello"]);
  assertRun(client(context), plain(0xc1, hex("00")), ["text "]);
});

Deno.test("MessageReader inflates both roles' messages, compressed ones and others mixed (RFC 7692 §6)", () => {
  const long = "many words ".repeat(500);
  const bytes = joined(masked(0xc1, deflated(long)), masked(0x81, "plain"), masked(0xc2, deflated("x")));
  assertRun(server(DEFLATE), bytes, [`text ${long}`, "text plain", "binary 78"]);
});

Deno.test("MessageReader decodes data behind a BFINAL block and messages after a context reset (RFC 7692 §7.2.3.4)", () => {
  const context = { deflate: { ...STATELESS, clientNoContextTakeover: false } };
  const final = Uint8Array.from(deflateRawSync("first "));
  const bytes = joined(
    masked(0xc1, joined(final, deflated("second"))),
    masked(0xc1, deflated("third, with a window of its own")),
  );
  assertRun(server(context), bytes, ["text first second", "text third, with a window of its own"]);
});

Deno.test("MessageReader refuses corrupt compressed data with 1007 (RFC 7692 §7.2.2)", () => {
  for (const body of ["ff ff ff", "06", "f2 48 cd c9"]) {
    assertFails(server(DEFLATE), joined(masked(0x81, "a"), masked(0xc1, hex(body))), 1007, "invalid_deflate", [
      "text a",
    ]);
  }
});

Deno.test("MessageReader refuses compressed text that is not UTF-8, wherever it is split (RFC 6455 §8.1)", () => {
  for (const sequence of [...IMPOSSIBLE, "e1 80"]) {
    const body = deflated(joined(utf8("ok"), hex(sequence)));
    assertFails(server(DEFLATE), masked(0xc1, body), 1007, "invalid_utf8");
    for (let cut = 0; cut <= body.length; cut += 3) {
      const split = joined(masked(0x41, body.subarray(0, cut)), masked(0x80, body.subarray(cut)));
      assertFails(server(DEFLATE), split, 1007, "invalid_utf8");
    }
  }
});

Deno.test("MessageReader stops a decompression bomb at the limit, with 1009", () => {
  const bomb = deflated(new Uint8Array(1 << 20));
  assert(bomb.length < 1100);
  const limited = { ...DEFLATE, maxMessage: 1 << 16 };
  assertFails(server(limited), masked(0xc2, bomb), 1009, "message_too_big");
  const fragments = Array.from(bomb, (byte, index) => masked(index === 0 ? 0x42 : 0x00, Uint8Array.of(byte)));
  assertFails(server(limited), joined(...fragments, masked(0x80)), 1009, "message_too_big");
  assertRun(server({ ...DEFLATE, maxMessage: 1 << 20 }), masked(0xc2, bomb), [`binary ${"00".repeat(1 << 20)}`]);
});

Deno.test("MessageReader bounds what a compressed message may hold before it is inflated", () => {
  const limited = { ...DEFLATE, maxMessage: 1000 };
  // 1 KiB and a 64th of the limit for what compression makes longer.
  assertFails(server(limited), hex("c2 fe 07 f8 00 00 00 00"), 1009, "message_too_big");
  const noise = Uint8Array.from({ length: 1000 }, (_, index) => (index * index * 31) >>> 3);
  assertRun(server(limited), masked(0xc2, deflated(noise)), [`binary ${encodeHex(noise)}`]);
});

Deno.test("MessageReader streams: pieces as they arrive, marked first and last, control frames between", () => {
  const make = (): Protocol => {
    const core = protocol("server");
    core.streaming = true;
    return core;
  };
  const payload = Uint8Array.from({ length: 20_000 }, (_, index) => index);
  const bytes = joined(
    masked(0x02, payload.subarray(0, 7)),
    masked(0x00),
    masked(0x89, "p"),
    masked(0x80, payload.subarray(7)),
    masked(0x81, "é€"),
    masked(0x81),
  );
  for (const { events } of runs(make, bytes)) {
    const pieces = events.filter((event) => event.type === "fragment");
    assertEquals(pieces.filter(({ first }) => first).map(({ isText }) => isText), [false, true, true]);
    assertEquals(pieces.filter(({ fin }) => fin).length, 3);
    for (const [index, { first }] of pieces.entries()) assertEquals(first, index === 0 || pieces[index - 1]!.fin);
    const text = joined(...pieces.filter(({ isText }) => isText).map(({ data }) => data));
    const binary = joined(...pieces.filter(({ isText }) => !isText).map(({ data }) => data));
    assertEquals([encodeHex(binary), encodeHex(text)], [encodeHex(payload), encodeHex(utf8("é€"))]);
    assertEquals(events.filter(({ type }) => type === "ping").length, 1);
    assertEquals(events.length, pieces.length + 1);
  }
});

Deno.test("MessageReader streams messages of any length, but fails bad UTF-8 and protocol errors all the same", () => {
  const make = (): Protocol => {
    const core = protocol("server", { ...DEFLATE, maxMessage: 4 });
    core.streaming = true;
    return core;
  };
  for (const { events } of runs(make, masked(0x82, new Uint8Array(5000)))) {
    assertEquals(events.every(({ type }) => type === "fragment"), true);
  }
  const bad: readonly (readonly [Uint8Array, string])[] = [
    [masked(0x81, hex("61 ff 61")), "fail 1007 invalid_utf8"],
    [masked(0x81, hex("61 c3")), "fail 1007 invalid_utf8"],
    [joined(masked(0x01, "a"), masked(0x81, "b")), "fail 1002 interleaved_message"],
    [hex("82 ff 7f ff ff ff ff ff ff ff 00 00 00 00"), "fail 1009 message_too_big"],
    [masked(0xc1, deflated("12345")), "fail 1009 message_too_big"],
  ];
  for (const [bytes, expected] of bad) {
    for (const { events } of runs(make, bytes)) assertEquals(told(events.at(-1)!), expected);
  }
  assertRun(make, masked(0xc1, deflated("1234")), ["first text 31323334 fin"]);
});

Deno.test("MessageReader changes between streaming and whole messages only between messages", () => {
  const core = protocol("server");
  give(core, masked(0x01, "a"), false);
  core.streaming = true;
  assertEquals(give(core, masked(0x80, "b"), false).map(told), ["text ab"]);
  assertEquals(give(core, masked(0x01, "c"), false).map(told), ["first text 63"]);
  core.streaming = false;
  assertEquals(give(core, masked(0x80, "d"), false).map(told), ["text 64 fin"]);
  assertEquals(give(core, masked(0x81, "e"), false).map(told), ["text e"]);
});

Deno.test("MessageReader reads close frames: no status, status, reason (RFC 6455 §5.5.1)", () => {
  assertRun(server(), masked(0x88), ["close 1005"]);
  assertRun(server(), masked(0x88, closing(1000)), ["close 1000"]);
  assertRun(server(), masked(0x88, closing(4999, "é€".repeat(24))), [`close 4999 ${"é€".repeat(24)}`]);
  assertRun(server(), masked(0x88, closing(1001, "x".repeat(123))), [`close 1001 ${"x".repeat(123)}`]);
});

Deno.test("MessageReader refuses a close payload of 1 byte (RFC 6455 §5.5.1)", () => {
  assertFails(server(), masked(0x88, "x"), 1002, "invalid_close_payload");
  assertFails(client(), plain(0x88, "x"), 1002, "invalid_close_payload");
});

Deno.test("MessageReader takes exactly the close codes that may be sent, of all from 0 to 5000 (RFC 6455 §7.4)", () => {
  const taken: number[] = [];
  for (let code = 0; code <= 5000; code++) {
    const core = protocol("client");
    const [event] = give(core, plain(0x88, closing(code)), false);
    if (event?.type === "close") taken.push(code);
    else assertEquals(told(event!), "fail 1002 invalid_close_code");
  }
  const private_ = Array.from({ length: 2000 }, (_, index) => 3000 + index);
  assertEquals(taken, [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, ...private_]);
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535]) {
    assertFails(server(), masked(0x88, closing(code)), 1002, "invalid_close_code");
  }
});

Deno.test("MessageReader refuses a close reason that is not UTF-8, with 1007 (RFC 6455 §8.1)", () => {
  for (const sequence of [...IMPOSSIBLE, "c2", "e1 80", "f1 80 80"]) {
    assertFails(server(), masked(0x88, closing(1000, hex(sequence))), 1007, "invalid_utf8");
  }
});
