import { TimerWheel, type WheelEntry } from "../../internal/timer_wheel.ts";
import { seededRandom } from "../cuts.ts";
import { withFakeClock } from "../fake_clock.ts";
import { assert, assertEquals } from "../std.ts";

/** The resolution of a wheel and what its rounding adds, in milliseconds. */
const SLACK = 34;

interface Entry extends WheelEntry {
  readonly fired: number[];
}

function entry(onDeadline?: () => void): Entry {
  const fired: number[] = [];
  return {
    deadline: Infinity,
    slot: -1,
    fired,
    onDeadline(now) {
      fired.push(now);
      onDeadline?.();
    },
  };
}

Deno.test("TimerWheel calls an entry once, not before its deadline and soon after it", async () => {
  for (const delay of [1, 5, 16, 17, 100, 1000, 1023, 1024, 1025, 5_000, 20_000, 100_000]) {
    await withFakeClock(async (clock) => {
      const wheel = new TimerWheel();
      const one = entry();
      const deadline = clock.now + delay;
      wheel.set(one, deadline);
      await clock.advance(delay + SLACK + 3_000);
      assertEquals(one.fired.length, 1, `delay ${delay}`);
      assert(one.fired[0]! >= deadline && one.fired[0]! <= deadline + SLACK, `${one.fired[0]! - deadline} late`);
      assertEquals([wheel.size, clock.timers, one.slot, one.deadline], [0, 0, -1, Infinity]);
    });
  }
});

Deno.test("TimerWheel runs one timer for all entries, and none without entries", async () => {
  await withFakeClock((clock) => {
    const wheel = new TimerWheel();
    const entries = Array.from({ length: 100 }, () => entry());
    for (const [index, one] of entries.entries()) wheel.set(one, clock.now + 10_000 - 10 * index);
    assertEquals([wheel.size, clock.timers], [100, 1]);
    for (const one of entries) wheel.set(one, Infinity);
    assertEquals([wheel.size, clock.timers], [0, 0]);
  });
});

Deno.test("TimerWheel moves an entry whose deadline is set again, forward and back", async () => {
  await withFakeClock(async (clock) => {
    const wheel = new TimerWheel();
    const [later, sooner] = [entry(), entry()];
    wheel.set(later, clock.now + 100);
    wheel.set(later, clock.now + 500);
    wheel.set(sooner, clock.now + 5_000);
    wheel.set(sooner, clock.now + 50);
    await clock.advance(50 + SLACK);
    assertEquals([later.fired.length, sooner.fired.length], [0, 1]);
    await clock.advance(450);
    assertEquals([later.fired.length, sooner.fired.length, wheel.size], [1, 1, 0]);
  });
});

Deno.test("TimerWheel takes a deadline that has passed already", async () => {
  await withFakeClock(async (clock) => {
    const wheel = new TimerWheel();
    const [other, one] = [entry(), entry()];
    wheel.set(other, clock.now + 60_000);
    await clock.advance(10_000);
    wheel.set(one, clock.now - 5_000);
    await clock.advance(SLACK);
    assertEquals([one.fired.length, other.fired.length, wheel.size], [1, 0, 1]);
    wheel.set(other, Infinity);
  });
});

Deno.test("TimerWheel does not call an entry that another one took out or moved in the same turn", async () => {
  await withFakeClock(async (clock) => {
    const wheel = new TimerWheel();
    const [cancelled, moved] = [entry(), entry()];
    const first = entry(() => {
      wheel.set(cancelled, Infinity);
      wheel.set(moved, clock.now + 1_000);
    });
    for (const one of [first, cancelled, moved]) wheel.set(one, clock.now + 20);
    await clock.advance(20 + SLACK);
    assertEquals([first.fired.length, cancelled.fired.length, moved.fired.length], [1, 0, 0]);
    await clock.advance(1_000 + SLACK);
    assertEquals([moved.fired.length, wheel.size, clock.timers], [1, 0, 0]);
  });
});

Deno.test("TimerWheel lets an entry set itself again from its deadline", async () => {
  await withFakeClock(async (clock) => {
    const wheel = new TimerWheel();
    const one: Entry = entry(() => one.fired.length < 5 && wheel.set(one, clock.now + 100));
    wheel.set(one, clock.now + 100);
    await clock.advance(5 * (100 + SLACK));
    assertEquals([one.fired.length, wheel.size, clock.timers], [5, 0, 0]);
  });
});

Deno.test("TimerWheel catches up after the process stood still for longer than a turn", async () => {
  await withFakeClock(async (clock) => {
    const wheel = new TimerWheel();
    const entries = Array.from({ length: 200 }, () => entry());
    for (const [index, one] of entries.entries()) wheel.set(one, clock.now + 20 * (index + 1));
    const now = performance.now;
    // Every timer fires late by a minute.
    Object.defineProperty(performance, "now", { value: () => clock.now + 60_000, configurable: true, writable: true });
    await clock.advance(100);
    Object.defineProperty(performance, "now", { value: now, configurable: true, writable: true });
    assertEquals(entries.filter((one) => one.fired.length === 1).length, 200);
    assertEquals([wheel.size, clock.timers], [0, 0]);
  });
});

Deno.test("TimerWheel keeps random deadlines, moves and removals", async () => {
  await withFakeClock(async (clock) => {
    const random = seededRandom(3);
    const wheel = new TimerWheel();
    const due = new Map<Entry, number>();
    const entries = Array.from({ length: 50 }, () => entry());
    for (let step = 0; step < 400; step++) {
      const one = entries[Math.floor(random() * entries.length)]!;
      const deadline = random() < 0.2 ? Infinity : clock.now + Math.floor(random() * 3_000);
      wheel.set(one, deadline);
      due.set(one, deadline);
      one.fired.length = 0;
      await clock.advance(Math.floor(random() * 40));
      for (const [one, deadline] of due) {
        if (one.fired.length === 0) assert(deadline + SLACK > clock.now, `missed by ${clock.now - deadline}`);
        else assert(one.fired.length === 1 && one.fired[0]! >= deadline && one.fired[0]! < deadline + SLACK);
      }
    }
    for (const one of entries) wheel.set(one, Infinity);
    assertEquals([wheel.size, clock.timers], [0, 0]);
  });
});
