/**
 * The backend: a board of notes, which asks nobody who they are, since the router has found out.
 *
 * @module
 */

import { ApplicationError, type Session } from "@viaduct/viaduct/wamp";
import type { RoleOptions } from "@viaduct/viaduct/wamp/router";
import type { Role } from "./accounts.ts";

/** The longest note, in characters. */
const MAX_TEXT = 500;
/** How many notes are kept; the oldest go first. */
const MAX_NOTES = 100;

/** A note. `time` is in milliseconds since 1970. */
export interface Note {
  /** Counts them, from 1. */
  readonly id: number;
  readonly author: string;
  readonly text: string;
  readonly time: number;
}

const READER = [
  { uri: "board.list", allow: { call: true } },
  { uri: "board.added", allow: { subscribe: true } },
];

/** What each role may do; everything else is refused by the router, and never gets here. */
export const ROLES: Readonly<Record<Role, RoleOptions>> = {
  reader: { permissions: READER },
  // The backend is told who calls, whether they like it or not.
  editor: { permissions: [...READER, { uri: "board.add", allow: { call: true }, disclose: { caller: true } }] },
};

function readText(value: unknown): string {
  const text = typeof value === "string" ? value.trim() : "";
  if (text !== "" && text.length <= MAX_TEXT) return text;
  throw new ApplicationError("board.error.bad_text", [`A note must have 1 to ${MAX_TEXT} characters`]);
}

/** Offers the procedures. */
export async function serveBoard(session: Session): Promise<void> {
  const notes: Note[] = [];
  let count = 0;
  await session.register("board.list", () => notes);
  await session.register("board.add", async ({ args: [text], details }) => {
    // The author is who the router says, not who the page says.
    const author = String(details.caller_authid);
    const note: Note = { id: ++count, author, text: readText(text), time: Date.now() };
    notes.push(note);
    if (notes.length > MAX_NOTES) notes.shift();
    await session.publish("board.added", [note]);
  });
}
