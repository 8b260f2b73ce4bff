/**
 * What each plot shows, in the words of Vega-Lite.
 *
 * @module
 */

import type {
  EchoResults,
  IdleResults,
  MaskingResults,
  Results,
  ScalingResults,
  WampResults,
} from "../bench/results.ts";

/** A specification of Vega-Lite. */
export type Spec = Readonly<Record<string, unknown>>;

/** A plot, and what it is called where it cannot be seen. */
export interface Plot {
  readonly title: string;
  readonly spec: Spec;
}

/** One point or bar. */
interface Datum {
  readonly group: string;
  readonly name: string;
  readonly value: number;
  readonly label: string;
}

/** Wide enough for labels, and narrow enough to be read on a phone. */
const WIDTH = 250;
const BAR_STEP = 17;
/** Of labels, in pixels. */
export const FONT_SIZE = 11;
/** How wide a character is, as a share of its font's size. */
export const CHARACTER_WIDTH = 0.56;

/** Colors that stand out from white and from black alike: ours are blue and teal. */
const COLORS: Readonly<Record<string, string>> = {
  "viaduct-handler": "#3b82f6",
  "viaduct-iterate": "#0e9f9a",
  "deno": "#8b8f98",
  "bun": "#c2851c",
  "ws": "#b0628f",
};
const OWN = "#3b82f6";
const MIXED = "#0e9f9a";
const OTHERS = "#8b8f98";

const CONFIG: Spec = {
  background: null,
  font: "inherit",
  view: { stroke: null },
  padding: 2,
  axis: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    domainColor: "currentColor",
    tickColor: "currentColor",
    gridColor: "currentColor",
    gridOpacity: 0.15,
    domainOpacity: 0.3,
    tickOpacity: 0.3,
    labelFontSize: FONT_SIZE,
    titleFontSize: FONT_SIZE,
    titleFontWeight: "normal",
    // Nothing is cut off.
    labelLimit: 0,
    labelPadding: 4,
  },
  header: { labelColor: "currentColor", labelFontSize: 12, labelFontWeight: "bold", title: null },
  legend: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    labelFontSize: FONT_SIZE,
    orient: "top",
    title: null,
    columns: 5,
    symbolStrokeWidth: 0,
    columnPadding: 12,
  },
  text: { fontSize: FONT_SIZE, color: "currentColor", fill: "currentColor" },
  title: { color: "currentColor" },
};

/** The plots, by name. */
export function plotSpecs({ echo, wamp, idle, scaling, masking }: Results): Map<string, Plot> {
  return new Map([
    ["echo", echoPlot(echo, "Echo servers, messages in thousands per second", (name) => name.startsWith("binary"))],
    [
      "echo-compressed",
      echoPlot(echo, "Compressed echo, messages in thousands per second", (name) => name.startsWith("JSON")),
    ],
    ["echo-cpu", cpuPlot(echo)],
    ["wamp-calls", wampPlot(wamp, "calls", "Calls per second, by client and router")],
    ["wamp-events", wampPlot(wamp, "events", "Events per second, by publisher's and subscriber's library and router")],
    ["scaling", scalingPlot(scaling)],
    ["idle", idlePlot(idle)],
    ["masking", maskingPlot(masking)],
  ]);
}

function short(value: number): string {
  if (value >= 99_950) return `${Math.round(value / 1000)}k`;
  if (value >= 10_000) return `${(value / 1000).toFixed(1)}k`;
  return Math.round(value).toLocaleString("en-US");
}

/** Bars in one panel for each group, each panel with a scale of its own, each bar with its figure. */
function bars(data: readonly Datum[], colorOf: (name: string) => string): Spec {
  const groups = [...new Set(data.map(({ group }) => group))];
  const longest = Math.max(...data.map(({ name }) => name.length));
  const panels = groups.map((group): Spec => {
    const values = data.filter((datum) => datum.group === group);
    const names = values.map(({ name }) => name);
    return {
      ...(group === "" ? {} : { title: { text: group, anchor: "start", frame: "group", fontSize: 12, offset: 4 } }),
      data: { values },
      width: WIDTH,
      height: { step: BAR_STEP },
      encoding: {
        y: {
          field: "name",
          type: "nominal",
          sort: names,
          // The panels' bars begin below each other.
          axis: { title: null, ticks: false, domain: false, minExtent: longest * FONT_SIZE * CHARACTER_WIDTH },
        },
        // A little less than the width is for the longest bar: its figure stands behind it.
        x: {
          field: "value",
          type: "quantitative",
          scale: { domain: [0, Math.max(...values.map(({ value }) => value)) * 1.2] },
          axis: null,
        },
      },
      layer: [
        {
          mark: { type: "bar", cornerRadiusEnd: 2, height: { band: 0.76 } },
          encoding: {
            color: {
              field: "name",
              type: "nominal",
              scale: { domain: names, range: names.map(colorOf) },
              legend: null,
            },
          },
        },
        { mark: { type: "text", align: "left", dx: 4 }, encoding: { text: { field: "label" } } },
      ],
      resolve: { scale: { color: "independent" } },
    };
  });
  return { config: CONFIG, vconcat: panels, spacing: 10, resolve: { scale: { color: "independent" } } };
}

function serverColor(name: string): string {
  return COLORS[name] ?? OTHERS;
}

function echoPlot(echo: EchoResults, title: string, isShown: (scenario: string) => boolean): Plot {
  const data = echo.scenarios.filter(({ name }) => isShown(name)).flatMap(({ name: group, servers }) =>
    Object.entries(servers).map(([name, { perSecond: value }]): Datum => ({
      group: group.replace("JSON ", "").replace(" conn x ", "×"),
      name,
      value,
      label: short(value),
    }))
  );
  return { title, spec: bars(data, serverColor) };
}

/** A scenario in as few characters as a label has. */
function shortName(scenario: string): string {
  return scenario.replace("JSON deflate with context", "context").replace("JSON deflate", "deflate").replace(
    " conn x ",
    "×",
  );
}

/** Processor time of a message: a row for each scenario, a point for each server. */
function cpuPlot(echo: EchoResults): Plot {
  const data = echo.scenarios.flatMap(({ name: group, servers }) =>
    Object.entries(servers).flatMap(([name, { micros }]) =>
      micros === undefined ? [] : [{ group: shortName(group), name, micros }]
    )
  );
  const names = [...new Set(data.map(({ name }) => name))];
  return {
    title: "Processor time of the server for each message, in microseconds, on a logarithmic scale",
    spec: {
      config: CONFIG,
      data: { values: data },
      width: WIDTH,
      height: { step: 20 },
      mark: { type: "point", filled: true, size: 70, opacity: 0.95 },
      encoding: {
        y: {
          field: "group",
          type: "nominal",
          sort: null,
          axis: { title: null, grid: true, ticks: false, domain: false },
        },
        x: {
          field: "micros",
          type: "quantitative",
          scale: { type: "log" },
          axis: { title: "µs for each message, logarithmic", format: "~s", values: [1, 10, 100, 1000] },
        },
        color: { field: "name", type: "nominal", scale: { domain: names, range: names.map(serverColor) } },
        shape: { field: "name", type: "nominal", scale: { domain: names } },
      },
    },
  };
}

function wampPlot({ scenarios }: WampResults, kind: string, title: string): Plot {
  const data = scenarios.filter(({ name }) => name.startsWith(kind)).flatMap(({ name: group, systems }) =>
    Object.entries(systems).map(([system, { perSecond: value }]): Datum => ({
      group,
      name: system.replace("MessagePack, RawSocket", "RawSocket"),
      value,
      label: short(value),
    }))
  );
  const colorOf = (name: string) => {
    if (name.includes("+ Crossbar.io") || name.includes("canned")) return OTHERS;
    return name.startsWith("Viaduct") ? OWN : MIXED;
  };
  return { title, spec: bars(data, colorOf) };
}

/** What an operation costs with few and with many, a line from one to the other for each kind of match. */
function scalingPlot({ few, many, rows }: ScalingResults): Plot {
  const counts = [`${few.toLocaleString("en-US")}`, `${many.toLocaleString("en-US")}`, "spread"];
  const data = rows.flatMap(({ match, what, ...row }) =>
    [row.few, row.many, row.spread].map((value, index) => ({ match, what, count: counts[index], value: value / 1000 }))
  );
  const matches = [...new Set(rows.map(({ match }) => match))];
  return {
    title: `Cost of a call and a publication in microseconds beside ${counts[0]} and ${counts[1]} others, by match`,
    spec: {
      config: CONFIG,
      data: { values: data },
      facet: { field: "what", sort: [...new Set(rows.map(({ what }) => what))], header: { labelAnchor: "start" } },
      columns: 2,
      spacing: { row: 16, column: 24 },
      resolve: { scale: { y: "independent" } },
      spec: {
        width: 130,
        height: 110,
        mark: { type: "line", point: { size: 45, filled: true }, strokeWidth: 2 },
        encoding: {
          x: {
            field: "count",
            type: "ordinal",
            sort: counts,
            axis: { title: null, labelAngle: 0 },
            scale: { padding: 0.3 },
          },
          y: { field: "value", type: "quantitative", scale: { domainMin: 0 }, axis: { title: "µs", tickCount: 4 } },
          color: {
            field: "match",
            type: "nominal",
            scale: { domain: matches, range: [OWN, MIXED, COLORS["bun"]] },
          },
        },
      },
    },
  };
}

function idlePlot({ servers }: IdleResults): Plot {
  const data = Object.entries(servers).map(([name, { median }]): Datum => ({
    group: "",
    name: name === "viaduct-router" ? "viaduct-router, session" : name,
    value: median,
    label: `${median.toFixed(1)} KB`,
  }));
  const spec = bars(data, (name) => name.startsWith("viaduct") ? OWN : OTHERS);
  return { title: "Resident memory of an idle connection, in KB", spec };
}

function maskingPlot({ sizes }: MaskingResults): Plot {
  const data = sizes.flatMap(({ bytes, best }) =>
    Object.entries(best).map(([name, time]): Datum => ({
      group: bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`,
      name,
      value: bytes / time,
      label: `${(bytes / time).toFixed(bytes / time < 10 ? 2 : 1)} GB/s`,
    }))
  );
  const spec = bars(data, (name) => name === "viaduct" ? OWN : OTHERS);
  return { title: "Masking in place at best, in GB per second", spec };
}
