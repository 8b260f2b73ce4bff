/**
 * The page: it logs in by a request, and then stays joined with a ticket for each session.
 *
 * @module
 */

/// <reference lib="dom" />

import { ApplicationError, type Component, component, type ComponentStatus } from "@viaduct/viaduct/wamp";
import { ticket } from "@viaduct/viaduct/wamp/auth";
import { socketUrl } from "../../../cli/console/page/connection.ts";
import { byId, make, makeTime, showText } from "../../../cli/console/page/dom.ts";
import type { Person } from "../accounts.ts";
import type { Note } from "../board.ts";

const status = byId("status", HTMLSpanElement);
const problem = byId("problem", HTMLParagraphElement);
const refusal = byId("refusal", HTMLParagraphElement);
const loginForm = byId("login", HTMLFormElement);
const addForm = byId("add", HTMLFormElement);
const board = byId("board", HTMLElement);
const notes = byId("notes", HTMLOListElement);
const text = byId("text", HTMLInputElement);
const shown = new Map<number, Note>();

/** The server does not know us any more: no attempt will mend that. */
class LoggedOutError extends Error {}

/** What is behind an error, if that is it: joining failed, because of the ticket, because of the request for it. */
function findLoggedOut(error: unknown): LoggedOutError | undefined {
  if (error instanceof LoggedOutError) return error;
  return error instanceof Error && error.cause !== undefined ? findLoggedOut(error.cause) : undefined;
}

async function post(path: string, body: unknown = null): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (response.ok) return await response.json();
  const message = (await response.text()).trim();
  throw response.status === 401 ? new LoggedOutError(message) : new Error(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What others wrote goes in as text, never as markup. */
function makeNote({ author, text, time }: Note): HTMLLIElement {
  const facts = make("span", "facts", `${author}, `, makeTime(new Date(time)));
  return make("li", "", facts, make("p", "", text));
}

/** Adds notes, the newest first. An event may come before the list that has the same note. */
function showNotes(more: readonly Note[]): void {
  for (const note of more) shown.set(note.id, note);
  const newest = [...shown.values()].sort((a, b) => b.id - a.id);
  notes.replaceChildren(...newest.map(makeNote));
}

function showStatus(now: ComponentStatus): void {
  const isOpen = now.state === "open";
  status.dataset.state = isOpen
    ? "open"
    : now.state === "connecting" || now.state === "joining"
    ? "connecting"
    : "lost";
  status.textContent = isOpen ? "connected" : status.dataset.state === "connecting" ? "connecting" : "disconnected";
}

/** Each session needs a ticket of its own: the function is asked again whenever the connection was lost. */
function createBoard({ name }: Person): Component {
  const fetchTicket = async (): Promise<string> => String(await post("/ticket"));
  const app = component({
    transports: socketUrl().href,
    realm: "realm1",
    auth: [ticket({ authid: name, ticket: fetchTicket })],
    isFatal: (cause) => findLoggedOut(cause) !== undefined || undefined,
  });
  return app
    .subscribe("board.added", ({ args: [note] }) => showNotes([note as Note]))
    .onJoin(async (session) => {
      shown.clear();
      showNotes(await session.call<Note[]>("board.list"));
    })
    .onStatus(showStatus);
}

/** Shows one side of the page or the other. */
function showPerson(person: Person | null): void {
  loginForm.hidden = person !== null;
  board.hidden = byId("logout", HTMLButtonElement).hidden = person === null;
  byId("identity", HTMLParagraphElement).textContent = person === null ? "" : `${person.name}, ${person.role}`;
  if (person !== null) return;
  status.dataset.state = "lost";
  status.textContent = "not logged in";
  shown.clear();
  showNotes([]);
}

async function add(app: Component): Promise<void> {
  try {
    await app.call("board.add", [text.value], { timeout: 5_000 });
    text.value = "";
    showText(refusal, "");
  } catch (error) {
    // Such as wamp.error.not_authorized: the page may ask for anything, the router knows who it is.
    showText(refusal, error instanceof ApplicationError ? `The router says: ${error.uri}` : messageOf(error));
  }
}

/** Waits until somebody has logged in. */
function untilLoggedIn(): Promise<Person> {
  return new Promise((resolve) => {
    loginForm.onsubmit = async (event) => {
      event.preventDefault();
      const password = byId("password", HTMLInputElement);
      try {
        const person = await post("/login", { name: byId("name", HTMLInputElement).value, password: password.value });
        showText(problem, "");
        resolve(person as Person);
      } catch (error) {
        showText(problem, messageOf(error));
      }
      password.value = "";
    };
  });
}

/** Works as a person until they log out, here or elsewhere. */
async function work(person: Person): Promise<void> {
  const app = createBoard(person);
  addForm.onsubmit = (event) => {
    event.preventDefault();
    void add(app);
  };
  byId("logout", HTMLButtonElement).onclick = () => void app.stop();
  try {
    await app.run(); // until it is stopped
    await post("/logout");
  } catch (error) {
    showText(problem, messageOf(findLoggedOut(error) ?? error));
  }
}

let person: Person | null = await (await fetch("/me")).json();
for (;;) {
  showPerson(person);
  person ??= await untilLoggedIn();
  showPerson(person);
  await work(person);
  person = null;
}
