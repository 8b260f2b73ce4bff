/**
 * A process of components, seen from the harness.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Process, ProcessGroup } from "../support/processes.ts";
import { sleep } from "./proxy.ts";
import type { PartPlan } from "./part.ts";
import type { PartRecord, Recorder, ResourceRecord } from "./records.ts";
import { signal } from "./routers.ts";

const PROGRAM = fileURLToPath(new URL("child.ts", import.meta.url));

/** How long it may take to answer, or to end by itself, in milliseconds. */
const PATIENCE = 3_000;

/** What a process holds. */
export interface Holdings {
  readonly files: number;
  readonly timers: number;
  readonly transports: number;
}

/** The process. */
export class PartProcess {
  readonly plans: readonly PartPlan[];
  readonly #process: Process;
  readonly #record: Recorder;
  #onResources: ((record: ResourceRecord) => void) | undefined;
  /** What it printed and is no record. */
  readonly #noise: string[] = [];

  constructor(processes: ProcessGroup, plans: readonly PartPlan[], record: Recorder) {
    this.plans = plans;
    this.#record = record;
    const command = [Deno.execPath(), "run", "-A", PROGRAM, JSON.stringify(plans)];
    const name = `process of ${plans.map((plan) => plan.name).join(" and ")}`;
    this.#process = processes.start(name, command, { onLine: (line) => this.#take(line) });
  }

  /** Stops it for a while. */
  async pause(milliseconds: number): Promise<void> {
    signal(this.#process.pid, "SIGSTOP");
    await sleep(milliseconds);
    signal(this.#process.pid, "SIGCONT");
  }

  /** Asks what it holds. */
  async holdings(): Promise<Holdings> {
    const { timers, transports } = await this.#resources(() => signal(this.#process.pid, "SIGUSR2"));
    return { files: countFiles(this.#process.pid), timers, transports };
  }

  /** Has it make no more traffic. */
  rest(): void {
    signal(this.#process.pid, "SIGHUP");
  }

  /** Has it stop, and waits for its end; gives what was wrong with that. */
  async stop(): Promise<readonly string[]> {
    const wrong: string[] = [];
    try {
      const { timers, transports } = await this.#resources(() => signal(this.#process.pid, "SIGTERM"));
      if (timers + transports > 0) wrong.push(`is stopped, and holds ${timers} timers and ${transports} transports`);
    } catch (error) {
      wrong.push(String(error));
    }
    const late = setTimeout(() => {
      wrong.push(`does not end ${PATIENCE} ms after it was stopped: something keeps it alive`);
      void this.#process.stop();
    }, PATIENCE);
    const { code } = await this.#process.status;
    clearTimeout(late);
    if (code !== 0) wrong.push(`ended with ${code}`);
    if (this.#noise.length > 0) wrong.push(`printed ${this.#noise.join(" | ")}`);
    return wrong.map((text) => `${this.#process.name} ${text}`);
  }

  #resources(ask: () => void): Promise<ResourceRecord> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`does not answer within ${PATIENCE} ms`)), PATIENCE);
      this.#onResources = (record) => {
        clearTimeout(late);
        resolve(record);
      };
      ask();
    });
  }

  #take(line: string): void {
    if (!line.startsWith("{")) {
      this.#noise.push(line);
      return;
    }
    const record = JSON.parse(line) as PartRecord | ResourceRecord;
    if (record.type === "resources") this.#onResources?.(record);
    else this.#record(record);
  }
}

/** How many files and sockets a process has open. */
export function countFiles(pid: number | "self"): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}
