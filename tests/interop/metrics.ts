/**
 * The cell of the metrics: Prometheus' own library for Python reads what a working router says of itself.
 *
 * @module
 */

import assert from "node:assert/strict";
import { failureMessage } from "../../internal/log.ts";
import { join } from "../../wamp/mod.ts";
import { createRouter, type RealmMetrics, serveRouter } from "../../wamp/router/mod.ts";
import { runCommand } from "../support/processes.ts";
import type { CheckResult } from "./cells.ts";

/** A realm whose name is all that a label must escape. */
const ODD_REALM = String.raw`com.odd\"realm"`;

interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly (readonly [name: string, labels: Readonly<Record<string, string>>, value: number])[];
}

interface Reading {
  readonly contentType: string;
  readonly families: readonly Family[];
}

/** Runs a router that works, has its metrics read, and compares them with what it counted. */
export async function runMetrics(reader: readonly string[]): Promise<CheckResult[]> {
  await using router = createRouter({ realms: [{ uri: "realm1" }, { uri: ODD_REALM }] });
  await using server = await serveRouter(router, { port: 0, hostname: "127.0.0.1", metrics: { port: 0 } });
  await using session = await join(server.url, { realm: "realm1" });
  await session.register("com.example.echo", ({ args }) => args[0]);
  await session.subscribe("com.example.topic", () => {});
  for (let count = 0; count < 200; count++) await session.call("com.example.echo", [count]);
  await assert.rejects(() => session.call("com.example.none"));
  await assert.rejects(() => join(server.url, { realm: "com.none" }));
  const reading: Reading = JSON.parse(await runCommand([...reader, server.metricsUrl]));
  const [realm] = router.metrics().realms;
  const steps: Readonly<Record<string, () => void>> = {
    "content type": () => assert.equal(reading.contentType, "text/plain; version=0.0.4; charset=utf-8"),
    "names, types and help": () => {
      assert.ok(reading.families.length > 20, `${reading.families.length} families`);
      for (const { name, type, help, samples } of reading.families) {
        assert.ok(["counter", "gauge", "histogram"].includes(type) && help !== "" && samples.length > 0, name);
      }
    },
    "values": () => checkValues(reading, realm!),
    "escaped labels": () => assert.equal(valueOf(reading, "viaduct_realm_sessions", { realm: ODD_REALM }), 0),
    "histogram": () => checkHistogram(reading, realm!),
  };
  return Object.entries(steps).map(([check, step]) => {
    try {
      step();
      return { check };
    } catch (error) {
      return { check, error: failureMessage(error) };
    }
  });
}

function valueOf({ families }: Reading, name: string, labels: Readonly<Record<string, string>>): number | undefined {
  const samples = families.flatMap(({ samples }) => samples).filter(([one, its]) =>
    one === name && Object.entries(labels).every(([key, value]) => its[key] === value)
  );
  assert.equal(samples.length, 1, `${name} ${JSON.stringify(labels)}: ${samples.length} samples`);
  return samples[0]?.[2];
}

function checkValues(reading: Reading, { sessions, received, sent, errors, carriers }: RealmMetrics): void {
  const realm = "realm1";
  assert.deepEqual([sessions, received.CALL, sent.RESULT], [1, 201, 200]);
  assert.equal(valueOf(reading, "viaduct_realm_sessions", { realm }), 1);
  for (const [type, count] of Object.entries(received)) {
    assert.equal(valueOf(reading, "viaduct_realm_received_messages_total", { realm, type }), count);
  }
  for (const [error, count] of Object.entries(errors)) {
    assert.equal(valueOf(reading, "viaduct_realm_errors_total", { realm, error }), count);
  }
  const [{ bytesReceived } = { bytesReceived: -1 }] = carriers;
  const labels = { realm, transport: "websocket", serializer: "cbor" };
  assert.equal(valueOf(reading, "viaduct_transport_received_bytes_total", labels), bytesReceived);
  assert.equal(valueOf(reading, "viaduct_refused_joins_total", { reason: "wamp.error.no_such_realm" }), 1);
}

function checkHistogram(reading: Reading, { callDurations: { counts, sum } }: RealmMetrics): void {
  const name = "viaduct_realm_call_duration_seconds";
  const total = counts.reduce((a, b) => a + b, 0);
  assert.ok(total >= 3, `${total} calls were timed`);
  assert.equal(valueOf(reading, `${name}_count`, { realm: "realm1" }), total);
  assert.equal(valueOf(reading, `${name}_bucket`, { realm: "realm1", le: "+Inf" }), total);
  assert.equal(valueOf(reading, `${name}_sum`, { realm: "realm1" }), sum);
}
