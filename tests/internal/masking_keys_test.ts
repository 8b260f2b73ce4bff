import { maskingKeys } from "../../internal/masking_keys.ts";
import { assert, assertEquals } from "../std.ts";

Deno.test("maskingKeys gives each key of its source once, in order, and asks again when they are used up", () => {
  let filled = 0;
  const next = maskingKeys((keys) => {
    for (let index = 0; index < keys.length; index++) keys[index] = 10_000 * filled + index;
    filled++;
  });
  assertEquals(filled, 0, "nothing is made before the first frame");
  const keys = Array.from({ length: 1024 * 2 + 1 }, () => next());
  assertEquals(new Set(keys).size, keys.length);
  assertEquals([keys[0], keys[1023], keys[1024], keys[2048], filled], [0, 1023, 10_000, 20_000, 3]);
});

Deno.test("maskingKeys wipes a key once it was handed out", () => {
  let pool = new Uint32Array(0);
  const next = maskingKeys((keys) => (pool = keys).fill(7));
  next();
  next();
  assertEquals([...pool.subarray(0, 3)], [0, 0, 7]);
});

Deno.test("maskingKeys gives keys that cannot be told from random ones (RFC 6455 §5.3)", () => {
  const count = 1 << 14;
  const next = maskingKeys();
  const ones = new Array<number>(32).fill(0);
  const seen = new Set<number>();
  for (let round = 0; round < count; round++) {
    const key = next();
    assert(Number.isInteger(key) && key >= 0 && key <= 0xffff_ffff);
    seen.add(key);
    for (let bit = 0; bit < 32; bit++) ones[bit]! += (key >>> bit) & 1;
  }
  // Ten standard deviations (64 each): a sound source fails once in 10^22 runs, a stuck or biased bit always.
  for (const [bit, ofBit] of ones.entries()) assert(Math.abs(ofBit - count / 2) < 640, `bit ${bit}: ${ofBit}`);
  // 2^14 of 2^32 keys: one pair in 32 runs is alike, eight pairs never.
  assert(seen.size > count - 8);
});

Deno.test("maskingKeys of two connections have nothing in common", () => {
  const [one, other] = [maskingKeys(), maskingKeys()];
  const keys = new Set(Array.from({ length: 100 }, () => one()));
  const shared = Array.from({ length: 100 }, () => other()).filter((key) => keys.has(key));
  assert(shared.length < 3);
});
