/**
 * `viaduct router`: a router for anonymous sessions, over WebSocket, RawSocket and Unix sockets.
 *
 * @module
 */

import type { Logger } from "../internal/log.ts";
import { createRouter, type RawSocketListenOptions, serveRouter } from "../wamp/router/mod.ts";
import { isUri } from "../wamp/uris.ts";
import {
  type Command,
  type CommandArguments,
  type CommandContext,
  type CommandOutput,
  UsageError,
  wholeNumber,
} from "./command.ts";
import { formatValue } from "./values.ts";

const MAX_PORT = 65_535;

/** The command. @internal */
export const ROUTER_COMMAND: Command = {
  name: "router",
  operands: "",
  help: "Route calls and events between anonymous sessions; SIGTERM and Ctrl+C end it with GOODBYE to all.",
  options: [
    { name: "port", value: "PORT", help: "WebSocket: where to listen; 0 takes a free one", default: "8080" },
    { name: "hostname", value: "HOST", help: "the address to bind; 0.0.0.0 lets others in", default: "127.0.0.1" },
    { name: "path", value: "PATH", help: "WebSocket: the path of the socket", default: "/ws" },
    { name: "rawsocket-port", value: "PORT", help: "RawSocket over TCP: where to listen; 0 takes a free one" },
    { name: "unix", value: "PATH", help: "RawSocket over a Unix socket at this path" },
    { name: "realm", value: "URI", help: "a realm; may be given several times (default: realm1)", multiple: true },
    { name: "origin", value: "ORIGIN", help: "pages of this origin may connect; any lets all in", multiple: true },
    { name: "drain", value: "MS", help: "how long sessions may take to say GOODBYE at the end", default: "5000" },
    { name: "verbose", help: "report what happens to single connections" },
  ],
  async run(args, context) {
    await serve(args, context);
  },
};

/** What the arguments say about listening. */
interface Listening {
  readonly port: number;
  readonly hostname: string;
  readonly path: string;
  readonly rawsocket?: RawSocketListenOptions;
  readonly origins?: "any" | readonly string[];
}

function readListening(args: CommandArguments): Listening {
  const [hostname, path, origins] = [args.text("hostname"), args.text("path"), args.texts("origin")];
  if (!path.startsWith("/")) throw new UsageError(`Option --path must begin with /, received ${JSON.stringify(path)}`);
  const isRaw = args.flag("rawsocket-port") || args.flag("unix");
  const rawsocket: RawSocketListenOptions = {
    ...(args.flag("rawsocket-port") ? { port: readPort(args, "rawsocket-port"), hostname } : {}),
    ...(args.flag("unix") ? { unix: args.text("unix") } : {}),
  };
  return {
    port: readPort(args, "port"),
    hostname,
    path,
    ...(isRaw ? { rawsocket } : {}),
    ...(origins.length === 0 ? {} : { origins: origins.includes("any") ? "any" : origins }),
  };
}

function readPort(args: CommandArguments, name: string): number {
  const port = wholeNumber(args, name, 0);
  if (port > MAX_PORT) throw new UsageError(`Option --${name} must be at most ${MAX_PORT}, received ${port}`);
  return port;
}

function readRealms(args: CommandArguments): readonly { readonly uri: string }[] {
  const uris = new Set(args.flag("realm") ? args.texts("realm") : ["realm1"]);
  for (const uri of uris) {
    if (!isUri(uri)) throw new UsageError(`Option --realm must be a URI, received ${JSON.stringify(uri)}`);
  }
  return [...uris].map((uri) => ({ uri }));
}

async function serve(args: CommandArguments, { output, signal }: CommandContext): Promise<void> {
  const [listening, realms, drain] = [readListening(args), readRealms(args), wholeNumber(args, "drain", 0)];
  const logger = args.flag("verbose") ? reportingLogger(output) : undefined;
  const logging = logger === undefined ? {} : { logger };
  const router = createRouter({ realms, ...logging });
  try {
    const server = await serveRouter(router, { ...listening, ...logging });
    output.print(`Listening on ${server.url}`);
    if (server.rawsocketUrl !== "") output.print(`Listening on ${server.rawsocketUrl}`);
    if (args.flag("unix")) output.print(`Listening on unix:${args.text("unix")}`);
    output.print(`Realms: ${realms.map(({ uri }) => uri).join(", ")}`);
    await untilAborted(signal);
    await server.shutdown({ timeout: drain });
  } finally {
    await router.shutdown({ timeout: 0 });
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function reportingLogger(output: CommandOutput): Logger {
  const write = (level: string) => (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
    output.report(`${level} ${message} ${formatValue(fields)}`);
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
