import { ConnectionClosedError } from "../../websocket/errors.ts";
import { settled } from "../fake_clock.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows, encodeHex } from "../std.ts";
import { closing, hex, joined, masked, utf8 } from "./frames.ts";
import { open, type Opened, openPair } from "./open_connection.ts";

/** Whether a promise has settled, without waiting for it. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settledNow = false;
  promise.then(() => settledNow = true, () => settledNow = true);
  await settled();
  return settledNow;
}

function payloadOf(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 31) >>> 2);
}

Deno.test("Connection has readable and writable web streams over the same messages", async () => {
  const { client, server } = openPair();
  const echoing = server.connection.readable.pipeTo(server.connection.writable);
  const writer = client.connection.writable.getWriter();
  const reader = client.connection.readable.getReader();
  for (const chunk of ["text", Uint8Array.of(1, 2)]) {
    await writer.write(chunk);
    assertEquals((await reader.read()).value, chunk);
  }
  assertStrictEquals(client.connection.readable, client.connection.readable);
  await writer.close();
  assertEquals((await reader.read()).done, true);
  await echoing;
  assertEquals((await server.connection.closed).wasClean, true);
});

Deno.test("Connection.readable errors where the iteration would throw; cancelling it closes", async () => {
  const opened = open();
  const reader = opened.connection.readable.getReader();
  await opened.receive(masked(0x81, "a"));
  opened.stream.end();
  assertEquals((await reader.read()).value, "a");
  await assertRejects(() => reader.read(), ConnectionClosedError);
  await opened.end();
  const { client, server } = openPair();
  await client.connection.readable.cancel();
  assertEquals((await server.connection.closed).code, 1000);
});

Deno.test("Connection.writable waits above the high-water mark, and aborting it closes with 1011", async () => {
  const opened = open({ options: { limits: { sendHighWaterMark: 100 } } });
  opened.stream.stallWrites();
  const writer = opened.connection.writable.getWriter();
  const written = writer.write(new Uint8Array(200));
  assertEquals(await isSettled(written), false);
  opened.stream.resumeWrites();
  await written;
  const aborted = writer.abort(new Error("source failed"));
  assertEquals((await opened.sent()).at(-1), "88 03f3");
  await opened.receive(masked(0x88, closing(1011)));
  opened.stream.end();
  await aborted;
  await opened.end();
});

Deno.test("Connection refuses iteration where a handler takes the messages", async () => {
  const opened = open({ handlers: { message() {} } });
  assertThrows(() => opened.connection[Symbol.asyncIterator](), TypeError, "handler");
  await assertRejects(() => opened.connection.messages().next(), TypeError, "handler");
  await opened.end();
});

Deno.test("Connection.messages gives messages while they arrive, larger than maxMessage too", async () => {
  const opened = open({ options: { limits: { maxMessage: 10, receiveHighWaterMark: 1 << 20 } } });
  const messages = opened.connection.messages();
  const first = messages.next();
  const frame = masked(0x02, payloadOf(5_000));
  await opened.receive(frame.subarray(0, 1_000));
  const { value: message } = await first;
  assertEquals(message!.isText, false);
  const chunks: Uint8Array[] = [];
  const reading = (async () => {
    for await (const chunk of message!) chunks.push(chunk);
  })();
  await settled();
  const early = chunks.length;
  assert(early > 0, "chunks come before the message is whole");
  await opened.receive(frame.subarray(1_000), masked(0x80, utf8("end")), masked(0x81, "next"));
  await reading;
  assertEquals(encodeHex(joined(...chunks)), encodeHex(joined(payloadOf(5_000), utf8("end"))));
  const { value: next } = await messages.next();
  assertEquals(next!.isText, true);
  await messages.return!();
  await opened.end();
});

Deno.test("Connection.messages may be left in the midst of a message; whole messages follow", async () => {
  const opened = open();
  await opened.receive(masked(0x81, "whole"));
  const iterated: string[] = [];
  const streaming = (async () => {
    for await (const message of opened.connection.messages()) {
      for await (const chunk of message) {
        iterated.push(new TextDecoder().decode(chunk));
        if (iterated.length === 2) return;
      }
    }
  })();
  await opened.receive(masked(0x01, "head"));
  await streaming;
  const next = opened.connection[Symbol.asyncIterator]().next();
  await opened.receive(masked(0x80, "tail"), masked(0x01, "ne"), masked(0x80, "xt"));
  assertEquals([iterated, (await next).value], [["whole", "head"], "next"]);
  await opened.end();
});

Deno.test("Connection.messages throws into a message that the connection's end cut off", async () => {
  for (const ending of [masked(0x88, closing(1000)), new Uint8Array(0)]) {
    const opened = open();
    const messages = opened.connection.messages();
    const first = messages.next();
    await opened.receive(masked(0x01, "half"), ending);
    opened.stream.end();
    const { value: message } = await first;
    await assertRejects(async () => {
      for await (const _chunk of message!);
    }, ConnectionClosedError);
    await opened.end();
  }
});

Deno.test("Connection.sendStream sends one message, a frame for each chunk; others wait behind it", async () => {
  const opened = open();
  const source = Promise.withResolvers<void>();
  const sending = opened.connection.sendStream(
    (async function* () {
      yield "a";
      await source.promise;
      yield utf8("é");
    })(),
    { text: true },
  );
  await settled();
  void opened.connection.send("behind");
  void opened.connection.ping(utf8("p")).catch(() => {});
  const next = opened.connection.sendStream([Uint8Array.of(0x62)]);
  assertEquals(await opened.sent(), ["01 a", "89 p"]);
  source.resolve();
  await Promise.all([sending, next]);
  assertEquals(await opened.sent(), ["00 c3a9", "80", "81 behind", "02 b", "80"]);
  await opened.end();
});

Deno.test("Connection.sendStream waits for room before it asks for the next chunk", async () => {
  const opened = open({ options: { limits: { sendHighWaterMark: 1_000 } } });
  opened.stream.stallWrites();
  let produced = 0;
  const sending = opened.connection.sendStream(
    (function* () {
      for (; produced < 50; produced++) yield new Uint8Array(300);
    })(),
  );
  await settled();
  assert(produced < 6, `${produced} chunks asked for`);
  opened.stream.resumeWrites();
  await sending;
  assertEquals((await opened.sent()).length, 51);
  await opened.end();
});

Deno.test("Connection.sendStream goes on whatever waits behind it", async () => {
  const opened = open({ options: { limits: { sendHighWaterMark: 1_000 } } });
  const source = Promise.withResolvers<void>();
  const sending = opened.connection.sendStream(
    (async function* () {
      yield Uint8Array.of(1);
      await source.promise;
      yield Uint8Array.of(2);
      yield Uint8Array.of(3);
    })(),
  );
  await settled();
  const behind = opened.connection.send(new Uint8Array(5_000));
  source.resolve();
  await settled(50);
  assertEquals(await isSettled(sending), true);
  await Promise.all([sending, behind]);
  assertEquals((await opened.sent()).length, 5);
  await opened.end();
});

Deno.test("Connection.sendStream closes with 1011 where its source throws, whatever it throws", async () => {
  for (const error of [new RangeError("source"), new ConnectionClosedError("another connection closed")]) {
    const opened = open();
    const sending = opened.connection.sendStream(
      (function* () {
        yield "a";
        throw error;
      })(),
    );
    assertStrictEquals(await assertRejects(() => sending), error);
    const frames = await opened.sent();
    assertEquals([frames[0], frames[1]?.slice(0, 7), frames.length], ["02 a", "88 03f3", 2]);
    opened.stream.end();
    assertStrictEquals((await opened.connection.closed).error, error);
    await opened.end();
  }
});

Deno.test("Connection.sendStream refuses text that is not UTF-8, also at its end (RFC 6455 §8.1)", async () => {
  for (const chunks of [[hex("61 ff")], [hex("e2 82")]]) {
    const opened = open();
    await assertRejects(() => opened.connection.sendStream(chunks, { text: true }), TypeError, "text message");
    assertEquals((await opened.sent()).at(-1)?.slice(0, 7), "88 03f3");
    opened.stream.end();
    await opened.end();
  }
});

Deno.test("Connection.sendStream stops and rejects where the connection ends, and returns its source", async () => {
  const endings: readonly ((opened: Opened) => void)[] = [
    (opened) => opened.connection.terminate(),
    (opened) => opened.stream.end(),
    (opened) => opened.stream.push(masked(0x88, closing(1000))),
    (opened) => opened.stream.push(masked(0x83)),
    (opened) => (void opened.connection.close(), opened.connection.terminate()),
  ];
  for (const end of endings) {
    for (const size of [10, 5_000]) {
      let returned = false;
      const opened = open({ options: { limits: { sendHighWaterMark: 1_000 } } });
      opened.stream.stallWrites();
      const sending = opened.connection.sendStream(
        (async function* () {
          try {
            for (;;) {
              yield new Uint8Array(size);
              await settled(1);
            }
          } finally {
            returned = true;
          }
        })(),
      );
      const rejected = assertRejects(() => sending, ConnectionClosedError);
      await settled();
      end(opened);
      await settled();
      opened.stream.resumeWrites();
      await rejected;
      assertEquals(returned, true);
      await opened.end();
    }
  }
});
