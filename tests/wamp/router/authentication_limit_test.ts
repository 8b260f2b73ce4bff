import { AuthenticationLimit } from "../../../wamp/router/authentication_limit.ts";
import { assertEquals } from "../../std.ts";

Deno.test("failures of one address count for a minute from the first, whatever the port", () => {
  const limit = new AuthenticationLimit(2);
  limit.count("[::1]:1", 0);
  assertEquals(limit.isOver("[::1]:2", 0), false);
  limit.count("[::1]:2", 30_000);
  assertEquals([limit.isOver("[::1]:3", 59_999), limit.isOver("[::2]:3", 59_999)], [true, false]);
  assertEquals([limit.isOver("[::1]:3", 60_000), limit.size], [false, 0]);
});

Deno.test("no more than 10,000 addresses are remembered, the latest", () => {
  const limit = new AuthenticationLimit(1);
  for (let host = 0; host < 10_002; host++) limit.count(`host${host}:1`, 0);
  assertEquals(limit.size, 10_000);
  assertEquals(["host1:1", "host2:1", "host10001:1"].map((remote) => limit.isOver(remote, 0)), [false, true, true]);
});

Deno.test("without a limit, and without an address, nothing is remembered", () => {
  const unlimited = new AuthenticationLimit(Infinity);
  unlimited.count("host:1", 0);
  const limit = new AuthenticationLimit(1);
  limit.count("", 0);
  limit.count("/run/socket", 0);
  assertEquals([unlimited.size, limit.size, unlimited.isOver("host:1", 0), limit.isOver("", 0)], [0, 0, false, false]);
});
