import type { Member } from "../../../wamp/router/effects.ts";
import { seededRandom } from "../../cuts.ts";
import { assertEquals } from "../../std.ts";
import { member } from "./core_fixture.ts";
import { Desk } from "./dealer_fixture.ts";

const [ann, bob, cal] = [1, 2, 3].map((id) => member(id)) as [Member, Member, Member];
const plain = member(5, {
  features: {
    callerProgressiveInvocations: false,
    calleeCanceling: false,
    calleeProgressiveInvocations: false,
    calleeProgressiveResults: true,
    calleeTimeout: false,
  },
});
const CANCELED = "1 ERROR CALL 1 wamp.error.canceled";
const INTERRUPT_NOWAIT = '2 INTERRUPT 1 {"mode":"killnowait","reason":"wamp.error.canceled"}';

function deskWith(callee: Member): Desk {
  const desk = new Desk();
  desk.register(callee, "p");
  return desk;
}

Deno.test("Dealer forwards progressive results as they come (WAMP, Progressive Call Results)", () => {
  const desk = deskWith(bob);
  assertEquals(desk.call(ann, 1, "p", { receive_progress: true }), ['2 INVOCATION 1 1 {"receive_progress":true} [1]']);
  for (let part = 0; part < 3; part++) {
    assertEquals(desk.yield(bob, 1, { progress: true }), ['1 RESULT 1 {"progress":true} [1]']);
  }
  const ppt = desk.yield(bob, 1, { progress: true, ppt_scheme: "mqtt" });
  assertEquals(ppt, ['1 RESULT 1 {"ppt_scheme":"mqtt","progress":true} [1]']);
  assertEquals(desk.yield(bob, 1), ["1 RESULT 1 {} [1]"]);
  assertEquals(desk.yield(bob, 1, { progress: true }), []);
});

Deno.test("Dealer asks callees for progress that do not announce canceling, as AutobahnJS does not", () => {
  const desk = deskWith(plain);
  assertEquals(desk.call(ann, 1, "p", { receive_progress: true }), ['5 INVOCATION 1 1 {"receive_progress":true} [1]']);
  assertEquals(desk.yield(plain, 1, { progress: true }), ['1 RESULT 1 {"progress":true} [1]']);
});

Deno.test("Dealer drops progress that the caller did not ask for (WAMP, Progressive Call Results)", () => {
  const desk = deskWith(bob);
  desk.call(ann, 1, "p");
  assertEquals(desk.yield(bob, 1, { progress: true }), []);
  assertEquals(desk.yield(bob, 1), ["1 RESULT 1 {} [1]"]);
});

Deno.test("Dealer ends the call at once and interrupts the callee: killnowait, the default (WAMP, Call Canceling)", () => {
  for (const mode of ["killnowait", undefined] as const) {
    const desk = deskWith(bob);
    desk.call(ann, 1, "p", { receive_progress: true });
    assertEquals(desk.cancel(ann, 1, mode), [CANCELED, INTERRUPT_NOWAIT]);
    assertEquals(desk.dealer.openCalls, 0);
    assertEquals(desk.yield(bob, 1, { progress: true }), []);
    assertEquals(desk.yield(bob, 1), []);
    assertEquals(desk.cancel(ann, 1, mode), []);
  }
});

Deno.test("Dealer ends the call at once and leaves the callee alone: skip (WAMP, Call Canceling)", () => {
  const desk = deskWith(bob);
  desk.call(ann, 1, "p");
  assertEquals(desk.cancel(ann, 1, "skip"), [CANCELED]);
  assertEquals(desk.error(bob, 1, "com.example.late"), []);
  assertEquals(desk.dealer.openCalls, 0);
});

Deno.test("Dealer interrupts and waits for what the callee says: kill (WAMP, Call Canceling)", () => {
  const desk = deskWith(bob);
  for (const request of [1, 2, 3]) desk.call(ann, request, "p");
  assertEquals(desk.cancel(ann, 1, "kill"), ['2 INTERRUPT 1 {"mode":"kill","reason":"wamp.error.canceled"}']);
  assertEquals(desk.cancel(ann, 1, "kill"), [], "once is enough");
  assertEquals(desk.error(bob, 1, "wamp.error.canceled"), ["1 ERROR CALL 1 wamp.error.canceled {} [1]"]);
  desk.cancel(ann, 2, "kill");
  assertEquals(desk.yield(bob, 2), ["1 RESULT 2 {} [1]"]);
  desk.cancel(ann, 3, "kill");
  assertEquals(desk.cancel(ann, 3, "killnowait"), ["1 ERROR CALL 3 wamp.error.canceled"], "no second INTERRUPT");
});

Deno.test("Dealer skips where the callee does not know canceling (WAMP, Call Canceling)", () => {
  for (const mode of ["kill", "killnowait", "skip"] as const) {
    const desk = deskWith(plain);
    desk.call(ann, 1, "p");
    assertEquals(desk.cancel(ann, 1, mode), [CANCELED]);
    assertEquals(desk.yield(plain, 1), []);
  }
});

Deno.test("Dealer ignores a CANCEL that crossed the result, or is for another session's call (WAMP, Call Canceling)", () => {
  const desk = deskWith(bob);
  desk.call(ann, 1, "p");
  assertEquals(desk.cancel(cal, 1), []);
  desk.yield(bob, 1);
  assertEquals(desk.cancel(ann, 1), []);
});

Deno.test("Dealer times calls out as with killnowait, and without canceling as with skip (WAMP, Call Timeouts)", () => {
  const desk = deskWith(bob);
  desk.register(plain, "q");
  assertEquals(desk.dealer.nextDeadline(), Infinity);
  desk.call(ann, 1, "p", { timeout: 100 });
  desk.call(ann, 2, "q", { timeout: 50 });
  desk.call(ann, 3, "p", { timeout: 0 });
  assertEquals(desk.dealer.nextDeadline(), 50);
  assertEquals(desk.tick(49), []);
  assertEquals(desk.tick(50), ["1 ERROR CALL 2 wamp.error.timeout"]);
  assertEquals(desk.tick(200), [
    "1 ERROR CALL 1 wamp.error.timeout",
    '2 INTERRUPT 1 {"mode":"killnowait","reason":"wamp.error.timeout"}',
  ]);
  assertEquals(desk.dealer.nextDeadline(), Infinity);
  assertEquals([desk.yield(bob, 1), desk.yield(plain, 1)], [[], []], "late answers are dropped");
  assertEquals(desk.dealer.openCalls, 1);
});

Deno.test("Dealer counts the timeout from result to result (WAMP, Progressive Call Results, Timeouts)", () => {
  const desk = deskWith(bob);
  desk.call(ann, 1, "p", { timeout: 100, receive_progress: true });
  desk.now = 90;
  desk.yield(bob, 1, { progress: true });
  assertEquals(desk.tick(150), []);
  assertEquals(desk.dealer.nextDeadline(), 190);
  assertEquals(desk.tick(190)[0], "1 ERROR CALL 1 wamp.error.timeout");
});

Deno.test("Dealer leaves the timeout to a callee that asks for it and announces it (WAMP, Callee-Initiated Timeouts)", () => {
  const desk = new Desk();
  desk.register(bob, "p", { forward_timeout: true });
  desk.register(plain, "q", { forward_timeout: true });
  assertEquals(desk.call(ann, 1, "p", { timeout: 100 }), ['2 INVOCATION 1 1 {"timeout":100} [1]']);
  assertEquals(desk.dealer.nextDeadline(), Infinity);
  assertEquals(desk.call(ann, 2, "p", { timeout: 0 }), ["2 INVOCATION 2 1 {} [1]"]);
  assertEquals(desk.call(ann, 3, "q", { timeout: 70 }), ['5 INVOCATION 1 2 {"timeout":70} [1]']);
  assertEquals(desk.dealer.nextDeadline(), 70, "not announced: watched here too");
});

Deno.test("Dealer times out in order of time, whatever ends in between (WAMP, Call Timeouts)", () => {
  const desk = new Desk({ maxOpenCalls: 2000 });
  desk.register(bob, "p");
  const random = seededRandom(7);
  const due = new Map<number, number>();
  for (let request = 1; request <= 1000; request++) {
    const timeout = 1 + Math.floor(random() * 5000);
    desk.call(ann, request, "p", { timeout });
    due.set(request, timeout);
  }
  for (let request = 1; request <= 1000; request += 1 + Math.floor(random() * 3)) {
    desk.yield(bob, request);
    due.delete(request);
  }
  const ended: number[] = [];
  while (desk.dealer.openCalls > 0) {
    const now = desk.dealer.nextDeadline();
    for (const line of desk.tick(now).filter((line) => line.startsWith("1 ERROR"))) {
      const request = Number(line.split(" ")[3]);
      assertEquals(due.get(request), now);
      ended.push(request);
    }
  }
  assertEquals(ended.sort((a, b) => a - b), [...due.keys()]);
});

Deno.test("Dealer sends all invocations of a call to one callee under one id (WAMP, Progressive Call Invocations)", () => {
  const desk = new Desk();
  desk.register(bob, "p", { invoke: "roundrobin" });
  desk.register(cal, "p", { invoke: "roundrobin" });
  const more = '2 INVOCATION 1 1 {"progress":true} [1]';
  assertEquals(desk.call(ann, 7, "p", { progress: true }), [more]);
  assertEquals(desk.call(ann, 8, "p"), ["3 INVOCATION 1 1 {} [1]"]);
  assertEquals(desk.call(ann, 7, "p", { progress: true }), [more]);
  assertEquals(desk.call(ann, 7, "p"), ["2 INVOCATION 1 1 {} [1]"]);
  assertEquals(desk.call(ann, 7, "p"), ["1 ABORT invalid_id"], "nothing follows the last");
  assertEquals(desk.yield(bob, 1), ["1 RESULT 7 {} [1]"]);
});

Deno.test("Dealer freezes the options of the first call (WAMP, Freezing of Options in Progressive Call Invocations)", () => {
  const desk = deskWith(bob);
  const first = { progress: true, receive_progress: true, disclose_me: true, ppt_scheme: "mqtt", timeout: 100 };
  const details = '"ppt_scheme":"mqtt","receive_progress":true,' +
    '"caller":1,"caller_authid":"user1","caller_authrole":"anonymous"';
  assertEquals(desk.call(ann, 1, "p", first), [`2 INVOCATION 1 1 {${details},"progress":true} [1]`]);
  desk.now = 50;
  const other = { disclose_me: false, ppt_scheme: "x_other", timeout: 9 };
  assertEquals(desk.call(ann, 1, "p", other), [`2 INVOCATION 1 1 {${details}} [1]`]);
  assertEquals(desk.dealer.nextDeadline(), 100);
});

Deno.test("Dealer aborts a caller that streams without having announced it (WAMP, Progressive Call Invocations)", () => {
  const desk = deskWith(bob);
  assertEquals(desk.call(plain, 1, "p", { progress: true }), ["5 ABORT unexpected_message"]);
  assertEquals(desk.dealer.openCalls, 0);
});

Deno.test("Dealer refuses streams to callees without them or without canceling (WAMP, Ignoring Progressive Call Invocations)", () => {
  for (const features of [{ calleeProgressiveInvocations: false }, { calleeCanceling: false }]) {
    const callee = member(6, { features });
    const desk = new Desk();
    desk.register(callee, "p", { invoke: "first" });
    assertEquals(desk.call(ann, 1, "p", { progress: true }), ["1 ERROR CALL 1 wamp.error.feature_not_supported"]);
    assertEquals(desk.call(ann, 1, "p", { progress: true }), [], "what follows is discarded");
    assertEquals(desk.call(ann, 1, "p"), [], "to the last");
    desk.register(bob, "p", { invoke: "first" });
    assertEquals(desk.call(ann, 2, "p", { progress: true }), ['2 INVOCATION 1 1 {"progress":true} [1]']);
  }
});

Deno.test("Dealer discards what follows a call that has ended, up to its last (WAMP, Continuations on Completed Calls)", () => {
  const endings: readonly ((desk: Desk) => void)[] = [
    (desk) => desk.yield(bob, 1),
    (desk) => desk.error(bob, 1, "com.example.enough"),
    (desk) => desk.cancel(ann, 1),
    (desk) => desk.tick(100),
    (desk) => desk.leave(bob),
  ];
  for (const end of endings) {
    const desk = deskWith(bob);
    desk.call(ann, 1, "p", { progress: true, timeout: 100 });
    end(desk);
    assertEquals(desk.dealer.openCalls, 0);
    desk.register(cal, "p", { match: "prefix" });
    assertEquals(desk.dealer.isContinuation(ann, 1), true);
    assertEquals(desk.call(ann, 1, "p", { progress: true }), []);
    assertEquals(desk.call(ann, 1, "p"), []);
    assertEquals(desk.dealer.isContinuation(ann, 1), false, "the last has come");
  }
});

Deno.test("Dealer knows what goes on with a call (WAMP, Verification of CALL Request IDs)", () => {
  const desk = deskWith(bob);
  assertEquals(desk.dealer.isContinuation(ann, 1), false);
  desk.call(ann, 1, "p", { progress: true });
  assertEquals(desk.dealer.isContinuation(ann, 1), true);
  assertEquals(desk.dealer.isContinuation(ann, 2), false);
  assertEquals(desk.dealer.isContinuation(cal, 1), false);
  assertEquals(desk.call(ann, 1, "other", { progress: true }), ["1 ABORT invalid_id"], "under another procedure");
});

Deno.test("Dealer invokes no more once the callee was interrupted, and waits for its answer", () => {
  const desk = deskWith(bob);
  desk.call(ann, 1, "p", { progress: true });
  desk.cancel(ann, 1, "kill");
  assertEquals(desk.call(ann, 1, "p", { progress: true }), []);
  assertEquals(desk.call(ann, 1, "p"), []);
  assertEquals(desk.error(bob, 1, "wamp.error.canceled"), ["1 ERROR CALL 1 wamp.error.canceled {} [1]"]);
  assertEquals(desk.dealer.isContinuation(ann, 1), false);
});

Deno.test("Dealer remembers the last 1024 streams that ended early, not all", () => {
  const desk = deskWith(bob);
  for (let request = 1; request <= 1025; request++) {
    desk.call(ann, request, "p", { progress: true });
    desk.yield(bob, request);
  }
  assertEquals([1, 2, 1025].map((request) => desk.dealer.isContinuation(ann, request)), [false, true, true]);
  desk.leave(ann);
  desk.leave(bob);
  assertEquals(desk.dealer.tableSize, 0);
});
