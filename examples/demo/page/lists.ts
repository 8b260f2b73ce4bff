/**
 * Shows what is in the realm.
 *
 * @module
 */

/// <reference lib="dom" />

import type { Directory, Entry, EntryKind } from "./directory.ts";
import { byId, make, makeButton } from "./dom.ts";

/** More than these are counted, not shown. */
const MAX_SHOWN = 100;

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
    fill("procedures", procedures, "Nobody offers any.", (entry) => this.#drawProcedure(entry));
    fill("topics", topics, "Nobody listens.", (entry) => this.#drawTopic(entry));
    fill("sessions", this.#visible("session"), "Nobody is here.", (entry) => this.#drawSession(entry));
    suggest("known-procedures", procedures);
    suggest("known-topics", topics);
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

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

function fill(
  id: string,
  entries: readonly Entry[],
  nothing: string,
  draw: (entry: Entry) => HTMLLIElement,
): void {
  const list = byId(id, HTMLUListElement);
  byId(`${id}-count`, HTMLSpanElement).textContent = String(entries.length);
  // Whoever moves through the list by keyboard keeps their place.
  const focused = list.contains(document.activeElement) ? document.activeElement?.textContent : undefined;
  const items = entries.slice(0, MAX_SHOWN).map(draw);
  if (items.length === 0) items.push(make("li", "empty", nothing));
  if (entries.length > MAX_SHOWN) items.push(make("li", "empty", `and ${entries.length - MAX_SHOWN} more`));
  list.replaceChildren(...items);
  if (focused === undefined) return;
  for (const item of items) {
    const button = item.querySelector("button");
    if (button !== null && button.textContent === focused) button.focus();
  }
}

function suggest(id: string, entries: readonly Entry[]): void {
  const options = entries.slice(0, MAX_SHOWN).map(({ details }) => {
    const option = document.createElement("option");
    option.value = String(details.uri);
    return option;
  });
  byId(id, HTMLDataListElement).replaceChildren(...options);
}
