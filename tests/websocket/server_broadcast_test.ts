import { inflateRawSync } from "node:zlib";
import { deflateMessage } from "../../websocket/deflate.ts";
import { SharedMessage } from "../../websocket/broadcast.ts";
import { clientFrame, closeFrame, RawClient, type RawFrame } from "../raw_client.ts";
import { assert, assertEquals, assertGreater, assertStrictEquals, assertThrows, concat } from "../std.ts";
import { Arrivals, serveEcho } from "./serving.ts";

const WITHOUT_CONTEXT = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);

/** Inflates a client's messages with or without the window kept. */
class Inflater {
  #window = new Uint8Array(0);
  readonly #keeps: boolean;

  constructor(keeps: boolean) {
    this.#keeps = keeps;
  }

  text(frame: RawFrame | undefined): string {
    assert(frame !== undefined);
    if (frame.first !== 0xc1) return new TextDecoder().decode(frame.payload);
    const primed = this.#window.length === 0 ? [] : [storedHeader(this.#window.length), this.#window];
    const all = new Uint8Array(inflateRawSync(concat([...primed, frame.payload, TAIL, Uint8Array.of(3, 0)])));
    const message = all.subarray(this.#window.length);
    if (this.#keeps) this.#window = all.slice(-32768);
    return new TextDecoder().decode(message);
  }
}

function storedHeader(length: number): Uint8Array {
  return Uint8Array.of(0, length, length >> 8, ~length, ~length >> 8);
}

Deno.test("broadcast reaches all open connections but the exception, and says how many", async () => {
  const arrivals = new Arrivals();
  await using server = serveEcho({ open: arrivals.open });
  using one = await RawClient.open(server);
  const first = await arrivals.next();
  using two = await RawClient.open(server);
  using three = await RawClient.open(server);
  await arrivals.next();
  await arrivals.next();
  assertEquals(server.broadcast("to all"), 3);
  assertEquals(server.broadcast(Uint8Array.of(1, 2, 3), { except: first }), 2);
  assertEquals(server.broadcast(new TextEncoder().encode("bytes as text"), { text: true }), 3);
  for (const client of [one, two, three]) {
    await client.expectFrame(0x81, "to all");
    if (client !== one) await client.expectFrame(0x82, Uint8Array.of(1, 2, 3));
    await client.expectFrame(0x81, "bytes as text");
  }
});

Deno.test("broadcast without connections reaches none", async () => {
  await using server = serveEcho();
  assertEquals(server.broadcast("nobody"), 0);
});

Deno.test("broadcast refuses bytes as text that are not UTF-8, for all", async () => {
  const arrivals = new Arrivals();
  await using server = serveEcho({ open: arrivals.open });
  using client = await RawClient.open(server);
  await arrivals.next();
  assertThrows(() => server.broadcast(Uint8Array.of(0xff), { text: true }), TypeError, "UTF-8");
  server.broadcast("fine");
  await client.expectFrame(0x81, "fine");
});

Deno.test("broadcast copies: what the caller changes afterwards is not sent", async () => {
  const arrivals = new Arrivals();
  await using server = serveEcho({ open: arrivals.open });
  using client = await RawClient.open(server);
  await arrivals.next();
  const bytes = new Uint8Array(100_000).fill(1);
  server.broadcast(bytes);
  bytes.fill(2);
  await client.expectFrame(0x82, new Uint8Array(100_000).fill(1));
});

Deno.test("broadcast keeps the order with sends before and after it, on connections of every kind", async () => {
  const arrivals = new Arrivals();
  const compression = { threshold: 0, serverNoContextTakeover: false, clientNoContextTakeover: false };
  await using server = serveEcho({ open: arrivals.open, compression });
  using plain = await RawClient.open(server);
  const kinds: readonly (readonly [RawClient, Inflater])[] = [[plain, new Inflater(false)]];
  using single = await RawClient.connect(server);
  const singleHead = await single.handshake([`Sec-WebSocket-Extensions: ${WITHOUT_CONTEXT}`]);
  assertEquals(singleHead.headers.get("sec-websocket-extensions")?.includes("server_no_context_takeover"), true);
  using context = await RawClient.connect(server);
  const contextHead = await context.handshake(["Sec-WebSocket-Extensions: permessage-deflate"]);
  assertEquals(contextHead.headers.get("sec-websocket-extensions")?.includes("server_no_context_takeover"), false);
  const sockets = [await arrivals.next(), await arrivals.next(), await arrivals.next()];
  for (let round = 0; round < 20; round++) {
    for (const ws of sockets) void ws.send(`{"before": ${round}, "text": "some text"}`);
    assertEquals(server.broadcast(`{"broadcast": ${round}, "text": "some text"}`), 3);
    for (const ws of sockets) void ws.send(`{"after": ${round}, "text": "some text"}`);
  }
  for (const [client, inflater] of [...kinds, [single, new Inflater(false)], [context, new Inflater(true)]] as const) {
    for (let round = 0; round < 20; round++) {
      for (const word of ["before", "broadcast", "after"]) {
        assertEquals(inflater.text(await client.readFrame()), `{"${word}": ${round}, "text": "some text"}`);
      }
    }
  }
});

Deno.test("broadcast compresses where that was agreed, from the threshold on", async () => {
  const arrivals = new Arrivals();
  await using server = serveEcho({ open: arrivals.open, compression: { threshold: 100 } });
  using client = await RawClient.open(server, [`Sec-WebSocket-Extensions: ${WITHOUT_CONTEXT}`]);
  await arrivals.next();
  server.broadcast("x".repeat(99));
  server.broadcast("x".repeat(100));
  await client.expectFrame(0x81, "x".repeat(99));
  const frame = await client.readFrame();
  assertEquals(frame?.first, 0xc1);
  assertGreater(100, frame?.payload.length);
  assertEquals(new Inflater(false).text(frame), "x".repeat(100));
});

Deno.test("broadcast keeps to each connection's window", async () => {
  const arrivals = new Arrivals();
  await using server = serveEcho({ open: arrivals.open, compression: { threshold: 0 } });
  const offers = [WITHOUT_CONTEXT, `${WITHOUT_CONTEXT}; server_max_window_bits=9`];
  const noise = Array.from({ length: 1000 }, (_, index) => String.fromCharCode(33 + (index * index * 7) % 90)).join("");
  const text = noise + noise;
  using wide = await RawClient.open(server, [`Sec-WebSocket-Extensions: ${offers[0]}`]);
  using narrow = await RawClient.open(server, [`Sec-WebSocket-Extensions: ${offers[1]}`]);
  await arrivals.next();
  await arrivals.next();
  server.broadcast(text);
  const frames = [await wide.readFrame(), await narrow.readFrame()];
  for (const [index, windowBits] of [15, 9].entries()) {
    assertEquals(
      frames[index]?.payload,
      deflateMessage(new TextEncoder().encode(text), { windowBits, level: 6, memLevel: 8 }),
    );
  }
});

Deno.test("a shared message is encoded once, and deflated once for each window", () => {
  const message = new SharedMessage(new TextEncoder().encode("text ".repeat(100)), true);
  const settings = { level: 6, memLevel: 8 };
  assertStrictEquals(message.plain, message.plain);
  assertStrictEquals(message.deflated(15, settings), message.deflated(15, settings));
  assert(message.deflated(15, settings) !== message.deflated(9, settings));
  assertEquals(message.deflated(15, settings).first, 0xc1);
});

Deno.test("a shared message that compression would make longer goes as it is", () => {
  const message = new SharedMessage(Uint8Array.of(0x17), false);
  assertStrictEquals(message.deflated(15, { level: 6, memLevel: 8 }), message.plain);
  assertEquals(message.plain.first, 0x82);
});

Deno.test("broadcast skips connections that are closing or closed", async () => {
  const arrivals = new Arrivals();
  await using server = serveEcho({ open: arrivals.open });
  using one = await RawClient.open(server);
  const first = await arrivals.next();
  using two = await RawClient.open(server);
  await arrivals.next();
  void first.close(4000);
  assertEquals(server.broadcast("only two"), 1);
  const { skipped } = await one.expectClose(4000);
  assertEquals(skipped, []);
  await two.expectFrame(0x81, "only two");
  await one.write(closeFrame(4000));
  await one.expectEnd();
  one.close();
  await first.closed;
  assertEquals(server.broadcast("only two"), 1);
});

Deno.test("a client that does not read is ended by broadcasts at its limit, and others are not slowed", async () => {
  const arrivals = new Arrivals();
  await using server = serveEcho({ open: arrivals.open, limits: { maxSendBuffer: 1 << 20 } });
  using _stuck = await RawClient.open(server);
  const stuck = await arrivals.next();
  using quick = await RawClient.open(server);
  await arrivals.next();
  const payload = new Uint8Array(256 << 10).fill(7);
  let rounds = 0;
  while (stuck.state === "open") {
    server.broadcast(payload);
    await quick.expectFrame(0x82, payload);
    rounds++;
  }
  const { code, error } = await stuck.closed;
  assertEquals([code, error?.name], [1006, "SendBufferError"]);
  assertGreater(rounds, 4);
  await quick.write(clientFrame(0x81, "alive"));
  await quick.expectFrame(0x81, "alive");
});
