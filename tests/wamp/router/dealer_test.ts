import { MESSAGE } from "../../../wamp/messages.ts";
import type { Member } from "../../../wamp/router/effects.ts";
import { assert, assertEquals } from "../../std.ts";
import { ARGS, effectsOf, member, meta, sent, show } from "./core_fixture.ts";
import { Desk, TIME } from "./dealer_fixture.ts";

const [ann, bob, cal, dan] = [1, 2, 3, 4].map((id) => member(id)) as [Member, Member, Member, Member];

Deno.test("Dealer invokes, and gives back result and error under the ids of each session (WAMP, Calling)", () => {
  const desk = new Desk();
  assertEquals(desk.register(bob, "p"), ["2 REGISTERED 1 1"]);
  assertEquals(desk.call(ann, 70, "p"), ["2 INVOCATION 1 1 {} [1]"]);
  assertEquals(desk.call(cal, 70, "p"), ["2 INVOCATION 2 1 {} [1]"]);
  assertEquals(desk.dealer.openCalls, 2);
  assertEquals(desk.yield(bob, 2), ["3 RESULT 70 {} [1]"]);
  assertEquals(desk.error(bob, 1, "com.example.bad"), ["1 ERROR CALL 70 com.example.bad {} [1]"]);
  assertEquals(desk.dealer.openCalls, 0);
  assertEquals(desk.call(ann, 71, "p"), ["2 INVOCATION 3 1 {} [1]"]);
});

Deno.test("Dealer passes on the payload it got", () => {
  const desk = new Desk();
  desk.register(bob, "p");
  const message = { type: MESSAGE.CALL, request: 1, options: {}, procedure: "p", payload: ARGS };
  const [invocation] = effectsOf((effects) => desk.dealer.call(ann, message, 0, effects));
  assert(invocation?.kind === "send" && invocation.message.type === MESSAGE.INVOCATION);
  assert(invocation.message.payload === ARGS);
});

Deno.test("Dealer tells of registrations in the order and with the arguments of the Registration Meta API", () => {
  const desk = new Desk();
  const details = `{"id":1,"created":"${TIME}","uri":"p","match":"exact","invoke":"first"}`;
  assertEquals(desk.registering(ann, "p", { invoke: "first" }).map(show), [
    "1 REGISTERED 1 1",
    `meta wamp.registration.on_create [1,${details}]`,
    "meta wamp.registration.on_register [1,1]",
  ]);
  assertEquals(meta(desk.registering(bob, "p", { invoke: "first" })), ["meta wamp.registration.on_register [2,1]"]);
  assertEquals(desk.unregistering(ann, 1).map(show), [
    "1 UNREGISTERED 2",
    "meta wamp.registration.on_unregister [1,1]",
  ]);
  assertEquals(effectsOf((effects) => desk.dealer.leave(bob, effects)).map(show), [
    "meta wamp.registration.on_unregister [2,1]",
    "meta wamp.registration.on_delete [2,1]",
  ]);
  desk.leave(ann);
  assertEquals(desk.dealer.tableSize, 0);
});

Deno.test("Dealer refuses a second registration by the policy of the first (WAMP, Shared Registration)", () => {
  const desk = new Desk();
  desk.register(ann, "single");
  desk.register(ann, "random", { invoke: "random" });
  const refused = (error: string) => [`2 ERROR REGISTER 1 wamp.error.${error}`];
  for (const invoke of [undefined, "single", "random"] as const) {
    const options = invoke === undefined ? {} : { invoke };
    assertEquals(desk.register(bob, "single", options), refused("procedure_already_exists"));
  }
  for (const options of [{}, { invoke: "first" }] as const) {
    assertEquals(
      desk.register(bob, "random", options),
      refused("procedure_exists_with_different_invocation_policy"),
    );
  }
  assertEquals(desk.register(bob, "random", { invoke: "random" }), ["2 REGISTERED 1 2"]);
  assertEquals(desk.register(bob, "random", { invoke: "random" }), refused("procedure_already_exists"));
  assertEquals(desk.register(bob, "single", { match: "prefix" }), ["2 REGISTERED 1 3"], "another policy, another one");
});

Deno.test("Dealer refuses bad URIs, reserved ones and bad options, and keeps nothing of them (WAMP, URIs)", () => {
  const desk = new Desk();
  const refused = (error: string) => [`1 ERROR REGISTER 1 wamp.error.${error}`];
  for (const procedure of ["", "a b", "a..b", "a#", "wamp.session.count", "wamp"]) {
    assertEquals(desk.register(ann, procedure), refused("invalid_uri"));
  }
  assertEquals(desk.register(ann, "wamp.x", { match: "prefix" }), refused("invalid_uri"));
  assertEquals(desk.register(ann, ".".repeat(4097), { match: "wildcard" }), refused("invalid_uri"));
  const invoke = "nearest" as "first";
  assertEquals(desk.register(ann, "p", { invoke }), refused("invalid_argument"));
  assertEquals(desk.register(ann, "p", { concurrency: 0 }), refused("invalid_argument"));
  assertEquals(desk.dealer.registrations, 0);
  assertEquals(desk.register(member(9, { isTrusted: true }), "wamp.x"), ["9 REGISTERED 1 1"]);
  assertEquals(desk.call(ann, 1, "wamp.x"), ["9 INVOCATION 1 1 {} [1]"]);
  assertEquals(new Desk({ uriRules: "strict" }).register(ann, "A"), refused("invalid_uri"));
});

Deno.test("Dealer routes no call under wamp. to a broad pattern of an ordinary session (WAMP, Reserved URIs)", () => {
  const desk = new Desk();
  desk.register(ann, "w", { match: "prefix" });
  desk.register(ann, ".session.count", { match: "wildcard" });
  assertEquals(desk.call(bob, 1, "wamp.session.count"), ["2 ERROR CALL 1 wamp.error.no_such_procedure"]);
  assertEquals(desk.call(bob, 2, "wamps.session.count")[0], '1 INVOCATION 1 2 {"procedure":"wamps.session.count"} [1]');
  desk.register(member(9, { isTrusted: true }), "wamp..count", { match: "wildcard" });
  assertEquals(desk.call(bob, 3, "wamp.session.count")[0]?.slice(0, 16), "9 INVOCATION 1 3");
});

Deno.test("Dealer refuses to unregister what the session has not (WAMP, Unregister ERROR)", () => {
  const desk = new Desk();
  desk.register(ann, "p");
  const refused = (who: Member) => [`${who.id} ERROR UNREGISTER 2 wamp.error.no_such_registration`];
  assertEquals(sent(desk.unregistering(bob, 1)), refused(bob));
  assertEquals(sent(desk.unregistering(ann, 2)), refused(ann));
  desk.unregistering(ann, 1);
  assertEquals(sent(desk.unregistering(ann, 1)), refused(ann));
});

Deno.test("Dealer answers a call after its registration is gone, and starts none", () => {
  const desk = new Desk();
  desk.register(bob, "p");
  desk.call(ann, 1, "p");
  desk.unregistering(bob, 1);
  assertEquals(desk.call(ann, 2, "p"), ["1 ERROR CALL 2 wamp.error.no_such_procedure"]);
  assertEquals(desk.yield(bob, 1), ["1 RESULT 1 {} [1]"]);
});

Deno.test("Dealer answers calls of nothing and of what is no URI (WAMP, Basic Profile URIs)", () => {
  const desk = new Desk();
  assertEquals(desk.call(ann, 1, "p"), ["1 ERROR CALL 1 wamp.error.no_such_procedure"]);
  desk.register(bob, "a", { match: "prefix" });
  for (const procedure of ["", "a..b", "a b", "a".repeat(4097)]) {
    assertEquals(desk.call(ann, 1, procedure), ["1 ERROR CALL 1 wamp.error.invalid_uri"]);
  }
  assertEquals(desk.dealer.openCalls, 0);
});

Deno.test("Dealer calls the one best registration and names the procedure to patterns (WAMP, Pattern-based Registrations)", () => {
  const desk = new Desk();
  desk.register(bob, "a1.b2.c3.d4.e55");
  desk.register(bob, "a1.b2.c3", { match: "prefix" });
  desk.register(bob, "a1.b2.c3.d4", { match: "prefix" });
  desk.register(bob, "a1.b2..d4.e5", { match: "wildcard" });
  desk.register(bob, "a1.b2.c33..e5", { match: "wildcard" });
  desk.register(bob, "a1.b2..d4.e5..g7", { match: "wildcard" });
  desk.register(bob, "a1.b2..d4..f6.g7", { match: "wildcard" });
  const expected: readonly (readonly [string, number])[] = [
    ["a1.b2.c3.d4.e55", 1],
    ["a1.b2.c3.d98.e74", 2],
    ["a1.b2.c3.d4.e325", 3],
    ["a1.b2.c55.d4.e5", 4],
    ["a1.b2.c33.d4.e5", 5],
    ["a1.b2.c88.d4.e5.f6.g7", 6],
  ];
  expected.forEach(([procedure, registration], at) => {
    const details = registration === 1 ? "{}" : `{"procedure":"${procedure}"}`;
    assertEquals(desk.call(ann, at + 1, procedure), [`2 INVOCATION ${at + 1} ${registration} ${details} [1]`]);
    assertEquals(desk.dealer.match(procedure), registration);
  });
  assertEquals(desk.call(ann, 9, "a2.b2.c2.d2.e2"), ["1 ERROR CALL 9 wamp.error.no_such_procedure"]);
});

/** Who gets each of some calls, none of which is answered. */
function callees(desk: Desk, count: number): number[] {
  return Array.from({ length: count }, (_, at) => Number(desk.call(dan, at + 1, "p")[0]?.split(" ")[0]));
}

Deno.test("Dealer picks callees by each policy (WAMP, Shared Registration, Load Balancing, Hot Stand-By)", () => {
  for (
    const [invoke, expected] of [
      ["first", [1, 1, 1, 1]],
      ["last", [3, 3, 3, 3]],
      ["roundrobin", [1, 2, 3, 1]],
      ["random", [3, 1, 2, 1]],
    ] as const
  ) {
    const numbers = [0.99, 0, 0.5, 0.1];
    const desk = new Desk({ random: () => numbers.shift() ?? 0 });
    for (const who of [ann, bob, cal]) desk.register(who, "p", { invoke });
    assertEquals(callees(desk, 4), [...expected], invoke);
  }
});

Deno.test("Dealer keeps the turn of roundrobin when callees come and go", () => {
  const desk = new Desk();
  for (const who of [ann, bob, cal]) desk.register(who, "p", { invoke: "roundrobin" });
  assertEquals(callees(desk, 2), [1, 2]);
  desk.leave(ann);
  desk.register(member(7), "p", { invoke: "roundrobin" });
  assertEquals(desk.call(dan, 11, "p")[0]?.[0], "3");
  assertEquals(desk.call(dan, 12, "p")[0]?.[0], "7");
  assertEquals(desk.call(dan, 13, "p")[0]?.[0], "2");
  desk.leave(cal);
  assertEquals(desk.call(dan, 14, "p")[0]?.[0], "7");
});

Deno.test("Dealer skips callees that are busy, and says so when all are", () => {
  for (
    const [invoke, order] of [["first", [1, 2]], ["last", [2, 1]], ["roundrobin", [1, 2]], ["random", [1, 2]]] as const
  ) {
    const desk = new Desk();
    for (const who of [ann, bob]) desk.register(who, "p", { invoke, concurrency: 1 });
    assertEquals(callees(desk, 2), [...order], invoke);
    assertEquals(desk.call(dan, 3, "p"), ["4 ERROR CALL 3 wamp.error.no_available_callee"]);
    desk.yield(bob, 1);
    assertEquals(desk.call(dan, 4, "p"), ["2 INVOCATION 2 1 {} [1]"]);
  }
  const desk = new Desk();
  desk.register(ann, "p", { concurrency: 2 });
  assertEquals(callees(desk, 2), [1, 1]);
  assertEquals(desk.call(dan, 3, "p"), ["4 ERROR CALL 3 wamp.error.no_available_callee"]);
});

Deno.test("Dealer counts a callee that was not interrupted as busy until it answers", () => {
  const desk = new Desk();
  const plain = member(5, { features: { calleeCanceling: false } });
  desk.register(plain, "p", { concurrency: 1 });
  desk.call(ann, 1, "p");
  assertEquals(desk.cancel(ann, 1), ["1 ERROR CALL 1 wamp.error.canceled"]);
  assertEquals(desk.dealer.openCalls, 0);
  assertEquals(desk.call(ann, 2, "p"), ["1 ERROR CALL 2 wamp.error.no_available_callee"]);
  assertEquals(desk.yield(plain, 1, { progress: true }), []);
  assertEquals(desk.yield(plain, 1), []);
  assertEquals(desk.call(ann, 3, "p"), ["5 INVOCATION 2 1 {} [1]"]);
  desk.cancel(ann, 3, "skip");
  assertEquals(desk.error(plain, 2, "com.example.late"), []);
  assertEquals(desk.call(ann, 4, "p"), ["5 INVOCATION 3 1 {} [1]"]);
  desk.leave(ann);
  desk.leave(plain);
  assertEquals(desk.dealer.tableSize, 0);
});

Deno.test("Dealer ends the session of a callee that answers what it never got, and drops answers to what is over", () => {
  const desk = new Desk();
  assertEquals(desk.yield(bob, 1), ["2 ABORT invalid_id"]);
  assertEquals(desk.error(bob, 1, "com.example.bad"), ["2 ABORT invalid_id"]);
  desk.register(bob, "p");
  desk.call(ann, 1, "p");
  assertEquals(desk.yield(bob, 2), ["2 ABORT invalid_id"]);
  assertEquals(desk.yield(cal, 1), ["3 ABORT invalid_id"], "the invocation of another session");
  desk.yield(bob, 1);
  assertEquals(desk.yield(bob, 1), []);
  assertEquals(desk.error(bob, 1, "com.example.bad"), []);
  assertEquals(desk.error(bob, 1, "com.example.bad", {}, MESSAGE.CALL), ["2 ABORT unexpected_message"]);
});

Deno.test("Dealer ends the session that calls under the id of an open call, and takes an id again that is free", () => {
  const desk = new Desk();
  desk.register(bob, "p");
  desk.call(ann, 5, "p");
  assertEquals(desk.call(ann, 5, "p"), ["1 ABORT invalid_id"]);
  assertEquals(desk.call(ann, 3, "p"), ["2 INVOCATION 2 1 {} [1]"], "ids that swapped are not refused here");
  desk.yield(bob, 1);
  assertEquals(desk.call(ann, 5, "p"), ["2 INVOCATION 3 1 {} [1]"]);
});

Deno.test("Dealer discloses the caller where either side asked, and believes nothing forged (WAMP, Caller Identification)", () => {
  const desk = new Desk();
  desk.register(bob, "open");
  desk.register(bob, "curious", { disclose_caller: true });
  const caller = '{"caller":1,"caller_authid":"user1","caller_authrole":"anonymous"}';
  const forged = { caller: 99, caller_authid: "root", procedure: "x", trustlevel: 3 };
  assertEquals(desk.call(ann, 1, "open", forged), ["2 INVOCATION 1 1 {} [1]"]);
  assertEquals(desk.call(ann, 2, "open", { ...forged, disclose_me: true }), [`2 INVOCATION 2 1 ${caller} [1]`]);
  assertEquals(desk.call(ann, 3, "curious", forged), [`2 INVOCATION 3 2 ${caller} [1]`]);
});

Deno.test("Dealer passes the ppt options on in all directions and no others (WAMP, Payload Passthru Mode)", () => {
  const desk = new Desk();
  desk.register(bob, "p");
  const ppt = { ppt_scheme: "x_custom", ppt_keyid: "k" };
  const shown = JSON.stringify(ppt);
  assertEquals(desk.call(ann, 1, "p", { ...ppt, x_other: 1 }), [`2 INVOCATION 1 1 ${shown} [1]`]);
  assertEquals(desk.yield(bob, 1, { ...ppt, x_other: 1 }), [`1 RESULT 1 ${shown} [1]`]);
  desk.call(ann, 2, "p");
  assertEquals(desk.error(bob, 2, "com.e", { ...ppt, x_other: 1 }), [`1 ERROR CALL 2 com.e ${shown} [1]`]);
});

Deno.test("Dealer lets no bad error URI of a callee through to the caller (WAMP, Incorrect URIs)", () => {
  const desk = new Desk();
  desk.register(bob, "p");
  desk.call(ann, 1, "p");
  assertEquals(desk.error(bob, 1, "not a uri"), ["1 ERROR CALL 1 wamp.error.invalid_uri"]);
  assertEquals(desk.dealer.openCalls, 0);
});

Deno.test("Dealer caps registrations and open calls of a session", () => {
  const desk = new Desk({ maxRegistrations: 1, maxOpenCalls: 2 });
  desk.register(bob, "p");
  assertEquals(desk.register(bob, "q"), ["2 ERROR REGISTER 1 wamp.error.unavailable"]);
  assertEquals(desk.dealer.registrations, 1);
  desk.call(ann, 1, "p");
  desk.call(ann, 2, "p");
  assertEquals(desk.call(ann, 3, "p"), ["1 ERROR CALL 3 wamp.error.unavailable"]);
  assertEquals(desk.call(cal, 1, "p"), ["2 INVOCATION 3 1 {} [1]"]);
  desk.yield(bob, 1);
  assertEquals(desk.call(ann, 4, "p"), ["2 INVOCATION 4 1 {} [1]"]);
});

Deno.test("Dealer tells callers of a callee that left (WAMP, Callee Leaving During an RPC Invocation)", () => {
  const desk = new Desk();
  desk.register(bob, "p");
  desk.call(ann, 1, "p");
  desk.call(cal, 1, "p");
  desk.call(bob, 1, "p");
  assertEquals(desk.leave(bob), ["1 ERROR CALL 1 wamp.error.canceled", "3 ERROR CALL 1 wamp.error.canceled"]);
  assertEquals([desk.dealer.openCalls, desk.dealer.registrations], [0, 0]);
});

Deno.test("Dealer interrupts callees whose caller left (WAMP, Caller Leaving During an RPC Invocation)", () => {
  const desk = new Desk();
  const plain = member(5, { features: { calleeCanceling: false } });
  desk.register(bob, "p");
  desk.register(plain, "q");
  desk.call(ann, 1, "p");
  desk.call(ann, 2, "q");
  desk.call(ann, 3, "p");
  desk.cancel(ann, 3, "kill");
  assertEquals(desk.leave(ann), ['2 INTERRUPT 1 {"mode":"killnowait","reason":"wamp.error.canceled"}']);
  assertEquals(desk.dealer.openCalls, 0);
  assertEquals(desk.yield(bob, 1), [], "a late answer is dropped");
  assertEquals(desk.yield(plain, 1), []);
});

Deno.test("Dealer answers the questions of the Registration Meta API", () => {
  const desk = new Desk();
  desk.register(ann, "a.b", { invoke: "last" });
  desk.register(bob, "a.b", { invoke: "last" });
  desk.register(ann, "a.", { match: "prefix" });
  desk.register(bob, "a.", { match: "wildcard" });
  const { dealer } = desk;
  assertEquals(dealer.list(), { exact: [1], prefix: [2], wildcard: [3] });
  assertEquals([dealer.lookup("a.", "wildcard"), dealer.lookup("a.b", "prefix")], [3, undefined]);
  assertEquals([dealer.match("a.b"), dealer.match("a.c"), dealer.match("b"), dealer.match("a b")], [
    1,
    2,
    undefined,
    undefined,
  ]);
  assertEquals(dealer.get(1), { id: 1, created: TIME, uri: "a.b", match: "exact", invoke: "last" });
  assertEquals([dealer.callees(1), dealer.countCallees(1)], [[1, 2], 2]);
  assertEquals([dealer.get(4), dealer.callees(4), dealer.countCallees(4)], [undefined, undefined, undefined]);
});
