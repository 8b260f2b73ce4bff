import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { ROUTER_CHANNELS } from "../../../wamp/router/diagnostics.ts";
import { formatPrometheus, type RealmMetrics } from "../../../wamp/router/metrics.ts";
import { parsePrometheus } from "../../prometheus.ts";
import { assert, assertEquals } from "../../std.ts";
import { RouterFixture } from "./scripted_transport.ts";

type ChannelName = keyof typeof ROUTER_CHANNELS;

/** What a router publishes while it is listened to, without the router itself. */
class Listening implements Disposable {
  readonly heard: [name: ChannelName, message: Record<string, unknown>][] = [];
  readonly #listeners: [string, (message: unknown) => void][] = [];

  constructor(fixture: RouterFixture, ...names: readonly ChannelName[]) {
    for (const name of names) {
      const listener = (message: unknown): void => {
        const { router, ...rest } = message as { readonly router: object };
        if (router === fixture.router) this.heard.push([name, rest]);
      };
      subscribe(ROUTER_CHANNELS[name], listener);
      this.#listeners.push([ROUTER_CHANNELS[name], listener]);
    }
  }

  take(): [name: ChannelName, message: Record<string, unknown>][] {
    return this.heard.splice(0);
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) unsubscribe(name, listener);
  }
}

function metricsOf(fixture: RouterFixture): RealmMetrics {
  const [realm] = fixture.router.metrics().realms;
  assert(realm !== undefined);
  return realm;
}

Deno.test("a router counts joins, and how sessions left", async () => {
  await using fixture = new RouterFixture();
  const [polite, lost, rude, killed, aborting] = Array.from({ length: 5 }, () => fixture.join());
  const operator = await fixture.router.join("realm1");
  polite!.deliver(6, {}, "wamp.close.normal");
  lost!.lose();
  rude!.deliver(99);
  await operator.call("wamp.session.kill", [killed!.session]);
  aborting!.deliver(3, {}, "wamp.close.normal");
  const { joins, sessions, leaves } = metricsOf(fixture);
  assertEquals([joins, sessions], [6, 1]);
  assertEquals(leaves, { goodbye: 1, dismissed: 1, aborted: 1, slow: 0, lost: 2, cut: 0 });
  assertEquals(fixture.router.metrics().aborts.invalid_message, 1);
});

Deno.test("a router counts messages by type and errors by URI", async () => {
  await using fixture = new RouterFixture();
  const [callee, caller] = [fixture.join(), fixture.join()];
  callee.deliver(64, 1, {}, "com.do");
  callee.deliver(32, 2, {}, "com.topic");
  caller.deliver(48, 1, {}, "com.do");
  caller.deliver(48, 2, {}, "com.do");
  caller.deliver(48, 3, {}, "com.none");
  callee.deliver(70, 1, {});
  callee.deliver(8, 68, 2, {}, "com.example.failed");
  caller.deliver(16, 4, {}, "com.topic");
  const { received, sent, errors, openCalls } = metricsOf(fixture);
  assertEquals(
    [received.REGISTER, received.SUBSCRIBE, received.CALL, received.YIELD, received.ERROR, received.PUBLISH],
    [
      1,
      1,
      3,
      1,
      1,
      1,
    ],
  );
  assertEquals([sent.REGISTERED, sent.SUBSCRIBED, sent.INVOCATION, sent.RESULT, sent.ERROR, sent.EVENT], [
    1,
    1,
    2,
    1,
    2,
    1,
  ]);
  assertEquals(errors, { "wamp.error.no_such_procedure": 1, "other": 1 });
  assertEquals(openCalls, 0);
  parsePrometheus(formatPrometheus(fixture.router.metrics()));
});

Deno.test("a router counts bytes and messages by transport and serializer, also of those who left", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.join();
  const text = `[48,1,{},"com.none"]`;
  client.deliverBytes(new TextEncoder().encode(text));
  const [answer] = client.take();
  const expected = {
    transport: "local",
    serializer: "json",
    messagesReceived: 1,
    bytesReceived: text.length,
    messagesSent: 1,
    bytesSent: JSON.stringify(answer).length,
  };
  assertEquals(metricsOf(fixture).carriers, [{ ...expected, sessions: 1 }]);
  const [session] = fixture.router.inspect("realm1").sessions;
  assertEquals([session?.messagesReceived, session?.bytesReceived], [1, text.length]);
  client.lose();
  assertEquals(metricsOf(fixture).carriers, [{ ...expected, sessions: 0 }]);
});

Deno.test("an event for many counts for each", async () => {
  await using fixture = new RouterFixture();
  const subscribers = Array.from({ length: 3 }, () => fixture.join());
  for (const subscriber of subscribers) subscriber.deliver(32, 1, {}, "com.topic");
  const before = metricsOf(fixture).carriers[0]?.bytesSent ?? 0;
  for (const subscriber of subscribers) subscriber.take();
  fixture.join().deliver(16, 1, {}, "com.topic", ["x"]);
  const bytes = subscribers.map((subscriber) => JSON.stringify(subscriber.takeOne()).length);
  assertEquals(metricsOf(fixture).sent.EVENT, 3);
  assertEquals((metricsOf(fixture).carriers[0]?.bytesSent ?? 0) - before, bytes.reduce((a, b) => a + b, 0));
});

Deno.test("the first call is timed from CALL to its last RESULT, or to its ERROR", async () => {
  await using fixture = new RouterFixture();
  const [callee, caller] = [fixture.join(), fixture.join()];
  callee.deliver(64, 1, {}, "com.do");
  const timed = (): number => metricsOf(fixture).callDurations.counts.reduce((a, b) => a + b, 0);
  caller.deliver(48, 1, { receive_progress: true }, "com.do");
  callee.deliver(70, 1, { progress: true });
  assertEquals(timed(), 0);
  callee.deliver(70, 1, {});
  assertEquals(timed(), 1);
  // The next ones are not: the clock is read for some calls only.
  caller.deliver(48, 2, {}, "com.do");
  callee.deliver(8, 68, 2, {}, "com.failed");
  assertEquals(timed(), 1);
});

Deno.test("joins that are refused are counted by reason", async () => {
  await using fixture = new RouterFixture();
  for (const realm of ["com.none", "com.nowhere"]) fixture.attach().deliver(1, realm, { roles: { caller: {} } });
  assertEquals(fixture.router.metrics().refusals, { "wamp.error.no_such_realm": 2 });
  assertEquals(fixture.router.metrics().realms.length, 1);
});

Deno.test("channels tell of sessions that join, leave and are refused", async () => {
  await using fixture = new RouterFixture();
  using listening = new Listening(fixture, "session");
  const client = fixture.join();
  const session = { realm: "realm1", session: client.session, authrole: "anonymous", authmethod: "anonymous" };
  const carrier = { transport: "local", serializer: "json", remoteAddress: "" };
  const [joined] = listening.take();
  const authid = joined?.[1].authid;
  assert(typeof authid === "string" && authid !== "");
  assertEquals(joined, ["session", { event: "join", ...session, authid, ...carrier, reason: "" }]);
  client.deliver(6, {}, "wamp.close.normal");
  assertEquals(listening.take(), [["session", { event: "leave", ...session, authid, ...carrier, reason: "goodbye" }]]);
  fixture.attach().deliver(1, "com.none", { roles: { caller: {} } });
  const nobody = { realm: "", session: 0, authid: "", authrole: "", authmethod: "" };
  const reason = "wamp.error.no_such_realm";
  assertEquals(listening.take(), [["session", { event: "refused", ...nobody, ...carrier, reason }]]);
});

Deno.test("channels tell of calls, results, errors and publications, and of no payload", async () => {
  await using fixture = new RouterFixture();
  const [callee, caller] = [fixture.join(), fixture.join()];
  callee.deliver(64, 1, {}, "com.do");
  using listening = new Listening(fixture, "call", "publish", "error");
  const by = { realm: "realm1", session: caller.session };
  caller.deliver(48, 1, { receive_progress: true }, "com.do", ["secret"], { secret: 1 });
  callee.deliver(70, 1, { progress: true }, ["secret"]);
  callee.deliver(70, 1, {}, ["secret"]);
  caller.deliver(16, 2, {}, "com.topic", ["secret"]);
  caller.deliver(48, 3, {}, "com.none", ["secret"]);
  caller.deliver(32, 4, {}, "com..none");
  assertEquals(listening.take(), [
    ["call", { event: "call", ...by, request: 1, procedure: "com.do" }],
    ["call", { event: "result", ...by, request: 1, procedure: "" }],
    ["publish", { ...by, request: 2, topic: "com.topic" }],
    ["call", { event: "call", ...by, request: 3, procedure: "com.none" }],
    ["error", { ...by, request: 3, requestType: "CALL", error: "wamp.error.no_such_procedure" }],
    ["error", { ...by, request: 4, requestType: "SUBSCRIBE", error: "wamp.error.invalid_uri" }],
  ]);
});

Deno.test("channels tell of sessions that broke the protocol, before and after they joined", async () => {
  await using fixture = new RouterFixture();
  using listening = new Listening(fixture, "abort");
  const client = fixture.join();
  client.deliver(2, 1, {});
  fixture.attach().deliver(48, 1, {}, "com.do");
  const seen = listening.take().map(([, { realm, session, code, reason, message }]) => {
    return [realm, session, code, reason, typeof message];
  });
  const reason = "wamp.error.protocol_violation";
  assertEquals(seen, [
    ["realm1", client.session, "unexpected_message", reason, "string"],
    ["", 0, "unexpected_message", reason, "string"],
  ]);
});

Deno.test("channels tell of slow consumers, whatever is done about them", async () => {
  for (const [slowConsumer, action] of [["drop", "drop"], ["backpressure", "pause"]] as const) {
    await using fixture = new RouterFixture({ slowConsumer, limits: { maxSendBuffer: 10 } });
    using listening = new Listening(fixture, "slowConsumer");
    const [slow, publisher] = [fixture.join(), fixture.join()];
    slow.deliver(32, 1, {}, "com.topic");
    slow.bufferedAmount = 11;
    publisher.deliver(16, 1, {}, "com.topic");
    const expected = { realm: "realm1", session: slow.session, action, waiting: 11 };
    assertEquals(listening.take(), [["slowConsumer", expected]]);
    slow.bufferedAmount = 41;
    publisher.deliver(48, 1, {}, "wamp.session.count");
    slow.deliver(48, 2, {}, "wamp.session.count");
    assertEquals(listening.take(), [["slowConsumer", { ...expected, action: "disconnect", waiting: 41 }]]);
    const { leaves, slowDisconnected, eventsDropped, slowPauses } = metricsOf(fixture);
    const counts = [leaves.slow, slowDisconnected, eventsDropped, slowPauses];
    assertEquals(counts, action === "drop" ? [1, 1, 1, 0] : [1, 1, 0, 1]);
  }
});

Deno.test("inspect() gives sessions, those for which most waits first, and what they registered and subscribed to", async () => {
  await using fixture = new RouterFixture();
  const [first, second] = [fixture.join({ agent: "one" }), fixture.join({ agent: "two" })];
  first.deliver(64, 1, { match: "prefix", invoke: "roundrobin" }, "com.do.");
  second.deliver(32, 1, { match: "wildcard" }, "com..topic");
  second.bufferedAmount = 7;
  const { sessions, registrations, subscriptions } = fixture.router.inspect("realm1");
  assertEquals(sessions.map(({ session, agent, waitingBytes }) => [session, agent, waitingBytes]), [
    [second.session, "two", 7],
    [first.session, "one", 0],
  ]);
  assert(Math.abs((sessions[0]?.since ?? 0) - Date.now()) < 60_000);
  assertEquals(registrations.map(({ id: _, ...rest }) => rest), [
    { uri: "com.do.", match: "prefix", invoke: "roundrobin", members: 1 },
  ]);
  assertEquals(subscriptions.map(({ id: _, ...rest }) => rest), [
    { uri: "com..topic", match: "wildcard", invoke: "", members: 1 },
  ]);
});

Deno.test("inspect() gives no more than it is asked for, and what holds a text", async () => {
  await using fixture = new RouterFixture();
  const clients = ["ada", "bob", "eve"].map((agent) => fixture.join({ agent }));
  for (const client of clients) {
    for (const [index, uri] of ["com.a", "com.b"].entries()) {
      client.deliver(32, index + 1, {}, `${uri}.${client.session}`);
    }
  }
  const limited = fixture.router.inspect("realm1", { limit: 2 });
  assertEquals([limited.sessions.length, limited.subscriptions.length], [2, 2]);
  const named = fixture.router.inspect("realm1", { filter: "bob" });
  assertEquals([named.sessions.map(({ agent }) => agent), named.subscriptions], [["bob"], []]);
  const byId = fixture.router.inspect("realm1", { filter: String(clients[0]?.session) });
  assertEquals([byId.sessions.length, byId.subscriptions.length], [1, 2]);
});
