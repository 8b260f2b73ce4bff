/**
 * Turns measurements into the tables that `deno task load` prints.
 *
 * @module
 */

import { type EchoFigures, type EchoScenario, type RatioFigures, ratioFigures, significant } from "../results.ts";
import type { Measurement } from "./generator.ts";
import type { Scenario, ServerName, Target } from "./scenarios.ts";
import { median, pairedRatio } from "./statistics.ts";

/** All rounds of one scenario, by server. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly rounds: Readonly<Partial<Record<ServerName, readonly Measurement[]>>>;
}

/** A target and what came of it. */
export interface Verdict {
  readonly scenario: string;
  readonly target: Target;
  readonly ratio: number;
  readonly isMet: boolean;
}

/** Judges every target whose two servers have been measured. */
export function judge(results: readonly ScenarioResult[]): Verdict[] {
  return results.flatMap(({ scenario, rounds }) =>
    scenario.targets.flatMap((target): Verdict[] => {
      const own = rounds[target.server];
      const base = rounds[target.peer];
      if (own === undefined || base === undefined) return [];
      const ratio = pairedRatio(own.map(rate), base.map(rate));
      return [{ scenario: scenario.name, target, ratio, isMet: ratio >= target.atLeast }];
    })
  );
}

/** What is kept of one scenario. */
export function summarize({ scenario, rounds }: ScenarioResult): EchoScenario {
  const servers: Record<string, EchoFigures> = {};
  for (const [server, measurements] of Object.entries(rounds)) servers[server] = figuresOf(measurements);
  const targets = scenario.targets.flatMap(({ server, peer, atLeast }): RatioFigures[] => {
    const figures = ratioFigures((rounds[server] ?? []).map(rate), (rounds[peer] ?? []).map(rate));
    return figures === undefined ? [] : [{ of: server, to: peer, atLeast, ...figures }];
  });
  return { name: scenario.name, servers, targets };
}

function figuresOf(measurements: readonly Measurement[]): EchoFigures {
  const middle = (key: keyof Measurement) => median(measurements.flatMap((one) => one[key] ?? []));
  const perSecond = middle("messagesPerSecond");
  const figures = {
    perSecond,
    micros: middle("serverCpu") / perSecond * 1e6,
    serverCpu: middle("serverCpu"),
    generatorCpu: middle("generatorCpu"),
    p50: middle("latencyMedian") * 1000,
    p99: middle("latencyP99") * 1000,
  };
  const kept = Object.entries(figures).filter(([, value]) => !Number.isNaN(value));
  return { perSecond, ...Object.fromEntries(kept.map(([key, value]) => [key, significant(value)])) };
}

function rate(measurement: Measurement): number {
  return measurement.messagesPerSecond;
}

/** The medians of each server in each scenario. */
export function measurementTable(results: readonly ScenarioResult[]): string {
  const rows = results.flatMap(({ scenario, rounds }) =>
    Object.entries(rounds).map(([server, measurements]) => measurementRow(scenario.name, server, measurements))
  );
  return markdownTable(
    ["scenario", "server", "messages/s", "MB/s", "p50 µs", "p99 µs", "server CPU", "µs CPU/message", "generator CPU"],
    rows,
  );
}

function measurementRow(scenario: string, server: string, rounds: readonly Measurement[]): string[] {
  const middle = (key: keyof Measurement) => median(rounds.flatMap((round) => round[key] ?? []));
  const rate = middle("messagesPerSecond");
  const cpu = middle("serverCpu");
  return [
    scenario,
    server,
    number(rate, 0),
    number(middle("megabytesPerSecond"), 1),
    number(middle("latencyMedian") * 1000, 0),
    number(middle("latencyP99") * 1000, 0),
    number(cpu * 100, 0, "%"),
    number(cpu / rate * 1e6, 2),
    number(middle("generatorCpu") * 100, 0, "%"),
  ];
}

/** The targets with their ratios. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  return markdownTable(
    ["scenario", "server", "peer", "ratio", "wanted", "result"],
    verdicts.map(({ scenario, target, ratio, isMet }) => [
      scenario,
      target.server,
      target.peer,
      number(ratio, 2),
      number(target.atLeast, 2),
      isMet ? "pass" : "MISS",
    ]),
  );
}

function number(value: number, digits: number, unit = ""): string {
  if (Number.isNaN(value)) return "";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }) + unit;
}

/** Lays out a table in Markdown, its columns padded, numbers to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isNumber = head.map((_, column) => rows.every((row) => /^(?:[\d,.]*%?|–)$/.test(row[column]!)));
  const widths = head.map((title, column) => Math.max(title.length, 3, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)).join(" | ")} |`;
  const rule = widths.map((width, i) => isNumber[i] ? `${"-".repeat(width - 1)}:` : "-".repeat(width));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
