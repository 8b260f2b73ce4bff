import type { Component, EventGap } from "../../wamp/component_api.ts";
import { ApplicationError } from "../../wamp/errors.ts";
import { encrypted } from "../../wamp/passthru_cipher.ts";
import type { EventStoreOptions, RouterOptions } from "../../wamp/router/router_api.ts";
import type { Session, SessionEvent } from "../../wamp/session_api.ts";
import type { FakeClock } from "../fake_clock.ts";
import { settled } from "../fake_clock.ts";
import { assert, assertEquals, assertMatch } from "../std.ts";
import { Lines, type Network, reach, withNetwork } from "./component_fixture.ts";

const TICK = "com.example.tick";

function keeping(...eventStores: readonly EventStoreOptions[]): RouterOptions {
  return { realms: [{ uri: "realm1", eventStores }] };
}

/** What a handler got: first arguments, and gaps. */
class Heard {
  readonly all: unknown[] = [];
  readonly gaps: EventGap[] = [];
  readonly events: SessionEvent[] = [];

  readonly onEvent = (event: SessionEvent): void => {
    this.events.push(event);
    this.all.push(event.args[0]);
  };

  readonly onGap = (gap: EventGap): void => {
    this.gaps.push(gap);
    this.all.push("gap");
  };
}

/** Somebody else, in the router's own program. */
class Publisher {
  readonly #session: Session;
  readonly #clock: FakeClock;

  constructor(session: Session, clock: FakeClock) {
    this.#session = session;
    this.#clock = clock;
  }

  static async join(network: Network, clock: FakeClock): Promise<Publisher> {
    return new Publisher(await clock.until(network.router.join("realm1")), clock);
  }

  async publish(...values: readonly unknown[]): Promise<void> {
    for (const value of values) {
      await this.#clock.until(this.#session.publish(TICK, [value], { acknowledge: true }));
    }
    await settled();
  }

  async publishTo(topic: string, value: unknown): Promise<void> {
    await this.#clock.until(this.#session.publish(topic, [value], { acknowledge: true }));
    await settled();
  }
}

/** Has a component's session lost, something happen, and the component come back. */
async function away(network: Network, clock: FakeClock, app: Component, body: () => Promise<void>): Promise<void> {
  let isOver = false;
  network.failure = () => isOver ? undefined : new Error("Not yet");
  network.cut();
  await reach(clock, app, "lost");
  await body();
  isOver = true;
  await reach(clock, app, "open");
  await settled(40);
}

Deno.test("Events that were missed come in order, once, and before those that follow (WAMP, Event History)", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 1_000 }), async (network, clock) => {
    const heard = new Heard();
    const app = network.component().subscribe(TICK, heard.onEvent, { catchUp: heard });
    void app.run();
    await reach(clock, app, "open");
    const publisher = await Publisher.join(network, clock);
    await publisher.publish(1, 2);
    await away(network, clock, app, () => publisher.publish(3, 4, 5));
    await publisher.publish(6);
    await away(network, clock, app, () => Promise.resolve());
    await away(network, clock, app, () => publisher.publish(7));
    assertEquals(heard.all, [1, 2, 3, 4, 5, 6, 7]);
    const [live, past] = [heard.events[1]!, heard.events[2]!];
    assertEquals([live.topic, past.topic], [TICK, TICK]);
    assertEquals([typeof past.publication, past.kwargs, live.details.timestamp], ["number", {}, undefined]);
    assertMatch(String(past.details.timestamp), /^\d{4}-/);
  });
});

for (const maxWaiting of [20, 10_000]) {
  Deno.test(`Thousands of missed events come page by page, live ones meanwhile included (${maxWaiting} wait)`, async () => {
    await withNetwork(keeping({ uri: TICK, limit: 10_000 }), async (network, clock) => {
      const heard = new Heard();
      const app = network.component().subscribe(TICK, heard.onEvent, { catchUp: { ...heard, maxWaiting } });
      void app.run();
      await reach(clock, app, "open");
      const session = await clock.until(network.router.join("realm1"));
      const publisher = new Publisher(session, clock);
      await publisher.publish(0);
      let next = 1;
      const publishMany = (count: number): void => {
        for (let left = count; left > 0; left--) void session.publish(TICK, [next++]);
      };
      app.onStatus(({ state }) => {
        if (state === "joining" || state === "open") publishMany(2_000);
      });
      await away(network, clock, app, async () => {
        publishMany(1_500);
        await settled();
      });
      publishMany(10);
      await settled(200);
      assertEquals(heard.gaps, []);
      assertEquals(heard.all, Array.from({ length: next }, (_, at) => at));
    });
  });
}

Deno.test("Live events that cannot wait for a slow handler's past ones are asked for again", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 100 }), async (network, clock) => {
    const heard = new Heard();
    const gate = Promise.withResolvers<void>();
    const onEvent = (event: SessionEvent): Promise<void> => {
      heard.onEvent(event);
      return gate.promise;
    };
    const app = network.component().subscribe(TICK, onEvent, { catchUp: { ...heard, maxWaiting: 3 }, concurrency: 1 });
    void app.run();
    await reach(clock, app, "open");
    const publisher = await Publisher.join(network, clock);
    await publisher.publish(1);
    await away(network, clock, app, () => publisher.publish(2, 3));
    await publisher.publish(4, 5, 6, 7, 8);
    assertEquals(heard.all, [1]);
    gate.resolve();
    await settled(40);
    assertEquals(heard.all, [1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

Deno.test("A restarted router is a gap, always; what it has is handed on after it", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 10 }), async (network, clock) => {
    const heard = new Heard();
    const app = network.component().subscribe(TICK, heard.onEvent, { catchUp: heard });
    void app.run();
    await reach(clock, app, "open");
    let publisher = await Publisher.join(network, clock);
    await publisher.publish(1);
    const { publication } = heard.events[0]!;
    await away(network, clock, app, () => network.restart(clock));
    assertEquals(heard.gaps, [{ topic: TICK, after: publication, reason: "forgotten" }]);
    publisher = await Publisher.join(network, clock);
    await publisher.publish(2);
    await away(network, clock, app, async () => {
      await network.restart(clock);
      publisher = await Publisher.join(network, clock);
      await publisher.publish(3);
    });
    // The gap has been told: the same router is none again.
    await away(network, clock, app, () => publisher.publish(4));
    await publisher.publish(5);
    assertEquals(heard.all, [1, "gap", 2, "gap", 3, 4, 5]);
  });
});

Deno.test("A router that restarts before anything was published is a gap; one that stays is none", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 10 }), async (network, clock) => {
    const heard = new Heard();
    const app = network.component().subscribe(TICK, heard.onEvent, { catchUp: heard });
    void app.run();
    await reach(clock, app, "open");
    await settled();
    await away(network, clock, app, () => Promise.resolve());
    assertEquals(heard.all, []);
    await clock.advance(1_000);
    await away(network, clock, app, () => network.restart(clock));
    assertEquals(heard.all, ["gap"]);
    await away(network, clock, app, () => Promise.resolve());
    assertEquals(heard.all, ["gap"]);
    // None had been seen, so nobody can say that these are all.
    const publisher = await Publisher.join(network, clock);
    await away(network, clock, app, () => publisher.publish(1));
    assertEquals(heard.all, ["gap", "gap", 1]);
    assertEquals(heard.gaps[1]?.after, undefined);
  });
});

Deno.test("What was published before the first session is not missed, what came after it is", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 10 }), async (network, clock) => {
    const heard = new Heard();
    const publisher = await Publisher.join(network, clock);
    await publisher.publish(1, 2);
    const app = network.component().subscribe(TICK, heard.onEvent, { catchUp: heard });
    void app.run();
    await reach(clock, app, "open");
    await settled();
    await away(network, clock, app, () => publisher.publish(3));
    assertEquals(heard.all, [3]);
  });
});

Deno.test("A history that does not reach back is a gap before what it has", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 3 }), async (network, clock) => {
    const heard = new Heard();
    const app = network.component().subscribe(TICK, heard.onEvent, { catchUp: heard });
    void app.run();
    await reach(clock, app, "open");
    const publisher = await Publisher.join(network, clock);
    await publisher.publish(1);
    await away(network, clock, app, () => publisher.publish(2, 3, 4, 5));
    await publisher.publish(6);
    assertEquals(heard.all, [1, "gap", 3, 4, 5, 6]);
  });
});

Deno.test("A topic without a history is a gap each time, and said at the beginning", async () => {
  await withNetwork({}, async (network, clock) => {
    const logger = new Lines();
    const heard = new Heard();
    const app = network.component({ logger })
      .subscribe(TICK, heard.onEvent, { catchUp: heard })
      .subscribe("com.example.other", heard.onEvent, { catchUp: true });
    void app.run();
    await reach(clock, app, "open");
    await settled();
    assertEquals(logger.lines, ["Cannot follow the event history", "Cannot follow the event history"]);
    const publisher = await Publisher.join(network, clock);
    await publisher.publish(1);
    await away(network, clock, app, () => publisher.publish(2));
    await publisher.publish(3);
    assertEquals(heard.all, [1, "gap", 3]);
    const [{ reason, cause }] = heard.gaps as [EventGap];
    assert(cause instanceof ApplicationError);
    assertEquals([reason, cause.uri], ["unavailable", "wamp.error.history_unavailable"]);
    // Without onGap it is logged.
    assert(logger.lines.includes("Events may be missing"));
  });
});

Deno.test("An event that the history has not kept is no gap where one before it tells where we were", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 10, maxBytes: 4_000 }), async (network, clock) => {
    const heard = new Heard();
    const app = network.component().subscribe(TICK, heard.onEvent, { catchUp: heard });
    void app.run();
    await reach(clock, app, "open");
    const publisher = await Publisher.join(network, clock);
    const large = "x".repeat(5_000);
    await publisher.publish(1, large);
    await away(network, clock, app, () => publisher.publish(2));
    assertEquals(heard.all, [1, large, 2]);
  });
});

Deno.test("Patterns catch up with the topics of their events", async () => {
  const store: EventStoreOptions = { uri: "com.example.", match: "prefix", limit: 10 };
  await withNetwork(keeping(store), async (network, clock) => {
    const heard = new Heard();
    const app = network.component().subscribe("com.example.", heard.onEvent, { match: "prefix", catchUp: heard });
    void app.run();
    await reach(clock, app, "open");
    const publisher = await Publisher.join(network, clock);
    await publisher.publishTo("com.example.a", 1);
    await away(network, clock, app, async () => {
      await publisher.publishTo("com.example.b", 2);
      await publisher.publishTo("com.example.a", 3);
    });
    assertEquals(heard.events.map(({ topic, args }) => [topic, args[0]]), [
      ["com.example.a", 1],
      ["com.example.b", 2],
      ["com.example.a", 3],
    ]);
  });
});

Deno.test("A handler with a concurrency gets past and live events one after the other", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 100 }), async (network, clock) => {
    const begun: unknown[] = [];
    let running = 0;
    let most = 0;
    const app = network.component().subscribe(TICK, async ({ args }) => {
      most = Math.max(most, ++running);
      begun.push(args[0]);
      await new Promise((resolve) => setTimeout(resolve, 10));
      running--;
      if (args[0] === 2) throw new Error("Oops");
    }, { catchUp: true, concurrency: 1 });
    void app.run();
    await reach(clock, app, "open");
    const publisher = await Publisher.join(network, clock);
    await publisher.publish(1);
    await away(network, clock, app, () => publisher.publish(2, 3, 4));
    await publisher.publish(5);
    await clock.advance(1_000);
    assertEquals([begun, most], [[1, 2, 3, 4, 5], 1]);
  });
});

Deno.test("Live events beyond what may wait are dropped, and are one gap", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 100 }), async (network, clock) => {
    const heard = new Heard();
    const gate = Promise.withResolvers<void>();
    const app = network.component().subscribe(TICK, (event) => {
      heard.onEvent(event);
      return gate.promise;
    }, { catchUp: { ...heard, maxWaiting: 2 }, concurrency: 1 });
    void app.run();
    await reach(clock, app, "open");
    const publisher = await Publisher.join(network, clock);
    await publisher.publish(1, 2, 3, 4, 5);
    gate.resolve();
    await settled();
    await publisher.publish(6);
    assertEquals([heard.all, heard.gaps.map(({ reason }) => reason)], [[1, 2, 3, "gap", 6], ["overflow"]]);
  });
});

Deno.test("A loss while it catches up begins again where it was", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 1_000 }), async (network, clock) => {
    const heard = new Heard();
    const gate = Promise.withResolvers<void>();
    const app = network.component().subscribe(TICK, (event) => {
      heard.onEvent(event);
      return event.args[0] === 10 ? gate.promise : undefined;
    }, { catchUp: heard, concurrency: 1 });
    void app.run();
    await reach(clock, app, "open");
    const publisher = await Publisher.join(network, clock);
    await publisher.publish(0);
    const values = Array.from({ length: 600 }, (_, at) => at + 1);
    await away(network, clock, app, () => publisher.publish(...values));
    await publisher.publish(601);
    assertEquals(heard.all.at(-1), 10);
    await away(network, clock, app, () => publisher.publish(602));
    gate.resolve();
    await settled(100);
    assertEquals([heard.all.length, heard.all.at(-1), new Set(heard.all).size, heard.gaps], [603, 602, 603, []]);
  });
});

Deno.test("What waits for a handler goes with its subscription, and what it throws is logged", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 100 }), async (network, clock) => {
    const logger = new Lines();
    const heard: unknown[] = [];
    const gate = Promise.withResolvers<void>();
    const app = network.component({ logger }).subscribe(TICK, ({ args }) => {
      heard.push(args[0]);
      if (args[0] === 1) throw new Error("Oops");
      return gate.promise;
    }, { catchUp: true, concurrency: 1 });
    void app.run();
    await reach(clock, app, "open");
    const publisher = await Publisher.join(network, clock);
    await publisher.publish(1, 2, 3, 4);
    await clock.until(app.unsubscribe(TICK));
    gate.resolve();
    await publisher.publish(5);
    assertEquals([heard, logger.lines], [[1, 2], ["Event handler failed"]]);
  });
});

Deno.test("A subscription that the router takes away is made again, and catches up", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 100 }), async (network, clock) => {
    const heard = new Heard();
    const app = network.component().subscribe(TICK, heard.onEvent, { catchUp: heard });
    void app.run();
    await reach(clock, app, "open");
    const other = await clock.until(network.router.join("realm1"));
    const publisher = new Publisher(other, clock);
    await publisher.publish(1);
    const [id] = (await clock.until(other.call<{ exact: number[] }>("wamp.subscription.list"))).exact;
    await clock.until(other.call("wamp.subscription.remove_subscriber", [id, app.session?.id]));
    await publisher.publish(2);
    assertEquals(app.current.state === "open" && app.current.pending.map(({ kind }) => kind), ["subscription"]);
    await clock.advance(1_000);
    await settled(40);
    await publisher.publish(3);
    assertEquals(heard.all, [1, 2, 3]);
  });
});

Deno.test("A retained event is not where we were", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 100 }), async (network, clock) => {
    const heard = new Heard();
    const other = await clock.until(network.router.join("realm1"));
    const publisher = new Publisher(other, clock);
    await clock.until(other.publish(TICK, ["retained"], { retain: true, acknowledge: true }));
    await publisher.publish("before");
    const app = network.component().subscribe(TICK, heard.onEvent, { catchUp: heard, getRetained: true });
    void app.run();
    await reach(clock, app, "open");
    await settled();
    await away(network, clock, app, () => publisher.publish("after"));
    assertEquals(heard.all, ["retained", "after"]);
  });
});

Deno.test("What the component published itself, with an acknowledgement, is not missed", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 100 }), async (network, clock) => {
    const heard = new Heard();
    const app = network.component().subscribe(TICK, heard.onEvent, { catchUp: heard });
    void app.run();
    await reach(clock, app, "open");
    const publisher = await Publisher.join(network, clock);
    await publisher.publish(1);
    await clock.until(app.publish(TICK, ["own"], { acknowledge: true }));
    await away(network, clock, app, () => publisher.publish(2));
    assertEquals(heard.all, [1, 2]);
  });
});

Deno.test("Encrypted events of the past are decrypted, and those that cannot be are dropped", async () => {
  await withNetwork(keeping({ uri: TICK, limit: 100 }), async (network, clock) => {
    const logger = new Lines();
    const heard = new Heard();
    const passthru = { scheme: "wamp", cipher: "x_flip" };
    const flip = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0xff);
    const codec = encrypted({ cipher: "x_flip", encrypt: flip, decrypt: flip });
    const app = network.component({ logger, passthru: [codec] }).subscribe(TICK, heard.onEvent, { catchUp: heard });
    const sender = network.component({ passthru: [codec] });
    void app.run();
    void sender.run();
    await reach(clock, app, "open");
    await reach(clock, sender, "open");
    const send = async (value: unknown): Promise<void> => {
      await clock.until(sender.publish(TICK, [value], { passthru, acknowledge: true }));
      await settled();
    };
    await send(1);
    const [ours] = network.transports;
    network.failure = (_url, attempt) => attempt < 5 ? new Error("Not yet") : undefined;
    ours?.abort();
    await reach(clock, app, "lost");
    const unknown = { scheme: "x_other", serializer: "cbor" };
    await send(2);
    await clock.until(sender.publish(TICK, [3], { passthru: unknown, acknowledge: true }));
    const broken = { options: { ppt_scheme: "wamp", ppt_serializer: "cbor", ppt_cipher: "x_flip" } };
    await clock.until(sender.publish(TICK, ["no bytes"], { ...broken, acknowledge: true }));
    await send(4);
    await reach(clock, app, "open");
    await settled(40);
    await send(5);
    assertEquals([heard.all, heard.gaps], [[1, 2, 3, 4, 5], []]);
    assert(logger.lines.includes("Dropping event: cannot decode it"));
  });
});
