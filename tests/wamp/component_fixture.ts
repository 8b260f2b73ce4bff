/**
 * A component, and a router that can be reached or not, in memory.
 *
 * @module
 */

import type { Logger } from "../../internal/log.ts";
import { componentWith } from "../../wamp/component.ts";
import type { Component, ComponentOptions, ComponentStatus } from "../../wamp/component_api.ts";
import { createRouter } from "../../wamp/router/router.ts";
import type { Router, RouterOptions } from "../../wamp/router/router_api.ts";
import type { TransportOptions } from "../../wamp/transports/connect.ts";
import { localPair } from "../../wamp/transports/local.ts";
import type { Transport } from "../../wamp/transports/transport.ts";
import { FakeClock } from "../fake_clock.ts";

/** A logger that keeps what it is told. @internal */
export class Lines implements Logger {
  readonly lines: string[] = [];
  readonly fields: (Readonly<Record<string, unknown>> | undefined)[] = [];

  readonly debug = (): void => {};
  readonly info = (): void => {};
  readonly warn = (message: string, fields?: Readonly<Record<string, unknown>>): void => this.#add(message, fields);
  readonly error = (message: string, fields?: Readonly<Record<string, unknown>>): void => this.#add(message, fields);

  #add(message: string, fields: Readonly<Record<string, unknown>> | undefined): void {
    this.lines.push(message);
    this.fields.push(fields);
  }
}

/** Random numbers that are the same each time. @internal */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A router, and the way there. @internal */
export class Network {
  router: Router;
  /** The URLs that were tried, in order. */
  readonly tried: string[] = [];
  /** When, by the fake clock. */
  readonly times: number[] = [];
  /** The components' ends of the transports. */
  readonly transports: Transport[] = [];
  /** What attempts fail with, by URL; one without is let through. */
  failure: (url: string, attempt: number) => Error | undefined = () => undefined;
  /** What transports go through. */
  wrap: (transport: Transport) => Transport = (transport) => transport;
  readonly #options: RouterOptions;
  readonly #components: Component[] = [];

  constructor(options: RouterOptions = {}) {
    this.#options = options;
    this.router = createRouter(options);
  }

  /** Ends a router, in order, and begins another that knows nothing. */
  async restart(clock: FakeClock): Promise<void> {
    await clock.until(this.router.shutdown());
    this.router = createRouter(this.#options);
  }

  readonly connect = async (url: string | URL, options: TransportOptions = {}): Promise<Transport> => {
    this.tried.push(String(url));
    this.times.push(performance.now());
    await Promise.resolve();
    options.signal?.throwIfAborted();
    const failure = this.failure(String(url), this.tried.length);
    if (failure !== undefined) throw failure;
    const [ours, theirs] = localPair();
    this.router.attach(theirs);
    this.transports.push(ours);
    return this.wrap(ours);
  };

  /** The transport of the last session, or of the one that is being joined, is lost. */
  cut(): void {
    this.transports.at(-1)?.abort();
  }

  /** A component that connects here. */
  component(options: Partial<ComponentOptions> = {}, random: () => number = () => 0.5): Component {
    const hooks = { connect: this.connect, random };
    const made = componentWith({ transports: "ws://one", realm: "realm1", ...options }, hooks);
    this.#components.push(made);
    return made;
  }

  /** Stops all, and looks whether a timer is left. */
  async close(clock: FakeClock): Promise<void> {
    await clock.until(Promise.all(this.#components.map((one) => one.stop())));
    await clock.until(this.router.shutdown());
    if (clock.timers > 0) throw new Error(`${clock.timers} timers are left`);
  }
}

/** Runs a test with a network and a clock of its own; nothing may be left. @internal */
export async function withNetwork(
  options: RouterOptions,
  body: (network: Network, clock: FakeClock) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock().install();
  const network = new Network(options);
  try {
    await body(network, clock);
    await network.close(clock);
  } finally {
    clock.uninstall();
  }
}

/** Waits until a component has a state, from now on or from a change on. @internal */
export async function reach<State extends ComponentStatus["state"]>(
  clock: FakeClock,
  component: Component,
  state: State,
): Promise<Extract<ComponentStatus, { state: State }>> {
  const found = (status: ComponentStatus): status is Extract<ComponentStatus, { state: State }> => {
    return status.state === state;
  };
  const wait = async (): Promise<Extract<ComponentStatus, { state: State }>> => {
    for await (const status of component.status()) if (found(status)) return status;
    throw new Error(`The component ended, and was never ${state}`);
  };
  return await clock.until(wait());
}
