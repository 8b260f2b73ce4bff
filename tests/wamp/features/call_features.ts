/**
 * Features of the dealer that are about a call on its way.
 *
 * @module
 */

import { MESSAGE } from "../../../wamp/messages.ts";
import { Payload } from "../../../wamp/payload.ts";
import { assertEquals } from "../../std.ts";
import { assertFails, Later } from "../suite/checking.ts";
import { announcing, type FeatureTest, type FeatureWorld, opaquePayload, runSuite, TRUST_LEVEL } from "./feature.ts";

const PASSTHRU = {
  ppt_scheme: "x_feature",
  ppt_serializer: "cbor",
  ppt_cipher: "aes256gcm",
  ppt_keyid: "key 1",
};

/** A raw peer without features that calls what announced too little, and gives the error. */
async function refusedCall(world: FeatureWorld, procedure: string, feature: string, options: object): Promise<string> {
  await using caller = await world.joinRaw({ caller: announcing(feature) });
  caller.call(procedure, [], { ...options });
  return (await caller.expect(MESSAGE.ERROR)).error;
}

/** Calls with an option whose feature was not announced, and gives the reason of the ABORT. */
async function abortedCall(world: FeatureWorld, procedure: string, options: object): Promise<string> {
  await using caller = await world.joinRaw();
  caller.call(procedure, [], { ...options });
  return (await caller.expect(MESSAGE.ABORT)).reason;
}

/** Registers a handler that never answers by itself; gives the details of its first invocation. */
async function hang(world: FeatureWorld, procedure: string, options: object): Promise<Later<unknown>> {
  const called = new Later<unknown>();
  await world.callee.register(procedure, async ({ details, signal }) => {
    called.resolve(details.timeout);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    throw signal.reason;
  }, { options: { ...options } });
  return called;
}

/** A callee hears what the caller asked for, and what it sends too much is dropped. */
async function checkResultsUnasked(world: FeatureWorld): Promise<void> {
  const procedure = world.uri("results");
  await using callee = await world.joinRaw({ callee: announcing("progressive_call_results", "call_canceling") });
  await callee.register(procedure);
  const call = world.caller.call(procedure);
  const { request, details } = await callee.expect(MESSAGE.INVOCATION);
  assertEquals(details.receive_progress, undefined);
  callee.send({ type: MESSAGE.YIELD, request, options: { progress: true }, payload: Payload.of(["part"]) });
  callee.send({ type: MESSAGE.YIELD, request, options: {}, payload: Payload.of(["whole"]) });
  assertEquals(await call, "whole");
  const results = Array.fromAsync(world.caller.callProgressive(procedure));
  const asked = await callee.answer(["part"], { progress: true });
  assertEquals(asked.details.receive_progress, true);
  callee.send({ type: MESSAGE.YIELD, request: asked.request, options: {}, payload: Payload.of(["whole"]) });
  assertEquals((await results).map(({ args, progress }) => [args[0], progress]), [["part", true], ["whole", false]]);
}

async function checkInvocationsUnannounced(world: FeatureWorld): Promise<void> {
  const feature = "progressive_call_invocations";
  const procedure = world.uri("parts");
  await using callee = await world.joinRaw({ callee: announcing(feature) });
  await callee.register(procedure);
  assertEquals(await abortedCall(world, procedure, { progress: true }), "wamp.error.protocol_violation");
  const error = await refusedCall(world, procedure, feature, { progress: true });
  assertEquals(error, "wamp.error.feature_not_supported");
  await callee.expectNothing();
}

/** A callee that cannot be interrupted is not: the mode is `skip`, whatever was asked for. */
async function checkCancelWithoutInterrupt(world: FeatureWorld): Promise<void> {
  const procedure = world.uri("deaf");
  await using callee = await world.joinRaw();
  await using caller = await world.joinRaw({ caller: announcing("call_canceling") });
  await callee.register(procedure);
  const request = caller.call(procedure);
  const invocation = await callee.expect(MESSAGE.INVOCATION);
  caller.send({ type: MESSAGE.CANCEL, request, options: { mode: "kill" } });
  assertEquals((await caller.expect(MESSAGE.ERROR)).error, "wamp.error.canceled");
  callee.send({ type: MESSAGE.YIELD, request: invocation.request, options: {}, payload: Payload.EMPTY });
  await callee.expectNothing();
  await caller.expectNothing();
}

async function checkTimeouts(world: FeatureWorld): Promise<void> {
  const { caller, uri } = world;
  const [kept, forwarded, deaf] = [uri("kept"), uri("forwarded"), uri("deaf")];
  const dealerTimes = await hang(world, kept, {});
  await assertFails(caller.call(kept, [], { timeout: 20 }), "wamp.error.timeout");
  assertEquals(await dealerTimes.promise, undefined);
  // "forward_timeout": the callee sees to it.
  const calleeTimes = await hang(world, forwarded, { forward_timeout: true });
  await assertFails(caller.call(forwarded, [], { timeout: 20 }), "wamp.error.timeout");
  assertEquals(await calleeTimes.promise, 20);
  // "the cancellation mode is implicitly killnowait if the Callee supports call cancellation, otherwise skip"
  await using callee = await world.joinRaw();
  await callee.register(deaf);
  await assertFails(caller.call(deaf, [], { timeout: 20 }), "wamp.error.timeout");
  await callee.expect(MESSAGE.INVOCATION);
  await callee.expectNothing();
}

async function checkCallerIdentification(world: FeatureWorld): Promise<void> {
  const { callee, uri } = world;
  const [asked, always] = [uri("asked"), uri("always")];
  await callee.register(asked, ({ details }) => details.caller ?? null);
  await callee.register(always, ({ details: { caller, caller_authid, caller_authrole } }) => {
    return [caller, caller_authid, caller_authrole];
  }, { discloseCaller: true });
  const alice = await world.joinAs("alice");
  assertEquals(await alice.call(asked), null);
  assertEquals(await alice.call(asked, [], { discloseMe: true }), alice.id);
  assertEquals(await alice.call(always), [alice.id, "alice", "admin"]);
}

async function checkTrustLevel(world: FeatureWorld): Promise<void> {
  const procedure = world.uri("trusted");
  const [callee, caller] = [await world.joinGraded(), await world.joinGraded()];
  await callee.register(procedure, ({ details }) => details.trustlevel);
  assertEquals(await caller.call(procedure), TRUST_LEVEL);
  await world.callee.register(procedure, ({ details }) => details.trustlevel ?? null);
  assertEquals(await world.caller.call(procedure), null, "where nobody says how far it is trusted");
}

/** What each policy does with a callee that is unavailable: who is asked, in which order. */
const REROUTES: Readonly<Record<string, readonly number[]>> = {
  first: [0, 1, 2],
  last: [2, 1, 0],
  roundrobin: [0, 1, 2],
};

async function checkReroute(world: FeatureWorld, invoke: string, order: readonly number[]): Promise<void> {
  const procedure = world.uri(invoke);
  const joins = [0, 1, 2].map(() => world.joinRaw({ callee: announcing("call_reroute") }));
  const callees = await Promise.all(joins);
  for (const callee of callees) await callee.register(procedure, { invoke });
  const ordered = order.map((index) => callees[index]!);
  const call = world.caller.call(procedure, ["kept"], { kwargs: { as: "it was" } });
  await ordered[0]!.refuse("wamp.error.unavailable");
  await ordered[1]!.refuse("wamp.error.unavailable");
  const { payload } = await ordered[2]!.answer(["third"]);
  assertEquals([payload.args, payload.kwargs], [["kept"], { as: "it was" }]);
  assertEquals(await call, "third");
}

async function checkRerouteFailure(world: FeatureWorld): Promise<void> {
  const [shared, single, plain] = [world.uri("shared"), world.uri("single"), world.uri("plain")];
  await using first = await world.joinRaw({ callee: announcing("call_reroute") });
  await using second = await world.joinRaw({ callee: announcing("call_reroute") });
  for (const callee of [first, second]) await callee.register(shared, { invoke: "first" });
  await first.register(single);
  const calls = world.caller.call(shared);
  await first.refuse("wamp.error.unavailable");
  await second.refuse("wamp.error.unavailable");
  await assertFails(calls, "wamp.error.no_available_callee");
  const call = world.caller.call(single);
  await first.refuse("wamp.error.unavailable");
  await assertFails(call, "wamp.error.no_available_callee");
  // A callee that announced nothing means the error for the caller.
  await using third = await world.joinRaw();
  await third.register(plain);
  const answered = world.caller.call(plain);
  await third.refuse("wamp.error.unavailable");
  await assertFails(answered, "wamp.error.unavailable");
}

async function checkPassthru(world: FeatureWorld): Promise<void> {
  const feature = announcing("payload_passthru_mode");
  const [able, unable] = [world.uri("able"), world.uri("unable")];
  await using callee = await world.joinRaw({ callee: feature });
  await using caller = await world.joinRaw({ caller: feature });
  await callee.register(able);
  const request = caller.call(able, [Uint8Array.of(1, 2, 255)], PASSTHRU);
  const { details, payload } = await callee.answer([Uint8Array.of(3)], { ...PASSTHRU, ppt_keyid: "key 2" });
  assertEquals([details, payload.args, payload.kwargs], [PASSTHRU, [Uint8Array.of(1, 2, 255)], {}]);
  const result = await caller.expect(MESSAGE.RESULT);
  assertEquals([result.request, result.details], [request, { ...PASSTHRU, ppt_keyid: "key 2" }]);
  assertEquals(result.payload.args, [Uint8Array.of(3)]);
  await checkPassthruUnannounced(world, able, unable);
}

async function checkPassthruUnannounced(world: FeatureWorld, able: string, unable: string): Promise<void> {
  const feature = announcing("payload_passthru_mode");
  await using plain = await world.joinRaw();
  await plain.register(unable);
  assertEquals(await abortedCall(world, able, PASSTHRU), "wamp.error.protocol_violation");
  const error = await refusedCall(world, unable, "payload_passthru_mode", PASSTHRU);
  assertEquals(error, "wamp.error.feature_not_supported");
  await plain.expectNothing();
  // A callee that passes a result through without having announced it breaks the protocol too.
  await using caller = await world.joinRaw({ caller: feature });
  caller.call(unable);
  const { request } = await plain.expect(MESSAGE.INVOCATION);
  plain.send({ type: MESSAGE.YIELD, request, options: PASSTHRU, payload: Payload.EMPTY });
  assertEquals((await plain.expect(MESSAGE.ABORT)).reason, "wamp.error.protocol_violation");
}

const TRANSPARENT = { enc_algo: "x_feature", enc_key: "key 1", enc_serializer: "cbor" };
const BYTES = [Uint8Array.of(1, 2, 255)];

/** What was there before payload passthru mode: other keys, and bytes in place of the arguments. */
async function checkTransparency(world: FeatureWorld): Promise<void> {
  const feature = announcing("payload_transparency");
  const procedure = world.uri("transparent");
  await using callee = await world.joinRaw({ callee: feature });
  await using caller = await world.joinRaw({ caller: feature });
  await using plain = await world.joinRaw();
  await callee.register(procedure);
  const request = caller.call(procedure, opaquePayload(), TRANSPARENT);
  const { details, payload } = await callee.answer(opaquePayload(), { ...TRANSPARENT, enc_key: "key 2" });
  assertEquals([details, payload.isOpaque, payload.args], [TRANSPARENT, true, BYTES]);
  const result = await caller.expect(MESSAGE.RESULT);
  assertEquals([result.request, result.details], [request, { ...TRANSPARENT, enc_key: "key 2" }]);
  assertEquals([result.payload.isOpaque, result.payload.args], [true, BYTES]);
  // Whoever does not know it is not sent bytes where arguments belong.
  plain.call(procedure);
  await callee.answer(opaquePayload(), TRANSPARENT);
  assertEquals((await callee.expect(MESSAGE.ERROR)).error, "wamp.error.feature_not_supported");
  assertEquals((await plain.expect(MESSAGE.ERROR)).error, "wamp.error.feature_not_supported");
  const unable = world.uri("unable");
  await plain.register(unable);
  caller.call(unable, opaquePayload(), TRANSPARENT);
  assertEquals((await caller.expect(MESSAGE.ERROR)).error, "wamp.error.feature_not_supported");
  plain.call(procedure, opaquePayload(), TRANSPARENT);
  assertEquals((await plain.expect(MESSAGE.ABORT)).reason, "wamp.error.protocol_violation");
}

/** An error with bytes in place of arguments loses them for a caller that does not know such. */
async function checkTransparentErrors(world: FeatureWorld): Promise<void> {
  const feature = announcing("payload_transparency");
  const [procedure, error] = [world.uri("failing"), world.uri("error")];
  await using callee = await world.joinRaw({ callee: feature });
  await callee.register(procedure);
  for (const features of [feature, {}]) {
    await using caller = await world.joinRaw({ caller: features });
    caller.call(procedure);
    const { request } = await callee.expect(MESSAGE.INVOCATION);
    callee.send({
      type: MESSAGE.ERROR,
      requestType: MESSAGE.INVOCATION,
      request,
      details: TRANSPARENT,
      error,
      payload: opaquePayload(),
    });
    const received = await caller.expect(MESSAGE.ERROR);
    assertEquals([received.error, received.payload.args], [error, features === feature ? BYTES : []]);
  }
}

export const CALL_FEATURES: readonly FeatureTest[] = [
  {
    role: "dealer",
    feature: "progressive_call_results",
    section: "Progressive Call Results",
    async run(world) {
      await runSuite(world, "dealer.progressive_call_results");
      await checkResultsUnasked(world);
    },
  },
  {
    role: "dealer",
    feature: "progressive_call_invocations",
    section: "Progressive Call Invocations",
    async run(world) {
      await runSuite(world, "dealer.progressive_call_invocations");
      await checkInvocationsUnannounced(world);
    },
  },
  {
    role: "dealer",
    feature: "call_canceling",
    section: "Call Canceling",
    async run(world) {
      await runSuite(world, "dealer.call_canceling");
      await checkCancelWithoutInterrupt(world);
    },
  },
  {
    role: "dealer",
    feature: "call_timeout",
    section: "Call Timeouts",
    async run(world) {
      await runSuite(world, "dealer.call_timeout");
      await checkTimeouts(world);
    },
  },
  {
    role: "dealer",
    feature: "caller_identification",
    section: "Caller Identification",
    run: checkCallerIdentification,
  },
  { role: "dealer", feature: "call_trustlevels", section: "Call Trust Levels", run: checkTrustLevel },
  {
    role: "dealer",
    feature: "call_reroute",
    section: "Call Re-Routing",
    async run(world) {
      for (const [invoke, order] of Object.entries(REROUTES)) await checkReroute(world, invoke, order);
      await checkRerouteFailure(world);
    },
  },
  { role: "dealer", feature: "payload_passthru_mode", section: "Payload Passthru Mode", run: checkPassthru },
  {
    role: "dealer",
    feature: "payload_transparency",
    // What the section was called before, with keys of its own; no text of the specification has it any more.
    section: "Payload Passthru Mode",
    async run(world) {
      await checkTransparency(world);
      await checkTransparentErrors(world);
    },
  },
];
