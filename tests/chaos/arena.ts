/**
 * One router, the components around it, and the faults between them.
 *
 * @module
 */

import { failureMessage } from "../../internal/log.ts";
import type { ProcessGroup } from "../support/processes.ts";
import { describeFault, type Fault, planFaults } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import { KEEPALIVE, Part, type PartPlan, proceduresOf, SUBSCRIPTIONS } from "./part.ts";
import { type Holdings, PartProcess } from "./part_process.ts";
import { Link, sleep } from "./proxy.ts";
import { type RouterKind, RouterProcess } from "./routers.ts";
import { tryStopping } from "./stopping.ts";
import { tryTickets } from "./ticket.ts";

/** How long a probe may take, in milliseconds. */
const PROBE = 1_500;
/** How long everything may take to be back, in milliseconds. */
const SETTLE = 15_000;
/** How long all faults of an arena may take, in milliseconds. */
const BUDGET = 200_000;
/** How often something is looked at that is waited for, in milliseconds. */
const LOOK = 20;
/** How many more timers than at first a process may have at any time: its traffic has some. */
const SPARE_TIMERS = 12;
/** After how many faults a line tells how far it is. */
const PROGRESS = 10;
/** How many failures are told at a time. */
const MOST_TOLD = 12;
/** How long a freeze must be to be found by every keepalive, in milliseconds. */
const LONG_FREEZE = 1_200;

/** What a run of an arena came to. */
export interface ArenaResult {
  readonly passed: number;
  readonly failed: number;
}

/** Choices for an arena. */
export interface ArenaOptions {
  readonly faults: number;
  /** The only kind of fault. */
  readonly kind: string | undefined;
  readonly random: () => number;
  /** How often parts call and publish, in milliseconds. */
  readonly interval: number;
  readonly isVerbose: boolean;
}

/** Tries so many faults on a router. */
export async function runArena(
  kind: RouterKind,
  processes: ProcessGroup,
  options: ArenaOptions,
): Promise<ArenaResult> {
  const router = await RouterProcess.start(kind, processes, kind);
  const arena = new Arena(kind, router, processes, options);
  try {
    return await arena.run();
  } finally {
    await arena.end();
    await router.terminate();
  }
}

/** What was there before a fault. */
interface Before {
  /** The parts that must notice it. */
  readonly struck: readonly string[];
  /** The parts that must not. */
  readonly spared: readonly string[];
  readonly losses: ReadonlyMap<string, number>;
}

class Arena {
  readonly #kind: RouterKind;
  readonly #router: RouterProcess;
  readonly #options: ArenaOptions;
  readonly #ledger = new Ledger();
  readonly #links: readonly Link[];
  /** The links of each part. */
  readonly #linksOf = new Map<string, readonly number[]>();
  readonly #plans: PartPlan[] = [];
  readonly #home: Part;
  readonly #parts: readonly Part[];
  readonly #children: readonly PartProcess[];
  readonly #baseline: Holdings[] = [];
  /** How often a part lost a session that need not have been lost. */
  #spurious = 0;
  #struckSessions = 0;
  /** How many failures were told. */
  #told = 0;

  constructor(kind: RouterKind, router: RouterProcess, processes: ProcessGroup, options: ArenaOptions) {
    this.#kind = kind;
    this.#router = router;
    this.#options = options;
    const { websocket, rawsocket } = router.ports;
    const ports = [websocket, rawsocket, websocket, websocket, rawsocket, websocket];
    this.#links = ports.map((port) => new Link(port));
    const ws = (link: number, serializer: "cbor" | "msgpack" | "json") => ({ link, scheme: "ws", serializer } as const);
    const rs = (link: number, serializer: "cbor" | "msgpack" | "json") => ({ link, scheme: "rs", serializer } as const);
    const home = this.#plan("home", [ws(0, "cbor")], { calls: ["both", "east", "south"], publishes: true });
    const both = this.#plan("both", [rs(1, "msgpack"), ws(2, "json")], { isCallee: true, subscriptions: ["prefix"] });
    const east = this.#plan("east", [ws(3, "json")], {
      ...{ isCallee: true, subscriptions: ["exact"], publishes: true },
    });
    const west = this.#plan("west", [rs(4, "cbor")], {
      ...{ subscriptions: ["wildcard"], calls: ["both", "south"], wait: 1_000 },
    });
    const south = this.#plan("south", [ws(5, "msgpack")], {
      ...{ isCallee: true, subscriptions: ["exact", "prefix"], calls: ["east", "both"], publishes: true, wait: 3_000 },
    });
    const record = this.#ledger.take.bind(this.#ledger);
    this.#home = new Part(home, record);
    this.#parts = [this.#home, new Part(both, record)];
    this.#children = [[east, west], [south]].map((plans) => new PartProcess(processes, plans, record));
  }

  async run(): Promise<ArenaResult> {
    const { faults: count, kind: only, random } = this.#options;
    const targets = { links: this.#links.length, processes: this.#children.length };
    const plan = planFaults(this.#kind, { count, only }, targets, random);
    for (const part of this.#parts) part.start();
    await this.#settle();
    for (const child of this.#children) this.#baseline.push(await child.holdings());
    const wrong = await tryTickets(this.#router.ports.ticket);
    for (const text of wrong) this.#ledger.fail(`ticket: ${text}`);
    for (const text of await tryStopping(this.#router)) this.#ledger.fail(`stopping: ${text}`);
    await this.#settle();
    const started = performance.now();
    for (const [index, fault] of plan.entries()) {
      if (performance.now() - started > BUDGET) {
        this.#ledger.fail(`${plan.length - index} faults were not tried within ${BUDGET / 1_000} s`);
        break;
      }
      this.#ledger.fault = index + 1;
      await this.#try(fault);
      if ((index + 1) % PROGRESS === 0) this.#tellProgress(index + 1, plan.length, started);
    }
    await this.#finish();
    return this.#report(plan);
  }

  /** Lets go of everything; call it in any case. */
  async end(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.stop()));
    await Promise.all(this.#links.map((link) => link.refuse()));
  }

  #plan(
    name: string,
    ways: readonly {
      readonly link: number;
      readonly scheme: "ws" | "rs";
      readonly serializer: "cbor" | "msgpack" | "json";
    }[],
    rest: Partial<PartPlan>,
  ): PartPlan {
    const transports = ways.map(({ link, scheme, serializer }) => {
      const { port } = this.#links[link]!;
      const url = scheme === "ws" ? `ws://127.0.0.1:${port}/ws` : `rs://127.0.0.1:${port}`;
      return { url, serializers: [serializer], keepalive: KEEPALIVE };
    });
    const plan: PartPlan = {
      ...{ name, transports, isCallee: false, subscriptions: [], calls: [], publishes: false, wait: 0 },
      ...{ interval: this.#options.interval },
      ...rest,
    };
    this.#plans.push(plan);
    this.#linksOf.set(name, ways.map(({ link }) => link));
    this.#ledger.add(name, plan.subscriptions);
    return plan;
  }

  async #try(fault: Fault): Promise<void> {
    const before = this.#look(fault);
    const failures = this.#ledger.failures.length;
    const started = performance.now();
    try {
      await this.#apply(fault);
      await this.#settle();
      this.#compare(fault, before);
      await this.#checkHoldings();
    } catch (error) {
      this.#ledger.fail(failureMessage(error));
    }
    const hasFailed = this.#ledger.failures.length > failures;
    if (!hasFailed && !this.#options.isVerbose) return;
    const took = Math.round(performance.now() - started);
    console.log(`${this.#kind} ${this.#ledger.fault}: ${describeFault(fault)} (${took} ms)`);
    this.#tellFailures();
  }

  /** Tells what is wrong and has not been told. */
  #tellFailures(): void {
    const { failures } = this.#ledger;
    const untold = failures.slice(this.#told);
    this.#told = failures.length;
    for (const { fault, text } of untold.slice(0, MOST_TOLD)) console.log(`FAIL ${this.#kind} ${fault}: ${text}`);
    if (untold.length > MOST_TOLD) console.log(`FAIL ${this.#kind}: and ${untold.length - MOST_TOLD} more`);
  }

  async #apply(fault: Fault): Promise<void> {
    const links = "links" in fault ? this.#aim(fault.links).map((index) => this.#links[index]!) : [];
    switch (fault.kind) {
      case "kill":
      case "terminate":
        await this.#router[fault.kind]();
        await sleep(fault.downtime);
        return await this.#router.start();
      case "freeze":
        return await this.#router.freeze(fault.duration);
      case "cut":
        return links.forEach((link) => link.cut());
      case "burst":
        for (const pause of fault.pauses) {
          fault.links.forEach((link) => this.#links[link]!.cut());
          await sleep(pause);
        }
        return links.forEach((link) => link.cut());
      case "cutOneWay":
        await Promise.all(links.map((link) => link.cutOneWay(fault.direction)));
        return;
      case "truncate":
        return links.forEach((link) => link.truncate(fault.direction));
      case "delay":
        links.forEach((link) => link.delay = fault.by);
        await sleep(fault.duration);
        return links.forEach((link) => link.delay = 0);
      case "silence":
        return await this.#silence(fault);
      case "refuse":
        await Promise.all(links.map((link) => link.refuse()));
        await sleep(fault.duration);
        return links.forEach((link) => link.admit());
      case "pause":
        return await this.#children[fault.process]!.pause(fault.duration);
    }
  }

  /** Each keepalive finds it, before the connections are ended. */
  async #silence({ links, directions, duration }: Fault & { readonly kind: "silence" }): Promise<void> {
    const aimed = this.#aim(links);
    const parts = this.#plans.filter(({ name }) => this.#linksOf.get(name)!.some((link) => aimed.includes(link)));
    const losses = new Map(parts.map(({ name }) => [name, this.#ledger.lossesOf(name)]));
    const ends = aimed.map((link) => this.#links[link]!.silence(directions));
    await sleep(duration);
    // A router whose words arrive is not dead, though ours are lost.
    for (const { name } of directions.includes("toClient") ? parts : []) {
      if (this.#ledger.lossesOf(name) > losses.get(name)!) continue;
      this.#ledger.fail(
        `${name} did not find its silent router within ${duration} ms: ${this.#ledger.historyOf(name)}`,
      );
    }
    for (const end of ends) end();
  }

  /** Who must notice a fault, and who must not. */
  #look(fault: Fault): Before {
    const names = this.#plans.map(({ name }) => name);
    const losses = new Map(names.map((name) => [name, this.#ledger.lossesOf(name)]));
    switch (fault.kind) {
      case "kill":
      case "terminate":
        return { struck: names, spared: [], losses };
      case "freeze":
        return fault.duration < LONG_FREEZE
          ? { struck: [], spared: names, losses }
          : { struck: names, spared: [], losses };
      case "delay":
        return { struck: [], spared: names, losses };
      case "pause":
        return { struck: [], spared: this.#children[fault.process]!.plans.map(({ name }) => name), losses };
      default: {
        const links = this.#aim(fault.links);
        const isStruck = (name: string): boolean => this.#linksOf.get(name)!.some((link) => links.includes(link));
        return { struck: names.filter(isStruck), spared: [], losses };
      }
    }
  }

  /** The links of a fault; in place of one that its part does not use, the one that it uses. */
  #aim(links: readonly number[]): readonly number[] {
    const inUse = (link: number): boolean => this.#links[link]!.connections > 0;
    const ofOnePart = (link: number): readonly number[] =>
      [...this.#linksOf.values()].find((all) => all.includes(link)) ?? [];
    return [...new Set(links.map((link) => inUse(link) ? link : ofOnePart(link).find(inUse) ?? link))];
  }

  #compare(fault: Fault, { struck, spared, losses }: Before): void {
    for (const name of struck) {
      if (this.#ledger.lossesOf(name) > losses.get(name)!) this.#struckSessions++;
      else this.#ledger.fail(`${name} was not told of ${fault.kind}: ${this.#ledger.historyOf(name)}`);
    }
    for (const name of spared) {
      if (this.#ledger.lossesOf(name) === losses.get(name)!) continue;
      this.#spurious++;
      if (fault.kind === "pause") {
        this.#ledger.fail(`${name} was held up, and took its router for dead: ${this.#ledger.historyOf(name)}`);
      }
    }
  }

  /** Waits until every part is back, and everything works. */
  async #settle(): Promise<void> {
    const deadline = performance.now() + SETTLE;
    let why = "";
    while (performance.now() < deadline) {
      why = this.#absent() ?? await this.#probe() ?? "";
      if (why === "") return;
      await sleep(LOOK);
    }
    throw new Error(`Not back after ${SETTLE} ms: ${why}`);
  }

  /** Which part is not back. */
  #absent(): string | undefined {
    for (const { name } of this.#plans) {
      const { state, pending } = this.#ledger.statusOf(name);
      if (state !== "open" || pending !== 0) return `${name} is ${state}: ${this.#ledger.historyOf(name)}`;
    }
    return undefined;
  }

  /** Calls every procedure, and reaches every subscription; gives what does not work. */
  async #probe(): Promise<string | undefined> {
    const signal = AbortSignal.timeout(PROBE);
    const procedures = this.#plans.filter(({ isCallee }) => isCallee).flatMap(({ name }) => proceduresOf(name));
    const answered = await Promise.all(procedures.map((procedure) => this.#home.call(procedure, signal)));
    const missing = procedures.filter((_, index) => !answered[index]);
    if (missing.length > 0) return `${missing} did not answer`;
    const id = await this.#home.publish();
    if (id === undefined) return "a publication was not acknowledged";
    const isThere = await until(() => this.#ledger.hasReached(id, "home"), PROBE);
    if (!isThere) return `publication ${id} did not reach every subscription`;
    return await this.#probeRouter();
  }

  /** Holds the router's own lists against what was declared; gives what differs. */
  async #probeRouter(): Promise<string | undefined> {
    const { component } = this.#home;
    const callees = this.#plans.filter(({ isCallee }) => isCallee).length;
    const used = new Set(this.#plans.flatMap(({ subscriptions }) => subscriptions));
    const matches = [...used].map((name) => SUBSCRIPTIONS[name]!.match);
    // Crossbar.io lists no subscriptions by wildcard.
    const listed = matches.filter((match) => match !== "wildcard" || this.#kind === "viaduct");
    const expected = [
      this.#plans.length,
      ...[2 * callees, callees, 0],
      ...["exact", "prefix", "wildcard"].map((match) => listed.filter((one) => one === match).length),
    ].join(" ");
    try {
      const sessions = await component.call<number>("wamp.session.count");
      const lists = [await component.call("wamp.registration.list"), await component.call("wamp.subscription.list")];
      const found = [sessions, ...lists.flatMap(lengths)].join(" ");
      if (found === expected) return undefined;
      return `the router has (sessions, registrations, subscriptions) ${found}, expected ${expected}`;
    } catch (error) {
      return failureMessage(error);
    }
  }

  /** Looks for what was left behind by sessions that are gone. */
  async #checkHoldings(): Promise<void> {
    const connections = (): number => this.#links.reduce((sum, link) => sum + link.connections, 0);
    if (!await until(() => connections() === this.#plans.length, PROBE)) {
      this.#ledger.fail(`${connections()} connections are open, expected ${this.#plans.length}`);
    }
    for (const { plan: { name }, watch } of this.#parts) {
      if (watch.open !== 1) this.#ledger.fail(`${name} has ${watch.open} transports`);
    }
    for (const [index, child] of this.#children.entries()) {
      const { files, timers, transports } = await child.holdings();
      const first = this.#baseline[index]!;
      if (files === first.files && transports === first.transports && timers <= first.timers + SPARE_TIMERS) continue;
      const now = `${files} files, ${transports} transports, ${timers} timers`;
      const then = `${first.files}, ${first.transports}, ${first.timers}`;
      this.#ledger.fail(`process ${index} holds ${now}; at first it was ${then}`);
    }
  }

  /** Comes to rest, stops everything, and looks at what is left. */
  async #finish(): Promise<void> {
    for (const part of this.#parts) part.rest();
    for (const child of this.#children) child.rest();
    await until(() => this.#ledger.open === 0, SETTLE);
    await sleep(PROBE);
    const wrong = (await Promise.all(this.#children.map((child) => child.stop()))).flat();
    await Promise.all(this.#parts.map((part) => part.stop()));
    for (const { plan: { name }, watch } of this.#parts) {
      if (watch.open !== 0) wrong.push(`${name} is stopped, and has ${watch.open} transports`);
    }
    for (const { name } of this.#plans) {
      const { state } = this.#ledger.statusOf(name);
      if (state !== "closed") wrong.push(`${name} was stopped, and is ${state}`);
    }
    if (!await until(() => this.#links.every((link) => link.connections === 0), PROBE)) {
      wrong.push("Connections are left after everything was stopped");
    }
    this.#ledger.fault = 0;
    for (const text of wrong) this.#ledger.fail(text);
    this.#ledger.close();
  }

  #tellProgress(done: number, of: number, started: number): void {
    const seconds = ((performance.now() - started) / 1_000).toFixed(0);
    const { calls, publications } = this.#ledger.sums;
    console.log(
      `${this.#kind}: ${done} of ${of} faults in ${seconds} s, ${this.#struckSessions} sessions lost and back, ` +
        `${calls} calls, ${publications} publications, ${this.#ledger.failures.length} failures`,
    );
  }

  #report(plan: readonly Fault[]): ArenaResult {
    this.#tellFailures();
    const failed = new Set(this.#ledger.failures.map(({ fault }) => fault)).size;
    const { calls, publications, statuses } = this.#ledger.sums;
    console.log(
      `${this.#kind}: ${plan.length} faults, ${this.#struckSessions} sessions lost and back, ${calls} calls, ` +
        `${publications} publications, ${statuses} statuses; ${this.#spurious} sessions lost that need not have been`,
    );
    // What was wrong outside of faults counts as one more check, the end.
    return { passed: plan.length + 1 - failed, failed };
  }
}

/** The lengths of the lists of a meta procedure. */
function lengths(lists: unknown): number[] {
  const { exact = [], prefix = [], wildcard = [] } = lists as Readonly<Record<string, readonly unknown[]>>;
  return [exact.length, prefix.length, wildcard.length];
}

/** Waits until something is so; gives whether it came to be. */
async function until(isSo: () => boolean, timeout: number): Promise<boolean> {
  const deadline = performance.now() + timeout;
  while (!isSo()) {
    if (performance.now() > deadline) return false;
    await sleep(LOOK);
  }
  return true;
}
