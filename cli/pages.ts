/**
 * The pages of a router that runs by the command line: its metrics and its console, each on a port of its own.
 *
 * @module
 */

import type { Logger } from "../internal/log.ts";
import type { RealmOptions, Router } from "../wamp/router/mod.ts";
import { createMonitoring } from "../wamp/router/monitoring.ts";
import { serve, type Server } from "../websocket/mod.ts";
import type { CommandOutput } from "./command.ts";
import type { ConsoleConfig, MetricsConfig } from "./config_types.ts";
import { type RunningConsole, startConsole } from "./console/console.ts";

/** The console's port, where none is given. @internal */
export const CONSOLE_PORT = 8082;

const LOOPBACK = "127.0.0.1";

/** Which pages there are. @internal */
export interface PagesOptions {
  readonly metrics: MetricsConfig | undefined;
  readonly console: ConsoleConfig | undefined;
  /** The realms, by one of which the console knows who has its role. */
  readonly realms: readonly RealmOptions[];
  readonly output: CommandOutput;
  readonly logger?: Logger | undefined;
}

/** The pages, served. @internal */
export class RouterPages implements AsyncDisposable {
  readonly #router: Router;
  readonly #options: PagesOptions;
  #metrics: Server | undefined;
  #console: RunningConsole | undefined;
  #isReady = true;

  private constructor(router: Router, options: PagesOptions) {
    this.#router = router;
    this.#options = options;
  }

  /** Serves the pages of a router, and prints where they are. */
  static async start(router: Router, options: PagesOptions): Promise<RouterPages> {
    const pages = new RouterPages(router, options);
    try {
      pages.#serveMetrics();
      await pages.#serveConsole();
      return pages;
    } catch (error) {
      await pages[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The router is about to stop: it is not ready any more, while sessions leave. */
  drain(): void {
    this.#isReady = false;
  }

  /** Realms have changed, and with them who has a role. */
  update(realms: readonly RealmOptions[]): void {
    const access = accessOf(this.#options.console, realms);
    if (access !== undefined) this.#console?.update(access);
  }

  /** Serves them no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#metrics?.shutdown({ timeout: 0 });
    await this.#console?.[Symbol.asyncDispose]();
  }

  #serveMetrics(): void {
    const { metrics, output, logger } = this.#options;
    if (metrics === undefined) return;
    const { port, hostname = LOOPBACK, path = "/metrics" } = metrics;
    const router = this.#router;
    const isReady = (): boolean => this.#isReady && router.isAccepting;
    const answer = createMonitoring({ metrics: { path }, health: {}, read: () => router.metrics(), isReady });
    const notFound = (): Response => new Response("Not found\n", { status: 404 });
    const logging = logger === undefined ? {} : { logger };
    const fetch = (request: Request): Response => answer(request) ?? notFound();
    this.#metrics = serve({ port, hostname, fetch, upgrade: notFound, onListen: () => {}, ...logging });
    output.print(`Metrics at ${new URL(path, this.#metrics.url.replace(/^ws/, "http"))}`);
  }

  async #serveConsole(): Promise<void> {
    const { console, realms, output, logger } = this.#options;
    if (console === undefined) return;
    const { port, hostname = LOOPBACK } = console;
    const access = accessOf(console, realms);
    this.#console = await startConsole(this.#router, {
      port,
      hostname,
      ...(access !== undefined && { access }),
      ...(logger !== undefined && { logger }),
    });
    output.print(`Console at ${this.#console.url}`);
  }
}

/** Who may use the console: a role, as one of the realms knows it. */
function accessOf(
  console: ConsoleConfig | undefined,
  realms: readonly RealmOptions[],
): { readonly role: string; readonly realm: RealmOptions } | undefined {
  if (console?.role === undefined) return undefined;
  const realm = realms.find(({ uri }) => console.realm === undefined || uri === console.realm);
  // Where the realm is gone nobody can prove to have the role.
  return { role: console.role, realm: realm ?? { uri: console.realm ?? "", auth: [] } };
}
