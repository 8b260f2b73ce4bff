import type { ComponentStatus } from "../../wamp/component_api.ts";
import { StatusBoard } from "../../wamp/component_status.ts";
import { assertEquals } from "../std.ts";

const DONE = { done: true, value: undefined } as const;

function connecting(attempt: number): ComponentStatus {
  return { state: "connecting", transport: "ws://one", attempt };
}

/** The numbers of the attempts that a reader is told. */
async function read(reader: AsyncIterableIterator<ComponentStatus>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const status of reader) seen.push(status.state === "connecting" ? status.attempt : status.state);
  return seen;
}

Deno.test("Each reader gets every status from the present one on, until the last", async () => {
  const told: ComponentStatus[] = [];
  const board = new StatusBoard((status) => told.push(status));
  const early = board.read();
  const pending = early.next();
  board.set(connecting(1));
  const late = board.read();
  board.set(connecting(2));
  board.set({ state: "closed" });
  assertEquals(await pending, { done: false, value: connecting(1) });
  assertEquals(await read(early), [2, "closed"]);
  assertEquals(await read(late), [1, 2, "closed"]);
  assertEquals(told.length, 3);
  assertEquals(board.current, { state: "closed" });
});

Deno.test("A reader that was made after the end waits for the next run", async () => {
  const board = new StatusBoard(() => {});
  board.set({ state: "fatal", cause: new Error("Oops") });
  const reader = board.read();
  const waiting = [reader.next(), reader.next(), reader.next()];
  board.set(connecting(1));
  board.set({ state: "closed" });
  const [first, second, third] = await Promise.all(waiting);
  assertEquals([first?.value, second?.value, third], [connecting(1), { state: "closed" }, DONE]);
});

Deno.test("A slow reader gets the 64 latest statuses", async () => {
  const board = new StatusBoard(() => {});
  const slow = board.read();
  for (let attempt = 1; attempt <= 100; attempt++) board.set(connecting(attempt));
  board.set({ state: "closed" });
  const seen = await read(slow);
  assertEquals([seen.length, seen[0], seen.at(-1)], [64, 38, "closed"]);
});

Deno.test("Leaving the loop ends a reader, and what waits on it", async () => {
  const board = new StatusBoard(() => {});
  const reader = board.read();
  const waiting = reader.next();
  assertEquals(await reader.return?.(), DONE);
  assertEquals([await waiting, await reader.next()], [DONE, DONE]);
  board.set(connecting(1));
  assertEquals(await reader.next(), DONE);
});
