/**
 * Broker and dealer without sessions and serializers: the time of one call (CALL to INVOCATION and YIELD to RESULT), of
 * one publication, and of finding the registration or subscription among many.
 */

import type { Dict } from "../wamp/errors.ts";
import { CLIENT_ROLES } from "../wamp/features.ts";
import { MESSAGE } from "../wamp/messages.ts";
import { Payload } from "../wamp/payload.ts";
import { Broker } from "../wamp/router/broker.ts";
import { Dealer } from "../wamp/router/dealer.ts";
import type { Effect, Member } from "../wamp/router/effects.ts";
import { resolveFeatures } from "../wamp/router/member.ts";
import type { MatchPolicy } from "../wamp/uris.ts";

const COUNTS: readonly number[] = [1, 1_000, 100_000];
const REPEATS = 100;

const payload = Payload.of([1, "abcdefghijklmnopqrstuvwxyz012345"]);
const effects: Effect[] = [];
const [caller, callee] = [memberOf(1), memberOf(2)];

function memberOf(id: number): Member {
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
function uriOf(match: MatchPolicy, number: number): readonly [pattern: string, uri: string] {
  const uri = `com.example.${number}.run`;
  if (match === "exact") return [uri, uri];
  return match === "prefix" ? [`com.example.${number}.`, uri] : [`com..${number}.run`, uri];
}

function dealerOf(match: MatchPolicy, count: number): Dealer {
  const dealer = new Dealer({
    uriRules: "loose",
    maxRegistrations: Infinity,
    maxOpenCalls: 20_000,
    nextRegistrationId: counter(),
    random: () => 0,
    timestamp: () => "",
  });
  for (let number = 0; number < count; number++) {
    const procedure = uriOf(match, number)[0];
    dealer.register(callee, { type: MESSAGE.REGISTER, request: 1, options: { match }, procedure }, effects);
    effects.length = 0;
  }
  return dealer;
}

/** Makes calls, each answered at once. */
function roundTrips(dealer: Dealer, procedure: string, options: Dict): () => void {
  let request = 0;
  return () => {
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      request++;
      dealer.call(caller, { type: MESSAGE.CALL, request, options, procedure, payload }, request, effects);
      dealer.yield(callee, { type: MESSAGE.YIELD, request, options: {}, payload }, request, effects);
    }
    effects.length = 0;
  };
}

for (const match of ["exact", "prefix", "wildcard"] as const) {
  for (const count of COUNTS) {
    const run = roundTrips(dealerOf(match, count), uriOf(match, count >> 1)[1], {});
    Deno.bench(`${count} registrations`, { group: `${REPEATS} calls, ${match}` }, run);
  }
}

Deno.bench(
  "alone",
  { group: `${REPEATS} calls with a timeout`, baseline: true },
  roundTrips(dealerOf("exact", 1), uriOf("exact", 0)[1], { timeout: 10 }),
);
{
  const dealer = dealerOf("exact", 2);
  for (let request = 1; request <= 10_000; request++) {
    const options = { timeout: 1_000_000 - request };
    const procedure = uriOf("exact", 1)[1];
    dealer.call(memberOf(3), { type: MESSAGE.CALL, request, options, procedure, payload }, 0, effects);
  }
  effects.length = 0;
  // Each call is the first in the heap: it passes all levels twice.
  let request = 10_000;
  const procedure = uriOf("exact", 0)[1];
  Deno.bench("beside 10,000 open ones", { group: `${REPEATS} calls with a timeout` }, () => {
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      request++;
      dealer.call(caller, { type: MESSAGE.CALL, request, options: { timeout: 10 }, procedure, payload }, 0, effects);
      dealer.yield(callee, { type: MESSAGE.YIELD, request, options: {}, payload }, 0, effects);
    }
    effects.length = 0;
  });
}

for (const match of ["exact", "prefix", "wildcard"] as const) {
  for (const count of COUNTS) {
    const broker = new Broker({
      uriRules: "loose",
      maxSubscriptions: Infinity,
      nextSubscriptionId: counter(),
      nextPublicationId: counter(),
      timestamp: () => "",
    });
    for (let number = 0; number < count; number++) {
      const topic = uriOf(match, number)[0];
      broker.subscribe(callee, { type: MESSAGE.SUBSCRIBE, request: 1, options: { match }, topic }, effects);
      effects.length = 0;
    }
    const topic = uriOf(match, count >> 1)[1];
    Deno.bench(`${count} subscriptions`, { group: `${REPEATS} publications, ${match}` }, () => {
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        broker.publish(caller, { type: MESSAGE.PUBLISH, request: 1, options: {}, topic, payload }, effects);
      }
      effects.length = 0;
    });
  }
}
