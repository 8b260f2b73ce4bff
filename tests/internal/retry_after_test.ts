import { retryAfter } from "../../internal/retry_after.ts";
import { assertEquals } from "../std.ts";

Deno.test("Retry-After is seconds or a date, counts with 429 and 503, and is an hour at most (RFC 9110 §10.2.3)", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const asked = (status: number, value?: string): number => {
    const headers = new Headers(value === undefined ? {} : { "retry-after": value });
    return retryAfter({ status, headers }, () => now);
  };
  assertEquals([asked(503, "7"), asked(429, "0"), asked(503, "4000")], [7_000, 0, 3_600_000]);
  assertEquals(asked(503, "Thu, 01 Jan 2026 00:01:00 GMT"), 60_000);
  assertEquals(asked(503, "Wed, 31 Dec 2025 00:00:00 GMT"), 0);
  assertEquals([asked(503, "soon"), asked(503), asked(500, "7"), asked(404, "7")], [0, 0, 0, 0]);
});
