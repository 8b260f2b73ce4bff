/**
 * What was decided about the requests of a session.
 * Sans-I/O.
 *
 * @module
 */

import { ERROR_URI, type MatchPolicy } from "../uris.ts";
import type { Grant } from "./effects.ts";

/** How many verdicts are remembered for one session; one more, and all are forgotten. */
const MAX_REMEMBERED = 1_000;
/** How many characters their URIs may have together. */
const MAX_CHARACTERS = 256 << 10;

/** The verdict where nobody could tell (WAMP, Predefined URIs, Authorization). @internal */
export const UNDECIDED: Grant = Object.freeze({
  refusal: [ERROR_URI.AUTHORIZATION_FAILED, "It could not be found out whether this session may do that"] as const,
});

/** What was decided for one session, so that nobody is asked twice. @internal */
export class RememberedVerdicts {
  /** Who decided: when the rules change, it is somebody else. */
  readonly owner: object;
  readonly #calls = new Map<string, Grant>();
  readonly #publications = new Map<string, Grant>();
  readonly #others = new Map<string, Grant>();
  #characters = 0;

  /** None so far. */
  constructor(owner: object) {
    this.owner = owner;
  }

  /** The verdict, if it is known. */
  get(action: string, uri: string, match: MatchPolicy): Grant | undefined {
    if (action === "call") return this.#calls.get(uri);
    return action === "publish" ? this.#publications.get(uri) : this.#others.get(`${action} ${match} ${uri}`);
  }

  /** Remembers a verdict. */
  set(action: string, uri: string, match: MatchPolicy, verdict: Grant): void {
    const [calls, publications, others] = [this.#calls, this.#publications, this.#others];
    this.#characters += uri.length;
    if (calls.size + publications.size + others.size >= MAX_REMEMBERED || this.#characters > MAX_CHARACTERS) {
      for (const map of [calls, publications, others]) map.clear();
      this.#characters = uri.length;
    }
    if (action === "call") calls.set(uri, verdict);
    else if (action === "publish") publications.set(uri, verdict);
    else others.set(`${action} ${match} ${uri}`, verdict);
  }
}
