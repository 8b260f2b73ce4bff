/**
 * What the chat is about: who is here, what was said, and what a page may send.
 *
 * @module
 */

import { CLOSE_CODE, type WebSocketConnection } from "@viaduct/viaduct";

/** The longest name, in characters. */
export const MAX_NAME = 32;
/** The longest text, in characters. */
export const MAX_TEXT = 1_000;
/** How many messages who joins late gets to see. */
const MAX_HISTORY = 50;

/** What a page sends. */
export type ChatRequest = { readonly type: "join"; readonly name: string } | {
  readonly type: "say";
  readonly text: string;
};

/** A line of the chat. `time` is in milliseconds since 1970. */
export type ChatLine =
  | { readonly type: "said"; readonly name: string; readonly text: string; readonly time: number }
  | { readonly type: "notice"; readonly text: string; readonly time: number };

/** What a page gets: first the history, then lines as they come, and how many people are here when that changes. */
export type ChatEvent =
  | ChatLine
  | { readonly type: "history"; readonly lines: readonly ChatLine[] }
  | { readonly type: "people"; readonly count: number };

/** A page sent what the chat does not understand. */
class RequestError extends Error {}

/** The people and the last messages. */
export class Room {
  readonly #broadcast: (text: string) => void;
  /** The names of those who gave one. */
  readonly #names = new Map<WebSocketConnection, string>();
  readonly #history: ChatLine[] = [];

  /** Creates an empty room; `broadcast` sends a text to every page. */
  constructor(broadcast: (text: string) => void) {
    this.#broadcast = broadcast;
  }

  /** Serves one page until it goes away. */
  async serve(ws: WebSocketConnection): Promise<void> {
    void ws.send(JSON.stringify(this.#welcome()));
    void ws.send(JSON.stringify(this.#people()));
    try {
      for await (const message of ws) this.#handle(ws, parseRequest(message));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      await ws.close(CLOSE_CODE.POLICY_VIOLATION, error.message);
    } finally {
      this.#leave(ws);
    }
  }

  #handle(ws: WebSocketConnection, request: ChatRequest): void {
    if (request.type === "join") return this.#join(ws, request.name);
    const name = this.#names.get(ws);
    if (name === undefined) throw new RequestError("Join with a name before you say something");
    const line: ChatLine = { type: "said", name, text: request.text, time: Date.now() };
    this.#history.push(line);
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
    this.#tell(line);
  }

  #join(ws: WebSocketConnection, name: string): void {
    const before = this.#names.get(ws);
    if (before === name) return;
    this.#names.set(ws, name);
    this.#notice(before === undefined ? `${name} joined` : `${before} is now ${name}`);
  }

  #leave(ws: WebSocketConnection): void {
    const name = this.#names.get(ws);
    if (this.#names.delete(ws)) this.#notice(`${name} left`);
  }

  #notice(text: string): void {
    this.#tell({ type: "notice", text, time: Date.now() });
    this.#tell(this.#people());
  }

  #tell(event: ChatEvent): void {
    this.#broadcast(JSON.stringify(event));
  }

  #welcome(): ChatEvent {
    return { type: "history", lines: this.#history };
  }

  #people(): ChatEvent {
    return { type: "people", count: this.#names.size };
  }
}

/** Reads what a page sent. Nothing in it is to be trusted. */
function parseRequest(message: string | Uint8Array): ChatRequest {
  const value = parseJson(message);
  if (typeof value === "object" && value !== null && "type" in value) {
    if (value.type === "join" && "name" in value) {
      return { type: "join", name: line("name", value.name, MAX_NAME) };
    }
    if (value.type === "say" && "text" in value) {
      return { type: "say", text: line("text", value.text, MAX_TEXT) };
    }
  }
  throw new RequestError("Requests must be a join with a name or a say with a text");
}

function parseJson(message: string | Uint8Array): unknown {
  if (typeof message !== "string") throw new RequestError("Requests must be text, received bytes");
  try {
    return JSON.parse(message);
  } catch {
    throw new RequestError("Requests must be JSON");
  }
}

/** One line of text, without control characters and surrounding space. */
function line(what: string, value: unknown, maxLength: number): string {
  if (typeof value !== "string") throw new RequestError(`The ${what} must be a string`);
  const text = value.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
  if (text === "" || text.length > maxLength) {
    throw new RequestError(`The ${what} must be 1 to ${maxLength} characters, received ${text.length}`);
  }
  return text;
}
