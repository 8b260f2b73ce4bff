/**
 * Events that a broker keeps: the one retained for each topic, and the history of a subscription.
 * Sans-I/O.
 *
 * Both hold so many bytes at most, and forget the oldest beyond that. What they charge for an event is its payload,
 * its topic, its Details, its black- and whitelists and {@linkcode EVENT_OVERHEAD}.
 *
 * @module
 */

import type { PassthruOptions } from "../messages.ts";
import type { Payload } from "../payload.ts";
import type { MatchPolicy } from "../uris.ts";
import type { Member } from "./effects.ts";
import { matchesPattern } from "./match.ts";

/** What a store of events may hold where nobody says otherwise, in bytes. @internal */
export const DEFAULT_STORE_BYTES: number = 16 << 20;
/** What an event costs beside what it holds, in bytes. */
const EVENT_OVERHEAD = 512;
/** What an entry of a black- or whitelist costs, in bytes. */
const LISTED_OVERHEAD = 64;
/** How many retained events of limited distribution one topic has beside the one for everybody. */
const MAX_RESTRICTED = 16;
/** How many retained events a new subscription to a pattern gets, the latest ones. */
const MAX_DELIVERED = 1_000;

/** An event as it is kept; its payload outlives the message it came in. @internal */
export interface StoredEvent {
  /** The id of the publication. */
  readonly publication: number;
  /** When it was published, in ISO 8601. */
  readonly timestamp: string;
  readonly topic: string;
  readonly payload: Payload;
  /** The Details that subscribers got, but for the topic. */
  readonly details: PassthruOptions;
  /** Who may get it, where the publisher said so. */
  readonly accepts: ((member: Member) => boolean) | undefined;
  /** The session that published it and does not get it. */
  readonly except: number | undefined;
  /** What its Details and its lists hold, in bytes, by {@linkcode weightOf}. */
  readonly weight: number;
}

/**
 * What the strings of Details or Options hold, and black- and whitelists, in bytes: they are as long as a publisher likes.
 *
 * @internal
 */
export function weightOf(values: PassthruOptions): number {
  let weight = 0;
  for (const value of Object.values(values)) {
    if (typeof value === "string") weight += 2 * value.length;
    if (!Array.isArray(value)) continue;
    for (const one of value) weight += LISTED_OVERHEAD + (typeof one === "string" ? 2 * one.length : 0);
  }
  return weight;
}

function costOf({ payload, topic, weight }: StoredEvent): number {
  return payload.byteLength + 2 * topic.length + weight + EVENT_OVERHEAD;
}

function mayGet(event: StoredEvent, member: Member): boolean {
  return event.except !== member.id && (event.accepts === undefined || event.accepts(member));
}

/** The retained events of one topic: the latest for everybody, and those of limited distribution since. */
interface RetainedTopic {
  readonly events: StoredEvent[];
  cost: number;
}

/** The retained events of a broker (WAMP, Event Retention). @internal */
export class RetainedEvents {
  readonly #limit: number;
  /** By topic, that of the oldest event first. */
  readonly #topics = new Map<string, RetainedTopic>();
  #cost = 0;

  /** None so far. @param limit What they may hold, in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many topics have one. */
  get size(): number {
    return this.#topics.size;
  }

  /** What they hold, in bytes. */
  get cost(): number {
    return this.#cost;
  }

  /** Makes an event the retained one of its topic. One that is too large by itself is not retained. */
  retain(event: StoredEvent): void {
    const cost = costOf(event);
    if (cost > this.#limit) return;
    const { topic, accepts } = event;
    const before = this.#topics.get(topic);
    if (before !== undefined) this.#forget(topic, before);
    const kept = accepts === undefined || before === undefined ? [] : before.events;
    const retained: RetainedTopic = { events: kept, cost: 0 };
    kept.push(event);
    // The first is the one for everybody, if there is one.
    if (kept.length > MAX_RESTRICTED) kept.splice(kept[0]?.accepts === undefined ? 1 : 0, 1);
    for (const one of kept) retained.cost += costOf(one);
    this.#topics.set(topic, retained);
    this.#cost += retained.cost;
    for (const [oldest, one] of this.#topics) {
      if (this.#cost <= this.#limit) break;
      this.#forget(oldest, one);
    }
  }

  #forget(topic: string, { cost }: RetainedTopic): void {
    this.#topics.delete(topic);
    this.#cost -= cost;
  }

  /**
   * What a new subscription gets: for each topic the latest event that the subscriber would have got, in the order in
   * which topics had theirs.
   */
  find(uri: string, match: MatchPolicy, member: Member): StoredEvent[] {
    const found: StoredEvent[] = [];
    if (match === "exact") this.#add(this.#topics.get(uri), member, found);
    else {
      for (const [topic, retained] of this.#topics) {
        if (matchesPattern(uri, match, topic)) this.#add(retained, member, found);
      }
    }
    return found.length > MAX_DELIVERED ? found.slice(-MAX_DELIVERED) : found;
  }

  #add(retained: RetainedTopic | undefined, member: Member, found: StoredEvent[]): void {
    const event = retained?.events.findLast((event) => mayGet(event, member));
    if (event !== undefined) found.push(event);
  }
}

/** Which events of a history are asked for; all conditions hold (WAMP, Event History, Receiving Event History). @internal */
export interface HistoryQuery {
  /** The latest first. */
  readonly reverse: boolean;
  /** At most so many. */
  readonly limit: number;
  /** Only those of this topic. */
  readonly topic?: string | undefined;
  /** In milliseconds since 1970, as all times here. */
  readonly fromTime: number;
  readonly afterTime: number;
  readonly beforeTime: number;
  readonly untilTime: number;
  /** Ids of publications. */
  readonly fromPublication?: number | undefined;
  readonly afterPublication?: number | undefined;
  readonly beforePublication?: number | undefined;
  readonly untilPublication?: number | undefined;
}

/** The history of one subscription, in the order in which the broker had the events (WAMP, Event History). @internal */
export class EventHistory {
  #limit: number;
  #maxBytes: number;
  /** What is before `#first` is forgotten. */
  #events: StoredEvent[] = [];
  #first = 0;
  #cost = 0;

  /** An empty one. @param limit How many events it keeps. @param maxBytes What they may hold, in bytes. */
  constructor(limit: number, maxBytes: number) {
    this.#limit = limit;
    this.#maxBytes = maxBytes;
  }

  /** How many events it has. */
  get size(): number {
    return this.#events.length - this.#first;
  }

  /** What they hold, in bytes. */
  get cost(): number {
    return this.#cost;
  }

  /** Appends an event. One that is too large by itself is left out, so that it cannot make all others forgotten. */
  add(event: StoredEvent): void {
    const cost = costOf(event);
    if (cost > this.#maxBytes) return;
    this.#events.push(event);
    this.#cost += cost;
    this.#trim();
  }

  /** Keeps more or less from now on. @param limit How many events. @param maxBytes What they may hold, in bytes. */
  resize(limit: number, maxBytes: number): void {
    this.#limit = limit;
    this.#maxBytes = maxBytes;
    this.#trim();
  }

  #trim(): void {
    while (this.size > this.#limit || this.#cost > this.#maxBytes) {
      this.#cost -= costOf(this.#events[this.#first]!);
      this.#first++;
    }
    // What is forgotten goes when it is half of the list: then moving the rest costs nothing on the average.
    if (this.#first * 2 < this.#events.length) return;
    this.#events = this.#events.slice(this.#first);
    this.#first = 0;
  }

  /**
   * The events that are asked for and that `member` may have. A publication that is named and not here, since it is
   * forgotten or never was, is before and after nothing.
   */
  find(query: HistoryQuery, member: Member): StoredEvent[] {
    const [start, end] = this.#range(query);
    const found: StoredEvent[] = [];
    const step = query.reverse ? -1 : 1;
    for (let at = query.reverse ? end - 1 : start; at >= start && at < end && found.length < query.limit; at += step) {
      const event = this.#events[at]!;
      // Sessions come and go, roles and names stay: who published it does not count (WAMP, Event History, Security Aspects).
      if (isWithin(event, query) && (event.accepts === undefined || event.accepts(member))) found.push(event);
    }
    return found;
  }

  /** Where the publications that are named begin and end a range of the list. */
  #range(query: HistoryQuery): readonly [start: number, end: number] {
    const { fromPublication, afterPublication, beforePublication, untilPublication } = query;
    const nowhere = [0, 0] as const;
    let start = this.#first;
    let end = this.#events.length;
    for (const [id, offset] of [[fromPublication, 0], [afterPublication, 1]] as const) {
      if (id === undefined) continue;
      const at = this.#indexOf(id);
      if (at < 0) return nowhere;
      start = Math.max(start, at + offset);
    }
    for (const [id, offset] of [[beforePublication, 0], [untilPublication, 1]] as const) {
      if (id === undefined) continue;
      const at = this.#indexOf(id);
      if (at < 0) return nowhere;
      end = Math.min(end, at + offset);
    }
    return [start, end];
  }

  #indexOf(id: number): number {
    return this.#events.findIndex(({ publication }, at) => at >= this.#first && publication === id);
  }
}

function isWithin({ topic, timestamp }: StoredEvent, query: HistoryQuery): boolean {
  if (query.topic !== undefined && query.topic !== topic) return false;
  const time = Date.parse(timestamp);
  return time >= query.fromTime && time > query.afterTime && time < query.beforeTime && time <= query.untilTime;
}
