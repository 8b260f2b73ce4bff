import { ConnectionClosedError, ProtocolError } from "../../websocket/errors.ts";
import { Inbox, Piece } from "../../websocket/inbox.ts";
import { assertEquals, assertRejects } from "../std.ts";

/** An owner that counts what it is told. */
function inboxWith(mark = 1000): { inbox: Inbox; calls: { dry: number; relief: number; tooBig: number } } {
  const calls = { dry: 0, relief: 0, tooBig: 0 };
  const owner = { onDry: () => calls.dry++, onRelief: () => calls.relief++, onTooBig: () => calls.tooBig++ };
  return { inbox: new Inbox(owner, mark, 1000), calls };
}

function piece(text: string, first: boolean, fin: boolean, isText = true): Piece {
  return new Piece(new TextEncoder().encode(text), isText, first, fin);
}

async function values(inbox: Inbox, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  for (let index = 0; index < count; index++) taken.push((await inbox.nextMessage()).value);
  return taken;
}

Deno.test("Inbox gives items in the order in which they came", async () => {
  const { inbox } = inboxWith();
  inbox.push("a", 1);
  inbox.push(Uint8Array.of(1), 1);
  assertEquals(await values(inbox, 2), ["a", Uint8Array.of(1)]);
});

Deno.test("Inbox hands items to those who wait, in the order in which they asked", async () => {
  const { inbox, calls } = inboxWith();
  const waiting = [inbox.nextMessage(), inbox.nextMessage()];
  assertEquals(calls.dry, 2, "the owner hears that somebody waits");
  inbox.push("a", 1);
  inbox.push("b", 1);
  assertEquals((await Promise.all(waiting)).map(({ value }) => value), ["a", "b"]);
});

Deno.test("Inbox charges each item with its bookkeeping, so that empty messages fill it too", () => {
  const { inbox } = inboxWith(1000);
  let count = 0;
  while (!inbox.isOver && count < 100) {
    inbox.push("", 0);
    count++;
  }
  assertEquals(count, 7);
});

Deno.test("Inbox tells its owner once when what waits is at the mark again", async () => {
  const { inbox, calls } = inboxWith(1000);
  for (let count = 0; count < 3; count++) inbox.push("x".repeat(400), 400);
  assertEquals(inbox.isOver, true);
  await inbox.next();
  assertEquals([inbox.isOver, calls.relief], [true, 0]);
  await inbox.next();
  assertEquals([inbox.isOver, calls.relief], [false, 1]);
  await inbox.next();
  assertEquals(calls.relief, 1);
});

Deno.test("Inbox gives what came before the end, then ends", async () => {
  const { inbox } = inboxWith();
  inbox.push("a", 1);
  inbox.end(undefined);
  assertEquals(await values(inbox, 3), ["a", undefined, undefined]);
});

Deno.test("Inbox gives what came before the error, then throws once, then ends as iterators do", async () => {
  const { inbox } = inboxWith();
  inbox.push("a", 1);
  inbox.end(new RangeError("lost"));
  assertEquals(await values(inbox, 1), ["a"]);
  await assertRejects(() => inbox.nextMessage(), RangeError, "lost");
  assertEquals(await inbox.nextMessage(), { done: true, value: undefined });
});

Deno.test("Inbox ends for all who wait; the first of them gets the error", async () => {
  const { inbox } = inboxWith();
  const waiting = [inbox.nextMessage(), inbox.nextMessage()];
  inbox.end(new RangeError("lost"));
  assertEquals((await Promise.allSettled(waiting)).map(({ status }) => status), ["rejected", "fulfilled"]);
});

Deno.test("Inbox.messages gives a message in its pieces", async () => {
  const { inbox } = inboxWith();
  inbox.push(piece("ab", true, false), 2);
  inbox.push(piece("", false, false), 0);
  inbox.push(piece("c", false, true), 1);
  inbox.push("whole", 5);
  inbox.end(undefined);
  const taken: unknown[] = [];
  for await (const message of inbox.messages()) {
    const chunks: string[] = [];
    for await (const chunk of message) chunks.push(new TextDecoder().decode(chunk));
    taken.push([message.isText, chunks]);
  }
  assertEquals(taken, [[true, ["ab", "c"]], [true, ["whole"]]]);
});

Deno.test("Inbox.messages drops what was left unread of a message when the next is asked for", async () => {
  const { inbox } = inboxWith();
  for (const text of ["1", "2"]) {
    inbox.push(piece(`${text}a`, true, false), 2);
    inbox.push(piece(`${text}b`, false, false), 2);
    inbox.push(piece(`${text}c`, false, true), 2);
  }
  inbox.end(undefined);
  const taken: string[] = [];
  for await (const message of inbox.messages()) {
    for await (const chunk of message) {
      taken.push(new TextDecoder().decode(chunk));
      break;
    }
  }
  assertEquals(taken, ["1a", "2a"]);
});

Deno.test("Inbox.messages lets a reader leave a message whose rest has not arrived, without waiting for it", async () => {
  const { inbox } = inboxWith();
  inbox.push(piece("head", true, false), 4);
  const messages = inbox.messages();
  const { value: message } = await messages.next();
  const taken: string[] = [];
  for await (const chunk of message!) {
    taken.push(new TextDecoder().decode(chunk));
    break;
  }
  // Only now the peer goes on, with an answer in its hands perhaps.
  const following = messages.next();
  inbox.push(piece("rest", false, true), 4);
  inbox.push("next", 4);
  const { value: next } = await following;
  for await (const chunk of next!) taken.push(new TextDecoder().decode(chunk));
  assertEquals(taken, ["head", "next"]);
});

Deno.test("Inbox.messages skips messages that nobody reads", async () => {
  const { inbox } = inboxWith();
  inbox.push(piece("a", true, false), 1);
  inbox.push(piece("b", false, true), 1);
  inbox.push("whole", 5);
  inbox.end(undefined);
  let count = 0;
  for await (const message of inbox.messages()) count += message.isText ? 1 : 0;
  assertEquals(count, 2);
});

Deno.test("Inbox throws into a message that the end cut off, also where the connection ended well", async () => {
  for (const error of [undefined, new RangeError("lost")]) {
    const { inbox } = inboxWith();
    inbox.push(piece("head", true, false), 4);
    inbox.end(error);
    const { value: message } = await inbox.messages().next();
    const chunks: Uint8Array[] = [];
    await assertRejects(async () => {
      for await (const chunk of message!) chunks.push(chunk);
    }, error === undefined ? ConnectionClosedError : RangeError);
    assertEquals(chunks.length, 1);
  }
});

Deno.test("Inbox.nextMessage joins the pieces of messages that were to be streamed", async () => {
  const { inbox } = inboxWith();
  await inbox.messages().return(undefined);
  const stream = inbox.messages();
  inbox.push("first", 5);
  await stream.next();
  inbox.push(piece("€".slice(0, 1), true, false), 3);
  inbox.push(piece("b", false, true), 1);
  inbox.push(piece("x", true, false, false), 1);
  inbox.push(piece("y", false, true, false), 1);
  assertEquals(await values(inbox, 2), ["€b", Uint8Array.of(0x78, 0x79)]);
});

Deno.test("Inbox.nextMessage drops the tail of a message whose head was streamed, and a head without its tail", async () => {
  const { inbox } = inboxWith();
  inbox.push(piece("head", true, false), 4);
  const stream = inbox.messages();
  const { value: message } = await stream.next();
  for await (const _chunk of message!) break;
  await stream.return(undefined);
  inbox.push(piece("tail", false, true), 4);
  inbox.push("next", 4);
  inbox.push(piece("cut", true, false), 3);
  inbox.end(undefined);
  assertEquals(await values(inbox, 2), ["next", undefined]);
});

Deno.test("Inbox puts no message together that is larger than the limit for whole ones", async () => {
  const { inbox, calls } = inboxWith(10_000);
  await inbox.messages().return(undefined);
  const messages = inbox.messages();
  inbox.push(piece("x".repeat(600), true, false), 600);
  const streamed = await messages.next();
  assertEquals(streamed.done, false);
  inbox.push(piece("y".repeat(10), false, true), 10);
  inbox.push(piece("x".repeat(600), true, false), 600);
  inbox.push(piece("x".repeat(401), false, false), 401);
  await messages.return(undefined);
  const error = await assertRejects(async () => void await inbox.nextMessage(), ProtocolError, "at most 1000 bytes");
  assertEquals([error.closeCode, calls.tooBig], [1009, 1]);
});
