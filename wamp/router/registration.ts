/**
 * A registration: the callees that share it, and which of them gets a call.
 * Sans-I/O.
 *
 * @module
 */

import type { InvocationPolicy } from "../messages.ts";
import { ERROR_URI, type MatchPolicy } from "../uris.ts";
import { type Member, type PayloadKind, type Refusal, takesKind } from "./effects.ts";
import type { Endpoint, Party } from "./invocation.ts";

/** What the meta API tells of a registration (WAMP, Registration Meta API: RegistrationDetails). @internal */
export interface RegistrationDetails {
  readonly id: number;
  readonly created: string;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly invoke: InvocationPolicy;
}

/** Whether a value is an invocation policy (WAMP, Shared Registration). @internal */
export function isInvocationPolicy(value: unknown): value is InvocationPolicy {
  return value === "single" || value === "roundrobin" || value === "random" || value === "first" || value === "last";
}

/** A registration. @internal */
export class Registration implements RegistrationDetails {
  readonly id: number;
  readonly created: string;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly invoke: InvocationPolicy;
  /** In the order of registration. */
  readonly endpoints: Endpoint[] = [];
  /** Whose turn it is, for `roundrobin`. */
  #turn = 0;

  /** Makes one without callees. */
  constructor(details: RegistrationDetails) {
    this.id = details.id;
    this.created = details.created;
    this.uri = details.uri;
    this.match = details.match;
    this.invoke = details.invoke;
  }

  /** What the meta API tells of it. */
  get details(): RegistrationDetails {
    return { id: this.id, created: this.created, uri: this.uri, match: this.match, invoke: this.invoke };
  }

  /** Takes a callee out. */
  remove(party: Party): void {
    const index = this.endpoints.findIndex((endpoint) => endpoint.party === party);
    if (index < 0) return;
    this.endpoints.splice(index, 1);
    if (index < this.#turn) this.#turn--;
  }

  /**
   * Picks the callee for a call by the policy, leaving out those that cannot take it.
   *
   * @param accepts Whether a callee can take this call.
   * @param random From 0 to under 1, for `random`.
   */
  pick(accepts: (endpoint: Endpoint) => boolean, random: () => number): Endpoint | undefined {
    const { endpoints } = this;
    switch (this.invoke) {
      case "random":
        return pickRandom(endpoints, accepts, random);
      case "roundrobin":
        return this.#pickNext(accepts);
      case "last":
        return endpoints.findLast(accepts);
      default:
        return endpoints.find(accepts);
    }
  }

  #pickNext(accepts: (endpoint: Endpoint) => boolean): Endpoint | undefined {
    const { length } = this.endpoints;
    for (let tried = 0; tried < length; tried++) {
      const turn = (this.#turn + tried) % length;
      const endpoint = this.endpoints[turn];
      if (endpoint === undefined || !accepts(endpoint)) continue;
      this.#turn = turn + 1;
      return endpoint;
    }
    return undefined;
  }
}

function pickRandom(
  endpoints: readonly Endpoint[],
  accepts: (endpoint: Endpoint) => boolean,
  random: () => number,
): Endpoint | undefined {
  const first = endpoints[Math.floor(random() * endpoints.length)];
  if (first === undefined || accepts(first)) return first;
  const able = endpoints.filter(accepts);
  return able[Math.floor(random() * able.length)];
}

/** Why a registration that exists cannot be joined (WAMP, Shared Registration). @internal */
export function refuseSharing(existing: Registration, invoke: string, party: Party): Refusal | undefined {
  const { uri } = existing;
  if (existing.invoke === "single" || party.registrations.has(existing.id)) {
    return [ERROR_URI.PROCEDURE_ALREADY_EXISTS, `Cannot register: ${uri} is registered already`];
  }
  if (existing.invoke === invoke) return undefined;
  const text = `Cannot register: ${uri} has the invocation policy ${existing.invoke}`;
  return [ERROR_URI.PROCEDURE_EXISTS_WITH_DIFFERENT_POLICY, text];
}

/** Whether a callee takes another invocation. */
function canTake(endpoint: Endpoint): boolean {
  return endpoint.active < endpoint.concurrency;
}

/** Whether it takes one that others follow. */
function canTakeStream(endpoint: Endpoint): boolean {
  return canTake(endpoint) && takesStreams(endpoint.party.member);
}

/** The test for callees of a call: one that others follow, one whose payload is passed through. @internal */
export function acceptor(isStream: boolean, kind: PayloadKind): (endpoint: Endpoint) => boolean {
  const accepts = isStream ? canTakeStream : canTake;
  if (kind === "arguments") return accepts;
  return (endpoint) => takesKind(endpoint.party.member.features, "callee", kind) && accepts(endpoint);
}

/** Without canceling, progressive invocations do not count as supported (WAMP, Ignoring Progressive Call Invocations). @internal */
export function takesStreams({ features }: Member): boolean {
  return features.calleeProgressiveInvocations && features.calleeCanceling;
}
