/**
 * Features of the dealer that are about registrations, and the meta API.
 *
 * @module
 */

import { MESSAGE } from "../../../wamp/messages.ts";
import { assert, assertEquals } from "../../std.ts";
import { assertFails, Inbox } from "../suite/checking.ts";
import { announcing, type FeatureTest, type FeatureWorld, runSuite } from "./feature.ts";

/** The example of "Calls matching multiple registrations": the registrations, and which of them gets a call. */
const PATTERNS: readonly (readonly [string, "exact" | "prefix" | "wildcard"])[] = [
  ["a1.b2.c3.d4.e55", "exact"],
  ["a1.b2.c3", "prefix"],
  ["a1.b2.c3.d4", "prefix"],
  ["a1.b2..d4.e5", "wildcard"],
  ["a1.b2.c33..e5", "wildcard"],
  ["a1.b2..d4.e5..g7", "wildcard"],
  ["a1.b2..d4..f6.g7", "wildcard"],
];
const RANKING: readonly (readonly [procedure: string, registration: string])[] = [
  ["a1.b2.c3.d4.e55", "a1.b2.c3.d4.e55"],
  ["a1.b2.c3.d98.e74", "a1.b2.c3"],
  ["a1.b2.c3.d4.e325", "a1.b2.c3.d4"],
  ["a1.b2.c55.d4.e5", "a1.b2..d4.e5"],
  ["a1.b2.c33.d4.e5", "a1.b2.c33..e5"],
  ["a1.b2.c88.d4.e5.f6.g7", "a1.b2..d4.e5..g7"],
];

async function checkRegistrationMeta({ callee, caller, third, uri }: FeatureWorld): Promise<void> {
  const procedure = uri("described");
  const inbox = new Inbox();
  const topics = ["on_create", "on_register", "on_unregister", "on_delete"];
  for (const name of topics) await third.subscribe(`wamp.registration.${name}`, inbox.take);
  const registration = await callee.register(procedure, () => {}, { match: "prefix", invoke: "last" });
  const { id } = registration;
  const details = await caller.call<{ readonly created: string }>("wamp.registration.get", [id]);
  assertEquals({ ...details, created: "" }, { id, created: "", uri: procedure, match: "prefix", invoke: "last" });
  assert(!Number.isNaN(Date.parse(details.created)), details.created);
  const events = [await inbox.next(), await inbox.next()];
  assertEquals(events.map(({ args }) => args), [[callee.id, details], [callee.id, id]]);
  const lists = await caller.call<Record<string, number[]>>("wamp.registration.list");
  assert(lists.prefix?.includes(id));
  assertEquals(await caller.call("wamp.registration.lookup", [procedure, { match: "prefix" }]), id);
  assertEquals(await caller.call("wamp.registration.lookup", [procedure]), null);
  assertEquals(await caller.call("wamp.registration.match", [`${procedure}.below`]), id);
  assertEquals(await caller.call("wamp.registration.list_callees", [id]), [callee.id]);
  assertEquals(await caller.call("wamp.registration.count_callees", [id]), 1);
  await registration.unregister();
  assertEquals([(await inbox.next()).args, (await inbox.next()).args], [[callee.id, id], [callee.id, id]]);
  await assertFails(caller.call("wamp.registration.get", [id]), "wamp.error.no_such_registration");
}

async function checkRanking({ callee, caller, uri }: FeatureWorld): Promise<void> {
  const base = uri("ranking");
  for (const [pattern, match] of PATTERNS) {
    await callee.register(`${base}.${pattern}`, () => pattern, { match });
  }
  for (const [procedure, expected] of RANKING) {
    assertEquals(await caller.call(`${base}.${procedure}`), expected, procedure);
  }
  await assertFails(caller.call(`${base}.a2.b2.c2.d2.e2`), "wamp.error.no_such_procedure");
}

async function checkRevocation(world: FeatureWorld): Promise<void> {
  const { callee, caller, uri } = world;
  const procedure = uri("revoked");
  const registration = await callee.register(procedure, () => "here");
  const ended = new Inbox();
  await world.third.subscribe("wamp.registration.on_unregister", ended.take);
  await caller.call("wamp.registration.remove_callee", [registration.id, callee.id, "moved"]);
  assertEquals((await ended.next()).args, [callee.id, registration.id]);
  await assertFails(caller.call(procedure), "wamp.error.no_such_procedure");
  // The UNREGISTERED was there before the answer to this.
  await callee.call("wamp.session.count");
  assert(!registration.active);
  await using told = await world.joinRaw({ callee: announcing("registration_revocation") });
  await using untold = await world.joinRaw();
  for (const peer of [told, untold]) {
    const id = await peer.register(uri("told"));
    await caller.call("wamp.registration.remove_callee", [id, peer.id], { kwargs: { reason: "moved" } });
    if (peer === untold) continue;
    const { request, details } = await peer.expect(MESSAGE.UNREGISTERED);
    assertEquals([request, details], [0, { registration: id, reason: "moved" }]);
  }
  await untold.expectNothing();
}

async function checkTakeover(world: FeatureWorld): Promise<void> {
  const procedure = world.uri("taken");
  const { callee, caller, third } = world;
  const registration = await callee.register(procedure, () => "old");
  await assertFails(third.register(procedure, () => "new"), "wamp.error.procedure_already_exists");
  await third.register(procedure, () => "new", { forceReregister: true });
  assertEquals(await caller.call(procedure), "new");
  await callee.call("wamp.session.count");
  assert(!registration.active);
}

async function checkTestaments(world: FeatureWorld): Promise<void> {
  const { callee, third, uri } = world;
  const topic = uri("testament");
  const inbox = new Inbox();
  await third.subscribe(topic, inbox.take);
  const add = "wamp.session.add_testament";
  for (const end of ["leave", "lose"] as const) {
    const dying = await world.joinRaw();
    const meta = async (procedure: string, args: readonly unknown[], kwargs = {}): Promise<void> => {
      dying.call(procedure, args, {}, kwargs);
      assertEquals((await dying.expect(MESSAGE.RESULT)).payload.args, []);
    };
    await meta(add, [topic, ["destroyed 1"], { end }]);
    await meta(add, [topic, ["destroyed 2"], {}], { publish_options: { exclude: [callee.id] } });
    await meta(add, [topic, ["detached"], {}], { scope: "detached" });
    await dying[end]();
    const events = [await inbox.next(), await inbox.next(), await inbox.next()];
    // "MUST send detached-scope Testaments before destroyed-scope Testaments", in the order of adding.
    assertEquals(events.map(({ args }) => args[0]), ["detached", "destroyed 1", "destroyed 2"]);
    assertEquals(events[1]?.kwargs, { end });
  }
  const careful = await world.join();
  await careful.call(add, [topic, ["flushed"], {}]);
  await careful.call(add, [topic, ["kept"], {}], { kwargs: { scope: "detached" } });
  await careful.call("wamp.session.flush_testaments");
  await careful.leave();
  await callee.publish(topic, ["marker"], { acknowledge: true });
  assertEquals([await inbox.nextValue(), await inbox.nextValue()], ["kept", "marker"]);
}

/** The procedures of the session meta API: the dealer's part. */
async function checkSessionProcedures(world: FeatureWorld): Promise<void> {
  const { caller } = world;
  const [alice, bob, carol] = [await world.joinAs("alice"), await world.joinAs("bob"), await world.joinAs("carol")];
  const ids = [bob.id, carol.id].sort();
  assertEquals(await caller.call("wamp.session.count", [["staff"]]), 2);
  assertEquals((await caller.call<number[]>("wamp.session.list", [["staff"]])).sort(), ids);
  const details = await caller.call<Record<string, unknown>>("wamp.session.get", [alice.id]);
  const { session, authid, authrole, authmethod } = details;
  assertEquals([session, authid, authrole, authmethod], [alice.id, "alice", "admin", "ticket"]);
  await caller.call("wamp.session.kill_by_authid", ["bob"], { kwargs: { reason: "com.example.reason" } });
  assertEquals((await bob.closed).reason, "com.example.reason");
  assertEquals(await caller.call("wamp.session.kill_by_authrole", ["staff"]), 1);
  assertEquals((await carol.closed).reason, "wamp.close.killed");
  await caller.call("wamp.session.kill", [alice.id], { kwargs: { message: "enough" } });
  assertEquals((await alice.closed).message, "enough");
  await assertFails(caller.call("wamp.session.get", [alice.id]), "wamp.error.no_such_session");
  await assertFails(caller.call("wamp.session.kill", [caller.id]), "wamp.error.no_such_session");
}

export const REGISTRATION_FEATURES: readonly FeatureTest[] = [
  {
    role: "dealer",
    feature: "registration_meta_api",
    section: "Registration Meta API",
    async run(world) {
      await runSuite(world, "dealer.registration_meta_api");
      await checkRegistrationMeta(world);
    },
  },
  {
    role: "dealer",
    feature: "pattern_based_registration",
    section: "Pattern-based Registrations",
    async run(world) {
      await runSuite(world, "dealer.pattern_based_registration");
      await checkRanking(world);
    },
  },
  {
    role: "dealer",
    feature: "shared_registration",
    section: "Shared Registration",
    run: (world) => runSuite(world, "dealer.shared_registration"),
  },
  {
    role: "dealer",
    feature: "registration_revocation",
    section: "Registration Revocation",
    async run(world) {
      await checkRevocation(world);
      await checkTakeover(world);
    },
  },
  { role: "dealer", feature: "testament_meta_api", section: "Session Testament", run: checkTestaments },
  { role: "dealer", feature: "session_meta_api", section: "Session Meta API", run: checkSessionProcedures },
];
