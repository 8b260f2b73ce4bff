/**
 * Keeps what all parts told, and holds it against what must be.
 *
 * @module
 */

import { NEXT_STATES } from "../support/component_states.ts";
import type { Outcome, PartRecord, ToldStatus } from "./records.ts";
import { RETRY } from "./part.ts";

/** How long after its acknowledgement a session must have lasted to have a publication, in milliseconds. */
const GRACE = 1_000;
/** How far the clocks of two processes may be apart, in milliseconds. */
const CLOCK = 5;
/** After how long a request must have ended, in milliseconds. */
const LONGEST_REQUEST = 10_000;
/** How many statuses are shown where one was wrong. */
const SHOWN = 8;

/** A time in which a part had a session with all its subscriptions. */
interface UpTime {
  readonly session: number;
  readonly from: number;
  to: number;
}

/** What became of a part. */
interface PartAccount {
  readonly subscriptions: readonly string[];
  status: ToldStatus;
  at: number;
  readonly statuses: string[];
  readonly up: UpTime[];
  /** How often a session or an attempt was lost. */
  losses: number;
}

/** A call or a publication. */
interface Request {
  readonly who: string;
  readonly at: number;
  readonly fault: number;
  outcome: Outcome | undefined;
  settledAt: number;
  detail: string;
  /** How often it was executed, or delivered by a subscription. */
  readonly done: Map<string, number>;
}

/** Something that must not be. */
export interface Failure {
  /** The fault during which it was. */
  readonly fault: number;
  readonly text: string;
}

/** The ledger of one router's parts. */
export class Ledger {
  /** What was wrong so far. */
  readonly failures: Failure[] = [];
  /** The fault that is being tried; 0 before the first. */
  fault = 0;
  readonly #parts = new Map<string, PartAccount>();
  readonly #calls = new Map<string, Request>();
  readonly #publications = new Map<string, Request>();
  #statuses = 0;

  /** Opens the account of a part. */
  add(name: string, subscriptions: readonly string[]): void {
    this.#parts.set(name, {
      ...{ subscriptions, status: { state: "closed" }, at: 0, statuses: [], up: [], losses: 0 },
    });
  }

  /** How many of each there were. */
  get sums(): { readonly calls: number; readonly publications: number; readonly statuses: number } {
    return { calls: this.#calls.size, publications: this.#publications.size, statuses: this.#statuses };
  }

  /** Where a part stands. */
  statusOf(name: string): ToldStatus {
    return this.#account(name).status;
  }

  /** How often a part lost a session or an attempt failed. */
  lossesOf(name: string): number {
    return this.#account(name).losses;
  }

  /** The last statuses of a part, for a failure. */
  historyOf(name: string): string {
    return this.#account(name).statuses.slice(-SHOWN).join(" > ");
  }

  /** Whether every subscription of others has an event. */
  hasReached(id: string, publisher: string): boolean {
    const done = this.#publications.get(id)?.done;
    return [...this.#parts].every(([name, { subscriptions }]) =>
      name === publisher || subscriptions.every((subscription) => done?.has(`${name} ${subscription}`))
    );
  }

  /** How many requests are open. */
  get open(): number {
    return [...this.#calls.values(), ...this.#publications.values()].filter(isOpen).length;
  }

  /** Notes that something is wrong. */
  fail(text: string): void {
    this.failures.push({ fault: this.fault, text });
  }

  /** Takes what a part told. */
  take(record: PartRecord): void {
    switch (record.type) {
      case "status":
        return this.#takeStatus(record.who, record.at, record.status);
      case "calling":
        return this.#begin(this.#calls, record);
      case "publishing":
        return this.#begin(this.#publications, record);
      case "called":
        return this.#settle(this.#calls, record);
      case "published":
        return this.#settle(this.#publications, record);
      case "executed":
        return this.#count(this.#calls, record.id, record.who, "executed");
      case "event":
        return this.#count(this.#publications, record.id, `${record.who} ${record.subscription}`, "delivered to");
      case "broken":
        return this.fail(`${record.who}: ${record.detail}`);
    }
  }

  /** Holds every request against the rules; call it when all has come to rest. */
  close(): void {
    for (const [id, call] of this.#calls) this.#closeCall(id, call);
    for (const [id, publication] of this.#publications) this.#closePublication(id, publication);
  }

  #account(name: string): PartAccount {
    const account = this.#parts.get(name);
    if (account === undefined) throw new Error(`There is no part ${name}`);
    return account;
  }

  #takeStatus(who: string, at: number, status: ToldStatus): void {
    const account = this.#account(who);
    const { status: before, at: since, statuses, up } = account;
    this.#statuses++;
    statuses.push(`${status.state}${status.cause === undefined ? "" : ` (${status.cause})`}`);
    const wrong = whatIsWrong(before, status, at - since);
    if (wrong !== undefined) this.fail(`${who}: status ${wrong}: ${this.historyOf(who)}`);
    const last = up.at(-1);
    if (last?.to === Infinity) last.to = at;
    if (status.state === "open" && status.pending === 0) {
      up.push({ session: status.session ?? 0, from: at, to: Infinity });
    }
    if (status.state === "lost") account.losses++;
    account.status = status;
    account.at = at;
  }

  #begin(requests: Map<string, Request>, { id, who, at }: { id: string; who: string; at: number }): void {
    const { fault } = this;
    // What another process did may be told before.
    const done = requests.get(id)?.done ?? new Map<string, number>();
    requests.set(id, { who, at, fault, outcome: undefined, settledAt: Infinity, detail: "", done });
  }

  #settle(
    requests: Map<string, Request>,
    { id, at, outcome, detail }: { id: string; at: number; outcome: Outcome; detail: string },
  ): void {
    const request = requests.get(id);
    if (request === undefined) return this.fail(`${id} ended and never began`);
    if (request.outcome !== undefined) this.fail(`${id} ended twice: ${request.outcome}, ${outcome}`);
    if (outcome === "failed") this.fail(`${id} failed: ${detail}`);
    Object.assign(request, { outcome, settledAt: at, detail });
  }

  #count(requests: Map<string, Request>, id: string, where: string, what: string): void {
    let request = requests.get(id);
    if (request === undefined) {
      const { fault } = this;
      request = { who: "", at: 0, fault, outcome: undefined, settledAt: Infinity, detail: "", done: new Map() };
      requests.set(id, request);
    }
    const count = (request.done.get(where) ?? 0) + 1;
    request.done.set(where, count);
    const total = what === "executed" ? [...request.done.values()].reduce((sum, each) => sum + each, 0) : count;
    if (total > 1) this.fail(`${id} was ${what} ${where} ${total} times`);
  }

  #closeCall(id: string, call: Request): void {
    const { outcome, done, detail } = call;
    if (outcome === undefined) this.#note(call, `call ${id} never ended`);
    else if (outcome === "done" && done.size === 0) this.#note(call, `call ${id} was answered, and not executed`);
    else if (outcome === "unsent" && done.size > 0) {
      this.#note(call, `call ${id} was executed, and its caller told that it cannot have been: ${detail}`);
    }
    if (outcome !== undefined && call.settledAt - call.at > LONGEST_REQUEST) {
      this.#note(call, `call ${id} took ${call.settledAt - call.at} ms`);
    }
  }

  #closePublication(id: string, publication: Request): void {
    const { outcome, done, detail, who, at, settledAt } = publication;
    if (outcome === undefined) return this.#note(publication, `publication ${id} never ended`);
    if (outcome === "unsent" && done.size > 0) {
      this.#note(publication, `publication ${id} was delivered, and said not to have been sent: ${detail}`);
    }
    if (outcome !== "done") return;
    for (const [name, { subscriptions, up }] of this.#parts) {
      const wasUp = up.find(({ from, to }) => from <= at - CLOCK && to >= settledAt + GRACE + CLOCK);
      if (name === who || wasUp === undefined) continue;
      for (const subscription of subscriptions) {
        if (done.has(`${name} ${subscription}`)) continue;
        const [age, rest] = [at - wasUp.from, wasUp.to - settledAt];
        const times = `sent ${age} ms after its session was open, acknowledged ${rest} ms before that was lost`;
        this.#note(publication, `publication ${id} did not reach ${name} by subscription ${subscription}: ${times}`);
      }
    }
  }

  #note({ fault }: Request, text: string): void {
    this.failures.push({ fault, text });
  }
}

function isOpen({ outcome, who }: Request): boolean {
  return outcome === undefined && who !== "";
}

/** What is wrong with a status, after another and so many milliseconds. */
function whatIsWrong(before: ToldStatus, status: ToldStatus, elapsed: number): string | undefined {
  if (!NEXT_STATES[before.state].includes(status.state)) return `${before.state} was followed by ${status.state}`;
  switch (status.state) {
    case "connecting":
      if (before.state === "lost" && elapsed < (before.retryIn ?? 0) - CLOCK) {
        return `connecting after ${elapsed} ms, and ${before.retryIn} were told`;
      }
      return (status.attempt ?? 0) >= 1 ? undefined : "connecting has no attempt";
    case "joining":
      return status.attempt === before.attempt && status.transport === before.transport
        ? undefined
        : "joining is about another attempt";
    case "open":
      if (!((status.session ?? 0) > 0)) return "open has no session";
      return before.state === "open" && before.session !== status.session ? "open has changed its session" : undefined;
    case "lost":
      if (status.cause === undefined || status.cause === "") return "lost has no cause";
      return (status.retryIn ?? -1) >= 0 && status.retryIn! <= RETRY.maxDelay ? undefined : "lost has a wrong delay";
    case "fatal":
      return `fatal where nothing was: ${status.cause}`;
    case "closed":
      return undefined;
  }
}
