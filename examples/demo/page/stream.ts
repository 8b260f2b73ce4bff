/**
 * Shows events as they come, and what this page is subscribed to.
 *
 * @module
 */

/// <reference lib="dom" />

import type { Session, SessionEvent, Subscription } from "@viaduct/viaduct/wamp";
import { byId, make, makeButton, makeTime, showText } from "../../../cli/console/page/dom.ts";
import { formatArguments } from "../../../cli/console/page/values.ts";

/** How many events stay on the page. */
const MAX_EVENTS = 200;

/** A subscription as a person asked for it; it is made again after each new connection. */
interface Wish {
  readonly topic: string;
  readonly match: "exact" | "prefix" | "wildcard";
}

/** The stream of events. */
export class Stream {
  readonly #list = byId("events", HTMLOListElement);
  readonly #chips = byId("subscriptions", HTMLUListElement);
  readonly #count = byId("events-count", HTMLSpanElement);
  readonly #error = byId("subscribe-error", HTMLParagraphElement);
  readonly #pause = byId("pause", HTMLButtonElement);
  readonly #showMeta = byId("show-meta", HTMLInputElement);
  readonly #subscriptions: Map<string, { readonly wish: Wish; readonly subscription: Subscription | undefined }> =
    new Map();
  #session: Session | undefined;
  #waiting: HTMLLIElement[] = [];
  #total = 0;
  #isPaused = false;

  constructor() {
    byId("subscribe", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#add(readWish());
    });
    byId("clear", HTMLButtonElement).addEventListener("click", () => this.#clear());
    this.#pause.addEventListener("click", () => this.#togglePause());
    this.#subscriptions.set("", { wish: { topic: "demo.", match: "prefix" }, subscription: undefined });
  }

  /** Makes all subscriptions in this session. */
  async start(session: Session): Promise<void> {
    this.#session = session;
    const wishes = [...this.#subscriptions.values()].map(({ wish }) => wish);
    this.#subscriptions.clear();
    await Promise.all(wishes.map((wish) => this.#add(wish)));
  }

  /** Shows an event of the router about the realm, where a person wants to see those. */
  showMeta(event: SessionEvent): void {
    if (this.#showMeta.checked) this.#show(event);
  }

  async #add(wish: Wish): Promise<void> {
    const [key, session] = [`${wish.match} ${wish.topic}`, this.#session];
    showText(this.#error, "");
    if (session === undefined || this.#subscriptions.has(key)) return;
    this.#subscriptions.set(key, { wish, subscription: undefined });
    try {
      const subscription = await session.subscribe(wish.topic, (event) => this.#show(event), { match: wish.match });
      this.#subscriptions.set(key, { wish, subscription });
    } catch (error) {
      // A subscription that was lost with its session is wanted again in the next one.
      if (session.state !== "open") return;
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
      if (this.#session?.state === "open") showText(this.#error, String(error));
    }
  }

  #drawChips(): void {
    const chips = [...this.#subscriptions].map(([key, { wish }]) => {
      const text = wish.match === "exact" ? wish.topic : `${wish.topic} (${wish.match})`;
      return make("li", "", text, makeButton("", "×", `Unsubscribe from ${text}`, () => void this.#remove(key)));
    });
    this.#chips.replaceChildren(...chips);
  }

  #show({ topic, args, kwargs, publication }: SessionEvent): void {
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

function readWish(): Wish {
  const topic = byId("pattern", HTMLInputElement).value.trim();
  const match = byId("match", HTMLSelectElement).value;
  return { topic, match: match === "prefix" || match === "wildcard" ? match : "exact" };
}
