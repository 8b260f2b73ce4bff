/**
 * Joining a realm of a router somewhere else, in one call.
 *
 * @module
 */

import type { Authenticator } from "./auth/authenticator.ts";
import type { Dict } from "./errors.ts";
import type { PayloadCodec } from "./passthru.ts";
import { openSession } from "./session.ts";
import type { Session } from "./session_api.ts";
import { connectTransport, type TransportOptions } from "./transports/connect.ts";
import type { Transport } from "./transports/transport.ts";

/** How long connecting and joining may take together, in milliseconds. */
const DEFAULT_TIMEOUT = 10_000;

/**
 * Choices for joining, those for the transport among them.
 *
 * @public
 */
export interface JoinOptions extends TransportOptions {
  /** The realm to join. */
  readonly realm: string;
  /** Who we say we are. @default {what an authenticator says, or left to the router} */
  readonly authid?: string;
  /** The role to ask for. @default {left to the router} */
  readonly authrole?: string;
  /** What goes into `authextra` of HELLO, beside what authenticators put there. @default {nothing} */
  readonly authextra?: Readonly<Dict>;
  /** The ways to authenticate that are offered, best first. @default {[anonymous()]} */
  readonly auth?: readonly Authenticator[];
  /** How we call ourselves in HELLO. @default {"Viaduct"} */
  readonly agent?: string;
  /**
   * What encodes and decodes payloads that are passed through, beside serializers that need no codec: ciphers, schemes of
   * your own. @default {[]}
   */
  readonly passthru?: readonly PayloadCodec[];
  /** How long the router may take to answer our GOODBYE, in milliseconds. @default {5_000} */
  readonly goodbyeTimeout?: number;
}

/**
 * Joins a realm. The session lasts until it is left, or until its transport is lost; it does not connect again.
 * Where joining fails, nothing is left open.
 *
 * @param router The router's address: `ws:`, `wss:`, `rs:`, `rss:` or `unix:`; or a transport that is open already.
 * @param options The realm, who we are, and choices for the transport. `signal` and `timeout` are for joining alone.
 * @returns The session.
 * @throws {JoinError} The router refused, or an authenticator could not answer it or did not believe it: then the reason is
 * `wamp.error.authentication_failed`, and what the authenticator threw the `cause`.
 * @throws {TransportLostError} The transport ended before the router had answered.
 * @throws {TypeError} The address or an option is none.
 * @throws {RangeError} An option is out of range.
 *
 * @example Join a router of this program
 * ```ts
 * import { join } from "@viaduct/viaduct/wamp";
 * import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * await using router = createRouter();
 * await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
 * await using session = await join(server.url, { realm: "realm1" });
 * assert.equal(session.realm, "realm1");
 * assert.equal(session.state, "open");
 * ```
 *
 * @public
 */
export async function join(router: string | URL | Transport, options: JoinOptions): Promise<Session> {
  const { timeout = DEFAULT_TIMEOUT } = options;
  if (!(timeout > 0)) throw new RangeError(`Cannot join: timeout must be over 0 milliseconds, received ${timeout}`);
  if (typeof router !== "string" && !(router instanceof URL)) return await openSession(router, options);
  const started = performance.now();
  const transport = await connectTransport(router, { ...options, timeout });
  return await openSession(transport, { ...options, timeout: Math.max(1, timeout - (performance.now() - started)) });
}
