import type { AuthorizationRequest } from "../../wamp/router/router_api.ts";
import { clientFrame, RawClient, upgradeRequest } from "../raw_client.ts";
import { assert, assertEquals, assertMatch, concat } from "../std.ts";
import { hostile } from "./attack.ts";
import { HELLO, hostileWamp, WampClient, WampVictim, type Way } from "./wamp_victim.ts";

/** Opens a client that has joined. */
async function joined(victim: WampVictim, way: Way): Promise<WampClient> {
  const client = await WampClient.open(victim.server, way);
  await client.join();
  return client;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

// ------------------------------------------------------------------------------------------------------ wamp_order

for (
  const message of [
    [48, 1, {}, "com.a"],
    [16, 1, {}, "com.a"],
    [6, {}, "wamp.close.normal"],
    [5, "signature", {}],
    [2, 1, {}],
    [36, 1, 1, {}],
  ]
) {
  hostileWamp("wamp_order", `message ${message[0]} before HELLO`, async (victim, way) => {
    using client = await WampClient.open(victim.server, way);
    await client.send(message);
    assertMatch(await client.expectAbort(), /before HELLO/);
  });
}

for (const type of [2, 4, 17, 33, 35, 36, 50, 65, 67, 68, 69]) {
  const message = type === 4 ? [4, "ticket", {}] : [type, 1, ...(type === 17 || type === 33 || type === 65 ? [1] : [])];
  if (type === 2 || type === 50 || type === 69) message.push({});
  if (type === 36 || type === 68) message.push(1, {});
  hostileWamp("wamp_order", `message ${type}, which only routers send`, async (victim, way) => {
    using client = await joined(victim, way);
    await client.send(message, [32, 1, {}, "com.behind"]);
    assertMatch(await client.expectAbort(), /Received/);
  });
}

hostileWamp("wamp_order", "a second HELLO", async (victim, way) => {
  using client = await joined(victim, way);
  await client.send([32, 1, {}, "com.topic"]);
  await client.read();
  await client.send(HELLO);
  await client.expectAbort();
});

for (const message of [[99, 1], [0], [7], [48], [48, 1, {}], [6], [6, {}], [33], [34, 1], [34, 1, 2, 3], [70, 1]]) {
  hostileWamp("wamp_order", `unknown type or wrong arity: ${JSON.stringify(message)}`, async (victim, way) => {
    using client = await joined(victim, way);
    await client.send(message);
    await client.expectAbort();
  });
}

hostileWamp("wamp_order", "what follows our GOODBYE is ignored but for GOODBYE", async (victim, way) => {
  using client = await WampClient.open(victim.server, way);
  const session = await client.join();
  const trusted = await victim.router.join("realm1");
  await trusted.call("wamp.session.kill", [session]);
  await trusted.leave();
  assertEquals(await client.read(), [6, {}, "wamp.close.killed"]);
  await client.send([48, 1, {}, "com.a"], [99], HELLO, [50, 1, {}]);
  await client.sendBytes("nonsense");
  await client.send([6, {}, "wamp.close.goodbye_and_out"]);
  await client.expectEnd(1000);
});

// -------------------------------------------------------------------------------------------------------- wamp_ids

for (const id of ["-1", "0", "1.5", "9007199254740993", "1e400", '"1"', "null", "[1]", "true"]) {
  hostileWamp("wamp_ids", `the id ${id}`, async (victim, way) => {
    for (const text of [`[32,${id},{},"com.a"]`, `[34,1,${id}]`, `[70,${id},{}]`, `[8,68,${id},{},"com.e"]`]) {
      using client = await joined(victim, way);
      await client.sendBytes(text);
      await client.expectAbort();
    }
  });
}

hostileWamp("wamp_ids", "a float with an integral value is an id", async (victim, way) => {
  using client = await joined(victim, way);
  await client.sendBytes('[32,1.0,{},"com.a"]');
  assertEquals((await client.read())?.slice(0, 2), [33, 1]);
  await client.sendBytes('[32,9.007199254740992e15,{},"com.b"]');
  assertEquals((await client.read())?.slice(0, 2), [33, 2 ** 53]);
});

// ------------------------------------------------------------------------------------------------ wamp_request_ids

hostileWamp("wamp_request_ids", "tolerant takes ids in any order and refuses one that is open", async (victim, way) => {
  using client = await joined(victim, way);
  for (const id of [9, 2, 5]) assertEquals((await client.ask(32, id, {}, `com.t${id}`)).slice(0, 2), [33, id]);
  await client.ask(64, 10, {}, "com.own");
  await client.send([48, 3, {}, "com.own"]);
  assertEquals((await client.read())?.[0], 68);
  await client.send([48, 3, {}, "com.own"]);
  await client.expectAbort();
});

hostileWamp("wamp_request_ids", "strict takes them in sequence only", async (victim, way) => {
  using client = await joined(victim, way);
  assertEquals((await client.ask(32, 1, {}, "com.a")).slice(0, 2), [33, 1]);
  await client.send([32, 3, {}, "com.b"]);
  assertMatch(await client.expectAbort(), /expected 2, received 3/);
}, { requestIds: "strict" });

// -------------------------------------------------------------------------------------------------- wamp_malformed

for (
  const text of ["", "{}", "7", "[", "[48", '[48,1,{},"a"', '[48,1,{},"a"]]', '[32,1,{},"a"] x', "[48,,1]", "[01]"]
) {
  hostileWamp("wamp_malformed", `no message: ${JSON.stringify(text)}`, async (victim, way) => {
    using client = await joined(victim, way);
    await client.sendBytes(text);
    await client.expectAbort();
  });
}

for (
  const [spoken, bytes] of [["cbor", [0x84, 0x18]], ["msgpack", [0x94, 0x30]], ["cbor", [0xff]], ["msgpack", [
    0xc1,
  ]]] as const
) {
  hostileWamp("wamp_malformed", `truncated or impossible ${spoken}: ${bytes}`, async (victim, way) => {
    using client = await WampClient.open(victim.server, way, spoken);
    await client.sendBytes(Uint8Array.from(bytes));
    assertMatch(await client.readText() ?? "", /protocol_violation/);
    await client.expectEnd(1002);
  });
}

hostile("wamp_malformed", "invalid UTF-8 in JSON over WebSocket", async () => {
  await using victim = await WampVictim.start();
  {
    using client = await joined(victim, "websocket");
    await client.sendBytes(concat([encode('[48,1,{},"com.a",["'), Uint8Array.of(0xc3, 0x28), encode('"]]')]));
    await client.expectEnd(1007);
  }
  await victim.assertUnharmed("websocket");
});

hostile(
  "wamp_malformed",
  "the realm is rid of a session that failed at once, although its client closes nothing",
  async () => {
    for (const size of [0, 1 << 21]) {
      await using victim = await WampVictim.start();
      using client = await joined(victim, "websocket");
      if (size === 0) await client.sendBytes(Uint8Array.of(0x5b, 0xc3, 0x28));
      else await client.write(Uint8Array.of(0x81, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 0, 1, 2, 3, 4));
      await victim.assertUnharmed("websocket");
    }
  },
);

hostile("wamp_malformed", "invalid UTF-8 in JSON over RawSocket", async () => {
  await using victim = await WampVictim.start();
  using client = await joined(victim, "rawsocket");
  await client.sendBytes(concat([encode('[48,1,{},"com.a",["'), Uint8Array.of(0xc3, 0x28), encode('"]]')]));
  await client.expectAbort();
  await victim.assertUnharmed("rawsocket");
});

for (const [spoken, first] of [["json", 0x82], ["cbor", 0x81]] as const) {
  hostile("wamp_malformed", `a frame of the wrong type for ${spoken}`, async () => {
    await using victim = await WampVictim.start();
    using client = await WampClient.open(victim.server, "websocket", spoken);
    await client.write(clientFrame(first, JSON.stringify(HELLO)));
    await client.expectEnd(1003);
    await victim.assertUnharmed("websocket");
  });
}

// ---------------------------------------------------------------------------------------------------- wamp_nesting

hostileWamp("wamp_nesting", "nesting over 512 levels in arguments, options and details", async (victim, way) => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const deepDict = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
  for (
    const text of [`[48,1,{},"com.a",${deep}]`, `[48,1,{"x":${deep}},"com.a"]`, `[48,1,${deepDict},"com.a"]`, deep]
  ) {
    using client = await joined(victim, way);
    await client.sendBytes(text);
    await client.expectAbort();
  }
});

const HUGE: readonly (readonly [string, "cbor" | "msgpack", readonly number[]])[] = [
  ["an array of 4 G elements", "cbor", [0x9a, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ["a map of 4 G elements", "cbor", [0x84, 0x18, 0x30, 0x01, 0xba, 0xff, 0xff, 0xff, 0xff]],
  ["a string of 2^63 bytes", "cbor", [0x83, 0x01, 0x7b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x61]],
  ["an array of 4 G elements", "msgpack", [0xdd, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ["a map of 4 G elements", "msgpack", [0x94, 0x30, 0x01, 0xdf, 0xff, 0xff, 0xff, 0xff]],
  ["bytes of 4 G", "msgpack", [0x93, 0x01, 0xc6, 0xff, 0xff, 0xff, 0xff, 0x00]],
];
for (const [what, spoken, bytes] of HUGE) {
  hostileWamp("wamp_nesting", `${what} declared in ${spoken}`, async (victim, way) => {
    using client = await WampClient.open(victim.server, way, spoken);
    await client.sendBytes(Uint8Array.from(bytes));
    assertMatch(await client.readText() ?? "", /protocol_violation/);
    await client.expectEnd(1002);
  });
}

// ------------------------------------------------------------------------------------------------------- wamp_keys

hostileWamp("wamp_keys", "__proto__ and duplicate keys in arguments are forwarded as they are", async (victim, way) => {
  using callee = await joined(victim, way);
  using caller = await joined(victim, way);
  await callee.ask(64, 1, {}, "com.callee");
  const payload = '[{"__proto__":{"polluted":1}}],{"__proto__":{"polluted":1},"a":1,"a":2}';
  await caller.sendBytes(`[48,1,{},"com.callee",${payload}]`);
  const text = await callee.readText() ?? "";
  assert(text.endsWith(`${payload}]`), text);
  assertEquals(Object.hasOwn(Object.prototype, "polluted"), false);
  // Built by a session of the library: own properties.
  let kwargs: Record<string, unknown> = {};
  const registration = await victim.bystander.register("com.inside", (invocation) => void (kwargs = invocation.kwargs));
  await caller.sendBytes(`[48,2,{},"com.inside",${payload}]`);
  assertEquals((await caller.read())?.slice(0, 2), [50, 2]);
  assertEquals([Object.hasOwn(kwargs, "__proto__"), kwargs.a, kwargs.polluted], [true, 2, undefined]);
  await registration.unregister();
});

hostileWamp("wamp_keys", "__proto__ in Options and Details is a key like any other", async (victim, way) => {
  using client = await WampClient.open(victim.server, way);
  await client.sendBytes('[1,"realm1",{"roles":{"caller":{}},"__proto__":{"authmethods":["ticket"]}}]');
  assertEquals((await client.read())?.[0], 2);
  await client.sendBytes('[16,1,{"acknowledge":false,"__proto__":{"acknowledge":true}},"com.a"]');
  assertEquals((await client.ask(48, 2, {}, "wamp.session.count")).slice(0, 2), [50, 2]);
  assertEquals(Object.hasOwn(Object.prototype, "acknowledge"), false);
});

hostileWamp("wamp_keys", "duplicate keys in Options or Details", async (victim, way) => {
  for (
    const text of ['[48,1,{"timeout":1,"timeout":2},"com.a"]', '[6,{"message":"a","message":"b"},"wamp.close.normal"]']
  ) {
    using client = await joined(victim, way);
    await client.sendBytes(text);
    await client.expectAbort();
  }
});

// --------------------------------------------------------------------------------------------------- wamp_reserved

hostileWamp("wamp_reserved", "REGISTER and PUBLISH under wamp. by an ordinary session", async (victim, way) => {
  const heard: unknown[] = [];
  const subscription = await victim.bystander.subscribe("wamp.", (event) => heard.push(event.topic), {
    match: "prefix",
  });
  using client = await joined(victim, way);
  for (const [id, uri] of ["wamp.mine", "wamp", "wamp.session.count"].entries()) {
    const answer = await client.ask(64, id + 1, {}, uri);
    assertEquals(answer.slice(0, 5), [8, 64, id + 1, {}, "wamp.error.invalid_uri"]);
  }
  const refused = await client.ask(16, 10, { acknowledge: true }, "wamp.session.on_join", ["forged"]);
  assertEquals(refused.slice(0, 5), [8, 16, 10, {}, "wamp.error.invalid_uri"]);
  await client.send([16, 11, {}, "wamp.session.on_leave", [1]]);
  await client.ask(48, 12, {}, "wamp.session.count");
  await victim.bystander.call("wamp.session.count");
  assertEquals(
    heard.filter((topic) => topic !== "wamp.session.on_join" && !String(topic).includes("subscription")),
    [],
  );
  await subscription.unsubscribe();
});

hostileWamp("wamp_reserved", "a trusted session may", async (victim, way) => {
  const trusted = await victim.router.join("realm1");
  const registration = await trusted.register("wamp.mine", () => "mine");
  using client = await joined(victim, way);
  assertEquals(await client.ask(48, 1, {}, "wamp.mine"), [50, 1, {}, ["mine"]]);
  await registration.unregister();
  await trusted.leave();
});

// ----------------------------------------------------------------------------------------------------- wamp_forged

hostileWamp("wamp_forged", "details of the router's in options of a client's", async (victim, way) => {
  using callee = await joined(victim, way);
  using caller = await joined(victim, way);
  await callee.ask(64, 1, {}, "com.callee");
  await callee.ask(32, 2, {}, "com.topic");
  const forged = { caller: 1, caller_authid: "root", caller_authrole: "admin", trustlevel: 9, procedure: "com.other" };
  await caller.send([48, 1, forged, "com.callee"]);
  assertEquals((await callee.read())?.[3], {});
  const event = { publisher: 1, publisher_authid: "root", publisher_authrole: "admin", topic: "com.x", retained: true };
  await caller.send([16, 2, event, "com.topic"]);
  assertEquals((await callee.read())?.[3], {});
  await callee.send([70, 1, { progress: false, callee: 1, x: 1 }]);
  assertEquals(await caller.read(), [50, 1, {}]);
});

// ---------------------------------------------------------------------------------------------------- wamp_answers

for (
  const message of [[70, 7, {}], [70, 7, { progress: true }], [8, 68, 7, {}, "com.error"], [8, 48, 1, {}, "com.error"]]
) {
  hostileWamp("wamp_answers", `${JSON.stringify(message)} to an id that never was`, async (victim, way) => {
    using client = await joined(victim, way);
    await client.send(message);
    await client.expectAbort();
  });
}

hostileWamp(
  "wamp_answers",
  "answers to what was answered, cancelled or timed out are discarded",
  async (victim, way) => {
    const callee = await joined(victim, way);
    const caller = await joined(victim, way);
    await callee.ask(64, 1, {}, "com.callee");
    await caller.send([48, 1, {}, "com.callee"], [48, 2, {}, "com.callee"], [48, 3, { timeout: 1 }, "com.callee"]);
    for (const _ of [1, 2, 3]) assertEquals((await callee.read())?.[0], 68);
    await callee.send([70, 1, {}, ["first"]]);
    assertEquals(await caller.read(), [50, 1, {}, ["first"]].slice(0, 4));
    await caller.send([49, 2, {}]);
    const ended = [await caller.read(), await caller.read()].map((message) => [message?.[2], message?.[4]]);
    const expected = [[2, "wamp.error.canceled"], [3, "wamp.error.timeout"]];
    assertEquals(ended.toSorted(([one], [other]) => Number(one) - Number(other)), expected);
    for (const id of [1, 2, 3]) await callee.send([70, id, {}, ["late"]], [8, 68, id, {}, "com.late"]);
    for (const _ of [1, 2]) assertEquals((await callee.read())?.[0], 69);
    assertEquals((await callee.ask(48, 9, {}, "wamp.session.count")).slice(0, 2), [50, 9]);
    assertEquals((await caller.ask(48, 9, {}, "wamp.session.count")).slice(0, 2), [50, 9]);
    callee[Symbol.dispose]();
    caller[Symbol.dispose]();
  },
);

// ----------------------------------------------------------------------------------------------------- wamp_floods

const CAPS = { limits: { maxRegistrations: 10, maxSubscriptions: 10, maxOpenCalls: 10 } };

hostileWamp("wamp_floods", "registrations, subscriptions and open calls beyond their caps", async (victim, way) => {
  using client = await joined(victim, way);
  for (let id = 1; id <= 20; id++) {
    const registered = await client.ask(64, id, {}, `com.p${id}`);
    const subscribed = await client.ask(32, id, {}, `com.t${id}`);
    if (id <= 10) assertEquals([registered[0], subscribed[0]], [65, 33]);
    else assertEquals([registered[4], subscribed[4]], ["wamp.error.unavailable", "wamp.error.unavailable"]);
  }
  for (let id = 1; id <= 10; id++) assertEquals((await client.ask(48, id, {}, "com.p1"))[0], 68);
  assertEquals((await client.ask(48, 11, {}, "com.p1")).slice(0, 5), [8, 48, 11, {}, "wamp.error.unavailable"]);
  const { registrations, subscriptions, openCalls } = victim.router.statistics("realm1");
  assertEquals([registrations, subscriptions, openCalls], [10, 10, 10]);
}, CAPS);

hostileWamp(
  "wamp_floods",
  "who sends faster than the realm's rate is not read from for a while",
  async (victim, way) => {
    using client = await joined(victim, way);
    const calls = Array.from({ length: 2_500 }, (_, index) => [48, index + 1, {}, "wamp.session.count"]);
    const sending = client.send(...calls);
    assertEquals((await client.read())?.slice(0, 2), [50, 1]);
    assertEquals(await victim.bystander.call("wamp.session.count"), 2);
    for (let id = 2; id <= calls.length; id++) assertEquals((await client.read())?.slice(0, 2), [50, id]);
    await sending;
    assert(victim.router.statistics("realm1").throttled > 0);
  },
  { limits: { maxMessageRate: 2_000 } },
);

/** Decisions that nobody has made yet. */
let undecided: ((allowed: boolean) => void)[] = [];

const SLOW_AUTHORIZER = {
  authorize: ({ uri }: AuthorizationRequest): boolean | Promise<boolean> => {
    return uri !== "com.slow" || new Promise((resolve) => undecided.push(resolve));
  },
};

hostileWamp(
  "wamp_floods",
  "what waits for an authorizer is bounded, and goes with its session",
  async (victim, way) => {
    undecided = [];
    using flooder = await joined(victim, way);
    const calls = Array.from({ length: 1_000 }, (_, index) => [48, index + 1, {}, "com.slow"]);
    await flooder.send(...calls);
    // A few turns more than it takes for all to arrive, where all are read.
    for (let turn = 0; turn < 100 || undecided.length < 256; turn++) await victim.bystander.call("wamp.session.count");
    assertEquals(undecided.length, 256);
    for (let id = 1; id <= calls.length; id++) {
      for (const decide of undecided.splice(0)) decide(false);
      assertEquals((await flooder.read())?.slice(2, 5), [id, {}, "wamp.error.not_authorized"]);
    }
    const leaver = await joined(victim, way);
    await leaver.send(...calls.slice(0, 100));
    while (undecided.length < 100) await victim.bystander.call("wamp.session.count");
    leaver[Symbol.dispose]();
  },
  SLOW_AUTHORIZER,
);

// -------------------------------------------------------------------------------------------------- wamp_vanishing

hostileWamp("wamp_vanishing", "the caller vanishes: its callee is interrupted", async (victim, way) => {
  using callee = await joined(victim, way);
  await callee.ask(64, 1, {}, "com.callee");
  const caller = await joined(victim, way);
  await caller.send([48, 1, {}, "com.callee"]);
  assertEquals((await callee.read())?.[0], 68);
  caller[Symbol.dispose]();
  const [type, request, options] = await callee.read() ?? [];
  assertEquals([type, request, (options as { mode: string }).mode], [69, 1, "killnowait"]);
  await callee.send([70, 1, {}]);
  assertEquals((await callee.ask(48, 1, {}, "wamp.session.count"))[0], 50);
});

hostileWamp("wamp_vanishing", "the callee vanishes: its caller gets canceled", async (victim, way) => {
  using caller = await joined(victim, way);
  const callee = await joined(victim, way);
  await callee.ask(64, 1, {}, "com.callee");
  await caller.send([48, 1, {}, "com.callee"]);
  assertEquals((await callee.read())?.[0], 68);
  callee[Symbol.dispose]();
  assertEquals((await caller.read())?.slice(0, 5), [8, 48, 1, {}, "wamp.error.canceled"]);
});

// ------------------------------------------------------------------------------------------------------- wamp_slow

hostileWamp("wamp_slow", "a subscriber that does not read is ended; others get all events", async (victim, way) => {
  using slow = await joined(victim, way);
  await slow.ask(32, 1, {}, "com.topic");
  const { bystander, router } = victim;
  const publisher = await router.join("realm1");
  let heard = 0;
  const subscription = await bystander.subscribe("com.topic", () => void heard++);
  let sent = 0;
  while (router.statistics("realm1").slowDisconnected === 0 && sent < 2_000) {
    await publisher.publish("com.topic", ["x".repeat(64 << 10)], { acknowledge: true });
    sent++;
    // Its answer stands behind the event: who reads is never behind by more than one.
    await bystander.call("wamp.session.count");
  }
  assertEquals(router.statistics("realm1").slowDisconnected, 1);
  await publisher.publish("com.topic", ["last"], { acknowledge: true });
  for (let turn = 0; turn < 2_000 && heard <= sent; turn++) await bystander.call("wamp.session.count");
  assertEquals(heard, sent + 1);
  await subscription.unsubscribe();
  await publisher.leave();
}, { limits: { maxSendBuffer: 1 << 20 } });

// -------------------------------------------------------------------------------------------------- wamp_rawsocket

async function rawSocket(victim: WampVictim, bytes: readonly number[]): Promise<Uint8Array> {
  using client = await RawClient.connect({ addr: victim.server.addresses[1]! });
  await client.write(Uint8Array.from(bytes));
  await client.closeWrite();
  return await client.readRest().catch(() => new Uint8Array(0));
}

hostile("wamp_rawsocket", "a bad magic octet is closed without a reply", async () => {
  await using victim = await WampVictim.start();
  for (const bytes of [[0x7e, 0xf1, 0, 0], [0, 0, 0, 0], [...encode(upgradeRequest())]]) {
    assertEquals((await rawSocket(victim, bytes)).length, 0);
  }
  await victim.assertUnharmed("rawsocket");
});

hostile(
  "wamp_rawsocket",
  "reserved bits, an unsupported serializer and a length are refused by their codes",
  async () => {
    await using victim = await WampVictim.start();
    const cases: readonly (readonly [readonly number[], number])[] = [
      [[0x7f, 0xf1, 1, 0], 3],
      [[0x7f, 0xf1, 0, 1], 3],
      [[0x7f, 0xff, 0, 0], 1],
      [[0x7f, 0xf0, 0, 0], 1],
      [[0x7f, 0x01, 0, 0], 2],
    ];
    for (const [bytes, code] of cases) {
      assertEquals([...await rawSocket(victim, bytes)], [0x7f, code << 4, 0, 0], bytes.join());
    }
    await victim.assertUnharmed("rawsocket");
  },
);

hostile("wamp_rawsocket", "a frame over the negotiated length", async () => {
  await using victim = await WampVictim.start({}, 4096);
  using client = await joined(victim, "rawsocket");
  await client.write(concat([Uint8Array.of(0, 0, 0x10, 1), new Uint8Array(4097)]));
  await client.expectEnd(0);
  await victim.assertUnharmed("rawsocket");
});
