/**
 * A realm of the router, through the console's own session: what is asked here is done there.
 *
 * @module
 */

import { ApplicationError } from "../../../wamp/errors.ts";
import type { CallOptions, CallResult, PublishOptions, Session } from "../../../wamp/session_api.ts";
import { ERROR_URI } from "../../../wamp/uris.ts";
import type { Look } from "../look.ts";
import type { Actor } from "./forms.ts";

/** A realm. @internal */
export class RemoteRealm implements Actor {
  /** Its URI; `""` for the router's first. */
  readonly uri: string;
  readonly #session: Session;

  /** Seen by a session of the console's realm. */
  constructor(session: Session, uri: string) {
    this.#session = session;
    this.uri = uri;
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
}

function isLook(value: unknown): value is Look {
  return typeof value === "object" && value !== null && "counts" in value && "sessions" in value;
}

/** Whether a realm has gone: another is to be looked at. @internal */
export function isNoSuchRealm(error: unknown): boolean {
  return error instanceof ApplicationError && error.uri === ERROR_URI.NO_SUCH_REALM;
}
