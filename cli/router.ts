/**
 * `viaduct router`: a router for anonymous sessions, over WebSocket, RawSocket and Unix sockets; or one by a
 * configuration.
 *
 * @module
 */

import process from "node:process";
import { createRouter, type RawSocketListenOptions, type RouterServer, serveRouter } from "../wamp/router/mod.ts";
import { isUri } from "../wamp/uris.ts";
import { removeStaleSocket } from "../websocket/mod.ts";
import { type Command, type CommandArguments, type CommandContext, UsageError, wholeNumber } from "./command.ts";
import { fileSource } from "./config_source.ts";
import { LineLogger } from "./logging.ts";
import { CONSOLE_PORT, type PagesOptions, RouterPages } from "./pages.ts";
import { ConfiguredRouter } from "./router_config.ts";

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
    { name: "metrics-port", value: "PORT", help: "metrics and health on this machine, at a port of their own" },
    { name: "console", help: "a page on this machine that shows what goes on, and ends sessions" },
    { name: "console-port", value: "PORT", help: "the console's port (default: 8082)" },
    { name: "config", value: "FILE", help: "take all of it from a file instead; SIGHUP reads that again" },
    { name: "check-config", help: "only say whether that file is right" },
  ],
  async run(args, context) {
    if (args.flag("config")) await serveByConfig(args, context);
    else if (args.flag("check-config")) throw new UsageError("Option --check-config needs --config FILE");
    else await serve(args, context);
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

/** The pages that the arguments ask for. */
function readPages(args: CommandArguments): Pick<PagesOptions, "metrics" | "console"> {
  const consolePort = args.flag("console-port") ? readPort(args, "console-port") : CONSOLE_PORT;
  return {
    metrics: args.flag("metrics-port") ? { port: readPort(args, "metrics-port") } : undefined,
    console: args.flag("console") || args.flag("console-port") ? { port: consolePort } : undefined,
  };
}

async function serve(args: CommandArguments, { output, signal }: CommandContext): Promise<void> {
  const asked = readPages(args);
  const [listening, realms, drain] = [readListening(args), readRealms(args), wholeNumber(args, "drain", 0)];
  const logger = args.flag("verbose") ? new LineLogger(output, { level: "debug" }) : undefined;
  const logging = logger === undefined ? {} : { logger };
  const router = createRouter({ realms, ...logging });
  let server: RouterServer | undefined;
  let pages: RouterPages | undefined;
  try {
    if (args.flag("unix") && await removeStaleSocket(args.text("unix"))) {
      output.report(`viaduct: Removed the socket of a router that was killed: ${args.text("unix")}`);
    }
    server = await serveRouter(router, { ...listening, ...logging });
    output.print(`Listening on ${server.url}`);
    if (server.rawsocketUrl !== "") output.print(`Listening on ${server.rawsocketUrl}`);
    if (args.flag("unix")) output.print(`Listening on unix:${args.text("unix")}`);
    output.print(`Realms: ${realms.map(({ uri }) => uri).join(", ")}`);
    pages = await RouterPages.start(router, { ...asked, realms, output, logger });
    await untilAborted(signal);
    pages.drain();
    await server.shutdown({ timeout: drain });
  } finally {
    await pages?.[Symbol.asyncDispose]();
    await server?.shutdown({ timeout: 0 });
    await router.shutdown({ timeout: 0 });
  }
}

/** What may stand beside `--config`; the rest stands in the file. */
const BESIDE_CONFIG: readonly string[] = ["config", "check-config"];

async function serveByConfig(args: CommandArguments, { output, signal }: CommandContext): Promise<void> {
  const others = ROUTER_COMMAND.options.filter(({ name }) => !BESIDE_CONFIG.includes(name) && args.flag(name));
  if (others.length > 0) {
    const names = others.map(({ name }) => `--${name}`).join(", ");
    throw new UsageError(`Option --config cannot be used with ${names}: the file says it all`);
  }
  const file = args.text("config");
  const router = new ConfiguredRouter(fileSource(file), output);
  if (args.flag("check-config")) {
    const { realms, transports } = router.check();
    return output.print(`${file} is right: ${realms.size} realms, ${transports.length} transports`);
  }
  const reload = (): void => void router.reload();
  process.on("SIGHUP", reload);
  try {
    await router.start();
    await untilAborted(signal);
  } finally {
    process.off("SIGHUP", reload);
    await router.stop();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
