/**
 * What sessions want to be published when they end (WAMP, Session Testament).
 * Sans-I/O.
 *
 * @module
 */

import type { Publish } from "../messages.ts";
import type { Broker } from "./broker.ts";
import type { Effect, Grant, Member } from "./effects.ts";

/** How many testaments one session has at most, and what they may hold, in bytes. */
const MAX_TESTAMENTS = 1_000;
const MAX_BYTES = 1 << 20;
/** What a testament costs beside its payload. */
const OVERHEAD = 256;

/**
 * When a testament is published. Sessions are not resumed here, so that they are detached and destroyed at once; the
 * two are told apart for flushing, and for the order.
 *
 * @internal
 */
export type TestamentScope = "detached" | "destroyed";

/** One testament. @internal */
export interface Testament {
  /** What is published. */
  readonly message: Publish;
  /** What the permission said when it was added. */
  readonly grant: Grant;
  /** What it holds, in bytes. */
  readonly size: number;
}

/** The testaments of a realm's sessions. @internal */
export class Testaments {
  readonly #byMember = new Map<Member, Record<TestamentScope, Testament[]>>();

  /** How many sessions have any. */
  get size(): number {
    return this.#byMember.size;
  }

  /** Adds one. @returns Whether there was room. */
  add(member: Member, scope: TestamentScope, testament: Testament): boolean {
    const all = this.#byMember.get(member) ?? { detached: [], destroyed: [] };
    const before = [...all.detached, ...all.destroyed];
    const held = before.reduce((sum, { size }) => sum + size + OVERHEAD, 0);
    if (before.length >= MAX_TESTAMENTS || held + testament.size + OVERHEAD > MAX_BYTES) return false;
    all[scope].push(testament);
    this.#byMember.set(member, all);
    return true;
  }

  /** Removes those of one scope. */
  flush(member: Member, scope: TestamentScope): void {
    const all = this.#byMember.get(member);
    if (all === undefined) return;
    all[scope] = [];
    if (all.detached.length + all.destroyed.length === 0) this.#byMember.delete(member);
  }

  /** The session has ended: publishes all, those of scope `detached` first, each in the order in which it came. */
  publish(member: Member, broker: Broker, effects: Effect[]): void {
    const all = this.#byMember.get(member);
    if (all === undefined) return;
    this.#byMember.delete(member);
    for (const { message, grant } of [...all.detached, ...all.destroyed]) {
      broker.publish(member, message, effects, grant);
    }
  }
}
