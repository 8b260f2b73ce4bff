/**
 * The figures beside those of others, each with a link to its page.
 *
 * @module
 */

import { decimal, NOTHING } from "./figure_text.ts";
import { markdownTable } from "./load/report.ts";
import type { Results, WampResults } from "./results.ts";

/** The blocks, by name: for docs/comparison.md, and fewer for README.md. */
export function comparisonBlocks({ echo, idle, wamp }: Results): [name: string, block: string][] {
  const webSocket = { echo, idle };
  return [
    ["comparison-websocket", websocketComparison(webSocket, ECHOES, "")],
    ["comparison-clients", clientComparison(wamp)],
    ["comparison-routers", routerComparison(wamp)],
    ["readme-websocket", websocketComparison(webSocket, ECHOES.filter(({ isInReadme }) => isInReadme), "docs/")],
    ["readme-wamp", wampInShort(wamp)],
  ];
}

/** A figure with a link to its page; `base` is the way to docs/. */
function figureLink(base: string, anchor: string, value: number | undefined, digits = 0): string {
  const text = decimal(value, digits);
  return text === NOTHING ? NOTHING : `[${text}](${base}performance.md#${anchor})`;
}

/** The scenarios of echo servers that are shown. */
const ECHOES: readonly { readonly what: string; readonly scenario: string; readonly isInReadme: boolean }[] = [
  { what: "64 B, 1 connection, 64 in flight", scenario: "binary 64 B, 1 conn x 64", isInReadme: false },
  { what: "64 B, 1 connection, 1 in flight", scenario: "binary 64 B, 1 conn x 1", isInReadme: true },
  { what: "1 KiB, 10 connections, 16 in flight", scenario: "binary 1 KiB, 10 conn x 16", isInReadme: true },
  { what: "1 MiB, 2 connections, 1 in flight", scenario: "binary 1 MiB, 2 conn x 1", isInReadme: false },
  {
    what: "1 KiB compressed, 1 connection, 32 in flight",
    scenario: "JSON deflate 1 KiB, 1 conn x 32",
    isInReadme: true,
  },
];

function websocketComparison(
  { echo, idle }: Pick<Results, "echo" | "idle">,
  echoes: typeof ECHOES,
  base: string,
): string {
  const servers = ["viaduct-handler", "deno", "ws"];
  const rates = echoes.map(({ what, scenario }) => {
    const found = echo.scenarios.find(({ name }) => name === scenario)?.servers ?? {};
    const anchor = scenario.startsWith("JSON") ? "compressed" : "echo-servers";
    return [`echoes/s, ${what}`, ...servers.map((server) => figureLink(base, anchor, found[server]?.perSecond))];
  });
  const memory = servers.map((server) => figureLink(base, "memory", idle.servers[server]?.median, 1));
  return markdownTable(
    ["figures", "Viaduct", "Deno's own WebSocket", "ws"],
    [...rates, ["KB of memory for an idle connection", ...memory]],
  );
}

function clientComparison({ scenarios }: WampResults): string {
  const systems = ["Viaduct + Viaduct, CBOR", "Viaduct + Viaduct, JSON", "AutobahnJS + Viaduct"];
  return markdownTable(
    ["per second", "Viaduct, CBOR", "Viaduct, JSON", "AutobahnJS, JSON"],
    scenarios.map(({ name, systems: found }) => [
      name,
      ...systems.map((system) => figureLink("", "wamp", found[system]?.perSecond)),
    ]),
  );
}

function routerComparison({ scenarios }: WampResults): string {
  const systems = ["AutobahnJS + Viaduct", "AutobahnJS + Crossbar.io"];
  return markdownTable(
    ["figures", "Viaduct", "Crossbar.io"],
    scenarios.flatMap(({ name, systems: found }) => [
      [`${name}, per second`, ...systems.map((system) => figureLink("", "wamp", found[system]?.perSecond))],
      [`${name}, router's µs for each`, ...systems.map((system) => figureLink("", "wamp", found[system]?.micros, 1))],
    ]),
  );
}

function wampInShort({ scenarios }: WampResults): string {
  const systems = ["Viaduct + Viaduct, CBOR", "AutobahnJS + Viaduct", "AutobahnJS + Crossbar.io"];
  return markdownTable(
    ["per second", "Viaduct on its router", "AutobahnJS on Viaduct's router", "AutobahnJS on Crossbar.io"],
    scenarios.map(({ name, systems: found }) => [
      name,
      ...systems.map((system) => figureLink("docs/", "wamp", found[system]?.perSecond)),
    ]),
  );
}
