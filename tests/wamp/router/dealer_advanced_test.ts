import type { Call, InvocationPolicy } from "../../../wamp/messages.ts";
import { Payload } from "../../../wamp/payload.ts";
import type { Effect, Grant, Member } from "../../../wamp/router/effects.ts";
import { CBOR_FORMAT } from "../../../wamp/serializers/cbor.ts";
import { assert, assertEquals } from "../../std.ts";
import { ARGS, effectsOf, member, meta, sent, show } from "./core_fixture.ts";
import { Desk, TIME } from "./dealer_fixture.ts";

const [ann, bob, cal, dan, eve] = [1, 2, 3, 4, 5].map((id) => member(id)) as [Member, Member, Member, Member, Member];
const UNAVAILABLE = "wamp.error.unavailable";

/** A desk where these share one procedure. */
function shared(invoke: InvocationPolicy, callees: readonly Member[], random = (): number => 0): Desk {
  const desk = new Desk({ random });
  for (const callee of callees) desk.register(callee, "p", { invoke });
  return desk;
}

/** Who is asked for a call, one after the other, when nobody attends to it, and what the caller hears. */
function refusing(desk: Desk, request: number): string {
  const asked: string[] = [];
  let [line = ""] = desk.call(ann, request, "p");
  while (line.includes(" INVOCATION ")) {
    const [who = "", , id = ""] = line.split(" ");
    asked.push(who);
    [line = ""] = desk.error(member_(who), Number(id), UNAVAILABLE);
  }
  return `${asked.join(" ")} | ${line}`;
}

function member_(id: string): Member {
  return [ann, bob, cal, dan, eve][Number(id) - 1]!;
}

function granted(desk: Desk, options: Call["options"], grant: Grant): string[] {
  return desk.call(ann, ++request, "p", options, ARGS, grant);
}

let request = 0;

Deno.test("Dealer discloses the caller as its permission says (WAMP, Caller Identification)", () => {
  const desk = new Desk();
  desk.register(bob, "p");
  const disclosed = '{"caller":1,"caller_authid":"user1","caller_authrole":"anonymous"}';
  assertEquals(granted(desk, {}, { disclose: true }), [`2 INVOCATION 1 1 ${disclosed} [1]`]);
  assertEquals(granted(desk, {}, { disclose: false }), ["2 INVOCATION 2 1 {} [1]"]);
  assertEquals(granted(desk, { disclose_me: true }, {}), [`2 INVOCATION 3 1 ${disclosed} [1]`]);
  assertEquals(granted(desk, { disclose_me: true }, { disclose: false }), [
    `1 ERROR CALL ${request} wamp.error.option_disallowed.disclose_me`,
  ]);
  const asking = new Desk();
  asking.register(bob, "p", { disclose_caller: true });
  assertEquals(granted(asking, {}, {}), [`2 INVOCATION 1 1 ${disclosed} [1]`]);
  assertEquals(granted(asking, {}, { disclose: false }), ["2 INVOCATION 2 1 {} [1]"], "whatever the callee asks");
});

Deno.test("Dealer tells how far a call is trusted (WAMP, Call Trust Levels)", () => {
  const desk = new Desk();
  desk.register(bob, "p");
  assertEquals(granted(desk, { trustlevel: 9 }, { trustlevel: 0 }), ['2 INVOCATION 1 1 {"trustlevel":0} [1]']);
  assertEquals(granted(desk, {}, { trustlevel: 2 }), ['2 INVOCATION 2 1 {"trustlevel":2} [1]']);
  assertEquals(granted(desk, { trustlevel: 9 }, {}), ["2 INVOCATION 3 1 {} [1]"], "nobody trusts itself");
});

Deno.test("Dealer revokes a registration, with a word to who understands it (WAMP, Registration Revocation)", () => {
  const plain = member(9, { features: { calleeRevocation: false } });
  const desk = shared("first", [bob, plain]);
  desk.call(ann, 1, "p");
  const revoke = (who: Member, reason?: string): Effect[] => {
    return effectsOf((effects) => desk.dealer.removeCallee(who, 1, reason, effects));
  };
  assertEquals(revoke(bob, "moving endpoint to other callee").map(show), [
    '2 UNREGISTERED 0 {"registration":1,"reason":"moving endpoint to other callee"}',
    "meta wamp.registration.on_unregister [2,1]",
  ]);
  assertEquals(revoke(bob), [], "not in it any more");
  assertEquals(desk.yield(bob, 1), ["1 RESULT 1 {} [1]"], "open calls go on");
  assertEquals(desk.call(ann, 2, "p"), ["9 INVOCATION 1 1 {} [1]"]);
  assertEquals(revoke(plain).map(show), [
    "meta wamp.registration.on_unregister [9,1]",
    "meta wamp.registration.on_delete [9,1]",
  ]);
  desk.leave(plain);
  for (const who of [ann, bob]) desk.leave(who);
  assertEquals(desk.dealer.tableSize, 0);
});

Deno.test("Dealer takes a registration from its callees where that is forced (WAMP, Registration Revocation)", () => {
  const desk = shared("roundrobin", [bob, cal]);
  const details = `{"id":2,"created":"${TIME}","uri":"p","match":"exact","invoke":"single"}`;
  const told = '{"registration":1,"reason":"The procedure was registered anew"}';
  assertEquals(desk.registering(dan, "p", { force_reregister: true }).map(show), [
    `2 UNREGISTERED 0 ${told}`,
    "meta wamp.registration.on_unregister [2,1]",
    `3 UNREGISTERED 0 ${told}`,
    "meta wamp.registration.on_unregister [3,1]",
    "meta wamp.registration.on_delete [3,1]",
    "4 REGISTERED 1 2",
    `meta wamp.registration.on_create [4,${details}]`,
    "meta wamp.registration.on_register [4,2]",
  ]);
  assertEquals(desk.call(ann, 1, "p"), ["4 INVOCATION 1 2 {} [1]"]);
  assertEquals(desk.register(bob, "p"), ["2 ERROR REGISTER 1 wamp.error.procedure_already_exists"]);
  assertEquals(sent(desk.registering(dan, "p", { force_reregister: true })).at(-1), "4 REGISTERED 1 3", "from itself");
  assertEquals(sent(desk.registering(eve, "q", { force_reregister: true })), ["5 REGISTERED 1 4"], "nothing to force");
  assertEquals(sent(desk.registering(eve, "p", { force_reregister: true, concurrency: 0 })), [
    "5 ERROR REGISTER 1 wamp.error.invalid_argument",
  ]);
  assertEquals(desk.dealer.callees(3), [4], "what is refused takes nothing away");
  assertEquals(
    meta(desk.registering(eve, "p", { match: "prefix", force_reregister: true })).length,
    2,
    "another policy",
  );
});

Deno.test("Dealer passes a call on by each policy (WAMP, Call Re-Routing, Rerouting Rules)", () => {
  const callees = [bob, cal, dan];
  const none = "1 ERROR CALL 1 wamp.error.no_available_callee";
  assertEquals(refusing(shared("single", [bob]), 1), `2 | ${none}`);
  assertEquals(refusing(shared("first", callees), 1), `2 3 4 | ${none}`);
  assertEquals(refusing(shared("last", callees), 1), `4 3 2 | ${none}`);
  const turns = shared("roundrobin", callees);
  turns.call(ann, 7, "p");
  assertEquals(refusing(turns, 1), `3 4 2 | ${none}`);
  const values = [0.4, 0.4, 0.9, 0];
  const random = shared("random", callees, () => values.shift() ?? 0);
  const asked = refusing(random, 1);
  assertEquals([...asked.slice(0, 5).split(" ")].sort(), ["2", "3", "4"], "everybody once");
  assert(asked.endsWith(none));
});

Deno.test("Dealer gives the caller the answer of the callee that attends to its call (WAMP, Call Re-Routing)", () => {
  const desk = shared("first", [bob, cal]);
  const options = { disclose_me: true, receive_progress: true };
  const details = '{"receive_progress":true,"caller":1,"caller_authid":"user1","caller_authrole":"anonymous"}';
  assertEquals(desk.call(ann, 5, "p", options, Payload.of(["x"])), [`2 INVOCATION 1 1 ${details} ["x"]`]);
  assertEquals(desk.error(bob, 1, UNAVAILABLE), [`3 INVOCATION 1 1 ${details} ["x"]`]);
  assertEquals(desk.dealer.openCalls, 1);
  assertEquals(desk.yield(cal, 1), ["1 RESULT 5 {} [1]"]);
  assertEquals(desk.yield(bob, 1), [], "what it says after that is dropped");
  for (const who of [ann, bob, cal]) desk.leave(who);
  assertEquals(desk.dealer.tableSize, 0);
});

Deno.test("Dealer passes on what the caller was granted with the call", () => {
  const desk = shared("first", [bob, cal]);
  desk.call(ann, 1, "p", {}, ARGS, { trustlevel: 3 });
  assertEquals(desk.error(bob, 1, UNAVAILABLE), ['3 INVOCATION 1 1 {"trustlevel":3} [1]']);
});

Deno.test("Dealer passes on a payload whose buffer is long gone", () => {
  const desk = shared("first", [bob, cal]);
  const writer = CBOR_FORMAT.createWriter();
  writer.begin(0);
  writer.value(["kept"]);
  const bytes = writer.finish().slice();
  desk.call(ann, 1, "p", {}, Payload.wire(CBOR_FORMAT, bytes, 1, 0, bytes.length, bytes.length));
  bytes.fill(0xff);
  assertEquals(desk.error(bob, 1, UNAVAILABLE), ['3 INVOCATION 1 1 {} ["kept"]']);
});

Deno.test("Dealer reroutes for callees that announced it, and before anything came of the call", () => {
  const plain = member(9, { features: { calleeReroute: false } });
  const plainDesk = shared("first", [plain, cal]);
  plainDesk.call(ann, 1, "p");
  assertEquals(
    plainDesk.error(plain, 1, UNAVAILABLE),
    ["1 ERROR CALL 1 wamp.error.unavailable {} [1]"],
    "its own word",
  );
  const desk = shared("first", [bob, cal]);
  desk.call(ann, 1, "p");
  assertEquals(desk.error(bob, 1, "com.example.bad"), ["1 ERROR CALL 1 com.example.bad {} [1]"], "another error");
  desk.call(ann, 2, "p", { receive_progress: true });
  desk.yield(bob, 2, { progress: true });
  assertEquals(desk.error(bob, 2, UNAVAILABLE), ["1 ERROR CALL 2 wamp.error.unavailable {} [1]"], "after progress");
  desk.call(ann, 3, "p");
  desk.cancel(ann, 3, "kill");
  assertEquals(desk.error(bob, 3, UNAVAILABLE), ["1 ERROR CALL 3 wamp.error.unavailable {} [1]"], "cancelled");
  desk.call(ann, 4, "p", { progress: true });
  assertEquals(desk.error(bob, 4, UNAVAILABLE), ["1 ERROR CALL 4 wamp.error.no_available_callee"], "a call in parts");
  desk.call(ann, 5, "p");
  desk.leave(ann);
  assertEquals(desk.error(bob, 5, UNAVAILABLE), [], "nobody waits");
});

Deno.test("Dealer skips callees that are busy or gone when it reroutes", () => {
  const desk = new Desk();
  desk.register(bob, "p", { invoke: "first" });
  desk.register(cal, "p", { invoke: "first", concurrency: 1 });
  desk.register(dan, "p", { invoke: "first" });
  desk.call(ann, 1, "p");
  desk.error(bob, 1, UNAVAILABLE);
  desk.call(ann, 2, "p");
  assertEquals(desk.error(bob, 2, UNAVAILABLE), ["4 INVOCATION 1 1 {} [1]"], "cal has one already");
  desk.call(ann, 3, "p");
  desk.leave(dan);
  desk.leave(cal);
  assertEquals(desk.error(bob, 3, UNAVAILABLE), ["1 ERROR CALL 3 wamp.error.no_available_callee"]);
  desk.call(ann, 4, "p");
  desk.unregistering(bob, 1);
  assertEquals(
    desk.error(bob, 4, UNAVAILABLE),
    ["1 ERROR CALL 4 wamp.error.no_available_callee"],
    "no registration left",
  );
});

Deno.test("Dealer keeps one timeout for a call however often it is rerouted (WAMP, Call Timeouts)", () => {
  const desk = shared("first", [bob, cal]);
  desk.call(ann, 1, "p", { timeout: 100 });
  desk.now = 60;
  desk.error(bob, 1, UNAVAILABLE);
  assertEquals(desk.dealer.nextDeadline(), 100);
  assertEquals(desk.tick(100), [
    "1 ERROR CALL 1 wamp.error.timeout",
    '3 INTERRUPT 1 {"mode":"killnowait","reason":"wamp.error.timeout"}',
  ]);
});

Deno.test("Dealer keeps so many bytes for rerouting, and calls beyond that end with their first callee", () => {
  const desk = shared("first", [bob, cal]);
  const bytes = new Uint8Array(6 << 20);
  const large = (): Payload => Payload.wire(CBOR_FORMAT, bytes, 1, 0, bytes.length, bytes.length);
  for (let id = 1; id <= 3; id++) {
    desk.dealer.call(ann, { type: 48, request: id, options: {}, procedure: "p", payload: large() }, 0, []);
  }
  assertEquals(desk.error(bob, 3, UNAVAILABLE), ["1 ERROR CALL 3 wamp.error.no_available_callee"]);
  desk.yield(bob, 2);
  desk.dealer.call(ann, { type: 48, request: 4, options: {}, procedure: "p", payload: large() }, 0, []);
  const [effect] = effectsOf((effects) => {
    desk.dealer.error(
      bob,
      { type: 8, requestType: 68, request: 4, details: {}, error: UNAVAILABLE, payload: ARGS },
      effects,
    );
  });
  assert(effect?.kind === "send" && effect.to === cal, "there is room again");
});

Deno.test("Dealer ends peers that pass payloads through unannounced (WAMP, Payload Passthru Mode)", () => {
  const desk = new Desk();
  const caller = member(8, { features: { callerPassthru: false } });
  const callee = member(9, { features: { calleePassthru: false } });
  desk.register(callee, "p");
  const ppt = { ppt_scheme: "x_a" };
  assertEquals(desk.call(caller, 1, "p", ppt), ["8 ABORT unexpected_message"]);
  assertEquals(desk.call(ann, 1, "p", ppt), ["1 ERROR CALL 1 wamp.error.feature_not_supported"]);
  desk.call(ann, 2, "p");
  assertEquals(desk.yield(callee, 1, ppt), ["9 ABORT unexpected_message"]);
});

Deno.test("Dealer gives payloads that are passed through to callees that know them (WAMP, Payload Passthru Mode)", () => {
  const plain = member(9, { features: { calleePassthru: false } });
  const desk = shared("first", [plain, bob]);
  assertEquals(desk.call(ann, 1, "p", { ppt_scheme: "x_a" }), ['2 INVOCATION 1 1 {"ppt_scheme":"x_a"} [1]']);
  assertEquals(desk.call(ann, 2, "p"), ["9 INVOCATION 1 1 {} [1]"]);
});

Deno.test("Dealer tells callee and caller of a result that the caller cannot take (WAMP, Payload Passthru Mode)", () => {
  const desk = new Desk();
  const caller = member(8, { features: { callerPassthru: false } });
  desk.register(bob, "p");
  const ppt = { ppt_scheme: "x_a" };
  desk.call(caller, 1, "p");
  assertEquals(desk.yield(bob, 1, ppt), [
    "2 ERROR YIELD 1 wamp.error.feature_not_supported",
    "8 ERROR CALL 1 wamp.error.feature_not_supported",
  ]);
  desk.call(caller, 2, "p", { receive_progress: true });
  assertEquals(desk.yield(bob, 2, { ...ppt, progress: true }), [
    "2 ERROR YIELD 2 wamp.error.feature_not_supported",
    "8 ERROR CALL 2 wamp.error.feature_not_supported",
    '2 INTERRUPT 2 {"mode":"killnowait","reason":"wamp.error.feature_not_supported"}',
  ]);
  for (const who of [caller, bob]) desk.leave(who);
  assertEquals(desk.dealer.tableSize, 0);
});

Deno.test("Dealer charges the options that it keeps for rerouting, and keeps none that it does not pass on", () => {
  const desk = shared("first", [bob, cal]);
  desk.call(ann, 1, "p", { ppt_scheme: "x_a", ppt_keyid: "k".repeat(9 << 20) });
  assertEquals(desk.error(bob, 1, UNAVAILABLE), ["1 ERROR CALL 1 wamp.error.no_available_callee"]);
  desk.call(ann, 2, "p", { ppt_scheme: "x_a", ppt_keyid: "k", timeout: 50, x_other: "o".repeat(9 << 20) });
  assertEquals(desk.error(bob, 2, UNAVAILABLE), ['3 INVOCATION 1 1 {"ppt_scheme":"x_a","ppt_keyid":"k"} [1]']);
});
