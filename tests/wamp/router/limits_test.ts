import type { RealmLimits } from "../../../wamp/router/router_api.ts";
import { TokenBucket } from "../../../wamp/router/rate_limit.ts";
import { withFakeClock } from "../../fake_clock.ts";
import { assert, assertEquals } from "../../std.ts";
import { RouterFixture, type ScriptedTransport, type WireMessage } from "./scripted_transport.ts";

const UNAVAILABLE = "wamp.error.unavailable";
const TOO_LARGE = "wamp.error.payload_size_exceeded";

function outcome(message: WireMessage): unknown {
  return message[0] === 8 ? message[4] : message[0];
}

/** Says something and gives the code of the answer, or the URI of the error. */
function ask(client: ScriptedTransport, ...message: WireMessage): unknown {
  client.deliver(...message);
  return outcome(client.takeOne());
}

function realm(limits: RealmLimits): RouterFixture {
  return new RouterFixture({ limits });
}

Deno.test("maxSessions: who comes then is turned away until somebody leaves", async () => {
  await using fixture = realm({ maxSessions: 2 });
  const [first] = [fixture.join(), fixture.join()];
  const third = fixture.attach();
  third.deliver(1, "realm1", { roles: { caller: {} } });
  assertEquals(third.takeOne()[2], UNAVAILABLE);
  first.lose();
  fixture.join();
});

Deno.test("maxRegistrations, maxSubscriptions and maxOpenCalls: ERROR beyond, for that session alone", async () => {
  await using fixture = realm({ maxRegistrations: 1, maxSubscriptions: 1, maxOpenCalls: 1 });
  const [client, other] = [fixture.join(), fixture.join()];
  assertEquals([ask(client, 64, 1, {}, "com.a"), ask(client, 64, 2, {}, "com.b")], [65, UNAVAILABLE]);
  assertEquals([ask(client, 32, 3, {}, "com.a"), ask(client, 32, 4, {}, "com.b")], [33, UNAVAILABLE]);
  assertEquals([ask(other, 64, 1, {}, "com.b"), ask(other, 32, 2, {}, "com.b")], [65, 33]);
  client.deliver(48, 5, {}, "com.b");
  assertEquals(ask(client, 48, 6, {}, "com.b"), UNAVAILABLE);
  assertEquals(other.takeOne()[0], 68);
  other.deliver(70, 1, {});
  assertEquals(client.takeOne()[0], 50);
  client.deliver(48, 7, {}, "com.b");
  assertEquals(other.takeOne()[0], 68);
});

Deno.test("updateRealm changes limits for those who are there; what they have stays", async () => {
  await using fixture = realm({ maxRegistrations: 2, maxSubscriptions: 2 });
  const client = fixture.join();
  assertEquals([ask(client, 64, 1, {}, "com.a"), ask(client, 64, 2, {}, "com.b")], [65, 65]);
  fixture.router.updateRealm({ uri: "realm1", limits: { maxRegistrations: 1, maxSessions: 1, maxOpenCalls: 0 } });
  assertEquals([ask(client, 64, 3, {}, "com.c"), ask(client, 48, 4, {}, "com.a")], [UNAVAILABLE, UNAVAILABLE]);
  assertEquals(fixture.router.statistics("realm1").registrations, 2);
  const late = fixture.attach();
  late.deliver(1, "realm1", { roles: { caller: {} } });
  assertEquals(late.takeOne()[2], UNAVAILABLE);
});

// ------------------------------------------------------------------------------------------------------------- size

const FITS = ["x".repeat(96)];
const LONG = ["x".repeat(97)];

/** Arguments of at most 100 bytes; a callee of `com.p` who hears `com.t`, and somebody else. */
function small(): { fixture: RouterFixture; callee: ScriptedTransport; client: ScriptedTransport } {
  const fixture = realm({ maxMessageSize: 100 });
  const [callee, client] = [fixture.join(), fixture.join()];
  callee.deliver(64, 1, {}, "com.p");
  callee.deliver(32, 2, {}, "com.t");
  callee.take();
  return { fixture, callee, client };
}

Deno.test("maxMessageSize: a call or publication with longer arguments is refused, and goes no further", async () => {
  const { fixture, callee, client } = small();
  await using _ = fixture;
  assertEquals(ask(client, 48, 1, {}, "com.p", LONG), TOO_LARGE);
  assertEquals(ask(client, 48, 2, {}, "com.p", [], { a: LONG }), TOO_LARGE);
  assertEquals(ask(client, 16, 3, { acknowledge: true }, "com.t", LONG), TOO_LARGE);
  client.deliver(16, 4, {}, "com.t", LONG);
  assertEquals([client.take(), callee.take()], [[], []]);
  client.deliver(48, 5, {}, "com.p", FITS);
  client.deliver(16, 6, {}, "com.t", FITS);
  assertEquals(callee.take().map((message) => message.at(-1)), [FITS, FITS]);
});

Deno.test("maxMessageSize: a longer result reaches the caller as an error, a longer error without its arguments", async () => {
  const { fixture, callee, client } = small();
  await using _ = fixture;
  for (const request of [1, 2, 3]) client.deliver(48, request, { receive_progress: true }, "com.p");
  callee.take();
  callee.deliver(70, 1, {}, LONG);
  callee.deliver(8, 68, 2, {}, "com.error", LONG);
  callee.deliver(70, 3, { progress: true }, LONG);
  callee.deliver(70, 3, {}, ["late"]);
  const answers = client.take();
  assertEquals(answers.map(outcome), [TOO_LARGE, "com.error", TOO_LARGE]);
  assert(answers.every((message) => /at most 100 bytes/.test(String(message[5]))));
  assertEquals([callee.take(), fixture.router.statistics("realm1").openCalls], [[], 0]);
  callee.deliver(8, 48, 9, {}, "com.error", LONG);
  assertEquals(callee.takeOne()[2], "wamp.error.protocol_violation");
});

Deno.test("maxMessageSize: a longer part of a progressive call cancels it", async () => {
  const { fixture, callee, client } = small();
  await using _ = fixture;
  client.deliver(48, 1, { progress: true }, "com.p", FITS);
  client.deliver(48, 1, { progress: true }, "com.p", LONG);
  client.deliver(48, 1, {}, "com.p", FITS);
  assertEquals(client.take().map(outcome), ["wamp.error.canceled"]);
  assertEquals(callee.take().map(([type]) => type), [68, 69]);
});

Deno.test("maxMessageSize and maxMessageRate are not for trusted sessions", async () => {
  await using fixture = realm({ maxMessageSize: 10, maxMessageRate: 1 });
  const trusted = await fixture.router.join("realm1");
  for (let count = 0; count < 10; count++) await trusted.publish("com.t", LONG, { acknowledge: true });
  assertEquals(fixture.router.statistics("realm1").throttled, 0);
  await trusted.leave();
});

// ------------------------------------------------------------------------------------------------------------- rate

Deno.test("a token bucket gives as many at once as in a second, then one after the other, and remembers debts", () => {
  const bucket = new TokenBucket(10, 1_000);
  for (let count = 0; count < 10; count++) assertEquals(bucket.take(1_000), 0);
  assertEquals([bucket.take(1_000), bucket.take(1_000), bucket.take(1_050)], [100, 200, 250]);
  assertEquals(bucket.take(1_400), 0);
  assertEquals(bucket.take(1_400), 100);
  assertEquals(bucket.take(90_000), 0);
  for (let count = 0; count < 9; count++) assertEquals(bucket.take(90_000), 0, "no more than it holds");
  assertEquals(bucket.take(90_000), 100);
  const slow = new TokenBucket(0.5, 0);
  assertEquals([slow.take(0), slow.take(1_000), slow.take(9_000)], [0, 1_000, 0]);
});

function subscribe(client: ScriptedTransport, count: number): void {
  for (let request = 1; request <= count; request++) client.deliver(32, request, {}, "com.t");
}

Deno.test("maxMessageRate: who sends faster is not read from until it is within the rate; nothing is lost", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = realm({ maxMessageRate: 100 });
    const [client, other] = [fixture.join(), fixture.join()];
    subscribe(client, 100);
    assertEquals(client.isPaused, false);
    subscribe(client, 50);
    assertEquals([client.isPaused, other.isPaused, client.take().length], [true, false, 150]);
    await clock.advance(480);
    assertEquals(client.isPaused, true);
    await clock.advance(40);
    assertEquals([client.isPaused, fixture.router.statistics("realm1").throttled, clock.timers], [false, 1, 0]);
    subscribe(client, 5);
    assertEquals([client.isPaused, fixture.router.statistics("realm1").throttled], [true, 2]);
    client.lose();
    assertEquals([client.isPaused, clock.timers], [false, 0]);
  });
});

Deno.test("maxMessageRate: a session is read from every five seconds, however much it sent", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = realm({ maxMessageRate: 1 });
    const client = fixture.join();
    subscribe(client, 100);
    await clock.advance(4_900);
    assertEquals(client.isPaused, true);
    await clock.advance(200);
    assertEquals(client.isPaused, false);
    subscribe(client, 1);
    assertEquals(client.isPaused, true);
  });
});

Deno.test("maxMessageRate: a session that leaves while it is not read from can say HELLO again", async () => {
  await withFakeClock(async () => {
    await using fixture = realm({ maxMessageRate: 5 });
    const client = fixture.join();
    subscribe(client, 6);
    assertEquals(client.isPaused, true);
    client.deliver(6, {}, "wamp.close.normal");
    client.take();
    assertEquals(client.isPaused, false);
    client.join();
    subscribe(client, 5);
    assertEquals(client.isPaused, false);
  });
});

Deno.test("maxMessageRate: a new rate holds at once, also for those who are held to the old one", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = realm({ maxMessageRate: 5 });
    const client = fixture.join();
    subscribe(client, 50);
    assertEquals(client.isPaused, true);
    fixture.router.updateRealm({ uri: "realm1" });
    assertEquals([client.isPaused, clock.timers], [false, 0]);
    subscribe(client, 50);
    fixture.router.updateRealm({ uri: "realm1", limits: { maxMessageRate: 1 } });
    assertEquals(client.isPaused, false);
    subscribe(client, 2);
    assertEquals(client.isPaused, true);
  });
});
