/**
 * Shows what is in the realm.
 *
 * @module
 */

/// <reference lib="dom" />

import { byId, make, makeButton } from "../../../cli/console/page/dom.ts";
import { fillList, plural, suggest } from "../../../cli/console/page/lists.ts";
import type { Directory, Entry, EntryKind } from "./directory.ts";

/** What happens when a person chooses an entry. */
export interface ListActions {
  /** A procedure was chosen. */
  chooseProcedure(uri: string): void;
  /** A topic was chosen. */
  chooseTopic(uri: string, match: string): void;
}

/** The three lists. */
export class Lists {
  readonly #actions: ListActions;
  readonly #showMeta = byId("show-meta", HTMLInputElement);
  #directory: Directory | undefined;
  #ownId = 0;
  #isScheduled = false;

  constructor(actions: ListActions) {
    this.#actions = actions;
    this.#showMeta.addEventListener("change", () => this.update());
  }

  /** Shows this directory from now on; nothing where there is none. */
  show(directory: Directory | undefined, ownId = 0): void {
    this.#directory = directory;
    this.#ownId = ownId;
    this.update();
  }

  /** Shows what has changed, once for all changes of a moment. */
  update(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      this.#draw();
    }, 30);
  }

  #draw(): void {
    const procedures = this.#visible("registration");
    const topics = this.#visible("subscription");
    const [nobodyOffers, nobodyListens] = [{ nothing: "Nobody offers any." }, { nothing: "Nobody listens." }];
    fillList("procedures", procedures, nobodyOffers, (entry) => this.#drawProcedure(entry));
    fillList("topics", topics, nobodyListens, (entry) => this.#drawTopic(entry));
    const nobodyHere = { nothing: "Nobody is here." };
    fillList("sessions", this.#visible("session"), nobodyHere, (entry) => this.#drawSession(entry));
    suggest("known-procedures", procedures.map(uriOf));
    suggest("known-topics", topics.map(uriOf));
  }

  #visible(kind: EntryKind): readonly Entry[] {
    const entries = [...this.#directory?.entries[kind].values() ?? []];
    if (kind === "session") return entries;
    return entries
      .filter(({ details }) => this.#showMeta.checked || !String(details.uri).startsWith("wamp."))
      .sort((a, b) => String(a.details.uri) < String(b.details.uri) ? -1 : 1);
  }

  #drawProcedure({ details, members }: Entry): HTMLLIElement {
    const uri = String(details.uri);
    const choose = (): void => this.#actions.chooseProcedure(uri);
    const button = makeButton("name", uri, `Call ${uri}`, choose);
    const { match, invoke } = details;
    const facts = [plural(members.length, "callee")];
    if (match !== undefined && match !== "exact") facts.unshift(String(match));
    if (invoke !== undefined && invoke !== "single") facts.unshift(String(invoke));
    return make("li", "", button, make("span", "facts", facts.join(" · ")));
  }

  #drawTopic({ details, members }: Entry): HTMLLIElement {
    const [uri, match] = [String(details.uri), String(details.match ?? "exact")];
    const choose = (): void => this.#actions.chooseTopic(uri, match);
    const button = makeButton("name", uri, `Publish or subscribe to ${uri}`, choose);
    const facts = [...match === "exact" ? [] : [match], plural(members.length, "subscriber")];
    return make("li", "", button, make("span", "facts", facts.join(" · ")));
  }

  #drawSession({ id, details }: Entry): HTMLLIElement {
    const { authid, authrole, transport } = details;
    // What a router tells of a transport is its own affair: ours tells these.
    const { agent, type, serializer } = isObject(transport) ? transport : {};
    const name = make("span", "name", String(agent ?? authid ?? id));
    const carrier = [type, serializer].filter((part) => part !== undefined).join(" ");
    const facts = [...id === this.#ownId ? ["this page"] : [], carrier, authrole, authid, id];
    const shown = facts.filter((fact) => fact !== undefined && fact !== "").map(String);
    return make("li", "", name, make("span", "facts", shown.join(" · ")));
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function uriOf({ details }: Entry): string {
  return String(details.uri);
}
