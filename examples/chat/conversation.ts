/**
 * A scripted conversation of two clients, over real sockets.
 *
 * @module
 */

import { connect, type WebSocketConnection } from "@viaduct/viaduct";
import type { ChatEvent, ChatRequest } from "./room.ts";

/** One of the two. */
class Person {
  readonly #name: string;
  readonly #ws: WebSocketConnection;
  readonly #print: (line: string) => void;

  constructor(name: string, ws: WebSocketConnection, print: (line: string) => void) {
    this.#name = name;
    this.#ws = ws;
    this.#print = print;
  }

  async join(): Promise<void> {
    await this.#send({ type: "join", name: this.#name });
    await this.#until(`${this.#name} joined`);
  }

  async say(text: string): Promise<void> {
    this.#print(`${this.#name} says     ${text}`);
    await this.#send({ type: "say", text });
  }

  /** Reads until someone says this. */
  async hear(name: string, text: string): Promise<void> {
    await this.#until(`${name}: ${text}`);
  }

  /** Reads until this name is gone. */
  async seeLeaving(name: string): Promise<void> {
    await this.#until(`${name} left`);
  }

  async leave(): Promise<void> {
    const { code, wasClean } = await this.#ws.close();
    this.#print(`${this.#name} leaves   code ${code}, ${wasClean ? "cleanly" : "not cleanly"}`);
  }

  async #send(request: ChatRequest): Promise<void> {
    await this.#ws.send(JSON.stringify(request));
  }

  async #until(expected: string): Promise<void> {
    for await (const message of this.#ws) {
      for (const line of linesOf(JSON.parse(String(message)))) {
        this.#print(`${this.#name} receives ${line}`);
        if (line === expected) return;
      }
    }
    throw new Error(`${this.#name} must receive "${expected}", but the connection ended`);
  }
}

/** What a page would show of an event. */
function linesOf(event: ChatEvent): string[] {
  switch (event.type) {
    case "history":
      return event.lines.flatMap(linesOf);
    case "said":
      return [`${event.name}: ${event.text}`];
    case "notice":
      return [event.text];
    case "people":
      return [];
  }
}

/**
 * Fetches the page, then lets two clients talk.
 *
 * @param page The address of the page.
 * @param socket The address of the WebSocket.
 * @param print Takes what happens, line by line.
 */
export async function converse(page: URL, socket: string, print: (line: string) => void): Promise<void> {
  const response = await fetch(page);
  const html = await response.text();
  print(`GET ${page.pathname} answers ${response.status}, ${html.length} characters of HTML`);
  if (!response.ok || !html.includes("</html>")) throw new Error("The page must be whole");

  const ada = new Person("Ada", await connect(socket), print);
  await ada.join();
  await ada.say("Is anybody here?");
  await ada.hear("Ada", "Is anybody here?");
  const bob = new Person("Bob", await connect(socket), print);
  await bob.join(); // The history comes first.
  await bob.say("I am, and I see your question.");
  for (const person of [ada, bob]) await person.hear("Bob", "I am, and I see your question.");
  await bob.leave();
  await ada.seeLeaving("Bob");
  await ada.leave();
  print("The conversation is over");
}
