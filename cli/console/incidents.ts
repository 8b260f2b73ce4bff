/**
 * What went wrong lately at a router: errors, refused sessions, aborts and slow consumers, from its diagnostics channels.
 *
 * @module
 */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  type AbortDiagnostics,
  type ErrorDiagnostics,
  type Router,
  ROUTER_CHANNELS,
  type SessionDiagnostics,
  type SlowConsumerDiagnostics,
} from "../../wamp/router/mod.ts";

/** Something that went wrong. @internal */
export interface Incident {
  /** Its number: each is one more than the one before. */
  readonly number: number;
  /** When, in milliseconds since 1970. */
  readonly time: number;
  readonly kind: "error" | "refused" | "aborted" | "slow";
  /** The realm; `""` where it came to none. */
  readonly realm: string;
  /** The session; 0 where there was none. */
  readonly session: number;
  /** What happened, for a person. */
  readonly text: string;
}

type Listener = (message: unknown) => void;

/** So many are remembered. */
const MAX_INCIDENTS = 200;
/** The same of the same session is told once in this time, in milliseconds. */
const REPEAT_INTERVAL = 1_000;

/** What was done about a slow session, in words. That events are left out is the same each time. */
const SLOW_ACTIONS: Readonly<Record<SlowConsumerDiagnostics["action"], (waiting: number) => string>> = {
  disconnect: (waiting) => `was ended, ${waiting} bytes waited for it`,
  drop: () => "takes no events in time: some are left out",
  pause: (waiting) => `holds up those who send to it, ${waiting} bytes wait for it`,
};

/** Remembers what went wrong, the latest only. @internal */
export class Incidents implements Disposable {
  readonly #router: Router;
  readonly #listeners: ReadonlyMap<string, Listener>;
  readonly #kept: Incident[] = [];
  #number = 0;

  /** Begins to listen. */
  constructor(router: Router) {
    this.#router = router;
    this.#listeners = new Map<string, Listener>([
      [ROUTER_CHANNELS.error, (message) => this.#takeError(message as ErrorDiagnostics)],
      [ROUTER_CHANNELS.session, (message) => this.#takeSession(message as SessionDiagnostics)],
      [ROUTER_CHANNELS.abort, (message) => this.#takeAbort(message as AbortDiagnostics)],
      [ROUTER_CHANNELS.slowConsumer, (message) => this.#takeSlow(message as SlowConsumerDiagnostics)],
    ]);
    for (const [name, listener] of this.#listeners) subscribe(name, listener);
  }

  /** Those with a higher number, the oldest first. */
  after(number: number): readonly Incident[] {
    return this.#kept.filter((incident) => incident.number > number);
  }

  /** Listens no more. */
  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) unsubscribe(name, listener);
  }

  #takeError({ router, realm, session, requestType, error }: ErrorDiagnostics): void {
    this.#add(router, { kind: "error", realm, session, text: `${requestType}: ${error}` });
  }

  #takeSession({ router, event, realm, session, reason, remoteAddress }: SessionDiagnostics): void {
    if (event === "refused") this.#add(router, { kind: "refused", realm, session, text: `${reason} ${remoteAddress}` });
  }

  #takeAbort({ router, realm, session, message, remoteAddress }: AbortDiagnostics): void {
    this.#add(router, { kind: "aborted", realm, session, text: `${message} ${remoteAddress}` });
  }

  #takeSlow({ router, realm, session, action, waiting }: SlowConsumerDiagnostics): void {
    this.#add(router, { kind: "slow", realm, session, text: SLOW_ACTIONS[action](waiting) });
  }

  #add(router: object, incident: Omit<Incident, "number" | "time">): void {
    if (router !== this.#router) return;
    const time = Date.now();
    const last = this.#kept.at(-1);
    const isRepeated = last?.session === incident.session && last.kind === incident.kind && last.text === incident.text;
    if (isRepeated && incident.session !== 0 && time - last.time < REPEAT_INTERVAL) return;
    this.#kept.push({ ...incident, number: ++this.#number, time });
    if (this.#kept.length > MAX_INCIDENTS) this.#kept.shift();
  }
}
