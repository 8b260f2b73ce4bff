/**
 * A scripted exchange: a visitor over WebSocket and JSON looks around, calls, publishes and listens.
 *
 * @module
 */

import { ApplicationError, join, type Session } from "@viaduct/viaduct/wamp";
import { type Demo, REALM } from "./demo.ts";

type Print = (line: string) => void;

/** How long all of it may take, in milliseconds. */
const LIMIT = 30_000;

/** Loads the page as a browser would: its scripts and what they import. */
async function loadPage(page: URL, print: Print): Promise<void> {
  const html = await load(page);
  const scripts = new Map<string, string>();
  await loadScript(new URL("/examples/demo/page/main.ts", page), page, scripts);
  for (const [path, script] of scripts) {
    if (/^import type /m.test(script)) throw new Error(`${path} must have its types stripped`);
  }
  print(`the page has ${html.length} characters and ${scripts.size} scripts`);
}

async function loadScript(url: URL, page: URL, scripts: Map<string, string>): Promise<void> {
  if (scripts.has(url.pathname)) return;
  scripts.set(url.pathname, "");
  const script = await load(url);
  scripts.set(url.pathname, script);
  const specifiers = [...script.matchAll(/^(?:import|export|\}) .*?from "([^"]+)";$|import\("([^"]+)"\)/gm)]
    .map(([, first, second]) => first ?? second ?? "");
  await Promise.all(specifiers.map((specifier) => {
    const isPackage = specifier === "@viaduct/viaduct/wamp";
    return loadScript(isPackage ? new URL("/wamp/mod.ts", page) : new URL(specifier, url), page, scripts);
  }));
}

async function load(url: URL): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${text}`);
  return text;
}

async function lookAround(session: Session, print: Print): Promise<void> {
  const sessions = await session.call<number>("wamp.session.count");
  const { exact = [] } = await session.call<Record<string, readonly number[]>>("wamp.registration.list");
  const procedures = await Promise.all(
    exact.map((id) => session.call<{ readonly uri: string }>("wamp.registration.get", [id])),
  );
  const uris = procedures.map(({ uri }) => uri).filter((uri) => uri.startsWith("demo.")).sort();
  print(`visitor sees       ${sessions} sessions, ${uris.join(", ")}`);
}

async function call(session: Session, print: Print): Promise<void> {
  print("visitor calls      demo.add [20,22]");
  print(`visitor gets       ${await session.call("demo.add", [20, 22])}`);
  print(`visitor calls      demo.greet ["Ada"] {"greeting":"Good morning"}`);
  print(`visitor gets       ${await session.call("demo.greet", ["Ada"], { kwargs: { greeting: "Good morning" } })}`);
  print("visitor calls      demo.countdown [2], taking progressive results");
  for await (const { args: [result], progress } of session.callProgressive("demo.countdown", [2])) {
    print(`visitor gets       ${result}${progress ? ", more follows" : ""}`);
  }
  print("visitor calls      demo.fail []");
  const error = await session.call("demo.fail").catch((error: unknown) => error);
  if (!(error instanceof ApplicationError)) throw new Error("demo.fail must fail");
  print(`visitor gets error ${error.uri} ${JSON.stringify(error.args)} ${JSON.stringify(error.kwargs)}`);
}

async function publish(session: Session, print: Print, heard: Promise<void>): Promise<void> {
  print(`visitor publishes  demo.hello ["from the visitor"]`);
  await session.publish("demo.hello", ["from the visitor"], { acknowledge: true, excludeMe: false });
  await heard;
}

/** A promise for the first event of a topic. */
async function firstEvent(session: Session, topic: string): Promise<{ readonly event: Promise<readonly unknown[]> }> {
  const first = Promise.withResolvers<readonly unknown[]>();
  await session.subscribe(topic, ({ args }) => first.resolve(args));
  void session.closed.then(({ reason }) => first.reject(new Error(`No event of ${topic}: ${reason}`)));
  first.promise.catch(() => {});
  return { event: first.promise };
}

/**
 * Runs the exchange.
 *
 * @param demo The demo.
 * @param print Takes what is called, published and received, line by line.
 * @param heard Resolves when the frontend has received what the visitor publishes.
 */
export async function runScript(demo: Demo, print: Print, heard: Promise<void>): Promise<void> {
  await loadPage(demo.page, print);
  const session = await join(demo.url, { realm: REALM, agent: "visitor", serializers: ["json"], timeout: LIMIT });
  // What waits for an answer fails when the session ends.
  const timer = setTimeout(() => void session.leave(), LIMIT);
  try {
    await visit(session, print, heard);
  } finally {
    clearTimeout(timer);
  }
  const { reason, wasClean } = await session.leave();
  print(`visitor leaves     ${reason}, ${wasClean ? "cleanly" : "not cleanly"}`);
}

async function visit(session: Session, print: Print, heard: Promise<void>): Promise<void> {
  print(`visitor joins      ${session.realm}`);
  const [tick, hello] = [await firstEvent(session, "demo.tick"), await firstEvent(session, "demo.hello")];
  await lookAround(session, print);
  await call(session, print);
  await publish(session, print, heard);
  print(`visitor receives   demo.hello ${JSON.stringify(await hello.event)}`);
  const [count] = await tick.event;
  print(`visitor receives   demo.tick [${typeof count}]`);
}
