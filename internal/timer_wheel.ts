/**
 * One timer for many deadlines.
 *
 * @module
 */

import { InputGrace } from "./input_grace.ts";

/** The resolution of a wheel, in milliseconds. */
const TICK = 16;
/** Slots of a wheel: one turn is about a second. Later deadlines go round again. */
const SLOTS = 64;

/**
 * Something that a wheel calls at a deadline. The fields belong to the wheel.
 *
 * @internal
 */
export interface WheelEntry {
  /** Called at or after the deadline; `now` is in milliseconds by `performance.now()`. */
  onDeadline(now: number): void;
  /** The deadline, or infinity where none is set. */
  deadline: number;
  /** The slot it waits in, or -1. */
  slot: number;
}

function nothing(): number {
  return 0;
}

/**
 * A hashed timer wheel: setting a deadline costs one set insertion, and the runtime sees a single timer, which runs
 * only while an entry waits. Deadlines are kept to about 16 ms. Where the timer comes late, since the program was busy,
 * what has arrived meanwhile is read first and may take deadlines back.
 *
 * @internal
 */
export class TimerWheel {
  readonly #slots: (Set<WheelEntry> | undefined)[] = new Array(SLOTS).fill(undefined);
  #count = 0;
  #cursor = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakeAt = Infinity;
  readonly #grace = new InputGrace();
  readonly #received: () => number;

  /** @param received Counts what arrives: while it grows, a busy program's deadlines wait. */
  constructor(received: () => number = nothing) {
    this.#received = received;
  }

  /** The number of entries that wait. */
  get size(): number {
    return this.#count;
  }

  /** Sets or moves the deadline of an entry; infinity takes it out. */
  set(entry: WheelEntry, deadline: number): void {
    if (entry.slot !== -1) this.#remove(entry);
    entry.deadline = deadline;
    if (deadline === Infinity) {
      if (this.#count === 0) this.#stop();
      return;
    }
    const now = performance.now();
    if (this.#count === 0) this.#cursor = Math.floor(now / TICK);
    entry.slot = Math.max(Math.ceil(deadline / TICK), this.#cursor + 1) % SLOTS;
    (this.#slots[entry.slot] ??= new Set()).add(entry);
    this.#count++;
    this.#start(deadline - now);
  }

  #remove(entry: WheelEntry): void {
    this.#slots[entry.slot]?.delete(entry);
    entry.slot = -1;
    this.#count--;
  }

  #start(delay: number): void {
    const wait = Math.max(1, Math.ceil(delay));
    const wakeAt = performance.now() + wait;
    if (this.#timer !== undefined && this.#wakeAt <= wakeAt) return;
    this.#stop();
    this.#wakeAt = wakeAt;
    this.#timer = setTimeout(() => this.#turn(), wait);
  }

  #stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wakeAt = Infinity;
  }

  #turn(): void {
    const now = performance.now();
    const lateness = now - this.#wakeAt;
    this.#timer = undefined;
    this.#wakeAt = Infinity;
    if (this.#grace.waits(lateness, this.#received())) return this.#start(InputGrace.PAUSE);
    const last = Math.floor(now / TICK);
    const due: WheelEntry[] = [];
    const steps = Math.min(last - this.#cursor, SLOTS);
    for (let step = 0; step < steps; step++) {
      for (const entry of this.#slots[(last - step) % SLOTS] ?? []) {
        if (entry.deadline <= now) due.push(entry);
      }
    }
    this.#cursor = last;
    for (const entry of due) this.#remove(entry);
    for (const entry of due) {
      // Taken out or moved by an entry before it.
      if (entry.slot !== -1 || entry.deadline > now) continue;
      entry.deadline = Infinity;
      entry.onDeadline(now);
    }
    this.#sleep();
  }

  /** Waits for the next slot that holds an entry. */
  #sleep(): void {
    if (this.#count === 0) return this.#stop();
    for (let step = 1; step <= SLOTS; step++) {
      if ((this.#slots[(this.#cursor + step) % SLOTS]?.size ?? 0) === 0) continue;
      this.#start((this.#cursor + step) * TICK + 1 - performance.now());
      return;
    }
  }
}
