/**
 * The part of the meta API that is about testaments (WAMP, Session Testament).
 * Sans-I/O.
 *
 * @module
 */

import { ApplicationError, type Dict } from "../errors.ts";
import { specOf } from "../message_table.ts";
import { MESSAGE, type Publish } from "../messages.ts";
import { Payload } from "../payload.ts";
import { ERROR_URI, isReserved, isUri } from "../uris.ts";
import { usesPassthru } from "./effects.ts";
import { invalidArgument, type MetaCall, type MetaProcedure, stringArgument } from "./meta.ts";
import type { TestamentScope } from "./testaments.ts";

function scopeOf({ kwargs }: MetaCall): TestamentScope {
  const scope = kwargs.scope ?? "destroyed";
  if (scope === "detached" || scope === "destroyed") return scope;
  throw invalidArgument("Keyword argument scope must be one of detached, destroyed");
}

function isDict(value: unknown): value is Dict {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** The options to publish with. Nobody is there to be told of the publication. */
function publishOptionsOf({ kwargs }: MetaCall): Publish["options"] {
  const options = kwargs.publish_options ?? {};
  if (!isDict(options)) throw invalidArgument("Keyword argument publish_options must be a dictionary");
  const rules = specOf(MESSAGE.PUBLISH)!.keys;
  for (const [key, value] of Object.entries(options)) {
    const rule = rules.get(key);
    if (rule === undefined || rule.accepts(value)) continue;
    throw invalidArgument(`Publish option ${key} must be ${rule.expected}`);
  }
  const { acknowledge: _, ...others } = options;
  return others;
}

function testamentOf(call: MetaCall): Publish {
  const topic = stringArgument(call, 0, "topic");
  const args = call.args[1] ?? [];
  const kwargs = call.args[2] ?? {};
  if (!isUri(topic) || isReserved(topic) && !call.caller.isTrusted) {
    throw new ApplicationError(ERROR_URI.INVALID_URI, ["Argument topic is a bad URI, or reserved"]);
  }
  if (!Array.isArray(args)) throw invalidArgument("Argument args must be a list");
  if (!isDict(kwargs)) throw invalidArgument("Argument kwargs must be a dictionary");
  const options = publishOptionsOf(call);
  if (usesPassthru(options) && !call.caller.features.publisherPassthru) {
    throw invalidArgument("Publish option ppt_scheme is for publishers that announced payload_passthru_mode");
  }
  return { type: MESSAGE.PUBLISH, request: 0, options, topic, payload: Payload.of(args, kwargs) };
}

/** WAMP, Session Testament, Testament Meta Procedures. @internal */
export const TESTAMENT_PROCEDURES: Readonly<Record<string, MetaProcedure>> = {
  "wamp.session.add_testament": ({ testaments }, call) => {
    const { caller, size, grant } = call;
    if (testaments.add(caller, scopeOf(call), { message: testamentOf(call), grant, size })) return [];
    throw new ApplicationError(ERROR_URI.UNAVAILABLE, ["This session has all the testaments that it can have"]);
  },
  "wamp.session.flush_testaments": ({ testaments }, call) => {
    testaments.flush(call.caller, scopeOf(call));
    return [];
  },
};
