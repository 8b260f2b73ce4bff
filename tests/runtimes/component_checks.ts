/**
 * One program of two components, the same in every runtime: a backend and a frontend at a router that is restarted and
 * cut off while they work.
 *
 * @module
 */

import { ticket } from "../../wamp/auth/ticket.ts";
import { component, run } from "../../wamp/component.ts";
import type { Component, ComponentStatus, EventGap } from "../../wamp/component_api.ts";
import { JoinError } from "../../wamp/errors.ts";
import { positional } from "../../wamp/result.ts";
import type { CheckResult } from "../interop/cells.ts";
import { assert, assertEquals, rejection, runChecks } from "./checking.ts";

/** How the program reaches its router. @internal */
export interface ComponentWay {
  /** The address of a `DisturbedRouter`. */
  readonly url: string;
  /** The platform's WebSocket, where ours could be had. */
  readonly transport?: "web" | undefined;
}

const RETRY = { minDelay: 20, maxDelay: 200 };
const DISTURB = "com.example.disturbed.disturb";

/** A component and all that its status has told. */
class Watched {
  readonly component: Component;
  readonly told: ComponentStatus[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(component: Component) {
    this.component = component.onStatus((status) => {
      this.told.push(status);
      for (const look of this.#waiting) look();
    });
  }

  /** The states it has told, from one on. */
  states(from = 0): string {
    return this.told.slice(from).map(({ state }) => state).join(" ");
  }

  /** Waits for a state, told at or after an index. */
  until(state: ComponentStatus["state"], from: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.told.slice(from).some((status) => status.state === state)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** The program. */
class Program {
  readonly way: ComponentWay;
  readonly backend: Watched;
  readonly frontend: Watched;
  /** What the backend heard, and where it was told that something may be missing. */
  readonly heard: unknown[] = [];
  readonly #stop = new AbortController();
  readonly #heard = new Set<() => void>();
  #running: Promise<void> | undefined;
  joins = 0;
  leaves = 0;

  constructor(way: ComponentWay) {
    this.way = way;
    const backend = component(this.#options())
      .register("com.example.program.add", positional((a: number, b: number) => a + b))
      .subscribe("com.example.news", ({ args }) => this.#hear(args[0]), { catchUp: { onGap: (gap) => this.#gap(gap) } })
      .onJoin(() => this.joins++)
      .onLeave(() => this.leaves++);
    this.backend = new Watched(backend);
    this.frontend = new Watched(component({ ...this.#options(), whileDisconnected: { wait: 15_000 } }));
  }

  /** Runs both until {@linkcode Program.stop}. */
  start(): void {
    this.#running = run([this.backend.component, this.frontend.component], { signal: this.#stop.signal });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Waits for an event, or for a gap. */
  hears(what: unknown): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.heard.includes(what)) return;
        this.#heard.delete(look);
        resolve();
      };
      this.#heard.add(look);
      look();
    });
  }

  #options() {
    const { url, transport } = this.way;
    // The first leads nowhere: the server answers 404.
    const transports = [new URL("/nowhere", url).href, url].map((url) => ({ url, ...(transport && { transport }) }));
    return { transports, realm: "realm1", retry: RETRY };
  }

  #gap({ reason }: EventGap): void {
    this.#hear(reason);
  }

  #hear(what: unknown): void {
    this.heard.push(what);
    for (const look of this.#heard) look();
  }
}

/** Has the router disturbed, and waits until both components have lost it. */
async function disturb({ backend, frontend }: Program, ...how: readonly unknown[]): Promise<readonly [number, number]> {
  const from = [backend.told.length, frontend.told.length] as const;
  await frontend.component.publish(DISTURB, how);
  await Promise.all([backend.until("lost", from[0]), frontend.until("lost", from[1])]);
  return from;
}

/** Waits until both are back, and sees that all that was declared is, too. */
async function back({ backend, frontend }: Program, from: readonly [number, number]): Promise<void> {
  await Promise.all([backend.until("open", from[0]), frontend.until("open", from[1])]);
  assertEquals(await frontend.component.call("com.example.program.add", [20, 22]), 42);
  const steps = backend.states(from[0]);
  assert(/^lost (connecting (joining )?lost )*connecting joining open$/.test(steps), `Must tell each step: ${steps}`);
}

const CHECKS: Readonly<Record<string, (program: Program) => Promise<void>>> = {
  "components join by the transport that works": async (program) => {
    const { backend, frontend } = program;
    program.start();
    await Promise.all([backend.until("open", 0), frontend.until("open", 0)]);
    assertEquals(backend.states(), "connecting lost connecting joining open");
    assertEquals([program.joins, program.leaves], [1, 0]);
    assertEquals(await frontend.component.call("com.example.program.add", [1, 2]), 3);
  },
  "events are heard": async (program) => {
    await program.frontend.component.publish("com.example.news", ["first"], { acknowledge: true });
    await program.hears("first");
  },
  "a cut is survived, and what was published meanwhile is heard": async (program) => {
    const from = await disturb(program, "cut", "meanwhile");
    await back(program, from);
    await program.hears("meanwhile");
    assertEquals(program.heard, ["first", "meanwhile"]);
  },
  "a restart of the router is survived, and the gap is told": async (program) => {
    const from = await disturb(program, "restart");
    await back(program, from);
    await program.frontend.component.publish("com.example.news", ["afterwards"], { acknowledge: true });
    await program.hears("afterwards");
    assertEquals(program.heard, ["first", "meanwhile", "forgotten", "afterwards"]);
  },
  "a call waits for the next session": async (program) => {
    const from = await disturb(program, "restart");
    assertEquals(program.frontend.component.session, undefined);
    assertEquals(await program.frontend.component.call("com.example.disturbed.ping"), "pong");
    await back(program, from);
  },
  "a wrong ticket ends a component after one attempt": async ({ way: { url, transport } }) => {
    const auth = [ticket({ authid: "joe", ticket: "wrong" })];
    const watched = new Watched(
      component({ transports: url, ...(transport && { transport }), realm: "realm2", auth, retry: RETRY }),
    );
    const error = await rejection(watched.component.run());
    assert(error instanceof JoinError, `Must be refused, received ${error}`);
    assertEquals(watched.states(), "connecting joining fatal");
  },
  "stopping ends both": async (program) => {
    await program.stop();
    assertEquals([program.backend.states().split(" ").at(-1), program.frontend.component.current.state], [
      "closed",
      "closed",
    ]);
    assertEquals([program.joins, program.leaves], [4, 4]);
  },
};

/** The names of all checks. @internal */
export const COMPONENT_CHECKS: readonly string[] = Object.keys(CHECKS);

/** Runs the program. @internal */
export async function runComponentProgram(way: ComponentWay): Promise<CheckResult[]> {
  const program = new Program(way);
  try {
    return await runChecks(CHECKS, program);
  } finally {
    await program.stop();
  }
}
