/**
 * A session in the hands of a test: it announces what the test wants, sends any message and sees all that come.
 *
 * @module
 */

import type { Dict } from "../../../wamp/errors.ts";
import { messageName } from "../../../wamp/message_table.ts";
import { MESSAGE, type Message, type MessageCode, type Roles } from "../../../wamp/messages.ts";
import { Payload } from "../../../wamp/payload.ts";
import type { Serializer } from "../../../wamp/serializers/serializer.ts";
import type { TransportOptions } from "../../../wamp/transports/connect.ts";
import { connectTransport } from "../../../wamp/transports/connect.ts";
import type { Transport, TransportReceiver } from "../../../wamp/transports/transport.ts";

/** The message of a type. */
type MessageOf<Code extends MessageCode> = Extract<Message, { readonly type: Code }>;

const NO_ROLES: Roles = { caller: {}, callee: {}, publisher: {}, subscriber: {} };

/** A session that has no rules of its own. */
export class RawPeer implements TransportReceiver, AsyncDisposable {
  readonly #transport: Transport;
  readonly #received: Message[] = [];
  #waiting: ((message: Message | undefined) => void) | undefined;
  #hasEnded = false;
  readonly #ended: Promise<void>;
  #end!: () => void;
  #lastRequest = 0;
  /** The id of the session. */
  id = 0;

  private constructor(transport: Transport) {
    this.#transport = transport;
    this.#ended = new Promise((resolve) => this.#end = resolve);
    transport.open(this);
  }

  /** Joins `realm1`. What `roles` does not name is announced without features. */
  static async join(url: string, options: TransportOptions, roles: Roles): Promise<RawPeer> {
    const peer = new RawPeer(await connectTransport(url, options));
    peer.send({ type: MESSAGE.HELLO, realm: "realm1", details: { roles: { ...NO_ROLES, ...roles } } });
    peer.id = (await peer.expect(MESSAGE.WELCOME)).session;
    return peer;
  }

  get #serializer(): Serializer {
    return this.#transport.serializer;
  }

  /** An id for the next request. */
  request(): number {
    return ++this.#lastRequest;
  }

  /** Sends a message. */
  send(message: Message): void {
    this.#transport.send(this.#serializer.encode(message));
  }

  /** The next message, which must be of a type. */
  async expect<Code extends MessageCode>(type: Code): Promise<MessageOf<Code>> {
    const message = this.#received.shift() ?? await this.#next();
    if (message?.type === type) return message as MessageOf<Code>;
    const what = message === undefined ? "the end" : messageName(message.type);
    throw new Error(`Must be sent ${messageName(type)}, was sent ${what}`);
  }

  #next(): Promise<Message | undefined> {
    if (this.#hasEnded) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiting = resolve);
  }

  /** Shows that nothing was sent to it until now: the next thing is the answer to this. */
  async expectNothing(): Promise<void> {
    const request = this.request();
    this.send({
      type: MESSAGE.CALL,
      request,
      options: {},
      procedure: "wamp.session.count",
      payload: Payload.EMPTY,
    });
    await this.expect(MESSAGE.RESULT);
  }

  /** Subscribes; gives the id. */
  async subscribe(topic: string, options: Dict = {}): Promise<number> {
    this.send({ type: MESSAGE.SUBSCRIBE, request: this.request(), options, topic });
    return (await this.expect(MESSAGE.SUBSCRIBED)).subscription;
  }

  /** Registers; gives the id. */
  async register(procedure: string, options: Dict = {}): Promise<number> {
    this.send({ type: MESSAGE.REGISTER, request: this.request(), options, procedure });
    return (await this.expect(MESSAGE.REGISTERED)).registration;
  }

  /** Calls, not waiting for anything; gives the id of the request. */
  call(procedure: string, args: readonly unknown[] | Payload = [], options: Dict = {}, kwargs: Dict = {}): number {
    const request = this.request();
    const payload = args instanceof Payload ? args : Payload.of(args, kwargs);
    this.send({ type: MESSAGE.CALL, request, options, procedure, payload });
    return request;
  }

  /** Publishes. */
  publish(topic: string, args: readonly unknown[] | Payload = [], options: Dict = {}): void {
    const payload = args instanceof Payload ? args : Payload.of(args);
    this.send({ type: MESSAGE.PUBLISH, request: this.request(), options, topic, payload });
  }

  /** Waits for an invocation and answers it with `args`. */
  async answer(
    args: readonly unknown[] | Payload,
    options: Dict = {},
  ): Promise<MessageOf<typeof MESSAGE.INVOCATION>> {
    const invocation = await this.expect(MESSAGE.INVOCATION);
    const payload = args instanceof Payload ? args : Payload.of(args);
    this.send({ type: MESSAGE.YIELD, request: invocation.request, options, payload });
    return invocation;
  }

  /** Waits for an invocation and answers it with an error. */
  async refuse(error: string): Promise<void> {
    const { request } = await this.expect(MESSAGE.INVOCATION);
    const payload = Payload.EMPTY;
    this.send({ type: MESSAGE.ERROR, requestType: MESSAGE.INVOCATION, request, details: {}, error, payload });
  }

  /** Says GOODBYE. */
  async leave(): Promise<void> {
    this.send({ type: MESSAGE.GOODBYE, details: {}, reason: "wamp.close.normal" });
    await this.expect(MESSAGE.GOODBYE);
    await this.end();
  }

  /** Loses the connection. */
  async lose(): Promise<void> {
    this.#transport.abort();
    await this.#ended;
  }

  message(bytes: Uint8Array): void {
    this.#serializer.decode(bytes, (message) => {
      if ("payload" in message) message.payload.retain();
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting === undefined) this.#received.push(message);
      else waiting(message);
    });
  }

  drain(): void {}

  closed(): void {
    this.#hasEnded = true;
    this.#waiting?.(undefined);
    this.#end();
  }

  /** Closes the transport, if it is open, and waits until it has ended. */
  async end(): Promise<void> {
    this.#transport.close();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
