/**
 * What a client needs to be let into a realm.
 *
 * @module
 */

import type { Dict } from "../errors.ts";

/**
 * What a router asks of a client: the CHALLENGE.
 *
 * @public
 */
export interface AuthChallenge {
  /** The method. */
  readonly method: string;
  /** What the method needs, as the router sent it. */
  readonly extra: Readonly<Dict>;
}

/**
 * The answer to a challenge: the AUTHENTICATE.
 *
 * @public
 */
export interface AuthAnswer {
  /** The signature. */
  readonly signature: string;
  /** What goes with it. @default {{}} */
  readonly extra?: Readonly<Dict>;
}

/**
 * One way to authenticate. Several can be offered; the router picks one.
 *
 * @public
 */
export interface Authenticator {
  /** The name of the method, such as `anonymous` or `ticket`. */
  readonly method: string;
  /** Who we say we are. @default {left to the router} */
  readonly authid?: string;
  /** What the method puts into `authextra` of the HELLO; asked for once for each joining. @default {nothing} */
  hello?(): Readonly<Dict> | Promise<Readonly<Dict>>;
  /** Answers a challenge; a method without one is not challenged. What it throws ends the joining. */
  answer?(challenge: AuthChallenge): AuthAnswer | Promise<AuthAnswer>;
  /** Checks what the router proves of itself, by the Details of the WELCOME; throws where that does not hold. */
  verifyWelcome?(details: Readonly<Dict>): void | Promise<void>;
}
