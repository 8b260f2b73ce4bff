import { IdSequence, isId, MAX_ID, randomId } from "../../wamp/ids.ts";
import { assert, assertEquals } from "../std.ts";

Deno.test("isId takes integers from 1 to 2^53 (WAMP, IDs)", () => {
  for (const id of [1, 2, 1.0, 2 ** 32, Number.MAX_SAFE_INTEGER, 9007199254740992]) assertEquals(isId(id), true);
  const others = [0, -0, -1, 0.5, 1.5, 2 ** 53 + 2, 2 ** 60, Infinity, NaN, "1", 1n, null, undefined, true, [1], {}];
  for (const other of others) assertEquals(isId(other), false, String(other));
});

Deno.test("randomId draws ids that differ, over the whole range (WAMP, Global Scope IDs)", () => {
  const ids = Array.from({ length: 2_000 }, randomId);
  assert(ids.every(isId));
  assertEquals(new Set(ids).size, ids.length);
  // Each of these fails in one of 2^200 runs and fewer.
  for (let quarter = 0; quarter < 4; quarter++) {
    assert(ids.some((id) => Math.ceil(id / (MAX_ID / 4)) === quarter + 1), `none in quarter ${quarter}`);
  }
  for (let bit = 0; bit < 53; bit++) {
    const ones = ids.filter((id) => Math.floor((id - 1) / 2 ** bit) % 2 === 1).length;
    assert(ones > 700 && ones < 1_300, `bit ${bit} is 1 in ${ones} of 2,000`);
  }
});

Deno.test("IdSequence counts from 1 and shows what comes (WAMP, Session Scope IDs)", () => {
  const sequence = new IdSequence();
  assertEquals(sequence.upcoming, 1);
  assertEquals([sequence.take(), sequence.take(), sequence.take()], [1, 2, 3]);
  assertEquals(sequence.upcoming, 4);
  assertEquals(sequence.upcoming, 4);
  assertEquals(sequence.take(), 4);
});
