import { BoundedQueue } from "../../internal/bounded_queue.ts";
import { seededRandom } from "../cuts.ts";
import { assertEquals } from "../std.ts";

Deno.test("BoundedQueue gives items in order and totals their costs", () => {
  const queue = new BoundedQueue<string>();
  queue.push("a", 3);
  queue.push("b", 4);
  assertEquals([queue.length, queue.cost], [2, 7]);
  assertEquals([queue.shift(), queue.cost], ["a", 4]);
  assertEquals([queue.shift(), queue.shift(), queue.length, queue.cost], ["b", undefined, 0, 0]);
});

Deno.test("BoundedQueue behaves like an array through growth, wrapping and running empty", () => {
  const random = seededRandom(7);
  const queue = new BoundedQueue<number>();
  const model: number[] = [];
  for (let step = 0; step < 20_000; step++) {
    // Long runs of pushes and of shifts, so that the ring grows past what it keeps and runs empty.
    if (random() < (Math.floor(step / 1500) % 2 === 0 ? 0.7 : 0.3)) {
      queue.push(step, step % 13);
      model.push(step);
    } else {
      assertEquals(queue.shift(), model.shift());
    }
    assertEquals(queue.length, model.length);
  }
  assertEquals(queue.cost, model.reduce((sum, item) => sum + item % 13, 0));
});

Deno.test("BoundedQueue.clear drops everything and can be filled again", () => {
  const queue = new BoundedQueue<number>();
  for (let item = 0; item < 40; item++) queue.push(item, 1);
  queue.clear();
  assertEquals([queue.length, queue.cost, queue.shift()], [0, 0, undefined]);
  queue.push(5, 2);
  assertEquals([queue.length, queue.cost, queue.shift()], [1, 2, 5]);
});
