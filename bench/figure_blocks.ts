/**
 * Turns the measured figures into the blocks of Markdown that `bench/figures.ts` puts into the documentation.
 *
 * @module
 */

import { comparisonBlocks } from "./comparison_blocks.ts";
import { decimal, NOTHING } from "./figure_text.ts";
import { markdownTable } from "./load/report.ts";
import {
  type Conditions,
  type EchoResults,
  type EchoScenario,
  type IdleResults,
  isMet,
  type MaskingResults,
  type MaskingSize,
  type RatioFigures,
  type Results,
  type ScalingResults,
  type ScalingRow,
  type WampResults,
} from "./results.ts";

/** Our two forms of a server. */
const HANDLER = "viaduct-handler";
const ITERATE = "viaduct-iterate";

/** The blocks, by name. */
export function figureBlocks(results: Results): Map<string, string> {
  const { echo, wamp, idle, scaling, masking } = results;
  const echoTargets = echo.scenarios.flatMap(({ targets }) => targets);
  const wampTargets = wamp.scenarios.flatMap(({ targets }) => targets);
  return new Map([
    ["headline", headline(results)],
    ...comparisonBlocks(results),
    ["targets", targetCounts(results)],
    ["echo-conditions", conditions(echo, `Medians of ${echo.rounds} rounds of ${echo.seconds} s.`)],
    ["echo-rates", echoMatrix(echo, "perSecond", 0)],
    ["echo-cpu", echoMatrix(echo, "micros", 2)],
    ["echo-latency", echoLatency(echo)],
    ["echo-targets", echoTargetTable(echo)],
    ["echo-verdict", verdict(echoTargets)],
    ["echo-faster", echoFaster(echo)],
    ["wamp-conditions", conditions(wamp, `Medians of ${wamp.rounds} rounds of ${wamp.seconds} s.`)],
    ["wamp-rates", wampRates(wamp)],
    ["wamp-targets", wampTargetTable(wamp)],
    ["wamp-verdict", verdict(wampTargets)],
    ["wamp-missed", wampMissed(wamp)],
    ["scaling-conditions", conditions(scaling, `Medians of ${scaling.rounds} rounds.`)],
    ["scaling", scalingTable(scaling)],
    ["scaling-verdict", scalingVerdict(scaling)],
    [
      "idle-conditions",
      conditions(idle, `Medians of ${count(idle.runs, "run")}, ${whole(idle.connections)} connections.`),
    ],
    ["idle", idleTable(idle)],
    ["masking-conditions", conditions(masking)],
    ["masking", maskingTable(masking)],
  ]);
}

/** Says when, where and with what something was measured. */
function conditions({ date, system, versions, remark }: Conditions, rounds = ""): string {
  const { platform, processor, cores, load } = system;
  const [least, most] = load ?? [];
  const place = [platform, processor, `${cores} cores`].filter((part) => part !== undefined).join(", ");
  const busy = load === undefined
    ? ""
    : `; the load of the machine was ${least === most ? least : `${least} to ${most}`}`;
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
  return [`Measured on ${date} (${place}${busy}) with ${named}.`, rounds, remark ?? ""].filter(Boolean).join(" ");
}

function count(value: number, unit: string): string {
  return `${value} ${unit}${value === 1 ? "" : "s"}`;
}

function whole(value: number | undefined): string {
  return decimal(value, 0);
}

function percent(value: number | undefined): string {
  return value === undefined ? NOTHING : `${Math.round(value * 100)}%`;
}

/** How many targets were reached. */
function verdict(targets: readonly RatioFigures[]): string {
  const missed = targets.filter((target) => !isMet(target)).length;
  const reached = `${targets.length - missed} of ${targets.length} targets reached`;
  return missed === 0 ? `${reached}.` : `${reached}, ${missed} missed.`;
}

/** How many targets were reached, of each program. */
function targetCounts({ echo, wamp, idle, scaling }: Results): string {
  const memory = Object.values(idle.servers).filter(({ atMost }) => atMost !== undefined);
  const growths = scaling.rows.filter(isBounded).flatMap(({ growth, spreadGrowth }) => [
    growth <= scaling.limits.neighbours,
    spreadGrowth <= scaling.limits.spread,
  ]);
  const counts: readonly (readonly [string, readonly boolean[]])[] = [
    ["echo servers", echo.scenarios.flatMap(({ targets }) => targets.map(isMet))],
    ["WAMP", wamp.scenarios.flatMap(({ targets }) => targets.map(isMet))],
    ["memory", memory.map(({ median, atMost = 0 }) => median <= atMost)],
    ["many registrations and subscriptions", growths],
  ];
  return markdownTable(
    ["targets", "reached", "missed"],
    counts.map((
      [name, results],
    ) => [name, ...[true, false].map((is) => `${results.filter((one) => one === is).length}`)]),
  );
}

/** Whether what matches so must not grow. */
function isBounded({ match }: ScalingRow): boolean {
  return match !== "wildcard";
}

function resultOf(target: RatioFigures): string {
  return isMet(target) ? "pass" : "MISS";
}

/** The rounds between which a ratio was. */
function range({ least, most }: RatioFigures): string {
  return least === undefined ? NOTHING : `${decimal(least, 2)} to ${decimal(most, 2)}`;
}

// Echo servers

function serversOf({ scenarios }: EchoResults): string[] {
  return [...new Set(scenarios.flatMap(({ servers }) => Object.keys(servers)))];
}

function echoMatrix(echo: EchoResults, key: "perSecond" | "micros", digits: number): string {
  const servers = serversOf(echo);
  return markdownTable(
    ["scenario", ...servers],
    echo.scenarios.map(({ name, servers: figures }) => [
      name,
      ...servers.map((server) => decimal(figures[server]?.[key], digits)),
    ]),
  );
}

function echoLatency(echo: EchoResults): string {
  const timed = echo.scenarios.filter(({ servers }) => Object.values(servers).some(({ p50 }) => p50 !== undefined));
  if (timed.length === 0) return "The latencies of this run were not kept.";
  const servers = serversOf(echo);
  return markdownTable(
    ["scenario", ...servers],
    timed.map(({ name, servers: figures }) => [
      name,
      ...servers.map((server) => `${whole(figures[server]?.p50)} / ${whole(figures[server]?.p99)}`),
    ]),
  );
}

/** The ratio of processor time for each message: how much more the peer takes. */
function ratioByCpu({ servers }: EchoScenario, { of, to }: RatioFigures): number | undefined {
  const [own, peer] = [servers[of]?.micros, servers[to]?.micros];
  return own === undefined || peer === undefined ? undefined : peer / own;
}

function echoTargetTable({ scenarios }: EchoResults): string {
  const rows = scenarios.flatMap((scenario) =>
    scenario.targets.map((target) => [
      scenario.name,
      target.of,
      target.to,
      decimal(target.atLeast, 2),
      decimal(target.ratio, 2),
      range(target),
      decimal(ratioByCpu(scenario, target), 2),
      resultOf(target),
    ])
  );
  return markdownTable(
    ["scenario", "server", "peer", "wanted", "ratio", "least to most", "by processor time", "result"],
    rows,
  );
}

/** Where a server of others is faster than one of ours. */
function echoFaster({ scenarios }: EchoResults): string {
  const rows = scenarios.flatMap(({ name, servers }) => {
    const own = [HANDLER, ITERATE].map((form) => servers[form]?.perSecond);
    return Object.entries(servers)
      .filter(([peer, { perSecond }]) => !peer.startsWith("viaduct") && own.some((rate) => (rate ?? 0) < perSecond))
      .map(([peer, { perSecond }]) => {
        const shares = own.map((rate) =>
          rate === undefined || rate >= perSecond ? NOTHING : decimal(rate / perSecond, 2)
        );
        return [name, peer, whole(perSecond), ...shares];
      });
  });
  if (rows.length === 0) return "In no scenario.";
  return markdownTable(["scenario", "faster", "messages/s", "our share, handler", "our share, iterate"], rows);
}

// WAMP

function wampRates({ scenarios }: WampResults): string {
  const rows = scenarios.flatMap(({ name, systems }) =>
    Object.entries(systems).map(([system, figures]) => [
      name,
      system,
      whole(figures.perSecond),
      decimal(figures.micros, 1),
      percent(figures.routerCpu),
      percent(figures.callerCpu),
      percent(figures.calleeCpu),
    ])
  );
  return markdownTable(
    ["scenario", "client + router", "per second", "router µs", "router CPU", "caller CPU", "callee CPU"],
    rows,
  );
}

function wampTargetTable({ scenarios }: WampResults): string {
  const rows = scenarios.flatMap(({ name, targets }) =>
    targets.map((target) => [
      name,
      target.of,
      target.to,
      decimal(target.atLeast, 2),
      decimal(target.ratio, 2),
      range(target),
      decimal(target.ceiling?.ratio, 2),
      resultOf(target),
    ])
  );
  return markdownTable(
    ["scenario", "client + router", "against", "wanted", "ratio", "least to most", "of ceiling", "result"],
    rows,
  );
}

/** The targets that were missed, and where ours is slower than the other. */
function wampMissed({ scenarios }: WampResults): string {
  const rows = scenarios.flatMap(({ name, targets }) =>
    targets.filter((target) => !isMet(target) || target.ratio < 1)
      .map(({ of, to, atLeast, ratio }) => [name, of, to, decimal(atLeast, 2), decimal(ratio, 2)])
  );
  if (rows.length === 0) return "None: every target was reached.";
  return markdownTable(["scenario", "client + router", "against", "wanted", "ratio"], rows);
}

// Many registrations and subscriptions

function scalingTable({ few, many, rows }: ScalingResults): string {
  return markdownTable(
    ["match", "what", whole(few), whole(many), "growth", `${whole(many)}, spread`, "growth"],
    rows.map((row) => [
      row.match,
      row.what,
      whole(row.few),
      whole(row.many),
      decimal(row.growth, 2),
      whole(row.spread),
      decimal(row.spreadGrowth, 2),
    ]),
  );
}

function scalingVerdict({ rows, limits }: ScalingResults): string {
  const bounded = rows.filter(isBounded);
  const most = Math.max(...bounded.map(({ growth }) => growth));
  const mostSpread = Math.max(...bounded.map(({ spreadGrowth }) => spreadGrowth));
  const isKept = most <= limits.neighbours && mostSpread <= limits.spread;
  return `Exact and prefix may grow by ${limits.neighbours} with the first URIs and by ${limits.spread} with those that ` +
    `are spread; they grew by ${decimal(most, 2)} and ${decimal(mostSpread, 2)} at most: ${isKept ? "pass" : "MISS"}.`;
}

// Memory

function idleTable({ servers }: IdleResults): string {
  return markdownTable(
    ["server", "median", "least", "most", "wanted", "result"],
    Object.entries(servers).map(([server, { median, least, most, atMost }]) => [
      server,
      decimal(median, 1),
      decimal(least, 1),
      decimal(most, 1),
      atMost === undefined ? "" : `at most ${atMost}`,
      atMost === undefined ? "" : median <= atMost ? "pass" : "MISS",
    ]),
  );
}

// Masking

function gigabytes(bytes: number, nanos: number | undefined): string {
  return decimal(nanos === undefined ? undefined : bytes / nanos, bytes < 1024 ? 2 : 1);
}

function maskingTable({ sizes }: MaskingResults): string {
  const names = [...new Set(sizes.flatMap(({ nanos }) => Object.keys(nanos)))];
  return markdownTable(
    ["payload", ...names.map((name) => `${name}, GB/s`), "times the byte loop"],
    sizes.map(({ bytes, nanos, best }) => [
      bytesText(bytes),
      ...names.map((name) => `${gigabytes(bytes, nanos[name])} / ${gigabytes(bytes, best[name])}`),
      `${decimal(timesByteLoop(nanos), 1)} / ${decimal(timesByteLoop(best), 1)}`,
    ]),
  );
}

function timesByteLoop(nanos: MaskingSize["nanos"]): number {
  return nanos["byte loop"]! / nanos["viaduct"]!;
}

function bytesText(bytes: number): string {
  return bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`;
}

// All in short

/** The scenarios that stand for the rest, with the peer that each is put beside. */
const ECHO_HEADLINES: readonly (readonly [scenario: string, server: string, peer: string])[] = [
  ["binary 64 B, 1 conn x 64", HANDLER, "deno"],
  ["binary 1 KiB, 10 conn x 16", HANDLER, "deno"],
  ["binary 1 KiB, 10 conn x 16", ITERATE, "deno"],
  ["binary 1 KiB, 10 conn x 16", HANDLER, "ws"],
  ["binary 1 KiB, 10 conn x 16", HANDLER, "bun"],
  ["binary 1 MiB, 2 conn x 1", HANDLER, "deno"],
  ["JSON deflate 1 KiB, 1 conn x 32", HANDLER, "ws"],
];
const WAMP_HEADLINES: readonly (readonly [scenario: string, system: string, peer: string])[] = [
  "calls, 1 in flight",
  "calls, 64 in flight",
  "events, 1 to 1",
  "events, 1 to 10",
].flatMap((scenario) =>
  ["AutobahnJS + Viaduct", "Viaduct + Viaduct, CBOR"].map((system) =>
    [scenario, system, "AutobahnJS + Crossbar.io"] as const
  )
);

/** One row: what, ours, theirs, how many times. */
type Headline = readonly [what: string, own: string, peer: string, times: string];

function headline({ echo, wamp, idle, masking }: Results): string {
  const rows: Headline[] = [
    ...ECHO_HEADLINES.flatMap(([scenario, server, peer]) => {
      const { servers, targets } = echo.scenarios.find(({ name }) => name === scenario) ?? {};
      const rates = [servers?.[server]?.perSecond, servers?.[peer]?.perSecond];
      return rateRow(`echo, ${scenario}, messages/s`, [server, peer], rates, targets);
    }),
    ...WAMP_HEADLINES.flatMap(([scenario, system, peer]) => {
      const { systems, targets } = wamp.scenarios.find(({ name }) => name === scenario) ?? {};
      const rates = [systems?.[system]?.perSecond, systems?.[peer]?.perSecond];
      return rateRow(`${scenario}, per second`, [system, peer], rates, targets);
    }),
    ...["deno", "ws", "bun"].flatMap((peer): Headline[] => {
      const [own, other] = [idle.servers[HANDLER]?.median, idle.servers[peer]?.median];
      if (own === undefined || other === undefined) return [];
      const kilobytes = (value: number) => decimal(value, 1);
      return [[
        "idle connection, KB",
        `${HANDLER} ${kilobytes(own)}`,
        `${peer} ${kilobytes(other)}`,
        decimal(own / other, 2),
      ]];
    }),
    ...masking.sizes.filter(({ bytes }) => bytes === 65536).flatMap(({ bytes, best }): Headline[] => [[
      "masking 64 KiB at best, GB/s",
      `viaduct ${gigabytes(bytes, best["viaduct"])}`,
      `byte loop ${gigabytes(bytes, best["byte loop"])}`,
      decimal(timesByteLoop(best), 2),
    ]]),
  ];
  // The ratio comes early: on a narrow screen the rest has to be moved into sight.
  return markdownTable(
    ["what", "ratio", "Viaduct", "beside"],
    rows.map(([what, own, peer, times]) => [what, times, own, peer]),
  );
}

/** A row of two rates: the ratio is the median over rounds where one was kept, else that of the medians. */
function rateRow(
  what: string,
  [own, peer]: readonly [string, string],
  [ownRate, peerRate]: readonly (number | undefined)[],
  targets: readonly RatioFigures[] = [],
): Headline[] {
  if (ownRate === undefined || peerRate === undefined) return [];
  const ratio = targets.find(({ of, to }) => of === own && to === peer)?.ratio ?? ownRate / peerRate;
  return [[what, `${own} ${whole(ownRate)}`, `${peer} ${whole(peerRate)}`, decimal(ratio, 2)]];
}
