/**
 * Ticket-based authentication, at a client (WAMP, Ticket-based Authentication).
 *
 * @module
 */

import type { Authenticator } from "./authenticator.ts";

/**
 * Who joins with a ticket.
 *
 * @public
 */
export interface TicketOptions {
  /** Who we are. */
  readonly authid: string;
  /** The ticket, or a function that fetches one when it is needed. It goes over the wire as it is: use TLS. */
  readonly ticket: string | (() => string | Promise<string>);
}

/** The function that fetches a ticket failed: nobody has refused us, and it may work another time. @internal */
export class TicketError extends Error {
  /** The class's name. */
  override readonly name: string = "TicketError";
}

/**
 * Joins with a ticket: a password, or a token that somebody issued.
 *
 * @param options Who we are, and the ticket.
 * @returns What goes into `auth` of the options for joining.
 *
 * @example Use
 * ```ts
 * import { ticket } from "@viaduct/viaduct/wamp/auth";
 * import assert from "node:assert/strict";
 *
 * const auth = ticket({ authid: "joe", ticket: "secret!!!" });
 * assert.deepEqual(await auth.answer?.({ method: "ticket", extra: {} }), { signature: "secret!!!" });
 * ```
 *
 * @public
 */
export function ticket(options: TicketOptions): Authenticator {
  const { authid, ticket } = options;
  return {
    method: "ticket",
    authid,
    answer: async () => ({ signature: typeof ticket === "function" ? await fetchTicket(ticket) : ticket }),
  };
}

async function fetchTicket(ticket: () => string | Promise<string>): Promise<string> {
  try {
    return await ticket();
  } catch (cause) {
    throw new TicketError("Cannot fetch a ticket", { cause });
  }
}
