import { assert, assertEquals, assertRejects } from "../std.ts";
import { FakeClock, memoryPair, socketPair } from "../../testing/mod.ts";
import { HandshakeError } from "../../websocket/mod.ts";

Deno.test("socketPair connects a client and a server by the real handshake", async () => {
  await using pair = await socketPair({
    url: "ws://example.com/path",
    client: { subprotocols: ["b", "a"], headers: { "x-id": "7" } },
    server: { subprotocols: ["a"], compression: false },
  });
  assertEquals([pair.client.subprotocol, pair.server.subprotocol], ["a", "a"]);
  assertEquals(pair.server.request?.headers.get("x-id"), "7");
  assertEquals(pair.server.url, "ws://example.com/path");
  await pair.server.send("Hello");
  const { value } = await pair.client[Symbol.asyncIterator]().next();
  assertEquals(value, "Hello");
  const [here, there] = await Promise.all([pair.client.close(4000, "bye"), pair.server.closed]);
  assertEquals([here.wasClean, there.code, there.reason], [true, 4000, "bye"]);
});

Deno.test("socketPair rejects where the server turns the client away, or an option is wrong", async () => {
  const refusal = await assertRejects(
    () => socketPair({ server: { upgrade: () => new Response("no", { status: 401 }) } }),
    HandshakeError,
  );
  assertEquals(refusal.status, 401);
  await assertRejects(() => socketPair({ client: { subprotocols: ["not a token"] } }), Error);
  await assertRejects(() => socketPair({ server: { handshakeTimeout: -1 } }), RangeError);
});

Deno.test("socketPair lets a test stall and cut the stream", async () => {
  using clock = new FakeClock().install();
  const pair = await socketPair({ client: { keepalive: { interval: 1_000, timeout: 500 } } });
  pair.serverStream.stallWrites();
  await clock.advance(1_600);
  const { error } = await pair.client.closed;
  assert(error !== undefined && error.message.includes("ping"));
  await pair[Symbol.asyncDispose]();
  assertEquals((await pair.server.closed).wasClean, false);
  assertEquals(clock.timers, 0);
});

Deno.test("memoryPair carries bytes in order and tells the end", async () => {
  const [one, other] = memoryPair();
  one.maxWrite = 2;
  assertEquals(await one.write(Uint8Array.of(1, 2, 3)), 2);
  assertEquals(await one.write(Uint8Array.of(3)), 1);
  assertEquals([other.unread, one.writes], [3, 2]);
  assertEquals(other.takeArrived(), Uint8Array.of(1, 2, 3));
  await one.closeWrite();
  assertEquals(await other.read(new Uint8Array(1)), null);
  one.writeError = new Error("Broken");
  await assertRejects(() => one.write(Uint8Array.of(1)), Error, "Broken");
  one.close();
  await assertRejects(() => one.read(new Uint8Array(1)), Error, "closed");
});
