import { withFakeClock } from "../../fake_clock.ts";
import { assert, assertEquals } from "../../std.ts";
import { recordingLogger } from "../../websocket/serving.ts";
import type { RealmOptions } from "../../../wamp/router/router_api.ts";
import { RouterFixture, type ScriptedTransport } from "./scripted_transport.ts";

const LIMIT = 1000;

/** A realm with a limit of 1,000 bytes. */
function slowRealm(slowConsumer: NonNullable<RealmOptions["slowConsumer"]>): Partial<RealmOptions> {
  return { slowConsumer, limits: { maxSendBuffer: LIMIT } };
}

function joinAndSubscribe(fixture: RouterFixture): ScriptedTransport {
  const client = fixture.join();
  client.deliver(32, 1, {}, "com.topic");
  client.take();
  return client;
}

function publish(publisher: ScriptedTransport, acknowledge = false): void {
  publisher.deliver(16, 50, acknowledge ? { acknowledge } : {}, "com.topic", ["x"]);
}

/** Registers `com.do` and calls it from another session, whose call is open then. */
function openCall(fixture: RouterFixture): readonly [callee: ScriptedTransport, caller: ScriptedTransport] {
  const [callee, caller] = [fixture.join(), fixture.join()];
  callee.deliver(64, 1, {}, "com.do");
  caller.deliver(48, 1, { receive_progress: true }, "com.do");
  callee.take();
  return [callee, caller];
}

Deno.test("disconnect: a slow session is ended after a second, counted, logged and told of; others are not", async () => {
  await withFakeClock(async (clock) => {
    const { logger, records } = recordingLogger();
    await using fixture = new RouterFixture(slowRealm("disconnect"), { logger });
    const [publisher, slow, quick] = [fixture.join(), joinAndSubscribe(fixture), joinAndSubscribe(fixture)];
    quick.deliver(32, 2, {}, "wamp.session.on_leave");
    quick.take();
    slow.bufferedAmount = LIMIT + 1;
    publish(publisher);
    assertEquals([slow.takeOne()[0], quick.takeOne()[0]], [36, 36]);
    await clock.advance(900);
    assertEquals(slow.ending, undefined);
    await clock.advance(300);
    assertEquals([slow.ending, slow.take(), clock.timers], ["abort", [], 0]);
    assertEquals((quick.takeOne()[4] as unknown[])[0], slow.session);
    const { slowDisconnected, eventsDropped, sessions, subscriptions } = fixture.router.statistics("realm1");
    assertEquals([slowDisconnected, eventsDropped, sessions, subscriptions], [1, 0, 2, 2]);
    assert(records.includes("warn: Session ended for being slow"));
  });
});

Deno.test("disconnect: a session that catches up within a second goes on", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = new RouterFixture(slowRealm("disconnect"));
    const [publisher, told, found] = [fixture.join(), joinAndSubscribe(fixture), joinAndSubscribe(fixture)];
    told.bufferedAmount = found.bufferedAmount = LIMIT + 1;
    publish(publisher);
    await clock.advance(800);
    told.drain(LIMIT);
    found.bufferedAmount = LIMIT;
    await clock.advance(2_000);
    assertEquals([told.ending, found.ending, publisher.isPaused, clock.timers], [undefined, undefined, false, 0]);
  });
});

Deno.test("disconnect: a session is ended at once where four times the limit wait", async () => {
  await using fixture = new RouterFixture(slowRealm("disconnect"));
  const [callee, caller] = openCall(fixture);
  caller.bufferedAmount = 4 * LIMIT;
  callee.deliver(70, 1, { progress: true });
  assertEquals([caller.ending, caller.takeOne()[0]], [undefined, 50]);
  caller.bufferedAmount = 4 * LIMIT + 1;
  callee.deliver(70, 1, { progress: true });
  assertEquals([caller.ending, callee.takeOne()[0], callee.ending], ["abort", 69, undefined]);
  assertEquals(fixture.router.statistics("realm1").openCalls, 0);
});

Deno.test("drop: events are left out and counted, answers still go out, up to a hard limit", async () => {
  const { logger, records } = recordingLogger();
  await using fixture = new RouterFixture(slowRealm("drop"), { logger });
  const publisher = fixture.join();
  const slow = joinAndSubscribe(fixture);
  slow.bufferedAmount = LIMIT + 1;
  publish(publisher);
  publish(publisher);
  assertEquals([slow.ending, slow.take()], [undefined, []]);
  assertEquals(fixture.router.statistics("realm1").eventsDropped, 2);
  assertEquals(records.filter((record) => record.includes("left out")).length, 1);
  slow.deliver(48, 2, {}, "wamp.session.count");
  assertEquals(slow.takeOne(), [50, 2, {}, [2]]);
  slow.bufferedAmount = 4 * LIMIT + 1;
  slow.deliver(48, 3, {}, "wamp.session.count");
  assertEquals([slow.ending, slow.take()], ["abort", []]);
  assertEquals(fixture.router.statistics("realm1").slowDisconnected, 1);
});

Deno.test("drop: a session that catches up gets events again", async () => {
  await using fixture = new RouterFixture(slowRealm("drop"));
  const publisher = fixture.join();
  const slow = joinAndSubscribe(fixture);
  slow.bufferedAmount = LIMIT + 1;
  publish(publisher);
  slow.drain(10);
  publish(publisher);
  assertEquals(slow.takeOne()[0], 36);
});

Deno.test("backpressure: who sends to a slow session is not read from until it has room, and nothing is lost", async () => {
  await using fixture = new RouterFixture(slowRealm("backpressure"));
  const [publisher, other] = [fixture.join(), fixture.join()];
  const slow = joinAndSubscribe(fixture);
  slow.bufferedAmount = LIMIT + 1;
  publish(publisher);
  assertEquals([publisher.isPaused, other.isPaused, slow.isPaused], [true, false, false]);
  publish(publisher);
  publish(other);
  assertEquals([other.isPaused, slow.take().length], [true, 3]);
  slow.drain(LIMIT + 1);
  assertEquals(publisher.isPaused, true);
  slow.drain(LIMIT);
  assertEquals([publisher.isPaused, other.isPaused], [false, false]);
  const { slowDisconnected, eventsDropped } = fixture.router.statistics("realm1");
  assertEquals([slowDisconnected, eventsDropped], [0, 0]);
});

Deno.test("backpressure: a sender that two sessions hold up goes on when both have room", async () => {
  await using fixture = new RouterFixture(slowRealm("backpressure"));
  const publisher = fixture.join();
  const slow = [joinAndSubscribe(fixture), joinAndSubscribe(fixture)] as const;
  for (const one of slow) one.bufferedAmount = LIMIT + 1;
  publish(publisher);
  slow[0].drain();
  assertEquals(publisher.isPaused, true);
  slow[1].drain();
  assertEquals(publisher.isPaused, false);
});

Deno.test("backpressure: a session that sends to itself is never held up by itself", async () => {
  await using fixture = new RouterFixture(slowRealm("backpressure"));
  const client = joinAndSubscribe(fixture);
  client.bufferedAmount = LIMIT + 1;
  client.deliver(16, 2, { exclude_me: false }, "com.topic");
  client.deliver(48, 3, {}, "wamp.session.count");
  assertEquals([client.isPaused, client.take().map(([type]) => type)], [false, [36, 50]]);
  client.bufferedAmount = 4 * LIMIT + 1;
  client.deliver(16, 4, { exclude_me: false }, "com.topic");
  assertEquals([client.ending, fixture.router.statistics("realm1").slowDisconnected], ["abort", 1]);
});

Deno.test("backpressure: the room is also found where the transport does not tell of it", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = new RouterFixture(slowRealm("backpressure"));
    const publisher = fixture.join();
    const slow = joinAndSubscribe(fixture);
    slow.bufferedAmount = LIMIT + 1;
    publish(publisher);
    await clock.advance(500);
    assertEquals(publisher.isPaused, true);
    slow.bufferedAmount = LIMIT / 2;
    await clock.advance(200);
    assertEquals([publisher.isPaused, clock.timers], [false, 0]);
  });
});

Deno.test("backpressure: two that wait for each other for too long do not wait for ever", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = new RouterFixture(slowRealm("backpressure"));
    const [one, two] = [joinAndSubscribe(fixture), joinAndSubscribe(fixture)];
    one.bufferedAmount = two.bufferedAmount = LIMIT + 1;
    publish(one);
    publish(two);
    assertEquals([one.isPaused, two.isPaused], [true, true]);
    // As long as something is taken it may be slow.
    for (let turn = 0; turn < 3; turn++) {
      await clock.advance(9_000);
      one.bufferedAmount--;
      two.bufferedAmount--;
    }
    assertEquals([one.ending, two.ending], [undefined, undefined]);
    await clock.advance(11_000);
    assertEquals(fixture.router.statistics("realm1").slowDisconnected > 0, true);
    assert(one.ending === "abort" || !one.isPaused);
    assert(two.ending === "abort" || !two.isPaused);
    assertEquals(clock.timers, 0);
  });
});

Deno.test("backpressure: a slow session that vanishes holds nobody up, nor does a sender that vanishes stay behind", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = new RouterFixture(slowRealm("backpressure"));
    const [publisher, other] = [fixture.join(), fixture.join()];
    const slow = joinAndSubscribe(fixture);
    slow.bufferedAmount = LIMIT + 1;
    publish(publisher);
    publish(other);
    other.lose();
    assertEquals([publisher.isPaused, other.isPaused], [true, false]);
    slow.lose();
    assertEquals([publisher.isPaused, clock.timers], [false, 0]);
    fixture.assertEmpty(1);
  });
});

Deno.test("backpressure: a callee is held up for a caller that does not read its results", async () => {
  await using fixture = new RouterFixture(slowRealm("backpressure"));
  const [callee, caller] = openCall(fixture);
  caller.bufferedAmount = LIMIT + 1;
  callee.deliver(70, 1, { progress: true });
  assertEquals([callee.isPaused, caller.takeOne()[0]], [true, 50]);
  caller.drain();
  assertEquals(callee.isPaused, false);
});
