/**
 * What a component declares: procedures and subscriptions, as they are made in one session after another.
 *
 * @module
 */

import type { Logger } from "../internal/log.ts";
import type { ComponentSubscribeOptions } from "./component_api.ts";
import { CatchUp } from "./component_catch_up.ts";
import { ApplicationError } from "./errors.ts";
import type { PassthruCodecs } from "./passthru.ts";
import type {
  Ended,
  EventHandler,
  InvocationHandler,
  RegisterOptions,
  Session,
  SubscribeOptions,
} from "./session_api.ts";
import { checkHandler } from "./session_handlers.ts";
import { ERROR_URI, isPattern, type MatchPolicy } from "./uris.ts";

/** What was made of a declaration in a session. @internal */
export interface Made {
  /** How it ends. Never rejects. */
  readonly ended: Promise<Ended>;
  /** Ends it. */
  undo(): Promise<void>;
}

/** Something that is to be there in every session. @internal */
export interface Declaration {
  readonly kind: "registration" | "subscription";
  readonly uri: string;
  readonly match: MatchPolicy;
  /**
   * Makes it in a session.
   *
   * @param session The session.
   * @param mayForce Whether it may be taken from another session: not where that has just taken it from us.
   */
  make(session: Session, mayForce: boolean): Promise<Made>;
  /** Lets go of what it keeps from one session to the next. */
  forget(): void;
}

/** A procedure. @internal */
export class DeclaredProcedure implements Declaration {
  readonly kind = "registration";
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly #handler: InvocationHandler;
  readonly #options: RegisterOptions;

  /** Checks it, so that a mistake shows where it was made. */
  constructor(procedure: string, handler: InvocationHandler, options: RegisterOptions) {
    const { match = "exact", concurrency } = options;
    check("register", procedure, match, handler, concurrency);
    this.uri = procedure;
    this.match = match;
    this.#handler = handler;
    this.#options = options;
  }

  async make(session: Session, mayForce: boolean): Promise<Made> {
    const options = mayForce ? this.#options : { ...this.#options, forceReregister: false };
    const registration = await session.register(this.uri, this.#handler, options);
    return { ended: registration.ended, undo: () => registration.unregister() };
  }

  forget(): void {}
}

/** What every subscription of a component is given. @internal */
export interface SubscriptionContext {
  readonly logger: Logger;
  readonly passthru: PassthruCodecs;
}

/** A subscription. @internal */
export class DeclaredSubscription implements Declaration {
  readonly kind = "subscription";
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly handler: EventHandler;
  readonly #options: SubscribeOptions;
  readonly #catchUp: CatchUp | undefined;

  /** Checks it, so that a mistake shows where it was made. */
  constructor(
    topic: string,
    handler: EventHandler,
    options: ComponentSubscribeOptions,
    { logger, passthru }: SubscriptionContext,
  ) {
    const { catchUp = false, ...rest } = options;
    const { match = "exact", concurrency } = rest;
    check("subscribe", topic, match, handler, concurrency);
    this.uri = topic;
    this.match = match;
    this.handler = handler;
    this.#options = rest;
    if (catchUp === false) return;
    const choices = catchUp === true ? {} : catchUp;
    this.#catchUp = new CatchUp({ topic, handler, concurrency, ...choices, logger, passthru });
    // The concurrency is kept over all events, those of the past too.
    this.#options = { ...rest, concurrency: Infinity };
  }

  async make(session: Session): Promise<Made> {
    const catchUp = this.#catchUp;
    if (catchUp === undefined) {
      const subscription = await session.subscribe(this.uri, this.handler, this.#options);
      return { ended: subscription.ended, undo: () => subscription.unsubscribe() };
    }
    const turn = catchUp.begin(session);
    const subscription = await session.subscribe(this.uri, (event) => turn.receive(event), this.#options);
    void turn.fetch(subscription.id);
    return { ended: subscription.ended, undo: () => subscription.unsubscribe() };
  }

  /** Notes a publication of our own that this subscription does not get. */
  noteOwn(publication: number): void {
    this.#catchUp?.noteOwn(publication);
  }

  forget(): void {
    this.#catchUp?.forget();
  }
}

function check(what: string, uri: string, match: MatchPolicy, handler: unknown, concurrency: number | undefined): void {
  if (typeof uri !== "string") throw new TypeError(`Cannot ${what}: the URI must be a string, received ${typeof uri}`);
  if (!isPattern(uri, match)) {
    throw new ApplicationError(ERROR_URI.INVALID_URI, [`Cannot ${what}: ${JSON.stringify(uri)} is no URI`]);
  }
  checkHandler(`${what} ${uri}`, handler, concurrency);
}
