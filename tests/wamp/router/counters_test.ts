import { CallTimer, DURATION_BOUNDS, RealmCounters, UriCounter } from "../../../wamp/router/counters.ts";
import { assert, assertEquals } from "../../std.ts";

/** How many calls are in each bucket that has any, by its bound. */
function filled(timer: CallTimer): Record<string, number> {
  const counts = [...timer.buckets].map((count, index) => [String(DURATION_BOUNDS[index] ?? "more"), count] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

Deno.test("UriCounter counts URIs of the specification apart and all others together", () => {
  const counter = new UriCounter();
  const uris = ["wamp.error.timeout", "com.example.a", "wamp.error.timeout", "com.example.b", "wamp.error.made_up"];
  for (const uri of uris) counter.add(uri);
  assertEquals(Object.fromEntries(counter.counts), { "wamp.error.timeout": 2, "other": 3 });
});

Deno.test("CallTimer is due at every sixty-fourth call, beginning with the first", () => {
  const timer = new CallTimer();
  const due = Array.from({ length: 129 }, (_, index) => timer.isDue() ? index : -1).filter((index) => index >= 0);
  assertEquals(due, [0, 64, 128]);
});

Deno.test("CallTimer puts a duration into the bucket with the next bound, bounds included", () => {
  const timer = new CallTimer();
  for (const [duration, request] of [[0.05, 1], [1, 2], [1.5, 3], [10_000, 4], [10_001, 5]] as const) {
    timer.start(timer, request, 100_000);
    assertEquals(timer.isTimed(request), true);
    assertEquals(timer.isTimed(request + 1), false);
    timer.end(100_000 + duration);
    assertEquals(timer.caller, undefined);
  }
  assertEquals(filled(timer), { "0.0001": 1, "0.001": 1, "0.0025": 1, "10": 1, "more": 1 });
  assert(Math.abs(timer.sum - 20.00355) < 1e-9, String(timer.sum));
});

Deno.test("CallTimer times one call at a time, and gives up on one that is open for longer than every bound", () => {
  const timer = new CallTimer();
  const [first, second] = [{}, {}];
  timer.start(first, 1, 0);
  timer.start(second, 2, 9_999);
  assertEquals(timer.caller, first);
  timer.start(second, 3, 10_001);
  assertEquals(timer.caller, second);
  assertEquals(filled(timer), { more: 1 });
  timer.forget(first);
  assertEquals(timer.caller, second);
  timer.forget(second);
  assertEquals(timer.caller, undefined);
});

Deno.test("RealmCounters adds up what went over the transports of those who left", () => {
  const counters = new RealmCounters();
  const traffic = { messagesReceived: 1, bytesReceived: 10, messagesSent: 2, bytesSent: 20 };
  counters.keep("websocket cbor", traffic);
  counters.keep("rawsocket json", traffic);
  counters.keep("websocket cbor", traffic);
  assertEquals(counters.past.get("websocket cbor"), {
    messagesReceived: 2,
    bytesReceived: 20,
    messagesSent: 4,
    bytesSent: 40,
  });
});
