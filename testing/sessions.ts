/**
 * WAMP sessions and their router in one program.
 *
 * @module
 */

import { createRouter } from "../wamp/router/router.ts";
import type { Router, RouterOptions } from "../wamp/router/router_api.ts";
import { serializerFor } from "../wamp/serializers/mod.ts";
import type { SerializerName } from "../wamp/serializers/serializer.ts";
import type { Session } from "../wamp/session_api.ts";
import { openSession, type SessionOptions } from "../wamp/session.ts";
import { localPair } from "../wamp/transports/local.ts";

/**
 * Choices for a session of {@linkcode TestRouter}.
 *
 * @public
 */
export interface TestSessionOptions extends Partial<SessionOptions> {
  /** What the session speaks. @default {"cbor"} */
  readonly serializer?: SerializerName;
}

/**
 * A router in this program, and the sessions that joined it. Disposing of it lets all of them leave.
 *
 * @public
 */
export interface TestRouter extends AsyncDisposable {
  /** The router. */
  readonly router: Router;
  /**
   * Joins as a client from outside would: not trusted, and through a transport, in memory.
   *
   * @param options The realm, by default the router's first, and who the session says it is.
   * @returns The session.
   */
  join(options?: TestSessionOptions): Promise<Session>;
}

/**
 * Makes a router whose clients are in this program: the real router and real sessions, and no socket or permission.
 *
 * @param options The router's options.
 * @returns The router.
 *
 * @example Test a procedure without a network
 * ```ts
 * import { testRouter } from "@viaduct/viaduct/testing";
 * import assert from "node:assert/strict";
 *
 * await using wamp = testRouter();
 * const [backend, frontend] = await Promise.all([wamp.join(), wamp.join()]);
 * await backend.register("com.example.add", ({ args: [a, b] }) => Number(a) + Number(b));
 * assert.equal(await frontend.call("com.example.add", [1, 2]), 3);
 * ```
 *
 * @public
 */
export function testRouter(options: RouterOptions = {}): TestRouter {
  return new LocalRouter(createRouter(options));
}

class LocalRouter implements TestRouter {
  readonly router: Router;
  readonly #sessions: Session[] = [];

  constructor(router: Router) {
    this.router = router;
  }

  async join(options: TestSessionOptions = {}): Promise<Session> {
    const { serializer = "cbor", realm = this.router.realms[0] ?? "realm1", ...rest } = options;
    const [ours, theirs] = localPair(serializerFor(serializer));
    this.router.attach(theirs);
    const session = await openSession(ours, { ...rest, realm });
    this.#sessions.push(session);
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.leave()));
    await this.router[Symbol.asyncDispose]();
  }
}

/**
 * Two sessions in the realm of a router of their own.
 *
 * @public
 */
export interface SessionPair extends AsyncDisposable {
  /** The one. */
  readonly first: Session;
  /** The other. */
  readonly second: Session;
  /** Their router. */
  readonly router: Router;
}

/**
 * Joins two sessions to a router of their own, in memory.
 *
 * @param options What both sessions are told.
 * @returns The sessions.
 *
 * @example Test a subscriber without a network
 * ```ts
 * import { sessionPair } from "@viaduct/viaduct/testing";
 * import assert from "node:assert/strict";
 *
 * await using pair = await sessionPair();
 * const arrived = Promise.withResolvers<unknown>();
 * await pair.first.subscribe("com.example.tick", ({ args }) => arrived.resolve(args[0]));
 * await pair.second.publish("com.example.tick", [42]);
 * assert.equal(await arrived.promise, 42);
 * ```
 *
 * @public
 */
export async function sessionPair(options: TestSessionOptions = {}): Promise<SessionPair> {
  const { realm = "realm1" } = options;
  const wamp = testRouter({ realms: [{ uri: realm }] });
  try {
    const [first, second] = await Promise.all([wamp.join(options), wamp.join(options)]);
    return { first, second, router: wamp.router, [Symbol.asyncDispose]: () => wamp[Symbol.asyncDispose]() };
  } catch (error) {
    await wamp[Symbol.asyncDispose]();
    throw error;
  }
}
