import { createRouter, type Router } from "@viaduct/viaduct/wamp/router";
import { Incidents } from "../../cli/console/incidents.ts";
import { withFakeClock } from "../fake_clock.ts";
import { assertEquals, assertRejects } from "../std.ts";
import { RouterFixture, ScriptedTransport } from "../wamp/router/scripted_transport.ts";

function told(incidents: Incidents, after = 0): unknown[] {
  return incidents.after(after).map(({ number, kind, text }) => [number, kind, text]);
}

function attached(router: Router): ScriptedTransport {
  const transport = new ScriptedTransport();
  router.attach(transport);
  return transport;
}

Deno.test("incidents are errors, refused sessions, aborts and slow consumers, in order and by number", async () => {
  await using router = createRouter({
    realms: [{ uri: "realm1", slowConsumer: "drop", limits: { maxSendBuffer: 1 } }],
  });
  using incidents = new Incidents(router);
  const session = await router.join("realm1");
  await assertRejects(() => session.call("com.none"));
  attached(router).deliver(1, "com.none", { roles: { caller: {} } });
  attached(router).deliver(48, 1, {}, "com.do");
  const slow = attached(router).join();
  slow.deliver(32, 1, {}, "com.topic");
  slow.bufferedAmount = 2;
  await session.publish("com.topic", [], { acknowledge: true });
  assertEquals(told(incidents), [
    [1, "error", "CALL: wamp.error.no_such_procedure"],
    [2, "refused", "wamp.error.no_such_realm "],
    [3, "aborted", "Received CALL message before HELLO "],
    [4, "slow", "takes no events in time: some are left out"],
  ]);
  assertEquals(told(incidents, 3).length, 1);
  slow.bufferedAmount = 9;
  slow.deliver(48, 2, {}, "wamp.session.count");
  assertEquals(told(incidents, 4), [[5, "slow", "was ended, 9 bytes waited for it"]]);
});

Deno.test("the same incident of the same session is told once a second", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = new RouterFixture();
    using incidents = new Incidents(fixture.router);
    const client = fixture.join();
    const fail = (request: number): void => client.deliver(48, request, {}, "com.none");
    for (let request = 1; request <= 50; request++) fail(request);
    assertEquals(told(incidents).length, 1);
    await clock.advance(1_000);
    fail(51);
    assertEquals(told(incidents).length, 2);
    client.deliver(32, 52, {}, "com..none");
    assertEquals(told(incidents).length, 3);
  });
});

Deno.test("the latest 200 incidents are remembered, and none once nobody asks any more", async () => {
  await using router = createRouter();
  const incidents = new Incidents(router);
  for (let count = 0; count < 250; count++) attached(router).deliver(1, `com.none.${count}`, { roles: { caller: {} } });
  assertEquals([told(incidents).length, incidents.after(0)[0]?.number], [200, 51]);
  incidents[Symbol.dispose]();
  attached(router).deliver(1, "com.none", { roles: { caller: {} } });
  assertEquals(incidents.after(250), []);
});
