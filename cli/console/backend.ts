/**
 * What the console's page can ask: procedures of a realm that has nothing else in it, and that only its listener leads
 * to. So nothing of the console is in the realms that it shows.
 *
 * @module
 */

import { ApplicationError, CLOSE_URI, type Dict, ERROR_URI, type Invocation, Result } from "../../wamp/mod.ts";
import type { Router, Session } from "../../wamp/router/mod.ts";
import { type Incident, Incidents } from "./incidents.ts";

/** The realm of the console. @internal */
export const CONSOLE_REALM = "viaduct.console";

/** How many sessions, registrations and subscriptions are shown. */
const SHOWN = 100;
/** How many events may be on their way to one page. */
const MAX_ON_THE_WAY = 100;

/** Answers the page. @internal */
export class ConsoleBackend implements AsyncDisposable {
  readonly #router: Router;
  readonly #incidents: Incidents;
  /** One session in each realm that somebody acted in. */
  readonly #sessions = new Map<string, Promise<Session>>();

  /** For one router. */
  constructor(router: Router) {
    this.#router = router;
    this.#incidents = new Incidents(router);
  }

  /** Offers the procedures. */
  async start(session: Session): Promise<void> {
    const procedures: Readonly<Record<string, (invocation: Invocation) => unknown>> = {
      look: (invocation) => this.#look(invocation),
      kill: (invocation) => this.#kill(invocation),
      call: (invocation) => this.#call(invocation),
      publish: (invocation) => this.#publish(invocation),
      watch: (invocation) => this.#watch(invocation),
    };
    for (const [name, handler] of Object.entries(procedures)) {
      await session.register(`${CONSOLE_REALM}.${name}`, handler);
    }
  }

  /** Calls a procedure in a realm of the router. */
  async callIn(realm: string, procedure: string, args: readonly unknown[]): Promise<unknown> {
    return await (await this.#sessionIn(realm)).call(procedure, args);
  }

  /** Leaves the realms. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#incidents[Symbol.dispose]();
    const sessions = await Promise.allSettled(this.#sessions.values());
    for (const result of sessions) if (result.status === "fulfilled") await result.value.leave();
  }

  /** The counts, a realm, what is in it, and what went wrong since the page asked before. */
  #look({ args: [realm, filter, after] }: Invocation): Result {
    const uri = this.#realmNamed(realm ?? this.#router.realms[0]);
    const metrics = this.#router.metrics();
    const counts = metrics.realms.find((one) => one.uri === uri);
    const incidents: readonly Incident[] = this.#incidents.after(typeof after === "number" ? after : 0);
    return new Result([], {
      realms: this.#router.realms,
      realm: uri,
      now: Date.now(),
      startedAt: metrics.startedAt,
      transports: metrics.transports,
      refusals: metrics.refusals,
      aborts: metrics.aborts,
      counts,
      ...this.#router.inspect(uri, { limit: SHOWN, filter: typeof filter === "string" ? filter : "" }),
      incidents: incidents.filter((incident) => incident.realm === uri || incident.realm === ""),
    });
  }

  async #kill({ args: [realm, id, message] }: Invocation): Promise<void> {
    const session = await this.#sessionIn(realm);
    const kwargs = {
      reason: CLOSE_URI.KILLED,
      message: typeof message === "string" ? message : "Ended by an operator",
    };
    await session.call("wamp.session.kill", [id], { kwargs });
  }

  async #call(invocation: Invocation): Promise<Result> {
    const { signal } = invocation;
    const { session, uri, rest, kwargs } = await this.#target(invocation.args);
    if (!invocation.receiveProgress) {
      const result = await session.callResult(uri, rest, { kwargs, signal });
      return new Result(result.args, result.kwargs);
    }
    for await (const result of session.callProgressive(uri, rest, { kwargs, signal })) {
      if (!result.progress) return new Result(result.args, result.kwargs);
      await invocation.progress(result.args, result.kwargs);
    }
    return new Result();
  }

  async #publish({ args }: Invocation): Promise<number | undefined> {
    const { session, uri, rest, kwargs } = await this.#target(args);
    if (/^wamp(?:\.|$)/.test(uri)) throw invalid("Argument topic must not be under wamp.: those are the router's own");
    return await session.publish(uri, rest, { kwargs, acknowledge: true });
  }

  /** Hands on events until it is canceled. The first result says that the subscription stands. */
  async #watch(invocation: Invocation): Promise<void> {
    const [realm, topic, match] = invocation.args;
    if (typeof topic !== "string") throw invalid("Argument topic must be a string");
    if (match !== "exact" && match !== "prefix" && match !== "wildcard") {
      throw invalid("Argument match must be one of exact, prefix, wildcard");
    }
    const session = await this.#sessionIn(realm);
    let onTheWay = 0;
    const handOn = (args: readonly unknown[]): void => {
      // A page that does not keep up misses events; the router does not wait for it.
      if (onTheWay >= MAX_ON_THE_WAY) return;
      onTheWay++;
      const arrived = (): void => void onTheWay--;
      // It fails with the session only.
      void invocation.progress(args).then(arrived, arrived);
    };
    const subscription = await session.subscribe(topic, (event) => {
      handOn([event.topic, event.args, event.kwargs, event.publication]);
    }, { match });
    handOn([]);
    await Promise.race([untilAborted(invocation.signal), session.closed]);
    if (session.state === "open") await subscription.unsubscribe();
  }

  /** Where a call or publication goes, by its arguments. */
  async #target([realm, uri, rest, kwargs]: readonly unknown[]): Promise<{
    readonly session: Session;
    readonly uri: string;
    readonly rest: readonly unknown[];
    readonly kwargs: Dict;
  }> {
    if (typeof uri !== "string") throw invalid("Argument uri must be a string");
    if (!Array.isArray(rest)) throw invalid("Argument args must be a list");
    if (!isDict(kwargs)) throw invalid("Argument kwargs must be a dictionary");
    return { session: await this.#sessionIn(realm), uri, rest, kwargs };
  }

  #realmNamed(realm: unknown): string {
    if (typeof realm === "string" && this.#router.realms.includes(realm)) return realm;
    throw new ApplicationError(ERROR_URI.NO_SUCH_REALM, ["There is no such realm"]);
  }

  async #sessionIn(realm: unknown): Promise<Session> {
    const uri = this.#realmNamed(realm);
    let joining = this.#sessions.get(uri);
    if (joining === undefined) {
      this.#sessions.set(uri, joining = this.#router.join(uri, { authid: "console" }));
      const forget = (): void => void this.#sessions.delete(uri);
      void joining.then((session) => session.closed.then(forget), forget);
    }
    return await joining;
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function invalid(message: string): ApplicationError {
  return new ApplicationError(ERROR_URI.INVALID_ARGUMENT, [message]);
}

function isDict(value: unknown): value is Dict {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
