import { failureMessage, SILENT_LOGGER } from "../../internal/log.ts";
import { assertEquals } from "../std.ts";

Deno.test("failureMessage joins an error and its causes, outermost first", () => {
  const inner = new RangeError("inner");
  const outer = new Error("outer", { cause: new TypeError("middle", { cause: inner }) });
  assertEquals(failureMessage(outer), "Error: outer: TypeError: middle: RangeError: inner");
});

Deno.test("failureMessage takes what is not an error, alone and as a cause", () => {
  assertEquals(failureMessage("text"), "text");
  assertEquals(failureMessage(null), "null");
  assertEquals(failureMessage(new Error("outer", { cause: 5 })), "Error: outer: 5");
});

Deno.test("failureMessage ends after eight causes, so that a cycle ends too", () => {
  const error = new Error("again");
  error.cause = error;
  assertEquals(failureMessage(error), Array(8).fill("Error: again").join(": "));
});

Deno.test("SILENT_LOGGER takes every call", () => {
  for (const method of ["debug", "info", "warn", "error"] as const) {
    assertEquals(SILENT_LOGGER[method]("message", { field: 1 }), undefined);
  }
});
