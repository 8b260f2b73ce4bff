/**
 * The page: one session of Viaduct's own client, in the browser.
 *
 * @module
 */

/// <reference lib="dom" />

import { join, type Session, type SessionEvent } from "@viaduct/viaduct/wamp";
import { socketUrl, waitToRetry } from "../../../cli/console/page/connection.ts";
import { byId, showText } from "../../../cli/console/page/dom.ts";
import { Forms } from "../../../cli/console/page/forms.ts";
import { Stream } from "../../../cli/console/page/stream.ts";
import { Directory } from "./directory.ts";
import { Lists } from "./lists.ts";

const REALM = "realm1";
const AGENT = "page";

const status = byId("status", HTMLSpanElement);
const identity = byId("identity", HTMLParagraphElement);
const problem = byId("problem", HTMLParagraphElement);
const fieldsets = ["subscribe", "call", "publish"].map((id) => byId(id, HTMLFormElement).querySelector("fieldset"));

const stream = new Stream({ topic: "demo.", match: "prefix" });
const forms = new Forms();
const lists = new Lists({
  chooseProcedure: (uri) => forms.chooseProcedure(uri),
  chooseTopic(uri, match) {
    byId("pattern", HTMLInputElement).value = uri;
    byId("match", HTMLSelectElement).value = match;
    if (match === "exact") forms.chooseTopic(uri);
  },
});

function show(state: "connecting" | "open" | "lost", text: string, details = ""): void {
  status.dataset.state = state;
  status.textContent = text;
  identity.textContent = details;
  for (const fieldset of fieldsets) if (fieldset !== null) fieldset.disabled = state !== "open";
}

/** Shows an event of the router about the realm, where a person wants to see those. */
function showMeta(event: SessionEvent): void {
  if (byId("show-meta", HTMLInputElement).checked) stream.show(event);
}

/** Works with one session until it ends. */
async function use(session: Session): Promise<void> {
  show("open", "connected", `session ${session.id} in ${session.realm} at ${socketUrl().host}`);
  showText(problem, "");
  const directory = new Directory(session, () => lists.update(), showMeta);
  lists.show(directory, session.id);
  forms.start(session);
  await Promise.all([directory.start(), stream.start(session)]);
  const { reason, message } = await session.closed;
  throw new Error(message === "" ? reason : `${reason}: ${message}`);
}

for (let attempt = 0;; attempt++) {
  show("connecting", "connecting");
  try {
    const session = await join(socketUrl(), { realm: REALM, agent: AGENT });
    attempt = 0;
    addEventListener("pagehide", () => void session.leave(), { once: true });
    await use(session);
  } catch (error) {
    show("lost", "disconnected", "trying again …");
    showText(problem, error instanceof Error ? error.message : String(error));
    lists.show(undefined);
    await waitToRetry(attempt);
  }
}
