/**
 * Looks at every message that a component receives, and counts its transports.
 *
 * @module
 */

import { failureMessage } from "../../internal/log.ts";
import { MESSAGE } from "../../wamp/messages.ts";
import type { Message } from "../../wamp/messages.ts";
import type { Serializer } from "../../wamp/serializers/serializer.ts";
import { connectTransport, type TransportOptions } from "../../wamp/transports/connect.ts";
import type {
  SharedBytes,
  Transport,
  TransportClosed,
  TransportInfo,
  TransportReceiver,
} from "../../wamp/transports/transport.ts";

/** Sees that nothing is answered twice, and how many transports are open. */
export class TransportWatch {
  /** How many transports have not ended. */
  open = 0;
  readonly #onBroken: (detail: string) => void;

  /** @param onBroken Is told what should not have been. */
  constructor(onBroken: (detail: string) => void) {
    this.#onBroken = onBroken;
  }

  /** Connects, and watches what comes. */
  readonly connect = async (url: string | URL, options?: TransportOptions): Promise<Transport> => {
    const transport = await connectTransport(url, options);
    this.open++;
    return new WatchedTransport(transport, this.#onBroken, () => this.open--);
  };
}

/** A transport whose answers are counted. */
class WatchedTransport implements Transport {
  readonly #inner: Transport;
  readonly #onBroken: (detail: string) => void;
  readonly #onEnd: () => void;
  /** The requests that were answered. */
  readonly #answered = new Set<string>();
  #isOpened = false;

  constructor(inner: Transport, onBroken: (detail: string) => void, onEnd: () => void) {
    this.#inner = inner;
    this.#onBroken = onBroken;
    this.#onEnd = onEnd;
  }

  get serializer(): Serializer {
    return this.#inner.serializer;
  }

  get info(): TransportInfo {
    return this.#inner.info;
  }

  get bufferedAmount(): number {
    return this.#inner.bufferedAmount;
  }

  get maxMessage(): number {
    return this.#inner.maxMessage ?? Infinity;
  }

  get probes(): Transport["probes"] {
    return this.#inner.probes;
  }

  open(receiver: TransportReceiver): void {
    this.#isOpened = true;
    const message = (bytes: Uint8Array): void => {
      this.#look(bytes);
      receiver.message(bytes);
    };
    const closed = (info: TransportClosed): void => {
      this.#onEnd();
      receiver.closed(info);
    };
    this.#inner.open({ message, closed, drain: () => receiver.drain() });
  }

  send(bytes: Uint8Array): void {
    this.#inner.send(bytes);
  }

  sendShared(message: SharedBytes): void {
    if (this.#inner.sendShared === undefined) this.#inner.send(message.bytes);
    else this.#inner.sendShared(message);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  close(): void {
    this.#given();
    this.#inner.close();
  }

  fail(reason: string): void {
    this.#inner.fail(reason);
  }

  abort(): void {
    this.#given();
    this.#inner.abort();
  }

  /** Given up before anybody was to be told. */
  #given(): void {
    if (this.#isOpened) return;
    this.#isOpened = true;
    this.#onEnd();
  }

  #look(bytes: Uint8Array): void {
    try {
      this.serializer.decode(bytes, (message) => this.#count(answerOf(message)));
    } catch (error) {
      this.#onBroken(`a message cannot be read: ${failureMessage(error)}`);
    }
  }

  #count(answer: string | undefined): void {
    if (answer === undefined) return;
    if (this.#answered.has(answer)) this.#onBroken(`${answer} was answered twice`);
    this.#answered.add(answer);
  }
}

/** Which request a message answers. No call here has progressive results. */
function answerOf(message: Message): string | undefined {
  switch (message.type) {
    case MESSAGE.RESULT:
      return `request ${message.request} of type ${MESSAGE.CALL}`;
    case MESSAGE.ERROR:
      return `request ${message.request} of type ${message.requestType}`;
    case MESSAGE.PUBLISHED:
      return `request ${message.request} of type ${MESSAGE.PUBLISH}`;
    case MESSAGE.SUBSCRIBED:
      return `request ${message.request} of type ${MESSAGE.SUBSCRIBE}`;
    case MESSAGE.REGISTERED:
      return `request ${message.request} of type ${MESSAGE.REGISTER}`;
    default:
      return undefined;
  }
}
