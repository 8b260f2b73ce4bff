/**
 * A clock that tests move.
 *
 * @module
 */

import { nextMacrotask } from "../internal/schedule.ts";

/** How far {@linkcode FakeClock.until} moves time at once, in milliseconds. */
const STEP = 10;
/** How many macrotasks in a row something may take without time passing. */
const TURNS = 12;

interface FakeTimer {
  readonly at: number;
  readonly task: () => void;
  /** How often it comes again, in milliseconds; 0 for once. */
  readonly every: number;
}

/** The clock that stands in for the runtime's, if one does. */
let installed: FakeClock | undefined;

/**
 * Stands in for `setTimeout`, `setInterval`, `performance.now` and `Date.now`, and lets time pass when it is told to:
 * keepalive, timeouts and reconnection can be tested without waiting. It does not move what the runtime times by itself,
 * such as `AbortSignal.timeout` and sockets.
 *
 * @example Two minutes in no time
 * ```ts
 * import { FakeClock } from "@viaduct/viaduct/testing";
 * import assert from "node:assert/strict";
 *
 * const clock = new FakeClock().install();
 * try {
 *   let rings = 0;
 *   setTimeout(() => rings++, 120_000);
 *   await clock.advance(119_999);
 *   assert.equal(rings, 0);
 *   await clock.advance(1);
 *   assert.equal(rings, 1);
 *   assert.equal(clock.timers, 0);
 * } finally {
 *   clock.uninstall();
 * }
 * ```
 *
 * @public
 */
export class FakeClock implements Disposable {
  #now = 1_000_000;
  #nextId = 1;
  readonly #timers = new Map<number, FakeTimer>();
  #restore: (() => void) | undefined;

  /** The time in milliseconds, that of `performance.now()`. */
  get now(): number {
    return this.#now;
  }

  /** The number of timers that run. */
  get timers(): number {
    return this.#timers.size;
  }

  /**
   * Takes the place of the runtime's clock.
   *
   * @returns This clock.
   * @throws {TypeError} A fake clock has taken it already.
   */
  install(): this {
    if (installed !== undefined) throw new TypeError("Cannot install clock: another one is installed");
    installed = this;
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
    const started = Date.now() - this.#now;
    const restoreNow = replaceNow(performance, () => this.#now);
    const restoreDate = replaceNow(Date, () => Math.floor(started + this.#now));
    Object.assign(globalThis, {
      setTimeout: (task: Task, delay = 0, ...args: unknown[]) => this.#start(() => task(...args), delay, false),
      setInterval: (task: Task, delay = 0, ...args: unknown[]) => this.#start(() => task(...args), delay, true),
      clearTimeout: (id: number) => this.#timers.delete(id),
      clearInterval: (id: number) => this.#timers.delete(id),
    });
    this.#restore = () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
      restoreNow();
      restoreDate();
    };
    return this;
  }

  /** Gives the runtime's clock back. Timers that still run are dropped. */
  uninstall(): void {
    if (this.#restore === undefined) return;
    this.#restore();
    this.#restore = undefined;
    installed = undefined;
    this.#timers.clear();
  }

  /** See {@linkcode uninstall}. */
  [Symbol.dispose](): void {
    this.uninstall();
  }

  /**
   * Lets time pass, running each timer at its time, and what follows from it before the next.
   *
   * @param milliseconds How much.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (let next = this.#first(); next !== undefined && next[1].at <= end; next = this.#first()) {
      const [id, timer] = next;
      this.#now = Math.max(this.#now, timer.at);
      this.#ring(id, timer);
      await settled();
    }
    this.#now = end;
    await settled();
  }

  /**
   * Lets time pass in which the program is busy: nothing runs. Then all timers that are due run late, one right after the
   * other, before anything that has arrived is read: the worst that a runtime does.
   *
   * @param milliseconds How much.
   */
  async block(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    const due = [...this.#timers].filter(([, { at }]) => at <= this.#now).sort(([, one], [, other]) =>
      one.at - other.at
    );
    for (const [id, timer] of due) {
      // Cleared by one before it.
      if (this.#timers.has(id)) this.#ring(id, timer);
    }
    await settled();
  }

  /**
   * Lets time pass in small steps until a promise has settled. What waits for a real socket goes on between the steps, and
   * time stands still before and after: so a test depends on the order of things, and on no speed.
   *
   * @typeParam Value What the promise resolves to.
   * @param promise What to wait for.
   * @returns What it resolved to; it rejects with what the promise rejected with.
   */
  async until<Value>(promise: Promise<Value>): Promise<Value> {
    let isOver = false;
    const end = (): void => void (isOver = true);
    promise.then(end, end);
    while (!isOver) await this.advance(STEP);
    return await promise;
  }

  #start(task: () => void, delay: number, repeats: boolean): number {
    const id = this.#nextId++;
    const wait = Math.max(1, delay);
    this.#timers.set(id, { at: this.#now + wait, task, every: repeats ? wait : 0 });
    return id;
  }

  #ring(id: number, timer: FakeTimer): void {
    if (timer.every === 0) this.#timers.delete(id);
    else this.#timers.set(id, { ...timer, at: this.#now + timer.every });
    timer.task();
  }

  #first(): [number, FakeTimer] | undefined {
    let first: [number, FakeTimer] | undefined;
    for (const entry of this.#timers) if (first === undefined || entry[1].at < first[1].at) first = entry;
    return first;
  }
}

type Task = (...args: unknown[]) => void;

/** Replaces a `now` function, which may be the object's own or its prototype's. */
function replaceNow(target: object, now: () => number): () => void {
  const own = Object.getOwnPropertyDescriptor(target, "now");
  Object.defineProperty(target, "now", { value: now, configurable: true, writable: true });
  return () => {
    if (own === undefined) Reflect.deleteProperty(target, "now");
    else Object.defineProperty(target, "now", own);
  };
}

/**
 * Resolves when everything that can go on in this program without time passing has gone on.
 *
 * @param turns For how many macrotasks. @default {12}
 *
 * @example Wait for what was set going
 * ```ts
 * import { settled } from "@viaduct/viaduct/testing";
 * import assert from "node:assert/strict";
 *
 * let isDone = false;
 * queueMicrotask(() => isDone = true);
 * await settled();
 * assert.equal(isDone, true);
 * ```
 *
 * @public
 */
export async function settled(turns: number = TURNS): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => nextMacrotask(resolve));
}
