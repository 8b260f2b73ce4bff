import { ApplicationError, join, JoinError, type Session } from "@viaduct/viaduct/wamp";
import { ticket } from "@viaduct/viaduct/wamp/auth";
import { assert, assertEquals, assertMatch, assertRejects } from "../std.ts";
import { interrupt, inTime, LIMIT, runExample, startExample } from "./example.ts";
import { type Dashboard, startDashboard } from "../../examples/dashboard/dashboard.ts";
import {
  areaPath,
  CHART,
  formatValue,
  linePath,
  readSample,
  SAMPLE_PREFIX,
  Series,
  SURGE_PREFIX,
  WINDOW,
  writeSample,
} from "../../examples/dashboard/page/samples.ts";

const REALM = "dashboard";

async function withDashboard(use: (dashboard: Dashboard) => Promise<void>): Promise<void> {
  const dashboard = await startDashboard("127.0.0.1", 0);
  try {
    await use(dashboard);
  } finally {
    await dashboard.stop();
  }
}

function seriesOf(...points: readonly (readonly [time: number, value: number])[]): Series {
  const series = new Series("");
  for (const [time, value] of points) series.add({ time, value });
  return series;
}

Deno.test("dashboard --once sees what every producer publishes, and a surge", async () => {
  assertEquals(await runExample("dashboard/main.ts", ["--once"]), {
    code: 0,
    lines: [
      "GET / answers 200, the whole page",
      "checkout: Requests in /s, Latency in ms, Errors in %",
      "router: Sessions, Received in /s, Sent in /s",
      "search: Requests in /s, Latency in ms, Errors in %",
      "sign-in: Requests in /s, Latency in ms, Errors in %",
      "search has a surge",
    ],
  });
});

Deno.test("dashboard: a producer is added by the command that was printed, and refused by the next dashboard", async () => {
  const start = (port: string) => startExample("dashboard/main.ts", ["--port", port]);
  let dashboard = await start("0");
  const [, page = ""] = await dashboard.line(/^Dashboard at (http:\S+) /, LIMIT);
  const [, args = "", url = ""] = await dashboard.line(/producer\.ts (--name mail --ticket \S+ --url (\S+))$/, LIMIT);
  const producer = await startExample("dashboard/producer.ts", args.split(" "));
  try {
    await producer.line(/^open$/, LIMIT);
    const viewer = await join(url, { realm: REALM });
    const heard = Promise.withResolvers<unknown>();
    await viewer.subscribe(`${SAMPLE_PREFIX}mail`, (event) => heard.resolve(readSample(event)?.metrics.length));
    assertEquals(await inTime(heard.promise), 3);
    assertEquals(await interrupt(dashboard), 0);
    await producer.line(/^lost: /, LIMIT);
    // Its ticket was that of the dashboard before.
    dashboard = await start(new URL(page).port);
    await producer.line(/^fatal$/, LIMIT);
    assertEquals((await producer.status).code, 1);
    await viewer.leave();
  } finally {
    await producer.stop();
    await dashboard.stop();
  }
});

Deno.test("dashboard serves its page with a policy, the scripts that it imports, and nothing else", async () => {
  await withDashboard(async ({ page }) => {
    const response = await fetch(page);
    const html = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    const [, nonce = ""] = /script-src 'self' 'nonce-([\w-]{36})';/.exec(policy) ?? [];
    assert(html.includes(`<script type="importmap" nonce="${nonce}">`) && !html.includes("NONCE"));
    assertEquals(html.match(/(?:src|href)="(?!data:|\/)/g), null);
    for (const name of ["main.ts", "board.ts", "samples.ts", "dashboard.css"]) {
      const answer = await fetch(new URL(`examples/dashboard/page/${name}`, page));
      const text = await answer.text();
      assertEquals([answer.status, text.match(/^(?:import type|export type|interface|type) /gm)], [200, null], name);
    }
    for (const path of ["examples/dashboard/main.ts", "examples/dashboard/page/..%2fmain.ts", "deno.json", "nothing"]) {
      const answer = await fetch(new URL(path, page));
      assertEquals([answer.status, await answer.text()], [404, "Not found\n"], path);
    }
  });
});

/** What became of something that is to be refused. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await assertRejects(() => promise);
  assert(error instanceof ApplicationError || error instanceof JoinError, String(error));
  return error instanceof JoinError ? error.reason : error.uri;
}

Deno.test("dashboard: viewers look, producers speak for themselves, and nobody does more", async () => {
  await withDashboard(async ({ url, ticket: secret }) => {
    const joinAs = (authid: string, ticketText = secret): Promise<Session> => {
      return join(url, { realm: REALM, auth: [ticket({ authid, ticket: ticketText })] });
    };
    await using viewer = await join(url, { realm: REALM });
    await using producer = await joinAs("mail");
    assertEquals([viewer.authrole, producer.authrole], ["viewer", "producer"]);
    for (const [name, text] of [["mail", "wrong"], ["two.words", secret], ["", secret]] as const) {
      assertEquals(await refusal(joinAs(name, text)), "wamp.error.authentication_denied", name);
    }
    await producer.publish(`${SAMPLE_PREFIX}mail`, [], { acknowledge: true });
    await producer.register(`${SURGE_PREFIX}mail`, () => {});
    const denied = [
      viewer.publish(`${SAMPLE_PREFIX}mail`, [], { acknowledge: true }),
      viewer.register(`${SURGE_PREFIX}mail`, () => {}),
      viewer.subscribe("wamp.", () => {}, { match: "prefix" }),
      viewer.call("wamp.session.kill_all"),
      viewer.call("wamp.session.list"),
      producer.publish(`${SAMPLE_PREFIX}search`, [], { acknowledge: true }),
      producer.register(`${SURGE_PREFIX}search`, () => {}),
      producer.register(SURGE_PREFIX, () => {}, { match: "prefix" }),
      producer.subscribe(SAMPLE_PREFIX, () => {}, { match: "prefix" }),
      producer.call(`${SURGE_PREFIX}search`),
    ];
    assertEquals(await Promise.all(denied.map(refusal)), denied.map(() => "wamp.error.not_authorized"));
  });
});

Deno.test("dashboard: who comes later gets the samples of before", async () => {
  await withDashboard(async ({ url }) => {
    await using first = await join(url, { realm: REALM });
    const seen = Promise.withResolvers<number>();
    await first.subscribe(`${SAMPLE_PREFIX}search`, ({ publication }) => seen.resolve(publication));
    const publication = await inTime(seen.promise);
    await using later = await join(url, { realm: REALM });
    const { id } = await later.subscribe(SAMPLE_PREFIX, () => {}, { match: "prefix" });
    assertEquals(await later.call("wamp.subscription.lookup", [SAMPLE_PREFIX, { match: "prefix" }]), id);
    const events = await later.call<readonly { readonly publication: number; readonly details: { topic: string } }[]>(
      "wamp.subscription.get_events",
      [id],
      { kwargs: { from_time: new Date(Date.now() - WINDOW).toISOString() } },
    );
    const found = events.find((event) => event.publication === publication);
    assertEquals(found?.details.topic, `${SAMPLE_PREFIX}search`);
  });
});

Deno.test("readSample reads what writeSample wrote, and nothing that is no sample", () => {
  const metrics = [{ name: "Load", unit: "%", value: 7 }];
  const kwargs = writeSample({ time: 5, metrics, canSurge: true });
  const topic = `${SAMPLE_PREFIX}a`;
  assertEquals(readSample({ topic, kwargs }), { producer: "a", time: 5, metrics, canSurge: true });
  const wrong = [
    { topic: "dashboard.other.a", kwargs },
    { topic, kwargs: {} },
    { topic, kwargs: { ...kwargs, time: "5" } },
    { topic, kwargs: { ...kwargs, metrics: {} } },
    { topic, kwargs: { ...kwargs, metrics: [null] } },
    { topic, kwargs: { ...kwargs, metrics: [{ name: "Load", unit: "%", value: "7" }] } },
    { topic, kwargs: { ...kwargs, metrics: [{ name: "Load", unit: "%", value: NaN }] } },
    { topic, kwargs: { ...kwargs, metrics: [{ name: 1, unit: "%", value: 7 }] } },
  ];
  assertEquals(wrong.map((event) => readSample(event)), wrong.map(() => undefined));
});

Deno.test("Series keeps its points in the order of their times, each once", () => {
  const series = seriesOf([3, 30], [1, 10], [2, 20], [3, 99], [1, 99]);
  assertEquals(series.points.map(({ time, value }) => [time, value]), [[1, 10], [2, 20], [3, 30]]);
  assertEquals(series.last, { time: 3, value: 30 });
});

Deno.test("Series forgets what is over, but for the point that the line comes in from", () => {
  const times = (series: Series): number[] => series.points.map(({ time }) => time);
  const series = seriesOf([1, 0], [2, 0], [3, 0], [4, 0]);
  series.forget(0);
  assertEquals(times(series), [1, 2, 3, 4]);
  series.forget(3);
  assertEquals(times(series), [2, 3, 4]);
  series.forget(3.5);
  assertEquals(times(series), [3, 4]);
  series.forget(9);
  assertEquals(times(series), [4]);
  const empty = new Series("");
  empty.forget(9);
  assertEquals(times(empty), []);
});

Deno.test("Series keeps no more than is shown, also where nobody draws it", () => {
  const series = new Series("");
  for (let time = 0; time <= 10 * WINDOW; time += WINDOW / 4) series.add({ time, value: 1 });
  assertEquals(series.points.map(({ time }) => time / WINDOW), [8.75, 9, 9.25, 9.5, 9.75, 10]);
});

Deno.test("Series has a round top above its values", () => {
  const cases: readonly (readonly [readonly number[], number])[] = [
    [[], 1],
    [[0], 1],
    [[-3], 1],
    [[0.9], 1],
    [[1], 2],
    [[4], 5],
    [[5], 10],
    [[96], 200],
    [[960], 2_000],
  ];
  for (const [values, top] of cases) {
    assertEquals(seriesOf(...values.map((value, time) => [time, value] as const)).top, top, values.join());
  }
});

Deno.test("the line of a series ends at the right, now, and its area at the bottom", () => {
  const now = 1_000_000;
  const series = seriesOf([now - WINDOW, 0], [now - WINDOW / 2, 5], [now, 10]); // the top is 20
  const { width, height } = CHART;
  assertEquals(linePath(series, now), `M0.0 ${height}.0L${width / 2}.0 ${0.75 * height}.0L${width}.0 ${height / 2}.0`);
  assertEquals(areaPath(series, now), `${linePath(series, now)}L${width}.0 ${height}L0.0 ${height}Z`);
  assertEquals([linePath(new Series(""), now), areaPath(seriesOf([now, 1]), now)], ["", ""]);
});

Deno.test("the dashboard writes values short", () => {
  assertEquals([0, 7, 7.25, 99.94, 100.4, 9_999, 12_345].map(formatValue), [
    ...["0", "7", "7.3", "99.9", "100", "9999", "12K"],
  ]);
});

Deno.test("dashboard and producer say what is wrong with their arguments", async (t) => {
  const misuses = [
    ["main", ["--port", "70000"], /0 to 65535, received "70000"/],
    ["main", ["--prt"], /--prt/],
    ["producer", [], /A name and a ticket must be given/],
    ["producer", ["--name", "a", "--ticket", "b", "--url", "http://127.0.0.1/"], /URL must begin with|http:/],
  ] as const;
  for (const [name, args, message] of misuses) {
    await t.step(`${name} ${args.join(" ")}`, async () => {
      const { code, lines } = await runExample(`dashboard/${name}.ts`, args);
      assertEquals(code, 1);
      assertMatch(lines.join("\n"), message);
      assert(lines.some((line) => line.startsWith("Usage:")));
    });
  }
});
