/**
 * How a registration or a subscription ends: by the program, by the router, or with its session.
 *
 * @module
 */

import type { Ended, SessionClosed } from "./session_api.ts";

/** Remembers how something ended, for who asks before or after. Costs nothing where nobody asks. @internal */
export class Ending {
  #ended: Ended | undefined;
  #promise: Promise<Ended> | undefined;
  #resolve: ((ended: Ended) => void) | undefined;

  /** Notes the end; the first one counts. */
  end(ended: Ended): void {
    if (this.#ended !== undefined) return;
    this.#ended = ended;
    this.#resolve?.(ended);
  }

  /**
   * How it ends.
   *
   * @param session How its session ends, which ends it too.
   */
  promise(session: Promise<SessionClosed>): Promise<Ended> {
    if (this.#promise !== undefined) return this.#promise;
    if (this.#ended !== undefined) return this.#promise = Promise.resolve(this.#ended);
    void session.then(({ reason }) => this.end({ by: "session", reason }));
    return this.#promise = new Promise((resolve) => this.#resolve = resolve);
  }
}
