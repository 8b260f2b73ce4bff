import { ContextDeflater } from "../../websocket/deflate.ts";
import type { DeflateParameters } from "../../websocket/extension.ts";
import { Protocol, type ProtocolEvent } from "../../websocket/protocol.ts";
import { maskingKeys } from "../../internal/masking_keys.ts";
import { seededRandom } from "../cuts.ts";
import { assert, assertEquals, assertInstanceOf, assertThrows, encodeHex } from "../std.ts";
import { assertRun, give, PoisonPool, protocol, runs, takeAll, told } from "./drive.ts";
import { closing, hex, joined, masked, parseFrames, plain, utf8 } from "./frames.ts";

const CONTEXT: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

/** The frames that a core has to send, as `first payload`. */
function sent(core: Protocol): string[] {
  return parseFrames(takeAll(core)).map(({ first, payload }) =>
    `${encodeHex(Uint8Array.of(first))} ${encodeHex(payload)}`.trimEnd()
  );
}

/** The code of the one close frame that a core has to send. */
function closeCodeSent(core: Protocol): number | undefined {
  const frames = parseFrames(takeAll(core)).filter(({ first }) => first === 0x88);
  assertEquals(frames.length, 1);
  const { payload } = frames[0]!;
  return payload.length === 0 ? undefined : payload[0]! << 8 | payload[1]!;
}

Deno.test("Protocol asks a client for masking keys (RFC 6455 §5.1)", () => {
  assertThrows(() => new Protocol({ role: "client" }), TypeError, "nextMaskingKey");
  assertEquals(new Protocol({ role: "server" }).state, "open");
});

Deno.test("Protocol answers a ping with a pong of the same payload, masked by a client (RFC 6455 §5.5.3)", () => {
  for (const { core } of runs(() => protocol("server"), masked(0x89, "Hello"))) {
    assertEquals(encodeHex(takeAll(core)), "8a0548656c6c6f");
  }
  for (const { core } of runs(() => protocol("client"), plain(0x89, "Hello"))) {
    assertEquals(encodeHex(takeAll(core)), "8a8537fa213d7f9f4d5158");
  }
  assertRun(() => protocol("client"), plain(0x89), ["ping"], masked(0x8a));
});

Deno.test("Protocol answers pings within a fragmented message at once, in order (RFC 6455 §5.5.2)", () => {
  const bytes = joined(masked(0x01, "a"), masked(0x89, "1"), masked(0x00, "b"), masked(0x89, "2"), masked(0x80, "c"));
  assertRun(
    () => protocol("server"),
    bytes,
    ["ping 31", "ping 32", "text abc"],
    joined(plain(0x8a, "1"), plain(0x8a, "2")),
  );
});

Deno.test("Protocol takes pongs that nobody asked for without an answer (RFC 6455 §5.5.3)", () => {
  assertRun(() => protocol("server"), masked(0x8a, "x"), ["pong 78"], new Uint8Array(0));
});

Deno.test("Protocol answers a close frame with its code and no reason (RFC 6455 §5.5.1)", () => {
  assertRun(
    () => protocol("server"),
    masked(0x88, closing(1001, "bye")),
    ["close 1001 bye"],
    plain(0x88, closing(1001)),
  );
  assertRun(() => protocol("client"), plain(0x88, closing(3000)), ["close 3000"], masked(0x88, closing(3000)));
  assertRun(() => protocol("server"), masked(0x88), ["close 1005"], plain(0x88));
});

Deno.test("Protocol ignores whatever follows a close frame (RFC 6455 §5.5.1)", () => {
  const bytes = joined(masked(0x88, closing(1000)), masked(0x81, "late"), masked(0x89), hex("ff ff ff"));
  assertRun(() => protocol("server"), bytes, ["close 1000"], plain(0x88, closing(1000)));
});

Deno.test("Protocol lets a server end TCP first and a client wait for it (RFC 6455 §7.1.1)", () => {
  const [server, client] = [protocol("server"), protocol("client")];
  give(server, masked(0x88, closing(1000)), false);
  give(client, plain(0x88, closing(1000)), false);
  assertEquals([server.transport, client.transport], ["finish", "keep"]);
  assertEquals([server.state, client.state], ["closing", "closing"]);
  client.receiveEof();
  assertEquals([client.state, client.transport], ["closed", "end"]);
  assertEquals(client.closeInfo, { code: 1000, reason: "", wasClean: true });
});

Deno.test("Protocol begins the closing handshake and completes it with the answer (RFC 6455 §7.1.2)", () => {
  for (const role of ["client", "server"] as const) {
    const core = protocol(role);
    core.sendText("before");
    core.sendClose(1001, "bye", 0);
    assertEquals(core.state, "closing");
    core.sendClose(1000, "again", 0);
    assertEquals(sent(core), [`81 ${encodeHex(utf8("before"))}`, `88 03e9${encodeHex(utf8("bye"))}`]);
    const frame = role === "client" ? plain : masked;
    assertEquals(give(core, joined(frame(0x81, "on its way"), frame(0x88, closing(1001))), false).map(told), [
      "text on its way",
      "close 1001",
    ]);
    assertEquals([sent(core), core.transport], [[], role === "client" ? "keep" : "finish"]);
    core.receiveEof();
    assertEquals(core.closeInfo, { code: 1001, reason: "", wasClean: true });
  }
});

Deno.test("Protocol sends a close frame without a code where none is given (RFC 6455 §7.1.5)", () => {
  const core = protocol("server");
  core.sendClose(undefined, "", 0);
  assertEquals(encodeHex(takeAll(core)), "8800");
});

Deno.test("Protocol takes a simultaneous close as the answer: one close frame each (RFC 6455 §7.1.3)", () => {
  const [server, client] = [protocol("server"), protocol("client")];
  server.sendClose(1001, "server", 0);
  client.sendClose(1000, "client", 0);
  const [fromServer, fromClient] = [takeAll(server), takeAll(client)];
  assertEquals(give(server, fromClient, false).map(told), ["close 1000 client"]);
  assertEquals(give(client, fromServer, false).map(told), ["close 1001 server"]);
  assertEquals([sent(server), sent(client)], [[], []]);
  server.receiveEof();
  client.receiveEof();
  assertEquals(server.closeInfo, { code: 1000, reason: "client", wasClean: true });
  assertEquals(client.closeInfo, { code: 1001, reason: "server", wasClean: true });
});

Deno.test("Protocol takes a close frame within a fragmented message and drops that message (RFC 6455 §5.4)", () => {
  assertRun(() => protocol("server"), joined(masked(0x01, "half"), masked(0x88, closing(1000))), ["close 1000"]);
  const core = protocol("server");
  const stream = core.openStream(true);
  core.sendFragment(stream, utf8("half"), false);
  core.sendText("behind it");
  give(core, masked(0x88, closing(1000)), false);
  assertEquals(sent(core), [`01 ${encodeHex(utf8("half"))}`, "88 03e8"]);
  assertEquals([core.acceptsFragments, core.bufferedAmount], [false, 0]);
});

Deno.test("Protocol does not answer pings after its close frame (RFC 6455 §5.5.1)", () => {
  const core = protocol("server");
  core.sendClose(1000, "", 0);
  takeAll(core);
  assertEquals(give(core, masked(0x89, "x"), false).map(told), ["ping 78"]);
  assertEquals(sent(core), []);
});

Deno.test("Protocol sends what was accepted before it fails (RFC 6455 §7.1.7)", () => {
  const core = protocol("server");
  core.sendText("echo");
  give(core, masked(0x81, hex("ff")), false);
  const [echo, close] = sent(core);
  assertEquals(echo, `81 ${encodeHex(utf8("echo"))}`);
  assert(close!.startsWith("88 03ef"));
});

Deno.test("Protocol fails once: our close frame says why, and the peer's close frame changes nothing", () => {
  const core = protocol("server");
  const [event] = give(core, masked(0x83), false);
  assert(event?.type === "fail");
  give(core, masked(0x88, closing(1002)), false);
  assertEquals(closeCodeSent(core), 1002);
  core.receiveEof();
  const { error, ...info } = core.closeInfo;
  assertEquals(info, { code: 1006, reason: "", wasClean: false });
  assertEquals(error, event.error);
});

Deno.test("Protocol fails while closing without a second close frame (RFC 6455 §5.5.1)", () => {
  const core = protocol("client");
  core.sendClose(1000, "", 0);
  assertEquals(closeCodeSent(core), 1000);
  assertEquals(give(core, plain(0x83), false).map(told), ["fail 1002 reserved_opcode"]);
  assertEquals([sent(core), core.transport], [[], "finish"]);
});

Deno.test("Protocol tells 1006 where the connection ended without a close frame (RFC 6455 §7.1.5)", () => {
  const ended = protocol("client");
  ended.receiveEof();
  assertEquals(ended.closeInfo, { code: 1006, reason: "", wasClean: false });
  const lost = protocol("client");
  const error = new Error("reset");
  lost.receiveEof(error);
  assertEquals([lost.state, lost.transport, lost.closeInfo.error], ["closed", "end", error]);
  const closed = protocol("client");
  give(closed, plain(0x88, closing(1000)), false);
  closed.receiveEof(error);
  assertEquals(closed.closeInfo, { code: 1000, reason: "", wasClean: true });
});

Deno.test("Protocol.abort ends at once and drops what was not written", () => {
  const core = protocol("server");
  const error = new Error("why");
  core.sendText("x");
  core.abort(error);
  core.abort(new Error("again"));
  assertEquals([core.state, core.transport, core.outputReady, core.bufferedAmount], ["closed", "end", false, 0]);
  assertEquals(core.closeInfo, { code: 1006, reason: "", wasClean: false, error });
  assertEquals([give(core, masked(0x81, "x"), false), core.nextDeadline(), core.acceptsFragments], [
    [],
    Infinity,
    false,
  ]);
});

Deno.test("Protocol ends a closing handshake that is not answered at one deadline", () => {
  const core = protocol("client", { closeTimeout: 100 });
  core.sendClose(1000, "", 50);
  assertEquals(core.nextDeadline(), 150);
  // Data goes on arriving: the deadline stands.
  give(core, plain(0x81, "x"), false, 149);
  assertEquals([core.nextDeadline(), core.tick(149), core.transport], [150, undefined, "keep"]);
  const event = core.tick(150);
  assertEquals([told(event!), core.state, core.transport], ["fail 1006 close_timeout", "closed", "end"]);
  assertEquals([core.closeInfo.code, core.closeInfo.wasClean], [1006, false]);
});

Deno.test("Protocol ends a connection that failed at the close deadline, without another error", () => {
  const core = protocol("server", { closeTimeout: 100 });
  const [event] = give(core, masked(0x83), false, 10);
  assertEquals([core.nextDeadline(), core.tick(109), core.tick(110), core.transport], [
    110,
    undefined,
    undefined,
    "end",
  ]);
  assert(event?.type === "fail" && core.closeInfo.error === event.error);
});

Deno.test("Protocol lets a client whose server never ends TCP end it at the deadline, cleanly (RFC 6455 §7.1.1)", () => {
  const core = protocol("client", { closeTimeout: 100 });
  give(core, plain(0x88, closing(1000)), false, 10);
  assertEquals([core.nextDeadline(), core.tick(110), core.transport], [110, undefined, "end"]);
  assertEquals(core.closeInfo, { code: 1000, reason: "", wasClean: true });
});

Deno.test("Protocol fails a message that takes too long, by the message deadline, with 1008", () => {
  const slow = masked(0x81, "slow");
  for (let stop = 1; stop < slow.length; stop++) {
    const core = protocol("server", { messageTimeout: 100 });
    assertEquals(core.nextDeadline(), Infinity);
    for (let at = 0; at < stop; at++) give(core, slow.subarray(at, at + 1), false, 10 + at);
    assertEquals([core.nextDeadline(), core.tick(109)], [110, undefined]);
    assertEquals(told(core.tick(110)!), "fail 1008 message_timeout");
    assertEquals(closeCodeSent(core), 1008);
  }
});

Deno.test("Protocol starts the message deadline anew for each message, and has none between them", () => {
  const core = protocol("server", { messageTimeout: 100 });
  give(core, masked(0x01, "a"), false, 10);
  give(core, masked(0x89), false, 50);
  assertEquals(core.nextDeadline(), 110);
  give(core, joined(masked(0x80, "b"), masked(0x02, "c")), false, 60);
  assertEquals(core.nextDeadline(), 160);
  give(core, masked(0x80, "d"), false, 70);
  assertEquals(core.nextDeadline(), Infinity);
});

Deno.test("Protocol gives each piece of a streamed message the whole message time", () => {
  const core = protocol("server", { messageTimeout: 100 });
  core.streaming = true;
  for (const now of [10, 90, 170]) give(core, masked(now === 10 ? 0x02 : 0x00, "x"), false, now);
  assertEquals(core.nextDeadline(), 270);
  assertEquals(told(core.tick(270)!), "fail 1008 message_timeout");
});

Deno.test("Protocol pings after the interval of silence and ends after the timeout of it", () => {
  const core = protocol("server", { keepaliveInterval: 100, keepaliveTimeout: 30 }, 1000);
  assertEquals([core.nextDeadline(), core.tick(1099), core.outputReady], [1100, undefined, false]);
  assertEquals(core.tick(1100), undefined);
  assertEquals(parseFrames(takeAll(core)).map(({ first }) => first), [0x89]);
  assertEquals([core.nextDeadline(), core.tick(1129), core.outputReady], [1130, undefined, false]);
  assertEquals(told(core.tick(1130)!), "fail 1006 keepalive_timeout");
  assertEquals([core.state, core.transport, core.closeInfo.code], ["closed", "end", 1006]);
});

Deno.test("Protocol takes any byte received as life", () => {
  const core = protocol("server", { keepaliveInterval: 100, keepaliveTimeout: 30 });
  core.tick(100);
  takeAll(core);
  give(core, hex("81"), false, 129);
  assertEquals([core.nextDeadline(), core.tick(130), core.outputReady], [229, undefined, false]);
  core.tick(229);
  assertEquals(core.outputReady, true);
});

Deno.test("Protocol suspends keepalive and message deadlines while reading is paused", () => {
  const options = { keepaliveInterval: 100, keepaliveTimeout: 30, messageTimeout: 500 };
  const core = protocol("server", options);
  give(core, masked(0x01, "a"), false, 0);
  core.tick(100);
  core.pauseReading();
  assertEquals([core.nextDeadline(), core.tick(10_000), core.state], [Infinity, undefined, "open"]);
  core.resumeReading(20_000);
  assertEquals([core.nextDeadline(), core.tick(20_000), core.state], [20_100, undefined, "open"]);
  give(core, masked(0x89), false, 20_450);
  assertEquals(core.nextDeadline(), 20_500, "the message gets its whole time again");
});

Deno.test("Protocol keeps the close deadline while reading is paused", () => {
  const core = protocol("server", { closeTimeout: 100 });
  core.pauseReading();
  core.sendClose(1000, "", 0);
  assertEquals([core.nextDeadline(), told(core.tick(100)!)], [100, "fail 1006 close_timeout"]);
});

Deno.test("Protocol has no deadline where all are off", () => {
  const core = protocol("server");
  give(core, masked(0x01, "a"), false);
  assertEquals([core.nextDeadline(), core.tick(1e12)], [Infinity, undefined]);
});

Deno.test("Protocol keeps a close frame behind the messages accepted before it (RFC 6455 §7.1.2)", () => {
  const core = protocol("server", { deflate: CONTEXT });
  core.sendText("one");
  core.sendText("two");
  core.sendClose(1000, "", 0);
  assertEquals([core.state, sent(core)], ["closing", []]);
  const [one, two] = core.takeDeflates()!;
  core.deflated(one!);
  assertEquals(sent(core), [`c1 ${encodeHex(utf8("one"))}`]);
  core.deflated(two!);
  assertEquals(sent(core), [`c1 ${encodeHex(utf8("two"))}`, "88 03e8"]);
});

Deno.test("Protocol keeps a close frame behind a streamed message, whose pieces it still takes", () => {
  const core = protocol("server");
  const stream = core.openStream(true);
  core.sendFragment(stream, utf8("a"), false);
  core.sendClose(1000, "", 0);
  assertEquals(core.acceptsFragments, true);
  core.sendFragment(stream, utf8("b"), false);
  assertEquals(sent(core), ["01 61", "00 62"]);
  core.sendFragment(stream, utf8("c"), true);
  assertEquals([sent(core), core.acceptsFragments], [["80 63", "88 03e8"], false]);
});

Deno.test("Protocol answers a close frame behind the messages that are being deflated: none is lost", () => {
  for (const fails of [false, true]) {
    const core = protocol("server", { deflate: CONTEXT });
    core.sendText("echo");
    const [event] = give(core, fails ? masked(0x83) : masked(0x88, closing(1000)), false);
    assertEquals(event!.type, fails ? "fail" : "close");
    assertEquals([core.transport, sent(core), core.acceptsFragments], ["keep", [], false]);
    core.deflated(core.takeDeflates()![0]!);
    const [echo, close] = sent(core);
    assertEquals(echo, `c1 ${encodeHex(utf8("echo"))}`);
    assert(close!.startsWith(fails ? "88 03ea" : "88 03e8"));
    assertEquals([core.transport, core.closeInfo.wasClean], ["finish", !fails]);
  }
});

Deno.test("Protocol ends at the close deadline where what was accepted never becomes ready", () => {
  const core = protocol("client", { deflate: CONTEXT, closeTimeout: 100 });
  core.sendText("x");
  core.sendClose(1000, "", 0);
  assertEquals(told(core.tick(100)!), "fail 1006 close_timeout");
  core.deflated(core.takeDeflates()?.[0] ?? hex("00"));
  assertEquals(sent(core), []);
});

Deno.test("Protocol.failWith drops what waits, since it may never become ready", () => {
  const core = protocol("server", { deflate: CONTEXT });
  const error = new Error("why");
  core.sendText("x");
  core.failWith(1011, "Compression failed", error, 0);
  assertEquals([closeCodeSent(core), core.transport, core.closeInfo.error], [1011, "finish", error]);
});

Deno.test("Protocol keeps events for later where more bytes come before they are taken", () => {
  const core = protocol("server");
  const first = masked(0x81, "a");
  core.receive(first, 0);
  core.receive(joined(masked(0x81, "b"), masked(0x83)), 0);
  first.fill(0xaa);
  core.receive(masked(0x81, "c"), 0);
  assertEquals(core.takeEvents().map(told), ["text a", "text b", "fail 1002 reserved_opcode"]);
});

Deno.test("Protocol takes bytes in any number of pieces before the first event is asked for", () => {
  const bytes = joined(masked(0x81, "a"), masked(0x81, "b"));
  for (const chunkLength of [1, 2, 3, 5, 8]) {
    const core = protocol("server");
    for (let at = 0; at < bytes.length; at += chunkLength) core.receive(bytes.slice(at, at + chunkLength), 0);
    const events: string[] = [];
    for (let event = core.nextEvent(); event !== undefined; event = core.nextEvent()) events.push(told(event));
    assertEquals(events, ["text a", "text b"]);
  }
});

Deno.test("Protocol names the rule, the expected and the received in its errors", () => {
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [masked(0xf1), "Reserved bits must be agreed by an extension, received RSV 111"],
    [masked(0x8b), "Opcode must be one of 0, 1, 2, 8, 9, 10, received 11"],
    [masked(0x88, closing(1005)), "received 1005"],
    [hex("82 ff 00 00 00 00 7f ff ff ff 00 00 00 00"), "at most 16777216 bytes, received at least 2147483647"],
  ];
  for (const [bytes, text] of cases) {
    const [event] = give(protocol("server"), bytes, false);
    assert(event?.type === "fail" && event.error.message.includes(text), told(event!));
    assertInstanceOf(event.error, Error);
  }
});

/** One message of a random sequence. */
interface Sent {
  readonly isText: boolean;
  readonly data: Uint8Array;
}

function randomMessage(random: () => number): Sent {
  const length = Math.floor(random() ** 5 * 70_000);
  const isText = random() < 0.5;
  if (!isText) return { isText, data: Uint8Array.from({ length }, () => Math.floor(random() * 8) * 31) };
  const letters = ["a", "b ", "é", "€", "😀", '{"key":1}'];
  let text = "";
  while (text.length < length / 2) text += letters[Math.floor(random() * letters.length)];
  return { isText, data: utf8(text) };
}

/** Sends a message in one of the ways there are. */
function sendSomehow(core: Protocol, { isText, data }: Sent, random: () => number): void {
  const way = random();
  if (way < 0.3) {
    const stream = core.openStream(isText);
    for (let at = 0; at < data.length;) {
      const end = Math.min(data.length, at + 1 + Math.floor(random() * 5_000));
      core.sendFragment(stream, data.subarray(at, end), false);
      at = end;
      if (random() < 0.3) core.sendPing(Uint8Array.of(1));
    }
    core.sendFragment(stream, new Uint8Array(0), true);
  } else if (isText && way < 0.6) core.sendText(new TextDecoder("utf-8", { ignoreBOM: true }).decode(data));
  else core.send(data.slice(), isText, { transfer: way < 0.8, ...(way > 0.9 && { compress: false }) });
}

/** Moves output to the other side, cut at random, and gives what arrived there as messages. */
function move(from: Protocol, to: Protocol, random: () => number, arrived: Sent[]): void {
  const bytes = takeAll(from);
  for (let at = 0; at < bytes.length;) {
    const length = Math.min(bytes.length - at, 1 + Math.floor(random() ** 3 * 30_000));
    for (const event of give(to, bytes.subarray(at, at + length), random() < 0.5)) note(event, arrived);
    at += length;
  }
}

function note(event: ProtocolEvent, arrived: Sent[]): void {
  assert(event.type !== "fail" && event.type !== "close", told(event));
  if (event.type === "message") arrived.push({ isText: event.isText, data: event.data });
  if (event.type !== "fragment") return;
  const last = arrived.at(-1);
  if (event.first) arrived.push({ isText: event.isText, data: event.data });
  else arrived[arrived.length - 1] = { isText: event.isText, data: joined(last!.data, event.data) };
}

const COMPRESSIONS: readonly (readonly [string, DeflateParameters | undefined])[] = [
  ["without compression", undefined],
  ["compressed, with context", CONTEXT],
  ["compressed, without context", { ...CONTEXT, serverNoContextTakeover: true, clientNoContextTakeover: true }],
  ["compressed, small windows", {
    ...CONTEXT,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 9,
    clientMaxWindowBits: 9,
  }],
];

for (const [title, deflate] of COMPRESSIONS) {
  Deno.test(`Protocol loses, repeats and reorders nothing between two sides, ${title}`, async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = seededRandom(seed);
      const pool = new PoisonPool();
      const options = { ...(deflate && { deflate }), compression: { threshold: 20, level: 6, memLevel: 8 }, pool };
      const sides = {
        client: new Protocol({ role: "client", nextMaskingKey: maskingKeys(), ...options }),
        server: new Protocol({ role: "server", ...options }),
      };
      sides.server.streaming = seed % 3 === 0;
      sides.client.ownMessages = seed % 2 === 0;
      const bits = { client: deflate?.clientMaxWindowBits ?? 15, server: deflate?.serverMaxWindowBits ?? 15 };
      const deflaters = {
        client: new ContextDeflater({ windowBits: bits.client, level: 6, memLevel: 8 }),
        server: new ContextDeflater({ windowBits: bits.server, level: 6, memLevel: 8 }),
      };
      const expected = { client: [] as Sent[], server: [] as Sent[] };
      const arrived = { client: [] as Sent[], server: [] as Sent[] };
      for (let round = 0; round < 12; round++) {
        for (const [from, to] of [["client", "server"], ["server", "client"]] as const) {
          for (let count = 1 + Math.floor(random() * 4); count > 0; count--) {
            const message = randomMessage(random);
            sendSomehow(sides[from], message, random);
            expected[to].push(message);
          }
          // What waits for compression is sent in this round or in a later one.
          for (const payload of sides[from].takeDeflates() ?? []) {
            sides[from].deflated(await deflaters[from].deflate(payload));
          }
          move(sides[from], sides[to], random, arrived[to]);
        }
      }
      // The answers to the last pings.
      move(sides.client, sides.server, random, arrived.server);
      move(sides.server, sides.client, random, arrived.client);
      for (const side of ["client", "server"] as const) {
        deflaters[side].close();
        assertEquals(arrived[side].length, expected[side].length);
        for (const [index, { isText, data }] of expected[side].entries()) {
          assertEquals([arrived[side][index]!.isText, encodeHex(arrived[side][index]!.data)], [
            isText,
            encodeHex(data),
          ]);
        }
        assertEquals([sides[side].bufferedAmount, sides[side].hasInput, sides[side].state], [0, false, "open"]);
      }
    }
  });
}

Deno.test("Protocol at any splice of two valid streams never throws: it fails by a rule or waits", () => {
  const random = seededRandom(9);
  const stream = joined(
    masked(0x81, "text"),
    masked(0x02, new Uint8Array(300)),
    masked(0x89, "p"),
    masked(0x80, "x"),
    masked(0x88, closing(1000, "bye")),
  );
  for (let round = 0; round < 3_000; round++) {
    const bytes = stream.slice(Math.floor(random() * 20));
    for (let flips = Math.floor(random() * 4); flips > 0; flips--) {
      bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
    }
    const core = protocol("server", { deflate: CONTEXT });
    const events = give(core, bytes, random() < 0.5);
    const last = events.findIndex(({ type }) => type === "fail" || type === "close");
    assert(last === -1 || last === events.length - 1, "nothing follows the end");
    for (const { first } of parseFrames(takeAll(core))) assert(first === 0x8a || first === 0x88);
  }
});
