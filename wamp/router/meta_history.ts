/**
 * The part of the meta API that gives the events of the past (WAMP, Event History).
 * Sans-I/O.
 *
 * @module
 */

import { ApplicationError, type Dict } from "../errors.ts";
import { isId } from "../ids.ts";
import { ERROR_URI } from "../uris.ts";
import type { HistoryQuery, StoredEvent } from "./event_store.ts";
import { idArgument, invalidArgument, type MetaCall, type MetaContext, type MetaProcedure } from "./meta.ts";

/** No events of a subscription are kept. The specification has no name for it; this is that of Crossbar.io. */
const HISTORY_UNAVAILABLE = "wamp.error.history_unavailable";

/** RFC 3339 §5.6, with what `Date.parse` takes. */
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function timeArgument({ kwargs }: MetaCall, name: string, otherwise: number): number {
  const value = kwargs[name] ?? undefined;
  if (value === undefined) return otherwise;
  const time = typeof value === "string" && RFC_3339.test(value)
    ? Date.parse(value.toUpperCase().replace(" ", "T"))
    : NaN;
  if (!Number.isNaN(time)) return time;
  throw invalidArgument(`Keyword argument ${name} must be a time as in RFC 3339`);
}

/** A keyword argument from 1 to 2^53. */
function positiveArgument({ kwargs }: MetaCall, name: string, otherwise?: unknown): number | undefined {
  const value = kwargs[name] ?? otherwise ?? undefined;
  if (value === undefined) return undefined;
  const number = typeof value === "bigint" ? Number(value) : value;
  if (isId(number)) return number;
  throw invalidArgument(`Keyword argument ${name} must be a positive integer`);
}

function queryOf(call: MetaCall, ownTopic: string | undefined): HistoryQuery | undefined {
  const { reverse = false, topic } = call.kwargs;
  if (typeof reverse !== "boolean") throw invalidArgument("Keyword argument reverse must be a boolean");
  if (typeof (topic ?? "") !== "string") throw invalidArgument("Keyword argument topic must be a string");
  const asked = (topic ?? undefined) as string | undefined;
  const query = {
    reverse,
    // Crossbar.io's clients give it as the second positional argument.
    limit: positiveArgument(call, "limit", call.args[1]) ?? Infinity,
    topic: ownTopic ?? asked,
    fromTime: timeArgument(call, "from_time", -Infinity),
    afterTime: timeArgument(call, "after_time", -Infinity),
    beforeTime: timeArgument(call, "before_time", Infinity),
    untilTime: timeArgument(call, "until_time", Infinity),
    fromPublication: positiveArgument(call, "from_publication"),
    afterPublication: positiveArgument(call, "after_publication"),
    beforePublication: positiveArgument(call, "before_publication"),
    untilPublication: positiveArgument(call, "until_publication"),
  };
  return ownTopic !== undefined && asked !== undefined && asked !== ownTopic ? undefined : query;
}

/** How an event of a history is told. */
function toResult(
  { timestamp, publication, details, payload, topic }: StoredEvent,
  subscription: number,
  isPattern: boolean,
): Dict {
  // A copy, so that what is decoded for this caller does not stay with what is kept.
  const { count, args, kwargs } = payload.copy();
  return {
    timestamp,
    subscription,
    publication,
    details: isPattern ? { ...details, topic } : details,
    ...(count > 0 && { args }),
    ...(count > 1 && { kwargs }),
  };
}

function getEvents({ broker }: MetaContext, call: MetaCall): readonly unknown[] {
  const id = idArgument(call, 0, "subscription");
  const subscription = broker.get(id);
  if (subscription === undefined) {
    throw new ApplicationError(ERROR_URI.NO_SUCH_SUBSCRIPTION, [`There is none with the id ${id}`]);
  }
  const found = broker.history(id);
  if (found === undefined) {
    throw new ApplicationError(HISTORY_UNAVAILABLE, [`The events of ${subscription.uri} are not kept`]);
  }
  const query = queryOf(call, found.topic);
  const events = query === undefined ? [] : found.history.find(query, call.caller);
  return [events.map((event) => toResult(event, id, subscription.match !== "exact"))];
}

/** WAMP, Event History, Receiving Event History. @internal */
export const HISTORY_PROCEDURES: Readonly<Record<string, MetaProcedure>> = {
  "wamp.subscription.get_events": getEvents,
};
