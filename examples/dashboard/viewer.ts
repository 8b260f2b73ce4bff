/**
 * A viewer without a browser: looks at the page and at what is published, puts a producer under load, and sees that.
 *
 * @module
 */

import { join, type Session } from "@viaduct/viaduct/wamp";
import type { Dashboard } from "./dashboard.ts";
import { readSample, type Sample, SAMPLE_PREFIX, SURGE_PREFIX } from "./page/samples.ts";

/** How long all of it may take, in milliseconds. */
const LIMIT = 30_000;

/** Resolves with the first sample that is looked for. */
async function find(session: Session, isIt: (sample: Sample) => boolean): Promise<Sample> {
  const found = Promise.withResolvers<Sample>();
  void session.closed.then(({ reason }) => found.reject(new Error(`Samples were expected: ${reason}`)));
  const subscription = await session.subscribe(SAMPLE_PREFIX, (event) => {
    const sample = readSample(event);
    if (sample !== undefined && isIt(sample)) found.resolve(sample);
  }, { match: "prefix" });
  try {
    return await found.promise;
  } finally {
    await subscription.unsubscribe();
  }
}

function valueOf({ metrics }: Sample, name: string): number {
  return metrics.find((metric) => metric.name === name)?.value ?? NaN;
}

/** Looks around, and prints what it sees, line by line. */
export async function lookAround({ page, url }: Dashboard, print: (line: string) => void): Promise<void> {
  const response = await fetch(page);
  const html = await response.text();
  print(`GET / answers ${response.status}${html.includes("</html>") ? ", the whole page" : ""}`);
  const session = await join(url, { realm: "dashboard", timeout: LIMIT });
  const timer = setTimeout(() => void session.leave(), LIMIT); // What waits for samples fails when the session ends.
  try {
    const seen = new Map<string, Sample>();
    await find(session, (sample) => seen.set(sample.producer, sample).size === 4);
    for (const [producer, { metrics }] of [...seen].sort(([a], [b]) => a < b ? -1 : 1)) {
      print(`${producer}: ${metrics.map(({ name, unit }) => `${name}${unit === "" ? "" : ` in ${unit}`}`).join(", ")}`);
    }
    const before = valueOf(seen.get("search")!, "Requests");
    await session.call(`${SURGE_PREFIX}search`);
    await find(session, (sample) => sample.producer === "search" && valueOf(sample, "Requests") > 1.5 * before);
    print("search has a surge");
  } finally {
    clearTimeout(timer);
    await session.leave();
  }
}
