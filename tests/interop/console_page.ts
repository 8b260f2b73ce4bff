/**
 * The console's cell: an operator's way through its page in Chromium.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join as joinPath } from "node:path";
import { join, type Session } from "../../wamp/mod.ts";
import { ROOT } from "../support/folders.ts";
import type { ProcessGroup } from "../support/processes.ts";
import { Browser, type Page } from "./cdp.ts";
import type { CheckResult } from "./cells.ts";
import { runSteps, someHas, someItem, takePicture, textIs } from "./page_steps.ts";

const START_TIMEOUT = 60_000;
/** No picture of a page with text on it is smaller. */
const LEAST_PICTURE = 10_000;

/** The router with its console, as the README says. */
const ROUTER = [
  ...[Deno.execPath(), "run", "--allow-net", `--allow-read=${ROOT}`, joinPath(ROOT, "cli", "main.ts"), "router"],
  ...["--port", "0", "--realm", "realm1", "--realm", "realm2", "--console", "--console-port", "0"],
];

/** A router with realms that people must prove to belong to. */
const GUARDED = {
  realms: [{
    uri: "realm1",
    auth: [{
      method: "ticket",
      principals: { ada: { ticket: "secret of ada", role: "admin" }, bob: { ticket: "secret of bob", role: "user" } },
    }],
  }],
  transports: [{ type: "websocket", port: 0 }],
  console: { port: 0, role: "admin" },
};

/** What the steps share. */
interface Scene {
  readonly page: Page;
  readonly browser: Browser;
  readonly url: string;
  readonly socket: string;
  readonly processes: ProcessGroup;
  readonly sessions: Session[];
  stopRouter(): Promise<void>;
}

/** Starts the router by its command and drives its console; a check that is not reached is not reported. */
export async function runConsolePage(program: string, processes: ProcessGroup): Promise<CheckResult[]> {
  const router = processes.start("router", ROUTER);
  const sessions: Session[] = [];
  try {
    const [, socket = ""] = await router.line(/^Listening on (ws:\S+)$/, START_TIMEOUT);
    const [, url = ""] = await router.line(/^Console at (http:\S+)$/, START_TIMEOUT);
    await using browser = await Browser.start(program, processes);
    const page = await browser.open(url);
    return await drive({ page, browser, url, socket, processes, sessions, stopRouter: () => router.stop() });
  } finally {
    await Promise.all(sessions.map((session) => session.leave()));
    await router.stop();
  }
}

async function drive(scene: Scene): Promise<CheckResult[]> {
  const { page } = scene;
  return await runSteps({
    "console joins": () => page.waitFor(textIs("#status", "connected")),
    "console sees a session join": () => seeJoin(scene),
    "console shows registrations and subscriptions": () => seeEntries(scene),
    "console shows rates": () => seeRates(scene),
    "console calls": () => call(scene),
    "console publishes": () => publish(scene),
    "console shows events": () => seeEvents(scene),
    "console shows what went wrong": () => seeError(scene),
    "text of sessions that looks like markup stays text": () => seeMarkup(scene),
    "console filters": () => filter(scene),
    "console shows another realm": () => turnTo(scene),
    "console ends a session": () => kill(scene),
    "no console errors": () => Promise.resolve(assert.deepEqual(page.errors, [])),
    "screenshot": () => takePicture(page, "console.png", LEAST_PICTURE),
    "a foreign name for this machine shows nothing": () => rebind(scene),
    "a page of another origin gets no socket": () => crossOrigin(scene),
    "console behind a role asks who it is": () => logIn(scene),
    "console notices that the router has gone": async () => {
      await scene.stopRouter();
      await page.waitFor(textIs("#status", "disconnected"));
    },
  });
}

async function joinAs(scene: Scene, agent: string, realm = "realm1"): Promise<Session> {
  const session = await join(scene.socket, { realm, agent });
  scene.sessions.push(session);
  return session;
}

async function seeJoin(scene: Scene): Promise<void> {
  assert.equal(await scene.page.evaluate(someRow("first")), false);
  const session = await joinAs(scene, "first");
  await scene.page.waitFor(someRow("first", String(session.id), "websocket cbor", "anonymous"));
  await scene.page.waitFor(textIs("#sessions-count", "1"));
}

async function seeEntries({ page, sessions: [session] }: Scene): Promise<void> {
  await session!.register("com.example.add", ({ args: [a, b] }) => Number(a) + Number(b));
  await session!.register("com.example.count", async function* ({ args: [limit] }) {
    for (let part = 1; part < Number(limit); part++) yield part;
    return await Promise.resolve(limit);
  });
  await session!.subscribe("com.example.", () => {}, { match: "prefix" });
  await page.waitFor(someItem("#procedures", "com.example.add", "1 callee"));
  await page.waitFor(someItem("#topics", "com.example.", "prefix", "1 subscriber"));
}

async function seeRates({ page, sessions: [session] }: Scene): Promise<void> {
  const timer = setInterval(() => void session!.call("com.example.add", [1, 2]), 20);
  try {
    await page.waitFor(`[...document.querySelectorAll(".rate")].some((rate) =>
      rate.textContent.includes("Calls/s") && Number(rate.querySelector("b").textContent) > 5 &&
      rate.querySelector("polyline").getAttribute("points").split(" ").length > 1)`);
    await page.waitFor(`[...document.querySelectorAll(".rate")].some((rate) =>
      rate.textContent.includes("Call time") && rate.querySelector("b").textContent.endsWith(" ms"))`);
  } finally {
    clearInterval(timer);
  }
}

async function call({ page }: Scene): Promise<void> {
  await page.evaluate(`[...document.querySelectorAll("#procedures button")]
    .find((button) => button.textContent === "com.example.add").click()`);
  await page.type("#call-args", "[20, 22]");
  await page.pressEnter();
  await page.waitFor(someItem("#results", "com.example.add", " 42 "));
  await page.evaluate(`document.querySelector("#call-progress").checked = true`);
  await page.type("#call-uri", "com.example.count");
  await page.type("#call-args", "[3]");
  await page.pressEnter();
  for (const part of [" 1 ", " 2 "]) {
    await page.waitFor(someItem("#results", "com.example.count", part, "more follows"));
  }
  await page.waitFor(someItem("#results", "com.example.count", " 3 "));
}

async function publish({ page, sessions: [session] }: Scene): Promise<void> {
  const event = Promise.withResolvers<unknown>();
  await session!.subscribe("com.example.hello", ({ args }) => event.resolve(args));
  await page.type("#publish-args", `["from the console"]`);
  await page.type("#publish-uri", "com.example.hello");
  await page.pressEnter();
  await page.waitFor(someItem("#published", "com.example.hello", "publication "));
  assert.deepEqual(await event.promise, ["from the console"]);
}

async function seeEvents({ page, sessions: [session] }: Scene): Promise<void> {
  await page.type("#pattern", "com.example.");
  await page.pressEnter();
  await page.waitFor(someItem("#subscriptions", "com.example. (prefix)"));
  await page.waitFor(someItem("#topics", "com.example.", "2 subscribers"));
  await session!.publish("com.example.news", ["<i id=injected>new</i>"], { kwargs: { n: 1 } });
  await page.waitFor(someItem("#events", "com.example.news", `["<i id=injected>new</i>"] {"n":1}`));
  await page.type("#pattern", "not a topic");
  await page.pressEnter();
  await page.waitFor(`/invalid_uri/.test(document.querySelector("#subscribe-error").textContent)`);
  await page.evaluate(`document.querySelector("#subscriptions button").click()`);
  await page.waitFor(someItem("#topics", "com.example.", "1 subscriber"));
  await page.waitFor(`!${someItem("#topics", "com.example.", "2 subscribers")}`);
}

async function seeError({ page, sessions: [session] }: Scene): Promise<void> {
  await assert.rejects(() => session!.call("com.example.none"));
  await page.waitFor(someItem("#incidents", "error", String(session!.id), "wamp.error.no_such_procedure"));
}

async function seeMarkup(scene: Scene): Promise<void> {
  const { page } = scene;
  await joinAs(scene, "<b id=injected>agent</b>");
  await page.waitFor(someRow("<b id=injected>agent</b>"));
  await scene.sessions[0]!.register("com.<b_id=injected>.x", () => 1);
  await page.waitFor(someItem("#procedures", "com.<b_id=injected>.x"));
  assert.equal(await page.evaluate(`document.getElementById("injected")`), null);
}

async function filter({ page }: Scene): Promise<void> {
  await page.type("#filter", "first");
  await page.waitFor(`document.querySelectorAll("#sessions tbody button").length === 1`);
  await page.evaluate(`document.querySelector("#filter").value = ""`);
  await page.evaluate(`document.querySelector("#filter").dispatchEvent(new Event("input"))`);
  await page.waitFor(`document.querySelectorAll("#sessions tbody button").length > 1`);
}

async function turnTo(scene: Scene): Promise<void> {
  const { page } = scene;
  await joinAs(scene, "second", "realm2");
  const choose = (realm: string): Promise<unknown> =>
    page.evaluate(`(() => {
      const select = document.querySelector("#realm");
      select.value = ${JSON.stringify(realm)};
      select.dispatchEvent(new Event("change"));
    })()`);
  await choose("realm2");
  await page.waitFor(someRow("second"));
  assert.equal(await page.evaluate(someRow("first")), false);
  await choose("realm1");
  await page.waitFor(someRow("first"));
}

async function kill(scene: Scene): Promise<void> {
  const victim = await joinAs(scene, "victim");
  await scene.page.waitFor(someRow("victim"));
  await scene.page.evaluate(`document.querySelector('[aria-label="End session ${victim.id}"]').click()`);
  assert.equal((await victim.closed).reason, "wamp.close.killed");
  await scene.page.waitFor(`!${someRow("victim")}`);
}

/** What a name that somebody else owns, and that resolves to this machine, would show (DNS rebinding). */
async function rebind({ browser, url }: Scene): Promise<void> {
  // Chromium resolves every name under localhost to this machine by itself.
  const foreign = new URL(url);
  foreign.hostname = "evil.localhost";
  const page = await browser.open(foreign.href);
  assert.equal(await page.evaluate(`document.body.textContent.trim()`), "Host must be a name of this machine");
}

/** A page of another server on this machine, and one under a foreign name, may not open the console's socket. */
async function crossOrigin({ browser, url }: Scene): Promise<void> {
  const { host, port } = new URL(url);
  await using other = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => new Response("other"));
  const pages = [`http://127.0.0.1:${other.addr.port}/`, `http://evil.localhost:${other.addr.port}/`];
  for (const address of pages) {
    const page = await browser.open(address);
    for (const target of [host, `localhost:${port}`, `evil.localhost:${port}`]) {
      const outcome = await page.evaluate(`new Promise((resolve) => {
        const socket = new WebSocket("ws://${target}/ws", "wamp.2.json");
        socket.onopen = () => resolve("open");
        socket.onerror = () => resolve("refused");
      })`);
      assert.equal(outcome, "refused", `${address} ${target}`);
    }
    assert.ok(page.errors.some((error) => error.includes("403")), String(page.errors));
  }
  // The same with a page of the console's own origin opens: it is the origin that counts.
  const own = await browser.open(url);
  assert.equal(
    await own.evaluate(`new Promise((resolve) => {
      const socket = new WebSocket("ws://${host}/ws", "wamp.2.json");
      socket.onopen = () => resolve("open");
      socket.onerror = () => resolve("refused");
    })`),
    "open",
  );
}

async function logIn({ browser, processes }: Scene): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "viaduct-console-" });
  const file = joinPath(folder, "viaduct.json");
  await Deno.writeTextFile(file, JSON.stringify(GUARDED));
  const command = [Deno.execPath(), "run", "-A", joinPath(ROOT, "cli", "main.ts"), "router", "--config", file];
  const router = processes.start("guarded router", command);
  try {
    const [, url = ""] = await router.line(/^Console at (http:\S+)$/, START_TIMEOUT);
    const page = await browser.open(url);
    await page.waitFor(`!document.querySelector("#login").hidden`);
    assert.equal(await page.evaluate(`document.querySelector("#main").hidden`), true);
    for (
      const [authid, secret, isLetIn] of [["bob", "secret of bob", false], ["ada", "secret of ada", true]] as const
    ) {
      await page.type("#authid", authid);
      await page.type("#secret", secret);
      await page.pressEnter();
      if (isLetIn) await page.waitFor(textIs("#status", "connected"));
      else await page.waitFor(`document.querySelector("#problem").textContent.includes("did not let you in")`);
    }
    await page.waitFor(`document.querySelector("#identity").textContent.includes("as ada")`);
  } finally {
    await router.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

/** An expression: whether a session of the table holds all these texts. */
function someRow(...texts: readonly string[]): string {
  return someHas("#sessions tbody tr", texts);
}
