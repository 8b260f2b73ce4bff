/**
 * A server that is reached by WAMP.
 *
 * @module
 */

import { ApplicationError, type Arguments, join, type Session } from "@viaduct/viaduct/wamp";
import { CHUNK, type FileInfo, TransferError, type TransferErrorCode } from "./files.ts";
import type { Chunks, Remote } from "./remote.ts";
import { ERROR_PREFIX } from "./wamp_service.ts";

/** How many chunks are under way. More than fits into a round trip gains nothing; a router holds it for us. */
const WINDOW = 16;

/** How many chunks may still be sent or asked for. */
class Credits {
  #left = WINDOW;
  #wake = (): void => {};
  #isOver = false;

  /** Takes one, as soon as there is one; `false` when it is over. */
  async take(): Promise<boolean> {
    while (this.#left === 0 && !this.#isOver) await new Promise<void>((resolve) => this.#wake = resolve);
    this.#left--;
    return !this.#isOver;
  }

  give(): void {
    this.#left++;
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }
}

/** What the server said, as it is meant. */
function fromApplicationError(error: unknown): unknown {
  if (!(error instanceof ApplicationError) || !error.uri.startsWith(ERROR_PREFIX)) return error;
  return new TransferError(error.uri.slice(ERROR_PREFIX.length) as TransferErrorCode, String(error.args[0]));
}

async function* askFor(name: string, offset: number, count: number, credits: Credits): AsyncGenerator<Arguments> {
  yield { args: [name, offset] };
  for (let asked = 0; asked < count && await credits.take(); asked++) yield {};
}

async function* send(
  { name, size }: FileInfo,
  read: (offset: number) => Chunks,
  start: Promise<number | undefined>,
  credits: Credits,
): AsyncGenerator<Arguments, Arguments> {
  yield { args: [name, size] };
  const offset = await start;
  if (offset === undefined) return {};
  const chunks = read(offset);
  try {
    for (;;) {
      const { done, value } = await chunks.next();
      if (done === true) return { kwargs: { sha256: value } };
      if (!await credits.take()) return {};
      yield { args: [value] };
    }
  } finally {
    await chunks.return(""); // closes the file where the call has ended meanwhile
  }
}

/** A session. */
export class WampRemote implements Remote {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  /** Joins. */
  static async open(url: string, signal: AbortSignal): Promise<WampRemote> {
    return new WampRemote(await join(url, { realm: "files", signal }));
  }

  list(): Promise<readonly FileInfo[]> {
    return this.#ask("files.list");
  }

  size(name: string): Promise<number> {
    return this.#ask("files.size", [name]);
  }

  async #ask<Answer>(procedure: string, args: readonly unknown[] = []): Promise<Answer> {
    try {
      return await this.#session.call<Answer>(procedure, args);
    } catch (error) {
      throw fromApplicationError(error);
    }
  }

  async *download(name: string, size: number, offset: number, signal: AbortSignal): Chunks {
    const credits = new Credits();
    const parts = askFor(name, offset, Math.ceil((size - offset) / CHUNK), credits);
    try {
      for await (
        const { args: [value], progress } of this.#session.callProgressive("files.download", parts, { signal })
      ) {
        if (!progress) return String(value);
        if (!(value instanceof Uint8Array)) throw new TransferError("bad_request", "A chunk must be bytes");
        yield value;
        credits.give();
      }
    } catch (error) {
      throw fromApplicationError(error);
    } finally {
      credits.end();
    }
    throw new TransferError("bad_request", "The checksum is missing");
  }

  async upload(
    file: FileInfo,
    read: (offset: number) => Chunks,
    onProgress: (sent: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const credits = new Credits();
    const start = Promise.withResolvers<number | undefined>();
    const parts = send(file, read, start.promise, credits);
    let isFirst = true;
    try {
      for await (const { args: [received] } of this.#session.callProgressive("files.upload", parts, { signal })) {
        onProgress(Number(received));
        if (isFirst) start.resolve(Number(received));
        else credits.give();
        isFirst = false;
      }
    } catch (error) {
      throw fromApplicationError(error);
    } finally {
      start.resolve(undefined);
      credits.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.leave();
  }
}
