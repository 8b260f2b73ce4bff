/**
 * `viaduct echo`: a server that sends back what it gets.
 *
 * @module
 */

import { serve, type ServeOptions, type WebSocketConnection } from "../websocket/mod.ts";
import { type Command, type CommandArguments, type CommandContext, oneOf, UsageError } from "./command.ts";

const BINARY = { text: false };
const TEXT = { text: true };
const TRANSFER = { transfer: true };
/** From this many bytes on, giving a message away is cheaper than having it copied. */
const WORTH_TRANSFER = 16 << 10;

/** Sends a message back, by the handler form: the bytes are borrowed and copied once. */
function echoMessage(ws: WebSocketConnection, data: Uint8Array, isText: boolean): void {
  void ws.send(data, isText ? TEXT : BINARY);
}

/** Sends messages back, by iteration. */
async function echoAll(ws: WebSocketConnection): Promise<void> {
  for await (const message of ws) {
    // A large message is given away instead of copied; for a small one that would cost more.
    void ws.send(message, message.length < WORTH_TRANSFER ? undefined : TRANSFER);
  }
}

/** Starts an echo server and runs it until the signal. @internal */
export async function serveEcho(
  options: ServeOptions,
  api: "handler" | "iterate",
  { output, signal }: CommandContext,
): Promise<void> {
  const all: ServeOptions = { ...options, signal, onListen: (server) => output.print(`Listening on ${server.url}`) };
  const server = api === "handler" ? serve({ ...all, message: echoMessage }) : serve(all, echoAll);
  await server.finished;
}

/** Reads where to listen from a `ws:` URL. @internal */
export function listenAddress(text: string): { readonly hostname: string; readonly port: number } {
  const url = URL.parse(text);
  if (url?.protocol !== "ws:") throw new UsageError(`Option --url must be like ws://127.0.0.1:9001, received ${text}`);
  return { hostname: url.hostname.replace(/^\[|\]$/g, ""), port: url.port === "" ? 80 : Number(url.port) };
}

/** Reads which API an echo is to be written with. @internal */
export function readApi(args: CommandArguments): "handler" | "iterate" {
  return oneOf(args, "api", ["handler", "iterate"]);
}

/** Messages are sent back whatever they are, however large the suite or a load makes them. */
const ECHO_LIMITS = { maxMessage: 64 << 20, maxSendBuffer: 64 << 20 };

/** The command. @internal */
export const ECHO_COMMAND: Command = {
  name: "echo",
  operands: "",
  help: "Serve WebSocket clients and send every message back.",
  options: [
    { name: "url", value: "URL", help: "where to listen; port 0 takes a free one", default: "ws://127.0.0.1:9001" },
    { name: "api", value: "API", help: "the API to use: handler or iterate", default: "handler" },
    { name: "deflate", help: "accept permessage-deflate, with context takeover where the client asks for it" },
  ],
  async run(args, context) {
    const options = { ...listenAddress(args.text("url")), limits: ECHO_LIMITS, origins: "any" } as const;
    const compression = { threshold: 0, serverNoContextTakeover: false, clientNoContextTakeover: false };
    const all: ServeOptions = args.flag("deflate") ? { ...options, compression } : options;
    await serveEcho(all, readApi(args), context);
  },
};
