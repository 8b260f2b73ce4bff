/**
 * Who may do what in a realm: by the permissions of roles, by a function, or by a procedure, and remembered by session.
 *
 * @module
 */

import { failureMessage, type Logger } from "../../internal/log.ts";
import type { Dict } from "../errors.ts";
import type { Session } from "../session_api.ts";
import { isReserved, type MatchPolicy, type UriRules } from "../uris.ts";
import { type Grant, PLAIN_GRANT } from "./effects.ts";
import { isAcceptablePattern } from "./match.ts";
import type { RouterMember } from "./member.ts";
import { NOT_ALLOWED, RoleRules } from "./permissions.ts";
import type { Authorization, Authorizer, PermissionAction, RoleOptions, SessionDetails } from "./router_api.ts";
import { RememberedVerdicts, UNDECIDED } from "./verdicts.ts";

const DEFAULT_TIMEOUT = 5_000;

/** Choices for a guard. @internal */
export interface GuardOptions {
  /** The realm. */
  readonly realm: string;
  readonly uriRules: UriRules;
  readonly roles: Readonly<Record<string, RoleOptions>> | undefined;
  readonly authorize: Authorizer | undefined;
  readonly logger: Logger;
}

/** What a session wants to do. @internal */
export interface GuardedRequest {
  readonly action: PermissionAction;
  readonly uri: string;
  readonly match: MatchPolicy;
  /** The Options of its message. */
  readonly options: Readonly<Dict>;
}

/** Where permissions say nothing and there is nobody to ask. */
const REFUSE: Authorizer = () => ({ allow: false, cache: true });

/** Decides for a realm, by rules that do not change. @internal */
export class Guard {
  /** Whether there are no rules, so that everybody may do everything but act upon others: then it is not asked. */
  readonly isOpen: boolean;
  readonly #options: GuardOptions;
  readonly #authorize: Authorizer;
  readonly #rules = new Map<string, RoleRules>();

  /** The roles must have been checked. */
  constructor(options: GuardOptions) {
    const { roles, authorize } = options;
    this.#options = options;
    this.#authorize = authorize ?? REFUSE;
    this.isOpen = roles === undefined && authorize === undefined;
    for (const [name, role] of Object.entries(roles ?? {})) this.#rules.set(name, new RoleRules(role));
  }

  /** The verdict on a request, if it is known without asking. */
  recall(member: RouterMember, action: PermissionAction, uri: string, match: MatchPolicy): Grant | undefined {
    const { verdicts } = member;
    return verdicts?.owner === this ? verdicts.get(action, uri, match) : undefined;
  }

  /** The verdict on a request; a promise, which never rejects, only where an authorizer gave one. */
  decide(member: RouterMember, request: GuardedRequest): Grant | Promise<Grant> {
    const { action, uri, match } = request;
    const verdicts = this.#verdictsOf(member);
    const known = verdicts.get(action, uri, match);
    if (known !== undefined) return known;
    const decided = this.#decideByRules(member, request);
    if (decided === undefined) return this.#ask(member, request, verdicts);
    verdicts.set(action, uri, match, decided);
    return decided;
  }

  #verdictsOf(member: RouterMember): RememberedVerdicts {
    if (member.verdicts?.owner !== this) member.verdicts = new RememberedVerdicts(this);
    return member.verdicts;
  }

  /** The verdict without an authorizer; `undefined` where one is to be asked. */
  #decideByRules(member: RouterMember, { action, uri, match }: GuardedRequest): Grant | undefined {
    const { uriRules } = this.#options;
    // Broker and dealer refuse these by themselves, with the error that says why.
    const isWriting = action === "register" || action === "publish";
    if (isWriting && isReserved(uri) || !isAcceptablePattern(uri, match, uriRules)) return PLAIN_GRANT;
    return this.#rules.get(member.authrole)?.decide(action, uri, match);
  }

  #ask(member: RouterMember, request: GuardedRequest, verdicts: RememberedVerdicts): Grant | Promise<Grant> {
    try {
      const answer = this.#authorize({ ...request, session: detailsOf(member, this.#options.realm) });
      if (typeof answer === "boolean" || !("then" in answer)) return this.#take(answer, member, request, verdicts);
      return Promise.resolve(answer).then(
        (authorization) => this.#take(authorization, member, request, verdicts),
        (error) => this.#fail(error, member, request),
      );
    } catch (error) {
      return this.#fail(error, member, request);
    }
  }

  #take(answer: Authorization, member: RouterMember, request: GuardedRequest, verdicts: RememberedVerdicts): Grant {
    const { action, uri, match } = request;
    let verdict: Grant;
    try {
      verdict = verdictOf(answer, action);
    } catch (error) {
      return this.#fail(error, member, request);
    }
    if (typeof answer === "object" && answer.cache === true) verdicts.set(action, uri, match, verdict);
    return verdict;
  }

  #fail(error: unknown, member: RouterMember, { action, uri }: GuardedRequest): Grant {
    const { realm, logger } = this.#options;
    logger.error("Cannot authorize", { realm, session: member.id, action, uri, reason: failureMessage(error) });
    return UNDECIDED;
  }
}

function detailsOf({ id, identity }: RouterMember, realm: string): SessionDetails {
  const { authid, authrole, authmethod, authprovider } = identity;
  return { session: id, realm, authid, authrole, authmethod, authprovider };
}

/**
 * Reads what an authorizer said. It may come from a procedure, so that nothing is taken for granted.
 *
 * @throws {TypeError} It is no authorization.
 */
function verdictOf(answer: unknown, action: PermissionAction): Grant {
  if (typeof answer === "boolean") return answer ? PLAIN_GRANT : NOT_ALLOWED[action];
  const { allow, disclose, trustlevel } = Object(answer) as Partial<
    Record<"allow" | "disclose" | "trustlevel", unknown>
  >;
  if (typeof allow !== "boolean") throw new TypeError("An authorization must be a boolean, or have allow as a boolean");
  if (!allow) return NOT_ALLOWED[action];
  if (typeof (disclose ?? false) !== "boolean") throw new TypeError("disclose of an authorization must be a boolean");
  if (typeof (trustlevel ?? 0) !== "number") throw new TypeError("trustlevel of an authorization must be a number");
  return {
    ...(typeof disclose === "boolean" && { disclose }),
    ...(typeof trustlevel === "number" && { trustlevel }),
  };
}

/**
 * An authorizer that asks a WAMP procedure, as dynamic authorizers of Crossbar.io do. It is called with the details of
 * the session, the URI, the action and the Options of the request, and returns what an {@linkcode Authorizer} returns.
 * Where it fails, or does not answer in time, the request is refused with `wamp.error.authorization_failed`.
 *
 * @param session Who calls it: one of `router.join()`, which is trusted, so that nobody has to be asked for the asking.
 * @param procedure The procedure.
 * @param options `timeout`: how long the procedure may take, in milliseconds. @default {5_000}
 * @returns The authorizer.
 *
 * @example Deciding in a procedure
 * ```ts
 * import { authorizeByProcedure, createRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * const router = createRouter({ realms: [{ uri: "internal" }] });
 * const backend = await router.join("internal");
 * await backend.register("com.example.authorize", ({ args: [, uri, action] }) => {
 *   return { allow: action === "call" && uri === "com.example.open", cache: true };
 * });
 * router.addRealm({ uri: "public", authorize: authorizeByProcedure(backend, "com.example.authorize") });
 * assert.deepEqual(router.realms, ["internal", "public"]);
 * await router.shutdown();
 * ```
 *
 * @public
 */
export function authorizeByProcedure(
  session: Pick<Session, "call">,
  procedure: string,
  options: { readonly timeout?: number } = {},
): Authorizer {
  const { timeout = DEFAULT_TIMEOUT } = options;
  return ({ session: details, uri, action, options: requested }) => {
    return session.call<Authorization>(procedure, [details, uri, action, requested], { timeout });
  };
}
