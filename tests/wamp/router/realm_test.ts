import { cbor, jsonBatched, msgpack } from "../../../wamp/serializers/mod.ts";
import type { Message } from "../../../wamp/messages.ts";
import type { Serializer } from "../../../wamp/serializers/serializer.ts";
import { withFakeClock } from "../../fake_clock.ts";
import { assert, assertEquals, assertMatch } from "../../std.ts";
import { recordingLogger } from "../../websocket/serving.ts";
import { ROLES, RouterFixture, ScriptedTransport } from "./scripted_transport.ts";

/** A client of a binary format, which keeps what it gets decoded. */
class BinaryClient extends ScriptedTransport {
  readonly messages: Message[] = [];

  override send(bytes: Uint8Array): void {
    this.serializer.decode(bytes.slice(), (message) => this.messages.push(message));
  }

  /** The client sends a message. */
  say(message: Message): void {
    this.deliverBytes(this.serializer.encode(message).slice());
  }
}

function joinBinary(fixture: RouterFixture, serializer: Serializer): BinaryClient {
  const client = new BinaryClient(serializer);
  fixture.router.attach(client);
  client.say({ type: 1, realm: "realm1", details: { roles: ROLES } });
  assertEquals(client.messages.splice(0).map(({ type }) => type), [2]);
  return client;
}

/** Registers `com.procedure` and takes the answer. */
function register(callee: ScriptedTransport, procedure = "com.procedure"): number {
  callee.deliver(64, 1, {}, procedure);
  const [type, , registration] = callee.takeOne();
  assertEquals(type, 65);
  return registration as number;
}

Deno.test("a call goes to the callee and its result comes back, payloads untouched (WAMP, Calling and Invocations)", async () => {
  await using fixture = new RouterFixture();
  const callee = fixture.join();
  const caller = fixture.join();
  const registration = register(callee);
  caller.deliverBytes(new TextEncoder().encode('[48,7,{},"com.procedure",[1.0, "ä" ],{"__proto__":{"x":1},"n":1e2}]'));
  assertEquals(callee.takeOne(), [68, 1, registration, {}, [1, "ä"], JSON.parse('{"__proto__":{"x":1},"n":100}')]);
  callee.deliver(70, 1, {}, ["done"]);
  assertEquals(caller.takeOne(), [50, 7, {}, ["done"]]);
  assertEquals(fixture.router.statistics("realm1").openCalls, 0);
});

Deno.test("what a client puts into its options does not reach the other side", async () => {
  await using fixture = new RouterFixture();
  const callee = fixture.join();
  const caller = fixture.join();
  register(callee);
  callee.deliver(32, 2, {}, "com.topic");
  callee.take();
  caller.deliver(48, 1, { caller: 1, caller_authid: "root", x_own: 1 }, "com.procedure");
  assertEquals(callee.takeOne()[3], {});
  caller.deliver(16, 2, { publisher: 1, publisher_authrole: "root", topic: "x", x_own: 1 }, "com.topic");
  assertEquals(callee.takeOne()[3], {});
});

Deno.test("a payload reaches clients of other formats, decoded and encoded once", async () => {
  await using fixture = new RouterFixture();
  const callee = joinBinary(fixture, cbor);
  const caller = fixture.join();
  callee.say({ type: 64, request: 1, options: {}, procedure: "com.procedure" });
  caller.deliver(48, 1, {}, "com.procedure", ["ä", 2 ** 40], { nested: [null, true] });
  const [, invocation] = callee.messages;
  assert(invocation?.type === 68);
  assertEquals([invocation.payload.args, invocation.payload.kwargs], [["ä", 2 ** 40], { nested: [null, true] }]);
  callee.say({ type: 70, request: invocation.request, options: {}, payload: invocation.payload });
  assertEquals(caller.takeOne(), [50, 1, {}, ["ä", 2 ** 40], { nested: [null, true] }]);
});

Deno.test("an event is framed once for all receivers of a serializer, and each gets it (WAMP, Publishing and Events)", async () => {
  await using fixture = new RouterFixture();
  const publisher = fixture.join();
  const texts = [fixture.join(), fixture.join(), fixture.join()];
  const binaries = [joinBinary(fixture, cbor), joinBinary(fixture, msgpack), joinBinary(fixture, cbor)];
  for (const text of texts) text.deliver(32, 1, {}, "com.topic");
  for (const binary of binaries) binary.say({ type: 32, request: 1, options: {}, topic: "com.topic" });
  publisher.deliver(32, 1, {}, "com.topic");
  for (const client of [publisher, ...texts]) client.take();
  publisher.deliver(16, 2, {}, "com.topic", ["x"], { y: 1 });
  const events = texts.map((text) => text.takeOne());
  assertEquals(events.map(([type, , , ...rest]) => [type, ...rest]), Array(3).fill([36, {}, ["x"], { y: 1 }]));
  assertEquals(new Set(events.map(([, , publication]) => publication)).size, 1);
  for (const { messages } of binaries) {
    const event = messages[1];
    assert(event?.type === 36);
    assertEquals([event.payload.args, event.payload.kwargs], [["x"], { y: 1 }]);
  }
  assertEquals([...texts, ...binaries].map(({ shared }) => shared), Array(6).fill(1));
  assertEquals(publisher.take(), []);
});

Deno.test("an event for one receiver is not shared", async () => {
  await using fixture = new RouterFixture();
  const [publisher, subscriber] = [fixture.join(), fixture.join()];
  subscriber.deliver(32, 1, {}, "com.topic");
  subscriber.take();
  publisher.deliver(16, 1, {}, "com.topic");
  assertEquals([subscriber.takeOne()[0], subscriber.shared], [36, 0]);
});

Deno.test("a batch of messages is handled in order (WAMP, Batched WebSocket)", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.attach(jsonBatched);
  const texts = [[1, "realm1", { roles: ROLES }], [32, 1, {}, "com.a"], [34, 2, 1], [6, {}, "wamp.close.normal"]];
  client.deliverBytes(new TextEncoder().encode(texts.map((text) => `${JSON.stringify(text)}\x1e`).join("")));
  assertEquals(client.take().map(([type]) => type), [2, 33, 35, 6]);
  fixture.assertEmpty();
});

Deno.test("a batch is handled up to the message that breaks the protocol", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.attach(jsonBatched);
  const hello = JSON.stringify([1, "realm1", { roles: ROLES }]);
  client.deliverBytes(new TextEncoder().encode(`${hello}\x1e[32,1,{},"a"]\x1e[99]\x1e[32,2,{},"b"]\x1e`));
  assertEquals(client.take().map(([type]) => type), [2, 33, 3]);
  fixture.assertEmpty();
});

Deno.test("a call that times out is answered by the router, and the callee interrupted (WAMP, Call Timeouts)", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = new RouterFixture();
    const [callee, caller] = [fixture.join(), fixture.join()];
    register(callee);
    caller.deliver(48, 1, { timeout: 100 }, "com.procedure");
    assertEquals(callee.takeOne()[0], 68);
    await clock.advance(90);
    assertEquals(caller.take(), []);
    await clock.advance(50);
    assertEquals(caller.takeOne().slice(0, 5), [8, 48, 1, {}, "wamp.error.timeout"]);
    assertEquals(callee.takeOne().slice(0, 2), [69, 1]);
    assertEquals(clock.timers, 0);
    callee.deliver(70, 1, {});
    assertEquals([callee.ending, caller.take(), fixture.router.statistics("realm1").openCalls], [undefined, [], 0]);
  });
});

Deno.test("progress moves the deadline of a call, and its end takes the timer away (WAMP, Call Timeouts)", async () => {
  await withFakeClock(async (clock) => {
    await using fixture = new RouterFixture();
    const [callee, caller] = [fixture.join(), fixture.join()];
    register(callee);
    caller.deliver(48, 1, { timeout: 100, receive_progress: true }, "com.procedure");
    for (let part = 0; part < 3; part++) {
      await clock.advance(80);
      callee.deliver(70, 1, { progress: true }, [part]);
      assertEquals(caller.takeOne(), [50, 1, { progress: true }, [part]]);
    }
    callee.deliver(70, 1, {}, ["end"]);
    assertEquals(caller.takeOne(), [50, 1, {}, ["end"]]);
    await clock.advance(1_000);
    assertEquals([caller.take(), clock.timers], [[], 0]);
  });
});

Deno.test("a callee that vanishes ends its calls, a caller that vanishes interrupts its callee", async () => {
  await using fixture = new RouterFixture();
  const [callee, caller, other] = [fixture.join(), fixture.join(), fixture.join()];
  register(callee);
  caller.deliver(48, 1, {}, "com.procedure");
  callee.take();
  caller.lose();
  assertEquals(callee.takeOne().slice(0, 2), [69, 1]);
  other.deliver(48, 1, {}, "com.procedure");
  callee.lose();
  assertEquals(other.takeOne().slice(0, 5), [8, 48, 1, {}, "wamp.error.canceled"]);
  fixture.assertEmpty(1);
});

Deno.test("an invocation larger than its callee takes is answered with payload_size_exceeded", async () => {
  await using fixture = new RouterFixture();
  const callee = Object.assign(fixture.join(), { maxMessage: 200 });
  const caller = fixture.join();
  register(callee);
  caller.deliver(48, 1, {}, "com.procedure", ["x".repeat(300)]);
  assertEquals(caller.takeOne().slice(0, 5), [8, 48, 1, {}, "wamp.error.payload_size_exceeded"]);
  assertEquals([callee.take(), fixture.router.statistics("realm1").openCalls], [[], 0]);
});

Deno.test("a result or an error larger than its caller takes becomes an error that it can take", async () => {
  await using fixture = new RouterFixture();
  const callee = fixture.join();
  const caller = Object.assign(fixture.join(), { maxMessage: 400 });
  register(callee);
  caller.deliver(48, 1, {}, "com.procedure");
  caller.deliver(48, 2, {}, "com.procedure");
  callee.deliver(70, 1, {}, ["x".repeat(500)]);
  callee.deliver(8, 68, 2, {}, "com.error.own", ["x".repeat(500)]);
  assertEquals(caller.take().map((message) => message.slice(0, 5)), [
    [8, 48, 1, {}, "wamp.error.payload_size_exceeded"],
    [8, 48, 2, {}, "com.error.own"],
  ]);
  assertEquals(fixture.router.statistics("realm1").openCalls, 0);
});

Deno.test("a payload that another format cannot hold is answered, not forwarded, and harms nobody", async () => {
  const { logger, records } = recordingLogger();
  await using fixture = new RouterFixture({}, { logger });
  const [callee, subscriber] = [joinBinary(fixture, msgpack), joinBinary(fixture, msgpack)];
  const caller = fixture.join();
  callee.say({ type: 64, request: 1, options: {}, procedure: "com.procedure" });
  subscriber.say({ type: 32, request: 1, options: {}, topic: "com.topic" });
  // MessagePack has no integers beyond 64 bits.
  caller.deliverBytes(new TextEncoder().encode('[48,1,{},"com.procedure",[99999999999999999999999]]'));
  assertEquals(caller.takeOne().slice(0, 5), [8, 48, 1, {}, "wamp.error.invalid_payload"]);
  caller.deliverBytes(new TextEncoder().encode('[16,2,{},"com.topic",[99999999999999999999999]]'));
  assertEquals([...callee.messages, ...subscriber.messages].map(({ type }) => type), [65, 33]);
  assertEquals(records.filter((record) => record === "warn: Cannot send a message").length, 2);
  assertEquals([caller.ending, fixture.router.statistics("realm1").openCalls], [undefined, 0]);
});

Deno.test("a failure of the router's own ends the session that ran into it, with words, and no other", async () => {
  const { logger, records } = recordingLogger();
  await using fixture = new RouterFixture({}, { logger });
  const [client, other] = [fixture.join(), fixture.join()];
  const now = Object.getOwnPropertyDescriptor(globalThis.Date.prototype, "toISOString");
  Object.defineProperty(Date.prototype, "toISOString", {
    configurable: true,
    value: () => {
      throw new Error("The clock is broken");
    },
  });
  try {
    client.deliver(32, 1, {}, "com.topic");
  } finally {
    if (now !== undefined) Object.defineProperty(Date.prototype, "toISOString", now);
  }
  const [type, details, reason] = client.takeOne();
  assertEquals([type, reason, client.ending], [3, "wamp.error.runtime_error", "close"]);
  assertMatch((details as { message: string }).message, /failed/);
  assert(records.includes("error: Cannot handle a message"));
  other.deliver(48, 1, {}, "wamp.session.count");
  assertEquals(other.takeOne(), [50, 1, {}, [1]]);
});
