/**
 * The browser's cell: two pages of the chat example talk to each other in Chromium.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { failureMessage } from "../../internal/log.ts";
import { ignoredFolder } from "../support/folders.ts";
import type { ProcessGroup } from "../support/processes.ts";
import { Browser, type Page } from "./cdp.ts";
import type { CheckResult } from "./cells.ts";

const START_TIMEOUT = 30_000;
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** No picture of a page with text on it is smaller. */
const LEAST_PICTURE = 2_000;

/** Starts the chat by its command and drives it; a check that is not reached is not reported. */
export async function runBrowser(
  program: string,
  chat: readonly string[],
  processes: ProcessGroup,
): Promise<CheckResult[]> {
  const server = processes.start("chat", chat);
  try {
    const [url] = await server.line(/http:\/\/[\w.:[\]]+\/?/, START_TIMEOUT);
    await using browser = await Browser.start(program, processes);
    return await drive(browser, url, () => server.stop());
  } finally {
    await server.stop();
  }
}

async function drive(browser: Browser, url: string, stopServer: () => Promise<void>): Promise<CheckResult[]> {
  const [ada, bob] = await Promise.all([browser.open(url), browser.open(url)]);
  const steps: Readonly<Record<string, () => Promise<void>>> = {
    "page connects": async () => {
      for (const page of [ada, bob]) await page.waitFor(statusIs("connected"));
    },
    "pages chat with each other": async () => {
      await say(ada, "Ada", "hello from Ada");
      for (const page of [ada, bob]) await page.waitFor(lastIs("Ada: hello from Ada"));
      await say(bob, "Bob", "hello back \u2603");
      for (const page of [ada, bob]) await page.waitFor(lastIs("Bob: hello back \u2603"));
    },
    "text that looks like markup stays text": async () => {
      const text = `<b id="injected">bold</b> & "quoted"`;
      await say(ada, "Ada", text);
      for (const page of [ada, bob]) {
        await page.waitFor(lastIs(`Ada: ${text}`));
        assert.equal(await page.evaluate(`document.getElementById("injected")`), null);
      }
    },
    "no console errors": () => Promise.resolve(assert.deepEqual([...ada.errors, ...bob.errors], [])),
    "screenshot": async () => {
      const picture = await bob.screenshot();
      assert.deepEqual([...picture.subarray(0, PNG.length)], PNG);
      assert.ok(picture.length > LEAST_PICTURE, `${picture.length} bytes`);
      await Deno.writeFile(join(await ignoredFolder("reports", "interop"), "chat.png"), picture);
    },
    "page notices that the server has gone": async () => {
      await stopServer();
      for (const page of [ada, bob]) await page.waitFor(statusIs("disconnected"));
    },
  };
  const results: CheckResult[] = [];
  for (const [check, step] of Object.entries(steps)) {
    try {
      await step();
      results.push({ check });
    } catch (error) {
      results.push({ check, error: failureMessage(error) });
    }
  }
  return results;
}

async function say(page: Page, name: string, text: string): Promise<void> {
  await page.type("input#name", name);
  await page.type("form#chat input#text", text);
  await page.pressEnter();
}

function statusIs(text: string): string {
  return `document.querySelector("span#status")?.textContent === ${JSON.stringify(text)}`;
}

function lastIs(text: string): string {
  return `[...document.querySelectorAll("ul#log > li")].at(-1)?.textContent === ${JSON.stringify(text)}`;
}
