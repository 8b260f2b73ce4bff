/**
 * A receiver that keeps what it is given, and waits for it.
 *
 * @module
 */

import type { Transport, TransportClosed, TransportReceiver } from "../../../wamp/transports/transport.ts";

/** Keeps copies of the messages of one transport. */
export class Recording implements TransportReceiver {
  readonly messages: Uint8Array[] = [];
  drains = 0;
  readonly closings: TransportClosed[] = [];
  /** Called for each message, with the borrowed view. */
  onMessage: ((bytes: Uint8Array) => void) | undefined;
  readonly #ended = Promise.withResolvers<TransportClosed>();
  #arrived = Promise.withResolvers<void>();

  /** Opens the transport with a recording. */
  static of(transport: Transport): Recording {
    const recording = new Recording();
    transport.open(recording);
    return recording;
  }

  /** Resolves with how the transport ended. */
  get ended(): Promise<TransportClosed> {
    return this.#ended.promise;
  }

  /** The messages as text. */
  get texts(): string[] {
    return this.messages.map((message) => new TextDecoder().decode(message));
  }

  /** Resolves when something has arrived for which `test` holds. */
  async until(test: (recording: Recording) => boolean): Promise<void> {
    while (!test(this)) await this.#arrived.promise;
  }

  /** Resolves when that many messages are here. */
  async count(count: number): Promise<void> {
    await this.until(({ messages }) => messages.length >= count);
  }

  message(bytes: Uint8Array): void {
    this.messages.push(bytes.slice());
    this.onMessage?.(bytes);
    this.#wake();
  }

  drain(): void {
    this.drains++;
    this.#wake();
  }

  closed(info: TransportClosed): void {
    this.closings.push(info);
    this.#ended.resolve(info);
    this.#wake();
  }

  #wake(): void {
    const arrived = this.#arrived;
    this.#arrived = Promise.withResolvers();
    arrived.resolve();
  }
}
