/**
 * The cell of the example with tickets: people log in to its page in Chromium, and may do what their roles say.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { ProcessGroup } from "../support/processes.ts";
import { Browser, type Page } from "./cdp.ts";
import type { CheckResult } from "./cells.ts";
import { runSteps, someItem, takePicture, textIs } from "./page_steps.ts";

const START_TIMEOUT = 60_000;
/** No picture of a page with text on it is smaller. */
const LEAST_PICTURE = 5_000;
/** What a browser tells of requests that are refused on purpose. */
const EXPECTED_ERROR = /401 \(Unauthorized\)|WebSocket/;

/** The checks of the cell. */
export const TICKET_PAGE_CHECKS: readonly string[] = [
  "page asks who it is",
  "wrong password is refused",
  "page joins with a ticket",
  "editor writes",
  "reader reads, and is refused by the router when it writes",
  "text that looks like markup stays text",
  "a reloaded page need not log in again",
  "logging out ends the sessions of other pages too",
  "screenshot",
  "no console errors",
  "page comes back to a router that comes back, and asks who it is",
];

/** What the steps share. */
interface Scene {
  readonly browser: Browser;
  readonly url: string;
  readonly passwords: ReadonlyMap<string, string>;
  readonly ada: Page;
  readonly bob: Page;
  restart(): Promise<void>;
}

/** Starts the example by its command and drives its page; a check that is not reached is not reported. */
export async function runTicketPage(
  program: string,
  command: readonly string[],
  processes: ProcessGroup,
): Promise<CheckResult[]> {
  const start = async (port: string) => {
    const passwords = new Map<string, string>();
    const onLine = (line: string): void => {
      const [, name, password] = /^Log in as (\w+), \w+, password (\S+)$/.exec(line) ?? [];
      if (name !== undefined && password !== undefined) passwords.set(name, password);
    };
    const server = processes.start("notes", [...command, "--port", port], { onLine });
    const [, url = ""] = await server.line(/^Notes at (http:\S+) /, START_TIMEOUT);
    await server.line(/^Log in as bob/, START_TIMEOUT);
    return { server, url, passwords };
  };
  let { server, url, passwords } = await start("0");
  try {
    await using browser = await Browser.start(program, processes);
    const [ada, bob] = await Promise.all([browser.open(url), browser.open(url)]);
    const restart = async (): Promise<void> => {
      await server.stop();
      ({ server } = await start(new URL(url).port));
    };
    return await drive({ browser, url, passwords, ada, bob, restart });
  } finally {
    await server.stop();
  }
}

async function drive(scene: Scene): Promise<CheckResult[]> {
  const { ada, bob } = scene;
  return await runSteps({
    "page asks who it is": async () => {
      for (const page of [ada, bob]) await page.waitFor(isVisible("#login"));
    },
    "wrong password is refused": async () => {
      await logIn(ada, "ada", "a wrong one");
      await ada.waitFor(textIs("#problem", "Wrong name or password"));
    },
    "page joins with a ticket": async () => {
      await logIn(ada, "ada", scene.passwords.get("ada")!);
      await ada.waitFor(`${textIs("#status", "connected")} && ${textIs("#identity", "ada, editor")}`);
      await logIn(bob, "bob", scene.passwords.get("bob")!);
      await bob.waitFor(`${textIs("#status", "connected")} && ${textIs("#identity", "bob, reader")}`);
    },
    "editor writes": async () => {
      await write(ada, "hello \u2603");
      for (const page of [ada, bob]) await page.waitFor(someItem("#notes", "ada", "hello \u2603"));
    },
    "reader reads, and is refused by the router when it writes": async () => {
      await write(bob, "from bob");
      await bob.waitFor(textIs("#refusal", "The router says: wamp.error.not_authorized"));
      assert.equal(await ada.evaluate(someItem("#notes", "from bob")), false);
    },
    "text that looks like markup stays text": async () => {
      await write(ada, `<b id="injected">bold</b>`);
      for (const page of [ada, bob]) {
        await page.waitFor(someItem("#notes", `<b id="injected">bold</b>`));
        assert.equal(await page.evaluate(`document.getElementById("injected")`), null);
      }
    },
    "a reloaded page need not log in again": async () => {
      await bob.evaluate(`location.reload()`);
      await bob.waitFor(`${textIs("#status", "connected")} && ${someItem("#notes", "hello \u2603")}`);
    },
    "screenshot": () => takePicture(ada, "browser_ticket.png", LEAST_PICTURE),
    "logging out ends the sessions of other pages too": () => logOut(scene),
    "page comes back to a router that comes back, and asks who it is": async () => {
      await scene.restart();
      await ada.waitFor(isVisible("#login"));
      await ada.waitFor(textIs("#problem", "Log in first"));
    },
    "no console errors": () => {
      const errors = [...ada.errors, ...bob.errors].filter((error) => !EXPECTED_ERROR.test(error));
      return Promise.resolve(assert.deepEqual(errors, []));
    },
  });
}

/** Bob logs in at two places, and out at one: the router ends the session of the other, whose login stands. */
async function logOut({ browser, url, passwords, bob }: Scene): Promise<void> {
  const other = await browser.open(url);
  await logIn(other, "bob", passwords.get("bob")!);
  await other.waitFor(textIs("#status", "connected"));
  await other.evaluate(`{
    globalThis.states = [];
    const status = document.querySelector("#status");
    new MutationObserver(() => states.push(status.textContent)).observe(status, { childList: true });
  }`);
  await bob.evaluate(`document.querySelector("#logout").click()`);
  await bob.waitFor(isVisible("#login"));
  await other.waitFor(`states.includes("disconnected") && ${textIs("#status", "connected")}`);
  assert.deepEqual(other.errors, []);
}

async function logIn(page: Page, name: string, password: string): Promise<void> {
  await page.type("#name", name);
  await page.type("#password", password);
  await page.pressEnter();
}

async function write(page: Page, text: string): Promise<void> {
  await page.type("#text", text);
  await page.pressEnter();
}

function isVisible(selector: string): string {
  return `(document.querySelector(${JSON.stringify(selector)})?.checkVisibility() === true)`;
}
