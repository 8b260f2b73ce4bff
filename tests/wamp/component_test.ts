import { ticket } from "../../wamp/auth/ticket.ts";
import { acceptTicket } from "../../wamp/auth/accept_ticket.ts";
import { component, run } from "../../wamp/component.ts";
import type { Component, ComponentStatus } from "../../wamp/component_api.ts";
import { ApplicationError, JoinError, SessionClosedError, TransportLostError } from "../../wamp/errors.ts";
import type { Session, SessionClosed } from "../../wamp/session_api.ts";
import { TransportError } from "../../wamp/transports/errors.ts";
import { settled } from "../fake_clock.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "../std.ts";
import { Lines, Network, reach, seeded, withNetwork } from "./component_fixture.ts";

const REFUSED = new TransportError("connection_lost", "Connection refused");

/** The states that a component had, `lost` with how long it waits. */
function states(statuses: readonly ComponentStatus[]): string[] {
  return statuses.map((one) => one.state === "lost" ? `lost ${one.retryIn}` : one.state);
}

Deno.test("A component tells each step, and comes back when its transport is lost", async () => {
  await withNetwork({}, async (network, clock) => {
    const app = network.component();
    const seen: ComponentStatus[] = [];
    app.onStatus((status) => seen.push(status));
    assertEquals(app.current, { state: "closed" });
    const running = app.run();
    const first = await reach(clock, app, "open");
    assertEquals([app.session?.id, first.transport, first.pending], [first.session, "ws://one", []]);
    network.cut();
    const lost = await reach(clock, app, "lost");
    assert(lost.cause instanceof TransportLostError);
    assertEquals([lost.retryIn, app.session], [500, undefined]);
    const second = await reach(clock, app, "open");
    assert(second.session !== first.session);
    await clock.until(app.stop());
    await running;
    assertEquals(states(seen), [
      ...["connecting", "joining", "open", "lost 500", "connecting", "joining", "open", "closed"],
    ]);
    assertEquals(app.current, { state: "closed" });
  });
});

Deno.test("What was declared is there in every session before it is open", async () => {
  await withNetwork({}, async (network, clock) => {
    const heard: unknown[] = [];
    const app = network.component()
      .register("com.example.add", ({ args: [a, b] }) => Number(a) + Number(b))
      .register("com.example.by.", ({ procedure }) => procedure, { match: "prefix" })
      .subscribe("com.example.tick", ({ args }) => heard.push(args[0]));
    let other: Session | undefined;
    const results: Promise<unknown>[] = [];
    app.onStatus((status) => {
      if (status.state !== "open" || other === undefined) return;
      results.push(other.call("com.example.add", [1, 2]), other.call("com.example.by.name"));
      void other.publish("com.example.tick", ["tock"]);
    });
    void app.run();
    await reach(clock, app, "open");
    for (let round = 1; round <= 3; round++) {
      other = await clock.until(network.router.join("realm1"));
      network.cut();
      await reach(clock, app, "lost");
      await reach(clock, app, "open");
      assertEquals(await clock.until(Promise.all(results.splice(0))), [3, "com.example.by.name"]);
      await settled();
      assertEquals(heard.length, round);
      await clock.until(other.leave());
    }
    await network.restart(clock);
    other = undefined;
    await reach(clock, app, "lost");
    await reach(clock, app, "open");
    assertEquals(network.router.statistics("realm1").registrations, 2);
    assertEquals(network.router.statistics("realm1").subscriptions, 1);
  });
});

Deno.test("What the router refuses is pending, and asked for until it is taken", async () => {
  await withNetwork({}, async (network, clock) => {
    const logger = new Lines();
    const app = network.component({ logger }).register("com.example.one", () => 1).register("com.example.two", () => 2);
    const old = await clock.until(network.router.join("realm1"));
    await clock.until(old.register("com.example.one", () => 0));
    void app.run();
    const { pending } = await reach(clock, app, "open");
    assertEquals(pending.map(({ kind, uri }) => [kind, uri]), [["registration", "com.example.one"]]);
    const [{ cause }] = pending as [typeof pending[0]];
    assert(cause instanceof ApplicationError && cause.uri === "wamp.error.procedure_already_exists");
    assertEquals(logger.lines, ["Cannot restore registration"]);
    await clock.advance(600);
    assertEquals(logger.fields.map((fields) => fields?.retryIn), [500, 1_000]);
    await clock.until(old.leave());
    await clock.advance(1_100);
    assertEquals(app.current.state === "open" && app.current.pending, []);
    const caller = await clock.until(network.router.join("realm1"));
    assertEquals(await clock.until(caller.call("com.example.one")), 1);
  });
});

Deno.test("What the router takes away is asked for again, but not by force", async () => {
  await withNetwork({}, async (network, clock) => {
    const app = network.component().register("com.example.one", () => "app", { forceReregister: true });
    void app.run();
    await reach(clock, app, "open");
    const other = await clock.until(network.router.join("realm1"));
    await clock.until(other.register("com.example.one", () => "other", { forceReregister: true }));
    await settled();
    assertEquals(app.current.state === "open" && app.current.pending.length, 1);
    await clock.advance(20_000);
    const caller = await clock.until(network.router.join("realm1"));
    assertEquals(await clock.until(caller.call("com.example.one")), "other");
    await clock.until(other.leave());
    await clock.advance(30_000);
    assertEquals(await clock.until(caller.call("com.example.one")), "app");
  });
});

Deno.test("Declarations can be added and taken back while a session is open", async () => {
  await withNetwork({}, async (network, clock) => {
    const heard: string[] = [];
    const app = network.component().register("com.example.one", () => 1);
    const one = (): number => heard.push("one");
    const two = (): number => heard.push("two");
    void app.run();
    await reach(clock, app, "open");
    app.register("com.example.two", () => 2).subscribe("com.example.tick", one).subscribe("com.example.tick", two);
    assertThrows(() => app.register("com.example.two", () => 2), TypeError, "declared already");
    await settled();
    assertEquals(network.router.statistics("realm1").registrations, 2);
    await clock.until(app.unregister("com.example.one"));
    await clock.until(app.unsubscribe("com.example.tick", { handler: two }));
    assertEquals(network.router.statistics("realm1").registrations, 1);
    const other = await clock.until(network.router.join("realm1"));
    await clock.until(other.publish("com.example.tick", [], { acknowledge: true }));
    await settled();
    assertEquals(heard, ["one"]);
    network.cut();
    await reach(clock, app, "lost");
    await clock.until(app.unsubscribe("com.example.tick"));
    app.register("com.example.one", () => "again");
    await reach(clock, app, "open");
    assertEquals(network.router.statistics("realm1").subscriptions, 0);
    assertEquals(await clock.until(other.call("com.example.one")), "again");
  });
});

Deno.test("What is pending and taken back is not asked for again", async () => {
  await withNetwork({}, async (network, clock) => {
    const logger = new Lines();
    const app = network.component({ logger }).register("com.example.one", () => 1);
    const old = await clock.until(network.router.join("realm1"));
    await clock.until(old.register("com.example.one", () => 0));
    void app.run();
    await reach(clock, app, "open");
    await clock.until(app.unregister("com.example.one"));
    await settled();
    assertEquals(app.current.state === "open" && app.current.pending, []);
    await clock.advance(60_000);
    assertEquals(logger.lines.length, 1);
  });
});

Deno.test("What is taken back while the router is asked for it is undone", async () => {
  await withNetwork({}, async (network, clock) => {
    const logger = new Lines();
    const app = network.component({ logger });
    void app.run();
    await reach(clock, app, "open");
    await clock.until(app.register("com.example.one", () => 1).unregister("com.example.one"));
    await clock.until(app.subscribe("com.example.tick", () => {}).unsubscribe("com.example.tick"));
    await clock.until(app.unregister("com.example.never"));
    const { registrations, subscriptions } = network.router.statistics("realm1");
    assertEquals([registrations, subscriptions, logger.lines], [0, 0, []]);
    // A declaration may come back at once.
    app.register("com.example.one", () => 1);
    await settled();
    const gone = app.unregister("com.example.one");
    app.register("com.example.one", () => 2);
    await clock.until(gone);
    await settled();
    const caller = await clock.until(network.router.join("realm1"));
    assertEquals(await clock.until(caller.call("com.example.one")), 2);
  });
});

Deno.test("What is refused at once by several changes is one status", async () => {
  await withNetwork({}, async (network, clock) => {
    const old = await clock.until(network.router.join("realm1"));
    const names = ["one", "two", "three"].map((name) => `com.example.${name}`);
    for (const name of names) await clock.until(old.register(name, () => 0));
    const app = network.component();
    void app.run();
    await reach(clock, app, "open");
    let told = 0;
    app.onStatus(() => told++);
    for (const name of names) app.register(name, () => 1);
    await settled();
    assertEquals([told, app.current.state === "open" && app.current.pending.length], [1, 3]);
  });
});

Deno.test("A registration that is taken away after a long time is asked for again soon", async () => {
  await withNetwork({}, async (network, clock) => {
    const logger = new Lines();
    const app = network.component({ logger }).register("com.example.one", () => 1);
    void app.run();
    await reach(clock, app, "open");
    const other = await clock.until(network.router.join("realm1"));
    const remove = async (): Promise<void> => {
      const [id] = (await other.call<{ exact: number[] }>("wamp.registration.list")).exact;
      await other.call("wamp.registration.remove_callee", [id, app.session?.id]);
    };
    for (const wait of [100, 40_000, 100]) {
      await clock.until(remove());
      await settled();
      await clock.advance(10_000);
      assertEquals(network.router.statistics("realm1").registrations, 1);
      await clock.advance(wait);
    }
    const waits = logger.fields.map((fields) => fields?.retryIn).filter((wait) => wait !== undefined);
    assertEquals(waits, [500, 1_000, 500]);
  });
});

Deno.test("A mistake in a declaration or an option shows at once", () => {
  const network = new Network();
  const app = network.component();
  assertThrows(() => app.register("not a uri", () => 1), ApplicationError, "wamp.error.invalid_uri");
  assertThrows(() => app.subscribe("com..example", () => 1), ApplicationError, "wamp.error.invalid_uri");
  assertThrows(() => app.subscribe("com.example", 1 as never), TypeError, "handler must be a function");
  assertThrows(() => app.register(1 as never, () => 1), TypeError, "must be a string");
  assertThrows(() => app.register("com.example", () => 1, { concurrency: 0 }), RangeError, "concurrency");
  assertThrows(() => app.subscribe("com.example", () => 1, { catchUp: { maxWaiting: 0 } }), RangeError, "maxWaiting");
  assertThrows(() => component({ transports: [], realm: "realm1" }), TypeError, "at least one");
  assertThrows(() => component({ transports: "ws://x", realm: "no realm" }), TypeError, "realm must be a URI");
  const wait = { whileDisconnected: { wait: -1 } };
  assertThrows(() => component({ transports: "ws://x", realm: "realm1", ...wait }), RangeError, "wait");
});

Deno.test("A wrong ticket ends a component after one attempt", async () => {
  const auth = [acceptTicket({ principals: { joe: { ticket: "right", role: "user" } } })];
  await withNetwork({ realms: [{ uri: "realm1", auth }] }, async (network, clock) => {
    const app = network.component({ auth: [ticket({ authid: "joe", ticket: "wrong" })] });
    const seen: ComponentStatus[] = [];
    app.onStatus((status) => seen.push(status));
    const error = await assertRejects(() => clock.until(app.run()), JoinError);
    assertMatch(error.reason, /^wamp\.error\.authentication_/);
    assertEquals([network.tried.length, states(seen)], [1, ["connecting", "joining", "fatal"]]);
    assertEquals(app.current, { state: "fatal", cause: error });
    await clock.advance(120_000);
    assertEquals(network.tried.length, 1);
    await assertRejects(() => app.call("com.example.add"), TransportLostError, "the component has failed");
  });
});

Deno.test("A ticket is fetched for each session, and asked for again where it cannot be fetched", async () => {
  const auth = [acceptTicket({ principals: { joe: { ticket: "right", role: "user" } } })];
  await withNetwork({ realms: [{ uri: "realm1", auth }] }, async (network, clock) => {
    let fetched = 0;
    const fetchTicket = (): string => {
      if (++fetched === 2) throw new Error("No answer");
      return "right";
    };
    const app = network.component({ auth: [ticket({ authid: "joe", ticket: fetchTicket })] });
    void app.run();
    await reach(clock, app, "open");
    network.cut();
    await reach(clock, app, "lost");
    await reach(clock, app, "open");
    assertEquals([fetched, network.tried.length, app.session?.authid], [3, 3, "joe"]);
  });
});

Deno.test("isFatal has the last word, and is not believed where it throws", async () => {
  await withNetwork({}, async (network, clock) => {
    network.failure = (_url, attempt) => attempt === 1 ? new JoinError("wamp.error.no_such_realm") : REFUSED;
    const fatal = network.component({
      isFatal: (cause) => cause instanceof JoinError ? false : cause === REFUSED ? true : undefined,
    });
    const error = await assertRejects(() => clock.until(fatal.run()), TransportError);
    assertEquals([error, network.tried.length], [REFUSED, 2]);
    const logger = new Lines();
    network.failure = () => new JoinError("wamp.error.no_such_realm");
    const throwing = network.component({
      logger,
      isFatal: () => {
        throw new Error("Oops");
      },
    });
    await assertRejects(() => clock.until(throwing.run()), JoinError);
    assertEquals(logger.lines[0], "Option isFatal failed");
  });
});

Deno.test("Transports are tried in order, each with its own delays, retries and options", async () => {
  await withNetwork({}, async (network, clock) => {
    network.failure = (_url, attempt) => attempt <= 6 ? REFUSED : undefined;
    const app = network.component({
      transports: [{ url: "ws://one", maxRetries: 1, minDelay: 100 }, "ws://two", {
        url: "rs://three",
        minDelay: 10,
        maxDelay: 10,
      }],
    });
    void app.run();
    await settled();
    await reach(clock, app, "open");
    assertEquals(network.tried, [
      ...["ws://one", "ws://two", "rs://three", "ws://one", "ws://two", "rs://three", "ws://two"],
    ]);
    const waits = network.times.slice(1).map((time, at) => time - network.times[at]!);
    assertEquals(waits, [500, 5, 50, 1_000, 5, 2_000]);
  });
});

Deno.test("A component without a transport that works is fatal", async () => {
  await withNetwork({}, async (network, clock) => {
    const rejected = Object.assign(new Error("HTTP 404"), { status: 404, headers: new Headers() });
    network.failure = (url) => url === "ws://one" ? new TransportError("refused", "No", { cause: rejected }) : REFUSED;
    const app = network.component({ transports: ["ws://one", { url: "ws://two", maxRetries: 2 }] });
    assertEquals(await clock.until(app.run().catch((error: unknown) => error)), REFUSED);
    assertEquals(network.tried, ["ws://one", "ws://two", "ws://two", "ws://two"]);
  });
});

Deno.test("The waits have full jitter from the first one on, up to a bound that grows", async () => {
  await withNetwork({}, async (network, clock) => {
    const random = seeded(42);
    const waits: number[][] = [[], [], [], [], [], [], []];
    const all = Array.from({ length: 1_000 }, () => {
      const app = network.component({}, random);
      let attempt = 0;
      app.onStatus((status) => {
        if (status.state === "lost") waits[attempt++]?.push(status.retryIn);
        if (attempt === waits.length) void app.stop();
      });
      return app.run();
    });
    network.failure = () => REFUSED;
    await clock.until(Promise.all(all));
    for (const [at, bound] of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
      const deciles: number[] = new Array(10).fill(0);
      for (const wait of waits[at]!) {
        assert(wait >= 0 && wait < bound);
        deciles[Math.floor(wait / bound * 10)]!++;
      }
      assert(deciles.every((count) => count > 60 && count < 140), `${bound}: ${deciles}`);
    }
  });
});

Deno.test("The waits grow after sessions that do not last, and start over after one that does", async () => {
  await withNetwork({}, async (network, clock) => {
    const app = network.component();
    const waits: number[] = [];
    app.onStatus((status) => status.state === "lost" && waits.push(status.retryIn));
    void app.run();
    for (const lasts of [1_000, 29_000, 30_001, 0]) {
      await reach(clock, app, "open");
      await clock.advance(lasts);
      network.cut();
      await reach(clock, app, "lost");
    }
    assertEquals(waits, [500, 1_000, 500, 1_000]);
  });
});

Deno.test("Retry-After is kept, for the transport that asked", async () => {
  await withNetwork({}, async (network, clock) => {
    const headers = new Headers({ "retry-after": "60" });
    const busy = Object.assign(new Error("HTTP 503"), { status: 503, headers });
    network.failure = (url, attempt) => {
      if (attempt > 3) return undefined;
      return url === "ws://one" ? new TransportError("refused", "Busy", { cause: busy }) : REFUSED;
    };
    const app = network.component({ transports: ["ws://one", { url: "ws://two", maxRetries: 0 }] });
    void app.run();
    await settled();
    await reach(clock, app, "open");
    const waits = network.times.slice(1).map((time, at) => time - network.times[at]!);
    assertEquals([network.tried, waits], [
      ["ws://one", "ws://two", "ws://one", "ws://one"],
      [500, 59_500, 60_000],
    ]);
  });
});

Deno.test("A router that goes away, closes the realm or kills the session is come back to", async () => {
  await withNetwork({ realms: [{ uri: "realm1" }, { uri: "realm2" }] }, async (network, clock) => {
    const app = network.component();
    const reasons: string[] = [];
    app.onStatus((status) => {
      if (status.state === "lost" && status.cause instanceof SessionClosedError) reasons.push(status.cause.reason);
    });
    void app.run();
    await reach(clock, app, "open");
    const killer = await clock.until(network.router.join("realm1"));
    await clock.until(killer.call("wamp.session.kill", [app.session?.id]));
    await reach(clock, app, "lost");
    await reach(clock, app, "open");
    await network.restart(clock);
    await reach(clock, app, "lost");
    await reach(clock, app, "open");
    const closed = network.router.removeRealm("realm1");
    await reach(clock, app, "lost");
    await clock.until(closed);
    network.router.addRealm({ uri: "realm1" });
    await reach(clock, app, "open");
    await clock.until(app.session!.leave());
    await reach(clock, app, "lost");
    assertEquals(reasons, [
      ...["wamp.close.killed", "wamp.close.system_shutdown", "wamp.close.close_realm", "wamp.close.normal"],
    ]);
  });
});

Deno.test("A session that has ended is lost at once, however long its transport takes to close", async () => {
  await withNetwork({}, async (network, clock) => {
    network.wrap = (transport) => {
      const close = transport.close.bind(transport);
      transport.close = () => void setTimeout(close, 4_000);
      return transport;
    };
    const app = network.component();
    const left: unknown[] = [];
    app.onLeave(({ reason }) => left.push(reason));
    const running = app.run();
    await reach(clock, app, "open");
    const killer = await clock.until(network.router.join("realm1"));
    await clock.until(killer.call("wamp.session.kill", [app.session?.id]));
    await settled();
    assertEquals([app.current.state, left, app.session], ["lost", ["wamp.close.killed"], undefined]);
    await reach(clock, app, "open");
    const stopped = app.stop();
    await settled();
    assertEquals(app.current.state, "open");
    await clock.until(stopped);
    await running;
    assertEquals([app.current.state, left.length], ["closed", 2]);
  });
});

Deno.test("A realm that is gone is fatal, at the first attempt or later", async () => {
  await withNetwork({}, async (network, clock) => {
    const app = network.component();
    const running = app.run();
    running.catch(() => {});
    await reach(clock, app, "open");
    void network.router.removeRealm("realm1");
    const error = await assertRejects(() => clock.until(running), JoinError);
    assertEquals([error.reason, network.tried.length], ["wamp.error.no_such_realm", 2]);
  });
});

Deno.test("onJoin and onLeave are told of each session, and what they throw is logged", async () => {
  await withNetwork({}, async (network, clock) => {
    const logger = new Lines();
    const told: unknown[] = [];
    const app: Component = network.component({ logger })
      .onJoin(() => {
        throw new Error("Oops");
      })
      .onJoin((session: Session) => told.push(session.id, app.current.state))
      .onLeave((closed: SessionClosed) => told.push(closed.reason))
      .onLeave(() => Promise.reject(new Error("Oops")));
    void app.run();
    const { session } = await reach(clock, app, "open");
    await clock.until(app.stop());
    await settled();
    assertEquals(told, [session, "open", "wamp.close.normal"]);
    assertEquals(logger.lines, ["Handler of onJoin failed", "Handler of onLeave failed"]);
  });
});

Deno.test("stop leaves in order, whatever the component is doing, and leaves nothing behind", async () => {
  await withNetwork({}, async (network, clock) => {
    await network.component().stop();
    // While it is open.
    const open = network.component();
    const first = open.run();
    await reach(clock, open, "open");
    const closed = open.session!.closed;
    await clock.until(open.stop());
    await first;
    assertEquals(await closed, { reason: "wamp.close.normal", message: "", wasClean: true, by: "us" });
    // While it waits.
    network.failure = () => REFUSED;
    const waiting = network.component();
    const second = waiting.run();
    await reach(clock, waiting, "lost");
    await Promise.all([waiting.stop(), waiting.stop()]);
    await second;
    // While it connects and joins.
    network.failure = () => undefined;
    for (let turns = 0; turns < 12; turns++) {
      const joining = network.component().register("com.example.add", () => 1);
      const running = joining.run();
      await settled(turns);
      await clock.until(joining.stop());
      await running;
      assertEquals(joining.current, { state: "closed" });
    }
    await settled();
    assertEquals([clock.timers, network.router.statistics("realm1").sessions], [0, 0]);
  });
});

Deno.test("An aborted signal stops a component, before and while it runs, and it can run again", async () => {
  await withNetwork({}, async (network, clock) => {
    const app = network.component();
    await clock.until(app.run({ signal: AbortSignal.abort() }));
    assertEquals(app.current, { state: "closed" });
    const stop = new AbortController();
    const running = app.run({ signal: stop.signal });
    await assertRejects(() => app.run(), TypeError, "it runs already");
    await reach(clock, app, "open");
    stop.abort();
    await clock.until(running);
    assertEquals(app.current, { state: "closed" });
    await assertRejects(() => app.call("com.example.add"), SessionClosedError, "the component was stopped");
    void app.run();
    await reach(clock, app, "open");
    await clock.until(Promise.resolve(app[Symbol.asyncDispose]()));
  });
});

Deno.test("A router that does not answer what was declared is left after the timeout", async () => {
  await withNetwork({}, async (network, clock) => {
    network.wrap = (transport) => {
      const send = transport.send.bind(transport);
      let sent = 0;
      transport.send = (bytes) => ++sent === 2 ? undefined : send(bytes);
      return transport;
    };
    const app = network.component({ timeout: 3_000 }).register("com.example.add", () => 1);
    void app.run();
    const started = clock.now;
    const { cause } = await reach(clock, app, "lost");
    assertMatch(cause.message, /did not answer within 3000 ms/);
    assert(clock.now - started >= 3_000 && clock.now - started < 3_100);
  });
});

Deno.test("run resolves when all components have stopped, each by itself or by the signal", async () => {
  await withNetwork({}, async (network, clock) => {
    const [one, two] = [network.component(), network.component()];
    const stop = new AbortController();
    const running = run([one, two], { signal: stop.signal });
    await reach(clock, one, "open");
    await clock.until(one.stop());
    assertEquals([one.current.state, two.current.state], ["closed", "open"]);
    stop.abort();
    await clock.until(running);
    assertEquals(two.current.state, "closed");
  });
});

Deno.test("run stops all components where one fails, and rejects with its cause", async () => {
  await withNetwork({}, async (network, clock) => {
    const good = network.component();
    const bad = network.component({ realm: "realm2" });
    const error = await assertRejects(() => clock.until(run([good, bad])), JoinError);
    assertEquals([error.reason, good.current.state, bad.current.state], [
      "wamp.error.no_such_realm",
      "closed",
      "fatal",
    ]);
  });
});

Deno.test("local: leads to a router object, in the transports as in the options", async () => {
  await withNetwork({}, async (network, clock) => {
    const { router } = network;
    const app = component({ transports: [{ url: "local:", router }], realm: "realm1", serializers: ["json"] });
    void app.run();
    await reach(clock, app, "open");
    assertEquals(app.session?.realm, "realm1");
    await clock.until(app.stop());
    const wrong = component({ transports: "local:", realm: "realm1" });
    await assertRejects(() => clock.until(wrong.run()), TypeError, "without option router");
  });
});
