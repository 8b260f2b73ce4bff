/**
 * Deadlines of a program that was busy: what has arrived meanwhile is read before any of them counts, so that a busy
 * program is not taken for a dead peer.
 *
 * @module
 */

/** A timer that is later than this says that the program was busy, in milliseconds. */
const LATE = 5;
/**
 * How long the runtime gets to read, in milliseconds, and how often. One turn is not enough: Deno looks at its sockets
 * when it has nothing else to do, or every 61 turns, so that it takes a timer that really waits, and then one more.
 */
const PAUSE = 5;
const PAUSES = 3;
/** How often at most, for a program that is never anything but busy. */
const MAX_PAUSES = 100;

/** Decides whether a deadline that has passed is to wait for input. Sans time of its own. @internal */
export class InputGrace {
  /** How long to wait where {@linkcode waits} says so, in milliseconds. */
  static readonly PAUSE: number = PAUSE;
  #left = 0;
  #sum = 0;
  #received = 0;

  /**
   * Whether to wait once more.
   *
   * @param lateness How much later than asked for the timer came, in milliseconds.
   * @param received Counts what arrives: as long as it grows, there may be more.
   */
  waits(lateness: number, received: number): boolean {
    const goesOn = this.#left > 0 && received !== this.#received;
    if (lateness > LATE || goesOn) this.#left = PAUSES;
    this.#received = received;
    if (this.#left === 0 || this.#sum >= MAX_PAUSES) {
      this.#left = this.#sum = 0;
      return false;
    }
    this.#left--;
    this.#sum++;
    return true;
  }
}

/** The longest delay of a timer, in milliseconds; a longer one would be none. */
const MAX_DELAY = 2 ** 31 - 1;

/**
 * Runs a task at a deadline, where nothing that has arrived by then takes the deadline back.
 *
 * @param milliseconds How long until then.
 * @param task What is to be done.
 * @returns Takes it back.
 *
 * @internal
 */
export function startDeadline(milliseconds: number, task: () => void): () => void {
  const grace = new InputGrace();
  let timer: ReturnType<typeof setTimeout>;
  const start = (delay: number): void => {
    const dueAt = performance.now() + delay;
    timer = setTimeout(() => {
      if (grace.waits(performance.now() - dueAt, 0)) start(InputGrace.PAUSE);
      else task();
    }, delay);
  };
  start(Math.min(Math.max(1, Math.ceil(milliseconds)), MAX_DELAY));
  return () => clearTimeout(timer);
}
