/**
 * What the checks of the session suite stand on: nothing but the language, so that every runtime can run them.
 *
 * @module
 */

import type { Session, SessionEvent } from "../../../wamp/session_api.ts";

/** What carries the sessions of one run, and which router they join. @internal */
export interface World {
  /** Joins one more session, in a realm that all of them share. */
  join(): Promise<Session>;
  /** Three sessions that checks share and leave joined. */
  readonly callee: Session;
  readonly caller: Session;
  readonly third: Session;
  /** A URI that no other check uses. */
  uri(name: string): string;
}

/** One check. @internal */
export interface SessionCheck {
  /** What must hold. */
  readonly name: string;
  /** Features that the router must announce, as `role.feature`. */
  readonly needs?: readonly string[];
  run(world: World): Promise<void>;
}

/** Throws where a condition does not hold. @internal */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Throws where two values differ: numbers and bigints, bytes, lists and dictionaries of them. @internal */
export function assertEquals(actual: unknown, expected: unknown): void {
  const [shown, wanted] = [show(actual), show(expected)];
  if (shown === wanted) return;
  throw new Error(`Must be ${clip(wanted)}, received ${clip(shown)}`);
}

function clip(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) return `<${value.join(" ")}>`;
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) {
    return typeof value === "string" ? JSON.stringify(value) : Object.is(value, -0) ? "-0" : String(value);
  }
  const keys = Object.keys(value).sort();
  return `{${
    keys.map((key) => `${JSON.stringify(key)}: ${show((value as Record<string, unknown>)[key])}`).join(", ")
  }}`;
}

/** Gives what a promise rejects with. @internal */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`Must reject, resolved with ${show(value)}`);
}

/** Asserts that a call fails with a URI, and gives the error's arguments. @internal */
export async function assertFails(
  promise: Promise<unknown>,
  ...uris: readonly string[]
): Promise<{ readonly args: readonly unknown[]; readonly kwargs: Readonly<Record<string, unknown>> }> {
  const error = await rejection(promise);
  const { uri, args = [], kwargs = {} } = error as {
    uri?: string;
    args?: readonly unknown[];
    kwargs?: Record<string, unknown>;
  };
  assert(uri !== undefined && uris.includes(uri), `Must fail with ${uris.join(" or ")}, failed with ${String(error)}`);
  return { args, kwargs };
}

/** Something that comes later. @internal */
export class Later<Value = void> {
  readonly promise: Promise<Value>;
  resolve!: (value: Value) => void;

  constructor() {
    this.promise = new Promise((resolve) => this.resolve = resolve);
  }
}

/** Events as they come, for taking one after the other. @internal */
export class Inbox {
  readonly #events: SessionEvent[] = [];
  #waiting: Later<SessionEvent> | undefined;

  /** Handles events. */
  readonly take = (event: SessionEvent): void => {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#events.push(event);
    else waiting.resolve(event);
  };

  /** The next event. */
  async next(): Promise<SessionEvent> {
    const event = this.#events.shift();
    if (event !== undefined) return event;
    this.#waiting = new Later();
    return await this.#waiting.promise;
  }

  /** The first argument of the next event. */
  async nextValue(): Promise<unknown> {
    return (await this.next()).args[0];
  }
}

/** Ends what a check has made, also where it fails. @internal */
export async function ending(
  ends: readonly { [Symbol.asyncDispose](): PromiseLike<void> }[],
  run: () => Promise<void>,
): Promise<void> {
  try {
    await run();
  } finally {
    for (const end of ends) await end[Symbol.asyncDispose]();
  }
}
