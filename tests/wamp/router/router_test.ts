import { createRouter } from "../../../wamp/router/router.ts";
import type { RealmOptions } from "../../../wamp/router/router_api.ts";
import { ApplicationError, JoinError } from "../../../wamp/errors.ts";
import { withFakeClock } from "../../fake_clock.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../std.ts";
import { ROLES, RouterFixture } from "./scripted_transport.ts";

Deno.test("a router has realm1 by default, or the realms given", async () => {
  await using plain = createRouter();
  assertEquals(plain.realms, ["realm1"]);
  await using named = createRouter({ realms: [{ uri: "com.a" }, { uri: "com.b" }] });
  assertEquals(named.realms, ["com.a", "com.b"]);
});

Deno.test("createRouter refuses options that are none, naming them", () => {
  const realms: readonly (readonly [unknown, string])[] = [
    [{ uri: "" }, "uri"],
    [{ uri: "a b" }, "uri"],
    [{ uri: 7 }, "uri"],
    [{ uri: "Upper", uriRules: "strict" }, "uri"],
    [{ uri: "a", uriRules: "lax" }, "uriRules"],
    [{ uri: "a", slowConsumer: "kill" }, "slowConsumer"],
    [{ uri: "a", requestIds: "none" }, "requestIds"],
    [{ uri: "a", limits: { maxSessions: "7" } }, "limits.maxSessions"],
  ];
  for (const [realm, name] of realms) {
    assertThrows(() => createRouter({ realms: [realm as RealmOptions] }), TypeError, name);
  }
  assertThrows(
    () => createRouter({ realms: [{ uri: "a", limits: { maxOpenCalls: -1 } }] }),
    RangeError,
    "maxOpenCalls",
  );
  assertThrows(() => createRouter({ realms: [{ uri: "a", limits: { maxSendBuffer: NaN } }] }), RangeError);
  assertThrows(() => createRouter({ realms: [{ uri: "a" }, { uri: "a" }] }), TypeError, "again");
  assertThrows(() => createRouter({ helloTimeout: 0 }), RangeError, "helloTimeout");
  assertThrows(() => createRouter({ goodbyeTimeout: 0 }), RangeError, "goodbyeTimeout");
});

Deno.test("a program joins its own router as a trusted session, with the name and role it asks for", async () => {
  await using router = createRouter();
  const session = await router.join("realm1", { authid: "backend", authrole: "admin" });
  assertEquals([session.authid, session.authrole, session.authmethod], ["backend", "admin", "trusted"]);
  const other = await router.join("realm1");
  assert(other.authid !== undefined && other.authid !== session.authid);
  assertEquals(other.authrole, "trusted");
  const registration = await session.register("wamp.custom.procedure", () => "reserved");
  assertEquals(await other.call("wamp.custom.procedure"), "reserved");
  assertEquals(registration.procedure, "wamp.custom.procedure");
});

Deno.test("ordinary sessions may not register under wamp. (WAMP, Reserved URIs)", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.join();
  client.deliver(64, 1, {}, "wamp.custom.procedure");
  assertEquals(client.takeOne().slice(0, 5), [8, 64, 1, {}, "wamp.error.invalid_uri"]);
});

Deno.test("sessions of one router, local ones and others, call each other and hear each other", async () => {
  await using fixture = new RouterFixture();
  const session = await fixture.router.join("realm1");
  const client = fixture.join();
  await session.register("com.add", ({ args: [a, b] }) => Number(a) + Number(b));
  client.deliver(32, 1, {}, "com.topic");
  client.deliver(64, 2, {}, "com.fail");
  client.take();
  await session.publish("com.topic", ["x"], { acknowledge: true });
  assertEquals(client.takeOne()[4], ["x"]);
  const failed = session.call("com.fail");
  await session.call("wamp.session.count");
  client.deliver(8, 68, 1, {}, "com.error", ["no"]);
  const error = await assertRejects(() => failed, ApplicationError);
  assertEquals([error.uri, error.args], ["com.error", ["no"]]);
});

Deno.test("realms do not hear each other", async () => {
  await using fixture = new RouterFixture();
  fixture.router.addRealm({ uri: "realm2" });
  const [here, there] = [fixture.attach().join("realm1"), fixture.attach().join("realm2")];
  there.deliver(32, 1, {}, "com.topic");
  there.deliver(64, 2, {}, "com.do");
  there.take();
  here.deliver(16, 1, {}, "com.topic");
  here.deliver(48, 2, {}, "com.do");
  assertEquals([there.take(), here.takeOne()[4]], [[], "wamp.error.no_such_procedure"]);
  here.deliver(48, 3, {}, "wamp.session.get", [there.session]);
  assertEquals(here.takeOne()[4], "wamp.error.no_such_session");
});

Deno.test("realms come and go while the router runs", async () => {
  await using fixture = new RouterFixture();
  const { router } = fixture;
  assertThrows(() => router.addRealm({ uri: "realm1" }), TypeError);
  assertThrows(() => router.statistics("realm2"), RangeError, "realm2");
  await assertRejects(() => router.removeRealm("realm2"), RangeError);
  router.addRealm({ uri: "realm2" });
  const session = await router.join("realm2");
  await router.removeRealm("realm2");
  assertEquals((await session.closed).reason, "wamp.close.close_realm");
  assertEquals(router.realms, ["realm1"]);
  const error = await assertRejects(() => router.join("realm2"), JoinError);
  assertEquals(error.reason, "wamp.error.no_such_realm");
});

Deno.test("shutdown says GOODBYE to all, closes who never joined, and resolves when all have left", async () => {
  await using fixture = new RouterFixture();
  const [client, fresh] = [fixture.join(), fixture.attach()];
  const session = await fixture.router.join("realm1");
  let isDone = false;
  const done = fixture.router.shutdown().then(() => isDone = true);
  assertEquals(client.takeOne(), [6, {}, "wamp.close.system_shutdown"]);
  assertEquals(fresh.ending, "close");
  assertEquals((await session.closed).reason, "wamp.close.system_shutdown");
  assertEquals(isDone, false);
  client.deliver(6, {}, "wamp.close.goodbye_and_out");
  await done;
  fixture.assertEmpty();
});

Deno.test("during shutdown nobody joins: HELLO is aborted, a new transport closed", async () => {
  await using fixture = new RouterFixture();
  const leaving = fixture.join();
  const again = fixture.join();
  again.deliver(6, {}, "wamp.close.normal");
  again.take();
  const done = fixture.router.shutdown();
  leaving.take();
  const late = fixture.attach();
  assertEquals([late.ending, again.ending], ["close", "close"]);
  leaving.deliver(6, {}, "wamp.close.goodbye_and_out");
  await done;
});

Deno.test("shutdown cuts off those that do not leave in time", async () => {
  await withFakeClock(async (clock) => {
    const fixture = new RouterFixture({}, { goodbyeTimeout: 60_000 });
    const client = fixture.join();
    const done = fixture.router.shutdown({ timeout: 300 });
    await clock.advance(290);
    assertEquals(client.ending, undefined);
    await clock.advance(20);
    assertEquals(client.ending, "abort");
    await done;
    assertEquals(clock.timers, 0);
    await assertRejects(() => fixture.router.shutdown({ timeout: -1 }), RangeError);
  });
});

Deno.test("dismiss ends the sessions of one origin, and no others", async () => {
  await using fixture = new RouterFixture();
  const origin = {};
  const stays = fixture.join();
  const leaves = fixture.detached();
  fixture.router.attach(leaves, origin);
  leaves.join();
  const done = fixture.router.dismiss(origin);
  assertEquals([leaves.takeOne()[2], stays.take()], ["wamp.close.system_shutdown", []]);
  leaves.deliver(6, {}, "wamp.close.goodbye_and_out");
  await done;
  fixture.assertEmpty(1);
  await fixture.router.dismiss(origin);
});

Deno.test("each session of a router gets its own roles unchanged: one frozen object", async () => {
  await using fixture = new RouterFixture();
  const client = fixture.attach();
  client.deliver(1, "realm1", { roles: ROLES });
  const session = await fixture.router.join("realm1");
  const [, , details] = client.takeOne() as [number, number, { roles: unknown }];
  assertEquals(details.roles, JSON.parse(JSON.stringify(session.roles)));
});
