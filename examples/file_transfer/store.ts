/**
 * The folder of a server: what it offers, and what is uploaded to it.
 *
 * @module
 */

import { join } from "node:path";
import { failureMessage } from "@viaduct/viaduct";
import { type FileInfo, PART, PartialFile, readFrom, TransferError } from "./files.ts";

/** A name that stays in the folder, whatever the system; Windows leaves out dots and spaces at the end. */
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N} ._()-]{0,98}[\p{L}\p{N}_()-])?$/u;
/** What is a device to Windows, in every folder and with every ending. */
const DEVICE = /^(?:con|prn|aux|nul|com\p{N}|lpt\p{N}) *(?:\.|$)/iu;

/** What a client is told of an error. A failure of this machine is printed here: its paths are not the client's to know. */
export function refusalOf(error: unknown): TransferError {
  if (error instanceof TransferError) return error;
  console.error(`Cannot serve a client: ${failureMessage(error)}`);
  return new TransferError("failed", "The server cannot do that now");
}

/** A file that is being uploaded. */
export class Upload implements Disposable {
  readonly #file: PartialFile;
  readonly #size: number;
  readonly #release: () => void;

  constructor(file: PartialFile, size: number, release: () => void) {
    this.#file = file;
    this.#size = size;
    this.#release = release;
  }

  /** How many bytes are there: the sender goes on from here. */
  get received(): number {
    return this.#file.received;
  }

  /** Adds bytes. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.received + chunk.length > this.#size) throw new TransferError("too_large", "There is more than was said");
    await this.#file.write(chunk);
  }

  /** Puts the file in its place, if it is whole. */
  async finish(sha256: string): Promise<void> {
    if (this.received < this.#size) throw new TransferError("bad_request", "There is less than was said");
    await this.#file.finish(sha256);
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
    this.#release();
  }
}

/** The folder. */
export class Store {
  readonly #folder: string;
  readonly #maxSize: number;
  /** The names that are being uploaded, in lower case: on Windows and macOS names that differ in case only are one. */
  readonly #busy = new Set<string>();

  /** `maxSize` is that of an upload, in bytes. */
  constructor(folder: string, maxSize: number) {
    this.#folder = folder;
    this.#maxSize = maxSize;
  }

  /** What is there, by name. */
  async list(): Promise<readonly FileInfo[]> {
    const files: FileInfo[] = [];
    for await (const { name, isFile } of Deno.readDir(this.#folder)) {
      if (!isFile || !isName(name)) continue;
      files.push({ name, size: (await Deno.stat(join(this.#folder, name))).size });
    }
    return files.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** The size of a file, in bytes. */
  async size(name: unknown): Promise<number> {
    const path = this.#path(name);
    const info = await Deno.lstat(path).catch(() => undefined);
    if (info?.isFile) return info.size;
    throw new TransferError("no_such_file", `There is no file "${name}"`);
  }

  /** Reads a file; see {@linkcode readFrom}. */
  async read(name: unknown, offset: unknown): Promise<AsyncGenerator<Uint8Array, string>> {
    const size = await this.size(name);
    if (!isCount(offset) || offset > size) throw new TransferError("bad_request", `Offset must be 0 to ${size}`);
    return readFrom(this.#path(name), offset);
  }

  /** Begins an upload, or goes on with it. One at a time writes to a name; the last to finish is what stays. */
  async receive(name: unknown, size: unknown): Promise<Upload> {
    const path = this.#path(name);
    if (!isCount(size)) throw new TransferError("bad_request", "Size must be a number of bytes");
    if (size > this.#maxSize) {
      throw new TransferError("too_large", `Size must be at most ${this.#maxSize}, received ${size}`);
    }
    const key = path.toLowerCase();
    if (this.#busy.has(key)) throw new TransferError("busy", `"${name}" is being uploaded by somebody else`);
    this.#busy.add(key);
    const release = (): void => void this.#busy.delete(key);
    try {
      return new Upload(await PartialFile.open(path, size), size, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  #path(name: unknown): string {
    if (isName(name)) return join(this.#folder, name);
    throw new TransferError("bad_request", "Name must be a plain file name");
  }
}

function isName(name: unknown): name is string {
  if (typeof name !== "string" || DEVICE.test(name)) return false;
  return NAME.test(name) && !name.toLowerCase().endsWith(PART);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
