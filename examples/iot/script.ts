/**
 * A script: a device comes, is told what to do, loses its network, and comes back with what it measured meanwhile.
 *
 * @module
 */

import { type ByteStream, type DialTarget, join } from "@viaduct/viaduct/wamp";
import { wampcra } from "@viaduct/viaduct/wamp/auth";
import { Device } from "./device.ts";
import { OPERATOR, REALM, uriOf } from "./fleet.ts";
import { createMonitor, describe } from "./monitor.ts";

const DEVICE = "greenhouse-1";

/** The network of the device, which can be cut: what is open breaks, and nothing can be opened. */
class Network {
  readonly #open: Deno.Conn[] = [];
  #isCut = false;

  /** Opens a socket; an option of whoever uses this network. */
  readonly dial = async ({ hostname, port }: DialTarget): Promise<ByteStream> => {
    if (this.#isCut) throw new Error("The network is unreachable");
    const socket = await Deno.connect({ hostname, port });
    this.#open.push(socket);
    return socket;
  };

  /** Without a word to either side. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open.splice(0)) socket.close();
  }

  /** From now on sockets can be opened again. */
  mend(): void {
    this.#isCut = false;
  }
}

/** Prints lines, and lets others wait for one: each is found once, in order. */
class Notes {
  readonly #print: (line: string) => void;
  readonly #seen: string[] = [];
  #changed = Promise.withResolvers<void>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  add(line: string): void {
    this.#print(line);
    this.#seen.push(line);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async until(line: string): Promise<void> {
    for (;;) {
      const { promise } = this.#changed;
      const at = this.#seen.indexOf(line);
      this.#seen.splice(0, at < 0 ? this.#seen.length : at + 1);
      if (at >= 0) return;
      await promise;
    }
  }
}

/** Runs the script against a hub, and prints what the monitor sees. */
export async function runScript(transports: string, print: (line: string) => void): Promise<void> {
  const notes = new Notes(print);
  const network = new Network();
  const retry = { minDelay: 20, maxDelay: 100 }; // so that the script is short; seconds, as a rule
  const device = new Device({ id: DEVICE, transports, retry, interval: 0, dial: network.dial, log: () => {} });
  const monitor = createMonitor({ transports, retry }, {
    onStatus: (id, online) => notes.add(`${id} ${online ? "online" : "offline"}`),
    onTelemetry: (id, sample) => notes.add(`${id} ${describe(sample)}`),
  });
  const stop = new AbortController();
  const { signal } = stop;
  const running = [monitor.run({ signal })];
  try {
    for await (const { state } of monitor.status()) if (state === "open") break;
    running.push(device.run(signal));
    await notes.until(`${DEVICE} online`);
    device.measure();
    await notes.until(`${DEVICE} 20.5 °C, vent closed`);

    await using operator = await join(transports, { realm: REALM, auth: [wampcra(OPERATOR)] });
    print(`The operator says: vent ${await operator.call(uriOf(DEVICE, "vent"), ["open"])}`);
    device.measure();
    await notes.until(`${DEVICE} 19.5 °C, vent open`);

    print("The device loses its network");
    network.cut();
    await notes.until(`${DEVICE} offline`); // its last will
    for (let count = 0; count < 3; count++) device.measure();
    print(`The network is back; ${device.waiting} measurements wait`);
    network.mend();
    await notes.until(`${DEVICE} online`);
    await notes.until(`${DEVICE} 16.5 °C, vent open`);
  } finally {
    stop.abort();
    await Promise.all(running);
  }
  print("Done");
}
