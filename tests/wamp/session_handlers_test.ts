import { canWait, checkHandler } from "../../wamp/session_handlers.ts";
import { assertEquals, assertThrows } from "../std.ts";

Deno.test("checkHandler takes a function and a concurrency from 1, and says what cannot be done otherwise", () => {
  const handler = () => {};
  for (const concurrency of [undefined, 1, 10, Infinity]) checkHandler("register", handler, concurrency);
  assertThrows(() => checkHandler("subscribe", "f"), TypeError, "Cannot subscribe: the handler must be a function");
  for (const concurrency of [0, -1, 1.5, NaN, -Infinity]) {
    const message = `Cannot register: concurrency must be an integer from 1, received ${concurrency}`;
    assertThrows(() => checkHandler("register", handler, concurrency), RangeError, message);
  }
});

Deno.test("canWait lets 10,000 wait for one handler, and 16 MiB", () => {
  assertEquals([canWait(0, 0, 1), canWait(9_999, 0, 1), canWait(10_000, 0, 1)], [true, true, false]);
  assertEquals([canWait(0, 0, 16 << 20), canWait(1, 1, 16 << 20)], [true, false]);
});
