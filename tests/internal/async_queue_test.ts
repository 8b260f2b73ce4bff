import { AsyncQueue } from "../../internal/async_queue.ts";
import { assertEquals, assertRejects } from "../std.ts";

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined };

function item(id: number): { readonly id: number } {
  return { id };
}

Deno.test("AsyncQueue gives what waits, then what comes, then ends", async () => {
  const queue = new AsyncQueue<{ id: number }>();
  queue.push(item(1), 3);
  queue.push(item(2), 4);
  assertEquals(queue.cost, 7);
  assertEquals(await queue.next(), { done: false, value: item(1) });
  assertEquals(queue.cost, 4);
  assertEquals(await queue.next(), { done: false, value: item(2) });
  const [third, fourth, fifth] = [queue.next(), queue.next(), queue.next()];
  queue.push(item(3), 5);
  // What somebody waits for does not wait.
  assertEquals(queue.cost, 0);
  queue.end();
  assertEquals(await Promise.all([third, fourth, fifth]), [{ done: false, value: item(3) }, DONE, DONE]);
  assertEquals([queue.hasEnded, await queue.next()], [true, DONE]);
});

Deno.test("AsyncQueue ends and fails behind the items that wait", async () => {
  const [ended, failed] = [new AsyncQueue<{ id: number }>(), new AsyncQueue<{ id: number }>()];
  for (const queue of [ended, failed]) queue.push(item(1), 1);
  ended.end();
  failed.fail(new Error("broken"));
  for (const queue of [ended, failed]) assertEquals(await queue.next(), { done: false, value: item(1) });
  assertEquals(await ended.next(), DONE);
  await assertRejects(() => failed.next(), Error, "broken");
  // An iteration throws once.
  assertEquals(await failed.next(), DONE);
});

Deno.test("AsyncQueue tells a failure to the first who waits, and an end to the others", async () => {
  const queue = new AsyncQueue<{ id: number }>();
  const [first, second] = [queue.next(), queue.next()];
  queue.fail(new Error("broken"));
  queue.fail(new Error("again"));
  await assertRejects(() => first, Error, "broken");
  assertEquals([await second, await queue.next()], [DONE, DONE]);
});

Deno.test("AsyncQueue drops what waits, and a failure, where the iteration is left", async () => {
  const queue = new AsyncQueue<{ id: number }>();
  queue.push(item(1), 1);
  for await (const each of queue) {
    assertEquals(each, item(1));
    queue.push(item(2), 1);
    queue.fail(new Error("broken"));
    break;
  }
  assertEquals([queue.cost, queue.hasEnded, await queue.next()], [0, true, DONE]);
  const left = new AsyncQueue<{ id: number }>();
  const waiting = left.next();
  await left.return();
  assertEquals(await waiting, DONE);
});
