/**
 * The folder over a plain WebSocket: requests and answers are texts of JSON, a file is one binary message that is never
 * held whole. Nothing is in between, so TCP itself keeps the sender from being too fast.
 *
 * @module
 */

import { CLOSE_CODE, type IncomingMessage, type WebSocketConnection } from "@viaduct/viaduct";
import { TransferError } from "./files.ts";
import { nextMessage, readJson } from "./stream_messages.ts";
import { refusalOf, type Store } from "./store.ts";

/** One connection. */
class Conversation {
  readonly #ws: WebSocketConnection;
  readonly #store: Store;
  readonly #messages: AsyncIterator<IncomingMessage>;

  constructor(ws: WebSocketConnection, store: Store) {
    this.#ws = ws;
    this.#store = store;
    this.#messages = ws.messages();
  }

  async run(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#messages.next();
      if (done === true) return;
      const { action, name, size, offset } = await readJson(value);
      if (action === "list") await this.#answer({ files: await this.#store.list() });
      else if (action === "size") await this.#answer({ size: await this.#store.size(name) });
      else if (action === "download") await this.#download(name, offset);
      else if (action === "upload") await this.#upload(name, size);
      else throw new TransferError("bad_request", "Action must be list, size, download or upload");
    }
  }

  async #answer(value: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#ws.send(JSON.stringify(value));
  }

  /** The rest of the file as bytes, then `{ sha256 }`. */
  async #download(name: unknown, offset: unknown): Promise<void> {
    const chunks = await this.#store.read(name, offset);
    let sha256 = "";
    const body = async function* (): AsyncGenerator<Uint8Array> {
      sha256 = yield* chunks;
    };
    await this.#ws.sendStream(body());
    await this.#answer({ sha256 });
  }

  /** Answers `{ received }`, takes the rest of the file as bytes and then `{ sha256 }`, and answers again. */
  async #upload(name: unknown, size: unknown): Promise<void> {
    using file = await this.#store.receive(name, size);
    await this.#answer({ received: file.received });
    for await (const chunk of await nextMessage(this.#messages)) await file.write(chunk);
    const { sha256 } = await readJson(await nextMessage(this.#messages));
    await file.finish(String(sha256));
    await this.#answer({ received: file.received });
  }
}

/** Serves one connection until it ends. A transfer that failed ends it. */
export async function serveFiles(ws: WebSocketConnection, store: Store): Promise<void> {
  try {
    await new Conversation(ws, store).run();
  } catch (error) {
    if (ws.state !== "open") return;
    const { code, message } = refusalOf(error);
    await ws.send(JSON.stringify({ error: code, message }));
    await ws.close(code === "failed" ? CLOSE_CODE.INTERNAL_ERROR : CLOSE_CODE.POLICY_VIOLATION);
  }
}
