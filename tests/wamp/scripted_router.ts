/**
 * A session whose router is the test: it sees every message that the session sends, and says what comes.
 *
 * @module
 */

import type { Dict } from "../../wamp/errors.ts";
import { type ClientMessage, MESSAGE, type Message, type RouterMessage } from "../../wamp/messages.ts";
import { Payload } from "../../wamp/payload.ts";
import { cbor } from "../../wamp/serializers/mod.ts";
import { Serializer } from "../../wamp/serializers/serializer.ts";
import { openSession, type SessionImpl, type SessionOptions } from "../../wamp/session.ts";
import type { Transport, TransportInfo, TransportReceiver } from "../../wamp/transports/transport.ts";

/** What a router of everything announces. @internal */
export const ALL_FEATURES: Dict = {
  dealer: {
    features: { call_canceling: true, call_timeout: true, progressive_call_invocations: true },
  },
  broker: {},
};

/**
 * The session's transport. What it delivers is overwritten at once, so that a view kept beyond its time shows.
 *
 * @internal
 */
export class ScriptedTransport implements Transport {
  readonly serializer: Serializer;
  readonly info: TransportInfo = { kind: "local", remoteAddress: "", localAddress: "", isTls: false };
  bufferedAmount = 0;
  /** What the session sent and the test has not taken. */
  readonly sent: Message[] = [];
  /** How the session ended it. */
  ending: "close" | "fail" | "abort" | undefined;
  #receiver: TransportReceiver | undefined;
  #hasEnded = false;
  /** Encodes without sharing a buffer with the session. */
  readonly #own: Serializer;

  constructor(serializer: Serializer = cbor) {
    this.serializer = serializer;
    this.#own = new Serializer(serializer.format, undefined, false);
  }

  open(receiver: TransportReceiver): void {
    this.#receiver = receiver;
  }

  send(bytes: Uint8Array): void {
    this.#own.decode(bytes.slice(), (message) => this.sent.push(message));
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    this.#finish("close");
  }

  fail(): void {
    this.#finish("fail");
  }

  abort(): void {
    this.#finish("abort");
  }

  #finish(ending: "close" | "fail" | "abort"): void {
    this.ending ??= ending;
    queueMicrotask(() => this.lose());
  }

  /** The transport ends. */
  lose(error?: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#receiver?.closed({ wasClean: error === undefined, reason: error?.message ?? "", error });
  }

  /** Its buffer has emptied. */
  drain(): void {
    this.bufferedAmount = 0;
    this.#receiver?.drain();
  }

  /** A message comes, as the bytes it is given or encoded. */
  deliver(message: Message | Uint8Array): void {
    const bytes = message instanceof Uint8Array ? message.slice() : this.#own.encode(message).slice();
    this.#receiver?.message(bytes);
    bytes.fill(0xff);
  }
}

/** The router's end. @internal */
export class ScriptedRouter {
  readonly transport: ScriptedTransport;
  readonly session: SessionImpl;

  constructor(transport: ScriptedTransport, session: SessionImpl) {
    this.transport = transport;
    this.session = session;
  }

  /** The next message that the session has sent. */
  take<Type extends ClientMessage["type"]>(type: Type): Extract<ClientMessage, { readonly type: Type }> {
    const message = this.transport.sent.shift();
    if (message?.type !== type) throw new Error(`Must send message ${type}, sent ${JSON.stringify(message)}`);
    return message as Extract<ClientMessage, { readonly type: Type }>;
  }

  /** Whether the session has sent nothing more. */
  get isQuiet(): boolean {
    return this.transport.sent.length === 0;
  }

  /** Sends a message. */
  say(message: RouterMessage): void {
    this.transport.deliver(message);
  }

  /** Answers a CALL. */
  result(request: number, args: readonly unknown[] = [], details: Dict = {}, kwargs: Dict = {}): void {
    this.say({ type: MESSAGE.RESULT, request, details, payload: Payload.of(args, kwargs) });
  }

  /** Refuses a request. */
  error(requestType: number, request: number, error: string, args: readonly unknown[] = [], kwargs: Dict = {}): void {
    this.say({ type: MESSAGE.ERROR, requestType, request, details: {}, error, payload: Payload.of(args, kwargs) });
  }

  /** Sends an INVOCATION. */
  invoke(request: number, registration: number, args: readonly unknown[] = [], details: Dict = {}): void {
    this.say({ type: MESSAGE.INVOCATION, request, registration, details, payload: Payload.of(args) });
  }

  /** Sends an EVENT. */
  event(subscription: number, args: readonly unknown[] = [], details: Dict = {}): void {
    this.say({ type: MESSAGE.EVENT, subscription, publication: 77, details, payload: Payload.of(args) });
  }

  /** Answers the session's REGISTER, which must be the next message. */
  registered(registration: number): void {
    const { request } = this.take(MESSAGE.REGISTER);
    this.say({ type: MESSAGE.REGISTERED, request, registration });
  }

  /** Answers the session's SUBSCRIBE, which must be the next message. */
  subscribed(subscription: number): void {
    const { request } = this.take(MESSAGE.SUBSCRIBE);
    this.say({ type: MESSAGE.SUBSCRIBED, request, subscription });
  }
}

/** What promises that are settled already lead to has happened when this resolves. @internal */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** A session that has joined a scripted router. @internal */
export async function scripted(
  roles: Dict = ALL_FEATURES,
  options: Partial<SessionOptions> = {},
  serializer: Serializer = cbor,
): Promise<ScriptedRouter> {
  const transport = new ScriptedTransport(serializer);
  const opened = openSession(transport, { realm: "realm1", ...options });
  await settled();
  transport.sent.shift();
  transport.deliver({ type: MESSAGE.WELCOME, session: 1234, details: { roles: roles as Record<string, Dict> } });
  return new ScriptedRouter(transport, await opened);
}
