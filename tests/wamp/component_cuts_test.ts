import type { ComponentStatus } from "../../wamp/component_api.ts";
import { TransportLostError } from "../../wamp/errors.ts";
import { settled } from "../fake_clock.ts";
import { assert, assertEquals } from "../std.ts";
import { NEXT_STATES } from "../support/component_states.ts";
import { reach, seeded, withNetwork } from "./component_fixture.ts";

const TICK = "com.example.tick";

for (const seed of [1, 2, 3, 4]) {
  Deno.test(`Cut at any time, a component misses and doubles no event, repeats no call and tells each step (seed ${seed})`, async () => {
    const realms = [{ uri: "realm1", eventStores: [{ uri: TICK, limit: 100_000 }] }];
    await withNetwork({ realms }, async (network, clock) => {
      const random = seeded(seed);
      const heard: unknown[] = [];
      const gaps: unknown[] = [];
      const executed = new Map<unknown, number>();
      const count = (id: unknown): number => executed.set(id, (executed.get(id) ?? 0) + 1).size;
      const backend = await clock.until(network.router.join("realm1"));
      await clock.until(backend.register("com.example.count", ({ args: [id] }) => count(id)));
      const options = { whileDisconnected: { wait: 2_000 }, retry: { minDelay: 50, maxDelay: 100 } };
      const app = network.component(options, random)
        .register("com.example.here", () => "here")
        .subscribe(TICK, ({ args: [id] }) => heard.push(id), { catchUp: { onGap: (gap) => gaps.push(gap) } });
      let last: ComponentStatus["state"] = "closed";
      app.onStatus(({ state }) => {
        assert(NEXT_STATES[last].includes(state), `${state} after ${last}`);
        last = state;
      });
      void app.run();
      await reach(clock, app, "open");
      await settled();
      await clock.until(backend.publish(TICK, [0], { acknowledge: true }));
      await settled();
      let published = 1;
      let answered = 0;
      let unsent = 0;
      let lost = 0;
      const calls: Promise<void>[] = [];
      const call = async (id: number): Promise<void> => {
        try {
          await app.call("com.example.count", [id]);
          answered++;
          assertEquals(executed.get(id), 1);
        } catch (error) {
          assert(error instanceof TransportLostError);
          if (error.maybeExecuted) lost++;
          else unsent++;
          assert((executed.get(id) ?? 0) <= (error.maybeExecuted ? 1 : 0));
        }
      };
      for (let round = 0; round < 150; round++) {
        for (let burst = Math.floor(random() * 40); burst > 0; burst--) void backend.publish(TICK, [published++]);
        for (let burst = 3; burst > 0; burst--) calls.push(call(calls.length));
        await settled(Math.floor(random() * 10));
        if (random() < 0.7) network.cut();
        await settled(Math.floor(random() * 4));
        await clock.advance(Math.floor(random() * 60));
      }
      await clock.until(Promise.all(calls));
      if (app.current.state !== "open") await reach(clock, app, "open");
      await settled(100);
      assertEquals(gaps, []);
      assertEquals(heard, Array.from({ length: published }, (_, at) => at));
      assertEquals(answered + unsent + lost, calls.length);
      assert(answered > 50 && lost > 5, `${answered} answered, ${lost} lost, ${unsent} never sent`);
      assertEquals(await clock.until(backend.call("com.example.here")), "here");
      assertEquals(network.router.statistics("realm1").sessions, 2);
    });
  });
}
