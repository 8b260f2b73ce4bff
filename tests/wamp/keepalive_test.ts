import { fileURLToPath } from "node:url";
import { component } from "../../wamp/component.ts";
import { TransportLostError } from "../../wamp/errors.ts";
import { type Hello, MESSAGE } from "../../wamp/messages.ts";
import { cbor } from "../../wamp/serializers/mod.ts";
import { openSession } from "../../wamp/session.ts";
import { connectTransport } from "../../wamp/transports/connect.ts";
import type { Transport } from "../../wamp/transports/transport.ts";
import { wrapWebSocket } from "../../wamp/transports/web.ts";
import { Process } from "../support/processes.ts";
import { settled, withFakeClock } from "../fake_clock.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "../std.ts";
import { CARRIERS, Network } from "./keepalive_fixture.ts";
import { OPEN_REALM } from "./open_realm.ts";
import { ALL_FEATURES, ScriptedRouter, ScriptedTransport } from "./scripted_router.ts";

/** The default interval and timeout together, and what a wheel's rounding adds four times, in milliseconds. */
const BOUND = 40_000;
const SLACK = 150;
const TEN_MINUTES = 600_000;
/** What a program that was busy gives its network to catch up, in milliseconds. */
const CATCHING_UP = 100;

// ------------------------------------------------------------------------------------------------------ A dead router

for (const carrier of CARRIERS) {
  Deno.test(`A session loses a router that is silent for interval and timeout, on an open stream: ${carrier}`, async () => {
    await withFakeClock(async (clock) => {
      await using network = new Network(carrier);
      const session = await network.join();
      await session.register("com.example.wait", () => new Promise<void>(() => {}));
      const call = assertRejects(() => session.call("com.example.wait"), TransportLostError);
      await settled();
      network.server.stallWrites();
      await clock.advance(BOUND - 1_000);
      assertEquals(session.state, "open");
      await clock.advance(1_000 + SLACK);
      assertEquals(session.state, "closed");
      const { by, wasClean, error, message } = await session.closed;
      assertEquals([by, wasClean], ["transport", false]);
      assert(error !== undefined && /within 20000 ms/.test(error.message), message);
      assertEquals((await call).maybeExecuted, true);
    });
  });

  Deno.test(`A session looks for its router by the option keepalive: ${carrier}`, async () => {
    await withFakeClock(async (clock) => {
      await using network = new Network(carrier);
      const session = await network.join({ keepalive: { interval: 1_000, timeout: 500 } });
      await clock.advance(60_000);
      assertEquals(session.state, "open");
      network.server.stallWrites();
      await clock.advance(1_500 + SLACK);
      assertEquals(session.state, "closed");
    });
  });

  Deno.test(`A session keeps a router that answers, however silent the realm: ${carrier}`, async () => {
    await withFakeClock(async (clock) => {
      await using network = new Network(carrier);
      const session = await network.join();
      await clock.advance(TEN_MINUTES);
      assertEquals(session.state, "open");
      await session.leave();
    });
  });

  Deno.test(`A session with keepalive: false never looks for its router: ${carrier}`, async () => {
    await withFakeClock(async (clock) => {
      await using network = new Network(carrier);
      const session = await network.join({ keepalive: false });
      network.server.stallWrites();
      const { writes } = network.streams[0]!.client;
      await clock.advance(TEN_MINUTES);
      assertEquals([session.state, network.streams[0]!.client.writes], ["open", writes]);
    });
  });

  // ---------------------------------------------------------------------------------------------------- A busy program

  Deno.test(`A busy program keeps its session, and what came is handled before deadlines: ${carrier}`, async () => {
    await withFakeClock(async (clock) => {
      await using network = new Network(carrier, { realms: [{ uri: "realm1" }] });
      const callee = await network.router.join("realm1");
      await callee.register("com.example.echo", ({ args }) => args[0]);
      const session = await network.join();
      // A question or a ping is under way, and so are its answer and that of a call.
      network.server.stallWrites();
      await clock.advance(25_000);
      const call = session.call("com.example.echo", ["answer"]);
      await clock.advance(1_000);
      network.server.resumeWrites();
      await clock.block(TEN_MINUTES);
      await clock.advance(CATCHING_UP);
      assertEquals(session.state, "open");
      assertEquals(await call, "answer");
      await clock.advance(TEN_MINUTES);
      assertEquals(session.state, "open");
    });
  });

  Deno.test(`A busy program whose router has gone finds that out all the same: ${carrier}`, async () => {
    await withFakeClock(async (clock) => {
      await using network = new Network(carrier);
      const session = await network.join();
      network.server.stallWrites();
      await clock.block(TEN_MINUTES);
      await clock.advance(BOUND + SLACK);
      assertEquals([session.state, (await session.closed).by], ["closed", "transport"]);
    });
  });

  Deno.test(`A busy program joins, where the router's answer lies in the stream: ${carrier}`, async () => {
    // On WebSocket the first answer is that to the handshake, and on RawSocket too; the second is WELCOME.
    for (let passed = 0; passed < 2; passed++) {
      await withFakeClock(async (clock) => {
        await using network = new Network(carrier);
        const joining = network.join({}, () => network.server.stallWrites());
        await settled();
        if (passed === 1) {
          network.server.resumeWrites();
          // Until the handshake is over, and HELLO is on its way.
          while (network.server.writes === 0) await settled(1);
          network.server.stallWrites();
          await settled();
        }
        network.server.resumeWrites();
        await clock.block(TEN_MINUTES);
        const session = await clock.until(joining);
        assertEquals(session.state, "open");
      });
    }
  });

  Deno.test(`A busy program leaves in order, where GOODBYE lies in the stream: ${carrier}`, async () => {
    await withFakeClock(async (clock) => {
      await using network = new Network(carrier);
      const session = await network.join();
      network.server.stallWrites();
      const leaving = session.leave();
      await settled();
      network.server.resumeWrites();
      await clock.block(TEN_MINUTES);
      await clock.advance(CATCHING_UP);
      assertEquals((await leaving).wasClean, true);
    });
  });

  Deno.test(`A busy router lets a client join whose HELLO lies in the stream: ${carrier}`, async () => {
    await withFakeClock(async (clock) => {
      await using network = new Network(carrier);
      const joining = network.join({ timeout: 2 * TEN_MINUTES });
      // The client's handshake was answered, and what it says next waits.
      while (network.server.writes === 0) await settled(1);
      network.streams[0]!.client.stallWrites();
      await settled();
      network.streams[0]!.client.resumeWrites();
      await clock.block(TEN_MINUTES);
      assertEquals((await clock.until(joining)).state, "open");
    });
  });

  Deno.test(`A busy router forwards the result that lies in the stream, not a timeout: ${carrier}`, async () => {
    await withFakeClock(async (clock) => {
      await using network = new Network(carrier, { realms: [OPEN_REALM] });
      const callee = await network.join();
      await callee.register("com.example.echo", ({ args }) => args[0]);
      const caller = await network.router.join("realm1");
      network.streams[0]!.client.stallWrites();
      const call = caller.call("com.example.echo", ["answer"], { timeout: 1_000 });
      await settled();
      network.streams[0]!.client.resumeWrites();
      await clock.block(TEN_MINUTES);
      await clock.advance(CATCHING_UP);
      assertEquals(await call, "answer");
    });
  });

  Deno.test(`A component tells that a silent router is lost, and joins again: ${carrier}`, async () => {
    await withFakeClock(async (clock) => {
      await using network = new Network(carrier, { realms: [OPEN_REALM] });
      const app = component({
        realm: "realm1",
        transports: [network.transport()],
        retry: { minDelay: 1, maxDelay: 1 },
      });
      const states: string[] = [];
      const watching = (async () => {
        for await (const { state } of app.status()) states.push(state);
      })();
      const running = app.run();
      await settled();
      assertEquals(app.current.state, "open");
      network.server.stallWrites();
      await clock.advance(BOUND + SLACK);
      await clock.advance(1_000);
      assertEquals([app.current.state, network.streams.length], ["open", 2]);
      await clock.until(Promise.all([app.stop(), running, watching]));
      const again = ["connecting", "joining", "open"];
      assertEquals(states, [...again, "lost", ...again, "closed"]);
    });
  });
}

Deno.test("A timeout kept here counts for a program that was busy, where no result came meanwhile", async () => {
  await withFakeClock(async (clock) => {
    const router = await scriptedNow();
    const call = assertRejects(() => router.session.call("com.example.wait", [], { timeout: 1_000 }));
    await clock.block(TEN_MINUTES);
    await clock.advance(CATCHING_UP);
    assertEquals((await call as { uri?: string }).uri, "wamp.error.timeout");
  });
});

Deno.test("A result is waited for as long as messages before it keep coming to a program that was busy", async () => {
  await withFakeClock(async (clock) => {
    const router = await scriptedNow();
    const call = router.session.call("com.example.wait", [], { timeout: 1_000 });
    await clock.block(TEN_MINUTES);
    for (let event = 0; event < 20; event++) {
      await clock.advance(4);
      router.event(1, [event]);
    }
    router.result(1, ["late"]);
    assertEquals(await call, "late");
  });
});

Deno.test("A program that was busy gets the result that its socket holds, not the timeout", async () => {
  const file = fileURLToPath(new URL("late_router.ts", import.meta.url));
  const router = new Process("late router", [Deno.execPath(), "run", "--allow-net=127.0.0.1", file]);
  const [, port] = await router.line(/listening on (\d+)/, 60_000);
  const transport = await connectTransport(`rs://127.0.0.1:${port}`, { serializers: ["json"], keepalive: false });
  const session = await openSession(transport, { realm: "realm1" });
  assertEquals(await session.call("com.example.late", [0]), 0);
  // The result comes 100 ms after the call, in time; but only then is this program done.
  const call = session.call("com.example.late", [100], { timeout: 500 });
  await new Promise<void>((resolve) => setTimeout(resolve, 10));
  const until = performance.now() + 2_000;
  while (performance.now() < until);
  assertEquals(await call, 100);
  await session.leave();
  await router.stop();
});

// ------------------------------------------------------------------------------------------------------------- Asking

/** A session over a transport that leaves finding a dead router to it. */
async function scriptedNow(probes?: Transport["probes"]): Promise<ScriptedRouter> {
  const transport = Object.assign(new ScriptedTransport(), { probes });
  const opened = openSession(transport, { realm: "realm1" });
  await settled();
  assertEquals((transport.sent.shift() as Hello).type, MESSAGE.HELLO);
  const roles = ALL_FEATURES as Record<string, Record<string, unknown>>;
  const { call_timeout: _, ...features } = roles.dealer!.features as Record<string, boolean>;
  transport.deliver({ type: MESSAGE.WELCOME, session: 1234, details: { roles: { ...roles, dealer: { features } } } });
  return new ScriptedRouter(transport, await opened);
}

Deno.test("A session asks after interval of silence; whatever comes is life, and an error is an answer", async () => {
  await withFakeClock(async (clock) => {
    const router = await scriptedNow({ interval: 1_000, timeout: 500 });
    for (let event = 0; event < 20; event++) {
      await clock.advance(700);
      router.event(1);
    }
    assert(router.isQuiet);
    await clock.advance(1_000 + SLACK);
    const { request, procedure } = router.take(MESSAGE.CALL);
    assertEquals(procedure, "wamp.session.count");
    router.error(MESSAGE.CALL, request, "wamp.error.not_authorized");
    await clock.advance(1_200);
    // Not the answer, but life; the question stays open, and no second one is asked.
    router.take(MESSAGE.CALL);
    router.event(1);
    await clock.advance(1_250);
    assertEquals([router.isQuiet, router.session.state], [true, "open"]);
    await clock.advance(500 + SLACK);
    assertEquals([router.session.state, router.transport.ending], ["closed", "abort"]);
    assertInstanceOf((await router.session.closed).error, Error);
    assertEquals(clock.timers, 0);
  });
});

Deno.test("A session that has ended, or leaves, asks no more", async () => {
  await withFakeClock(async (clock) => {
    const probes = { interval: 1_000, timeout: 500 };
    const ended = await scriptedNow(probes);
    ended.transport.lose();
    await ended.session.closed;
    assertEquals(clock.timers, 0);
    const leaving = await scriptedNow(probes);
    void leaving.session.leave();
    leaving.take(MESSAGE.GOODBYE);
    await clock.advance(4_000);
    assertEquals([leaving.isQuiet, leaving.session.state], [true, "closing"]);
    leaving.transport.lose();
    const never = await scriptedNow({ interval: Infinity, timeout: 500 });
    await clock.advance(TEN_MINUTES);
    assert(never.isQuiet);
    never.transport.lose();
    await settled();
    assertEquals(clock.timers, 0);
  });
});

Deno.test("The platform's WebSocket leaves finding a dead router to the session, by the option keepalive", async () => {
  const socket = { readyState: 1, protocol: "wamp.2.cbor", binaryType: "", bufferedAmount: 0 };
  const probes = { interval: 1, timeout: 2 };
  const open = { ...socket, send() {}, close() {}, addEventListener() {} };
  assertEquals(wrapWebSocket(open, cbor, { probes }).probes, probes);
  assertEquals(wrapWebSocket(open, cbor).probes, undefined);
  const options = { transport: "web", keepalive: { interval: 0 } } as const;
  await assertRejects(() => connectTransport("ws://127.0.0.1:1", options), RangeError, "at least 1 millisecond");
  const late = { keepalive: { timeout: NaN } };
  await assertRejects(() => connectTransport("rs://127.0.0.1:1", late), RangeError, "at least 1 millisecond");
});
