/**
 * What every client does under load, whichever library it is written with: the same closed loops, in Node and in Deno.
 *
 * A client gives `join(url)`, which resolves to
 * `{ call(procedure, args), register(procedure, handler), publish(topic, args), subscribe(topic, handler) }`:
 * `call` resolves to the result, handlers take the list of arguments.
 */

import { readFileSync } from "node:fs";
import process from "node:process";

const PROCEDURE = "com.example.bench.first";
const TOPIC = "com.example.bench.tick";
const CREDIT_TOPIC = "com.example.bench.credit";
const TEXT = "0123456789abcdefghijklmnopqrstuv";

/** Events on their way at a time, and after how many a subscriber says so. */
const WINDOW = 1024;
const CREDIT = 128;

/** Reads the orders, plays the role, and prints lines of JSON: that it is ready, or the outcome. */
export async function main(join) {
  const orders = JSON.parse(process.argv.at(-1));
  const roles = { callee, caller, subscriber, publisher };
  await roles[orders.role](join, orders);
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function callee(join, { url }) {
  const session = await join(url);
  await session.register(PROCEDURE, (args) => args[0]);
  print("ready");
}

async function caller(join, orders) {
  const session = await join(orders.url);
  const meter = new Meter(orders);
  let next = 0;
  const failed = Promise.withResolvers?.() ?? withResolvers();
  const callOnce = () => {
    const number = next++;
    session.call(PROCEDURE, [number, TEXT]).then((result) => {
      if (result !== number) return failed.reject(new Error(`Expected ${number}, received ${result}`));
      meter.count += 1;
      if (!meter.isOver) callOnce();
    }, failed.reject);
  };
  for (let i = 0; i < orders.inFlight; i++) callOnce();
  print(await Promise.race([meter.run(), failed.promise]));
  process.exit(0);
}

async function subscriber(join, { url, sessions }) {
  const counts = new Array(sessions).fill(0);
  let credited = 0;
  for (let i = 0; i < sessions; i++) {
    const session = await join(url);
    await session.subscribe(TOPIC, (args) => {
      if (args[0] !== counts[i]) throw new Error(`Expected event ${counts[i]}, received ${args[0]}`);
      counts[i] += 1;
      if (counts[i] - credited < CREDIT || Math.min(...counts) - credited < CREDIT) return;
      credited += CREDIT;
      session.publish(CREDIT_TOPIC, [credited]);
    });
  }
  print("ready");
}

/** Publishes as long as at most WINDOW events have not reached every subscriber. */
async function publisher(join, orders) {
  const session = await join(orders.url);
  const meter = new Meter(orders);
  let published = 0;
  const fill = (credited) => {
    for (; published < credited + WINDOW; published++) session.publish(TOPIC, [published, TEXT]);
  };
  await session.subscribe(CREDIT_TOPIC, ([credited]) => {
    meter.count = credited * orders.sessions;
    if (!meter.isOver) fill(credited);
  });
  fill(0);
  print(await meter.run());
  process.exit(0);
}

function withResolvers() {
  let resolve, reject;
  const promise = new Promise((yes, no) => [resolve, reject] = [yes, no]);
  return { promise, resolve, reject };
}

/** Counts within the measurement, after a warm-up, and reads the processor time of the processes taking part. */
class Meter {
  count = 0;
  isOver = false;
  #orders;

  constructor(orders) {
    this.#orders = orders;
  }

  async run() {
    const { warmup, seconds, pids } = this.#orders;
    await sleep(warmup * 1000);
    const before = this.#read();
    await sleep(seconds * 1000);
    const after = this.#read();
    this.isOver = true;
    const elapsed = (after.time - before.time) / 1000;
    const cpu = (pid) => (after.cpu[pid] - before.cpu[pid]) / elapsed;
    return {
      perSecond: (after.count - before.count) / elapsed,
      ownCpu: cpu("self"),
      routerCpu: cpu(pids.router),
      otherCpu: cpu(pids.other),
    };
  }

  #read() {
    const { router, other } = this.#orders.pids;
    const cpu = Object.fromEntries(["self", router, other].map((pid) => [pid, cpuSeconds(pid)]));
    return { time: performance.now(), count: this.count, cpu };
  }
}

/** Processor time of a process with its threads, in seconds; Linux counts it in hundredths. */
function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
