/**
 * The browser's cell: two pages of the chat example talk to each other in Chromium.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { ProcessGroup } from "../support/processes.ts";
import { Browser, type Page } from "./cdp.ts";
import type { CheckResult } from "./cells.ts";
import { runSteps, takePicture, textIs } from "./page_steps.ts";

const START_TIMEOUT = 30_000;
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
  return await runSteps({
    "page connects": async () => {
      for (const page of [ada, bob]) await page.waitFor(textIs("#status", "connected"));
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
    "screenshot": () => takePicture(bob, "chat.png", LEAST_PICTURE),
    "page notices that the server has gone": async () => {
      await stopServer();
      for (const page of [ada, bob]) await page.waitFor(textIs("#status", "disconnected"));
    },
  });
}

async function say(page: Page, name: string, text: string): Promise<void> {
  await page.type("input#name", name);
  await page.type("form#chat input#text", text);
  await page.pressEnter();
}

function lastIs(text: string): string {
  return `[...document.querySelectorAll("ul#log > li")].at(-1)?.textContent === ${JSON.stringify(text)}`;
}
