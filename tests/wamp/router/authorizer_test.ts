import { authorizeByProcedure } from "../../../wamp/router/authorizer.ts";
import type { Authorization, AuthorizationRequest, Permission, RealmOptions } from "../../../wamp/router/router_api.ts";
import { createRouter } from "../../../wamp/router/router.ts";
import { jsonBatched } from "../../../wamp/serializers/mod.ts";
import { type FakeClock, settled, withFakeClock } from "../../fake_clock.ts";
import { assert, assertEquals, assertMatch } from "../../std.ts";
import { recordingLogger } from "../../websocket/serving.ts";
import { RouterFixture, ScriptedTransport, type WireMessage } from "./scripted_transport.ts";

const ALL = { call: true, register: true, publish: true, subscribe: true };
const DENIED = "wamp.error.not_authorized";
const FAILED = "wamp.error.authorization_failed";

/** A realm in which anonymous sessions have these permissions. */
function anonymous(...permissions: readonly Permission[]): RealmOptions {
  return { uri: "realm1", roles: { anonymous: { permissions } } };
}

/** A realm that asks, and the questions with what answers them. */
class Questions {
  readonly asked: AuthorizationRequest[] = [];
  readonly #answers: PromiseWithResolvers<Authorization>[] = [];
  readonly realm: RealmOptions = {
    uri: "realm1",
    authorize: (request) => {
      this.asked.push(request);
      const answer = Promise.withResolvers<Authorization>();
      this.#answers.push(answer);
      return answer.promise;
    },
  };

  /** Answers the question with this number, and lets that be handled. */
  async answer(index: number, authorization: Authorization = true): Promise<void> {
    this.#answers[index]?.resolve(authorization);
    await settled();
  }

  /** Fails it. */
  async fail(index: number): Promise<void> {
    this.#answers[index]?.reject(new Error("out of order"));
    await settled();
  }
}

let lastRequest = 1_000;

/** Asks for something and gives the code of the answer, or the URI of the error. */
function ask(
  client: ScriptedTransport,
  type: number,
  uri: string,
  options = {},
  args: readonly unknown[] = [],
): unknown {
  client.deliver(type, ++lastRequest, options, uri, ...(type === 48 || type === 16 ? [args] : []));
  return outcome(client.takeOne());
}

function outcome(message: WireMessage): unknown {
  return message[0] === 8 ? message[4] : message[0];
}

function typesOf(messages: readonly WireMessage[]): unknown[] {
  return messages.map(([type]) => type);
}

Deno.test("without rules everything is allowed, but to act upon other sessions (WAMP, Session Meta API)", async () => {
  await using fixture = new RouterFixture();
  const [client, other] = [fixture.join(), fixture.join()];
  assertEquals(ask(client, 64, "com.p"), 65);
  assertEquals(ask(client, 32, "wamp.session.on_join"), 33);
  assertEquals(ask(client, 16, "com.t", { acknowledge: true }), 17);
  assertEquals(ask(client, 48, "wamp.session.get", {}, [other.session]), 50);
  assertEquals(ask(client, 48, "wamp.session.add_testament", {}, ["com.t", [], {}]), 50);
  for (
    const procedure of [
      "wamp.session.kill",
      "wamp.session.kill_by_authid",
      "wamp.session.kill_by_authrole",
      "wamp.session.kill_all",
      "wamp.subscription.remove_subscriber",
      "wamp.registration.remove_callee",
    ]
  ) {
    assertEquals(ask(client, 48, procedure, {}, [other.session]), DENIED, procedure);
  }
  const trusted = await fixture.router.join("realm1");
  await trusted.call("wamp.session.kill", [other.session]);
  assertEquals(other.takeOne()[0], 6);
  await trusted.leave();
});

Deno.test("a role may do what its permissions allow (WAMP, Authorization)", async () => {
  await using fixture = new RouterFixture(anonymous(
    { uri: "com.open.", match: "prefix", allow: ALL },
    { uri: "com.open.read", allow: { subscribe: true, call: true } },
  ));
  const client = fixture.join();
  assertEquals(ask(client, 64, "com.open.p"), 65);
  assertEquals(ask(client, 32, "com.open.t"), 33);
  assertEquals(ask(client, 16, "com.open.t", { acknowledge: true }), 17);
  assertEquals(ask(client, 48, "com.open.none"), "wamp.error.no_such_procedure");
  assertEquals(ask(client, 64, "com.open.read"), DENIED);
  assertEquals(ask(client, 16, "com.open.read", { acknowledge: true }), DENIED);
  assertEquals(ask(client, 32, "com.open.read"), 33);
  for (const type of [64, 32, 48]) assertEquals(ask(client, type, "com.closed"), DENIED);
  assertEquals(ask(client, 48, "wamp.session.count"), DENIED);
});

Deno.test("a publication that is refused is dropped where nobody asked for an answer", async () => {
  await using fixture = new RouterFixture(anonymous({ uri: "com.t", allow: { subscribe: true } }));
  const [publisher, subscriber] = [fixture.join(), fixture.join()];
  ask(subscriber, 32, "com.t");
  publisher.deliver(16, 1, {}, "com.t", ["secret"]);
  assertEquals([publisher.take(), subscriber.take()], [[], []]);
});

Deno.test("wamp. stays reserved whatever a role is allowed, and bad URIs stay bad (WAMP, Reserved URIs)", async () => {
  let asked = 0;
  await using fixture = new RouterFixture({ authorize: () => ++asked > 0 });
  const client = fixture.join();
  assertEquals(ask(client, 64, "wamp.mine"), "wamp.error.invalid_uri");
  assertEquals(ask(client, 16, "wamp.session.on_join", { acknowledge: true }), "wamp.error.invalid_uri");
  assertEquals(ask(client, 32, "com. a"), "wamp.error.invalid_uri");
  assertEquals(ask(client, 48, "com..a"), "wamp.error.invalid_uri");
  assertEquals(ask(client, 32, `com.${"a".repeat(5_000)}`), "wamp.error.invalid_uri");
  assertEquals(asked, 0);
});

Deno.test("subscribing by pattern is asked with the pattern, and refused where a part is", async () => {
  await using fixture = new RouterFixture(anonymous(
    { uri: "com.", match: "prefix", allow: ALL },
    { uri: "com.secret", allow: {} },
  ));
  const client = fixture.join();
  assertEquals(ask(client, 32, "com.", { match: "prefix" }), DENIED);
  assertEquals(ask(client, 64, "com.", { match: "wildcard" }), DENIED);
  assertEquals(ask(client, 32, "com.public.", { match: "prefix" }), 33);
  assertEquals(ask(client, 32, "com.public.", { match: "prefix" }), 33, "remembered");
  assertEquals(ask(client, 32, "com.public"), 33, "the same URI by another policy is another question");
});

Deno.test("an authorizer is told who wants what, where permissions say nothing", async () => {
  const asked: AuthorizationRequest[] = [];
  await using fixture = new RouterFixture({
    ...anonymous({ uri: "com.known", allow: { call: true } }),
    authorize: (request) => {
      asked.push(request);
      return request.uri !== "com.no";
    },
  });
  const client = fixture.join({ authid: "x" });
  assertEquals(ask(client, 48, "com.known"), "wamp.error.no_such_procedure");
  assertEquals(ask(client, 64, "com.known"), DENIED);
  assertEquals(asked, []);
  assertEquals(ask(client, 32, "com.t.", { match: "prefix", get_retained: true }), 33);
  assertEquals(ask(client, 48, "com.no", { timeout: 5 }), DENIED);
  const [first, second] = asked;
  assertEquals(asked.length, 2);
  const { session, ...request } = first!;
  const options = { match: "prefix", get_retained: true };
  assertEquals(request, { action: "subscribe", uri: "com.t.", match: "prefix", options });
  const { authid, ...known } = session;
  assert(authid.length > 0);
  assertEquals(known, {
    session: client.session,
    realm: "realm1",
    authrole: "anonymous",
    authmethod: "anonymous",
    authprovider: "static",
  });
  assertEquals([second?.action, second?.match, second?.options], ["call", "exact", { timeout: 5 }]);
});

Deno.test("an answer is remembered on request: for one session, action, URI and match", async () => {
  let asked = 0;
  let cache = false;
  await using fixture = new RouterFixture({
    authorize: ({ uri }) => {
      asked++;
      return { allow: uri !== "com.no", cache };
    },
  });
  const [client, other] = [fixture.join(), fixture.join()];
  const count = (act: () => unknown): number => {
    const before = asked;
    act();
    return asked - before;
  };
  assertEquals([count(() => ask(client, 48, "com.p")), count(() => ask(client, 48, "com.p"))], [1, 1]);
  cache = true;
  for (const uri of ["com.p", "com.no"]) {
    assertEquals([count(() => ask(client, 48, uri)), count(() => ask(client, 48, uri))], [1, 0]);
  }
  assertEquals(ask(client, 48, "com.no"), DENIED);
  for (const [type, options] of [[16, { acknowledge: true }], [32, {}], [32, { match: "prefix" }], [64, {}]] as const) {
    const again = [1, 2].map(() => count(() => ask(client, type, "com.p", options)));
    assertEquals(again, [1, 0], `${type} ${JSON.stringify(options)}`);
  }
  assertEquals(count(() => ask(other, 32, "com.p")), 1);
});

Deno.test("what is remembered of a session is bounded", async () => {
  let asked = 0;
  await using fixture = new RouterFixture({ authorize: () => ({ allow: ++asked > 0, cache: true }) });
  const client = fixture.join();
  for (let index = 0; index < 1_000; index++) ask(client, 48, `com.p${index}`);
  ask(client, 48, "com.p0");
  assertEquals(asked, 1_000);
  ask(client, 48, "com.one.more");
  ask(client, 48, "com.p0");
  assertEquals(asked, 1_002);
  for (let index = 0; index < 200; index++) ask(client, 48, `com.${"x".repeat(2_000)}${index}`);
  ask(client, 48, "com.p0");
  assertEquals(asked, 1_203);
});

Deno.test("an authorizer that fails, or answers nonsense, refuses with authorization_failed, and that is logged", async () => {
  const { logger, records } = recordingLogger();
  const answers: Record<string, () => unknown> = {
    "com.throws": () => {
      throw new Error("broken");
    },
    "com.rejects": () => Promise.reject(new Error("broken")),
    "com.nothing": () => undefined,
    "com.null": () => null,
    "com.text": () => "yes",
    "com.empty": () => ({}),
    "com.number": () => ({ allow: 1 }),
    "com.disclose": () => ({ allow: true, disclose: "always" }),
    "com.trust": () => ({ allow: true, trustlevel: "high" }),
    "com.promised": () => Promise.resolve(undefined),
  };
  await using fixture = new RouterFixture(
    { authorize: ({ uri }) => answers[uri]?.() as Authorization },
    { logger },
  );
  const client = fixture.join();
  for (const uri of Object.keys(answers)) {
    client.deliver(48, ++lastRequest, {}, uri);
    await settled();
    assertEquals(outcome(client.takeOne()), FAILED, uri);
  }
  assertEquals(records.filter((record) => record === "error: Cannot authorize").length, Object.keys(answers).length);
});

Deno.test("an answer of null in a procedure's dictionary counts as absent", async () => {
  const answer = { allow: true, disclose: null, trustlevel: null, cache: null };
  await using fixture = new RouterFixture({ authorize: () => answer as never });
  assertEquals(ask(fixture.join(), 32, "com.t"), 33);
});

Deno.test("requests wait for their decision in order, with what they carry (WAMP, Ordering Guarantees)", async () => {
  const questions = new Questions();
  await using fixture = new RouterFixture(questions.realm);
  const [client, other] = [fixture.join(), fixture.join()];
  other.deliver(32, 1, {}, "com.t");
  await questions.answer(0);
  other.take();
  client.deliver(16, 1, {}, "com.t", ["first"], { key: "ä" });
  client.deliver(16, 2, { acknowledge: true }, "com.t", ["second"]);
  client.deliver(34, 3, 77);
  client.deliver(48, 4, {}, "com.p");
  assertEquals(questions.asked.map(({ uri }) => uri), ["com.t", "com.t", "com.t", "com.p"]);
  await questions.answer(2);
  await questions.answer(3, false);
  assertEquals([client.take(), other.take()], [[], []]);
  await questions.answer(1);
  assertEquals(other.take().map((event) => event.slice(4)), [[["first"], { key: "ä" }], [["second"]]]);
  assertEquals(client.take().map(outcome), [17, "wamp.error.no_such_subscription", DENIED]);
  client.deliver(34, 5, 78);
  assertEquals(client.takeOne()[0], 8, "nothing waits any more");
});

Deno.test("a failed decision does not hold up those behind it", async () => {
  const questions = new Questions();
  await using fixture = new RouterFixture(questions.realm);
  const client = fixture.join();
  client.deliver(32, 1, {}, "com.a");
  client.deliver(32, 2, {}, "com.b");
  await questions.fail(0);
  assertEquals(outcome(client.takeOne()), FAILED);
  await questions.answer(1);
  assertEquals(outcome(client.takeOne()), 33);
});

Deno.test("a callee's answers go past its requests: who decides may be waiting for them", async () => {
  const questions = new Questions();
  await using fixture = new RouterFixture(questions.realm);
  const [callee, caller] = [fixture.join(), fixture.join()];
  callee.deliver(64, 1, {}, "com.p");
  await questions.answer(0);
  callee.take();
  for (const request of [1, 2]) caller.deliver(48, request, {}, "com.p");
  await questions.answer(1);
  await questions.answer(2);
  assertEquals(typesOf(callee.take()), [68, 68]);
  callee.deliver(48, 2, {}, "com.other");
  callee.deliver(70, 1, {}, ["done"]);
  callee.deliver(8, 68, 2, {}, "com.error");
  assertEquals(caller.take().map(outcome), [50, "com.error"]);
  assertEquals(callee.take(), []);
  await questions.answer(3);
  assertEquals(typesOf(callee.take()), [8]);
});

Deno.test("a session that leaves while its requests wait leaves nothing behind", async () => {
  for (const ending of ["goodbye", "lost", "abort"]) {
    const questions = new Questions();
    await using fixture = new RouterFixture(questions.realm);
    const client = fixture.join();
    for (let request = 1; request <= 300; request++) client.deliver(64, request, {}, `com.p${request}`);
    assertEquals(client.isPaused, true);
    if (ending === "goodbye") client.deliver(6, {}, "wamp.close.normal");
    else if (ending === "lost") client.lose();
    else client.deliver(50, 1, {});
    assertEquals(client.isPaused, ending === "abort", "it may say HELLO again");
    if (ending === "abort") assertEquals(client.ending, undefined);
    else client.take();
    for (let index = 0; index < 300; index++) await questions.answer(index);
    if (ending === "abort") assertEquals(client.take().at(-1)?.[2], "wamp.error.protocol_violation");
    assertEquals(client.take(), []);
    fixture.assertEmpty();
  }
});

Deno.test("while 256 requests wait, or a mebibyte, the session is not read from", async () => {
  for (const [count, size] of [[256, 1], [11, 100_000]] as const) {
    const questions = new Questions();
    await using fixture = new RouterFixture(questions.realm);
    const client = fixture.join();
    for (let request = 1; request < count; request++) client.deliver(16, request, {}, "com.t", ["x".repeat(size)]);
    assertEquals(client.isPaused, false);
    client.deliver(16, count, {}, "com.t", ["x".repeat(size)]);
    assertEquals(client.isPaused, true);
    let answered = 0;
    while (client.isPaused) await questions.answer(answered++);
    assert(answered >= count / 2 && answered <= count / 2 + 2, `${answered}`);
    for (; answered < count; answered++) await questions.answer(answered);
    assertEquals(client.isPaused, false);
  }
});

Deno.test("what waits is bounded, also where one frame holds any number of requests", async () => {
  const questions = new Questions();
  await using fixture = new RouterFixture(questions.realm);
  const client = fixture.attach(jsonBatched);
  const deliver = (messages: readonly WireMessage[]): void => {
    client.deliverBytes(new TextEncoder().encode(messages.map((message) => `${JSON.stringify(message)}\x1e`).join("")));
  };
  deliver([[1, "realm1", { roles: { caller: {} } }]]);
  assertEquals(client.takeOne()[0], 2);
  deliver(Array.from({ length: 5_000 }, (_, index) => [48, index + 1, {}, "com.p"]));
  const refused = client.take();
  assertEquals([refused.length, new Set(refused.map(outcome))], [904, new Set(["wamp.error.unavailable"])]);
});

Deno.test("a decision that nobody makes within ten seconds is a refusal, and the next ones go on", async () => {
  await withFakeClock(async (clock: FakeClock) => {
    const { logger, records } = recordingLogger();
    const questions = new Questions();
    await using fixture = new RouterFixture(questions.realm, { logger });
    const client = fixture.join();
    client.deliver(48, 1, {}, "com.p");
    await clock.advance(5_000);
    client.deliver(48, 2, {}, "com.p");
    await clock.advance(4_900);
    assertEquals(client.take(), []);
    await clock.advance(200);
    assertEquals(outcome(client.takeOne()), FAILED);
    await questions.answer(1);
    assertEquals(outcome(client.takeOne()), "wamp.error.no_such_procedure");
    await questions.answer(0);
    assertEquals([client.take(), clock.timers], [[], 0]);
    assert(records.includes("error: Nobody authorized in time"));
  });
});

Deno.test("the parts of a progressive call need no decision of their own, and are forgotten with a refused one", async () => {
  const questions = new Questions();
  await using fixture = new RouterFixture(questions.realm);
  const [callee, caller] = [fixture.join(), fixture.join()];
  callee.deliver(64, 1, {}, "com.p");
  await questions.answer(0);
  callee.take();
  caller.deliver(48, 1, { progress: true }, "com.p", [1]);
  await questions.answer(1);
  caller.deliver(48, 1, { progress: true }, "com.p", [2]);
  caller.deliver(48, 1, {}, "com.p", [3]);
  assertEquals([questions.asked.length, callee.take().map((message) => message[4])], [2, [[1], [2], [3]]]);
  caller.deliver(48, 2, { progress: true }, "com.p", [1]);
  caller.deliver(48, 2, { progress: true }, "com.p", [2]);
  caller.deliver(48, 2, {}, "com.p", [3]);
  for (const index of [2, 3, 4]) await questions.answer(index, false);
  assertEquals([caller.take().map(outcome), callee.take()], [[DENIED], []]);
});

Deno.test("an open call is no way to a procedure that is not allowed", async () => {
  await using fixture = new RouterFixture(anonymous({ uri: "com.", match: "prefix", allow: ALL }));
  const [callee, caller] = [fixture.join(), fixture.join()];
  ask(callee, 64, "com.p");
  caller.deliver(48, 1, { progress: true }, "com.p");
  caller.deliver(48, 1, {}, "wamp.session.kill_all");
  assertEquals(outcome(caller.takeOne()), DENIED);
  caller.deliver(48, 1, {}, "org.other");
  assertEquals(caller.takeOne()[2], "wamp.error.protocol_violation");
});

Deno.test("permissions disclose who calls and publishes, or refuse it (WAMP, Caller Identification, Publisher Identification)", async () => {
  await using fixture = new RouterFixture(anonymous(
    { uri: "com.shown", allow: ALL, disclose: { caller: true, publisher: true } },
    { uri: "com.hidden", allow: ALL, disclose: { caller: false, publisher: false } },
    { uri: "com.asked", allow: ALL },
  ));
  const [one, other] = [fixture.join(), fixture.join()];
  for (const uri of ["com.shown", "com.hidden", "com.asked"]) {
    ask(other, 64, uri, { disclose_caller: uri === "com.hidden" });
    ask(other, 32, uri);
  }
  const told = (type: number, uri: string, options = {}): unknown => {
    one.deliver(type, ++lastRequest, options, uri);
    const details = other.takeOne()[3] as Record<string, unknown>;
    return details.caller ?? details.publisher;
  };
  for (const type of [48, 16]) {
    assertEquals([told(type, "com.shown"), told(type, "com.hidden"), told(type, "com.asked")], [
      one.session,
      undefined,
      undefined,
    ]);
    assertEquals(told(type, "com.asked", { disclose_me: true }), one.session);
    const error = ask(one, type, "com.hidden", { disclose_me: true, acknowledge: true });
    assertEquals(error, "wamp.error.option_disallowed.disclose_me");
  }
});

Deno.test("an authorizer discloses, and says how far it trusts (WAMP, Call Trust Levels, Publication Trust Levels)", async () => {
  await using fixture = new RouterFixture({ authorize: () => ({ allow: true, disclose: true, trustlevel: 3 }) });
  const [one, other] = [fixture.join(), fixture.join()];
  ask(other, 64, "com.p");
  ask(other, 32, "com.t");
  one.deliver(48, 1, {}, "com.p");
  const { caller, trustlevel } = other.takeOne()[3] as Record<string, unknown>;
  assertEquals([caller, trustlevel], [one.session, 3]);
  one.deliver(16, 2, {}, "com.t");
  const details = other.takeOne()[3] as Record<string, unknown>;
  assertEquals([details.publisher, details.trustlevel], [one.session, 3]);
});

Deno.test("who adds a testament must be allowed to publish it (WAMP, Session Testament)", async () => {
  await using fixture = new RouterFixture(anonymous(
    { uri: "wamp.", match: "prefix", allow: { call: true } },
    { uri: "com.may", allow: { publish: true, subscribe: true }, disclose: { publisher: true } },
    { uri: "com.may.not", allow: { subscribe: true } },
  ));
  const [client, other] = [fixture.join(), fixture.join()];
  for (const uri of ["com.may", "com.may.not"]) ask(other, 32, uri);
  assertEquals(ask(client, 48, "wamp.session.add_testament", {}, ["com.may.not", [], {}]), DENIED);
  assertEquals(ask(client, 48, "wamp.session.add_testament", {}, ["com.may", ["gone"], {}]), 50);
  client.lose();
  const [, , , details, args] = other.takeOne();
  assertEquals([(details as Record<string, unknown>).publisher, args], [client.session, ["gone"]]);
});

Deno.test("what a call of the meta API leads to is asked as well, and waits for both answers", async () => {
  const questions = new Questions();
  await using fixture = new RouterFixture(questions.realm);
  const client = fixture.join();
  const answers = [[true, true], [true, false], [false, true]] as const;
  for (const [index, [first, second]] of answers.entries()) {
    client.deliver(48, index + 1, {}, "wamp.session.add_testament", ["com.t", [], {}]);
    await questions.answer(2 * index, first);
    await questions.answer(2 * index + 1, second);
    assertEquals(outcome(client.takeOne()), first && second ? 50 : DENIED);
  }
  const asked = questions.asked.slice(0, 2).map(({ action, uri }) => [action, uri]);
  assertEquals(asked, [["call", "wamp.session.add_testament"], ["publish", "com.t"]]);
});

Deno.test("who reads the history of a topic must be allowed to subscribe (WAMP, Event History, Security Aspects)", async () => {
  await using fixture = new RouterFixture({
    ...anonymous({ uri: "wamp.", match: "prefix", allow: { call: true } }),
    eventStores: [{ uri: "com.log", limit: 5 }],
  });
  const client = fixture.join();
  client.deliver(48, 1, {}, "wamp.subscription.lookup", ["com.log"]);
  const [id] = client.takeOne()[3] as unknown[];
  assertEquals(ask(client, 48, "wamp.subscription.get_events", {}, [id]), DENIED);
});

Deno.test("updateRealm: other rules hold at once, and forget what was remembered; what is there stays", async () => {
  const open = anonymous({ uri: "", match: "prefix", allow: ALL });
  await using fixture = new RouterFixture(open);
  const [client, other] = [fixture.join(), fixture.join()];
  assertEquals([ask(client, 32, "com.t"), ask(client, 48, "com.p")], [33, "wamp.error.no_such_procedure"]);
  fixture.router.updateRealm(anonymous({ uri: "com.t", allow: { publish: true } }));
  assertEquals([ask(client, 32, "com.t"), ask(client, 48, "com.p")], [DENIED, DENIED]);
  other.deliver(16, 1, {}, "com.t", ["still"]);
  assertEquals(client.takeOne()[4], ["still"]);
  fixture.router.updateRealm({ uri: "realm1" });
  assertEquals(ask(client, 48, "com.p"), "wamp.error.no_such_procedure");
  fixture.router.updateRealm({ uri: "realm1", authorize: () => false });
  assertEquals(ask(client, 48, "com.p"), DENIED);
});

Deno.test("updateRealm: what waits is decided by whom it was asked, in order", async () => {
  const questions = new Questions();
  await using fixture = new RouterFixture(questions.realm);
  const client = fixture.join();
  client.deliver(48, 1, {}, "com.p");
  fixture.router.updateRealm({ uri: "realm1" });
  client.deliver(48, 2, {}, "com.p");
  assertEquals(client.take(), []);
  await questions.answer(0, { allow: false, cache: true });
  assertEquals(client.take().map(outcome), [DENIED, "wamp.error.no_such_procedure"]);
  client.deliver(48, 3, {}, "com.p");
  assertEquals(outcome(client.takeOne()), "wamp.error.no_such_procedure");
});

Deno.test("updateRealm refuses bad options, and changes nothing then", async () => {
  await using fixture = new RouterFixture(anonymous());
  for (
    const [options, message] of [
      [{ authorize: true }, /authorize must be a function/],
      [{ roles: { anonymous: {} } }, /must be a list/],
      [{ limits: { maxMessageRate: 0 } }, /at least 0.001/],
    ] as const
  ) {
    let text = "";
    try {
      fixture.router.updateRealm({ uri: "realm1", ...options as Partial<RealmOptions> });
    } catch (error) {
      text = String(error);
    }
    assertMatch(text, message);
  }
  assertEquals(ask(fixture.join(), 32, "com.t"), DENIED);
});

Deno.test("a request that is malformed inside ends its session, also when it has waited", async () => {
  const questions = new Questions();
  await using fixture = new RouterFixture({ ...questions.realm, requestIds: "strict" });
  const client = fixture.join();
  client.deliver(32, 1, {}, "com.t");
  client.deliver(32, 3, {}, "com.t");
  client.deliver(32, 4, {}, "com.t");
  for (const index of [0, 1, 2]) await questions.answer(index);
  const [subscribed, aborted, ...others] = client.take();
  assertEquals([subscribed?.[0], aborted?.[0], aborted?.[2], others], [33, 3, "wamp.error.protocol_violation", []]);
});

Deno.test("authorizeByProcedure asks a procedure as Crossbar.io's dynamic authorizers do", async () => {
  const router = createRouter({ realms: [{ uri: "internal" }] });
  const backend = await router.join("internal");
  const asked: unknown[][] = [];
  await backend.register("com.authorize", ({ args, signal }) => {
    asked.push([...args]);
    if (args[1] === "com.slow") return new Promise((resolve) => signal.addEventListener("abort", resolve));
    return args[1] === "com.yes" ? { allow: true, cache: true } : false;
  });
  const authorize = authorizeByProcedure(backend, "com.authorize", { timeout: 20 });
  router.addRealm({ uri: "realm1", authorize });
  const client = new ScriptedTransport();
  router.attach(client);
  client.join();
  const answer = async (procedure: string): Promise<unknown> => {
    client.deliver(48, ++lastRequest, { timeout: 7 }, procedure);
    for (;;) {
      const [message] = client.take();
      if (message !== undefined) return outcome(message);
      await backend.call("wamp.session.count");
    }
  };
  assertEquals(await answer("com.yes"), "wamp.error.no_such_procedure");
  assertEquals(await answer("com.yes"), "wamp.error.no_such_procedure");
  assertEquals(await answer("com.no"), DENIED);
  assertEquals(await answer("com.slow"), FAILED);
  assertEquals(asked.map((args) => args.slice(1)), [
    ["com.yes", "call", { timeout: 7 }],
    ["com.no", "call", { timeout: 7 }],
    ["com.slow", "call", { timeout: 7 }],
  ]);
  assertEquals((asked[0]?.[0] as Record<string, unknown>).session, client.session);
  await router.shutdown({ timeout: 0 });
});
