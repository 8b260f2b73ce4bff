import { assert, assertEquals } from "../std.ts";
import { Choices, fuzz, mutate, type Target } from "./fuzzing.ts";
import { TARGETS } from "./targets.ts";

/** Enough to try every seed and some hundred changes of each target, in a moment. */
const RUNS = 400;

for (const target of TARGETS) {
  Deno.test(`fuzzing ${target.name}: ${target.promise}`, async () => {
    assert(target.seeds.length < RUNS, "Every seed is tried");
    const { runs, outcomes, finding } = await fuzz(target, 1, ({ runs }) => runs < RUNS);
    if (finding !== undefined) throw finding.error;
    assertEquals(runs, RUNS);
    assert(outcomes > 1, "What comes of an input depends on it");
  });
}

/** A target that breaks its promise where `!` comes somewhere behind `(`. */
const BROKEN: Target = {
  name: "broken",
  promise: "no ! behind (",
  seeds: [new TextEncoder().encode("a (quiet) text")],
  tokens: [new TextEncoder().encode("loud!")],
  check(input) {
    const text = new TextDecoder("latin1").decode(input);
    if (/\(.*!/s.test(text)) throw new Error(`Found ${text}`);
    return String(text.includes("("));
  },
};

Deno.test("fuzzing finds what breaks a promise, and makes the input as small as it can be", async () => {
  const { finding } = await fuzz(BROKEN, 1, ({ runs }) => runs < 10_000);
  assert(finding !== undefined);
  assertEquals(new TextDecoder().decode(finding.input), "(!");
  assert(finding.error instanceof Error && finding.error.message === "Found (!");
});

Deno.test("fuzzing with the same seed tries the same inputs", async () => {
  const tried = async (seed: number): Promise<string[]> => {
    const inputs: string[] = [];
    const target = { ...BROKEN, check: (input: Uint8Array): string => (inputs.push(String(input)), String(input)) };
    await fuzz(target, seed, ({ runs }) => runs < 200);
    return inputs;
  };
  const [first, second, other] = [await tried(7), await tried(7), await tried(8)];
  assertEquals(first, second);
  assert(first.join() !== other.join());
});

Deno.test("mutations leave the input as it was, and make none that is too long", () => {
  const choices = new Choices(1);
  const input = new Uint8Array(4_096).fill(1);
  for (let round = 0; round < 500; round++) assert(mutate(input, input, [input], choices).length <= 4_096);
  assert(input.every((byte) => byte === 1));
});
