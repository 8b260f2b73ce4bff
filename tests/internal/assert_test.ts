import { assert as check, AssertionError, unreachable } from "../../internal/assert.ts";
import { assertThrows } from "../std.ts";

Deno.test("assert passes what is true and throws AssertionError with its message otherwise", () => {
  check(1, "never");
  for (const value of [false, 0, "", null, undefined]) {
    assertThrows(() => check(value, "Broken invariant"), AssertionError, "Broken invariant");
  }
});

Deno.test("unreachable always throws and names the value", () => {
  // The types exclude every call; a cast stands for what they missed.
  assertThrows(() => unreachable("ghost" as never), AssertionError, "ghost");
});
