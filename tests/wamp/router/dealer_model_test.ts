import type { CancelMode, InvocationPolicy } from "../../../wamp/messages.ts";
import type { Member } from "../../../wamp/router/effects.ts";
import { seededRandom } from "../../cuts.ts";
import { assert, assertEquals } from "../../std.ts";
import { member } from "./core_fixture.ts";
import { Desk } from "./dealer_fixture.ts";

/** A call as a naive list has it. */
interface OpenCall {
  readonly caller: Member;
  readonly request: number;
  readonly callee: Member;
  readonly invocation: number;
  readonly procedure: string;
  readonly deadline: number;
  isStreaming: boolean;
  isKilled: boolean;
}

const PROCEDURES = ["a", "b", "c", "d", "e"] as const;
const POLICIES: readonly InvocationPolicy[] = ["single", "first", "last", "random", "roundrobin"];

/** Random operations of some sessions, each checked against lists that know nothing of the dealer's tables. */
class Model {
  readonly desk: Desk;
  readonly members: readonly Member[];
  readonly #random: () => number;
  #registered: { readonly who: Member; readonly procedure: string; readonly id: number }[] = [];
  #open: OpenCall[] = [];
  readonly #nextRequest = new Map<Member, number>();
  readonly #nextInvocation = new Map<Member, number>();

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.desk = new Desk({ random: this.#random });
    this.members = [1, 2, 3, 4, 5, 6].map((id) => member(id, { features: { calleeCanceling: id % 3 > 0 } }));
  }

  step(): void {
    const act = this.#random();
    if (act < 0.12) this.#register();
    else if (act < 0.17) this.#unregister();
    else if (act < 0.5) this.#call();
    else if (act < 0.56) this.#continue();
    else if (act < 0.84) this.#answer();
    else if (act < 0.93) this.#cancel();
    else if (act < 0.98) this.#tick();
    else this.leave(this.#pick(this.members));
    assertEquals(this.desk.dealer.openCalls, this.#open.length);
    assertEquals(this.desk.dealer.registrations, new Set(this.#registered.map(({ id }) => id)).size);
    assertEquals(this.desk.dealer.nextDeadline(), Math.min(...this.#open.map(({ deadline }) => deadline)));
  }

  leave(who: Member): void {
    const lines = this.desk.leave(who);
    const gone = this.#open.filter(({ caller, callee }) => caller === who || callee === who);
    const expected = gone.flatMap((call) => {
      if (call.caller !== who) return [`${call.caller.id} ERROR CALL ${call.request} wamp.error.canceled`];
      if (call.callee === who || call.isKilled || !call.callee.features.calleeCanceling) return [];
      return [interruptOf(call, "killnowait", "canceled")];
    });
    assertEquals(lines.sort(), expected.sort());
    this.#open = this.#open.filter((call) => !gone.includes(call));
    this.#registered = this.#registered.filter((one) => one.who !== who);
    this.#nextInvocation.delete(who);
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.#random() * values.length)]!;
  }

  #register(): void {
    const who = this.#pick(this.members);
    const at = Math.floor(this.#random() * PROCEDURES.length);
    const procedure = PROCEDURES[at]!;
    const [line] = this.desk.register(who, procedure, { invoke: POLICIES[at]! });
    const same = this.#registered.filter((one) => one.procedure === procedure);
    if (same.some((one) => one.who === who) || (at === 0 && same.length > 0)) {
      assertEquals(line, `${who.id} ERROR REGISTER 1 wamp.error.procedure_already_exists`);
      return;
    }
    const id = Number(line?.split(" ")[3]);
    if (same[0] !== undefined) assertEquals(id, same[0].id);
    this.#registered.push({ who, procedure, id });
  }

  #unregister(): void {
    const gone = this.#pick(this.#registered);
    if (gone === undefined) return;
    this.desk.unregistering(gone.who, gone.id);
    this.#registered = this.#registered.filter((one) => one !== gone);
  }

  #call(): void {
    const caller = this.#pick(this.members);
    const procedure = this.#pick(PROCEDURES);
    const request = (this.#nextRequest.get(caller) ?? 0) + 1;
    this.#nextRequest.set(caller, request);
    const progress = this.#random() < 0.2;
    const timeout = this.#random() < 0.5 ? 1 + Math.floor(this.#random() * 100) : 0;
    const [line = ""] = this.desk.call(caller, request, procedure, { progress, timeout });
    const able = this.#registered.filter((one) =>
      one.procedure === procedure && (!progress || one.who.features.calleeCanceling)
    );
    if (able.length === 0) {
      const isThere = this.#registered.some((one) => one.procedure === procedure);
      const error = isThere ? "feature_not_supported" : "no_such_procedure";
      assertEquals(line, `${caller.id} ERROR CALL ${request} wamp.error.${error}`);
      return;
    }
    const [id, , invocation] = line.split(" ");
    const callee = able.find(({ who }) => who.id === Number(id))?.who;
    assert(callee !== undefined, `${line}: not one of the callees`);
    const expected = (this.#nextInvocation.get(callee) ?? 0) + 1;
    assertEquals(Number(invocation), expected, "ids of invocations are in sequence");
    this.#nextInvocation.set(callee, expected);
    const deadline = timeout > 0 ? this.desk.now + timeout : Infinity;
    this.#open.push({
      caller,
      request,
      callee,
      invocation: expected,
      procedure,
      deadline,
      isStreaming: progress,
      isKilled: false,
    });
  }

  #continue(): void {
    const call = this.#pick(this.#open.filter(({ isStreaming }) => isStreaming));
    if (call === undefined) return;
    const progress = this.#random() < 0.5;
    const lines = this.desk.call(call.caller, call.request, call.procedure, { progress });
    assertEquals(lines.length, call.isKilled ? 0 : 1);
    if (!call.isKilled) assert(lines[0]?.startsWith(`${call.callee.id} INVOCATION ${call.invocation} `));
    call.isStreaming = progress;
  }

  #answer(): void {
    const call = this.#pick(this.#open);
    if (call === undefined) return;
    const { caller, callee, request, invocation } = call;
    if (this.#random() < 0.7) {
      assertEquals(this.desk.yield(callee, invocation), [`${caller.id} RESULT ${request} {} [1]`]);
    } else {
      assertEquals(this.desk.error(callee, invocation, "com.e"), [`${caller.id} ERROR CALL ${request} com.e {} [1]`]);
    }
    this.#open = this.#open.filter((one) => one !== call);
    assertEquals(this.desk.yield(callee, invocation), [], "a second answer is dropped");
  }

  #cancel(): void {
    const call = this.#pick(this.#open);
    if (call === undefined) return;
    const mode = this.#pick<CancelMode>(["skip", "kill", "killnowait"]);
    const lines = this.desk.cancel(call.caller, call.request, mode);
    const canStop = call.callee.features.calleeCanceling;
    if (mode === "kill" && canStop) {
      assertEquals(lines, call.isKilled ? [] : [interruptOf(call, "kill", "canceled")]);
      call.isKilled = true;
      return;
    }
    const error = `${call.caller.id} ERROR CALL ${call.request} wamp.error.canceled`;
    const stops = canStop && mode !== "skip" && !call.isKilled;
    assertEquals(lines, stops ? [error, interruptOf(call, "killnowait", "canceled")] : [error]);
    this.#open = this.#open.filter((one) => one !== call);
  }

  #tick(): void {
    const now = this.desk.now + Math.floor(this.#random() * 40);
    const lines = this.desk.tick(now);
    const due = this.#open.filter(({ deadline }) => deadline <= now);
    const expected = due.flatMap((call) => {
      const error = `${call.caller.id} ERROR CALL ${call.request} wamp.error.timeout`;
      const stops = call.callee.features.calleeCanceling && !call.isKilled;
      return stops ? [error, interruptOf(call, "killnowait", "timeout")] : [error];
    });
    assertEquals(lines.sort(), expected.sort());
    this.#open = this.#open.filter((call) => !due.includes(call));
  }
}

function interruptOf({ callee, invocation }: OpenCall, mode: CancelMode, reason: string): string {
  return `${callee.id} INTERRUPT ${invocation} {"mode":"${mode}","reason":"wamp.error.${reason}"}`;
}

for (const seed of [1, 2, 3]) {
  Deno.test(`Dealer agrees with naive lists over thousands of operations and is empty in the end, seed ${seed}`, () => {
    const model = new Model(seed);
    for (let step = 0; step < 4000; step++) model.step();
    assert(model.desk.dealer.tableSize > 0);
    for (const who of model.members) model.leave(who);
    assertEquals(model.desk.dealer.tableSize, 0);
    assertEquals(model.desk.dealer.nextDeadline(), Infinity);
  });
}
