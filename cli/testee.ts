/**
 * `viaduct testee`: the AutobahnTestsuite's counterpart in both roles.
 *
 * @module
 */

import { connect, type ConnectOptions, type WebSocketConnection } from "../websocket/mod.ts";
import {
  type Command,
  type CommandArguments,
  type CommandContext,
  type CommandOutput,
  UsageError,
  wholeNumber,
} from "./command.ts";
import { listenAddress, readApi, serveEcho } from "./echo.ts";

/** What the suite tests includes compression of every kind, and messages of 16 MiB. */
const TESTEE_OPTIONS = {
  compression: { threshold: 0, serverNoContextTakeover: false, clientNoContextTakeover: false },
  limits: { maxMessage: 16 << 20, maxSendBuffer: 64 << 20 },
  keepalive: false,
} as const;

/** How often the client says how far it is, in cases. */
const PROGRESS_STEP = 25;

/** The command. @internal */
export const TESTEE_COMMAND: Command = {
  name: "testee",
  operands: "server|client",
  help: "Be tested by the AutobahnTestsuite: by its fuzzing client, or by its fuzzing server.",
  options: [
    { name: "url", value: "URL", help: "where to listen, or where the suite listens", default: "ws://127.0.0.1:9001" },
    { name: "agent", value: "NAME", help: "the name in the suite's reports", default: "viaduct" },
    { name: "api", value: "API", help: "the API to use: handler or iterate", default: "handler" },
    { name: "parallel", value: "N", help: "client: how many cases run at once", default: "1" },
  ],
  async run(args, context) {
    const [role] = args.positionals;
    if (role === "server") {
      await serveEcho(
        { ...TESTEE_OPTIONS, ...listenAddress(args.text("url")), origins: "any" },
        readApi(args),
        context,
      );
    } else if (role === "client") {
      await runClient(args, context);
    } else {
      throw new UsageError(`Testee must be server or client, received ${JSON.stringify(role ?? "")}`);
    }
  },
};

async function runClient(args: CommandArguments, { output, signal }: CommandContext): Promise<void> {
  const url = suiteUrl(args.text("url"));
  const agent = encodeURIComponent(args.text("agent"));
  const api = readApi(args);
  const parallel = wholeNumber(args, "parallel", 1);
  const count = await caseCount(url, signal);
  output.print(`Running ${count} cases`);
  let next = 1;
  const worker = async () => {
    while (next <= count) {
      const number = next++;
      await runCase(`${url}/runCase?case=${number}&agent=${agent}`, api, output, signal);
      if (number % PROGRESS_STEP === 0 || number === count) output.report(`Case ${number} of ${count}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  const ws = await connect(`${url}/updateReports?agent=${agent}`, { signal });
  await ws.closed;
  output.print("Reports updated");
}

/** Reads where the suite listens; its paths follow. */
function suiteUrl(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== "ws:" && url?.protocol !== "wss:") {
    throw new UsageError(`Option --url must be like ws://127.0.0.1:9001, received ${text}`);
  }
  return text.replace(/\/+$/, "");
}

async function caseCount(url: string, signal: AbortSignal): Promise<number> {
  const ws = await connect(`${url}/getCaseCount`, { signal });
  let received = "";
  for await (const message of ws) {
    received = String(message);
    break;
  }
  await ws.close();
  if (/^\d+$/.test(received)) return Number(received);
  throw new Error(`Suite must send the number of cases, received ${JSON.stringify(received)}`);
}

/** A case fails in the suite's report, not here: how it closes is part of what is tested. */
async function runCase(
  url: string,
  api: "handler" | "iterate",
  output: CommandOutput,
  signal: AbortSignal,
): Promise<void> {
  const options: ConnectOptions = { ...TESTEE_OPTIONS, signal };
  const ws = await connect(url, api === "handler" ? { ...options, message: echo } : options);
  if (api === "iterate") await echoUntilEnd(ws);
  const { error } = await ws.closed;
  if (error !== undefined && signal.aborted) throw error;
  if (error !== undefined && error.name !== "ProtocolError") output.report(`${url}: ${error.message}`);
}

const TEXT = { text: true };

function echo(ws: WebSocketConnection, data: Uint8Array, isText: boolean): void {
  void ws.send(data, isText ? TEXT : undefined);
}

async function echoUntilEnd(ws: WebSocketConnection): Promise<void> {
  try {
    for await (const message of ws) void ws.send(message);
  } catch {
    // `closed` tells the same, and the caller looks at it.
  }
}
