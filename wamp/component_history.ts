/**
 * Asks a router for the events of a subscription that it keeps (WAMP, Event History, Receiving Event History).
 *
 * @module
 */

import { failureMessage, type Logger } from "../internal/log.ts";
import type { Dict } from "./errors.ts";
import { isId } from "./ids.ts";
import { type PassthruCodecs, passthruIn } from "./passthru.ts";
import { Payload } from "./payload.ts";
import type { Session, SessionEvent } from "./session_api.ts";

/** How many events are asked for at a time: as many of 64 KiB fit into one message of 16 MiB. */
const PAGE = 250;
/** How long the router may take to answer, in milliseconds. */
const TIMEOUT = 30_000;

/** A part of a history. @internal */
export interface HistoryAnswer {
  /** The events, the oldest first, but for those that cannot be read. */
  readonly events: readonly SessionEvent[];
  /** The publications, those of events that cannot be read too. */
  readonly publications: readonly number[];
  /** Whether there may be more. */
  readonly hasMore: boolean;
}

/** What reading needs to know. @internal */
export interface HistoryContext {
  readonly topic: string;
  readonly passthru: PassthruCodecs;
  readonly logger: Logger;
}

/** The history of one subscription. @internal */
export class PastEvents {
  readonly #session: Session;
  readonly #subscription: number;
  readonly #context: HistoryContext;

  constructor(session: Session, subscription: number, context: HistoryContext) {
    this.#session = session;
    this.#subscription = subscription;
    this.#context = context;
  }

  /** The events after a publication; `undefined` where the router does not know that. */
  async after(publication: number): Promise<HistoryAnswer | undefined> {
    // With itself, since "none after it" and "never heard of it" have the same answer.
    const [first, ...others] = await this.#ask({ from_publication: publication, limit: PAGE + 1 });
    return first?.publication === publication ? await this.#read(others) : undefined;
  }

  /** The events from the first that is kept. */
  async all(): Promise<HistoryAnswer> {
    return await this.#read(await this.#ask({ limit: PAGE }));
  }

  /** The publications of the latest events, the latest first. */
  async latest(): Promise<readonly number[]> {
    return (await this.#ask({ reverse: true, limit: PAGE })).map(({ publication }) => publication);
  }

  /** Where the history ends now, and when the router created the subscription. */
  async mark(): Promise<{ readonly last: number | undefined; readonly created: string | undefined }> {
    const [[latest], about] = await Promise.all([
      this.#ask({ reverse: true, limit: 1 }),
      this.#session.call("wamp.subscription.get", [this.#subscription], { timeout: TIMEOUT }),
    ]);
    const created = isDict(about) && typeof about.created === "string" ? about.created : undefined;
    return { last: latest?.publication, created };
  }

  async #ask(kwargs: Readonly<Dict>): Promise<readonly ToldEvent[]> {
    const options = { kwargs, timeout: TIMEOUT };
    const found = await this.#session.call("wamp.subscription.get_events", [this.#subscription], options);
    const told: readonly unknown[] = Array.isArray(found) ? found : [];
    return told.filter(isToldEvent);
  }

  async #read(told: readonly ToldEvent[]): Promise<HistoryAnswer> {
    const events: SessionEvent[] = [];
    for (const one of told) {
      try {
        events.push(await this.#readEvent(one));
      } catch (error) {
        const { topic, logger } = this.#context;
        logger.warn("Dropping event: cannot decode it", { topic, error: failureMessage(error) });
      }
    }
    return { events, publications: told.map(({ publication }) => publication), hasMore: told.length >= PAGE };
  }

  async #readEvent(told: ToldEvent): Promise<SessionEvent> {
    const { publication, timestamp } = told;
    const details = isDict(told.details) ? told.details : {};
    const topic = typeof details.topic === "string" ? details.topic : this.#context.topic;
    const passthru = passthruIn(details);
    const payload = Payload.of(Array.isArray(told.args) ? told.args : [], isDict(told.kwargs) ? told.kwargs : {});
    const { args, kwargs } = passthru === undefined ? payload : await this.#context.passthru.decode(passthru, payload);
    return { topic, publication, args, kwargs, details: { ...details, timestamp } };
  }
}

/** An event as the router tells it. */
interface ToldEvent extends Dict {
  readonly publication: number;
}

function isToldEvent(value: unknown): value is ToldEvent {
  return isDict(value) && isId(value.publication);
}

function isDict(value: unknown): value is Dict {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
