/**
 * Transfers of a client: with progress, at a limited rate where asked for, and anew where the connection is lost.
 *
 * @module
 */

import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ConnectionClosedError, failureMessage } from "@viaduct/viaduct";
import { SessionClosedError, TransportLostError } from "@viaduct/viaduct/wamp";
import { PartialFile, readFrom, TransferError } from "./files.ts";
import type { Chunks, Remote } from "./remote.ts";

/** The first wait before a lost connection is made again, and the longest, in milliseconds. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 5_000;

/** How files are transferred. */
export interface TransferOptions {
  /** Connects. */
  readonly open: () => Promise<Remote>;
  /** At most so many bytes in a second. */
  readonly limit: number;
  /** How often a lost connection is made again, without getting further. */
  readonly retries: number;
  readonly print: (line: string) => void;
  /** Gives the transfer up; what is there stays for another attempt. */
  readonly signal: AbortSignal;
}

/** Prints a line for each tenth. */
class Progress {
  readonly #size: number;
  readonly #print: (line: string) => void;
  #tenths = -1;
  /** How many bytes are there. */
  done = 0;

  constructor(size: number, print: (line: string) => void) {
    this.#size = size;
    this.#print = print;
  }

  show(done: number): void {
    this.done = done;
    const tenths = this.#size === 0 ? 10 : Math.floor(10 * done / this.#size);
    if (tenths === this.#tenths) return;
    this.#tenths = tenths;
    this.#print(`${String(tenths * 10).padStart(3)} %  ${done} of ${this.#size} bytes`);
  }
}

/** Lets chunks by at a rate. Who sends is not asked for more meanwhile. */
async function* limited(chunks: Chunks, { limit, signal }: TransferOptions): Chunks {
  const start = performance.now();
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await chunks.next();
      if (done === true) return value;
      length += value.length;
      const early = 1_000 * length / limit - (performance.now() - start);
      if (early > 0) await pause(early, undefined, { signal });
      yield value;
    }
  } finally {
    await chunks.return("");
  }
}

/** Whether another attempt may do better. */
function isLost(error: unknown): boolean {
  if (error instanceof TransferError) return error.code === "busy"; // the server may not know yet that we were cut off
  return [ConnectionClosedError, SessionClosedError, TransportLostError].some((kind) => error instanceof kind);
}

/** Tries until the file is there, the server refuses, or the network does not come back. */
async function persist(
  progress: () => number,
  options: TransferOptions,
  attempt: (remote: Remote) => Promise<void>,
): Promise<void> {
  const { open, retries, print, signal } = options;
  let wasOpen = false;
  for (let failures = 0, before = -1;;) {
    let isOpen = false;
    try {
      await using remote = await open();
      isOpen = wasOpen = true;
      return await attempt(remote);
    } catch (error) {
      signal.throwIfAborted();
      // A server that is not there at the beginning is not waited for; one that was there may come back.
      const mayPass = isOpen ? isLost(error) : wasOpen;
      failures = progress() > before ? 1 : failures + 1;
      before = progress();
      if (!mayPass || failures > retries) throw error;
      print(`Trying again: ${failureMessage(error)}`);
      await pause(Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (failures - 1)), undefined, { signal });
    }
  }
}

/** Fetches a file into a folder. */
export async function fetchFile(name: string, folder: string, options: TransferOptions): Promise<void> {
  const path = join(folder, basename(name));
  if (await exists(path)) throw new TransferError("bad_request", `There is a file ${path} already`);
  let progress: Progress | undefined;
  await persist(() => progress?.done ?? 0, options, async (remote) => {
    const size = await remote.size(name);
    using file = await PartialFile.open(path, size);
    progress ??= new Progress(size, options.print);
    progress.show(file.received);
    const chunks = limited(remote.download(name, size, file.received, options.signal), options);
    for (;;) {
      const { done, value } = await chunks.next();
      if (done === true) return await file.finish(value);
      await file.write(value);
      progress.show(file.received);
    }
  });
  options.print(`Received ${path}`);
}

/** Sends a file. */
export async function sendFile(path: string, options: TransferOptions): Promise<void> {
  const { size } = await Deno.stat(path);
  const name = basename(path);
  const progress = new Progress(size, options.print);
  await persist(() => progress.done, options, async (remote) => {
    const read = (offset: number): Chunks => limited(readFrom(path, offset), options);
    await remote.upload({ name, size }, read, (done) => progress.show(done), options.signal);
  });
  options.print(`Sent ${path}`);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
