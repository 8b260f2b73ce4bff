/**
 * The demo's cell: a person's way through its page in Chromium, with Viaduct's own client below it.
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
const LEAST_PICTURE = 10_000;

/** Starts the demo by its command and drives its page; a check that is not reached is not reported. */
export async function runDemoPage(
  program: string,
  demo: readonly string[],
  processes: ProcessGroup,
): Promise<CheckResult[]> {
  const server = processes.start("demo", demo);
  try {
    const [, url = ""] = await server.line(/^ *Viaduct's demo is at (http:\S+)$/, START_TIMEOUT);
    await using browser = await Browser.start(program, processes);
    const [page, other] = await Promise.all([browser.open(url), browser.open(url)]);
    return await drive(page, other, () => server.stop());
  } finally {
    await server.stop();
  }
}

async function drive(page: Page, other: Page, stopServer: () => Promise<void>): Promise<CheckResult[]> {
  return await runSteps({
    "page joins": async () => {
      for (const each of [page, other]) await each.waitFor(textIs("#status", "connected"));
    },
    "page shows what is in the realm": () => showRealm(page),
    "page shows events as they come": async () => {
      await page.waitFor(someItem("#events", "demo.tick", "time"));
      await page.waitFor(someItem("#events", "demo.squared"));
    },
    "page calls": () => call(page),
    "page takes progressive results": () => callProgressive(page),
    "page cancels": () => cancel(page),
    "page shows errors": () => fail(page),
    "page publishes to other pages": () => publish(page, other),
    "page subscribes by pattern": () => subscribe(page),
    "no console errors": () => Promise.resolve(assert.deepEqual([...page.errors, ...other.errors], [])),
    "screenshot": () => takePicture(page, "demo.png", LEAST_PICTURE),
    "page notices that the router has gone": async () => {
      await stopServer();
      for (const each of [page, other]) await each.waitFor(`!${textIs("#status", "connected")}`);
    },
  });
}

/** All of it comes from the meta API: what the backend offers, whom the frontend listens to, the two pages. */
async function showRealm(page: Page): Promise<void> {
  for (const uri of ["demo.add", "demo.countdown", "demo.fail", "demo.greet", "demo.square"]) {
    await page.waitFor(someItem("#procedures", uri, "1 callee"));
  }
  await page.waitFor(someItem("#topics", "demo.", "prefix", "3 subscribers"));
  await page.waitFor(someItem("#sessions", "page", "this page", "websocket cbor"));
  await page.waitFor(someItem("#sessions", "backend", "rawsocket cbor"));
  await page.waitFor(someItem("#sessions", "frontend", "websocket msgpack"));
  await page.waitFor(textIs("#sessions-count", "4"));
  assert.equal(await page.evaluate(someItem("#topics", "wamp.")), false);
  await page.evaluate(`document.querySelector("#show-meta").click()`);
  await page.waitFor(someItem("#topics", "wamp.", "prefix"));
  await page.evaluate(`document.querySelector("#show-meta").click()`);
}

async function fillCall(page: Page, uri: string, args: string, kwargs: string, progress: boolean): Promise<void> {
  await page.type("#call-args", args);
  await page.type("#call-kwargs", kwargs);
  await page.evaluate(`document.querySelector("#call-progress").checked = ${progress}`);
  await page.type("#call-uri", uri);
  await page.pressEnter();
}

async function call(page: Page): Promise<void> {
  await fillCall(page, "demo.add", "[20, 22]", "{}", false);
  await page.waitFor(someItem("#results", "demo.add", " 42 "));
  await fillCall(page, "demo.greet", `["<b id=injected>Ada</b>"]`, `{"greeting": "Hi"}`, false);
  await page.waitFor(someItem("#results", "demo.greet", `"Hi, <b id=injected>Ada</b>!"`));
  assert.equal(await page.evaluate(`document.getElementById("injected")`), null);
}

async function callProgressive(page: Page): Promise<void> {
  await fillCall(page, "demo.countdown", "[2]", "{}", true);
  for (const part of [" 2 ", " 1 "]) await page.waitFor(someItem("#results", "demo.countdown", part, "more follows"));
  await page.waitFor(someItem("#results", "demo.countdown", `"lift-off"`));
}

async function cancel(page: Page): Promise<void> {
  await fillCall(page, "demo.countdown", "[1000]", "{}", true);
  await page.waitFor(someItem("#results", "demo.countdown", " 1000 "));
  await page.evaluate(`document.querySelector("#cancel").click()`);
  await page.waitFor(someItem("#results", "Cancelled"));
  await page.waitFor(`document.querySelector("#cancel").disabled`);
}

async function fail(page: Page): Promise<void> {
  await fillCall(page, "demo.fail", "[]", "{}", false);
  await page.waitFor(someItem("#results > .failed", "demo.error.on_purpose", "always fails", "demo.add"));
  await fillCall(page, "demo.nothing", "[]", "{}", false);
  await page.waitFor(someItem("#results > .failed", "wamp.error.no_such_procedure"));
  await fillCall(page, "demo.add", "[1,", "{}", false);
  await page.waitFor(someItem("#results > .failed", "Not JSON"));
  assert.equal(await page.evaluate(`document.querySelector("#call-args").getAttribute("aria-invalid")`), "true");
}

async function publish(page: Page, other: Page): Promise<void> {
  await page.type("#publish-args", `["hello \u2603"]`);
  await page.type("#publish-uri", "demo.from_a_page");
  await page.pressEnter();
  await page.waitFor(someItem("#published", "demo.from_a_page", "hello \u2603", "publication "));
  for (const each of [page, other]) await each.waitFor(someItem("#events", "demo.from_a_page", "hello \u2603"));
}

async function subscribe(page: Page): Promise<void> {
  await page.evaluate(`document.querySelector("#subscriptions button").click()`);
  await page.waitFor(`document.querySelectorAll("#subscriptions li").length === 0`);
  await page.evaluate(`document.querySelector("#match").value = "wildcard"`);
  await page.type("#pattern", "test..wild");
  await page.pressEnter();
  await page.waitFor(someItem("#subscriptions", "test..wild (wildcard)"));
  await page.waitFor(someItem("#topics", "test..wild", "1 subscriber"));
  await page.type("#publish-uri", "test.very.wild");
  await page.pressEnter();
  await page.waitFor(someItem("#events", "test.very.wild"));
  await page.type("#pattern", "not a topic");
  await page.pressEnter();
  await page.waitFor(`/invalid_uri/.test(document.querySelector("#subscribe-error").textContent)`);
}
