import { assertEquals, assertRejects } from "../../std.ts";
import { memoryPair } from "../../memory_stream.ts";
import { ApplicationError, SerializationError } from "../../../wamp/errors.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import { cbor } from "../../../wamp/serializers/mod.ts";
import { openSession } from "../../../wamp/session.ts";
import type { Session } from "../../../wamp/session_api.ts";
import { connectRawSocket, rawSocketAcceptor } from "../../../wamp/transports/rawsocket.ts";

const LIMIT = 2048;

/** A session by RawSocket, each side of which takes at most 2 KiB. */
async function joinByRawSocket(router: ReturnType<typeof createRouter>, limit = LIMIT): Promise<Session> {
  const [near, far] = memoryPair();
  const [client, server] = await Promise.all([
    connectRawSocket("rs://h:1", { serializers: [cbor], maxMessage: limit, dial: () => Promise.resolve(near) }),
    rawSocketAcceptor({ serializers: [cbor], maxMessage: LIMIT })(far),
  ]);
  router.attach(server);
  return await openSession(client, { realm: "realm1" });
}

Deno.test("a request larger than the router takes fails, and the session goes on (WAMP, RawSocket Transport)", async () => {
  await using router = createRouter();
  await using session = await joinByRawSocket(router);
  const large = "x".repeat(LIMIT);
  await assertRejects(() => session.call("com.example.any", [large]), SerializationError, "takes at most 2048");
  await assertRejects(() => session.publish("com.example.any", [large]), SerializationError, "takes at most 2048");
  await session.register("com.example.echo", ({ args: [text] }) => text);
  assertEquals(await session.call("com.example.echo", ["small"]), "small");
});

Deno.test("a result or an invocation larger than its receiver takes is an error to the caller", async () => {
  await using router = createRouter();
  await using small = await joinByRawSocket(router);
  await using inside = await router.join("realm1");
  await small.register("com.example.large", () => "x".repeat(LIMIT));
  await assertRejects(() => inside.call("com.example.large"), ApplicationError, "takes at most 2048");
  await small.register("com.example.any", () => "never");
  const error = await assertRejects(() => inside.call("com.example.any", ["x".repeat(LIMIT)]), ApplicationError);
  assertEquals(error.uri, "wamp.error.payload_size_exceeded");
  await inside.register("com.example.inside", () => "x".repeat(LIMIT));
  const other = await assertRejects(() => small.call("com.example.inside"), ApplicationError);
  assertEquals(other.uri, "wamp.error.payload_size_exceeded");
});
