import { ProtocolError } from "../../websocket/errors.ts";
import { settled, withFakeClock } from "../fake_clock.ts";
import { assert, assertEquals } from "../std.ts";
import { masked, plain } from "./frames.ts";
import { LogLines, open, openPair } from "./open_connection.ts";

/** Whether a promise has settled, without waiting for it. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settledNow = false;
  promise.then(() => settledNow = true, () => settledNow = true);
  await settled();
  return settledNow;
}

Deno.test("Connection finds a dead peer by keepalive within its interval and timeout", async () => {
  await withFakeClock(async (clock) => {
    const opened = open({ options: { keepalive: { interval: 1_000, timeout: 500 } } });
    await clock.advance(999);
    assertEquals(await opened.sent(), []);
    await clock.advance(50);
    assertEquals(await opened.sent(), ["89 keepalive"]);
    await clock.advance(400);
    assertEquals(opened.connection.state, "open");
    await clock.advance(150);
    assertEquals([opened.connection.state, clock.timers], ["closed", 0]);
    const { code, error } = await opened.connection.closed;
    assert(code === 1006 && error instanceof ProtocolError && error.code === "keepalive_timeout");
    await opened.end();
  });
});

Deno.test("Connection keeps a silent peer that answers pings, and does not ping one that speaks", async () => {
  await withFakeClock(async (clock) => {
    const options = { keepalive: { interval: 1_000, timeout: 500 } };
    const { client, server } = openPair({ options: { keepalive: false } }, { options });
    await clock.advance(20_000);
    assertEquals([client.connection.state, server.connection.state], ["open", "open"]);
    assert(server.stream.writes >= 15, `${server.stream.writes} pings`);
    const speaking = open({ options });
    for (let step = 0; step < 50; step++) {
      await clock.advance(300);
      await speaking.receive(masked(0x8a));
    }
    assertEquals(await speaking.sent(), []);
    for (const opened of [client, server, speaking]) await opened.end();
    assertEquals(clock.timers, 0);
  });
});

Deno.test("Connection does not take a peer for dead while its own reader pauses", async () => {
  await withFakeClock(async (clock) => {
    const opened = open({ options: { keepalive: { interval: 1_000, timeout: 500 } } });
    await clock.advance(1_100);
    opened.connection.pause();
    await clock.advance(60_000);
    assertEquals(opened.connection.state, "open");
    opened.connection.resume();
    await clock.advance(900);
    assertEquals(opened.connection.state, "open");
    await clock.advance(1_000);
    assertEquals(opened.connection.state, "closed", "the peer stayed silent after that");
    await opened.end();
  });
});

Deno.test("Connection finds a peer that takes nothing of what waits for it, and keeps one that takes a little", async () => {
  for (const takes of [false, true]) {
    await withFakeClock(async (clock) => {
      const opened = open({
        options: { keepalive: { interval: 1_000, timeout: 500 }, limits: { sendHighWaterMark: 10 } },
        handlers: { message: (ws, data) => void ws.send(data) },
      });
      opened.stream.stallWrites();
      await opened.receive(masked(0x82, "more than the mark"));
      for (let step = 0; step < 20; step++) {
        await clock.advance(100);
        if (!takes || step % 5 !== 4) continue;
        opened.stream.resumeWrites();
        await settled();
        opened.stream.stallWrites();
        await opened.receive(masked(0x82, "more than the mark"));
      }
      assertEquals(opened.connection.state, takes ? "open" : "closed");
      await opened.end();
      assertEquals(clock.timers, 0);
    });
  }
});

Deno.test("Connection ends a closing handshake that is not answered at the close deadline", async () => {
  for (const role of ["client", "server"] as const) {
    await withFakeClock(async (clock) => {
      const opened = open({ role, options: { closeTimeout: 1_000 } });
      const closed = opened.connection.close();
      const noise = role === "client" ? plain(0x81, "more") : masked(0x81, "more");
      for (let step = 0; step < 9; step++) {
        await clock.advance(100);
        await opened.receive(noise);
      }
      assertEquals(await isSettled(closed), false);
      await clock.advance(150);
      const { code, wasClean, error } = await closed;
      assertEquals([code, wasClean], [1006, false]);
      assert(error instanceof ProtocolError && error.code === "close_timeout");
      assertEquals([opened.stream.isClosed, clock.timers], [true, 0]);
      await opened.end();
    });
  }
});

Deno.test("Connection ends at the close deadline after a protocol failure that the peer does not answer", async () => {
  await withFakeClock(async (clock) => {
    const opened = open({ options: { closeTimeout: 1_000 } });
    await opened.receive(masked(0x83));
    assertEquals((await opened.sent())[0]?.slice(0, 7), "88 03ea");
    assertEquals([opened.stream.isHalfClosed, opened.stream.isClosed], [true, false]);
    await opened.receive(masked(0x81, "on and on"));
    await clock.advance(1_050);
    assertEquals([opened.stream.isClosed, clock.timers], [true, 0]);
    await opened.end();
  });
});

Deno.test("Connection ends at the close deadline where the peer does not read our close frame", async () => {
  await withFakeClock(async (clock) => {
    const opened = open({ options: { closeTimeout: 1_000 } });
    opened.stream.stallWrites();
    void opened.connection.send("x");
    const closed = opened.connection.close();
    await clock.advance(1_050);
    assertEquals((await closed).code, 1006);
    await opened.end();
  });
});

Deno.test("Connection fails a message that takes longer than messageTimeout, with 1008, and logs it", async () => {
  await withFakeClock(async (clock) => {
    const logger = new LogLines();
    const opened = open({ options: { messageTimeout: 1_000, logger } });
    await clock.advance(10_000);
    await opened.receive(masked(0x81, "complete"), masked(0x81, "slow").subarray(0, 3));
    for (let step = 3; step < 6; step++) {
      await clock.advance(300);
      await opened.receive(masked(0x81, "slow").subarray(step, step + 1));
    }
    assertEquals(opened.connection.state, "open");
    await clock.advance(150);
    assertEquals((await opened.sent())[0]?.slice(0, 7), "88 03f0");
    assertEquals(logger.lines.includes("warn Peer broke the protocol"), true);
    await opened.end();
  });
});
