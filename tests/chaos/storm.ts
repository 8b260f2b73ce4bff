/**
 * A thousand components, whose router is away for half a minute and comes back without one of its realms.
 *
 * @module
 */

import { failureMessage } from "../../internal/log.ts";
import { component } from "../../wamp/component.ts";
import type { Component, ComponentStatus } from "../../wamp/component_api.ts";
import type { ProcessGroup } from "../support/processes.ts";
import { countFiles } from "./part_process.ts";
import { sleep } from "./proxy.ts";
import { REALM, RouterProcess } from "./routers.ts";

/** The realm that is gone after the restart. */
const DOOMED_REALM = "doomed";
/** One component in so many is there. */
const DOOMED_SHARE = 20;
/** How long the router is away, in milliseconds. */
const OUTAGE = 30_000;
/** What components wait by default. */
const RETRY = { minDelay: 1_000, maxDelay: 30_000, factor: 2 } as const;
/** How long all may take to be back, in milliseconds: the largest delay, and a while for the last. */
const RETURN = RETRY.maxDelay + 10_000;
/** How long all may take to join at first, in milliseconds. */
const BEGIN = 30_000;
/** Into how many bins delays are counted. */
const BINS = 10;
/** How far a bin may be from its share, in standard deviations: more comes by chance once in a million storms. */
const SIGMAS = 5.5;
/** Of all that come back, how many may come within one window; evenly spread over 30 s, one in sixty would. */
const MOST_AT_ONCE = 0.15;
/** How long a window is, in milliseconds. */
const WINDOW = 500;
/** How long a bar of a histogram may be. */
const BAR = 50;

/** One attempt or session of a component. */
interface Step {
  readonly at: number;
  readonly status: ComponentStatus;
}

/** A component, and what it went through. */
class Runner {
  readonly app: Component;
  readonly isDoomed: boolean;
  readonly steps: Step[] = [];
  failure: string | undefined;
  readonly #procedure: string;
  #running: Promise<void> | undefined;

  constructor(index: number, router: RouterProcess) {
    this.isDoomed = index % DOOMED_SHARE === 0;
    this.#procedure = `storm.procedure.n${index}`;
    const { websocket, rawsocket } = router.ports;
    const url = index % 2 === 1 ? `ws://127.0.0.1:${websocket}/ws` : `rs://127.0.0.1:${rawsocket}`;
    this.app = component({ transports: url, realm: this.isDoomed ? DOOMED_REALM : REALM, retry: RETRY })
      .register(this.#procedure, () => index)
      .subscribe("storm.topic", () => {})
      .onStatus((status) => this.steps.push({ at: performance.now(), status }));
  }

  get status(): ComponentStatus {
    return this.app.current;
  }

  get isBack(): boolean {
    const { status } = this;
    return status.state === "open" && status.pending.length === 0;
  }

  start(): void {
    this.#running = this.app.run().catch((error) => void (this.failure = failureMessage(error)));
  }

  async stop(): Promise<void> {
    await this.app.stop();
    await this.#running;
  }

  /** The times at which it had a status, since another. */
  times(state: ComponentStatus["state"], since: number): readonly number[] {
    return this.steps.filter(({ at, status }) => at >= since && status.state === state).map(({ at }) => at);
  }
}

/** Lets the storm pass; gives what was wrong. */
export async function runStorm(processes: ProcessGroup, count: number): Promise<readonly string[]> {
  const wrong: string[] = [];
  const files = countFiles("self");
  const router = await RouterProcess.start("viaduct", processes, "storm", [DOOMED_REALM]);
  const runners = Array.from({ length: count }, (_, index) => new Runner(index, router));
  try {
    for (const runner of runners) runner.start();
    if (!await until("joining", runners, ({ isBack }) => isBack, BEGIN)) return ["not all could join at first"];
    const lostAt = performance.now();
    await router.kill();
    console.log(`storm: ${count} components are open, the router is killed and away for ${OUTAGE / 1_000} s`);
    await sleep(OUTAGE);
    await router.forget();
    await router.start();
    const startedAt = performance.now();
    const isDone = (runner: Runner): boolean => runner.isDoomed ? runner.failure !== undefined : runner.isBack;
    if (!await until("coming back", runners, isDone, RETURN)) {
      const missing = runners.filter((runner) => !isDone(runner));
      wrong.push(`${missing.length} are not back, such as one that is ${missing[0]?.status.state}`);
    }
    wrong.push(...checkDelays(runners, lostAt), ...checkArrivals(runners, startedAt));
    wrong.push(...checkFatal(runners.filter(({ isDoomed }) => isDoomed), startedAt));
    wrong.push(...await checkProcedures(runners));
  } finally {
    await Promise.all(runners.map((runner) => runner.stop()));
    await router.terminate();
  }
  await sleep(500);
  const left = countFiles("self") - files;
  if (left > 0) wrong.push(`${left} files or sockets are left`);
  return wrong;
}

/** Each delay lies within its bound, and anywhere within it equally often. */
function checkDelays(runners: readonly Runner[], since: number): readonly string[] {
  const wrong: string[] = [];
  const first: number[] = [];
  const later: number[] = [];
  for (const { steps } of runners) {
    let bound: number = RETRY.minDelay;
    for (const { at, status } of steps) {
      if (at < since || status.state !== "lost") continue;
      if (status.retryIn > bound) wrong.push(`a delay of ${status.retryIn} ms, ${bound} at most are right`);
      (bound === RETRY.minDelay ? first : later).push(status.retryIn / bound);
      bound = Math.min(bound * RETRY.factor, RETRY.maxDelay);
    }
  }
  wrong.push(...checkEvenness("first delays, in tenths of their bound", first));
  wrong.push(...checkEvenness("all later delays, in tenths of their bounds", later));
  return wrong;
}

function checkEvenness(what: string, shares: readonly number[]): readonly string[] {
  const bins = new Array<number>(BINS).fill(0);
  for (const share of shares) bins[Math.min(BINS - 1, Math.floor(share * BINS))]!++;
  printHistogram(`storm: ${what}`, bins.map((count, bin) => [`${bin / BINS} to ${(bin + 1) / BINS}`, count]));
  const expected = shares.length / BINS;
  const most = SIGMAS * Math.sqrt(expected);
  const isEven = shares.length > 0 && bins.every((count) => Math.abs(count - expected) <= most);
  return isEven ? [] : [`${what} are not spread evenly: ${bins}`];
}

/** How those that come back are spread over the time after the restart. */
function checkArrivals(runners: readonly Runner[], since: number): readonly string[] {
  const arrivals = runners.flatMap((runner) => runner.times("connecting", since).slice(0, 1)).map((at) => at - since);
  printHistogram("storm: first attempts after the restart, by 2 s", [...countBy(arrivals, 2_000)]);
  const [when, most] = [...countBy(arrivals, WINDOW)].reduce((one, other) => other[1] > one[1] ? other : one);
  const last = Math.round(Math.max(...arrivals));
  console.log(`storm: at most ${most} attempts within ${WINDOW} ms, those at ${when}; the last after ${last} ms`);
  return most <= MOST_AT_ONCE * runners.length ? [] : [`${most} attempts came within ${WINDOW} ms, at ${when}`];
}

/** Those whose realm is gone made one attempt at the restarted router, and none after it. */
function checkFatal(doomed: readonly Runner[], since: number): readonly string[] {
  const wrong: string[] = [];
  for (const runner of doomed) {
    const attempts = runner.times("joining", since).length;
    const last = runner.steps.at(-1)?.status;
    const isRight = attempts === 1 && last?.state === "fatal" && runner.failure?.includes("no_such_realm");
    if (!isRight) wrong.push(`one without a realm is ${last?.state} after ${attempts} attempts: ${runner.failure}`);
  }
  console.log(`storm: ${doomed.length} components without a realm stopped, each after one attempt`);
  return wrong;
}

/** Every procedure of those that came back answers. */
async function checkProcedures(runners: readonly Runner[]): Promise<readonly string[]> {
  const caller = runners.find(({ isBack }) => isBack);
  const wrong: string[] = [];
  await Promise.all(runners.map(async ({ isDoomed }, index) => {
    if (isDoomed || caller === undefined) return;
    try {
      const answer = await caller.app.call(`storm.procedure.n${index}`);
      if (answer !== index) wrong.push(`procedure ${index} answered ${answer}`);
    } catch (error) {
      wrong.push(`procedure ${index} failed: ${failureMessage(error)}`);
    }
  }));
  return wrong;
}

async function until(
  what: string,
  runners: readonly Runner[],
  isDone: (runner: Runner) => boolean,
  timeout: number,
): Promise<boolean> {
  const started = performance.now();
  let told = started;
  for (;;) {
    const done = runners.filter(isDone).length;
    const now = performance.now();
    if (done === runners.length) return true;
    if (now - started > timeout) return false;
    if (now - told >= 5_000) {
      told = now;
      console.log(`storm: ${what}, ${done} of ${runners.length} after ${Math.round((now - started) / 1_000)} s`);
    }
    await sleep(50);
  }
}

/** How many values lie in each stretch of so many milliseconds. */
function countBy(values: readonly number[], width: number): Map<string, number> {
  const bins = new Array<number>(Math.floor(Math.max(0, ...values) / width) + 1).fill(0);
  for (const value of values) bins[Math.floor(value / width)]!++;
  return new Map(bins.map((count, bin) => [`${bin * width / 1_000} s`, count]));
}

function printHistogram(title: string, rows: readonly (readonly [string, number])[]): void {
  console.log(title);
  const most = Math.max(1, ...rows.map(([, count]) => count));
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, count] of rows) {
    console.log(`  ${name.padStart(width)} ${String(count).padStart(5)} ${"#".repeat(Math.round(count / most * BAR))}`);
  }
}
