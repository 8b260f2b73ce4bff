/**
 * The router's console: a page that shows what is in the realms and what goes on in them, ends sessions, calls and
 * publishes. It has a listener, a router and a realm of its own.
 *
 * @module
 */

import type { Logger } from "../../internal/log.ts";
import { acceptAnonymous } from "../../wamp/auth/mod.ts";
import {
  createRouter,
  type RealmOptions,
  type Router,
  type RouterServer,
  serveRouter,
  type ServerTlsOptions,
} from "../../wamp/router/mod.ts";
import { isLoopback, isOwnPage, namesLoopback, restrictToRole } from "./access.ts";
import { CONSOLE_REALM, ConsoleBackend } from "./backend.ts";
import { pageHeaders, Sources } from "./sources.ts";

/** The role of those who use the console on this machine, without proof. */
const OPERATOR = "operator";
/** How often in a minute those of one address may fail to prove who they are. */
const MAX_AUTH_FAILURES = 10;
const PAGE = "/cli/console/page/index.html";

/** Where the console listens, and for whom. @internal */
export interface ConsoleOptions {
  /** The TCP port; 0 takes a free one. */
  readonly port: number;
  /** The address to bind. Other than loopback takes a role. */
  readonly hostname: string;
  /** Serve TLS. */
  readonly tls?: ServerTlsOptions;
  /**
   * Only for those who prove to have this role, in the ways of a realm.
   *
   * @default {for all on this machine}
   */
  readonly access?: { readonly role: string; readonly realm: RealmOptions };
  readonly logger?: Logger;
}

/** A running console. @internal */
export interface RunningConsole extends AsyncDisposable {
  /** The address of the page. */
  readonly url: string;
  /** Lets in by these from now on; who is in stays. */
  update(access: NonNullable<ConsoleOptions["access"]>): void;
}

/**
 * Starts a console for a router.
 *
 * @throws {TypeError} It would be open to other machines without proof.
 * @throws {Error} Its page cannot be read.
 *
 * @internal
 */
export async function startConsole(router: Router, options: ConsoleOptions): Promise<RunningConsole> {
  const { port, hostname, tls, access, logger } = options;
  if (access === undefined && !isLoopback(hostname)) {
    throw new TypeError(`Console without a role must listen on loopback, such as 127.0.0.1, received ${hostname}`);
  }
  const logging = logger === undefined ? {} : { logger };
  const sources = new Sources();
  await sources.check(PAGE);
  const backend = new ConsoleBackend(router);
  const own = createRouter({ realms: [consoleRealm(backend, access)], maxAuthFailures: MAX_AUTH_FAILURES, ...logging });
  try {
    await backend.start(await own.join(CONSOLE_REALM));
    const server = await serveRouter(own, {
      port,
      hostname,
      path: "/ws",
      origins: access === undefined ? isOwnPage : "same-origin",
      fetch: createSite(sources, access === undefined),
      ...(tls !== undefined && { tls }),
      ...logging,
    });
    return new ServedConsole(own, backend, server);
  } catch (error) {
    await backend[Symbol.asyncDispose]();
    await own.shutdown({ timeout: 0 });
    throw error;
  }
}

/** Whoever is let in may call what the backend offers, and nothing else. */
function consoleRealm(backend: ConsoleBackend, access: ConsoleOptions["access"]): RealmOptions {
  const role = access?.role ?? OPERATOR;
  const { uri: realm = "", auth = [] } = access?.realm ?? {};
  const call = backend.callIn.bind(backend);
  return {
    uri: CONSOLE_REALM,
    auth: access === undefined
      ? [acceptAnonymous({ authrole: OPERATOR })]
      : auth.map((method) => restrictToRole(method, { realm, role, call })),
    roles: { [role]: { permissions: [{ uri: `${CONSOLE_REALM}.`, match: "prefix", allow: { call: true } }] } },
  };
}

/** Answers plain requests; those that do not name this machine are misdirected where nothing else protects it. */
function createSite(sources: Sources, isLocal: boolean): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (isLocal && !namesLoopback(request.headers.get("host"))) {
      return new Response("Host must be a name of this machine\n", { status: 421, headers: pageHeaders("text/plain") });
    }
    return await sources.answer(pathname === "/" ? PAGE : pathname);
  };
}

class ServedConsole implements RunningConsole {
  readonly url: string;
  readonly #own: Router;
  readonly #backend: ConsoleBackend;
  readonly #server: RouterServer;

  constructor(own: Router, backend: ConsoleBackend, server: RouterServer) {
    this.url = new URL("/", server.url.replace(/^ws/, "http")).href;
    this.#own = own;
    this.#backend = backend;
    this.#server = server;
  }

  update(access: NonNullable<ConsoleOptions["access"]>): void {
    this.#own.updateRealm(consoleRealm(this.#backend, access));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown({ timeout: 1_000 });
    await this.#backend[Symbol.asyncDispose]();
    await this.#own.shutdown({ timeout: 1_000 });
  }
}
