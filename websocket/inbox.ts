/**
 * Messages that arrived and wait to be taken by iteration.
 *
 * @module
 */

import { BoundedQueue } from "../internal/bounded_queue.ts";
import { concatBytes } from "../internal/bytes.ts";
import { CLOSE_CODE } from "./close_code.ts";
import { ConnectionClosedError, ProtocolError } from "./errors.ts";
import type { IncomingMessage } from "./web_socket_connection.ts";
import { decodeUtf8 } from "../internal/utf8.ts";

/** A piece of a message that is taken as a stream. @internal */
export class Piece {
  readonly data: Uint8Array;
  readonly isText: boolean;
  readonly first: boolean;
  readonly fin: boolean;

  constructor(data: Uint8Array, isText: boolean, first: boolean, fin: boolean) {
    this.data = data;
    this.isText = isText;
    this.first = first;
    this.fin = fin;
  }
}

/** What waits in an {@linkcode Inbox}. @internal */
export type InboxItem = string | Uint8Array | Piece;

/** What an inbox asks of its connection. @internal */
export interface InboxOwner {
  /** Somebody waits for a message, or is about to. */
  onDry(): void;
  /** The messages that wait are below the mark again. */
  onRelief(): void;
  /** A message that was being streamed is to be put together, and is larger than the limit for whole ones. */
  onTooBig(error: ProtocolError): void;
}

const NONE: Waiter[] = [];

/** What an item costs beside its payload, in bytes: the object, its buffer's header, its place in the queue. */
const ITEM_COST = 160;

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

type ItemResult = IteratorResult<InboxItem, undefined>;
type MessageResult = IteratorResult<string | Uint8Array, undefined>;

interface Waiter {
  readonly resolve: (result: ItemResult | Promise<ItemResult>) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A queue between the read loop and the user's iteration.
 *
 * @internal
 */
export class Inbox {
  readonly #owner: InboxOwner;
  readonly #mark: number;
  readonly #maxMessage: number;
  readonly #queue: BoundedQueue<InboxItem> = new BoundedQueue();
  #waiter: Waiter | undefined;
  /** Those that asked while somebody waited already: one who iterates never does. */
  #others: Waiter[] = NONE;
  #isOver = false;
  #isStopped = false;
  /** Whether messages have ever been taken as streams. */
  #hasPieces = false;
  #ended = false;
  #error: Error | undefined;

  /** `mark` is the number of bytes above which the owner should stop reading, `maxMessage` the limit for whole messages. */
  constructor(owner: InboxOwner, mark: number, maxMessage: number) {
    this.#owner = owner;
    this.#mark = mark;
    this.#maxMessage = maxMessage;
  }

  /** Whether more waits than the mark allows. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Adds an item, or hands it to whoever waits. */
  push(item: InboxItem, length: number): void {
    if (this.#isStopped) return;
    const waiter = this.#waiter;
    if (waiter !== undefined) {
      this.#waiter = this.#others.length === 0 ? undefined : this.#others.shift();
      waiter.resolve({ done: false, value: item });
      return;
    }
    this.#queue.push(item, length + ITEM_COST);
    this.#isOver = this.#queue.cost > this.#mark;
  }

  /** Drops all that is still to come, so that no gap shows in what was taken. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Says that nothing follows; `error` is what iteration throws after the last item. */
  end(error: Error | undefined): void {
    this.#ended = true;
    this.#error = error;
    const waiters = this.#waiter === undefined ? NONE : [this.#waiter, ...this.#others];
    this.#waiter = undefined;
    this.#others = NONE;
    for (const { resolve, reject } of waiters) {
      if (this.#error === undefined) resolve(DONE);
      else reject(this.#takeError()!);
    }
  }

  /** The next item, as an iterator gives it. */
  next(): Promise<ItemResult> {
    const item = this.#queue.shift();
    if (item === undefined) return this.#wait();
    if (this.#isOver && this.#queue.cost <= this.#mark) {
      this.#isOver = false;
      this.#owner.onRelief();
    }
    return Promise.resolve({ done: false, value: item });
  }

  #wait(): Promise<ItemResult> {
    if (this.#ended) return this.#error === undefined ? Promise.resolve(DONE) : Promise.reject(this.#takeError());
    const promise = new Promise<ItemResult>((resolve, reject) => {
      const waiter = { resolve, reject };
      if (this.#waiter === undefined) this.#waiter = waiter;
      else this.#others = [...this.#others, waiter];
    });
    this.#owner.onDry();
    return promise;
  }

  /** An iteration throws once; a later one just ends, as iterators do. */
  #takeError(): Error | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  /** The next whole message; pieces of one that was being streamed are put together or, without their head, dropped. */
  nextMessage(): Promise<MessageResult> {
    // Without pieces an item is a message: one promise less for each.
    if (!this.#hasPieces) return this.next() as Promise<MessageResult>;
    return this.next().then((result) => {
      return result.value instanceof Piece ? this.#join(result.value) : result as MessageResult;
    });
  }

  async #join(piece: Piece): Promise<MessageResult> {
    const parts = [piece.data];
    let length = piece.data.length;
    let last = piece;
    while (!last.fin) {
      const result = await this.next();
      if (result.done) return result;
      last = result.value as Piece;
      if (!piece.first) continue;
      parts.push(last.data);
      length += last.data.length;
      if (length > this.#maxMessage) throw this.#tooBig(length);
    }
    if (!piece.first) return await this.nextMessage();
    const data = concatBytes(parts);
    return { done: false, value: piece.isText ? decodeUtf8(data) : data };
  }

  #tooBig(length: number): ProtocolError {
    const text = `Message must be at most ${this.#maxMessage} bytes, received at least ${length}`;
    const error = new ProtocolError("message_too_big", CLOSE_CODE.MESSAGE_TOO_BIG, text);
    this.#owner.onTooBig(error);
    return error;
  }

  /** The messages as streams. */
  async *messages(): AsyncGenerator<IncomingMessage, void, undefined> {
    this.#hasPieces = true;
    for (;;) {
      const result = await this.next();
      if (result.done) return;
      const head = toPiece(result.value);
      if (!head.first) continue;
      const chunks = this.#chunks(head);
      yield { isText: head.isText, [Symbol.asyncIterator]: () => chunks };
      // What the user left of this message is dropped: its pieces have no head any more.
      await chunks.return();
    }
  }

  async *#chunks(head: Piece): AsyncGenerator<Uint8Array, void, undefined> {
    for (let piece = head;;) {
      if (piece.data.length > 0) yield piece.data;
      if (piece.fin) return;
      const result = await this.next();
      if (result.done) throw new ConnectionClosedError("Cannot read message to its end: connection closed within it");
      piece = toPiece(result.value);
    }
  }
}

const encoder = new TextEncoder();

function toPiece(item: InboxItem): Piece {
  if (item instanceof Piece) return item;
  const isText = typeof item === "string";
  return new Piece(isText ? encoder.encode(item) : item, isText, true, true);
}
