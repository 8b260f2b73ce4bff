/**
 * A device: a greenhouse that measures, and opens and closes its vent when it is told to.
 *
 * ```sh
 * deno run --allow-net examples/iot/device.ts greenhouse-1
 * ```
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { failureMessage } from "@viaduct/viaduct";
import {
  ApplicationError,
  type Component,
  component,
  type ComponentOptions,
  type Invocation,
  type Session,
} from "@viaduct/viaduct/wamp";
import { wampcra } from "@viaduct/viaduct/wamp/auth";
import { DEVICES, REALM, type Telemetry, uriOf, type Vent } from "./fleet.ts";
import { runProgram } from "./program.ts";

const USAGE = `Usage: device.ts [OPTIONS] DEVICE
  --url URL        the hub (default: rs://127.0.0.1:8081)
  --interval MS    how often it measures (default: 1000)
DEVICE is one of ${Object.keys(DEVICES).join(", ")}`;

/** How many measurements wait for the network; the oldest go first. */
const MAX_WAITING = 1_000;
const MIN_INTERVAL = 100;
const MAX_INTERVAL = 3_600_000;
/** What the greenhouse comes to with its vent closed and open, in degrees Celsius. */
const HOT = 35;
const COLD = 12;
/** As at the hub, in milliseconds. */
const SILENCE = 5_000;

/** What a device is started with: `id`, and what its component is to do in another way than by default. */
export interface DeviceOptions extends Pick<ComponentOptions, "transports" | "dial" | "retry"> {
  /** Its name, one of {@linkcode DEVICES}. */
  readonly id: string;
  /** How often it measures, in milliseconds; 0 for when `measure()` is called. @default {1_000} */
  readonly interval?: number;
  /** Takes what happens to it. */
  readonly log: (line: string) => void;
}

/** The device, and the greenhouse that it is in: the sun heats it, and an open vent cools it. */
export class Device {
  readonly #id: string;
  readonly #component: Component;
  readonly #log: (line: string) => void;
  /** Measured, and not known to have arrived: the oldest first. */
  readonly #waiting: Telemetry[] = [];
  #interval: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isSending = false;
  #temperature = 20;
  #vent: Vent = "closed";

  /** It does nothing until {@linkcode Device.run}. */
  constructor({ id, interval = 1_000, log, ...options }: DeviceOptions) {
    this.#id = id;
    this.#interval = interval;
    this.#log = log;
    // A device that comes back before the hub has noticed that it was gone takes its procedures from its former session.
    const takeOver = { forceReregister: true };
    this.#component = component({
      realm: REALM,
      auth: [wampcra({ authid: id, secret: DEVICES[id] ?? "" })],
      keepalive: { interval: SILENCE, timeout: SILENCE },
      ...options,
    })
      .register(uriOf(id, "vent"), (invocation) => this.#setVent(invocation), takeOver)
      .register(uriOf(id, "interval"), (invocation) => this.#setInterval(invocation), takeOver)
      .subscribe(uriOf(id, "status"), ({ kwargs }) => this.#correct(kwargs.online === true))
      .onJoin((session) => this.#begin(session))
      .onStatus((status) => {
        if (status.state === "lost") log(`lost: ${failureMessage(status.cause)}`);
      });
  }

  /** How many measurements wait for the network. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Works until it is stopped. */
  async run(signal: AbortSignal): Promise<void> {
    this.#start();
    try {
      await this.#component.run({ signal });
    } finally {
      clearInterval(this.#timer);
    }
  }

  /** Measures now. */
  measure(): void {
    this.#temperature = this.#vent === "closed"
      ? Math.min(HOT, this.#temperature + 0.5)
      : Math.max(COLD, this.#temperature - 1);
    this.#waiting.push({ time: Date.now(), temperature: this.#temperature, vent: this.#vent });
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    void this.#send();
  }

  #start(): void {
    clearInterval(this.#timer);
    if (this.#interval > 0) this.#timer = setInterval(() => this.measure(), this.#interval);
  }

  /** A new session: its last will first, so that nobody is told of a device whose end would go unnoticed. */
  async #begin(session: Session): Promise<void> {
    this.#log(`joined as ${session.authid}`);
    const lastWill = [uriOf(this.#id, "status"), [], { online: false }];
    await session.call("wamp.session.add_testament", lastWill, { kwargs: { publish_options: { retain: true } } });
    await this.#announce(session);
    await this.#send();
  }

  /** Retained, so that a monitor that comes later is told as well. */
  async #announce(session: Session): Promise<void> {
    await session.publish(uriOf(this.#id, "status"), [], { kwargs: { online: true }, retain: true, acknowledge: true });
  }

  /** The last will of a former session may come when this one has long begun. */
  async #correct(online: boolean): Promise<void> {
    const { session } = this.#component;
    if (!online && session !== undefined) await this.#announce(session);
  }

  /** Sends what waits, in order. What was not acknowledged is sent again in the next session, at worst twice. */
  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let [sample] = this.#waiting; sample !== undefined; [sample] = this.#waiting) {
        const { session } = this.#component;
        if (session === undefined) return;
        await session.publish(uriOf(this.#id, "telemetry"), [], { kwargs: { ...sample }, acknowledge: true });
        // It may have been left out meanwhile, since too many wait.
        if (this.#waiting[0] === sample) this.#waiting.shift();
      }
    } catch (error) {
      if (error instanceof ApplicationError) this.#log(`cannot send: ${failureMessage(error)}`);
    } finally {
      this.#isSending = false;
    }
  }

  #setVent({ args: [vent] }: Invocation): Vent {
    if (vent !== "open" && vent !== "closed") throw invalid(`Vent must be "open" or "closed"`);
    this.#log(`the vent is ${vent}`);
    return this.#vent = vent;
  }

  #setInterval({ args: [interval] }: Invocation): number {
    if (typeof interval !== "number" || !(interval >= MIN_INTERVAL && interval <= MAX_INTERVAL)) {
      throw invalid(`Interval must be ${MIN_INTERVAL} to ${MAX_INTERVAL} milliseconds`);
    }
    this.#log(`measures every ${interval} ms`);
    this.#interval = interval;
    this.#start();
    return interval;
  }
}

function invalid(message: string): ApplicationError {
  return new ApplicationError("wamp.error.invalid_argument", [message]);
}

async function main(): Promise<void> {
  const { values, positionals: [id = ""] } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      url: { type: "string", default: "rs://127.0.0.1:8081" },
      interval: { type: "string", default: "1000" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  if (!Object.hasOwn(DEVICES, id)) throw new Error(`Device must be known, received "${id}"`);
  const interval = Number(values.interval);
  if (!(interval >= MIN_INTERVAL && interval <= MAX_INTERVAL)) {
    throw new Error(`Interval must be ${MIN_INTERVAL} to ${MAX_INTERVAL}, received "${values.interval}"`);
  }
  const log = (line: string): void => console.log(`${id} ${line}`);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  const device = new Device({ id, interval, log, transports: values.url, retry: { minDelay: 200, maxDelay: 10_000 } });
  await device.run(stop.signal);
  log("stopped");
}

if (import.meta.main) await runProgram(main, USAGE);
