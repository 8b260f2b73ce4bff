/**
 * A dealer and a broker alone, with many entries, for the benchmarks.
 *
 * @module
 */

import { CLIENT_ROLES } from "../wamp/features.ts";
import { MESSAGE } from "../wamp/messages.ts";
import { Payload } from "../wamp/payload.ts";
import { Broker } from "../wamp/router/broker.ts";
import { Dealer } from "../wamp/router/dealer.ts";
import type { Effect, Member } from "../wamp/router/effects.ts";
import { resolveFeatures } from "../wamp/router/member.ts";
import type { MatchPolicy } from "../wamp/uris.ts";

/** What calls and events carry. */
export const payload: Payload = Payload.of([1, "abcdefghijklmnopqrstuvwxyz012345"]);

/** A member that announced what our client does. */
export function memberOf(id: number): Member {
  return {
    id,
    authid: `user${id}`,
    authrole: "anonymous",
    isTrusted: false,
    features: resolveFeatures(CLIENT_ROLES),
  };
}

function counter(): () => number {
  let last = 0;
  return () => ++last;
}

/** The `number`th URI of a policy, and what it matches. */
export function uriOf(match: MatchPolicy, number: number): readonly [pattern: string, uri: string] {
  // All of one length, since a longer URI costs more by itself.
  const name = `n${String(number).padStart(7, "0")}`;
  const uri = `com.example.${name}.run`;
  if (match === "exact") return [uri, uri];
  return match === "prefix" ? [`com.example.${name}.`, uri] : [`com..${name}.run`, uri];
}

/** The patterns of so many entries. */
export function patterns(match: MatchPolicy, count: number): string[] {
  return Array.from({ length: count }, (_, number) => uriOf(match, number)[0]);
}

/** A dealer with registrations of one callee. */
export function dealerOf(callee: Member, match: MatchPolicy, procedures: Iterable<string>): Dealer {
  const dealer = new Dealer({
    uriRules: "loose",
    maxRegistrations: Infinity,
    maxOpenCalls: 20_000,
    nextRegistrationId: counter(),
    random: () => 0,
    timestamp: () => "",
  });
  const effects: Effect[] = [];
  for (const procedure of procedures) {
    dealer.register(callee, { type: MESSAGE.REGISTER, request: 1, options: { match }, procedure }, effects);
    effects.length = 0;
  }
  return dealer;
}

/** A broker with subscriptions of one subscriber. */
export function brokerOf(subscriber: Member, match: MatchPolicy, topics: Iterable<string>): Broker {
  const broker = new Broker({
    uriRules: "loose",
    maxSubscriptions: Infinity,
    nextSubscriptionId: counter(),
    nextPublicationId: counter(),
    timestamp: () => "",
  });
  const effects: Effect[] = [];
  for (const topic of topics) {
    broker.subscribe(subscriber, { type: MESSAGE.SUBSCRIBE, request: 1, options: { match }, topic }, effects);
    effects.length = 0;
  }
  return broker;
}
