/**
 * What a client needs of a server, whichever way it is reached.
 *
 * @module
 */

import type { FileInfo } from "./files.ts";

/** Chunks of a file, and in the end the SHA-256 of the whole, in hex. */
export type Chunks = AsyncGenerator<Uint8Array, string>;

/** A server. What it refuses is thrown as a `TransferError`. */
export interface Remote extends AsyncDisposable {
  /** What is there. */
  list(): Promise<readonly FileInfo[]>;
  /** The size of a file, in bytes. */
  size(name: string): Promise<number>;
  /** A file from an offset on. */
  download(name: string, size: number, offset: number, signal: AbortSignal): Chunks;
  /**
   * Sends a file; resolves when it is there whole.
   *
   * @param read Gives the file from where the server has it on.
   * @param onProgress Is told how many bytes are there.
   */
  upload(
    file: FileInfo,
    read: (offset: number) => Chunks,
    onProgress: (sent: number) => void,
    signal: AbortSignal,
  ): Promise<void>;
}
