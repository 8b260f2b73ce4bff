import { judge, markdownTable, measurementTable, verdictTable } from "../../bench/load/report.ts";
import type { ServerName } from "../../bench/load/scenarios.ts";
import { SCENARIOS } from "../../bench/load/scenarios.ts";
import { portIn } from "../../bench/load/servers.ts";
import { median, pairedRatio, percentile } from "../../bench/load/statistics.ts";
import { assertEquals } from "../std.ts";
import { SCENARIO } from "./scenario.ts";

function rounds(...rates: number[]): { messagesPerSecond: number; megabytesPerSecond: number }[] {
  return rates.map((rate) => ({ messagesPerSecond: rate, megabytesPerSecond: rate / 1000 }));
}

Deno.test("median takes the middle, or the mean of two", () => {
  assertEquals(median([5, 1, 30]), 5);
  assertEquals(median([4, 1, 30, 2]), 3);
  assertEquals(median([]), NaN);
});

Deno.test("percentile takes the nearest rank", () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  assertEquals([0, 0.5, 0.99, 1].map((share) => percentile(values, share)), [1, 50, 99, 100]);
  assertEquals(percentile([], 0.5), NaN);
});

Deno.test("pairedRatio compares within each round, so that a slow round does not count", () => {
  assertEquals(pairedRatio([200, 20, 220], [100, 10, 100]), 2);
  assertEquals(pairedRatio([], [1]), NaN);
});

Deno.test("judge passes a ratio that equals its target, and leaves out what was not measured", () => {
  const measured = (
    rate: number,
  ) => [{ scenario: SCENARIO, rounds: { "viaduct-handler": rounds(rate), deno: rounds(100) } }];
  assertEquals(judge(measured(200)).map(({ ratio, isMet }) => [ratio, isMet]), [[2, true]]);
  assertEquals(judge(measured(199)).map(({ isMet }) => isMet), [false]);
});

Deno.test("markdownTable aligns numbers to the right", () => {
  assertEquals(
    markdownTable(["name", "count"], [["a", "1,000"], ["long one", "7"]]),
    "| name     | count |\n| -------- | ----: |\n| a        | 1,000 |\n| long one |     7 |",
  );
});

Deno.test("measurementTable shows medians, and nothing where nothing was measured", () => {
  const table = measurementTable([{ scenario: SCENARIO, rounds: { deno: rounds(1000, 3000, 2000) } }]);
  assertEquals(table.split("\n")[2]!.split("|").map((cell) => cell.trim()).slice(1, 7), [
    "small",
    "deno",
    "2,000",
    "2.0",
    "",
    "",
  ]);
});

Deno.test("verdictTable names both sides and says what was missed", () => {
  const verdicts = judge([{ scenario: SCENARIO, rounds: { "viaduct-handler": rounds(150), deno: rounds(100) } }]);
  assertEquals(
    verdictTable(verdicts).split("\n")[2],
    "| small    | viaduct-handler | deno |  1.50 |   2.00 | MISS   |",
  );
});

Deno.test("SCENARIOS have names of their own and targets among their servers", () => {
  assertEquals(new Set(SCENARIOS.map(({ name }) => name)).size, SCENARIOS.length);
  for (const { servers, targets } of SCENARIOS) {
    const named: ServerName[] = targets.flatMap(({ server, peer }) => [server, peer]);
    assertEquals(named.filter((name) => !servers.includes(name)), []);
  }
});

Deno.test("portIn finds the port of the first whole line with a local address", () => {
  assertEquals(portIn("ws://127.0.0.1:4567\n"), 4567);
  assertEquals(portIn("Listening\nEcho on ws://127.0.0.1:80/ (handler)\nws://127.0.0.1:81\n"), 80);
  assertEquals(portIn("ws://127.0.0.1:45"), undefined);
  assertEquals(portIn("ws://127.0.0.1:0\n"), undefined);
});
