/**
 * The cell of the dashboard: Chromium draws what producers publish, while it comes.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../support/folders.ts";
import type { Process, ProcessGroup } from "../support/processes.ts";
import { INTERVAL } from "../../examples/dashboard/producer.ts";
import { Browser, type Page } from "./cdp.ts";
import type { CheckResult } from "./cells.ts";
import { runSteps, takePicture, textIs } from "./page_steps.ts";

const START_TIMEOUT = 60_000;
/** No picture of a page with charts on it is smaller. */
const LEAST_PICTURE = 5_000;
/** What a browser tells of a router that is not there. */
const EXPECTED_ERROR = /WebSocket/;
const PRODUCERS = "checkout,router,search,sign-in";
/** An expression: the names on the cards. */
const CARDS = `[...document.querySelectorAll("#board > article")].map((card) => card.dataset.producer).join()`;

/** The checks of the cell. */
export const DASHBOARD_CHECKS: readonly string[] = [
  "page draws what every producer publishes",
  "lines move while nobody does anything",
  "page puts a producer under load, and shows it",
  "page that comes later shows the past",
  "producer that comes later gets a card, and is shown silent when it has gone",
  "page fits a phone, in the dark too",
  "screenshot",
  "page comes back to a router that comes back",
  "no console errors",
];

/** What the steps share. */
interface Scene {
  readonly url: string;
  readonly page: Page;
  openAnother(): Promise<Page>;
  startProducer(name: string): Process;
  restart(): Promise<void>;
}

/** Starts the dashboard by its command and drives its page; a check that is not reached is not reported. */
export async function runDashboard(
  program: string,
  command: readonly string[],
  processes: ProcessGroup,
): Promise<CheckResult[]> {
  const start = async (port: string) => {
    const server = processes.start("dashboard", [...command, "--port", port]);
    const [, url = ""] = await server.line(/^Dashboard at (http:\S+) /, START_TIMEOUT);
    const [, file = "", options = ""] = await server.line(/^ {2}deno run --allow-net (\S+) (.*)$/, START_TIMEOUT);
    return { server, url, file, options };
  };
  let { server, url, file, options } = await start("0");
  try {
    await using browser = await Browser.start(program, processes);
    const startProducer = (name: string): Process => {
      const args = options.replace("--name mail", `--name ${name}`).split(" ");
      return processes.start(name, [Deno.execPath(), "run", "--allow-net", join(ROOT, file), ...args]);
    };
    const restart = async (): Promise<void> => {
      await server.stop();
      ({ server, url, file, options } = await start(new URL(url).port));
    };
    const page = await browser.open(url);
    return await drive({ url, page, openAnother: () => browser.open(url), startProducer, restart });
  } finally {
    await server.stop();
  }
}

async function drive(scene: Scene): Promise<CheckResult[]> {
  const { page } = scene;
  return await runSteps({
    "page draws what every producer publishes": async () => {
      await page.waitFor(`${textIs("#status", "connected")} && ${CARDS} === "${PRODUCERS}"`);
      await page.waitFor(`document.querySelectorAll("#board path.line").length === 12`);
      for (const producer of PRODUCERS.split(",")) await page.waitFor(`${pointsOf(producer)} > 3`);
    },
    "lines move while nobody does anything": () => waitForMove(page),
    "page puts a producer under load, and shows it": () => surge(page),
    "page that comes later shows the past": async () => {
      const later = await scene.openAnother();
      // More than it can have seen itself.
      await later.waitFor(`${pointsOf("search")} > performance.now() / ${INTERVAL} + 2`);
      assert.deepEqual(later.errors, []);
    },
    "producer that comes later gets a card, and is shown silent when it has gone": async () => {
      const producer = scene.startProducer("a-later-one");
      await page.waitFor(`${CARDS} === "a-later-one,${PRODUCERS}"`);
      await producer.stop();
      await page.waitFor(`${card("a-later-one")}.className.includes("silent")`);
      assert.equal(await page.evaluate(`${card("router")}.className.includes("silent")`), false);
    },
    "page fits a phone, in the dark too": () => showOnPhone(page),
    "screenshot": async () => {
      await page.call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "light" }] });
      await page.call("Emulation.setDeviceMetricsOverride", sizeOf(1_280, 900));
      await takePicture(page, "dashboard.png", LEAST_PICTURE);
    },
    "page comes back to a router that comes back": async () => {
      await scene.restart();
      await page.waitFor(textIs("#status", "connected"));
      await waitForMove(page);
    },
    "no console errors": () => {
      return Promise.resolve(assert.deepEqual(page.errors.filter((error) => !EXPECTED_ERROR.test(error)), []));
    },
  });
}

function card(producer: string): string {
  return `document.querySelector('[data-producer="${producer}"]')`;
}

/** An expression: how many points the first line of a producer has. */
function pointsOf(producer: string): string {
  return `(${card(producer)}?.querySelector("path.line").getAttribute("d") ?? "").split("L").length`;
}

async function waitForMove(page: Page): Promise<void> {
  const line = `${card("router")}.querySelectorAll("path.line")[1].getAttribute("d")`;
  const before = await page.evaluate(line);
  await page.waitFor(`${line} !== ${JSON.stringify(before)}`);
}

async function surge(page: Page): Promise<void> {
  const requests = `Number(${card("search")}.querySelector("b").textContent)`;
  const before = Number(await page.evaluate(requests));
  assert.ok(before > 0, String(before));
  assert.equal(await page.evaluate(`${card("router")}.querySelector("button").checkVisibility()`), false);
  await page.evaluate(`${card("search")}.querySelector("button").click()`);
  await page.waitFor(`${requests} > ${1.5 * before}`);
  await page.waitFor(textIs("#problem", ""));
}

async function showOnPhone(page: Page): Promise<void> {
  await page.call("Emulation.setDeviceMetricsOverride", { ...sizeOf(390, 844), mobile: true });
  for (const value of ["light", "dark"]) {
    await page.call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });
    assert.equal(await page.evaluate(`document.documentElement.scrollWidth`), 390);
    await takePicture(page, `dashboard_phone_${value}.png`, LEAST_PICTURE);
  }
}

function sizeOf(width: number, height: number): Readonly<Record<string, unknown>> {
  return { width, height, deviceScaleFactor: 1, mobile: false };
}
