/**
 * What is in a realm at a moment: its sessions, registrations and subscriptions, up to a number of each.
 * Sans-I/O.
 *
 * @module
 */

import type { RouterMember } from "./member.ts";
import type { MetaContext } from "./meta.ts";

/**
 * A session, as its router sees it.
 *
 * @public
 */
export interface SessionInspection {
  /** Its id. */
  readonly session: number;
  /** Its authentication id. */
  readonly authid: string;
  /** Its role. */
  readonly authrole: string;
  /** How it was authenticated. */
  readonly authmethod: string;
  /** What its program calls itself, unproved; `""` where it says nothing. */
  readonly agent: string;
  /** What carries it. */
  readonly transport: string;
  /** The name of its serializer. */
  readonly serializer: string;
  /** Whether TLS protects it. */
  readonly isTls: boolean;
  /** The peer's end: `host:port`, the path of a Unix socket, `""` where unknown. */
  readonly remoteAddress: string;
  /** When it joined, in milliseconds since 1970. */
  readonly since: number;
  /** Bytes that wait for it. */
  readonly waitingBytes: number;
  /** Whether it is not read from, for the sake of somebody who is slow. */
  readonly isPaused: boolean;
  /** WAMP messages that it sent. */
  readonly messagesReceived: number;
  /** Their bytes. */
  readonly bytesReceived: number;
  /** WAMP messages that it was sent. */
  readonly messagesSent: number;
  /** Their bytes. */
  readonly bytesSent: number;
}

/**
 * A registration or a subscription, as its router sees it.
 *
 * @public
 */
export interface EntryInspection {
  /** Its id. */
  readonly id: number;
  /** The procedure or topic, or the pattern. */
  readonly uri: string;
  /** How it is matched: `exact`, `prefix` or `wildcard`. */
  readonly match: string;
  /** How one of several callees is chosen; `""` for a subscription. */
  readonly invoke: string;
  /** How many callees or subscribers it has. */
  readonly members: number;
}

/**
 * A part of what is in a realm.
 *
 * @public
 */
export interface RealmInspection {
  /** The sessions for which most bytes wait first, and then those that joined first. */
  readonly sessions: readonly SessionInspection[];
  /** Registrations, in the order in which they were made. */
  readonly registrations: readonly EntryInspection[];
  /** Subscriptions, in the order in which they were made. */
  readonly subscriptions: readonly EntryInspection[];
}

/**
 * How much of a realm is wanted.
 *
 * @public
 */
export interface InspectOptions {
  /** The most of each kind. @default {100} */
  readonly limit?: number;
  /** Only what holds this text in its URI, id, authentication id, role, agent or address. @default {everything} */
  readonly filter?: string;
}

/** Looks at a realm. @internal */
export function inspectRealm(realm: MetaContext, options: Required<InspectOptions>): RealmInspection {
  const { broker, dealer } = realm;
  return {
    sessions: inspectSessions(realm, options),
    registrations: take(dealer.entries(), options, ({ id, uri, match, invoke, endpoints }) => {
      return { id, uri, match, invoke, members: endpoints.length };
    }),
    subscriptions: take(broker.entries(), options, ({ id, uri, match, members }) => {
      return { id, uri, match, invoke: "", members: members.size };
    }),
  };
}

function inspectSessions({ members }: MetaContext, { limit, filter }: Required<InspectOptions>): SessionInspection[] {
  const waiting: RouterMember[] = [];
  const others: RouterMember[] = [];
  for (const member of members.values()) {
    if (filter !== "" && !holdsText(member, filter)) continue;
    if (member.transport.bufferedAmount > 0) waiting.push(member);
    else if (others.length < limit) others.push(member);
  }
  waiting.sort((a, b) => b.transport.bufferedAmount - a.transport.bufferedAmount);
  return [...waiting, ...others].slice(0, limit).map(inspectSession);
}

function holdsText({ id, identity, transport }: RouterMember, filter: string): boolean {
  const { authid, authrole, agent = "" } = identity;
  return [String(id), authid, authrole, agent, transport.info.remoteAddress].some((text) => text.includes(filter));
}

function inspectSession({ id, identity, transport, traffic, since, pauses }: RouterMember): SessionInspection {
  const { authid, authrole, authmethod, agent = "" } = identity;
  const { kind, isTls, remoteAddress } = transport.info;
  return {
    session: id,
    authid,
    authrole,
    authmethod,
    agent,
    transport: kind,
    serializer: transport.serializer.name,
    isTls,
    remoteAddress,
    since,
    waitingBytes: transport.bufferedAmount,
    isPaused: pauses > 0,
    ...traffic,
  };
}

/** The first of those that are wanted: no more are looked at than that takes. */
function take<Entry extends { readonly uri: string }>(
  entries: Iterable<Entry>,
  { limit, filter }: Required<InspectOptions>,
  inspect: (entry: Entry) => EntryInspection,
): EntryInspection[] {
  const taken: EntryInspection[] = [];
  for (const entry of entries) {
    if (taken.length >= limit) break;
    if (filter === "" || entry.uri.includes(filter)) taken.push(inspect(entry));
  }
  return taken;
}
