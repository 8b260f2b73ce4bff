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
import { type Effect, type Member, NOTHING, passthruOf, refusal } from "./effects.ts";
import { isAcceptablePattern, isAcceptableUri, MatchIndex } from "./match.ts";

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
  /** The time now in ISO 8601, for `created`. */
  readonly timestamp: () => string;
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
}

/** One publication on its way to the subscriptions that match. */
interface Publication {
  readonly id: number;
  readonly topic: string;
  readonly payload: Payload;
  readonly except: Member | undefined;
  readonly accepts: ((member: Member) => boolean) | undefined;
  /** The Details for exact subscriptions. */
  readonly details: PassthruOptions;
  /** The same with the topic, for patterns; made for the first. */
  patternDetails: PassthruOptions | undefined;
}

/** A broker. @internal */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #index = new MatchIndex<Subscription>();
  readonly #byId = new Map<number, Subscription>();
  readonly #byMember = new Map<Member, Set<Subscription>>();

  /** Makes one without subscriptions. */
  constructor(options: BrokerOptions) {
    this.#options = options;
  }

  /** How many subscriptions there are. */
  get subscriptions(): number {
    return this.#byId.size;
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
    const subscription = existing ?? this.#create(topic, match);
    const { id } = subscription;
    effects.push({ kind: "send", to: member, message: { type: MESSAGE.SUBSCRIBED, request, subscription: id } });
    if (existing === undefined) {
      effects.push({ kind: "meta", topic: "wamp.subscription.on_create", args: [member.id, detailsOf(subscription)] });
    }
    if (!isNew) return;
    subscription.members.add(member);
    if (joined === undefined) this.#byMember.set(member, new Set([subscription]));
    else joined.add(subscription);
    effects.push({ kind: "meta", topic: "wamp.subscription.on_subscribe", args: [member.id, id] });
  }

  #create(uri: string, match: MatchPolicy): Subscription {
    const { nextSubscriptionId, timestamp } = this.#options;
    const subscription: Subscription = {
      id: nextSubscriptionId(),
      created: timestamp(),
      uri,
      match,
      members: new Set(),
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

  #detach(member: Member, subscription: Subscription, effects: Effect[]): void {
    const { id, members } = subscription;
    members.delete(member);
    effects.push({ kind: "meta", topic: "wamp.subscription.on_unsubscribe", args: [member.id, id] });
    if (members.size > 0) return;
    this.#index.remove(subscription);
    this.#byId.delete(id);
    effects.push({ kind: "meta", topic: "wamp.subscription.on_delete", args: [member.id, id] });
  }

  /** PUBLISH (WAMP, Publishing and Events). Answers only where an acknowledgement was asked for. */
  publish(publisher: Member, message: Publish, effects: Effect[]): void {
    const { topic, options, request } = message;
    const exact = this.#index.exact(topic);
    if ((exact === undefined && !isAcceptableUri(topic, this.#options.uriRules)) || !mayPublish(publisher, topic)) {
      if (options.acknowledge !== true) return;
      const text = "Cannot publish: the topic is a bad URI, or reserved";
      effects.push(refusal(publisher, MESSAGE.PUBLISH, request, ERROR_URI.INVALID_URI, text));
      return;
    }
    const isHeard = exact !== undefined || this.#index.hasPatterns;
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
      accepts: filterOf(options),
      details: eventDetails(publisher, options),
      patternDetails: undefined,
    }, effects);
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
      details: NOTHING,
      patternDetails: undefined,
    }, effects);
  }

  #dispatch(exact: Subscription | undefined, publication: Publication, effects: Effect[]): void {
    if (exact !== undefined) pushEvent(exact, publication, publication.details, effects);
    if (!this.#index.hasPatterns) return;
    this.#index.visitPatterns(publication.topic, (subscription) => {
      // WAMP, Pattern-based Subscription, Concrete topic published to
      publication.patternDetails ??= { ...publication.details, topic: publication.topic };
      pushEvent(subscription, publication, publication.patternDetails, effects);
      return false;
    });
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

  /** `wamp.subscription.count_subscribers`. */
  countSubscribers(id: number): number | undefined {
    return this.#byId.get(id)?.members.size;
  }
}

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
  if (members.size === 1 && except !== undefined && members.has(except)) return;
  const message: Event = { type: MESSAGE.EVENT, subscription: id, publication: publication.id, details, payload };
  effects.push({ kind: "event", to: members, count: members.size, except, accepts, message });
}

/** The Details of an event, built anew: what a publisher puts into its Options is not to be taken for the router's word. */
function eventDetails(publisher: Member, options: Publish["options"]): PassthruOptions {
  const passthru = passthruOf(options);
  // WAMP, Publisher Identification
  if (options.disclose_me !== true) return passthru ?? NOTHING;
  const { id, authid, authrole } = publisher;
  return { ...passthru, publisher: id, publisher_authid: authid, publisher_authrole: authrole };
}

/** Who gets an event, where the publisher said so (WAMP, Subscriber Black- and Whitelisting). */
function filterOf(options: Publish["options"]): ((member: Member) => boolean) | undefined {
  const { eligible, eligible_authid, eligible_authrole, exclude, exclude_authid, exclude_authrole } = options;
  const isOpen = (eligible ?? eligible_authid ?? eligible_authrole) === undefined &&
    (exclude ?? exclude_authid ?? exclude_authrole) === undefined;
  if (isOpen) return undefined;
  const rules: readonly ((member: Member) => boolean)[] = [
    listRule(eligible, ({ id }) => id, true),
    listRule(eligible_authid, ({ authid }) => authid, true),
    listRule(eligible_authrole, ({ authrole }) => authrole, true),
    listRule(exclude, ({ id }) => id, false),
    listRule(exclude_authid, ({ authid }) => authid, false),
    listRule(exclude_authrole, ({ authrole }) => authrole, false),
  ].filter((rule) => rule !== undefined);
  return (member) => rules.every((rule) => rule(member));
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
