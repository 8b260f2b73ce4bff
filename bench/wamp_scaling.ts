/**
 * What a call and a publication cost beside 100,000 registrations and subscriptions, next to what they cost beside 100:
 * on dealer and broker alone, and through a router with sessions within the program.
 *
 * `deno run -A bench/wamp_scaling.ts [--rounds N] [--count N] [--check] [--save]`
 *
 * @module
 */

import { parseArgs } from "node:util";
import { MESSAGE } from "../wamp/messages.ts";
import type { Effect } from "../wamp/router/effects.ts";
import { createRouter } from "../wamp/router/router.ts";
import type { Session } from "../wamp/session_api.ts";
import type { MatchPolicy } from "../wamp/uris.ts";
import { ConditionsWatch, saveResults, type ScalingRow, significant } from "./results.ts";
import { brokerOf, dealerOf, memberOf, patterns, payload, uriOf } from "./wamp_cores.ts";

const FEW = 100;
const POLICIES: readonly MatchPolicy[] = ["exact", "prefix", "wildcard"];
/** The policies that must not grow. */
const BOUNDED: readonly MatchPolicy[] = ["exact", "prefix"];
/** How many URIs are called or published to in turn. As many for few as for many. */
const TARGETS = 100;
/**
 * Which of many these are, and by how much the cost may seem to grow: the rest is the noise of the machine, and, where
 * they are taken from all over the memory, its caches.
 */
const CHOICES = [{ name: "neighbours", maxGrowth: 1.5 }, { name: "spread", maxGrowth: 2.5 }] as const;
const CORE_REPEATS = 50;
const SESSION_REPEATS = 5;
/** Calls and acknowledged publications of a session that are in flight at a time. */
const IN_FLIGHT = 50;
const REALM = "realm1";
const ARGS = [1, "abcdefghijklmnopqrstuvwxyz012345"];

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "51" },
    count: { type: "string", default: "100000" },
    check: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
  },
});
const rounds = Number(options.rounds);
const many = Number(options.count);
if (!(rounds >= 1 && many >= TARGETS)) throw new RangeError(`Rounds must be at least 1, the count at least ${TARGETS}`);

/** Something that is measured: it does its operations on some URIs and says how many. */
interface Subject {
  run(targets: readonly string[]): number | Promise<number>;
}

/** Few and many of the same. */
interface Pair {
  readonly name: string;
  readonly policy: MatchPolicy;
  readonly few: Subject;
  readonly many: Subject;
}

/** What is called and published to, of so many. */
function targetsOf(match: MatchPolicy, count: number, choice: (typeof CHOICES)[number]["name"]): string[] {
  const distance = choice === "spread" ? count / TARGETS : 1;
  return Array.from({ length: TARGETS }, (_, index) => uriOf(match, Math.floor(index * distance))[1]);
}

/** Calls, each answered at once, on a dealer alone. */
function dealerSubject(match: MatchPolicy, count: number): Subject {
  const effects: Effect[] = [];
  const [caller, callee] = [memberOf(1), memberOf(2)];
  const dealer = dealerOf(callee, match, patterns(match, count));
  let request = 0;
  return {
    run(targets) {
      for (let repeat = 0; repeat < CORE_REPEATS; repeat++) {
        for (const procedure of targets) {
          request++;
          dealer.call(caller, { type: MESSAGE.CALL, request, options: {}, procedure, payload }, 0, effects);
          dealer.yield(callee, { type: MESSAGE.YIELD, request, options: {}, payload }, 0, effects);
          effects.length = 0;
        }
      }
      return CORE_REPEATS * targets.length;
    },
  };
}

/** Publications on a broker alone. */
function brokerSubject(match: MatchPolicy, count: number): Subject {
  const effects: Effect[] = [];
  const [publisher, subscriber] = [memberOf(1), memberOf(2)];
  const broker = brokerOf(subscriber, match, patterns(match, count));
  return {
    run(targets) {
      for (let repeat = 0; repeat < CORE_REPEATS; repeat++) {
        for (const topic of targets) {
          broker.publish(publisher, { type: MESSAGE.PUBLISH, request: 1, options: {}, topic, payload }, effects);
          effects.length = 0;
        }
      }
      return CORE_REPEATS * targets.length;
    },
  };
}

/** Does something for each number, so many at a time. */
async function inFlight(count: number, work: (number: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

/** A realm of its own whose one session has so many registrations and subscriptions, and a session that uses them. */
async function realmSubjects(match: MatchPolicy, count: number): Promise<readonly [call: Subject, publish: Subject]> {
  const limits = { maxRegistrations: Infinity, maxSubscriptions: Infinity };
  const router = createRouter({ realms: [{ uri: REALM, limits }] });
  const [backend, frontend]: readonly Session[] = [await router.join(REALM), await router.join(REALM)];
  let heard = 0;
  await inFlight(count, (number) => backend!.register(uriOf(match, number)[0], ({ args }) => args[0], { match }));
  await inFlight(count, (number) => backend!.subscribe(uriOf(match, number)[0], () => heard++, { match }));
  const total = SESSION_REPEATS * TARGETS;
  return [{
    async run(targets) {
      await inFlight(total, (number) => frontend!.call(targets[number % TARGETS]!, ARGS));
      return total;
    },
  }, {
    async run(targets) {
      heard = 0;
      await inFlight(total, (number) => frontend!.publish(targets[number % TARGETS]!, ARGS, { acknowledge: true }));
      // The answer to this is behind all events.
      await backend!.call("wamp.session.count");
      if (heard !== total) throw new Error(`Expected ${total} events, heard ${heard}`);
      return total;
    },
  }];
}

async function pairsOf(policy: MatchPolicy): Promise<Pair[]> {
  const [fewCalls, fewEvents] = await realmSubjects(policy, FEW);
  const [manyCalls, manyEvents] = await realmSubjects(policy, many);
  return [
    { name: "call, dealer", policy, few: dealerSubject(policy, FEW), many: dealerSubject(policy, many) },
    { name: "publication, broker", policy, few: brokerSubject(policy, FEW), many: brokerSubject(policy, many) },
    { name: "call, sessions", policy, few: fewCalls, many: manyCalls },
    { name: "publication, sessions", policy, few: fewEvents, many: manyEvents },
  ];
}

/** Nanoseconds for each operation. */
async function measure(subject: Subject, targets: readonly string[]): Promise<number> {
  const start = performance.now();
  const operations = await subject.run(targets);
  return (performance.now() - start) * 1e6 / operations;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** What few and many cost. */
interface Comparison {
  readonly few: number;
  readonly many: number;
  readonly growth: number;
}

/** Measures few and many in turn, so that a slow spell of the machine hits both. */
async function compare(
  { policy, few, many: more }: Pair,
  choice: (typeof CHOICES)[number]["name"],
): Promise<Comparison> {
  const near = targetsOf(policy, FEW, choice);
  const far = targetsOf(policy, many, choice);
  const times: { few: number; many: number }[] = [];
  // The first round is for the compiler.
  for (let round = -1; round < rounds; round++) {
    const time = { few: 0, many: 0 };
    if (round % 2 === 0) time.few = await measure(few, near);
    time.many = await measure(more, far);
    if (round % 2 !== 0) time.few = await measure(few, near);
    if (round >= 0) times.push(time);
  }
  return {
    few: median(times.map((time) => time.few)),
    many: median(times.map((time) => time.many)),
    growth: median(times.map((time) => time.many / time.few)),
  };
}

function row(...cells: readonly (string | number)[]): string {
  const texts = cells.map((cell, index) => {
    const text = typeof cell === "number" ? Math.round(cell).toLocaleString("en") : cell;
    return index < 2 ? text.padEnd(index === 0 ? 8 : 21) : text.padStart(9);
  });
  return `| ${texts.join(" | ")} |`;
}

/** Measures one pair and prints its row. */
async function measurePair(pair: Pair): Promise<ScalingRow> {
  const [near, far] = [await compare(pair, "neighbours"), await compare(pair, "spread")];
  // Few are neighbours in any case.
  const cells = [near.few, near.many, near.growth.toFixed(2), far.many, far.growth.toFixed(2)];
  console.log(row(pair.policy, pair.name, ...cells));
  return {
    match: pair.policy,
    what: pair.name,
    few: significant(near.few),
    many: significant(near.many),
    growth: significant(near.growth),
    spread: significant(far.many),
    spreadGrowth: significant(far.growth),
  };
}

/** What grew too much, a line each. */
function grownIn({ match, what, growth, spreadGrowth }: ScalingRow): string[] {
  if (!BOUNDED.some((policy) => policy === match)) return [];
  const found = { neighbours: growth, spread: spreadGrowth };
  return CHOICES.filter(({ name, maxGrowth }) => found[name] > maxGrowth)
    .map(({ name }) => `${match}, ${what}, ${name}: ${found[name].toFixed(2)}`);
}

const text = many.toLocaleString("en");
console.log(
  `Nanoseconds, medians of ${rounds} interleaved rounds, ${TARGETS} URIs in turn: the first of them, or spread over all\n`,
);
console.log(row("match", "what", `${FEW}`, text, "growth", "spread", "growth"));
console.log(row("--------", "-".repeat(21), ...Array.from({ length: 5 }, () => "--------:")));
const watch = new ConditionsWatch();
const rows: ScalingRow[] = [];
for (const policy of POLICIES) {
  for (const pair of await pairsOf(policy)) rows.push(await measurePair(pair));
  watch.sample();
}
if (options.save) {
  const limits = { neighbours: CHOICES[0].maxGrowth, spread: CHOICES[1].maxGrowth };
  const conditions = watch.conditions({ Deno: Deno.version.deno });
  await saveResults("scaling", { ...conditions, rounds, few: FEW, many, limits, rows });
}
const grown = rows.flatMap(grownIn);
if (options.check) {
  const bounds = CHOICES.map(({ name, maxGrowth }) => `${name} ${maxGrowth}`).join(", ");
  console.log(`\n${grown.length === 0 ? "pass" : "FAIL"}: exact and prefix may grow by a factor of: ${bounds}`);
  for (const line of grown) console.log(`  ${line}`);
}
// The routers within the program are not shut down: a hundred thousand goodbyes are no part of this.
Deno.exit(options.check && grown.length > 0 ? 1 : 0);
