/**
 * The page: one session of Viaduct's own client, in the browser.
 *
 * @module
 */

/// <reference lib="dom" />

import { join, type Session } from "@viaduct/viaduct/wamp";
import { Actions } from "./actions.ts";
import { Directory } from "./directory.ts";
import { byId, showText } from "./dom.ts";
import { Lists } from "./lists.ts";
import { Stream } from "./stream.ts";

const REALM = "realm1";
const AGENT = "page";
const FIRST_DELAY = 500;
const MAX_DELAY = 15_000;

const status = byId("status", HTMLSpanElement);
const identity = byId("identity", HTMLParagraphElement);
const problem = byId("problem", HTMLParagraphElement);
const fieldsets = ["subscribe", "call", "publish"].map((id) => byId(id, HTMLFormElement).querySelector("fieldset"));

const stream = new Stream();
const actions = new Actions();
const lists = new Lists({
  chooseProcedure: (uri) => actions.chooseProcedure(uri),
  chooseTopic(uri, match) {
    byId("pattern", HTMLInputElement).value = uri;
    byId("match", HTMLSelectElement).value = match;
    if (match === "exact") actions.chooseTopic(uri);
  },
});

function show(state: "connecting" | "open" | "lost", text: string, details = ""): void {
  status.dataset.state = state;
  status.textContent = text;
  identity.textContent = details;
  for (const fieldset of fieldsets) if (fieldset !== null) fieldset.disabled = state !== "open";
}

/** The socket beside this page. */
function socketUrl(): URL {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/** Works with one session until it ends. */
async function use(session: Session): Promise<void> {
  show("open", "connected", `session ${session.id} in ${session.realm} at ${socketUrl().host}`);
  showText(problem, "");
  const directory = new Directory(session, () => lists.update(), (event) => stream.showMeta(event));
  lists.show(directory, session.id);
  actions.start(session);
  await Promise.all([directory.start(), stream.start(session)]);
  const { reason, message } = await session.closed;
  throw new Error(message === "" ? reason : `${reason}: ${message}`);
}

/** Resolves after a time, or as soon as somebody looks at the page again or it is online again. */
function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener("online", end);
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    const look = (): void => document.hidden ? undefined : end();
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end);
    document.addEventListener("visibilitychange", look);
  });
}

for (let attempt = 0;; attempt++) {
  show("connecting", "connecting");
  try {
    const session = await join(socketUrl(), { realm: REALM, agent: AGENT });
    attempt = 0;
    addEventListener("pagehide", () => void session.leave(), { once: true });
    await use(session);
  } catch (error) {
    // A random delay up to a bound that doubles: not all pages come back to a restarted router at once.
    show("lost", "disconnected", "trying again …");
    showText(problem, error instanceof Error ? error.message : String(error));
    lists.show(undefined);
    await wait(FIRST_DELAY + Math.random() * Math.min(MAX_DELAY, FIRST_DELAY * 2 ** attempt));
  }
}
