/**
 * Broker and dealer without sessions and serializers: the time of one call (CALL to INVOCATION and YIELD to RESULT), of
 * one publication, and of finding the registration or subscription among many.
 */

import type { Dict } from "../wamp/errors.ts";
import { MESSAGE } from "../wamp/messages.ts";
import type { Dealer } from "../wamp/router/dealer.ts";
import type { Effect } from "../wamp/router/effects.ts";
import { brokerOf, dealerOf, memberOf, patterns, payload, uriOf } from "./wamp_cores.ts";

const COUNTS: readonly number[] = [1, 1_000, 100_000];
const REPEATS = 100;

const effects: Effect[] = [];
const [caller, callee] = [memberOf(1), memberOf(2)];

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
    const run = roundTrips(dealerOf(callee, match, patterns(match, count)), uriOf(match, count >> 1)[1], {});
    Deno.bench(`${count} registrations`, { group: `${REPEATS} calls, ${match}` }, run);
  }
}

Deno.bench(
  "alone",
  { group: `${REPEATS} calls with a timeout`, baseline: true },
  roundTrips(dealerOf(callee, "exact", patterns("exact", 1)), uriOf("exact", 0)[1], { timeout: 10 }),
);
{
  const dealer = dealerOf(callee, "exact", patterns("exact", 2));
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
    const broker = brokerOf(callee, match, patterns(match, count));
    const topic = uriOf(match, count >> 1)[1];
    Deno.bench(`${count} subscriptions`, { group: `${REPEATS} publications, ${match}` }, () => {
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        broker.publish(caller, { type: MESSAGE.PUBLISH, request: 1, options: {}, topic, payload }, effects);
      }
      effects.length = 0;
    });
  }
}
