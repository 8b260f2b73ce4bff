import { ApplicationError } from "../../wamp/errors.ts";
import { MESSAGE } from "../../wamp/messages.ts";
import { Payload } from "../../wamp/payload.ts";
import type { EventHandler, SessionEvent, SubscribeOptions, Subscription } from "../../wamp/session_api.ts";
import { assert, assertEquals, assertRejects } from "../std.ts";
import { scripted, type ScriptedRouter, settled } from "./scripted_router.ts";

const TOPIC = "com.example.topic";

interface Subscribed {
  readonly router: ScriptedRouter;
  readonly subscription: Subscription;
  readonly warnings: readonly string[];
}

/** A session with one subscription, whose id is 5. */
async function subscribed(handler: EventHandler, options: SubscribeOptions = {}): Promise<Subscribed> {
  const warnings: string[] = [];
  const ignore = (): void => {};
  const logger = { debug: ignore, info: ignore, error: ignore, warn: (message: string) => warnings.push(message) };
  const router = await scripted(undefined, { logger });
  const subscribing = router.session.subscribe(TOPIC, handler, options);
  router.subscribed(5);
  return { router, subscription: await subscribing, warnings };
}

Deno.test("Options of a subscription go on the wire, and are checked before", async () => {
  const router = await scripted();
  void router.session.subscribe("com..topic", () => {}, { match: "wildcard", options: { get_retained: true } });
  const { topic, options } = router.take(MESSAGE.SUBSCRIBE);
  assertEquals([topic, options], ["com..topic", { get_retained: true, match: "wildcard" }]);
  router.say({ type: MESSAGE.SUBSCRIBED, request: 1, subscription: 5 });
  await assertRejects(() => router.session.subscribe(TOPIC, () => {}, { concurrency: 0 }), RangeError);
  await assertRejects(() => router.session.subscribe(TOPIC, 7 as never), TypeError);
  await assertRejects(() => router.session.subscribe("com..topic", () => {}), ApplicationError, "invalid_uri");
  assert(router.isQuiet);
});

Deno.test("An event right behind SUBSCRIBED finds its handler, with its topic and details", async () => {
  const router = await scripted();
  const events: SessionEvent[] = [];
  const subscribing = router.session.subscribe(TOPIC, (event) => events.push(event));
  router.subscribed(5);
  router.event(5, [1], { publisher: 7 });
  router.event(5, [2], { topic: "com.example.topic.below" });
  const { id, topic, match, active } = await subscribing;
  assertEquals([id, topic, match, active], [5, TOPIC, "exact", true]);
  assertEquals(events.map(({ topic, args, details, publication }) => [topic, args, details, publication]), [
    [TOPIC, [1], { publisher: 7 }, 77],
    ["com.example.topic.below", [2], { topic: "com.example.topic.below" }, 77],
  ]);
});

Deno.test("An event outlives its message, looked at or not", async () => {
  const kept: SessionEvent[] = [];
  const { router } = await subscribed((event) => {
    kept.push(event);
    if (kept.length === 1) assertEquals(event.args[1], "text");
  });
  for (let count = 0; count < 2; count++) {
    router.say({
      ...{ type: MESSAGE.EVENT, subscription: 5, publication: 1, details: {} },
      payload: Payload.of([Uint8Array.of(1, 2), "text"], { key: "value" }),
    });
  }
  for (const { args, kwargs } of kept) assertEquals([args, kwargs], [[Uint8Array.of(1, 2), "text"], { key: "value" }]);
  assertEquals(kept.length, 2);
});

Deno.test("An event for a subscription that is not there is dropped", async () => {
  const router = await scripted();
  router.event(99, [1]);
  assert(router.isQuiet && router.session.state === "open");
});

Deno.test("A handler that throws or rejects is logged, and the next event comes", async () => {
  const { router, warnings } = await subscribed(({ args: [isLate] }) => {
    if (isLate) return Promise.reject(new Error("Late"));
    throw new Error("Early");
  });
  router.event(5, [false]);
  router.event(5, [true]);
  await settled();
  assertEquals(warnings, ["Event handler failed", "Event handler failed"]);
});

Deno.test("With a concurrency limit events wait in order, and are dropped beyond 10,000", async () => {
  const open: (() => void)[] = [];
  const seen: unknown[] = [];
  const { router, warnings } = await subscribed(({ args: [value] }) => {
    seen.push(value);
    if (value === "sync") return;
    return new Promise<void>((resolve) => open.push(resolve));
  }, { concurrency: 1 });
  for (const value of ["a", "sync", "b"]) router.event(5, [value]);
  assertEquals(seen, ["a"]);
  open.shift()?.();
  await settled();
  assertEquals(seen, ["a", "sync", "b"]);
  for (let index = 0; index < 10_002; index++) router.event(5, ["sync"]);
  assertEquals(warnings, ["Dropping events: their handler does not keep up"]);
  open.shift()?.();
  await settled();
  assertEquals(seen.length, 10_003);
  router.event(5, ["c"]);
  for (let index = 0; index < 10_001; index++) router.event(5, ["sync"]);
  assertEquals(warnings.length, 2);
});

Deno.test("Two handlers share a subscription: UNSUBSCRIBE goes out with the last of them", async () => {
  const seen: string[] = [];
  const { router, subscription: first } = await subscribed(() => seen.push("first"));
  const subscribing = router.session.subscribe(TOPIC, () => seen.push("second"));
  router.subscribed(5);
  const second = await subscribing;
  router.event(5);
  await first.unsubscribe();
  assertEquals([first.active, second.active], [false, true]);
  router.event(5);
  assertEquals(seen, ["first", "second", "second"]);
  assert(router.isQuiet);
  const ending = second.unsubscribe();
  assertEquals(router.take(MESSAGE.UNSUBSCRIBE).subscription, 5);
  router.event(5);
  router.say({ type: MESSAGE.UNSUBSCRIBED, request: 3 });
  await ending;
  await second.unsubscribe();
  assertEquals(seen.length, 3);
});

Deno.test("Unsubscribing waits for a SUBSCRIBE of the same topic under way, which keeps the subscription", async () => {
  const { router, subscription } = await subscribed(() => {});
  const ending = subscription.unsubscribe();
  assertEquals(router.take(MESSAGE.UNSUBSCRIBE).request, 2);
  router.say({ type: MESSAGE.UNSUBSCRIBED, request: 2 });
  await ending;

  const one = router.session.subscribe(TOPIC, () => {});
  router.subscribed(6);
  const first = await one;
  const two = router.session.subscribe(TOPIC, () => {});
  const ended = first.unsubscribe();
  await settled();
  const subscribe = router.take(MESSAGE.SUBSCRIBE);
  assert(router.isQuiet);
  router.say({ type: MESSAGE.SUBSCRIBED, request: subscribe.request, subscription: 6 });
  await ended;
  assertEquals([first.active, (await two).active], [false, true]);
  assert(router.isQuiet);

  const three = router.session.subscribe(TOPIC, () => {}).catch((error) => error.uri);
  const endedToo = (await two).unsubscribe();
  router.error(MESSAGE.SUBSCRIBE, router.take(MESSAGE.SUBSCRIBE).request, "wamp.error.not_authorized");
  await settled();
  const { request } = router.take(MESSAGE.UNSUBSCRIBE);
  router.say({ type: MESSAGE.UNSUBSCRIBED, request });
  await endedToo;
  assertEquals(await three, "wamp.error.not_authorized");
});

Deno.test("A failure to unsubscribe is told, unless the session has ended", async () => {
  const { router, subscription } = await subscribed(() => {});
  const ending = subscription.unsubscribe();
  router.error(MESSAGE.UNSUBSCRIBE, 2, "wamp.error.no_such_subscription");
  await assertRejects(() => ending, ApplicationError);
  const lost = await subscribed(() => {});
  const disposing = lost.subscription[Symbol.asyncDispose]();
  lost.router.transport.lose();
  await disposing;
  const late = await subscribed(() => {});
  late.router.transport.lose();
  assertEquals(late.subscription.active, false);
  await late.subscription.unsubscribe();
  assert(late.router.isQuiet);
});

Deno.test("A revoked subscription is not active and gets nothing more (WAMP, Subscription Revocation)", async () => {
  let events = 0;
  const { router, subscription, warnings } = await subscribed(() => events++);
  router.say({ type: MESSAGE.UNSUBSCRIBED, request: 0 });
  router.say({ type: MESSAGE.UNSUBSCRIBED, request: 0, details: { subscription: 5, reason: "moved" } });
  router.event(5);
  assertEquals([subscription.active, events, warnings], [false, 0, ["Subscription was revoked"]]);
  await subscription.unsubscribe();
  assert(router.isQuiet);
});
