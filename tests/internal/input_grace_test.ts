import { InputGrace, startDeadline } from "../../internal/input_grace.ts";
import { TimerWheel } from "../../internal/timer_wheel.ts";
import { withFakeClock } from "../fake_clock.ts";
import { assertEquals } from "../std.ts";

/** How often it waits, for a lateness and counts of what has arrived; 1,000 at most. */
function pauses(lateness: number, received: (pause: number) => number): number {
  const grace = new InputGrace();
  let pause = 0;
  while (pause < 1_000 && grace.waits(pause === 0 ? lateness : 0, received(pause))) pause++;
  return pause;
}

Deno.test("InputGrace lets a timer that is on time pass at once, and one that is late after three pauses", () => {
  assertEquals([pauses(0, () => 0), pauses(5, () => 0), pauses(6, () => 0), pauses(1e9, () => 7)], [0, 0, 3, 3]);
});

Deno.test("InputGrace waits on while something arrives, and not for ever", () => {
  assertEquals(pauses(10, (pause) => Math.min(pause, 20)), 23);
  assertEquals(pauses(10, (pause) => pause), 100);
  // What arrives delays nothing that is on time.
  assertEquals(pauses(0, (pause) => pause), 0);
});

Deno.test("InputGrace begins anew for the next timer", () => {
  const grace = new InputGrace();
  for (let time = 0; time < 3; time++) {
    const decisions = Array.from({ length: 4 }, (_, pause) => grace.waits(pause === 0 ? 10 : 0, 0));
    assertEquals(decisions, [true, true, true, false]);
  }
});

Deno.test("startDeadline runs its task on time, unless it is taken back", async () => {
  await withFakeClock(async (clock) => {
    const rings: string[] = [];
    startDeadline(99.5, () => rings.push("due"));
    startDeadline(2 ** 40, () => rings.push("far"));
    const cancel = startDeadline(50, () => rings.push("taken back"));
    await clock.advance(49);
    cancel();
    await clock.advance(50);
    assertEquals(rings, []);
    await clock.advance(1);
    assertEquals([rings, clock.timers], [["due"], 1]);
  });
});

Deno.test("startDeadline and TimerWheel let a busy program read first what may take a deadline back", async () => {
  await withFakeClock(async (clock) => {
    const rings: string[] = [];
    const cancel = startDeadline(100, () => rings.push("late"));
    startDeadline(100, () => rings.push("startDeadline"));
    const wheel = new TimerWheel();
    const entry = (name: string) => ({ deadline: Infinity, slot: -1, onDeadline: () => void rings.push(name) });
    const answered = entry("answered");
    wheel.set(answered, clock.now + 100);
    wheel.set(entry("wheel"), clock.now + 100);
    await clock.block(60_000);
    assertEquals(rings, []);
    cancel();
    wheel.set(answered, Infinity);
    await clock.advance(100);
    assertEquals([rings.sort(), clock.timers], [["startDeadline", "wheel"], 0]);
  });
});
