import { Payload } from "../../../wamp/payload.ts";
import { EventHistory, type HistoryQuery, RetainedEvents, type StoredEvent } from "../../../wamp/router/event_store.ts";
import { matchesPattern } from "../../../wamp/router/match.ts";
import { assert, assertEquals } from "../../std.ts";
import { member } from "./core_fixture.ts";

const ALL: HistoryQuery = {
  reverse: false,
  limit: Infinity,
  fromTime: -Infinity,
  afterTime: -Infinity,
  beforeTime: Infinity,
  untilTime: Infinity,
};
const ann = member(1);

function event(publication: number, options: Partial<StoredEvent> = {}): StoredEvent {
  return {
    publication,
    timestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, publication)).toISOString(),
    topic: "t",
    payload: Payload.of([publication]),
    details: {},
    accepts: undefined,
    except: undefined,
    weight: 0,
    ...options,
  };
}

/** A history of the publications 1, 2, 3, … */
function historyOf(
  count: number,
  limit = 1_000,
  options: (id: number) => Partial<StoredEvent> = () => ({}),
): EventHistory {
  const history = new EventHistory(limit, 1 << 20);
  for (let id = 1; id <= count; id++) history.add(event(id, options(id)));
  return history;
}

function find(history: EventHistory, query: Partial<HistoryQuery> = {}, who = ann): number[] {
  return history.find({ ...ALL, ...query }, who).map(({ publication }) => publication);
}

const second = (value: number): number => Date.UTC(2026, 0, 1, 0, 0, value);

Deno.test("EventHistory gives events in order of occurrence, or the latest first (WAMP, Event History)", () => {
  const history = historyOf(5);
  assertEquals(find(history), [1, 2, 3, 4, 5]);
  assertEquals(find(history, { reverse: true }), [5, 4, 3, 2, 1]);
  assertEquals(find(history, { limit: 2 }), [1, 2]);
  assertEquals(find(history, { limit: 2, reverse: true }), [5, 4]);
  assertEquals(find(new EventHistory(1, 1_000)), []);
});

Deno.test("EventHistory obeys each time, with and without its end (WAMP, Event History)", () => {
  const history = historyOf(5);
  assertEquals(find(history, { fromTime: second(3) }), [3, 4, 5]);
  assertEquals(find(history, { afterTime: second(3) }), [4, 5]);
  assertEquals(find(history, { beforeTime: second(3) }), [1, 2]);
  assertEquals(find(history, { untilTime: second(3) }), [1, 2, 3]);
  assertEquals(find(history, { fromTime: second(2), beforeTime: second(5), reverse: true, limit: 2 }), [4, 3]);
});

Deno.test("EventHistory obeys each publication, with and without it (WAMP, Event History)", () => {
  const history = historyOf(5);
  assertEquals(find(history, { fromPublication: 3 }), [3, 4, 5]);
  assertEquals(find(history, { afterPublication: 3 }), [4, 5]);
  assertEquals(find(history, { beforePublication: 3 }), [1, 2]);
  assertEquals(find(history, { untilPublication: 3 }), [1, 2, 3]);
  assertEquals(find(history, { fromPublication: 2, afterPublication: 1, untilPublication: 4, beforePublication: 4 }), [
    2,
    3,
  ]);
  assertEquals(find(history, { fromPublication: 4, untilPublication: 2 }), []);
  for (const key of ["fromPublication", "afterPublication", "beforePublication", "untilPublication"] as const) {
    assertEquals(find(history, { [key]: 99 }), [], `${key} of none`);
  }
});

Deno.test("EventHistory pages forwards and backwards by publications (WAMP, Event History)", () => {
  const history = historyOf(10);
  const pages = (step: (last: number | undefined) => Partial<HistoryQuery>): number[][] => {
    const all: number[][] = [];
    for (let page = find(history, step(undefined)); page.length > 0; page = find(history, step(page.at(-1)))) {
      all.push(page);
    }
    return all;
  };
  assertEquals(pages((afterPublication) => ({ afterPublication, limit: 4 })), [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]);
  assertEquals(pages((beforePublication) => ({ beforePublication, limit: 4, reverse: true })), [
    [10, 9, 8, 7],
    [6, 5, 4, 3],
    [2, 1],
  ]);
});

Deno.test("EventHistory gives events of one topic, and only what the asker may have (WAMP, Event History)", () => {
  const history = historyOf(6, 100, (id) => ({
    topic: id % 2 === 0 ? "even" : "odd",
    accepts: id > 4 ? ({ authrole }) => authrole === "staff" : undefined,
  }));
  assertEquals(find(history, { topic: "even" }), [2, 4]);
  assertEquals(find(history, { topic: "even" }, member(2, { authrole: "staff" })), [2, 4, 6]);
  assertEquals(find(history, { topic: "none" }), []);
  assertEquals(find(history, { limit: 5 }), [1, 2, 3, 4], "what is left out does not count");
});

Deno.test("EventHistory forgets the oldest beyond its number of events, in memory that stays", () => {
  const history = historyOf(10_000, 3);
  assertEquals([history.size, find(history), find(history, { reverse: true })], [3, [9_998, 9_999, 10_000], [
    10_000,
    9_999,
    9_998,
  ]]);
  assertEquals(find(history, { fromPublication: 9_997 }), []);
  const cost = history.cost;
  history.add(event(10_001));
  assertEquals(history.cost, cost);
});

Deno.test("EventHistory forgets the oldest beyond its bytes, and leaves out one that is too large by itself", () => {
  const history = new EventHistory(1_000, 6_000);
  for (let id = 1; id <= 100; id++) history.add(event(id));
  assert(history.size > 5 && history.size < 12, `${history.size} are held`);
  assert(history.cost <= 6_000);
  const before = history.size;
  history.add(event(101, { topic: "x".repeat(4_000) }));
  assertEquals([history.size, find(history).at(-1)], [before, 100]);
});

Deno.test("RetainedEvents charges what it holds and gives back what it forgets", () => {
  const retained = new RetainedEvents(1 << 20);
  retained.retain(event(1));
  const cost = retained.cost;
  retained.retain(event(2));
  assertEquals([retained.size, retained.cost], [1, cost]);
  retained.retain(event(3, { accepts: () => false, weight: 128 }));
  assertEquals(retained.cost, 2 * cost + 128);
  assertEquals(retained.find("t", "exact", ann).map(({ publication }) => publication), [2]);
  retained.retain(event(4));
  assertEquals(retained.cost, cost);
});

Deno.test("matchesPattern agrees with each policy (WAMP, Pattern-based Subscriptions)", () => {
  assert(matchesPattern("a.b", "exact", "a.b") && !matchesPattern("a", "exact", "a.b"));
  assert(matchesPattern("a.b", "prefix", "a.bc") && !matchesPattern("a.b", "prefix", "a"));
  assert(matchesPattern("a..c", "wildcard", "a.b.c") && !matchesPattern("a..c", "wildcard", "a.b.d"));
  assert(!matchesPattern("a..c", "wildcard", "a.b.c.d") && matchesPattern(".", "wildcard", "a.b"));
});
