/**
 * Shows what is in a realm: sessions, registrations, subscriptions, and what went wrong.
 *
 * @module
 */

/// <reference lib="dom" />

import type { EntryInspection, SessionInspection } from "../../../wamp/router/inspection.ts";
import type { Incident } from "../incidents.ts";
import type { Look } from "../look.ts";
import { byId, make, makeButton, makeTime } from "./dom.ts";
import { fillList, keepFocus, plural, suggest } from "./lists.ts";
import { formatBytes, formatCount, perSecond } from "./rates.ts";

/** How many incidents stay on the page. */
const MAX_INCIDENTS = 200;

/** What a person can do with what is shown. @internal */
export interface ViewActions {
  /** A procedure was chosen. */
  chooseProcedure(uri: string): void;
  /** A topic was chosen. */
  chooseTopic(uri: string): void;
  /** A session is to be ended. */
  kill(session: number): void;
}

/** The lists and tables of the page. @internal */
export class View {
  readonly #actions: ViewActions;
  readonly #rows = byId("sessions", HTMLTableElement).tBodies[0]!;
  readonly #incidents = byId("incidents", HTMLOListElement);
  readonly #faults = byId("faults", HTMLDListElement);
  #incidentCount = 0;

  /** Finds its places on the page. */
  constructor(actions: ViewActions) {
    this.#actions = actions;
    byId("clear-incidents", HTMLButtonElement).addEventListener("click", () => this.clear());
  }

  /** Shows what there is, and how it changed since the look before. */
  show(look: Look, before: Look): void {
    const { counts, sessions, registrations, subscriptions } = look;
    this.#showSessions(look, before);
    fillList("procedures", registrations, { nothing: "Nobody offers any.", total: counts.registrations }, (entry) => {
      return drawEntry(entry, "callee", `Call ${entry.uri}`, () => this.#actions.chooseProcedure(entry.uri));
    });
    fillList("topics", subscriptions, { nothing: "Nobody listens.", total: counts.subscriptions }, (entry) => {
      return drawEntry(entry, "subscriber", `Publish to ${entry.uri}`, () => this.#actions.chooseTopic(entry.uri));
    });
    suggest("known-procedures", registrations.map(({ uri }) => uri));
    suggest("known-topics", subscriptions.map(({ uri }) => uri));
    byId("sessions-count", HTMLSpanElement).textContent = String(counts.sessions);
    this.#showFaults(look);
    this.#addIncidents(look.incidents);
    if (sessions.length === 0) this.#rows.replaceChildren(make("tr", "", wideCell("Nobody is here.")));
  }

  /** Forgets incidents. */
  clear(): void {
    this.#incidents.replaceChildren();
    this.#incidentCount = 0;
    byId("incidents-count", HTMLSpanElement).textContent = "0";
  }

  #showSessions(look: Look, before: Look): void {
    const earlier = new Map(before.sessions.map((session) => [session.session, session]));
    const rows = look.sessions.map((session) => {
      const was = earlier.get(session.session) ?? session;
      const received = perSecond(session.messagesReceived - was.messagesReceived, look, before);
      const sent = perSecond(session.messagesSent - was.messagesSent, look, before);
      return this.#drawSession(session, received, sent);
    });
    const left = look.counts.sessions - rows.length;
    if (left > 0 && rows.length > 0) rows.push(make("tr", "", wideCell(`and ${left} more`)));
    keepFocus(this.#rows, () => this.#rows.replaceChildren(...rows));
  }

  #drawSession(session: SessionInspection, received: number, sent: number): HTMLTableRowElement {
    const { session: id, authid, authrole, agent, transport, serializer, isTls, remoteAddress, waitingBytes } = session;
    const by = `${transport} ${serializer}${isTls ? " TLS" : ""}`;
    const kill = makeButton("", "End", `End session ${id}`, () => this.#actions.kill(id));
    return make(
      "tr",
      waitingBytes > 0 || session.isPaused ? "slow" : "",
      make("td", "", String(id)),
      make("td", "", authid, make("small", "", [authrole, agent].filter((text) => text !== "").join(" · "))),
      make("td", "", by, make("small", "", remoteAddress)),
      make("td", "", makeTime(new Date(session.since))),
      make("td", "number", formatCount(received)),
      make("td", "number", formatCount(sent)),
      make("td", "number", session.isPaused ? "paused" : formatBytes(waitingBytes)),
      make("td", "", kill),
    );
  }

  #showFaults({ counts, refusals, aborts }: Look): void {
    const sum = (record: Readonly<Record<string, number>>): number => Object.values(record).reduce((a, b) => a + b, 0);
    const faults = {
      "Errors": sum(counts.errors),
      "Slow, ended": counts.slowDisconnected,
      "Events dropped": counts.eventsDropped,
      "Senders paused": counts.slowPauses,
      "Throttled": counts.throttled,
      "Joins refused": sum(refusals),
      "Aborted": sum(aborts),
    };
    this.#faults.replaceChildren(
      ...Object.entries(faults).map(([name, count]) => {
        return make("div", "", make("dt", "", name), make("dd", "", String(count)));
      }),
    );
  }

  #addIncidents(incidents: readonly Incident[]): void {
    if (incidents.length === 0) return;
    this.#incidentCount += incidents.length;
    byId("incidents-count", HTMLSpanElement).textContent = String(this.#incidentCount);
    const items = incidents.map(({ time, kind, session, text }) => {
      const who = session === 0 ? "" : ` session ${session}`;
      return make("li", "failed", makeTime(new Date(time)), " ", make("b", "", kind), `${who} ${text}`);
    });
    this.#incidents.prepend(...items.reverse());
    while (this.#incidents.childElementCount > MAX_INCIDENTS) this.#incidents.lastElementChild?.remove();
  }
}

function wideCell(text: string): HTMLTableCellElement {
  const cell = make("td", "empty", text);
  cell.colSpan = 8;
  return cell;
}

function drawEntry(
  { uri, match, invoke, members }: EntryInspection,
  member: string,
  label: string,
  choose: () => void,
): HTMLLIElement {
  const facts = [plural(members, member)];
  if (match !== "exact") facts.unshift(match);
  if (invoke !== "" && invoke !== "single") facts.unshift(invoke);
  return make("li", "", makeButton("name", uri, label, choose), make("span", "facts", facts.join(" · ")));
}
