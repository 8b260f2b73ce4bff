/**
 * The meta API: procedures that the router itself answers, about subscriptions and registrations here, about sessions
 * in meta_sessions.ts.
 * Sans-I/O.
 *
 * @module
 */

import { ApplicationError, type Dict } from "../errors.ts";
import { isId } from "../ids.ts";
import { ERROR_URI, isReserved, type MatchPolicy } from "../uris.ts";
import type { Broker } from "./broker.ts";
import type { Dealer } from "./dealer.ts";
import type { Effect, Grant } from "./effects.ts";
import type { RouterMember } from "./member.ts";
import type { Testaments } from "./testaments.ts";

/** What the meta API tells of, and acts on. @internal */
export interface MetaContext {
  readonly broker: Broker;
  readonly dealer: Dealer;
  readonly testaments: Testaments;
  /** The sessions of the realm, by id. */
  readonly members: ReadonlyMap<number, RouterMember>;
  /** Says GOODBYE to sessions; `quiet`: nobody is told that they leave. */
  dismiss(
    members: readonly RouterMember[],
    reason: string,
    message: string | undefined,
    options?: { readonly quiet?: boolean },
  ): void;
}

/** A call of a meta procedure. @internal */
export interface MetaCall {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Dict>;
  readonly caller: RouterMember;
  /** How long the arguments are, in bytes. */
  readonly size: number;
  /** What the permission says for what the call leads to: a testament. */
  readonly grant: Grant;
  /** Takes what is to be done for others, before the call is answered. */
  readonly effects: Effect[];
}

/**
 * Answers a call with its positional results.
 *
 * @throws {ApplicationError} The answer is an error.
 *
 * @internal
 */
export type MetaProcedure = (realm: MetaContext, call: MetaCall) => readonly unknown[];

/** Refuses an argument. @internal */
export function invalidArgument(message: string): ApplicationError {
  return new ApplicationError(ERROR_URI.INVALID_ARGUMENT, [message]);
}

/** The positional argument at `index`, a string. @internal */
export function stringArgument({ args }: MetaCall, index: number, name: string): string {
  const value = args[index];
  if (typeof value === "string") return value;
  throw invalidArgument(`Argument ${name} must be a string`);
}

/** The positional argument at `index`, an id. @internal */
export function idArgument({ args }: MetaCall, index: number, name: string): number {
  const value = args[index];
  const id = typeof value === "bigint" ? Number(value) : value;
  if (isId(id)) return id;
  throw invalidArgument(`Argument ${name} must be an id`);
}

/** The match policy in the options of a lookup: "same options as when subscribing" or registering. */
function matchArgument({ args }: MetaCall): MatchPolicy {
  const options = args[1] ?? {};
  if (typeof options !== "object") throw invalidArgument("Argument options must be a dictionary");
  const { match } = options as Dict;
  if (match === undefined || match === null) return "exact";
  if (match === "exact" || match === "prefix" || match === "wildcard") return match;
  throw invalidArgument("Option match must be one of exact, prefix, wildcard");
}

/** What the broker or dealer found under an id, or the error that there is none. */
function found<Value>(value: Value | undefined, error: string, id: number): Value {
  if (value !== undefined) return value;
  throw new ApplicationError(error, [`There is none with the id ${id}`]);
}

function subscription<Value>(call: MetaCall, look: (id: number) => Value | undefined): readonly [Value] {
  const id = idArgument(call, 0, "subscription");
  return [found(look(id), ERROR_URI.NO_SUCH_SUBSCRIPTION, id)];
}

function registration<Value>(call: MetaCall, look: (id: number) => Value | undefined): readonly [Value] {
  const id = idArgument(call, 0, "registration");
  return [found(look(id), ERROR_URI.NO_SUCH_REGISTRATION, id)];
}

/** The session that is to be taken out of a subscription or registration, and why. */
function removal(
  { members }: MetaContext,
  call: MetaCall,
): { readonly member: RouterMember; readonly reason?: string } {
  const id = idArgument(call, 1, "session");
  const reason = call.args[2] ?? call.kwargs.reason ?? undefined;
  if (reason !== undefined && typeof reason !== "string") throw invalidArgument("Argument reason must be a string");
  return { member: found(members.get(id), ERROR_URI.NO_SUCH_SESSION, id), ...(reason !== undefined && { reason }) };
}

/** What the router and those it trusts have under `wamp.` is not for others to end. */
function checkRemovable({ caller }: MetaCall, uri: string): void {
  if (caller.isTrusted || !isReserved(uri)) return;
  throw new ApplicationError(ERROR_URI.NOT_AUTHORIZED, [`Nobody is taken out of ${uri}`]);
}

function removeSubscriber(realm: MetaContext, call: MetaCall): readonly unknown[] {
  const id = idArgument(call, 0, "subscription");
  const { uri } = found(realm.broker.get(id), ERROR_URI.NO_SUCH_SUBSCRIPTION, id);
  const { member, reason } = removal(realm, call);
  checkRemovable(call, uri);
  if (realm.broker.removeSubscriber(member, id, reason, call.effects)) return [];
  throw new ApplicationError(ERROR_URI.NO_SUCH_SUBSCRIPTION, [`Session ${member.id} has no subscription ${id}`]);
}

function removeCallee(realm: MetaContext, call: MetaCall): readonly unknown[] {
  const id = idArgument(call, 0, "registration");
  const { uri } = found(realm.dealer.get(id), ERROR_URI.NO_SUCH_REGISTRATION, id);
  const { member, reason } = removal(realm, call);
  checkRemovable(call, uri);
  if (realm.dealer.removeCallee(member, id, reason, call.effects)) return [];
  throw new ApplicationError(ERROR_URI.NO_SUCH_REGISTRATION, [`Session ${member.id} has no registration ${id}`]);
}

/** WAMP, Subscriptions Meta API. @internal */
export const SUBSCRIPTION_PROCEDURES: Readonly<Record<string, MetaProcedure>> = {
  "wamp.subscription.list": ({ broker }) => [broker.list()],
  "wamp.subscription.lookup": ({ broker }, call) => {
    return [broker.lookup(stringArgument(call, 0, "topic"), matchArgument(call)) ?? null];
  },
  "wamp.subscription.match": ({ broker }, call) => {
    const ids = broker.match(stringArgument(call, 0, "topic"));
    return [ids.length > 0 ? ids : null];
  },
  "wamp.subscription.get": ({ broker }, call) => subscription(call, (id) => broker.get(id)),
  "wamp.subscription.list_subscribers": ({ broker }, call) => subscription(call, (id) => broker.subscribers(id)),
  "wamp.subscription.count_subscribers": ({ broker }, call) => subscription(call, (id) => broker.countSubscribers(id)),
  // WAMP, Subscription Revocation, has no procedure for it; this is that of Crossbar.io.
  "wamp.subscription.remove_subscriber": removeSubscriber,
};

/** WAMP, Registration Meta API. @internal */
export const REGISTRATION_PROCEDURES: Readonly<Record<string, MetaProcedure>> = {
  "wamp.registration.list": ({ dealer }) => [dealer.list()],
  "wamp.registration.lookup": ({ dealer }, call) => {
    return [dealer.lookup(stringArgument(call, 0, "procedure"), matchArgument(call)) ?? null];
  },
  "wamp.registration.match": ({ dealer }, call) => {
    return [dealer.match(stringArgument(call, 0, "procedure")) ?? null];
  },
  "wamp.registration.get": ({ dealer }, call) => registration(call, (id) => dealer.get(id)),
  "wamp.registration.list_callees": ({ dealer }, call) => registration(call, (id) => dealer.callees(id)),
  "wamp.registration.count_callees": ({ dealer }, call) => registration(call, (id) => dealer.countCallees(id)),
  // WAMP, Registration Revocation, has no procedure for it; this is that of Crossbar.io.
  "wamp.registration.remove_callee": removeCallee,
};
