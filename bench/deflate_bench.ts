/**
 * Compression of JSON text: each message by itself, and with context takeover. `1e9 / time` of a row in nanoseconds is
 * its rate; rows with several messages under way name their number, and their time is for all of them.
 */

import { ContextDeflater, deflateMessage, type DeflateSettings, MessageInflater } from "../websocket/deflate.ts";

const SIZES: readonly (readonly [string, number])[] = [["128 B", 128], ["1 KiB", 1024], ["16 KiB", 16384]];
const MESSAGES = 64;
const IN_FLIGHT = 32;
const MAX_LENGTH = 1 << 20;

/** Rows of records, none like another: text that one would send. */
function jsonText(seed: number, size: number): Uint8Array {
  let text = "[";
  for (let row = seed * 31; text.length < size - 60; row++) {
    const score = ((row * 104_729) % 10_007) / 100;
    text += `{"id":${row},"name":"user-${(row * 7919) % 100_000}","score":${score},"ok":${row % 3 === 0}},`;
  }
  return new TextEncoder().encode(`${text}"${"x".repeat(Math.max(0, size - text.length - 3))}"]`);
}

function settingsOf(level: number): DeflateSettings {
  return { windowBits: 15, level, memLevel: 8 };
}

/** Gives the elements of `items` in turn, for ever. */
function inTurn<Item>(items: readonly Item[]): () => Item {
  let next = 0;
  return () => items[next++ % items.length]!;
}

async function deflateAll(deflater: ContextDeflater, messages: readonly Uint8Array[]): Promise<Uint8Array[]> {
  return await Promise.all(messages.map((message) => deflater.deflate(message)));
}

for (const [name, size] of SIZES) {
  const messages = Array.from({ length: MESSAGES }, (_, seed) => jsonText(seed, size));
  for (const level of [1, 6]) {
    const settings = settingsOf(level);
    const deflated = messages.map((message) => deflateMessage(message, settings));
    const inflater = new MessageInflater({ noContextTakeover: true });
    const message = inTurn(messages);
    const payload = inTurn(deflated);
    const group = `${name} JSON, level ${level}`;
    Deno.bench(`deflateMessage, ${group}`, { group }, (): void => {
      deflateMessage(message(), settings);
    });
    Deno.bench(`inflate, ${group}`, { group }, (): void => {
      inflater.inflate(payload(), MAX_LENGTH);
    });
    Deno.bench(`inflate and deflateMessage, ${group}`, { group }, (): void => {
      deflateMessage(inflater.inflate(payload(), MAX_LENGTH), settings);
    });
    const deflater = new ContextDeflater(settings);
    const window = new MessageInflater({ noContextTakeover: false });
    const batch = messages.slice(0, IN_FLIGHT);
    Deno.bench(`ContextDeflater, 1 under way, ${group}`, { group }, async (): Promise<void> => {
      await deflater.deflate(message());
    });
    Deno.bench(`ContextDeflater, ${IN_FLIGHT} under way, ${group}`, { group }, async (): Promise<void> => {
      await deflateAll(deflater, batch);
    });
    // Without a reference into the window the payload is valid in front of any context.
    Deno.bench(`inflate with context, ${group}`, { group }, (): void => {
      window.inflate(payload(), MAX_LENGTH);
    });
    const sender = new ContextDeflater(settings);
    const receiver = new MessageInflater({ noContextTakeover: false });
    Deno.bench(`inflate and ContextDeflater, ${IN_FLIGHT} under way, ${group}`, { group }, async (): Promise<void> => {
      for (const sent of await deflateAll(sender, batch)) receiver.inflate(sent, MAX_LENGTH);
    });
  }
}
