import { BufferPool } from "../../internal/buffer_pool.ts";
import { ReadBuffer } from "../../internal/read_buffer.ts";
import { assert, assertEquals, assertStrictEquals } from "../std.ts";

Deno.test("ReadBuffer is used again for the next read", () => {
  const buffer = new ReadBuffer(new BufferPool());
  const bytes = buffer.next();
  assertEquals(bytes.length, 512);
  buffer.filled(100);
  assertStrictEquals(buffer.next(), bytes);
});

Deno.test("ReadBuffer grows by reads that fill it, up to 64 KiB, and gives the smaller ones back", () => {
  const pool = new BufferPool();
  const buffer = new ReadBuffer(pool);
  const sizes: number[] = [];
  for (let read = 0; read < 6; read++) {
    const { length } = buffer.next();
    sizes.push(length);
    buffer.filled(length);
  }
  assertEquals(sizes, [512, 2048, 8192, 32768, 65536, 65536]);
  assertEquals(pool.held, 512 + 2048 + 8192 + 32768);
});

Deno.test("ReadBuffer shrinks after eight reads in a row that leave most of it unused, down to 512 bytes", () => {
  const pool = new BufferPool();
  const buffer = new ReadBuffer(pool);
  for (let read = 0; read < 5; read++) buffer.filled(buffer.next().length);
  for (let read = 0; read < 7; read++) buffer.filled(1);
  assertEquals(buffer.next().length, 65536);
  buffer.filled(1);
  assertEquals(buffer.next().length, 16384);
  for (let read = 0; read < 100; read++) buffer.filled(1);
  assertEquals(buffer.next().length, 512);
});

Deno.test("ReadBuffer keeps its size while reads use a good part of it", () => {
  const buffer = new ReadBuffer(new BufferPool());
  for (let read = 0; read < 2; read++) buffer.filled(buffer.next().length);
  const { length } = buffer.next();
  for (let read = 0; read < 100; read++) buffer.filled(read % 8 === 7 ? length - 1 : 1);
  assertEquals(buffer.next().length, length);
});

Deno.test("ReadBuffer.holds tells a view of its bytes from others", () => {
  const buffer = new ReadBuffer(new BufferPool());
  const bytes = buffer.next();
  assertEquals(buffer.holds(bytes.subarray(5, 9)), true);
  assertEquals(buffer.holds(bytes.slice(5, 9)), false);
});

Deno.test("ReadBuffer.drop gives its buffer back", () => {
  const pool = new BufferPool();
  const buffer = new ReadBuffer(pool);
  const bytes = buffer.next();
  buffer.drop();
  assertEquals(pool.held, 512);
  assert(pool.take(512) === bytes);
  assertEquals(buffer.holds(bytes), false);
});
