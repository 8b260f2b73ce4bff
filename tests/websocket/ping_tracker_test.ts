import { PingTracker } from "../../websocket/ping_tracker.ts";
import { assertEquals, assertRejects, encodeHex } from "../std.ts";

Deno.test("PingTracker gives the time between a ping and the pong with its payload (RFC 6455 §5.5.3)", async () => {
  const pings = new PingTracker();
  const answered = pings.track(Uint8Array.of(1, 2), 100);
  pings.settle(Uint8Array.of(1, 2), 142);
  assertEquals(await answered, 42);
});

Deno.test("PingTracker takes a pong as the answer to all pings before it (RFC 6455 §5.5.3)", async () => {
  const pings = new PingTracker();
  const [first, second, third] = [1, 2, 3].map((id) => pings.track(Uint8Array.of(id), id));
  pings.settle(Uint8Array.of(2), 10);
  assertEquals([await first, await second], [9, 8]);
  pings.settle(Uint8Array.of(3), 20);
  assertEquals(await third, 17);
});

Deno.test("PingTracker ignores a pong that nobody asked for (RFC 6455 §5.5.3)", async () => {
  const pings = new PingTracker();
  const answered = pings.track(Uint8Array.of(1), 0);
  for (const payload of [[], [2], [1, 0]]) pings.settle(Uint8Array.from(payload), 5);
  pings.settle(Uint8Array.of(1), 7);
  assertEquals(await answered, 7);
});

Deno.test("PingTracker settles the older of two pings with one payload first", async () => {
  const pings = new PingTracker();
  const [first, second] = [pings.track(new Uint8Array(0), 0), pings.track(new Uint8Array(0), 1)];
  pings.settle(new Uint8Array(0), 5);
  pings.settle(new Uint8Array(0), 6);
  assertEquals([await first, await second], [5, 5]);
});

Deno.test("PingTracker makes payloads that differ and fit a control frame (RFC 6455 §5.5)", () => {
  const pings = new PingTracker();
  const payloads = Array.from({ length: 1000 }, () => pings.uniquePayload());
  assertEquals(new Set(payloads.map((payload) => encodeHex(payload))).size, 1000);
  assertEquals(payloads.every(({ length }) => length <= 125), true);
});

Deno.test("PingTracker.rejectAll rejects what is open, once", async () => {
  const pings = new PingTracker();
  const settled = pings.track(Uint8Array.of(1), 0);
  pings.settle(Uint8Array.of(1), 1);
  const [one, other] = [pings.track(Uint8Array.of(2), 0), pings.track(Uint8Array.of(3), 0)];
  pings.rejectAll(new RangeError("over"));
  pings.rejectAll(new TypeError("again"));
  await assertRejects(() => one, RangeError, "over");
  await assertRejects(() => other, RangeError, "over");
  assertEquals(await settled, 1);
});
