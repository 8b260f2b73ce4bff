import { join } from "../../wamp/join.ts";
import { ApplicationError } from "../../wamp/errors.ts";
import { createRouter } from "../../wamp/router/router.ts";
import type { Router } from "../../wamp/router/router_api.ts";
import { cbor } from "../../wamp/serializers/mod.ts";
import type { Session } from "../../wamp/session_api.ts";
import { localPair } from "../../wamp/transports/local.ts";
import { assertEquals, assertRejects } from "../std.ts";

const PROCEDURE = "com.example.procedure";
const TOPIC = "com.example.topic";

async function joined(router: Router): Promise<Session> {
  const [ours, theirs] = localPair(cbor);
  router.attach(theirs);
  return await join(ours, { realm: "realm1" });
}

Deno.test("a registration tells that the router took it away, and why (WAMP, Registration Revocation)", async () => {
  await using router = createRouter();
  const [first, second] = [await joined(router), await joined(router)];
  const registration = await first.register(PROCEDURE, () => 1);
  const taken = await second.register(PROCEDURE, () => 2, { forceReregister: true });
  assertEquals(await registration.ended, { by: "router", reason: "The procedure was registered anew" });
  assertEquals([registration.active, taken.active], [false, true]);
  assertEquals(await first.call(PROCEDURE), 2);
  await registration.unregister();
  const admin = await router.join("realm1");
  await admin.call("wamp.registration.remove_callee", [taken.id, second.id]);
  assertEquals(await taken.ended, { by: "router" });
  await assertRejects(() => first.call(PROCEDURE), ApplicationError, "no_such_procedure");
});

Deno.test("a subscription tells that the router took it away, each of its handlers (WAMP, Subscription Revocation)", async () => {
  await using router = createRouter();
  const session = await joined(router);
  const subscriptions = [await session.subscribe(TOPIC, () => {}), await session.subscribe(TOPIC, () => {})];
  const ended = subscriptions[0]!.ended;
  const args = [subscriptions[0]!.id, session.id, "no longer authorized"];
  const admin = await router.join("realm1");
  await admin.call("wamp.subscription.remove_subscriber", args);
  const expected = { by: "router", reason: "no longer authorized" } as const;
  assertEquals([await ended, await subscriptions[1]!.ended], [expected, expected]);
  assertEquals(subscriptions.map(({ active }) => active), [false, false]);
});

Deno.test("a registration and a subscription tell that we ended them, or their session", async () => {
  await using router = createRouter();
  const session = await joined(router);
  const [one, two] = [await session.register(PROCEDURE, () => 1), await session.register("com.example.two", () => 2)];
  const [three, four] = [
    await session.subscribe(TOPIC, () => {}),
    await session.subscribe("com.example.four", () => {}),
  ];
  await one.unregister();
  await three.unsubscribe();
  assertEquals([await one.ended, await three.ended], [{ by: "us" }, { by: "us" }]);
  const ended = [two.ended, four.ended];
  await session.leave();
  const expected = { by: "session", reason: "wamp.close.normal" } as const;
  assertEquals(await Promise.all(ended), [expected, expected]);
  assertEquals([await two.ended, await one.ended], [expected, { by: "us" }]);
});

Deno.test("a session's options ask for retained events, and keep publications to some (WAMP, Event Retention)", async () => {
  await using router = createRouter();
  const session = await joined(router);
  const other = await joined(router);
  await session.publish(TOPIC, ["kept"], { retain: true, acknowledge: true });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  await other.subscribe(TOPIC, ({ args, details }) => resolve([args[0], details.retained]), { getRetained: true });
  assertEquals(await promise, ["kept", true]);
  const heard: unknown[] = [];
  await other.subscribe("com.example.lists", ({ args }) => heard.push(args[0]));
  const lists = [
    { excludeAuthid: [other.authid!] },
    { excludeAuthrole: ["anonymous"] },
    { eligibleAuthid: ["nobody"] },
    { eligibleAuthrole: ["nobody"] },
    { exclude: [other.id] },
    { eligible: [1] },
    { eligibleAuthid: [other.authid!], eligibleAuthrole: ["anonymous"], eligible: [other.id] },
  ];
  for (const [index, options] of lists.entries()) await session.publish("com.example.lists", [index], options);
  await session.publish("com.example.lists", ["last"], { acknowledge: true });
  await other.call("wamp.session.count");
  assertEquals(heard, [6, "last"]);
});

Deno.test("a callee that does not attend to a call leaves it to the next (WAMP, Call Re-Routing)", async () => {
  await using router = createRouter();
  const [busy, free, caller] = [await joined(router), await joined(router), await joined(router)];
  const refuse = (): never => {
    throw new ApplicationError("wamp.error.unavailable");
  };
  await busy.register(PROCEDURE, refuse, { invoke: "first" });
  await free.register(PROCEDURE, ({ args }) => args[0], { invoke: "first" });
  assertEquals(await caller.call(PROCEDURE, ["rerouted"]), "rerouted");
  await free.leave();
  await assertRejects(() => caller.call(PROCEDURE), ApplicationError, "no_available_callee");
});
