/**
 * What a program has in a session, a registration or a subscription, and how that ends: by the program, by the router,
 * or with its session.
 *
 * @module
 */

import type { Ended } from "./session_api.ts";
import type { SessionLink } from "./session_link.ts";

/**
 * A registration or a subscription. Its end may be asked for before or after, and costs nothing where nobody asks.
 *
 * @internal
 */
export abstract class SessionEntry {
  readonly #link: SessionLink;
  /** Whether neither the program nor the router has ended it. */
  isActive = true;
  #ended: Ended | undefined;
  #promise: Promise<Ended> | undefined;
  #resolve: ((ended: Ended) => void) | undefined;

  constructor(link: SessionLink) {
    this.#link = link;
  }

  /** Whether it lasts. */
  get active(): boolean {
    return this.isActive && this.#link.peer.state === "open";
  }

  /** How it ends. */
  get ended(): Promise<Ended> {
    if (this.#promise !== undefined) return this.#promise;
    if (this.#ended !== undefined) return this.#promise = Promise.resolve(this.#ended);
    void this.#link.ended.then(({ reason }) => this.#note({ by: "session", reason }));
    return this.#promise = new Promise((resolve) => this.#resolve = resolve);
  }

  /** Ends it, by the program or by the router. */
  end(ended: Ended): void {
    this.isActive = false;
    this.#note(ended);
  }

  /** The first end counts. */
  #note(ended: Ended): void {
    if (this.#ended !== undefined) return;
    this.#ended = ended;
    this.#resolve?.(ended);
  }
}
