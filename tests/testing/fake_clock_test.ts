import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "../std.ts";
import { FakeClock, settled } from "../../testing/mod.ts";

Deno.test("FakeClock takes the runtime's place, and gives it back", async () => {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  const { now } = performance;
  const dateNow = Date.now;
  using clock = new FakeClock();
  assertStrictEquals(clock.install(), clock);
  assertThrows(() => new FakeClock().install(), TypeError, "another one is installed");
  const [monotonic, date] = [performance.now(), Date.now()];
  assertEquals(monotonic, clock.now);
  await clock.advance(1_000);
  assertEquals([performance.now() - monotonic, Date.now() - date, clock.now - monotonic], [1_000, 1_000, 1_000]);
  clock.uninstall();
  clock.uninstall();
  assertStrictEquals(globalThis.setTimeout, setTimeout);
  assertStrictEquals(globalThis.clearTimeout, clearTimeout);
  assertStrictEquals(globalThis.setInterval, setInterval);
  assertStrictEquals(globalThis.clearInterval, clearInterval);
  assertStrictEquals(performance.now, now);
  assertStrictEquals(Date.now, dateNow);
  new FakeClock().install().uninstall();
});

Deno.test("FakeClock runs timers in the order of their times, each at its time, and those they set", async () => {
  using clock = new FakeClock().install();
  const started = clock.now;
  const rings: unknown[] = [];
  const ring = (name: string) => rings.push([name, clock.now - started]);
  setTimeout(ring, 30, "third");
  setTimeout(() => {
    ring("first");
    setTimeout(ring, 10, "second");
  }, 10);
  const dropped = setTimeout(ring, 15, "never");
  clearTimeout(dropped);
  setTimeout(ring, 31, "later");
  await clock.advance(30);
  assertEquals(rings, [["first", 10], ["second", 20], ["third", 30]]);
  assertEquals(clock.timers, 1);
});

Deno.test("FakeClock repeats an interval until it is cleared", async () => {
  using clock = new FakeClock().install();
  let rings = 0;
  const id = setInterval(() => rings++, 10);
  await clock.advance(35);
  assertEquals([rings, clock.timers], [3, 1]);
  clearInterval(id);
  await clock.advance(100);
  assertEquals([rings, clock.timers], [3, 0]);
});

Deno.test("FakeClock lets go on what a timer set going before the next timer runs", async () => {
  using clock = new FakeClock().install();
  const order: string[] = [];
  setTimeout(() => void Promise.resolve().then(() => order.push("follows")), 1);
  setTimeout(() => order.push("next"), 2);
  await clock.advance(2);
  assertEquals(order, ["follows", "next"]);
});

Deno.test("FakeClock.until stops at the time a promise settles, either way", async () => {
  using clock = new FakeClock().install();
  const started = clock.now;
  assertEquals(await clock.until(new Promise((resolve) => setTimeout(resolve, 55, "done"))), "done");
  assertEquals(clock.now - started, 60);
  await assertRejects(() => clock.until(Promise.reject(new Error("Failed"))), Error, "Failed");
});

Deno.test("settled waits for what goes on without time passing", async () => {
  let turns = 0;
  const go = (): void => {
    if (++turns < 10) setImmediate(go);
  };
  go();
  await settled();
  assertEquals(turns, 10);
});

Deno.test("FakeClock.block runs what is due late, all of it before anything else goes on", async () => {
  using clock = new FakeClock().install();
  const started = clock.now;
  const rings: unknown[] = [];
  const ring = (name: string) => rings.push([name, clock.now - started]);
  const dropped = setTimeout(ring, 30, "never");
  setTimeout(() => {
    ring("second");
    clearTimeout(dropped);
    setTimeout(ring, 1, "after");
  }, 20);
  setTimeout(() => {
    ring("first");
    queueMicrotask(() => ring("what follows"));
  }, 10);
  const every = setInterval(ring, 40, "every");
  setTimeout(ring, 101, "later");
  await clock.block(100);
  assertEquals(rings, [["first", 100], ["second", 100], ["every", 100], ["what follows", 100]]);
  clearInterval(every);
  await clock.advance(1);
  assertEquals(rings.slice(4), [["later", 101], ["after", 101]]);
  assertEquals(clock.timers, 0);
});
