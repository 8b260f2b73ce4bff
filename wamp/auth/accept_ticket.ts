/**
 * Authentication by a ticket, at a router (WAMP, Ticket-based Authentication).
 *
 * @module
 */

import { type AuthEntry, type AuthMethod, type JoinRequest, type Principal, principalOf } from "./accept.ts";
import { equalSecrets, utf8 } from "./crypto.ts";
import { type AuthLookup, lookUp } from "./users.ts";

/**
 * What is kept of somebody who has a ticket.
 *
 * @public
 */
export interface TicketEntry extends AuthEntry {
  /** The ticket. */
  readonly ticket: string;
}

/**
 * Choices for tickets.
 *
 * @public
 */
export interface AcceptTicketOptions {
  /** The tickets, by id. One of this and `verify`. */
  readonly principals?: AuthLookup<TicketEntry>;
  /** Judges a ticket itself: tokens that somebody else issues. `undefined` refuses. */
  readonly verify?: (
    authid: string,
    ticket: string,
    request: JoinRequest,
  ) => Principal | undefined | Promise<Principal | undefined>;
}

/**
 * Lets in who has a ticket (WAMP, Ticket-based Authentication).
 *
 * @param options The tickets.
 * @returns What goes into `auth` of a realm.
 * @throws {TypeError} There are both `principals` and `verify`, or neither.
 *
 * @example Use
 * ```ts
 * import { acceptTicket } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * const method = acceptTicket({ principals: { joe: { ticket: "secret!!!", role: "user" } } });
 * assert.equal(method.method, "ticket");
 * ```
 *
 * @public
 */
export function acceptTicket(options: AcceptTicketOptions): AuthMethod {
  const { principals, verify } = options;
  if (principals === undefined ? verify === undefined : verify !== undefined) {
    throw new TypeError("Options of acceptTicket must have one of principals and verify");
  }
  return {
    method: "ticket",
    begin: (request) => ({
      challenge: {},
      verify: async (ticket) => {
        const { authid = "" } = request;
        if (principals === undefined) return await verify?.(authid, ticket, request);
        const entry = await lookUp(principals, authid, request);
        if (entry !== undefined && !entry.ticket) {
          throw new TypeError("Cannot authenticate: the ticket of an entry is empty");
        }
        const isEqual = await equalSecrets(utf8(entry?.ticket ?? ""), utf8(ticket));
        return isEqual && entry !== undefined ? principalOf(entry, authid) : undefined;
      },
    }),
  };
}
