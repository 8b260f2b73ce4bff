/**
 * Watches a router and its realms: counts what happens, and tells those who listen on its diagnostics channels.
 *
 * @module
 */

import type { WampProtocolError } from "../errors.ts";
import { messageName } from "../message_table.ts";
import { type ErrorMessage, MESSAGE, type Message, type Result, type RouterMessage } from "../messages.ts";
import type { Transport } from "../transports/transport.ts";
import { isReserved } from "../uris.ts";
import {
  addTraffic,
  DURATION_BOUNDS,
  noTraffic,
  RealmCounters,
  RECEIVED_CODES,
  RouterCounters,
  SENT_CODES,
  type Traffic,
} from "./counters.ts";
import {
  type LeaveReason,
  type RouterDiagnostics,
  routerDiagnostics,
  type SlowConsumerDiagnostics,
} from "./diagnostics.ts";
import type { RouterMember } from "./member.ts";
import type { CarrierMetrics, RealmMetrics, RouterMetrics } from "./metrics.ts";
import type { RealmStatistics } from "./router_api.ts";

/** Watches a router. @internal */
export class RouterWatch {
  readonly router: object;
  readonly channels: RouterDiagnostics = routerDiagnostics();
  readonly #counters = new RouterCounters();
  readonly #startedAt = Date.now();

  /** `router` is who publishes. */
  constructor(router: object) {
    this.router = router;
  }

  /** A client was not let in. */
  refused(transport: Transport, realm: string, reason: string): void {
    this.#counters.refusals.add(reason);
    const { session } = this.channels;
    if (!session.hasSubscribers) return;
    const nobody = { session: 0, authid: "", authrole: "", authmethod: "" };
    session.publish({ router: this.router, event: "refused", realm, ...nobody, ...carrierOf(transport), reason });
  }

  /** A peer broke the protocol. */
  aborted(transport: Transport, realm: string, session: number, error: WampProtocolError): void {
    const { code, reason, message } = error;
    this.#counters.aborts[code]++;
    const { abort } = this.channels;
    if (!abort.hasSubscribers) return;
    const { remoteAddress } = transport.info;
    abort.publish({ router: this.router, realm, session, reason, code, message, remoteAddress });
  }

  /** What was counted, with what the realms counted. */
  metrics(now: Pick<RouterMetrics, "isAccepting" | "transports" | "realms">): RouterMetrics {
    const { refusals, aborts } = this.#counters;
    return { startedAt: this.#startedAt, ...now, refusals: Object.fromEntries(refusals.counts), aborts: { ...aborts } };
  }
}

/** Watches a realm. On the way of every message: it adds to numbers, and asks whether somebody listens. @internal */
export class RealmWatch {
  readonly #uri: string;
  readonly #router: object;
  readonly #channels: RouterDiagnostics;
  readonly #counters = new RealmCounters();
  #slowPauses = 0;

  /** Of the realm with this URI. */
  constructor(uri: string, { router, channels }: RouterWatch) {
    this.#uri = uri;
    this.#router = router;
    this.#channels = channels;
  }

  /** A session has joined. */
  joined(member: RouterMember): void {
    member.since = Date.now();
    this.#counters.joins++;
    if (this.#channels.session.hasSubscribers) this.#publishSession("join", member, "");
  }

  /** A session has left. */
  left(member: RouterMember, reason: LeaveReason): void {
    const { calls, leaves } = this.#counters;
    leaves[reason]++;
    calls.forget(member);
    this.#counters.keep(carrierKey(member.transport), member.traffic);
    if (this.#channels.session.hasSubscribers) this.#publishSession("leave", member, reason);
  }

  #publishSession(event: "join" | "leave", member: RouterMember, reason: string): void {
    const { authid, authrole, authmethod } = member.identity;
    const { session } = this.#channels;
    const who = { realm: this.#uri, session: member.id, authid, authrole, authmethod };
    session.publish({ router: this.#router, event, ...who, ...carrierOf(member.transport), reason });
  }

  /** A session sent a message. */
  received(member: RouterMember, message: Message): void {
    const { type } = message;
    this.#counters.received[type]! += 1;
    member.traffic.messagesReceived++;
    if (type === MESSAGE.CALL) {
      const { calls } = this.#counters;
      const { request, procedure } = message;
      if (calls.isDue() && !isReserved(procedure)) calls.start(member, request, performance.now());
      if (this.#channels.call.hasSubscribers) this.#publishCall("call", member, request, procedure);
    } else if (type === MESSAGE.PUBLISH && this.#channels.publish.hasSubscribers) {
      const { request, topic } = message;
      const { publish } = this.#channels;
      publish.publish({ router: this.#router, realm: this.#uri, session: member.id, request, topic });
    }
  }

  /** A session was sent a message of `size` bytes. */
  sent(to: RouterMember, message: RouterMessage, size: number): void {
    const { traffic } = to;
    traffic.messagesSent++;
    traffic.bytesSent += size;
    this.#counters.sent[message.type]! += 1;
    if (message.type === MESSAGE.RESULT) this.#sentResult(to, message);
    else if (message.type === MESSAGE.ERROR) this.#sentError(to, message);
  }

  /** A session was sent an event of `size` bytes. */
  sentEvent(to: RouterMember, size: number): void {
    const { traffic } = to;
    traffic.messagesSent++;
    traffic.bytesSent += size;
    this.#counters.sent[MESSAGE.EVENT]! += 1;
  }

  #sentResult(to: RouterMember, { request, details }: Result): void {
    const { calls } = this.#counters;
    if (to !== calls.caller && !this.#channels.call.hasSubscribers || details.progress === true) return;
    if (to === calls.caller && calls.isTimed(request)) calls.end(performance.now());
    if (this.#channels.call.hasSubscribers) this.#publishCall("result", to, request, "");
  }

  #sentError(to: RouterMember, { requestType, request, error }: ErrorMessage): void {
    const { calls, errors } = this.#counters;
    errors.add(error);
    if (to === calls.caller && requestType === MESSAGE.CALL && calls.isTimed(request)) calls.end(performance.now());
    const { error: channel } = this.#channels;
    if (!channel.hasSubscribers) return;
    const asked = { realm: this.#uri, session: to.id, request, requestType: messageName(requestType) };
    channel.publish({ router: this.#router, ...asked, error });
  }

  #publishCall(event: "call" | "result", member: RouterMember, request: number, procedure: string): void {
    const { call } = this.#channels;
    call.publish({ router: this.#router, event, realm: this.#uri, session: member.id, request, procedure });
  }

  /** Something is done about a slow session. */
  slow(member: RouterMember, action: SlowConsumerDiagnostics["action"]): void {
    if (action === "pause") this.#slowPauses++;
    const { slowConsumer } = this.#channels;
    if (!slowConsumer.hasSubscribers) return;
    const waiting = member.transport.bufferedAmount;
    slowConsumer.publish({ router: this.#router, realm: this.#uri, session: member.id, action, waiting });
  }

  /** What was counted, with what there is now. */
  metrics(now: RealmStatistics, members: Iterable<RouterMember>): RealmMetrics {
    const { joins, leaves, received, sent, errors, calls, past } = this.#counters;
    const { carriers, waitingBytes } = sumCarriers(members, past);
    return {
      uri: this.#uri,
      ...now,
      waitingBytes,
      joins,
      leaves: { ...leaves },
      received: byName(RECEIVED_CODES, received),
      sent: byName(SENT_CODES, sent),
      errors: Object.fromEntries(errors.counts),
      slowPauses: this.#slowPauses,
      callDurations: { bounds: DURATION_BOUNDS, counts: [...calls.buckets], sum: calls.sum },
      carriers,
    };
  }
}

function byName(codes: readonly number[], counts: Float64Array): Record<string, number> {
  return Object.fromEntries(codes.map((code) => [messageName(code), counts[code] ?? 0]));
}

function carrierKey({ info, serializer }: Transport): string {
  return `${info.kind} ${serializer.name}`;
}

function carrierOf({ info, serializer }: Transport): {
  readonly transport: Transport["info"]["kind"];
  readonly serializer: string;
  readonly remoteAddress: string;
} {
  return { transport: info.kind, serializer: serializer.name, remoteAddress: info.remoteAddress };
}

/** Adds up what went over the transports of those who are here and of those who were. */
function sumCarriers(
  members: Iterable<RouterMember>,
  past: ReadonlyMap<string, Traffic>,
): { readonly carriers: CarrierMetrics[]; readonly waitingBytes: number } {
  const sums = new Map<string, { sessions: number; readonly traffic: Traffic }>();
  for (const [key, traffic] of past) sums.set(key, { sessions: 0, traffic: { ...traffic } });
  let waitingBytes = 0;
  for (const { transport, traffic } of members) {
    const key = carrierKey(transport);
    let sum = sums.get(key);
    if (sum === undefined) sums.set(key, sum = { sessions: 0, traffic: noTraffic() });
    sum.sessions++;
    addTraffic(sum.traffic, traffic);
    waitingBytes += transport.bufferedAmount;
  }
  const carriers = Array.from(sums, ([key, { sessions, traffic }]) => {
    const [transport = "", serializer = ""] = key.split(" ");
    return { transport, serializer, sessions, ...traffic };
  });
  return { carriers, waitingBytes };
}
