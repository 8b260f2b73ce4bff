import { PastEvents } from "../../wamp/component_history.ts";
import { PassthruCodecs } from "../../wamp/passthru.ts";
import { assertEquals } from "../std.ts";
import { Lines } from "./component_fixture.ts";

/** A history whose router answers what the test says; the requests are kept. */
function historyOf(answer: (procedure: string, kwargs: Readonly<Record<string, unknown>>) => unknown) {
  const asked: unknown[] = [];
  const call = (procedure: string, args: unknown, { kwargs = {} }: { kwargs?: Record<string, unknown> }) => {
    asked.push([procedure, args, kwargs]);
    return Promise.resolve(answer(procedure, kwargs));
  };
  const context = { topic: "com.example.tick", passthru: new PassthruCodecs(), logger: new Lines() };
  return { asked, history: new PastEvents({ call } as never, 7, context) };
}

Deno.test("A router that says anything but events is not believed", async () => {
  for (
    const nonsense of [undefined, "nothing", { publication: 1 }, [1, null, [], { publication: "x" }, {
      publication: 0,
    }]]
  ) {
    const { history } = historyOf(() => nonsense);
    assertEquals(await history.after(1), undefined);
    assertEquals(await history.latest(), []);
    assertEquals(await history.all(), { events: [], publications: [], hasMore: false });
    assertEquals(await history.mark(), { last: undefined, created: undefined });
  }
});

Deno.test("An event of the past is read with what is missing left out", async () => {
  const { history } = historyOf(() => [{ publication: 1, details: 1, args: "x", kwargs: [] }, {
    ...{ publication: 2, details: { topic: "com.example.tock" }, args: [1], kwargs: { a: 1 }, timestamp: "now" },
  }]);
  const { events, publications } = await history.all();
  assertEquals(publications, [1, 2]);
  assertEquals(events, [
    { topic: "com.example.tick", publication: 1, args: [], kwargs: {}, details: { timestamp: undefined } },
    {
      ...{ topic: "com.example.tock", publication: 2, args: [1], kwargs: { a: 1 } },
      details: { topic: "com.example.tock", timestamp: "now" },
    },
  ]);
});

Deno.test("What follows a publication is asked for with that itself (WAMP, Event History)", async () => {
  const { history, asked } = historyOf((procedure) => {
    return procedure.endsWith("events") ? [{ publication: 5 }, { publication: 6 }] : { created: "2026-01-01" };
  });
  assertEquals((await history.after(5))?.publications, [6]);
  assertEquals(await history.after(6), undefined);
  assertEquals(await history.mark(), { last: 5, created: "2026-01-01" });
  assertEquals(asked, [
    ["wamp.subscription.get_events", [7], { from_publication: 5, limit: 251 }],
    ["wamp.subscription.get_events", [7], { from_publication: 6, limit: 251 }],
    ["wamp.subscription.get_events", [7], { reverse: true, limit: 1 }],
    ["wamp.subscription.get", [7], {}],
  ]);
});
