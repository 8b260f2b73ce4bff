/**
 * Calls of the router's own into its realms: procedures that authorize.
 *
 * @module
 */

import type { Authorization, Router } from "../wamp/router/mod.ts";
import type { Session } from "../wamp/mod.ts";
import type { ProcedureCaller } from "./config_auth.ts";

/** How long a procedure may take to decide, in milliseconds. */
const TIMEOUT = 5_000;

/** One trusted session for each realm in which procedures are called, joined when it is first needed. @internal */
export class RouterProcedures implements ProcedureCaller {
  readonly #sessions = new Map<string, Promise<Session>>();
  #router: Router | undefined;

  /** Says which router: its options are made before it is. */
  use(router: Router): void {
    this.#router = router;
  }

  /** See {@linkcode ProcedureCaller}. */
  async authorize(realm: string, procedure: string, args: readonly unknown[]): Promise<Authorization> {
    const session = await this.#session(realm);
    return await session.call<Authorization>(procedure, args, { timeout: TIMEOUT });
  }

  #session(realm: string): Promise<Session> {
    const known = this.#sessions.get(realm);
    if (known !== undefined) return known;
    if (this.#router === undefined) throw new TypeError("Cannot call a procedure: the router is not running");
    const joining = this.#router.join(realm, { authid: "router" });
    const forget = (): boolean => this.#sessions.delete(realm);
    this.#sessions.set(realm, joining);
    // A realm that was removed and added again takes another session.
    joining.then((session) => session.closed).then(forget, forget);
    return joining;
  }
}
