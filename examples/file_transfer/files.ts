/**
 * Files on disk: read in chunks, and written in parts that are checked in the end. Both sides use them.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** The size of a chunk, in bytes. */
export const CHUNK = 64 << 10;
/** What the name of a file ends in that is not whole yet. */
export const PART = ".part";

/** A file that is offered. */
export interface FileInfo {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
}

/** Why a transfer failed. */
export type TransferErrorCode = "bad_request" | "no_such_file" | "too_large" | "busy" | "checksum" | "failed";

/** What one side tells the other about a transfer that failed. */
export class TransferError extends Error {
  override readonly name = "TransferError";
  readonly code: TransferErrorCode;

  constructor(code: TransferErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Reads a chunk; an empty one is the end. */
async function readChunk(file: Deno.FsFile, size: number): Promise<Uint8Array> {
  const chunk = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const count = await file.read(chunk.subarray(length));
    if (count === null) break;
    length += count;
  }
  return chunk.subarray(0, length);
}

/**
 * Reads a file from an offset on.
 *
 * @returns Chunks, and in the end the SHA-256 of the whole file, in hex.
 */
export async function* readFrom(path: string, offset: number): AsyncGenerator<Uint8Array, string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  for (let skipped = 0; skipped < offset;) {
    const chunk = await readChunk(file, Math.min(CHUNK, offset - skipped));
    if (chunk.length === 0) throw new TransferError("checksum", `The file has ${skipped} bytes, fewer than ${offset}`);
    hash.update(chunk);
    skipped += chunk.length;
  }
  for (;;) {
    const chunk = await readChunk(file, CHUNK);
    if (chunk.length === 0) return hash.digest("hex");
    hash.update(chunk);
    yield chunk;
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of (await Deno.open(path)).readable) hash.update(chunk);
  return hash.digest("hex");
}

/** A file that comes in parts, beside its place until it is whole. It goes on where an earlier attempt ended. */
export class PartialFile implements Disposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #received: number;

  private constructor(path: string, file: Deno.FsFile, received: number) {
    this.#path = path;
    this.#file = file;
    this.#received = received;
  }

  /** Opens the file that is to be at `path`. What is there of it is dropped where it is more than `size`. */
  static async open(path: string, size: number): Promise<PartialFile> {
    const file = await Deno.open(path + PART, { append: true, create: true });
    const { size: received } = await file.stat();
    if (received <= size) return new PartialFile(path, file, received);
    file.close();
    // On Windows, what is open for appending cannot be made shorter.
    return new PartialFile(path, await Deno.open(path + PART, { write: true, truncate: true }), 0);
  }

  /** How many bytes are there. */
  get received(): number {
    return this.#received;
  }

  /** Adds bytes. */
  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) at += await this.#file.write(chunk.subarray(at));
    this.#received += chunk.length;
  }

  /** Checks what is on disk, and puts it where it belongs; where it is not what was sent, it is removed. */
  async finish(sha256: string): Promise<void> {
    const actual = await hashFile(this.#path + PART);
    if (actual === sha256) return await Deno.rename(this.#path + PART, this.#path);
    await Deno.remove(this.#path + PART);
    throw new TransferError("checksum", `SHA-256 must be ${sha256}, received ${actual}: try again from the beginning`);
  }

  /** Leaves the part for the next attempt. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
