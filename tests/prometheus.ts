/**
 * Reads the text format of Prometheus, version 0.0.4, strictly: what a scraper forgives is an error here.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "./std.ts";

/** A line: its name, labels and value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All samples of one metric. */
export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABELS = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/gy;
const VALUE = /^(?:-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|\+Inf|-Inf|NaN)$/;

function readSample(line: string): Sample {
  const [, name = "", labelText = "", value = ""] = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  assertMatch(name, NAME, line);
  assertMatch(value, VALUE, line);
  const labels: Record<string, string> = {};
  let read = "";
  for (const [whole, key = "", text = ""] of labelText.matchAll(LABELS)) {
    assert(!Object.hasOwn(labels, key), line);
    labels[key] = text.replace(/\\(.)/g, (_, character) => character === "n" ? "\n" : character);
    read += whole;
  }
  assertEquals(read, labelText, line);
  assert(!labelText.endsWith(","), line);
  return { name, labels, value: Number(value.replace("+Inf", "Infinity")) };
}

/** Reads a text. */
export function parsePrometheus(text: string): Map<string, Family> {
  assert(text.endsWith("\n"), "The last line must end");
  const families = new Map<string, Family>();
  const lines = text.slice(0, -1).split("\n");
  let current: { readonly name: string; readonly family: Family } | undefined;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (!line.startsWith("#")) {
      const sample = readSample(line);
      assert(current !== undefined, line);
      const suffix = sample.name.slice(current.name.length);
      assert(sample.name.startsWith(current.name), line);
      const suffixes = current.family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
      assert(suffixes.includes(suffix), line);
      current.family.samples.push(sample);
      continue;
    }
    const [, name = "", help = ""] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
    const [, typed = "", type = ""] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(lines[++index] ?? "") ?? [];
    assertMatch(name, NAME, line);
    assertEquals(typed, name);
    assert(!families.has(name), `${name} must come once`);
    current = { name, family: { type, help, samples: [] } };
    families.set(name, current.family);
  }
  for (const [name, family] of families) checkFamily(name, family);
  return families;
}

function checkFamily(name: string, { type, samples }: Family): void {
  assert(samples.length > 0, `${name} must have samples`);
  const keys = samples.map((sample) => JSON.stringify([sample.name, Object.entries(sample.labels).sort()]));
  assertEquals(new Set(keys).size, keys.length, `${name} must not repeat labels`);
  assertEquals(type === "counter", name.endsWith("_total"), `${name}: a counter ends in _total, and nothing else does`);
  if (type === "counter") assert(samples.every(({ value }) => value >= 0 && Number.isFinite(value)), name);
  if (type === "histogram") checkHistogram(name, samples);
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const groups = Map.groupBy(samples, ({ labels: { le: _, ...labels } }) => JSON.stringify(labels));
  for (const group of groups.values()) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number(labels.le?.replace("+Inf", "Infinity")));
    assertEquals(bounds, bounds.toSorted((a, b) => a - b), name);
    assertEquals(bounds.at(-1), Infinity, name);
    const counts = buckets.map(({ value }) => value);
    assertEquals(counts, counts.toSorted((a, b) => a - b), name);
    assertEquals(group.find((sample) => sample.name === `${name}_count`)?.value, counts.at(-1), name);
    assertEquals(group.filter((sample) => sample.name === `${name}_sum`).length, 1, name);
  }
}
