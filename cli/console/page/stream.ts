/**
 * Shows events as they come, and what this page is subscribed to.
 *
 * @module
 */

/// <reference lib="dom" />

import type { SessionEvent } from "../../../wamp/session_api.ts";
import type { MatchPolicy } from "../../../wamp/uris.ts";
import { byId, make, makeButton, makeTime, showText } from "./dom.ts";
import { formatArguments } from "./values.ts";

/** How many events stay on the page. */
const MAX_EVENTS = 200;

/** A subscription as a person asked for it; it is made again after each new connection. @internal */
export interface Wish {
  readonly topic: string;
  readonly match: MatchPolicy;
}

/** An event, as far as it is shown. @internal */
export type ShownEvent = Pick<SessionEvent, "topic" | "args" | "kwargs" | "publication">;

/** Where events come from: a session, or something that hands on those of one. @internal */
export interface EventSource {
  readonly state: "open" | "closing" | "closed";
  subscribe(
    topic: string,
    handler: (event: ShownEvent) => void,
    options: { readonly match: MatchPolicy },
  ): Promise<Ending>;
}

/** A subscription that can be ended. */
interface Ending {
  unsubscribe(): Promise<void>;
}

/** The stream of events. @internal */
export class Stream {
  readonly #list = byId("events", HTMLOListElement);
  readonly #chips = byId("subscriptions", HTMLUListElement);
  readonly #count = byId("events-count", HTMLSpanElement);
  readonly #error = byId("subscribe-error", HTMLParagraphElement);
  readonly #pause = byId("pause", HTMLButtonElement);
  readonly #subscriptions: Map<string, { readonly wish: Wish; readonly subscription: Ending | undefined }> = new Map();
  #source: EventSource | undefined;
  #waiting: HTMLLIElement[] = [];
  #total = 0;
  #isPaused = false;

  /** Finds its places on the page; `wishes` are made in the first session. */
  constructor(...wishes: readonly Wish[]) {
    byId("subscribe", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#add(readWish());
    });
    byId("clear", HTMLButtonElement).addEventListener("click", () => this.#clear());
    this.#pause.addEventListener("click", () => this.#togglePause());
    for (const wish of wishes) this.#subscriptions.set(keyOf(wish), { wish, subscription: undefined });
  }

  /** Makes all subscriptions there; those that were made elsewhere end. */
  async start(source: EventSource): Promise<void> {
    this.#source = source;
    const earlier = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    // Most have ended already, with their session.
    for (const { subscription } of earlier) void subscription?.unsubscribe().catch(() => {});
    await Promise.all(earlier.map(({ wish }) => this.#add(wish)));
  }

  async #add(wish: Wish): Promise<void> {
    const [key, source] = [keyOf(wish), this.#source];
    showText(this.#error, "");
    if (source === undefined || this.#subscriptions.has(key)) return;
    this.#subscriptions.set(key, { wish, subscription: undefined });
    try {
      const subscription = await source.subscribe(wish.topic, (event) => this.show(event), { match: wish.match });
      // A person may have changed their mind meanwhile, or turned to another realm.
      if (this.#source !== source || !this.#subscriptions.has(key)) return await subscription.unsubscribe();
      this.#subscriptions.set(key, { wish, subscription });
    } catch (error) {
      // A subscription that was lost with its session is wanted again in the next one.
      if (source.state !== "open" || this.#source !== source) return;
      this.#subscriptions.delete(key);
      showText(this.#error, String(error instanceof Error ? error.message : error));
    }
    this.#drawChips();
  }

  async #remove(key: string): Promise<void> {
    const subscription = this.#subscriptions.get(key)?.subscription;
    this.#subscriptions.delete(key);
    this.#drawChips();
    try {
      await subscription?.unsubscribe();
    } catch (error) {
      if (this.#source?.state === "open") showText(this.#error, String(error));
    }
  }

  #drawChips(): void {
    const chips = [...this.#subscriptions].map(([key, { wish }]) => {
      const text = wish.match === "exact" ? wish.topic : `${wish.topic} (${wish.match})`;
      return make("li", "", text, makeButton("", "×", `Unsubscribe from ${text}`, () => void this.#remove(key)));
    });
    this.#chips.replaceChildren(...chips);
  }

  /** Shows an event. */
  show({ topic, args, kwargs, publication }: ShownEvent): void {
    this.#count.textContent = String(++this.#total);
    if (this.#isPaused) return;
    const item = make("li", "", makeTime(), " ", make("b", "", topic), ` ${formatArguments(args, kwargs)}`);
    item.title = `Publication ${publication}`;
    // One change of the page for all events of a moment, however many come.
    if (this.#waiting.push(item) === 1) setTimeout(() => this.#flush(), 16);
    if (this.#waiting.length > MAX_EVENTS) this.#waiting.splice(1, this.#waiting.length - MAX_EVENTS);
  }

  /** The newest on top; whoever reads further down is not disturbed. */
  #flush(): void {
    const items = this.#waiting.reverse();
    this.#waiting = [];
    const height = this.#list.scrollHeight;
    this.#list.prepend(...items);
    if (this.#list.scrollTop > 0) this.#list.scrollTop += this.#list.scrollHeight - height;
    while (this.#list.childElementCount > MAX_EVENTS) this.#list.lastElementChild?.remove();
  }

  #clear(): void {
    this.#list.replaceChildren();
    this.#total = 0;
    this.#count.textContent = "0";
  }

  #togglePause(): void {
    this.#isPaused = !this.#isPaused;
    this.#pause.setAttribute("aria-pressed", String(this.#isPaused));
    this.#pause.textContent = this.#isPaused ? "Resume" : "Pause";
  }
}

function keyOf({ match, topic }: Wish): string {
  return `${match} ${topic}`;
}

function readWish(): Wish {
  const topic = byId("pattern", HTMLInputElement).value.trim();
  const match = byId("match", HTMLSelectElement).value;
  return { topic, match: match === "prefix" || match === "wildcard" ? match : "exact" };
}
