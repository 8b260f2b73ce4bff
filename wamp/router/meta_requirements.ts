/**
 * What a caller of the meta API must be allowed beside the call itself, since the call leads to it.
 * Sans-I/O.
 *
 * @module
 */

import type { Dict } from "../errors.ts";
import { isId } from "../ids.ts";
import type { MatchPolicy } from "../uris.ts";
import type { MetaContext } from "./meta.ts";

/** An action that a permission is asked for. @internal */
export interface MetaRequirement {
  readonly action: "publish" | "subscribe";
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly options: Readonly<Dict>;
}

const NO_OPTIONS: Dict = Object.freeze({});

/**
 * What a call of a meta procedure leads to: a testament is published (WAMP, Session Testament), and who reads a history
 * might as well have subscribed (WAMP, Event History, Security Aspects).
 *
 * @param realm Where the call is made.
 * @param procedure The procedure.
 * @param args Its positional arguments.
 * @param kwargs Its keyword arguments.
 * @returns What must be allowed; `undefined`: nothing more, or the arguments are wrong anyway.
 *
 * @internal
 */
export function requirementOf(
  realm: Pick<MetaContext, "broker">,
  procedure: string,
  args: readonly unknown[],
  kwargs: Readonly<Dict>,
): MetaRequirement | undefined {
  const [first] = args;
  if (procedure === "wamp.session.add_testament" && typeof first === "string") {
    const { publish_options } = kwargs;
    const isDict = typeof publish_options === "object" && publish_options !== null && !Array.isArray(publish_options);
    return { action: "publish", uri: first, match: "exact", options: isDict ? publish_options as Dict : NO_OPTIONS };
  }
  if (procedure !== "wamp.subscription.get_events") return undefined;
  const id = typeof first === "bigint" ? Number(first) : first;
  const subscription = isId(id) ? realm.broker.get(id) : undefined;
  if (subscription === undefined) return undefined;
  return { action: "subscribe", uri: subscription.uri, match: subscription.match, options: NO_OPTIONS };
}
