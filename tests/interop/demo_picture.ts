/**
 * Draws the picture of the demo that the README shows, from the page as Chromium lays it out, light and dark in one:
 * `deno run -A tests/interop/demo_picture.ts`.
 *
 * @module
 */

import { join } from "node:path";
import { ROOT } from "../support/folders.ts";
import { ProcessGroup } from "../support/processes.ts";
import { Browser, type Page } from "./cdp.ts";
import { installChromium } from "./install.ts";
import { drawExpression, type Shape } from "./page_shapes.ts";

const START_TIMEOUT = 60_000;
const [WIDTH, HEIGHT] = [1240, 1010];

/** Does what a person would, so that there is something to see. */
async function play(page: Page): Promise<void> {
  await page.waitFor(`document.querySelector("#events").childElementCount >= 2`);
  const call = async (uri: string, args: string, progress: boolean): Promise<void> => {
    await page.type("#call-uri", uri);
    await page.type("#call-args", args);
    await page.evaluate(`document.querySelector("#call-progress").checked = ${progress}`);
    await page.evaluate(`document.querySelector("#call").requestSubmit()`);
  };
  await call("demo.countdown", "[2]", true);
  await page.waitFor(`document.querySelector("#results").textContent.includes("lift-off")`);
  await call("demo.add", "[20, 22]", false);
  await page.evaluate(`document.querySelector("#publish").requestSubmit()`);
  await page.waitFor(`document.querySelector("#events").childElementCount >= 14`);
  await page.evaluate(`document.activeElement.blur()`);
}

async function drawIn(page: Page, scheme: "light" | "dark"): Promise<Shape[]> {
  await page.call("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: "reduce" }],
  });
  return JSON.parse(String(await page.evaluate(drawExpression())));
}

/** Draws both schemes of the same moment: again where an event came in between. */
async function draw(page: Page): Promise<string> {
  for (;;) {
    const [light, dark] = [await drawIn(page, "light"), await drawIn(page, "dark")];
    const textOf = (shapes: readonly Shape[]): string => shapes.map(({ tag, text = "" }) => `${tag}${text}`).join("\n");
    if (textOf(light) === textOf(dark)) return write(light, dark);
  }
}

/** Gives each pair of colours a class, which changes with the reader's scheme. */
class Palette {
  readonly #classes = new Map<string, string>();

  classOf(property: "fill" | "stroke", light: string, dark: string): string {
    const rule = `${property}:${light}|${property}:${dark}`;
    let name = this.#classes.get(rule);
    if (name === undefined) this.#classes.set(rule, name = `${property[0]}${this.#classes.size}`);
    return name;
  }

  get style(): string {
    const rules = (index: 0 | 1): string =>
      [...this.#classes].map(([rule, name]) => `.${name}{${rule.split("|")[index]}}`).join("");
    return `${rules(0)}@media (prefers-color-scheme:dark){${rules(1)}}`;
  }
}

function write(light: readonly Shape[], dark: readonly Shape[]): string {
  const palette = new Palette();
  const body = light.map((shape, index) => {
    const other = dark[index] ?? shape;
    const classes = (["fill", "stroke"] as const).flatMap((property) => {
      const [value, otherValue] = [shape[property], other[property]];
      return value === undefined ? [] : [palette.classOf(property, value, otherValue ?? value)];
    });
    const attributes = Object.entries(shape.attributes).map(([name, value]) => ` ${name}="${escape(String(value))}"`);
    const className = classes.length === 0 ? "" : ` class="${classes.join(" ")}"`;
    const start = `<${shape.tag}${className}${attributes.join("")}`;
    if (shape.text !== undefined) return `${start}>${escape(shape.text)}</${shape.tag}>`;
    return shape.tag === "g" ? `${start}>` : shape.tag === "/g" ? "</g>" : `${start}/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" ` +
    `height="${HEIGHT}" role="img">`;
  const fonts = ".s{font-family:system-ui,sans-serif}.m{font-family:ui-monospace,DejaVu Sans Mono,Menlo,monospace}";
  return [
    svg,
    "<title>The page of Viaduct's demo</title>",
    `<style>text{white-space:pre}${fonts}${palette.style}</style>`,
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

await using processes = new ProcessGroup();
const demo = processes.start("demo", [Deno.execPath(), "task", "--cwd", ROOT, "demo", "--port", "0"]);
const [, url = ""] = await demo.line(/^ *Viaduct's demo is at (http:\S+)$/, START_TIMEOUT);
await using browser = await Browser.start(await installChromium(), processes);
const page = await browser.open(url);
const size = { width: WIDTH, height: HEIGHT, deviceScaleFactor: 1, mobile: false };
await page.call("Emulation.setDeviceMetricsOverride", size);
await page.call("Emulation.setScrollbarsHidden", { hidden: true });
await play(page);
const svg = await draw(page);
await Deno.mkdir(join(ROOT, "docs"), { recursive: true });
await Deno.writeTextFile(join(ROOT, "docs", "demo.svg"), svg);
console.log(`docs/demo.svg: ${svg.length} characters`);
