/**
 * A router that listens, and clients that send it whatever a test says, by WebSocket and by RawSocket.
 *
 * @module
 */

import { join } from "../../wamp/join.ts";
import { createRouter } from "../../wamp/router/router.ts";
import type { RealmOptions, Router } from "../../wamp/router/router_api.ts";
import { type RouterServer, serveRouter } from "../../wamp/router/server.ts";
import type { Session } from "../../wamp/session_api.ts";
import { clientFrame, closeFrame, RawClient, toBytes, upgradeRequest } from "../raw_client.ts";
import { assert, assertEquals, concat } from "../std.ts";
import { hostile } from "./attack.ts";
import type { RowName } from "./rows.ts";

/** How a client comes. */
export type Way = "websocket" | "rawsocket";

/** Serializers by their number in a RawSocket handshake. */
const RAWSOCKET_IDS = { json: 1, msgpack: 2, cbor: 3 } as const;

/** What a client speaks. */
export type Spoken = keyof typeof RAWSOCKET_IDS;

/** What every hostile client announces. */
export const HELLO = [1, "realm1", {
  roles: {
    publisher: {},
    subscriber: {},
    caller: {},
    callee: { features: { call_canceling: true, progressive_call_results: true } },
  },
}];

/** A client that shares no code with the library. */
export class WampClient implements Disposable {
  readonly #client: RawClient;
  readonly #way: Way;
  readonly #spoken: Spoken;
  /** The close status of a WebSocket, once it came. */
  closeCode: number | undefined;

  private constructor(client: RawClient, way: Way, spoken: Spoken) {
    this.#client = client;
    this.#way = way;
    this.#spoken = spoken;
  }

  /** Opens a transport. */
  static async open(server: RouterServer, way: Way, spoken: Spoken = "json"): Promise<WampClient> {
    const addr = server.addresses[way === "websocket" ? 0 : 1];
    assert(addr !== undefined);
    const client = await RawClient.connect({ addr });
    if (way === "websocket") {
      await client.write(upgradeRequest([`Sec-WebSocket-Protocol: wamp.2.${spoken}`], "/ws"));
      await client.readAcceptance();
    } else {
      await client.write(Uint8Array.of(0x7f, 0xf0 | RAWSOCKET_IDS[spoken], 0, 0));
      assertEquals((await client.readBytes(4))?.[0], 0x7f);
    }
    return new WampClient(client, way, spoken);
  }

  /** Sends bytes as one message. */
  async sendBytes(data: string | Uint8Array): Promise<void> {
    const bytes = toBytes(data);
    if (this.#way === "websocket") await this.write(clientFrame(this.#spoken === "json" ? 0x81 : 0x82, bytes));
    else await this.write(concat([Uint8Array.of(0, bytes.length >> 16, bytes.length >> 8, bytes.length), bytes]));
  }

  /** Sends messages, each by itself, in one write. */
  async send(...messages: readonly (readonly unknown[])[]): Promise<void> {
    for (const message of messages) await this.sendBytes(JSON.stringify(message));
  }

  /** Writes to the socket as it is. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#client.writeAnyway(bytes);
  }

  /** The next message as text, `undefined` at the end. */
  async readText(): Promise<string | undefined> {
    return this.#way === "websocket" ? await this.#readFrame() : await this.#readRaw();
  }

  /** The next message, `undefined` at the end. */
  async read(): Promise<readonly unknown[] | undefined> {
    const text = await this.readText();
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Says HELLO and gives the session's id. */
  async join(): Promise<number> {
    await this.send(HELLO);
    const welcome = await this.read();
    assertEquals(welcome?.[0], 2);
    return welcome?.[1] as number;
  }

  /** Sends a message and gives the answer. */
  async ask(...message: readonly unknown[]): Promise<readonly unknown[]> {
    await this.send(message);
    const answer = await this.read();
    assert(answer !== undefined, "The router ended");
    return answer;
  }

  /** Asserts that the next message is an ABORT, which a person understands, and that the transport ends. */
  async expectAbort(reason = "wamp.error.protocol_violation"): Promise<string> {
    const [type, details, uri] = await this.read() ?? [];
    assertEquals([type, uri], [3, reason]);
    const { message } = details as { message: string };
    assert(message.length > 10, message);
    await this.expectEnd(1002);
    return message;
  }

  /** Asserts that nothing but the end comes, over WebSocket with this status. */
  async expectEnd(code: number): Promise<void> {
    assertEquals(await this.readText(), undefined);
    if (this.#way === "websocket") assertEquals(this.closeCode, code);
  }

  /** See `Disposable`. */
  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #readFrame(): Promise<string | undefined> {
    for (;;) {
      const frame = await this.#client.readFrame();
      if (frame === undefined) return undefined;
      const { first, payload } = frame;
      if (first === 0x81 || first === 0x82) return new TextDecoder().decode(payload);
      if (first !== 0x88) continue;
      this.closeCode = (payload[0]! << 8) | payload[1]!;
      await this.write(closeFrame(this.closeCode));
      await this.#client.expectEnd();
      return undefined;
    }
  }

  async #readRaw(): Promise<string | undefined> {
    try {
      const header = await this.#client.readBytes(4);
      if (header === undefined) return undefined;
      const [type, high = 0, middle = 0, low = 0] = header;
      assertEquals(type, 0);
      const payload = await this.#client.readBytes((high << 16) | (middle << 8) | low);
      return new TextDecoder().decode(payload);
    } catch (error) {
      // What was not read of ours makes the end a reset.
      if (error instanceof Deno.errors.ConnectionReset) return undefined;
      throw error;
    }
  }
}

/** How often the sessions are counted at most until those that are gone are out. */
const MAX_TURNS = 2_000;

/** A router with one session that has nothing to do with the attack. */
export class WampVictim implements AsyncDisposable {
  readonly router: Router;
  readonly server: RouterServer;
  readonly bystander: Session;

  private constructor(router: Router, server: RouterServer, bystander: Session) {
    this.router = router;
    this.server = server;
    this.bystander = bystander;
  }

  /** Starts it. */
  static async start(realm: Partial<RealmOptions> = {}, maxMessage = 1 << 20): Promise<WampVictim> {
    const router = createRouter({ realms: [{ uri: "realm1", ...realm }] });
    const options = { hostname: "127.0.0.1", port: 0, rawsocket: { port: 0 }, limits: { maxMessage } };
    const server = await serveRouter(router, options);
    return new WampVictim(router, server, await join(server.url, { realm: "realm1" }));
  }

  /** Asserts that the bystander noticed nothing, that newcomers are served, and that nothing of the attack is left. */
  async assertUnharmed(way: Way): Promise<void> {
    const { bystander } = this;
    const url = way === "websocket" ? this.server.url : this.server.rawsocketUrl;
    const newcomer = await join(url, { realm: "realm1" });
    const registration = await bystander.register("com.bystander", ({ args }) => args[0]);
    assertEquals(await newcomer.call("com.bystander", ["x"]), "x");
    await registration.unregister();
    await newcomer.leave();
    assertEquals(bystander.state, "open");
    // A socket that was closed is noticed within a few round trips.
    let sessions = 0;
    for (let turn = 0; turn < MAX_TURNS && sessions !== 1; turn++) {
      sessions = await bystander.call("wamp.session.count");
    }
    assertEquals(sessions, 1);
    const { registrations, subscriptions, openCalls } = this.router.statistics("realm1");
    assertEquals([registrations, subscriptions, openCalls], [0, 0, 0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown({ timeout: 1_000 });
    await this.router.shutdown({ timeout: 1_000 });
  }
}

/** What a test of a row is given. */
export type WampAttack = (victim: WampVictim, way: Way) => Promise<void>;

/** Registers a test of a row for each way to the router; afterwards the router must be unharmed. */
export function hostileWamp(row: RowName, rule: string, attack: WampAttack, realm: Partial<RealmOptions> = {}): void {
  for (const way of ["websocket", "rawsocket"] as const) {
    hostile(row, `${rule} (${way})`, async () => {
      await using victim = await WampVictim.start(realm);
      await attack(victim, way);
      await victim.assertUnharmed(way);
    });
  }
}
