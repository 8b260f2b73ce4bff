import { Backoff } from "../../internal/backoff.ts";
import { assertEquals, assertThrows } from "../std.ts";

function bounds(backoff: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => backoff.next());
}

Deno.test("Backoff multiplies its bound by the factor up to the largest", () => {
  const backoff = new Backoff({ initial: 100, max: 1000, factor: 3 }, () => 1);
  assertEquals(bounds(backoff, 5), [100, 300, 900, 1000, 1000]);
});

Deno.test("Backoff takes a random part of the bound: full jitter", () => {
  const parts = [0, 0.5, 0.25];
  const backoff = new Backoff({ initial: 100, max: 1000, factor: 2 }, () => parts.shift()!);
  assertEquals(bounds(backoff, 3), [0, 100, 100]);
});

Deno.test("Backoff starts over after reset and counts its attempts", () => {
  const backoff = new Backoff({ initial: 100, max: 1000 }, () => 1);
  bounds(backoff, 3);
  assertEquals(backoff.attempt, 3);
  backoff.reset();
  assertEquals([backoff.attempt, backoff.next()], [0, 100]);
});

Deno.test("Backoff defaults to 500 ms, doubling up to 30 s", () => {
  assertEquals(bounds(new Backoff({}, () => 1), 8), [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
});

Deno.test("Backoff stays at its bound however many attempts fail, also from 0", () => {
  const long = new Backoff({ initial: 1, max: 50 }, () => 1);
  assertEquals(bounds(long, 2000).at(-1), 50);
  const immediate = new Backoff({ initial: 0, max: 0 }, () => 1);
  assertEquals(bounds(immediate, 2000).at(-1), 0);
});

Deno.test("Backoff names the option out of range and both sides", () => {
  assertThrows(() => new Backoff({ initial: -1 }), RangeError, "initial must be at least 0 ms, received -1");
  assertThrows(
    () => new Backoff({ initial: 10, max: 9 }),
    RangeError,
    "max must be at least initial (10 ms), received 9",
  );
  assertThrows(() => new Backoff({ factor: 0.5 }), RangeError, "factor must be at least 1, received 0.5");
  assertThrows(() => new Backoff({ initial: NaN }), RangeError, "received NaN");
});
