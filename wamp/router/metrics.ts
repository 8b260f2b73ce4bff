/**
 * What a router has counted, as data and as text for Prometheus.
 * Sans-I/O.
 *
 * @module
 */

import type { WampProtocolErrorCode } from "../errors.ts";
import type { LeaveReason } from "./diagnostics.ts";

/**
 * What went over the transports of one kind with one serializer, by sessions that joined.
 *
 * @public
 */
export interface CarrierMetrics {
  /** What carries the sessions: `websocket`, `rawsocket` or `local`. */
  readonly transport: string;
  /** The name of the serializer. */
  readonly serializer: string;
  /** Sessions joined now. */
  readonly sessions: number;
  /** WAMP messages received. */
  readonly messagesReceived: number;
  /** Their bytes, without the framing of the transport. */
  readonly bytesReceived: number;
  /** WAMP messages sent. */
  readonly messagesSent: number;
  /** Their bytes, without the framing of the transport. */
  readonly bytesSent: number;
}

/**
 * How long calls took, sampled: one at a time, and at most every sixty-fourth.
 *
 * @public
 */
export interface DurationMetrics {
  /** The upper bounds of the buckets, in seconds. */
  readonly bounds: readonly number[];
  /** How many calls each bucket holds; the last holds those above all bounds. */
  readonly counts: readonly number[];
  /** How long all of them took, in seconds. */
  readonly sum: number;
}

/**
 * What one realm has counted since it was added.
 *
 * @public
 */
export interface RealmMetrics {
  /** Its URI. */
  readonly uri: string;
  /** Sessions joined now. */
  readonly sessions: number;
  /** Registrations now. */
  readonly registrations: number;
  /** Subscriptions now. */
  readonly subscriptions: number;
  /** Calls open now. */
  readonly openCalls: number;
  /** Bytes that wait for sessions now. */
  readonly waitingBytes: number;
  /** Sessions that joined. */
  readonly joins: number;
  /** Sessions that left, by how. */
  readonly leaves: Readonly<Record<LeaveReason, number>>;
  /** Messages received, by their names: `CALL`, `PUBLISH`, `YIELD`, … */
  readonly received: Readonly<Record<string, number>>;
  /** Messages sent, by their names: `RESULT`, `EVENT`, `INVOCATION`, … */
  readonly sent: Readonly<Record<string, number>>;
  /** Errors that answered requests, by URI; those that are no URIs of the specification together as `other`. */
  readonly errors: Readonly<Record<string, number>>;
  /** Sessions that were ended for being slow. */
  readonly slowDisconnected: number;
  /** Events that were left out for slow sessions. */
  readonly eventsDropped: number;
  /** How often somebody was not read from for the sake of a slow session. */
  readonly slowPauses: number;
  /** How often a session was not read from for a while, since it sent faster than it may. */
  readonly throttled: number;
  /** How long calls took. */
  readonly callDurations: DurationMetrics;
  /** What went over transports, by their kind and serializer. */
  readonly carriers: readonly CarrierMetrics[];
}

/**
 * What a router has counted.
 *
 * @public
 */
export interface RouterMetrics {
  /** When the router was created, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Whether sessions can join: not once it is being shut down. */
  readonly isAccepting: boolean;
  /** Transports that are open now, with or without a session. */
  readonly transports: number;
  /** Joins that were refused, by reason; reasons that are no URIs of the specification together as `other`. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Peers that broke the protocol, by the rule that they broke. */
  readonly aborts: Readonly<Record<WampProtocolErrorCode, number>>;
  /** The realms. */
  readonly realms: readonly RealmMetrics[];
}

type Labels = Readonly<Record<string, string>>;

/** A line of a family: what its name is followed by, labels, and the value. */
interface Sample {
  readonly suffix?: string;
  readonly labels: Labels;
  readonly value: number;
}

/** A label's value may hold anything but these, unescaped. */
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    return `${name}="${value.replace(/[\\"\n]/g, (character) => ESCAPES[character] ?? character)}"`;
  });
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** Writes families of samples one behind the other, each with its help and its type. */
class PrometheusWriter {
  readonly #lines: string[] = [];

  get text(): string {
    return this.#lines.join("");
  }

  add(name: string, type: "counter" | "gauge" | "histogram", help: string, samples: readonly Sample[]): void {
    if (samples.length === 0) return;
    this.#lines.push(`# HELP ${name} ${help}\n`, `# TYPE ${name} ${type}\n`);
    for (const { suffix = "", labels, value } of samples) {
      this.#lines.push(`${name}${suffix}${formatLabels(labels)} ${value}\n`);
    }
  }
}

/** A sample for each key of a record. */
function byKey(record: Readonly<Record<string, number>>, label: string, labels: Labels = {}): Sample[] {
  return Object.entries(record).map(([key, value]) => ({ labels: { ...labels, [label]: key }, value }));
}

/** Counts of realms: the property, the name, the type and the help. */
const REALM_NUMBERS = [
  ["sessions", "sessions", "gauge", "Sessions joined now."],
  ["registrations", "registrations", "gauge", "Registrations now."],
  ["subscriptions", "subscriptions", "gauge", "Subscriptions now."],
  ["openCalls", "open_calls", "gauge", "Calls open now."],
  ["waitingBytes", "waiting_bytes", "gauge", "Bytes that wait for sessions now."],
  ["joins", "joins_total", "counter", "Sessions that joined."],
  ["slowDisconnected", "slow_disconnects_total", "counter", "Sessions ended for being slow."],
  ["eventsDropped", "dropped_events_total", "counter", "Events left out for slow sessions."],
  ["throttled", "throttled_total", "counter", "Times a session was not read from since it sent faster than it may."],
  ["slowPauses", "slow_pauses_total", "counter", "Times a sender was not read from for a slow session."],
] as const;

/** Counts of realms by something: the property, the name, the label and the help. */
const REALM_RECORDS = [
  ["leaves", "leaves_total", "reason", "Sessions that left, by how."],
  ["received", "received_messages_total", "type", "WAMP messages received, by type."],
  ["sent", "sent_messages_total", "type", "WAMP messages sent, by type."],
  ["errors", "errors_total", "error", "Errors that answered requests, by URI."],
] as const;

/** Counts of carriers: the property, the name, the type and the help. */
const CARRIER_NUMBERS = [
  ["sessions", "sessions", "gauge", "Sessions joined now, by transport and serializer."],
  ["messagesReceived", "received_messages_total", "counter", "WAMP messages received, by transport and serializer."],
  ["bytesReceived", "received_bytes_total", "counter", "Bytes received, by transport and serializer."],
  ["messagesSent", "sent_messages_total", "counter", "WAMP messages sent, by transport and serializer."],
  ["bytesSent", "sent_bytes_total", "counter", "Bytes sent, by transport and serializer."],
] as const;

function writeRealms(writer: PrometheusWriter, realms: readonly RealmMetrics[]): void {
  for (const [property, name, type, help] of REALM_NUMBERS) {
    const samples = realms.map((realm) => ({ labels: { realm: realm.uri }, value: realm[property] }));
    writer.add(`viaduct_realm_${name}`, type, help, samples);
  }
  for (const [property, name, label, help] of REALM_RECORDS) {
    const samples = realms.flatMap((realm) => byKey(realm[property], label, { realm: realm.uri }));
    writer.add(`viaduct_realm_${name}`, "counter", help, samples);
  }
  for (const [property, name, type, help] of CARRIER_NUMBERS) {
    const samples = realms.flatMap(({ uri, carriers }) =>
      carriers.map((carrier) => {
        const { transport, serializer } = carrier;
        return { labels: { realm: uri, transport, serializer }, value: carrier[property] };
      })
    );
    writer.add(`viaduct_transport_${name}`, type, help, samples);
  }
  const help = "How long calls took, sampled: one at a time, at most every sixty-fourth.";
  writer.add("viaduct_realm_call_duration_seconds", "histogram", help, realms.flatMap(histogram));
}

/** Buckets of a histogram are cumulative, and the last one is the count. */
function histogram({ uri, callDurations: { bounds, counts, sum } }: RealmMetrics): Sample[] {
  const samples: Sample[] = [];
  let count = 0;
  for (const [index, more] of counts.entries()) {
    count += more;
    const bound = bounds[index];
    const le = bound === undefined ? "+Inf" : String(bound);
    samples.push({ suffix: "_bucket", labels: { realm: uri, le }, value: count });
  }
  const labels = { realm: uri };
  return [...samples, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: count }];
}

/**
 * Writes what a router has counted in the text format of Prometheus, version 0.0.4.
 *
 * @param metrics The counts.
 * @returns The text.
 *
 * @example Use
 * ```ts
 * import { createRouter, formatPrometheus } from "@viaduct/viaduct/wamp/router";
 * import assert from "node:assert/strict";
 *
 * await using router = createRouter({ realms: [{ uri: "realm1" }] });
 * await router.join("realm1");
 * assert.match(formatPrometheus(router.metrics()), /^viaduct_realm_sessions\{realm="realm1"\} 1$/m);
 * ```
 *
 * @public
 */
export function formatPrometheus(metrics: RouterMetrics): string {
  const { startedAt, isAccepting, transports, refusals, aborts, realms } = metrics;
  const writer = new PrometheusWriter();
  const one = (value: number): Sample[] => [{ labels: {}, value }];
  writer.add("viaduct_start_time_seconds", "gauge", "When the router was created.", one(startedAt / 1_000));
  writer.add("viaduct_accepting", "gauge", "Whether sessions can join.", one(Number(isAccepting)));
  writer.add("viaduct_transports", "gauge", "Transports open now.", one(transports));
  writer.add("viaduct_refused_joins_total", "counter", "Refused joins, by reason.", byKey(refusals, "reason"));
  writer.add("viaduct_aborts_total", "counter", "Peers that broke the protocol, by rule.", byKey(aborts, "code"));
  writeRealms(writer, realms);
  return writer.text;
}
