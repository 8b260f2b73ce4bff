/**
 * What is in the realm: sessions, registrations and subscriptions, from the meta API of the router and kept up to date
 * by its meta events.
 *
 * @module
 */

import { ApplicationError, type Session, type SessionEvent } from "@viaduct/viaduct/wamp";

type Details = Readonly<Record<string, unknown>>;

/** A session, registration or subscription. */
export interface Entry {
  /** Its id. */
  readonly id: number;
  /** What the router says about it. */
  readonly details: Details;
  /** The callees of a registration, the subscribers of a subscription. */
  readonly members: readonly number[];
}

/** What a directory lists. */
export type EntryKind = "session" | "registration" | "subscription";

/** Procedures that list the members of an entry. */
const MEMBERS = {
  registration: "wamp.registration.list_callees",
  subscription: "wamp.subscription.list_subscribers",
} as const;

/** More than these are not looked up one by one. */
const MAX_LOOKUPS = 500;

/** The directory of a realm, seen by one session. */
export class Directory {
  /** What is there, by kind and id, in the order in which it came. */
  readonly entries: Readonly<Record<EntryKind, Map<number, Entry>>> = {
    session: new Map(),
    registration: new Map(),
    subscription: new Map(),
  };
  readonly #session: Session;
  readonly #onChange: () => void;
  readonly #onEvent: (event: SessionEvent) => void;
  /** Entries that are being looked up, and whether one changed again meanwhile. */
  readonly #lookups: Map<string, boolean> = new Map();
  /** What ended while others are being looked up. */
  readonly #gone: Set<string> = new Set();

  /** Creates a directory; `onEvent` gets the meta events too. */
  constructor(session: Session, onChange: () => void, onEvent: (event: SessionEvent) => void) {
    this.#session = session;
    this.#onChange = onChange;
    this.#onEvent = onEvent;
  }

  /** Subscribes first and lists then, so that nothing falls in between. */
  async start(): Promise<void> {
    await this.#session.subscribe("wamp.", (event) => this.#take(event), { match: "prefix" });
    await Promise.all([this.#listSessions(), this.#list("registration"), this.#list("subscription")]);
  }

  async #listSessions(): Promise<void> {
    const ids = await this.#session.call<readonly number[]>("wamp.session.list");
    await Promise.all(ids.slice(0, MAX_LOOKUPS).map((id) => this.#look("session", id)));
  }

  async #list(kind: "registration" | "subscription"): Promise<void> {
    const lists = await this.#session.call<Readonly<Record<string, readonly number[]>>>(`wamp.${kind}.list`);
    const ids = Object.values(lists).flat();
    await Promise.all(ids.slice(0, MAX_LOOKUPS).map((id) => this.#look(kind, id)));
  }

  #take(event: SessionEvent): void {
    this.#onEvent(event);
    const [, kind = "", what = ""] = event.topic.split(".");
    const [first, second] = event.args;
    if (kind === "session") this.#takeSession(what, first);
    else if (kind === "registration" || kind === "subscription") {
      const id = typeof second === "object" && second !== null && "id" in second ? second.id : second;
      if (typeof id !== "number") return;
      if (what === "on_delete") this.#remove(kind, id);
      else void this.#look(kind, id);
    }
  }

  #takeSession(what: string, argument: unknown): void {
    if (what === "on_leave" && typeof argument === "number") return this.#remove("session", argument);
    if (what !== "on_join" || typeof argument !== "object" || argument === null) return;
    const details: Details = { ...argument };
    if (typeof details.session !== "number") return;
    this.#set("session", { id: details.session, details, members: [] });
  }

  #set(kind: EntryKind, entry: Entry): void {
    this.entries[kind].set(entry.id, entry);
    this.#onChange();
  }

  #remove(kind: EntryKind, id: number): void {
    if (this.#lookups.size > 0) this.#gone.add(`${kind} ${id}`);
    if (this.entries[kind].delete(id)) this.#onChange();
  }

  /** Asks the router about one entry, again where it changed before the answer was there. */
  async #look(kind: EntryKind, id: number): Promise<void> {
    // Ids are unique within their kind only.
    const key = `${kind} ${id}`;
    if (this.#lookups.has(key)) return void this.#lookups.set(key, true);
    try {
      do {
        this.#lookups.set(key, false);
        const entry = await this.#ask(kind, id);
        if (entry !== undefined && !this.#gone.has(key)) this.#set(kind, entry);
      } while (this.#lookups.get(key) === true);
    } finally {
      this.#lookups.delete(key);
      if (this.#lookups.size === 0) this.#gone.clear();
    }
  }

  /** `undefined` for what has ended meanwhile. */
  async #ask(kind: EntryKind, id: number): Promise<Entry | undefined> {
    try {
      const [details, members] = await Promise.all([
        this.#session.call<Details>(`wamp.${kind}.get`, [id]),
        kind === "session" ? [] : this.#session.call<readonly number[]>(MEMBERS[kind], [id]),
      ]);
      return { id, details, members };
    } catch (error) {
      if (error instanceof ApplicationError || this.#session.state !== "open") return undefined;
      throw error;
    }
  }
}
