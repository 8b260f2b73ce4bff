/**
 * How often clients of one address may fail to prove who they are.
 * Sans-I/O.
 *
 * @module
 */

/** Failures are forgotten a minute after the first of them, in milliseconds. */
const PERIOD = 60_000;
/** Addresses that are remembered; beyond that the oldest are forgotten, so that an attacker with many costs no memory. */
const MAX_ADDRESSES = 10_000;

interface Failures {
  readonly since: number;
  count: number;
}

/** Counts failures by address. @internal */
export class AuthenticationLimit {
  readonly #most: number;
  /** In the order in which their periods began. */
  readonly #failures = new Map<string, Failures>();

  /** `most`: failures of one address within a minute. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#failures.size;
  }

  /** Whether nobody from there is asked who it is. `remote` is what a transport knows of its other end. */
  isOver(remote: string, now: number): boolean {
    if (this.#most === Infinity) return false;
    this.#forget(now);
    return (this.#failures.get(hostOf(remote))?.count ?? 0) >= this.#most;
  }

  /** Somebody from there failed. */
  count(remote: string, now: number): void {
    const host = hostOf(remote);
    if (this.#most === Infinity || host === "") return;
    this.#forget(now);
    const known = this.#failures.get(host);
    if (known !== undefined) return void known.count++;
    this.#failures.set(host, { since: now, count: 1 });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= MAX_ADDRESSES) break;
      this.#failures.delete(oldest);
    }
  }

  #forget(now: number): void {
    for (const [host, { since }] of this.#failures) {
      if (now - since < PERIOD) break;
      this.#failures.delete(host);
    }
  }
}

/** The address without its port; `""` for Unix sockets and where it is unknown. */
function hostOf(remote: string): string {
  const at = remote.lastIndexOf(":");
  return at < 0 ? "" : remote.slice(0, at);
}
