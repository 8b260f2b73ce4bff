/**
 * A server that is reached by a plain WebSocket.
 *
 * @module
 */

import {
  CLOSE_CODE,
  connect,
  ConnectionClosedError,
  type IncomingMessage,
  type WebSocketConnection,
} from "@viaduct/viaduct";
import { type FileInfo, TransferError, type TransferErrorCode } from "./files.ts";
import type { Chunks, Remote } from "./remote.ts";
import { nextMessage, readJson } from "./stream_messages.ts";

/** A connection. */
export class StreamRemote implements Remote {
  readonly #ws: WebSocketConnection;
  readonly #messages: AsyncIterator<IncomingMessage>;

  private constructor(ws: WebSocketConnection) {
    this.#ws = ws;
    this.#messages = ws.messages();
  }

  /** Connects. */
  static async open(url: string, signal: AbortSignal): Promise<StreamRemote> {
    return new StreamRemote(await connect(url, { signal }));
  }

  async list(): Promise<readonly FileInfo[]> {
    const { files } = await this.#ask({ action: "list" });
    return files as readonly FileInfo[];
  }

  async size(name: string): Promise<number> {
    return Number((await this.#ask({ action: "size", name })).size);
  }

  async *download(name: string, _size: number, offset: number, signal: AbortSignal): Chunks {
    using _ = this.#stopOn(signal);
    await this.#ws.send(JSON.stringify({ action: "download", name, offset }));
    const message = await nextMessage(this.#messages);
    if (message.isText) throw refusalOf(await readJson(message));
    yield* message;
    return String((await this.#answer()).sha256);
  }

  async upload(
    { name, size }: FileInfo,
    read: (offset: number) => Chunks,
    onProgress: (sent: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    using _ = this.#stopOn(signal);
    let sent = Number((await this.#ask({ action: "upload", name, size })).received);
    let sha256 = "";
    const body = async function* (): AsyncGenerator<Uint8Array> {
      const chunks = read(sent);
      try {
        for (;;) {
          onProgress(sent);
          const { done, value } = await chunks.next();
          if (done === true) {
            sha256 = value;
            return;
          }
          yield value;
          sent += value.length; // asked for the next one, so there was room for it
        }
      } finally {
        await chunks.return("");
      }
    };
    try {
      await this.#ws.sendStream(body());
    } catch (error) {
      // The server may have said why it ended the connection.
      if (error instanceof ConnectionClosedError) await this.#answer();
      throw error;
    }
    await this.#ask({ sha256 });
  }

  async #ask(request: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    await this.#ws.send(JSON.stringify(request));
    return await this.#answer();
  }

  async #answer(): Promise<Readonly<Record<string, unknown>>> {
    const answer = await readJson(await nextMessage(this.#messages));
    if (answer.error !== undefined) throw refusalOf(answer);
    return answer;
  }

  /** Ends the connection, and what is under way on it, when the signal is aborted. */
  #stopOn(signal: AbortSignal): Disposable {
    const stop = (): void => void this.#ws.close(CLOSE_CODE.GOING_AWAY);
    signal.addEventListener("abort", stop);
    return { [Symbol.dispose]: () => signal.removeEventListener("abort", stop) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ws.close();
  }
}

function refusalOf({ error, message }: Readonly<Record<string, unknown>>): TransferError {
  return new TransferError(error as TransferErrorCode, String(message));
}
