/**
 * A wrong ticket ends a component after one attempt, a right one does not.
 *
 * @module
 */

import { failureMessage } from "../../internal/log.ts";
import { ticket } from "../../wamp/auth/mod.ts";
import { component } from "../../wamp/component.ts";
import type { Component } from "../../wamp/component_api.ts";
import { RETRY } from "./part.ts";
import { Link, sleep } from "./proxy.ts";
import { ACCOUNT, TICKET_REALM } from "./routers.ts";

/** How long a component is watched: several attempts would fit in, in milliseconds. */
const WATCH = 5 * RETRY.maxDelay;

/** Tries both on a router; gives what was wrong. */
export async function tryTickets(port: number): Promise<readonly string[]> {
  const link = new Link(port);
  try {
    return [...await tryWrong(link), ...await tryRight(link)];
  } finally {
    await link.refuse();
  }
}

function make(link: Link, secret: string): Component {
  return component({
    transports: `ws://127.0.0.1:${link.port}/ws`,
    realm: TICKET_REALM,
    auth: [ticket({ authid: ACCOUNT.authid, ticket: secret })],
    retry: RETRY,
  });
}

async function tryWrong(link: Link): Promise<readonly string[]> {
  const app = make(link, "wrong");
  const states: string[] = [];
  app.onStatus(({ state }) => states.push(state));
  const before = link.accepted;
  const late = setTimeout(() => void app.stop(), WATCH);
  let end = "it was stopped";
  try {
    await app.run();
  } catch (error) {
    end = failureMessage(error);
  }
  clearTimeout(late);
  await sleep(WATCH / 2);
  const wrong: string[] = [];
  if (!/authentication_failed|authentication_denied|not_authorized/.test(end)) {
    wrong.push(`a wrong one ended by: ${end}`);
  }
  if (states.join() !== "connecting,joining,fatal") wrong.push(`a wrong one went through ${states}`);
  if (link.accepted - before !== 1) wrong.push(`a wrong one made ${link.accepted - before} attempts`);
  return wrong;
}

async function tryRight(link: Link): Promise<readonly string[]> {
  await using app = make(link, ACCOUNT.ticket);
  const running = app.run();
  const states: string[] = [];
  for await (const { state } of app.status()) {
    states.push(state);
    if (state === "open" || state === "lost") break;
  }
  await app.stop();
  await running;
  return states.at(-1) === "open" ? [] : [`the right one went through ${states}`];
}
