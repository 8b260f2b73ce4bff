import { BufferPool } from "../../internal/buffer_pool.ts";
import { OutputQueue } from "../../internal/output.ts";
import { seededRandom } from "../cuts.ts";
import { assert, assertEquals, assertStrictEquals } from "../std.ts";
import { PoisonPool } from "../websocket/drive.ts";
import { joined } from "../websocket/frames.ts";

function put(queue: OutputQueue, bytes: Uint8Array): void {
  queue.reserve(bytes.length);
  queue.buffer.set(bytes, queue.end);
  queue.end += bytes.length;
}

function drain(queue: OutputQueue): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let bytes = queue.take(); bytes !== undefined; bytes = queue.take()) {
    parts.push(bytes.slice());
    queue.release();
  }
  return joined(...parts);
}

Deno.test("OutputQueue gives what was encoded, in order, in one piece where it is small", () => {
  const queue = new OutputQueue(new PoisonPool());
  assertEquals([queue.ready, queue.length, queue.take()], [false, 0, undefined]);
  for (let value = 0; value < 100; value++) put(queue, Uint8Array.of(value, value));
  assertEquals([queue.ready, queue.length], [true, 200]);
  const bytes = queue.take()!;
  assertEquals(bytes, Uint8Array.from({ length: 200 }, (_, index) => index >> 1));
  assertEquals([queue.ready, queue.length], [false, 200], "bytes taken count until they are written");
  queue.release();
  assertEquals([queue.length, queue.take()], [0, undefined]);
});

Deno.test("OutputQueue takes more while bytes are being written, without touching those", () => {
  const queue = new OutputQueue(new PoisonPool());
  put(queue, Uint8Array.of(1, 2, 3));
  const taken = queue.take()!;
  put(queue, new Uint8Array(1000).fill(9));
  assertEquals(taken, Uint8Array.of(1, 2, 3));
  assertEquals(queue.length, 1003);
  queue.release();
  assertEquals(drain(queue), new Uint8Array(1000).fill(9));
});

Deno.test("OutputQueue keeps the order of copied and appended bytes, and appends without a copy", () => {
  const queue = new OutputQueue(new PoisonPool());
  const large = new Uint8Array(100_000).fill(7);
  put(queue, Uint8Array.of(1));
  queue.append(large, false);
  put(queue, Uint8Array.of(2));
  assertEquals(queue.length, 100_002);
  assertEquals(queue.take(), Uint8Array.of(1));
  queue.release();
  assertStrictEquals(queue.take(), large);
  queue.release();
  assertEquals(large[0], 7, "bytes of another owner never go to the pool");
  assertEquals(drain(queue), Uint8Array.of(2));
});

Deno.test("OutputQueue gives every buffer back to its pool and holds none without output", () => {
  const pool = new BufferPool();
  const queue = new OutputQueue(pool);
  for (let count = 0; count < 200; count++) put(queue, new Uint8Array(1000));
  assert(queue.length === 200_000);
  const before = pool.held;
  drain(queue);
  assert(pool.held > before && pool.held >= 200_000, `${pool.held} bytes given back`);
  assertEquals(queue.buffer.length, 0);
});

Deno.test("OutputQueue.clear drops all but the bytes taken, whose write may be under way", () => {
  const pool = new PoisonPool();
  const queue = new OutputQueue(pool);
  put(queue, Uint8Array.of(1, 2, 3));
  const taken = queue.take()!;
  put(queue, Uint8Array.of(4));
  queue.append(Uint8Array.of(5), false);
  put(queue, Uint8Array.of(6));
  queue.clear();
  assertEquals([queue.ready, queue.length, queue.take()], [false, 3, undefined]);
  assertEquals(taken, Uint8Array.of(1, 2, 3));
});

Deno.test("OutputQueue loses and reorders nothing, whatever the sizes and whenever it is drained", () => {
  const random = seededRandom(11);
  const queue = new OutputQueue(new PoisonPool());
  const expected: Uint8Array[] = [];
  const written: Uint8Array[] = [];
  for (let step = 0; step < 2_000; step++) {
    const size = 1 + Math.floor(random() ** 6 * 80_000);
    const bytes = new Uint8Array(size).fill(step);
    if (random() < 0.1) queue.append(bytes, false);
    else put(queue, bytes);
    expected.push(bytes);
    if (random() < 0.3) {
      const taken = queue.take();
      if (taken !== undefined) {
        // Encoding goes on while a write is under way.
        put(queue, Uint8Array.of(step));
        expected.push(Uint8Array.of(step));
        written.push(taken.slice());
        queue.release();
      }
    }
  }
  written.push(drain(queue));
  assertEquals(joined(...written), joined(...expected));
  assertEquals(queue.length, 0);
});
