/**
 * The part of the meta API that is about sessions: who is there, and ending them (WAMP, Session Meta API).
 * Sans-I/O.
 *
 * @module
 */

import { ApplicationError, type Dict } from "../errors.ts";
import { CLOSE_URI, ERROR_URI, isUri } from "../uris.ts";
import type { RouterMember } from "./member.ts";
import {
  idArgument,
  invalidArgument,
  type MetaCall,
  type MetaContext,
  type MetaProcedure,
  stringArgument,
} from "./meta.ts";

/** What is told of a session: by `wamp.session.get`, and when it joins. @internal */
export function sessionDetails(member: RouterMember): Dict {
  const { authid, authrole, authmethod, authprovider, agent } = member.identity;
  const { info, serializer } = member.transport;
  return {
    session: member.id,
    authid,
    authrole,
    authmethod,
    authprovider,
    transport: {
      type: info.kind,
      serializer: serializer.name,
      secure: info.isTls,
      ...(agent !== undefined && { agent }),
    },
  };
}

/** The sessions whose role is among those asked for; all of them where none is. */
function listed({ members }: MetaContext, { args }: MetaCall): RouterMember[] {
  const roles = args[0] ?? undefined;
  if (roles === undefined) return [...members.values()];
  if (!Array.isArray(roles) || roles.some((role) => typeof role !== "string")) {
    throw invalidArgument("Argument filter_authroles must be a list of strings");
  }
  return [...members.values()].filter(({ authrole }) => roles.includes(authrole));
}

function sessionArgument({ members }: MetaContext, call: MetaCall, options: { readonly other: boolean }): RouterMember {
  const id = idArgument(call, 0, "session");
  const member = members.get(id);
  if (member !== undefined && (!options.other || member !== call.caller)) return member;
  throw new ApplicationError(ERROR_URI.NO_SUCH_SESSION, [`There is no ${options.other ? "other " : ""}session ${id}`]);
}

/** Ends sessions, but for the caller's own, in the way that the keyword arguments say. */
function kill(
  realm: MetaContext,
  { kwargs, caller }: MetaCall,
  candidates: Iterable<RouterMember>,
  options?: { readonly quiet: boolean },
): RouterMember[] {
  const reason = kwargs.reason ?? CLOSE_URI.KILLED;
  const message = kwargs.message ?? undefined;
  if (typeof reason !== "string" || !isUri(reason)) {
    throw new ApplicationError(ERROR_URI.INVALID_URI, ["Keyword argument reason must be a URI"]);
  }
  if (message !== undefined && typeof message !== "string") {
    throw invalidArgument("Keyword argument message must be a string");
  }
  const members = [...candidates].filter((member) => member !== caller);
  realm.dismiss(members, reason, message, options);
  return members;
}

function having(
  { members }: MetaContext,
  call: MetaCall,
  key: "authid" | "authrole",
): RouterMember[] {
  const value = stringArgument(call, 0, key);
  return [...members.values()].filter((member) => member[key] === value);
}

/** WAMP, Session Meta API. @internal */
export const SESSION_PROCEDURES: Readonly<Record<string, MetaProcedure>> = {
  "wamp.session.count": (realm, call) => [listed(realm, call).length],
  "wamp.session.list": (realm, call) => [listed(realm, call).map(({ id }) => id)],
  "wamp.session.get": (realm, call) => [sessionDetails(sessionArgument(realm, call, { other: false }))],
  "wamp.session.kill": (realm, call) => {
    kill(realm, call, [sessionArgument(realm, call, { other: true })]);
    return [];
  },
  "wamp.session.kill_by_authid": (realm, call) => {
    return [kill(realm, call, having(realm, call, "authid")).map(({ id }) => id)];
  },
  "wamp.session.kill_by_authrole": (realm, call) => [kill(realm, call, having(realm, call, "authrole")).length],
  // "Closing all sessions in the realm will not generate session meta events."
  "wamp.session.kill_all": (realm, call) => [kill(realm, call, realm.members.values(), { quiet: true }).length],
};
