/**
 * A router by a configuration: started, listening, and told to read it again.
 *
 * @module
 */

import { failureMessage } from "../internal/log.ts";
import { createRouter, type Router, type RouterOptions, type RouterServer, serveRouter } from "../wamp/router/mod.ts";
import { removeStaleSocket } from "../websocket/mod.ts";
import type { CommandOutput } from "./command.ts";
import {
  buildConfig,
  type BuildContext,
  type BuiltConfig,
  type BuiltRealm,
  type BuiltTransport,
} from "./config_build.ts";
import { Listeners } from "./config_listeners.ts";
import type { ConfigSource } from "./config_source.ts";
import { ConfigError, readConfig } from "./config.ts";
import { LineLogger } from "./logging.ts";
import { RouterPages } from "./pages.ts";
import { RouterProcedures } from "./router_procedures.ts";

const DEFAULT_DRAIN = 5_000;

/** A transport that is listened on. */
interface OpenTransport {
  built: BuiltTransport;
  readonly server: RouterServer;
}

/** A router that runs by a configuration. @internal */
export class ConfiguredRouter {
  readonly #source: ConfigSource;
  readonly #output: CommandOutput;
  readonly #logger: LineLogger;
  readonly #listeners = new Listeners();
  readonly #procedures = new RouterProcedures();
  readonly #open: OpenTransport[] = [];
  /** What is done to it, one thing after the other. */
  #work: Promise<void> = Promise.resolve();
  #pages: RouterPages | undefined;
  #running: { readonly router: Router; readonly started: BuiltConfig; config: BuiltConfig } | undefined;
  /** What cannot be changed of the realms that run. */
  readonly #fixed = new Map<string, string>();

  /** Nothing is read before {@linkcode check} or {@linkcode start}. */
  constructor(source: ConfigSource, output: CommandOutput) {
    this.#source = source;
    this.#output = output;
    this.#logger = new LineLogger(output);
  }

  /**
   * Reads the configuration and everything that it points to.
   *
   * @throws {ConfigError} It cannot be used.
   */
  check(): BuiltConfig {
    const context: BuildContext = {
      secrets: this.#source,
      listeners: this.#listeners,
      procedures: this.#procedures,
    };
    const config = buildConfig(readConfig(this.#source.text(), this.#source.name), context);
    try {
      // The router itself has the last word; it opens nothing.
      createRouter(routerOptions(config));
    } catch (error) {
      throw new ConfigError([`${this.#source.name}: ${error instanceof Error ? error.message : String(error)}`]);
    }
    return config;
  }

  /** Starts the router and listens. */
  async start(): Promise<void> {
    const started = this.#start();
    // Who asks for a reload meanwhile waits; who waits for the start is told what failed.
    this.#work = started.catch(() => {});
    await started;
  }

  async #start(): Promise<void> {
    const config = this.check();
    this.#logger.configure(config.config.logging ?? {});
    const { realms = [], ...options } = routerOptions(config);
    const router = createRouter({ ...options, realms, logger: this.#logger });
    this.#procedures.use(router);
    this.#running = { router, started: config, config };
    for (const [uri, { fixed }] of config.realms) this.#fixed.set(uri, fixed);
    for (const transport of config.transports) await this.#listen(router, transport);
    const { metrics, console } = config.config;
    const output = this.#output;
    this.#pages = await RouterPages.start(router, { metrics, console, realms, output, logger: this.#logger });
    this.#output.print(`Realms: ${router.realms.join(", ")}`);
  }

  /** Reads the configuration again and does what changed in it; sessions stay. Never rejects. */
  reload(): Promise<void> {
    return this.#work = this.#work.then(() => this.#reload()).catch((error) => {
      this.#logger.error("Cannot reload the configuration", { reason: failureMessage(error) });
    });
  }

  /** Says GOODBYE to all and stops. */
  async stop(): Promise<void> {
    await this.#work;
    const { router, config } = this.#running ?? {};
    this.#pages?.drain();
    const timeout = config?.config.drainTimeout ?? DEFAULT_DRAIN;
    await Promise.all(this.#open.map(({ server }) => server.shutdown({ timeout })));
    await this.#pages?.[Symbol.asyncDispose]();
    await router?.shutdown({ timeout: 0 });
  }

  async #listen(router: Router, built: BuiltTransport): Promise<void> {
    const { unix, rawsocket } = built.options;
    const path = unix ?? rawsocket?.unix;
    if (path !== undefined && await removeStaleSocket(path)) {
      this.#logger.warn("Removed the socket of a router that was killed", { path });
    }
    const server = await serveRouter(router, { ...built.options, logger: this.#logger });
    this.#listeners.set(built.name, server.addresses);
    this.#open.push({ built, server });
    const [first = "/ws"] = [built.options.path ?? []].flat();
    const unixUrl = rawsocket === undefined ? `ws+unix:${path}:${first}` : `unix:${path}`;
    this.#output.print(`Listening on ${path === undefined ? server.url || server.rawsocketUrl : unixUrl}`);
  }

  async #reload(): Promise<void> {
    if (this.#running === undefined) return;
    const { router, started, config: old } = this.#running;
    let config: BuiltConfig;
    try {
      config = this.check();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const { problems } = error;
      return this.#logger.error("Cannot reload the configuration: the old one stays", { problems });
    }
    this.#running.config = config;
    this.#logger.configure(config.config.logging ?? {});
    const needRestart = [...changedSettings(started, config)];
    const realms = await this.#reloadRealms(router, old.realms, config.realms, needRestart);
    this.#pages?.update([...config.realms.values()].map(({ options }) => options));
    const transports = await this.#reloadTransports(router, config.transports, needRestart);
    this.#logger.info("Configuration reloaded", { ...realms, ...transports });
    for (const what of needRestart) this.#logger.warn("A change needs a restart", { what });
  }

  async #reloadRealms(
    router: Router,
    old: ReadonlyMap<string, BuiltRealm>,
    realms: ReadonlyMap<string, BuiltRealm>,
    needRestart: string[],
  ): Promise<Record<string, unknown>> {
    const [realmsAdded, realmsChanged, realmsRemoved]: [string[], string[], string[]] = [[], [], []];
    for (const uri of old.keys()) {
      if (realms.has(uri)) continue;
      realmsRemoved.push(uri);
      await router.removeRealm(uri);
    }
    for (const [uri, { options, identity, fixed }] of realms) {
      const before = old.get(uri);
      if (before === undefined) {
        router.addRealm(options);
        this.#fixed.set(uri, fixed);
        realmsAdded.push(uri);
        continue;
      }
      if (this.#fixed.get(uri) !== fixed) {
        needRestart.push(`uriRules, requestIds or limits.maxRetained of realm ${uri}`);
      }
      if (before.identity === identity) continue;
      router.updateRealm(options);
      realmsChanged.push(uri);
    }
    return { realmsAdded, realmsChanged, realmsRemoved };
  }

  async #reloadTransports(
    router: Router,
    transports: readonly BuiltTransport[],
    needRestart: string[],
  ): Promise<Record<string, unknown>> {
    const [transportsAdded, transportsRemoved]: [string[], string[]] = [[], []];
    const kept = new Set<OpenTransport>();
    const fresh: BuiltTransport[] = [];
    for (const built of transports) {
      const open = this.#open.find((one) => one.built.address === built.address && !kept.has(one));
      if (open === undefined) {
        fresh.push(built);
        continue;
      }
      kept.add(open);
      if (open.built.identity !== built.identity) needRestart.push(`${built.path} (${built.address})`);
      open.built = { ...open.built, name: built.name };
      this.#listeners.set(built.name, open.server.addresses);
    }
    for (const open of this.#open.filter((one) => !kept.has(one))) {
      transportsRemoved.push(open.built.address);
      await this.#close(open);
    }
    for (const built of fresh) {
      try {
        await this.#listen(router, built);
        transportsAdded.push(built.address);
      } catch (error) {
        this.#logger.error("Cannot listen", { transport: built.address, reason: failureMessage(error) });
      }
    }
    return { transportsAdded, transportsRemoved };
  }

  async #close(open: OpenTransport): Promise<void> {
    this.#open.splice(this.#open.indexOf(open), 1);
    this.#listeners.delete(open.server.addresses);
    await open.server.shutdown({ timeout: this.#running?.config.config.drainTimeout ?? DEFAULT_DRAIN });
  }
}

function routerOptions({ router, realms }: BuiltConfig): RouterOptions {
  return { ...router, realms: Array.from(realms.values(), ({ options }) => options) };
}

/** The settings that changed and cannot be changed while it runs. */
function* changedSettings(old: BuiltConfig, now: BuiltConfig): Generator<string> {
  const names = ["helloTimeout", "goodbyeTimeout", "authTimeout", "maxAuthFailures", "metrics", "console"] as const;
  for (const name of names) {
    if (JSON.stringify(old.config[name]) !== JSON.stringify(now.config[name])) yield name;
  }
}
