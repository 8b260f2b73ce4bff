/**
 * A dealer with short ways to send it messages; each answers the effects in lines, meta events left out.
 *
 * @module
 */

import { type Call, type Cancel, MESSAGE, type Register, type Yield } from "../../../wamp/messages.ts";
import type { Payload } from "../../../wamp/payload.ts";
import { Dealer, type DealerOptions } from "../../../wamp/router/dealer.ts";
import type { Effect, Grant, Member } from "../../../wamp/router/effects.ts";
import { ARGS, counter, effectsOf, sent } from "./core_fixture.ts";

/** When registrations of the tests are made. */
export const TIME = "2026-11-22T09:00:00.000Z";

/** A dealer at work. */
export class Desk {
  readonly dealer: Dealer;
  /** The time, in milliseconds. */
  now = 0;

  constructor(options: Partial<DealerOptions> = {}) {
    this.dealer = new Dealer({
      uriRules: "loose",
      maxRegistrations: 100,
      maxOpenCalls: 100,
      nextRegistrationId: counter(1),
      random: () => 0,
      timestamp: () => TIME,
      ...options,
    });
  }

  /** The effects of registering, meta events with them. */
  registering(who: Member, procedure: string, options: Register["options"] = {}): Effect[] {
    const message = { type: MESSAGE.REGISTER, request: 1, options, procedure };
    return effectsOf((effects) => this.dealer.register(who, message, effects));
  }

  register(who: Member, procedure: string, options: Register["options"] = {}): string[] {
    return sent(this.registering(who, procedure, options));
  }

  unregistering(who: Member, registration: number): Effect[] {
    const message = { type: MESSAGE.UNREGISTER, request: 2, registration };
    return effectsOf((effects) => this.dealer.unregister(who, message, effects));
  }

  call(
    who: Member,
    request: number,
    procedure: string,
    options: Call["options"] = {},
    payload = ARGS,
    grant?: Grant,
  ): string[] {
    const message = { type: MESSAGE.CALL, request, options, procedure, payload };
    return this.#sent((effects) => this.dealer.call(who, message, this.now, effects, grant));
  }

  cancel(who: Member, request: number, mode?: Cancel["options"]["mode"]): string[] {
    const message = { type: MESSAGE.CANCEL, request, options: mode === undefined ? {} : { mode } };
    return this.#sent((effects) => this.dealer.cancel(who, message, effects));
  }

  yield(who: Member, request: number, options: Yield["options"] = {}, payload: Payload = ARGS): string[] {
    const message = { type: MESSAGE.YIELD, request, options, payload };
    return this.#sent((effects) => this.dealer.yield(who, message, this.now, effects));
  }

  error(who: Member, request: number, error: string, details = {}, requestType: number = MESSAGE.INVOCATION): string[] {
    const message = { type: MESSAGE.ERROR, requestType, request, details, error, payload: ARGS };
    return this.#sent((effects) => this.dealer.error(who, message, effects));
  }

  leave(who: Member): string[] {
    return this.#sent((effects) => this.dealer.leave(who, effects));
  }

  /** Lets the time pass to `now`. */
  tick(now: number): string[] {
    this.now = now;
    return this.#sent((effects) => this.dealer.tick(now, effects));
  }

  #sent(act: (effects: Effect[]) => void): string[] {
    return sent(effectsOf(act));
  }
}
