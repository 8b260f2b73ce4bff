/**
 * Lists, fetches and sends files, and goes on where an earlier attempt ended.
 *
 * ```sh
 * deno run --allow-net --allow-read --allow-write examples/file_transfer/client.ts put FILE
 * ```
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { failureMessage } from "@viaduct/viaduct";
import { TransferError } from "./files.ts";
import type { Remote } from "./remote.ts";
import { StreamRemote } from "./stream_remote.ts";
import { fetchFile, sendFile, type TransferOptions } from "./transfer.ts";
import { WampRemote } from "./wamp_remote.ts";

const USAGE = `Usage: client.ts [OPTIONS] list
       client.ts [OPTIONS] get NAME     into this folder
       client.ts [OPTIONS] put FILE
  --url URL        the server, by WAMP (default: ws://127.0.0.1:8080/ws)
  --stream URL     the server, by a plain WebSocket instead, such as ws://127.0.0.1:8081
  --limit BYTES    at most so many bytes in a second (default: no limit)
  --retries COUNT  how often a lost connection is made again, without getting further (default: 10)
  --folder FOLDER  where files go (default: .)`;

function readNumber(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`Option --${name} must be a whole number, received "${text}"`);
}

async function list(open: () => Promise<Remote>): Promise<void> {
  await using remote = await open();
  for (const { name, size } of await remote.list()) console.log(`${String(size).padStart(12)} ${name}`);
}

async function main(signal: AbortSignal): Promise<void> {
  const { values, positionals: [command, file] } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      url: { type: "string", default: "ws://127.0.0.1:8080/ws" },
      stream: { type: "string" },
      limit: { type: "string", default: "0" },
      retries: { type: "string", default: "10" },
      folder: { type: "string", default: "." },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const { url, stream, folder } = values;
  const options: TransferOptions = {
    open: () => stream === undefined ? WampRemote.open(url, signal) : StreamRemote.open(stream, signal),
    limit: readNumber("limit", values.limit) || Infinity,
    retries: readNumber("retries", values.retries),
    print: (line) => console.log(line),
    signal,
  };
  if (command === "list") await list(options.open);
  else if (command === "get" && file !== undefined) await fetchFile(file, folder, options);
  else if (command === "put" && file !== undefined) await sendFile(file, options);
  else throw new Error("Command must be list, get NAME or put FILE");
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
try {
  await main(stop.signal);
} catch (error) {
  if (stop.signal.aborted) {
    console.error("Stopped: the same command goes on from here");
    process.exitCode = 130;
  } else {
    console.error(failureMessage(error));
    if (!(error instanceof TransferError)) console.error(USAGE);
    process.exitCode = 1;
  }
}
