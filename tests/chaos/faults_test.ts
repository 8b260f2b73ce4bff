import { assert, assertEquals, assertThrows } from "../std.ts";
import { seededRandom } from "../cuts.ts";
import { planFaults } from "./faults.ts";

const TARGETS = { links: 6, processes: 2 };

Deno.test("A plan has every kind of fault, and as many as asked for", () => {
  for (const router of ["viaduct", "crossbar"] as const) {
    const plan = planFaults(router, { count: 100 }, TARGETS, seededRandom(1));
    assertEquals(plan.length, 100);
    assertEquals(new Set(plan.map(({ kind }) => kind)).size, 11);
    assert(
      plan.every((fault) => !("links" in fault) || (fault.links.length > 0 && fault.links.every((one) => one < 6))),
    );
  }
});

Deno.test("A plan is the same for the same seed, and another for another", () => {
  const [one, same, other] = [1, 1, 2].map((seed) => {
    return planFaults("viaduct", { count: 20 }, TARGETS, seededRandom(seed));
  });
  assertEquals(one, same);
  assert(JSON.stringify(one) !== JSON.stringify(other));
});

Deno.test("A plan may be of one kind, which must be there", () => {
  const plan = planFaults("crossbar", { count: 5, only: "burst" }, TARGETS, seededRandom(1));
  assertEquals(plan.map(({ kind }) => kind), ["burst", "burst", "burst", "burst", "burst"]);
  assertThrows(() => planFaults("crossbar", { count: 5, only: "flood" }, TARGETS, seededRandom(1)), TypeError, "flood");
});
