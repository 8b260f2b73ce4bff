import { figureBlocks } from "../../bench/figure_blocks.ts";
import { FIGURE_FILES, insertFigures } from "../../bench/figures.ts";
import { summarize } from "../../bench/load/report.ts";
import { SCENARIOS } from "../../bench/load/scenarios.ts";
import { SCENARIOS as WAMP_SCENARIOS } from "../../bench/load/wamp/systems.ts";
import { maskingSizes } from "../../bench/masking.ts";
import { formatResults, isMet, ratioFigures, readResults, RESULTS_FOLDER, significant } from "../../bench/results.ts";
import { plotSpecs } from "../../_tools/plot_specs.ts";
import { assert, assertEquals, assertThrows } from "../std.ts";
import { SCENARIO } from "./scenario.ts";

const results = await readResults();

Deno.test("the kept figures are of the scenarios and targets that are measured", () => {
  const targets = (list: readonly { of: string; to: string; atLeast: number }[]) =>
    list.map(({ of, to, atLeast }) => [of, to, atLeast]);
  assertEquals(
    results.echo.scenarios.map(({ name, targets: kept }) => [name, targets(kept)]),
    SCENARIOS.map(({ name, targets: wanted }) => [
      name,
      wanted.map(({ server, peer, atLeast }) => [server, peer, atLeast]),
    ]),
  );
  assertEquals(
    results.wamp.scenarios.map(({ name, targets: kept }) => [name, targets(kept)]),
    WAMP_SCENARIOS.map(({ name, targets: wanted }) => [
      name,
      wanted.map(({ system, peer, atLeast }) => [system, peer, atLeast]),
    ]),
  );
});

Deno.test("the kept figures are laid out as they are written", async () => {
  for (const [name, kept] of Object.entries(results)) {
    const text = await Deno.readTextFile(new URL(`${name}.json`, RESULTS_FOLDER));
    assertEquals(text.replaceAll("\r\n", "\n"), formatResults(kept), name);
  }
});

Deno.test("formatResults puts what has no parts of its own on one line, where it fits", () => {
  const long = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`member${index}`, index]));
  assertEquals(
    formatResults({ date: "2026-11-22", load: [1, 2.5], rows: [{ a: 1 }, { a: { b: [] } }] }),
    '{\n  "date": "2026-11-22",\n  "load": [1, 2.5],\n  "rows": [\n    { "a": 1 },\n    {\n      "a": {\n' +
      '        "b": []\n      }\n    }\n  ]\n}\n',
  );
  assertEquals(formatResults({ long }), `${JSON.stringify({ long }, null, 2)}\n`);
});

Deno.test("formatResults refuses a figure that is no number", () => {
  for (const bad of [NaN, Infinity]) assertThrows(() => formatResults({ deep: [{ ratio: bad }] }), RangeError, "ratio");
});

Deno.test("ratioFigures sums up the ratios of the rounds", () => {
  assertEquals(ratioFigures([200, 20, 330], [100, 10, 100]), { ratio: 2, least: 2, most: 3.3 });
  assertEquals(ratioFigures([], [1]), undefined);
  assertEquals(significant(123_456.7), 123_500);
});

Deno.test("isMet takes the share of a ceiling in place of the ratio", () => {
  const target = { of: "a", to: "b", atLeast: 2, ratio: 1.5 };
  assertEquals(isMet(target), false);
  assertEquals(isMet({ ...target, ratio: 2 }), true);
  assertEquals(isMet({ ...target, ceiling: { of: "c", share: 0.95, ratio: 0.94 } }), false);
  assertEquals(isMet({ ...target, ceiling: { of: "c", share: 0.95, ratio: 0.95 } }), true);
});

Deno.test("summarize keeps medians, and leaves out what was not measured", () => {
  const round = (rate: number) => ({ messagesPerSecond: rate, megabytesPerSecond: 1, serverCpu: 0.5 });
  const rounds = { "viaduct-handler": [round(300), round(200)], deno: [round(100), round(100)] };
  assertEquals(summarize({ scenario: SCENARIO, rounds }), {
    name: "small",
    servers: {
      "viaduct-handler": { perSecond: 250, micros: 2000, serverCpu: 0.5 },
      deno: { perSecond: 100, micros: 5000, serverCpu: 0.5 },
    },
    targets: [{ of: "viaduct-handler", to: "deno", atLeast: 2, ratio: 2.5, least: 2, most: 3 }],
  });
});

Deno.test("maskingSizes divides by the repetitions that a group's name tells", () => {
  const bench = (group: string, name: string, avg: number) => ({
    group,
    name,
    results: [{ ok: { avg, min: avg / 2 } }],
  });
  const benches = [
    bench("mask 4 B (100 times)", "viaduct, mask 4 B (100 times)", 300),
    bench("mask 4 B (100 times)", "byte loop, mask 4 B (100 times)", 600),
    bench("mask 64 KiB", "viaduct, mask 64 KiB", 4000),
    { group: null, name: "another", results: [] },
  ];
  assertEquals(maskingSizes({ benches }), [
    { bytes: 4, nanos: { viaduct: 3, "byte loop": 6 }, best: { viaduct: 1.5, "byte loop": 3 } },
    { bytes: 65536, nanos: { viaduct: 4000 }, best: { viaduct: 2000 } },
  ]);
});

Deno.test("insertFigures writes each block between its markers, again and again", () => {
  const blocks = new Map([["one", "1"], ["two", "| 2 |"]]);
  const text =
    "a\n<!-- figures one -->\nold\n<!-- end of figures -->\nb\n<!-- figures two -->\n<!-- end of figures -->\n";
  const inserted = insertFigures(text, blocks);
  assertEquals(
    inserted,
    "a\n<!-- figures one -->\n\n1\n\n<!-- end of figures -->\nb\n<!-- figures two -->\n\n| 2 |\n\n<!-- end of figures -->\n",
  );
  assertEquals(insertFigures(inserted, blocks), inserted);
});

Deno.test("insertFigures refuses a block that is not there, and one that does not end", () => {
  const blocks = new Map([["one", "1"]]);
  assertThrows(() => insertFigures("<!-- figures two -->\n<!-- end of figures -->", blocks), Error, '"two"');
  assertThrows(() => insertFigures("<!-- figures one -->\n", blocks), Error, "of 1 blocks, 0 end");
});

Deno.test("every block and every plot stands in the documentation, and every plot that it names is drawn", async () => {
  const root = new URL("../../", import.meta.url);
  const texts = await Promise.all(FIGURE_FILES.map((file) => Deno.readTextFile(new URL(file, root))));
  const named = (kind: string) =>
    new Set(
      texts.flatMap((text) =>
        [...text.matchAll(new RegExp(`<!-- ${kind} ([\\w-]+) -->`, "g"))].map(([, name]) => name!)
      ),
    );
  assertEquals([...figureBlocks(results).keys()].filter((name) => !named("figures").has(name)), []);
  assertEquals([...plotSpecs(results).keys()].sort(), [...named("plot")].sort());
});

Deno.test("a figure that was not measured is no figure, and no NaN", () => {
  const { echo } = results;
  const without = { ...echo, scenarios: echo.scenarios.map((scenario) => ({ ...scenario, servers: {} })) };
  const blocks = figureBlocks({ ...results, echo: without });
  for (const [name, block] of blocks) assert(!/NaN|undefined|Infinity/.test(block), `${name}: ${block}`);
});
