import type { CallResult, InvocationHandler } from "../../wamp/session_api.ts";
import { SessionClosedError, TransportLostError } from "../../wamp/errors.ts";
import { TransportError } from "../../wamp/transports/errors.ts";
import { settled } from "../fake_clock.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../std.ts";
import { reach, withNetwork } from "./component_fixture.ts";

const REFUSED = new TransportError("connection_lost", "Connection refused");

/** The rejection of a promise that is to be lost. */
async function lost(promise: Promise<unknown>): Promise<TransportLostError> {
  return await assertRejects(() => promise, TransportLostError);
}

Deno.test("While there is no session, calls and publications fail at once, were not sent, and say why", async () => {
  await withNetwork({}, async (network, clock) => {
    const app = network.component();
    const early = await lost(app.call("com.example.add"));
    assertEquals(early.message, "Cannot call com.example.add: the component has not been started");
    network.failure = () => REFUSED;
    void app.run();
    const connecting = await lost(app.callResult("com.example.add"));
    assertEquals(connecting.message, "Cannot call com.example.add: not connected yet");
    await reach(clock, app, "lost");
    const progressive = app.callProgressive("com.example.add");
    for (const attempt of [app.call("com.example.add"), app.publish("com.example.add"), progressive.next()]) {
      const error = await lost(attempt);
      assertEquals(error.maybeExecuted, false);
      assertMatch(error.message, /: not connected: TransportError: Connection refused$/);
      assertEquals(error.cause, REFUSED);
    }
    // Nobody awaits this one, and nothing is reported.
    void app.publish("com.example.tick");
    await settled();
  });
});

Deno.test("With a session, a component calls and publishes in it", async () => {
  await withNetwork({}, async (network, clock) => {
    const heard: unknown[] = [];
    const app = network.component()
      .register("com.example.echo", (invocation) => {
        void invocation.progress([0]);
        return [invocation.args, invocation.kwargs];
      })
      .subscribe("com.example.tick", ({ args }) => heard.push(...args));
    void app.run();
    await reach(clock, app, "open");
    assertEquals(await clock.until(app.call("com.example.echo", [1], { kwargs: { a: 2 } })), [[1], { a: 2 }]);
    const { args } = await clock.until(app.callResult("com.example.echo", [3]));
    assertEquals(args, [[[3], {}]]);
    const parts: unknown[] = [];
    for await (const part of app.callProgressive("com.example.echo", [4])) parts.push(...part.args);
    assertEquals(parts, [0, [[4], {}]]);
    const id = await clock.until(app.publish("com.example.tick", [5], { acknowledge: true, excludeMe: false }));
    await settled();
    assertEquals([typeof id, heard], ["number", [5]]);
  });
});

Deno.test("What is under way when the transport is lost rejects, may have been executed, and is not sent again", async () => {
  await withNetwork({}, async (network, clock) => {
    let calls = 0;
    const never: InvocationHandler = () => {
      calls++;
      return new Promise(() => {});
    };
    const other = await clock.until(network.router.join("realm1"));
    await clock.until(other.register("com.example.never", never));
    const app = network.component({ whileDisconnected: { wait: 60_000 } });
    void app.run();
    await reach(clock, app, "open");
    const call = app.call("com.example.never");
    call.catch(() => {});
    const progressive = app.callProgressive("com.example.never").next();
    progressive.catch(() => {});
    await settled();
    const published = app.publish("com.example.tick", [], { acknowledge: true });
    network.cut();
    for (const sent of [call, progressive, published]) {
      assertEquals((await clock.until(lost(sent))).maybeExecuted, true);
    }
    await reach(clock, app, "open");
    await settled();
    assertEquals(calls, 2);
  });
});

Deno.test("What is under way when the router says GOODBYE is lost too; what is, when the program stops, is not", async () => {
  await withNetwork({}, async (network, clock) => {
    const other = await clock.until(network.router.join("realm1"));
    await clock.until(other.register("com.example.never", () => new Promise(() => {})));
    const app = network.component();
    void app.run();
    await reach(clock, app, "open");
    const call = app.call("com.example.never");
    call.catch(() => {});
    const progressive = app.callProgressive("com.example.never").next();
    progressive.catch(() => {});
    await settled();
    await clock.until(other.call("wamp.session.kill", [app.session?.id]));
    for (const sent of [call, progressive]) {
      const error = await clock.until(lost(sent));
      assertEquals(error.maybeExecuted, true);
      assert(error.cause instanceof SessionClosedError);
      assertEquals(error.cause.reason, "wamp.close.killed");
    }
    await reach(clock, app, "open");
    const last = app.call("com.example.never");
    last.catch(() => {});
    await settled();
    await clock.until(app.stop());
    await assertRejects(() => last, SessionClosedError);
  });
});

Deno.test("Calls wait for a session where that is asked for, and are sent once and in order", async () => {
  await withNetwork({}, async (network, clock) => {
    const order: unknown[] = [];
    const other = await clock.until(network.router.join("realm1"));
    await clock.until(other.register("com.example.note", (invocation) => {
      order.push(invocation.args[0]);
      void invocation.progress(["part"]);
      return invocation.args[0];
    }));
    network.failure = (_url, attempt) => attempt < 3 ? REFUSED : undefined;
    const app = network.component({ whileDisconnected: { wait: 60_000 } });
    const waiting: Promise<unknown>[] = [app.call("com.example.note", [1])];
    void app.run();
    waiting.push(app.callResult("com.example.note", [2]).then(({ args }) => args[0]));
    const parts: CallResult[] = [];
    waiting.push((async () => {
      for await (const part of app.callProgressive("com.example.note", [3])) parts.push(part);
    })());
    waiting.push(app.publish("com.example.tick", [4], { acknowledge: true }).then((id) => typeof id));
    await reach(clock, app, "lost");
    waiting.push(app.call("com.example.note", [5]));
    assertEquals(await clock.until(Promise.all(waiting)), [1, 2, undefined, "number", 5]);
    assertEquals([order, parts.map(({ args }) => args[0])], [[1, 2, 3, 5], ["part", 3]]);
  });
});

Deno.test("A call that waits ends at its deadline, by its signal, by leaving the loop, and when the component does", async () => {
  await withNetwork({}, async (network, clock) => {
    network.failure = () => REFUSED;
    const app = network.component({ whileDisconnected: { wait: 5_000 } });
    void app.run();
    const started = clock.now;
    const late = await clock.until(lost(app.call("com.example.add")));
    assertEquals(late.message, "Cannot call com.example.add: not connected within 5000 ms");
    assertEquals(late.maybeExecuted, false);
    assert(clock.now - started >= 5_000 && clock.now - started < 5_100);
    const reason = new Error("Enough");
    const abort = new AbortController();
    const aborted = app.call("com.example.add", [], { signal: abort.signal });
    abort.abort(reason);
    assertEquals(await aborted.catch((error: unknown) => error), reason);
    assertEquals(await app.call("com.example.add", [], abort).catch((error: unknown) => error), reason);
    const progressive = app.callProgressive("com.example.add", [], { signal: new AbortController().signal });
    const next = progressive.next();
    await progressive.return?.();
    assertEquals([await next, await progressive.next()], [
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    const left = app.call("com.example.add");
    left.catch(() => {});
    await clock.until(app.stop());
    const error = await assertRejects(() => left, SessionClosedError);
    assertEquals(error.message, "Cannot call com.example.add: the component was stopped");
    await assertRejects(() => app.call("com.example.add"), SessionClosedError);
  });
});

Deno.test("What waits stays where the session ends while it is being sent", async () => {
  await withNetwork({}, async (network, clock) => {
    const app = network.component({ whileDisconnected: { wait: 60_000 } }).register(
      "com.example.echo",
      ({ args }) => args,
    );
    const leaving = {
      toJSON: () => {
        void app.session?.leave();
        return 1;
      },
    };
    const [first, second] = [app.call("com.example.echo", [leaving]), app.call("com.example.echo", [2])];
    first.catch(() => {});
    void app.run();
    assertEquals(await clock.until(second), [2]);
    await clock.until(lost(first));
  });
});

Deno.test("A call that waits fails with the component, and was not sent", async () => {
  await withNetwork({}, async (network, clock) => {
    const app = network.component({ realm: "realm2", whileDisconnected: { wait: Infinity } });
    const call = app.call("com.example.add");
    call.catch(() => {});
    app.run().catch(() => {});
    const error = await clock.until(lost(call));
    assertEquals(error.maybeExecuted, false);
    assertMatch(error.message, /the component has failed: JoinError: .*no_such_realm/);
  });
});

Deno.test("So many can wait, and no more", async () => {
  await withNetwork({}, async (network, clock) => {
    network.failure = () => REFUSED;
    const app = network.component({ whileDisconnected: { wait: 1_000 } });
    const waiting = Array.from({ length: 10_000 }, () => app.call("com.example.add"));
    const refused = await lost(app.call("com.example.add"));
    assertEquals(refused.message, "Cannot call com.example.add: not connected, and 10000 wait");
    const ends = await clock.until(Promise.allSettled(waiting));
    assert(ends.every(({ status }) => status === "rejected"));
  });
});
