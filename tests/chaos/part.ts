/**
 * One component with its traffic: procedures, subscriptions, calls and publications, all of it told to the ledger.
 *
 * @module
 */

import { failureMessage } from "../../internal/log.ts";
import { componentWith } from "../../wamp/component.ts";
import type { Component, ComponentStatus, ComponentTransport } from "../../wamp/component_api.ts";
import { ApplicationError, TransportLostError } from "../../wamp/errors.ts";
import type { Invocation } from "../../wamp/session_api.ts";
import type { MatchPolicy } from "../../wamp/uris.ts";
import { sleep } from "./proxy.ts";
import type { Outcome, PartRecord, Recorder, ToldStatus } from "./records.ts";
import { REALM } from "./routers.ts";
import { TransportWatch } from "./transport_watch.ts";

/** The topic that all publish to. */
export const TOPIC = "chaos.topic.one";
/** How subscriptions are called, and what each is for. */
export const SUBSCRIPTIONS: Readonly<Record<string, { readonly uri: string; readonly match: MatchPolicy }>> = {
  exact: { uri: TOPIC, match: "exact" },
  prefix: { uri: "chaos.topic.", match: "prefix" },
  wildcard: { uri: "chaos..one", match: "wildcard" },
};
/** Between attempts, in milliseconds. */
export const RETRY = { minDelay: 50, maxDelay: 400, factor: 2 } as const;
/** A session whose peer is silent is lost after both, in milliseconds: before a second is over. */
export const KEEPALIVE = { interval: 100, timeout: 200 } as const;

/** How long connecting, joining and restoring may take, in milliseconds. */
const TIMEOUT = 2_500;
/** The longest that the slow procedure takes, in milliseconds. */
const SLOWEST = 120;
/** How many requests of a kind may be open. */
const MAX_OPEN = 40;

/** What a part is. It can be told to another process. */
export interface PartPlan {
  readonly name: string;
  readonly transports: readonly ComponentTransport[];
  /** Whether it has procedures. */
  readonly isCallee: boolean;
  /** Names of {@linkcode SUBSCRIPTIONS}. */
  readonly subscriptions: readonly string[];
  /** The parts it calls. */
  readonly calls: readonly string[];
  readonly publishes: boolean;
  /** How long requests wait for a session, in milliseconds; 0 is not at all. */
  readonly wait: number;
  /** How often it calls and publishes, in milliseconds. */
  readonly interval: number;
}

/** The procedures of a part: at once, after a while, and by a pattern. */
export function proceduresOf(part: string): readonly string[] {
  return [`chaos.${part}.echo`, `chaos.${part}.slow`, `chaos.${part}.any.one`];
}

/** A component that runs. */
export class Part {
  readonly plan: PartPlan;
  readonly component: Component;
  readonly watch: TransportWatch;
  readonly #record: Recorder;
  #serial = 0;
  #calls = 0;
  #publications = 0;
  #traffic: ReturnType<typeof setInterval> | undefined;
  #running: Promise<void> | undefined;

  constructor(plan: PartPlan, record: Recorder) {
    this.plan = plan;
    this.#record = record;
    this.watch = new TransportWatch((detail) => this.#tell({ type: "broken", detail }));
    this.component = componentWith({
      transports: plan.transports,
      realm: REALM,
      retry: RETRY,
      timeout: TIMEOUT,
      goodbyeTimeout: 500,
      whileDisconnected: plan.wait === 0 ? "fail" : { wait: plan.wait },
    }, { connect: this.watch.connect, random: Math.random });
    this.#declare();
  }

  /** Begins to run, and to make traffic. */
  start(): void {
    const { name, interval } = this.plan;
    const broken = (error: unknown): void => this.#tell({ type: "broken", detail: `${name} ${failureMessage(error)}` });
    this.#running = this.component.run().catch(broken);
    if (interval > 0) this.#traffic = setInterval(() => this.#work(), interval);
  }

  /** Makes no more traffic. */
  rest(): void {
    clearInterval(this.#traffic);
  }

  /** Stops; resolves when nothing is left. */
  async stop(): Promise<void> {
    this.rest();
    await this.component.stop();
    await this.#running;
  }

  /** Calls a procedure; gives whether it was answered. Never rejects. */
  async call(procedure: string, signal?: AbortSignal): Promise<boolean> {
    const id = `${this.plan.name}/${++this.#serial}`;
    this.#tell({ type: "calling", id });
    this.#calls++;
    try {
      const answer = await this.component.call(procedure, [id], signal === undefined ? {} : { signal });
      const isRight = answer === id;
      this.#tell({ type: "called", id, outcome: isRight ? "done" : "failed", detail: isRight ? "" : `got ${answer}` });
      return isRight;
    } catch (error) {
      this.#tell({ type: "called", id, ...whatHappened(error, signal) });
      return false;
    } finally {
      this.#calls--;
    }
  }

  /** Publishes, and waits for the acknowledgement; gives what the event is known by, or `undefined`. Never rejects. */
  async publish(): Promise<string | undefined> {
    const id = `${this.plan.name}/${++this.#serial}`;
    this.#tell({ type: "publishing", id });
    this.#publications++;
    try {
      await this.component.publish(TOPIC, [id], { acknowledge: true });
      this.#tell({ type: "published", id, outcome: "done", detail: "" });
      return id;
    } catch (error) {
      this.#tell({ type: "published", id, ...whatHappened(error) });
      return undefined;
    } finally {
      this.#publications--;
    }
  }

  #work(): void {
    const { calls, publishes } = this.plan;
    const all = calls.flatMap(proceduresOf);
    const procedure = all[this.#serial % Math.max(1, all.length)];
    if (procedure !== undefined && this.#calls < MAX_OPEN) void this.call(procedure);
    if (publishes && this.#publications < MAX_OPEN) void this.publish();
  }

  #declare(): void {
    const { component, plan: { name, isCallee, subscriptions } } = this;
    component.onStatus((status) => this.#tell({ type: "status", status: toldStatus(status) }));
    if (isCallee) {
      component.register(`chaos.${name}.echo`, (invocation) => this.#execute(invocation));
      component.register(`chaos.${name}.slow`, async (invocation) => {
        const answer = this.#execute(invocation);
        await sleep(Math.random() * SLOWEST);
        return answer;
      });
      component.register(`chaos.${name}.any.`, (invocation) => this.#execute(invocation), { match: "prefix" });
    }
    for (const subscription of subscriptions) {
      const { uri, match } = SUBSCRIPTIONS[subscription]!;
      const receive = ({ args }: { readonly args: readonly unknown[] }): void =>
        this.#tell({ type: "event", subscription, id: String(args[0]) });
      component.subscribe(uri, receive, { match });
    }
  }

  #execute({ args }: Invocation): unknown {
    this.#tell({ type: "executed", id: String(args[0]) });
    return args[0];
  }

  #tell(what: DistributiveOmit<PartRecord, "who" | "at">): void {
    this.#record({ who: this.plan.name, at: Date.now(), ...what });
  }
}

/** `Omit` of each member of a union. */
type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

function toldStatus(status: ComponentStatus): ToldStatus {
  if (status.state === "open") return { ...status, pending: status.pending.length };
  if (status.state === "lost" || status.state === "fatal") return { ...status, cause: failureMessage(status.cause) };
  return status;
}

function whatHappened(error: unknown, signal?: AbortSignal): { readonly outcome: Outcome; readonly detail: string } {
  const detail = failureMessage(error);
  if (signal?.aborted) return { outcome: "lost", detail };
  if (error instanceof TransportLostError) return { outcome: error.maybeExecuted ? "lost" : "unsent", detail };
  return { outcome: error instanceof ApplicationError ? "refused" : "failed", detail };
}
