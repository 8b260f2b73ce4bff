/**
 * Starts and stops the echo servers, each a process of its own.
 *
 * @module
 */

import { bunExecutable, PEERS_FOLDER } from "./peers.ts";
import type { ServerName } from "./scenarios.ts";

/** How long a server may take from start to its address, and from the signal to its end, in milliseconds. */
const START_TIMEOUT = 20_000;
const STOP_TIMEOUT = 3_000;

/**
 * "bare" holds sockets and echoes nothing: the floor for the memory of a connection. "viaduct-router" is the WAMP
 * router, for the memory of a session.
 */
export type ServerKind = ServerName | "bare" | "viaduct-router";

/** Gives the command line of a server. With `deflate` it takes the client's offer of permessage-deflate as it is. */
export function serverCommand(kind: ServerKind, deflate: boolean): [command: string, ...args: string[]] {
  const local = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname);
  const flags = deflate ? ["--deflate"] : [];
  switch (kind) {
    case "viaduct-handler":
    case "viaduct-iterate": {
      const api = kind.slice("viaduct-".length);
      const echo = ["echo", "--url", "ws://127.0.0.1:0", "--api", api, ...flags];
      return [Deno.execPath(), "run", "-A", local("../../cli/main.ts"), ...echo];
    }
    case "deno":
      return [Deno.execPath(), "run", "-A", local("servers/deno_echo.ts")];
    case "viaduct-router":
      return [Deno.execPath(), "run", "-A", local("wamp/viaduct_router.ts")];
    case "bare":
      return [Deno.execPath(), "run", "-A", local("servers/bare_sockets.ts")];
    case "bun":
      return [bunExecutable(), local("servers/bun_echo.mjs")];
    case "ws":
      return ["node", local("servers/ws_echo.mjs"), decodeURIComponent(PEERS_FOLDER.pathname), ...flags];
  }
}

/** Finds the port in what a server prints when it is ready: the first address of 127.0.0.1 or localhost. */
export function portIn(output: string): number | undefined {
  const port = /\b(?:127\.0\.0\.1|localhost):(\d+)\b[^\n]*\n/.exec(output)?.[1];
  return port === undefined || port === "0" ? undefined : Number(port);
}

/** A running echo server. */
export class EchoServer {
  readonly kind: ServerKind;
  readonly port: number;
  readonly #process: Deno.ChildProcess;
  readonly #drained: Promise<void>;

  private constructor(kind: ServerKind, process: Deno.ChildProcess, port: number, drained: Promise<void>) {
    this.kind = kind;
    this.#process = process;
    this.port = port;
    this.#drained = drained;
  }

  /** Starts a server and waits until it has printed its address. */
  static async start(kind: ServerKind, deflate = false): Promise<EchoServer> {
    const [command, ...args] = serverCommand(kind, deflate);
    const process = new Deno.Command(command, { args, stdin: "null", stdout: "piped", stderr: "inherit" }).spawn();
    const timer = setTimeout(() => process.kill("SIGKILL"), START_TIMEOUT);
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let output = "";
    for (let port = portIn(output);; port = portIn(output)) {
      if (port !== undefined) {
        clearTimeout(timer);
        return new EchoServer(kind, process, port, drain(reader));
      }
      const { done, value } = await reader.read();
      if (done) break;
      output += value;
    }
    clearTimeout(timer);
    await process.status;
    throw new Error(`Cannot start ${kind}: it ended without printing its address, but printed "${output.trim()}"`);
  }

  /** The process's id. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Ends the process, at last by SIGKILL. */
  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_TIMEOUT);
    await this.#process.status;
    clearTimeout(timer);
    await this.#drained;
  }
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}
