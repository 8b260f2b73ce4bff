/**
 * A subscription that misses nothing from one session to the next, as far as the router keeps the events (WAMP, Event
 * History).
 *
 * @module
 */

import { failureMessage, type Logger } from "../internal/log.ts";
import { toError } from "../internal/to_error.ts";
import type { CatchUpOptions, EventGap } from "./component_api.ts";
import { Delivery } from "./component_delivery.ts";
import { type HistoryAnswer, PastEvents } from "./component_history.ts";
import type { PassthruCodecs } from "./passthru.ts";
import type { EventHandler, Session, SessionEvent } from "./session_api.ts";

/** How many publications are remembered, to know again what was seen. */
const MAX_SEEN = 1_024;
/** How many live events wait for those of the past, unless the program says otherwise. */
const MAX_WAITING = 10_000;

/** What a subscription is that catches up. @internal */
export interface CatchUpContext extends CatchUpOptions {
  readonly topic: string;
  readonly handler: EventHandler;
  readonly concurrency: number | undefined;
  readonly logger: Logger;
  readonly passthru: PassthruCodecs;
}

/** A subscription in one session. @internal */
export interface CatchUpTurn {
  /** Takes a live event. */
  receive(event: SessionEvent): void;
  /** Asks for the events of the past, once the router has said which subscription it is. Never rejects. */
  fetch(subscription: number): Promise<void>;
}

/** What one subscription has seen, over all sessions. @internal */
export class CatchUp {
  readonly options: CatchUpContext;
  readonly #delivery: Delivery;
  readonly #maxWaiting: number;
  /** The latest publications seen, the oldest first. */
  readonly #seen = new Set<number>();
  /** The last publication by which the history can be asked. */
  #last: number | undefined;
  /** Which subscription had no events so far, by when the router created it. */
  #emptyOf: string | undefined;
  #hasBegun = false;
  #isOverfull = false;
  #turn: Turn | undefined;

  /** @throws {RangeError} A number is out of its range. */
  constructor(options: CatchUpContext) {
    const { topic, handler, concurrency = Infinity, maxWaiting = MAX_WAITING, logger } = options;
    if (!(maxWaiting >= 1)) {
      throw new RangeError(`Option catchUp.maxWaiting must be at least 1, received ${maxWaiting}`);
    }
    this.options = options;
    this.#maxWaiting = maxWaiting;
    this.#delivery = new Delivery({ topic, handler, concurrency, maxWaiting, logger });
  }

  /** Begins in a session, before it is asked to subscribe; what another session still delivers does not count. */
  begin(session: Session): CatchUpTurn {
    const turn = new Turn(this, session, this.#hasBegun, this.#maxWaiting);
    this.#turn = turn;
    return turn;
  }

  /** Forgets everything. */
  forget(): void {
    this.#turn = undefined;
    this.#delivery.clear();
  }

  /** Whether a turn is still the one. */
  isCurrent(turn: CatchUpTurn): boolean {
    return this.#turn === turn;
  }

  /** The router has subscribed us: from now on something can be missed. */
  noteBegun(): void {
    this.#hasBegun = true;
  }

  /** Where to go on from. */
  get last(): number | undefined {
    return this.#last;
  }

  /** Whether an event was seen. */
  hasSeen(publication: number): boolean {
    return this.#seen.has(publication);
  }

  /** Whether the history of a subscription was empty when it was last looked at. */
  wasEmpty(created: string | undefined): boolean {
    return created !== undefined && created === this.#emptyOf;
  }

  /** Starts from here, where nothing was seen yet. */
  noteMark({ last, created }: { readonly last: number | undefined; readonly created: string | undefined }): void {
    if (this.#last !== undefined) return;
    if (last === undefined) this.#emptyOf = created;
    // It is not noted as seen, since it may still be on its way to us.
    else this.#last = last;
  }

  /** Goes on from here, whatever became of the event. */
  noteLast(publication: number): void {
    this.#last = publication;
  }

  /** An event of our own, which the router does not send us, though its history has it. */
  noteOwn(publication: number): void {
    this.#remember(publication);
  }

  /** Hands on an event, unless it was seen. Those of the past are few at a time, and always have room. */
  deliver(event: SessionEvent, isPast: boolean): void {
    const { publication } = event;
    if (this.#seen.has(publication)) return;
    if (!isPast && !this.#delivery.hasRoom) {
      if (!this.#isOverfull) this.gap({ reason: "overflow" });
      this.#isOverfull = true;
      return;
    }
    this.#isOverfull = false;
    // A retained event may be an old one: what came after it need not have been seen.
    if (event.details.retained !== true) this.#last = publication;
    this.#remember(publication);
    this.#delivery.add(event);
  }

  /** Resolves when the handler has taken, or begun with, all that it was given. */
  emptied(): Promise<void> {
    return this.#delivery.emptied();
  }

  /** Says in its place that events may be missing. */
  gap({ reason, cause }: Pick<EventGap, "reason" | "cause">): void {
    const { topic, onGap, logger } = this.options;
    const gap: EventGap = { topic, after: this.#last, reason, ...(cause !== undefined && { cause }) };
    this.#delivery.add(() => {
      if (onGap !== undefined) return onGap(gap);
      const error = cause === undefined ? {} : { error: failureMessage(cause) };
      logger.warn("Events may be missing", { topic, reason, ...error });
    });
    if (reason !== "forgotten") return;
    // The router does not know it, and never will.
    this.#last = this.#emptyOf = undefined;
  }

  #remember(publication: number): void {
    this.#seen.add(publication);
    if (this.#seen.size <= MAX_SEEN) return;
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest);
      break;
    }
  }
}

class Turn implements CatchUpTurn {
  readonly #catchUp: CatchUp;
  readonly #session: Session;
  readonly #maxWaiting: number;
  readonly #isReturn: boolean;
  /** Live events that wait for those of the past. */
  #held: Map<number, SessionEvent> | undefined;
  /** Whether more came than can wait: the history has them too. */
  #hasDropped = false;

  constructor(catchUp: CatchUp, session: Session, isReturn: boolean, maxWaiting: number) {
    this.#catchUp = catchUp;
    this.#session = session;
    this.#isReturn = isReturn;
    this.#maxWaiting = maxWaiting;
    if (isReturn) this.#held = new Map();
  }

  /** Whether it still matters what this session says. */
  get #isCurrent(): boolean {
    return this.#catchUp.isCurrent(this) && this.#session.state === "open";
  }

  receive(event: SessionEvent): void {
    if (!this.#catchUp.isCurrent(this)) return;
    if (this.#held === undefined) return this.#catchUp.deliver(event, false);
    if (this.#held.size < this.#maxWaiting) return void this.#held.set(event.publication, event);
    this.#held.clear();
    this.#hasDropped = true;
  }

  async fetch(subscription: number): Promise<void> {
    const catchUp = this.#catchUp;
    const { topic, logger } = catchUp.options;
    const history = new PastEvents(this.#session, subscription, catchUp.options);
    catchUp.noteBegun();
    try {
      if (this.#isReturn) await this.#catchUpOn(history);
      if (this.#isCurrent && catchUp.last === undefined) {
        const mark = await history.mark();
        if (this.#isCurrent) catchUp.noteMark(mark);
      }
    } catch (thrown) {
      const cause = toError(thrown);
      if (!this.#isCurrent) return; // What is held comes again, from the history.
      if (this.#isReturn) catchUp.gap({ reason: "unavailable", cause });
      else logger.warn("Cannot follow the event history", { topic, error: failureMessage(cause) });
    }
    this.#release();
  }

  /** Hands on what was missed, or says that it cannot be known. */
  async #catchUpOn(history: PastEvents): Promise<void> {
    const catchUp = this.#catchUp;
    for (let hasMore = true; hasMore;) {
      const answer = await this.#more(history);
      if (!this.#isCurrent) return;
      // What was dropped so far was there when the router answered.
      this.#hasDropped = false;
      for (const event of answer.events) {
        this.#held?.delete(event.publication);
        catchUp.deliver(event, true);
      }
      const last = answer.publications.at(-1);
      if (last !== undefined) catchUp.noteLast(last);
      await catchUp.emptied();
      if (!this.#isCurrent) return;
      hasMore = catchUp.last !== undefined && (answer.hasMore || this.#hasDropped);
    }
  }

  /** The next events that were missed; says so where it cannot be known whether there were others. */
  async #more(history: PastEvents): Promise<HistoryAnswer> {
    const catchUp = this.#catchUp;
    const { last } = catchUp;
    const next = last === undefined ? undefined : await history.after(last);
    if (next !== undefined) return next;
    // Not every event is kept: one before it may tell where we were.
    const latest = await history.latest();
    const known = latest.find((publication) => catchUp.hasSeen(publication));
    const since = known === undefined ? undefined : await history.after(known);
    if (since !== undefined) return since;
    const { created } = await history.mark();
    if (this.#isCurrent && (latest.length > 0 || !catchUp.wasEmpty(created))) catchUp.gap({ reason: "forgotten" });
    return await history.all();
  }

  /** The live events, from now on at once. */
  #release(): void {
    if (!this.#isCurrent) return;
    const held = this.#held?.values() ?? [];
    this.#held = undefined;
    if (this.#hasDropped) this.#catchUp.gap({ reason: "overflow" });
    for (const event of held) this.#catchUp.deliver(event, false);
  }
}
