/**
 * The load generator, a process of its own: reads its orders as JSON from the command line, drives one echo server in
 * a closed loop, and prints one line of JSON.
 *
 * ```sh
 * deno run -A bench/load/generator.ts '{"port":9001,"kind":"binary","size":64,"connections":1,"inFlight":64,
 *   "warmup":0.5,"seconds":2}'
 * ```
 *
 * @module
 */

import { LoadConnection, openWebSocket } from "./load_connection.ts";
import { cpuSeconds } from "./process_stats.ts";
import { POLL_OUT, PollSet } from "./sockets.ts";
import { percentile } from "./statistics.ts";
import { createWorkload } from "./workload.ts";
import type { Traffic } from "./workload.ts";

/** What to do. */
export interface Orders extends Traffic {
  /** Port of the echo server on 127.0.0.1. */
  readonly port: number;
  /** The server's process, for its share of processor time. */
  readonly pid?: number;
  /** Seconds before the measurement; it is longer when the first answers are not yet compared by then. */
  readonly warmup: number;
  /** Seconds of the measurement. */
  readonly seconds: number;
}

/** What was measured. */
export interface Measurement {
  readonly messagesPerSecond: number;
  /** Payload in one direction, in 10^6 bytes, before compression. */
  readonly megabytesPerSecond: number;
  /** Milliseconds; only with 1 message in flight. */
  readonly latencyMedian?: number;
  readonly latencyP99?: number;
  /** Processor time used for each second measured: 1 is one core. */
  readonly serverCpu?: number;
  readonly generatorCpu?: number;
}

/** Round trips kept for the latencies: enough for seconds of the fastest server. */
const MAX_ROUND_TRIPS = 2_000_000;

/** One buffer for all connections: its bytes are done with before the next read. */
const READ_BUFFER = 256 * 1024;
/** Milliseconds a wait may last: the clock is looked at in between. */
const POLL_TIMEOUT = 20;
/** Seconds by which the warm-up grows until all first answers have been compared. */
const VERIFY_STEP = 0.05;

class RoundTrips {
  readonly #values = new Float32Array(MAX_ROUND_TRIPS);
  #count = 0;

  add(milliseconds: number): void {
    if (this.#count < MAX_ROUND_TRIPS) this.#values[this.#count++] = milliseconds;
  }

  clear(): void {
    this.#count = 0;
  }

  summary(): { latencyMedian: number; latencyP99: number } {
    const sorted = this.#values.subarray(0, this.#count).sort();
    return { latencyMedian: percentile(sorted, 0.5), latencyP99: percentile(sorted, 0.99) };
  }
}

interface Snapshot {
  readonly at: number;
  readonly echoes: number;
  readonly serverCpu: number | undefined;
  readonly generatorCpu: number | undefined;
}

/** Drives the server as ordered; throws when it answers wrongly. */
export async function measure(orders: Orders): Promise<Measurement> {
  const workload = await createWorkload(orders);
  const connections = Array.from(
    { length: orders.connections },
    () => new LoadConnection(openWebSocket(orders.port, { extension: workload.extensionOffer }), workload, orders),
  );
  const roundTrips = orders.inFlight === 1 ? new RoundTrips() : undefined;
  const loop = new Loop(connections, roundTrips);
  for (const connection of connections) connection.send();
  loop.runFor(orders.warmup);
  while (!connections.every((connection) => connection.isVerified)) loop.runFor(VERIFY_STEP);
  roundTrips?.clear();
  const before = takeSnapshot(connections, orders.pid);
  loop.runFor(orders.seconds);
  const after = takeSnapshot(connections, orders.pid);
  for (const connection of connections) connection.close();
  return summarize(orders.size, before, after, roundTrips);
}

/** Drives all connections from one thread, without promises. */
class Loop {
  readonly #connections: readonly LoadConnection[];
  readonly #roundTrips: RoundTrips | undefined;
  readonly #polls: PollSet;
  readonly #buffer = new Uint8Array(READ_BUFFER);

  constructor(connections: readonly LoadConnection[], roundTrips: RoundTrips | undefined) {
    this.#connections = connections;
    this.#roundTrips = roundTrips;
    this.#polls = new PollSet(connections.map((connection) => connection.socket));
  }

  runFor(seconds: number): void {
    const connections = this.#connections;
    const end = performance.now() + seconds * 1000;
    connections.forEach((connection, index) => this.#polls.want(index, connection.wanted));
    while (performance.now() < end) {
      let left = this.#polls.wait(POLL_TIMEOUT);
      for (let index = 0; left > 0 && index < connections.length; index++) {
        const found = this.#polls.found(index);
        if (found === 0) continue;
        left--;
        this.#step(connections[index]!, found);
        this.#polls.want(index, connections[index]!.wanted);
      }
    }
  }

  #step(connection: LoadConnection, found: number): void {
    // POLLERR and POLLHUP lead to the read too, which then fails.
    if ((found & ~POLL_OUT) !== 0) {
      const completed = connection.receive(this.#buffer);
      if (completed > 0) this.#roundTrips?.add(performance.now() - connection.sentAt);
    }
    connection.send();
  }
}

function takeSnapshot(connections: readonly LoadConnection[], pid: number | undefined): Snapshot {
  return {
    at: performance.now(),
    echoes: connections.reduce((sum, connection) => sum + connection.echoes, 0),
    serverCpu: pid === undefined ? undefined : cpuSeconds(pid),
    generatorCpu: cpuSeconds(Deno.pid),
  };
}

function summarize(size: number, before: Snapshot, after: Snapshot, roundTrips: RoundTrips | undefined): Measurement {
  const seconds = (after.at - before.at) / 1000;
  const messagesPerSecond = (after.echoes - before.echoes) / seconds;
  const share = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined ? undefined : (to - from) / seconds;
  const serverCpu = share(before.serverCpu, after.serverCpu);
  const generatorCpu = share(before.generatorCpu, after.generatorCpu);
  return {
    messagesPerSecond,
    megabytesPerSecond: messagesPerSecond * size / 1e6,
    ...(roundTrips?.summary() ?? {}),
    ...(serverCpu === undefined ? {} : { serverCpu }),
    ...(generatorCpu === undefined ? {} : { generatorCpu }),
  };
}

if (import.meta.main) {
  const orders: Orders = JSON.parse(Deno.args[0] ?? "null");
  console.log(JSON.stringify(await measure(orders)));
}
