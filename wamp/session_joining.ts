/**
 * Joining a realm over a transport: HELLO, the challenges, WELCOME.
 *
 * @module
 */

import type { Logger } from "../internal/log.ts";
import type { WheelEntry } from "../internal/timer_wheel.ts";
import { toError } from "../internal/to_error.ts";
import { anonymous } from "./auth/anonymous.ts";
import type { Authenticator } from "./auth/authenticator.ts";
import { type Dict, JoinError, TransportLostError, WampProtocolError } from "./errors.ts";
import type { Challenge, Welcome } from "./messages.ts";
import type { PeerEnd } from "./peer.ts";
import type { SessionClosed } from "./session_api.ts";
import { type JoiningTarget, SessionLink } from "./session_link.ts";
import type { Transport } from "./transports/transport.ts";
import { ERROR_URI, isUri } from "./uris.ts";

/** How we call ourselves, unless the program says otherwise. */
const AGENT = "Viaduct";

/** What a session needs to know before it exists. @internal */
export interface HandshakeOptions {
  readonly realm: string;
  readonly authid: string | undefined;
  readonly authrole: string | undefined;
  readonly authextra: Readonly<Dict> | undefined;
  readonly auth: readonly Authenticator[] | undefined;
  readonly agent: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly timeout: number;
  readonly logger: Logger;
}

/** Joins, and gives the link with the router's WELCOME. Ends the transport where that fails. @internal */
export class Handshake implements JoiningTarget, WheelEntry {
  deadline = Infinity;
  slot = -1;
  readonly #options: HandshakeOptions;
  readonly #auth: readonly Authenticator[];
  readonly #link: SessionLink;
  #resolve!: (welcome: Welcome) => void;
  #reject!: (error: unknown) => void;
  /** The authenticator whose challenge was answered. */
  #used: Authenticator | undefined;
  #hasSettled = false;

  constructor(transport: Transport, options: HandshakeOptions) {
    this.#options = options;
    this.#auth = options.auth ?? [anonymous()];
    this.#link = new SessionLink(transport, options.logger, this);
  }

  /** What drives the transport. */
  get link(): SessionLink {
    return this.#link;
  }

  /** Says HELLO. */
  run(): Promise<Welcome> {
    const link = this.#link;
    const { signal, timeout } = this.#options;
    const welcome = new Promise<Welcome>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    link.transport.open(link);
    signal?.addEventListener("abort", this);
    link.wheel.set(this, performance.now() + timeout);
    if (signal?.aborted) this.handleEvent();
    else void this.#sayHello();
    return welcome;
  }

  async #sayHello(): Promise<void> {
    const { realm, agent = AGENT, authid, authrole, authextra } = this.#options;
    const link = this.#link;
    try {
      if (!isUri(realm)) throw new TypeError(`Cannot join: ${JSON.stringify(realm)} is no URI of a realm`);
      const extras = await this.#authExtras();
      if (this.#hasSettled) return;
      link.send(link.peer.hello({
        realm,
        agent,
        authmethods: this.#auth.map(({ method }) => method),
        authid: authid ?? this.#auth.find((one) => one.authid !== undefined)?.authid,
        authrole,
        authextra: authextra !== undefined || extras !== undefined ? { ...extras, ...authextra } : undefined,
      }));
    } catch (error) {
      this.#fail(error, ERROR_URI.INVALID_ARGUMENT);
    }
  }

  /** What the methods put into `authextra`, all together. */
  async #authExtras(): Promise<Dict | undefined> {
    let all: Dict | undefined;
    for (const authenticator of this.#auth) {
      if (authenticator.hello !== undefined) all = { ...all, ...await authenticator.hello() };
    }
    return all;
  }

  /** The signal was aborted. */
  handleEvent(): void {
    this.#fail(this.#options.signal?.reason, ERROR_URI.CANCELED);
  }

  onDeadline(): void {
    const message = `Cannot join: the router did not answer within ${this.#options.timeout} ms`;
    this.#fail(new DOMException(message, "TimeoutError"), ERROR_URI.TIMEOUT);
  }

  onChallenge({ authmethod, extra }: Challenge): void {
    const used = this.#auth.find(({ method }) => method === authmethod);
    if (used?.answer === undefined) {
      throw new WampProtocolError("unexpected_message", `CHALLENGE for ${authmethod}, which was not offered`, {
        reason: ERROR_URI.NO_MATCHING_AUTH_METHOD,
      });
    }
    this.#used = used;
    void this.#answer(used, authmethod, extra);
  }

  async #answer(authenticator: Authenticator, method: string, extra: Dict): Promise<void> {
    try {
      const answer = await authenticator.answer?.({ method, extra });
      if (answer === undefined) return;
      const message = this.#link.peer.authenticate(answer.signature, { ...answer.extra });
      if (message !== undefined) this.#link.send(message);
    } catch (error) {
      this.#failToAuthenticate(error);
    }
  }

  onWelcome(welcome: Welcome): void {
    const used = this.#used ?? this.#unchallenged(welcome);
    if (used?.verifyWelcome === undefined) return this.#succeed(welcome);
    void this.#verify(used, welcome);
  }

  /**
   * The authenticator of a router that did not challenge. Where each that was offered makes the router prove itself, no
   * other name in the WELCOME gets it out of that.
   */
  #unchallenged({ details }: Welcome): Authenticator | undefined {
    const named = this.#auth.find(({ method }) => method === details.authmethod);
    if (named !== undefined) return named;
    return this.#auth.every(({ verifyWelcome }) => verifyWelcome !== undefined) ? this.#auth[0] : undefined;
  }

  async #verify(authenticator: Authenticator, welcome: Welcome): Promise<void> {
    try {
      await authenticator.verifyWelcome?.(welcome.details);
    } catch (error) {
      return this.#failToAuthenticate(error);
    }
    this.#succeed(welcome);
  }

  #succeed(welcome: Welcome): void {
    if (this.#hasSettled) return;
    this.#settle();
    this.#resolve(welcome);
  }

  onEnd(end: SessionClosed, refusal: PeerEnd | undefined): void {
    if (this.#hasSettled) return;
    this.#settle();
    if (refusal !== undefined) return this.#reject(new JoinError(refusal.reason, refusal.details));
    if (end.by !== "transport") return this.#reject(end.error ?? new JoinError(end.reason, { message: end.message }));
    const why = end.message === "" ? "" : `: ${end.message}`;
    this.#reject(new TransportLostError(`Cannot join: the transport was lost${why}`, false, { cause: end.error }));
  }

  /** An authenticator cannot answer the router, or does not believe it. */
  #failToAuthenticate(error: unknown): void {
    const cause = toError(error);
    const reason = ERROR_URI.AUTHENTICATION_FAILED;
    this.#fail(new JoinError(reason, { message: cause.message }, { cause }), reason, cause);
  }

  /** `told`: what the router is told. */
  #fail(error: unknown, reason: string, told: Error = toError(error)): void {
    if (this.#hasSettled) return;
    this.#settle();
    this.#link.abort(told, reason);
    // The caller learns of it when nothing is left behind.
    void this.#link.ended.then(() => this.#reject(error));
  }

  #settle(): void {
    this.#hasSettled = true;
    this.#options.signal?.removeEventListener("abort", this);
    this.#link.wheel.set(this, Infinity);
  }
}
