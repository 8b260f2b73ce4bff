/**
 * What a connection needs of a socket.
 *
 * @module
 */

/**
 * A duplex byte stream. `Deno.Conn` fits; so does anything that a `dial` hook or {@linkcode accept} is given.
 *
 * @public
 */
export interface ByteStream {
  /**
   * Reads up to `buffer.byteLength` bytes into `buffer`.
   *
   * @param buffer Where the bytes go; it is not touched after the promise has settled.
   * @returns The number of bytes read, at least 1, or `null` at the end of the stream.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /**
   * Writes some of `bytes`.
   *
   * @param bytes What to write; it must not change until the promise has settled.
   * @returns The number of bytes written, which may be fewer than given.
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends our direction and keeps reading; where absent, the stream is closed whole. */
  closeWrite?(): Promise<void>;
  /** Closes both directions at once. A pending read or write settles. */
  close(): void;
}

/** Writes all of `bytes`. @internal */
export async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await stream.write(bytes.subarray(at));
}

/** Closes a stream that may be closed already: Deno's sockets throw then. @internal */
export function closeQuietly(stream: ByteStream): void {
  try {
    stream.close();
  } catch {
    // It is closed.
  }
}
