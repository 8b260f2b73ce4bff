import { assert, assertEquals, assertInstanceOf, assertThrows } from "../../std.ts";
import { cuttings } from "../../cuts.ts";
import { settled, withFakeClock } from "../../fake_clock.ts";
import { memoryPair, type MemoryStream } from "../../memory_stream.ts";
import type { Logger } from "../../../internal/log.ts";
import type { ByteStream } from "../../../internal/stream.ts";
import { connectRawSocket } from "../../../wamp/transports/rawsocket.ts";
import { encodeFrame } from "../../../wamp/transports/rawsocket_frame.ts";
import { HIGH_WATER_MARK, MAX_SEND_BUFFER, SharedBytes } from "../../../wamp/transports/transport.ts";
import { acceptRawSocket, bytes, CLAUSE, serverPair } from "./rawsocket_fixture.ts";
import { Recording } from "./recording.ts";
import { TEXT } from "./serializer.ts";

// ------------------------------------------------------------------------------------------------------------- Frames

Deno.test("RawSocket delivers the same messages at every cut", async () => {
  const texts = ["", "one", "x".repeat(600), "y".repeat(9_000), "end"];
  const wire = new Uint8Array(texts.flatMap((text) => [...encodeFrame(bytes(text))]));
  for (const chunks of cuttings(wire)) {
    const [far, transport] = await serverPair();
    const recording = Recording.of(transport);
    far.peer.push(...chunks);
    await recording.count(texts.length);
    assertEquals(recording.texts, texts);
    transport.abort();
    await recording.ended;
  }
});

for (
  const [what, octets] of [
    ["a length over the one announced", [0, 0, 4, 1]],
    ["reserved bits", [0x20, 0, 0, 1]],
    ["a reserved type", [7, 0, 0, 1]],
  ] as const
) {
  Deno.test(`RawSocket closes without a reply on ${what} ${CLAUSE}`, async () => {
    const warnings: string[] = [];
    const logger: Logger = { debug() {}, info() {}, error() {}, warn: (message) => warnings.push(message) };
    const [far, transport] = await serverPair({ maxMessage: 1024, logger });
    const recording = Recording.of(transport);
    far.peer.push(encodeFrame(bytes("good")), Uint8Array.from(octets));
    const { wasClean, error } = await recording.ended;
    assertEquals([recording.texts, wasClean], [["good"], false]);
    assertInstanceOf(error, Error);
    assertEquals([far.takeArrived().length, far.peer.isClosed, warnings.length], [0, true, 1]);
  });
}

Deno.test(`RawSocket answers each PING with a PONG of its payload, and takes a PONG ${CLAUSE}`, async () => {
  const [far, transport] = await serverPair();
  const recording = Recording.of(transport);
  far.peer.push(
    Uint8Array.of(1, 0, 0, 2, 7, 8, 2, 0, 0, 1, 9, 1, 0, 0, 0),
    encodeFrame(bytes("x")),
  );
  await recording.count(1);
  await settled();
  assertEquals(far.takeArrived(), Uint8Array.of(2, 0, 0, 2, 7, 8, 2, 0, 0, 0));
  transport.abort();
});

Deno.test("RawSocket writes what is sent in one turn at once, and shared messages without framing them again", async () => {
  const [far, transport] = await serverPair();
  Recording.of(transport);
  const writes = far.peer.writes;
  const shared = new SharedBytes(bytes("shared"));
  let framings = 0;
  const framed = shared.framed.bind(shared);
  shared.framed = (kind, frame) => framed(kind, (message) => (framings++, frame(message)));
  for (let index = 0; index < 100; index++) transport.send(bytes("mine"));
  transport.sendShared!(shared);
  transport.sendShared!(shared);
  await settled();
  assertEquals([far.peer.writes - writes, framings], [1, 1]);
  assertEquals(far.unread, 100 * 8 + 2 * 10);
  far.takeArrived();
  const large = new SharedBytes(new Uint8Array(200_000));
  transport.send(bytes("before"));
  transport.sendShared!(large);
  transport.send(bytes("after"));
  await settled();
  const arrived = far.takeArrived();
  assertEquals(arrived.length, 4 + 6 + 4 + 200_000 + 4 + 5);
  assertEquals(new TextDecoder().decode(arrived.subarray(-5)), "after");
  transport.abort();
});

Deno.test("RawSocket answers a sweep in one write", async () => {
  const [far, transport] = await serverPair();
  const recording = Recording.of(transport);
  recording.onMessage = (message) => transport.send(message);
  const writes = far.peer.writes;
  const one = encodeFrame(bytes("echo"));
  const many = new Uint8Array(one.length * 50);
  for (let index = 0; index < 50; index++) many.set(one, index * one.length);
  far.peer.push(many);
  await recording.count(50);
  await settled();
  assertEquals(far.peer.writes - writes, 1);
  assertEquals(far.takeArrived(), many);
  transport.abort();
});

Deno.test("RawSocket goes on where a write takes only a part", async () => {
  const [far, transport] = await serverPair();
  Recording.of(transport);
  far.peer.maxWrite = 3;
  transport.send(bytes("in small parts"));
  await settled(40);
  assertEquals(far.takeArrived(), encodeFrame(bytes("in small parts")));
  transport.abort();
});

Deno.test(`RawSocket does not send what the other side would not take, and says so ${CLAUSE}`, async () => {
  const warnings: unknown[] = [];
  const logger: Logger = { debug() {}, info() {}, error() {}, warn: (_, fields) => warnings.push(fields) };
  const [far, near] = memoryPair();
  near.push(Uint8Array.of(0x7f, 0x13, 0, 0));
  const transport = await acceptRawSocket(near, { logger });
  Recording.of(transport);
  await settled();
  far.takeArrived();
  assertEquals(transport.maxMessage, 1024);
  transport.send(new Uint8Array(1025));
  transport.sendShared!(new SharedBytes(new Uint8Array(1025)));
  transport.send(new Uint8Array(1024));
  await settled();
  assertEquals([far.takeArrived().length, warnings], [1028, [
    { size: 1025, maxMessage: 1024, peer: "" },
    { size: 1025, maxMessage: 1024, peer: "" },
  ]]);
  transport.abort();
});

// ------------------------------------------------------------------------------------------------------ Back-pressure

Deno.test("RawSocket delivers nothing before open() and while paused, and loses nothing", async () => {
  const [far, transport] = await serverPair();
  const all = [encodeFrame(bytes("1")), encodeFrame(bytes("2")), encodeFrame(bytes("3"))];
  far.peer.push(new Uint8Array(all.flatMap((frame) => [...frame])));
  await settled();
  const recording = Recording.of(transport);
  assertEquals(recording.messages.length, 0);
  recording.onMessage = () => transport.pause();
  for (let count = 1; count <= 3; count++) {
    await recording.count(count);
    await settled();
    assertEquals(recording.messages.length, count);
    transport.resume();
    transport.resume();
  }
  assertEquals(recording.texts, ["1", "2", "3"]);
  assertThrows(() => transport.open(recording), TypeError, "it has a receiver already");
  transport.abort();
});

Deno.test("RawSocket router reads no more from one that does not read, and calls drain afterwards", async () => {
  const [far, transport] = await serverPair();
  const recording = Recording.of(transport);
  recording.onMessage = () => transport.send(new Uint8Array(HIGH_WATER_MARK));
  far.peer.stallWrites();
  const two = encodeFrame(bytes("x"));
  far.peer.push(two, two);
  await recording.count(1);
  await settled();
  assertEquals([recording.messages.length, recording.drains], [1, 0]);
  assert(transport.bufferedAmount > HIGH_WATER_MARK);
  far.peer.resumeWrites();
  await recording.count(2);
  await recording.until(({ drains }) => drains === 2);
  assertEquals(transport.bufferedAmount, 0);
  transport.abort();
});

Deno.test("RawSocket client reads on while what it sends waits", async () => {
  const [far, near] = memoryPair();
  const [client, server] = await Promise.all([
    connectRawSocket("rs://h:1", { serializers: [TEXT], dial: () => Promise.resolve(near) }),
    acceptRawSocket(far),
  ]);
  const [atClient, atServer] = [Recording.of(client), Recording.of(server)];
  near.stallWrites();
  client.send(new Uint8Array(2 * HIGH_WATER_MARK));
  server.send(bytes("1"));
  await atClient.count(1);
  server.send(bytes("2"));
  await atClient.count(2);
  near.resumeWrites();
  await atServer.count(1);
  await atClient.until(({ drains }) => drains === 1);
  client.abort();
  await atServer.ended;
});

Deno.test("RawSocket ends where more waits than it may", async () => {
  const [far, transport] = await serverPair();
  const recording = Recording.of(transport);
  far.peer.stallWrites();
  const part = new SharedBytes(new Uint8Array(16 << 20));
  for (let sent = 0; sent <= MAX_SEND_BUFFER; sent += part.bytes.length) transport.sendShared!(part);
  const { error } = await recording.ended;
  assertInstanceOf(error, RangeError);
  assertEquals(far.peer.isClosed, true);
});

// -------------------------------------------------------------------------------------------------------------- Ending

Deno.test("RawSocket closes behind what it sent, and still delivers what comes", async () => {
  const [far, transport] = await serverPair();
  const recording = Recording.of(transport);
  transport.pause();
  transport.send(bytes("last"));
  transport.close();
  transport.close();
  transport.pause();
  transport.send(bytes("too late"));
  await settled();
  assertEquals([far.takeArrived(), far.peer.isHalfClosed], [encodeFrame(bytes("last")), true]);
  far.peer.push(encodeFrame(bytes("crossing")), Uint8Array.of(1, 0, 0, 0));
  await recording.count(1);
  assertEquals(recording.closings.length, 0);
  far.peer.end();
  assertEquals(await recording.ended, { wasClean: true, reason: "" });
  assertEquals([recording.texts, far.unread, far.peer.isClosed], [["crossing"], 0, true]);
});

Deno.test("RawSocket closes in order where the peer ended first, and where it resets afterwards", async () => {
  for (const last of [(far: MemoryStream) => far.end(), (far: MemoryStream) => far.failReads(new Error("Reset"))]) {
    const [far, transport] = await serverPair();
    const recording = Recording.of(transport);
    far.peer.stallWrites();
    transport.send(bytes("waiting"));
    transport.close();
    if (last.toString().includes("end")) last(far.peer);
    await settled();
    assertEquals(recording.closings.length, 0);
    far.peer.resumeWrites();
    await settled();
    last(far.peer);
    assertEquals((await recording.ended).wasClean, true);
  }
});

Deno.test("RawSocket closes whole a stream that cannot be closed by halves", async () => {
  const [far, near] = memoryPair();
  near.push(Uint8Array.of(0x7f, 0xf3, 0, 0));
  const stream: ByteStream = {
    read: (buffer) => near.read(buffer),
    write: (bytes) => near.write(bytes),
    close: () => near.close(),
  };
  const transport = await acceptRawSocket(stream);
  const recording = Recording.of(transport);
  transport.send(bytes("last"));
  transport.close();
  assertEquals((await recording.ended).wasClean, true);
  assertEquals([far.takeArrived().length, near.isClosed], [4 + 8, true]);
});

Deno.test("RawSocket that nobody opened closes without waiting for the other side", async () => {
  const [far, transport] = await serverPair();
  transport.close();
  await settled();
  assertEquals(far.peer.isClosed, true);
  const recording = Recording.of(transport);
  assertEquals(recording.closings.length, 0);
  assertEquals((await recording.ended).wasClean, true);
});

Deno.test("RawSocket gives up closing where the other side does not end", async () => {
  await withFakeClock(async (clock) => {
    const [, transport] = await serverPair();
    const recording = Recording.of(transport);
    transport.close();
    await clock.advance(4_980);
    assertEquals(recording.closings.length, 0);
    await clock.advance(50);
    assertEquals([recording.closings[0]?.wasClean, clock.timers], [false, 0]);
  });
});

Deno.test("RawSocket fails behind what it sent, and delivers no more", async () => {
  const [far, transport] = await serverPair();
  const recording = Recording.of(transport);
  recording.onMessage = () => {
    transport.send(bytes("abort message"));
    transport.fail("Bad message");
    transport.fail("again");
  };
  const frame = encodeFrame(bytes("bad"));
  far.peer.push(new Uint8Array([...frame, ...frame]));
  await recording.count(1);
  far.peer.push(frame);
  await settled();
  assertEquals(far.takeArrived(), encodeFrame(bytes("abort message")));
  far.peer.end();
  assertEquals(await recording.ended, { wasClean: false, reason: "Bad message" });
  assertEquals(recording.messages.length, 1);
});

Deno.test("RawSocket tells an end that nobody announced, also within a frame", async () => {
  for (
    const [rest, reason] of [[[], "Peer ended the connection"], [
      [0, 0],
      "Peer ended the connection within a frame",
    ]] as const
  ) {
    const [far, transport] = await serverPair();
    const recording = Recording.of(transport);
    far.peer.push(Uint8Array.from(rest));
    far.peer.end();
    assertEquals(await recording.ended, { wasClean: false, reason });
  }
});

Deno.test("RawSocket ends with what failed: a read, or a write", async () => {
  for (const fail of [(far: MemoryStream) => far.failReads(new Error("Broken")), undefined]) {
    const [far, transport] = await serverPair();
    const recording = Recording.of(transport);
    if (fail === undefined) far.peer.writeError = new Error("Broken");
    else fail(far.peer);
    transport.send(bytes("x"));
    const { wasClean, reason, error } = await recording.ended;
    assertEquals([wasClean, reason, error?.message], [false, "Connection was lost: Broken", "Broken"]);
    transport.send(bytes("x"));
    transport.close();
    transport.resume();
    await settled();
    assertEquals(recording.closings.length, 1);
  }
});

Deno.test("RawSocket aborts at once, also within a sweep", async () => {
  const [far, transport] = await serverPair();
  const recording = Recording.of(transport);
  recording.onMessage = () => {
    transport.send(bytes("never"));
    transport.abort();
    assertEquals(recording.closings.length, 0);
  };
  const frame = encodeFrame(bytes("x"));
  far.peer.push(new Uint8Array([...frame, ...frame]));
  assertEquals((await recording.ended).reason, "Transport was aborted");
  await settled();
  assertEquals([recording.messages.length, far.unread, transport.bufferedAmount], [1, 0, 0]);
});

// ----------------------------------------------------------------------------------------------------------- Keepalive

Deno.test("RawSocket sends no PING unless it is told to", async () => {
  await withFakeClock(async (clock) => {
    const [far, transport] = await serverPair();
    Recording.of(transport);
    await clock.advance(100_000);
    assertEquals([far.unread, clock.timers], [0, 0]);
    transport.abort();
  });
});

Deno.test("RawSocket finds a dead peer by a PING, and no other", async () => {
  await withFakeClock(async (clock) => {
    const [far, transport] = await serverPair({ keepalive: { interval: 1_000, timeout: 500 } });
    const recording = Recording.of(transport);
    await clock.advance(1_050);
    assertEquals(far.takeArrived(), Uint8Array.of(1, 0, 0, 4, 0, 0, 0, 0));
    far.peer.push(Uint8Array.of(2, 0, 0, 4, 0, 0, 0, 0));
    await clock.advance(900);
    assertEquals(far.unread, 0);
    far.peer.push(encodeFrame(bytes("any byte is life")));
    await clock.advance(900);
    assertEquals(far.unread, 0);
    transport.pause();
    await clock.advance(10_000);
    assertEquals([recording.closings.length, far.unread], [0, 0]);
    transport.resume();
    await clock.advance(1_050);
    assertEquals(far.takeArrived().length, 8);
    await clock.advance(550);
    assertEquals(recording.closings[0]?.reason, "Peer must send something within 500 ms of a PING, received nothing");
  });
});
