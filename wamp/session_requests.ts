/**
 * Requests with one answer and nothing more to them: register, subscribe, their undoing, publish with acknowledgement.
 *
 * @module
 */

import { MESSAGE, type MessageCode } from "./messages.ts";
import type { Reply } from "./peer.ts";
import { type RequestMessage, type SessionLink, type SessionRequest, toApplicationError } from "./session_link.ts";

class OpenRequest implements SessionRequest {
  readonly type: MessageCode;
  request = 0;
  readonly promise: Promise<Reply>;
  readonly #onAnswer: ((message: Reply) => void) | undefined;
  #resolve!: (message: Reply) => void;
  #reject!: (error: Error) => void;

  constructor(type: MessageCode, onAnswer: ((message: Reply) => void) | undefined) {
    this.type = type;
    this.#onAnswer = onAnswer;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onReply(message: Reply): void {
    if (message.type === MESSAGE.ERROR) return this.#reject(toApplicationError(message));
    this.#onAnswer?.(message);
    this.#resolve(message);
  }

  onEnd(error: Error): void {
    this.#reject(error);
  }
}

/**
 * Sends a request, made with the upcoming id.
 *
 * @param onAnswer Called at once when the answer comes, before any message behind it.
 * @returns The answer.
 * @throws {ApplicationError} The router refused.
 * @throws {SerializationError} It cannot be encoded; nothing was sent.
 *
 * @internal
 */
export function request(
  link: SessionLink,
  message: RequestMessage,
  onAnswer?: (message: Reply) => void,
): Promise<Reply> {
  const record = new OpenRequest(message.type, onAnswer);
  link.request(record, message);
  return record.promise;
}
