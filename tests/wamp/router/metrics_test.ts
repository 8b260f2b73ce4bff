import { DURATION_BOUNDS } from "../../../wamp/router/counters.ts";
import { formatPrometheus, type RealmMetrics, type RouterMetrics } from "../../../wamp/router/metrics.ts";
import { parsePrometheus, type Sample } from "../../prometheus.ts";
import { assertEquals, assertThrows } from "../../std.ts";

const REALM: RealmMetrics = {
  uri: "realm1",
  sessions: 2,
  registrations: 3,
  subscriptions: 4,
  openCalls: 5,
  waitingBytes: 6,
  joins: 7,
  leaves: { goodbye: 1, dismissed: 2, aborted: 3, slow: 4, lost: 5, cut: 6 },
  received: { CALL: 10, PUBLISH: 11 },
  sent: { RESULT: 12 },
  errors: { "wamp.error.timeout": 13, "other": 14 },
  slowDisconnected: 15,
  eventsDropped: 16,
  slowPauses: 17,
  throttled: 18,
  callDurations: { bounds: [0.001, 1], counts: [3, 2, 1], sum: 12.5 },
  carriers: [{
    transport: "websocket",
    serializer: "cbor",
    sessions: 2,
    messagesReceived: 20,
    bytesReceived: 21,
    messagesSent: 22,
    bytesSent: 2 ** 53,
  }],
};

const METRICS: RouterMetrics = {
  startedAt: 1_795_340_000_250,
  isAccepting: true,
  transports: 9,
  refusals: { "wamp.error.no_such_realm": 1 },
  aborts: { invalid_encoding: 0, invalid_message: 1, unexpected_message: 2, invalid_id: 3, limit_exceeded: 4 },
  realms: [REALM],
};

function samplesOf(metrics: RouterMetrics, name: string): readonly Sample[] | undefined {
  return parsePrometheus(formatPrometheus(metrics)).get(name)?.samples;
}

Deno.test("formatPrometheus writes counters, gauges and labels by the grammar of the text format", () => {
  assertEquals(samplesOf(METRICS, "viaduct_start_time_seconds")?.[0]?.value, 1_795_340_000.25);
  assertEquals(samplesOf(METRICS, "viaduct_accepting")?.[0]?.value, 1);
  const leaves = samplesOf(METRICS, "viaduct_realm_leaves_total");
  assertEquals(leaves?.map(({ labels, value }) => [labels.realm, labels.reason, value]), [
    ["realm1", "goodbye", 1],
    ["realm1", "dismissed", 2],
    ["realm1", "aborted", 3],
    ["realm1", "slow", 4],
    ["realm1", "lost", 5],
    ["realm1", "cut", 6],
  ]);
  const labels = { realm: "realm1", transport: "websocket", serializer: "cbor" };
  assertEquals(samplesOf(METRICS, "viaduct_transport_sent_bytes_total"), [
    { name: "viaduct_transport_sent_bytes_total", labels, value: 2 ** 53 },
  ]);
});

Deno.test("formatPrometheus writes a histogram's buckets cumulatively, and +Inf as the count", () => {
  const samples = samplesOf(METRICS, "viaduct_realm_call_duration_seconds");
  assertEquals(samples?.map(({ name, labels, value }) => [name.split("_").at(-1), labels.le, value]), [
    ["bucket", "0.001", 3],
    ["bucket", "1", 5],
    ["bucket", "+Inf", 6],
    ["sum", undefined, 12.5],
    ["count", undefined, 6],
  ]);
});

Deno.test("formatPrometheus escapes what a label may not hold, and nothing else", () => {
  const uri = `a\\b"c\nd{}é,=`;
  assertEquals(samplesOf({ ...METRICS, realms: [{ ...REALM, uri }] }, "viaduct_realm_sessions"), [
    { name: "viaduct_realm_sessions", labels: { realm: uri }, value: 2 },
  ]);
});

Deno.test("formatPrometheus leaves out a metric without samples, and names one once for all realms", () => {
  const families = parsePrometheus(formatPrometheus({ ...METRICS, refusals: {}, realms: [] }));
  assertEquals(families.has("viaduct_refused_joins_total"), false);
  assertEquals([...families.keys()].some((name) => name.startsWith("viaduct_realm")), false);
  const two = samplesOf({ ...METRICS, realms: [REALM, { ...REALM, uri: "realm2" }] }, "viaduct_realm_joins_total");
  assertEquals(two?.map(({ labels }) => labels.realm), ["realm1", "realm2"]);
});

Deno.test("bounds of call durations ascend", () => {
  assertEquals(DURATION_BOUNDS, DURATION_BOUNDS.toSorted((a, b) => a - b));
});

Deno.test("the strict reader of these tests refuses what is wrong", () => {
  const head = "# HELP a A.\n# TYPE a gauge\n";
  for (
    const wrong of [
      "a 1",
      "a 1\n",
      `${head}a 1\n${head}a 2\n`,
      `${head}b 1\n`,
      `${head}a one\n`,
      `${head}a{x="1",} 1\n`,
      `${head}a{x="1"y="2"} 1\n`,
      `${head}a{x="\\q"} 1\n`,
      `${head}a 1\na 1\n`,
      "# HELP a A.\n# TYPE a counter\na 1\n",
    ]
  ) assertThrows(() => parsePrometheus(wrong), Error, "", wrong);
});
