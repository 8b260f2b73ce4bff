/**
 * One message for many connections: encoded once, compressed once for each window size.
 *
 * @module
 */

import { deflateMessage } from "./deflate.ts";
import { encodeUnmaskedFrame, FIN, OPCODE, RSV1 } from "./frame.ts";

/** A frame as it goes out to many. @internal */
export interface EncodedMessage {
  readonly first: number;
  readonly frame: Uint8Array;
  readonly payload: Uint8Array;
}

/**
 * A server's message to many clients.
 *
 * @internal
 */
export class SharedMessage {
  readonly payload: Uint8Array;
  readonly isText: boolean;
  #plain: EncodedMessage | undefined;
  #deflated: Map<number, EncodedMessage> | undefined;

  /** `payload` must not change any more. */
  constructor(payload: Uint8Array, isText: boolean) {
    this.payload = payload;
    this.isText = isText;
  }

  /** The message as it is. */
  get plain(): EncodedMessage {
    return this.#plain ??= encode(FIN | this.#opcode, this.payload);
  }

  /** The message compressed by itself, within a window of `windowBits`. */
  deflated(windowBits: number, options: { readonly level: number; readonly memLevel: number }): EncodedMessage {
    this.#deflated ??= new Map();
    let encoded = this.#deflated.get(windowBits);
    if (encoded === undefined) {
      const payload = deflateMessage(this.payload, { windowBits, ...options });
      encoded = payload.length < this.payload.length ? encode(FIN | RSV1 | this.#opcode, payload) : this.plain;
      this.#deflated.set(windowBits, encoded);
    }
    return encoded;
  }

  get #opcode(): number {
    return this.isText ? OPCODE.TEXT : OPCODE.BINARY;
  }
}

function encode(first: number, payload: Uint8Array): EncodedMessage {
  return { first, frame: encodeUnmaskedFrame(first, payload), payload };
}
