/**
 * The broker of a realm: subscriptions, and events for them.
 * Sans-I/O.
 *
 * @module
 */

import { unreachable } from "../../internal/assert.ts";
import type { Publish, Subscribe, Unsubscribe } from "../messages.ts";
import type { MatchPolicy, UriRules } from "../uris.ts";
import type { Effect, Member } from "./effects.ts";

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

/** A broker. @internal */
export class Broker {
  constructor(options: BrokerOptions) {
    void options;
  }
  /** How many subscriptions there are. */
  get subscriptions(): number {
    return 0;
  }
  subscribe(member: Member, message: Subscribe, effects: Effect[]): void {
    todo(member, message, effects);
  }
  unsubscribe(member: Member, message: Unsubscribe, effects: Effect[]): void {
    todo(member, message, effects);
  }
  publish(publisher: Member, message: Publish, effects: Effect[]): void {
    todo(publisher, message, effects);
  }
  /** Publishes on behalf of the router. */
  publishMeta(topic: string, args: readonly unknown[], effects: Effect[]): void {
    todo(topic, args, effects);
  }
  leave(member: Member, effects: Effect[]): void {
    todo(member, effects);
  }
  /** `wamp.subscription.list`. */
  list(): IdLists {
    return todo();
  }
  /** `wamp.subscription.lookup`. */
  lookup(topic: string, match: MatchPolicy): number | undefined {
    return todo(topic, match);
  }
  /** `wamp.subscription.match`: the ids of all that match. */
  match(topic: string): number[] {
    return todo(topic);
  }
  /** `wamp.subscription.get`. */
  get(id: number): SubscriptionDetails | undefined {
    return todo(id);
  }
  /** `wamp.subscription.list_subscribers`: session ids. */
  subscribers(id: number): number[] | undefined {
    return todo(id);
  }
  /** `wamp.subscription.count_subscribers`. */
  countSubscribers(id: number): number | undefined {
    return todo(id);
  }
}

function todo(..._: unknown[]): never {
  return unreachable(undefined as never);
}
