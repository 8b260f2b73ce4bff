import { BufferPool, LARGEST_BUFFER, SMALLEST_BUFFER } from "../../internal/buffer_pool.ts";
import { assertEquals, assertNotEquals, assertStrictEquals } from "../std.ts";

Deno.test("BufferPool.take gives the next power of two, at least 512 bytes", () => {
  const pool = new BufferPool();
  for (const [size, length] of [[0, 512], [1, 512], [512, 512], [513, 1024], [1024, 1024], [65537, 131072]] as const) {
    assertEquals(pool.take(size).length, length, String(size));
  }
  assertEquals(pool.take(LARGEST_BUFFER).length, LARGEST_BUFFER);
});

Deno.test("BufferPool.take gives exactly the size above the largest class", () => {
  assertEquals(new BufferPool().take(LARGEST_BUFFER + 1).length, LARGEST_BUFFER + 1);
});

Deno.test("BufferPool hands a buffer out again to a request of its class only", () => {
  const pool = new BufferPool();
  const buffer = pool.take(1000);
  pool.give(buffer);
  assertEquals(pool.held, 1024);
  assertNotEquals(pool.take(512).length, 1024);
  assertNotEquals(pool.take(1025).length, 1024);
  assertStrictEquals(pool.take(513), buffer);
  assertEquals(pool.held, 0);
});

Deno.test("BufferPool never hands one buffer out twice", () => {
  const pool = new BufferPool();
  const [first, second] = [pool.take(512), pool.take(512)];
  pool.give(first);
  pool.give(second);
  const taken = new Set([pool.take(512), pool.take(512), pool.take(512)]);
  assertEquals(taken.size, 3);
});

Deno.test("BufferPool keeps no more than its capacity", () => {
  const pool = new BufferPool(2048);
  for (let count = 0; count < 10; count++) pool.give(new Uint8Array(SMALLEST_BUFFER));
  assertEquals(pool.held, 2048);
});

Deno.test("BufferPool keeps no buffer that is too small, too large, not a power of two, or detached", () => {
  const pool = new BufferPool();
  const detached = new Uint8Array(1024);
  detached.buffer.transfer();
  for (const buffer of [new Uint8Array(256), new Uint8Array(LARGEST_BUFFER * 2), new Uint8Array(1000), detached]) {
    pool.give(buffer);
  }
  assertEquals(pool.held, 0);
});
