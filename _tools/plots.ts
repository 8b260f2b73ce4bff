/**
 * Draws the measured figures of `bench/results/` for the documentation's site: Vega-Lite in this process, one SVG for
 * each name. They take the page's text color and stand on its background, light or dark.
 *
 * @module
 */

import { CHARACTER_WIDTH, FONT_SIZE, plotSpecs, type Spec } from "./plot_specs.ts";
import { readResults } from "../bench/results.ts";

/** What is used of Vega-Lite and Vega. */
interface VegaLite {
  compile(spec: Spec): { readonly spec: unknown };
}
interface Vega {
  parse(spec: unknown): unknown;
  readonly View: new (runtime: unknown, options: { renderer: "none" }) => {
    toSVG(): Promise<string>;
    finalize(): void;
  };
  readonly textMetrics: { width: (item: { readonly fontSize?: number }, text: string) => number };
}

/** Named by variables, so that checking the types does not need the packages. */
const VEGA_LITE: string = "npm:vega-lite@6.5.0";
const VEGA: string = "npm:vega@6.4.0";

/** By how much a plot may be enlarged where there is room. */
const MOST_SCALE = 1.35;

/**
 * Draws every plot.
 *
 * @returns SVG by name; what stands as `<!-- plot NAME -->` in a page is replaced by it.
 */
export async function drawPlots(): Promise<Map<string, string>> {
  const lite: VegaLite = await import(VEGA_LITE);
  const vega: Vega = await import(VEGA);
  // Without a canvas Vega takes texts for a third wider than they are in most fonts.
  vega.textMetrics.width = ({ fontSize = FONT_SIZE }, text) => `${text}`.length * fontSize * CHARACTER_WIDTH;
  const plots = new Map<string, string>();
  for (const [name, { title, spec }] of plotSpecs(await readResults())) {
    const view = new vega.View(vega.parse(lite.compile(spec).spec), { renderer: "none" });
    plots.set(name, inline(name, title, await view.toSVG()));
    view.finalize();
  }
  return plots;
}

/** Makes an SVG a part of a page: as wide as there is room, with a title for those who do not see it. */
function inline(name: string, title: string, svg: string): string {
  const [, width = "", height = ""] = /<svg[^>]* viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
  if (width === "" || height === "") throw new Error(`Cannot find the size of plot "${name}"`);
  const id = `plot-${name}`;
  const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"))
    .replaceAll(/ (?:aria-[\w-]+|role)="[^"]*"/g, "")
    .replaceAll(/\s*\n\s*/g, "");
  return `<svg class="plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" ` +
    `aria-labelledby="${id}" style="display:block;width:100%;max-width:${
      Math.round(Number(width) * MOST_SCALE)
    }px;height:auto;overflow:visible;margin:1rem auto">` +
    `<title id="${id}">${escape(title)}</title>${body}</svg>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

if (import.meta.main) {
  const folder = Deno.args[0];
  if (folder === undefined) throw new TypeError("Usage: plots.ts FOLDER: writes NAME.svg for each plot");
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, svg] of await drawPlots()) await Deno.writeTextFile(`${folder}/${name}.svg`, `${svg}\n`);
}
