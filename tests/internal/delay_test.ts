import { delay } from "../../internal/delay.ts";
import { withFakeClock } from "../fake_clock.ts";
import { assertEquals } from "../std.ts";

Deno.test("delay waits, and leaves neither timer nor listener", async () => {
  await withFakeClock(async (clock) => {
    const { signal } = new AbortController();
    let isOver = false;
    const waiting = delay(1_000, signal).then(() => isOver = true);
    await clock.advance(999);
    assertEquals(isOver, false);
    await clock.advance(1);
    await waiting;
    assertEquals(clock.timers, 0);
  });
});

Deno.test("delay ends with the signal's reason, before and while it waits", async () => {
  await withFakeClock(async (clock) => {
    const reason = new Error("Enough");
    const early = delay(1_000, AbortSignal.abort(reason)).catch((error: unknown) => error);
    const abort = new AbortController();
    const waiting = delay(1_000, abort.signal).catch((error: unknown) => error);
    abort.abort(reason);
    assertEquals([await early, await waiting, clock.timers], [reason, reason, 0]);
  });
});

Deno.test("delay longer than a timer can be is as long as that can be", async () => {
  await withFakeClock(async (clock) => {
    const abort = new AbortController();
    let isOver = false;
    const waiting = delay(Infinity, abort.signal).then(() => isOver = true, () => {});
    await clock.advance(1_000_000);
    assertEquals(isOver, false);
    abort.abort();
    await waiting;
  });
});
