/**
 * A client of a router in the hands of the test: it sends and gets messages as JSON, at once.
 *
 * @module
 */

import type { Dict } from "../../../wamp/errors.ts";
import type { Roles } from "../../../wamp/messages.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import type { RealmOptions, Router, RouterOptions } from "../../../wamp/router/router_api.ts";
import { json } from "../../../wamp/serializers/mod.ts";
import type { Serializer } from "../../../wamp/serializers/serializer.ts";
import type { SharedBytes, Transport, TransportInfo, TransportReceiver } from "../../../wamp/transports/transport.ts";
import { assert, assertEquals } from "../../std.ts";

/** Roles of a client that announces everything that matters to the router. */
export const ROLES: Roles = {
  publisher: {},
  subscriber: {},
  caller: { features: { progressive_call_invocations: true } },
  callee: {
    features: {
      call_canceling: true,
      call_timeout: true,
      progressive_call_invocations: true,
      progressive_call_results: true,
    },
  },
};

/** A message as it is on the wire. */
export type WireMessage = readonly unknown[];

/** One end of a transport; the other is the router's. */
export class ScriptedTransport implements Transport {
  readonly serializer: Serializer;
  readonly info: TransportInfo = { kind: "local", remoteAddress: "", localAddress: "", isTls: false };
  /** What the router is told. */
  bufferedAmount = 0;
  /** Whether the router reads. */
  isPaused = false;
  /** How the router ended it. */
  ending: "close" | "fail" | "abort" | undefined;
  /** What it was failed with. */
  failure = "";
  /** How many messages came framed for many. */
  shared = 0;
  /** The session's id, once joined. */
  session = 0;
  readonly #received: WireMessage[] = [];
  #receiver: TransportReceiver | undefined;
  #hasEnded = false;

  /** Not yet attached. */
  constructor(serializer: Serializer = json) {
    this.serializer = serializer;
  }

  open(receiver: TransportReceiver): void {
    this.#receiver = receiver;
  }

  send(bytes: Uint8Array): void {
    assert(this.ending === undefined, "The router sends after it has ended the transport");
    if (!this.serializer.isText) return void this.#received.push([]);
    for (const text of new TextDecoder().decode(bytes).split("\x1e")) {
      if (text !== "") this.#received.push(JSON.parse(text));
    }
  }

  sendShared(message: SharedBytes): void {
    this.shared++;
    this.send(message.bytes);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(): void {
    this.#end("close");
  }

  fail(reason: string): void {
    this.failure = reason;
    this.#end("fail");
  }

  abort(): void {
    this.#end("abort");
  }

  /** The client sends a message. */
  deliver(...message: WireMessage): void {
    this.deliverBytes(new TextEncoder().encode(JSON.stringify(message)));
  }

  /** The client sends bytes. They are spoilt afterwards, since they are borrowed. */
  deliverBytes(bytes: Uint8Array): void {
    this.#receiver?.message(bytes);
    bytes.fill(0xaa);
  }

  /** The transport has room again. */
  drain(amount = 0): void {
    this.bufferedAmount = amount;
    this.#receiver?.drain();
  }

  /** The connection is lost. */
  lose(): void {
    this.#ended(false);
  }

  /** What came since the last time. */
  take(): WireMessage[] {
    return this.#received.splice(0);
  }

  /** The one message that came since the last time. */
  takeOne(): WireMessage {
    const [message, ...others] = this.take();
    assertEquals(others, []);
    assert(message !== undefined, "No message came");
    return message;
  }

  /** Says HELLO and takes the WELCOME. */
  join(realm = "realm1", details: Dict = {}): this {
    this.deliver(1, realm, { roles: ROLES, ...details });
    const [type, session] = this.takeOne();
    assertEquals(type, 2);
    this.session = session as number;
    return this;
  }

  #end(ending: "close" | "fail" | "abort"): void {
    if (this.#hasEnded || this.ending !== undefined) return;
    this.ending = ending;
    queueMicrotask(() => this.#ended(ending === "close"));
  }

  #ended(wasClean: boolean): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.ending ??= "abort";
    this.#receiver?.closed({ wasClean, reason: "" });
  }
}

/** A router with one realm, and clients of it. */
export class RouterFixture implements AsyncDisposable {
  readonly router: Router;

  /** With these choices for `realm1`. */
  constructor(realm: Partial<RealmOptions> = {}, options: RouterOptions = {}) {
    this.router = createRouter({ realms: [{ uri: "realm1", ...realm }], ...options });
  }

  /** A client that the router does not know yet. */
  detached(): ScriptedTransport {
    return new ScriptedTransport();
  }

  /** A client that has said nothing yet. */
  attach(serializer?: Serializer): ScriptedTransport {
    const transport = new ScriptedTransport(serializer);
    this.router.attach(transport);
    return transport;
  }

  /** A client that has joined. */
  join(details?: Dict): ScriptedTransport {
    return this.attach().join("realm1", details);
  }

  /** Asserts that nothing is left of any session but these. */
  assertEmpty(sessions = 0): void {
    const { slowDisconnected: _, eventsDropped: __, throttled: ___, ...counts } = this.router.statistics("realm1");
    assertEquals(counts, { sessions, registrations: 0, subscriptions: 0, openCalls: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.router.shutdown({ timeout: 0 });
  }
}
