/**
 * The arguments of an invocation or an event, decoded when a handler first looks at them.
 *
 * @module
 */

import type { Dict } from "./errors.ts";
import { Payload } from "./payload.ts";

const NO_DICT: Dict = {};

/** Holds arguments as they came until somebody looks at them, and both of them decoded from then on. @internal */
export class LateArguments {
  #payload: Payload | undefined;
  #args: readonly unknown[] = [];
  #kwargs: Readonly<Dict> = NO_DICT;

  constructor(payload: Payload) {
    this.#payload = payload;
  }

  /** The positional arguments. */
  get args(): readonly unknown[] {
    if (this.#payload !== undefined) this.#decode();
    return this.#args;
  }

  /** The keyword arguments. */
  get kwargs(): Readonly<Dict> {
    if (this.#payload !== undefined) this.#decode();
    return this.#kwargs;
  }

  /** Makes the arguments outlive the message. */
  retain(): void {
    this.#payload?.retain();
  }

  /** The arguments as they came, outliving the message; empty once somebody has looked at them. */
  protected get undecoded(): Payload {
    return this.#payload?.retain() ?? Payload.EMPTY;
  }

  /** Puts what the arguments were in place of how they came. */
  protected replace(payload: Payload): void {
    this.#payload = payload;
  }

  #decode(): void {
    const payload = this.#payload ?? Payload.EMPTY;
    this.#args = payload.args;
    this.#kwargs = payload.kwargs;
    this.#payload = undefined;
  }
}
