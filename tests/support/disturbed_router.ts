/**
 * A router behind a TCP proxy, which its clients can ask to be disturbed: restarted, or cut off from them for a while.
 *
 * @module
 */

import { acceptTicket } from "../../wamp/auth/accept_ticket.ts";
import type { Session } from "../../wamp/session_api.ts";
import { createRouter } from "../../wamp/router/router.ts";
import type { RealmOptions, Router } from "../../wamp/router/router_api.ts";
import { type RouterServer, serveRouter } from "../../wamp/router/server.ts";

const HOST = "127.0.0.1";
/** How many connections are refused, at least, until the way is open again. */
const REFUSALS = 2;

const REALMS: readonly RealmOptions[] = [
  { uri: "realm1", eventStores: [{ uri: "com.example.news", limit: 100 }] },
  { uri: "realm2", auth: [acceptTicket({ principals: { joe: { ticket: "secret", role: "user" } } })] },
];

/** A router, what it listens by, and a session within. */
interface Running {
  readonly router: Router;
  readonly server: RouterServer;
  readonly session: Session;
}

/**
 * In `realm1` its own session answers `com.example.disturbed.ping`. An event of `com.example.disturbed.disturb` says what
 * is to happen, `restart` or `cut`, then what is published to `com.example.news` during a cut. `realm2` takes a ticket.
 */
export class DisturbedRouter implements AsyncDisposable {
  readonly #listener: Deno.TcpListener = Deno.listen({ hostname: HOST, port: 0 });
  readonly #connections: Set<Deno.TcpConn> = new Set();
  readonly #work: Set<Promise<void>> = new Set();
  #running: Running | undefined;
  #refused: () => void = () => {};

  private constructor() {
    this.#spawn(this.#accept());
  }

  /** Starts it. */
  static async start(): Promise<DisturbedRouter> {
    const disturbed = new DisturbedRouter();
    await disturbed.#startRouter();
    return disturbed;
  }

  /** The address of its WebSocket, whatever happens to it. */
  get url(): string {
    return `ws://${HOST}:${this.#listener.addr.port}/ws`;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#stopRouter();
    this.#cut();
    await Promise.all(this.#work);
  }

  async #startRouter(): Promise<void> {
    const router = createRouter({ realms: REALMS });
    const server = await serveRouter(router, { hostname: HOST, port: 0, origins: "any" });
    const session = await router.join("realm1");
    await session.register("com.example.disturbed.ping", () => "pong");
    await session.subscribe("com.example.disturbed.disturb", ({ args: [how, ...args] }) => {
      this.#spawn(how === "restart" ? this.#restart() : this.#cutOff(session, args));
    });
    this.#running = { router, server, session };
  }

  async #stopRouter(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.server.shutdown({ timeout: 1_000 });
    await running?.router.shutdown({ timeout: 1_000 });
  }

  /** The router says GOODBYE, and another one takes its place. */
  async #restart(): Promise<void> {
    await this.#stopRouter();
    await this.#refusals();
    await this.#startRouter();
  }

  /** No connection lives on, and the router stays. */
  async #cutOff(session: Session, args: readonly unknown[]): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    this.#cut();
    await this.#refusals();
    await session.publish("com.example.news", args, { acknowledge: true });
    this.#running = running;
  }

  #cut(): void {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }

  #refusals(): Promise<void> {
    return new Promise((resolve) => {
      let count = 0;
      this.#refused = () => ++count === REFUSALS && resolve();
    });
  }

  #spawn(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      if (this.#running === undefined) {
        client.close();
        this.#refused();
      } else {
        this.#spawn(this.#relay(client, this.#running.server));
      }
    }
  }

  async #relay(client: Deno.TcpConn, { url }: RouterServer): Promise<void> {
    this.#connections.add(client);
    const router = await Deno.connect({ hostname: HOST, port: Number(new URL(url).port) });
    this.#connections.add(router);
    await Promise.all([this.#pass(client, router), this.#pass(router, client)]);
  }

  /** Passes on what comes, and the end of it; both connections end together. */
  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    try {
      await from.readable.pipeTo(to.writable);
    } catch {
      // Cut, on either side.
    }
    for (const connection of [from, to]) this.#close(connection);
  }

  #close(connection: Deno.TcpConn): void {
    this.#connections.delete(connection);
    try {
      connection.close();
    } catch {
      // Its stream has closed it.
    }
  }
}
