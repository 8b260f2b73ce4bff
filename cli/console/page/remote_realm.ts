/**
 * A realm of the router, through the console's own session: what is asked here is done there.
 *
 * @module
 */

import { ApplicationError } from "../../../wamp/errors.ts";
import type { CallOptions, CallResult, PublishOptions, Session } from "../../../wamp/session_api.ts";
import { ERROR_URI, type MatchPolicy } from "../../../wamp/uris.ts";
import type { Look } from "../look.ts";
import type { Actor } from "./forms.ts";
import type { EventSource, ShownEvent } from "./stream.ts";

/** A realm. @internal */
export class RemoteRealm implements Actor, EventSource {
  /** Its URI; `""` for the router's first. */
  readonly uri: string;
  readonly #session: Session;

  /** Seen by a session of the console's realm. */
  constructor(session: Session, uri: string) {
    this.#session = session;
    this.uri = uri;
  }

  get state(): Session["state"] {
    return this.#session.state;
  }

  /** What is there now, and what went wrong after an incident that is known. */
  async look(filter: string, after: number): Promise<Look> {
    const realm = this.uri === "" ? null : this.uri;
    const { kwargs } = await this.#session.callResult("viaduct.console.look", [realm, filter, after]);
    if (isLook(kwargs)) return kwargs;
    throw new TypeError("The router must answer with a look, received something else");
  }

  /** Ends a session. */
  async kill(session: number): Promise<void> {
    await this.#session.call("viaduct.console.kill", [this.uri, session]);
  }

  callResult(procedure: string, args: readonly unknown[] = [], options: CallOptions = {}): Promise<CallResult> {
    const { kwargs = {}, ...rest } = options;
    return this.#session.callResult("viaduct.console.call", [this.uri, procedure, args, kwargs], rest);
  }

  callProgressive(
    procedure: string,
    args: Parameters<Actor["callProgressive"]>[1] = [],
    options: CallOptions = {},
  ): AsyncIterableIterator<CallResult> {
    const { kwargs = {}, ...rest } = options;
    return this.#session.callProgressive("viaduct.console.call", [this.uri, procedure, args, kwargs], rest);
  }

  async publish(
    topic: string,
    args: readonly unknown[] = [],
    options: PublishOptions = {},
  ): Promise<number | undefined> {
    return await this.#session.call("viaduct.console.publish", [this.uri, topic, args, options.kwargs ?? {}]);
  }

  async subscribe(
    topic: string,
    handler: (event: ShownEvent) => void,
    { match }: { readonly match: MatchPolicy },
  ): Promise<{ unsubscribe(): Promise<void> }> {
    const controller = new AbortController();
    const { signal } = controller;
    const events = this.#session.callProgressive("viaduct.console.watch", [this.uri, topic, match], { signal });
    // The first result says that the subscription stands.
    await events.next();
    void handOn(events, handler);
    return {
      unsubscribe: () => {
        controller.abort();
        return Promise.resolve();
      },
    };
  }
}

/** Hands on events until they end: they are canceled, or the session ends. */
async function handOn(events: AsyncIterable<CallResult>, handler: (event: ShownEvent) => void): Promise<void> {
  try {
    for await (const { args: [topic, args, kwargs, publication] } of events) {
      if (typeof topic !== "string" || !Array.isArray(args) || typeof publication !== "number") continue;
      handler({ topic, args, kwargs: { ...Object(kwargs) }, publication });
    }
  } catch {
    // Whoever waits for the session to end is told why.
  }
}

function isLook(value: unknown): value is Look {
  return typeof value === "object" && value !== null && "counts" in value && "sessions" in value;
}

/** Whether a realm has gone: another is to be looked at. @internal */
export function isNoSuchRealm(error: unknown): boolean {
  return error instanceof ApplicationError && error.uri === ERROR_URI.NO_SUCH_REALM;
}
