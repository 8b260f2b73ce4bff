import { type InvocationPolicy, MESSAGE } from "../../../wamp/messages.ts";
import { Dealer } from "../../../wamp/router/dealer.ts";
import type { Effect, Member } from "../../../wamp/router/effects.ts";
import { seededRandom } from "../../cuts.ts";
import { assert, assertEquals } from "../../std.ts";
import { ARGS, counter, member } from "./core_fixture.ts";

const POLICIES: readonly InvocationPolicy[] = ["single", "first", "last", "random", "roundrobin"];
const ERRORS = ["wamp.error.unavailable", "wamp.error.unavailable", "com.example.bad"];
const STEPS = 4_000;

/** A crowd that registers, calls and answers at random, and keeps account of who must still hear what. */
class Crowd {
  readonly members: Member[];
  readonly dealer: Dealer;
  /** Calls that were not answered for good, as `member request`. */
  readonly open = new Set<string>();
  /** Invocations that wait for an answer, as `member request`. */
  readonly asked = new Map<string, { readonly who: Member; readonly request: number }>();
  readonly registered = new Map<Member, Set<number>>();
  /** The last id of each member's INVOCATIONs. */
  readonly #last = new Map<Member, number>();
  readonly #random: () => number;
  #request = 0;
  #nextId = 1;
  now = 0;
  rerouted = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.members = Array.from({ length: 8 }, () => this.#newMember());
    this.dealer = new Dealer({
      uriRules: "loose",
      maxRegistrations: 20,
      maxOpenCalls: 50,
      nextRegistrationId: counter(1),
      random: this.#random,
      timestamp: () => "",
    });
  }

  #newMember(): Member {
    const features = { calleeReroute: this.#random() < 0.8, calleeCanceling: this.#random() < 0.8 };
    return member(this.#nextId++, { features });
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.#random() * values.length)]!;
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  step(): void {
    const effects: Effect[] = [];
    const who = this.#pick(this.members);
    const before = this.open.size;
    const dice = this.#random();
    if (dice < 0.15) this.#register(who, effects);
    else if (dice < 0.2) this.#unregister(who, effects);
    else if (dice < 0.5) this.#call(who, effects);
    else if (dice < 0.55) this.#cancel(effects);
    else if (dice < 0.95) this.#answer(effects);
    else if (dice < 0.98) this.dealer.tick(this.now += 50, effects);
    else this.#replace(who, effects);
    this.settle(effects);
    assert(this.open.size <= before + 1);
    assert(this.dealer.openCalls <= this.open.size, "no call is open that nobody waits for");
  }

  #register(who: Member, effects: Effect[]): void {
    const options = {
      invoke: this.#pick(POLICIES),
      ...(this.#chance(0.05) && { force_reregister: true }),
      ...(this.#chance(0.3) && { concurrency: 2 }),
    };
    const procedure = this.#pick(["a", "b", "c", "d"]);
    this.dealer.register(who, { type: MESSAGE.REGISTER, request: 1, options, procedure }, effects);
  }

  #unregister(who: Member, effects: Effect[]): void {
    const [registration] = this.registered.get(who) ?? [];
    if (registration === undefined) return;
    if (this.#chance(0.5)) this.dealer.removeCallee(who, registration, "why", effects);
    else this.dealer.unregister(who, { type: MESSAGE.UNREGISTER, request: 1, registration }, effects);
    this.registered.get(who)?.delete(registration);
  }

  #call(who: Member, effects: Effect[]): void {
    const request = ++this.#request;
    const options = {
      ...(this.#chance(0.3) && { timeout: 200 }),
      ...(this.#chance(0.3) && { receive_progress: true }),
      ...(this.#chance(0.2) && { ppt_scheme: "x_a" }),
    };
    this.open.add(`${who.id} ${request}`);
    const procedure = this.#pick(["a", "b", "c", "d", "none"]);
    this.dealer.call(who, { type: MESSAGE.CALL, request, options, procedure, payload: ARGS }, this.now, effects);
  }

  #cancel(effects: Effect[]): void {
    const [id = "0", request = "0"] = this.#pick([...this.open, "0 0"]).split(" ");
    const caller = this.members.find((one) => one.id === Number(id));
    if (caller === undefined) return;
    const mode = this.#pick(["skip", "kill", "killnowait"] as const);
    this.dealer.cancel(caller, { type: MESSAGE.CANCEL, request: Number(request), options: { mode } }, effects);
  }

  #answer(effects: Effect[]): void {
    const [key, invocation] = this.#pick([...this.asked]) ?? [];
    if (key === undefined || invocation === undefined) return;
    const { who, request } = invocation;
    if (this.#chance(0.2)) {
      const options = { progress: true };
      return this.dealer.yield(who, { type: MESSAGE.YIELD, request, options, payload: ARGS }, this.now, effects);
    }
    this.asked.delete(key);
    if (this.#chance(0.4)) {
      return this.dealer.yield(who, { type: MESSAGE.YIELD, request, options: {}, payload: ARGS }, this.now, effects);
    }
    const error = this.#pick(ERRORS);
    const requestType = MESSAGE.INVOCATION;
    const message = { type: MESSAGE.ERROR, requestType, request, details: {}, error, payload: ARGS };
    this.dealer.error(who, message, effects);
    if (effects.some((effect) => effect.kind === "send" && effect.message.type === MESSAGE.INVOCATION)) this.rerouted++;
  }

  #replace(who: Member, effects: Effect[]): void {
    this.members[this.members.indexOf(who)] = this.#newMember();
    this.leave(who, effects);
  }

  leave(who: Member, effects: Effect[]): void {
    for (const key of [...this.open]) if (key.startsWith(`${who.id} `)) this.open.delete(key);
    for (const key of [...this.asked.keys()]) if (key.startsWith(`${who.id} `)) this.asked.delete(key);
    this.registered.delete(who);
    this.dealer.leave(who, effects);
    assert(effects.every((effect) => effect.kind !== "send" || effect.to !== who), "nobody speaks to who has left");
  }

  /** Checks that every message is one that its receiver waits for. */
  settle(effects: readonly Effect[]): void {
    for (const effect of effects) {
      assert(effect.kind !== "abort", "nobody broke the protocol");
      if (effect.kind !== "send") continue;
      const { to, message } = effect;
      if (message.type === MESSAGE.INVOCATION) {
        assertEquals(message.request, (this.#last.get(to) ?? 0) + 1, "ids of INVOCATIONs are in sequence");
        this.#last.set(to, message.request);
        this.asked.set(`${to.id} ${message.request}`, { who: to, request: message.request });
      } else if (message.type === MESSAGE.RESULT || message.type === MESSAGE.ERROR) this.#settled(to, message);
      else if (message.type === MESSAGE.REGISTERED) {
        const ids = this.registered.get(to) ?? new Set();
        this.registered.set(to, ids.add(message.registration));
      } else if (message.type === MESSAGE.UNREGISTERED && message.request === 0) {
        this.registered.get(to)?.delete(message.details?.registration ?? 0);
      }
    }
  }

  #settled(to: Member, message: Extract<Effect, { kind: "send" }>["message"]): void {
    if (message.type === MESSAGE.ERROR && message.requestType !== MESSAGE.CALL) return;
    assert("request" in message);
    const key = `${to.id} ${message.request}`;
    assert(this.open.has(key), `${key} is answered once`);
    const isProgress = message.type === MESSAGE.RESULT && message.details.progress === true;
    if (!isProgress) this.open.delete(key);
  }
}

Deno.test("Dealer answers every call once, whatever is rerouted, revoked, forced and cancelled, and is empty in the end", () => {
  let rerouted = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const crowd = new Crowd(seed);
    for (let step = 0; step < STEPS; step++) crowd.step();
    rerouted += crowd.rerouted;
    const effects: Effect[] = [];
    crowd.dealer.tick(crowd.now + 10_000, effects);
    crowd.settle(effects.splice(0));
    // Callees answer what is left, until nothing more comes of it.
    while (crowd.asked.size > 0) {
      for (const [key, { who, request }] of [...crowd.asked]) {
        crowd.asked.delete(key);
        crowd.dealer.yield(who, { type: MESSAGE.YIELD, request, options: {}, payload: ARGS }, crowd.now, effects);
      }
      crowd.settle(effects.splice(0));
    }
    assertEquals([crowd.open.size, crowd.dealer.openCalls], [0, 0], `seed ${seed}`);
    for (const who of crowd.members) crowd.leave(who, effects);
    assertEquals(crowd.dealer.tableSize, 0, `seed ${seed}`);
  }
  assert(rerouted > 500, `${rerouted} calls were rerouted`);
});
