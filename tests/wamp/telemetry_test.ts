import { channel as diagnosticsChannel, subscribe, unsubscribe } from "node:diagnostics_channel";
import { builtin } from "../../internal/builtins.ts";
import { ApplicationError, JoinError, TransportLostError } from "../../wamp/errors.ts";
import { join } from "../../wamp/join.ts";
import { createRouter } from "../../wamp/router/router.ts";
import { acceptTicket } from "../../wamp/auth/accept_ticket.ts";
import { ticket } from "../../wamp/auth/ticket.ts";
import { CLIENT_CHANNELS, Operation, type OperationDiagnostics } from "../../wamp/telemetry.ts";
import { connectTransport } from "../../wamp/transports/connect.ts";
import { settled } from "../fake_clock.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "../std.ts";
import { OPEN_REALM } from "./open_realm.ts";

/** A message as it was when it was told, and the object itself. */
interface Told {
  readonly message: OperationDiagnostics;
  readonly copy: Readonly<Record<string, unknown>>;
}

/** Listens to everything that clients tell. */
class Listening implements Disposable {
  readonly told: { readonly [Name in keyof typeof CLIENT_CHANNELS]: Told[] } = {
    connect: [],
    join: [],
    call: [],
    invocation: [],
    publish: [],
    event: [],
    close: [],
  };
  /** All that was told, whatever was taken since. */
  readonly everything: unknown[] = [];
  readonly #listeners: (readonly [string, (message: unknown) => void])[] = [];

  constructor() {
    for (const [name, channel] of Object.entries(CLIENT_CHANNELS)) {
      const told = this.told[name as keyof typeof CLIENT_CHANNELS];
      const listener = (message: unknown): void => {
        this.everything.push({ ...message as OperationDiagnostics });
        told.push({ message: message as OperationDiagnostics, copy: { ...message as OperationDiagnostics } });
      };
      subscribe(channel, listener);
      this.#listeners.push([channel, listener]);
    }
  }

  /** What was told on a channel since the last asking, with durations checked and left out. */
  take(name: keyof typeof CLIENT_CHANNELS): Record<string, unknown>[] {
    return this.told[name].splice(0).map(({ copy }) => {
      const { duration, ...rest } = copy;
      assert(typeof duration === "number" && duration >= 0 && (rest.event === "end" || duration === 0));
      return rest;
    });
  }

  [Symbol.dispose](): void {
    for (const [channel, listener] of this.#listeners) unsubscribe(channel, listener);
  }
}

/** What start and end of an operation have in common, and what the end adds. */
function pair(facts: Record<string, unknown>, error = "", more: Record<string, unknown> = {}) {
  return [{ event: "start", error: "", ...facts }, { event: "end", error, ...facts, ...more }];
}

const LOCAL = { url: "local:" };

Deno.test("A client tells of connecting and joining, without what is secret, and of the end of its session", async () => {
  await using router = createRouter({
    realms: [{ uri: "realm1", auth: [acceptTicket({ principals: { joe: { ticket: "secret", role: "user" } } })] }],
  });
  using listening = new Listening();
  const auth = [ticket({ authid: "joe", ticket: "secret" })];
  const session = await join("local:", { realm: "realm1", router, auth });
  const { id } = session;
  assertEquals(
    listening.take("connect"),
    [{ event: "start", error: "", ...LOCAL, transport: "", serializer: "" }, {
      ...{ event: "end", error: "", ...LOCAL, transport: "local", serializer: "cbor" },
    }],
  );
  const asked = { realm: "realm1", transport: "local", remoteAddress: "" };
  const unknown = { ...asked, session: 0, authid: "", authrole: "", authmethod: "" };
  const known = { session: id, authid: "joe", authrole: "user", authmethod: "ticket" };
  assertEquals(listening.take("join"), pair(unknown, "", known));
  await session.leave();
  const facts = { realm: "realm1", session: id, reason: "wamp.close.normal", by: "us", wasClean: true };
  assertEquals(listening.take("close"), [{ event: "end", error: "", ...facts }]);
  const wrong = [ticket({ authid: "joe", ticket: "guess" })];
  await assertRejects(() => join("local:", { realm: "realm1", router, auth: wrong }), JoinError);
  listening.take("connect");
  assertEquals(listening.take("join"), pair(unknown, "wamp.error.authentication_denied"));
  assert(!JSON.stringify(listening.everything).includes("secret"));
  assertEquals(listening.take("close"), []);
});

Deno.test("A client that cannot connect tells why, and an address without user, password and query", async () => {
  using listening = new Listening();
  await assertRejects(() => connectTransport("ws://joe:secret@127.0.0.1:1/ws?token=secret"));
  const facts = { url: "ws://127.0.0.1:1/ws", transport: "", serializer: "" };
  assertEquals(listening.take("connect"), pair(facts, "TransportError"));
});

Deno.test("A call and its invocation are told of at their start and their end, by one object each", async () => {
  await using router = createRouter({ realms: [OPEN_REALM] });
  await using callee = await join("local:", { realm: "realm1", router });
  await using caller = await join("local:", { realm: "realm1", router });
  using listening = new Listening();
  const registration = await callee.register("com.example.add", ({ args: [a, b] }) => Number(a) + Number(b));
  const procedure = "com.example.add";
  const call = { realm: "realm1", session: caller.id, procedure };
  const invocation = { realm: "realm1", session: callee.id, registration: registration.id, procedure };
  assertEquals(await caller.call(procedure, [1, 2]), 3);
  const [start, end] = listening.told.call;
  assertStrictEquals(start!.message, end!.message);
  assert(Number(end!.copy.duration) > 0);
  assertEquals(listening.take("call"), pair(call));
  assertEquals(listening.take("invocation"), pair({ ...invocation, request: 1 }));
  await caller.callResult(procedure);
  assertEquals(listening.take("call"), pair(call));
  const results = [];
  for await (const result of caller.callProgressive(procedure, [1, 1])) results.push(result.args[0]);
  assertEquals(results, [2]);
  assertEquals(listening.take("call"), pair(call));
  for (const _ of [1, 2]) listening.take("invocation");
});

Deno.test("What a call fails with is told as its URI, at both ends; nothing is told of arguments", async () => {
  await using router = createRouter({ realms: [OPEN_REALM] });
  await using callee = await join("local:", { realm: "realm1", router });
  const caller = await join("local:", { realm: "realm1", router });
  await callee.register("com.example.fail", () => {
    throw new ApplicationError("com.example.error", ["secret"]);
  });
  await callee.register("com.example.reject", () => Promise.reject(new RangeError("secret")));
  await callee.register(
    "com.example.wait",
    ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  using listening = new Listening();
  const errors = (name: "call" | "invocation") => listening.take(name).map(({ event, error }) => `${event} ${error}`);
  await assertRejects(() => caller.call("com.example.fail", ["secret"]));
  assertEquals([errors("call"), errors("invocation")], Array(2).fill(["start ", "end com.example.error"]));
  await assertRejects(() => caller.call("com.example.reject"));
  assertEquals([errors("call"), errors("invocation")], Array(2).fill(["start ", "end wamp.error.runtime_error"]));
  await assertRejects(() => caller.call("com.example.nobody"));
  assertEquals([errors("call"), errors("invocation")], [["start ", "end wamp.error.no_such_procedure"], []]);
  await assertRejects(() => caller.call("com.example.fail", [() => 1]));
  assertEquals(errors("call"), ["start ", "end SerializationError"]);
  const controller = new AbortController();
  const aborted = assertRejects(() => caller.call("com.example.wait", [], { signal: controller.signal }));
  await settled();
  controller.abort();
  await aborted;
  await settled();
  assertEquals(errors("call"), ["start ", "end AbortError"]);
  assertEquals(errors("invocation"), ["start ", "end wamp.error.canceled"]);
  const iteration = caller.callProgressive("com.example.wait");
  await settled();
  await iteration.return!();
  await settled();
  assertEquals(errors("call"), ["start ", "end wamp.error.canceled"]);
  errors("invocation");
  // The callee's session ends before it has answered, and the caller's after it.
  const lost = assertRejects(() => caller.call("com.example.wait"));
  await settled();
  await callee.leave();
  await lost;
  assertEquals(errors("invocation"), ["start ", "end wamp.close.normal"]);
  assertEquals(errors("call"), ["start ", "end wamp.error.canceled"]);
  await caller.leave();
  assert(!JSON.stringify(listening.everything).includes("secret"));
});

Deno.test("Publications are told of until they are acknowledged, and events until their handler is done", async () => {
  await using router = createRouter({ realms: [OPEN_REALM] });
  await using subscriber = await join("local:", { realm: "realm1", router });
  await using publisher = await join("local:", { realm: "realm1", router });
  const handled = Promise.withResolvers<void>();
  const topic = "com.example.tick";
  const quick = await subscriber.subscribe(topic, () => {});
  await subscriber.subscribe("com.example", () => handled.promise, { match: "prefix" });
  await subscriber.subscribe("com.example.broken", () => {
    throw new RangeError("secret");
  });
  await subscriber.subscribe("com.example.rejecting", () => Promise.reject(new ApplicationError("com.example.error")));
  using listening = new Listening();
  const facts = { realm: "realm1", session: publisher.id, topic };
  const publication = await publisher.publish(topic, ["secret"], { acknowledge: true });
  assertEquals(listening.take("publish"), pair({ ...facts, acknowledge: true }));
  await settled();
  const events = listening.take("event");
  const event = { realm: "realm1", session: subscriber.id, subscription: quick.id, publication, topic };
  assertEquals(events.filter(({ subscription }) => subscription === quick.id), pair(event));
  assertEquals(events.filter(({ subscription }) => subscription !== quick.id).map(({ event }) => event), ["start"]);
  handled.resolve();
  await settled();
  assertEquals(listening.take("event").map(({ event }) => event), ["end"]);
  await publisher.publish("com.example.broken");
  assertEquals(listening.take("publish").map(({ event, error }) => [event, error]), [["start", ""], ["end", ""]]);
  await publisher.publish("com.example.rejecting", [], { acknowledge: true });
  await settled();
  const failures = listening.take("event").map(({ error }) => error).filter((error) => error !== "");
  assertEquals(failures.sort(), ["RangeError", "com.example.error"]);
  listening.take("publish");
  await assertRejects(() => publisher.publish(topic, [() => 1]));
  await assertRejects(() => publisher.publish("wamp.forbidden", [], { acknowledge: true }));
  const errors = listening.take("publish").map(({ error }) => error);
  assertEquals(errors, ["", "SerializationError", "", "wamp.error.invalid_uri"]);
  assert(!JSON.stringify(listening.everything).includes("secret"));
});

Deno.test("A session that is lost is told of with what failed", async () => {
  await using router = createRouter({ realms: [OPEN_REALM] });
  const transport = await connectTransport("local:", { router });
  const session = await join(transport, { realm: "realm1" });
  await session.register("com.example.wait", () => new Promise(() => {}));
  using listening = new Listening();
  const call = assertRejects(() => session.call("com.example.wait"), TransportLostError);
  await settled();
  transport.abort();
  await session.closed;
  await call;
  const [closed] = listening.take("close");
  assertEquals([closed?.by, closed?.reason, closed?.wasClean], ["transport", "wamp.error.network_failure", false]);
  assertEquals(listening.take("call").at(-1)?.error, "TransportLostError");
  assertEquals(listening.take("invocation").at(-1)?.error, "TransportLostError");
});

Deno.test("An operation ends once, and who begins to listen meanwhile hears of its end alone", () => {
  const name = "viaduct:test:operation";
  const heard: unknown[] = [];
  const channel = diagnosticsChannel(name);
  const operation = new Operation(channel, {}, undefined);
  const listener = (message: unknown): void => void heard.push({ ...message as object, duration: 0 });
  subscribe(name, listener);
  operation.end("com.example.error");
  operation.end();
  new Operation(channel, {}, undefined).end(7);
  unsubscribe(name, listener);
  new Operation(channel, {}, undefined).end();
  const end = { event: "end", duration: 0 };
  assertEquals(heard, [{ ...end, error: "com.example.error" }, { ...end, event: "start", error: "" }, {
    ...{ ...end, error: "Error" },
  }]);
  assert(builtin("node:diagnostics_channel") !== undefined);
});
