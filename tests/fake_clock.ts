/**
 * A clock that tests move: it stands in for `performance.now` and for timers while a function runs.
 *
 * @module
 */

import { nextMacrotask } from "../internal/schedule.ts";

/** How far {@linkcode FakeClock.until} moves time at once, in milliseconds. */
const STEP = 10;

interface FakeTimer {
  readonly at: number;
  readonly task: () => void;
}

/** Moves time. @internal */
export class FakeClock {
  #now = 1_000_000;
  #nextId = 1;
  readonly #timers = new Map<number, FakeTimer>();

  /** The time in milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** The number of timers that run. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Stands in for `setTimeout`. */
  set(task: () => void, delay: number): number {
    const id = this.#nextId++;
    this.#timers.set(id, { at: this.#now + Math.max(1, delay), task });
    return id;
  }

  /** Stands in for `clearTimeout`. */
  clear(id: number): void {
    this.#timers.delete(id);
  }

  /** Lets time pass, running each timer at its time, and what follows from it before the next. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      const [id, timer] = [...this.#timers].reduce<[number, FakeTimer | undefined]>(
        (first, [id, timer]) => first[1] === undefined || timer.at < first[1].at ? [id, timer] : first,
        [0, undefined],
      );
      if (timer === undefined || timer.at > end) break;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, timer.at);
      timer.task();
      await settled();
    }
    this.#now = end;
    await settled();
  }

  /**
   * Lets time pass in small steps until a promise has settled. What waits for a real socket goes on between the steps, and
   * time stands still before and after: so a test depends on the order of things, and on no speed.
   */
  async until<Value>(promise: Promise<Value>): Promise<Value> {
    let isOver = false;
    const end = (): void => void (isOver = true);
    promise.then(end, end);
    while (!isOver) await this.advance(STEP);
    return await promise;
  }
}

/** Resolves when everything that can go on without time passing has gone on. @internal */
export async function settled(turns = 12): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => nextMacrotask(resolve));
}

/** Runs `body` with a clock of its own. @internal */
export async function withFakeClock(body: (clock: FakeClock) => Promise<void> | void): Promise<void> {
  const clock = new FakeClock();
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const now = Object.getOwnPropertyDescriptor(performance, "now");
  Object.defineProperty(performance, "now", { value: () => clock.now, configurable: true, writable: true });
  Object.assign(globalThis, {
    setTimeout: (task: () => void, delay = 0) => clock.set(task, delay),
    clearTimeout: (id: number) => clock.clear(id),
  });
  try {
    await body(clock);
  } finally {
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
    if (now === undefined) Reflect.deleteProperty(performance, "now");
    else Object.defineProperty(performance, "now", now);
  }
}
