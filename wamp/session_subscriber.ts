/**
 * The subscriber's side of a session: subscriptions, and the events that their handlers take.
 *
 * @module
 */

import { BoundedQueue } from "../internal/bounded_queue.ts";
import { InOrder } from "../internal/in_order.ts";
import { failureMessage } from "../internal/log.ts";
import type { Dict } from "./errors.ts";
import { type Event, MESSAGE, type Unsubscribed } from "./messages.ts";
import { passthruIn } from "./passthru.ts";
import type { Passthru } from "./passthru_api.ts";
import type { Payload } from "./payload.ts";
import type { EventHandler, SessionEvent, SubscribeOptions, Subscription } from "./session_api.ts";
import { LateArguments } from "./session_arguments.ts";
import { SessionEntry } from "./session_entry.ts";
import { canWait, checkHandler } from "./session_handlers.ts";
import type { SessionLink } from "./session_link.ts";
import { request } from "./session_requests.ts";
import type { MatchPolicy } from "./uris.ts";

/** An event that handlers take; all handlers of a subscription get the same one. */
class ReceivedEvent extends LateArguments implements SessionEvent {
  readonly topic: string;
  readonly publication: number;
  readonly details: Readonly<Dict>;

  constructor(topic: string, { publication, details }: Event, payload: Payload) {
    super(payload);
    this.topic = typeof details.topic === "string" ? details.topic : topic;
    this.publication = publication;
    this.details = details;
  }
}

/** What the router knows as one subscription: any number of handlers here. */
interface Topic {
  readonly id: number;
  readonly topic: string;
  readonly match: MatchPolicy;
  handlers: readonly OpenSubscription[];
  /** Events that are being decoded, and those behind them. */
  decoding: InOrder | undefined;
  /** Whether it was said that they come too fast. */
  isOverfull: boolean;
}

class OpenSubscription extends SessionEntry implements Subscription {
  readonly id: number;
  readonly topic: string;
  readonly match: MatchPolicy;
  readonly handler: EventHandler;
  readonly concurrency: number;
  running = 0;
  isOverfull = false;
  waiting: BoundedQueue<ReceivedEvent> | undefined;
  readonly #subscriber: Subscriber;
  #unsubscribed: Promise<void> | undefined;

  constructor(subscriber: Subscriber, { id, topic, match }: Topic, handler: EventHandler, concurrency: number) {
    super(subscriber.link);
    this.#subscriber = subscriber;
    this.id = id;
    this.topic = topic;
    this.match = match;
    this.handler = handler;
    this.concurrency = concurrency;
  }

  unsubscribe(): Promise<void> {
    return this.#unsubscribed ??= this.#subscriber.unsubscribe(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unsubscribe();
  }
}

/**
 * All subscriptions of a session.
 *
 * @internal
 */
export class Subscriber {
  /** The session. */
  readonly link: SessionLink;
  readonly #topics = new Map<number, Topic>();
  /** SUBSCRIBEs under way, by match and topic. */
  readonly #joining = new Map<string, Promise<unknown>>();

  constructor(link: SessionLink) {
    this.link = link;
  }

  /** Subscribes to a topic. */
  async subscribe(topic: string, handler: EventHandler, options: SubscribeOptions): Promise<Subscription> {
    const { match = "exact", concurrency = Infinity } = options;
    checkHandler("subscribe", handler, concurrency);
    const link = this.link;
    link.check("subscribe", topic, match);
    const wire = {
      ...options.options,
      ...(match !== "exact" && { match }),
      ...(options.getRetained && { get_retained: true }),
    };
    let subscription: OpenSubscription | undefined;
    const answered = request(
      link,
      { type: MESSAGE.SUBSCRIBE, request: link.peer.upcoming, options: wire, topic },
      (reply) => {
        if (reply.type !== MESSAGE.SUBSCRIBED) return;
        // At once: an EVENT may stand right behind it.
        const shared = this.#topics.get(reply.subscription) ??
          { id: reply.subscription, topic, match, handlers: [], decoding: undefined, isOverfull: false };
        this.#topics.set(shared.id, shared);
        subscription = new OpenSubscription(this, shared, handler, concurrency);
        shared.handlers = [...shared.handlers, subscription];
      },
    );
    await this.#whileJoining(keyOf(topic, match), answered);
    if (subscription === undefined) throw new TypeError("Cannot subscribe: no SUBSCRIBED came");
    return subscription;
  }

  async #whileJoining(key: string, answered: Promise<unknown>): Promise<void> {
    const others = this.#joining.get(key);
    const all = Promise.allSettled([others, answered]);
    this.#joining.set(key, all);
    try {
      await answered;
    } finally {
      if (this.#joining.get(key) === all) this.#joining.delete(key);
    }
  }

  /** Takes one handler away, and unsubscribes where it was the last. */
  async unsubscribe(subscription: OpenSubscription): Promise<void> {
    if (!subscription.isActive) return;
    subscription.end({ by: "us" });
    subscription.waiting?.clear();
    const shared = this.#topics.get(subscription.id);
    if (shared === undefined) return;
    shared.handlers = shared.handlers.filter((other) => other !== subscription);
    // The router answers a SUBSCRIBE under way with this same subscription, which must outlive us then.
    const key = keyOf(shared.topic, shared.match);
    for (let others = this.#joining.get(key); others !== undefined; others = this.#joining.get(key)) await others;
    if (shared.handlers.length > 0 || this.#topics.get(shared.id) !== shared) return;
    const link = this.link;
    this.#topics.delete(shared.id);
    if (link.peer.state !== "open") return;
    try {
      await request(link, { type: MESSAGE.UNSUBSCRIBE, request: link.peer.upcoming, subscription: shared.id });
    } catch (error) {
      // The session's end ends its subscriptions.
      if (link.peer.state === "open") throw error;
    }
  }

  /** The router took a subscription away. */
  revoke({ details }: Unsubscribed): void {
    const id = details?.subscription ?? 0;
    const shared = this.#topics.get(id);
    if (shared === undefined) return;
    const reason = details?.reason;
    for (const subscription of shared.handlers) {
      subscription.end({ by: "router", ...(reason !== undefined && { reason }) });
    }
    this.#topics.delete(id);
    this.link.logger.warn("Subscription was revoked", { topic: shared.topic, reason });
  }

  /** An event came. One for a subscription that has just ended is dropped. */
  receive(message: Event): void {
    const shared = this.#topics.get(message.subscription);
    if (shared === undefined) return;
    const passthru = message.details.ppt_scheme === undefined ? undefined : passthruIn(message.details);
    if (passthru !== undefined || shared.decoding?.isBusy) this.#decode(shared, message, passthru);
    else this.#deliver(shared, message, message.payload);
  }

  /** Delivers an event with what its payload was before, in its turn. */
  #decode(shared: Topic, message: Event, passthru: Passthru | undefined): void {
    const { topic } = shared;
    const decoding = shared.decoding ??= new InOrder();
    const size = message.payload.byteLength;
    if (!canWait(decoding.waiting, decoding.cost, size)) {
      if (!shared.isOverfull) {
        this.link.logger.warn("Dropping events: they come faster than they are decoded", { topic });
      }
      shared.isOverfull = true;
      return;
    }
    shared.isOverfull = false;
    decoding.add(
      this.#payloadOf(message.payload.retain(), passthru),
      size,
      (payload) => this.#deliver(shared, message, payload),
      (error) => this.link.logger.warn("Dropping event: cannot decode it", { topic, error: failureMessage(error) }),
    );
  }

  async #payloadOf(payload: Payload, passthru: Passthru | undefined): Promise<Payload> {
    return passthru === undefined ? payload : await this.link.passthru.decode(passthru, payload);
  }

  #deliver(shared: Topic, message: Event, payload: Payload): void {
    const event = new ReceivedEvent(shared.topic, message, payload);
    for (const subscription of shared.handlers) {
      if (!subscription.isActive) continue;
      if (subscription.running < subscription.concurrency) this.#run(subscription, event);
      else this.#queue(subscription, event, message.payload.byteLength);
    }
    // A handler may have kept the event, to look at it later.
    event.retain();
  }

  #queue(subscription: OpenSubscription, event: ReceivedEvent, size: number): void {
    const waiting = subscription.waiting ??= new BoundedQueue();
    if (canWait(waiting.length, waiting.cost, size)) return waiting.push(event, size);
    if (subscription.isOverfull) return;
    subscription.isOverfull = true;
    const { topic } = subscription;
    this.link.logger.warn("Dropping events: their handler does not keep up", { topic, waiting: waiting.length });
  }

  #run(subscription: OpenSubscription, event: ReceivedEvent): void {
    try {
      const outcome = this.link.telemetry.event.isOn
        ? this.#callWatched(subscription, event)
        : subscription.handler(event);
      if (!isThenable(outcome)) return;
      subscription.running++;
      void this.#settle(subscription, outcome);
    } catch (error) {
      this.#warn(subscription, error);
    }
  }

  /** Calls a handler, and tells who watches. */
  #callWatched({ id, handler }: OpenSubscription, event: ReceivedEvent): unknown {
    const { telemetry, realm, id: session, transport } = this.link;
    const { topic, publication } = event;
    const facts = { realm, session, subscription: id, publication, topic };
    const operation = telemetry.event.start(facts, transport.info.remoteAddress);
    try {
      const outcome: unknown = operation.run(() => handler(event));
      if (isThenable(outcome)) outcome.then(() => operation.end(), (error) => operation.end(error));
      else operation.end();
      return outcome;
    } catch (error) {
      operation.end(error);
      throw error;
    }
  }

  async #settle(subscription: OpenSubscription, outcome: PromiseLike<unknown>): Promise<void> {
    try {
      await outcome;
    } catch (error) {
      this.#warn(subscription, error);
    }
    subscription.running--;
    const { waiting } = subscription;
    while (waiting !== undefined && subscription.running < subscription.concurrency) {
      const event = waiting.shift();
      if (event === undefined) {
        subscription.isOverfull = false;
        return;
      }
      this.#run(subscription, event);
    }
  }

  #warn({ topic }: OpenSubscription, error: unknown): void {
    this.link.logger.warn("Event handler failed", { topic, error: failureMessage(error) });
  }
}

function keyOf(topic: string, match: MatchPolicy): string {
  return `${match} ${topic}`;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
