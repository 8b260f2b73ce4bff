/**
 * Members and readable effects for the tests of broker and dealer.
 *
 * @module
 */

import type { Dict } from "../../../wamp/errors.ts";
import { MESSAGE } from "../../../wamp/messages.ts";
import { messageName } from "../../../wamp/message_table.ts";
import { Payload } from "../../../wamp/payload.ts";
import type { Effect, Member, MemberFeatures } from "../../../wamp/router/effects.ts";

/** A member that announced everything. */
export function member(
  id: number,
  options: Partial<Omit<Member, "features" | "id">> & { readonly features?: Partial<MemberFeatures> } = {},
): Member {
  return {
    id,
    authid: `user${id}`,
    authrole: "anonymous",
    isTrusted: false,
    ...options,
    features: {
      callerProgressiveInvocations: true,
      calleeCanceling: true,
      calleeProgressiveInvocations: true,
      calleeProgressiveResults: true,
      calleeTimeout: true,
      callerPassthru: true,
      calleePassthru: true,
      publisherPassthru: true,
      calleeReroute: true,
      calleeRevocation: true,
      subscriberRevocation: true,
      callerTransparency: true,
      calleeTransparency: true,
      publisherTransparency: true,
      subscriberTransparency: true,
      ...options.features,
    },
  };
}

/** Collects the effects of some calls. */
export function effectsOf(act: (effects: Effect[]) => void): Effect[] {
  const effects: Effect[] = [];
  act(effects);
  return effects;
}

/**
 * An effect in one line: who gets what, `1 RESULT 7 {} [1]`; events name all who get one; meta events begin with
 * `meta`. The text of an ERROR of the router's own is left out where `texts` is false.
 */
export function show(effect: Effect): string {
  switch (effect.kind) {
    case "abort":
      return `${effect.to.id} ABORT ${effect.error.code}`;
    case "meta":
      return `meta ${effect.topic} ${JSON.stringify(effect.args)}`;
    case "event": {
      const { message, except, accepts } = effect;
      const to = [...effect.to].filter((one) => one !== except && (accepts?.(one) ?? true)).map(({ id }) => id);
      return `${to.join(",")} EVENT ${message.subscription} ${message.publication} ${tail(message)}`;
    }
    default:
      return `${effect.to.id} ${showMessage(effect.message)}`;
  }
}

function showMessage(message: Extract<Effect, { kind: "send" }>["message"]): string {
  const name = messageName(message.type);
  switch (message.type) {
    case MESSAGE.ERROR: {
      const { args } = message.payload;
      const isOurs = typeof args[0] === "string" && / /.test(args[0]);
      const rest = isOurs ? "" : ` ${tail(message)}`;
      return `${name} ${messageName(message.requestType)} ${message.request} ${message.error}${rest}`;
    }
    case MESSAGE.INVOCATION:
      return `${name} ${message.request} ${message.registration} ${tail(message)}`;
    case MESSAGE.RESULT:
      return `${name} ${message.request} ${tail(message)}`;
    case MESSAGE.INTERRUPT:
      return `${name} ${message.request} ${JSON.stringify(message.options)}`;
    case MESSAGE.SUBSCRIBED:
      return `${name} ${message.request} ${message.subscription}`;
    case MESSAGE.REGISTERED:
      return `${name} ${message.request} ${message.registration}`;
    case MESSAGE.PUBLISHED:
      return `${name} ${message.request} ${message.publication}`;
    case MESSAGE.UNSUBSCRIBED:
    case MESSAGE.UNREGISTERED:
      return `${name} ${message.request}${message.details === undefined ? "" : ` ${JSON.stringify(message.details)}`}`;
    default:
      throw new TypeError(`Neither broker nor dealer sends ${name}`);
  }
}

function tail({ details, payload }: { readonly details: Dict; readonly payload: Payload }): string {
  const args = payload.count > 0 ? ` ${JSON.stringify(payload.args)}` : "";
  return JSON.stringify(details) + args;
}

/** All effects, in lines, but for meta events. */
export function sent(effects: readonly Effect[]): string[] {
  return effects.filter(({ kind }) => kind !== "meta").map(show);
}

/** The meta events, in lines. */
export function meta(effects: readonly Effect[]): string[] {
  return effects.filter(({ kind }) => kind === "meta").map(show);
}

/** Ids from `first` on. */
export function counter(first: number): () => number {
  return () => first++;
}

/** The payload of all test messages but where it matters. */
export const ARGS: Payload = Payload.of([1]);
