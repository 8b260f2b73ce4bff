import { BufferPool } from "../../internal/buffer_pool.ts";
import { MessageReader } from "../../websocket/message_reader.ts";
import { assert, assertEquals, encodeHex } from "../std.ts";
import { hex, joined, plain } from "./frames.ts";

/** Counts what is asked of it. */
class CountingPool extends BufferPool {
  taken = 0;
  given = 0;
  largest = 0;

  override take(size: number): Uint8Array<ArrayBuffer> {
    this.taken++;
    this.largest = Math.max(this.largest, size);
    return super.take(size);
  }

  override give(buffer: Uint8Array<ArrayBuffer>): void {
    this.given++;
    super.give(buffer);
  }
}

function reader(pool: BufferPool, own = false): MessageReader {
  const made = new MessageReader({ expectMasked: false, maxMessage: 1 << 30, inflater: undefined, pool });
  made.own = own;
  return made;
}

Deno.test("MessageReader allocates by what arrives, not by what a header declares", () => {
  for (const own of [false, true]) {
    const pool = new CountingPool();
    const made = reader(pool, own);
    made.feed(hex("82 7f 00 00 00 00 40 00 00 00 01"));
    assertEquals(made.next(), undefined);
    const target = made.target()!;
    assert(pool.largest <= 128 << 10 && target.length <= 128 << 10, `${pool.largest} for one byte`);
    // Each step takes at most twice what was received before.
    let received = 1;
    for (let step = 0; step < 8; step++) {
      const length = made.target()!.length;
      assert(length <= Math.max(128 << 10, received), `room for ${length} after ${received}`);
      made.feedTarget(length);
      assertEquals(made.next(), undefined);
      received += length;
    }
  }
});

Deno.test("MessageReader gives its buffers back to the pool once a message was handled", () => {
  const pool = new CountingPool();
  const made = reader(pool);
  const frame = plain(0x82, new Uint8Array(300_000));
  for (let round = 0; round < 3; round++) {
    for (let at = 0; at < frame.length; at += 10_000) {
      made.feed(frame.slice(at, at + 10_000));
      const event = made.next();
      if (event === undefined) continue;
      assertEquals(made.next(), undefined);
      assertEquals(pool.taken, pool.given);
    }
  }
  assert(pool.taken > 0 && pool.taken === pool.given);
});

Deno.test("MessageReader takes no buffer for messages that arrive whole", () => {
  const pool = new CountingPool();
  const made = reader(pool);
  made.feed(joined(plain(0x82, new Uint8Array(30_000)), plain(0x81, "text")));
  while (made.next() !== undefined);
  assertEquals(pool.taken, 0);
});

Deno.test("MessageReader hands large messages out in a buffer of their own where they are kept", () => {
  const pool = new CountingPool();
  const made = reader(pool, true);
  const payload = Uint8Array.from({ length: 100_000 }, (_, index) => index);
  const frame = plain(0x82, payload);
  made.feed(frame.slice(0, 1000));
  made.next();
  for (let at = 1000; at < frame.length;) {
    const target = made.target();
    const length = Math.min(target?.length ?? Infinity, frame.length - at, 7_000);
    if (target === undefined) made.feed(frame.slice(at, at + length));
    else {
      target.set(frame.subarray(at, at + length));
      made.feedTarget(length);
    }
    at += length;
    const event = made.next();
    if (event === undefined) continue;
    assert(event.type === "message");
    assertEquals([event.owned, encodeHex(event.data)], [true, encodeHex(payload)]);
    assertEquals(event.data.buffer.byteLength, payload.length);
  }
  assertEquals([pool.taken, pool.given], [0, 0]);
});

Deno.test("MessageReader.discard gives no buffer to others that a handler or a read may still use", () => {
  const pool = new CountingPool();
  const borrowed = reader(pool);
  const frame = plain(0x82, new Uint8Array(5_000).fill(7));
  borrowed.feed(frame.slice(0, 100));
  borrowed.next();
  borrowed.feed(frame.slice(100));
  const event = borrowed.next();
  assert(event?.type === "message");
  borrowed.discard();
  assertEquals(pool.given, 0, "the handler that ended the connection still looks at the message");

  const reading = reader(pool);
  reading.feed(frame.slice(0, 100));
  reading.next();
  assert(reading.target() !== undefined);
  reading.discard();
  assertEquals(pool.given, 0, "a read that is being cancelled may still write to its target");
});

Deno.test("MessageReader reads into its own buffer only for the rest of a long payload", () => {
  const made = reader(new BufferPool());
  assertEquals(made.target(), undefined);
  made.feed(hex("82 7e 10 00"));
  made.next();
  assertEquals(made.target()!.length, 4096);
  const short = reader(new BufferPool());
  short.feed(hex("82 7e 0f ff"));
  short.next();
  assertEquals(short.target(), undefined, "a short rest is read with what follows it");
  const control = reader(new BufferPool());
  control.feed(hex("89 05 61"));
  control.next();
  assertEquals(control.target(), undefined);
});

Deno.test("MessageReader says whether it stands within a message, a frame or a header", () => {
  const made = reader(new BufferPool());
  const states: boolean[] = [];
  for (const bytes of ["01", "01", "61", "89", "00", "80 01", "62"]) {
    made.feed(hex(bytes));
    while (made.next() !== undefined);
    states.push(made.inMessage);
  }
  assertEquals(states, [true, true, true, true, true, true, false]);
});

Deno.test("MessageReader hands out messages of every size in buffers of their own, where the caller keeps them", () => {
  for (const length of [64, 511, 512, 513, 1024, 4096, 65_536, 65_537]) {
    for (const cut of [0, 20, 600]) {
      for (const fragments of [1, 2]) {
        const from = reader(new BufferPool(), true);
        const body = new Uint8Array(length).fill(0x61);
        const half = length >> 1;
        const bytes = fragments === 1
          ? plain(0x82, body)
          : joined(plain(0x02, body.subarray(0, half)), plain(0x80, body.subarray(half)));
        from.feed(bytes.slice(0, cut));
        let event = from.next();
        from.feed(bytes.slice(cut));
        event ??= from.next();
        assert(event?.type === "message");
        assertEquals([event.data.length, event.data[0], event.data.at(-1)], [length, 0x61, 0x61]);
        if (event.owned) assertEquals(event.data.buffer.byteLength, length, `${length} bytes cut at ${cut}`);
      }
    }
  }
});
