/**
 * Looks at a built site in Chromium: what a reader would see, on a phone and on a desk, light and dark.
 *
 * @module
 */

import { join } from "node:path";
import { Browser, type Page } from "../../tests/interop/cdp.ts";
import { installChromium } from "../../tests/interop/install.ts";
import { ProcessGroup } from "../../tests/support/processes.ts";
import { failureMessage } from "../../internal/log.ts";
import { ROOT } from "../project.ts";
import { type CheckOutcome, runCheck } from "./checks.ts";
import { serveSite } from "./serve.ts";

/** A window. */
interface View {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly mobile: boolean;
}

const PHONE: View = { name: "phone", width: 390, height: 844, mobile: true };
const DESK: View = { name: "desk", width: 1280, height: 800, mobile: false };
const VIEWS: readonly View[] = [PHONE, DESK];
/** Windows between the views and beside them, on both sides of where the style changes, in pixels. */
const OTHER_WIDTHS: readonly number[] = [320, 640, 767, 768, 820, 959, 960, 1059, 1060, 1200, 1440, 1920];
/** How long the demo may take to start, in milliseconds. */
const DEMO_TIMEOUT = 60_000;
/** How many events its page shows before a picture is taken. */
const DEMO_EVENTS = 3;
const SCHEMES = ["light", "dark"] as const;
/** The least difference between the brightness of a light and of a dark page, of 255. */
const DARK = 100;

/** A page that is looked at in every view. */
export interface Sight {
  /** The name of its pictures. */
  readonly name: string;
  /** Its address, below the site's. */
  readonly address: string;
  /** An expression that is true once the page shows what it is for. */
  readonly shows: string;
}

/** What is looked at. */
export interface BrowserOptions {
  /** The site's folder. */
  readonly folder: string;
  /** The path that the site is below. */
  readonly base: string;
  /** The pages that are looked at closely. */
  readonly sights: readonly Sight[];
  /** All pages, which are looked at on a phone: none may scroll sideways. */
  readonly addresses: readonly string[];
  /** A word that the search has to find, and what the title of a result has to hold. */
  readonly search: { readonly word: string; readonly result: string };
  /** The folder that gets the pictures. */
  readonly pictures: string;
}

/**
 * Looks at a site.
 *
 * @param options What is looked at.
 * @returns How each look ended, as soon as it has.
 */
export async function* lookAtSite(options: BrowserOptions): AsyncGenerator<CheckOutcome> {
  await using processes = new ProcessGroup();
  processes.stopOnSignals();
  try {
    await using server = serveSite(options.folder, { base: options.base });
    await using browser = await Browser.start(await installChromium(), processes);
    const page = await browser.open(server.url);
    await page.call("Network.enable");
    for (const sight of options.sights) {
      yield await runCheck(`${sight.name} in Chromium`, () => lookAt(page, server.url, sight, options.pictures));
    }
    const addresses = ["", ...options.addresses];
    yield await runCheck("phone width", () => lookAtWidths(page, server.url, addresses, [PHONE.width]));
    yield await runCheck("other widths", () => lookAtWidths(page, server.url, addresses.slice(0, 2), OTHER_WIDTHS));
    yield await runCheck("search", () => search(page, server.url, options));
    yield await runCheck("demo in Chromium", () => lookAtDemo(page, processes, options.pictures));
  } catch (error) {
    yield { name: "Chromium", problems: [failureMessage(error)] };
  }
}

async function show(page: Page, view: View, scheme: string, url: string): Promise<void> {
  const { width, height, mobile } = view;
  const deviceScaleFactor = mobile ? 2 : 1;
  await page.call("Emulation.setDeviceMetricsOverride", { width, height, mobile, deviceScaleFactor });
  const features = [{ name: "prefers-color-scheme", value: scheme }, {
    name: "prefers-reduced-motion",
    value: "reduce",
  }];
  await page.call("Emulation.setEmulatedMedia", { features });
  await page.evaluate("globalThis.isLeft = true");
  await page.call("Page.navigate", { url });
  await page.waitFor(`globalThis.isLeft === undefined && document.readyState === "complete"`);
  await page.evaluate("document.fonts.ready.then(() => true)");
}

async function lookAt(
  page: Page,
  url: string,
  { name, address, shows }: Sight,
  pictures: string,
): Promise<Omit<CheckOutcome, "name">> {
  const problems: string[] = [];
  const brightness: number[] = [];
  const seen = page.errors.length;
  for (const view of VIEWS) {
    for (const scheme of SCHEMES) {
      await show(page, view, scheme, url + address);
      await page.waitFor(shows);
      const where = `${view.name}, ${scheme}`;
      problems.push(...(await findFaults(page, url)).map((fault) => `${where}: ${fault}`));
      brightness.push(Number(await page.evaluate(BRIGHTNESS)));
      const picture = await page.screenshot();
      await Deno.writeFile(join(pictures, `${name}-${view.name}-${scheme}.png`), picture);
    }
  }
  const [phoneLight = 0, phoneDark = 0, deskLight = 0, deskDark = 0] = brightness;
  if (phoneLight - phoneDark < DARK || deskLight - deskDark < DARK) {
    problems.push(`is as bright when dark: ${brightness}`);
  }
  problems.push(...page.errors.slice(seen));
  return { problems, scope: `${brightness.length} pictures` };
}

/** The page of the demo, which is no part of the site: pictures of it belong to those of a release. */
async function lookAtDemo(page: Page, processes: ProcessGroup, pictures: string): Promise<Omit<CheckOutcome, "name">> {
  const demo = processes.start("demo", [Deno.execPath(), "task", "--cwd", ROOT, "demo", "--port", "0"]);
  try {
    const [, url = ""] = await demo.line(/^ *Viaduct's demo is at (http:\S+)$/, DEMO_TIMEOUT);
    const shows = `document.querySelectorAll("#events > li").length >= ${DEMO_EVENTS}`;
    return await lookAt(page, url, { name: "demo", address: "", shows }, pictures);
  } finally {
    await page.call("Page.navigate", { url: "about:blank" });
    await demo.stop();
  }
}

/** How bright the page's background is, from 0 to 255. */
const BRIGHTNESS = `(() => {
  for (const element of [document.body, document.documentElement]) {
    const [r, g, b, a = "1"] = getComputedStyle(element).backgroundColor.match(/[\\d.]+/g) ?? [];
    if (a !== "0") return (Number(r) + Number(g) + Number(b)) / 3;
  }
  return 255;
})()`;

/** What is wrong with the page as it is: requests that lead elsewhere or fail, images that are absent, its width. */
async function findFaults(page: Page, url: string): Promise<string[]> {
  const found = await page.evaluate(`JSON.stringify({
    requests: performance.getEntriesByType("resource").map(({ name, responseStatus }) => [name, responseStatus]),
    images: [...document.images].filter((image) => image.complete && image.naturalWidth === 0).map((image) => image.src),
    width: document.documentElement.scrollWidth,
    room: document.documentElement.clientWidth,
  })`);
  const { requests, images, width, room }: {
    readonly requests: readonly (readonly [string, number])[];
    readonly images: readonly string[];
    readonly width: number;
    readonly room: number;
  } = JSON.parse(String(found));
  const origin = new URL(url).origin;
  const faults = images.map((image) => `the image ${image} is absent`);
  for (const [name, status] of requests) {
    if (!name.startsWith(origin) && !/^(?:data|blob):/.test(name)) faults.push(`asks ${name}`);
    else if (status >= 400) faults.push(`${name} has status ${status}`);
  }
  if (width > room) faults.push(`is ${width} pixels wide in a window of ${room}`);
  return faults;
}

/** Pages in windows of several widths. */
async function lookAtWidths(
  page: Page,
  url: string,
  addresses: readonly string[],
  widths: readonly number[],
): Promise<Omit<CheckOutcome, "name">> {
  const problems: string[] = [];
  const seen = page.errors.length;
  for (const address of addresses) {
    for (const width of widths) {
      await show(page, { ...PHONE, width }, "light", url + address);
      problems.push(...(await findFaults(page, url)).map((fault) => `${address || "home"}: ${fault}`));
    }
  }
  problems.push(...page.errors.slice(seen));
  return { problems, scope: `${addresses.length} pages${widths.length > 1 ? `, ${widths.length} widths` : ""}` };
}

/** Searches as a reader does: opens the box, types, follows the first result. */
async function search(
  page: Page,
  url: string,
  { search: { word, result }, pictures }: BrowserOptions,
): Promise<Omit<CheckOutcome, "name">> {
  const seen = page.errors.length;
  await show(page, DESK, "light", url);
  await page.waitFor(`document.querySelector(".VPNavBarSearch button") !== null`);
  await page.evaluate(`document.querySelector(".VPNavBarSearch button").click()`);
  await page.waitFor(`document.querySelector(".VPLocalSearchBox input") !== null`);
  await page.type(".VPLocalSearchBox input", word);
  const has = `[...document.querySelectorAll(".VPLocalSearchBox .result")].some((item) =>
    item.textContent.includes(${JSON.stringify(result)}))`;
  await page.waitFor(has);
  await Deno.writeFile(join(pictures, "search-desk-light.png"), await page.screenshot());
  const target = String(
    await page.evaluate(`[...document.querySelectorAll(".VPLocalSearchBox .result")]
    .find((item) => item.textContent.includes(${JSON.stringify(result)})).href`),
  );
  await page.evaluate(`[...document.querySelectorAll(".VPLocalSearchBox .result")]
    .find((item) => item.textContent.includes(${JSON.stringify(result)})).click()`);
  await page.waitFor(`location.pathname === ${JSON.stringify(new URL(target).pathname)} &&
    document.querySelector(".VPLocalSearchBox") === null && document.querySelector(".vp-doc h1") !== null`);
  return { problems: [...page.errors.slice(seen), ...await findFaults(page, url)], scope: `"${word}"` };
}
