/**
 * A program's part in a realm, that stays connected.
 *
 * @module
 */

import { failureMessage, type Logger, SILENT_LOGGER } from "../internal/log.ts";
import type {
  Component,
  ComponentOptions,
  ComponentStatus,
  ComponentSubscribeOptions,
  ContractComponent,
} from "./component_api.ts";
import { ComponentCalls } from "./component_calls.ts";
import { CheckedComponent } from "./component_contract.ts";
import { type Declaration, DeclaredProcedure, DeclaredSubscription } from "./component_declaration.ts";
import { type ComponentHooks, ComponentRun, type RunContext } from "./component_runner.ts";
import { StatusBoard } from "./component_status.ts";
import { TransportRotation } from "./component_transports.ts";
import type { Contract } from "./contract.ts";
import { PassthruCodecs } from "./passthru.ts";
import type {
  Arguments,
  CallOptions,
  CallResult,
  EventHandler,
  InvocationHandler,
  PublishOptions,
  RegisterOptions,
  Session,
  SessionClosed,
} from "./session_api.ts";
import { connectTransport } from "./transports/connect.ts";
import { isUri, type MatchPolicy } from "./uris.ts";

const HOOKS: ComponentHooks = { connect: connectTransport, random: () => Math.random() };

/**
 * Makes a component: a program's part in a realm, which connects by one of several transports, joins, registers and
 * subscribes what was declared, and does all of that again whenever the session is lost. It stops for what no further
 * attempt would mend: a refused ticket, a realm that is not there, an untrusted certificate.
 *
 * Between attempts it waits for a random time up to a bound, which grows with each failure; a session that lasted as
 * long as the largest bound makes it start over. What a server asks for by Retry-After is kept. Authenticators work anew
 * for each session, so that a ticket is fetched each time it is needed.
 *
 * @param options The ways to the router, the realm, and who we are.
 * @returns The component, which does nothing until {@linkcode Component.run}.
 * @throws {TypeError} An option is of the wrong kind, or the realm is no URI.
 * @throws {RangeError} A number is out of its range.
 *
 * @example A procedure that is there whenever the router is
 * ```ts
 * import { component, positional } from "@viaduct/viaduct/wamp";
 * import { createRouter, serveRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * await using router = createRouter();
 * await using server = await serveRouter(router, { hostname: "127.0.0.1", port: 0 });
 *
 * await using app = component({ transports: server.url, realm: "realm1" })
 *   .register("com.example.add", positional((a: number, b: number) => a + b));
 * const running = app.run();
 * for await (const status of app.status()) {
 *   if (status.state === "open") break;
 * }
 * const caller = await router.join("realm1");
 * assert.equal(await caller.call("com.example.add", [1, 2]), 3);
 * await app.stop();
 * await running;
 * ```
 *
 * @public
 */
export function component(options: ComponentOptions): Component {
  return componentWith(options, HOOKS);
}

/** {@linkcode component} with the network and chance given. @internal */
export function componentWith(options: ComponentOptions, hooks: ComponentHooks): Component {
  return new RunningComponent(options, hooks);
}

/**
 * Runs several components until all have stopped. Where one fails, all others are stopped.
 *
 * @param components The components.
 * @param options `signal`: stops all of them when it is aborted.
 * @returns Resolves when all have stopped.
 * @throws {Error} Why the first one failed, when all others have left.
 *
 * @example Two components in one program
 * ```ts
 * import { component, run } from "@viaduct/viaduct/wamp";
 * import { createRouter } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * await using router = createRouter();
 * const options = { transports: [{ url: "local:", router }], realm: "realm1" };
 * const backend = component(options).register("com.example.hello", () => "Hello");
 * const frontend = component({ ...options, whileDisconnected: { wait: 5_000 } });
 * const stop = new AbortController();
 * const running = run([backend, frontend], { signal: stop.signal });
 *
 * for await (const { state } of backend.status()) if (state === "open") break;
 * assert.equal(await frontend.call("com.example.hello"), "Hello");
 * stop.abort();
 * await running;
 * ```
 *
 * @public
 */
export async function run(
  components: readonly Component[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  const runOne = async (one: Component): Promise<void> => {
    try {
      await one.run(options);
    } catch (error) {
      failure ??= { error };
      await Promise.all(components.map((other) => other.stop()));
    }
  };
  await Promise.all(components.map(runOne));
  if (failure !== undefined) throw failure.error;
}

class RunningComponent implements Component, RunContext {
  readonly options: ComponentOptions;
  readonly hooks: ComponentHooks;
  readonly board: StatusBoard;
  readonly calls: ComponentCalls;
  readonly declarations = new Set<Declaration>();
  readonly #logger: Logger;
  readonly #passthru: PassthruCodecs;
  readonly #onJoin: ((session: Session) => unknown)[] = [];
  readonly #onLeave: ((closed: SessionClosed) => unknown)[] = [];
  readonly #onStatus: ((status: ComponentStatus) => unknown)[] = [];
  #run: ComponentRun | undefined;

  constructor(options: ComponentOptions, hooks: ComponentHooks) {
    const { realm, logger = SILENT_LOGGER, passthru, whileDisconnected = "fail" } = options;
    if (typeof realm !== "string" || !isUri(realm)) {
      throw new TypeError(`Option realm must be a URI, received ${JSON.stringify(realm)}`);
    }
    new TransportRotation(options, hooks.random); // A mistake shows here, not when it runs.
    this.options = options;
    this.hooks = hooks;
    this.#logger = logger;
    this.#passthru = new PassthruCodecs(passthru);
    this.calls = new ComponentCalls(whileDisconnected === "fail" ? 0 : whileDisconnected.wait);
    this.board = new StatusBoard((status) => this.#tell("onStatus", this.#onStatus, status));
  }

  get current(): ComponentStatus {
    return this.board.current;
  }

  get session(): Session | undefined {
    return this.calls.session;
  }

  register(procedure: string, handler: InvocationHandler, options: RegisterOptions = {}): this {
    const declared = new DeclaredProcedure(procedure, handler, options);
    if (this.#find("registration", procedure, declared.match).length > 0) {
      throw new TypeError(`Cannot register ${procedure}: it is declared already`);
    }
    return this.#declare(declared);
  }

  async unregister(procedure: string, options: { readonly match?: MatchPolicy } = {}): Promise<void> {
    await this.#takeBack(this.#find("registration", procedure, options.match ?? "exact"));
  }

  subscribe(topic: string, handler: EventHandler, options: ComponentSubscribeOptions = {}): this {
    const context = { logger: this.#logger, passthru: this.#passthru };
    return this.#declare(new DeclaredSubscription(topic, handler, options, context));
  }

  async unsubscribe(
    topic: string,
    options: { readonly match?: MatchPolicy; readonly handler?: EventHandler } = {},
  ): Promise<void> {
    const { match = "exact", handler } = options;
    const found = this.#find("subscription", topic, match);
    await this.#takeBack(found.filter((one) => {
      return handler === undefined || (one instanceof DeclaredSubscription && one.handler === handler);
    }));
  }

  #find(kind: Declaration["kind"], uri: string, match: MatchPolicy): readonly Declaration[] {
    return [...this.declarations].filter((one) => one.kind === kind && one.uri === uri && one.match === match);
  }

  #declare(declaration: Declaration): this {
    this.declarations.add(declaration);
    void this.#run?.restorer?.add(declaration);
    return this;
  }

  async #takeBack(declarations: readonly Declaration[]): Promise<void> {
    const restorer = this.#run?.restorer;
    await Promise.all(declarations.map((declaration) => {
      this.declarations.delete(declaration);
      declaration.forget();
      return restorer?.remove(declaration);
    }));
  }

  onJoin(handler: (session: Session) => unknown): this {
    this.#onJoin.push(handler);
    return this;
  }

  onLeave(handler: (closed: SessionClosed) => unknown): this {
    this.#onLeave.push(handler);
    return this;
  }

  onStatus(handler: (status: ComponentStatus) => unknown): this {
    this.#onStatus.push(handler);
    return this;
  }

  /** See `RunContext`. */
  onOpen(session: Session): void {
    this.#tell("onJoin", this.#onJoin, session);
  }

  /** See `RunContext`. */
  onEnd(closed: SessionClosed): void {
    this.#tell("onLeave", this.#onLeave, closed);
  }

  #tell<Value>(name: string, handlers: readonly ((value: Value) => unknown)[], value: Value): void {
    for (const handler of handlers) void this.#call(name, handler, value);
  }

  async #call<Value>(name: string, handler: (value: Value) => unknown, value: Value): Promise<void> {
    try {
      await handler(value);
    } catch (error) {
      this.#logger.warn(`Handler of ${name} failed`, { error: failureMessage(error) });
    }
  }

  status(): AsyncIterableIterator<ComponentStatus> {
    return this.board.read();
  }

  call<Value = unknown>(procedure: string, args?: readonly unknown[], options?: CallOptions): Promise<Value> {
    return this.calls.call(procedure, args, options);
  }

  callResult(procedure: string, args?: readonly unknown[], options?: CallOptions): Promise<CallResult> {
    return this.calls.callResult(procedure, args, options);
  }

  callProgressive(
    procedure: string,
    args?: readonly unknown[] | AsyncIterable<Arguments>,
    options?: CallOptions,
  ): AsyncIterableIterator<CallResult> {
    return this.calls.callProgressive(procedure, args, options);
  }

  publish(topic: string, args?: readonly unknown[], options?: PublishOptions): Promise<number | undefined> {
    const published = this.calls.publish(topic, args, options);
    if (options?.acknowledge === true && options.excludeMe !== false) void this.#noteOwn(published);
    return published;
  }

  /** The event history has what we publish ourselves: subscriptions that catch up do not get it live either. */
  async #noteOwn(published: Promise<number | undefined>): Promise<void> {
    try {
      const publication = await published;
      if (publication === undefined) return;
      for (const one of this.declarations) if (one instanceof DeclaredSubscription) one.noteOwn(publication);
    } catch {
      // Who published it is told.
    }
  }

  withContract<Api extends Contract>(contract: Api): ContractComponent<Api> {
    return new CheckedComponent(this, contract, this.#logger);
  }

  async run(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#run !== undefined) throw new TypeError("Cannot run component: it runs already");
    const { signal } = options;
    const run = this.#run = new ComponentRun(this);
    const onAbort = (): void => void run.stop();
    signal?.addEventListener("abort", onAbort);
    try {
      const finished = run.run();
      if (signal?.aborted) onAbort();
      await finished;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#run = undefined;
    }
  }

  async stop(): Promise<void> {
    await this.#run?.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
