/**
 * The demo: a router, a backend, a frontend, and a page in which to watch them and to take part.
 *
 * ```sh
 * deno run --allow-net --allow-read=examples/demo/page,cli/console/page,internal,wamp,websocket examples/demo/main.ts
 * ```
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { failureMessage } from "@viaduct/viaduct";
import { type Address, type Demo, REALM, startDemo } from "./demo.ts";
import { runScript } from "./script.ts";

const USAGE = `Usage: main.ts [OPTIONS]
  --port PORT            the page and WebSocket; 0 takes a free port (default: 8080, or a free one)
  --rawsocket-port PORT  RawSocket; 0 takes a free port (default: 8081, or a free one)
  --hostname HOST        the address to bind; 0.0.0.0 lets other machines in (default: 127.0.0.1)
  --once                 run a scripted exchange, print it, and exit`;

const PORT = 8080;
const RAWSOCKET_PORT = 8081;

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new Error(`Port must be 0 to 65535, received "${text}"`);
  return Number(text);
}

function print(part: string, line: string): void {
  console.log(`${part.padEnd(9)} ${line}`);
}

/** Takes other ports where the usual ones are taken, unless a person asked for them. */
async function startSomewhere(address: Address, isAsked: boolean): Promise<Demo> {
  try {
    return await startDemo(address, print);
  } catch (error) {
    if (isAsked || !(error instanceof Deno.errors.AddrInUse)) throw error;
    return await startDemo({ ...address, port: 0, rawsocketPort: 0 }, print);
  }
}

async function runOnce(hostname: string): Promise<void> {
  const heard = Promise.withResolvers<void>();
  const demo = await startDemo({ hostname, port: 0, rawsocketPort: 0 }, (part, line) => {
    if (part === "frontend" && line.startsWith("receives: demo.hello")) {
      console.log(`frontend receives  ${line.slice("receives: ".length)}`);
      heard.resolve();
    }
  });
  try {
    await runScript(demo, (line) => console.log(line), heard.promise);
  } finally {
    await demo.stop();
  }
  console.log("The exchange is over");
}

function describe({ page, url, rawsocketUrl }: Demo): string {
  return `
  Viaduct's demo is at ${page}

  router    ${url} and ${rawsocketUrl}, realm ${REALM}, for anybody on this machine
  backend   demo.add, demo.greet, demo.countdown, demo.square, demo.fail; publishes demo.tick
  frontend  subscribes to demo. (prefix), calls demo.square, publishes demo.squared

  Join in from another terminal:
    deno run --allow-net cli/main.ts call demo.add 20 22 --url ${url}
    deno run --allow-net cli/main.ts publish demo.hello '"from a terminal"' --url ${url}
    deno run --allow-net cli/main.ts subscribe demo. --match prefix --url ${rawsocketUrl}

  With a client of others, such as AutobahnJS (npm install autobahn):
    const connection = new autobahn.Connection({ url: "${url}", realm: "${REALM}" });
    connection.onopen = (session) => session.call("demo.add", [20, 22]).then(console.log);
    connection.open();

  Ctrl+C ends it.
`;
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve());
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      port: { type: "string" },
      "rawsocket-port": { type: "string" },
      hostname: { type: "string", default: "127.0.0.1" },
      once: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { port, "rawsocket-port": rawsocketPort, hostname, once, help } = values;
  if (help) return console.log(USAGE);
  if (once) return await runOnce(hostname);
  const ports = {
    port: readPort(port ?? String(PORT)),
    rawsocketPort: readPort(rawsocketPort ?? (port === undefined ? String(RAWSOCKET_PORT) : "0")),
  };
  const demo = await startSomewhere({ hostname, ...ports }, port !== undefined || rawsocketPort !== undefined);
  console.log(describe(demo));
  await untilInterrupted();
  await demo.stop();
  console.log("Bye");
}

try {
  await main();
} catch (error) {
  console.error(failureMessage(error));
  console.error(USAGE);
  process.exitCode = 1;
}
