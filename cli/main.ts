/**
 * The command line: `viaduct COMMAND [OPTIONS]`. It is to WAMP what curl is to HTTP: `call`, `register`, `publish` and
 * `subscribe` join a router and print lines of JSON; `router` is one; `run` runs components.
 *
 * ```sh
 * deno run --allow-net jsr:@viaduct/viaduct/cli router --port 8080
 * deno run --allow-net jsr:@viaduct/viaduct/cli register com.example.echo
 * deno run --allow-net jsr:@viaduct/viaduct/cli call com.example.echo 1 '{"two": 2}' --kwarg three=3
 * ```
 *
 * `--help` lists all commands with their options, and the exit codes.
 *
 * @module
 */

import process from "node:process";
import { CALL_COMMAND } from "./call.ts";
import { CONFIG_COMMAND } from "./config_command.ts";
import { type Command, type CommandOutput, formatHelp, runCommand, UsageError } from "./command.ts";
import { ECHO_COMMAND } from "./echo.ts";
import { describeFailure, EXIT, EXIT_CODES_HELP, exitCodeOf } from "./exit_code.ts";
import { PUBLISH_COMMAND } from "./publish.ts";
import { REGISTER_COMMAND } from "./register.ts";
import { ROUTER_COMMAND } from "./router.ts";
import { RUN_COMMAND } from "./run.ts";
import { SUBSCRIBE_COMMAND } from "./subscribe.ts";
import { TESTEE_COMMAND } from "./testee.ts";

const COMMANDS: readonly Command[] = [
  ROUTER_COMMAND,
  CONFIG_COMMAND,
  CALL_COMMAND,
  REGISTER_COMMAND,
  PUBLISH_COMMAND,
  SUBSCRIBE_COMMAND,
  RUN_COMMAND,
  ECHO_COMMAND,
  TESTEE_COMMAND,
];

const OUTPUT: CommandOutput = {
  print: (line) => console.log(line),
  report: (line) => console.error(line),
};

const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Runs the command line.
 *
 * @param args The arguments, without the program's name.
 * @param output Where lines go. @default {console}
 * @param signal Stops a running command. @default {SIGINT and SIGTERM do}
 * @returns The exit code: 0 done, 1 failed or answered with an error, 2 arguments that cannot be understood, 3 no
 * session, 4 too late, 130 stopped before it was done.
 *
 * @example Use
 * ```ts
 * import { main } from "@viaduct/viaduct/cli";
 * import assert from "node:assert/strict";
 *
 * const lines: string[] = [];
 * const output = { print: (line: string) => lines.push(line), report() {} };
 * assert.equal(await main(["--help"], output), 0);
 * assert.match(lines.join("\n"), /viaduct router/);
 * ```
 *
 * @public
 */
export async function main(
  args: readonly string[],
  output: CommandOutput = OUTPUT,
  signal?: AbortSignal,
): Promise<number> {
  const [name = "--help", ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") {
    output.print(`${formatHelp(COMMANDS)}\n${EXIT_CODES_HELP}`);
    return EXIT.OK;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  try {
    if (command === undefined) {
      const names = COMMANDS.map((candidate) => candidate.name).join(", ");
      throw new UsageError(`Command must be one of ${names}, received ${JSON.stringify(name)}`);
    }
    if (signal === undefined) await untilStopped((stop) => runCommand(command, rest, { output, signal: stop }));
    else await runCommand(command, rest, { output, signal });
    return EXIT.OK;
  } catch (error) {
    output.report(`viaduct: ${describeFailure(error)}`);
    return exitCodeOf(error);
  }
}

/** Runs something that SIGINT and SIGTERM stop; a second one ends the process as usual. */
async function untilStopped(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = (name: string): void => controller.abort(new DOMException(`Stopped by ${name}`, "AbortError"));
  for (const name of STOP_SIGNALS) process.once(name, stop);
  try {
    await run(controller.signal);
  } finally {
    for (const name of STOP_SIGNALS) process.off(name, stop);
  }
}

export type {
  CompressionOptions,
  KeepaliveOptions,
  MatchPolicy,
  SerializerName,
  SlowConsumerPolicy,
  UriRules,
} from "../wamp/router/mod.ts";
export type { CommandOutput } from "./command.ts";
export type {
  AnonymousAuthConfig,
  AuthConfig,
  AuthMethodConfig,
  AuthorizerConfig,
  ConfigSecret,
  ConsoleConfig,
  CryptosignAuthConfig,
  DynamicAuthConfig,
  EventStoreConfig,
  ListenerConfig,
  LoggingConfig,
  MetricsConfig,
  PermissionConfig,
  RawSocketTransportConfig,
  RealmConfig,
  RealmLimitsConfig,
  RoleConfig,
  RouterConfig,
  ScramAuthConfig,
  TicketAuthConfig,
  TlsAuthConfig,
  TlsConfig,
  TransportConfig,
  WampcraAuthConfig,
  WebSocketTransportConfig,
} from "./config_types.ts";

if (import.meta.main) process.exitCode = await main(Deno.args);
