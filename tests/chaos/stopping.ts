/**
 * Components are stopped while their router answers nothing, wherever they have got to.
 *
 * @module
 */

import { component } from "../../wamp/component.ts";
import type { Component } from "../../wamp/component_api.ts";
import { RETRY } from "./part.ts";
import { Link, sleep } from "./proxy.ts";
import { REALM, type RouterProcess, signal } from "./routers.ts";

/** How long a router may take to answer GOODBYE, in milliseconds. */
const GOODBYE = 300;
/** How long stopping may take, in milliseconds: that, and closing, and a busy machine. */
const MOST = 1_500;
/** How long something is given to come about, in milliseconds. */
const WAIT = 200;

/** Stops components of a router that is frozen meanwhile; gives what was wrong. */
export async function tryStopping(router: RouterProcess): Promise<readonly string[]> {
  const { websocket, rawsocket } = router.ports;
  const links = [new Link(websocket), new Link(rawsocket)];
  const urls = [`ws://127.0.0.1:${links[0]!.port}/ws`, `rs://127.0.0.1:${links[1]!.port}`];
  const open = urls.map(make);
  const begun = urls.map(make);
  const running = open.map((app) => app.run());
  await Promise.all(open.map(untilOpen));
  signal(router.pid, "SIGSTOP");
  try {
    running.push(...begun.map((app) => app.run()));
    await sleep(WAIT);
    const wrong = (await Promise.all([...open, ...begun].map(stop))).flat();
    await Promise.all(running);
    signal(router.pid, "SIGCONT");
    // A router that can close its own end again has nobody at the other.
    const isLeft = (): boolean => links.some((link) => link.connections > 0);
    for (let waited = 0; isLeft() && waited < MOST; waited += WAIT) await sleep(WAIT);
    return isLeft() ? [...wrong, "connections are left of components that were stopped"] : wrong;
  } finally {
    signal(router.pid, "SIGCONT");
    await Promise.all(links.map((link) => link.refuse()));
  }
}

function make(url: string): Component {
  return component({ transports: url, realm: REALM, retry: RETRY, goodbyeTimeout: GOODBYE })
    .subscribe("chaos.stopping", () => {});
}

async function untilOpen(app: Component): Promise<void> {
  for await (const { state } of app.status()) if (state === "open") return;
}

async function stop(app: Component): Promise<readonly string[]> {
  const { state } = app.current;
  const started = performance.now();
  await app.stop();
  const took = Math.round(performance.now() - started);
  const wrong = took <= MOST ? [] : [`it took ${took} ms to stop one that was ${state}`];
  return app.current.state === "closed"
    ? wrong
    : [...wrong, `one that was ${state} is stopped, and ${app.current.state}`];
}
