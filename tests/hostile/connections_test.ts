import { ConnectionClosedError, ProtocolError, SendBufferError } from "../../websocket/errors.ts";
import { serve, type ServeOptions } from "../../websocket/server.ts";
import type { WebSocketConnection } from "../../websocket/web_socket_connection.ts";
import { type FakeClock, withFakeClock } from "../fake_clock.ts";
import { clientFrame, closeFrame, RawClient } from "../raw_client.ts";
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertLess,
  assertLessOrEqual,
  assertRejects,
  concat,
} from "../std.ts";
import { Arrivals, assertEchoes, LOCAL, serveEcho } from "../websocket/serving.ts";
import { hostile } from "./attack.ts";

type Body = (client: RawClient, ws: WebSocketConnection, clock: FakeClock) => Promise<void>;

/** An echo server and its end of one client's connection; time stands still but for what the test does. */
async function withConnection(options: ServeOptions, body: Body): Promise<void> {
  await withFakeClock(async (clock) => {
    const arrivals = new Arrivals();
    await using server = serveEcho({ ...options, open: arrivals.open });
    using client = await RawClient.open(server);
    await body(client, await arrivals.next(), clock);
    client.close();
    await assertEchoes(server);
  });
}

// -------------------------------------------------------------------------------------------------- Floods

hostile("ping_flood", "every ping is answered until 64 KiB of pongs are unsent, then the newest", async () => {
  const done = Promise.withResolvers<number>();
  const amounts: number[] = [];
  await using server = serve({
    ...LOCAL,
    message: (ws, _data, isText) => {
      amounts.push(ws.bufferedAmount);
      if (!isText) done.resolve(ws.bufferedAmount);
    },
  });
  using client = await RawClient.open(server);
  const count = 200_000;
  const batch = 1000;
  const fill = "x".repeat(100);
  for (let start = 0; start < count; start += batch) {
    const pings = Array.from({ length: batch }, (_, at) => clientFrame(0x89, `${start + at} ${fill}`));
    await client.write(concat([...pings, clientFrame(0x81, "sample")]));
  }
  await client.write(clientFrame(0x82));
  assertGreater(await done.promise, 0);
  for (const amount of amounts) assertLess(amount, 70 << 10);
  let next = 0;
  for (;;) {
    const frame = await client.readFrame();
    assertEquals(frame?.first, 0x8a);
    const index = Number.parseInt(new TextDecoder().decode(frame?.payload));
    if (index === count - 1) break;
    // What is left out stands between runs that were answered; the order is kept.
    assertLessOrEqual(next, index);
    next = index + 1;
  }
  assertLess(next, count);
  await client.write(clientFrame(0x89, "and now"));
  await client.expectFrame(0x8a, "and now");
});

hostile("never_reads", "send() stalls above the mark, rejects at the cap, and the connection ends", async () => {
  await withConnection({ limits: { maxSendBuffer: 4 << 20, sendHighWaterMark: 256 << 10 } }, async (_client, ws) => {
    const payload = new Uint8Array(64 << 10);
    let settled = 0;
    let sent = 0;
    const sends: Promise<void>[] = [];
    while (ws.state === "open") {
      const sending = ws.send(payload);
      sends.push(sending);
      void sending.then(() => settled++, () => {});
      sent++;
      assertLessOrEqual(ws.bufferedAmount, (4 << 20) + 64);
      // Lets the socket take what it can.
      await new Promise((resolve) => setImmediate(resolve));
    }
    assertGreater(sent, settled);
    const results = await Promise.allSettled(sends);
    const last = results.at(-1);
    assert(last?.status === "rejected");
    assertInstanceOf(last.reason, SendBufferError);
    const stalled = results.filter((result) => result.status === "rejected");
    assertGreater(stalled.length, 1);
    const { code, error } = await ws.closed;
    assertEquals([code, error], [1006, last.reason]);
  });
});

hostile("never_reads", "an empty buffer admits any one message, and only one", async () => {
  await withConnection({ limits: { maxSendBuffer: 1000 } }, async (client, ws) => {
    const payload = new Uint8Array(2 << 20).fill(7);
    void ws.send(payload);
    assertGreater(ws.bufferedAmount, 1000);
    await client.expectFrame(0x82, payload);
    const sends = [ws.send(payload), ws.send("x")];
    await assertRejects(() => sends[1]!, SendBufferError, "at most 1000");
    await assertRejects(() => sends[0]!, ConnectionClosedError);
    assertEquals(ws.state, "closed");
  });
});

hostile("never_reads", "the handler form stops reading, so that an echo holds no more than its marks", async () => {
  let most = 0;
  const limits = { maxSendBuffer: 1 << 20, sendHighWaterMark: 128 << 10 };
  const closed = Promise.withResolvers<void>();
  await using server = serve({
    ...LOCAL,
    limits,
    message: (ws, data) => {
      void ws.send(data);
      most = Math.max(most, ws.bufferedAmount);
    },
    close: () => closed.resolve(),
  });
  using client = await RawClient.open(server);
  const frame = clientFrame(0x82, new Uint8Array(10_000));
  // More than all buffers between us hold: the writes stall, and the echo is never ended for it.
  let written = 0;
  const writing = (async () => {
    for (; written < 3000; written++) await client.write(frame);
  })();
  for (let count = 0; count < 3000; count++) await client.expectFrame(0x82, new Uint8Array(10_000));
  await writing;
  assertLess(most, limits.maxSendBuffer);
  client.close();
  await closed.promise;
});

// -------------------------------------------------------------------------------------------------- Slow frames

hostile("slow", "a frame that does not arrive by the message deadline fails with 1008", async () => {
  await withConnection({ messageTimeout: 30 }, async (client, ws, clock) => {
    await client.write(clientFrame(0x81, "x", { declared: 1000n }));
    await clock.until(client.expectClose(1008));
    client.close();
    const { code, error } = await ws.closed;
    assertInstanceOf(error, ProtocolError);
    assertEquals([code, error.code], [1006, "message_timeout"]);
  });
});

hostile("slow", "bytes that keep coming do not move the message deadline", async () => {
  await withConnection({ messageTimeout: 100 }, async (client, ws, clock) => {
    await client.write(clientFrame(0x01, "first fragment"));
    let isOver = false;
    const over = client.expectClose(1008).then(() => void (isOver = true));
    while (!isOver) {
      await client.writeAnyway(clientFrame(0x00, "x"));
      await clock.advance(1);
    }
    await over;
    client.close();
    assertEquals((await ws.closed).code, 1006);
  });
});

hostile("slow", "a peer that falls silent within a frame is found dead by keepalive", async () => {
  await withConnection({ keepalive: { interval: 60, timeout: 60 } }, async (client, ws, clock) => {
    await client.write(clientFrame(0x81, "x", { declared: 1000n }));
    const { code, error } = await clock.until(ws.closed);
    assertInstanceOf(error, ProtocolError);
    assertEquals([code, error.code], [1006, "keepalive_timeout"]);
    assertEquals((await client.readFrame())?.first, 0x89);
    await client.expectEnd();
  });
});

// -------------------------------------------------------------------------------------------------- Closing

hostile("close_unanswered", "our close is never answered: TCP is closed at the deadline", async () => {
  await withConnection({ closeTimeout: 50 }, async (client, ws, clock) => {
    const closing = ws.close(4000, "over");
    assertEquals(ws.state, "closing");
    assertEquals((await client.expectClose(4000)).reason, "over");
    await clock.until(client.expectEnd());
    const info = await closing;
    assertInstanceOf(info.error, ProtocolError);
    assertEquals([info.code, info.wasClean, info.error.code], [1006, false, "close_timeout"]);
    assertEquals(await ws.closed, info);
  });
});

hostile("close_unanswered", "data that keeps coming behind our close does not move the deadline", async () => {
  await withConnection({ closeTimeout: 100 }, async (client, ws, clock) => {
    const closing = ws.close();
    let isOver = false;
    void closing.then(() => isOver = true);
    let written = 0;
    while (await client.writeAnyway(clientFrame(0x82, "x")) && !isOver) {
      written++;
      await clock.advance(1);
    }
    assertGreater(written, 1);
    assertEquals((await closing).code, 1006);
  });
});

hostile("close_unanswered", "a peer that broke a rule and goes on sending is cut at the deadline", async () => {
  const received: string[] = [];
  const message: ServeOptions["message"] = (ws, data) => {
    received.push(new TextDecoder().decode(data));
    void ws.send(data, { text: true });
  };
  await withConnection({ closeTimeout: 100, message }, async (client, ws, clock) => {
    await client.write(clientFrame(0x83));
    await client.expectClose(1002);
    let isOver = false;
    void ws.closed.then(() => isOver = true);
    while (await client.writeAnyway(clientFrame(0x81, "too late")) && !isOver) {
      await clock.advance(1);
    }
    const { error } = await ws.closed;
    assertInstanceOf(error, ProtocolError);
    assertEquals([error.code, received], ["reserved_opcode", []]);
  });
});

hostile("close_unanswered", "a peer that does not read our close frame is cut at the deadline", async () => {
  await withConnection({ closeTimeout: 50, limits: { maxSendBuffer: 64 << 20 } }, async (_client, ws, clock) => {
    void ws.send(new Uint8Array(32 << 20));
    const { code, wasClean } = await clock.until(ws.close());
    assertEquals([code, wasClean], [1006, false]);
  });
});

hostile(
  "close_unanswered",
  "a client that answers the close but never ends TCP is cut, and the close was clean",
  async () => {
    await withConnection({ closeTimeout: 5_000 }, async (client, ws, clock) => {
      const closing = ws.close(1000);
      await client.expectClose(1000);
      await client.write(closeFrame(1000));
      await client.expectEnd();
      const { code, wasClean } = await clock.until(closing);
      assertEquals([code, wasClean], [1000, true]);
    });
  },
);

/** Counts how often a connection is told to have closed. */
async function withCount(options: ServeOptions, body: Body): Promise<void> {
  const ended = new Map<WebSocketConnection, number>();
  const close = (ws: WebSocketConnection): void => void ended.set(ws, (ended.get(ws) ?? 0) + 1);
  await withConnection({ ...options, close }, body);
  for (const count of ended.values()) assertEquals(count, 1);
  assertGreater(ended.size, 0);
}

hostile("close_races", "both sides close at once: one close frame each, closed settles once and cleanly", async () => {
  await withCount({}, async (client, ws) => {
    const closing = ws.close(4001, "ours");
    await client.write(closeFrame(4002, "theirs"));
    assertEquals((await client.expectClose(4001)).reason, "ours");
    await client.expectEnd();
    client.close();
    assertEquals(await closing, { code: 4002, reason: "theirs", wasClean: true });
    assertEquals(await ws.close(), await closing);
  });
});

hostile("close_races", "a close frame inside a fragmented message: answered, and the message is dropped", async () => {
  let messages = 0;
  await withCount({ limits: {} }, async (client, ws) => {
    await client.write(concat([clientFrame(0x01, "half"), closeFrame(1001, "leaving")]));
    await client.expectClose(1001);
    await client.expectEnd();
    client.close();
    assertEquals(await ws.closed, { code: 1001, reason: "leaving", wasClean: true });
  });
  await using server = serve({ ...LOCAL, message: () => void messages++ });
  using client = await RawClient.open(server);
  await client.write(concat([clientFrame(0x01, "half"), clientFrame(0x88)]));
  await client.expectFrame(0x88, "");
  await client.expectEnd();
  assertEquals(messages, 0);
});

hostile("close_races", "what follows a close frame is not looked at", async () => {
  await withCount({}, async (client, ws) => {
    await client.write(concat([closeFrame(1000), clientFrame(0x83), clientFrame(0x81, "late"), closeFrame(999)]));
    await client.expectClose(1000);
    await client.expectEnd();
    client.close();
    assertEquals(await ws.closed, { code: 1000, reason: "", wasClean: true });
  });
});

hostile("close_races", "the end of TCP without a close frame is 1006", async () => {
  await withCount({}, async (client, ws) => {
    await client.write(clientFrame(0x01, "half"));
    await client.closeWrite();
    const { code, wasClean } = await ws.closed;
    assertEquals([code, wasClean], [1006, false]);
    await client.expectEnd();
  });
});

hostile("close_races", "RST is 1006, with what the system says", async () => {
  await withCount({}, async (client, ws) => {
    await ws.send("x".repeat(10_000));
    // Its first bytes have arrived and are never read: closing now resets.
    await client.readBytes(4);
    client.close();
    const { code, wasClean } = await ws.closed;
    assertEquals([code, wasClean, ws.state], [1006, false, "closed"]);
    await assertRejects(() => ws.send("late"), ConnectionClosedError, "1006");
  });
});

hostile("close_races", "RST while we close", async () => {
  await withCount({}, async (client, ws) => {
    const closing = ws.close();
    client.close();
    assertEquals((await closing).code, 1006);
    assertEquals(await ws.closed, await closing);
  });
});

// -------------------------------------------------------------------------------------------------- Abort

const STATES: readonly (readonly [string, (client: RawClient, ws: WebSocketConnection) => unknown])[] = [
  ["open", () => {}],
  ["within a frame", (client) => client.write(clientFrame(0x81, "x", { declared: 9n }))],
  ["within a message", (client) => client.write(clientFrame(0x01, "half"))],
  ["paused", (client, ws) => (ws.pause(), client.write(clientFrame(0x81, "unseen")))],
  ["with output that is not read", (_client, ws) => void ws.send(new Uint8Array(8 << 20))],
  ["with a ping that is not answered", (_client, ws) => void ws.ping().catch(() => {})],
  ["closing", (_client, ws) => void ws.close()],
  ["closing by the peer", (client) => client.write(closeFrame(1000))],
  ["failed", async (client) => {
    await client.write(clientFrame(0x83));
    await client.expectClose(1002);
  }],
  ["while it streams a message", (_client, ws) => {
    async function* never() {
      yield "start";
      await ws.closed;
    }
    void ws.sendStream(never(), { text: true }).catch(() => {});
  }],
];
for (const [state, prepare] of STATES) {
  hostile(
    "abort",
    `terminate() of a connection that is ${state}`,
    () =>
      withCount({ compression: true }, async (client, ws) => {
        await prepare(client, ws);
        ws.terminate();
        assertEquals(ws.state, "closed");
        ws.terminate();
        await ws.closed;
        await assertRejects(() => ws.send("late"), ConnectionClosedError);
        await assertRejects(() => ws.ping(), ConnectionClosedError);
      }),
  );
}

for (const handler of ["open", "message"] as const) {
  hostile("abort", `terminate() within the ${handler} handler`, async () => {
    const ended = Promise.withResolvers<number>();
    const received: string[] = [];
    await using server = serve({
      ...LOCAL,
      open: (ws) => handler === "open" && ws.terminate(),
      message: (ws, data) => {
        received.push(new TextDecoder().decode(data));
        if (handler === "message") ws.terminate();
      },
      close: (_ws, { code }) => ended.resolve(code),
    });
    using client = await RawClient.open(server);
    await client.writeAnyway(concat([clientFrame(0x81, "one"), clientFrame(0x81, "two")]));
    assertEquals(await ended.promise, 1006);
    assertEquals(received, handler === "open" ? [] : ["one"]);
  });
}

// -------------------------------------------------------------------------------------------------- Mutation

for (const size of [5, 1000, 20_000, 1 << 20]) {
  hostile(
    "mutation",
    `${size} bytes that the caller changes after send() arrive as they were`,
    () =>
      withConnection({}, async (client, ws) => {
        const bytes = new Uint8Array(size).fill(1);
        void ws.send(bytes);
        bytes.fill(2);
        void ws.send(bytes.buffer);
        bytes.fill(3);
        void ws.send(new DataView(bytes.buffer, 1, size - 2));
        bytes.fill(4);
        await client.expectFrame(0x82, new Uint8Array(size).fill(1));
        await client.expectFrame(0x82, new Uint8Array(size).fill(2));
        await client.expectFrame(0x82, new Uint8Array(size - 2).fill(3));
      }),
  );

  hostile(
    "mutation",
    `${size} bytes that are transferred are the caller's no more`,
    () =>
      withConnection({}, async (client, ws) => {
        const bytes = new Uint8Array(size).fill(1);
        void ws.send(bytes, { transfer: true });
        assertEquals(bytes.byteLength, 0);
        await client.expectFrame(0x82, new Uint8Array(size).fill(1));
      }),
  );
}

hostile(
  "mutation",
  "a part of a buffer is copied even where transfer is asked for",
  () =>
    withConnection({}, async (client, ws) => {
      const bytes = new Uint8Array(20_000).fill(1);
      void ws.send(bytes.subarray(1), { transfer: true });
      assertEquals(bytes.byteLength, 20_000);
      bytes.fill(2);
      await client.expectFrame(0x82, new Uint8Array(19_999).fill(1));
    }),
);

hostile("mutation", "a borrowed view that is sent back is copied, transfer or not", async () => {
  await using server = serveEcho({ message: (ws, data) => void ws.send(data, { transfer: true }) });
  using client = await RawClient.open(server);
  const payloads = [5, 512, 20_000, 300_000].map((size, index) => new Uint8Array(size).fill(index + 1));
  for (const payload of payloads) await client.write(clientFrame(0x82, payload));
  for (const payload of payloads) await client.expectFrame(0x82, payload);
});

// -------------------------------------------------------------------------------------------------- Paused reader

hostile(
  "paused_reader",
  "a reader that pauses for longer than the keepalive timeout keeps its peer",
  () =>
    withFakeClock(async (clock) => {
      const arrivals = new Arrivals();
      await using server = serve({
        ...LOCAL,
        keepalive: { interval: 60, timeout: 60 },
        open: arrivals.open,
        message: (ws, data) => void ws.send(data, { text: true }),
      });
      using client = await RawClient.open(server);
      const ws = await arrivals.next();
      ws.pause();
      await client.write(clientFrame(0x81, "while you were away"));
      // Three peers in a row that really are silent are found dead meanwhile.
      for (let round = 0; round < 3; round++) {
        using _silent = await RawClient.open(server);
        assertEquals((await clock.until((await arrivals.next()).closed)).code, 1006);
      }
      assertEquals(ws.state, "open");
      ws.resume();
      await client.expectFrame(0x81, "while you were away");
      await client.write(closeFrame(1000));
      await client.expectClose(1000);
    }),
);

hostile(
  "paused_reader",
  "an iteration that is slow does not make its peer dead either",
  () =>
    withFakeClock(async (clock) => {
      const arrivals = new Arrivals();
      const more = Promise.withResolvers<void>();
      const taken: number[] = [];
      await using server = serve(
        {
          ...LOCAL,
          keepalive: { interval: 60, timeout: 60 },
          limits: { receiveHighWaterMark: 1000 },
          open: arrivals.open,
        },
        async (ws) => {
          for await (const message of ws) {
            taken.push(message.length);
            if (taken.length === 1) await more.promise;
            if (taken.length === 10) await ws.send("all");
          }
        },
      );
      using client = await RawClient.open(server);
      const ws = await arrivals.next();
      for (let count = 0; count < 10; count++) await client.write(clientFrame(0x82, new Uint8Array(500)));
      for (let round = 0; round < 3; round++) {
        using _silent = await RawClient.open(server);
        assertEquals((await clock.until((await arrivals.next()).closed)).code, 1006);
      }
      assertEquals([ws.state, taken.length], ["open", 1]);
      more.resolve();
      for (;;) {
        const frame = await client.readFrame();
        if (frame?.first !== 0x89) {
          assertEquals(new TextDecoder().decode(frame?.payload), "all");
          break;
        }
      }
    }),
);

hostile(
  "paused_reader",
  "any byte is life: a peer that never answers pings but sends is not dead",
  () =>
    withFakeClock(async (clock) => {
      const arrivals = new Arrivals();
      await using server = serve({
        ...LOCAL,
        keepalive: { interval: 30, timeout: 5_000 },
        open: arrivals.open,
        message: () => {},
      });
      using client = await RawClient.open(server);
      const ws = await arrivals.next();
      for (let round = 0; round < 3; round++) {
        // Each ping is followed by a fragment of a message, and by no pong.
        await clock.until(client.expectFrame(0x89, "keepalive"));
        await client.write(clientFrame(round === 0 ? 0x02 : 0x00, "x"));
      }
      assertEquals(ws.state, "open");
    }),
);
