/**
 * Routers in processes of their own, that can be killed, stopped, and started again at the same ports.
 *
 * @module
 */

import { join } from "node:path";
import { installCrossbar } from "../interop/wamp/install.ts";
import { emptyFolder, ROOT } from "../support/folders.ts";
import { freePort, type Process, type ProcessGroup, untilListening } from "../support/processes.ts";
import { sleep } from "./proxy.ts";

/** The routers that components are tried against. */
export type RouterKind = "viaduct" | "crossbar";

/** The realm that anybody may join. */
export const REALM = "realm1";
/** The realm that asks for a ticket. */
export const TICKET_REALM = "guarded";
/** Who may join that. */
export const ACCOUNT = { authid: "joe", ticket: "Sésame, öffne dich" } as const;

/** The ports of a router. Crossbar.io has both transports on one, and logins on another. */
export interface RouterPorts {
  readonly websocket: number;
  readonly rawsocket: number;
  readonly ticket: number;
}

/** How a router is started. */
interface Launch {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly ports: RouterPorts;
  /** Whether the process started has a child that does the work. */
  readonly hasWorker: boolean;
  /** Writes the configuration, with further realms that anybody may join. */
  readonly configure: (realms: readonly string[]) => Promise<void>;
}

/** How long a start may take, in milliseconds. Crossbar.io needs seven seconds on a quiet machine. */
const START_TIMEOUT = 60_000;
/** How long it may take to end by itself, in milliseconds. */
const END_TIMEOUT = 12_000;

/** A router. */
export class RouterProcess {
  readonly #processes: ProcessGroup;
  readonly #launch: Launch;
  #process: Process | undefined;
  #worker = 0;

  private constructor(processes: ProcessGroup, launch: Launch) {
    this.#processes = processes;
    this.#launch = launch;
  }

  /**
   * Writes a configuration into a folder of its own, and starts the router.
   *
   * @param kind Which one.
   * @param processes Who ends it in any case.
   * @param folderName What its folder is called.
   * @param realms Further realms that anybody may join, until `forget()`.
   */
  static async start(
    kind: RouterKind,
    processes: ProcessGroup,
    folderName: string,
    realms: readonly string[] = [],
  ): Promise<RouterProcess> {
    const folder = await emptyFolder(".cache", "chaos", folderName);
    const router = new RouterProcess(processes, await LAUNCHES[kind](folder));
    await router.#launch.configure(realms);
    await router.start();
    return router;
  }

  /** Where it listens. */
  get ports(): RouterPorts {
    return this.#launch.ports;
  }

  /** The process that routes. */
  get pid(): number {
    return this.#worker;
  }

  /** Starts it; resolves when it listens. */
  async start(): Promise<void> {
    const { command, env, ports, hasWorker } = this.#launch;
    const process = this.#process = this.#processes.start(`router ${command[0]}`, command, { env });
    for (const port of new Set(Object.values(ports))) await untilListening(port, process, START_TIMEOUT);
    this.#worker = hasWorker ? workerOf(process.pid) : process.pid;
  }

  /** Takes the further realms out of the configuration, for the next start. */
  async forget(): Promise<void> {
    await this.#launch.configure([]);
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    signal(this.#worker, "SIGKILL");
    signal(this.#running.pid, "SIGKILL");
    await this.#running.status;
  }

  /** Has it end in its own way. */
  async terminate(): Promise<void> {
    const process = this.#running;
    signal(process.pid, "SIGTERM");
    const late = setTimeout(() => void this.kill(), END_TIMEOUT);
    await process.status;
    clearTimeout(late);
  }

  /** Stops it for a while. */
  async freeze(milliseconds: number): Promise<void> {
    signal(this.#worker, "SIGSTOP");
    await sleep(milliseconds);
    signal(this.#worker, "SIGCONT");
  }

  get #running(): Process {
    if (this.#process === undefined) throw new Error("The router was not started");
    return this.#process;
  }
}

/** Sends a signal to a process that may have ended. */
export function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** The process that routes: the controller's only child. */
function workerOf(pid: number): number {
  const [worker] = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ").map(Number);
  if (worker === undefined || !(worker > 0)) throw new Error("Cannot find the router's worker process");
  return worker;
}

const LAUNCHES: Readonly<Record<RouterKind, (folder: string) => Promise<Launch>>> = {
  viaduct(folder) {
    const ports = { websocket: freePort(), rawsocket: freePort(), ticket: freePort() };
    const file = join(folder, "viaduct.json");
    const command = [Deno.execPath(), "run", "-A", join(ROOT, "cli", "main.ts"), "router", "--config", file];
    const configure = (realms: readonly string[]) => writeJson(file, viaductConfiguration(ports, realms));
    return Promise.resolve({ command, env: {}, ports, hasWorker: false, configure });
  },
  async crossbar(folder) {
    const [open, ticket] = [freePort(), freePort()];
    const { command, env } = await installCrossbar();
    return {
      command: [...command, "start", "--cbdir", folder],
      env: { ...env, HOME: folder },
      ports: { websocket: open, rawsocket: open, ticket },
      hasWorker: true,
      configure: (realms) => writeJson(join(folder, "config.json"), crossbarConfiguration(open, ticket, realms)),
    };
  },
};

async function writeJson(file: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(file, JSON.stringify(value, null, 2));
}

const EVERYTHING = { uri: "", match: "prefix", allow: { call: true, register: true, publish: true, subscribe: true } };

function viaductConfiguration({ websocket, rawsocket, ticket }: RouterPorts, further: readonly string[]): unknown {
  const principals = { [ACCOUNT.authid]: { ticket: ACCOUNT.ticket, role: "user" } };
  const realm = (uri: string, auth: unknown): unknown => ({
    uri,
    auth: [auth],
    roles: { user: { permissions: [EVERYTHING] } },
  });
  return {
    realms: [
      ...[REALM, ...further].map((uri) => realm(uri, { method: "anonymous", role: "user" })),
      realm(TICKET_REALM, { method: "ticket", principals }),
    ],
    transports: [
      { type: "websocket", port: websocket },
      { type: "websocket", port: ticket },
      { type: "rawsocket", port: rawsocket },
    ],
  };
}

function crossbarConfiguration(open: number, ticket: number, further: readonly string[]): unknown {
  const realm = (name: string, role: string): unknown => ({ name, roles: [{ name: role, permissions: [EVERYTHING] }] });
  const transport = (port: number, auth: unknown): unknown => ({
    type: "universal",
    endpoint: { type: "tcp", interface: "127.0.0.1", port },
    rawsocket: { serializers: ["cbor", "msgpack", "json"], auth },
    websocket: { ws: { type: "websocket", serializers: ["cbor", "msgpack", "json"], auth } },
  });
  const principals = { [ACCOUNT.authid]: { ticket: ACCOUNT.ticket, role: "user" } };
  return {
    version: 2,
    workers: [{
      type: "router",
      realms: [...[REALM, ...further].map((name) => realm(name, "anonymous")), realm(TICKET_REALM, "user")],
      transports: [
        transport(open, { anonymous: { type: "static", role: "anonymous" } }),
        transport(ticket, { ticket: { type: "static", principals } }),
      ],
    }],
  };
}
