/**
 * The figures beside those of others, each with a link to its page.
 *
 * @module
 */

import { decimal, NOTHING } from "./figure_text.ts";
import { markdownTable } from "./load/report.ts";
import type { Results, WampResults } from "./results.ts";

/** The blocks, by name: for docs/comparison.md, and for README.md. */
export function comparisonBlocks({ echo, idle, wamp }: Results): [name: string, block: string][] {
  const pages = [["comparison", ""], ["readme", "docs/"]] as const;
  return pages.flatMap(([page, base]): [string, string][] => [
    [`${page}-websocket`, websocketComparison({ echo, idle }, base)],
    [`${page}-clients`, clientComparison(wamp, base)],
    [`${page}-routers`, routerComparison(wamp, base)],
  ]);
}

/** `base` is the way to docs/. */
function figureLink(base: string, anchor: string, value: number | undefined, digits = 0): string {
  const text = decimal(value, digits);
  return text === NOTHING ? NOTHING : `[${text}](${base}performance.md#${anchor})`;
}

function websocketComparison({ echo, idle }: Pick<Results, "echo" | "idle">, base: string): string {
  const servers = ["viaduct-handler", "deno", "ws"];
  const rates = (what: string, scenario: string) => {
    const found = echo.scenarios.find(({ name }) => name === scenario)?.servers ?? {};
    const anchor = scenario.startsWith("JSON") ? "compressed" : "echo-servers";
    return [what, ...servers.map((server) => figureLink(base, anchor, found[server]?.perSecond))];
  };
  return markdownTable(["figures", "Viaduct", "Deno's own WebSocket", "ws"], [
    rates("echoes/s, 64 B, 1 connection, 64 in flight", "binary 64 B, 1 conn x 64"),
    rates("echoes/s, 64 B, 1 connection, 1 in flight", "binary 64 B, 1 conn x 1"),
    rates("echoes/s, 1 KiB, 10 connections, 16 in flight", "binary 1 KiB, 10 conn x 16"),
    rates("echoes/s, 1 MiB, 2 connections, 1 in flight", "binary 1 MiB, 2 conn x 1"),
    rates("echoes/s, 1 KiB compressed, 1 connection, 32 in flight", "JSON deflate 1 KiB, 1 conn x 32"),
    [
      "KB of memory for an idle connection",
      ...servers.map((server) => figureLink(base, "memory", idle.servers[server]?.median, 1)),
    ],
  ]);
}

function clientComparison({ scenarios }: WampResults, base: string): string {
  const systems = ["Viaduct + Viaduct, CBOR", "Viaduct + Viaduct, JSON", "AutobahnJS + Viaduct"];
  return markdownTable(
    ["per second", "Viaduct, CBOR", "Viaduct, JSON", "AutobahnJS, JSON"],
    scenarios.map(({ name, systems: found }) => [
      name,
      ...systems.map((system) => figureLink(base, "wamp", found[system]?.perSecond)),
    ]),
  );
}

function routerComparison({ scenarios }: WampResults, base: string): string {
  const systems = ["AutobahnJS + Viaduct", "AutobahnJS + Crossbar.io"];
  return markdownTable(
    ["figures", "Viaduct", "Crossbar.io"],
    scenarios.flatMap(({ name, systems: found }) => [
      [`${name}, per second`, ...systems.map((system) => figureLink(base, "wamp", found[system]?.perSecond))],
      [`${name}, router's µs for each`, ...systems.map((system) => figureLink(base, "wamp", found[system]?.micros, 1))],
    ]),
  );
}
