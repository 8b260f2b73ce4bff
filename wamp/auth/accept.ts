/**
 * How a router decides whom it lets into a realm: what all methods have in common.
 *
 * @module
 */

import type { Dict } from "../errors.ts";
import type { TransportInfo } from "../transports/transport.ts";

/**
 * Who asks to join: the HELLO, and what carries it.
 *
 * @public
 */
export interface JoinRequest {
  /** The realm asked for. */
  readonly realm: string;
  /** The id that the session will have. */
  readonly session: number;
  /** Who the client says it is. */
  readonly authid: string | undefined;
  /** The role that the client asks for. Most methods know better. */
  readonly authrole: string | undefined;
  /** What the client's methods put into HELLO. */
  readonly authextra: Readonly<Dict>;
  /** What is known of the transport's other end. */
  readonly transport: TransportInfo;
  /** Aborted when the client has gone or its time is over: nobody waits for the decision any more. */
  readonly signal: AbortSignal;
  /**
   * Calls a procedure as the router itself, which may call everything.
   *
   * @param procedure The procedure.
   * @param args Its arguments.
   * @param options `realm`: where it is registered, by default where the client wants to join.
   * @returns Its first result.
   * @throws {ApplicationError} The callee or the router answered with an error.
   * @throws {RangeError} There is no such realm.
   */
  call(procedure: string, args: readonly unknown[], options?: { readonly realm?: string }): Promise<unknown>;
}

/**
 * Who somebody turned out to be.
 *
 * @public
 */
export interface Principal {
  /** The authentication id. */
  readonly authid: string;
  /** The role, by which a realm authorizes. */
  readonly authrole: string;
  /** Who vouches for that. @default {"static"} */
  readonly authprovider?: string;
  /** What the WELCOME tells the client beside that. @default {nothing} */
  readonly authextra?: Readonly<Dict>;
  /** The realm to join instead of the one asked for. @default {the one asked for} */
  readonly realm?: string;
}

/**
 * A challenge, and what judges the answer.
 *
 * @public
 */
export interface AuthDialog {
  /** The Extra of the CHALLENGE. */
  readonly challenge: Readonly<Dict>;
  /** Who the client is, by its AUTHENTICATE; `undefined` where it does not prove that. */
  verify(signature: string, extra: Readonly<Dict>): Promise<Principal | undefined>;
}

/**
 * What a method makes of a request: somebody it knows without asking, a challenge, or nobody. `refusal` says to the
 * client what is wrong with the request itself, and nothing about whom it names.
 *
 * @public
 */
export type AuthDecision = { readonly principal: Principal } | { readonly refusal: string } | AuthDialog | undefined;

/**
 * One way of authenticating clients of a realm. A method that challenges does so for unknown ids as well, with the same
 * steps, so that nobody learns which ids there are.
 *
 * @public
 */
export interface AuthMethod {
  /** The name, as in `authmethods` of the HELLO. */
  readonly method: string;
  /**
   * Whether it can be used by who comes this way; else it counts as not there.
   *
   * @param transport What is known of the transport's other end.
   * @returns Whether it can be. @default {always}
   */
  isFor?(transport: TransportInfo): boolean;
  /**
   * Looks at a request.
   *
   * @param request Who asks to join.
   * @returns The decision; `undefined` refuses. What is thrown refuses too, and is logged.
   */
  begin(request: JoinRequest): AuthDecision | Promise<AuthDecision>;
}

/**
 * What a router knows of somebody, by whatever method.
 *
 * @public
 */
export interface AuthEntry {
  /** The role. */
  readonly role: string;
  /** Who the session is. @default {who the client says it is} */
  readonly authid?: string;
  /** Who vouches for that. @default {"static"} */
  readonly authprovider?: string;
  /** What the WELCOME tells the client beside that. @default {nothing} */
  readonly authextra?: Readonly<Dict>;
  /** The realm to join instead of the one asked for. @default {the one asked for} */
  readonly realm?: string;
}

/** Who somebody is of whom this is known, and who is called `authid` where the entry does not say. @internal */
export function principalOf(entry: AuthEntry, authid: string): Principal {
  const { role, authprovider, authextra, realm } = entry;
  return {
    authid: entry.authid ?? authid,
    authrole: role,
    ...(authprovider !== undefined && { authprovider }),
    ...(authextra !== undefined && { authextra }),
    ...(realm !== undefined && { realm }),
  };
}
