import { resolveRetry, TransportRotation } from "../../wamp/component_transports.ts";
import { assertEquals, assertThrows } from "../std.ts";

const half = (): number => 0.5;

Deno.test("The bounds of the delays that are not given fit those that are", () => {
  assertEquals(resolveRetry(), { minDelay: 1_000, maxDelay: 30_000, factor: 2 });
  assertEquals(resolveRetry({ maxDelay: 100 }), { minDelay: 100, maxDelay: 100, factor: 2 });
  assertEquals(resolveRetry({ minDelay: 60_000 }), { minDelay: 60_000, maxDelay: 60_000, factor: 2 });
  assertEquals(resolveRetry({ factor: 1 }).factor, 1);
  for (const retry of [{ minDelay: -1 }, { minDelay: 2, maxDelay: 1 }, { factor: 0.5 }, { minDelay: NaN }]) {
    assertThrows(() => resolveRetry(retry), RangeError);
    assertThrows(() => new TransportRotation({ transports: "ws://one", retry }, half), RangeError);
  }
  const transports = [{ url: "ws://one", maxRetries: -1 }];
  assertThrows(() => new TransportRotation({ transports }, half), RangeError, "maxRetries");
});

Deno.test("A way that is out stays out, and after a lasting session the first one that is left comes first", () => {
  const rotation = new TransportRotation({ transports: ["ws://one", "ws://two", "ws://three"] }, half);
  assertEquals([rotation.first().transport.url, rotation.first().delay], ["ws://one", 0]);
  const urls: (string | undefined)[] = [];
  for (const verdict of ["next", "retry", "retry", "retry"] as const) {
    urls.push(rotation.next(verdict, 0, 0)?.transport.url);
  }
  rotation.reset();
  const fresh = rotation.next("retry", 0, 0);
  assertEquals([urls, fresh?.transport.url, fresh?.number, fresh?.delay], [
    ["ws://two", "ws://three", "ws://two", "ws://three"],
    ...["ws://two", 1, 500],
  ]);
  assertEquals(rotation.next("fatal", 0, 0), undefined);
  assertEquals(rotation.next("next", 0, 0)?.transport.url, "ws://three");
  assertEquals(rotation.next("next", 0, 0), undefined);
});
