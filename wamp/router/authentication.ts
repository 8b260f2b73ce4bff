/**
 * How one client proves who it is, between its HELLO and its WELCOME: a method of the realm decides, at once or in its
 * own time, and may challenge the client in between.
 *
 * @module
 */

import type { Logger } from "../../internal/log.ts";
import type { AuthDecision, AuthDialog, AuthMethod, JoinRequest, Principal } from "../auth/accept.ts";
import { ApplicationError, type Dict, WampProtocolError } from "../errors.ts";
import type { Authenticate, Hello } from "../messages.ts";
import type { TransportInfo } from "../transports/transport.ts";
import { ERROR_URI } from "../uris.ts";

/** Why somebody is turned away: the Reason of an ABORT, and the message in its Details. @internal */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/**
 * The answer to everybody who does not prove who it is: an id that nobody has, a wrong, truncated or replayed answer.
 * Nobody learns which of them it was.
 */
const DENIED: Refusal = {
  reason: ERROR_URI.AUTHENTICATION_DENIED,
  message: "The client did not prove who it is",
};

/** What failed is for the log. */
const FAILED: Refusal = {
  reason: ERROR_URI.AUTHENTICATION_FAILED,
  message: "The router failed to find out who the client is",
};

/** How much of what a client says is repeated to it, in characters. */
const MAX_QUOTED = 100;
/** How many methods of a client are looked at, and repeated to it. */
const MAX_METHODS = 32;

/** Something of a peer's within a message for a person. @internal */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}

/**
 * The first of a client's methods that a realm has (WAMP, Authentication Methods). A client that names none is
 * anonymous.
 *
 * @internal
 */
export function chooseMethod(
  all: readonly AuthMethod[],
  { details }: Hello,
  transport: TransportInfo,
): AuthMethod | Refusal {
  const known = all.filter((method) => method.isFor?.(transport) ?? true);
  const { authmethods = [] } = details;
  const offered = authmethods.length === 0 ? ["anonymous"] : authmethods.slice(0, MAX_METHODS);
  for (const name of offered) {
    const found = known.find(({ method }) => method === name);
    if (found !== undefined) return found;
  }
  const taken = known.length === 0 ? "no client" : known.map(({ method }) => method).join(", ");
  if (authmethods.length === 0) {
    const message = `The client must authenticate: the realm takes ${taken}`;
    return { reason: ERROR_URI.AUTHENTICATION_REQUIRED, message };
  }
  const message = `The realm takes ${taken}, received the authentication methods ${offered.map(quote).join(", ")}`;
  return { reason: ERROR_URI.NO_MATCHING_AUTH_METHOD, message };
}

/** Who wants to find out, and has the transport. @internal */
export interface AuthenticationLink {
  readonly logger: Logger;
  /** What is known of the client's transport. */
  readonly info: TransportInfo;
  /** Sends a CHALLENGE. */
  challenge(method: string, extra: Dict): void;
  /** The client is who it says. */
  accept(principal: Principal, method: string): void;
  /** The client is turned away; `isDenied`: since it did not prove who it is. */
  turnAway(refusal: Refusal, isDenied: boolean): void;
  /** One of these failed, later than the message that led to it. */
  fail(error: unknown): void;
  /** Calls a procedure in the router's own name. */
  call(realm: string, procedure: string, args: readonly unknown[], signal: AbortSignal): Promise<unknown>;
}

/** What is decided about. @internal */
export interface AuthenticationSubject {
  readonly hello: Hello;
  readonly method: AuthMethod;
  /** The id that was reserved for the session. */
  readonly session: number;
}

/** `verifying`: the answer to a challenge is judged. `over`: decided, or nobody waits for the decision any more. */
type State = "deciding" | "challenged" | "verifying" | "over";

/** One client that is about to join. @internal */
export class Authentication implements JoinRequest {
  readonly realm: string;
  readonly session: number;
  readonly authid: string | undefined;
  readonly authrole: string | undefined;
  readonly authextra: Readonly<Dict>;
  readonly transport: TransportInfo;
  readonly #method: AuthMethod;
  readonly #link: AuthenticationLink;
  #state: State = "deciding";
  #dialog: AuthDialog | undefined;
  /** Made where somebody asks for its signal: most methods do not. */
  #abort: AbortController | undefined;

  constructor({ hello, method, session }: AuthenticationSubject, link: AuthenticationLink) {
    const { authid, authrole, authextra = {} } = hello.details;
    this.realm = hello.realm;
    this.session = session;
    this.authid = authid;
    this.authrole = authrole;
    this.authextra = authextra;
    this.transport = link.info;
    this.#method = method;
    this.#link = link;
  }

  /** See `JoinRequest`. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#state === "over") this.#abort.abort();
    return this.#abort.signal;
  }

  /** Whether a challenge waits for its answer. */
  get isChallenged(): boolean {
    return this.#state === "challenged";
  }

  /** See `JoinRequest`. */
  call(procedure: string, args: readonly unknown[], options: { readonly realm?: string } = {}): Promise<unknown> {
    return this.#link.call(options.realm ?? this.realm, procedure, args, this.signal);
  }

  /** Asks the method. Where that knows at once, the link is told before this returns. */
  begin(): void {
    let decision: AuthDecision | Promise<AuthDecision>;
    try {
      decision = this.#method.begin(this);
    } catch (error) {
      return this.#fail(error);
    }
    if (isPromise(decision)) void this.#settle(decision, (decided) => this.#decide(decided));
    else this.#decide(decision);
  }

  /**
   * Judges the answer to a challenge.
   *
   * @throws {WampProtocolError} None was asked for.
   */
  answer({ signature, extra }: Authenticate): void {
    if (this.#state !== "challenged" || this.#dialog === undefined) {
      throw new WampProtocolError("unexpected_message", "Received AUTHENTICATE message without a CHALLENGE before");
    }
    this.#state = "verifying";
    const verdict = verify(this.#dialog, signature, extra);
    void this.#settle(verdict, (principal) => principal === undefined ? this.#deny() : this.#accept(principal));
  }

  /** Nobody waits for the decision any more: what comes of it is dropped. */
  end(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#dialog = undefined;
    this.#abort?.abort();
  }

  async #settle<Value>(promise: Promise<Value>, then: (value: Value) => void): Promise<void> {
    let value: Value;
    try {
      value = await promise;
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#state === "over") return;
    try {
      then(value);
    } catch (error) {
      // What a method gave cannot be sent.
      this.#link.fail(error);
    }
  }

  #decide(decision: AuthDecision): void {
    if (decision === undefined) return this.#deny();
    if ("principal" in decision) return this.#accept(decision.principal);
    if ("refusal" in decision) {
      return this.#turnAway({ reason: ERROR_URI.AUTHENTICATION_DENIED, message: decision.refusal }, true);
    }
    this.#dialog = decision;
    this.#state = "challenged";
    this.#link.challenge(this.#method.method, decision.challenge);
  }

  #accept(principal: Principal): void {
    this.end();
    this.#link.accept(principal, this.#method.method);
  }

  #deny(): void {
    this.#turnAway(DENIED, true);
  }

  /** What failed is logged by its name and place alone: its message may repeat a ticket, as that of JSON.parse() does. */
  #fail(error: unknown): void {
    if (this.#state === "over") return;
    const { realm } = this;
    this.#link.logger.error("Cannot authenticate", { realm, authmethod: this.#method.method, ...traceOf(error) });
    this.#turnAway(FAILED, false);
  }

  #turnAway(refusal: Refusal, isDenied: boolean): void {
    this.end();
    this.#link.turnAway(refusal, isDenied);
  }
}

/** Promises of other libraries are none of this one's class. */
function isPromise(decision: AuthDecision | Promise<AuthDecision>): decision is Promise<AuthDecision> {
  return decision !== undefined && "then" in decision;
}

/** A promise in any case: a method of somebody else's may throw. */
async function verify(dialog: AuthDialog, signature: string, extra: Dict): Promise<Principal | undefined> {
  return await dialog.verify(signature, extra);
}

function traceOf(error: unknown): { readonly error: string; readonly at?: string } {
  if (error instanceof ApplicationError) return { error: error.uri };
  if (!(error instanceof Error)) return { error: typeof error };
  const at = /^\s*at (.+)$/m.exec(error.stack ?? "")?.[1];
  return { error: error.name, ...(at !== undefined && { at }) };
}
