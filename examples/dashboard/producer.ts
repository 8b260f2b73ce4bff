/**
 * A producer: a service that publishes how it is doing, twice in a second.
 *
 * ```sh
 * deno run --allow-net examples/dashboard/producer.ts --name search-2 --ticket TICKET
 * ```
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { failureMessage } from "@viaduct/viaduct";
import { type Component, component } from "@viaduct/viaduct/wamp";
import { ticket } from "@viaduct/viaduct/wamp/auth";
import { type Metric, SAMPLE_PREFIX, SURGE_PREFIX, writeSample } from "./page/samples.ts";

const USAGE = `Usage: producer.ts [OPTIONS]
  --name NAME      what it is called: letters, digits, "-" and "_"
  --ticket TICKET  the ticket that the dashboard printed
  --url URL        the dashboard (default: ws://127.0.0.1:8080/ws)`;

/** How often samples are published, in milliseconds. */
export const INTERVAL = 500;
/** How long a surge lasts, in milliseconds. */
const SURGE = 10_000;
/** From how many requests in a second on a service is too slow. */
const CAPACITY = 400;

/** What is measured. */
export interface Source {
  /** Measures now. */
  measure(): readonly Metric[];
  /** Puts it under load, where that can be done. */
  surge?(): void;
}

/** A service that serves nobody: its load goes up and down, and what is more than it can do makes it slow. */
export class SimulatedService implements Source {
  readonly #load: number;
  readonly #phase = Math.random() * 2 * Math.PI;
  #surgeUntil = 0;

  /** `load` is how many requests it has in a second, about. */
  constructor(load: number) {
    this.#load = load;
  }

  measure(): readonly Metric[] {
    const now = performance.now();
    const wave = 1 + 0.3 * Math.sin(now / 8_000 + this.#phase) + 0.1 * (Math.random() - 0.5);
    const requests = this.#load * wave * (now < this.#surgeUntil ? 3 : 1);
    const latency = 8 + 40 * (requests / CAPACITY) ** 3 + 3 * Math.random();
    const errors = Math.max(0, 8 * (requests / CAPACITY - 1)) + 0.2 * Math.random();
    return [
      { name: "Requests", unit: "/s", value: requests },
      { name: "Latency", unit: "ms", value: latency },
      { name: "Errors", unit: "%", value: errors },
    ];
  }

  surge(): void {
    this.#surgeUntil = performance.now() + SURGE;
  }
}

/** How a producer joins, and what it is. */
export interface ProducerOptions {
  readonly url: string;
  readonly name: string;
  readonly ticket: string;
  readonly source: Source;
}

/** Makes a producer; it publishes from its first session on, for as long as it runs. */
export function createProducer({ url, name, ticket: secret, source }: ProducerOptions): Component {
  const app = component({
    transports: url,
    realm: "dashboard",
    agent: name,
    auth: [ticket({ authid: name, ticket: secret })],
    retry: { minDelay: 200, maxDelay: 5_000 },
  });
  if (source.surge !== undefined) {
    app.register(SURGE_PREFIX + name, () => source.surge?.(), { forceReregister: true });
  }
  const publish = (): void => {
    const kwargs = writeSample({ time: Date.now(), metrics: source.measure(), canSurge: source.surge !== undefined });
    // What is measured while there is no session is of no use a second later.
    void app.session?.publish(SAMPLE_PREFIX + name, [], { kwargs }).catch(() => {});
  };
  let timer: ReturnType<typeof setInterval> | undefined;
  return app
    .onJoin(() => {
      publish();
      timer ??= setInterval(publish, INTERVAL);
    })
    .onStatus(({ state }) => {
      if (state === "closed" || state === "fatal") clearInterval(timer);
    });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      name: { type: "string" },
      ticket: { type: "string" },
      url: { type: "string", default: "ws://127.0.0.1:8080/ws" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const { name, ticket, url } = values;
  if (name === undefined || ticket === undefined) throw new Error("A name and a ticket must be given");
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  const app = createProducer({ url, name, ticket, source: new SimulatedService(200) })
    .onStatus((status) =>
      console.log(status.state === "lost" ? `lost: ${failureMessage(status.cause)}` : status.state)
    );
  await app.run({ signal: stop.signal });
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(failureMessage(error));
    console.error(USAGE);
    process.exitCode = 1;
  }
}
