/**
 * The broker of a realm: subscriptions, and events for them.
 * Sans-I/O.
 *
 * @module
 */

import { ERROR_URI, isReserved, type MatchPolicy, type UriRules } from "../uris.ts";
import {
  type Event,
  MESSAGE,
  type PassthruOptions,
  type Publish,
  type Subscribe,
  type Unsubscribe,
} from "../messages.ts";
import { Payload } from "../payload.ts";
import {
  abort,
  type Effect,
  type Grant,
  type Member,
  NOTHING,
  passthruOf,
  payloadKind,
  PLAIN_GRANT,
  type Refusal,
  refusal,
  takesKind,
  unannounced,
} from "./effects.ts";
import { DEFAULT_STORE_BYTES, EventHistory, RetainedEvents, type StoredEvent, weightOf } from "./event_store.ts";
import { isAcceptablePattern, isAcceptableUri, matchesPattern, MatchIndex } from "./match.ts";

/** A subscription whose events are kept. @internal */
export interface HistoryOptions {
  /** The topic or pattern. */
  readonly uri: string;
  /** How it is matched. @default {"exact"} */
  readonly match?: MatchPolicy;
  /** How many events are kept. */
  readonly limit: number;
  /** What they may hold, in bytes. @default {16 MiB} */
  readonly maxBytes?: number;
}

/** Choices for a broker. @internal */
export interface BrokerOptions {
  /** How strictly URIs are checked. */
  readonly uriRules: UriRules;
  /** Subscriptions of one session. */
  readonly maxSubscriptions: number;
  /** Gives the id of a new subscription. */
  readonly nextSubscriptionId: () => number;
  /** Gives the id of a publication. */
  readonly nextPublicationId: () => number;
  /** The time now in ISO 8601, for `created`, and for events that are kept. */
  readonly timestamp: () => string;
  /** What retained events may hold, in bytes. @default {16 MiB} */
  readonly maxRetained?: number;
  /** Subscriptions whose events are kept; they are there from the beginning. @default {[]} */
  readonly eventStores?: readonly HistoryOptions[];
}

/** What the meta API tells of a subscription (WAMP, Subscription Meta API: SubscriptionDetails). @internal */
export interface SubscriptionDetails {
  readonly id: number;
  readonly created: string;
  readonly uri: string;
  readonly match: MatchPolicy;
}

/** Ids by match policy (WAMP, Subscription Meta API, Registration Meta API). @internal */
export type IdLists = Record<MatchPolicy, number[]>;

/** A subscription: all sessions that subscribed to one URI by one policy share it. */
interface Subscription extends SubscriptionDetails {
  readonly members: Set<Member>;
  /** Its events, where they are kept. Then it stays without subscribers too. */
  history: EventHistory | undefined;
}

/** One publication on its way to the subscriptions that match. */
interface Publication {
  readonly id: number;
  readonly topic: string;
  readonly payload: Payload;
  readonly except: Member | undefined;
  readonly accepts: ((member: Member) => boolean) | undefined;
  /** The Options it came with; none for what the router publishes. */
  readonly options: Publish["options"];
  /** The Details for exact subscriptions. */
  readonly details: PassthruOptions;
  /** The same with the topic, for patterns; made for the first. */
  patternDetails: PassthruOptions | undefined;
  /** As it is kept; made for the first that does. */
  stored: StoredEvent | undefined;
}

/** A broker. @internal */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #index = new MatchIndex<Subscription>();
  readonly #byId = new Map<number, Subscription>();
  readonly #byMember = new Map<Member, Set<Subscription>>();
  readonly #retained: RetainedEvents;
  /** The subscriptions whose events are kept. */
  readonly #stores: Subscription[] = [];

  /** Makes one without subscribers. */
  constructor(options: BrokerOptions) {
    const { maxRetained = DEFAULT_STORE_BYTES, eventStores = [] } = options;
    this.#options = options;
    this.#retained = new RetainedEvents(maxRetained);
    this.keep(eventStores);
  }

  /** Keeps the events of these topics from now on, and of no others. What is kept of a topic that stays, stays. */
  keep(eventStores: readonly HistoryOptions[]): void {
    const old = new Set(this.#stores.splice(0));
    for (const { uri, match = "exact", limit, maxBytes = DEFAULT_STORE_BYTES } of eventStores) {
      const store = this.#index.get(uri, match) ?? this.#create(uri, match, undefined);
      if (store.history === undefined) store.history = new EventHistory(limit, maxBytes);
      else store.history.resize(limit, maxBytes);
      old.delete(store);
      this.#stores.push(store);
    }
    for (const store of old) {
      store.history = undefined;
      if (store.members.size > 0) continue;
      this.#index.remove(store);
      this.#byId.delete(store.id);
    }
  }

  /** How many topics have a retained event. */
  get retained(): number {
    return this.#retained.size;
  }

  /** How many subscriptions there are. */
  get subscriptions(): number {
    return this.#byId.size;
  }

  /** The subscriptions, in the order in which they were made. */
  entries(): Iterable<SubscriptionDetails & { readonly members: { readonly size: number } }> {
    return this.#byId.values();
  }

  /** How many entries the tables hold: nothing is left when everybody has left. */
  get tableSize(): number {
    return this.#index.size + this.#index.nodes + this.#byId.size + this.#byMember.size;
  }

  /** SUBSCRIBE (WAMP, Subscribing and Unsubscribing). A second one for the same answers the same id. */
  subscribe(member: Member, message: Subscribe, effects: Effect[]): void {
    const { request, topic, options: { match = "exact" } } = message;
    if (!isAcceptablePattern(topic, match, this.#options.uriRules)) {
      effects.push(
        refusal(member, MESSAGE.SUBSCRIBE, request, ERROR_URI.INVALID_URI, `Cannot subscribe: bad URI for ${match}`),
      );
      return;
    }
    const joined = this.#byMember.get(member);
    const existing = this.#index.get(topic, match);
    const isNew = existing === undefined || joined?.has(existing) !== true;
    const { maxSubscriptions } = this.#options;
    if (isNew && (joined?.size ?? 0) >= maxSubscriptions) {
      const text = `Cannot subscribe: this session has its ${maxSubscriptions} subscriptions`;
      effects.push(refusal(member, MESSAGE.SUBSCRIBE, request, ERROR_URI.UNAVAILABLE, text));
      return;
    }
    const subscription = existing ?? this.#create(topic, match, undefined);
    const { id } = subscription;
    effects.push({ kind: "send", to: member, message: { type: MESSAGE.SUBSCRIBED, request, subscription: id } });
    if (existing === undefined) {
      effects.push({ kind: "meta", topic: "wamp.subscription.on_create", args: [member.id, detailsOf(subscription)] });
    }
    if (isNew) {
      subscription.members.add(member);
      if (joined === undefined) this.#byMember.set(member, new Set([subscription]));
      else joined.add(subscription);
      effects.push({ kind: "meta", topic: "wamp.subscription.on_subscribe", args: [member.id, id] });
    }
    if (message.options.get_retained === true) this.#deliverRetained(subscription, member, effects);
  }

  /** WAMP, Event Retention. */
  #deliverRetained({ id, uri, match }: Subscription, member: Member, effects: Effect[]): void {
    for (const { publication, topic, details, payload } of this.#retained.find(uri, match, member)) {
      const message: Event = {
        type: MESSAGE.EVENT,
        subscription: id,
        publication,
        details: { ...details, ...(match !== "exact" && { topic }), retained: true },
        // A copy, so that nothing encoded for this subscriber stays with what is kept.
        payload: payload.copy(),
      };
      effects.push({ kind: "event", to: [member], count: 1, except: undefined, accepts: undefined, message });
    }
  }

  #create(uri: string, match: MatchPolicy, history: EventHistory | undefined): Subscription {
    const { nextSubscriptionId, timestamp } = this.#options;
    const subscription: Subscription = {
      id: nextSubscriptionId(),
      created: timestamp(),
      uri,
      match,
      members: new Set(),
      history,
    };
    this.#index.add(subscription);
    this.#byId.set(subscription.id, subscription);
    return subscription;
  }

  /** UNSUBSCRIBE (WAMP, Subscribing and Unsubscribing). */
  unsubscribe(member: Member, message: Unsubscribe, effects: Effect[]): void {
    const { request } = message;
    const subscription = this.#byId.get(message.subscription);
    const joined = this.#byMember.get(member);
    if (subscription === undefined || joined === undefined || !joined.delete(subscription)) {
      const text = `Cannot unsubscribe: this session has no subscription ${message.subscription}`;
      effects.push(refusal(member, MESSAGE.UNSUBSCRIBE, request, ERROR_URI.NO_SUCH_SUBSCRIPTION, text));
      return;
    }
    if (joined.size === 0) this.#byMember.delete(member);
    effects.push({ kind: "send", to: member, message: { type: MESSAGE.UNSUBSCRIBED, request } });
    this.#detach(member, subscription, effects);
  }

  /**
   * Takes a subscriber out of a subscription (WAMP, Subscription Revocation).
   *
   * @returns Whether it was in.
   */
  removeSubscriber(member: Member, id: number, reason: string | undefined, effects: Effect[]): boolean {
    const subscription = this.#byId.get(id);
    const joined = this.#byMember.get(member);
    if (subscription === undefined || joined === undefined || !joined.delete(subscription)) return false;
    if (joined.size === 0) this.#byMember.delete(member);
    if (member.features.subscriberRevocation) {
      const details = { subscription: id, ...(reason !== undefined && { reason }) };
      effects.push({ kind: "send", to: member, message: { type: MESSAGE.UNSUBSCRIBED, request: 0, details } });
    }
    this.#detach(member, subscription, effects);
    return true;
  }

  #detach(member: Member, subscription: Subscription, effects: Effect[]): void {
    const { id, members } = subscription;
    members.delete(member);
    effects.push({ kind: "meta", topic: "wamp.subscription.on_unsubscribe", args: [member.id, id] });
    if (members.size > 0 || subscription.history !== undefined) return;
    this.#index.remove(subscription);
    this.#byId.delete(id);
    effects.push({ kind: "meta", topic: "wamp.subscription.on_delete", args: [member.id, id] });
  }

  /** PUBLISH (WAMP, Publishing and Events). Answers only where an acknowledgement was asked for. */
  publish(publisher: Member, message: Publish, effects: Effect[], grant: Grant = PLAIN_GRANT): void {
    const { topic, options, request } = message;
    const kind = payloadKind(options, message.payload);
    if (!takesKind(publisher.features, "publisher", kind)) {
      // WAMP, Payload Passthru Mode, Feature Announcement
      effects.push(abort(publisher, "unexpected_message", unannounced("PUBLISH", kind)));
      return;
    }
    const exact = this.#index.exact(topic);
    const refused = this.#refusePublish(publisher, message, exact, grant);
    if (refused !== undefined) {
      if (options.acknowledge === true) effects.push(refusal(publisher, MESSAGE.PUBLISH, request, ...refused));
      return;
    }
    const isHeard = exact !== undefined || this.#index.hasPatterns || options.retain === true;
    if (!isHeard && options.acknowledge !== true) return;
    const id = this.#options.nextPublicationId();
    if (options.acknowledge === true) {
      effects.push({ kind: "send", to: publisher, message: { type: MESSAGE.PUBLISHED, request, publication: id } });
    }
    if (!isHeard) return;
    this.#dispatch(exact, {
      id,
      topic,
      payload: message.payload,
      except: options.exclude_me === false ? undefined : publisher,
      accepts: filterOf(options, kind === "opaque"),
      options,
      details: eventDetails(publisher, options, grant),
      patternDetails: undefined,
      stored: undefined,
    }, effects);
  }

  #refusePublish(
    publisher: Member,
    { topic, options }: Publish,
    exact: Subscription | undefined,
    grant: Grant,
  ): Refusal | undefined {
    if ((exact === undefined && !isAcceptableUri(topic, this.#options.uriRules)) || !mayPublish(publisher, topic)) {
      return [ERROR_URI.INVALID_URI, "Cannot publish: the topic is a bad URI, or reserved"];
    }
    if (grant.refusal !== undefined) return grant.refusal;
    return grant.disclose === false && options.disclose_me === true ? DISCLOSURE_DENIED : undefined;
  }

  /** Publishes on behalf of the router: what the meta API tells. */
  publishMeta(topic: string, args: readonly unknown[], effects: Effect[]): void {
    const exact = this.#index.exact(topic);
    if (exact === undefined && !this.#index.hasPatterns) return;
    this.#dispatch(exact, {
      id: this.#options.nextPublicationId(),
      topic,
      payload: Payload.of(args),
      except: undefined,
      accepts: undefined,
      options: NOTHING,
      details: NOTHING,
      patternDetails: undefined,
      stored: undefined,
    }, effects);
  }

  #dispatch(exact: Subscription | undefined, publication: Publication, effects: Effect[]): void {
    if (publication.options.retain === true) this.#retained.retain(this.#store(publication));
    if (exact !== undefined) {
      this.#record(exact, publication);
      pushEvent(exact, publication, publication.details, effects);
    }
    if (!this.#index.hasPatterns) return;
    this.#index.visitPatterns(publication.topic, (subscription) => {
      // WAMP, Pattern-based Subscription, Concrete topic published to
      publication.patternDetails ??= { ...publication.details, topic: publication.topic };
      this.#record(subscription, publication);
      pushEvent(subscription, publication, publication.patternDetails, effects);
      return false;
    });
  }

  /** Adds to the history of a subscription, if it has one. */
  #record({ history }: Subscription, publication: Publication): void {
    // WAMP, Event History, Security Aspects: ids of sessions mean nothing later.
    const { exclude, eligible } = publication.options;
    if (history === undefined || exclude !== undefined || eligible !== undefined) return;
    history.add(this.#store(publication));
  }

  #store(publication: Publication): StoredEvent {
    const { id, topic, payload, details, accepts, except, options } = publication;
    return publication.stored ??= {
      publication: id,
      timestamp: this.#options.timestamp(),
      topic,
      payload: payload.retain().copy(),
      details,
      accepts,
      except: except?.id,
      weight: weightOf(details) + weightOf(options),
    };
  }

  /** Ends all subscriptions of a session that is gone. */
  leave(member: Member, effects: Effect[]): void {
    const joined = this.#byMember.get(member);
    if (joined === undefined) return;
    this.#byMember.delete(member);
    for (const subscription of joined) this.#detach(member, subscription, effects);
  }

  /** `wamp.subscription.list`. */
  list(): IdLists {
    return { exact: this.#idsOf("exact"), prefix: this.#idsOf("prefix"), wildcard: this.#idsOf("wildcard") };
  }

  #idsOf(match: MatchPolicy): number[] {
    return Array.from(this.#index.entries(match), ({ id }) => id);
  }

  /** `wamp.subscription.lookup`. */
  lookup(topic: string, match: MatchPolicy): number | undefined {
    return this.#index.get(topic, match)?.id;
  }

  /** `wamp.subscription.match`: the ids of all that match. */
  match(topic: string): number[] {
    const exact = this.#index.exact(topic);
    const ids = exact === undefined ? [] : [exact.id];
    this.#index.visitPatterns(topic, ({ id }) => {
      ids.push(id);
      return false;
    });
    return ids;
  }

  /** `wamp.subscription.get`. */
  get(id: number): SubscriptionDetails | undefined {
    const subscription = this.#byId.get(id);
    return subscription && detailsOf(subscription);
  }

  /** `wamp.subscription.list_subscribers`: session ids. */
  subscribers(id: number): number[] | undefined {
    const subscription = this.#byId.get(id);
    return subscription && Array.from(subscription.members, (member) => member.id);
  }

  /**
   * Where the history of a subscription is: its own, or, for the exact subscription to a topic, that of a pattern, of which
   * only that topic counts.
   */
  history(id: number): { readonly history: EventHistory; readonly topic: string | undefined } | undefined {
    const subscription = this.#byId.get(id);
    if (subscription === undefined) return undefined;
    const { history, uri, match } = subscription;
    if (history !== undefined) return { history, topic: undefined };
    const store = match === "exact" ? this.#stores.find((one) => matchesPattern(one.uri, one.match, uri)) : undefined;
    return store?.history && { history: store.history, topic: uri };
  }

  /** `wamp.subscription.count_subscribers`. */
  countSubscribers(id: number): number | undefined {
    return this.#byId.get(id)?.members.size;
  }
}

const DISCLOSURE_DENIED: Refusal = [
  ERROR_URI.OPTION_DISALLOWED_DISCLOSE_ME,
  "Cannot publish: this session's identity is not to be disclosed",
];

function detailsOf({ id, created, uri, match }: Subscription): SubscriptionDetails {
  return { id, created, uri, match };
}

/** Whether a session may publish to a topic: `wamp.` is the router's and that of those it trusts (WAMP, Reserved URIs). */
function mayPublish(publisher: Member, topic: string): boolean {
  return publisher.isTrusted || !isReserved(topic);
}

function pushEvent(
  subscription: Subscription,
  publication: Publication,
  details: PassthruOptions,
  effects: Effect[],
): void {
  const { id, members } = subscription;
  const { except, accepts, payload } = publication;
  if (members.size === 0 || members.size === 1 && except !== undefined && members.has(except)) return;
  const message: Event = { type: MESSAGE.EVENT, subscription: id, publication: publication.id, details, payload };
  effects.push({ kind: "event", to: members, count: members.size, except, accepts, message });
}

/** The Details of an event, built anew: what a publisher puts into its Options is not to be taken for the router's word. */
function eventDetails(publisher: Member, options: Publish["options"], grant: Grant): PassthruOptions {
  const passthru = passthruOf(options);
  const { trustlevel, disclose } = grant;
  // WAMP, Publisher Identification
  const isDisclosed = disclose ?? options.disclose_me === true;
  if (!isDisclosed && trustlevel === undefined) return passthru ?? NOTHING;
  const { id, authid, authrole } = publisher;
  return {
    ...passthru,
    ...(trustlevel !== undefined && { trustlevel }),
    ...(isDisclosed && { publisher: id, publisher_authid: authid, publisher_authrole: authrole }),
  };
}

/**
 * Who gets an event, where the publisher said so (WAMP, Subscriber Black- and Whitelisting), or where not everybody can
 * read it.
 */
function filterOf(options: Publish["options"], isOpaque: boolean): ((member: Member) => boolean) | undefined {
  const { eligible, eligible_authid, eligible_authrole, exclude, exclude_authid, exclude_authrole } = options;
  const isOpen = (eligible ?? eligible_authid ?? eligible_authrole) === undefined &&
    (exclude ?? exclude_authid ?? exclude_authrole) === undefined;
  if (isOpen) return isOpaque ? readsOpaque : undefined;
  const rules: readonly ((member: Member) => boolean)[] = [
    listRule(eligible, ({ id }) => id, true),
    listRule(eligible_authid, ({ authid }) => authid, true),
    listRule(eligible_authrole, ({ authrole }) => authrole, true),
    listRule(exclude, ({ id }) => id, false),
    listRule(exclude_authid, ({ authid }) => authid, false),
    listRule(exclude_authrole, ({ authrole }) => authrole, false),
    isOpaque ? readsOpaque : undefined,
  ].filter((rule) => rule !== undefined);
  return (member) => rules.every((rule) => rule(member));
}

/** Whether a subscriber knows bytes in place of arguments: the message would be malformed to others. */
function readsOpaque({ features }: Member): boolean {
  return features.subscriberTransparency;
}

/** Whether a property of a member must, or must not, be in a list. A set, since list and audience can both be long. */
function listRule<Value>(
  list: readonly Value[] | undefined,
  valueOf: (member: Member) => Value,
  expected: boolean,
): ((member: Member) => boolean) | undefined {
  if (list === undefined) return undefined;
  const set = new Set(list);
  return (member) => set.has(valueOf(member)) === expected;
}
