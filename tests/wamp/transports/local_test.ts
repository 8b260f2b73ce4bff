import { assert, assertEquals, assertThrows } from "../../std.ts";
import { settled, withFakeClock } from "../../fake_clock.ts";
import { localPair } from "../../../wamp/transports/local.ts";
import { HIGH_WATER_MARK, MAX_SEND_BUFFER } from "../../../wamp/transports/transport.ts";
import { Recording } from "./recording.ts";
import { BINARY } from "./serializer.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

Deno.test("local transport delivers in order, never within send()", async () => {
  const [one, other] = localPair(BINARY);
  const recording = Recording.of(other);
  one.send(bytes("a"));
  one.send(bytes(""));
  one.send(bytes("b"));
  assertEquals(recording.messages.length, 0);
  assertEquals(one.bufferedAmount, 2);
  await recording.count(3);
  assertEquals(recording.texts, ["a", "", "b"]);
  assertEquals(one.bufferedAmount, 0);
  assertEquals([one.serializer, one.info.kind], [BINARY, "local"]);
});

Deno.test("local transport copies what is sent", async () => {
  const [one, other] = localPair(BINARY);
  const recording = Recording.of(other);
  const message = bytes("abc");
  one.send(message);
  message.fill(0);
  await recording.count(1);
  assertEquals(recording.texts, ["abc"]);
});

Deno.test("local transport delivers what came before open()", async () => {
  const [one, other] = localPair(BINARY);
  one.send(bytes("early"));
  await settled();
  const recording = Recording.of(other);
  assertEquals(recording.messages.length, 0);
  await recording.count(1);
  assertEquals(recording.texts, ["early"]);
  assertThrows(() => other.open(recording), TypeError, "it has a receiver already");
});

Deno.test("local transport leaves what a handler sends to itself to a later sweep", async () => {
  const [one, other] = localPair(BINARY);
  const recording = Recording.of(other);
  let depth = 0;
  recording.onMessage = (message) => {
    depth++;
    assertEquals(depth, 1);
    if (recording.messages.length < 4) one.send(message);
    depth--;
  };
  one.send(bytes("again"));
  await recording.count(4);
  assertEquals(recording.texts, ["again", "again", "again", "again"]);
});

Deno.test("local transport stops within a sweep when paused, and goes on in order", async () => {
  const [one, other] = localPair(BINARY);
  const recording = Recording.of(other);
  recording.onMessage = () => other.pause();
  for (const text of ["1", "2", "3"]) one.send(bytes(text));
  await settled();
  one.send(bytes("4"));
  await settled();
  assertEquals(recording.texts, ["1"]);
  assertEquals(one.bufferedAmount, 3);
  for (let count = 2; count <= 4; count++) {
    other.resume();
    await settled();
    assertEquals(recording.messages.length, count);
  }
  assertEquals(recording.texts, ["1", "2", "3", "4"]);
});

Deno.test("local transport calls drain once when half of the mark is reached from above", async () => {
  // A clock that stands still: who sends for long is told later.
  await withFakeClock(async () => {
    const [one, other] = localPair(BINARY);
    const sender = Recording.of(one);
    const recording = Recording.of(other);
    other.pause();
    one.send(new Uint8Array(HIGH_WATER_MARK));
    one.send(new Uint8Array(1));
    await settled();
    assertEquals([sender.drains, one.bufferedAmount], [0, HIGH_WATER_MARK + 1]);
    other.resume();
    await recording.count(2);
    await settled();
    assertEquals([sender.drains, one.bufferedAmount], [1, 0]);
    one.send(new Uint8Array(1));
    await settled();
    assertEquals(sender.drains, 1);
  });
});

Deno.test("local transport ends where more waits than it may", async () => {
  const [one, other] = localPair(BINARY);
  const [sender, recording] = [Recording.of(one), Recording.of(other)];
  one.send(new Uint8Array(MAX_SEND_BUFFER + 1));
  one.send(new Uint8Array(1));
  await settled();
  assertEquals(sender.closings[0]?.error instanceof RangeError, true);
  assertEquals([sender.closings.length, recording.closings.length, recording.messages.length], [1, 1, 0]);
});

Deno.test("local transport closes behind what both sides have sent", async () => {
  const [one, other] = localPair(BINARY);
  const [first, second] = [Recording.of(one), Recording.of(other)];
  one.send(bytes("last"));
  one.close();
  one.close();
  one.send(bytes("too late"));
  other.send(bytes("crossing"));
  assertEquals(await first.ended, { wasClean: true, reason: "" });
  assertEquals(await second.ended, { wasClean: true, reason: "" });
  assertEquals([first.texts, second.texts], [["crossing"], ["last"]]);
  other.send(bytes("after"));
  await settled();
  assertEquals([first.closings.length, second.closings.length, first.messages.length], [1, 1, 1]);
});

Deno.test("local transport may be closed by both at once", async () => {
  const [one, other] = localPair(BINARY);
  const [first, second] = [Recording.of(one), Recording.of(other)];
  one.close();
  other.close();
  assertEquals((await first.ended).wasClean, true);
  assertEquals((await second.ended).wasClean, true);
});

Deno.test("local transport tells the end to one who opens afterwards", async () => {
  const [one, other] = localPair(BINARY);
  const first = Recording.of(one);
  one.send(bytes("kept"));
  one.close();
  await settled();
  assertEquals(first.closings.length, 0);
  const second = Recording.of(other);
  await second.ended;
  await first.ended;
  assertEquals(second.texts, ["kept"]);
});

Deno.test("local transport gives up closing where the other side takes nothing", async () => {
  await withFakeClock(async (clock) => {
    const [one, other] = localPair(BINARY);
    const [first, second] = [Recording.of(one), Recording.of(other)];
    other.pause();
    one.send(bytes("never taken"));
    one.close();
    await clock.advance(4_999);
    assertEquals(first.closings.length, 0);
    await clock.advance(2);
    assertEquals([first.closings[0]?.wasClean, second.closings[0]?.wasClean], [false, false]);
    assertEquals([second.messages.length, clock.timers], [0, 0]);
  });
});

Deno.test("local transport fails behind what it sent, and discards what comes", async () => {
  const [one, other] = localPair(BINARY);
  const [first, second] = [Recording.of(one), Recording.of(other)];
  other.send(bytes("discarded"));
  one.send(bytes("abort message"));
  one.fail("Bad message");
  assertEquals((await second.ended).reason, "Bad message");
  assertEquals((await first.ended).wasClean, false);
  assertEquals([first.messages.length, second.texts], [0, ["abort message"]]);
  one.fail("again");
  await settled();
  assertEquals(first.closings.length, 1);
});

Deno.test("local transport fails without waiting for one who is paused", async () => {
  const [one, other] = localPair(BINARY);
  const [first, second] = [Recording.of(one), Recording.of(other)];
  other.pause();
  one.send(bytes("unseen"));
  one.fail("Bad message");
  await first.ended;
  await second.ended;
  assertEquals(second.messages.length, 0);
});

Deno.test("local transport aborts at once, also within a sweep", async () => {
  const [one, other] = localPair(BINARY);
  const [first, second] = [Recording.of(one), Recording.of(other)];
  second.onMessage = () => {
    other.abort();
    assertEquals(second.closings.length, 0);
  };
  one.send(bytes("1"));
  one.send(bytes("2"));
  await first.ended;
  await second.ended;
  assertEquals(second.texts, ["1"]);
  assertEquals([first.closings.length, second.closings.length, one.bufferedAmount], [1, 1, 0]);
  one.abort();
  await settled();
  assertEquals(first.closings.length, 1);
});

/** Work enough for a turn of the event loop to take longer than the sender is let alone. */
function work(): void {
  const until = performance.now() + 0.05;
  while (performance.now() < until);
}

Deno.test("local transport: a loop that sends as fast as it goes leaves sockets their turn", async () => {
  const [one, other] = localPair(BINARY);
  const drains: (() => void)[] = [];
  one.open({ message: () => {}, drain: () => drains.splice(0).forEach((resolve) => resolve()), closed: () => {} });
  other.open({ message: work, drain: () => {}, closed: () => {} });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let isAnswered = false;
  const echo = async (): Promise<void> => {
    const { hostname, port } = listener.addr;
    using client = await Deno.connect({ hostname, port });
    using server = await listener.accept();
    await server.write(Uint8Array.of(1));
    await client.read(new Uint8Array(1));
    isAnswered = true;
  };
  const echoing = echo();
  const message = new Uint8Array(1_000);
  // The runtime looks at sockets by itself every 61 turns, and an answer takes several looks.
  let turns = 0;
  while (!isAnswered && turns < 61) {
    one.send(message);
    if (one.bufferedAmount <= HIGH_WATER_MARK) continue;
    turns++;
    await new Promise<void>((resolve) => drains.push(resolve));
  }
  assert(isAnswered, `No answer within ${turns} turns`);
  await echoing;
  listener.close();
  one.abort();
  await settled();
});
